"""Terms of rdflib and of pyoxigraph, one into the other; the two libraries meet here only."""

from __future__ import annotations

import gzip
import sys
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, suppress
from io import BytesIO
from pathlib import Path
from typing import IO, cast

import pyoxigraph as ox
from rdflib import BNode, Graph, Literal, URIRef
from rdflib.namespace import XSD
from rdflib.term import Node

from ess_graph.errors import InvalidData

OxTerm = ox.NamedNode | ox.BlankNode | ox.Literal
Quad = tuple[Node, URIRef, Node, URIRef | None]

_STANDARD_INPUT = Path("-")
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
    """A pyoxigraph term as rdflib's; a literal keeps its lexical form (``01`` stays ``01``).

    Raises:
        ValueError: it has no counterpart in RDF 1.1, which rdflib holds (a triple, a text with a direction).
    """
    if isinstance(term, ox.NamedNode):
        return URIRef(term.value)
    if isinstance(term, ox.BlankNode):
        return BNode(term.value)
    if isinstance(term, ox.Literal) and not term.direction:
        if term.language:
            return Literal(term.value, lang=term.language)
        # rdflib tells "a" from "a"^^xsd:string, which RDF 1.1 does not.
        kind = URIRef(term.datatype.value)
        return Literal(term.value, datatype=None if kind == XSD.string else kind, normalize=False)
    raise ValueError(f"{term} has no counterpart in RDF 1.1")


def for_people(term: object) -> Node:
    """A pyoxigraph term as rdflib's; one that has no counterpart there as the text that it is written as."""
    try:
        return to_rdflib(term)
    except ValueError:
        return Literal(str(term))


def from_ntriples(text: str) -> Node:
    """A term from its N-Triples syntax, spelled as it is there; what is no term of RDF 1.1 becomes its text."""
    if text.startswith("<") and not text.startswith("<<"):
        return URIRef(text[1:-1])
    if text.startswith("_:"):
        return BNode(text[2:])
    if text.startswith('"'):
        # rdflib's own reader would make 1 of 01.
        with suppress(SyntaxError):
            for triple in ox.parse(f"<urn:x> <urn:x> {text} .".encode(), ox.RdfFormat.N_TRIPLES):
                return for_people(triple.object)
    return Literal(text)


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


def stored(term: Node) -> Node:
    """A term as the engine keeps it: numbers and dates in their canonical form (``1.50`` becomes ``1.5``)."""
    if not isinstance(term, Literal) or term.datatype is None:
        return term
    store, name = ox.Store(), ox.NamedNode("urn:x")
    store.add(ox.Quad(name, name, to_oxigraph(term)))
    return to_rdflib(next(iter(store.quads_for_pattern(None, None, None))).object)


def nquad(quad: Quad) -> str:
    """A statement as a line of N-Quads, without the end of the line."""
    return " ".join(str(to_oxigraph(term)) for term in quad if term is not None) + " ."


def from_nquads(text: str) -> Iterator[Quad]:
    """The statements of an N-Quads text; see ``from_trig``."""
    return _read(text, ox.RdfFormat.N_QUADS)


def from_trig(text: str) -> Iterator[Quad]:
    """The statements of a TriG text.

    Raises:
        ValueError: it is malformed.
    """
    return _read(text, ox.RdfFormat.TRIG)


def _read(text: str, form: ox.RdfFormat) -> Iterator[Quad]:
    try:
        yield from _parsed(BytesIO(text.encode()), form, None)
    except SyntaxError as error:
        raise ValueError(str(error.msg or error)) from error


def literals(text: str, media_type: str) -> Iterator[Literal]:
    """The literals of an RDF text as they are written; none of one that is malformed."""
    try:
        for quad in ox.parse(text.encode(), ox.RdfFormat.from_media_type(media_type), base_iri="urn:base:"):
            if isinstance(quad.object, ox.Literal) and not quad.object.direction:
                yield cast(Literal, to_rdflib(quad.object))
    except (SyntaxError, ValueError):
        return


def quads(path: Path) -> Iterator[Quad]:
    """The quads of an RDF file, compressed (``.gz``) or not, read as they are written.

    ``-`` is standard input, in TriG, Turtle or N-Triples. The graph is None outside named graphs; relative IRIs are
    those of the file.

    Raises:
        InvalidData: the file is malformed or no RDF; the message gives file, line, column and reason.
    """
    name = Path(path.name.removesuffix(".gz"))
    form = ox.RdfFormat.TRIG if path == _STANDARD_INPUT else _FORMATS.get(name.suffix)
    if form is None:
        raise InvalidData(f"{path} does not say what it is: name it {', '.join(f'*{suffix}' for suffix in _FORMATS)}.")
    try:
        with ExitStack() as stack:
            packed = sys.stdin.buffer if path == _STANDARD_INPUT else stack.enter_context(path.open("rb"))
            handle = cast(IO[bytes], gzip.GzipFile(fileobj=packed)) if path.suffix == ".gz" else packed
            yield from _parsed(handle, form, path.resolve().as_uri())
    except SyntaxError as error:
        where = f"line {error.lineno}, column {error.offset}" if error.lineno else "unknown line"
        reason = str(error.msg or error).partition(": ")[2] or str(error)
        raise InvalidData(f"{called(path)}, {where}: {reason}. Mend the file and run the command again.") from error
    except (OSError, EOFError, ValueError, zlib.error) as error:
        raise InvalidData(
            f"{called(path)} cannot be read: {error}. Mend the file and run the command again."
        ) from error


def called(path: Path) -> str:
    """What messages call a file that ``quads`` reads."""
    return "standard input" if path == _STANDARD_INPUT else str(path)


def _parsed(handle: IO[bytes], form: ox.RdfFormat, base: str | None) -> Iterator[Quad]:
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
