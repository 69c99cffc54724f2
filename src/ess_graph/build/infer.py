"""What follows from the data: the OWL RL closure without its noise, then the rules OWL cannot say."""

from __future__ import annotations

import re
from pathlib import Path

import owlrl
from rdflib import Graph, URIRef
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
    notes = _notes(asserted)
    derived = _closure(asserted - notes, axioms) + _superclasses(notes, axioms)
    ruled = Graph()
    known = asserted + derived
    for path in sorted(rules.glob("*.rq")):
        ruled += known.query(path.read_text(encoding="utf-8")).graph or Graph()
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


def _notes(asserted: Graph) -> Graph:
    """What describes attestations: half of all triples, and nothing follows from them but superclasses."""
    notes = Graph()
    for node in asserted.subjects(RDF.type, ESS.Attestation):
        notes += asserted.triples((node, None, None))
    return notes


def _superclasses(notes: Graph, axioms: Graph) -> Graph:
    found = Graph()
    for node, kind in notes.subject_objects(RDF.type):
        for above in axioms.transitive_objects(kind, RDFS.subClassOf):
            if above is not None:
                found.add((node, RDF.type, above))
    return found - notes


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
