"""``/qualite``: a curator's to-do list."""

from __future__ import annotations

from datetime import date

from flask import Blueprint, Response, g

from ess_graph.query import quality as queries
from ess_graph.web.i18n import translator
from ess_graph.web.replies import cacheable, page
from ess_graph.web.site import Site


def blueprint(site: Site) -> Blueprint:
    """The route of the quality page."""
    routes = Blueprint("quality", __name__)

    @routes.get("/qualite")
    def quality() -> Response:
        opened, today = site.opened(), date.today()
        ages = queries.ages(opened.engine, today, g.lang, opened.index, site.link)
        # So many passages would make a heavy page: their text is one click away.
        curated = queries.curation(
            g.lang, translator(g.lang),
            engine=opened.engine, index=opened.index, link=site.link, texts=lambda _: None,
        )  # fmt: skip
        shown = page(
            "quality.html",
            authorities=[age for age in ages if age.authority],
            others=[age for age in ages if not age.authority],
            severities=queries.findings(opened.release.folder, g.lang, opened.index, site.link),
            curated=curated,
            years=queries.YEARS,
        )
        # Records grow old by themselves: the page of one release changes from day to day.
        return cacheable(shown, opened.release.id, "quality", g.lang, today.isoformat(), str(site.settings.token_file))

    return routes
