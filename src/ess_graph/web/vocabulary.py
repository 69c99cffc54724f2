"""``/onto`` and ``/voc``: pages that explain the terms and the concepts that the data are written in."""

from __future__ import annotations

from flask import Blueprint, Response, g, url_for
from rdflib.namespace import OWL
from werkzeug.exceptions import NotFound

from ess_graph.query import catalogue, lists
from ess_graph.query.views import Value
from ess_graph.query.vocabulary import ontology, scheme
from ess_graph.vocab import BASE
from ess_graph.web.entities import formats, links, see_other
from ess_graph.web.i18n import translator
from ess_graph.web.replies import cacheable, page
from ess_graph.web.site import Site

ONTO = BASE + "onto"


def blueprint(site: Site) -> Blueprint:
    """The routes of the ontology and of the concept schemes."""
    routes = Blueprint("vocabulary", __name__)

    @routes.get("/page/onto")
    def onto() -> Response:
        opened = site.opened()
        shown = ontology(ONTO, g.lang, engine=opened.engine, index=opened.index, link=site.link)
        if shown is None:
            raise NotFound(translator(g.lang)("error.unknown", name="onto"))
        listed = {
            display.target: url_for("lists.listing", kind=lists.slug(display.target))
            for display in opened.display.classes
            if display.target in opened.index.counts()
        }
        response = page("onto.html", onto=shown, listed=listed, iri=ONTO, formats=formats("onto"))
        response.headers["Link"] = links("onto")
        return cacheable(response, opened.release.id, "onto", g.lang)

    @routes.get("/onto/<version>")
    @routes.get("/page/onto/<version>")
    def version(version: str) -> Response:
        # Every release describes one version, its own; older ones are in older releases.
        found = site.opened().engine.rows(catalogue.text("about_onto"))
        versions = {str(row["value"]) for row in found if row["said"] == OWL.versionIRI}
        if f"{ONTO}/{version}" not in versions:
            raise NotFound(translator(g.lang)("onto.version.unknown", name=version[:40]))
        return see_other(site.onward("/onto"))

    @routes.get("/voc")
    def voc() -> Response:
        return see_other(site.onward("/page/onto", anchor="schemes"))

    @routes.get("/page/voc/<name>")
    def concepts(name: str) -> Response:
        opened = site.opened()
        iri = f"{BASE}voc/{name}"
        found = scheme(iri, g.lang, engine=opened.engine, index=opened.index, link=site.link)
        if not found:
            raise NotFound(translator(g.lang)("error.unknown", name=f"voc/{name[:80]}"))
        text, lang = opened.index.labels([iri], g.lang).get(iri, (name, ""))
        title = Value(text, lang=lang or None, iri=iri)
        response = page("scheme.html", concepts=found, scheme=title, iri=iri, formats=formats(f"voc/{name}"))
        response.headers["Link"] = links(f"voc/{name}")
        return cacheable(response, opened.release.id, "voc", name, g.lang)

    return routes
