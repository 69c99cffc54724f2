"""An entity's page, put together from one compiled query and the release's index."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from rdflib import URIRef
from rdflib.namespace import RDF, SKOS
from rdflib.term import Node

from ess_graph.engine.base import Engine, Row
from ess_graph.engine.text import with_value
from ess_graph.folding import fold
from ess_graph.query import catalogue, figures
from ess_graph.query.display import Display
from ess_graph.query.index import Cited, Index
from ess_graph.query.readers import Linker, Reader, Texts, iris_of, nature, registers
from ess_graph.query.views import Block, EntityPage, Group, Nature, Source, Value
from ess_graph.query.views import Row as ViewRow
from ess_graph.vocab import OPENDATA

_REST = "rest"
#: Heads of the table of statements that no shape mentions: the words for a statement's parts.
_HEADS = (str(RDF.predicate), str(RDF.object))
#: Columns by which rows are put in order, when a table has them.
_ORDERING = ("debut", "ordre")


@dataclass
class Facts:
    """What the rows of one block say: values, and by value the graphs that state them and the cells."""

    graphs: dict[Node, set[Node]] = field(default_factory=dict)
    cells: dict[Node, dict[str, set[Node]]] = field(default_factory=dict)

    def add(self, row: Row) -> None:
        """Take in one row."""
        value = row["value"]
        graphs = self.graphs.setdefault(value, set())
        if "column" in row:
            self.cells.setdefault(value, {}).setdefault(str(row["column"]), set()).add(row["cell"])
        elif "graph" in row:
            graphs.add(row["graph"])


def entity_page(
    iri: str, lang: str, *, engine: Engine, index: Index, display: Display, link: Linker, texts: Texts
) -> EntityPage | None:
    """The page of an entity in ``fr`` or ``en``; None when the release says nothing of it."""
    entity = URIRef(iri)
    types = [str(row["class"]) for row in engine.rows(catalogue.text("types"), {"entity": entity})]
    shown = display.for_types(types)
    found = engine.rows(shown.query if shown else catalogue.text("plain"), {"entity": entity}).rows
    if not types and not found:
        return None
    iris = iris_of(term for row in found for term in row.values()) | {iri, *types, *_HEADS}
    reader = Reader.over(iris, lang, index, link, texts)
    if any(str(row.get("graph", "")).startswith(OPENDATA) for row in found):
        reader = replace(reader, registers=registers(engine.rows(catalogue.text("registers"))))
    facts: dict[str, Facts] = {}
    for row in found:
        if str(row["block"]) != _REST:
            facts.setdefault(str(row["block"]), Facts()).add(row)
    blocks = [
        (spec["group"], _block(spec, facts[spec["key"]], reader, see, entity))
        for spec, see in (shown.listed() if shown else ())
        if spec["key"] in facts
    ]
    groups = [
        Group(key, names[lang], tuple(block for group, block in blocks if group == key))
        for key, names in display.groups.items()
    ]
    rest = _rest([row for row in found if str(row["block"]) == _REST], reader, entity, display)
    return EntityPage(
        iri=iri,
        url=link(iri) or iri,
        label=reader.value(entity),
        types=tuple(reader.value(URIRef(t)) for t in ([shown.target] if shown else types)),
        groups=(*(g for g in groups if g.blocks), *([Group(_REST, display.groups[_REST][lang], rest)] if rest else [])),
    )


def _block(spec: Mapping[str, Any], facts: Facts, reader: Reader, see: str, entity: URIRef) -> Block:
    name = spec["name"][reader.lang]
    query = with_value(see, "entity", entity)
    if spec["viewer"] == "figures":
        columns, rows = figures.side_by_side(facts, reader)
        return Block(spec["key"], name, "figures", columns, rows, query=query)
    keys = [column["key"] for column in spec["columns"]]
    values = sorted(facts.graphs, key=lambda value: _sort_key(facts.cells.get(value, {}), value, keys, reader))
    rows = tuple(_row(spec, value, facts, keys, reader, entity) for value in values)
    columns = ("", *(column["name"][reader.lang] for column in spec["columns"]))
    # A membership has no name of its own: its row says who and what, and needs no first column.
    nameless = bool(keys) and all(isinstance(value, URIRef) and _nameless(value) for value in values)
    used = [at for at in range(len(columns)) if any(row.cells[at] for row in rows) and not (nameless and at == 0)]
    return Block(
        key=spec["key"],
        name=name,
        viewer=spec["viewer"],
        columns=tuple(columns[at] for at in used),
        rows=tuple(replace(row, cells=tuple(row.cells[at] for at in used)) for row in rows),
        query=query,
    )


def _row(
    spec: Mapping[str, Any], value: Node, facts: Facts, keys: list[str], reader: Reader, entity: URIRef
) -> ViewRow:
    said = spec["predicate"]
    if keys or said is None:
        cited = reader.of_node(str(value))
    elif spec["inverse"]:
        cited = reader.of_statement(str(value), said, entity)
    else:
        cited = reader.of_statement(str(entity), said, value)
    kind = nature(facts.graphs[value])
    cells = facts.cells.get(value, {})
    return ViewRow(
        cells=((reader.value(value),), *(_cell(value, column, cells, reader) for column in spec["columns"])),
        nature=kind,
        sources=_sources(kind, cited, facts.graphs[value], reader),
        note=reader.note(kind, said, cited),
        node=reader.value(value) if keys and isinstance(value, URIRef) else None,
    )


def _sources(kind: Nature, cited: list[Cited], graphs: set[Node], reader: Reader) -> tuple[Source, ...]:
    if kind is Nature.DERIVED:
        return ()
    return reader.sources(c.passage for c in cited) or reader.official(graphs)


def _cell(node: Node, column: Mapping[str, Any], cells: Mapping[str, set[Node]], reader: Reader) -> tuple[Value, ...]:
    found = (reader.cell(str(node), column["predicate"], term) for term in cells.get(column["key"], ()))
    return tuple(sorted(found, key=lambda value: fold(value.text)))


def _nameless(node: URIRef) -> bool:
    return any(f"/id/{kind}/" in node for kind in ("mandat", "fonction", "adhesion", "adresse"))


def _sort_key(cells: Mapping[str, set[Node]], value: Node, keys: list[str], reader: Reader) -> tuple[str, ...]:
    ranks = sorted(str(term).zfill(12) for key in _ORDERING if key in keys for term in cells.get(key, ()))
    return (*(ranks[:1] or ["~"]), fold(reader.value(value).text), str(value))


def _rest(found: list[Row], reader: Reader, entity: URIRef, display: Display) -> tuple[Block, ...]:
    """Statements that no shape mentions, so that nothing known of a thing stays out of its page."""
    blocks = []
    for direction in ("out", "in"):
        graphs: dict[tuple[Node, Node], set[Node]] = {}
        for row in found:
            if str(row["column"]) == direction and not _hidden(row["cell"], reader):
                graphs.setdefault((row["cell"], row["value"]), set()).add(row["graph"])
        rows = []
        for (said, value), stated_in in graphs.items():
            subject, other = (str(entity), value) if direction == "out" else (str(value), entity)
            cited = reader.of_statement(subject, str(said), other)
            kind = nature(stated_in)
            # What a rule derives from a statement shown above would only say it again.
            if kind is not Nature.DERIVED:
                rows.append(
                    ViewRow(
                        cells=((reader.value(said),), (reader.value(value),)),
                        nature=kind,
                        sources=_sources(kind, cited, stated_in, reader),
                        note=reader.note(kind, str(said), cited),
                    )
                )
        if rows:
            rows.sort(key=lambda row: tuple(fold(cell[0].text) for cell in row.cells))
            heads = tuple(reader.value(URIRef(head)).text for head in _HEADS)
            blocks.append(Block(direction, display.groups[direction][reader.lang], "table", heads, tuple(rows)))
    return tuple(blocks)


def _hidden(said: Node, reader: Reader) -> bool:
    """The label stands in the title; properties without a label are those of other vocabularies' machinery."""
    return said == SKOS.prefLabel or str(said) not in reader.labels
