"""``/reconcile``: the Entity Reconciliation API 0.2, by which OpenRefine and its like match tables with the graph."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable
from importlib import metadata
from typing import Any

from flask import Blueprint, Response, g, redirect, render_template, request, url_for
from werkzeug.exceptions import BadRequest, NotFound, UnsupportedMediaType

from ess_graph.query import reconcile_read as read
from ess_graph.query.reconcile import Ladder
from ess_graph.query.reconcile_entities import Entity
from ess_graph.query.reconcile_extend import CONTENT, LIMIT, TEXTS, THINGS
from ess_graph.query.reconcile_protocol import Json, Service
from ess_graph.query.reconcile_read import Refused
from ess_graph.vocab import BASE, ESS
from ess_graph.web import protocol
from ess_graph.web.i18n import translator
from ess_graph.web.replies import POLICY, cacheable, problem
from ess_graph.web.site import Opened, Site
from ess_graph.web.throttle import Throttle, client

#: Names (and values beside them) that a client may ask for at once, and those that it gets back each second: a table
#: of 10,000 rows goes through, a flood does not.
_BUDGET, _RATE = 10_000, 200
#: Batches that a process works on at the same time, and seconds that one more waits: pages come first.
_AT_ONCE, _PATIENCE = 2, 15
#: Size of the frame in which a client shows a preview, in pixels.
_WIDTH, _HEIGHT = 420, 260
_KINDS = ("entity", "type", "property")


def blueprint(site: Site, ladder: Callable[[Iterable[Entity]], Ladder]) -> Blueprint:
    """The routes of the service.

    Args:
        site: the releases.
        ladder: makes the matching ladder over the things of a release.
    """
    routes = Blueprint("reconciliation", __name__)
    desk = _Desk(site, ladder)
    _add(routes, "/reconcile", desk.endpoint, "GET, HEAD, POST, OPTIONS")
    _add(routes, f"/reconcile/suggest/<any({', '.join(_KINDS)}):kind>", desk.suggest)
    _add(routes, f"/reconcile/flyout/<any({', '.join(_KINDS)}):kind>", desk.flyout)
    for answer in (desk.properties, desk.preview, desk.view):
        _add(routes, f"/reconcile/{answer.__name__}", answer)

    @routes.errorhandler(Refused)
    def refused(error: Refused) -> Response:
        return problem(error.status, translator(g.lang)(f"reconcile.error.{error.key}", **error.values))

    return routes


class _Desk:
    """Answers the requests of one site's clients, each within its budget."""

    def __init__(self, site: Site, ladder: Callable[[Iterable[Entity]], Ladder]) -> None:
        self._site, self._ladder = site, ladder
        self._throttle, self._turns = Throttle(_BUDGET, _RATE), threading.BoundedSemaphore(_AT_ONCE)

    def endpoint(self) -> Response:
        """Queries, one or many; data of things; or, when nothing is asked, the manifest."""
        asked = _asked()
        if "extend" in asked:
            wanted = read.extension(asked["extend"])
            return self._worked(len(wanted.ids), lambda known: known.extended(wanted, g.lang))
        if "queries" in asked:
            batch = read.batch(asked["queries"])
            cost = sum(each.cost for each in batch.values())
            return self._worked(cost, lambda known: known.answers(batch, g.lang))
        if "query" in asked:
            single = read.single(asked["query"])
            return self._worked(single.cost, lambda known: _only(known.answers({"query": single}, g.lang)))
        if request.method == "POST":
            raise Refused("empty")
        opened, known = self._service()
        address = self._site.absolute()
        return cacheable(_json(_manifest(known, address)), opened.release.id, "reconcile", address, g.lang)

    def suggest(self, kind: str) -> Response:
        """Things, types or properties by the beginning of their names."""
        if refused := self._paid(1):
            return refused
        opened, known = self._service()
        prefix, cursor, cls = _text("prefix"), _number("cursor") or 0, _text("type")
        if kind == "type":
            found = known.suggested_types(prefix, cursor, g.lang)
        elif kind == "property":
            found = known.suggested_properties(prefix, cursor, cls, g.lang)
        else:
            found = known.suggested_entities(prefix, cursor, cls, g.lang)
        return cacheable(_json(found), opened.release.id, "suggest", kind, prefix, str(cursor), cls, g.lang)

    def flyout(self, kind: str) -> Response:
        """What to show beside a suggestion."""
        opened, known = self._service()
        name = _text("id")
        if kind == "entity":
            shown = known.glance(name, g.lang)
            html = render_template("_reconcile_glance.html", shown=shown) if shown else None
        else:
            term = known.term(kind, name, g.lang)
            html = render_template("_reconcile_term.html", term=term) if term else None
        if html is None:
            raise _unknown(name)
        return cacheable(_json({"id": name, "html": html}), opened.release.id, "flyout", kind, name, g.lang)

    def properties(self) -> Response:
        """Properties whose values things of a type have."""
        opened, known = self._service()
        cls, most = _text("type"), _number("limit")
        found = known.proposed(cls, g.lang, most or None)
        return cacheable(_json(found), opened.release.id, "properties", cls, str(most), g.lang)

    def preview(self) -> Response:
        """A thing at a glance, for the frame of another program."""
        opened, known = self._service()
        name = _text("id")
        shown = known.glance(name, g.lang)
        if shown is None:
            raise _unknown(name)
        page = render_template("reconcile_preview.html", shown=shown, url=self._site.link(shown.iri))
        response = Response(page, mimetype="text/html", headers={"Content-Language": g.lang})
        response.headers["Content-Security-Policy"] = _FRAMED
        response.vary.add("Accept-Language")
        return cacheable(response, opened.release.id, "preview", name, g.lang)

    def view(self) -> Response:
        """To the page of a thing; as a parameter an identifier arrives whole, in a path proxies change its slashes."""
        name = _text("id")
        entity = self._service()[1].entities.find(name)
        address = self._site.link(entity.iri) if entity else None
        if address is None:
            raise _unknown(name)
        return redirect(address, 303, Response)  # type: ignore[return-value]

    def _service(self) -> tuple[Opened, Service]:
        opened = self._site.opened()
        return opened, opened.once(
            "reconciliation", lambda: Service(opened.index, opened.display, opened.engine, self._ladder)
        )

    def _paid(self, cost: int) -> Response | None:
        """None when the client may go on; else what it is told."""
        wait = self._throttle.spend(client(), cost)
        return _later(429, translator(g.lang)("reconcile.error.many"), wait) if wait else None

    def _worked(self, cost: int, work: Callable[[Service], Json]) -> Response:
        if refused := self._paid(cost):
            return refused
        if not self._turns.acquire(timeout=_PATIENCE):
            return _later(503, translator(g.lang)("reconcile.error.busy"), _PATIENCE)
        try:
            return _json(work(self._service()[1]))
        finally:
            self._turns.release()


#: A client shows a preview in a frame of its own page, wherever that is (OpenRefine runs on people's own machines,
#: others from files): no ancestor is named, for even « * » leaves some out. There is nothing to be lured into: no
#: cookie, no form, no script.
_FRAMED = POLICY.replace("; frame-ancestors 'none'", "").replace("script-src 'self'", "script-src 'none'")


def _add(routes: Blueprint, rule: str, answer: Callable[..., Response], methods: str = "GET, HEAD, OPTIONS") -> None:
    """A route that also tells scripts of other origins what they may send."""
    own = [method for method in methods.split(", ") if method not in ("HEAD", "OPTIONS")]
    routes.add_url_rule(rule, view_func=answer, methods=own, provide_automatic_options=False)
    routes.add_url_rule(rule, f"{answer.__name__}_options", lambda **_: protocol.options(methods), methods=["OPTIONS"])


def _asked() -> dict[str, str]:
    """The parameters of the address and of the form; of one sent twice the first counts."""
    pairs = protocol.pairs(request.query_string, "the address")
    if request.method == "POST":
        if request.mimetype != protocol.FORM:
            raise UnsupportedMediaType(translator(g.lang)("reconcile.error.form"))
        pairs = [*protocol.pairs(request.get_data(cache=False), "the form"), *pairs]
    found: dict[str, str] = {}
    for name, value in pairs:
        found.setdefault(name, value)
    return found


def _text(name: str) -> str:
    """A parameter of the address, cut where no name of ours is as long."""
    return (protocol.asked(name) or "")[: read.LONGEST]


def _number(name: str) -> int | None:
    text = _text(name).strip()
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise BadRequest(translator(g.lang)("reconcile.error.number", name=name))
    return int(text)


def _only(answers: Json) -> Json:
    found: Json = answers["query"]
    return found


def _unknown(name: str) -> NotFound:
    return NotFound(translator(g.lang)("reconcile.error.unknown", name=name[:80]))


def _later(status: int, why: str, seconds: int) -> Response:
    response = problem(status, why)
    response.headers["Retry-After"] = str(seconds)
    return response


def _json(content: Any) -> Response:
    # In ASCII, so that nothing that a client sent can fail to be sent back.
    response = Response(json.dumps(content), mimetype="application/json")
    response.vary.add("Accept-Language")
    return response


def _manifest(known: Service, address: str) -> Json:
    t, service = translator(g.lang), f"{address}/reconcile"
    return {
        "versions": ["0.2"],
        "name": t("reconcile.name"),
        "identifierSpace": BASE,
        "schemaSpace": str(ESS),
        "documentation": f"{address}/api#rapprochement",
        "logo": address + url_for("static", filename="mark.svg", lang=None),
        "serviceVersion": metadata.version("ess-graph"),
        "batchSize": read.MOST_QUERIES,
        "defaultTypes": known.types(g.lang),
        "view": {"url": f"{service}/view?id={{{{id}}}}"},
        "preview": {"url": f"{service}/preview?id={{{{id}}}}", "width": _WIDTH, "height": _HEIGHT},
        "suggest": {
            kind: {
                "service_url": service,
                "service_path": f"/suggest/{kind}",
                "flyout_service_url": service,
                "flyout_service_path": f"/flyout/{kind}?id=${{id}}",
            }
            for kind in _KINDS
        },
        "extend": {
            "propose_properties": {"service_url": service, "service_path": "/properties"},
            "property_settings": [
                {
                    "name": LIMIT, "label": t("reconcile.limit"), "type": "number", "default": 0,
                    "help_text": t("reconcile.limit.help"),
                },
                {
                    "name": CONTENT, "label": t("reconcile.content"), "type": "select", "default": THINGS,
                    "help_text": t("reconcile.content.help"),
                    "choices": [{"value": each, "name": t(f"reconcile.content.{each}")} for each in (THINGS, TEXTS)],
                },
            ],
        },
    }  # fmt: skip
