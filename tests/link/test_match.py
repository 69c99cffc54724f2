"""The matching ladder over an extract of the national registry: lists of names, and one case for each rule."""

from __future__ import annotations

import csv
import importlib.util
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest

from ess_graph.link.decoupage import facts
from ess_graph.link.match import Matcher
from ess_graph.link.registry import NAMES, Registry, Source
from ess_graph.link.units import Query, Unit

ROOT = Path(__file__).parents[2]
LISTS = ROOT / "tests" / "cases" / "linking"
EXTRACT = ROOT / "tests" / "cases" / "opendata" / "decoupage-administratif-2026"


@pytest.fixture(scope="module")
def units(tmp_path_factory: pytest.TempPathFactory) -> list[Unit]:
    registry = Registry(tmp_path_factory.mktemp("registry"))
    registry.write(Source("decoupage-administratif", "2026", "", "", "", "", "", "extract"), facts(EXTRACT))
    return registry.units(ROOT / name for name in NAMES)


@pytest.fixture(scope="module")
def matcher(units: list[Unit]) -> Matcher:
    return Matcher(units)


@pytest.fixture(scope="module")
def evaluation() -> ModuleType:
    path = ROOT / "bench" / "linking" / "evaluate.py"
    spec = importlib.util.spec_from_file_location("linking_evaluation", path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_every_authority_of_the_documents_is_linked_and_nothing_else(matcher: Matcher, evaluation: ModuleType) -> None:
    score = evaluation.evaluate(matcher, LISTS / "documents.csv")
    assert not score.wrong
    assert score.linked == score.meant > 70 and score.none == score.nothing > 20


def test_what_is_no_authority_of_today_has_no_match(matcher: Matcher, evaluation: ModuleType) -> None:
    score = evaluation.evaluate(matcher, LISTS / "none.csv")
    assert not score.wrong and score.none == score.nothing >= 150


def test_names_as_people_write_them(matcher: Matcher, evaluation: ModuleType, tmp_path: Path) -> None:
    known = set(matcher.names.units)
    with (LISTS / "perturbed.csv").open(encoding="utf-8", newline="") as handle:
        rows = [row for row in csv.DictReader(handle) if set(row["expected"].split()) <= known]
    assert len(rows) >= 200
    small = tmp_path / "small.csv"
    with small.open("w", encoding="utf-8", newline="") as handle:
        table = csv.DictWriter(handle, rows[0])
        table.writeheader()
        table.writerows(rows)
    score = evaluation.evaluate(matcher, small)
    assert score.figures()["precision"] >= 0.995, score.wrong
    assert score.figures()["recall@1"] >= 0.95, score.wrong


def outcome(matcher: Matcher, name: str, **more: object) -> tuple[str, str]:
    found = matcher.match(replace(Query(name), **more))  # type: ignore[arg-type]
    return found.decision, found.candidates[0].unit.key if found.candidates else ""


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("Saint-Denis (93)", "commune:93066"),
        ("Saint-Denis, Seine-Saint-Denis", "commune:93066"),
        ("St Denis, Réunion", "commune:97411"),
        ("93200 Saint-Denis", "commune:93066"),
        ("Saint-Claude dans le Jura", "commune:39478"),
        ("Strasbourg Cedex", "commune:67482"),
        ("Mulhouse Alsace Agglomération (m2A)", "epci:200066009"),
        ("Métropole de Clermont-Ferrand", "epci:246300701"),
        ("Métropole de Montpellier", "epci:243400017"),
        ("CD 54", "departement:54"),
        ("CG08", "departement:08"),
        ("Seine-Inférieure", "departement:76"),
        ("PACA", "region:93"),
        ("Région Centre", "region:24"),
        ("246700488", "epci:246700488"),
        ("SIREN 246 700 488", "epci:246700488"),
    ],
)
def test_links(matcher: Matcher, name: str, key: str) -> None:
    assert outcome(matcher, name) == ("link", key)


@pytest.mark.parametrize("name", ["Saint-Denis", "La Rochelle", "Valence", "Paris", "Guadeloupe"])
def test_namesakes_are_left_to_a_person(matcher: Matcher, name: str) -> None:
    assert outcome(matcher, name)[0] == "review"


@pytest.mark.parametrize(
    ("given", "decision"),
    [
        ({"departement": "93"}, "link"),
        ({"departement": "Seine-Saint-Denis"}, "link"),
        ({"postcode": "93200"}, "link"),
        ({"departement": "54"}, "none"),
        ({}, "review"),
    ],
)
def test_the_departement_decides_between_namesakes(matcher: Matcher, given: dict[str, str], decision: str) -> None:
    assert outcome(matcher, "Saint-Denis", family="commune", **given)[0] == decision


def test_population_is_evidence(matcher: Matcher) -> None:
    paris = {unit.key: unit for unit in matcher.names.units.values()}["commune:75056"]
    near = matcher.match(Query("Ville de Paris", population=paris.population))
    assert near.decision == "link" and any("within 10 %" in said for said in near.candidates[0].evidence)
    assert matcher.match(Query("Ville de Paris", population=12)).decision == "review"


def test_a_former_body_keeps_its_identity(matcher: Matcher) -> None:
    for name in ("Région Alsace", "Conseil général du Bas-Rhin", "Marseille Provence Métropole"):
        found = matcher.match(Query(name))
        assert found.decision == "none" and "ended on" in found.reason
    # The territory is still there, and the word of today leaves a doubt.
    assert outcome(matcher, "Bas-Rhin") == ("link", "departement:67")
    assert outcome(matcher, "Conseil départemental du Bas-Rhin") == ("review", "departement:67")


def test_a_former_name_of_the_same_body_links(matcher: Matcher) -> None:
    assert outcome(matcher, "Communauté urbaine de Strasbourg") == ("link", "epci:246700488")
    # A part of a new commune was a body of its own.
    assert outcome(matcher, "Briey") == ("review", "commune:54099")


def test_codes_are_believed_where_the_name_agrees(matcher: Matcher) -> None:
    assert outcome(matcher, "Strasbourg", insee="67482") == ("link", "commune:67482")
    assert outcome(matcher, "Nevers", insee="67482")[0] == "review"
    assert outcome(matcher, "Strasbourg (la métropole)", siren="246700488") == ("link", "epci:246700488")
    # Five digits alone may be a postcode; a wrong check digit is no SIREN.
    assert outcome(matcher, "67482")[0] == "review"
    assert outcome(matcher, "67000") == ("none", "")
    assert outcome(matcher, "246700489") == ("none", "")


def test_the_kind_that_is_asked_for_is_kept_to(matcher: Matcher) -> None:
    assert outcome(matcher, "Dijon", family="epci") == ("link", "epci:242100410")
    assert outcome(matcher, "Dijon") == ("link", "commune:21231")
    assert outcome(matcher, "Ville de Dijon", family="departement") == ("none", "")


def test_names_of_one_thing_are_taken_together(matcher: Matcher) -> None:
    one = matcher.match(Query("Strasbourg Eurométropole", ("CUS", "Eurométropole", "Communauté urbaine")))
    assert one.decision == "link" and one.best is not None and one.best.key == "epci:246700488"
    two = matcher.match(Query("Ville de Nevers", ("Ville de Strasbourg",)))
    assert two.decision == "review"


@pytest.mark.parametrize(
    "name", ["", " ", "()", "((((", "-", "'", '"', "(" * 500, "é" * 5000, "a " * 3000, "\0", "٣٤", "%_"]
)
def test_hostile_names_are_no_match_and_no_error(matcher: Matcher, name: str) -> None:
    assert matcher.match(Query(name)).decision == "none"
