"""An entity's page, put together from one compiled query and the release's index."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from rdflib import Literal, URIRef
from rdflib.namespace import RDF, SKOS
from rdflib.term import Node

from ess_graph.engine.base import Engine, Row
from ess_graph.engine.text import with_value
from ess_graph.folding import fold
from ess_graph.query import catalogue, figures
from ess_graph.query.display import Display
from ess_graph.query.index import Index, Passage
from ess_graph.query.views import Block, EntityPage, Group, Nature, Source, Value
from ess_graph.query.views import Row as ViewRow
from ess_graph.vocab import CURATION, ESS, INFERENCES

#: Turns an IRI into the address people follow; None where there is none.
Linker = Callable[[str], str | None]
#: The text of a passage, None when the documents are not at hand.
Texts = Callable[[Passage], str | None]

_REST = "rest"


@dataclass
class Facts:
    """What the rows of a compiled query say of one block: values, and by value graphs, passages and cells."""

    graphs: dict[Node, set[Node]] = field(default_factory=dict)
    passages: dict[Node, set[Node]] = field(default_factory=dict)
    cells: dict[Node, dict[str, set[Node]]] = field(default_factory=dict)

    def add(self, row: Row) -> None:
        """Take in one row."""
        value = row["value"]
        self.graphs.setdefault(value, set())
        if "column" in row:
            self.cells.setdefault(value, {}).setdefault(str(row["column"]), set()).add(row["cell"])
        elif "passage" in row:
            self.passages.setdefault(value, set()).add(row["passage"])
        if "graph" in row and "column" not in row:
            self.graphs[value].add(row["graph"])


@dataclass(frozen=True)
class Reader:
    """What turns terms into readable values, in one language."""

    lang: str
    link: Linker
    labels: Mapping[str, tuple[str, str]]
    figures: Mapping[str, str]
    passages: Mapping[str, Passage]
    texts: Texts

    def value(self, term: Node) -> Value:
        """A term as people read it."""
        if isinstance(term, Literal):
            return Value(str(term), lang=term.language)
        iri = str(term)
        text, lang = self.labels.get(iri, (iri, ""))
        return Value(text, url=self.link(iri), lang=lang or None, iri=iri)

    def source(self, passage: Passage) -> Source:
        """A passage as a source to show beside a fact."""
        title = self.labels.get(passage.record or "", (passage.title or passage.file, ""))[0]
        return Source(
            document=title,
            lines=passage.lines,
            url=self.link(passage.iri) or passage.iri,
            date=passage.date,
            inferred=passage.concluded,
            text=self.texts(passage),
        )

    def sources(self, passages: Iterable[Node]) -> tuple[Source, ...]:
        """Sources in the order of their dates, documents and lines."""
        known = [self.passages[str(p)] for p in passages if str(p) in self.passages]
        ordered = sorted(known, key=lambda p: (p.date or "", p.document, p.first, p.last))
        return tuple(self.source(p) for p in ordered)


def entity_page(
    iri: str, lang: str, *, engine: Engine, index: Index, display: Display, link: Linker, texts: Texts
) -> EntityPage | None:
    """The page of an entity in ``fr`` or ``en``; None when the release says nothing of it."""
    entity = URIRef(iri)
    types = [str(row["class"]) for row in engine.rows(catalogue.text("types"), {"entity": entity})]
    shown = display.for_types(types)
    rows = engine.rows(shown.query if shown else catalogue.text("plain"), {"entity": entity})
    if not types and not rows:
        return None
    terms = {term for row in rows for term in row.values() if isinstance(term, URIRef)} | {entity, *map(URIRef, types)}
    iris = {str(term) for term in terms}
    passages = index.passages(iris)
    iris |= {p.record for p in passages.values() if p.record}
    reader = Reader(lang, link, index.labels(iris, lang), index.figures(iris, lang), passages, texts)
    facts: dict[str, Facts] = {}
    for row in rows:
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
        if any(group == key for group, _ in blocks)
    ]
    rest = _rest([row for row in rows if str(row["block"]) == _REST], reader)
    return EntityPage(
        iri=iri,
        url=link(iri) or iri,
        label=reader.value(entity),
        types=tuple(reader.value(URIRef(t)) for t in types if shown and t == shown.target)
        or tuple(reader.value(URIRef(t)) for t in types),
        groups=(*groups, *([Group("autres", "", rest)] if rest else [])),
    )


def _block(spec: Mapping[str, Any], facts: Facts, reader: Reader, see: str, entity: URIRef) -> Block:
    query = with_value(see, "entity", entity)
    name = spec["name"][reader.lang]
    if spec["viewer"] == "figures":
        columns, rows = figures.side_by_side(facts, reader)
        return Block(spec["key"], name, "figures", columns, rows, query_url=query)
    columns = ("", *(column["name"][reader.lang] for column in spec["columns"]))
    keys = [column["key"] for column in spec["columns"]]
    rows = tuple(
        ViewRow(
            cells=(_first(value, facts, reader), *(_cell(facts, value, key, reader) for key in keys)),
            nature=nature(facts.graphs[value]),
            sources=reader.sources(facts.passages.get(value, ())),
            node=reader.value(value) if isinstance(value, URIRef) else None,
        )
        for value in sorted(facts.graphs, key=lambda v: _sort_key(v, facts, keys, reader))
    )
    if keys and not any(row.cells[0] for row in rows):
        columns, rows = columns[1:], tuple(_without_first(row) for row in rows)
    used = [at for at in range(len(columns)) if at == 0 or any(row.cells[at] for row in rows)]
    return Block(
        key=spec["key"],
        name=name,
        viewer=spec["viewer"],
        columns=tuple(columns[at] for at in used),
        rows=tuple(_only(row, used) for row in rows),
        query_url=query,
    )


def nature(graphs: Iterable[Node]) -> Nature:
    """Stated wherever a document says it, else concluded by a curator, else derived by a rule."""
    found = set(graphs)
    if found - {INFERENCES, CURATION}:
        return Nature.STATED
    if CURATION in found:
        return Nature.CONCLUDED
    return Nature.DERIVED if INFERENCES in found else Nature.STATED


def _first(value: Node, facts: Facts, reader: Reader) -> tuple[Value, ...]:
    """The value itself, unless its label only repeats what its cells say (a membership has no name of its own)."""
    if value in facts.cells and isinstance(value, URIRef) and "/mandat/" in value:
        return ()
    return (reader.value(value),)


def _cell(facts: Facts, value: Node, key: str, reader: Reader) -> tuple[Value, ...]:
    return tuple(sorted((reader.value(t) for t in facts.cells.get(value, {}).get(key, ())), key=lambda v: fold(v.text)))


def _sort_key(value: Node, facts: Facts, keys: list[str], reader: Reader) -> tuple[str, ...]:
    ranks = sorted(
        str(t).zfill(12) for k in ("debut", "ordre") if k in keys for t in facts.cells.get(value, {}).get(k, ())
    )
    return (*ranks[:1], fold(reader.value(value).text), str(value))


def _without_first(row: ViewRow) -> ViewRow:
    return _only(row, list(range(1, len(row.cells))))


def _only(row: ViewRow, columns: list[int]) -> ViewRow:
    return ViewRow(tuple(row.cells[at] for at in columns), row.nature, row.sources, row.note, row.node, row.conflicts)


def _rest(rows: list[Row], reader: Reader) -> tuple[Block, ...]:
    """Statements that no shape mentions, so that nothing known of a thing stays out of its page."""
    blocks = []
    for direction in ("out", "in"):
        found: dict[tuple[Node, Node], Facts] = {}
        for row in rows:
            if str(row["column"]) == direction:
                facts = found.setdefault((row["cell"], row["value"]), Facts())
                facts.add({k: v for k, v in row.items() if k not in ("column", "cell")})
        listed = [
            ViewRow(
                cells=((reader.value(predicate),), (reader.value(value),)),
                nature=nature(facts.graphs[value]),
                sources=reader.sources(facts.passages.get(value, ())),
            )
            for (predicate, value), facts in found.items()
            if predicate != RDF.type and not _hidden(predicate, value, reader)
        ]
        if listed:
            listed.sort(key=lambda row: tuple(fold(cell[0].text) for cell in row.cells))
            blocks.append(Block(direction, "", "table", ("", ""), tuple(listed)))
    return tuple(blocks)


def _hidden(predicate: Node, value: Node, reader: Reader) -> bool:
    """Labels stand in the title; what RDFS and ORG derive from a statement already shown would only repeat it."""
    return predicate in (SKOS.prefLabel, SKOS.inScheme) or (
        str(predicate) not in reader.labels and not str(predicate).startswith(str(ESS))
    )
