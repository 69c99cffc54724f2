"""Each shape against its cases: tests/cases/shapes/{file}.ttl says what it must find, and nothing else.

A case file is Turtle cut into blocks by comments: ``# valid NAME`` (the shape and what it owns find nothing)
or ``# invalid NAME`` followed by one comment per finding: focus, constraint, path (``-`` for none). sh:equals
reports each side of a difference, so twice.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import pytest
from rdflib import BNode, Graph, Literal, URIRef
from rdflib.namespace import OWL, RDF, RDFS
from rdflib.term import Node

from ess_graph.build.validate import Report, load_shapes, validate
from ess_graph.vocab import BASE, ESS, SCHEMA, SH

ROOT = Path(__file__).parents[2]
FILES = ("core", "recommended", "vocabularies", "sources", "coherence")
CASES = ROOT / "tests" / "cases" / "shapes"
TARGETS = (SH.targetClass, SH.targetNode, SH.targetSubjectsOf, SH.targetObjectsOf)
# What says something about a constraint, or goes with another parameter, without being one.
NOT_CONSTRAINTS = {SH.property, SH.path, SH.severity, SH.message, SH.name, SH.qualifiedValueShape, *TARGETS, RDF.type}

Found = tuple[str, str, str]


@dataclass(frozen=True)
class Case:
    """Data for one shape; ``expected`` is empty for valid data."""

    shape: URIRef
    valid: bool
    turtle: str = field(repr=False)
    expected: tuple[Found, ...] = ()


@cache
def shapes() -> Graph:
    return load_shapes(ROOT / "shapes")


@cache
def hierarchy() -> Graph:
    """The subclass axioms, which validation gets with the data."""
    axioms = Graph()
    for name in ("ess.ttl", "external.ttl"):
        source = Graph().parse(ROOT / "ontology" / name)
        for triple in source.triples((None, RDFS.subClassOf, None)):
            axioms.add(triple)
    return axioms


def read_cases(name: str) -> list[Case]:
    head, *blocks = re.split(r"(?m)^# (?=(?:in)?valid )", (CASES / f"{name}.ttl").read_text(encoding="utf-8"))
    head = "".join(line + "\n" for line in head.splitlines() if line.startswith("@"))
    cases = []
    for block in blocks:
        title, _, body = block.partition("\n")
        verdict, _, shape = title.partition(" ")
        lines = re.findall(r"(?m)^#   (\S+) (\S+) (\S+)$", body)
        cases.append(
            Case(
                shape=URIRef(f"{BASE}shapes/{name}/{shape.partition(':')[2]}"),
                valid=verdict == "valid",
                turtle=head + body,
                expected=tuple(sorted((_focus(focus), constraint, path) for focus, constraint, path in lines)),
            )
        )
    return cases


def _focus(text: str) -> str:
    return BASE + text[1:-1] if text.startswith("<") and "://" not in text else text.strip('<>"')


ALL = [case for name in FILES for case in read_cases(name)]


def owners(shape: Node) -> list[Node]:
    return list(shapes().subjects(SH.property, shape))


def alone(shape: URIRef, with_properties: bool) -> Graph:
    """The shapes graph reduced to one shape and what it needs; a property shape keeps its owners' targets."""
    part = Graph()

    def copy(node: Node) -> None:
        for s, p, o in shapes().triples((node, None, None)):
            if p == SH.property and isinstance(o, URIRef) and not with_properties:
                continue
            if (s, p, o) in part:
                continue
            part.add((s, p, o))
            if isinstance(o, BNode) or ((o, None, None) in shapes() and o not in owners(node)):
                copy(o)

    copy(shape)
    for owner in owners(shape):
        part.add((owner, SH.property, shape))
        for predicate in TARGETS:
            for target in shapes().objects(owner, predicate):
                part.add((owner, predicate, target))
    return part


def run(case: Case) -> Report:
    data = Graph().parse(data=case.turtle, format="turtle")
    for triple in hierarchy():
        data.add(triple)
    return validate(data, alone(case.shape, with_properties=case.valid))


def found(report: Report) -> list[Found]:
    def text(node: Node) -> str:
        return "_" if isinstance(node, BNode) else str(node)

    return sorted(
        (text(f.focus), str(f.constraint).rpartition("#")[2].removesuffix("ConstraintComponent"), f.path or "-")
        for f in report.findings
    )


@pytest.mark.parametrize("case", ALL, ids=lambda c: f"{'valid' if c.valid else 'invalid'}-{c.shape.removeprefix(BASE)}")
def test_case(case: Case) -> None:
    report = run(case)
    assert tuple(found(report)) == case.expected
    assert case.valid != bool(case.expected), "an invalid case lists what must be found, a valid one nothing"
    severity = shapes().value(case.shape, SH.severity)
    for finding in report.findings:
        assert finding.shape == case.shape
        assert finding.severity == str(severity).rpartition("#")[2]
        assert set(finding.messages) == {"fr", "en"}


def constraints(shape: Node) -> set[str]:
    """The constraints a shape states, by the name of their component."""
    parameters = {p for p in shapes().predicates(shape) if p not in NOT_CONSTRAINTS and str(p) in SH}
    names = {str(p).rpartition("#")[2] for p in parameters}
    return {"SPARQL" if name == "sparql" else name[0].upper() + name[1:] for name in names}


def named() -> list[URIRef]:
    """Shapes that find something: those used only through sh:node are covered by the shapes that use them."""
    return sorted(
        shape
        for kind in (SH.NodeShape, SH.PropertyShape)
        for shape in shapes().subjects(RDF.type, kind)
        if isinstance(shape, URIRef)
        and constraints(shape)
        and (owners(shape) or any((shape, t, None) in shapes() for t in TARGETS))
    )


def test_every_constraint_has_its_cases() -> None:
    valid = {case.shape for case in ALL if case.valid}
    invalid: dict[Node, set[str]] = defaultdict(set)
    for case in ALL:
        invalid[case.shape] |= {constraint for _, constraint, _ in case.expected}
    missing = [f"{shape}: no valid case" for shape in named() if not valid & {shape, *owners(shape)}]
    missing += [
        f"{shape}: no invalid case for {name}" for shape in named() for name in constraints(shape) - invalid[shape]
    ]
    assert not missing, "\n".join(missing)


def test_every_case_is_of_a_shape_of_its_file() -> None:
    assert {case.shape for case in ALL} <= set(shapes().subjects(RDF.type, None))


@pytest.mark.parametrize("name", FILES)
def test_shapes_are_written_for_a_curator(name: str) -> None:
    graph = Graph().parse(ROOT / "shapes" / f"{name}.ttl")
    wrong = []
    for kind in (SH.NodeShape, SH.PropertyShape):
        for shape in graph.subjects(RDF.type, kind):
            if not isinstance(shape, URIRef) or not shape.startswith(f"{BASE}shapes/{name}/"):
                wrong.append(f"{shape} is not an IRI under shapes/{name}/")
            if shape not in named():
                continue
            for predicate in (SH.message, SH.name):
                texts = [o for o in graph.objects(shape, predicate) if isinstance(o, Literal)]
                if sorted(t.language or "" for t in texts) != ["en", "fr"]:
                    wrong.append(f"{shape} needs one {predicate} in French and one in English")
            if list(graph.objects(shape, SH.severity))[:2] not in ([SH.Violation], [SH.Warning], [SH.Info]):
                wrong.append(f"{shape} needs a severity: Violation, Warning or Info")
    for owner, shape in graph.subject_objects(SH.property):
        if isinstance(owner, URIRef) and not isinstance(shape, URIRef) and owner in named():
            wrong.append(f"{owner} owns a property shape without an IRI")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(("shape", "term"), [("cadre", "dansLeCadreDe"), ("origine", "issuDe"), ("objet", "objet")])
def test_expected_kinds_are_those_of_the_ontology(shape: str, term: str) -> None:
    ontology = Graph().parse(ROOT / "ontology" / "ess.ttl")
    options = shapes().value(URIRef(f"{BASE}shapes/coherence/{shape}"), SH["or"])
    assert options is not None
    accepted = {shapes().value(option, SH["class"]) for option in shapes().items(options)}
    assert accepted == set(ontology.objects(ESS[term], SCHEMA.rangeIncludes))


def test_no_class_of_the_ontology_escapes() -> None:
    ontology = Graph().parse(ROOT / "ontology" / "ess.ttl")
    targets = set(shapes().objects(URIRef(f"{BASE}shapes/core/noeud-nomme"), SH.targetClass))
    classes = set(ontology.subjects(RDF.type, OWL.Class))
    assert classes
    assert [c for c in classes if not targets & set(hierarchy().transitive_objects(c, RDFS.subClassOf))] == []
