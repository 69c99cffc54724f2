"""How others find and quote pages: sitemap, robots, previews, descriptions for search engines, links to cite."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree as ET

from flask import Blueprint, Response, current_app, g, request
from werkzeug.exceptions import NotFound

from ess_graph.errors import EssGraphError
from ess_graph.query.exports import schema_org
from ess_graph.vocab import SITEMAP
from ess_graph.web import addresses
from ess_graph.web.exports import linker
from ess_graph.web.i18n import translator
from ess_graph.web.replies import cacheable
from ess_graph.web.site import Site

#: Addresses that one sitemap may hold.
_MOST = 50_000
#: Pages that are no thing's; those that this site has are in its sitemap.
_PAGES = (
    "/", "/explorer", "/questions", "/carte", "/reseau", "/frise", "/comparer", "/qualite", "/versions", "/donnees",
    "/changements", "/api", "/a-propos", "/mentions-legales", "/accessibilite",
)  # fmt: skip
#: What is computed anew for each address, and what only changes things.
_NOT_FOR_ROBOTS = ("/sparql", "/recherche", "/data/", "/update", "/graphs", "/reconcile", "/signaler", "/contribuer")


def blueprint(site: Site) -> Blueprint:
    """The routes for crawlers, and what templates need to say of a page."""
    routes = Blueprint("finding", __name__)

    @routes.get("/robots.txt")
    def robots() -> Response:
        lines = [
            "User-agent: *",
            *(f"Disallow: {path}" for path in _NOT_FOR_ROBOTS),
            "",
            f"Sitemap: {site.absolute()}/sitemap.xml",
        ]
        return cacheable(Response("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8"), site.absolute())

    @routes.get("/sitemap.xml")
    def sitemaps() -> Response:
        opened = site.opened()
        parts = -(-(opened.index.size() + len(_PAGES)) // _MOST)
        return _xml("sitemapindex", "sitemap", (site.absolute(f"/sitemap-{n}.xml") for n in range(1, parts + 1)), site)

    @routes.get("/sitemap-<int(max=99999):number>.xml")
    def sitemap(number: int) -> Response:
        opened = site.opened()
        there = {rule.rule for rule in current_app.url_map.iter_rules()}
        fixed = [site.absolute(path) for path in _PAGES if path in there]
        # The pages of the site stand before the things in the first one.
        start = (number - 1) * _MOST - (len(fixed) if number > 1 else 0)
        room = _MOST - (len(fixed) if number == 1 else 0)
        iris = opened.index.iris(room, start) if number else []
        if not iris and number != 1:
            raise NotFound(translator(g.lang)("error.sitemap"))
        link = linker(site)
        addresses = [*(fixed if number == 1 else ()), *(quote(link(iri), safe=":/#?=&%") for iri in iris)]
        return _xml("urlset", "url", addresses, site)

    @routes.app_context_processor
    def about_the_page() -> dict[str, object]:
        return {"cited": _cited(site), "seen_at": site.absolute(), "schema_org": lambda iri: _described(iri, site)}

    return routes


def _xml(root: str, item: str, addresses: Iterable[str], site: Site) -> Response:
    opened = site.opened()
    ET.register_namespace("", SITEMAP)
    tree = ET.Element(f"{{{SITEMAP}}}{root}")
    for address in addresses:
        entry = ET.SubElement(tree, f"{{{SITEMAP}}}{item}")
        ET.SubElement(entry, f"{{{SITEMAP}}}loc").text = address
        ET.SubElement(entry, f"{{{SITEMAP}}}lastmod").text = str(opened.release.manifest["created"])[:10]
    body = ET.tostring(tree, encoding="utf-8", xml_declaration=True)
    return cacheable(
        Response(body, content_type="application/xml; charset=utf-8"), opened.release.id, request.path, site.absolute()
    )


def _cited(site: Site) -> str | None:
    """The address under which this very answer stays; None while nothing is published."""
    try:
        release = site.opened().release.id
    except EssGraphError:
        return None
    return site.absolute(addresses.here(lang=None, release=release))


def _described(iri: str, site: Site) -> dict[str, Any] | None:
    return schema_org.described(iri, g.lang, site.opened().engine, linker(site))
