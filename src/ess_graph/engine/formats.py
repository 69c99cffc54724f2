"""Media types of SPARQL answers, and the names people call them by."""

from __future__ import annotations

import pyoxigraph as ox

from ess_graph.engine.base import Form

#: Answers of SELECT and ASK, preferred first.
ROWS: dict[str, ox.QueryResultsFormat] = {
    "application/sparql-results+json": ox.QueryResultsFormat.JSON,
    "application/sparql-results+xml": ox.QueryResultsFormat.XML,
    "text/csv": ox.QueryResultsFormat.CSV,
    "text/tab-separated-values": ox.QueryResultsFormat.TSV,
}

#: Answers of CONSTRUCT and DESCRIBE, preferred first.
GRAPHS: dict[str, ox.RdfFormat] = {
    "text/turtle": ox.RdfFormat.TURTLE,
    "application/n-triples": ox.RdfFormat.N_TRIPLES,
    "application/n-quads": ox.RdfFormat.N_QUADS,
    "application/trig": ox.RdfFormat.TRIG,
    "application/rdf+xml": ox.RdfFormat.RDF_XML,
    "application/ld+json": ox.RdfFormat.JSON_LD,
}

#: Other media types that clients ask for, and what they get.
ALIASES: dict[str, str] = {
    "application/json": "application/sparql-results+json",
    "application/xml": "application/sparql-results+xml",
    "text/xml": "application/sparql-results+xml",
    "text/plain": "application/n-triples",
    "application/x-turtle": "text/turtle",
    "text/n3": "text/turtle",
}

_JSON, _XML, _TURTLE = "application/sparql-results+json", "application/sparql-results+xml", "text/turtle"
_RDF_XML, _JSON_LD = "application/rdf+xml", "application/ld+json"

#: What ``format=`` may say (short names, those that client libraries use, media types themselves), and the media
#: types it stands for: the first that fits the form of the query.
NAMES: dict[str, tuple[str, ...]] = {
    "json": (_JSON, _JSON_LD),
    "xml": (_XML, _RDF_XML),
    "csv": ("text/csv",),
    "tsv": ("text/tab-separated-values",),
    "ttl": (_TURTLE,),
    "turtle": (_TURTLE,),
    "n3": (_TURTLE,),
    "nt": ("application/n-triples",),
    "nq": ("application/n-quads",),
    "trig": ("application/trig",),
    "rdf": (_RDF_XML,),
    "rdfxml": (_RDF_XML,),
    "rdf+xml": (_RDF_XML,),
    "jsonld": (_JSON_LD,),
    "json-ld": (_JSON_LD,),
    **{kind: (kind,) for kind in (*ROWS, *GRAPHS)},
    **{asked: (given,) for asked, given in ALIASES.items()},
}


def offered(form: Form) -> tuple[str, ...]:
    """Media types in which a query of this form can be answered, preferred first."""
    return tuple(GRAPHS if form.is_graph else ROWS)
