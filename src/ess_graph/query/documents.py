"""A source document's page: its records, its passages, and what was read from each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from rdflib import Literal, URIRef
from rdflib.term import Node

from ess_graph.engine.base import Engine
from ess_graph.folding import fold
from ess_graph.query import catalogue
from ess_graph.query.index import Cited, Index
from ess_graph.query.readers import Linker, Texts, iris_of, nature
from ess_graph.query.views import Nature, Value
from ess_graph.terms import from_ntriples


@dataclass(frozen=True)
class RecordView:
    """One record of a document."""

    anchor: str
    title: str
    date: str | None
    inferred: bool
    topic: Value | None
    first: int | None
    last: int | None


@dataclass(frozen=True)
class PassageView:
    """One passage with the statements that cite it: subject, name of the property, value."""

    anchor: str
    record: str | None
    facts: tuple[tuple[Value, str, Value], ...]
    text: str | None


@dataclass(frozen=True)
class DocumentPage:
    """Everything a document's page says."""

    document: Value
    records: tuple[RecordView, ...]
    passages: tuple[PassageView, ...]


def document_page(
    iri: str, lang: str, *, engine: Engine, index: Index, link: Linker, texts: Texts
) -> DocumentPage | None:
    """The page of a document; None when the release does not know it."""
    entity = {"document": URIRef(iri)}
    records = engine.rows(catalogue.text("records"), entity)
    facts = index.cited_in(iri)
    passages = index.passages_of(iri)
    if not records and not passages:
        return None
    named = {iri, *(c.subject for c in facts), *(c.said for c in facts), *(c.value.strip("<>") for c in facts)}
    named |= iris_of(term for row in records for term in row.values())
    labels = index.labels(named, lang)

    def value(term: Node) -> Value:
        if isinstance(term, Literal):
            return Value(str(term), lang=term.language)
        text, tag = labels.get(str(term), (str(term), ""))
        return Value(text, url=link(str(term)), lang=tag or None, iri=str(term))

    titles = {str(row["record"]): str(row["title"]) for row in records}
    cited: dict[str, dict[tuple[str, str, str], list[Cited]]] = {}
    for fact in facts:
        key = (fact.subject, fact.said, fact.value)
        cited.setdefault(fact.passage, {}).setdefault(key, []).append(fact)

    def shown(found: list[Cited]) -> tuple[Value, str, Value]:
        fact = found[0]
        kind = nature(URIRef(c.graph) for c in found)
        note = " ".join(sorted({c.reason for c in found if c.reason})) if kind is Nature.CONCLUDED else ""
        object_ = replace(value(from_ntriples(fact.value)), nature=kind, note=note or None)
        return value(URIRef(fact.subject)), value(URIRef(fact.said)).text, object_

    views = tuple(
        PassageView(
            anchor=passage.lines,
            record=titles.get(passage.record or ""),
            facts=tuple(
                sorted(
                    map(shown, cited.get(passage.iri, {}).values()),
                    key=lambda fact: (fold(fact[0].text), fold(fact[1]), fold(fact[2].text)),
                )
            ),
            text=texts(passage),
        )
        for passage in passages
    )
    return DocumentPage(value(URIRef(iri)), tuple(_record(row, value) for row in records), views)


def _record(row: object, value: Callable[[Node], Value]) -> RecordView:
    known: dict[str, Node] = dict(row)  # type: ignore[call-overload]
    return RecordView(
        anchor=str(known["record"]).rpartition("#")[2],
        title=str(known["title"]),
        date=str(known["date"]) if "date" in known else None,
        inferred=str(known.get("concluded")) == "true",
        topic=value(known["topic"]) if "topic" in known else None,
        first=int(str(known["first"])) if "first" in known else None,
        last=int(str(known["last"])) if "last" in known else None,
    )
