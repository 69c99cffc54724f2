"""The production WSGI server: gunicorn with threads.

Chosen by capability: a stream that breaks ends the connection without its last chunk, so every client sees
it; an application can look at the client's socket and notice that nobody is there any more; and SIGHUP
changes workers without refusing a request. ``tests/web/test_server.py`` holds the three.
"""

from __future__ import annotations

import select
import socket
from collections.abc import Callable
from typing import Any

from gunicorn.app.base import BaseApplication

#: Seconds that running requests get when the server is asked to end; well under the 10 s promised.
GRACE = 6


class Server(BaseApplication):  # type: ignore[misc]
    """Runs an application that each worker makes for itself, after the fork."""

    def __init__(self, factory: Callable[[], Any], host: str, port: int, *, workers: int = 2, threads: int = 8) -> None:
        self._factory = factory
        self._options = {
            "bind": f"{host}:{port}",
            "worker_class": "gthread",
            "workers": workers,
            "threads": threads,
            "graceful_timeout": GRACE,
            "timeout": 60,
            "keepalive": 5,
            "loglevel": "warning",
            "limit_request_line": 0,
            "when_ready": lambda _: print(f"ess-graph is at http://{host}:{port} (Ctrl+C ends it)", flush=True),
        }
        super().__init__()

    def load_config(self) -> None:
        """Hand the options to gunicorn."""
        for name, value in self._options.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        """Make the application; called once in each worker."""
        return self._factory()


def client_has_gone(environ: dict[str, Any]) -> bool:
    """Whether the client of a request closed its connection; costs one system call."""
    connection = environ.get("gunicorn.socket")
    if not isinstance(connection, socket.socket):
        return False
    readable, _, _ = select.select([connection], [], [], 0)
    if not readable:
        return False
    try:
        return connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True
