"""A second engine, for tests: rdflib over the same dump, so that an answer never rests on one implementation."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from pyparsing.exceptions import ParseBaseException
from rdflib import Dataset, Graph, Literal, URIRef
from rdflib.namespace import XSD
from rdflib.plugins.serializers.nt import _quoteLiteral
from rdflib.plugins.sparql import prepareQuery
from rdflib.query import Result
from rdflib.term import Node

from ess_graph import terms
from ess_graph.engine import text
from ess_graph.engine.base import WHOLE, Form, Quad, Row, Scope, Solutions, Whole
from ess_graph.errors import BadQuery
from ess_graph.vocab import BASE, PREFIXES

#: rdflib's names of the formats; it has no writer for TSV, which is written below.
_ROWS = {"application/sparql-results+json": "json", "application/sparql-results+xml": "xml", "text/csv": "csv"}
_TSV = "text/tab-separated-values"
_GRAPHS = {
    "text/turtle": "turtle",
    "application/n-triples": "nt",
    "application/n-quads": "nt",
    "application/trig": "turtle",
    "application/rdf+xml": "xml",
    "application/ld+json": "json-ld",
}


class Twin:
    """Keeps the promises of ``Engine`` with rdflib alone; slow, and meant to be."""

    def __init__(self, quads: Iterable[Quad]) -> None:
        self._quads = [(s, p, _plain(o), g) for s, p, o, g in quads]
        self._datasets: dict[Scope, Dataset] = {}

    @classmethod
    def of(cls, dump: Path) -> Twin:
        """The twin of a release's dump; literals keep their lexical forms."""
        return cls((s, p, o, g or URIRef("")) for s, p, o, g in terms.quads(dump))

    def rows(
        self,
        query: str,
        bindings: Mapping[str, Node] | None = None,
        scope: Scope = WHOLE,
        limit: int | None = None,
    ) -> Solutions:
        """The solutions of a SELECT, ``limit`` at most."""
        found = self._evaluate(query, scope, bindings)
        if found.type != Form.SELECT:
            raise BadQuery("Rows come from a SELECT only.")
        rows: list[Row] = [{str(name): term for name, term in row.items()} for row in found.bindings]
        names = tuple(str(name) for name in found.vars or ())
        return Solutions(names, rows[:limit], cut=limit is not None and len(rows) > limit)

    def ask(self, query: str, scope: Scope = WHOLE) -> bool:
        """The answer of an ASK."""
        found = self._evaluate(query, scope)
        if found.type != Form.ASK:
            raise BadQuery("A yes or no comes from an ASK only.")
        return bool(found.askAnswer)

    def serialized(
        self, query: str, media_type: str, scope: Scope = WHOLE, bindings: Mapping[str, Node] | None = None
    ) -> Iterator[bytes]:
        """The answer in a media type, in one piece."""
        found = self._evaluate(query, scope, bindings)
        if found.graph is not None:
            yield found.graph.serialize(format=_GRAPHS[media_type]).encode()
        elif media_type == _TSV:
            yield _tsv(found).encode()
        else:
            buffer = io.BytesIO()
            found.serialize(buffer, format=_ROWS[media_type])
            yield buffer.getvalue()

    def at_once(self, query: str, media_type: str) -> Whole | None:
        """No query is so short that this engine would answer it by the way."""
        del query, media_type

    def close(self) -> None:
        """Forget the data."""
        self._datasets.clear()

    def _evaluate(self, query: str, scope: Scope, bindings: Mapping[str, Node] | None = None) -> Result:
        own = text.read(query).scope
        try:
            prepared = prepareQuery(query, initNs=PREFIXES, base=BASE)
            # The dataset is made here: left to itself rdflib would fetch what FROM names.
            prepared.algebra.datasetClause = None
            with warnings.catch_warnings():
                # rdflib's evaluator warns of its own use of its own dataset.
                warnings.simplefilter("ignore", DeprecationWarning)
                result = self._dataset(scope or own).query(prepared, initBindings=dict(bindings or {}))
                _ = result.bindings if result.type == Form.SELECT else None
            return result
        except BadQuery:
            raise
        except ParseBaseException as error:
            raise BadQuery(f"The query is malformed: {error}", error.lineno, error.column) from error
        except Exception as error:
            raise BadQuery(f"The query cannot be evaluated: {error}") from error

    def _dataset(self, scope: Scope) -> Dataset:
        if scope not in self._datasets:
            dataset = Dataset(default_union=False)
            default, named = set(scope.default), set(scope.named)
            for s, p, o, g in self._quads:
                if not scope or str(g) in default:
                    dataset.default_graph.add((s, p, o))
                if not scope or str(g) in named:
                    dataset.graph(g).add((s, p, o))
            self._datasets[scope] = dataset
        return self._datasets[scope]


def _plain(term: Node) -> Node:
    """RDF has one kind of plain string; rdflib tells one whose datatype is spelled out from one without."""
    if isinstance(term, Literal) and term.datatype == XSD.string:
        return Literal(str(term))
    return term


def _tsv(found: Result) -> str:
    names = found.vars or []
    lines = ["\t".join(f"?{name}" for name in names)]
    lines += ["\t".join(_one_line(row[name]) if name in row else "" for name in names) for row in found.bindings]
    return "".join(f"{line}\n" for line in lines)


def _one_line(term: Node) -> str:
    """A term as in Turtle, without the long quotes that rdflib would use."""
    return _quoteLiteral(term).replace("\t", "\\t") if isinstance(term, Literal) else term.n3()  # type: ignore[attr-defined]


def answer_graph(body: bytes, media_type: str) -> Graph:
    """A serialised graph, read back by rdflib."""
    names = {**_GRAPHS, "application/trig": "trig", "application/n-quads": "nquads"}
    merged = Graph()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        dataset = Dataset().parse(data=body, format=names[media_type])
        for s, p, o, _ in dataset.quads((None, None, None, None)):
            merged.add((s, p, o))
    return merged
