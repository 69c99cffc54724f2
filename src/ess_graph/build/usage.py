"""The part of a release's index that describes it: how often each term is used, by what, and what each graph holds."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping

from rdflib import Literal

from ess_graph.engine.base import Engine
from ess_graph.folding import fold

SCHEMA = """
CREATE TABLE graph (iri TEXT PRIMARY KEY, triples INTEGER) WITHOUT ROWID;
CREATE TABLE graph_term (graph TEXT, kind TEXT, term TEXT, n INTEGER, PRIMARY KEY (graph, kind, term)) WITHOUT ROWID;
CREATE TABLE used (term TEXT, kind TEXT, n INTEGER, PRIMARY KEY (term, kind)) WITHOUT ROWID;
CREATE TABLE example (term TEXT, rank INTEGER, thing TEXT, value TEXT, PRIMARY KEY (term, rank)) WITHOUT ROWID;
"""
#: Uses of a term that are looked at to choose its examples, and how many are kept.
_SEEN, _KEPT = 200, 3


def fill(
    index: sqlite3.Connection, engine: Engine, query: Callable[[str], str], labels: Mapping[tuple[str, str], str]
) -> None:
    """Write the tables of ``SCHEMA``; ``query`` gives a text by its name."""
    sizes = [(str(row["graph"]), int(str(row["n"]))) for row in engine.rows(query("graph_sizes"))]
    index.executemany("INSERT INTO graph VALUES (?, ?)", sorted(sizes))
    for kind, name in (("class", "graph_classes"), ("property", "graph_properties")):
        rows = [(str(r["graph"]), kind, str(r["term"]), int(str(r["n"]))) for r in engine.rows(query(name))]
        index.executemany("INSERT INTO graph_term VALUES (?, ?, ?, ?)", sorted(rows))
    for kind, name in (("class", "used_classes"), ("property", "used_properties"), ("concept", "used_concepts")):
        used = [(str(r["term"]), kind, int(str(r["n"]))) for r in engine.rows(query(name))]
        index.executemany("INSERT INTO used VALUES (?, ?, ?)", sorted(used))
    for row in engine.rows(query("terms")):
        found = engine.rows(query("examples"), {"term": row["term"]}, limit=_SEEN)
        named = sorted(
            (fold(labels[(str(use["thing"]), "fr")]), str(use["thing"]), use["value"].n3() if "value" in use else "")
            for use in found
            # An example is something that a reader can recognise.
            if (str(use["thing"]), "fr") in labels and not _long(use.get("value"))
        )
        one_each = {label: (thing, value) for label, thing, value in reversed(named)}
        kept = sorted(one_each.values(), key=lambda pair: fold(labels[(pair[0], "fr")]))[:_KEPT]
        index.executemany(
            "INSERT INTO example VALUES (?, ?, ?, ?)",
            [(str(row["term"]), rank, thing, value) for rank, (thing, value) in enumerate(kept)],
        )


def _long(value: object) -> bool:
    return isinstance(value, Literal) and len(value) > 120
