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
#: What tells a thing in a few words when only one version has it; its dates come first.
_DATES = (SCHEMA.startDate, SCHEMA.endDate)
_BRIEF = (ESS.statut, ESS.intitule, ORG.organization, ORG.role, DCTERMS.description)


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


@dataclass(frozen=True)
class _Thing:
    """One thing of a field: its state, the names that it had, and who holds it if it is a membership."""

    iri: Node
    state: str
    formers: set[Node]
    who: set[Node]

    @property
    def names(self) -> tuple[str, ...]:
        """Its IRI and those of its former names."""
        return (str(self.iri), *map(str, self.formers))


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
        blocks = {
            state: self._table("figures", state, "figures", heads, lines[state]) for state in STATES if lines[state]
        }
        return self._field("figures", {state: len(lines[state]) for state in blocks}, blocks, "version_figures")

    def things(self, key: str, rows: Iterable[Row]) -> Field:
        """The field of one kind of thing."""
        seen: dict[Node, _Thing] = {}
        for row in rows:
            thing = seen.setdefault(row["thing"], _Thing(row["thing"], str(row["state"]), set(), set()))
            thing.formers.update({row["former"]} if "former" in row else ())
            thing.who.update({row["who"]} if "who" in row else ())
        states: dict[str, list[_Thing]] = defaultdict(list)
        for thing in seen.values():
            changed = thing.state == "kept" and key != "partners" and self._differs(thing.iri)
            states["changed" if changed else thing.state].append(thing)
        make = self._partners if key == "partners" else self._others
        blocks = {state: make(key, state, states[state]) for state in STATES if states[state]}
        return self._field(key, {state: len(states[state]) for state in blocks}, blocks, "versions")

    def _field(self, key: str, counts: Mapping[str, int], blocks: Mapping[str, Block], query: str) -> Field:
        text = with_value(catalogue.text(query), "new", URIRef(self._sides[1]))
        return Field(key, self.say(f"versions.field.{key}"), counts, blocks, text)

    def _table(self, key: str, state: str, viewer: str, heads: Sequence[str], rows: Iterable[ViewRow]) -> Block:
        """A block whose last two columns are the versions; one of them is left out where it has nothing to say."""
        columns = (*heads, *(self._head(version) for version in (self.pair.old, self.pair.new)))
        dropped = {"new": len(heads), "gone": len(heads) + 1}.get(state)
        kept = [at for at in range(len(columns)) if at != dropped]
        # By name, and figures by what narrows them; the lines of one thing stay in the order in which they were made.
        by = len(heads) if key == "figures" else 1
        ordered = sorted(rows, key=lambda row: [[fold(v.text) for v in cell] for cell in row.cells[:by]])
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

    def _others(self, key: str, state: str, things: Sequence[_Thing]) -> Block:
        if state in ("changed", "renamed"):
            heads = (self.say("versions.name"), self.say("versions.said"))
            return self._table(key, state, "figures", heads, [line for thing in things for line in self._lines(thing)])
        rows = sorted((self._brief(thing) for thing in things), key=lambda row: fold(row.cells[0][0].text))
        name = self.say(f"versions.state.{state}")
        if any(row.cells[1] for row in rows):
            columns = (self.say("versions.name"), self.say("versions.brief"))
            return Block(f"{key}-{state}", name, "table", columns, tuple(rows))
        return Block(f"{key}-{state}", name, "values", ("",), tuple(replace(row, cells=row.cells[:1]) for row in rows))

    def _lines(self, thing: _Thing) -> Iterator[ViewRow]:
        """A line for the former name, then one for each property of which the versions say different things."""
        name = self._called(thing)
        if thing.formers:
            named = tuple(replace(self.reader.value(f), sources=self._where(thing, (0,))) for f in thing.formers)
            renamed = replace(self.reader.value(thing.iri), sources=self._where(thing, (1,)))
            cells = (name, (Value(self.say("versions.name")),), named, (renamed,))
            yield ViewRow(cells, Nature.CONCLUDED, note=self._reason(thing))
        sides = self._said[thing.iri]
        for said in sorted({r["said"] for side in sides for r in side}, key=lambda p: fold(self.reader.value(p).text)):
            before, after = (
                tuple(self._stated(r, thing) for r in side if r["said"] == said)
                or (Value(self.say(f"versions.{absent}")),)
                for side, absent in zip(sides, ("not-yet", "no-more"), strict=True)
            )
            yield ViewRow((name, (replace(self.reader.value(said), url=None),), before, after))

    def _called(self, thing: _Thing) -> tuple[Value, ...]:
        """Who holds a membership, for it has no name of its own; else the thing."""
        return tuple(map(self.reader.value, thing.who)) or (self.reader.value(thing.iri),)

    def _reason(self, thing: _Thing) -> str | None:
        cited = [
            c
            for former in thing.formers
            for c in self.reader.of_statement(str(thing.iri), str(DCTERMS.replaces), former)
        ]
        return self.reader.note(Nature.CONCLUDED, None, cited)

    def _stated(self, statement: Row, thing: _Thing) -> Value:
        """A value with the lines of the version that states it."""
        record, said = str(statement["record"]), str(statement["said"])
        cited = [c for name in thing.names for c in self.reader.of_statement(name, said, statement["value"])]
        sources = self.reader.sources(c.passage for c in cited if c.graph == record)
        return replace(self.reader.value(statement["value"]), sources=sources)

    def _where(self, thing: _Thing, sides: Iterable[int]) -> tuple[Source, ...]:
        """The lines in which the versions speak of a thing."""
        graphs = {self._sides[side] for side in sides}
        cited = (c for name in thing.names for c in self.reader.cited.get(name, ()) if c.graph in graphs)
        return self.reader.sources(c.passage for c in cited)

    def _brief(self, thing: _Thing) -> ViewRow:
        """A thing of one version, or the same in both, with what tells it in a few words."""
        said = [] if thing.state == "kept" else [r for side in self._said[thing.iri] for r in side]
        dates = [str(r["value"]) for p in _DATES for r in said if r["said"] == p]
        words = [self.reader.value(r["value"]) for p in _BRIEF for r in said if r["said"] == p]
        topic = self.pair.topic.iri if self.pair.topic else None
        told = [*([Value(" – ".join(dict.fromkeys(dates)))] if dates else []), *(v for v in words if v.iri != topic)]
        return ViewRow((self._called(thing), tuple(told)), sources=_plain(self._where(thing, (0, 1))))

    def _partners(self, key: str, state: str, things: Sequence[_Thing]) -> Block:
        return self._table(key, state, "table", (self.say("versions.partner"),), map(self._partner, things))

    def _partner(self, thing: _Thing) -> ViewRow:
        """A partner with its agreements in each version, and the lines that name it a party."""
        agreements = self._agreements[thing.iri]
        before, after = (
            tuple(sorted(map(self.reader.value, side), key=lambda value: fold(value.text))) for side in agreements
        )
        names = {URIRef(name).n3() for name in thing.names}
        cited = {
            c.passage
            for agreement in agreements[0] | agreements[1]
            for c in self.reader.cited.get(str(agreement), ())
            if c.value in names and c.graph in self._sides
        }
        called, sources = (self.reader.value(thing.iri),), _plain(self.reader.sources(cited))
        if not thing.formers:
            return ViewRow((called, before, after), sources=sources)
        former = tuple(map(self.reader.value, thing.formers))
        cells = (called, (*former, *before), (*called, *after))
        return ViewRow(cells, Nature.CONCLUDED, sources, self._reason(thing))


def _plain(sources: Iterable[Source]) -> tuple[Source, ...]:
    """Sources without their text, which a long list would repeat: one click leads to it."""
    return tuple(replace(source, text=None) for source in sources)
