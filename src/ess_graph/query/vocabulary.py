"""The ontology and the concept schemes as people read them: each term with what it means, how it is used and where."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from rdflib import Literal, URIRef
from rdflib.namespace import OWL, RDF, RDFS, SKOS
from rdflib.term import Node

from ess_graph.engine.base import Engine
from ess_graph.folding import fold
from ess_graph.query import catalogue
from ess_graph.query.index import Index
from ess_graph.query.readers import Linker
from ess_graph.query.views import Value
from ess_graph.terms import from_ntriples
from ess_graph.vocab import ESS, PREFIXES, SCHEMA

#: Said elsewhere on the page, or of no use to a reader.
_ELSEWHERE = {str(said) for said in (RDF.type, RDFS.label, RDFS.comment, RDFS.isDefinedBy, SKOS.example)}
#: What makes a property one of a class.
_OF_CLASS = {str(RDFS.domain), str(SCHEMA.domainIncludes)}
_NARROWER = {str(RDFS.subClassOf), str(RDFS.subPropertyOf)}


@dataclass(frozen=True)
class Term:
    """A term of the ontology, or one that it takes from another vocabulary.

    Attributes:
        anchor: where it stands on the page: ``Convention`` for one of ours, ``org:Membership`` for another's.
        name: its prefixed name.
        rows: what the ontology says of it, property by property.
        narrower: terms that say so of it: its sub-classes, or its sub-properties.
        properties: for a class, those that things of it have.
        examples: things of the graph, with the value that they have for a property.
        used: things of a class, statements with a property.
    """

    anchor: str
    name: str
    label: Value
    comments: tuple[Value, ...]
    in_words: tuple[Value, ...]
    rows: tuple[tuple[str, tuple[Value, ...]], ...]
    narrower: tuple[Value, ...]
    properties: tuple[Value, ...]
    examples: tuple[tuple[Value, Value | None], ...]
    used: int
    is_class: bool


@dataclass(frozen=True)
class Section:
    """Terms of one kind, in alphabetical order."""

    key: str
    terms: tuple[Term, ...]


@dataclass(frozen=True)
class Ontology:
    """The whole page; ``about`` is what the ontology says of itself."""

    title: Value
    descriptions: tuple[Value, ...]
    version: str
    about: tuple[tuple[str, tuple[Value, ...]], ...]
    sections: tuple[Section, ...]
    schemes: tuple[tuple[Value, int], ...]


@dataclass(frozen=True)
class Concept:
    """A concept with those under it; ``used`` counts the statements that have it as their value."""

    anchor: str
    name: Value
    others: tuple[Value, ...]
    notes: tuple[Value, ...]
    used: int
    under: tuple[Concept, ...]


class _Teller:
    """What the page knows of each term while it is put together."""

    def __init__(
        self, statements: Mapping[str, Mapping[str, list[Node]]], index: Index, lang: str, link: Linker
    ) -> None:
        self.statements, self.index, self.lang, self.link = statements, index, lang, link
        examples = index.select("SELECT term, thing, value FROM example ORDER BY term, rank")
        self.examples: dict[str, list[tuple[str, str]]] = {}
        for term, thing, value in examples:
            self.examples.setdefault(term, []).append((thing, value))
        self.used = {(term, kind): n for term, kind, n in index.select("SELECT term, kind, n FROM used")}
        named = set(statements) | {said for about in statements.values() for said in about}
        named |= {str(v) for about in statements.values() for found in about.values() for v in found}
        named |= {part.strip("<>") for _, *pair in examples for part in pair}
        self.labels = index.labels(named, lang)
        self.pointing: dict[tuple[str, str], set[str]] = {}
        for other, about in statements.items():
            for said in about.keys() & (_OF_CLASS | _NARROWER):
                for target in about[said]:
                    self.pointing.setdefault((said, str(target)), set()).add(other)

    def value(self, term: Node) -> Value:
        if isinstance(term, Literal):
            return Value(str(term), lang=term.language)
        iri = str(term)
        # What has no label is told by its address, which says more without its scheme.
        text, lang = self.labels.get(iri, (prefixed(iri).partition("://")[2] or prefixed(iri), ""))
        url = f"#{anchor(iri)}" if iri in self.statements else self.link(iri)
        return Value(text, url=url, lang=lang or None, iri=iri)

    def values(self, terms: Iterable[Node]) -> tuple[Value, ...]:
        """Those in the reader's language, else all; terms by their names."""
        found = {self.value(term) for term in terms}
        own = {v for v in found if v.lang == self.lang or v.iri}
        return tuple(sorted(own or found, key=lambda v: (fold(v.text), v.text)))

    def term(self, iri: str, is_class: bool) -> Term:
        about = self.statements[iri]

        def pointing(ways: set[str]) -> tuple[Value, ...]:
            return self.values(URIRef(other) for way in ways for other in self.pointing.get((way, iri), ()))

        rows = [
            (self.labels[said][0], self.values(found))
            for said, found in about.items()
            if said not in _ELSEWHERE and said in self.labels
        ]
        return Term(
            anchor=anchor(iri),
            name=prefixed(iri),
            label=self.value(URIRef(iri)),
            comments=self.values(about.get(str(RDFS.comment), ())),
            in_words=self.values(about.get(str(SKOS.example), ())),
            rows=tuple(sorted(rows, key=lambda row: fold(row[0]))),
            narrower=pointing(_NARROWER),
            properties=pointing(_OF_CLASS) if is_class else (),
            examples=tuple(
                (self.value(URIRef(thing)), self.value(from_ntriples(value)) if value else None)
                for thing, value in self.examples.get(iri, ())
            ),
            used=self.used.get((iri, "class" if is_class else "property"), 0),
            is_class=is_class,
        )


def prefixed(iri: str) -> str:
    """``ess:Convention`` for an IRI of a known vocabulary."""
    spaces = ((prefix, space) for prefix, space in PREFIXES.items() if iri.startswith(space))
    return next((f"{prefix}:{iri.removeprefix(space)}" for prefix, space in spaces), iri)


def anchor(iri: str) -> str:
    """Where a term stands on the ontology's page; for one of ours, the fragment of its IRI."""
    return iri.removeprefix(str(ESS)) if iri.startswith(str(ESS)) else prefixed(iri)


def ontology(iri: str, lang: str, *, engine: Engine, index: Index, link: Linker) -> Ontology | None:
    """The ontology's page; None when the release has none."""
    statements: dict[str, dict[str, list[Node]]] = {}
    kinds: dict[str, set[Node]] = {}
    for row in engine.rows(catalogue.text("onto_terms")):
        term = str(row["term"])
        kinds.setdefault(term, set()).add(row["kind"])
        statements.setdefault(term, {}).setdefault(str(row["said"]), []).append(row["value"])
    about: dict[str, list[Node]] = {}
    for row in engine.rows(catalogue.text("about_onto")):
        about.setdefault(str(row["said"]), []).append(row["value"])
    if not about:
        return None
    teller = _Teller({**statements, iri: about}, index, lang, link)
    sections: dict[str, list[Term]] = {
        f"{whose}.{kind}": [] for whose in ("own", "reused") for kind in ("classes", "links", "values")
    }
    for term in statements:
        is_class = OWL.Class in kinds[term]
        kind = "classes" if is_class else "values" if OWL.DatatypeProperty in kinds[term] else "links"
        sections[f"{'own' if term.startswith(str(ESS)) else 'reused'}.{kind}"].append(teller.term(term, is_class))
    schemes = {str(row["scheme"]): int(str(row["n"])) for row in engine.rows(catalogue.text("schemes"))}
    names = index.labels(schemes, lang)
    shown = [(Value(names.get(s, (s, ""))[0], url=link(s), iri=s), n) for s, n in schemes.items()]
    titles = teller.values(v for said, found in about.items() if said.endswith("/title") for v in found)
    told = teller.values(v for said, found in about.items() if said.endswith("/description") for v in found)
    rest = [
        (teller.labels[said][0], teller.values(found))
        for said, found in about.items()
        if said in teller.labels and said not in _ELSEWHERE and not said.endswith(("/title", "/description"))
    ]
    return Ontology(
        title=titles[0] if titles else Value(iri),
        descriptions=told,
        version=str(next(iter(about.get(str(OWL.versionInfo), [])), "")),
        about=tuple(sorted(rest, key=lambda row: fold(row[0]))),
        sections=tuple(
            Section(key, tuple(sorted(terms, key=lambda t: (fold(t.label.text), t.name))))
            for key, terms in sections.items()
            if terms
        ),
        schemes=tuple(sorted(shown, key=lambda pair: fold(pair[0].text))),
    )


def scheme(iri: str, lang: str, *, engine: Engine, index: Index, link: Linker) -> tuple[Concept, ...]:
    """The concepts of a scheme as a tree; empty when it has none."""
    said: dict[str, dict[str, list[Node]]] = {}
    for row in engine.rows(catalogue.text("scheme"), {"scheme": URIRef(iri)}):
        said.setdefault(str(row["concept"]), {}).setdefault(str(row["said"]), []).append(row["value"])
    labels = index.labels(said, lang)
    used = dict(index.select("SELECT term, n FROM used WHERE kind = 'concept'"))
    children: dict[str, list[str]] = {}
    for concept, about in said.items():
        above = [str(b) for b in about.get(str(SKOS.broader), ()) if str(b) in said and str(b) != concept]
        for parent in above or [""]:
            children.setdefault(parent, []).append(concept)

    def texts(concept: str, *ways: URIRef) -> tuple[Value, ...]:
        found = [v for way in ways for v in said[concept].get(str(way), ()) if isinstance(v, Literal)]
        own = [v for v in found if v.language in (lang, None)] or found
        return tuple(sorted({Value(str(v), lang=v.language) for v in own}, key=lambda v: fold(v.text)))

    def shown(concept: str, above: frozenset[str]) -> Concept:
        text, tag = labels.get(concept, (concept, ""))
        below = [c for c in children.get(concept, ()) if c not in above]
        return Concept(
            anchor=concept.rpartition("/")[2],
            name=Value(text, url=link(concept), lang=tag or None, iri=concept),
            others=texts(concept, SKOS.altLabel),
            notes=texts(concept, SKOS.definition, SKOS.scopeNote, SCHEMA.unitText),
            used=used.get(concept, 0),
            under=tree(below, above | {concept}),
        )

    def tree(concepts: Iterable[str], above: frozenset[str]) -> tuple[Concept, ...]:
        found = [shown(concept, above) for concept in concepts]
        return tuple(sorted(found, key=lambda c: (fold(c.name.text), c.anchor)))

    return tree(children.get("", ()), frozenset())
