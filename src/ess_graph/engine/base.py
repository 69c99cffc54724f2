"""The protocol every engine keeps, and the shapes of its answers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Literal, Protocol

from rdflib import URIRef
from rdflib.term import Node

#: A statement in its graph; None stands for no named graph.
Quad = tuple[Node, URIRef, Node, URIRef | None]

#: One solution: terms by variable name; an unbound variable is absent.
Row = Mapping[str, Node]


#: Asked whether a client has gone away.
Gone = Callable[[], bool]


def never() -> bool:
    """For those whose clients cannot go away."""
    return False


class Form(StrEnum):
    """What a query gives back."""

    SELECT = "SELECT"
    ASK = "ASK"
    CONSTRUCT = "CONSTRUCT"
    DESCRIBE = "DESCRIBE"

    @property
    def is_graph(self) -> bool:
        """Whether the answer is triples."""
        return self in (Form.CONSTRUCT, Form.DESCRIBE)


@dataclass(frozen=True)
class Scope:
    """The dataset of a query, as the SPARQL Protocol gives it (IRIs); empty means the whole release.

    Attributes:
        default: graphs whose merge, each triple once, is the default graph.
        named: graphs that ``GRAPH`` can reach.
    """

    default: tuple[str, ...] = ()
    named: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.default or self.named)


WHOLE = Scope()


@dataclass(frozen=True)
class Solutions:
    """The answer of a SELECT: its variables in their order, and its rows in theirs.

    Attributes:
        cut: True when there were more rows than the caller asked for.
    """

    names: tuple[str, ...]
    rows: list[Row]
    cut: bool = False

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)


class Whole(bytes):
    """A piece that is all of an answer."""


class Engine(Protocol):
    """Answers SPARQL from one immutable release; its default graph is the merge of all graphs, each triple once.

    Every method raises ``BadQuery`` for a query that cannot be answered as written, among them one with
    ``SERVICE``: an engine never opens a connection and never reads a file that a query names.
    """

    def rows(
        self,
        query: str,
        bindings: Mapping[str, Node] | None = None,
        scope: Scope = WHOLE,
        limit: int | None = None,
    ) -> Solutions:
        """The solutions of a SELECT, ``limit`` at most; ``bindings`` fixes variables, which it must project."""
        ...

    def ask(self, query: str, scope: Scope = WHOLE) -> bool:
        """The answer of an ASK."""
        ...

    def serialized(
        self, query: str, media_type: str, scope: Scope = WHOLE, bindings: Mapping[str, Node] | None = None
    ) -> Iterator[bytes]:
        """The answer in a media type of ``formats``, in pieces; nothing is yielded before evaluation has ended."""
        ...

    def at_once(self, query: str, media_type: str) -> Whole | None:
        """The answer to a query of a stranger whose text shows that it costs next to nothing (``point``), else None.

        What is wrong with a query is not told here either: None sends it to those who say it.
        """
        ...

    def close(self) -> None:
        """Give up the store."""
        ...


@dataclass(frozen=True)
class Limits:
    """What a query of a stranger may use.

    Attributes:
        seconds: from the start of its evaluation to the last byte.
        memory: address space of its process, in MiB.
        size: bytes of its answer, in MiB.
        waiting: queries that may wait for a worker; one more is refused.
        workers: processes for queries that take long, in each server process.
    """

    seconds: float = 30
    memory: int = 2048
    size: int = 512
    waiting: int = 32
    workers: int = 1


@dataclass(frozen=True)
class Step:
    """One operation of a write; the steps of a write happen together or not at all.

    Attributes:
        do: ``update`` (SPARQL in ``text``), ``load`` (RDF in ``text``), ``clear`` or ``create`` (a graph).
        text: what is run or loaded.
        graph: the graph that is loaded into, cleared or created; None stands for the default graph.
        kind: media type of what is loaded.
        base: what its relative IRIs are resolved against.
        literals: those of an update as they are written, in N-Triples, for the engine gives them its own form.
    """

    do: Literal["update", "load", "clear", "create"]
    text: str = ""
    graph: str | None = None
    kind: str = ""
    base: str | None = None
    literals: tuple[str, ...] = ()


class Service(Protocol):
    """Answers queries of strangers from one store, within limits and away from this process; any, short ones too.

    Every method takes ``seconds``, a time limit lower than the operator's, and ``gone``, asked now and then
    whether the client is still there. It raises ``BadQuery`` for what cannot be answered as written, ``LimitHit``
    for what exceeds a limit and ``ClientGone`` when nobody waits any more.
    """

    def serialized(
        self, query: str, media_type: str, scope: Scope = WHOLE, *, seconds: float | None = None, gone: Gone = never
    ) -> Iterator[bytes]:
        """The answer as it is computed; an error after the first piece breaks it off.

        One that is known to end with its first piece is ``Whole``.
        """
        ...

    def rows(
        self, query: str, scope: Scope = WHOLE, *, limit: int, seconds: float | None = None, gone: Gone = never
    ) -> Solutions | bool:
        """The first ``limit`` solutions of a SELECT, or the answer of an ASK."""
        ...

    def holds(self, graph: str) -> bool:
        """Whether a named graph is there, be it empty."""
        ...


class Workers(Protocol):
    """Processes that work for strangers; what they raise is what ``Service`` raises."""

    def over(self, store: Path) -> Service:
        """The service over a store."""
        ...

    def difference(
        self, store: Path, steps: Sequence[Step], derived: Sequence[str], *, seconds: float | None, gone: Gone
    ) -> Difference:
        """What a write would change in the asserted graphs of a store, its named ones except ``derived``.

        Its default graph is the merge of these.
        """
        ...

    def written(self, store: Path, steps: Sequence[Step], target: Path, *, seconds: float | None, gone: Gone) -> None:
        """Make a new store, in the directory ``target``, of one as a write leaves it."""
        ...

    def close(self) -> None:
        """End every process that does not work for anybody, and the others when they have done."""
        ...


@dataclass(frozen=True)
class Difference:
    """What a write takes away and adds, in N-Quads, one statement without its final full stop for each item.

    Literals have the form that the engine gives them. ``default`` tells whether statements outside any named
    graph are among them; these are not listed.
    """

    removed: tuple[str, ...]
    added: tuple[str, ...]
    default: bool = False

    def __bool__(self) -> bool:
        return bool(self.removed or self.added or self.default)


@dataclass(frozen=True)
class Receipt:
    """What became of a write: the release that shows it, and its entry in the journal where there is one."""

    release: str
    entry: str | None = None
    added: int | None = None
    removed: int | None = None


class Publisher(Protocol):
    """Carries out writes, one at a time; when it returns, the write is durable and seen by the next request."""

    @property
    def guarded(self) -> frozenset[str]:
        """Named graphs that no write may touch."""
        ...

    @property
    def union(self) -> bool:
        """Whether the default graph is the merge of the named ones, which no write may touch either."""
        ...

    def write(
        self, steps: Sequence[Step], *, who: str, what: str, seconds: float | None = None, gone: Gone = never
    ) -> Receipt:
        """Carry out a write, whole or not at all.

        Raises:
            Forbidden: it would change what is derived.
            InvalidData: the result breaks a shape; the message is the report.
            BadQuery, LimitHit, ClientGone: as for queries.
            NotPossibleNow: another write or a build holds the lock for too long, or the disk is full.
        """
        ...


class Backend(Protocol):
    """Makes and opens the stores of one kind of engine."""

    def create(self, folder: Path, quads: Iterable[Quad], *, union: bool = True) -> None:
        """Write a new store: the named graphs and, as its default graph, what stands in none of them.

        With ``union`` the default graph is the merge of everything instead.
        """
        ...

    def open(self, folder: Path) -> Engine:
        """Open a store, read-only, for queries of our own."""
        ...

    def serve(self, limits: Limits) -> Workers:
        """Start the processes that work for strangers."""
        ...
