"""The protocol every engine keeps, and the shapes of its answers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from rdflib import URIRef
from rdflib.term import Node

#: A statement in its graph.
Quad = tuple[Node, URIRef, Node, URIRef]

#: One solution: terms by variable name; an unbound variable is absent.
Row = Mapping[str, Node]


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

    def close(self) -> None:
        """Give up the store."""
        ...


class Backend(Protocol):
    """Makes and opens the stores of one kind of engine."""

    def create(self, folder: Path, quads: Iterable[Quad]) -> None:
        """Write a new store: the named graphs, and their merge as its default graph."""
        ...

    def open(self, folder: Path) -> Engine:
        """Open a store, read-only."""
        ...
