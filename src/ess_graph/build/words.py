"""The part of a release's index that search and lists read: what things are called, and what narrows a list."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from rdflib import Literal
from rdflib.term import Node

from ess_graph.build.compile_facets import Facet
from ess_graph.engine.base import Engine
from ess_graph.folding import fold

SCHEMA = """
CREATE TABLE thing (id INTEGER PRIMARY KEY, iri TEXT UNIQUE, class TEXT, label TEXT, sort_fr TEXT, sort_en TEXT,
  date TEXT, degree INTEGER);
CREATE TABLE facet (key TEXT, value TEXT, id INTEGER, PRIMARY KEY (key, value, id)) WITHOUT ROWID;
CREATE INDEX facet_of ON facet (id, key);
CREATE TABLE said (id INTEGER, kind TEXT, via TEXT, other TEXT, lang TEXT, text TEXT, folded TEXT);
CREATE INDEX said_of ON said (id);
CREATE INDEX said_name ON said (folded) WHERE kind IN ('name', 'other', 'code');
CREATE TABLE vocabulary (word TEXT PRIMARY KEY, n INTEGER) WITHOUT ROWID;
CREATE VIRTUAL TABLE words USING fts5(name, other, code, title, text, related, content = '', prefix = '2 3',
  tokenize = 'unicode61');
CREATE VIRTUAL TABLE spelling USING fts5(word, tokenize = 'trigram');
"""
#: The columns of ``words``, which are the kinds of ``said``.
KINDS = ("name", "other", "code", "title", "text", "related")
#: Shorter words have too few letters to tell a slip from another word.
_CORRECTED = 4


@dataclass
class Thing:
    """What is gathered of one thing before it is written."""

    cls: str
    label: str
    date: str = ""
    degree: int = 0
    facets: set[tuple[str, str]] = field(default_factory=set)
    said: set[tuple[str, ...]] = field(default_factory=set)


def fill(
    index: sqlite3.Connection,
    engine: Engine,
    queries: Mapping[str, str],
    classes: Sequence[str],
    facets: Iterable[Facet],
    labels: Mapping[tuple[str, str], str],
) -> None:
    """Write the tables of ``SCHEMA``.

    Args:
        index: the open file, its tables made.
        engine: the release's store.
        queries: the texts ``members``, ``searchable``, ``linked`` and ``degrees``.
        classes: those whose members are listed and found, subclasses before their superclasses.
        facets: how lists are narrowed.
        labels: label by IRI and language.
    """
    things = _members(engine, queries["members"], classes, labels)
    _texts(engine, queries, things, labels)
    _facets(engine, facets, things)
    for row in engine.rows(queries["degrees"]):
        if found := things.get(str(row["thing"])):
            found.degree = int(str(row["n"]))
    vocabulary: Counter[str] = Counter()
    for number, (iri, thing) in enumerate(sorted(things.items()), start=1):
        sorts = [fold(_label(iri, labels, lang)) for lang in ("fr", "en")]
        index.execute(
            "INSERT INTO thing VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (number, iri, thing.cls, thing.label, *sorts, thing.date, thing.degree),
        )
        index.executemany("INSERT INTO facet VALUES (?, ?, ?)", [(*f, number) for f in sorted(thing.facets)])
        said = sorted(thing.said)
        index.executemany("INSERT INTO said VALUES (?, ?, ?, ?, ?, ?, ?)", [(number, *row) for row in said])
        columns = [" ".join(row[-1] for row in said if row[0] == kind) for kind in KINDS]
        index.execute(
            "INSERT INTO words (rowid, name, other, code, title, text, related) VALUES (?, ?, ?, ?, ?, ?, ?)",
            (number, *columns),
        )
        vocabulary.update({word for text in columns for word in text.split()})
    index.executemany("INSERT INTO vocabulary VALUES (?, ?)", sorted(vocabulary.items()))
    # Marks at both ends make a slip near an end share more with the word that was meant.
    spelt = [(f"_{word}_",) for word in sorted(vocabulary) if len(word) >= _CORRECTED and not word.isdigit()]
    index.executemany("INSERT INTO spelling VALUES (?)", spelt)


def _label(iri: str, labels: Mapping[tuple[str, str], str], lang: str = "fr") -> str:
    return labels.get((iri, lang)) or labels.get((iri, "fr")) or labels.get((iri, "")) or labels.get((iri, "en")) or iri


def _members(
    engine: Engine, query: str, classes: Sequence[str], labels: Mapping[tuple[str, str], str]
) -> dict[str, Thing]:
    things: dict[str, Thing] = {}
    ranks = {cls: rank for rank, cls in enumerate(classes)}
    for row in engine.rows(query):
        iri, cls = str(row["thing"]), str(row["class"])
        if cls in ranks:
            thing = things.setdefault(iri, Thing(cls, _label(iri, labels)))
            thing.facets.add(("type", cls))
            # Of several classes it is shown as the most specific one.
            thing.cls = min(thing.cls, cls, key=lambda c: ranks[c])
    return things


def _texts(
    engine: Engine, queries: Mapping[str, str], things: Mapping[str, Thing], labels: Mapping[tuple[str, str], str]
) -> None:
    names: dict[str, set[str]] = {}
    for row in engine.rows(queries["searchable"]):
        iri, text, kind = str(row["thing"]), row["text"], str(row["kind"])
        if kind in ("name", "other"):
            names.setdefault(iri, set()).add(fold(str(text)))
        if iri in things:
            things[iri].said.add(_said(kind, str(row["said"]), "", text))
    for iri, thing in things.items():
        if iri not in names:
            # What has no name of its own is found by the words that pages show for it.
            for lang in ("fr", "en", ""):
                if label := labels.get((iri, lang)):
                    thing.said.add(_said("title", "", "", Literal(label, lang=lang or None)))
    for row in engine.rows(queries["linked"]):
        iri, other = str(row["thing"]), str(row["other"])
        if iri in things and other in names:
            known = " ".join(sorted(names[other]))
            things[iri].said.add(("related", str(row["said"]), other, "", _label(other, labels), known))


def _said(kind: str, via: str, other: str, text: Node) -> tuple[str, ...]:
    lang = text.language or "" if isinstance(text, Literal) else ""
    return kind, via, other, lang, str(text), fold(str(text))


def _facets(engine: Engine, facets: Iterable[Facet], things: Mapping[str, Thing]) -> None:
    for facet in facets:
        for row in engine.rows(facet.rows):
            thing = things.get(str(row["thing"]))
            if thing is not None:
                thing.facets.add((facet.key, str(row["value"])))
                thing.date = max(thing.date, str(row.get("date", "")))
