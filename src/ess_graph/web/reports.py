"""``/signaler``: a reader says what is wrong, of one fact or of a page; nothing is published, the curator reads it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from flask import Blueprint, Response, g, redirect, request, url_for
from werkzeug.exceptions import Forbidden

from ess_graph.errors import InvalidData
from ess_graph.folding import printable
from ess_graph.query.entity import entity_page
from ess_graph.query.facts import Fact, find
from ess_graph.query.views import Value
from ess_graph.reports import LONGEST, SHORTEST, Queue, TooMany, message
from ess_graph.web import negotiate, protocol
from ess_graph.web.entities import iri_of, sayable
from ess_graph.web.i18n import translator
from ess_graph.web.replies import kept_from_caches, page, problem
from ess_graph.web.site import Site
from ess_graph.web.throttle import client

#: What may be wrong; the words stand in the sentences of the site.
KINDS = ("faux", "perime", "source", "doublon", "personne", "autre")
#: Bytes of a form: its longest message in the longest encoding, and the rest of it.
_BODY = 32 * 1024
_PATH = re.compile(r"[\w%./#()',!~*+:@-]{1,300}", re.ASCII)
_FACT = re.compile(r"[0-9a-f]{12}")


@dataclass(frozen=True)
class About:
    """What a report is about: a page of this site and, of it, a fact."""

    path: str
    name: str
    thing: Value | None = None
    fact: Fact | None = None


def blueprint(site: Site) -> Blueprint:
    """The routes of reports."""
    routes = Blueprint("reports", __name__)
    queue = Queue(site.settings.home)

    @routes.get("/signaler")
    def form() -> Response:
        return _form(subject(request.args.get("page", ""), request.args.get("fait", ""), site))

    @routes.post("/signaler")
    def send() -> Response:
        request.max_content_length = _BODY
        _same_site()
        about = subject(request.form.get("page", ""), request.form.get("fait", ""), site)
        if request.form.get("site"):  # people do not see this field; programs that fill in every field do
            return _thanks(about, 0)
        try:
            queue.admit(client())
        except TooMany as refused:
            raise TooMany(translator(g.lang)("report.error.many"), refused.retry_after) from None
        typed = request.form.get("message", "")
        try:
            said = message(typed)
        except InvalidData as wrong:
            return _form(about, str(wrong), typed)
        kind = request.form.get("genre", "")
        number = queue.add(
            release=site.opened().release.id,
            page=about.path,
            fact=about.name,
            statement=printable(about.fact.statement)[:1000] if about.fact else "",
            sources=printable("; ".join(s.place for s in about.fact.sources))[:1000] if about.fact else "",
            kind=kind if kind in KINDS else KINDS[-1],
            lang=g.lang,
            message=said,
        )
        return _thanks(about, number)

    @routes.get("/signaler/merci")
    def thanks() -> Response:
        return kept_from_caches(page("report.html", sent=True, about=subject(request.args.get("page", ""), "", site)))

    return routes


def _form(about: About, wrong: str = "", typed: str = "") -> Response:
    t = translator(g.lang)
    error = t(f"report.error.{wrong}", least=SHORTEST, most=LONGEST) if wrong else ""
    if wrong and not negotiate.wants_html(request.headers.get("Accept")):
        return problem(422, error)
    kinds = [(kind, t(f"report.kind.{kind}")) for kind in KINDS]
    shown = page(
        "report.html", 422 if wrong else 200,
        about=about, error=error, typed=printable(typed)[: 2 * LONGEST], kinds=kinds,
        kind=request.form.get("genre", ""), longest=LONGEST,
    )  # fmt: skip
    return kept_from_caches(shown)


def _thanks(about: About, number: int) -> Response:
    if negotiate.wants_html(request.headers.get("Accept")):
        return redirect(url_for("reports.thanks", page=about.path or None), 303, Response)  # type: ignore[return-value]
    return Response(json.dumps({"report": number}), 201, mimetype="application/json")


def subject(path: str, name: str, site: Site, *, texts: bool = False) -> About:
    """What an address says a report is about; whatever is no page of this site is left out.

    Args:
        path, name: the page and the fact.
        site: where they are looked up.
        texts: with the text of the passages behind the fact, where the documents are at hand.
    """
    path = path.removeprefix("/page/")
    if not _PATH.fullmatch(path) or not sayable(iri_of(path)):
        return About("", "")
    opened = site.opened()
    iri = iri_of(path)
    if path.startswith(("source/", "onto", "graph/")):
        label = opened.index.labels([iri], g.lang).get(iri)
        return About(path, "", Value(label[0] if label else path, url=site.link(iri), iri=iri))
    shown = entity_page(
        iri, g.lang, engine=opened.engine, index=opened.index, display=opened.display, link=site.link,
        texts=site.passage_text if texts else lambda _: None,
    )  # fmt: skip
    if shown is None:
        return About("", "")
    fact = find(shown, name, ": " if g.lang == "en" else "\u00a0: ") if _FACT.fullmatch(name) else None
    return About(path, name if fact else "", shown.label if shown.label.url else None, fact)


def _same_site() -> None:
    """Another site's page must not send reports in the name of who reads it.

    Raises:
        Forbidden: the browser says that another site's page sends this.
    """
    if protocol.from_elsewhere():
        raise Forbidden(translator(g.lang)("report.error.foreign"))
