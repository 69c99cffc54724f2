"""The ontology keeps its promises: declared, labelled, cautious; its inferences type nothing by surprise."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest
from rdflib import Graph, URIRef
from rdflib.namespace import DCTERMS, FOAF, ORG, OWL, RDF, RDFS, SH, SKOS
from rdflib.term import Literal, Node

from ess_graph import terms
from ess_graph.build.infer import infer
from ess_graph.vocab import BASE, ESS, IGEO, SCHEMA, VOC

ROOT = Path(__file__).parents[1]
ESS_TTL = ROOT / "ontology" / "ess.ttl"
EXTERNAL_TTL = ROOT / "ontology" / "external.ttl"
RULES = ROOT / "rules"

USES = (
    "data/**/*.trig",
    "shapes/*.ttl",
    "rules/*.rq",
    "src/**/*.rq",
    "tests/competency/*.rq",
    "ontology/voc/*.ttl",
    "ontology/alignments/*.ttl",
)
QUERY_TEXTS = (SH.select, SH.ask, SH.construct)
ID = re.compile(rf"{re.escape(BASE)}id/([^/#?]+)/([^/#?]+)")


def files(pattern: str) -> list[Path]:
    """Files of the project; finding none is a failure, never a silent pass."""
    found = sorted(ROOT.glob(pattern))
    assert found, f"no file matches {pattern}"
    return found


@cache
def graph(*paths: Path) -> Graph:
    merged = Graph()
    for path in paths:
        merged.parse(path, format="turtle")
    return merged


@cache
def quads(path: Path) -> tuple[terms.Quad, ...]:
    """As the build reads them: rdflib's own TriG reader warns of itself, and warnings are errors here."""
    return tuple(terms.quads(path))


@cache
def data() -> Graph:
    """Every triple of ``data/``, once."""
    merged = Graph()
    for path in files("data/**/*.trig"):
        for subject, predicate, value, _ in quads(path):
            merged.add((subject, predicate, value))
    return merged


def axioms() -> Graph:
    return graph(ESS_TTL, EXTERNAL_TTL)


def own_terms() -> set[URIRef]:
    return {s for s in graph(ESS_TTL).subjects(RDF.type) if isinstance(s, URIRef) and s.startswith(str(ESS))}


def own_classes() -> set[URIRef]:
    return {term for term in own_terms() if (term, RDF.type, OWL.Class) in graph(ESS_TTL)}


def own_properties() -> set[URIRef]:
    return own_terms() - own_classes()


def terms_of_text(text: str) -> set[URIRef]:
    """Terms of ours in a query, whichever way they are written."""
    names = re.findall(r"(?<![\w-])ess:([A-Za-z]\w*)", text) + re.findall(rf"<{re.escape(str(ESS))}(\w+)>", text)
    return {ESS[name] for name in names}


def terms_of(path: Path) -> set[URIRef]:
    if path.suffix == ".rq":
        return terms_of_text(path.read_text(encoding="utf-8"))
    used: set[URIRef] = set()
    for quad in quads(path):
        used |= {term for term in quad if isinstance(term, URIRef) and term.startswith(str(ESS))}
        if quad[1] in QUERY_TEXTS:
            used |= terms_of_text(str(quad[2]))
    return used


def languages(source: Graph, term: Node, *predicates: URIRef) -> set[str | None]:
    return {
        value.language
        for predicate in predicates
        for value in source.objects(term, predicate)
        if isinstance(value, Literal) and str(value).strip()
    }


def types(source: Graph, thing: Node) -> set[Node]:
    return set(source.objects(thing, RDF.type))


def ancestors(kind: Node) -> set[Node]:
    return {c for c in axioms().transitive_objects(kind, RDFS.subClassOf) if c is not None}


def turtle(text: str) -> Graph:
    prefixes = f"""
        @base <{BASE}> . @prefix ess: <{ESS}> . @prefix schema: <{SCHEMA}> . @prefix igeo: <{IGEO}> .
        @prefix org: <{ORG}> . @prefix foaf: <{FOAF}> . @prefix dcterms: <{DCTERMS}> .
    """
    return Graph().parse(data=prefixes + text, format="turtle")


def local(path: str) -> URIRef:
    return URIRef(BASE + path)


# Declared and labelled


@pytest.mark.parametrize("pattern", USES)
def test_every_term_used_is_declared(pattern: str) -> None:
    unknown = {(path.name, str(term)) for path in files(pattern) for term in terms_of(path) - own_terms()}
    assert not unknown


def test_there_are_twenty_classes() -> None:
    assert len(own_classes()) == 20


def test_every_own_term_is_explained_in_both_languages() -> None:
    source = graph(ESS_TTL)
    for term in sorted(own_terms()):
        assert languages(source, term, RDFS.label) == {"fr", "en"}, term
        assert languages(source, term, RDFS.comment) == {"fr", "en"}, term
        assert list(source.objects(term, RDFS.isDefinedBy)) == [local("onto")], term
        assert languages(source, term, SKOS.example), term
        assert types(source, term) & {OWL.Class, OWL.ObjectProperty, OWL.DatatypeProperty}, term


def test_every_reused_term_is_labelled_in_both_languages() -> None:
    source = graph(EXTERNAL_TTL)
    for term in sorted({s for s in source.subjects() if isinstance(s, URIRef)}):
        assert languages(source, term, RDFS.label) == {"fr", "en"}, term


def test_every_concept_is_labelled_in_both_languages() -> None:
    for path in files("ontology/voc/*.ttl"):
        source = graph(path)
        declared = {s for kind in (SKOS.Concept, SKOS.ConceptScheme) for s in source.subjects(RDF.type, kind)}
        # Whatever is described under /voc/ is declared: a forgotten type would hide a forgotten label.
        declared |= {s for s in source.subjects() if isinstance(s, URIRef) and s.startswith(str(VOC))}
        assert declared, path
        for term in declared:
            assert languages(source, term, SKOS.prefLabel, RDFS.label, DCTERMS.title) >= {"fr", "en"}, term


def test_every_property_and_class_of_the_data_has_a_label_to_show() -> None:
    used = set(data().predicates()) | set(data().objects(None, RDF.type))
    unlabelled = {str(term) for term in used if not languages(axioms(), term, RDFS.label) >= {"fr", "en"}}
    assert not unlabelled


# Cautious


def test_properties_have_at_most_one_domain_and_one_range() -> None:
    for term in own_properties():
        for predicate in (RDFS.domain, RDFS.range):
            assert len(list(axioms().objects(term, predicate))) <= 1, (term, predicate)


def test_inverses_and_superproperties_are_declared() -> None:
    for term in own_properties():
        for predicate in (OWL.inverseOf, RDFS.subPropertyOf):
            for value in graph(ESS_TTL).objects(term, predicate):
                assert types(axioms(), value) or languages(axioms(), value, RDFS.label), (term, value)


@pytest.mark.parametrize("path", sorted((ROOT / "ontology").rglob("*.ttl")), ids=lambda path: path.name)
def test_no_axiom_that_merges_counts_or_imports(path: Path) -> None:
    source = graph(path)
    forbidden_kinds = {OWL.FunctionalProperty, OWL.InverseFunctionalProperty}
    forbidden = {OWL.imports, OWL.sameAs, OWL.hasKey, OWL.propertyChainAxiom}
    counts = {p for p in source.predicates() if str(p).lower().endswith("cardinality")}
    assert not forbidden_kinds & set(source.objects(None, RDF.type))
    assert not forbidden & set(source.predicates())
    assert not counts


def test_reused_vocabularies_get_no_domain_and_no_range() -> None:
    assert not {p for p in graph(EXTERNAL_TTL).predicates() if p in (RDFS.domain, RDFS.range)}


def test_alignments_only_say_close_match() -> None:
    for path in files("ontology/alignments/*.ttl"):
        for subject, predicate, value in graph(path):
            assert predicate == SKOS.closeMatch
            assert subject in own_terms()
            assert isinstance(value, URIRef)
            assert not value.startswith(BASE)


def test_version_is_the_same_everywhere() -> None:
    header = local("onto")
    version = str(graph(ESS_TTL).value(header, OWL.versionInfo))
    assert graph(ESS_TTL).value(header, OWL.versionIRI) == local(f"onto/{version}")


# Inference: small cases


def surprises(asserted: Graph, inferred: Graph) -> set[tuple[str, str]]:
    """Inferred types beyond superclasses of what a thing was said to be, ess:Elu and the place that a territory is."""
    holders = {p for mandate in asserted.subjects(RDF.type, ESS.Mandat) for p in asserted.objects(mandate, ORG.member)}
    found = set()
    for thing in set(inferred.subjects(RDF.type)):
        expected = {c for kind in types(asserted, thing) for c in ancestors(kind)}
        if thing in holders:
            expected |= ancestors(ESS.Elu)
        if (thing, RDF.type, SCHEMA.Place) in asserted:
            expected.add(DCTERMS.Location)
        found |= {(str(thing), str(kind)) for kind in types(inferred, thing) - expected}
    return found


CASE = """
    <id/territoire/france> a igeo:Pays .
    <id/territoire/region-a> a igeo:Region ; igeo:subdivisionDe <id/territoire/france> .
    <id/territoire/departement-b> a igeo:Departement ; igeo:subdivisionDe <id/territoire/region-a> .
    <id/territoire/commune-c> a igeo:Commune ; igeo:subdivisionDe <id/territoire/departement-b> .
    <id/territoire/lieu-d> a schema:Place .
    <id/collectivite/a> a ess:Collectivite ; ess:territoire <id/territoire/region-a> .
    <id/service/a--ess> a org:OrganizationalUnit ; org:unitOf <id/collectivite/a> .
    <id/structure/s> a ess:Structure ; ess:territoire <id/territoire/lieu-d> ; ess:siren "123456789" .
    <id/structure/t> a ess:Structure .
    <id/groupe/g> a ess:Groupe .
    <id/personne/elue> a foaf:Person .
    <id/personne/agent> a foaf:Person .
    <id/mandat/m> a ess:Mandat ; org:member <id/personne/elue> ; org:organization <id/collectivite/a> ;
      ess:intitule "Conseillère"@fr .
    <id/fonction/f> a ess:Fonction ; org:member <id/personne/agent> ; org:organization <id/collectivite/a> ;
      ess:service <id/service/a--ess> .
    <id/adhesion/d> a ess:Adhesion ; org:member <id/collectivite/a> ; org:organization <id/structure/s> .
    <id/convention/c> a ess:Convention ; ess:financeur <id/collectivite/a> ; ess:beneficiaire <id/structure/s> ;
      ess:objet <id/dispositif/p> .
    <id/orientation/o> a ess:Orientation ; ess:portePar <id/collectivite/a> ; ess:misEnOeuvrePar <id/structure/s> ;
      ess:statut <voc/statut/objectif> .
    <id/dispositif/p> a ess:Dispositif ; ess:portePar <id/collectivite/a> .
    <id/programme/q> a ess:Programme ; ess:portePar <id/collectivite/a> .
    <id/action/faite> a ess:Action ; ess:dansLeCadreDe <id/dispositif/p> ; ess:partie <id/structure/s> , <id/groupe/g> .
    <id/action/prevue> a ess:Action ; ess:dansLeCadreDe <id/dispositif/p> ; ess:statut <voc/statut/prevu> .
    <id/action/prevision> a ess:Action ; ess:dansLeCadreDe <id/dispositif/p> ; ess:statut <voc/statut/previsionnel> .
    <id/action/visee> a ess:Action ; ess:dansLeCadreDe <id/dispositif/p> ; ess:statut <voc/statut/objectif> .
    <id/action/en-cours> a ess:Action ; ess:dansLeCadreDe <id/dispositif/p> ; ess:statut <voc/statut/en-cours> .
    <id/action/programme> a ess:Action ; ess:dansLeCadreDe <id/programme/q> .
    <id/action/ecrite> a ess:Action ; ess:soutenuPar <id/structure/t> ; ess:portePar <id/personne/agent> .
    <id/evenement/e> a ess:Evenement ; ess:partie <id/structure/t> ; dcterms:isPartOf <id/action/faite> .
    <id/chiffre/x> a ess:Chiffre ; ess:partDe <id/chiffre/y> ; ess:precision <voc/precision/exact> .
    <id/chiffre/y> a ess:Chiffre ; ess:contredit <id/chiffre/z> .
    <id/chiffre/z> a ess:Chiffre .
"""


@pytest.fixture(scope="module")
def case() -> Graph:
    return turtle(CASE)


@pytest.fixture(scope="module")
def derived(case: Graph) -> Graph:
    return infer(case, axioms(), RULES)


def test_inference_types_nothing_by_surprise(case: Graph, derived: Graph) -> None:
    assert not surprises(case, derived)


def test_a_region_never_becomes_a_commune(derived: Graph) -> None:
    region = local("id/territoire/region-a")
    assert types(derived, region) == {IGEO.TerritoireAdministratif, IGEO.PaysOuTerritoire, DCTERMS.Location}
    assert (region, IGEO.subdivisionDe, region) not in derived
    assert (local("id/territoire/commune-c"), IGEO.subdivisionDe, local("id/territoire/france")) in derived
    assert (region, IGEO.subdivision, local("id/territoire/commune-c")) in derived


def test_a_structure_never_becomes_a_collectivite(derived: Graph) -> None:
    assert types(derived, local("id/structure/s")) == {ORG.Organization, FOAF.Agent}
    assert types(derived, local("id/groupe/g")) == {ORG.Organization, FOAF.Agent}


def test_only_holders_of_a_mandate_are_elected(derived: Graph) -> None:
    assert set(derived.subjects(RDF.type, ESS.Elu)) == {local("id/personne/elue")}
    assert types(derived, local("id/personne/agent")) == {FOAF.Agent}


def test_an_orientation_an_action_or_an_event_never_becomes_a_partnership(derived: Graph) -> None:
    assert set(derived.subjects(RDF.type, ESS.Partenariat)) == {local("id/convention/c")}
    assert not types(derived, local("id/orientation/o"))


def test_a_role_is_a_part_and_an_inverse_is_followed(derived: Graph) -> None:
    assert (local("id/convention/c"), ESS.partie, local("id/structure/s")) in derived
    assert (local("id/collectivite/a"), ESS.porte, local("id/dispositif/p")) in derived
    assert (local("id/collectivite/a"), ORG.hasUnit, local("id/service/a--ess")) in derived
    assert (local("id/personne/elue"), ORG.hasMembership, local("id/mandat/m")) in derived
    assert (local("id/chiffre/z"), ESS.contredit, local("id/chiffre/y")) in derived
    assert (local("id/mandat/m"), RDFS.label, Literal("Conseillère", lang="fr")) in derived


def test_partners_are_the_distinct_parties_of_a_partnership(derived: Graph) -> None:
    a, s = local("id/collectivite/a"), local("id/structure/s")
    assert set(derived.subject_objects(ESS.partenaireDe)) == {(a, s), (s, a)}
    assert (a, ORG.linkedTo, s) in derived


def test_a_scheme_supports_what_is_not_merely_planned(derived: Graph) -> None:
    a, done, running = local("id/collectivite/a"), local("id/action/faite"), local("id/action/en-cours")
    assert set(derived.subject_objects(ESS.soutenuPar)) == {(done, a), (running, a)}
    assert set(derived.subject_objects(ESS.soutient)) == {
        (a, done),
        (a, running),
        (local("id/structure/t"), local("id/action/ecrite")),
    }


def test_nothing_follows_twice(case: Graph, derived: Graph) -> None:
    assert not len(infer(case + derived, axioms(), RULES))


@pytest.mark.parametrize("path", sorted(RULES.glob("*.rq")), ids=lambda path: path.name)
def test_a_rule_has_a_title_and_an_explanation_for_pages(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    assert re.match(r"# \S", lines[0])
    assert [line for line in lines if line.startswith("# fr: ")]
    assert [line for line in lines if line.startswith("# en: ")]


# Inference: the whole data


@pytest.mark.slow
def test_the_closure_of_the_data_types_nothing_by_surprise() -> None:
    assert not surprises(data(), infer(data(), axioms(), RULES))


# Identifiers


@cache
def identifier_rows() -> list[tuple[set[str], set[str], str]]:
    """Rows of docs/identifiers.md: prefixed classes, first segments after ``/id/``, example."""
    rows = []
    for line in (ROOT / "docs" / "identifiers.md").read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("| `") and len(cells) == 3:
            rows.append(
                (set(re.findall(r"`(\w+:\w+)`", cells[0])), set(re.findall(r"/id/([a-z]+)/", cells[1])), cells[2])
            )
    return rows


def class_name(term: Node) -> str:
    return axioms().namespace_manager.qname(str(term))


def test_identifiers_list_every_class_once() -> None:
    listed = [name for names, _, _ in identifier_rows() for name in names]
    assert len(listed) == len(set(listed))
    assert {class_name(term) for term in own_classes()} <= set(listed)


def test_first_segments_are_unique() -> None:
    segments = [segment for _, row, _ in identifier_rows() for segment in row]
    assert segments
    assert len(segments) == len(set(segments))


def test_examples_follow_their_pattern() -> None:
    for _, segments, example in identifier_rows():
        assert set(re.findall(r"/id/([a-z]+)/", example)) == segments


def test_identifiers_of_the_data_are_listed_and_say_the_class() -> None:
    classes_of = {segment: names for names, segments, _ in identifier_rows() for segment in segments}
    every_class = {name for names, _, _ in identifier_rows() for name in names}
    mistakes = set()
    for term in {t for triple in data() for t in triple if isinstance(t, URIRef) and t.startswith(BASE + "id/")}:
        match = ID.fullmatch(term)
        if not match or match[1] not in classes_of or not re.fullmatch(r"[A-Za-z0-9-]+", match[2]):
            mistakes.add(str(term))
        else:
            stated = {class_name(kind) for kind in types(data(), term)} & every_class
            mistakes |= {f"{term} is {name}" for name in stated - classes_of[match[1]]}
    assert not mistakes
