"""The graph's own things as units of a register, with the codes, places and names that the matching ladder compares."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Protocol

from rdflib.namespace import ORG

from ess_graph.judgements import SAME, Judgement
from ess_graph.link.entities import FAMILIES
from ess_graph.link.match import is_acronym
from ess_graph.link.readings import proper
from ess_graph.link.units import Name, Unit, departement_of, unique
from ess_graph.link.words import Tokens, tokens
from ess_graph.vocab import BASE, ESS, IGEO, LOCN, VOC

SIREN, INSEE, POSTCODE = str(ESS.siren), str(IGEO.codeINSEE), str(LOCN.postCode)
DEPARTEMENT, REGION = str(IGEO.Departement), str(IGEO.Region)
POPULATION = str(VOC["indicateur/population"])
INSTITUTION, TERRITORY, _KIND = str(ESS.Collectivite), str(ESS.territoire), str(ORG.classification)
#: Families of territories by class.
PLACES = {
    REGION: "region",
    DEPARTEMENT: "departement",
    str(IGEO.Intercommunalite): "epci",
    str(IGEO.Commune): "commune",
}


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


class Units:
    """Makes units of things; see ``Ladder`` for what it is given."""

    def __init__(
        self,
        things: Iterable[Thing],
        judgements: Iterable[Judgement],
        elsewhere: Iterable[Unit],
        names: Mapping[str, Sequence[Name]],
    ) -> None:
        self.things = {thing.iri: thing for thing in things}
        self._names = names
        known = list(elsewhere)
        self._ended = {(unit.family, words): unit for unit in known if unit.until for words in _proper(unit)}
        self._regions = {unit.code: unit.regions for unit in known if unit.family == "departement"}
        self._judged: dict[str, dict[str, str]] = defaultdict(dict)
        for judgement in judgements:
            if judgement.judgement == SAME:
                # ``siren:246700488``, ``insee:departement:54``
                scheme, _, rest = judgement.theirs.partition(":")
                self._judged[BASE + judgement.ours][scheme] = rest.rpartition(":")[2]

    def said(self, iri: str, said: str) -> tuple[str, ...]:
        """Values that a thing has for a property."""
        return self.things[iri].said.get(said, ()) if iri in self.things else ()

    def made(self, thing: Thing, taken: Mapping[str, str]) -> Unit:
        """The unit of a thing, under a key that no other has."""
        family = self.family(thing)
        judged = self._judged.get(thing.iri, {})
        insee = next(iter(thing.said.get(INSEE, ())), judged.get("insee", ""))
        siren = next(iter(thing.said.get(SIREN, ())), judged.get("siren", ""))
        key = f"{family}:{insee or thing.iri}"
        departements, regions = self._places(thing, family, insee)
        people = max(_numbers(thing.said.get(POPULATION, ())), default=None)
        ended = self._ended.get((family, proper(tokens(thing.names[0]))[0]))
        return Unit(
            key if key not in taken else f"{family}:{thing.iri}", family,
            self._named(thing, [f"{family}:{code}" for code in (insee, siren) if code]),
            insee=insee, siren=siren, departements=departements, regions=regions, population=people,
            postcodes=thing.said.get(POSTCODE, ()),
            until=ended.until if ended else "", successor=ended.successor if ended else "",
        )  # fmt: skip

    def family(self, thing: Thing) -> str:
        """Its family in the register; for what no register has, its class."""
        place = next((family for cls, family in PLACES.items() if cls in thing.types), None)
        if place or thing.cls != INSTITUTION:
            return place or thing.cls
        kinds = (FAMILIES.get(kind.rpartition("/")[2]) for kind in thing.said.get(_KIND, ()))
        own = (self.things[iri] for iri in thing.said.get(TERRITORY, ()) if iri in self.things)
        places = (self.family(other) for other in own if other.cls != INSTITUTION)
        return next(filter(None, (*kinds, *places)), thing.cls)

    def _places(self, thing: Thing, family: str, insee: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Codes of the départements and of the regions in which it lies, or which it is."""
        departements = [*self._codes(thing, DEPARTEMENT), *([insee] if family == "departement" else ())]
        if family == "commune" and not departements:
            departements.append(departement_of(insee))
        regions = [*self._codes(thing, REGION), *([insee] if family == "region" else ())]
        if not regions:
            regions = [region for code in departements for region in self._regions.get(code, ())]
        return unique(departements), unique(regions)

    def _codes(self, thing: Thing, cls: str) -> Iterator[str]:
        for place in thing.said.get(cls, ()):
            # A place without a code, such as a region of the past, is known by itself.
            yield from self.said(place, INSEE) or (place,)

    def _named(self, thing: Thing, keys: Iterable[str]) -> tuple[Name, ...]:
        """Its names, with the days on which the register's lists say that they ended, and those that only they have."""
        listed = {name.text: name for key in keys for name in self._names.get(key, ())}
        first, *others = thing.names
        own = [listed.get(name) or Name(name, "acronym" if is_acronym(name) else "usual") for name in others]
        return (Name(first), *own, *(name for text, name in listed.items() if text not in thing.names))


def _numbers(values: Iterable[str]) -> Iterator[int]:
    for value in values:
        with suppress(ValueError, OverflowError):
            yield int(float(value))


def _proper(unit: Unit) -> Iterator[Tokens]:
    for name in unit.names:
        yield proper(tokens(name.text))[0]
