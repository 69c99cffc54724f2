"""Finds things by what people type, the best first, and says of each why it was found."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from ess_graph.folding import fold
from ess_graph.query import facets, lists, words
from ess_graph.query.display import Display
from ess_graph.query.index import Index
from ess_graph.query.lists import Entry
from ess_graph.query.readers import Linker
from ess_graph.query.words import Marked, Words

# Called exactly so; its name begins so; the words stand among its names; other words that begin so do; the words stand
# somewhere. Among equals the best match comes first, and what more points to; of what is called exactly so, first comes
# what is shown under that name.
_FIND = """
WITH hit AS MATERIALIZED (
  SELECT rowid AS id, bm25(words, 10.0, 8.0, 10.0, 4.0, 2.0, 1.0) AS score FROM words WHERE words MATCH :sought
), named AS MATERIALIZED (
  SELECT rowid AS id FROM words WHERE words MATCH :named
), shown AS MATERIALIZED (
  SELECT id FROM said WHERE kind = 'name' AND (folded = :whole OR folded >= :whole || ' ' AND folded < :whole || '!')
), spelt AS MATERIALIZED (
  SELECT rowid AS id FROM words WHERE words MATCH :spelt
)
SELECT hit.id, CASE
    WHEN hit.id IN (SELECT id FROM said WHERE kind IN ('name', 'other', 'code') AND folded = :whole) THEN 0
    WHEN hit.id IN (
      SELECT id FROM said WHERE kind IN ('name', 'other', 'code') AND folded >= :whole || ' ' AND folded < :whole || '!'
    ) THEN 1
    WHEN hit.id IN spelt THEN 2
    WHEN hit.id IN named THEN 3
    ELSE 4
  END AS tier
FROM hit JOIN thing ON thing.id = hit.id
ORDER BY tier, tier = 0 AND hit.id NOT IN shown,
  CASE tier WHEN 0 THEN 0 ELSE hit.score END - min(thing.degree, 150) / 25.0, thing.sort_fr, hit.id
"""
_NAMES = "{name other code} : ("
#: Kinds of text by how well they explain a match.
_KINDS = ("name", "other", "code", "title", "text", "related")
_CUT = 180


@dataclass(frozen=True)
class Reason:
    """A text that matched, and what it is of the thing: the property's IRI, empty for words that pages made."""

    via: str
    text: Marked
    lang: str | None = None


@dataclass(frozen=True)
class Hit:
    """One thing found: its line, its class, its name with the words that matched, and why it is there otherwise."""

    entry: Entry
    cls: str
    name: Marked
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True)
class Found:
    """What a search found: numbers of things in their order, those left by the reader's choices.

    Attributes:
        sought: the words looked for; None when there were none.
        everything: numbers of all things found, whatever the reader chose.
        some: True when nothing held every word, so that some words had to do.
    """

    sought: Words | None
    everything: tuple[int, ...] = ()
    numbers: tuple[int, ...] = ()
    some: bool = False


def search(index: Index, text: str, chosen: Mapping[str, str]) -> Found:
    """Things that hold every word of a text, or some of them where none holds all, narrowed to what is chosen."""
    sought = words.read(text, index)
    if sought is None:
        return Found(None)
    found = _find(index, sought, sought.every())
    some = not found and bool(expression := sought.some()) and len(sought.groups) > 1
    if some:
        found = _find(index, sought, expression)
    left = set(facets.narrowed(index, chosen, found)) if chosen else set(found)
    return Found(sought, tuple(found), tuple(number for number in found if number in left), some)


def _find(index: Index, sought: Words, expression: str, limit: int = -1, column: str = "") -> list[int]:
    named, spelt = _NAMES + expression + ")", _NAMES + sought.spelt() + ")"
    values = {
        "sought": named if column else expression,
        "named": named,
        "whole": sought.whole,
        "spelt": spelt,
        "limit": limit,
    }
    return [number for number, _ in index.select(_FIND + " LIMIT :limit", values)]


def hits(index: Index, display: Display, found: Found, numbers: Sequence[int], lang: str, link: Linker) -> list[Hit]:
    """What to show of some of the things found."""
    if found.sought is None:
        return []
    wanted = json.dumps(list(numbers))
    classes = dict(index.select("SELECT id, class FROM thing WHERE id IN (SELECT value FROM json_each(?))", (wanted,)))
    said: dict[int, list[tuple[str, ...]]] = {}
    for number, *row in index.select(
        "SELECT id, kind, via, other, lang, text, folded FROM said WHERE id IN (SELECT value FROM json_each(?))",
        (wanted,),
    ):
        said.setdefault(number, []).append(tuple(row))
    others = index.labels((row[2] for rows in said.values() for row in rows if row[2]), lang)
    shown = []
    for number, entry in zip(numbers, lists.entries(index, display, numbers, lang, link), strict=True):
        name = entry.thing.text
        reasons = _reasons(said.get(number, []), name, found.sought, lang, others)
        shown.append(Hit(entry, classes[number], words.marked(name, found.sought), reasons))
    return shown


def _reasons(
    said: Sequence[tuple[str, ...]],
    name: str,
    sought: Words,
    lang: str,
    others: Mapping[str, tuple[str, str]],
) -> tuple[Reason, ...]:
    """The fewest texts that hold the words which the name does not; two at the most."""
    missing = frozenset(range(len(sought.groups))) - sought.covered(fold(name))
    reasons: list[Reason] = []
    while missing and len(reasons) < 2:
        ranked = sorted(
            said,
            key=lambda row: (
                -len(sought.covered(row[5]) & missing),
                _KINDS.index(row[0]),
                row[3] != lang,
                not sought.written_in(row[5]),
                row[4],
            ),
        )
        best = ranked[0] if ranked else None
        if best is None or not sought.covered(best[5]) & missing:
            break
        _, via, other, tag, text, folded = best
        text, tag = others.get(other, (text, tag))
        reasons.append(Reason(via, words.marked(text, sought, _CUT), tag or None))
        missing -= sought.covered(folded)
    return tuple(reasons)


def suggestions(index: Index, display: Display, text: str, lang: str, link: Linker, limit: int = 8) -> list[Hit]:
    """The first things whose names hold every word of a text, slips forgiven."""
    sought = words.read(text, index)
    if sought is None:
        return []
    numbers = _find(index, sought, sought.every(), limit, column="names")
    return hits(index, display, replace(Found(sought), everything=tuple(numbers)), numbers, lang, link)


def named(index: Index, text: str, limit: int) -> list[int]:
    """Numbers of the first things whose names hold every word of a text, or some of them where none holds all."""
    sought = words.read(text, index)
    if sought is None:
        return []
    found = _find(index, sought, sought.every(), limit, column="names")
    if not found and len(sought.groups) > 1 and (expression := sought.some()):
        found = _find(index, sought, expression, limit, column="names")
    return found
