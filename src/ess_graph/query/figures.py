"""Figures side by side: one row for each indicator and slice, one column for each record that gives a value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from rdflib.term import Node

from ess_graph.folding import fold
from ess_graph.query.dates import in_words
from ess_graph.query.facts import fact_id
from ess_graph.query.views import Row, Value

if TYPE_CHECKING:
    from ess_graph.query.blocks import Facts
    from ess_graph.query.readers import Reader

_HEADS = {"fr": ("Indicateur", "Précision"), "en": ("Indicator", "Detail")}
_DATED = {"fr": "{0}, {1}", "en": "{0}, {1}"}
_INFERRED = {"fr": "{0}, {1} (date déduite)", "en": "{0}, {1} (date inferred)"}
_SHARE = {"fr": "part : {0}", "en": "share of: {0}"}


def side_by_side(facts: Facts, reader: Reader) -> tuple[tuple[str, ...], tuple[Row, ...]]:
    """Columns and rows; each value carries the sources it was read from, and neither replaces the other."""
    records = _records(facts, reader)
    found: dict[tuple[tuple[Value, ...], ...], dict[str, list[Node]]] = {}
    for figure in facts.graphs:
        key = narrowed(facts, figure, reader)
        for record in records_of(figure, reader) or {"": ""}:
            found.setdefault(key, {}).setdefault(record, []).append(figure)
    columns = (*_HEADS[reader.lang], *(_heading(record, reader) for record in records))
    rows = tuple(
        Row(
            cells=(*key, *(_values(by_record.get(record, []), facts, reader) for record in records)),
            conflicts=_conflicts(by_record, facts, reader),
            note=" ".join(sorted({v.text for f in _all(by_record) for v in _cells(facts, f, ("note",), reader)}))
            or None,
        )
        for key, by_record in sorted(found.items(), key=lambda item: [[fold(v.text) for v in cell] for cell in item[0]])
    )
    return columns, rows


def across(
    facts: Sequence[Facts], names: Sequence[str], reader: Reader
) -> tuple[tuple[str, ...], tuple[Row, ...], tuple[Row, ...]]:
    """Figures of several things: one row for each indicator and slice, one column for each thing.

    The status of a figure goes with its value, so that what is forecast here and done there stand on one line.

    Returns:
        The columns; the rows of indicators that two things at least have; those that only one has.
    """
    found: dict[tuple[tuple[Value, ...], ...], list[list[Node]]] = {}
    having: dict[tuple[Value, ...], set[int]] = {}
    for at, of in enumerate(facts):
        for figure in of.graphs:
            indicator = _cells(of, figure, ("indicateur",), reader)
            having.setdefault(indicator, set()).add(at)
            found.setdefault((indicator, _parts(of, figure, reader)), [[] for _ in facts])[at].append(figure)
    common: list[Row] = []
    single: list[Row] = []
    for key, lists in sorted(found.items(), key=lambda item: [[fold(v.text) for v in cell] for cell in item[0]]):
        pairs = list(zip(facts, lists, strict=True))
        clash = {v.iri: v for of, some in pairs for f in some for v in _cells(of, f, ("contredit",), reader)}
        notes = {v.text for of, some in pairs for f in some for v in _cells(of, f, ("note",), reader)}
        cells = (*key, *(_values(some, of, reader, ("date", "statut")) for of, some in pairs))
        row = Row(cells=cells, conflicts=tuple(clash.values()), note=" ".join(sorted(notes)) or None)
        (common if len(having[key[0]]) > 1 else single).append(row)
    return (*_HEADS[reader.lang], *names), tuple(common), tuple(single)


def _records(facts: Facts, reader: Reader) -> list[str]:
    """Records that give a figure here, oldest first, those without a date before them."""
    found = {record for figure in facts.graphs for record in records_of(figure, reader) or {"": ""}}
    dates = {p.record or p.document: p.date or "" for p in reader.passages.values()}
    return sorted(found, key=lambda record: (dates.get(record, ""), record))


def records_of(figure: Node, reader: Reader) -> dict[str, str]:
    """The records, or documents, that give a figure, each with one of the passages."""
    known = [reader.passages[c.passage] for c in reader.of_node(str(figure)) if c.passage in reader.passages]
    return {p.record or p.document: p.iri for p in known}


def narrowed(facts: Facts, figure: Node, reader: Reader) -> tuple[tuple[Value, ...], tuple[Value, ...]]:
    """What a figure measures: its indicator, and the slices, wholes and status that narrow it."""
    return _cells(facts, figure, ("indicateur",), reader), _slice(facts, figure, reader)


def _heading(record: str, reader: Reader) -> str:
    passage = next((p for p in reader.passages.values() if (p.record or p.document) == record), None)
    if passage is None:
        return ""
    name = reader.labels.get(record, (passage.title or passage.file, ""))[0]
    if not passage.date:
        return name
    return (_INFERRED if passage.concluded else _DATED)[reader.lang].format(name, in_words(passage.date, reader.lang))


def _slice(facts: Facts, figure: Node, reader: Reader) -> tuple[Value, ...]:
    return (*_parts(facts, figure, reader), *_cells(facts, figure, ("statut",), reader))


def _parts(facts: Facts, figure: Node, reader: Reader) -> tuple[Value, ...]:
    whole = _cells(facts, figure, ("denominateur",), reader)
    shares = tuple(replace(v, text=_SHARE[reader.lang].format(v.text)) for v in whole)
    return (*_cells(facts, figure, ("ventilation",), reader), *shares)


def _values(
    figures: list[Node], facts: Facts, reader: Reader, beside: tuple[str, ...] = ("date",)
) -> tuple[Value, ...]:
    """Figures in words, with what stands ``beside`` them in brackets, in the order of their dates."""
    values = []
    for figure in sorted(figures, key=lambda f: (sorted(map(str, facts.cells.get(f, {}).get("date", ()))), str(f))):
        said = [" / ".join(v.text for v in _cells(facts, figure, (key,), reader)) for key in beside]
        more = ", ".join(text for text in said if text)
        text = reader.figures.get(str(figure), str(figure))
        values.append(
            Value(
                text=f"{text} ({more})" if more else text,
                url=reader.link(str(figure)),
                iri=str(figure),
                sources=reader.sources(c.passage for c in reader.of_node(str(figure))),
                report=fact_id(figure.n3()),
            )
        )
    return tuple(values)


def _conflicts(by_record: dict[str, list[Node]], facts: Facts, reader: Reader) -> tuple[Value, ...]:
    return tuple(
        {v.iri: v for figure in _all(by_record) for v in _cells(facts, figure, ("contredit",), reader)}.values()
    )


def _all(by_record: dict[str, list[Node]]) -> list[Node]:
    return [figure for figures in by_record.values() for figure in figures]


def _cells(facts: Facts, figure: Node, keys: tuple[str, ...], reader: Reader) -> tuple[Value, ...]:
    found = {term for key in keys for term in facts.cells.get(figure, {}).get(key, ())}
    return tuple(sorted((reader.value(term) for term in found), key=lambda value: fold(value.text)))
