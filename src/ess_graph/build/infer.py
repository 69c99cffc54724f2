"""What follows from the data: the OWL RL closure without its noise, then the rules OWL cannot say."""

from __future__ import annotations

import re
from pathlib import Path

import owlrl
from rdflib import Graph, Literal, URIRef
from rdflib.namespace import OWL, RDF, RDFS
from rdflib.plugins.sparql import prepareQuery
from rdflib.term import Node

from ess_graph.vocab import BASE, ESS

_WORDS = re.compile(r"^# (fr|en): (.+)$", re.MULTILINE)
_ENTITIES = (BASE + "id/", BASE + "source/")


def infer(asserted: Graph, axioms: Graph, rules: Path) -> Graph:
    """New triples only.

    Args:
        asserted: every asserted triple.
        axioms: the ontology and the restated axioms.
        rules: folder of ``*.rq``, one CONSTRUCT each, run over asserted and inferred triples.
    """
    derived = _closure(_fertile(asserted, axioms), axioms) + _superclasses(asserted, axioms)
    ruled = Graph()
    known = asserted + derived
    for path in sorted(rules.glob("*.rq")):
        for triple in known.query(path.read_text(encoding="utf-8")).graph or ():
            # A text in the place of a thing (data that no shape has seen) is no subject of anything.
            if not isinstance(triple[0], Literal):
                ruled.add(triple)
    # What a rule says has consequences of its own (a sub-property, an inverse).
    derived += ruled + _closure(ruled, axioms)
    return derived - asserted


def in_words(rules: Path) -> list[tuple[str, str, str]]:
    """Predicate that each rule derives, language, and the rule in words (its ``# fr:`` and ``# en:`` lines)."""
    found = []
    for path in sorted(rules.glob("*.rq")):
        text = path.read_text(encoding="utf-8")
        derived = prepareQuery(text).algebra.template
        for _, predicate, _ in derived or ():
            found += [(str(predicate), lang, words) for lang, words in _WORDS.findall(text)]
    return found


def _fertile(asserted: Graph, axioms: Graph) -> Graph:
    """The triples from which something can follow: those whose predicate an axiom mentions, and types.

    Labels, figures and attestations are nine triples in ten; left in, they would only make the closure slow.
    """
    mentioned = {RDF.type, *axioms.objects(None, OWL.onProperty), *axioms.objects(None, OWL.inverseOf)}
    for axiom in (RDFS.subPropertyOf, RDFS.domain, RDFS.range, OWL.inverseOf, OWL.equivalentProperty):
        mentioned.update(axioms.subjects(axiom))
    for kind in (OWL.SymmetricProperty, OWL.TransitiveProperty):
        mentioned.update(axioms.subjects(RDF.type, kind))
    found = Graph()
    for subject, predicate, value in asserted:
        if predicate in mentioned and value != ESS.Attestation:
            found.add((subject, predicate, value))
    return found


def _superclasses(asserted: Graph, axioms: Graph) -> Graph:
    """Types of attestations, which are too many for the closure and have no other consequence."""
    found = Graph()
    above = [c for c in axioms.transitive_objects(ESS.Attestation, RDFS.subClassOf) if c is not None]
    for node in asserted.subjects(RDF.type, ESS.Attestation):
        for kind in above:
            found.add((node, RDF.type, kind))
    return found - asserted


def _closure(asserted: Graph, axioms: Graph) -> Graph:
    graph = asserted + axioms
    owlrl.DeductiveClosure(
        owlrl.OWLRL_Semantics, rdfs_closure=False, axiomatic_triples=False, datatype_axioms=False
    ).expand(graph)
    classes = set(axioms.subjects(RDF.type, OWL.Class))
    kept = Graph()
    for subject, predicate, value in graph:
        if _worth_keeping(subject, predicate, value, classes) and (subject, predicate, value) not in asserted:
            kept.add((subject, predicate, value))
    return kept


def _worth_keeping(subject: Node, predicate: Node, value: Node, classes: set[Node]) -> bool:
    """Whether a triple of the closure tells something about an entity of ours."""
    if not (isinstance(subject, URIRef) and str(subject).startswith(_ENTITIES)):
        return False
    if subject == value or predicate in (OWL.sameAs, OWL.differentFrom):
        return False
    if predicate == RDF.type:
        return value in classes
    return True
