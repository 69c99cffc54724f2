"""A thing in schema.org's words, as the JSON-LD that search engines read in a page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from rdflib import Graph, Literal, URIRef
from rdflib.namespace import RDF, XSD
from rdflib.term import Node

from ess_graph.engine.base import Engine
from ess_graph.query import catalogue
from ess_graph.terms import graph_of
from ess_graph.vocab import SCHEMA

_CONTEXT = str(SCHEMA).removesuffix("/")
_LONGEST = 2000


def described(iri: str, lang: str, engine: Engine, link: Callable[[str], str]) -> dict[str, Any] | None:
    """A thing and the names of those around it; None for what schema.org has no kind for.

    Texts are in ``lang`` where they exist in it. ``link`` gives the address of an IRI's page.
    """
    thing = URIRef(iri)
    pieces = engine.serialized(catalogue.text("exports/schema_org"), "application/n-triples", bindings={"thing": thing})
    graph = graph_of(b"".join(pieces))
    if (thing, RDF.type, None) not in graph:
        return None
    return {"@context": _CONTEXT, **_node(graph, thing, lang, link, deep=True)}


def dataset(said: Mapping[str, Any]) -> dict[str, Any]:
    """The graph as a whole, as search engines for data read it."""
    return {"@context": _CONTEXT, "@type": "Dataset", **said}


def _node(graph: Graph, node: Node, lang: str, link: Callable[[str], str], *, deep: bool) -> dict[str, Any]:
    made: dict[str, Any] = {"@id": str(node), "url": link(str(node))}
    values: dict[str, list[Node]] = {}
    for said, value in graph.predicate_objects(node):
        values.setdefault(str(said), []).append(value)
    kinds = sorted(_local(kind) for kind in values.pop(str(RDF.type), []))
    made["@type"] = kinds[0] if len(kinds) == 1 else kinds
    for term, found in sorted(values.items()):
        if term in (str(SCHEMA.name), str(SCHEMA.description)):
            shown: list[Any] = [_best(found, lang)]
        else:
            shown = [_value(graph, value, lang, link, deep) for value in sorted(found, key=str)]
        kept = [value for value in shown if value is not None]
        if kept:
            made[_local(term)] = kept[0] if len(kept) == 1 else kept
    return made


def _value(graph: Graph, value: Node, lang: str, link: Callable[[str], str], deep: bool) -> Any:
    if isinstance(value, Literal):
        number = value.datatype in (XSD.integer, XSD.decimal, XSD.double)
        return value.toPython() if number and value.datatype == XSD.integer else str(value)[:_LONGEST]
    if deep and (value, RDF.type, None) in graph:
        return _node(graph, value, lang, link, deep=False)
    return str(value) if str(value).startswith(("http://", "https://")) else None


def _best(texts: list[Node], lang: str) -> str:
    """One text: in the reader's language, else in French, else any."""
    order = {lang: 0, "fr": 1}
    ranked = sorted(texts, key=lambda t: (order.get(getattr(t, "language", None) or "", 2), str(t)))
    return str(ranked[0])[:_LONGEST]


def _local(iri: object) -> str:
    return str(iri).removeprefix(str(SCHEMA))
