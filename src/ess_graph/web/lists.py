"""``/explorer``: everything by type, and the list of each type, narrowed, put in order and paged."""

from __future__ import annotations

from flask import Blueprint, Response, g, request, url_for
from werkzeug.exceptions import NotFound

from ess_graph.folding import fold
from ess_graph.query import facets, lists
from ess_graph.query.views import Listing, Value
from ess_graph.web import addresses, narrowing
from ess_graph.web.i18n import translator
from ess_graph.web.replies import cacheable, page
from ess_graph.web.site import Opened, Site

_PER_PAGE = 50


def blueprint(site: Site) -> Blueprint:
    """The routes of lists."""
    routes = Blueprint("lists", __name__)

    @routes.get("/explorer")
    def explore() -> Response:
        opened = site.opened()
        return cacheable(page("explore.html", kinds=kinds(opened)), opened.release.id, "explore", g.lang)

    @routes.get("/explorer/<kind>")
    def listing(kind: str) -> Response:
        opened = site.opened()
        cls = class_of(kind, opened)
        display, index = opened.display, opened.index
        chosen = lists.chosen(display, cls, request.args)
        order = request.args.get("tri", "")
        order = order if order in lists.ORDERS else lists.ORDERS[0]
        numbers = facets.narrowed(index, chosen, order=order, lang=g.lang)
        number, pages = narrowing.paging(len(numbers), _PER_PAGE)
        shown = numbers[(number - 1) * _PER_PAGE : number * _PER_PAGE]
        offered = facets.offered(index, display, display.facets.lists, chosen, g.lang)
        title = title_of(cls, opened)
        query = facets.query(display, chosen, g.lang) if facets.known(index, chosen) else None
        dated = any(facet.key in display.facets.years for facet in offered)
        response = page(
            "listing.html",
            listing=Listing(title, (), len(numbers), number, pages, query),
            entries=lists.entries(index, display, shown, g.lang, site.link),
            facets=narrowing.links(offered),
            pager_base=narrowing.pager_base(),
            all_url=narrowing.address(**dict.fromkeys(chosen)),
            orders=[
                (name, narrowing.address(tri=name if at else None))
                for at, name in enumerate(lists.ORDERS)
                if dated or name in ("nom", "liens", order)
            ],
            order=order,
            table_url=addresses.here(f"/explorer/{kind}.csv", page=None, format="tableur"),
        )
        return cacheable(response, opened.release.id, kind, request.query_string.decode("latin-1"), g.lang)

    return routes


def class_of(kind: str, opened: Opened) -> str:
    """IRI of the class that an address means.

    Raises:
        NotFound: the release has nothing of that type.
    """
    shown = lists.of_slug(opened.display, kind)
    if shown is None or not opened.index.counts().get(shown.target):
        raise NotFound(translator(g.lang)("error.kind", name=kind[:80]))
    return shown.target


def title_of(cls: str, opened: Opened) -> str:
    """What the list of a class is called."""
    return next(shown.title[g.lang] for shown in opened.display.classes if shown.target == cls)


def kinds(opened: Opened) -> list[tuple[Value, int]]:
    """Every class that has members, with their number, in alphabetical order."""
    counts = opened.index.counts()
    found = [
        (list_of(shown.target, shown.title[g.lang]), n)
        for shown in opened.display.classes
        if (n := counts.get(shown.target))
    ]
    return sorted(found, key=lambda kind: fold(kind[0].text))


def list_of(cls: str, title: str) -> Value:
    """The list of a class, as a link."""
    return Value(title, url=url_for("lists.listing", kind=lists.slug(cls)), iri=cls)
