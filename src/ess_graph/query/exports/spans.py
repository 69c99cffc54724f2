"""Partial dates as days: the span that surely holds an event, and whether its days are known."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from ess_graph.query.dates import days, in_words

_OR = {"fr": " ou ", "en": " or "}
_FROM_TO = {"fr": "de {0} à {1}", "en": "from {0} to {1}"}


@dataclass(frozen=True)
class Span:
    """The days between which something happened.

    Attributes:
        first, last: days, the last one included.
        known: True when the text gives these very days; False when they only enclose what it says.
        starts, ends: the dates as written, sorted.
    """

    first: date
    last: date
    known: bool
    starts: tuple[str, ...]
    ends: tuple[str, ...]

    def in_words(self, lang: str) -> str:
        """« mai ou juin 2022 », « de février 2019 à mai 2021 », « 2018 »."""
        starts = _OR[lang].join(in_words(start, lang) for start in self.starts)
        ends = _OR[lang].join(in_words(end, lang) for end in self.ends)
        return _FROM_TO[lang].format(starts, ends) if ends else starts


def span(starts: Iterable[str], ends: Iterable[str]) -> Span | None:
    """The span of an event from its dates as written (``2018``, ``2018-05``, ``2018-05-29``); None without a start.

    Several starts are alternatives: the text says "in May or June".
    """
    begun = {start: found for start in starts if (found := days(start))}
    ended = {end: found for end in ends if (found := days(end))}
    if not begun:
        return None
    first = min(low for low, _ in begun.values())
    last = max(high for _, high in (ended or begun).values())
    known = len(begun) == 1 and len(ended) <= 1 and all(low == high for low, high in (*begun.values(), *ended.values()))
    # An end before its start is somebody's slip: the start stands, and is no longer sure.
    return Span(first, max(first, last), known and last >= first, tuple(sorted(begun)), tuple(sorted(ended)))
