"""Several authorities side by side: their figures aligned by indicator, the rest by what the portrait shapes ask."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ess_graph.engine.base import Engine
from ess_graph.engine.text import with_value
from ess_graph.query import figures
from ess_graph.query.blocks import Facts, block, by_block
from ess_graph.query.display import Display
from ess_graph.query.entity import Found, find
from ess_graph.query.index import Index
from ess_graph.query.portrait import Document, documents, sources_of
from ess_graph.query.readers import Linker, Reader, Texts
from ess_graph.query.views import Row, Value


@dataclass(frozen=True)
class Line:
    """One thing that an authority has: its name, what the table says besides, and whether others have it too."""

    head: tuple[Value, ...]
    detail: str
    row: Row
    shared: bool


@dataclass(frozen=True)
class Aligned:
    """One block over all authorities: rows of figures, or ``lists``, one for each authority.

    ``common`` rows are of indicators that two of them have, ``single`` ones of those that only one has.
    """

    key: str
    name: str
    query: str
    columns: tuple[str, ...] = ()
    common: tuple[Row, ...] = ()
    single: tuple[Row, ...] = ()
    lists: tuple[tuple[Line, ...], ...] = ()


@dataclass(frozen=True)
class Heading:
    """Blocks under one heading."""

    key: str
    name: str
    blocks: tuple[Aligned, ...]


@dataclass(frozen=True)
class Comparison:
    """Everything a comparison says; ``documents`` by title."""

    subjects: tuple[Value, ...]
    headings: tuple[Heading, ...]
    documents: dict[str, Document]


def compare(
    iris: Sequence[str], lang: str, *, engine: Engine, index: Index, display: Display, link: Linker, texts: Texts
) -> Comparison:
    """The comparison of some authorities, in their order; those that the release does not know are left out."""
    found = [f for iri in iris if (f := find(iri, engine, display)) and f.shown]
    reader = Reader.over({iri for f in found for iri in f.iris}, lang, index, link, texts)
    facts = [by_block(f.rows) for f in found]
    headings = []
    for key, names in display.groups.items():
        aligned = [
            _aligned(spec, see, found, [f.get(spec["key"], Facts()) for f in facts], reader)
            for spec, see in (found[0].shown.listed() if found and found[0].shown else ())
            if spec["group"] == key and any(spec["key"] in f for f in facts)
        ]
        if aligned:
            headings.append(Heading(key, names[lang], tuple(aligned)))
    rows = [row for heading in headings for block in heading.blocks for row in _rows(block)]
    return Comparison(
        tuple(reader.value(f.entity) for f in found),
        tuple(headings),
        documents(source for row in rows for source in sources_of(row)),
    )


def _aligned(
    spec: Mapping[str, Any], see: str, found: Sequence[Found], facts: Sequence[Facts], reader: Reader
) -> Aligned:
    name, query = spec["name"][reader.lang], with_value(see, "entity", *(f.entity for f in found))
    if spec["viewer"] == "figures":
        names = [reader.value(f.entity).text for f in found]
        columns, common, single = figures.across([f.most() for f in facts], names, reader)
        return Aligned(spec["key"], name, query, columns, common, single)
    blocks = [block(spec, of, reader, see, f.entity) for f, of in zip(found, facts, strict=True)]
    heads = [[_head(row) for row in made.rows] for made in blocks]
    shared = _common({v.iri for head in of for v in head if v.iri} for of in heads)
    lists = tuple(
        tuple(
            Line(head, _detail(row, head), row, any(v.iri in shared for v in head))
            for row, head in zip(made.rows, of, strict=True)
        )
        for made, of in zip(blocks, heads, strict=True)
    )
    return Aligned(spec["key"], name, query, lists=lists)


def _rows(block: Aligned) -> Iterable[Row]:
    return (*block.common, *block.single, *(line.row for lines in block.lists for line in lines))


def _common(sets: Iterable[set[str]]) -> set[str]:
    """What stands in two sets at least."""
    seen: set[str] = set()
    twice: set[str] = set()
    for of in sets:
        twice |= seen & of
        seen |= of
    return twice


def _head(row: Row) -> tuple[Value, ...]:
    return next((cell for cell in row.cells if cell), ())


def _detail(row: Row, head: tuple[Value, ...]) -> str:
    """What the other cells say, in one line."""
    texts = [", ".join(v.text for v in cell) for cell in row.cells if cell and cell is not head]
    return " · ".join(text for text in texts if text)
