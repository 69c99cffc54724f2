"""Lists of things of one class, narrowed and put in order; the same for pages and for whatever exports a list."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ess_graph.query import facets
from ess_graph.query.dates import in_words
from ess_graph.query.display import ClassDisplay, Display
from ess_graph.query.index import Index
from ess_graph.query.readers import Linker
from ess_graph.query.views import Value

#: Orders by their names in addresses; the first is that of a list nobody put in another.
ORDERS = ("nom", "recent", "ancien", "liens")


@dataclass(frozen=True)
class Entry:
    """One line of a list, with what it is, when and where."""

    thing: Value
    told: tuple[Value, ...] = ()


def slug(iri: str) -> str:
    """How addresses and files call a class, an indicator or a role: ``collectivite`` for ``…onto#Collectivite``."""
    return iri.replace("#", "/").rpartition("/")[2].lower()


def of_slug(display: Display, name: str) -> ClassDisplay | None:
    """The class that an address means."""
    return next((shown for shown in display.classes if slug(shown.target) == name), None)


def chosen(display: Display, cls: str, arguments: Mapping[str, str]) -> dict[str, str]:
    """What the arguments of an address choose: value by key of its facet, the class among them."""
    picked = {key: facets.full(arguments[key]) for key in display.facets.lists if arguments.get(key)}
    return {facets.TYPE: cls, **picked}


def iris(index: Index, display: Display, cls: str, arguments: Mapping[str, str], lang: str = "fr") -> list[str]:
    """Every IRI of the list that ``/explorer/{type}`` shows for these arguments, in the same order.

    Args:
        index: the release's.
        display: the release's.
        cls: IRI of the class.
        arguments: those of the page's address: facets by key, ``tri`` for the order; others count for nothing.
        lang: the language by whose names the list is sorted.
    """
    numbers = facets.narrowed(index, chosen(display, cls, arguments), order=arguments.get("tri", ""), lang=lang)
    rows = index.select(
        "SELECT id, iri FROM thing WHERE id IN (SELECT value FROM json_each(?))", (json.dumps(numbers),)
    )
    by_number = dict(rows)
    return [by_number[number] for number in numbers]


def entries(index: Index, display: Display, numbers: Sequence[int], lang: str, link: Linker) -> list[Entry]:
    """Things by their numbers, in that order, as lists show them."""
    wanted = json.dumps(list(numbers))
    things = {
        number: (iri, label, date)
        for number, iri, label, date in index.select(
            "SELECT id, iri, label, date FROM thing WHERE id IN (SELECT value FROM json_each(?))", (wanted,)
        )
    }
    told: dict[int, dict[str, list[str]]] = {}
    for number, key, value in index.select(
        "SELECT id, key, value FROM facet WHERE id IN (SELECT value FROM json_each(?)) ORDER BY key, value", (wanted,)
    ):
        told.setdefault(number, {}).setdefault(key, []).append(value)
    named = {value for keys in told.values() for key in display.facets.told for value in keys.get(key, ())}
    labels = index.labels({iri for iri, _, _ in things.values()} | named, lang)
    found = []
    for number in numbers:
        iri, label, date = things[number]
        text, tag = labels.get(iri, (label, ""))
        small = [Value(in_words(date, lang))] if date else []
        for key in display.facets.told:
            # One value says it; several would be a list in a list.
            values = told.get(number, {}).get(key, [])
            small += [Value(t, lang=tongue or None) for t, tongue in (labels[v] for v in values if v in labels)][:1]
        # A figure about a territory would say it twice.
        told_apart = tuple({value.text: value for value in small if value.text != text}.values())
        found.append(Entry(Value(text, url=link(iri), lang=tag or None, iri=iri), told_apart))
    return found
