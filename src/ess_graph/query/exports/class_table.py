"""The members of a class as a table: a line for each thing, a column for each thing that its page says."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from rdflib import Literal, URIRef
from rdflib.term import Node

from ess_graph.engine.base import Engine
from ess_graph.folding import fold
from ess_graph.query import catalogue
from ess_graph.query.display import ClassDisplay
from ess_graph.query.exports import cells
from ess_graph.query.exports.cells import Dialect
from ess_graph.query.exports.sources import told
from ess_graph.query.index import Index
from ess_graph.query.readers import Reader, iris_of
from ess_graph.vocab import SCHEMA

_BATCH = 200
#: Between several values of one cell.
BETWEEN = " | "
_HEADS = {
    "fr": ("Nom", "Sources", "Page", "Identifiant (IRI)"),
    "en": ("Name", "Sources", "Page", "Identifier (IRI)"),
}


@dataclass(frozen=True)
class Source:
    """Where the tables of one release come from: its engine, its index, and the address of an IRI's page."""

    engine: Engine
    index: Index
    page: Callable[[str], str]


def table(
    shown: ClassDisplay, things: Sequence[str], lang: str, dialect: Dialect, source: Source
) -> Iterator[list[str]]:
    """The table of some things of a class, its head first; read in batches, so never whole in memory.

    Figures have their unit in words. A column that no member fills stays, so that the table of one release can be
    compared with that of another.
    """
    name, sources, page, iri = _HEADS[lang]
    yield [cells.safe(head) for head in (name, *(block["name"][lang] for block in shown.blocks), sources, page, iri)]
    for start in range(0, len(things), _BATCH):
        yield from _lines(shown, things[start : start + _BATCH], lang, dialect, source)


def _lines(
    shown: ClassDisplay, things: Sequence[str], lang: str, dialect: Dialect, source: Source
) -> Iterator[list[str]]:
    found = {thing: _values(shown, thing, source.engine) for thing in things}
    terms = {term for values in found.values() for said in values.values() for term in said}
    reader = Reader.over(iris_of(terms) | set(things), lang, source.index, lambda _: None, lambda _: None)
    for thing, values in found.items():
        yield [
            cells.safe(reader.value(URIRef(thing)).text),
            *(_cell(_worded(block, thing, values, source.engine, lang), reader, dialect) for block in shown.blocks),
            cells.safe(BETWEEN.join(told(reader.sources(c.passage for c in reader.of_node(thing)), lang))),
            cells.safe(source.page(thing)),
            cells.safe(thing),
        ]


def _values(shown: ClassDisplay, thing: str, engine: Engine) -> dict[str, set[Node]]:
    values: dict[str, set[Node]] = {}
    for row in engine.rows(shown.table, {"entity": URIRef(thing)}):
        values.setdefault(str(row["block"]), set()).add(row["value"])
    return values


def _worded(block: dict[str, object], thing: str, values: dict[str, set[Node]], engine: Engine, lang: str) -> set[Node]:
    """The values of a block; a code for a unit gives way to the unit in words."""
    found = values.get(str(block["key"]), set())
    if found and block["predicate"] == str(SCHEMA.unitCode):
        said = [row["unit"] for row in engine.rows(catalogue.text("exports/unit"), {"entity": URIRef(thing)})]
        return {unit for unit in said if isinstance(unit, Literal) and unit.language == lang} or set(said) or found
    return found


def _cell(values: set[Node], reader: Reader, dialect: Dialect) -> str:
    if len(values) == 1 and isinstance(only := next(iter(values)), Literal):
        return cells.cell(only, dialect)
    texts = (str(term) if isinstance(term, Literal) else reader.value(term).text for term in values)
    return cells.safe(BETWEEN.join(sorted(texts, key=fold)))
