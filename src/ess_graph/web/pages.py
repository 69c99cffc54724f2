"""Home, lists by type, search, and the page that says what this is."""

from __future__ import annotations

from math import ceil
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, g, request, url_for
from rdflib import URIRef
from werkzeug.exceptions import NotFound

from ess_graph.engine.text import with_value
from ess_graph.folding import fold
from ess_graph.query import catalogue, questions
from ess_graph.query.index import Hit
from ess_graph.query.views import Item, Listing, Value
from ess_graph.vocab import ESS
from ess_graph.web.i18n import translator
from ess_graph.web.replies import cacheable, page
from ess_graph.web.site import Opened, Site

_PER_PAGE = 50
_ON_HOME = (ESS.Collectivite, ESS.Structure, ESS.Dispositif, ESS.Partenariat, ESS.Evenement, ESS.Chiffre)


def blueprint(site: Site) -> Blueprint:
    """The routes of the pages that people start from."""
    routes = Blueprint("pages", __name__)

    @routes.get("/")
    def home() -> Response:
        opened = site.opened()
        counts = {value.iri: (value, n) for value, n in _kinds(opened, site)}
        shown = [counts[str(kind)] for kind in _ON_HOME if str(kind) in counts]
        described = [str(row["thing"]) for row in opened.engine.rows(catalogue.text("described"))]
        labels = opened.index.labels(described, g.lang)
        return cacheable(
            page(
                "home.html",
                counts=[{"thing": value, "count": n} for value, n in shown],
                examples=[Value(labels[iri][0], url=site.link(iri), iri=iri) for iri in described if iri in labels],
                questions=[
                    Value(q.title(g.lang), url=url_for("questions.question", name=q.name))
                    for q in questions.featured()
                ],
            ),
            opened.release.id, "home", g.lang,
        )  # fmt: skip

    @routes.get("/explorer")
    def explore() -> Response:
        opened = site.opened()
        return cacheable(page("explore.html", kinds=_kinds(opened, site)), opened.release.id, "explore", g.lang)

    @routes.get("/explorer/<kind>")
    def listing(kind: str) -> Response:
        opened = site.opened()
        found = next((value for value, _ in _kinds(opened, site) if value.iri and _slug(value.iri) == kind), None)
        if found is None or found.iri is None:
            raise NotFound(translator(g.lang)("error.kind", name=kind[:80]))
        total = opened.index.counts()[found.iri]
        number, pages = _paging(total)
        things = opened.index.things(found.iri, _PER_PAGE, (number - 1) * _PER_PAGE)
        items = tuple(Item(Value(label, url=site.link(iri), iri=iri), found.text) for iri, label in things)
        shown = Listing(
            found.text, items, total, number, pages, with_value(catalogue.text("list"), "class", URIRef(found.iri))
        )
        context: dict[str, Any] = {"listing": shown, "kind_label": found.text, "pager_base": _pager_base()}
        return cacheable(page("listing.html", **context), opened.release.id, kind, str(number), g.lang)

    @routes.get("/recherche")
    def search() -> Response:
        opened = site.opened()
        asked = request.args.get("q", "")[:300].strip()
        total, _ = opened.index.search(asked, 0, 0)
        number, pages = _paging(total)
        _, hits = opened.index.search(asked, _PER_PAGE, (number - 1) * _PER_PAGE)
        kinds = {value.iri: value.text for value, _ in _kinds(opened, site)}
        items = tuple(
            Item(Value(hit.label, url=site.link(hit.iri), iri=hit.iri), kinds.get(hit.cls, ""), _reason(hit))
            for hit in hits
        )
        results = Listing(asked, items, total, number, pages)
        return page("search.html", q=asked, results=results, pager_base=_pager_base())

    @routes.get("/a-propos")
    def about() -> Response:
        opened = site.opened()
        return cacheable(page("about.html"), opened.release.id, "about", g.lang)

    return routes


def _kinds(opened: Opened, site: Site) -> list[tuple[Value, int]]:
    """Every class that has members, with their number, in alphabetical order."""
    counts = opened.index.counts()
    kinds = [
        (Value(shown.title[g.lang], url=url_for("pages.listing", kind=_slug(shown.target)), iri=shown.target), n)
        for shown in opened.display.classes
        if (n := counts.get(shown.target))
    ]
    return sorted(kinds, key=lambda kind: fold(kind[0].text))


def _slug(iri: str) -> str:
    return iri.replace("#", "/").rpartition("/")[2].lower()


def _paging(total: int) -> tuple[int, int]:
    """The page asked for, kept within the pages there are, and their number."""
    pages = max(1, ceil(total / _PER_PAGE))
    asked = request.args.get("page", "1")
    number = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 9 else 1
    return min(max(number, 1), pages), pages


def _pager_base() -> str:
    kept = {name: value for name, value in request.args.items() if name != "page"}
    return f"{request.path}?{urlencode({**kept, 'page': ''})}"


def _reason(hit: Hit) -> str | None:
    if hit.said == hit.label:
        return None
    # A name that is not the one shown is the thing's name in the other language.
    kind = "other" if hit.kind == "name" else hit.kind
    return translator(g.lang)(f"search.matched.{kind}", said=hit.said)
