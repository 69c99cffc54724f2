"""What outside services say of things whose identity is accepted: asked in batches, kept, written as a graph."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from rdflib import Literal, URIRef
from rdflib.namespace import DCTERMS, FOAF, PROV, RDF, RDFS, XSD
from rdflib.term import Node

from ess_graph import turtle
from ess_graph.judgements import IDENTITY, SAME, Judgements, today
from ess_graph.link.kept import Answered, Kept, Record, Said
from ess_graph.link.polite import Polite
from ess_graph.link.replies import read
from ess_graph.link.services import Service, Subject, address, question
from ess_graph.vocab import BASE, DBO, DCAT, ESS, GRAPH, ID, PAV, SCHEMA

_PLACE = "id/territoire/"


@dataclass(frozen=True)
class Address:
    """Where an organisation of the graph is, as a document says it; ``commune`` is an INSEE code, perhaps empty."""

    organisation: str
    iri: str
    street: str
    postcode: str
    town: str
    commune: str = ""


@dataclass(frozen=True)
class Wanted:
    """One thing of ours that a service is asked about, by the key that it was accepted with.

    Attributes:
        ours: its IRI, without the base.
        identity: the accepted key.
        subject: what the service is asked.
        address: IRI of the address that is looked for, empty for others.
    """

    ours: str
    identity: str
    subject: Subject
    address: str = ""


def wanted(service: Service, judgements: Judgements, addresses: Iterable[Address] = ()) -> list[Wanted]:
    """What a service can be asked about: things that are accepted as those of a code, and the addresses of such.

    A code of INSEE is asked for of the territory only: an institution is another thing than what it governs.
    """
    same = [j for j in judgements if (j.matter, j.judgement) == (IDENTITY, SAME)]
    if service.name == "geocoder":
        key = {j.ours: j.theirs for j in same if j.theirs.startswith(("siren:", "insee:"))}
        found = [
            Wanted(a.organisation, key[a.organisation], address(a.street, a.postcode, a.town, a.commune), a.iri)
            for a in addresses
            if a.organisation in key and a.street
        ]
        return sorted(found, key=lambda w: (w.ours, w.address))
    asked = []
    for j in same:
        scheme = j.theirs.removeprefix("insee:").rpartition(":")[0]
        if scheme in service.codes and j.ours.startswith(_PLACE) == j.theirs.startswith("insee:"):
            asked.append(Wanted(j.ours, j.theirs, Subject(j.theirs)))
    return asked


def fetch(
    service: Service, asked: Iterable[Wanted], kept: Kept, polite: Polite, told: Callable[[int, int], None]
) -> None:
    """Ask a service about what it was not asked about yet, one batch after the other; each is kept at once.

    Args:
        service: which one.
        asked: everything that is wanted of it.
        kept: what it answered before, and where its answers go.
        polite: sends the requests.
        told: given how many things were answered, and how many there are.

    Raises:
        NotPossibleNow, RemoteFailed, LimitHit: it does not answer, or answers something else; what was answered before
            is kept.
    """
    subjects = list({w.subject.key: w.subject for w in asked}.values())
    left = [s for s in subjects if s.key not in kept]
    for at in range(0, len(left), service.batch):
        told(len(subjects) - len(left) + at, len(subjects))
        batch = left[at : at + service.batch]
        records = read(service, batch, polite.post(*question(service, batch)))
        kept.add(Answered(s.key, today(), tuple(records.get(s.key, ()))) for s in batch)


@dataclass(frozen=True)
class Proposal:
    """What would be published: TriG, what it is about, and what stays out with the reason."""

    trig: str
    things: int
    left_out: tuple[tuple[str, str], ...]


def proposal(service: Service, asked: Iterable[Wanted], kept: Kept) -> Proposal:
    """The graph of what a service says of the things that were asked about."""
    said: dict[URIRef, list[tuple[URIRef, Node]]] = {}
    left_out: list[tuple[str, str]] = []
    days: set[str] = set()
    things = 0
    for w in asked:
        answer = kept.get(w.subject.key)
        records = [r for r in answer.records if not any(s.what == "ended" for s in r.said)] if answer else []
        if answer is None or len(records) != 1:
            # Several things with one code: which of them is ours is for nobody to guess.
            left_out.append((w.ours, f"{len(records)} of its things have {w.identity}" if records else "no answer"))
            continue
        things += 1
        days.add(answer.when)
        _describe(w, records[0], answer.when, said)
    return Proposal(_trig(service, said, max(days, default=today())), things, tuple(left_out))


def _describe(w: Wanted, record: Record, when: str, said: dict[URIRef, list[tuple[URIRef, Node]]]) -> None:
    ours = URIRef(BASE + w.ours)
    position = ID[f"position/{w.address.rpartition('/')[2]}"]
    theirs = URIRef(record.iri) if record.iri else position
    said.setdefault(ours, []).append((RDFS.seeAlso, theirs))
    if w.address:
        said.setdefault(URIRef(BASE + w.address), []).append((SCHEMA.geo, theirs))
    found = said.setdefault(theirs, [])
    if not record.iri:
        found += [(RDF.type, SCHEMA.GeoCoordinates)]
    found += [(DCTERMS.identifier, Literal(w.identity)), (PAV.retrievedOn, Literal(when, datatype=XSD.date))]
    for one in record.said:
        found += _statements(one)


def _statements(said: Said) -> list[tuple[URIRef, Node]]:
    if said.what == "point":
        latitude, longitude = (Literal(part, datatype=XSD.decimal) for part in said.value.split(" "))
        return [(SCHEMA.latitude, latitude), (SCHEMA.longitude, longitude)]
    if said.what == "population":
        counted = [(DBO.populationAsOf, Literal(said.when, datatype=XSD.gYear))] if said.when else []
        return [(DBO.populationTotal, Literal(said.value, datatype=XSD.integer)), *counted]
    return [(_TERMS[said.what][0], _TERMS[said.what][1](said))]


def _dated(said: Said) -> Node:
    return Literal(date.fromisoformat(said.value))


_TERMS: Mapping[str, tuple[URIRef, Callable[[Said], Node]]] = {
    "name": (RDFS.label, lambda said: Literal(said.value, lang=said.lang)),
    "website": (SCHEMA.url, lambda said: URIRef(said.value)),
    "article": (FOAF.page, lambda said: URIRef(said.value)),
    "created": (SCHEMA.foundingDate, _dated),
    "matched": (RDFS.label, lambda said: Literal(said.value, lang=said.lang)),
    "score": (ESS.score, lambda said: Literal(said.value, datatype=XSD.decimal)),
}


def _trig(service: Service, said: Mapping[URIRef, list[tuple[URIRef, Node]]], day: str) -> str:
    graph, asked = GRAPH[f"opendata/{service.name}"], URIRef(service.endpoint)
    head: list[tuple[URIRef, Node]] = [
        (RDF.type, DCAT.Dataset),
        (DCTERMS.title, Literal(service.title, lang="fr")),
        (DCTERMS.bibliographicCitation, Literal(service.publisher, lang="fr")),
        (PAV.retrievedOn, Literal(day, datatype=XSD.date)),
        (DCTERMS.license, URIRef(service.licence)),
        (DCTERMS.source, URIRef(service.address)),
        (PROV.wasDerivedFrom, asked),
    ]
    origin: list[tuple[URIRef, Node]] = [
        (RDF.type, DCAT.DataService),
        (RDFS.label, Literal(service.title, lang="fr")),
        (DCAT.endpointURL, asked),
    ]
    lines = [
        turtle.header("rdfs", "dcat"),
        "# Fetched by « ess-graph opendata fetch », accepted by a person; judgements.csv says who accepted whom.",
        f"{turtle.text(graph)} {{",
    ]
    for subject, statements in ((graph, head), (asked, origin), *sorted(said.items(), key=lambda item: str(item[0]))):
        # Sorted, so that fetching again changes only what has changed; what a thing is comes first.
        parts = {(predicate != RDF.type, turtle.verb(predicate), turtle.text(value)) for predicate, value in statements}
        told = [f"   {verb} {value}" for _, verb, value in sorted(parts)]
        lines += ["", f" {turtle.text(subject)}", " ;\n".join(told) + " ."]
    return "\n".join([*lines, "}", ""])
