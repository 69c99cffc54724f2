"""The queue of error reports, one bounded file beside the releases: the site writes, the curator reads and closes."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import sqlite3
import time
import unicodedata
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ess_graph import decisions
from ess_graph.decisions import Decision, Overtaken
from ess_graph.errors import InvalidData, NotFound, NotPossibleNow
from ess_graph.folding import printable

#: Open reports, and closed ones that are kept; characters of a message.
MOST_OPEN, MOST_CLOSED, SHORTEST, LONGEST = 1000, 500, 10, 2000
#: Reports that one client, and all clients together, may send within so many seconds.
_OF_ONE, _OF_ALL = ((5, 600), (20, 86_400)), (300, 3600)
#: Pages of 4 KiB that the file may have: full queues of the longest messages fit in.
_PAGES = 8192
_SCHEMA = """
CREATE TABLE IF NOT EXISTS report (id INTEGER PRIMARY KEY AUTOINCREMENT, created TEXT, release TEXT, page TEXT,
  fact TEXT, statement TEXT, sources TEXT, kind TEXT, lang TEXT, message TEXT, closed TEXT, note TEXT);
CREATE INDEX IF NOT EXISTS report_closed ON report (closed);
CREATE TABLE IF NOT EXISTS attempt (client TEXT, at REAL);
CREATE TABLE IF NOT EXISTS secret (key TEXT);
CREATE TABLE IF NOT EXISTS decision (id INTEGER PRIMARY KEY AUTOINCREMENT, report INTEGER, at TEXT, decision TEXT,
  who TEXT, note TEXT);
CREATE INDEX IF NOT EXISTS decision_report ON decision (report);
"""
_CONTACT = re.compile(r"[\w.+-]+@[\w-]+\.\w|(?<!\d)(?:\+33|0033|0)[\s.-]?[1-9](?:[\s.-]?\d\d){4}(?!\d)")


class TooMany(NotPossibleNow):
    """A client, or everybody together, sent more reports than a curator could read; ``retry_after`` is in seconds."""

    status = 429

    def __init__(self, message: str, retry_after: int) -> None:
        super().__init__(message)
        self.retry_after = retry_after


@dataclass(frozen=True)
class Report:
    """One report.

    Attributes:
        created: date and time (ISO, UTC); ``closed`` likewise, or None while it is open.
        release: the release that the reader saw.
        page: path of the page, without ``/page/``; ``fact`` names one fact of it.
        statement: the fact as the page says it, and ``sources`` its documents and lines; both empty for a whole page.
        kind: what the reader says is wrong, one of a few words.
        message: the reader's own words.
        note: the curator's, the latest.
        decisions: all that was decided, the latest last; a report that waits for something is open still.
    """

    id: int
    created: str
    release: str
    page: str
    fact: str
    statement: str
    sources: str
    kind: str
    lang: str
    message: str
    closed: str | None = None
    note: str | None = None
    decisions: tuple[Decision, ...] = ()

    @property
    def state(self) -> str:
        """``open``, one of ``decisions.DECISIONS``, or ``closed`` where nobody said why."""
        return self.decisions[-1].decision if self.decisions else "closed" if self.closed else "open"

    @property
    def mark(self) -> int:
        """By which one says which decision one has seen; 0 for none."""
        return self.decisions[-1].number if self.decisions else 0

    def as_json(self) -> dict[str, Any]:
        """Its fields."""
        return asdict(self)


def message(text: str) -> str:
    """A reader's words as they are kept.

    Raises:
        InvalidData: too short, too long, or with an address or a number that would have to be protected. Its message is
            one of ``short``, ``long`` and ``contact``.
    """
    plain = unicodedata.normalize("NFC", printable(text.replace("\r\n", "\n"))).strip()
    if len(plain) < SHORTEST:
        raise InvalidData("short")
    if len(plain) > LONGEST:
        raise InvalidData("long")
    if _CONTACT.search(plain):
        raise InvalidData("contact")
    return plain


class Queue:
    """The queue of a site; safe between threads and processes."""

    def __init__(self, home: Path) -> None:
        self._path = home / "reports.sqlite"

    def admit(self, client: str, now: float | None = None) -> None:
        """Count an attempt of a client, whose address is kept for a day at most, and only as a keyed hash.

        Raises:
            TooMany: it has had its share, everybody has, or the queue is full.
        """
        now = time.time() if now is None else now
        with self._open() as file:
            [[waiting]] = file.execute("SELECT count(*) FROM report WHERE closed IS NULL").fetchall()
            if waiting >= MOST_OPEN:
                raise TooMany("The queue of reports is full: come back when the curator has read some.", 86_400)
            file.execute("DELETE FROM attempt WHERE at < ?", (now - max(seconds for _, seconds in _OF_ONE),))
            name = self._hash(file, client)
            for most, seconds in _OF_ONE:
                _refuse(file, "SELECT at FROM attempt WHERE client = ? AND at > ? ORDER BY at", (name, now - seconds),
                        most, seconds, now)  # fmt: skip
            most, seconds = _OF_ALL
            _refuse(file, "SELECT at FROM attempt WHERE at > ? ORDER BY at", (now - seconds,), most, seconds, now)
            file.execute("INSERT INTO attempt VALUES (?, ?)", (name, now))

    def add(self, **said: str) -> int:
        """Keep a report, synced to disk, and give its number; one that says the same of the same fact is kept once."""
        with self._open() as file:
            same = file.execute(
                "SELECT id FROM report WHERE closed IS NULL AND page = ? AND fact = ? AND message = ?",
                (said["page"], said["fact"], said["message"]),
            ).fetchone()
            if same:
                return int(same[0])
            created = datetime.now(UTC).isoformat(timespec="seconds")
            names = ("release", "page", "fact", "statement", "sources", "kind", "lang", "message")
            cursor = file.execute(
                "INSERT INTO report (created, release, page, fact, statement, sources, kind, lang, message)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (created, *(said[name] for name in names)),
            )
            return int(cursor.lastrowid or 0)

    def listed(self, *, everything: bool = False) -> list[Report]:
        """The open reports, or all that are kept, the oldest first."""
        if not self._path.is_file():
            return []
        with self._open() as file:
            # The columns of the table are the fields, in their order.
            rows = file.execute("SELECT * FROM report WHERE ? OR closed IS NULL ORDER BY id", (everything,)).fetchall()
            decided = _decisions(file)
            return [replace(Report(*row), decisions=tuple(decided.get(row[0], ()))) for row in rows]

    def report(self, number: int) -> Report:
        """The report of a number.

        Raises:
            NotFound: none that is kept has it.
        """
        found = next((report for report in self.listed(everything=True) if report.id == number), None)
        if found is None:
            raise NotFound(f"No report has the number {number}: « ess-graph reports list --all » shows them.")
        return found

    def close(self, number: int, note: str = "") -> None:
        """Take a report off the queue.

        Raises:
            NotFound: no open report has this number.
        """
        found = 0
        if self._path.is_file():
            with self._open() as file:
                found = file.execute(
                    "UPDATE report SET closed = ?, note = ? WHERE id = ? AND closed IS NULL", (_now(), note, number)
                ).rowcount
                _forget_oldest(file)
        if not found:
            raise NotFound(f"No open report has the number {number}: « ess-graph reports list » shows them.")

    def decide(self, number: int, decision: str, who: str, note: str, seen: int | None = None) -> None:
        """Record what a curator decides; an accepted or rejected report leaves the queue, and may be decided anew.

        Args:
            number: of the report.
            decision: one of ``decisions.DECISIONS``.
            who: the curator's name.
            note: what to mend, why not, or what is waited for.
            seen: ``mark`` of the report as who decides knows it; None for whatever holds.

        Raises:
            InvalidData: its message is one of ``decision``, ``who``, ``note`` (a reason is missing) and ``long``.
            NotFound: no report has this number.
            Overtaken: somebody else decided since; nothing is recorded.
        """
        name, why = decisions.checked(decision, who, note)
        self.report(number)
        with self._open() as file:
            [[latest]] = file.execute(
                "SELECT coalesce(max(id), 0) FROM decision WHERE report = ?", (number,)
            ).fetchall()
            if seen is not None and latest != seen:
                raise Overtaken("Somebody else decided about this report: look at what they say, then decide again.")
            at = _now()
            file.execute(
                "INSERT INTO decision (report, at, decision, who, note) VALUES (?, ?, ?, ?, ?)",
                (number, at, decision, name, why),
            )
            closed = None if decision == decisions.WAITING else at
            file.execute("UPDATE report SET closed = ?, note = ? WHERE id = ?", (closed, why, number))
            _forget_oldest(file)

    def _hash(self, file: sqlite3.Connection, client: str) -> str:
        found = file.execute("SELECT key FROM secret").fetchone()
        if found is None:
            found = (secrets.token_hex(32),)
            file.execute("INSERT INTO secret VALUES (?)", found)
        return hmac.new(bytes.fromhex(found[0]), client.encode(), hashlib.sha256).hexdigest()[:24]

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        """The file in one transaction, on disk when it ends; EXTRA syncs the directory as well."""
        try:
            with closing(sqlite3.connect(self._path, timeout=5, isolation_level=None)) as file:
                file.execute(f"PRAGMA max_page_count = {_PAGES}")
                file.execute("PRAGMA synchronous = EXTRA")
                file.executescript(_SCHEMA)
                file.execute("BEGIN IMMEDIATE")
                try:
                    yield file
                except BaseException:
                    file.rollback()
                    raise
                file.commit()
        except sqlite3.Error as error:
            raise NotPossibleNow(f"The queue of reports cannot be used now ({error}): try again later.") from error


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _decisions(file: sqlite3.Connection) -> dict[int, list[Decision]]:
    found: dict[int, list[Decision]] = {}
    for report, *said in file.execute("SELECT report, id, at, decision, who, note FROM decision ORDER BY id"):
        found.setdefault(report, []).append(Decision(*said))
    return found


def _forget_oldest(file: sqlite3.Connection) -> None:
    """Of the closed ones the latest are kept, with what was decided about them."""
    file.execute(
        "DELETE FROM report WHERE closed IS NOT NULL AND id NOT IN"
        " (SELECT id FROM report WHERE closed IS NOT NULL ORDER BY closed DESC, id DESC LIMIT ?)",
        (MOST_CLOSED,),
    )
    file.execute("DELETE FROM decision WHERE report NOT IN (SELECT id FROM report)")


def _refuse(
    file: sqlite3.Connection, statement: str, values: tuple[Any, ...], most: int, seconds: int, now: float
) -> None:
    times = [at for (at,) in file.execute(statement, values)]
    if len(times) >= most:
        wait = max(1, int(times[-most] + seconds - now) + 1)
        raise TooMany("Too many reports in a short time: send this one later.", wait)
