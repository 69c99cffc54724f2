"""Takes facts away: a copy of a release's quads without what rests on given lines of given documents."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

import pyoxigraph as ox
from rdflib import URIRef
from rdflib.namespace import DCTERMS, PROV, RDF
from rdflib.term import Node

from ess_graph import passages
from ess_graph.engine.base import Quad
from ess_graph.terms import to_oxigraph
from ess_graph.vocab import INFERENCES, SOURCE

#: A document by its file's name without suffix, first and last line.
Lines = tuple[str, int, int]


@dataclass
class Evidence:
    """Which passages each statement of a release rests on."""

    quads: frozenset[Quad]
    names: dict[str, str] = field(default_factory=dict)
    attested: dict[tuple[Node, Node, Node, URIRef], set[str]] = field(default_factory=lambda: defaultdict(set))
    derived: dict[tuple[Node, URIRef], set[str]] = field(default_factory=lambda: defaultdict(set))

    @classmethod
    def of(cls, quads: Iterable[Quad]) -> Evidence:
        """Read attestations and derivations once."""
        found = cls(frozenset(quads))
        said: dict[tuple[Node, URIRef], dict[Node, set[Node]]] = defaultdict(lambda: defaultdict(set))
        for s, p, o, g in found.quads:
            if p in (RDF.subject, RDF.predicate, RDF.object, PROV.wasDerivedFrom):
                said[s, g][p].add(o)
            if p == PROV.wasDerivedFrom:
                found.derived[s, g].add(str(o))
            elif p == DCTERMS.identifier:
                found.names[str(s)] = str(o)
        for (_, graph), slots in said.items():
            for subject in slots[RDF.subject]:
                for predicate in slots[RDF.predicate]:
                    for value in slots[RDF.object]:
                        cited = {str(p) for p in slots[PROV.wasDerivedFrom]}
                        found.attested[subject, predicate, value, graph] |= cited
        return found

    def rests_on(self, quad: Quad) -> set[str]:
        """Passages of a statement: its attestation's in its graph, else its subject's there."""
        subject, _, _, graph = quad
        return self.attested.get(quad) or self.derived.get((subject, graph), set())

    def overlaps(self, passage: str, lines: Iterable[Lines]) -> bool:
        """Whether a passage shares a line with one of the ranges."""
        document = passage.partition("#")[0]
        if not passage.startswith(str(SOURCE)) or "#L" not in passage or document not in self.names:
            return False
        first, last = passages.span(passage)
        name = self.names[document].removesuffix(".txt")
        return any(name == doc and first <= high and low <= last for doc, low, high in lines)

    def without(self, lines: Iterable[Lines]) -> set[Quad]:
        """Every quad but those that rest on these lines, and what was inferred between the same two terms."""
        wanted = list(lines)
        hit = {p for cited in (*self.derived.values(), *self.attested.values()) for p in cited}
        hit = {p for p in hit if self.overlaps(p, wanted)}
        gone = {q for q in self.quads if q[3] != INFERENCES and self.rests_on(q) & hit}
        left = self.quads - gone
        pairs = {frozenset((s, o)) for s, _, o, _ in gone} - {
            frozenset((s, o)) for s, _, o, g in left if g != INFERENCES and not _notes(s)
        }
        return {q for q in left if not (q[3] == INFERENCES and frozenset((q[0], q[2])) in pairs)}


def in_memory(quads: Iterable[Quad]) -> ox.Store:
    """A store of quads, their merge as its default graph."""
    store = ox.Store()
    for s, p, o, g in quads:
        triple = to_oxigraph(s), ox.NamedNode(str(p)), to_oxigraph(o)
        store.add(ox.Quad(*triple, ox.NamedNode(str(g))))
        store.add(ox.Quad(*triple, ox.DefaultGraph()))
    return store


def _notes(subject: Node) -> bool:
    return "/id/attestation/" in str(subject)
