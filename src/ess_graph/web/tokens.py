"""Who may write: bearer tokens from an operator's file, and a note of every attempt."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import threading
import time
from collections import OrderedDict
from datetime import UTC, datetime
from pathlib import Path

from flask import current_app, request
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import TooManyRequests, Unauthorized

from ess_graph.errors import Forbidden
from ess_graph.web.throttle import client

#: Wrong tokens that one client may send within a minute, and clients that are remembered.
_FAILURES, _MINUTE, _CLIENTS = 10, 60, 10_000


class Tokens:
    """The tokens of a file, read again whenever it changes."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._seen: object = None
        self._digests: tuple[bytes, ...] = ()
        self._failures: OrderedDict[str, list[float]] = OrderedDict()
        self._lock = threading.Lock()

    def writer(self) -> str:
        """Who sends this request: a fingerprint of their token.

        Raises:
            Forbidden: no token is configured, so nobody may write.
            Unauthorized: the request has none, or a wrong one.
            TooManyRequests: its client sent too many wrong ones.
        """
        scheme, _, sent = request.headers.get("Authorization", "").partition(" ")
        return fingerprint(self.checked(sent if scheme.lower() == "bearer" else "", tried=bool(sent)))

    def checked(self, sent: str, *, tried: bool) -> bytes:
        """The digest of a token that is good, wherever the request has it from.

        Args:
            sent: the token.
            tried: whether a wrong one counts as an attempt.

        Raises:
            Forbidden, Unauthorized, TooManyRequests: see ``writer``.
        """
        known = self.digests()
        if not known:
            raise Forbidden("Nothing can be written here: no token is configured.")
        digest = hashlib.sha256(sent.strip().encode("utf-8", "surrogateescape")).digest()
        # Every token is compared, in constant time: how long it takes tells nothing.
        found = [hmac.compare_digest(digest, one) for one in known]
        if any(found):
            # A good token is good from anywhere: behind a proxy nobody was told of, all clients have one address.
            return digest
        self._refuse_guessing(client())
        if tried:
            self._failed(client())
        raise Unauthorized(
            "A write needs a token: send « Authorization: Bearer … » with one that the operator gave you.",
            www_authenticate=WWWAuthenticate("bearer", {"realm": "ess-graph"}),
        )

    def digests(self) -> tuple[bytes, ...]:
        """SHA-256 of each token that is good now; none where nobody may write."""
        if self._path is None:
            return ()
        try:
            stat = self._path.stat()
            seen = (stat.st_mtime_ns, stat.st_size, stat.st_ino)
            with self._lock:
                if seen != self._seen:
                    lines = self._path.read_text(encoding="utf-8").splitlines()
                    self._digests = tuple(
                        hashlib.sha256(line.strip().encode()).digest() for line in lines if line.strip()
                    )
                    self._seen = seen
                return self._digests
        except (OSError, UnicodeDecodeError):
            # A file that is gone, or being replaced, allows nobody.
            return ()

    def _refuse_guessing(self, sender: str) -> None:
        with self._lock:
            recent = [at for at in self._failures.get(sender, ()) if at > time.monotonic() - _MINUTE]
        if len(recent) >= _FAILURES:
            raise TooManyRequests("Too many wrong tokens: try again in a minute.", retry_after=_MINUTE)

    def _failed(self, sender: str) -> None:
        now = time.monotonic()
        with self._lock:
            recent = [at for at in self._failures.pop(sender, ()) if at > now - _MINUTE]
            self._failures[sender] = [*recent, now]
            while len(self._failures) > _CLIENTS:
                self._failures.popitem(last=False)


def fingerprint(digest: bytes) -> str:
    """By which logs and the journal call a token."""
    return digest.hex()[:12]


class AuditLog:
    """One line of JSON for each attempt to write: when, who, from where, what, and what became of it."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def note(self, who: str | None, what: str, status: int, **more: object) -> None:
        """Add a line, on disk when this returns; what was written is in the journal, not here."""
        line = {
            "when": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%fZ}",
            "who": who,
            "from": request.remote_addr,
            "request": f"{request.method} {request.path}",
            "what": what[:1000],
            "status": status,
            **{name: value for name, value in more.items() if value is not None},
        }
        text = json.dumps(line, ensure_ascii=False)
        try:
            self._append(f"{text}\n".encode())
        except OSError as error:
            # What was written is written: its note goes to the server's log then, and nobody is told that it failed.
            current_app.logger.error("The audit log cannot be written (%s): %s", error.strerror, text)

    def _append(self, line: bytes) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        # Opened anew each time, so that it can be moved away; one write call, so that lines never mix.
        descriptor = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o640)
        try:
            os.write(descriptor, line)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
