"""Terms of rdflib and of pyoxigraph, one into the other; the two libraries meet here only."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import IO, cast

import pyoxigraph as ox
from rdflib import BNode, Graph, Literal, URIRef
from rdflib.namespace import XSD
from rdflib.term import Node
from rdflib.util import from_n3

from ess_graph.errors import InvalidData

OxTerm = ox.NamedNode | ox.BlankNode | ox.Literal
Quad = tuple[Node, URIRef, Node, URIRef | None]

_FORMATS = {
    ".trig": ox.RdfFormat.TRIG,
    ".ttl": ox.RdfFormat.TURTLE,
    ".nq": ox.RdfFormat.N_QUADS,
    ".nt": ox.RdfFormat.N_TRIPLES,
    ".rdf": ox.RdfFormat.RDF_XML,
    ".xml": ox.RdfFormat.RDF_XML,
    ".owl": ox.RdfFormat.RDF_XML,
    ".jsonld": ox.RdfFormat.JSON_LD,
}


def to_rdflib(term: object) -> Node:
    """A pyoxigraph term as rdflib's; a literal keeps its lexical form (``01`` stays ``01``)."""
    if isinstance(term, ox.NamedNode):
        return URIRef(term.value)
    if isinstance(term, ox.BlankNode):
        return BNode(term.value)
    if isinstance(term, ox.Literal):
        if term.language:
            return Literal(term.value, lang=term.language)
        # rdflib tells "a" from "a"^^xsd:string, which RDF 1.1 does not.
        kind = URIRef(term.datatype.value)
        return Literal(term.value, datatype=None if kind == XSD.string else kind, normalize=False)
    raise TypeError(f"{type(term).__name__} has no counterpart in RDF 1.1")


def from_ntriples(text: str) -> Node:
    """A term from its N-Triples syntax."""
    if text.startswith("<") and not text.startswith("<<"):
        return URIRef(text[1:-1])
    if text.startswith("_:"):
        return BNode(text[2:])
    term = from_n3(text) if text.startswith('"') else None
    return term if isinstance(term, Literal) else Literal(text)


def to_oxigraph(term: Node) -> OxTerm:
    """An rdflib term as pyoxigraph's."""
    if isinstance(term, URIRef):
        return ox.NamedNode(str(term))
    if isinstance(term, BNode):
        return ox.BlankNode(str(term))
    if isinstance(term, Literal):
        if term.language:
            return ox.Literal(str(term), language=term.language)
        if term.datatype:
            return ox.Literal(str(term), datatype=ox.NamedNode(str(term.datatype)))
        return ox.Literal(str(term))
    raise TypeError(f"{type(term).__name__} cannot stand in a statement")


def quads(path: Path) -> Iterator[Quad]:
    """The quads of an RDF file, compressed (``.gz``) or not, read as they are written.

    The graph is None outside named graphs; relative IRIs are those of the file.

    Raises:
        InvalidData: the file is malformed or no RDF; the message gives file, line, column and reason.
    """
    name = Path(path.name.removesuffix(".gz"))
    if name.suffix not in _FORMATS:
        raise InvalidData(f"{path} does not say what it is: name it {', '.join(f'*{suffix}' for suffix in _FORMATS)}.")
    try:
        with path.open("rb") as packed:
            handle = cast(IO[bytes], gzip.GzipFile(fileobj=packed)) if path.suffix == ".gz" else packed
            yield from _parsed(handle, _FORMATS[name.suffix], path.resolve().as_uri())
    except SyntaxError as error:
        where = f"line {error.lineno}, column {error.offset}" if error.lineno else "unknown line"
        reason = str(error.msg or error).partition(": ")[2] or str(error)
        raise InvalidData(f"{path}, {where}: {reason}. Mend the file and run the command again.") from error
    except (OSError, EOFError, ValueError, zlib.error) as error:
        raise InvalidData(f"{path} cannot be read: {error}. Mend the file and run the command again.") from error


def _parsed(handle: IO[bytes], form: ox.RdfFormat, base: str) -> Iterator[Quad]:
    for quad in ox.parse(handle, format=form, base_iri=base):
        graph = None if isinstance(quad.graph_name, ox.DefaultGraph) else to_rdflib(quad.graph_name)
        yield to_rdflib(quad.subject), URIRef(quad.predicate.value), to_rdflib(quad.object), graph  # type: ignore[misc]


def write(statements: Iterable[Quad], out: IO[bytes], suffix: str, prefixes: Mapping[str, str]) -> None:
    """Write statements, each in its own graph and in the order given, in the syntax of a file's suffix (``.trig``)."""
    ox.serialize(_oxigraph(statements), out, _FORMATS[suffix], prefixes=dict(prefixes))


def _oxigraph(statements: Iterable[Quad]) -> Iterator[ox.Quad]:
    for subject, predicate, value, graph in statements:
        where = ox.DefaultGraph() if graph is None else ox.NamedNode(str(graph))
        yield ox.Quad(to_oxigraph(subject), ox.NamedNode(str(predicate)), to_oxigraph(value), where)  # type: ignore[arg-type]


def graph_of(ntriples: bytes) -> Graph:
    """The graph of an N-Triples document of our own making; literals keep their lexical form."""
    graph = Graph(bind_namespaces="none")
    for triple in ox.parse(ntriples, format=ox.RdfFormat.N_TRIPLES):
        graph.add((to_rdflib(triple.subject), URIRef(triple.predicate.value), to_rdflib(triple.object)))
    return graph
