"""The graph's own things as units of the ladder: which of them a name in somebody's table means, and how surely."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Protocol

from rdflib.namespace import DCTERMS, ORG

from ess_graph.judgements import SAME, Judgement
from ess_graph.link.decide import LEAD, LINK
from ess_graph.link.entities import FAMILIES
from ess_graph.link.match import Matcher, is_acronym
from ess_graph.link.readings import proper
from ess_graph.link.units import Candidate, Name, Outcome, Query, Unit, departement_of
from ess_graph.link.words import Tokens, tokens
from ess_graph.vocab import BASE, ESS, IGEO, LOCN, VOC

SIREN, INSEE, POSTCODE = str(ESS.siren), str(IGEO.codeINSEE), str(LOCN.postCode)
DEPARTEMENT, REGION, COMMUNE, GROUPING = (
    str(cls) for cls in (IGEO.Departement, IGEO.Region, IGEO.Commune, IGEO.Intercommunalite)
)
POPULATION, DATE = str(VOC["indicateur/population"]), str(DCTERMS.date)
_INSTITUTION, _TERRITORY, _KIND = str(ESS.Collectivite), str(ESS.territoire), str(ORG.classification)
#: The word that says that a body is meant, and not the place of that name.
_COUNCIL = "conseil"
_PLACES = {REGION: "region", DEPARTEMENT: "departement", GROUPING: "epci", COMMUNE: "commune"}


class Thing(Protocol):
    """What the ladder needs of a thing.

    Attributes:
        iri: its IRI.
        cls: the class under which it is listed; ``types`` are all of its classes.
        names: that by which it is called, then the others.
        said: values by property: IRIs of things, or texts.
    """

    @property
    def iri(self) -> str: ...  # noqa: D102

    @property
    def cls(self) -> str: ...  # noqa: D102

    @property
    def types(self) -> tuple[str, ...]: ...  # noqa: D102

    @property
    def names(self) -> tuple[str, ...]: ...  # noqa: D102

    @property
    def said(self) -> Mapping[str, tuple[str, ...]]: ...  # noqa: D102


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
    """

    def __init__(
        self, things: Iterable[Thing], judgements: Iterable[Judgement] = (), elsewhere: Iterable[Unit] = ()
    ) -> None:
        self._things = {thing.iri: thing for thing in things}
        elsewhere = list(elsewhere)
        self._ended = {(unit.family, words): unit for unit in elsewhere if unit.until for words in _proper(unit)}
        self._codes: dict[str, list[str]] = defaultdict(list)
        for judgement in judgements:
            if judgement.judgement == SAME:
                self._codes[BASE + judgement.ours].append(judgement.theirs)
        everything = list(self._things.values())
        territories = [thing for thing in everything if not set(thing.types).isdisjoint(_PLACES)]
        institutions = [thing for thing in everything if thing.cls == _INSTITUTION]
        apart = {thing.iri for thing in (*territories, *institutions)}
        self._regions = {unit.code: unit.regions for unit in elsewhere if unit.family == "departement"}
        held = {f"{self._family_of(thing)}:{code}" for thing in territories for code in thing.said.get(INSEE, ())}
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
                if iri and (classes is None or not classes.isdisjoint(self._things[iri].types)):
                    found[iri] = Judged(iri, candidate.score, iri == chosen, candidate.how, tuple(candidate.against))
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
        return other in self._said(iri, _TERRITORY) or iri in self._said(other, _TERRITORY)

    def _said(self, iri: str, said: str) -> tuple[str, ...]:
        return self._things[iri].said.get(said, ()) if iri in self._things else ()

    def _realm(
        self, things: Iterable[Thing], places: Mapping[str, tuple[str, str]] | None, elsewhere: Iterable[Unit] = ()
    ) -> _Realm:
        units: list[Unit] = []
        iris: dict[str, str] = {}
        classes: set[str] = set()
        for thing in things:
            unit = self._unit(thing, iris)
            units.append(unit)
            iris[unit.key] = thing.iri
            classes.update(thing.types)
        return _Realm(Matcher([*units, *elsewhere], places), iris, frozenset(classes))

    def _unit(self, thing: Thing, taken: Mapping[str, str]) -> Unit:
        family = self._family_of(thing)
        judged = dict(_judged(self._codes[thing.iri]))
        insee = next(iter(thing.said.get(INSEE, ())), judged.get("insee", ""))
        key = f"{family}:{insee or thing.iri}"
        departements = list(self._place_codes(thing, DEPARTEMENT))
        if family == "departement" and insee:
            departements.append(insee)
        if family == "commune" and not departements:
            departements.append(departement_of(insee))
        regions = [*self._place_codes(thing, REGION), *([insee] if family == "region" and insee else ())]
        if not regions:
            regions = [region for code in departements for region in self._regions.get(code, ())]
        names = tuple(_named(thing.names))
        ended = self._ended.get((family, proper(tokens(thing.names[0]))[0]))
        people = sorted(int(float(value)) for value in thing.said.get(POPULATION, ()))
        return Unit(
            key if key not in taken else f"{family}:{thing.iri}",
            family,
            names,
            insee=insee,
            siren=next(iter(thing.said.get(SIREN, ())), judged.get("siren", "")),
            departements=tuple(dict.fromkeys(filter(None, departements))),
            regions=tuple(dict.fromkeys(filter(None, regions))),
            population=people[-1] if people else None,
            postcodes=thing.said.get(POSTCODE, ()),
            until=ended.until if ended else "",
            successor=ended.successor if ended else "",
        )

    def _place_codes(self, thing: Thing, cls: str) -> Iterator[str]:
        for place in thing.said.get(cls, ()):
            # A place without a code, such as a region of the past, is known by itself.
            yield from self._said(place, INSEE) or (place,)

    def _family_of(self, thing: Thing) -> str:
        """Its family in the register; for what no register has, its class."""
        for cls, family in _PLACES.items():
            if cls in thing.types:
                return family
        if thing.cls == _INSTITUTION:
            for kind in thing.said.get(_KIND, ()):
                if found := FAMILIES.get(kind.rpartition("/")[2]):
                    return found
            for place in thing.said.get(_TERRITORY, ()):
                if place in self._things and place != thing.iri:
                    return self._family_of(self._things[place])
        return thing.cls

    def _family(self, realm: _Realm, classes: Set[str] | None) -> str | None:
        """The family to look in, where the classes leave one only."""
        if classes is None or len(classes) != 1 or realm is self._institutions:
            return None
        only = next(iter(classes))
        return _PLACES.get(only, only if realm is self._others else None)


def _gone(top: Candidate, *, council: bool) -> bool:
    """Whether the very name of a body that ended was given: no body of today, but a thing of the graph all the same."""
    same = ("same name", "same proper name") if council else ("same name",)
    return bool(top.unit.until) and top.how in same and top.score >= LINK


def _proper(unit: Unit) -> Iterator[Tokens]:
    for name in unit.names:
        yield proper(tokens(name.text))[0]


def _query(name: str, said: Mapping[str, Sequence[str]], family: str | None) -> Query:
    def first(wanted: str) -> str:
        return next(iter(said.get(wanted, ())), "").strip()

    people = "".join(first(POPULATION).split()).partition(".")[0]
    return Query(
        name, family=family, departement=first(DEPARTEMENT), region=first(REGION), siren=first(SIREN),
        insee=_insee(first(INSEE)), postcode=first(POSTCODE), date=first(DATE)[:10],
        population=int(people) if people.isascii() and people.isdigit() and len(people) < 12 else None,
    )  # fmt: skip


def _insee(code: str) -> str:
    """A code with the zero at its head that spreadsheets take away."""
    return code.upper().zfill(5) if len(code) == 4 and code.isascii() and code.isdigit() else code.upper()


def _judged(codes: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Scheme and code of what judgements name: ``siren:246700488``, ``insee:departement:54``."""
    for code in codes:
        scheme, _, rest = code.partition(":")
        yield scheme, rest.rpartition(":")[2]


def _named(names: Sequence[str]) -> Iterator[Name]:
    for place, name in enumerate(names):
        yield Name(name, "official" if place == 0 else "acronym" if is_acronym(name) else "usual")
