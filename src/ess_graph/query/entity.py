"""An entity's page, put together from one compiled query and the release's index."""

from __future__ import annotations

from dataclasses import dataclass, replace

from rdflib import URIRef
from rdflib.namespace import RDF, SKOS
from rdflib.term import Node

from ess_graph.engine.base import Engine, Row
from ess_graph.folding import fold
from ess_graph.query import catalogue
from ess_graph.query.blocks import MOST, block, by_block, sources_of
from ess_graph.query.display import ClassDisplay, Display
from ess_graph.query.facts import fact_id
from ess_graph.query.index import Index
from ess_graph.query.readers import Linker, Reader, Texts, iris_of, nature, registers
from ess_graph.query.views import Block, EntityPage, Group, Nature
from ess_graph.query.views import Row as ViewRow
from ess_graph.vocab import OPENDATA

_REST = "rest"
#: Heads of the table of statements that no shape mentions: the words for a statement's parts.
_HEADS = (str(RDF.predicate), str(RDF.object))
#: Statements that no shape mentions, in each direction; compiled queries ask for one more.
_MOST_OTHERS = 400


@dataclass(frozen=True)
class Found:
    """What two queries find of an entity: its classes, how it is shown, and the rows of its display."""

    entity: URIRef
    types: tuple[str, ...]
    shown: ClassDisplay | None
    rows: list[Row]

    @property
    def iris(self) -> set[str]:
        """Every IRI that a page of it may name."""
        return iris_of(term for row in self.rows for term in row.values()) | {str(self.entity), *self.types, *_HEADS}


def find(iri: str, engine: Engine, display: Display) -> Found | None:
    """What the release says of an entity; None when it says nothing."""
    entity = URIRef(iri)
    types = tuple(str(row["class"]) for row in engine.rows(catalogue.text("types"), {"entity": entity}))
    shown = display.for_types(types)
    found = engine.rows(shown.query if shown else catalogue.text("plain"), {"entity": entity}).rows
    return Found(entity, types, shown, found) if types or found else None


def groups_of(found: Found, reader: Reader, display: Display) -> tuple[Group, ...]:
    """The blocks of an entity under their headings; blocks and headings without a value are left out."""
    facts = by_block(row for row in found.rows if str(row["block"]) != _REST)
    blocks = [
        (spec["group"], block(spec, facts[spec["key"]], reader, see, found.entity))
        for spec, see in (found.shown.listed() if found.shown else ())
        if spec["key"] in facts
    ]
    groups = (
        Group(key, names[reader.lang], tuple(block for group, block in blocks if group == key))
        for key, names in display.groups.items()
    )
    return tuple(group for group in groups if group.blocks)


def entity_page(
    iri: str, lang: str, *, engine: Engine, index: Index, display: Display, link: Linker, texts: Texts
) -> EntityPage | None:
    """The page of an entity in ``fr`` or ``en``; None when the release says nothing of it."""
    found = find(iri, engine, display)
    if found is None:
        return None
    totals = _totals(found, engine)
    reader = Reader.over(found.iris | set(totals), lang, index, link, texts)
    if any(str(row.get("graph", "")).startswith(OPENDATA) for row in found.rows):
        reader = replace(reader, registers=registers(engine.rows(catalogue.text("registers"))))
    rest = _rest(found, reader, display, totals)
    others = (Group(_REST, display.groups[_REST][lang], rest),) if rest else ()
    return EntityPage(
        iri=iri,
        url=link(iri) or iri,
        label=reader.value(found.entity),
        types=tuple(reader.value(URIRef(t)) for t in ([found.shown.target] if found.shown else found.types)),
        groups=(*groups_of(found, reader, display), *others),
    )


def _rest(found: Found, reader: Reader, display: Display, totals: dict[str, int]) -> tuple[Block, ...]:
    """Statements that no shape mentions, so that nothing known of a thing stays out of its page.

    What is said of it is one table; what points to it is one list for each property.
    """
    ways: dict[str, list[Row]] = {"out": [], "in": []}
    for row in found.rows:
        if str(row["block"]) == _REST and not _hidden(row["cell"], reader):
            ways[str(row["column"])].append(row)
    blocks = []
    if out := _told(ways["out"], "out", reader, found.entity):
        heads = tuple(reader.value(URIRef(head)).text for head in _HEADS)
        # No list has them all, but the thing's data have: an address without arguments says so.
        every: dict[str, str] | None = {} if len(ways["out"]) > _MOST_OTHERS else None
        rows = tuple(row for _, row in out)
        blocks.append(Block("out", display.groups["out"][reader.lang], "table", heads, rows, every=every))
    pointing: dict[str, list[ViewRow]] = {said: [] for said in totals if not _hidden(URIRef(said), reader)}
    for said, line in _told(ways["in"], "in", reader, found.entity):
        pointing.setdefault(said, []).append(replace(line, cells=line.cells[1:]))
    for said, told in sorted(pointing.items(), key=lambda item: fold(reader.value(URIRef(item[0])).text)):
        total = max(totals.get(said, 0), len(told))
        name = f"{display.groups['in'][reader.lang]} ({reader.value(URIRef(said)).text})"
        every = {"lien": said} if total > min(len(told), MOST) else None
        blocks.append(Block(_anchor(said), name, "values", ("",), tuple(told[:MOST]), every=every, total=total))
    return tuple(blocks)


def _told(rows: list[Row], way: str, reader: Reader, entity: URIRef) -> list[tuple[str, ViewRow]]:
    """Statements in one direction as rows, by property, in the order of their words."""
    graphs: dict[tuple[Node, Node], set[Node]] = {}
    for row in rows:
        graphs.setdefault((row["cell"], row["value"]), set()).update({row["graph"]} if "graph" in row else ())
    found = []
    for (said, value), stated_in in graphs.items():
        subject, other = (str(entity), value) if way == "out" else (str(value), entity)
        cited = reader.of_statement(subject, str(said), other)
        kind = nature(stated_in)
        # What a rule derives from a statement shown above would only say it again.
        if kind is not Nature.DERIVED:
            line = ViewRow(
                cells=((reader.value(said),), (reader.value(value),)),
                nature=kind,
                sources=sources_of(kind, cited, stated_in, reader),
                note=reader.note(kind, str(said), cited),
                report=fact_id(way, said.n3(), value.n3()),
            )
            found.append((str(said), line))
    return sorted(found, key=lambda told: tuple(fold(cell[0].text) for cell in told[1].cells))


def _totals(found: Found, engine: Engine) -> dict[str, int]:
    """How many things point to an entity, by property; asked only when there are more than a page shows."""
    if sum(str(row["block"]) == _REST and str(row["column"]) == "in" for row in found.rows) <= _MOST_OTHERS:
        return {}
    counted = engine.rows(catalogue.text("incoming"), {"entity": found.entity})
    return {str(row["said"]): int(str(row["things"])) for row in counted}


def _anchor(said: str) -> str:
    return "vers-" + said.replace("#", "/").rstrip("/").rpartition("/")[2]


def _hidden(said: Node, reader: Reader) -> bool:
    """The label stands in the title; properties without a label are those of other vocabularies' machinery."""
    return said == SKOS.prefLabel or str(said) not in reader.labels
