"""The blocks of two versions compared: figures, things and partners, by what became of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from rdflib import URIRef
from rdflib.namespace import DCTERMS, ORG, SKOS
from rdflib.term import Node
from rdflib.util import from_n3

from ess_graph.engine.base import Row
from ess_graph.engine.text import with_value
from ess_graph.folding import fold
from ess_graph.query import catalogue
from ess_graph.query.quality import Words
from ess_graph.query.readers import Reader
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
    blocks: Mapping[str, Block]
    query: str


class Maker:
    """Makes the blocks of one comparison."""

    def __init__(self, pair: Pair, reader: Reader, say: Words, statements: Iterable[Row]) -> None:
        self.pair, self.reader, self.say = pair, reader, say
        self._sides = (pair.old.record.iri or "", pair.new.record.iri or "")
        # By thing and side: what only that side says of it, and the agreements that it is party to.
        self._said: dict[Node, tuple[list[Row], list[Row]]] = defaultdict(lambda: ([], []))
        self._agreements: dict[Node, tuple[set[Node], set[Node]]] = defaultdict(lambda: (set(), set()))
        for row in statements:
            side = self._sides.index(str(row["record"]))
            if "agreement" in row:
                self._agreements[row["thing"]][side].add(row["agreement"])
            else:
                self._said[row["thing"]][side].append(row)

    def figures(self, rows: Iterable[Row]) -> Field:
        """The field of figures: a line for each thing measured."""
        lines: dict[str, list[ViewRow]] = defaultdict(list)
        for row in rows:
            before, after = (tuple(map(self._figure, str(row[side]).split())) for side in ("before", "after"))
            notes = sorted({n for v in (*before, *after) for n in self._notes(v.iri or "")})
            cells = ((self.reader.value(row["indicator"]),), tuple(self._narrowed(row)), before, after)
            lines[str(row["state"])].append(ViewRow(cells, note=" ".join(notes) or None))
        heads = (self.say("versions.indicator"), self.say("versions.detail"))
        counts = {state: len(found) for state, found in lines.items()}
        blocks = {
            state: self._table("figures", state, "figures", heads, lines[state]) for state in STATES if lines[state]
        }
        return self._field("figures", counts, blocks, "version_figures")

    def things(self, key: str, rows: Iterable[Row]) -> Field:
        """The field of one kind of thing."""
        states: dict[str, list[Row]] = defaultdict(list)
        for row in rows:
            state = str(row["state"])
            states[
                "changed" if state == "kept" and key != "partners" and self._differs(row["thing"]) else state
            ].append(row)
        counts = {state: len({row["thing"] for row in found}) for state, found in states.items()}
        make = self._partners if key == "partners" else self._others
        return self._field(
            key, counts, {state: make(key, state, states[state]) for state in STATES if states[state]}, "versions"
        )

    def _field(self, key: str, counts: Mapping[str, int], blocks: Mapping[str, Block], query: str) -> Field:
        text = with_value(catalogue.text(query), "new", URIRef(self._sides[1]))
        return Field(key, self.say(f"versions.field.{key}"), counts, blocks, text)

    def _table(self, key: str, state: str, viewer: str, heads: Sequence[str], rows: Iterable[ViewRow]) -> Block:
        """A block whose last two columns are the versions; one of them is left out where it has nothing to say."""
        columns = (*heads, *(self._head(version) for version in (self.pair.old, self.pair.new)))
        dropped = {"new": len(heads), "gone": len(heads) + 1}.get(state)
        kept = [at for at in range(len(columns)) if at != dropped]
        ordered = sorted(rows, key=lambda row: [[fold(v.text) for v in cell] for cell in row.cells[: len(heads)]])
        return Block(
            f"{key}-{state}",
            self.say(f"versions.state.{state}"),
            viewer,
            tuple(columns[at] for at in kept),
            tuple(replace(row, cells=tuple(row.cells[at] for at in kept)) for row in ordered),
        )

    def _head(self, version: Version) -> str:
        if version.date is None:
            return self.say("versions.column.undated", title=version.title)
        return self.say("versions.column.inferred" if version.inferred else "versions.column", date=version.date[:4])

    def _figure(self, iri: str) -> Value:
        sources = self.reader.sources(c.passage for c in self.reader.of_node(iri))
        return Value(self.reader.figures.get(iri, iri), self.reader.link(iri), iri=iri, sources=sources)

    def _narrowed(self, row: Row) -> Iterator[Value]:
        if self.pair.topic is None or str(row["about"]) != self.pair.topic.iri:
            yield self.reader.value(row["about"])
        for iri in str(row["narrowed"]).split():
            part = self.reader.value(URIRef(iri))
            whole = iri.startswith(str(VOC) + "indicateur/")
            yield replace(part, text=self.say("versions.share", of=part.text)) if whole else part

    def _notes(self, iri: str) -> Iterator[str]:
        yield from (str(from_n3(c.value)) for c in self.reader.cited.get(iri, ()) if c.said == str(SKOS.editorialNote))

    def _differs(self, thing: Node) -> bool:
        """Whether the versions say different things; a description is our paraphrase and proves nothing."""
        return any(row["said"] != DCTERMS.description for side in self._said[thing] for row in side)

    def _others(self, key: str, state: str, rows: Sequence[Row]) -> Block:
        if state in ("changed", "renamed"):
            heads = (self.say("versions.name"), self.say("versions.said"))
            return self._table(key, state, "figures", heads, [line for row in rows for line in self._lines(row)])
        shown = [self._brief(row, state) for row in rows]
        columns: tuple[str, ...] = ("",)
        if any(row.cells[1] for row in shown):
            columns = (self.say("versions.name"), self.say("versions.brief"))
        else:
            shown = [replace(row, cells=row.cells[:1]) for row in shown]
        shown.sort(key=lambda row: fold(row.cells[0][0].text))
        return Block(
            f"{key}-{state}",
            self.say(f"versions.state.{state}"),
            "table" if columns[0] else "values",
            columns,
            tuple(shown),
        )

    def _lines(self, row: Row) -> Iterator[ViewRow]:
        """A line for the former name, then one for each property of which the versions say different things."""
        thing = row["thing"]
        name = (self.reader.value(thing),)
        if "former" in row:
            cited = self.reader.of_statement(str(thing), str(DCTERMS.replaces), row["former"])
            cells: tuple[tuple[Value, ...], ...] = (
                name,
                (),
                (self._placed(row["former"], row, 0),),
                (self._placed(thing, row, 1),),
            )
            yield ViewRow(cells, Nature.CONCLUDED, note=self.reader.note(Nature.CONCLUDED, None, cited))
        sides = self._said[thing]
        for said in sorted({r["said"] for side in sides for r in side}, key=lambda p: fold(self.reader.value(p).text)):
            told = tuple(
                tuple(self._stated(r, row) for r in side if r["said"] == said)
                or (Value(self.say(f"versions.{absent}")),)
                for side, absent in zip(sides, ("not-yet", "no-more"), strict=True)
            )
            yield ViewRow((name, (replace(self.reader.value(said), url=None),), *told))

    def _stated(self, statement: Row, row: Row) -> Value:
        """A value with the lines of the version that states it."""
        value, record = self.reader.value(statement["value"]), str(statement["record"])
        cited = [
            c.passage
            for name in self._names(row)
            for c in self.reader.of_statement(name, str(statement["said"]), statement["value"])
            if c.graph == record
        ]
        return replace(value, sources=self.reader.sources(cited))

    def _placed(self, thing: Node, row: Row, side: int) -> Value:
        return replace(self.reader.value(thing), sources=self._where(row, (side,)))

    def _where(self, row: Row, sides: Iterable[int] = (0, 1)) -> tuple[Source, ...]:
        """The lines in which the versions speak of a thing."""
        graphs = {self._sides[side] for side in sides}
        cited = (c for name in self._names(row) for c in self.reader.cited.get(name, ()) if c.graph in graphs)
        return self.reader.sources(c.passage for c in cited)

    @staticmethod
    def _names(row: Row) -> tuple[str, ...]:
        return tuple(str(row[name]) for name in ("thing", "former") if name in row)

    def _brief(self, row: Row, state: str) -> ViewRow:
        said = self._said[row["thing"]][0 if state == "gone" else 1] if state != "kept" else []
        words = tuple(self.reader.value(r["value"]) for p in _BRIEF for r in said if r["said"] == p)
        return ViewRow(((self.reader.value(row["thing"]),), words), sources=self._where(row))

    def _partners(self, key: str, state: str, rows: Sequence[Row]) -> Block:
        return self._table(key, state, "table", (self.say("versions.partner"),), map(self._partner, rows))

    def _partner(self, row: Row) -> ViewRow:
        """A partner with its agreements in each version, and the lines that name it a party."""
        thing = row["thing"]
        agreements = self._agreements[thing]
        cells = tuple(tuple(sorted(map(self.reader.value, side), key=lambda v: fold(v.text))) for side in agreements)
        names = {URIRef(name).n3() for name in self._names(row)}
        cited = {
            c.passage
            for agreement in agreements[0] | agreements[1]
            for c in self.reader.cited.get(str(agreement), ())
            if c.value in names and c.graph in self._sides
        }
        sources = self.reader.sources(cited)
        called: tuple[Value, ...] = (self.reader.value(thing),)
        if "former" not in row:
            return ViewRow((called, *cells), sources=sources)
        reasons = self.reader.of_statement(str(thing), str(DCTERMS.replaces), row["former"])
        called = (self.reader.value(row["former"]), *called)
        note = self.reader.note(Nature.CONCLUDED, None, reasons)
        return ViewRow((called, *cells), Nature.CONCLUDED, sources, note)
