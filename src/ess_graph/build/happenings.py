"""Events beside the labels in a release's index, so that a timeline filters and counts them without a query."""

from __future__ import annotations

import re
import sqlite3
from importlib import resources
from pathlib import Path

from ess_graph.engine.base import Engine

_SCHEMA = """
CREATE TABLE happening (iri TEXT PRIMARY KEY, first INTEGER, last INTEGER, sort TEXT) WITHOUT ROWID;
CREATE INDEX happening_sort ON happening (sort, iri);
CREATE TABLE happening_said (event TEXT, field TEXT, value TEXT, PRIMARY KEY (event, field, value)) WITHOUT ROWID;
CREATE INDEX happening_value ON happening_said (field, value, event);
"""
_DATES = ("start", "inferred", "end")
_YEAR = re.compile(r"[0-9]{4}(?=$|-)")
#: After every date: events without one come last.
_LAST = "~"


def write(path: Path, engine: Engine) -> None:
    """Add a release's events to its index: years of their first and last day, and what is said of each."""
    query = resources.files(__package__).joinpath("happenings.rq").read_text(encoding="utf-8")
    said: dict[str, set[tuple[str, str]]] = {}
    for row in engine.rows(query):
        said.setdefault(str(row["event"]), set()).add((str(row["field"]), str(row["value"])))
    index = sqlite3.connect(path)
    with index:
        index.executescript(_SCHEMA)
        for event, facts in sorted(said.items()):
            starts = sorted(value for field, value in facts if field in ("start", "inferred"))
            years = [int(year[0]) for field, value in facts if field in _DATES and (year := _YEAR.match(value))]
            # A thing that begins at no known time has no place on the line.
            placed = (min(years), max(years)) if years and starts else (None, None)
            index.execute("INSERT INTO happening VALUES (?, ?, ?, ?)", (event, *placed, (*starts, _LAST)[0]))
            index.executemany(
                "INSERT INTO happening_said VALUES (?, ?, ?)",
                sorted((event, field, value) for field, value in facts if field != "self"),
            )
    index.close()
