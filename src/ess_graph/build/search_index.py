"""One SQLite file beside the store: labels, passages, what rests on them, and the words people search for."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from importlib import resources
from pathlib import Path

from rdflib import Literal
from rdflib.term import Node

from ess_graph.build import usage, words
from ess_graph.build.compile_facets import Facet
from ess_graph.build.figures import figures
from ess_graph.engine.base import Engine

_SCHEMA = """
CREATE TABLE label (iri TEXT, lang TEXT, text TEXT, PRIMARY KEY (iri, lang)) WITHOUT ROWID;
CREATE TABLE passage (iri TEXT PRIMARY KEY, lines TEXT, first INTEGER, last INTEGER, document TEXT, file TEXT,
  title TEXT, record TEXT, date TEXT, concluded INTEGER) WITHOUT ROWID;
CREATE TABLE cited (subject TEXT, said TEXT, value TEXT, graph TEXT, passage TEXT, reason TEXT);
CREATE INDEX cited_subject ON cited (subject);
CREATE INDEX cited_passage ON cited (passage);
CREATE TABLE rule (predicate TEXT, lang TEXT, text TEXT, PRIMARY KEY (predicate, lang)) WITHOUT ROWID;
CREATE TABLE figure (iri TEXT, lang TEXT, value TEXT, PRIMARY KEY (iri, lang)) WITHOUT ROWID;
"""


def write(
    path: Path,
    engine: Engine,
    classes: Sequence[str],
    rules: Iterable[tuple[str, str, str]],
    facets: Iterable[Facet] = (),
) -> None:
    """Write the index of a release.

    Args:
        path: the file to make.
        engine: the release's store.
        classes: those whose members are listed and found by search, subclasses before their superclasses.
        rules: predicate that a rule derives, language, and the rule in words.
        facets: how lists and results are narrowed.
    """
    index = sqlite3.connect(path)
    with index:
        index.executescript(_SCHEMA + words.SCHEMA + usage.SCHEMA)
        labels = _labels(engine)
        worded = figures(engine)
        labels |= {(figure.iri, figure.lang): figure.label for figure in worded}
        index.executemany("INSERT INTO figure VALUES (?, ?, ?)", [(f.iri, f.lang, f.value) for f in worded])
        index.executemany("INSERT INTO label VALUES (?, ?, ?)", [(i, lang, text) for (i, lang), text in labels.items()])
        index.executemany("INSERT INTO passage VALUES (?,?,?,?,?,?,?,?,?,?)", _passages(engine))
        index.executemany("INSERT INTO cited VALUES (?, ?, ?, ?, ?, ?)", _cited(engine))
        index.executemany("INSERT OR IGNORE INTO rule VALUES (?, ?, ?)", rules)
        texts = {name: _query(f"{name}.rq") for name in ("members", "searchable", "linked", "degrees")}
        words.fill(index, engine, texts, classes, facets, labels)
        usage.fill(index, engine, lambda name: _query(f"{name}.rq"), labels)
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


def _or_none(row: Mapping[str, Node], name: str) -> str | None:
    return str(row[name]) if name in row else None
