"""Reads a release's SQLite index: labels, figures in words, passages, and what rests on them."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_BATCH = 500


@dataclass(frozen=True)
class Passage:
    """A passage with what a reader needs to find it; see ``views.Source``."""

    iri: str
    lines: str
    first: int
    last: int
    document: str
    file: str
    title: str | None
    record: str | None
    date: str | None
    concluded: bool


@dataclass(frozen=True)
class Cited:
    """One statement and one passage it rests on; ``value`` is in N-Triples syntax, ``reason`` a curator's or empty."""

    subject: str
    said: str
    value: str
    graph: str
    passage: str
    reason: str


def _passage(row: Sequence[Any]) -> Passage:
    iri, lines, first, last, document, file, title, record, date, concluded = row
    return Passage(iri, lines, first, last, document, file, title, record, date, bool(concluded))


class Index:
    """One release's index; safe to share between threads, each of which gets its own connection."""

    def __init__(self, path: Path) -> None:
        # The file never changes once published, so SQLite need not watch it.
        self._address = f"{path.resolve().as_uri()}?mode=ro&immutable=1"
        self._local = threading.local()

    def labels(self, iris: Iterable[str], lang: str) -> dict[str, tuple[str, str]]:
        """Label and its language for each IRI that has one: in ``lang``, else French, else any."""
        found: dict[str, tuple[str, str]] = {}
        order = {lang: 0, "fr": 1, "": 2}
        rows = self._many("SELECT iri, lang, text FROM label WHERE iri IN ({})", iris)
        for iri, tag, text in sorted(rows, key=lambda r: -order.get(r[1], 3)):
            found[iri] = (text, tag)
        return found

    def figures(self, iris: Iterable[str], lang: str) -> dict[str, str]:
        """Value in words of each figure."""
        rows = self._many("SELECT iri, lang, value FROM figure WHERE iri IN ({})", iris)
        return {iri: value for iri, tag, value in sorted(rows, key=lambda r: r[1] == lang)}

    def passages(self, iris: Iterable[str]) -> dict[str, Passage]:
        """Passages by IRI."""
        rows = self._many("SELECT * FROM passage WHERE iri IN ({})", iris)
        return {row[0]: _passage(row) for row in rows}

    def passages_of(self, document: str) -> list[Passage]:
        """Every passage of a document, in the order of its lines."""
        rows = self._rows("SELECT * FROM passage WHERE document = ? ORDER BY first, last", (document,))
        return [_passage(row) for row in rows]

    def cited(self, subjects: Iterable[str]) -> dict[str, list[Cited]]:
        """What each subject's statements rest on."""
        found: dict[str, list[Cited]] = {}
        for row in self._many("SELECT * FROM cited WHERE subject IN ({})", subjects):
            found.setdefault(row[0], []).append(Cited(*row))
        return found

    def cited_at(self, passages: Iterable[str]) -> list[Cited]:
        """Every statement that rests on some passages."""
        return [Cited(*row) for row in self._many("SELECT * FROM cited WHERE passage IN ({})", passages)]

    def rules(self, lang: str) -> dict[str, str]:
        """The rule in words, by the predicate that it derives."""
        return dict(self._rows("SELECT predicate, text FROM rule WHERE lang = ?", (lang,)))

    def counts(self) -> dict[str, int]:
        """Number of things by class IRI."""
        return dict(self._rows("SELECT value, count(*) FROM facet WHERE key = 'type' GROUP BY value"))

    def select(self, statement: str, values: Sequence[Any] | Mapping[str, Any] = ()) -> list[Any]:
        """Rows of a constant statement, its values bound, for readers of the index's other tables."""
        return self._rows(statement, values)

    def things(self, cls: str) -> list[str]:
        """IRIs of a class's members, in alphabetical order without accents."""
        rows = self._rows(
            "SELECT iri FROM facet JOIN thing USING (id) WHERE key = 'type' AND value = ? ORDER BY sort_fr, iri", (cls,)
        )
        return [iri for (iri,) in rows]

    def size(self) -> int:
        """Number of things that are listed under some class."""
        return int(self._rows("SELECT count(*) FROM thing")[0][0])

    def iris(self, limit: int, offset: int) -> list[str]:
        """IRIs of the things that are listed under some class, each once, in their order."""
        return [iri for (iri,) in self._rows("SELECT iri FROM thing ORDER BY iri LIMIT ? OFFSET ?", (limit, offset))]

    def _many(self, statement: str, iris: Iterable[str]) -> list[Any]:
        wanted = sorted(set(iris))
        rows: list[Any] = []
        for start in range(0, len(wanted), _BATCH):
            batch = wanted[start : start + _BATCH]
            rows += self._rows(statement.format(",".join("?" * len(batch))), batch)
        return rows

    def _rows(self, statement: str, values: Sequence[Any] | Mapping[str, Any] = ()) -> list[Any]:
        connection = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._local.connection = sqlite3.connect(self._address, uri=True)
        return connection.execute(statement, values).fetchall()
