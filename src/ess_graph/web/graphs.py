"""``/graph/…``: what each named graph holds, as a page and as data."""

from __future__ import annotations

from flask import Blueprint, Response, g, request, url_for
from rdflib import Graph, Literal, URIRef
from rdflib.namespace import DCTERMS, RDF, VOID, XSD
from rdflib.term import Node
from werkzeug.exceptions import NotAcceptable, NotFound

from ess_graph.engine.formats import ALIASES
from ess_graph.engine.text import with_value
from ess_graph.query import catalogue
from ess_graph.query.dates import in_words
from ess_graph.query.named_graphs import NamedGraph, graph, graphs
from ess_graph.query.views import Value
from ess_graph.query.vocabulary import anchor
from ess_graph.vocab import GRAPH, OPENDATA, SD
from ess_graph.web import negotiate
from ess_graph.web.entities import SUFFIXES, formats, links, see_other
from ess_graph.web.i18n import messages, translator
from ess_graph.web.replies import cacheable, page
from ess_graph.web.site import Opened, Site

_WRITERS = {"ttl": "turtle", "nt": "nt", "jsonld": "json-ld", "rdf": "xml"}


def blueprint(site: Site) -> Blueprint:
    """The routes of named graphs."""
    routes = Blueprint("graphs", __name__)

    @routes.get("/graph/<path:name>")
    def named(name: str) -> Response:
        _known(name, site.opened())
        offered = ("text/html", *SUFFIXES.values())
        chosen = negotiate.best(request.headers.get("Accept"), offered, ALIASES.items())
        if chosen is None:
            raise NotAcceptable(f"This graph is described as {', '.join(offered)}: ask for one of these.")
        suffix = next((s for s, kind in SUFFIXES.items() if kind == chosen), None)
        path = f"/data/graph/{name}.{suffix}" if suffix else f"/page/graph/{name}"
        return see_other(site.onward(path))

    @routes.get("/page/graph/<path:name>")
    def graph_page(name: str) -> Response:
        opened = site.opened()
        found = _known(name, opened)
        others = [_graph_value(other, opened, site) for other in graphs(opened.index)]
        terms = [term for term, _ in (*found.classes, *found.properties)]
        labels = opened.index.labels(terms, g.lang)

        def told(counted: tuple[tuple[str, int], ...]) -> list[tuple[Value, int]]:
            return [
                (Value(labels[term][0], url=_documented(term), lang=labels[term][1] or None, iri=term), n)
                for term, n in counted
                if term in labels
            ]

        response = page(
            "graph.html",
            graph=found,
            name=name,
            title=_title(found.iri, opened, g.lang),
            about=_about(name, g.lang),
            origin=_origin(found.iri, opened, site),
            classes=told(found.classes),
            properties=told(found.properties),
            query=with_value(catalogue.text("graph_content"), "graph", URIRef(found.iri)),
            graphs=others,
            formats=formats(f"graph/{name}"),
        )
        response.headers["Link"] = links(f"graph/{name}")
        return cacheable(response, opened.release.id, "graph", name, g.lang)

    @routes.get("/data/graph/<path:name>.<any(ttl, nt, jsonld, rdf):suffix>")
    def graph_data(name: str, suffix: str) -> Response:
        opened = site.opened()
        found = _known(name, opened)
        told = Graph()
        told.bind("sd", SD)
        told.bind("void", VOID)
        node = URIRef(found.iri)
        told.add((node, RDF.type, SD.NamedGraph))
        told.add((node, RDF.type, VOID.Dataset))
        told.add((node, VOID.triples, Literal(found.triples, datatype=XSD.integer)))
        told.add((node, VOID.sparqlEndpoint, URIRef(site.absolute("/sparql"))))
        for lang in ("fr", "en"):
            told.add((node, DCTERMS.title, Literal(_title(found.iri, opened, lang), lang=lang)))
            told.add((node, DCTERMS.description, Literal(_about(name, lang), lang=lang)))
        register = _register(found.iri, opened)
        for key, said in (("licence", DCTERMS.license), ("address", DCTERMS.source)):
            if key in register:
                told.add((node, said, register[key]))
        kind = SUFFIXES[suffix]
        response = Response(
            told.serialize(format=_WRITERS[suffix]),
            content_type=f"{kind}; charset=utf-8" if kind == "text/turtle" else kind,
        )
        response.headers["Link"] = links(f"graph/{name}")
        return cacheable(response, opened.release.id, "graph", name, suffix, site.absolute())

    return routes


def _known(name: str, opened: Opened) -> NamedGraph:
    found = graph(opened.index, str(GRAPH) + name)
    if found is None:
        raise NotFound(translator(g.lang)("graph.unknown", name=name[:80]))
    return found


def _documented(term: str) -> str:
    """Where the ontology's page explains a term; it has all that have a label."""
    return url_for("vocabulary.onto", _anchor=anchor(term))


def _graph_value(found: NamedGraph, opened: Opened, site: Site) -> tuple[Value, int]:
    return Value(_title(found.iri, opened, g.lang), url=site.link(found.iri), iri=found.iri), found.triples


def _register(iri: str, opened: Opened) -> dict[str, Node]:
    """Where an official extract is from; empty for any other graph."""
    if not iri.startswith(OPENDATA):
        return {}
    rows = opened.engine.rows(catalogue.text("registers"))
    return next((dict(row) for row in rows if str(row["graph"]) == iri), {})


def _origin(iri: str, opened: Opened, site: Site) -> list[tuple[str, Value]]:
    """What a licence wants said of an extract, by the key of its words: source, publisher, date, licence."""
    said = _register(iri, opened)
    found = [
        (
            key,
            Value(
                in_words(str(said[key]), g.lang) if key == "issued" else str(said[key]), url=site.link(str(said[key]))
            ),
        )
        for key in ("publisher", "issued", "licence")
        if key in said
    ]
    return [("source", Value(str(said["title"]), url=site.link(str(said["address"])))), *found] if said else []


def _title(iri: str, opened: Opened, lang: str) -> str:
    """What a graph is called: a record by its title, one of ours by what this site calls it."""
    name = iri.removeprefix(str(GRAPH))
    register = _register(iri, opened)
    said = str(register["title"]) if register else messages().get(f"graph.{name}", {}).get(lang)
    label = opened.index.labels([iri], lang).get(iri)
    return said or (label[0] if label else name)


def _about(name: str, lang: str) -> str:
    t = messages()
    return t.get(f"graph.{name}.about", t.get(f"graph.{name.partition('/')[0]}.about", t["graph.any.about"]))[lang]
