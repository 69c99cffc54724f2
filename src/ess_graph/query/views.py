"""What a page shows, as plain data: templates read these and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Nature(StrEnum):
    """Where a statement comes from: a document says it, a rule derives it, a curator concludes it."""

    STATED = "stated"
    DERIVED = "derived"
    CONCLUDED = "concluded"


@dataclass(frozen=True)
class Source:
    """A passage that a fact rests on.

    Attributes:
        document: readable name of the record or document.
        lines: ``L181`` or ``L204-L206``; empty for a register, which has none.
        url: where the passage is described on this site.
        date: date of the record, as precise as it is known; None when unknown.
        inferred: True when a curator concluded the date.
        text: the passage itself, when a documents folder is configured.
    """

    document: str
    lines: str
    url: str
    date: str | None = None
    inferred: bool = False
    text: str | None = None

    @property
    def place(self) -> str:
        """Document and lines in one text."""
        return f"{self.document}, {self.lines}" if self.lines else self.document


@dataclass(frozen=True)
class Value:
    """One value as people read it.

    Attributes:
        text: what is shown; never markup.
        url: page of the thing on this site, or an http(s) address; None for plain text.
        lang: language tag of the text, None when it has none (numbers, dates).
        iri: the thing itself, None for a literal.
        sources: where this value was read, when it differs from its row's.
        nature: where the statement that gives it comes from, when it differs from its row's.
        note: the curator's reason, for a conclusion.
        report: name of the fact that this value is, when its row holds several; see ``facts``.
    """

    text: str
    url: str | None = None
    lang: str | None = None
    iri: str | None = None
    sources: tuple[Source, ...] = ()
    nature: Nature = Nature.STATED
    note: str | None = None
    report: str = ""


@dataclass(frozen=True)
class Picture:
    """A drawing: ``kind`` says which macro draws it, ``title`` what it shows, in words."""

    kind: str
    title: str


@dataclass(frozen=True)
class Row:
    """One fact, or one node with its columns (``cells`` are parallel to the block's columns).

    ``report`` is the name by which readers say that the fact is wrong; see ``facts``.
    """

    cells: tuple[tuple[Value, ...], ...]
    nature: Nature = Nature.STATED
    sources: tuple[Source, ...] = ()
    note: str | None = None
    node: Value | None = None
    conflicts: tuple[Value, ...] = ()
    report: str = ""


@dataclass(frozen=True)
class Block:
    """The values of one property shape: a list (one column) or a table (several).

    Attributes:
        query: the text behind it.
        every: arguments of the page's address that list all of its values, when there are more than these.
        total: how many there are in all, None where nobody counted.
        pictures: what is drawn beside it, from the same values.
        shown: rows shown before the others fold; None leaves it to the page.
    """

    key: str
    name: str
    viewer: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    description: str | None = None
    query: str | None = None
    every: Mapping[str, str] | None = None
    total: int | None = None
    pictures: tuple[Picture, ...] = ()
    shown: int | None = None


@dataclass(frozen=True)
class Group:
    """Blocks that stand under one heading."""

    key: str
    name: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class EntityPage:
    """Everything an entity page says."""

    iri: str
    url: str
    label: Value
    types: tuple[Value, ...] = ()
    groups: tuple[Group, ...] = ()
    formats: tuple[Value, ...] = ()


@dataclass(frozen=True)
class Item:
    """One line of a list or of search results; ``reason`` says why it is there."""

    thing: Value
    kind: str
    reason: str | None = None
    detail: str | None = None


@dataclass(frozen=True)
class Listing:
    """One page of a longer list, with the query behind it; pages are counted from 1."""

    title: str
    items: tuple[Item, ...]
    total: int
    page: int = 1
    pages: int = 1
    query: str | None = None


@dataclass(frozen=True)
class Table:
    """Rows of a SELECT as people read them."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Value | None, ...], ...] = field(default=())
