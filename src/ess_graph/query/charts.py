"""Figures over time as small drawings: one column for each value, with its hedge, from zero.

A series is one indicator with the slices that narrow it. It is drawn when its values differ and stand at two dates at
least. The date is that of the figure; a figure without one stands at the date of its record, and says so.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rdflib.term import Node

from ess_graph.folding import fold
from ess_graph.query.dates import in_words
from ess_graph.query.figures import narrowed, records_of
from ess_graph.query.views import Picture
from ess_graph.vocab import VOC

if TYPE_CHECKING:
    from ess_graph.query.blocks import Facts
    from ess_graph.query.readers import Reader

#: Width of a column with the room about it, height of the drawing and of what stands above and below the columns.
_STEP, _COLUMN, _HEIGHT, _ABOVE, _BELOW, _ASIDE = 92.0, 36.0, 176.0, 40.0, 40.0, 8.0
#: Values of one series that are drawn; the table has the others too.
_MOST = 8
#: A number with more than this is not of this world, and would not fit a drawing.
_LARGEST = 1e15
_HEDGES = {str(VOC[f"precision/{name}"]): name for name in ("environ", "plus-de", "moins-de", "maximum", "minimum")}
_NUMBER = r"-?\d(?:[\d\s.,]*\d)?"
_AMOUNT = re.compile(rf"(?P<hedge>\D*?)(?P<first>{_NUMBER})(?P<unit>.*)")
_RANGE = re.compile(rf"(?P<hedge>\D*?)(?P<first>{_NUMBER})(?P<last>\D+{_NUMBER})(?P<unit>.*)")
#: Words longer than this are nobody's figure.
_WORDS = 120


@dataclass(frozen=True)
class Column:
    """One value: a column from ``zero`` to ``top``; ``low`` and ``high`` are where a range begins and ends.

    All lengths are in the drawing's own units, from its top left corner.

    Attributes:
        hedge: ``environ``, ``plus-de``, ``moins-de``, ``maximum``, ``minimum``, ``entre``, or nothing.
        words: the value with hedge and unit; ``above`` its lines, without the unit.
        dated: what stands below: the date in words.
        of_record: the date is that of the record; ``inferred``: a curator concluded that date.
    """

    x: float
    y: float
    width: float
    height: float
    hedge: str
    words: str
    above: tuple[str, ...]
    dated: str
    of_record: bool
    inferred: bool
    url: str | None
    top: float
    range_top: float | None = None


@dataclass(frozen=True)
class Chart(Picture):
    """One series over time; ``left_out`` values, the earliest, are in the table only."""

    unit: str = ""
    width: float = 0
    height: float = _HEIGHT
    zero: float = 0
    columns: tuple[Column, ...] = ()
    left_out: int = 0


@dataclass(frozen=True)
class _Point:
    figure: Node
    when: str
    of_record: bool
    inferred: bool
    low: float
    high: float
    hedge: str


def over_time(facts: Facts, reader: Reader) -> tuple[Chart, ...]:
    """The series of some figures that tell of a change, those of one indicator on one scale."""
    series: dict[tuple[tuple[str, ...], tuple[str, ...]], list[_Point]] = {}
    for figure in facts.graphs:
        point = _point(figure, facts, reader)
        if point is not None:
            indicator, narrow = narrowed(facts, figure, reader)
            key = (tuple(v.text for v in indicator), tuple(v.text for v in narrow))
            series.setdefault(key, []).append(point)
    told = {key: points for key, points in series.items() if _changes(points)}
    return tuple(
        _chart(key, points, [p for (name, _), found in told.items() if name == key[0] for p in found], reader)
        for key, points in sorted(told.items(), key=lambda item: [[fold(t) for t in part] for part in item[0]])
    )


def _changes(points: list[_Point]) -> bool:
    return len({p.when for p in points}) > 1 and len({(p.low, p.high, p.hedge) for p in points}) > 1


def _point(figure: Node, facts: Facts, reader: Reader) -> _Point | None:
    cells = facts.cells.get(figure, {})
    low = _number(cells.get("valeur", set()) or cells.get("minimum", set()) or cells.get("maximum", set()))
    high = _number(cells.get("maximum", set()) or cells.get("valeur", set()) or cells.get("minimum", set()))
    dates = sorted(str(term) for term in cells.get("date", ()))
    known = [reader.passages[p] for p in records_of(figure, reader).values()]
    dated = sorted((p.date, p.concluded) for p in known if p.date)
    if low is None or high is None or not (dates or dated):
        return None
    when, inferred = (" / ".join(dates), False) if dates else dated[0]
    hedge = next(
        (_HEDGES[str(term)] for term in sorted(cells.get("precision", ()), key=str) if str(term) in _HEDGES), ""
    )
    return _Point(figure, str(when), not dates, bool(inferred), low, high, hedge if low == high else "entre")


def _number(terms: set[Node]) -> float | None:
    try:
        found = [float(str(term)) for term in terms]
    except ValueError:
        return None
    return found[0] if len(found) == 1 and abs(found[0]) < _LARGEST else None


def _chart(
    key: tuple[tuple[str, ...], tuple[str, ...]], points: list[_Point], scale: list[_Point], reader: Reader
) -> Chart:
    drawn = sorted(points, key=lambda p: (p.when, str(p.figure)))[-_MOST:]
    bottom, top = min(0.0, *(p.low for p in scale)), max(0.0, *(p.high for p in scale))
    room = _HEIGHT - _ABOVE - _BELOW

    def y(amount: float) -> float:
        return round(_ABOVE + room * (top - amount) / ((top - bottom) or 1.0), 1)

    columns, unit = [], ""
    for at, point in enumerate(drawn):
        words = reader.figures.get(str(point.figure), "")
        between = point.hedge == "entre"
        above, unit = _in_lines(words[:_WORDS], between)
        start, end = sorted((y(point.low), y(0.0)))
        columns.append(
            Column(
                x=round(_ASIDE + at * _STEP + (_STEP - _COLUMN) / 2, 1),
                y=start,
                width=_COLUMN,
                height=round(max(end - start, 1.0), 1),
                hedge=point.hedge,
                words=words,
                above=above,
                dated=" / ".join(in_words(part, reader.lang) for part in point.when.split(" / ")),
                of_record=point.of_record,
                inferred=point.inferred,
                url=reader.link(str(point.figure)),
                top=min(y(point.high), y(point.low)),
                range_top=y(point.high) if between else None,
            )
        )
    return Chart(
        kind="chart",
        title=", ".join((*key[0], *key[1])),
        unit=unit,
        width=2 * _ASIDE + _STEP * len(drawn),
        zero=y(0.0),
        columns=tuple(columns),
        left_out=len(points) - len(drawn),
    )


def _in_lines(words: str, between: bool) -> tuple[tuple[str, ...], str]:
    """« plus de 5 000 € » as « plus de », « 5 000 » and its unit; a range as its two ends."""
    found = (_RANGE if between else _AMOUNT).fullmatch(words)
    if not found:
        return (words[:16],), ""
    lines = [f"{found['hedge']}{found['first']}", found["last"]] if between else [found["hedge"], found["first"]]
    return tuple(line.strip() for line in lines if line.strip()), found["unit"].strip()
