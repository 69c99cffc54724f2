"""Things that happened, on a line of years: where each stands, as exactly as its date is known."""

from __future__ import annotations

from calendar import isleap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from ess_graph.query.dates import days, in_words
from ess_graph.query.views import Nature, Picture, Row, Value

_WIDTH, _ROW, _ABOVE, _ASIDE = 900.0, 24.0, 28.0, 12.0
#: Room for a name beside its mark, and what a letter takes of it.
_NAME, _LETTER = 46, 6.9
#: Dated things without which a drawing would say no more than a list.
_FEWEST = 3
#: Marks of one drawing, the latest; the list has them all.
MOST = 100
_TICKS = 12


@dataclass(frozen=True)
class Happening:
    """A thing with its dates, as partial as they are known; several starts are alternatives.

    Attributes:
        inferred: only a curator gives the date.
        planned: it is announced, not told as done.
    """

    value: Value
    starts: tuple[str, ...]
    ends: tuple[str, ...] = ()
    inferred: bool = False
    planned: bool = False


@dataclass(frozen=True)
class Mark:
    """A mark from ``x`` over ``width``; its name stands ``after`` it or before it."""

    value: Value
    name: str
    dated: str
    x: float
    y: float
    width: float
    after: bool
    text: float
    look: str


@dataclass(frozen=True)
class Tick:
    """A year under its line."""

    year: int
    x: float


@dataclass(frozen=True)
class Timeline(Picture):
    """Marks under one another in the order of their dates; ``undated`` things are in the list only."""

    marks: tuple[Mark, ...] = ()
    ticks: tuple[Tick, ...] = ()
    width: float = _WIDTH
    height: float = 0
    above: float = _ABOVE
    undated: int = 0
    left_out: int = 0

    def among(self, total: int, dated: int) -> Timeline:
        """The same drawing of the latest of ``dated`` things, among ``total``."""
        return replace(self, undated=total - dated, left_out=dated - len(self.marks))


def of_row(cells: Mapping[str, Sequence[Value]], row: Row) -> Happening:
    """A row of a table whose columns are called ``debut`` and ``fin``."""
    starts = tuple(cells.get("debut", ()))
    named = row.node or row.cells[0][0]
    inferred = bool(starts) and all(v.nature is Nature.CONCLUDED for v in starts)
    return Happening(named, tuple(v.text for v in starts), tuple(v.text for v in cells.get("fin", ())), inferred)


def in_lines(starts: Sequence[str], ends: Sequence[str], lang: str) -> str:
    """Dates in words: « 23–24 novembre 2018 », « février 2019 – mai 2021 »; alternatives with a stroke."""
    if len(starts) == len(ends) == 1 and starts[0] < ends[0] and _month(starts[0]) == _month(ends[0]) is not None:
        return f"{in_words(starts[0], lang).partition(' ')[0]}–{in_words(ends[0], lang)}"
    first = " / ".join(in_words(d, lang) for d in sorted(starts))
    last = " / ".join(in_words(d, lang) for d in sorted(ends) if d not in starts)
    return f"{first} – {last}" if last else first


def _month(text: str) -> str | None:
    """The month of a date of which the day is known."""
    found = days(text)
    return text[:7] if found and found[0] == found[1] else None


def in_years(text: str) -> tuple[float, float] | None:
    """From when to when a date may lie, in years (2018-07 is 2018.5 to 2018.58…); None when it is no date."""
    found = days(text)
    if found is None:
        return None
    first, last = found
    length = 366 if isleap(first.year) else 365
    return first.year + (first.timetuple().tm_yday - 1) / length, first.year + last.timetuple().tm_yday / length


def drawn(told: Iterable[Happening], title: str, lang: str, fewest: int = _FEWEST) -> Timeline | None:
    """The drawing of some things; None when fewer than ``fewest`` have a date."""
    things = list(told)
    placed = []
    for thing in things:
        spans = [found for text in (*thing.starts, *thing.ends) if (found := in_years(text))]
        if spans and in_years(sorted(thing.starts)[0] if thing.starts else ""):
            placed.append((min(s[0] for s in spans), max(s[1] for s in spans), thing))
    if len(placed) < fewest:
        return None
    placed.sort(key=lambda item: (item[0], item[1], item[2].value.text))
    shown = placed[-MOST:]
    first, last = int(min(p[0] for p in shown)), int(max(p[1] for p in shown) - 1e-9) + 1
    scale = (_WIDTH - 2 * _ASIDE) / (last - first)
    step = max(1, -(-(last - first) // _TICKS))
    marks = tuple(
        _mark(start, end, thing, _ABOVE + (at + 0.5) * _ROW, first, scale, lang)
        for at, (start, end, thing) in enumerate(shown)
    )
    return Timeline(
        kind="timeline",
        title=title,
        marks=marks,
        ticks=tuple(Tick(y, round(_ASIDE + (y - first) * scale, 1)) for y in range(first, last + 1, step)),
        height=round(_ABOVE + len(shown) * _ROW + 8, 1),
        undated=len(things) - len(placed),
        left_out=len(placed) - len(shown),
    )


def _mark(start: float, end: float, thing: Happening, y: float, first: int, scale: float, lang: str) -> Mark:
    x = round(_ASIDE + (start - first) * scale, 1)
    width = round((end - start) * scale, 1)
    exact = all(len(text) == len("2018-01-01") for text in thing.starts) and len(thing.starts) == 1
    # Few days are a point; a month or a year of which no day is known is a stretch.
    point = exact and width < 8
    name = thing.value.text if len(thing.value.text) <= _NAME else thing.value.text[: _NAME - 1].rstrip() + "…"
    after = x + width + 10 + len(name) * _LETTER < _WIDTH
    looks = ("point" if point else "stretch", "vague" if not exact else "", "inferred" if thing.inferred else "",
             "planned" if thing.planned else "")  # fmt: skip
    return Mark(
        value=thing.value,
        name=name,
        dated=in_lines(thing.starts, thing.ends, lang),
        x=round(x + width / 2, 1) if point else x,
        y=round(y, 1),
        width=0 if point else max(width, 6.0),
        after=after,
        text=round(x + (width / 2 + 9 if point else max(width, 6.0) + 6) if after else x - 8, 1),
        look=" ".join(look for look in looks if look),
    )
