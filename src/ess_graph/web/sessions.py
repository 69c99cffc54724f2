"""Who has shown a good token in a browser: sessions that end, in one small file beside the releases.

The cookie holds a random name and nothing else. The file holds that name's hash, a proof of which token was shown (so
that a session ends with its token), until when, and the name by which decisions are signed; never a token.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import sqlite3
import time
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from ess_graph.errors import NotPossibleNow

FILE = "sessions.sqlite"
#: Seconds that a session lasts, whatever is done in it, and sessions that are kept, the latest.
LASTS, _MOST = 8 * 3600, 200
_SCHEMA = "CREATE TABLE IF NOT EXISTS session (id TEXT PRIMARY KEY, proof TEXT, ends REAL, name TEXT)"


@dataclass(frozen=True)
class Session:
    """A session: its secret name, the digest of its token, until when (seconds since 1970), who signs decisions."""

    secret: str
    digest: bytes
    ends: float
    name: str = ""


class Sessions:
    """The sessions of a site; safe between threads and processes."""

    def __init__(self, home: Path) -> None:
        self._path = home / FILE

    def begin(self, digest: bytes) -> Session:
        """A new session for whoever showed the token with this digest."""
        begun = Session(new_secret(), digest, time.time() + LASTS)
        with self._open() as file:
            file.execute("DELETE FROM session WHERE ends < ?", (time.time(),))
            file.execute("INSERT INTO session VALUES (?, ?, ?, '')", (_id(begun.secret), _proof(begun), begun.ends))
            file.execute(
                "DELETE FROM session WHERE id NOT IN (SELECT id FROM session ORDER BY ends DESC LIMIT ?)", (_MOST,)
            )
        return begun

    def find(self, secret: str, digests: Iterable[bytes]) -> Session | None:
        """The session of a name, as long as it lasts and its token is among the good ones."""
        if not secret or not self._path.is_file():
            return None
        with self._open() as file:
            row = file.execute("SELECT proof, ends, name FROM session WHERE id = ?", (_id(secret),)).fetchone()
        if row is None or row[1] < time.time():
            return None
        tried = (Session(secret, digest, row[1], row[2]) for digest in digests)
        return next((one for one in tried if hmac.compare_digest(_proof(one), row[0])), None)

    def sign(self, session: Session, name: str) -> None:
        """Remember by which name the decisions of a session are signed."""
        with self._open() as file:
            file.execute("UPDATE session SET name = ? WHERE id = ?", (name, _id(session.secret)))

    def end(self, secret: str) -> None:
        """Forget a session: a copy of its cookie is worth nothing afterwards."""
        with self._open() as file:
            file.execute("DELETE FROM session WHERE id = ?", (_id(secret),))

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        try:
            if not self._path.exists():
                os.close(os.open(self._path, os.O_CREAT | os.O_RDWR, 0o600))
            with closing(sqlite3.connect(self._path, timeout=5)) as file, file:
                file.execute(_SCHEMA)
                yield file
        except (OSError, sqlite3.Error) as error:
            raise NotPossibleNow(f"Sessions cannot be kept now ({error}): try again later.") from error


def new_secret() -> str:
    """A name that nobody guesses."""
    return secrets.token_urlsafe(32)


def form_key(secret: str) -> str:
    """What a form of the holder of a cookie has in it, and a form of anybody else has not."""
    return hmac.new(secret.encode("utf-8", "replace"), b"form", hashlib.sha256).hexdigest()


def _id(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


def _proof(session: Session) -> str:
    return hmac.new(session.secret.encode("utf-8", "replace"), session.digest, hashlib.sha256).hexdigest()
