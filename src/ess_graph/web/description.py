"""The SPARQL 1.1 service description and the dataset's figures, as RDF."""

from __future__ import annotations

from rdflib import BNode, Graph, Literal, URIRef
from rdflib.namespace import DCTERMS, RDF, VOID, XSD

from ess_graph.engine.base import Engine
from ess_graph.engine.formats import GRAPHS, ROWS
from ess_graph.query import catalogue
from ess_graph.vocab import FORMATS, LICENCE, SD

_NAMES = {
    "application/sparql-results+json": "SPARQL_Results_JSON",
    "application/sparql-results+xml": "SPARQL_Results_XML",
    "text/csv": "SPARQL_Results_CSV",
    "text/tab-separated-values": "SPARQL_Results_TSV",
    "text/turtle": "Turtle",
    "application/n-triples": "N-Triples",
    "application/n-quads": "N-Quads",
    "application/trig": "TriG",
    "application/rdf+xml": "RDF_XML",
    "application/ld+json": "JSON-LD",
}
#: Names by which rdflib knows the media types of graphs.
WRITERS = {
    "text/turtle": "turtle",
    "application/n-triples": "nt",
    "application/n-quads": "nquads",
    "application/trig": "trig",
    "application/rdf+xml": "xml",
    "application/ld+json": "json-ld",
}


def describe(endpoint: str, engine: Engine, media_type: str) -> str:
    """The description of the endpoint at an address, in one of the graph formats."""
    graph = Graph()
    graph.bind("sd", SD)
    graph.bind("void", VOID)
    service, dataset, default = BNode(), BNode(), BNode()
    graph.add((service, RDF.type, SD.Service))
    graph.add((service, SD.endpoint, URIRef(endpoint)))
    graph.add((service, SD.supportedLanguage, SD.SPARQL11Query))
    for media in (*ROWS, *GRAPHS):
        graph.add((service, SD.resultFormat, FORMATS[_NAMES[media]]))
    graph.add((service, SD.defaultDataset, dataset))
    graph.add((dataset, RDF.type, SD.Dataset))
    graph.add((dataset, RDF.type, VOID.Dataset))
    graph.add((dataset, DCTERMS.license, LICENCE))
    graph.add((dataset, DCTERMS.title, Literal("ess-graph", lang="fr")))
    graph.add((dataset, SD.defaultGraph, default))
    graph.add((default, RDF.type, SD.Graph))
    for row in engine.rows(catalogue.text("graphs")):
        count = Literal(str(row["triples"]), datatype=XSD.integer)
        if "graph" not in row:
            graph.add((default, VOID.triples, count))
            continue
        entry, content = BNode(), BNode()
        graph.add((dataset, SD.namedGraph, entry))
        graph.add((entry, RDF.type, SD.NamedGraph))
        graph.add((entry, SD.name, row["graph"]))
        graph.add((entry, SD.graph, content))
        graph.add((content, RDF.type, SD.Graph))
        graph.add((content, VOID.triples, count))
    return graph.serialize(format=WRITERS[media_type])
