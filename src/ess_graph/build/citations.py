"""Every citation of the data against the documents themselves."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from rdflib import Graph, URIRef
from rdflib.namespace import DCTERMS, PROV, RDF
from rdflib.term import Node

from ess_graph import passages
from ess_graph.releases import sha256
from ess_graph.vocab import ESS, SOURCE


@dataclass(frozen=True)
class Check:
    """What was found: how many passages agree with their documents, and a sentence for each that does not."""

    verified: int
    complaints: tuple[str, ...]


def verify(data: Graph, folder: Path) -> Check:
    """Compare every cited passage with the documents of a folder.

    Args:
        data: every asserted triple.
        folder: holds the documents under the names of their ``dcterms:identifier``.
    """
    texts, complaints = documents(data, folder)
    described = set(data.subjects(RDF.type, ESS.Passage))
    cited = {p for p in data.objects(None, PROV.wasDerivedFrom) if "#L" in str(p)}
    complaints += [
        f"{_short(p)} is cited but not described: run « ess-graph sources pin »."
        for p in sorted(cited - described, key=str)
    ]
    complaints += [f"{_short(p)} is described but never cited: remove it." for p in sorted(described - cited, key=str)]
    verified = 0
    for passage in sorted(described, key=str):
        document = URIRef(str(passage).partition("#")[0])
        if document not in texts:
            continue
        complaint = _complaint(data, passage, texts[document])
        if complaint:
            complaints.append(complaint)
        else:
            verified += 1
    return Check(verified, tuple(complaints))


def documents(data: Graph, folder: Path) -> tuple[dict[URIRef, list[str]], list[str]]:
    """Lines of each document that is what was cited, and a sentence for each that is not there or has changed."""
    texts: dict[URIRef, list[str]] = {}
    complaints: list[str] = []
    named = {document: str(data.value(document, DCTERMS.identifier)) for document in _documents(data)}
    for document, name in sorted(named.items(), key=lambda item: item[1]):
        path = folder / name
        if not path.is_file():
            complaints.append(f"{name} is not in {folder}: put it there, or name the folder that holds it.")
        elif sha256(path) != str(data.value(document, ESS.sha256)):
            complaints.append(f"{name} is not the document that was cited: its SHA-256 differs.")
        else:
            texts[URIRef(str(document))] = passages.read_lines(path)
    return texts, complaints


def missing(data: Graph, folder: Path) -> list[tuple[URIRef, URIRef, list[str]]]:
    """Passages that are cited but not described yet, each with its record and its document's lines."""
    described = set(data.subjects(RDF.type, ESS.Passage))
    found = []
    for cited in sorted({p for p in data.objects(None, PROV.wasDerivedFrom) if "#L" in str(p)} - described, key=str):
        document = URIRef(str(cited).partition("#")[0])
        lines = passages.read_lines(folder / str(data.value(document, DCTERMS.identifier)))
        found.append((URIRef(str(cited)), _record(data, document, *passages.span(str(cited))), lines))
    return found


def _record(data: Graph, document: URIRef, first: int, last: int) -> URIRef:
    for record in data.subjects(DCTERMS.isPartOf, document):
        low, high = data.value(record, ESS.ligneDebut), data.value(record, ESS.ligneFin)
        is_record = (record, RDF.type, ESS.Fiche) in data and low is not None and high is not None
        if is_record and int(str(low)) <= first and last <= int(str(high)):
            return URIRef(str(record))
    return document


def _documents(data: Graph) -> set[Node]:
    """What is read line by line; an official extract has a hash too, and no lines."""
    return {d for d in data.subjects(ESS.sha256, None) if str(d).startswith(str(SOURCE)) and "#" not in str(d)}


def _complaint(data: Graph, passage: Node, lines: list[str]) -> str | None:
    first, last = passages.span(str(passage))
    stated = (data.value(passage, ESS.ligneDebut), data.value(passage, ESS.ligneFin))
    if [str(line) for line in stated] != [str(first), str(last)]:
        return f"{_short(passage)} says lines {stated[0]} to {stated[1]}: make them those of its IRI."
    if not 1 <= first <= last <= len(lines):
        return f"{_short(passage)} points outside its document, which has {len(lines)} lines."
    if passages.digest(lines, first, last) != str(data.value(passage, ESS.sha256)):
        return f"{_short(passage)} has changed in its document since it was cited: read it again."
    return None


def _short(passage: Node) -> str:
    return str(passage).removeprefix(str(SOURCE))
