"""Judgements: one store, a person's word against a program's, and what the build makes of it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from rdflib import URIRef

from ess_graph.build.read import read
from ess_graph.errors import InvalidData
from ess_graph.judgements import DIFFERENT, FILE, PROGRAM, SAME, UNSURE, Judgement, Judgements
from ess_graph.link.entities import Entity, link, theirs, waiting
from ess_graph.link.match import Matcher
from ess_graph.link.units import Name, Unit
from ess_graph.vocab import BASE, LIENS, SCHEMA

ROOT = Path(__file__).parents[1]
STRASBOURG = Unit(
    "commune:67482", "commune", (Name("Strasbourg"),), insee="67482", siren="216704825", departements=("67",)
)
DENIS = Unit("commune:93066", "commune", (Name("Saint-Denis"),), insee="93066", departements=("93",), population=150000)
OTHER = Unit(
    "commune:97411", "commune", (Name("Saint-Denis"),), insee="97411", departements=("974",), population=155000
)
PLACE = Entity("id/territoire/commune-strasbourg", True, ("Strasbourg",), "commune")
TOWN = Entity("id/collectivite/ville-de-strasbourg", False, ("Ville de Strasbourg",))
SAINT_DENIS = Entity("id/territoire/commune-saint-denis", True, ("Saint-Denis",), "commune")


class Lexicon:
    def entities(self) -> list[Entity]:
        return [PLACE, TOWN, SAINT_DENIS]


@pytest.fixture
def store(tmp_path: Path) -> Judgements:
    return Judgements(tmp_path / FILE)


@pytest.fixture
def matcher() -> Matcher:
    return Matcher([STRASBOURG, DENIS, OTHER])


def judged(ours: Entity, code: str, judgement: str, who: str = "Une curatrice") -> Judgement:
    return Judgement("identity", ours.iri, code, judgement, who, "2026-01-01", "lu dans le document")


def test_the_institution_has_the_siren_and_the_place_the_insee_code(store: Judgements, matcher: Matcher) -> None:
    found = {finding.entity.iri: finding for finding in link(Lexicon(), matcher, store)}
    assert {(j.ours, j.theirs) for j in store} == {
        (PLACE.iri, "insee:commune:67482"), (TOWN.iri, "siren:216704825"),
    }  # fmt: skip
    assert all(j.by_program and j.evidence for j in store)
    # An intermunicipal territory has no code of its own.
    assert theirs(Unit("epci:1", "epci", (Name("x"),), insee="1", siren="246700488"), PLACE) == ""
    assert found[SAINT_DENIS.iri].accepted is None
    assert [candidate.unit.key for _, candidate in waiting(found.values(), store)] == ["commune:97411", "commune:93066"]


def test_nothing_overturns_a_person(store: Judgements, matcher: Matcher) -> None:
    store.add(judged(PLACE, "insee:commune:67482", DIFFERENT))
    store.add(judged(TOWN, "siren:216704825", UNSURE))
    store.add(judged(SAINT_DENIS, "insee:commune:93066", SAME))
    found = {finding.entity.iri: finding for finding in link(Lexicon(), matcher, store)}
    assert found[PLACE.iri].accepted is None and found[TOWN.iri].accepted is None
    assert found[SAINT_DENIS.iri].accepted == DENIS
    assert not any(judgement.by_program for judgement in store)
    assert not store.add(judged(PLACE, "insee:commune:67482", SAME, f"{PROGRAM}x"))
    # Another person, or the same one later, may.
    assert store.add(judged(PLACE, "insee:commune:67482", SAME, "Un autre curateur"))


def test_what_a_program_no_longer_says_is_forgotten(store: Judgements, matcher: Matcher) -> None:
    store.add(judged(PLACE, "insee:commune:00000", SAME, f"{PROGRAM}ess-graph link"))
    store.add(judged(TOWN, "siren:216704825", SAME, f"{PROGRAM}ess-graph link"))
    list(link(Lexicon(), matcher, store))
    assert store.about(PLACE.iri, "insee:commune:00000") is None
    # What it still says keeps its day, so that linking again changes nothing.
    kept = store.about(TOWN.iri, "siren:216704825")
    assert kept is not None and kept.when == "2026-01-01"
    with pytest.raises(ValueError, match="curatrice"):
        store.drop(judged(PLACE, "x", SAME))


def test_the_store_is_written_whole_and_read_back(store: Judgements, tmp_path: Path) -> None:
    hostile = Judgement("identity", "id/structure/é", "https://example.org/a,b", SAME, 'A "B"', "2026-01-01", "=1\n;é")
    store.add(hostile)
    store.add(judged(PLACE, "insee:commune:67482", SAME))
    store.write()
    assert list(Judgements(tmp_path / FILE)) == list(store) and hostile in list(store)
    assert not list(tmp_path.rglob("*.new"))


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ("identity,id/a,b,maybe,x,2026,", "no judgement"),
        ("identity,id/a,b,same,,2026,", "who is empty"),
        ("identity,id/a,b,same,x", "cells"),
        ("identity,id/a,b,same,x,2026,,,", "cells"),
    ],
)
def test_a_malformed_row_is_refused_with_its_line(row: str, why: str, tmp_path: Path) -> None:
    path = tmp_path / "judgements.csv"
    path.write_text(f"matter,ours,theirs,judgement,who,when,evidence\n{row}\n", encoding="utf-8")
    with pytest.raises(InvalidData, match=rf"line 2.*{why}"):
        Judgements(path)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A small project with one institution, and its official extract."""
    root = tmp_path / "project"
    for folder in ("ontology", "shapes", "rules"):
        shutil.copytree(ROOT / folder, root / folder)
    (root / "data").mkdir()
    (root / "data" / "registre.trig").write_text(
        f"@base <{BASE}> . @prefix ess: <{BASE}onto#> . @prefix skos: <http://www.w3.org/2004/02/skos/core#> .\n"
        "<graph/registre> { <id/collectivite/a> a ess:Collectivite ; skos:prefLabel 'A'@fr . }\n",
        encoding="utf-8",
    )
    return root


def say(root: Path, *judgements: Judgement) -> None:
    store = Judgements(root / FILE)
    for judgement in judgements:
        store.add(judgement)
    store.write()


A = Entity("id/collectivite/a", False, ("A",))


def test_accepted_identities_become_links_and_proposals_do_not(project: Path) -> None:
    say(
        project,
        judged(A, "https://example.org/entity/1", SAME),
        judged(A, "https://example.org/entity/2", UNSURE),
        judged(A, "https://example.org/entity/3", DIFFERENT),
        judged(A, "siren:246700488", SAME),
    )
    links = set(read(project).data.graph(LIENS))
    assert links == {(URIRef(BASE + A.iri), SCHEMA.sameAs, URIRef("https://example.org/entity/1"))}


def test_a_code_stands_only_on_a_judgement(project: Path) -> None:
    folder = project / "data" / "opendata"
    folder.mkdir()
    (folder / "x.trig").write_text(
        f"@base <{BASE}> . @prefix ess: <{BASE}onto#> .\n"
        "<graph/opendata/x> { <id/collectivite/a> ess:siren '246700488' . }\n",
        encoding="utf-8",
    )
    with pytest.raises(InvalidData, match="246700488"):
        read(project)
    say(project, judged(A, "siren:246700488", DIFFERENT))
    with pytest.raises(InvalidData, match="ess-graph link"):
        read(project)
    say(project, judged(A, "siren:246700488", SAME))
    assert read(project).data


def test_a_judgement_about_nothing_is_refused(project: Path) -> None:
    say(project, judged(Entity("id/collectivite/b", False, ("B",)), "https://example.org/1", SAME))
    with pytest.raises(InvalidData, match="id/collectivite/b"):
        read(project)


def test_former_bodies_of_the_project_have_no_code_of_today() -> None:
    graph = read(ROOT).merged()
    for iri in (
        "id/collectivite/region-alsace",
        "id/collectivite/conseil-general-du-bas-rhin",
        "id/territoire/region-alsace",
    ):
        assert not [p for p in graph.predicates(URIRef(BASE + iri)) if str(p).endswith(("siren", "codeINSEE"))], iri
