"""``/versions``: records that revise another one, and each pair compared field by field."""

from __future__ import annotations

from flask import Blueprint, Response, g, url_for
from werkzeug.exceptions import NotFound

from ess_graph.query.version_blocks import STATES, Pair
from ess_graph.query.versions import compare, pairs
from ess_graph.vocab import SOURCE
from ess_graph.web.i18n import translator
from ess_graph.web.replies import cacheable, page
from ess_graph.web.site import Opened, Site


def blueprint(site: Site) -> Blueprint:
    """The routes of versions."""
    routes = Blueprint("versions", __name__)

    @routes.get("/versions")
    def listing() -> Response:
        return _listing(site.opened(), site)

    @routes.get("/versions/<document>", defaults={"record": None})
    @routes.get("/versions/<document>/<record>")
    def versions(document: str, record: str | None) -> Response:
        opened = site.opened()
        name = f"{document}#{record or ''}"
        found = [pair for pair in _pairs(opened, site) if _path(pair).startswith(name)]
        exact = [pair for pair in found if record is None or _path(pair) == name]
        if not exact:
            raise NotFound(translator(g.lang)("error.versions", name=document[:80]))
        if len(exact) > 1:
            return _listing(opened, site, document)
        return _comparison(exact[0], opened, site)

    return routes


def _listing(opened: Opened, site: Site, document: str = "") -> Response:
    shown = [
        (
            pair,
            url_for(
                "versions.versions",
                document=_path(pair).partition("#")[0],
                record=_path(pair).partition("#")[2],
            ),
        )
        for pair in _pairs(opened, site)
        if _path(pair).startswith(f"{document}#" if document else "")
    ]
    return cacheable(
        page("versions.html", pairs=shown, comparison=None), opened.release.id, "versions", document, g.lang
    )


def _comparison(pair: Pair, opened: Opened, site: Site) -> Response:
    compared = compare(
        pair, g.lang, translator(g.lang),
        engine=opened.engine, index=opened.index, link=site.link, texts=site.passage_text,
    )  # fmt: skip
    shown = page("versions.html", comparison=compared, pair=pair, states=STATES)
    return cacheable(shown, opened.release.id, "versions", _path(pair), g.lang, str(site.settings.sources))


def _pairs(opened: Opened, site: Site) -> list[Pair]:
    return pairs(opened.engine, g.lang, opened.index, site.link)


def _path(pair: Pair) -> str:
    """``document#record`` of the newer record."""
    return (pair.new.record.iri or "").removeprefix(str(SOURCE))
