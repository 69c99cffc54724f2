"""Facts with their lines become TriG that cites them."""

from __future__ import annotations

from pathlib import Path

import pytest
from rdflib import Graph, URIRef
from rdflib.namespace import DCTERMS, PROV, RDF, SKOS

from ess_graph import turtle
from ess_graph.errors import InvalidData
from ess_graph.ingest.triples import Draft, date, fr, slug, term
from ess_graph.terms import quads
from ess_graph.vocab import ESS, iri


def graph_of(draft: Draft, tmp_path: Path) -> Graph:
    """The draft as another program reads it."""
    path = tmp_path / "draft.trig"
    path.write_text(turtle.header() + draft.trig(), encoding="utf-8")
    found = Graph()
    for subject, predicate, value, graph in quads(path):
        assert graph == draft.graph
        found.add((subject, predicate, value))
    return found


@pytest.fixture
def record() -> Draft:
    return Draft("source/doc#fiche", "doc")


def attested(graph: Graph) -> dict[tuple[object, object], set[str]]:
    """Lines by subject and predicate of each attested statement."""
    found: dict[tuple[object, object], set[str]] = {}
    for node in graph.subjects(RDF.type, ESS.Attestation):
        key = (graph.value(node, RDF.subject), graph.value(node, RDF.predicate))
        lines = {str(p).rpartition("#")[2] for p in graph.objects(node, PROV.wasDerivedFrom)}
        found[key] = found.get(key, set()) | lines
    return found


def test_a_subject_that_cites_one_passage_needs_no_attestation(record: Draft, tmp_path: Path) -> None:
    record.node("id/action/a", "L4-L6", a="ess:Action", skos_prefLabel=fr("Une action"))
    graph = graph_of(record, tmp_path)
    assert set(graph.objects(iri("id/action/a"), PROV.wasDerivedFrom)) == {iri("source/doc#L4-L6")}
    assert not attested(graph)


def test_a_subject_that_cites_several_has_one_for_each_statement(record: Draft, tmp_path: Path) -> None:
    record.node("id/action/a", "L4", a="ess:Action", skos_prefLabel=fr("Une action"))
    record.say("id/action/a", "ess:statut", "voc/statut/fait", lines="L9 L12")
    graph = graph_of(record, tmp_path)
    action = iri("id/action/a")
    assert attested(graph) == {
        (action, RDF.type): {"L4"},
        (action, SKOS.prefLabel): {"L4"},
        (action, ESS.statut): {"L9", "L12"},
    }
    assert len(set(graph.objects(action, PROV.wasDerivedFrom))) == 3


def test_values_alike_but_for_case_have_attestations_of_their_own(tmp_path: Path) -> None:
    registry = Draft("graph/registre")
    for text, lines in (("Creusot-Montceau", "doc#L1"), ("Creusot Montceau", "doc#L2")):
        registry.say("id/collectivite/c", "skos:altLabel", fr(text), lines=lines)
    nodes = set(graph_of(registry, tmp_path).subjects(RDF.type, ESS.Attestation))
    assert len(nodes) == 2


def test_a_registry_statement_without_lines_is_not_attested(tmp_path: Path) -> None:
    registry = Draft("graph/registre")
    registry.say("id/structure/a", "rdf:type", "ess:Structure")
    assert not attested(graph_of(registry, tmp_path))


def test_a_conclusion_carries_its_reason_author_and_date(tmp_path: Path) -> None:
    curation = Draft("graph/curation")
    curation.conclude(
        "id/dispositif/b", "dcterms:replaces", "id/dispositif/a",
        reason="Même objet.", lines="doc#L1 autre#L2", creator="id/structure/equipe", on="2026-11-22",
    )  # fmt: skip
    graph = graph_of(curation, tmp_path)
    (node,) = graph.subjects(RDF.type, ESS.Attestation)
    assert str(graph.value(node, DCTERMS.description)) == "Même objet."
    assert graph.value(node, DCTERMS.creator) == iri("id/structure/equipe")
    assert str(graph.value(node, DCTERMS.date)) == "2026-11-22"
    assert len(set(graph.objects(node, PROV.wasDerivedFrom))) == 2


def test_a_fact_of_a_record_needs_its_lines(record: Draft) -> None:
    with pytest.raises(InvalidData, match="needs its lines"):
        record.say("id/action/a", "ess:statut", "voc/statut/fait")


@pytest.mark.parametrize("lines", ["181", "L1-", "L-2", "l4", "doc#L1,L2"])
def test_lines_are_written_one_way(record: Draft, lines: str) -> None:
    with pytest.raises(InvalidData, match="write L181"):
        record.passages(lines)


def test_text_must_come_as_a_literal() -> None:
    with pytest.raises(InvalidData, match="is not an IRI"):
        term("Du texte")
    assert term("ess:Mandat") == ESS.Mandat
    assert term("https://example.org/x") == URIRef("https://example.org/x")


def test_partial_dates_stay_partial() -> None:
    assert [str(date(text).datatype).rpartition("#")[2] for text in ("2018", "2018-05", "2018-05-29")] == [
        "gYear", "gYearMonth", "date",
    ]  # fmt: skip
    with pytest.raises(InvalidData, match="is not a date"):
        date("mai 2018")


@pytest.mark.parametrize(
    ("text", "expected"),
    [("Élu référent", "elu-referent"), ("l’œuvre", "l-oeuvre"), ("  m2A (Mulhouse) ", "m2a-mulhouse"), ("", "")],
)
def test_slugs_are_ascii(text: str, expected: str) -> None:
    assert slug(text) == expected
