"""Answers of SELECT, as the engine writes them (TSV), become tables that a spreadsheet opens right."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator

from rdflib import Literal, URIRef
from rdflib.namespace import XSD
from rdflib.term import Node

from ess_graph.query.exports import cells
from ess_graph.query.exports.cells import Dialect
from ess_graph.terms import from_ntriples


def spreadsheet(pieces: Generator[bytes] | Iterator[bytes], dialect: Dialect) -> Iterator[bytes]:
    """SPARQL results in TSV, in pieces, as CSV of a dialect; a break in the one is a break in the other."""
    return cells.written(_rows(_lines(pieces), dialect), dialect)


def _lines(pieces: Iterable[bytes]) -> Iterator[str]:
    rest = b""
    for piece in pieces:
        *whole, rest = (rest + piece).split(b"\n")
        for line in whole:
            yield line.decode("utf-8")
    if rest:
        yield rest.decode("utf-8")


def _rows(lines: Iterator[str], dialect: Dialect) -> Iterator[list[str]]:
    head = next(lines, "")
    yield [cells.safe(name.removeprefix("?")) for name in head.split("\t")]
    for line in lines:
        yield [cells.cell(_term(text), dialect) for text in line.split("\t")]


def _term(text: str) -> Node | None:
    """A term in the syntax of TSV results: that of Turtle, numbers and truth values bare."""
    if not text:
        return None
    if text[0] in '<"_':
        return from_ntriples(text)
    if text in ("true", "false"):
        return Literal(text, datatype=XSD.boolean, normalize=False)
    if text[0] in "0123456789+-.":
        return Literal(text, datatype=XSD.decimal, normalize=False)
    return URIRef(text)
