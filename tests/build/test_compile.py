"""Display shapes become queries: the text is held by a golden file, what it finds by both engines."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from rdflib import Graph, Literal, URIRef
from rdflib.namespace import ORG, RDF, RDFS, SKOS
from rdflib.plugins.sparql import prepareQuery

from ess_graph.build.compile import Display, compile_display, path_text, write
from ess_graph.engine.base import Engine, Quad
from ess_graph.engine.local import LocalBackend
from ess_graph.engine.text import with_value
from ess_graph.errors import InvalidData
from ess_graph.vocab import ESS, ID, PREFIXES, REGISTRE, SH, SOURCE
from rdflib_twin import Twin

CASES = Path(__file__).parents[1] / "cases" / "display"
SHAPES = (CASES / "tiny.ttl").read_text(encoding="utf-8")

RECORD = SOURCE["doc#fiche"]
BODY, OTHER, MANDATE, PERSON = ID["structure/a"], ID["structure/b"], ID["mandat/m"], ID["personne/p"]
QUADS: list[Quad] = [
    (BODY, RDF.type, ESS.Structure, REGISTRE),
    (BODY, SKOS.altLabel, Literal("A", lang="fr"), REGISTRE),
    (BODY, SKOS.altLabel, Literal("A", lang="fr"), RECORD),
    (BODY, ESS.soutient, OTHER, RECORD),
    (BODY, ESS.territoire, ID["territoire/t"], RECORD),
    (OTHER, ESS.portePar, BODY, RECORD),
    (MANDATE, RDF.type, ESS.Mandat, RECORD),
    (MANDATE, ORG.organization, BODY, RECORD),
    (MANDATE, ORG.member, PERSON, RECORD),
    (MANDATE, ESS.intitule, Literal("Vice-présidente", lang="fr"), RECORD),
    (ID["fonction/f"], RDF.type, ESS.Fonction, RECORD),
    (ID["fonction/f"], ORG.organization, BODY, RECORD),
]


def shapes(text: str = SHAPES) -> Graph:
    return Graph().parse(data=text, format="turtle")


def only(text: str = SHAPES) -> Display:
    _, (display,) = compile_display(shapes(text), Graph())
    return display


@pytest.fixture(params=["local", "twin"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Engine:
    if request.param == "twin":
        return Twin(QUADS)
    LocalBackend().create(tmp_path / "store", QUADS)
    return LocalBackend().open(tmp_path / "store")


def test_the_text_is_the_golden_one() -> None:
    """A change of the text is meant: read it, then copy it to tests/cases/display/Structure.rq."""
    assert only().query == (CASES / "Structure.rq").read_text(encoding="utf-8")


def test_two_compilations_agree() -> None:
    assert only() == only()


def test_blocks_stand_in_the_order_of_their_groups() -> None:
    groups, (display,) = compile_display(shapes(), Graph())
    assert list(groups) == ["identite", "personnes"]
    assert [(b.key, b.group, b.viewer) for b in display.blocks] == [
        ("noms", "identite", "long"),
        ("elus", "personnes", "table"),
        ("lies", "personnes", "values"),
    ]
    assert [column.key for column in display.blocks[1].columns] == ["son_titre", "ou"]
    assert display.blocks[1].name.en == "Elected"


def test_it_finds_every_fact_and_cell_and_the_rest(engine: Engine) -> None:
    found = engine.rows(only().query, {"entity": BODY})
    facts = {(str(r["block"]), r["value"], str(r.get("column", "")), r.get("cell"), r.get("graph")) for r in found}
    assert facts == {
        ("noms", Literal("A", lang="fr"), "", None, REGISTRE),
        ("noms", Literal("A", lang="fr"), "", None, RECORD),
        ("elus", MANDATE, "", None, RECORD),
        ("elus", MANDATE, "son_titre", Literal("Vice-présidente", lang="fr"), None),
        ("elus", MANDATE, "ou", MANDATE, None),
        ("lies", OTHER, "", None, None),
        ("rest", OTHER, "out", ESS.soutient, RECORD),
        ("rest", ID["territoire/t"], "out", ESS.territoire, RECORD),
        ("rest", OTHER, "in", ESS.portePar, RECORD),
        # The block of mandates covers no other kind of membership.
        ("rest", ID["fonction/f"], "in", ORG.organization, RECORD),
    }


def test_what_people_see_runs_as_it_is(engine: Engine) -> None:
    seen = {key: engine.rows(with_value(query, "entity", BODY)) for key, query in only().see.items()}
    assert {key: len(rows) for key, rows in seen.items()} == {"noms": 1, "elus": 1, "lies": 1}
    (row,) = seen["elus"]
    assert seen["elus"].names == ("value", "son_titre", "ou")
    assert str(row["son_titre"]) == "Vice-présidente"


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("org:member", "<http://www.w3.org/ns/org#member>"),
        ("[ sh:inversePath ess:porte ]", f"^<{ESS.porte}>"),
        ("( ess:porte ess:partie )", f"<{ESS.porte}>/<{ESS.partie}>"),
        ("[ sh:alternativePath ( ess:porte ess:partie ) ]", f"(<{ESS.porte}>|<{ESS.partie}>)"),
        (
            "( [ sh:inversePath ess:porte ] [ sh:alternativePath ( ess:partie ess:objet ) ] )",
            f"^<{ESS.porte}>/(<{ESS.partie}>|<{ESS.objet}>)",
        ),
    ],
)
def test_paths(path: str, expected: str) -> None:
    prefixes = "".join(f"@prefix {p}: <{iri}> .\n" for p, iri in PREFIXES.items())
    graph = Graph().parse(data=f"{prefixes} <x:a> sh:path {path} .", format="turtle")
    assert path_text(graph, graph.value(URIRef("x:a"), SH.path)) == expected


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (lambda s: s.replace("sh:path skos:altLabel ;", ""), "path"),
        (lambda s: s.replace("sh:path skos:altLabel", "sh:path [ sh:zeroOrOnePath skos:altLabel ]"), "path"),
        (lambda s: s.replace("sh:group <group/identite> ;", ""), "group"),
        (lambda s: s.replace(' , "Other names"@en', ""), "French and one in English"),
        (lambda s: s.replace(' , "Identity"@en', ""), "French and one in English"),
    ],
)
def test_a_shape_that_cannot_be_shown_is_refused(change: Callable[[str], str], complaint: str) -> None:
    assert change(SHAPES) != SHAPES
    with pytest.raises(InvalidData, match=complaint):
        compile_display(shapes(change(SHAPES)), Graph())


def test_an_iri_cannot_break_out_of_its_brackets() -> None:
    graph = shapes()
    graph.set((URIRef("https://w3id.org/ess-graph/shapes/display/structure/noms"), SH.path, URIRef("x:> ?o } SELECT")))
    with pytest.raises(Exception, match="valid URI"):
        compile_display(graph, Graph())


def test_subclasses_come_before_their_superclasses() -> None:
    text = SHAPES + "<autre> a sh:NodeShape ; sh:targetClass ess:Mutuelle ; rdfs:label 'M'@fr , 'M'@en ."
    axioms = Graph().add((ESS.Mutuelle, RDFS.subClassOf, ESS.Structure))
    _, displays = compile_display(shapes(text), axioms)
    assert [d.target for d in displays] == [str(ESS.Mutuelle), str(ESS.Structure)]


def test_what_is_written_is_what_pages_read(tmp_path: Path) -> None:
    from ess_graph.query.display import Display as Shown

    groups, displays = compile_display(shapes(), Graph())
    write(tmp_path, groups, displays)
    shown = Shown(tmp_path)
    assert shown.groups == {
        "identite": {"fr": "Identité", "en": "Identity"},
        "personnes": {"fr": "Personnes", "en": "People"},
    }
    found = shown.for_types([str(ESS.Structure), str(ORG.Organization)])
    assert found is not None
    assert found.query == displays[0].query
    assert json.loads((tmp_path / "display.json").read_text(encoding="utf-8"))["displays"][0]["query"] == "Structure.rq"


@pytest.mark.slow
def test_every_query_of_the_project_parses(root: Path) -> None:
    axioms = Graph().parse(root / "ontology" / "ess.ttl").parse(root / "ontology" / "external.ttl")
    _, displays = compile_display(Graph().parse(root / "shapes" / "display.ttl"), axioms)
    assert displays
    for display in displays:
        prepareQuery(display.query)
        for query in display.see.values():
            prepareQuery(with_value(query, "entity", BODY))
