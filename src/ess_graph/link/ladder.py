"""The matching ladder over the graph's own things: which of them a name in somebody's table means, and how surely."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass

from rdflib.namespace import DCTERMS

from ess_graph.judgements import Judgement
from ess_graph.link.decide import LEAD, LINK
from ess_graph.link.match import Matcher
from ess_graph.link.things import (
    DEPARTEMENT,
    INSEE,
    INSTITUTION,
    PLACES,
    POPULATION,
    POSTCODE,
    REGION,
    SIREN,
    TERRITORY,
    Thing,
    Units,
)
from ess_graph.link.units import Candidate, Name, Outcome, Query, Unit
from ess_graph.link.words import tokens

_DATE = str(DCTERMS.date)
#: What a name is trusted at the most that had to be mended.
_MENDED = 0.92
#: The word that says that a body is meant, and not the place of that name.
_COUNCIL = "conseil"


@dataclass(frozen=True)
class Judged:
    """A thing that a name may mean.

    Attributes:
        score: trust, from 0 to 1.
        match: whether the ladder says *link* without mending a slip of the keyboard.
        how: the rung that found it; ``against`` is what speaks against it, in words.
    """

    iri: str
    score: float
    match: bool
    how: str
    against: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Realm:
    """Things among which a name is looked for on its own: a council is no rival of the territory that it governs."""

    matcher: Matcher
    iris: Mapping[str, str]
    classes: frozenset[str]


class Ladder:
    """The matching ladder over the things of one release; safe to share between threads.

    Args:
        things: everything that may be meant.
        judgements: who was found to be whom: an institution judged to be a unit of the register has its code.
        elsewhere: units that the graph need not hold. A name that means one of these means nothing here; a body of the
            graph that has the name of one that ended is that one.
        names: other and former names of units of the register, by their keys, for the things that are these.
    """

    def __init__(
        self,
        things: Iterable[Thing],
        judgements: Iterable[Judgement] = (),
        elsewhere: Iterable[Unit] = (),
        names: Mapping[str, Sequence[Name]] | None = None,
    ) -> None:
        elsewhere = list(elsewhere)
        self._units = Units(things, judgements, elsewhere, names or {})
        everything = list(self._units.things.values())
        territories = [thing for thing in everything if not PLACES.keys().isdisjoint(thing.types)]
        institutions = [thing for thing in everything if thing.cls == INSTITUTION]
        apart = {thing.iri for thing in (*territories, *institutions)}
        held = {f"{self._units.family(thing)}:{code}" for thing in territories for code in thing.said.get(INSEE, ())}
        decoys = [unit for unit in elsewhere if unit.key not in held and not unit.until]
        self._territories = self._realm(territories, None, decoys)
        places = self._territories.matcher.names.places
        self._institutions = self._realm(institutions, places)
        self._others = self._realm([thing for thing in everything if thing.iri not in apart], places)
        self._realms = (self._institutions, self._territories, self._others)

    def judge(self, name: str, classes: Set[str] | None, said: Mapping[str, Sequence[str]]) -> list[Judged]:
        """Things that a name may mean, best first, at most one of them a match.

        Args:
            name: as written; may be a code.
            classes: only things of one of these, None for any.
            said: what else is known, by property: a SIREN, an INSEE code, a département, a region, a postcode, a number
                of inhabitants, a date; other properties count for nothing here.
        """
        outcomes = []
        for realm in self._realms:
            if classes is None or not realm.classes.isdisjoint(classes):
                query = _query(name, said, self._family(realm, classes))
                outcomes.append((realm, realm.matcher.match(query)))
        chosen = self._chosen(outcomes, council=_COUNCIL in tokens(name))
        owners = {
            realm.iris.get(unit.key, "")
            for realm in self._realms
            for code in said.get(SIREN, ())
            for unit in realm.matcher.names.coded("siren", "".join(code.split()))
        }
        if owners and chosen not in owners:
            # The SIREN says who is meant, whatever has the name.
            chosen = None
        found: dict[str, Judged] = {}
        for realm, outcome in outcomes:
            for candidate in outcome.candidates:
                iri = realm.iris.get(candidate.unit.key)
                if iri and (classes is None or not classes.isdisjoint(self._units.things[iri].types)):
                    score = min(candidate.score, _MENDED) if candidate.slip else candidate.score
                    found[iri] = Judged(iri, score, iri == chosen, candidate.how, tuple(candidate.against))
        return sorted(found.values(), key=lambda judged: (not judged.match, -judged.score, judged.iri))

    def _chosen(self, outcomes: Iterable[tuple[_Realm, Outcome]], *, council: bool) -> str | None:
        """The one thing that the realms agree on, None where they do not or where it hangs on a slip.

        A council is no territory: one that the graph does not hold is not the place that it governed.
        """
        linked: list[tuple[str, Candidate]] = []
        best: dict[str, float] = {}
        for realm, outcome in outcomes:
            top = outcome.candidates[0] if outcome.candidates else None
            if top is None:
                continue
            iri = realm.iris.get(top.unit.key, "")
            sure = outcome.decision == "link" or _gone(top, council=council)
            if sure and not top.slip and not (council and realm is self._territories):
                linked.append((iri, top))
            best[iri] = top.score
        if not linked:
            return None
        # The first realm is that of institutions: "Région Grand Est" names the council rather than its territory.
        iri, top = linked[0]
        rivals = [score for other, score in best.items() if other != iri and not self._of_one_place(iri, other)]
        if not iri or any(score > top.score - LEAD for score in rivals):
            return None
        return iri

    def _of_one_place(self, iri: str, other: str) -> bool:
        """Whether one is an institution and the other its territory."""
        return other in self._units.said(iri, TERRITORY) or iri in self._units.said(other, TERRITORY)

    def _realm(
        self, things: Iterable[Thing], places: Mapping[str, tuple[str, str]] | None, elsewhere: Iterable[Unit] = ()
    ) -> _Realm:
        units: list[Unit] = []
        iris: dict[str, str] = {}
        classes: set[str] = set()
        for thing in things:
            unit = self._units.made(thing, iris)
            units.append(unit)
            iris[unit.key] = thing.iri
            classes.update(thing.types)
        return _Realm(Matcher([*units, *elsewhere], places), iris, frozenset(classes))

    def _family(self, realm: _Realm, classes: Set[str] | None) -> str | None:
        """The family to look in, where the classes leave one only."""
        if classes is None or len(classes) != 1 or realm is self._institutions:
            return None
        only = next(iter(classes))
        return PLACES.get(only, only if realm is self._others else None)


def _gone(top: Candidate, *, council: bool) -> bool:
    """Whether the very name of a body that ended was given: no body of today, but a thing of the graph all the same."""
    same = ("same name", "same proper name") if council else ("same name",)
    return bool(top.unit.until) and top.how in same and top.score >= LINK


def _query(name: str, said: Mapping[str, Sequence[str]], family: str | None) -> Query:
    def first(wanted: str) -> str:
        return next(iter(said.get(wanted, ())), "").strip()

    people = "".join(first(POPULATION).split()).partition(".")[0]
    return Query(
        name, family=family, departement=first(DEPARTEMENT), region=first(REGION), siren=first(SIREN),
        insee=_insee(first(INSEE)), postcode=first(POSTCODE), date=first(_DATE)[:10],
        population=int(people) if people.isascii() and people.isdigit() and len(people) < 12 else None,
    )  # fmt: skip


def _insee(code: str) -> str:
    """A code with the zero at its head that spreadsheets take away."""
    return code.upper().zfill(5) if len(code) == 4 and code.isascii() and code.isdigit() else code.upper()
