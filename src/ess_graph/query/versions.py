"""Two versions of a record side by side, field by field, from what three queries find."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from rdflib import URIRef
from rdflib.namespace import SKOS
from rdflib.term import Node

from ess_graph.engine.base import Engine, Row
from ess_graph.query import catalogue
from ess_graph.query.index import Index
from ess_graph.query.quality import Words, concluded
from ess_graph.query.readers import Linker, Reader, Texts, iris_of
from ess_graph.query.version_blocks import FIELDS, Field, Maker, Pair, Version
from ess_graph.query.views import Block, Value


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
    both: dict[str, Node] = {"old": URIRef(pair.old.record.iri or ""), "new": URIRef(pair.new.record.iri or "")}
    things = engine.rows(catalogue.text("versions"), both).rows
    said = engine.rows(catalogue.text("version_statements"), both).rows
    figures = engine.rows(catalogue.text("version_figures"), both).rows
    notes = engine.rows(catalogue.text("curation"), {"subject": both["new"]}).rows
    iris = iris_of(term for found in (things, said, figures, notes) for row in found for term in row.values())
    iris |= {iri for row in figures for name in ("before", "after", "narrowed") for iri in str(row[name]).split()}
    maker = Maker(pair, Reader.over(iris, lang, index, link, texts), say, said)
    by_field: dict[str, list[Row]] = defaultdict(list)
    for row in things:
        by_field[str(row["field"])].append(row)
    fields = [maker.figures(figures)] if figures else []
    fields += [maker.things(key, by_field[key]) for key in FIELDS if by_field[key]]
    noted = [row for row in notes if row["said"] == SKOS.editorialNote]
    remarks = concluded(noted, lambda row: ((maker.reader.value(row["value"]),),), maker.reader)
    return Comparison(
        pair, Block("notes", say("versions.notes"), "long", ("",), remarks) if noted else None, tuple(fields)
    )
