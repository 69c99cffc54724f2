"""The matching ladder: exact code, then names with dates, by kind and place; link, review or none, with evidence."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from ess_graph.link.decide import REVIEW, decide, together
from ess_graph.link.index import Names
from ess_graph.link.readings import Reading, key, proper, readings
from ess_graph.link.rungs import FAMILIES, climb, wanted
from ess_graph.link.units import Candidate, Outcome, Query, Unit, is_siren, is_siret
from ess_graph.link.words import tokens, trimmed, usage

#: Below this a name found exactly makes looking for near ones needless.
_ENOUGH = 0.93
_ENOUGH_FOR_SLIPS = 0.75


class Matcher:
    """Matches names against the units of a registry; safe to share between threads.

    Args:
        units: everything that may be meant; made once, asked thousands of times.
        places: départements and regions that a name may give besides, where the units are none (``Names.places``).
    """

    def __init__(self, units: Iterable[Unit], places: Mapping[str, tuple[str, str]] | None = None) -> None:
        self.names = Names(units, places)
        self._ended = {
            unit.departements[0]: unit.until
            for unit in self.names.units.values()
            if unit.family == "departement" and unit.until and unit.departements
        }

    def match(self, query: Query) -> Outcome:
        """What a query means.

        Returns:
            ``link``: one unit, for sure enough to be recorded; ``review``: a person should look; ``none``: nothing.
        """
        if coded := self._by_code(query):
            return coded
        if query.name.strip().isascii() and query.name.strip().isdigit():
            return self._number(query)
        if why := self._nothing(query):
            return Outcome("none", (), why)
        texts = [query.name, *query.aliases]
        outcomes = [self._by_name(replace(query, name=text)) for text in texts if text.strip()]
        return together(outcomes) if outcomes else Outcome("none", (), "no name is given")

    def _by_code(self, query: Query) -> Outcome | None:
        siren = _siren(query.siren) or _siren(query.name)
        units = self.names.coded("siren", siren) if siren else []
        if query.insee:
            units = units or self.names.coded("insee", query.insee, query.family)
        if len(units) != 1 or query.family not in (None, units[0].family):
            return None
        unit = units[0]
        candidate = Candidate(unit, 1.0, "same code", unit.names[0], [f"code {siren or query.insee}"])
        if siren and siren == _siren(query.name):
            return Outcome("link", (candidate,), "the code says so")
        named = self._by_name(replace(query, departement="", region="", postcode=""))
        if any(other.unit.key == unit.key and other.score >= REVIEW for other in named.candidates):
            return Outcome("link", (candidate,), "the code and the name agree")
        candidate.sure, candidate.score = False, 0.85
        candidate.against.append(f"the name « {query.name} » says something else")
        return Outcome("review", (candidate, *named.candidates), "the code and the name do not agree")

    def _nothing(self, query: Query) -> str | None:
        """Why a text names no single body: a word for a kind alone, or a country."""
        said = tokens(query.name)
        words = trimmed(said)
        if any(kind.words in (words, said) for kind in usage().kinds) and not query.departement:
            return "a kind of body, not one of them"
        if " ".join(words) in usage().countries and not self.names.exactly(" ".join(words)):
            return "a country"
        return None

    def _number(self, query: Query) -> Outcome:
        """Bare digits: a SIREN was tried; an INSEE code looks like a postcode, so a person decides."""
        code = query.name.strip()
        units = self.names.coded("insee", code, query.family)
        found = tuple(
            Candidate(unit, 0.7, "same digits", unit.names[0], against=["digits alone may be a postcode"], sure=False)
            for unit in units
        )
        return Outcome("review" if found else "none", found, "digits alone do not say which code they are")

    def _by_name(self, query: Query) -> Outcome:
        found: dict[str, Candidate] = {}
        understood = readings(query.name, self.names.places)
        for far in (False, True):
            # What bears the very name, if only as a part of another today, leaves no room for slips of the keyboard.
            slips = far and not any(c.score >= _ENOUGH_FOR_SLIPS for c in found.values())
            for reading in understood:
                if abroad := self._abroad(reading):
                    return abroad
                for candidate in self._candidates(reading, query, far=far, slips=slips):
                    known = found.get(candidate.unit.key)
                    if known is None or candidate.score > known.score:
                        found[candidate.unit.key] = candidate
            best = max((c.score for c in found.values() if not c.unit.until or c.sure), default=0.0)
            if best >= _ENOUGH:
                break
            if not far and any(reading.key in usage().towns for reading in understood):
                break
        town = next((reading.key for reading in understood if reading.key in usage().towns), None)
        return decide(query, list(found.values()), town)

    def _candidates(self, reading: Reading, query: Query, *, far: bool, slips: bool) -> Iterator[Candidate]:
        codes, others, kind = self._hints(reading, query)
        place = wanted(replace(query, postcode=query.postcode or reading.postcode), codes)
        if kind and reading.family is None:
            reading = replace(reading, family=kind)
        if query.family and reading.family not in (None, query.family):
            # "Ville de Strasbourg" asked as an intermunicipal body: the words win over nothing, and prove nothing.
            return
        for candidate in climb(reading, query, self.names, place, far=far, slips=slips):
            candidate.slip = candidate.slip or reading.mended
            self._weigh(candidate, query, reading, place.departements, place.regions)
            self._council(candidate, reading)
            unknown = codes and not (candidate.unit.family in FAMILIES or candidate.unit.placed)
            if unknown and (reading.hints or candidate.name.kind != "official"):
                # "Conseil général du Bas-Rhin" is not the concept of a council, nor a CRESS that of any region.
                candidate.score -= 0.1
                candidate.sure = False
                candidate.against.append("nothing says that it lies there")
            for hint in others:
                if candidate.unit.key in {entry.unit.key for entry in self.names.exactly(key(hint))}:
                    candidate.evidence.append(f"« {hint} » is another name of it")
                elif not is_acronym(hint):
                    candidate.score -= 0.3
                    candidate.sure = False
                    candidate.against.append(f"« {hint} » is not understood")
            yield candidate

    def _weigh(
        self,
        candidate: Candidate,
        query: Query,
        reading: Reading,
        departements: frozenset[str],
        regions: frozenset[str],
    ) -> None:
        """Place and people, as evidence for and against."""
        unit = candidate.unit
        for wanted_codes, own, word in (
            (departements, unit.departements, "département"),
            (regions, unit.regions, "région"),
        ):
            if wanted_codes and own:
                said = ", ".join(sorted(wanted_codes))
                if wanted_codes.isdisjoint(own):
                    candidate.score -= 0.45
                    candidate.sure = False
                    candidate.against.append(f"it lies in {word} {', '.join(own)}, not {said}")
                else:
                    candidate.evidence.append(f"{word} {said}")
        code = query.postcode or reading.postcode
        if code and code in unit.postcodes:
            candidate.evidence.append(f"postcode {code}")
        if query.population and unit.population:
            ratio = query.population / unit.population
            if 0.9 <= ratio <= 1.1:
                candidate.evidence.append(f"{unit.population} inhabitants, within 10 %")
            elif not 0.5 <= ratio <= 2:
                candidate.score -= 0.1
                candidate.sure = False
                candidate.against.append(f"{unit.population} inhabitants, not about {query.population}")

    def _council(self, candidate: Candidate, reading: Reading) -> None:
        """A council that ended is not today's territory: it keeps its own identity."""
        unit = candidate.unit
        if unit.family != "departement" or not reading.nature:
            return
        if not unit.until and unit.code in self._ended:
            candidate.score -= 0.1
            candidate.sure = False
            candidate.against.append(f"its council ended on {self._ended[unit.code]}")
        elif unit.until and reading.nature == "CD":
            # Said with the word of today: perhaps of the territory, which still is there.
            candidate.score -= 0.12

    def _hints(self, reading: Reading, query: Query) -> tuple[frozenset[tuple[str, str]], list[str], str | None]:
        """Codes of the places that a query and a reading name, what else the reading's hints say, and a kind."""
        codes, others, kind = set(), [], None
        for given, family in ((query.departement, "departement"), (query.region, "region")):
            if given.strip():
                known = self._place(given)
                codes.add(known if known and known[0] == family else (family, given.strip().upper()))
        for hint in reading.hints:
            if found := self._place(hint):
                codes.add(found)
            elif said := _kind_alone(hint):
                kind = said
            elif key(hint) != "france":
                others.append(hint)
        if any(family == "departement" for family, _ in codes):
            codes = {(family, code) for family, code in codes if family == "departement"}
        return frozenset(codes), others, kind

    def _place(self, text: str) -> tuple[str, str] | None:
        text_key = key(text)
        if text_key in self.names.places:
            return self.names.places[text_key]
        words, family, _ = proper(tokens(text))
        return self.names.places.get(" ".join(words)) if family in ("region", "departement") else None

    def _abroad(self, reading: Reading) -> Outcome | None:
        for hint in reading.hints:
            if key(hint) in usage().countries - {"france"} and key(hint) not in self.names.places:
                return Outcome("none", (), f"« {hint} » is another country")
        return None


def _siren(text: str) -> str:
    """The SIREN in a text that holds a SIREN or a SIRET and nothing else; empty where there is none."""
    digits = "".join(text.split()).upper().removeprefix("SIREN").removeprefix("SIRET").strip(":° ")
    if is_siret(digits):
        digits = digits[:9]
    return digits if is_siren(digits) else ""


def _kind_alone(text: str) -> str | None:
    words = tokens(text)
    return next((kind.family for kind in usage().kinds if kind.words == words), None)


def is_acronym(text: str) -> bool:
    """Whether a hint looks like initials: short, one word, capitals or digits in it."""
    return len(text) <= 8 and len(text.split()) == 1 and sum(c.isupper() or c.isdigit() for c in text) >= 2
