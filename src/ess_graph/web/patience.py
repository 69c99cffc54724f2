"""Server processes that give up on clients who send or read too slowly, so that these hold no thread for ever."""

from __future__ import annotations

import errno
import select
import selectors
import socket
import threading
import time
from concurrent.futures import Future
from functools import partial
from typing import Any

from gunicorn.http.unreader import SocketUnreader
from gunicorn.util import close_graceful
from gunicorn.workers import gthread

#: Seconds that a client may take to send a request, and to read a piece of its answer.
SECONDS = 20
#: Seconds of these that one gets, once its last answer is sent, to read it and to end the connection.
PARTING = 2.0
#: What it sends must come at so many bytes a second beyond that.
_RATE = 64 * 1024
#: Seconds that a thread waits for the next request of a client whom it has just answered.
_LINGER = 0.002


def readable(connection: socket.socket, seconds: float) -> bool:
    """Whether something can be read within a time; unlike ``select`` it takes descriptors above 1023."""
    poll = select.poll()
    poll.register(connection, select.POLLIN)
    return bool(poll.poll(max(seconds, 0) * 1000))


class _Unreader(SocketUnreader):  # type: ignore[misc]
    """What a client sends, until a deadline that dripping does not move."""

    deadline = 0.0

    def chunk(self, size_hint: int | None = None) -> bytes:
        """The next piece."""
        if not readable(self.sock, self.deadline - time.monotonic()):
            raise _too_slow()
        received: bytes = super().chunk(size_hint)
        self.deadline += len(received) / _RATE
        return received


class _Connection(gthread.TConn):  # type: ignore[misc]
    """A connection that reads with a deadline."""

    def init(self) -> None:
        """Begin to read a request, the first or another."""
        first = not self.initialized
        super().init()
        if first:
            self.parser.unreader = _Unreader(self.sock)
        self.begin()

    def begin(self) -> None:
        """What comes next has its time from now on."""
        self.parser.unreader.deadline = time.monotonic() + SECONDS

    def close(self, graceful: bool = False) -> None:
        """End the connection, once; whoever has used up its time is not waited for."""
        if self.sock.fileno() < 0:
            return
        left = self.parser.unreader.deadline - time.monotonic() if self.parser else 0
        if graceful and left > 0:
            close_graceful(self.sock, min(left, PARTING))
        else:
            super().close()

    def wait_for_data(self, timeout: float) -> bool:
        """Whether there is something to read; no thread waits for it, gunicorn's poller does."""
        del timeout
        found: bool = super().wait_for_data(0)
        return found


# gunicorn offers no other way to say which connections a worker makes.
gthread.TConn = _Connection


class PatientWorker(gthread.ThreadWorker):  # type: ignore[misc]
    """gunicorn's worker of threads, with an end to its patience."""

    def init_process(self) -> None:
        """Begin to work."""
        # Half of the threads stay with nobody: whoever has just come waits for no client who never stops asking.
        self._lingering = threading.BoundedSemaphore(self.cfg.threads // 2)
        super().init_process()

    def handle(self, conn: Any) -> Any:
        """Answer what comes over a connection; end it where nothing more is to come."""
        keep = self._answer(conn)
        if not keep:
            # Where gunicorn does it, nobody else is accepted until the client has gone.
            conn.close(graceful=True)
        return keep

    def _answer(self, conn: Any) -> Any:
        """Answer requests as long as the next one follows at once."""
        keep = super().handle(conn)
        if keep is not True or not self._lingering.acquire(blocking=False):
            return keep
        try:
            # To give a connection to the poller and to take it back costs more than a short answer does.
            while keep is True and self.alive and not _has_read_on(conn) and readable(conn.sock, _LINGER):
                keep = super().handle(conn)
        finally:
            self._lingering.release()
        return keep

    def handle_request(self, req: Any, conn: Any) -> Any:
        """Answer a request whose head has been read."""
        conn.begin()
        # What is sent goes piece by piece; the time limit of a query counts all of them together.
        conn.sock.settimeout(SECONDS)
        try:
            return super().handle_request(req, conn)
        except TimeoutError:
            conn.parser.unreader.deadline = 0.0
            raise _too_slow() from None

    def finish_request(self, conn: Any, fs: Future[Any]) -> None:
        """Take a connection back from a thread."""
        if self.alive or fs.cancelled() or fs.exception() or fs.result() is not gthread._DEFER:
            super().finish_request(conn, fs)
            return
        # A process that ends would drop a client who has just come and not asked yet: a reload must refuse nobody.
        conn.sock.setblocking(False)
        conn.timeout = time.monotonic() + gthread.STOP_KEEPALIVE_LINGER
        self.pending_conns.append(conn)
        self.poller.register(conn.sock, selectors.EVENT_READ, partial(self.on_pending_socket_readable, conn))


def _has_read_on(conn: Any) -> bool:
    """Whether the next request came along with this one: the socket will not tell, gunicorn's queue takes it."""
    return bool(conn.parser.unreader.buf.getvalue())


def _too_slow() -> OSError:
    # gunicorn ends such a connection without a word in the log: it is the client's doing.
    return ConnectionResetError(errno.ECONNRESET, "The client is too slow.")
