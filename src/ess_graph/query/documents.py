"""A source document's page: its records, its passages, and what was read from each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import ceil

from rdflib import Literal, URIRef
from rdflib.term import Node

from ess_graph.engine.base import Engine
from ess_graph.folding import fold
from ess_graph.query import catalogue
from ess_graph.query.index import Cited, Index, Passage
from ess_graph.query.readers import Linker, Texts, iris_of, nature
from ess_graph.query.views import Nature, Value
from ess_graph.terms import from_ntriples

#: Passages of one page, and of a document that needs no pages.
_PART, _WHOLE = 40, 60


@dataclass(frozen=True)
class RecordView:
    """One record of a document; ``parts`` are the pages that its passages stand on."""

    anchor: str
    title: str
    date: str | None
    inferred: bool
    topic: Value | None
    first: int | None
    last: int | None
    parts: tuple[Part, ...] = ()


@dataclass(frozen=True)
class Part:
    """One page of a document: passages of one record, or of none; ``number`` counts from 1."""

    number: int
    record: str | None
    passages: tuple[Passage, ...]

    @property
    def first(self) -> int:
        """First line cited."""
        return min(p.first for p in self.passages)

    @property
    def last(self) -> int:
        """Last line cited."""
        return max(p.last for p in self.passages)


@dataclass(frozen=True)
class PassageView:
    """One passage with the statements that cite it: subject, name of the property, value."""

    anchor: str
    record: str | None
    facts: tuple[tuple[Value, str, Value], ...]
    text: str | None


@dataclass(frozen=True)
class DocumentPage:
    """What one page of a document says.

    Attributes:
        parts: its pages, none when it needs no pages; ``part`` is the one shown, None for the overview.
        passages: those of this page with what was read from them.
        loose: pages of passages that stand in no record.
    """

    document: Value
    records: tuple[RecordView, ...]
    parts: tuple[Part, ...]
    part: Part | None
    passages: tuple[PassageView, ...]
    loose: tuple[Part, ...] = ()


@dataclass(frozen=True)
class Asked:
    """Which page of a document: by its number, or by the lines of a passage (``L181``, ``L204-L206``)."""

    part: int | None = None
    lines: str | None = None


def document_page(
    iri: str, lang: str, asked: Asked, *, engine: Engine, index: Index, link: Linker, texts: Texts
) -> DocumentPage | None:
    """A page of a document; None when the release does not know it."""
    records = engine.rows(catalogue.text("records"), {"document": URIRef(iri)})
    passages = index.passages_of(iri)
    if not records and not passages:
        return None
    parts = _parts(passages, [str(row["record"]) for row in records])
    part = _asked(parts, asked)
    shown = passages if not parts else part.passages if part else ()
    facts = index.cited_at(p.iri for p in shown)
    named = {iri, *(c.subject for c in facts), *(c.said for c in facts), *(c.value.strip("<>") for c in facts)}
    named |= iris_of(term for row in records for term in row.values())
    labels = index.labels(named, lang)

    def value(term: Node) -> Value:
        if isinstance(term, Literal):
            return Value(str(term), lang=term.language)
        text, tag = labels.get(str(term), (str(term), ""))
        return Value(text, url=link(str(term)), lang=tag or None, iri=str(term))

    views = _views(shown, facts, {str(row["record"]): str(row["title"]) for row in records}, value, texts)
    of = tuple(
        replace(_record(row, value), parts=tuple(p for p in parts if p.record == str(row["record"]))) for row in records
    )
    return DocumentPage(value(URIRef(iri)), of, parts, part, views, tuple(p for p in parts if p.record is None))


def _parts(passages: list[Passage], records: list[str]) -> tuple[Part, ...]:
    """Pages of a document, a record at a time; none when one page holds it all."""
    if len(passages) <= _WHOLE:
        return ()
    parts: list[Part] = []
    for record in (*records, None):
        of = [p for p in passages if (p.record if p.record in records else None) == record]
        # As many pages as it takes, all about as long: none of them holds the last line alone.
        size = ceil(len(of) / (ceil(len(of) / _PART) or 1)) or 1
        for start in range(0, len(of), size):
            parts.append(Part(len(parts) + 1, record, tuple(of[start : start + size])))
    return tuple(parts)


def _asked(parts: tuple[Part, ...], asked: Asked) -> Part | None:
    """The page of the lines asked for, else the one with the number."""
    by_lines = (part for part in parts for p in part.passages if p.lines == asked.lines)
    by_number = (part for part in parts if part.number == asked.part)
    return next(by_lines, None) or next(by_number, None)


def _views(
    passages: Sequence[Passage],
    facts: list[Cited],
    titles: Mapping[str, str],
    value: Callable[[Node], Value],
    texts: Texts,
) -> tuple[PassageView, ...]:
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

    return tuple(
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
