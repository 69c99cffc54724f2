"""One worker process as its owner sees it: start, ask, listen, end."""

from __future__ import annotations

import json
import os
import select
import socket
import subprocess
import sys
import time
from contextlib import suppress
from typing import Any

from ess_graph.engine.base import Gone, Limits, never
from ess_graph.engine.worker import HEAD
from ess_graph.errors import ClientGone, NotPossibleNow

#: Seconds between two looks at whether the client is still there.
POLL = 0.1
MIB = 1024 * 1024
_AT_ONCE = 256 * 1024
_OPENING = 30.0


class Worker:
    """One process and the socket to it."""

    def __init__(self, limits: Limits, *, polite: bool) -> None:
        self._socket, theirs = socket.socketpair()
        self._inbox = bytearray()
        self._ready = select.poll()
        self._ready.register(self._socket, select.POLLIN)
        # Its other end lives as long as this process does; the worker hears it close, even in mid-query.
        lifeline, self._lifeline = os.pipe()
        command = [sys.executable, "-m", "ess_graph.engine.worker", str(theirs.fileno()), str(lifeline)]
        # The heavy lane gives way: pages and point queries go before it wherever processors are short.
        try:
            self._process = subprocess.Popen(  # noqa: S603
                [*(["nice", "-n", "10"] if polite else []), *command, str(limits.memory * MIB)],
                pass_fds=[theirs.fileno(), lifeline],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                # A worker that runs out of memory says so in one line, not in a page.
                env={**os.environ, "RUST_BACKTRACE": "0"},
            )
        except OSError as error:
            self._socket.close()
            os.close(self._lifeline)
            raise NotPossibleNow(f"A query worker could not be started: {error.strerror}.") from error
        finally:
            theirs.close()
            os.close(lifeline)
        with suppress(TimeoutError):
            if self.receive(time.monotonic() + 30)[0] == b"E":
                return
        self.end()
        raise NotPossibleNow("A query worker did not start: look at the server's log.")

    def open(self, store: str) -> None:
        """Have a store opened, if it is still there, before somebody waits for that.

        Raises:
            NotPossibleNow: the process has died of it, or does not come to an end.
        """
        with suppress(TimeoutError, OSError):
            self.send({"do": "open", "store": store, "seconds": _OPENING})
            if self.receive(time.monotonic() + _OPENING)[0]:
                return
        self.end()
        raise NotPossibleNow("A query worker could not open the store: look at the server's log.")

    @property
    def lives(self) -> bool:
        """Whether the process is there: an idle one may have been ended by the system, or by a person."""
        return self._process.poll() is None

    def send(self, request: dict[str, Any]) -> None:
        """Hand over a request.

        Raises:
            NotPossibleNow: the process has just died.
        """
        payload = json.dumps(request).encode()
        self._socket.settimeout(10)
        try:
            self._socket.sendall(HEAD.pack(b"Q", len(payload)) + payload)
        except ConnectionError as error:
            raise NotPossibleNow("A query worker has just ended: ask again.") from error

    def receive(self, deadline: float, gone: Gone = never) -> tuple[bytes, bytes]:
        """The next message, kind and payload; an empty kind when the process has died.

        Raises:
            TimeoutError: the deadline (on the monotonic clock) came first.
            ClientGone: nobody waits any more.
        """
        head = self._exactly(HEAD.size, deadline, gone)
        if not head:
            return b"", b""
        kind, size = HEAD.unpack(head)
        payload = self._exactly(size, deadline, gone) if size else b""
        return (kind, payload) if len(payload) == size else (b"", b"")

    def end(self) -> None:
        """Kill the process, whatever it does."""
        self._socket.close()
        self._process.kill()
        self._process.wait()
        os.close(self._lifeline)

    def _exactly(self, size: int, deadline: float, gone: Gone) -> bytes:
        while len(self._inbox) < size:
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError
            if self._ready.poll(1000 * min(left, POLL)):
                # What follows comes along: a short answer is one call of the system. A process that dies before it has
                # read its request resets the connection.
                try:
                    piece = self._socket.recv(_AT_ONCE)
                except ConnectionError:
                    piece = b""
                if not piece:
                    return b""
                self._inbox += piece
            elif gone():
                raise ClientGone("The client went away; its query was stopped.")
        with memoryview(self._inbox) as inbox, inbox[:size] as first:
            found = bytes(first)
        del self._inbox[:size]
        return found
