"""Two versions of a record side by side, field by field, from what three queries find."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from rdflib import Literal, URIRef
from rdflib.namespace import DCTERMS, PROV, SKOS
from rdflib.term import Node

from ess_graph.engine.base import Engine, Row
from ess_graph.engine.text import with_value
from ess_graph.folding import fold
from ess_graph.query import catalogue
from ess_graph.query.index import Index
from ess_graph.query.quality import Words, concluded
from ess_graph.query.readers import Linker, Reader, Texts, iris_of
from ess_graph.query.views import Block, Nature, Source, Value
from ess_graph.query.views import Row as ViewRow
from ess_graph.vocab import ESS, SCHEMA, VOC

#: In the order in which a page shows them.
STATES = ("changed", "renamed", "new", "gone", "kept")
FIELDS = (
    "figures", "people", "address", "schemes", "programmes", "partners", "agreements", "actions", "events", "bodies",
    "members", "aims", "resources",
)  # fmt: skip
#: What tells a thing in a few words when only one version has it.
_BRIEF = (SCHEMA.startDate, SCHEMA.endDate, ESS.statut, ESS.intitule, DCTERMS.description)


@dataclass(frozen=True)
class Version:
    """One version of a record."""

    record: Value
    title: str
    date: str | None
    inferred: bool


@dataclass(frozen=True)
class Pair:
    """A record, the earlier one that it revises, and what both describe."""

    old: Version
    new: Version
    topic: Value | None


@dataclass(frozen=True)
class Field:
    """One field: how many things are in each state, and a block for each state that has some."""

    key: str
    name: str
    counts: Mapping[str, int]
    blocks: tuple[tuple[str, Block], ...]
    query: str


@dataclass(frozen=True)
class Comparison:
    """Everything that the page of two versions says."""

    pair: Pair
    notes: Block | None
    fields: tuple[Field, ...]

    def total(self, state: str) -> int:
        """How many things are in a state, all fields together."""
        return sum(field.counts.get(state, 0) for field in self.fields)


def pairs(engine: Engine, lang: str, index: Index, link: Linker) -> list[Pair]:
    """Every record that revises another, the newest first."""
    rows = engine.rows(catalogue.text("version_pairs")).rows
    labels = index.labels(iris_of(term for row in rows for term in row.values()), lang)

    def version(row: Row, side: str) -> Version:
        iri, title = str(row[side]), str(row[f"{side}Title"])
        dated = str(row[f"{side}Date"]) if f"{side}Date" in row else None
        return Version(Value(title, url=link(iri), iri=iri), title, dated, str(row[f"{side}Concluded"]) == "true")

    def topic(row: Row) -> Value | None:
        iri = str(row.get("topic", ""))
        return Value(labels.get(iri, (iri, ""))[0], url=link(iri), iri=iri) if iri else None

    return [Pair(version(row, "old"), version(row, "new"), topic(row)) for row in rows]


def compare(
    pair: Pair, lang: str, say: Words, *, engine: Engine, index: Index, link: Linker, texts: Texts
) -> Comparison:
    """Two versions field by field; ``say`` gives the names of fields, states and columns."""
    new = URIRef(pair.new.record.iri or "")
    names = ("versions", "version_statements", "version_figures")
    things, statements, figures = (engine.rows(catalogue.text(name), {"new": new}).rows for name in names)
    notes = engine.rows(catalogue.text("curation"), {"subject": new}).rows
    rows = [row for found in (things, statements, figures, notes) for row in found if row.get("old", old := _old(pair)) == old]
    iris = iris_of(term for row in rows for term in row.values())
    iris |= {iri for row in figures for name in ("before", "after", "narrowed") for iri in str(row[name]).split()}
    compared = _Compared(pair, Reader.over(iris, lang, index, link, texts), say, statements)
    by_field: dict[str, list[Row]] = defaultdict(list)
    for row in things:
        by_field[str(row["field"])].append(row)
    fields = [_figures(compared, figures)] if figures else []
    fields += [_things(compared, key, by_field[key]) for key in FIELDS if by_field[key]]
    return Comparison(pair, _notes(notes, compared), tuple(fields))
