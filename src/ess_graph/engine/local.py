"""The first engine: a release's Oxigraph store, opened read-only in this process."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import SpooledTemporaryFile

import pyoxigraph as ox
from rdflib.term import Node

from ess_graph.engine import text
from ess_graph.engine.base import WHOLE, Limits, Quad, Row, Scope, Solutions, Whole
from ess_graph.engine.evaluate import Results, evaluate, merged
from ess_graph.engine.formats import GRAPHS, ROWS
from ess_graph.engine.point import is_point
from ess_graph.engine.pool import Pool
from ess_graph.errors import BadQuery, NotPossibleNow
from ess_graph.terms import for_people, to_oxigraph
from ess_graph.vocab import BASE, PREFIXES

_PIECE = 64 * 1024
_IN_MEMORY = 1024 * 1024
_MERGES_KEPT = 8


class LocalEngine:
    """Answers from one store directory; see ``Engine`` for what each method promises.

    Results of pyoxigraph belong to the thread that made them, so every method finishes with them before
    it returns or yields.
    """

    def __init__(self, store: Path) -> None:
        try:
            self._store = ox.Store.read_only(str(store))
        except (OSError, ValueError, RuntimeError) as error:
            raise NotPossibleNow(f"The store {store} cannot be opened: {error}. Run « ess-graph build ».") from error
        self._merges: OrderedDict[Scope, ox.Store] = OrderedDict()
        self._lock = threading.Lock()

    def rows(
        self,
        query: str,
        bindings: Mapping[str, Node] | None = None,
        scope: Scope = WHOLE,
        limit: int | None = None,
    ) -> Solutions:
        """The solutions of a SELECT, ``limit`` at most."""
        with _complaints(query):
            found = self._evaluate(query, scope, bindings)
            if not isinstance(found, ox.QuerySolutions):
                raise BadQuery("Rows come from a SELECT only.")
            names = tuple(variable.value for variable in found.variables)
            rows: list[Row] = []
            for solution in found:
                if len(rows) == limit:
                    return Solutions(names, rows, cut=True)
                rows.append({name: for_people(term) for name in names if (term := solution[name]) is not None})
            return Solutions(names, rows)

    def ask(self, query: str, scope: Scope = WHOLE) -> bool:
        """The answer of an ASK."""
        with _complaints(query):
            found = self._evaluate(query, scope)
            if not isinstance(found, ox.QueryBoolean):
                raise BadQuery("A yes or no comes from an ASK only.")
            return bool(found)

    def serialized(
        self, query: str, media_type: str, scope: Scope = WHOLE, bindings: Mapping[str, Node] | None = None
    ) -> Iterator[bytes]:
        """The answer in a media type, in pieces of 64 KiB; beyond 1 MiB it waits on disk, not in memory."""
        with SpooledTemporaryFile(max_size=_IN_MEMORY) as buffer:
            with _complaints(query):
                found = self._evaluate(query, scope, bindings)
                if isinstance(found, ox.QueryTriples):
                    ox.serialize(found, buffer, GRAPHS[media_type], prefixes=PREFIXES)
                else:
                    found.serialize(buffer, ROWS[media_type])
                del found
            buffer.seek(0)
            while piece := buffer.read(_PIECE):
                yield piece

    def at_once(self, query: str, media_type: str) -> Whole | None:
        """The answer to a point query; None for any other, for one that is malformed, and for a long answer."""
        if media_type not in ROWS or not is_point(query):
            return None
        out = _Short()
        try:
            found = self._store.query(query, prefixes=text.used_prefixes(query), base_iri=BASE)
            found.serialize(out, ROWS[media_type])  # type: ignore[arg-type]
        except (_TooLong, SyntaxError, ValueError, RuntimeError, OSError):
            return None
        return Whole(out.written)

    def close(self) -> None:
        """Give up the store; its files are let go when the last answer is done."""
        self._merges.clear()

    def _evaluate(self, query: str, scope: Scope, bindings: Mapping[str, Node] | None = None) -> Results:
        own = text.read(query).scope  # also refuses what reaches outside, whatever the scope
        scope = scope or own
        fixed = {ox.Variable(name): to_oxigraph(term) for name, term in (bindings or {}).items()}
        return evaluate(self._store, query, PREFIXES, scope.default, scope.named, fixed, BASE, self._merged)

    def _merged(self, store: ox.Store, default: Sequence[str], named: Sequence[str]) -> ox.Store:
        scope = Scope(tuple(default), tuple(named))
        with self._lock:
            if scope not in self._merges:
                self._merges[scope] = merged(store, default, named)
            self._merges.move_to_end(scope)
            while len(self._merges) > _MERGES_KEPT:
                self._merges.popitem(last=False)
            return self._merges[scope]


class _TooLong(Exception):
    """There is no room for more of an answer."""


class _Short:
    """What pyoxigraph writes an answer into that is to be short."""

    def __init__(self) -> None:
        self.written = bytearray()

    def write(self, data: bytes) -> int:
        """Take in a piece, as long as there is room."""
        if len(self.written) + len(data) > _PIECE:
            raise _TooLong
        self.written += data
        return len(data)

    def flush(self) -> None:
        """Nothing waits elsewhere."""


class LocalBackend:
    """Stores that live in a release's directory."""

    def create(self, folder: Path, quads: Iterable[Quad], *, union: bool = True) -> None:
        """Write a new store; a directory that exists already is an error."""
        store = ox.Store(str(folder))
        # bulk_extend, unlike extend, does not hold one transaction over all of the data.
        store.bulk_extend(_placed(quads, union=union))
        store.optimize()
        store.flush()

    def open(self, folder: Path) -> LocalEngine:
        """Open a store, read-only, in this process."""
        return LocalEngine(folder)

    def serve(self, limits: Limits) -> Pool:
        """Start the processes that work for strangers."""
        return Pool(limits)


def _placed(quads: Iterable[Quad], *, union: bool) -> Iterator[ox.Quad]:
    for subject, predicate, value, graph in quads:
        s, p, o = to_oxigraph(subject), ox.NamedNode(str(predicate)), to_oxigraph(value)
        if graph is not None:
            yield ox.Quad(s, p, o, ox.NamedNode(str(graph)))  # type: ignore[arg-type]
        if union or graph is None:
            yield ox.Quad(s, p, o, ox.DefaultGraph())  # type: ignore[arg-type]


@contextmanager
def _complaints(query: str) -> Iterator[None]:
    """Turns what Oxigraph raises into our own errors."""
    try:
        yield
    except SyntaxError as error:
        raise text.syntax_error(error, query) from error
    except (ValueError, RuntimeError) as error:
        raise BadQuery(f"The query cannot be evaluated: {error}. Change it and try again.") from error
