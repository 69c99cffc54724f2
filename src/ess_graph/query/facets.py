"""How a list is narrowed: the facets of a release, what a reader chose of them, and what is left to choose."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from rdflib import Literal, URIRef
from rdflib.term import Node

from ess_graph.engine.text import with_choice
from ess_graph.query.display import Display
from ess_graph.query.index import Index
from ess_graph.vocab import BASE

#: The facet that every list has: the class of its members.
TYPE = "type"
#: First segments of our IRIs that do not stand under ``id/``.
_APART = ("voc/", "source/", "onto", "graph/")

# Things that have as many of the chosen values as there are, whatever else they have.
_NARROWED = """
WITH kept AS (
  SELECT facet.id FROM json_each(:chosen) AS c CROSS JOIN facet ON facet.key = c.key AND facet.value = c.value
  GROUP BY facet.id HAVING count(*) = :n
)
SELECT id FROM thing
WHERE (:n = 0 OR id IN kept) AND (:ids IS NULL OR id IN (SELECT value FROM json_each(:ids)))
ORDER BY
  CASE WHEN :order = 'liens' THEN -degree END,
  CASE WHEN :order IN ('recent', 'ancien') THEN date = '' END,
  CASE WHEN :order = 'recent' THEN date END DESC,
  CASE WHEN :order = 'ancien' THEN date END,
  CASE WHEN :lang = 'en' THEN sort_en ELSE sort_fr END, iri
"""
_COUNTED = """
WITH kept AS (
  SELECT facet.id FROM json_each(:chosen) AS c CROSS JOIN facet ON facet.key = c.key AND facet.value = c.value
  GROUP BY facet.id HAVING count(*) = :n
)
SELECT value, count(*) FROM facet
WHERE key = :key AND (:n = 0 OR id IN kept) AND (:ids IS NULL OR id IN (SELECT value FROM json_each(:ids)))
GROUP BY value
"""


@dataclass(frozen=True)
class Choice:
    """A value of a facet, with the number of things that a list narrowed to it would have."""

    value: str
    text: str
    count: int
    chosen: bool = False


@dataclass(frozen=True)
class Facet:
    """A facet with its values, those of most things first, years the latest first."""

    key: str
    name: str
    choices: tuple[Choice, ...]

    @property
    def chosen(self) -> Choice | None:
        """The value that the list is narrowed to."""
        return next((choice for choice in self.choices if choice.chosen), None)


def short(value: str) -> str:
    """A facet's value as addresses say it: ``territoire/region-grand-est``, ``voc/theme/emploi``, ``2018``."""
    return value.removeprefix(BASE).removeprefix("id/") if value.startswith(BASE) else value


def full(value: str) -> str:
    """The value that an address says."""
    if value.startswith(("http://", "https://")) or (value.isascii() and value.isdigit()):
        return value
    return BASE + value if value.startswith(_APART) else f"{BASE}id/{value}"


def known(index: Index, chosen: Mapping[str, str]) -> bool:
    """Whether the release has things for each value; a hostile or outdated one it has not."""
    return all(index.select("SELECT 1 FROM facet WHERE key = ? AND value = ? LIMIT 1", pair) for pair in chosen.items())


def narrowed(
    index: Index, chosen: Mapping[str, str], ids: Iterable[int] | None = None, order: str = "", lang: str = "fr"
) -> list[int]:
    """Numbers of the things that have every chosen value, among ``ids`` where they are given.

    Args:
        index: the release's.
        chosen: value by key of its facet.
        ids: the things to narrow.
        order: ``recent``, ``ancien`` or ``liens``; by name for whatever else.
        lang: whose names.
    """
    rows = index.select(_NARROWED, {**_values(chosen, ids), "order": order, "lang": lang})
    return [number for (number,) in rows]


def _values(chosen: Mapping[str, str], ids: Iterable[int] | None) -> dict[str, Any]:
    return {
        "chosen": json.dumps(dict(chosen)),
        "n": len(chosen),
        "ids": None if ids is None else json.dumps(list(ids)),
    }


def offered(
    index: Index,
    display: Display,
    keys: Iterable[str],
    chosen: Mapping[str, str],
    lang: str,
    ids: Iterable[int] | None = None,
) -> tuple[Facet, ...]:
    """Facets with what may be chosen of each while the others stay; those with one value or none are left out."""
    found: dict[str, dict[str, int]] = {}
    ids = None if ids is None else list(ids)
    for key in keys:
        others = {other: value for other, value in chosen.items() if other != key}
        found[key] = dict(index.select(_COUNTED, {**_values(others, ids), "key": key}))
        if key in chosen:
            found[key].setdefault(chosen[key], 0)
    labels = index.labels((value for counts in found.values() for value in counts), lang)
    labels |= {shown.target: (shown.title[lang], lang) for shown in display.classes}
    facets = []
    for key, counts in found.items():
        years = key in display.facets.years
        ordered = sorted(counts, key=lambda v: (v if years else "", counts[v], v), reverse=True)
        choices = tuple(
            Choice(value, labels.get(value, (short(value), ""))[0], counts[value], chosen.get(key) == value)
            for value in ordered
        )
        if len(choices) > 1 or key in chosen:
            facets.append(Facet(key, display.facets.names[key][lang], choices))
    return tuple(facets)


def query(display: Display, chosen: Mapping[str, str], lang: str) -> str:
    """The SPARQL text whose rows are the list narrowed to what is chosen, the class among it; see ``known``."""
    compiled = display.facets
    text = compiled.head + "".join(line for key, line in compiled.lines.items() if key in chosen) + compiled.tail[lang]
    terms: dict[str, Node] = {"class": URIRef(chosen[TYPE])}
    for key in compiled.lines:
        if key in chosen:
            terms[key] = Literal(chosen[key]) if key in compiled.years else URIRef(chosen[key])
    return with_choice(text, terms)
