"""The rungs of the ladder: each finds units for one reading of a name, and says how much it trusts them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ess_graph.link.index import Entry, Names
from ess_graph.link.readings import Reading
from ess_graph.link.units import Candidate, Query, departement_of
from ess_graph.link.words import trimmed, weighty

#: Trust in a rung, from 0 to 1; ``LINK`` of match.py is what a link needs.
SAME = 1.0
SAME_ARTICLES = 0.995
SAME_WORDS = 0.985
OTHER_ORDER = 0.96
PART_OF_NAME = 0.94
BARE = 0.955
SEAT = 0.8
NEAR = 0.88
SHARED = 0.55
#: What is taken off: a name of the past, "Grand" read as "around", another legal nature than the one said.
PAST, AROUND, OTHER_NATURE, ACRONYM = 0.05, 0.05, 0.13, 0.06
#: Slips of the keyboard that names of at least so many letters may hold.
_SLIPS = ((16, 3), (8, 2), (5, 1))
_LONE = 7
FAMILIES = ("region", "departement", "epci", "commune")


@dataclass(frozen=True)
class Place:
    """What a query and the hints of a reading say of the place: codes, and whether somebody said so on purpose."""

    departements: frozenset[str] = frozenset()
    regions: frozenset[str] = frozenset()

    def holds(self, entry: Entry) -> bool | None:
        """Whether a unit lies there; None where nothing is said or nothing is known of the unit."""
        unit = entry.unit
        if self.departements and unit.departements:
            return not self.departements.isdisjoint(unit.departements)
        if self.regions and unit.regions:
            return not self.regions.isdisjoint(unit.regions)
        return None


def climb(reading: Reading, query: Query, names: Names, place: Place, *, far: bool, slips: bool) -> Iterator[Candidate]:
    """Candidates for one reading.

    Args:
        reading: how the name is understood.
        query: what else is known.
        names: the index.
        place: where the unit should lie.
        far: also what is only near: fewer words, other words.
        slips: also names that differ by slips of the keyboard.
    """
    family = query.family or reading.family
    yield from _exact(reading, query, names, family)
    if far and family in (None, "epci"):
        yield from _part(reading, query, names, family)
        if family:
            yield from _seat(reading, query, names)
            yield from _shared(reading, names)
    if slips:
        yield from _near(reading, query, names, family, place)


def _exact(reading: Reading, query: Query, names: Names, family: str | None) -> Iterator[Candidate]:
    said = trimmed(reading.words)
    numbered = names.units.get(f"departement:{reading.key.upper()}") if family == "departement" else None
    if numbered and names.places.get(reading.key) == ("departement", reading.key.upper()):
        yield _found(Entry(numbered, numbered.names[0], said, said, None), SAME, "same number", reading, query)
    for entry in names.exactly(reading.key):
        if family in (None, entry.unit.family):
            same = entry.words == reading.words
            score = SAME if same else SAME_ARTICLES if trimmed(entry.words) == said else SAME_WORDS
            yield _found(entry, score, "same name" if same else "same words", reading, query)
    for entry in names.properly(reading.key):
        if family == entry.unit.family:
            same = trimmed(entry.core) == said
            yield _found(entry, SAME if same else SAME_WORDS, "same proper name", reading, query)
        elif family is None and entry.unit.family == "epci":
            yield _bare(entry, reading, query)
    key = reading.key
    for entry in (*names.in_any_order(reading.words), *names.run_together(key)):
        if key in (entry.full_key, entry.core_key):
            continue
        whole = set(weighty(entry.words)) == set(weighty(reading.words)) or entry.full_key.replace(
            " ", ""
        ) == key.replace(" ", "")
        if family == entry.unit.family or (family is None and (whole or entry.unit.family == "epci")):
            candidate = _found(entry, OTHER_ORDER, "same words in another order or spacing", reading, query)
            if family is None and not whole:
                candidate.score -= SAME - BARE
                candidate.sure = len(weighty(reading.words)) > 1
            yield candidate


def _bare(entry: Entry, reading: Reading, query: Query) -> Candidate:
    """A body called by its proper name alone: enough where it has two words that nothing else has."""
    candidate = _found(entry, BARE, "proper name without its kind", reading, query)
    if len(weighty(reading.words)) < 2:
        candidate.score, candidate.sure = 0.7, False
    return candidate


def _part(reading: Reading, query: Query, names: Names, family: str | None) -> Iterator[Candidate]:
    """Names said in short: "CU Creusot-Montceau" for the one that holds both words."""
    words = weighty(reading.words)
    nature = query.nature or reading.nature
    for entry, share in names.holding(reading.words):
        if share > 0.999:
            continue
        least = 0.5 if nature else 0.6 if family else 0.7
        sure = share >= least and (len(words) > 1 or share >= 0.8)
        score = PART_OF_NAME if sure else 0.6 + 0.25 * share
        candidate = _found(entry, score, "part of the name", reading, query)
        candidate.sure = candidate.sure and sure
        yield candidate


def _seat(reading: Reading, query: Query, names: Names) -> Iterator[Candidate]:
    """Bodies called by their main town: "Métropole de Clermont-Ferrand"."""
    nature = query.nature or reading.nature
    for town in names.exactly(reading.key):
        if town.unit.family == "commune" and town.name.kind == "official":
            for unit in names.seated(town.unit.code):
                entry = Entry(unit, unit.names[0], reading.words, reading.words, None)
                candidate = _found(entry, SEAT, "named after its main town", reading, query)
                # A town has one metropolis; of other bodies, one of the same town may have gone before.
                candidate.sure = nature == "METRO" and unit.nature.startswith("MET")
                if candidate.sure:
                    candidate.score = PART_OF_NAME
                candidate.evidence.append(f"{town.unit.name} is its largest member")
                yield candidate


def _shared(reading: Reading, names: Names) -> Iterator[Candidate]:
    for entry, share in names.sharing(reading.words):
        if share >= 0.35:
            yield Candidate(entry.unit, SHARED + 0.3 * share, "words in common", entry.name, sure=False)


def _near(reading: Reading, query: Query, names: Names, family: str | None, place: Place) -> Iterator[Candidate]:
    """Names that differ by slips of the keyboard; one slip in a long name, or a place that agrees, makes it sure."""
    key, whole = reading.key, " ".join(reading.words)
    letters = len(key.replace(" ", ""))
    most = next((slips for least, slips in _SLIPS if letters >= least), 0)
    if not most or reading.around:
        return
    if len(key.split()) == 1 and not (family or place.departements or place.regions):
        # One word with nothing beside it is as likely another word as a slip.
        most = min(most, 1) if letters >= _LONE else 0
    for kind in (family,) if family else FAMILIES if most else ():
        blocks = [(kind, code) for code in sorted(place.departements)] if place.departements else [kind]
        nearest: dict[str, tuple[Entry, int]] = {}
        for block in blocks:
            for text in {key, whole}:
                for entry, slips, met in names.near(text, block, most):
                    # One word and no kind: the town of that name is meant, and found by itself.
                    single = kind == "epci" and family is None and " " not in met
                    distance = max(1, slips)
                    known_so_far = nearest.get(entry.unit.key)
                    if not single and (known_so_far is None or distance < known_so_far[1]):
                        nearest[entry.unit.key] = (entry, distance)
        hits = list(nearest.values())
        first = min((distance for _, distance in hits), default=0)
        rivals = {entry.unit.key for entry, distance in hits if distance <= first + 1}
        for entry, distance in hits:
            candidate = _found(entry, NEAR - 0.04 * (distance - 1), "a slip of the keyboard", reading, query)
            candidate.slip = True
            alone = len(rivals) == 1 and distance == first and entry.core_key[:1] == key[:1]
            told = place.holds(entry) is True or (
                kind == "epci" and bool(reading.nature) and reading.nature == entry.unit.nature
            )
            # A town that many people write the name of, in a word that hardly anything else resembles.
            known = kind == "commune" and (entry.unit.population or 0) >= 20000
            small = kind in ("region", "departement") and family == kind
            enough = (
                (told and letters >= (10 if distance > 1 else 6) and distance <= 2)
                or (small and letters >= 6 and distance <= 2)
                or (distance == 1 and letters >= 12 and len(key.split()) > 1)
                or (distance == 1 and letters >= 8 and known)
            )
            candidate.sure = candidate.sure and alone and enough
            if candidate.sure:
                candidate.score = max(candidate.score, PART_OF_NAME - (NEAR - candidate.score) / 8)
            yield candidate


def _found(entry: Entry, score: float, how: str, reading: Reading, query: Query) -> Candidate:
    unit, name = entry.unit, entry.name
    candidate = Candidate(unit, score, how, name)
    if name.kind == "former":
        until = f" (until {name.until})" if name.until else ""
        candidate.score -= PAST
        candidate.evidence.append(f"a former name of the same body{until}")
        if query.date and name.until and query.date[: len(name.until)] > name.until:
            candidate.against.append(f"the name ended in {name.until}, the text is of {query.date}")
    elif name.kind == "delegated":
        candidate.score, candidate.sure = min(score, SEAT), False
        candidate.against.append(f"a former municipality, today a part of {unit.name}")
    elif name.kind == "acronym" and not (query.family or reading.family or query.departement):
        candidate.score -= ACRONYM
    if reading.around:
        candidate.score -= AROUND
    _nature(candidate, reading, query)
    return candidate


def _nature(candidate: Candidate, reading: Reading, query: Query) -> None:
    said, unit = reading.nature or query.nature, candidate.unit
    if not said or unit.family not in ("epci", "departement"):
        return
    if unit.family == "epci" and unit.nature and candidate.name.kind == "official":
        if said == unit.nature or (said == "METRO" and unit.nature == "MET69"):
            candidate.evidence.append(f"its nature is {unit.nature}, as said")
        else:
            candidate.score -= OTHER_NATURE
            candidate.sure = False
            candidate.against.append(f"its nature is {unit.nature}, not {said}")


def wanted(query: Query, codes: frozenset[tuple[str, str]]) -> Place:
    """Where a unit should lie, from what the query says and from places found in its text."""
    departements = {code for family, code in codes if family == "departement"}
    regions = {code for family, code in codes if family == "region"}
    if query.postcode:
        departements.add(departement_of(query.postcode))
    return Place(frozenset(filter(None, departements)), frozenset(regions))
