"""``/recherche``: what people type, found and explained; and suggestions while they type."""

from __future__ import annotations

import json

from flask import Blueprint, Response, g, request, url_for

from ess_graph.query import facets
from ess_graph.query.lists import of_slug
from ess_graph.query.search import Hit, hits, search, suggestions
from ess_graph.query.views import Listing
from ess_graph.web import narrowing
from ess_graph.web.replies import cacheable, page
from ess_graph.web.site import Opened, Site

_PER_PAGE = 20
#: A question longer than this says no more.
_LONGEST = 300


def blueprint(site: Site) -> Blueprint:
    """The routes of search."""
    routes = Blueprint("search", __name__)

    @routes.get("/recherche")
    def results() -> Response:
        opened = site.opened()
        asked = _asked()
        chosen = _chosen(opened)
        found = search(opened.index, asked, chosen)
        number, pages = narrowing.paging(len(found.numbers), _PER_PAGE)
        shown = found.numbers[(number - 1) * _PER_PAGE : number * _PER_PAGE]
        keys = (facets.TYPE, *opened.display.facets.search)
        offered = facets.offered(opened.index, opened.display, keys, chosen, g.lang, found.everything)
        listed = hits(opened.index, opened.display, found, shown, g.lang, site.link)
        response = page(
            "search.html",
            q=asked,
            found=found,
            hits=listed,
            words=_words(opened, listed),
            results=Listing(asked, (), len(found.numbers), number, pages),
            facets=narrowing.links(offered) if found.everything else [],
            pager_base=narrowing.pager_base(),
            all_url=narrowing.address(**dict.fromkeys(keys)),
        )
        return cacheable(response, opened.release.id, "search", request.query_string.decode("latin-1"), g.lang)

    @routes.get("/recherche/suggestions")
    def suggested() -> Response:
        opened = site.opened()
        asked = _asked()
        found = suggestions(opened.index, opened.display, asked, g.lang, site.link)
        words = _words(opened, found)
        body = {
            "q": asked,
            "suggestions": [
                {
                    "url": hit.entry.thing.url,
                    "name": hit.name,
                    "kind": words.get(hit.cls, ""),
                    "why": [{"what": words.get(reason.via, ""), "text": reason.text} for reason in hit.reasons[:1]],
                }
                for hit in found
                if hit.entry.thing.url
            ],
            "all": url_for("search.results", q=asked),
        }
        response = Response(json.dumps(body, ensure_ascii=False), mimetype="application/json")
        response.vary.update(("Accept-Language",))
        return cacheable(response, opened.release.id, "suggestions", asked, g.lang)

    return routes


def _asked() -> str:
    return request.args.get("q", "")[:_LONGEST].strip()


def _chosen(opened: Opened) -> dict[str, str]:
    chosen = {key: facets.full(request.args[key]) for key in opened.display.facets.search if request.args.get(key)}
    kind = request.args.get(facets.TYPE)
    if kind:
        shown = of_slug(opened.display, kind)
        chosen[facets.TYPE] = shown.target if shown else kind
    return chosen


def _words(opened: Opened, shown: list[Hit]) -> dict[str, str]:
    """The classes and the properties of some results, as people call them."""
    named = {hit.cls for hit in shown} | {reason.via for hit in shown for reason in hit.reasons}
    return {iri: text for iri, (text, _) in opened.index.labels(named, g.lang).items()}
