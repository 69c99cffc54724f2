"""A territory portrait: what its shapes ask of an authority, what is not known, and the documents behind it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from rdflib import URIRef

from ess_graph.engine.base import Engine
from ess_graph.query.display import Display
from ess_graph.query.entity import Found, find, groups_of
from ess_graph.query.index import Index
from ess_graph.query.readers import Linker, Reader, Texts
from ess_graph.query.views import Block, Row, Source, Value


@dataclass(frozen=True)
class Section:
    """Blocks under one heading, and the names of those of which no document says anything."""

    key: str
    name: str
    blocks: tuple[Block, ...]
    unknown: tuple[str, ...]


@dataclass(frozen=True)
class Document:
    """A document or record that facts rest on, under the number by which they cite it."""

    number: int
    title: str
    url: str
    date: str | None
    inferred: bool


@dataclass(frozen=True)
class Portrait:
    """Everything a portrait says; ``documents`` by title."""

    iri: str
    label: Value
    sections: tuple[Section, ...]
    documents: dict[str, Document]


def portrait(
    iri: str, lang: str, *, engine: Engine, index: Index, display: Display, link: Linker, texts: Texts
) -> Portrait | None:
    """The portrait of an authority; None when the release knows none under this IRI."""
    found = find(iri, engine, display)
    if found is None or found.shown is None:
        return None
    reader = Reader.over(found.iris, lang, index, link, texts)
    made = sections(found, reader, display)
    return Portrait(
        iri=iri,
        label=reader.value(URIRef(iri)),
        sections=made,
        documents=documents(source for section in made for block in section.blocks for source in cited(block)),
    )


def sections(found: Found, reader: Reader, display: Display) -> tuple[Section, ...]:
    """Every heading of the portrait shapes, in their order, whether or not anything is known under it."""
    known = {group.key: group.blocks for group in groups_of(found, reader, display)}
    made = []
    for key, names in display.groups.items():
        specs = [spec for spec in (found.shown.blocks if found.shown else ()) if spec["group"] == key]
        blocks = known.get(key, ())
        there = {block.key for block in blocks}
        unknown = tuple(spec["name"][reader.lang] for spec in specs if spec["key"] not in there)
        made.append(Section(key, names[reader.lang], blocks, unknown))
    return tuple(made)


def cited(block: Block) -> Iterator[Source]:
    """Every source of a block."""
    for row in block.rows:
        yield from sources_of(row)


def sources_of(row: Row) -> Iterator[Source]:
    """The sources of a row and of its values."""
    yield from row.sources
    for cell in row.cells:
        for value in cell:
            yield from value.sources


def documents(sources: Iterable[Source]) -> dict[str, Document]:
    """The documents of some sources by title, numbered from the newest; undated ones come last."""
    known = {source.document: source for source in sources}
    ranked = sorted(known.values(), key=lambda s: s.document)
    ranked.sort(key=lambda s: s.date or "", reverse=True)
    return {
        source.document: Document(at, source.document, source.url.partition("#")[0], source.date, source.inferred)
        for at, source in enumerate(ranked, 1)
    }
