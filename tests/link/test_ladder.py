"""The ladder over things of a graph: who is meant, who else might be, and data that make no sense."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from ess_graph.judgements import DIFFERENT, SAME, Judgement
from ess_graph.link.ladder import Ladder
from ess_graph.link.things import INSEE, INSTITUTION, PLACES, POPULATION, REGION, SIREN, TERRITORY
from ess_graph.link.units import Name, Unit
from ess_graph.vocab import BASE

CLASSES = {family: cls for cls, family in PLACES.items()}
COUNCIL, PLACE, TOWN = (f"{BASE}id/{name}" for name in ("collectivite/x", "territoire/x", "territoire/y"))


@dataclass(frozen=True)
class Thing:
    """A thing as the ladder wants it."""

    iri: str
    cls: str
    names: tuple[str, ...]
    said: dict[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def types(self) -> tuple[str, ...]:
        return (self.cls,)


DOUBS = Thing(PLACE, CLASSES["departement"], ("Doubs",), {INSEE: ("25",), REGION: (f"{BASE}id/territoire/bfc",)})
BODY = Thing(COUNCIL, INSTITUTION, ("Conseil départemental du Doubs",), {TERRITORY: (PLACE,)})


def meant(ladder: Ladder, name: str, **said: str) -> str | None:
    """The one thing that a name means."""
    given = {{"siren": SIREN, "region": REGION, "insee": INSEE}[key]: [value] for key, value in said.items()}
    return next((judged.iri for judged in ladder.judge(name, None, given) if judged.match), None)


def judged(theirs: str, judgement: str = SAME) -> Judgement:
    return Judgement("identity", COUNCIL.removeprefix(BASE), theirs, judgement, "Jeanne", "2026-01-01")


def test_an_institution_and_its_territory_are_two() -> None:
    ladder = Ladder([BODY, DOUBS])
    assert meant(ladder, "Doubs") == PLACE
    assert meant(ladder, "Département du Doubs") == COUNCIL
    assert meant(ladder, "Conseil départemental du Doubs") == COUNCIL
    assert meant(Ladder([DOUBS]), "Conseil départemental du Doubs") is None


def test_what_people_judged_gives_a_code() -> None:
    assert meant(Ladder([BODY]), "222500019") is None
    assert meant(Ladder([BODY], [judged("siren:222500019")]), "222500019") == COUNCIL
    assert meant(Ladder([BODY], [judged("siren:222500019", DIFFERENT)]), "222500019") is None
    # "CD25" is the council of the département of that number.
    assert meant(Ladder([BODY, DOUBS], [judged("insee:departement:25")]), "CD25") == COUNCIL


def test_a_siren_says_who_is_meant_whatever_has_the_name() -> None:
    body = Thing(COUNCIL, INSTITUTION, ("Plaine Commune",), {SIREN: ("200057867",), TERRITORY: (PLACE,)})
    other = Thing(f"{BASE}id/structure/z", f"{BASE}onto#Structure", ("Autre",), {SIREN: ("246700488",)})
    place = Thing(PLACE, CLASSES["epci"], ("Plaine Commune",))
    ladder = Ladder([body, place, other])
    assert meant(ladder, "Plaine Commune", siren="200 057 867") == COUNCIL
    assert meant(ladder, "Plaine Commune", siren="246700488") is None


def test_places_that_the_graph_does_not_hold() -> None:
    town = Thing(TOWN, CLASSES["commune"], ("Saint-Denis",), {INSEE: ("93066",)})
    elsewhere = [
        Unit("commune:97411", "commune", (Name("Saint-Denis"),), insee="97411", departements=("974",), regions=("04",)),
        Unit("commune:93066", "commune", (Name("Saint-Denis"),), insee="93066", departements=("93",)),
        Unit("departement:93", "departement", (Name("Seine-Saint-Denis"),), departements=("93",), regions=("11",)),
        Unit("region:11", "region", (Name("Île-de-France"),), insee="11", regions=("11",)),
    ]  # fmt: skip
    assert meant(Ladder([town]), "Saint-Denis") == TOWN
    ladder = Ladder([town], (), elsewhere)
    assert meant(ladder, "Saint-Denis") is None
    assert meant(ladder, "Saint-Denis", region="Île-de-France") == TOWN
    assert meant(ladder, "Saint-Denis (Seine-Saint-Denis)") == TOWN
    assert meant(ladder, "Seine-Saint-Denis") is None


@pytest.mark.parametrize("people", ["beaucoup", "1e999", "", "nan", "-3"])
def test_data_that_make_no_sense_are_no_accident(people: str) -> None:
    """Any RDF may be served: two authorities that are each other's territory, people that are no number."""
    first = Thing(COUNCIL, INSTITUTION, ("Un",), {TERRITORY: (PLACE,), POPULATION: (people,)})
    second = Thing(PLACE, INSTITUTION, ("Deux", "Deux bis"), {TERRITORY: (COUNCIL, "urn:gone"), REGION: ("urn:gone",)})
    assert meant(Ladder([first, second]), "Un") == COUNCIL
