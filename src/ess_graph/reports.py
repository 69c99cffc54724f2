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
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ess_graph.errors import InvalidData, NotFound, NotPossibleNow

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
        note: the curator's, when closing.
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

    def as_json(self) -> dict[str, Any]:
        """Its fields."""
        return asdict(self)


def printable(text: str) -> str:
    """A text without what a terminal would obey: control characters, and marks that turn the writing around."""
    kept = (c if c == "\n" or unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Co", "Cn") else " " for c in text)
    return "".join(kept)


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
            rows = file.execute("SELECT * FROM report WHERE ? OR closed IS NULL ORDER BY id", (everything,))
            return [Report(*row) for row in rows]

    def close(self, number: int, note: str = "") -> None:
        """Take a report off the queue.

        Raises:
            NotFound: no open report has this number.
        """
        found = 0
        if self._path.is_file():
            closed = datetime.now(UTC).isoformat(timespec="seconds")
            with self._open() as file:
                found = file.execute(
                    "UPDATE report SET closed = ?, note = ? WHERE id = ? AND closed IS NULL", (closed, note, number)
                ).rowcount
                file.execute(
                    "DELETE FROM report WHERE closed IS NOT NULL AND id NOT IN"
                    " (SELECT id FROM report WHERE closed IS NOT NULL ORDER BY closed DESC, id DESC LIMIT ?)",
                    (MOST_CLOSED,),
                )
        if not found:
            raise NotFound(f"No open report has the number {number}: « ess-graph reports list » shows them.")

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


def _refuse(
    file: sqlite3.Connection, statement: str, values: tuple[Any, ...], most: int, seconds: int, now: float
) -> None:
    times = [at for (at,) in file.execute(statement, values)]
    if len(times) >= most:
        wait = max(1, int(times[-most] + seconds - now) + 1)
        raise TooMany("Too many reports in a short time: send this one later.", wait)
