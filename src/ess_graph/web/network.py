"""``/reseau``: partnerships between authorities and others, as a drawing, a table, JSON and CSV."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from flask import Blueprint, Response, g, request, url_for
from werkzeug.exceptions import NotFound

from ess_graph.folding import fold
from ess_graph.query import catalogue, partnerships
from ess_graph.query.exports import cells
from ess_graph.query.lists import slug
from ess_graph.query.partnerships import Network, Partnership, Wanted
from ess_graph.query.views import Value
from ess_graph.web import narrowing
from ess_graph.web.i18n import translator
from ess_graph.web.replies import cacheable, page
from ess_graph.web.site import Opened, Site

_PER_PAGE = 50
#: Nodes that a drawing still shows apart.
_DRAWN = 400
#: The parameters of the address, by what they filter.
_PARAMETERS = {"place": "territoire", "kind": "partenaire", "role": "role"}
Labels = dict[str, tuple[str, str]]


def blueprint(site: Site) -> Blueprint:
    """The routes of the network."""
    routes = Blueprint("network", __name__)

    @routes.get("/reseau")
    def page_of_network() -> Response:
        opened = site.opened()
        whole = _network(opened)
        filters, found = _asked(whole, opened)
        number, pages = narrowing.paging(len(found), _PER_PAGE)
        labels = _labels(whole, found, opened)
        ordered = sorted(found, key=lambda one: fold(labels.get(one.iri, (one.iri, ""))[0]))
        chosen = {name: given["chosen"] for name, given in filters.items() if given["chosen"]}
        response = page(
            "network.html",
            rows=[_row(one, labels, site) for one in ordered[(number - 1) * _PER_PAGE : number * _PER_PAGE]],
            filters=filters,
            total=len(found), number=number, pages=pages,
            parties=len({party for one in found for party in one.parties}),
            pager_base=narrowing.pager_base(),
            data_url=url_for("network.drawing", **chosen, lang=g.lang),
            csv_url=url_for("network.table", **chosen, lang=g.lang),
            query=catalogue.text("partnerships"),
        )  # fmt: skip
        return cacheable(response, opened.release.id, "network", g.lang, request.query_string.decode("latin-1"))

    @routes.get("/reseau.json")
    def drawing() -> Response:
        opened = site.opened()
        whole = _network(opened)
        _, found = _asked(whole, opened)
        kept, cut = partnerships.busiest(found, _DRAWN)
        labels = _labels(whole, kept, opened)
        body = json.dumps(_graph(whole, kept, cut, labels, opened, site), ensure_ascii=False)
        response = Response(body, mimetype="application/json")
        return cacheable(response, opened.release.id, "network.json", g.lang, request.query_string.decode("latin-1"))

    @routes.get("/reseau.csv")
    def table() -> Response:
        opened = site.opened()
        whole = _network(opened)
        _, found = _asked(whole, opened)
        labels = _labels(whole, found, opened)
        safe = ([cells.safe(text) for text in line] for line in _lines(found, labels))
        body = b"".join(cells.written(safe, cells.SPREADSHEET))
        response = Response(body, content_type="text/csv; charset=utf-8")
        response.headers["Content-Disposition"] = 'attachment; filename="ess-graph-reseau.csv"'
        return cacheable(response, opened.release.id, "network.csv", g.lang, request.query_string.decode("latin-1"))

    return routes


def _network(opened: Opened) -> Network:
    return opened.once("network", lambda: partnerships.read(opened.engine))


def _asked(whole: Network, opened: Opened) -> tuple[dict[str, dict[str, Any]], list[Partnership]]:
    """The filters as the page shows them (by parameter: choices and the chosen one), and what they let through."""
    choices = partnerships.choices(whole, opened.display)
    titles = {shown.target: shown.title[g.lang] for shown in opened.display.classes}
    filters: dict[str, dict[str, Any]] = {}
    wanted: dict[str, str] = {}
    for name, parameter in _PARAMETERS.items():
        labels = opened.index.labels(choices[name], g.lang)
        options = {slug(iri): iri for iri in choices[name]}
        given = request.args.get(parameter, "")
        if given and given not in options:
            raise NotFound(translator(g.lang)("network.unknown", name=given[:80]))
        wanted[name] = options.get(given, "")
        texts = {key: titles.get(iri) or labels.get(iri, (key, ""))[0] for key, iri in options.items()}
        filters[parameter] = {"options": sorted(texts.items(), key=lambda pair: fold(pair[1])), "chosen": given}
    return filters, partnerships.chosen(whole, Wanted(**wanted), opened.display)


def _labels(whole: Network, found: list[Partnership], opened: Opened) -> Labels:
    iris = {iri for one in found for iri in (one.iri, *one.types, *one.parties)}
    iris |= {role for one in found for party in one.parties for role in one.roles(party)}
    return opened.index.labels(iris, g.lang)


def _row(one: Partnership, labels: Labels, site: Site) -> dict[str, Any]:
    return {
        "partnership": _value(one.iri, labels, site),
        "parties": [
            (_value(party, labels, site), ", ".join(_text(role, labels) for role in one.roles(party)))
            for party in _ordered(one, labels)
        ],
        "types": ", ".join(sorted(_text(kind, labels) for kind in one.types)),
        "start": one.start,
        "end": one.end,
    }


def _graph(
    whole: Network, kept: list[Partnership], cut: bool, labels: Labels, opened: Opened, site: Site
) -> dict[str, Any]:
    """Nodes (parties and partnerships) and links (one for each party, with its roles in words)."""
    kinds = {shown.target: shown.title[g.lang] for shown in opened.display.classes}
    parties = {party for one in kept for party in one.parties}
    nodes = [
        {
            "id": party,
            "label": _text(party, labels),
            "kind": slug(whole.kind(party, opened.display)),
            "says": kinds.get(whole.kind(party, opened.display), ""),
            "url": site.link(party),
        }
        for party in sorted(parties)
    ]
    nodes += [
        {
            "id": one.iri,
            "label": _text(one.iri, labels),
            "kind": "partenariat",
            "says": ", ".join(sorted(_text(kind, labels) for kind in one.types)),
            "url": site.link(one.iri),
        }
        for one in kept
    ]
    links = [
        {"source": one.iri, "target": party, "role": ", ".join(_text(role, labels) for role in one.roles(party))}
        for one in kept
        for party in sorted(one.parties)
    ]
    return {"nodes": nodes, "links": links, "cut": cut}


def _lines(found: list[Partnership], labels: Labels) -> Iterator[list[str]]:
    """A header, then one line for each party."""
    t = translator(g.lang)
    yield [t(f"network.column.{name}") for name in ("partnership", "party", "role", "type", "start", "end")]
    for one in sorted(found, key=lambda one: fold(_text(one.iri, labels))):
        types = ", ".join(sorted(_text(kind, labels) for kind in one.types))
        for party in _ordered(one, labels):
            roles = ", ".join(_text(role, labels) for role in one.roles(party))
            yield [_text(one.iri, labels), _text(party, labels), roles, types, one.start or "", one.end or ""]


def _ordered(one: Partnership, labels: Labels) -> list[str]:
    return sorted(one.parties, key=lambda party: fold(_text(party, labels)))


def _text(iri: str, labels: Labels) -> str:
    return labels.get(iri, (iri, ""))[0]


def _value(iri: str, labels: Labels, site: Site) -> Value:
    text, lang = labels.get(iri, (iri, ""))
    return Value(text, url=site.link(iri), lang=lang or None, iri=iri)
