"""One list of an entity's page in full, a page at a time: the values of a block, or what points to it by a property."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil

from rdflib import URIRef

from ess_graph.engine.base import Engine
from ess_graph.engine.text import with_choice, with_value
from ess_graph.folding import fold
from ess_graph.query import catalogue
from ess_graph.query.display import Display
from ess_graph.query.index import Index
from ess_graph.query.readers import Linker, Reader, Texts
from ess_graph.query.views import Row, Value

PER_PAGE = 100
#: Values that are put in the order of their names; more than these stand as the engine gives them.
_SORTED = 5_000
#: Values that are listed at all; the query gives the others.
_LISTED = 10_000


@dataclass(frozen=True)
class Every:
    """A page of a list: ``total`` values, more when it is ``cut``; ``ordered`` by name unless they are too many."""

    entity: Value
    name: str
    rows: tuple[Row, ...]
    total: int
    page: int
    pages: int
    ordered: bool
    cut: bool
    query: str


def every(
    iri: str,
    asked: Mapping[str, str],
    page: int,
    lang: str,
    *,
    engine: Engine,
    index: Index,
    display: Display,
    link: Linker,
    texts: Texts,
) -> Every | None:
    """A page of the list that a page's address asks for (``bloc`` or ``lien``); None when there is no such list."""
    entity = URIRef(iri)
    bindings = {"entity": entity}
    if "lien" in asked:
        said = URIRef(asked["lien"])
        query, name = catalogue.text("pointing"), display.groups["in"][lang]
        bindings["said"] = said
        seen = with_choice(query, bindings)
    else:
        types = (str(row["class"]) for row in engine.rows(catalogue.text("types"), bindings))
        shown = display.for_types(types)
        spec = next((b for b in (shown.blocks if shown else ()) if b["key"] == asked.get("bloc")), None)
        if shown is None or spec is None:
            return None
        query, name, said = shown.every[spec["key"]], spec["name"][lang], None
        seen = with_value(query, "entity", entity)
    found = engine.rows(query, bindings, limit=_LISTED)
    values = [row["value"] for row in found]
    if not values:
        return None
    ordered = len(values) <= _SORTED
    if ordered:
        labels = index.labels({str(value) for value in values}, lang)
        values.sort(key=lambda value: (fold(labels.get(str(value), (str(value), ""))[0]), str(value)))
    pages = ceil(len(values) / PER_PAGE)
    page = min(max(page, 1), pages)
    part = values[(page - 1) * PER_PAGE : page * PER_PAGE]
    reader = Reader.over({iri, *([str(said)] if said else []), *map(str, part)}, lang, index, link, texts)
    rows = []
    for value in part:
        cited = reader.of_statement(str(value), str(said), entity) if said else reader.of_node(str(value))
        rows.append(Row(cells=((reader.value(value),),), sources=reader.sources(c.passage for c in cited)))
    return Every(
        entity=reader.value(entity),
        name=f"{name} ({reader.value(said).text})" if said else name,
        rows=tuple(rows),
        total=len(values),
        page=page,
        pages=pages,
        ordered=ordered,
        cut=found.cut,
        query=seen,
    )
