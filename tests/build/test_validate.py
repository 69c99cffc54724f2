"""What a curator gets from a validation: the right findings, in a stable order, with words that help."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from rdflib import BNode, Graph, Literal, URIRef
from rdflib.compare import isomorphic
from rdflib.namespace import RDF, SKOS
from rdflib.term import Node

from ess_graph.build import validate as module
from ess_graph.build.validate import Report, load_shapes, validate
from ess_graph.errors import InvalidData
from ess_graph.vocab import ESS, ID, SH

ROOT = Path(__file__).parents[2]

PREFIXES = """
@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix s: <https://w3id.org/ess-graph/shapes/test/> .
@prefix id: <https://w3id.org/ess-graph/id/> .
@prefix ess: <https://w3id.org/ess-graph/onto#> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix org: <http://www.w3.org/ns/org#> .
@prefix schema: <https://schema.org/> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
"""

SHAPES = """
s:structure a sh:NodeShape ; sh:targetClass ess:Structure ; sh:property s:nom , s:siren .
s:nom a sh:PropertyShape ; sh:path skos:prefLabel ; sh:minCount 1 ; sh:severity sh:Violation ;
  sh:message "Sans nom : ajoutez skos:prefLabel."@fr , "No name: add skos:prefLabel."@en .
s:siren a sh:PropertyShape ; sh:path ess:siren ; sh:pattern "^[0-9]{9}$" ; sh:severity sh:Warning ;
  sh:message "Neuf chiffres."@fr , "Nine digits."@en .
"""

DATA = """
<https://w3id.org/ess-graph/id/structure/a> a ess:Structure .
<https://w3id.org/ess-graph/id/structure/b> a ess:Structure ; skos:prefLabel "Bâtir"@fr , "Build"@en ;
  ess:siren "12 3" .
<https://w3id.org/ess-graph/id/structure/c> a ess:Structure .
"""


def turtle(text: str) -> Graph:
    return Graph().parse(data=PREFIXES + text, format="turtle")


def where(node: Node) -> str | None:
    return "data/fiches/b.trig" if node.endswith("/b") else "data/registre.trig"  # type: ignore[attr-defined]


@pytest.fixture
def report() -> Report:
    return validate(turtle(DATA), turtle(SHAPES), where)


def test_findings_say_what_where_and_how_to_mend(report: Report) -> None:
    first, second, last = report.findings
    assert (first.severity, first.focus, first.path) == ("Violation", ID["structure/a"], "skos:prefLabel")
    assert (first.value, first.label, first.where) == (None, None, "data/registre.trig")
    assert first.messages == {"fr": "Sans nom : ajoutez skos:prefLabel.", "en": "No name: add skos:prefLabel."}
    assert second.focus == ID["structure/c"]
    assert (last.severity, last.label, last.value) == ("Warning", "Bâtir", Literal("12 3"))
    assert last.constraint == SH.PatternConstraintComponent
    assert last.shape == URIRef("https://w3id.org/ess-graph/shapes/test/siren")


def test_only_a_violation_stops_a_release(report: Report) -> None:
    assert not report.conforms
    assert report.counts() == {"Violation": 2, "Warning": 1, "Info": 0}
    data = DATA.replace("a ess:Structure .", 'a ess:Structure ; skos:prefLabel "X"@fr .')
    named = validate(turtle(data), turtle(SHAPES))
    assert named.conforms
    assert [f.severity for f in named.findings] == ["Warning"]


def test_order_does_not_depend_on_the_run(report: Report) -> None:
    again = validate(turtle(DATA), turtle(SHAPES), where)
    assert again.findings == report.findings


def test_text_groups_by_file_and_names_things(report: Report) -> None:
    assert report.text("fr") == (
        "2 erreurs, 1 avertissement. Les données ne peuvent pas être publiées.\n"
        "\n"
        "data/fiches/b.trig : 1 avertissement\n"
        "  AVERTISSEMENT Neuf chiffres.\n"
        "    (règle <shapes/test/siren>, ess:siren)\n"
        "    - Bâtir <id/structure/b>, valeur : 12 3\n"
        "\n"
        "data/registre.trig : 2 erreurs\n"
        "  ERREUR Sans nom : ajoutez skos:prefLabel.\n"
        "    (règle <shapes/test/nom>, skos:prefLabel)\n"
        "    - <id/structure/a>\n"
        "    - <id/structure/c>\n"
    )
    assert report.text("en").startswith("2 errors, 1 warning. The data cannot be published.\n")
    assert report.text("de") == report.text("fr")


def test_text_without_findings() -> None:
    report = validate(turtle(""), turtle(SHAPES))
    assert report.conforms
    assert report.text() == "Rien à signaler.\n"
    assert report.text("en") == "Nothing to report.\n"


def test_json_is_plain_values(report: Report) -> None:
    read = json.loads(json.dumps(report.as_json()))
    assert read["conforms"] is False
    assert read["counts"]["Warning"] == 1
    assert read["findings"][2] == {
        "severity": "Warning",
        "where": "data/fiches/b.trig",
        "focus": "https://w3id.org/ess-graph/id/structure/b",
        "label": "Bâtir",
        "path": "ess:siren",
        "value": "12 3",
        "messages": {"fr": "Neuf chiffres.", "en": "Nine digits."},
        "shape": "https://w3id.org/ess-graph/shapes/test/siren",
        "constraint": "http://www.w3.org/ns/shacl#PatternConstraintComponent",
    }


def test_turtle_is_the_w3c_report(report: Report) -> None:
    read = Graph().parse(data=report.turtle(), format="turtle")
    assert isomorphic(read, report.graph)
    assert len(set(read.objects(None, SH.result))) == 3


def test_turtle_can_be_read_even_with_a_wrong_boolean() -> None:
    shapes = turtle("s:x a sh:PropertyShape ; sh:targetSubjectsOf ess:siren ; sh:path ess:siren ; sh:nodeKind sh:IRI .")
    report = validate(turtle('id:a ess:siren "none"^^xsd:boolean .'), shapes)
    read = Graph().parse(data=report.turtle(), format="turtle")
    assert [str(value) for value in read.objects(None, SH.value)] == ["none"]


def test_the_callers_graphs_are_left_alone() -> None:
    data, shapes = turtle(DATA), turtle(SHAPES)
    validate(data, shapes)
    assert isomorphic(data, turtle(DATA))
    assert isomorphic(shapes, turtle(SHAPES))


def test_long_and_hostile_values_stay_on_their_line() -> None:
    data = Graph().add((ID["structure/x"], RDF.type, ESS.Structure))
    data.add((ID["structure/x"], SKOS.prefLabel, Literal("X", lang="fr")))
    data.add((ID["structure/x"], ESS.siren, Literal("a\nb\x1b[31m" + "9" * 500)))
    lines = validate(data, turtle(SHAPES)).text().splitlines()
    assert "\x1b" not in "".join(lines)
    assert lines[-1].startswith("    - X <id/structure/x>, valeur : a b")
    assert len(lines[-1]) < 200


def test_shapes_without_words_of_ours_still_report() -> None:
    shapes = turtle("[] sh:targetClass ess:Structure ; sh:property [ sh:path skos:prefLabel ; sh:minCount 1 ] .")
    finding = validate(turtle(DATA), shapes).findings[0]
    assert isinstance(finding.shape, BNode)
    assert "Less than 1 values" in finding.message("fr")


def test_a_text_at_fault_is_kept_even_when_empty_or_zero() -> None:
    shapes = turtle("s:x a sh:NodeShape ; sh:targetObjectsOf ess:siren ; sh:nodeKind sh:IRI .")
    report = validate(turtle('id:a ess:siren "" , 0 .'), shapes)
    assert sorted(str(f.focus) for f in report.findings) == ["", "0"]


def test_a_severity_of_someone_else_is_shown_as_it_is() -> None:
    shapes = turtle("s:x a sh:NodeShape ; sh:targetClass ess:Structure ; sh:severity s:Grave ; sh:maxLength 1 .")
    report = validate(turtle(DATA), shapes)
    assert report.conforms
    assert "HTTPS://W3ID.ORG/ESS-GRAPH/SHAPES/TEST/GRAVE" in report.text()


def test_a_blank_thing_can_be_at_fault() -> None:
    report = validate(turtle("[] a ess:Structure ."), turtle(SHAPES))
    assert "    - []\n" in report.text()


def test_messages_of_a_sparql_constraint_keep_their_language() -> None:
    shapes = turtle("""s:x a sh:NodeShape ; sh:targetClass ess:Structure ; sh:message "Non."@fr , "No."@en ;
      sh:sparql [ sh:select "SELECT $this WHERE { $this a ?any }" ] .""")
    assert validate(turtle(DATA), shapes).findings[0].messages == {"fr": "Non.", "en": "No."}


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("( [ sh:inversePath org:member ] org:organization )", "^org:member/org:organization"),
        ("[ sh:alternativePath ( skos:prefLabel <urn:x> ) ]", "skos:prefLabel|<urn:x>"),
        ("[ sh:oneOrMorePath ess:partDe ]", "ess:partDe+"),
        ("[ sh:zeroOrMorePath ess:partDe ]", "ess:partDe*"),
        ("( [ sh:zeroOrOnePath ess:partDe ] ess:siren )", "(ess:partDe?)/ess:siren"),
        ("( [ sh:alternativePath ( ess:siren ess:partDe ) ] ess:siren )", "(ess:siren|ess:partDe)/ess:siren"),
        ("[ sh:inversePath ( ess:siren ess:partDe ) ]", "^(ess:siren/ess:partDe)"),
    ],
)
def test_paths_are_written_as_in_sparql(path: str, text: str) -> None:
    shapes = turtle(f"s:x a sh:PropertyShape ; sh:targetClass ess:Structure ; sh:path {path} ; sh:minCount 9 .")
    assert {f.path for f in validate(turtle(DATA), shapes).findings} == {text}


@pytest.mark.parametrize(
    "shapes",
    [
        "s:x a sh:PropertyShape ; sh:targetClass ess:Structure ; sh:minCount 1 .",
        's:x a sh:PropertyShape ; sh:targetClass ess:Structure ; sh:path ess:siren ; sh:minCount "un" .',
        's:x a sh:NodeShape ; sh:targetClass ess:Structure ; sh:sparql [ sh:select "SELECT nothing" ] .',
        's:x a sh:NodeShape ; sh:targetClass ess:Structure ; sh:pattern "[" .',
    ],
)
def test_malformed_shapes_are_refused_with_a_sentence(shapes: str) -> None:
    with pytest.raises(InvalidData, match="The shapes cannot be applied, mend them first: "):
        validate(turtle(DATA), turtle(shapes))


def test_batching_changes_no_result(monkeypatch: pytest.MonkeyPatch) -> None:
    shapes = """
    s:shared a sh:PropertyShape ; sh:path skos:prefLabel ; sh:minCount 2 .
    s:one a sh:NodeShape ; sh:targetClass ess:Structure ; sh:property s:shared , s:alone .
    s:two a sh:NodeShape ; sh:targetSubjectsOf ess:siren ; sh:property s:shared .
    s:alone a sh:PropertyShape ; sh:path ess:siren ; sh:minCount 1 .
    s:off a sh:NodeShape ; sh:targetClass ess:Structure ; sh:deactivated true ; sh:property s:never .
    s:never a sh:PropertyShape ; sh:path ess:siren ; sh:maxCount 0 .
    s:used a sh:NodeShape ; sh:targetSubjectsOf ess:siren ; sh:property s:inner .
    s:inner a sh:PropertyShape ; sh:path schema:name ; sh:minCount 1 .
    s:user a sh:NodeShape ; sh:targetClass ess:Structure ; sh:node s:used .
    s:path sh:targetClass ess:Structure ; sh:path skos:prefLabel ; sh:property s:of-value .
    s:of-value a sh:PropertyShape ; sh:path schema:sameAs ; sh:minCount 1 .
    s:siblings a sh:NodeShape ; sh:targetClass ess:Structure ; sh:property s:first , s:second .
    s:first sh:path skos:prefLabel ; sh:qualifiedValueShape [ sh:minLength 1 ] ; sh:qualifiedMinCount 1 ;
      sh:qualifiedValueShapesDisjoint true .
    s:second sh:path skos:prefLabel ; sh:qualifiedValueShape [ sh:minLength 2 ] ; sh:qualifiedMinCount 1 ;
      sh:qualifiedValueShapesDisjoint true .
    ess:Structure a sh:NodeShape , <http://www.w3.org/2000/01/rdf-schema#Class> ; sh:targetSubjectsOf schema:name ;
      sh:property s:implicit .
    s:implicit a sh:PropertyShape ; sh:path schema:email ; sh:minCount 1 .
    """
    batched = validate(turtle(DATA), turtle(shapes))
    monkeypatch.setattr(module, "_batched", lambda shapes: shapes)
    plain = validate(turtle(DATA), turtle(shapes))
    assert batched.findings == plain.findings
    assert len(plain.findings) > 12


def test_load_shapes_leaves_the_display_shapes_out(tmp_path: Path) -> None:
    (tmp_path / "core.ttl").write_text(PREFIXES + SHAPES, encoding="utf-8")
    (tmp_path / "display.ttl").write_text(PREFIXES + "s:page a sh:NodeShape .", encoding="utf-8")
    assert isomorphic(load_shapes(tmp_path), turtle(SHAPES))


def test_load_shapes_says_what_is_wrong(tmp_path: Path) -> None:
    with pytest.raises(InvalidData, match="There are no shapes in"):
        load_shapes(tmp_path)
    (tmp_path / "core.ttl").write_text("s:x a", encoding="utf-8")
    with pytest.raises(InvalidData, match=r"core\.ttl is not valid Turtle"):
        load_shapes(tmp_path)
