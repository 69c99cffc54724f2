"""The names of the registry's units, indexed once in memory so that a thousand names are matched in seconds."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from rapidfuzz import process
from rapidfuzz.distance import OSA

from ess_graph.link.readings import proper
from ess_graph.link.units import Name, Unit
from ess_graph.link.words import Tokens, tokens, trimmed, usage, weighty

#: How many near names are looked at.
_NEAR = 12

#: What a search for near names is limited to: a family, or a family in a département.
Block = str | tuple[str, str]


@dataclass(frozen=True)
class Entry:
    """One name of one unit, taken apart.

    Attributes:
        words: every word of the name; ``core``: without those that say the kind.
        nature: what the words of the kind say, None where there are none.
    """

    unit: Unit
    name: Name
    words: Tokens
    core: Tokens
    nature: str | None

    @cached_property
    def full_key(self) -> str:
        """Words of weight of the whole name, in order."""
        return " ".join(weighty(self.words))

    @cached_property
    def core_key(self) -> str:
        """Words of weight of the proper name, in order."""
        return self.full_key if self.core is self.words else " ".join(weighty(self.core))


class Names:
    """An index over the names of units.

    Attributes:
        units: by key.

    Args:
        units: those to look among.
        places: ``places`` of another index, for units that are no places themselves.
    """

    def __init__(self, units: Iterable[Unit], places: Mapping[str, tuple[str, str]] | None = None) -> None:
        self._elsewhere = places
        self.units: dict[str, Unit] = {}
        self._full: dict[str, list[Entry]] = defaultdict(list)
        self._core: dict[str, list[Entry]] = defaultdict(list)
        self._squashed: dict[str, list[Entry]] = defaultdict(list)
        self._sorted: dict[Tokens, list[Entry]] = defaultdict(list)
        self._holding: dict[str, set[int]] = defaultdict(set)
        self._seats: dict[str, list[Unit]] = defaultdict(list)
        self._codes: dict[tuple[str, str], Unit] = {}
        self._bodies: list[Entry] = []
        self._choices: dict[Block, dict[str, list[Entry]]] = defaultdict(lambda: defaultdict(list))
        for unit in units:
            self._add(unit)

    def _add(self, unit: Unit) -> None:
        self.units[unit.key] = unit
        for scheme, code in (("siren", unit.siren), ("insee", f"{unit.family}:{unit.insee}" if unit.insee else "")):
            if code and not unit.until:
                self._codes.setdefault((scheme, code), unit)
        if unit.seat:
            self._seats[unit.seat].append(unit)
        for name in unit.names:
            entry = _entry(unit, name)
            self._full[entry.full_key].append(entry)
            if without := _without_kind(entry):
                # "CU Perpignan Méditerranée Métropole" is called by what follows the initials.
                self._full[without.full_key].append(without)
            self._squashed[entry.full_key.replace(" ", "")].append(entry)
            self._sorted[tuple(sorted(set(entry.full_key.split())))].append(entry)
            if entry.core_key != entry.full_key:
                self._core[entry.core_key].append(entry)
                self._squashed[entry.core_key.replace(" ", "")].append(entry)
                self._sorted[tuple(sorted(set(entry.core_key.split())))].append(entry)
            if unit.family == "epci" and name.kind != "delegated":
                for word in set(weighty(entry.core)):
                    self._holding[word].add(len(self._bodies))
                self._bodies.append(entry)
            if not unit.until and name.kind in ("official", "former"):
                # With and without articles: a slip may hit an article too.
                words = entry.core if unit.family == "epci" else entry.words
                keys = {entry.core_key, " ".join(words), " ".join(entry.words)}
                blocks: list[Block] = [unit.family, *((unit.family, place) for place in unit.departements)]
                for block in blocks:
                    for key in keys:
                        self._choices[block][key].append(entry)

    def exactly(self, key: str) -> list[Entry]:
        """Entries whose whole name is ``key``."""
        return self._full.get(key, [])

    def properly(self, key: str) -> list[Entry]:
        """Entries whose proper name, but not whole name, is ``key``."""
        return self._core.get(key, [])

    def run_together(self, key: str) -> list[Entry]:
        """Entries that differ from ``key`` by spaces only."""
        return self._squashed.get(key.replace(" ", ""), [])

    def in_any_order(self, words: Tokens) -> list[Entry]:
        """Entries that have the same words of weight."""
        return self._sorted.get(tuple(sorted(set(weighty(words)))), [])

    def holding(self, words: Tokens) -> list[tuple[Entry, float]]:
        """Intermunicipal bodies whose proper name holds every word, with the share of its weight that these make up."""
        wanted = set(weighty(words))
        sets = [self._holding.get(word, set()) for word in wanted]
        if not sets or not all(sets):
            return []
        found = []
        for place in set.intersection(*sets):
            entry = self._bodies[place]
            whole = sum(self.weight(word) for word in set(weighty(entry.core)))
            found.append((entry, sum(self.weight(word) for word in wanted) / whole))
        return found

    def weight(self, word: str) -> float:
        """How much a word tells apart: much where few names hold it."""
        return math.log(1 + len(self._bodies) / (1 + len(self._holding.get(word, ()))))

    def seated(self, commune: str) -> list[Unit]:
        """Intermunicipal bodies of which a commune (its code) is the largest member."""
        return self._seats.get(commune, [])

    def coded(self, scheme: str, code: str, family: str | None = None) -> list[Unit]:
        """Units in force that have a code; an INSEE code may be asked of one family."""
        if scheme == "siren":
            return [self._codes[scheme, code]] if (scheme, code) in self._codes else []
        families = (family,) if family else ("commune", "departement", "region")
        keys = [(scheme, f"{kind}:{code}") for kind in families]
        return [self._codes[key] for key in keys if key in self._codes]

    def near(self, key: str, block: Block, most: int) -> list[tuple[Entry, int, str]]:
        """Entries of a family (or of a family in a département) at most so many slips away, with these and the text."""
        choices = self._choices.get(block)
        if not choices:
            return []
        hits = process.extract(key, self._keys[block], scorer=OSA.distance, score_cutoff=most, limit=_NEAR)
        return [(entry, int(distance), text) for text, distance, _ in hits for entry in choices[text]]

    def sharing(self, words: Tokens) -> list[tuple[Entry, float]]:
        """Intermunicipal bodies by the share of weight that their proper names have in common with ``words``."""
        wanted = set(weighty(words))
        shared: dict[int, float] = defaultdict(float)
        for word in wanted:
            for place in self._holding.get(word, ()):
                shared[place] += self.weight(word)
        asked = sum(self.weight(word) for word in wanted)
        found = []
        for place, common in shared.items():
            entry = self._bodies[place]
            whole = sum(self.weight(word) for word in set(weighty(entry.core)))
            found.append((entry, common / (asked + whole - common)))
        return sorted(found, key=lambda hit: -hit[1])[:_NEAR]

    @cached_property
    def _keys(self) -> dict[Block, list[str]]:
        return {block: list(choices) for block, choices in self._choices.items()}

    @cached_property
    def places(self) -> Mapping[str, tuple[str, str]]:
        """Family and code of each département and region in force, by the key of its names and by its code."""
        if self._elsewhere is not None:
            return self._elsewhere
        found: dict[str, tuple[str, str]] = {}
        for unit in sorted(self.units.values(), key=lambda unit: unit.family != "region"):
            if unit.family in ("region", "departement") and not unit.until:
                # Where both have one name (overseas), the département is the narrower answer.
                for name in unit.names:
                    found[_entry(unit, name).full_key] = (unit.family, unit.code)
                    found[_entry(unit, name).core_key] = (unit.family, unit.code)
                if unit.family == "departement":
                    found[unit.code.lower()] = (unit.family, unit.code)
        return found


def _without_kind(entry: Entry) -> Entry | None:
    if entry.unit.family != "epci":
        return None
    for kind in usage().kinds:
        size = len(kind.words)
        if kind.family == "epci" and entry.words[:size] == kind.words:
            rest = trimmed(entry.words[size:])
            return replace(entry, words=rest) if rest and rest != entry.core else None
    return None


def _entry(unit: Unit, name: Name) -> Entry:
    words = tokens(name.text)
    if unit.family not in ("epci", "departement", "region"):
        # "Ville-d'Avray" is a whole name: no word of it says a kind.
        return Entry(unit, name, words, words, None)
    core, family, nature = proper(words)
    if family not in (None, unit.family):
        core, nature = words, None
    return Entry(unit, name, words, core, nature)
