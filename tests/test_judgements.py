"""Judgements: one store, a person's word against a program's, and what the build makes of it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from rdflib import Literal, URIRef

from ess_graph.build.read import read
from ess_graph.decisions import Overtaken
from ess_graph.engine.base import Engine
from ess_graph.errors import InvalidData
from ess_graph.judgements import (
    DIFFERENT,
    FILE,
    PROGRAM,
    SAME,
    UNSURE,
    Judgement,
    Judgements,
    by_person,
)
from ess_graph.link.entities import Entity, link, theirs
from ess_graph.link.match import Matcher
from ess_graph.link.propose import cases
from ess_graph.link.units import Name, Unit
from ess_graph.proposals import Proposals, waiting
from ess_graph.vocab import BASE, ESS, LIENS, SCHEMA

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
    [(case, candidates)] = waiting(cases(found.values(), store, matcher.names.units), store)
    assert case.ours == SAINT_DENIS.iri
    assert [candidate.theirs for candidate in candidates] == ["insee:commune:97411", "insee:commune:93066"]


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


def test_a_decision_supersedes_another_and_none_is_deleted(store: Judgements, tmp_path: Path) -> None:
    first, second = (
        judged(PLACE, "insee:commune:67482", SAME),
        judged(PLACE, "insee:commune:67482", DIFFERENT, "Un autre"),
    )
    store.add(judged(PLACE, "insee:commune:67482", SAME, f"{PROGRAM}x"))
    store.add(first)
    store.add(second)
    store.add(second)
    store.write()
    again = Judgements(tmp_path / FILE)
    assert again.history(PLACE.iri, "insee:commune:67482") == [first, second]
    assert list(again) == [second] and len(again) == 1
    assert (tmp_path / FILE).read_text(encoding="utf-8").count("insee:commune:67482") == 2


def test_two_writers_of_one_file_lose_nothing(store: Judgements, tmp_path: Path) -> None:
    """The terminal holds its judgements for as long as somebody reviews; the site writes meanwhile."""
    terminal = Judgements(tmp_path / FILE)
    terminal.add(judged(TOWN, "siren:216704825", SAME, f"{PROGRAM}x"))
    terminal.add(judged(SAINT_DENIS, "insee:commune:93066", SAME))
    store.decide(judged(PLACE, "insee:commune:67482", SAME), "")
    store.decide(judged(TOWN, "siren:216704825", DIFFERENT), "")
    terminal.write()
    kept = {(j.theirs, j.judgement) for j in Judgements(tmp_path / FILE)}
    assert kept == {
        ("insee:commune:67482", SAME), ("insee:commune:93066", SAME), ("siren:216704825", DIFFERENT),
    }  # fmt: skip
    assert {j.theirs for j in terminal} == {theirs for theirs, _ in kept}


def test_who_decides_says_what_they_have_seen(store: Judgements, tmp_path: Path) -> None:
    store.decide(judged(PLACE, "insee:commune:67482", SAME), "")
    with pytest.raises(Overtaken):
        Judgements(tmp_path / FILE).decide(judged(PLACE, "insee:commune:67482", DIFFERENT, "Un autre"), "")
    [known] = Judgements(tmp_path / FILE)
    assert known.judgement == SAME
    Judgements(tmp_path / FILE).decide(judged(PLACE, "insee:commune:67482", DIFFERENT, "Un autre"), known.mark)
    assert [j.judgement for j in Judgements(tmp_path / FILE).history(PLACE.iri, "insee:commune:67482")] == [
        SAME, DIFFERENT,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("judgement", "who", "note", "wrong"),
    [
        ("maybe", "Jeanne", "", "judgement"),
        (SAME, " \u200b ", "", "who"),
        (SAME, f" {PROGRAM}ess-graph link", "", "who"),
        (SAME, "J" * 81, "", "long"),
        (SAME, "Jeanne", "x" * 1001, "long"),
    ],
)
def test_what_is_no_decision_of_a_person(judgement: str, who: str, note: str, wrong: str) -> None:
    with pytest.raises(InvalidData, match=f"^{wrong}$"):
        by_person("id/a", "siren:1", judgement, who, note)


def test_words_of_a_decision_fit_in_a_row() -> None:
    said = by_person("id/a", "siren:1", SAME, " Jeanne\u202e\x1b[2J ", "une\r\nligne,\tdeux")
    assert (said.who, said.evidence) == ("Jeanne [2J", "une ligne, deux")


def test_proposals_are_read_as_they_were_written(store: Judgements, matcher: Matcher, tmp_path: Path) -> None:
    found = cases(link(Lexicon(), matcher, store), store, matcher.names.units)
    made = Proposals("2026-01-01", ("Un fichier (2026)",), found)
    made.write(tmp_path)
    assert Proposals.read(tmp_path) == made and made.cases
    assert Proposals.read(tmp_path / "nowhere") == Proposals()
    (tmp_path / "proposals.json").write_text('{"made": 1', encoding="utf-8")
    with pytest.raises(InvalidData, match="ess-graph link"):
        Proposals.read(tmp_path)


def test_a_thing_that_is_elsewhere_may_still_need_its_code(store: Judgements, matcher: Matcher) -> None:
    found = cases(link(Lexicon(), matcher, store), store, matcher.names.units)
    store.add(judged(SAINT_DENIS, "https://example.org/entity/1", SAME))
    assert [case.ours for case, _ in waiting(found, store)] == [SAINT_DENIS.iri]
    store.add(judged(SAINT_DENIS, "insee:commune:93066", SAME))
    assert waiting(found, store) == []


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
    say(project, judged(A, "siren:246700488", SAME))
    assert (None, ESS.siren, Literal("246700488")) in read(project).merged()
    # Decided anew since the extract was written: nothing of it is published, and the build goes on.
    say(project, judged(A, "siren:246700488", DIFFERENT))
    assert (None, ESS.siren, None) not in read(project).merged()


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


def test_every_commune_with_a_code_lies_in_a_region(engine: Engine) -> None:
    """Also where its département is no thing of the graph: what took place in a region is found by its territory."""
    outside = engine.rows(
        "SELECT ?commune { ?commune a igeo:Commune ; igeo:codeINSEE ?code"
        " FILTER NOT EXISTS { ?commune igeo:subdivisionDe/a igeo:Region } }"
    )
    assert [row["commune"] for row in outside] == []
    assert engine.ask("ASK { <id/territoire/commune-troyes> igeo:subdivisionDe <id/territoire/region-grand-est> }")
