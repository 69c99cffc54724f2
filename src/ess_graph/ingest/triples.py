"""Facts with their lines become TriG: passages, and an attestation wherever the design asks for one."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Mapping

from rdflib import Literal, URIRef
from rdflib.namespace import DCTERMS, PROV, RDF, XSD
from rdflib.term import Node

from ess_graph import turtle
from ess_graph.errors import InvalidData
from ess_graph.passages import LINES, digest, span
from ess_graph.vocab import BASE, CURATION, ESS, PREFIXES, REGISTRE, SOURCES

Value = str | int | float | Literal | URIRef

_MAX_SLUG = 48


def slug(text: str) -> str:
    """A lower-case ASCII name for IRIs: ``Élu référent`` gives ``elu-referent``."""
    text = text.replace("œ", "oe").replace("Œ", "oe").replace("’", "'")
    ascii_text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", ascii_text.lower()).strip("-")


def term(value: Value) -> Node:
    """A relative IRI (``id/…``), a CURIE (``ess:Mandat``), a number or a ready literal, as a term.

    Raises:
        InvalidData: a string that is neither; text must come as a literal with its language.
    """
    if isinstance(value, Literal | URIRef):
        return value
    if isinstance(value, int):
        return Literal(value, datatype=XSD.integer)
    if isinstance(value, float):
        return Literal(repr(value), datatype=XSD.decimal)
    prefix, colon, local = value.partition(":")
    if colon and prefix in PREFIXES:
        return URIRef(PREFIXES[prefix] + local)
    if value.startswith(("id/", "voc/", "source/", "graph/")):
        return URIRef(BASE + value)
    if value.startswith(("http://", "https://")):
        return URIRef(value)
    raise InvalidData(f"« {value} » is not an IRI: give text as a literal, with its language.")


def fr(text: str) -> Literal:
    """French text."""
    return Literal(text, lang="fr")


def en(text: str) -> Literal:
    """English text."""
    return Literal(text, lang="en")


def date(text: str) -> Literal:
    """``2018``, ``2018-05`` or ``2018-05-29`` as gYear, gYearMonth or date: partial dates stay partial."""
    kinds = {4: XSD.gYear, 7: XSD.gYearMonth, 10: XSD.date}
    if len(text) not in kinds or not re.fullmatch(r"\d{4}(-\d\d){0,2}", text):
        raise InvalidData(f"« {text} » is not a date: write 2018, 2018-05 or 2018-05-29.")
    return Literal(text, datatype=kinds[len(text)])


class Draft:
    """One named graph being written, in the order in which its facts are said.

    In a record's graph the lines of a fact are added to its subject, and each statement of a subject
    that cites several passages gets an attestation of its own. In the registry a statement with
    lines, and in the curation graph every statement, always gets one.
    """

    def __init__(self, graph: str, document: str | None = None) -> None:
        """Args: graph: relative IRI; document: slug of the document that bare lines refer to."""
        self.graph = URIRef(BASE + graph)
        self.document = document
        self.statements: dict[Node, dict[Node, dict[Node, tuple[URIRef, ...]]]] = {}
        self.reasons: dict[tuple[Node, Node, Node], Mapping[Node, Node]] = {}

    def passages(self, lines: str) -> tuple[URIRef, ...]:
        """``"L181"``, ``"L204-L206 L12"`` or ``"annuaire-grand-est#L9"`` as passage IRIs."""
        found = []
        for item in lines.split():
            document, _, rest = item.rpartition("#")
            match = LINES.fullmatch(rest)
            name = document or self.document
            if not match or not name:
                raise InvalidData(f"« {item} » is not a passage: write L181 or L204-L206.")
            first, last = match.group(1), match.group(2)
            tail = f"L{first}" if not last or last == first else f"L{first}-L{last}"
            found.append(URIRef(f"{BASE}source/{name}#{tail}"))
        return tuple(found)

    def say(self, subject: Value, predicate: Value, *objects: Value, lines: str | None = None) -> None:
        """State facts; ``lines`` names the passages that carry them (needed in a record's graph)."""
        if lines is None and self.graph not in (REGISTRE, SOURCES, CURATION):
            raise InvalidData(f"{subject} {predicate}: a fact of a record needs its lines.")
        cited = self.passages(lines) if lines else ()
        slots = self.statements.setdefault(term(subject), {}).setdefault(term(predicate), {})
        for value in objects:
            node = term(value)
            known = slots.get(node, ())
            slots[node] = known + tuple(p for p in cited if p not in known)

    def node(self, subject: Value, lines: str | None = None, **facts: Value | Iterable[Value]) -> None:
        """State many facts of one node from the same lines; ``ess_statut=`` stands for ``ess:statut``."""
        for name, values in facts.items():
            predicate = "rdf:type" if name == "a" else name.replace("_", ":", 1)
            listed = list(values) if isinstance(values, list | tuple | set) else [values]
            self.say(subject, predicate, *listed, lines=lines)  # type: ignore[arg-type]

    def conclude(
        self, subject: Value, predicate: Value, value: Value, *, reason: str, lines: str, creator: str, on: str
    ) -> None:
        """A curator's statement (``graph/curation``) with its reason and the passages it rests on."""
        self.say(subject, predicate, value, lines=lines)
        self.reasons[(term(subject), term(predicate), term(value))] = {
            DCTERMS.description: fr(reason),
            DCTERMS.creator: term(creator),
            DCTERMS.date: date(on),
        }

    def cited(self) -> set[URIRef]:
        """Every passage cited in this graph."""
        return {
            p for slots in self.statements.values() for objects in slots.values() for ps in objects.values() for p in ps
        }

    def _attested(self, subject: Node) -> bool:
        """Whether this subject's statements carry attestations of their own."""
        if self.graph in (REGISTRE, SOURCES, CURATION):
            return True
        passages = {p for objects in self.statements[subject].values() for ps in objects.values() for p in ps}
        return len(passages) > 1

    def trig(self) -> str:
        """The graph as TriG, subjects in the order they were said, attestations after them."""
        record = self.graph not in (REGISTRE, SOURCES, CURATION)
        blocks, attestations = [], []
        for subject, slots in self.statements.items():
            lines = [
                f" {turtle.verb(predicate)} {' , '.join(turtle.text(o) for o in objects)}"
                for predicate, objects in slots.items()
            ]
            if record:
                passages = sorted(
                    {p for objects in slots.values() for ps in objects.values() for p in ps}, key=_by_line
                )
                lines.append(f" prov:wasDerivedFrom {' , '.join(turtle.text(p) for p in passages)}")
            blocks.append(f" {turtle.text(subject)}" + " ;\n  ".join(lines) + " .")
            if self._attested(subject):
                attestations += [
                    self._attestation(subject, predicate, value, passages_of)
                    for predicate, objects in slots.items()
                    for value, passages_of in objects.items()
                    if passages_of
                ]
        body = "\n\n".join(blocks)
        if attestations:
            body += "\n\n # What each statement rests on, where its subject cites several passages.\n" + "\n".join(
                attestations
            )
        return f"{turtle.text(self.graph)} {{\n{body}\n}}\n"

    def _attestation(self, subject: Node, predicate: Node, value: Node, passages: Iterable[URIRef]) -> str:
        name = "--".join(
            (
                slug(str(self.graph).removeprefix(BASE).removeprefix("source/").removeprefix("graph/")),
                slug(str(subject).removeprefix(BASE).removeprefix("id/")),
                slug(re.split(r"[#/]", str(predicate))[-1]),
                _short(value),
            )
        )
        facts: dict[Node, Iterable[Node]] = {
            RDF.type: [ESS.Attestation],
            RDF.subject: [subject],
            RDF.predicate: [predicate],
            RDF.object: [value],
            PROV.wasDerivedFrom: sorted(passages, key=_by_line),
        }
        facts |= {p: [o] for p, o in self.reasons.get((subject, predicate, value), {}).items()}
        said = " ; ".join(f"{turtle.verb(p)} {' , '.join(turtle.text(o) for o in os)}" for p, os in facts.items())
        return f" <id/attestation/{name}> {said} ."


def passage_facts(passage: URIRef, record: URIRef, text: list[str]) -> str:
    """A passage as TriG: its record, its lines and the hash of its text."""
    first, last = span(str(passage))
    return (
        f" {turtle.text(passage)} a ess:Passage ; dcterms:isPartOf {turtle.text(record)} ; ess:ligneDebut {first} ;"
        f' ess:ligneFin {last} ; ess:sha256 "{digest(text, first, last)}" .'
    )


def _by_line(passage: Node) -> tuple[str, int, int]:
    return (str(passage).rpartition("#")[0], *span(str(passage)))


def _short(value: Node) -> str:
    """A readable end of an IRI; with a hash where the slug alone could stand for two values."""
    plain = str(value).removeprefix(BASE).removeprefix("id/").removeprefix("voc/")
    text = slug(plain)
    lossy = isinstance(value, Literal) and text != plain
    if not lossy and len(text) <= _MAX_SLUG:
        return text
    return f"{text[:_MAX_SLUG].rstrip('-') or 'valeur'}-{hashlib.sha256(str(value).encode()).hexdigest()[:6]}"
