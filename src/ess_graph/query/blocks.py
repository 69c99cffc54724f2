"""The values of one property shape as a list, a table or figures side by side, with what is drawn beside them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any

from rdflib import URIRef
from rdflib.term import Node

from ess_graph.engine.base import Row
from ess_graph.engine.text import with_value
from ess_graph.folding import fold
from ess_graph.query import charts, figures, neighbours, timeline
from ess_graph.query.facts import fact_id
from ess_graph.query.index import Cited
from ess_graph.query.readers import Reader, nature
from ess_graph.query.views import Block, Nature, Picture, Source, Value
from ess_graph.query.views import Row as ViewRow

#: Values of a block that one page shows at the most; compiled queries ask for one more.
MOST = 200
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

    def most(self) -> Facts:
        """The same, cut to what one page shows."""
        return self if len(self.graphs) <= MOST else Facts(dict(islice(self.graphs.items(), MOST)), self.cells)


def by_block(found: Iterable[Row]) -> dict[str, Facts]:
    """What the rows of a compiled query say, by block."""
    facts: dict[str, Facts] = {}
    for row in found:
        facts.setdefault(str(row["block"]), Facts()).add(row)
    return facts


def block(spec: Mapping[str, Any], found: Facts, reader: Reader, see: str, entity: URIRef) -> Block:
    """One block of an entity's page; ``see`` is its query for people, who get it with the entity in it."""
    facts = found.most()
    made = Block(
        key=spec["key"],
        name=spec["name"][reader.lang],
        viewer=spec["viewer"],
        columns=(),
        rows=(),
        query=with_value(see, "entity", entity),
        every={"bloc": spec["key"]} if facts is not found else None,
        shown=spec.get("shown"),
    )
    if spec["viewer"] == "figures":
        columns, rows = figures.side_by_side(facts, reader)
        return replace(made, columns=columns, rows=rows, pictures=charts.over_time(facts, reader))
    keys = [column["key"] for column in spec["columns"]]
    values = sorted(facts.graphs, key=lambda value: _sort_key(facts.cells.get(value, {}), value, keys, reader))
    rows = tuple(_row(spec, value, facts, keys, reader, entity) for value in values)
    columns = ("", *(column["name"][reader.lang] for column in spec["columns"]))
    # A membership has no name of its own: its row says who and what, and needs no first column.
    nameless = bool(keys) and all(isinstance(value, URIRef) and _nameless(value) for value in values)
    used = [at for at in range(len(columns)) if any(row.cells[at] for row in rows) and not (nameless and at == 0)]
    return replace(
        made,
        columns=tuple(columns[at] for at in used),
        rows=tuple(replace(row, cells=tuple(row.cells[at] for at in used)) for row in rows),
        pictures=_pictures(spec, facts, rows, reader, entity),
    )


def _pictures(
    spec: Mapping[str, Any], facts: Facts, rows: tuple[ViewRow, ...], reader: Reader, entity: URIRef
) -> tuple[Picture, ...]:
    """What the viewer of the rows asks to be drawn."""
    drawn: Picture | None = None
    if spec.get("picture") == "network":
        drawn = neighbours.around(spec, facts, reader, entity)
    elif spec.get("picture") == "timeline":
        columns = ("", *(column["key"] for column in spec["columns"]))
        told = [timeline.of_row(dict(zip(columns, row.cells, strict=True)), row) for row in rows]
        drawn = timeline.drawn(told, spec["name"][reader.lang], reader.lang)
    return () if drawn is None else (drawn,)


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
        # That a node stands here may be derived: what its row says of it has sources all the same.
        sources=sources_of(Nature.STATED if keys else kind, cited, facts.graphs[value], reader),
        note=reader.note(kind, said, cited),
        node=reader.value(value) if keys and isinstance(value, URIRef) else None,
        report=fact_id(spec["key"], value.n3()),
    )


def sources_of(kind: Nature, cited: Iterable[Cited], graphs: set[Node], reader: Reader) -> tuple[Source, ...]:
    """Where a fact is from: passages of documents, else an official register; what is derived has none of its own."""
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
