"""``/frise``: events on a line of years and as a table, filtered by territory, years and kind."""

from __future__ import annotations

from flask import Blueprint, Response, g, request
from rdflib import URIRef

from ess_graph.engine.text import with_choice
from ess_graph.query import catalogue
from ess_graph.query.happenings import Asked, frise
from ess_graph.vocab import BASE
from ess_graph.web import narrowing
from ess_graph.web.entities import sayable
from ess_graph.web.i18n import translator
from ess_graph.web.replies import cacheable, page
from ess_graph.web.site import Site


def blueprint(site: Site) -> Blueprint:
    """The route of the timeline."""
    routes = Blueprint("timeline", __name__)

    @routes.get("/frise")
    def timeline() -> Response:
        opened = site.opened()
        asked = Asked(
            _iri(request.args.get("territoire", "")),
            _iri(request.args.get("type", "")),
            narrowing.number("de"),
            narrowing.number("a"),
            narrowing.number("page") or 1,
        )
        found = frise(
            asked, translator(g.lang)("timeline.title"), g.lang,
            index=opened.index, link=site.link, texts=site.passage_text,
        )  # fmt: skip
        narrowed = {"territoire": asked.area, "type": asked.kind}
        query = with_choice(catalogue.text("happenings"), {name: URIRef(iri) for name, iri in narrowed.items() if iri})
        shown = page(
            "timeline.html", frise=found, asked=asked, query=query, short=_short,
            pager_base=narrowing.pager_base(),
        )  # fmt: skip
        return cacheable(
            shown, opened.release.id, "frise", g.lang, repr(asked), str(site.settings.sources), repr(request.args)
        )

    return routes


def _iri(text: str) -> str | None:
    """The IRI of a filter's value: a path under the base, as ``_short`` writes it, or a whole IRI."""
    iri = text if text.startswith(("http:", "https:", "urn:")) else BASE + text
    return iri if text and len(text) < 500 and sayable(iri) else None


def _short(iri: str) -> str:
    return iri.removeprefix(BASE)
