"""One SQLite file beside the store: labels, passages, what rests on them, and the words people search for."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from importlib import resources
from pathlib import Path

from rdflib import Literal
from rdflib.term import Node

from ess_graph.build.figures import figures
from ess_graph.engine.base import Engine
from ess_graph.folding import fold

_SCHEMA = """
CREATE TABLE label (iri TEXT, lang TEXT, text TEXT, PRIMARY KEY (iri, lang)) WITHOUT ROWID;
CREATE TABLE passage (iri TEXT PRIMARY KEY, lines TEXT, first INTEGER, last INTEGER, document TEXT, file TEXT,
  title TEXT, record TEXT, date TEXT, concluded INTEGER) WITHOUT ROWID;
CREATE TABLE cited (subject TEXT, said TEXT, value TEXT, graph TEXT, passage TEXT, reason TEXT);
CREATE INDEX cited_subject ON cited (subject);
CREATE INDEX cited_passage ON cited (passage);
CREATE TABLE rule (predicate TEXT, lang TEXT, text TEXT, PRIMARY KEY (predicate, lang)) WITHOUT ROWID;
CREATE TABLE thing (iri TEXT, class TEXT, label TEXT, sort TEXT, PRIMARY KEY (class, sort, iri)) WITHOUT ROWID;
CREATE TABLE figure (iri TEXT, lang TEXT, value TEXT, PRIMARY KEY (iri, lang)) WITHOUT ROWID;
CREATE VIRTUAL TABLE words USING fts5(folded, iri UNINDEXED, kind UNINDEXED, said UNINDEXED, tokenize = 'unicode61');
"""


def write(path: Path, engine: Engine, classes: Iterable[str], rules: Iterable[tuple[str, str, str]]) -> None:
    """Write the index of a release.

    Args:
        path: the file to make.
        engine: the release's store.
        classes: those whose members are listed and found by search.
        rules: predicate that a rule derives, language, and the rule in words.
    """
    index = sqlite3.connect(path)
    with index:
        index.executescript(_SCHEMA)
        labels = _labels(engine)
        worded = figures(engine)
        labels |= {(figure.iri, figure.lang): figure.label for figure in worded}
        index.executemany("INSERT INTO figure VALUES (?, ?, ?)", [(f.iri, f.lang, f.value) for f in worded])
        index.executemany("INSERT INTO label VALUES (?, ?, ?)", [(i, lang, text) for (i, lang), text in labels.items()])
        index.executemany("INSERT INTO passage VALUES (?,?,?,?,?,?,?,?,?,?)", _passages(engine))
        index.executemany("INSERT INTO cited VALUES (?, ?, ?, ?, ?, ?)", _cited(engine))
        index.executemany("INSERT OR IGNORE INTO rule VALUES (?, ?, ?)", rules)
        things, words = _things(engine, set(classes), labels)
        index.executemany("INSERT OR IGNORE INTO thing VALUES (?, ?, ?, ?)", sorted(things))
        index.executemany("INSERT INTO words VALUES (?, ?, ?, ?)", sorted(words))
    index.execute("VACUUM")
    index.close()


def _query(name: str) -> str:
    return resources.files(__package__).joinpath(name).read_text(encoding="utf-8")


def _labels(engine: Engine) -> dict[tuple[str, str], str]:
    found: dict[tuple[str, str], str] = {}
    for row in engine.rows(_query("labels.rq")):
        label = row["label"]
        key = (str(row["thing"]), label.language or "" if isinstance(label, Literal) else "")
        # A thing with two labels in one language gets the same one in every build.
        found[key] = min(found.get(key, str(label)), str(label))
    return found


def _passages(engine: Engine) -> list[tuple[str | int | None, ...]]:
    rows = []
    for row in engine.rows(_query("passages.rq")):
        first, last = int(str(row["first"])), int(str(row["last"]))
        rows.append(
            (
                str(row["passage"]),
                f"L{first}" if first == last else f"L{first}-L{last}",
                first,
                last,
                str(row["document"]),
                *(_or_none(row, name) for name in ("name", "title", "record", "date")),
                int(str(row.get("concluded")) == "true"),
            )
        )
    return rows


def _cited(engine: Engine) -> list[tuple[str, ...]]:
    return sorted(
        (
            *(str(row[name]) for name in ("subject", "said")),
            row["value"].n3(),
            *(str(row[name]) for name in ("graph", "passage")),
            str(row.get("reason", "")),
        )
        for row in engine.rows(_query("cited.rq"))
    )


def _things(
    engine: Engine, classes: set[str], labels: Mapping[tuple[str, str], str]
) -> tuple[set[tuple[str, str, str, str]], set[tuple[str, str, str, str]]]:
    things, words = set(), set()
    for row in engine.rows(_query("members.rq")):
        iri, kind = str(row["thing"]), str(row["class"])
        if kind in classes:
            label = labels.get((iri, "fr")) or labels.get((iri, "")) or labels.get((iri, "en")) or iri
            things.add((iri, kind, label, fold(label)))
    for row in engine.rows(_query("searchable.rq")):
        words.add((fold(str(row["text"])), str(row["thing"]), str(row["kind"]), str(row["text"])))
    return things, words


def _or_none(row: Mapping[str, Node], name: str) -> str | None:
    return str(row[name]) if name in row else None
