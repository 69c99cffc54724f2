"""Inference: the reference closure without its noise, and the rules."""

from __future__ import annotations

from pathlib import Path

import pytest
from rdflib import Graph
from rdflib.namespace import ORG, OWL, RDF
from rdflib.term import Node

from ess_graph.build.infer import _closure, in_words, infer
from ess_graph.build.read import Project, read
from ess_graph.vocab import ESS, iri


@pytest.fixture
def project(petit: Path) -> Project:
    return read(petit)


@pytest.fixture
def derived(project: Project, petit: Path) -> Graph:
    return infer(project.merged(), project.axioms, petit / "rules")


def of(graph: Graph, predicate: Node) -> set[tuple[str, str]]:
    """Last segments of the subjects and objects of a predicate."""
    return {(str(s).rpartition("/")[2], str(o).rpartition("/")[2]) for s, o in graph.subject_objects(predicate)}


def test_whoever_holds_a_mandate_is_an_elu_and_nobody_else(derived: Graph) -> None:
    assert set(derived.subjects(RDF.type, ESS.Elu)) == {iri("id/personne/ada-exemple")}


def test_partners_are_two_distinct_parties_both_ways(derived: Graph) -> None:
    assert of(derived, ESS.partenaireDe) == {
        ("ville-de-petitbourg", "cress-du-pays"),
        ("cress-du-pays", "ville-de-petitbourg"),
    }
    assert of(derived, ORG.linkedTo) >= of(derived, ESS.partenaireDe)


def test_a_scheme_supports_what_runs_under_it_but_not_what_is_planned(derived: Graph) -> None:
    assert of(derived, ESS.soutenuPar) == {("projet-en-cours", "ville-de-petitbourg")}
    assert of(derived, ESS.soutient) == {("ville-de-petitbourg", "projet-en-cours")}


def test_roles_are_parties(derived: Graph) -> None:
    assert {party for _, party in of(derived, ESS.partie)} == {"ville-de-petitbourg", "cress-du-pays"}


def test_no_noise(derived: Graph, project: Project) -> None:
    asserted = project.merged()
    assert not [t for t in derived if t in asserted]
    assert not [t for t in derived if t[0] == t[2] or t[1] in (OWL.sameAs, OWL.differentFrom)]


def closure_of(project: Project) -> Graph:
    """The closure over everything, without the shortcut."""
    return _closure(project.merged(), project.axioms)


def test_the_shortcut_loses_nothing_of_the_reference_closure(project: Project, derived: Graph) -> None:
    reference = closure_of(project)
    assert len(reference) > 50
    assert not reference - derived


@pytest.mark.slow
def test_nor_does_it_on_the_real_data(root: Path) -> None:
    project = read(root)
    derived = infer(project.merged(), project.axioms, root / "rules")
    assert not closure_of(project) - derived


def test_every_rule_says_in_both_languages_what_it_derives(root: Path) -> None:
    said = in_words(root / "rules")
    assert len(said) == 2 * len(list((root / "rules").glob("*.rq")))
    assert {lang for _, lang, _ in said} == {"fr", "en"}
    assert {predicate for predicate, _, _ in said} >= {str(ESS.partenaireDe), str(ESS.soutenuPar)}
