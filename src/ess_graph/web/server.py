"""The production WSGI server: gunicorn with threads.

Chosen by capability: a stream that breaks ends the connection without its last chunk, so every client sees
it; an application can look at the client's socket and notice that nobody is there any more; and SIGHUP
changes workers without refusing a request. ``tests/web/test_server.py`` holds the three.

Two things gunicorn leaves open are closed here: a request line without an end, and the stream that breaks
for a client of HTTP/1.0, where the end of the connection is the end of the answer.
"""

from __future__ import annotations

import errno
import logging
import os
import socket
import struct
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from gunicorn.app.base import BaseApplication
from gunicorn.http import message
from gunicorn.http.errors import ParseException

from ess_graph.errors import ClientGone, EssGraphError
from ess_graph.web.patience import PatientWorker, readable

#: Seconds that running requests get when the server is asked to end; well under the 10 s promised.
GRACE = 6

#: Of each process; more than queries that may wait for a worker there, so that a page always finds one.
THREADS = 64

#: Longest request line, in bytes: a query in an address may be long, but it ends.
MAX_LINE = 1024 * 1024

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class Server(BaseApplication):  # type: ignore[misc]
    """Runs an application that each worker makes for itself, after the fork."""

    def __init__(
        self, factory: Callable[[], Application], host: str, port: int, *, workers: int = 2, threads: int = THREADS
    ) -> None:
        self._factory = factory
        self._options = {
            "bind": f"{host}:{port}",
            "worker_class": PatientWorker,
            "workers": workers,
            "threads": threads,
            "graceful_timeout": GRACE,
            "timeout": 60,
            "keepalive": 5,
            "loglevel": "warning",
            # Whoever runs the server has signals; a socket to command it would only be one more door.
            "control_socket_disable": True,
            "limit_request_line": MAX_LINE,
            "when_ready": lambda arbiter: print(
                f"ess-graph is at http://{host}:{arbiter.LISTENERS[0].getsockname()[1]} (Ctrl+C ends it)", flush=True
            ),
            "worker_exit": _leave,
        }
        super().__init__()

    def load_config(self) -> None:
        """Hand the options to gunicorn."""
        # gunicorn lets nobody ask for more than this constant, except for no limit at all.
        message.MAX_REQUEST_LINE = MAX_LINE
        for name, value in self._options.items():
            self.cfg.set(name, value)

    def load(self) -> Application:
        """Make the application; called once in each worker."""
        return _whole_or_reset(self._factory())


def _leave(_: object, worker: PatientWorker) -> None:
    """End a process that answers, once it has answered, without the exit handlers of the process that forked it.

    That one may have opened a store; RocksDB's handler waits for the threads of a store, which no fork inherits.
    """
    if worker.tpool:
        worker.tpool.shutdown()
    ended = sys.exc_info()[1]
    code = ended.code if isinstance(ended, SystemExit) else 1
    os._exit(code if isinstance(code, int) else 1)


def _whole_or_reset(application: Application) -> Application:
    """An application whose broken answers show under HTTP/1.0 too, the protocol of many proxies.

    While such an answer is on its way its connection is set to end in a reset, which the client reports as an
    error; only an answer that is complete sets it back to an ordinary end.
    """

    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        environ["wsgi.input"] = _Body(environ["wsgi.input"])
        found = application(environ, start_response)
        connection = environ.get("gunicorn.socket")
        if environ.get("SERVER_PROTOCOL") == "HTTP/1.0" and isinstance(connection, socket.socket):
            return _guarded(_in_one_line(found), connection)
        # What is there as a whole breaks nowhere, and gunicorn has the system send a file.
        whole = isinstance(found, (list, tuple, environ["wsgi.file_wrapper"]))
        return found if whole else _in_one_line(found)

    return answer


def _in_one_line(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The same pieces; an error of ours in their middle is a line of the log, where gunicorn writes a traceback."""
    begun = False
    try:
        for piece in pieces:
            yield piece
            begun = True
    except EssGraphError as error:
        if not begun:
            raise
        if not isinstance(error, ClientGone):
            logging.getLogger("gunicorn.error").warning("An answer was broken off: %s", error)
        # gunicorn ends a connection that was reset as it ends any broken one, and says nothing.
        raise ConnectionResetError(errno.ECONNRESET, "The answer was broken off.") from error
    finally:
        if hasattr(pieces, "close"):
            pieces.close()


class _Body:
    """A request's body, whose malformed chunks are an error of the client's, as Werkzeug knows them."""

    def __init__(self, body: Any) -> None:
        self._body = body

    def read(self, size: int | None = None) -> bytes:
        """So many bytes, or all that are left."""
        try:
            found: bytes = self._body.read(size)
        except ParseException as error:
            raise OSError(str(error)) from error
        return found


def _guarded(pieces: Iterable[bytes], connection: socket.socket) -> Iterator[bytes]:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    try:
        yield from pieces
    except BaseException:
        # Closed before gunicorn can end it politely.
        connection.close()
        raise
    finally:
        if hasattr(pieces, "close"):
            pieces.close()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 0, 0))


def client_has_gone(environ: dict[str, Any]) -> bool:
    """Whether the client of a request closed its connection; costs one system call."""
    connection = environ.get("gunicorn.socket")
    if not isinstance(connection, socket.socket):
        return False
    try:
        if not readable(connection, 0):
            return False
        return connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True
