"""The process that evaluates queries: one store and one query at a time, no network, a cap on memory.

It speaks over the socket it is given: each message is a kind (one byte), a length (four bytes, big-endian)
and a payload. A request is a JSON object (``Q``) that names its store; the answer is any number of data frames
(``D``) and then an end (``E``), or an error as JSON (``X``). Nothing heavier than pyoxigraph is imported, so that
a new worker is ready in some tens of milliseconds; whoever started it may kill it at any moment.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import resource
import socket
import struct
import sys
from typing import Any, BinaryIO

import pyoxigraph as ox

from ess_graph.engine.evaluate import Results, evaluate
from ess_graph.engine.execute import Own, difference
from ess_graph.lifeline import die_with

HEAD = struct.Struct(">cI")
_PIECE = 64 * 1024
#: Bytes that may wait for whoever reads the answer, while the next ones are computed.
_AHEAD = 1024 * 1024


class Out:
    """What pyoxigraph writes into: frames of about 64 KiB on the socket."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._buffer = bytearray()

    def write(self, data: bytes) -> int:
        """Take in a piece, and send a frame when there is enough."""
        self._buffer += data
        if len(self._buffer) >= _PIECE:
            self.flush()
        return len(data)

    def flush(self) -> None:
        """Send what is waiting."""
        if self._buffer:
            self._connection.sendall(HEAD.pack(b"D", len(self._buffer)) + self._buffer)
            self._buffer.clear()

    def end(self) -> None:
        """Send what is waiting, and that it was the last."""
        waiting = HEAD.pack(b"D", len(self._buffer)) + self._buffer if self._buffer else b""
        self._connection.sendall(waiting + HEAD.pack(b"E", 0))


def main(descriptor: int, lifeline: int, memory: int) -> None:
    """Serve requests until the other side closes.

    Args:
        descriptor: the socket's file descriptor.
        lifeline: the reading end of a pipe that closes with the process that started this one.
        memory: cap of the address space in bytes.
    """
    connection = socket.socket(fileno=descriptor)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _AHEAD)
    die_with(lifeline)
    # Before any store is open: a process with several threads may not change its namespaces.
    _leave_the_network()
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    connection.sendall(HEAD.pack(b"E", 0))
    stores = Stores()
    requests = connection.makefile("rb")
    while (request := _receive(requests)) is not None:
        # Should whoever watches the clock die, the system ends a query that never would.
        used = resource.getrusage(resource.RUSAGE_SELF)
        seconds = int(used.ru_utime + used.ru_stime + 2 * request["seconds"]) + 2
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, resource.RLIM_INFINITY))
        _answer(stores, connection, request)


class Stores:
    """The store that was asked last, kept open, and the one that this process writes."""

    def __init__(self) -> None:
        self.own = Own()
        self._folder = ""
        self._store: ox.Store | None = None

    def opened(self, folder: str) -> ox.Store:
        """A published store, read-only.

        Raises:
            FileNotFoundError: it is no longer there.
        """
        if self._store is None or folder != self._folder:
            if not os.path.isdir(folder):  # noqa: PTH112 - pathlib would double the time to start
                raise FileNotFoundError
            self._store, self._folder = ox.Store.read_only(folder), folder
        return self._store


def _answer(stores: Stores, connection: socket.socket, request: dict[str, Any]) -> None:
    out = Out(connection)
    try:
        match request["do"]:
            case "query":
                _evaluate(stores.opened(request["store"]), request, out)
            case "open":
                stores.opened(request["store"])
            case "holds":
                graph = ox.NamedNode(request["graph"])
                out.write(json.dumps(stores.opened(request["store"]).contains_named_graph(graph)).encode())
            case "difference":
                for line in difference(stores.opened(request["store"]), request["derived"], request):
                    out.write(line.encode())
            case "write":
                stores.own.write(request)
        out.end()
    except (SyntaxError, ValueError, RuntimeError, MemoryError, OSError) as error:
        said = {"kind": type(error).__name__, "message": str(getattr(error, "msg", None) or error)}
        payload = json.dumps(said).encode()
        connection.sendall(HEAD.pack(b"X", len(payload)) + payload)


def _evaluate(store: ox.Store, request: dict[str, Any], out: Out) -> None:
    found = evaluate(
        store, request["query"], request["prefixes"], request["default"], request["named"], base=request["base"]
    )
    if request["type"] is None:
        out.write(json.dumps(_first(found, request["limit"])).encode())
    elif isinstance(found, ox.QueryTriples):
        kind = ox.RdfFormat.from_media_type(request["type"])
        ox.serialize(found, out, kind, prefixes=request["prefixes"])  # type: ignore[arg-type]
    else:
        found.serialize(out, ox.QueryResultsFormat.from_media_type(request["type"]))  # type: ignore[arg-type]


def _first(found: Results, limit: int) -> dict[str, Any]:
    """The first solutions, terms in N-Triples syntax."""
    if isinstance(found, ox.QueryBoolean):
        return {"boolean": bool(found)}
    if isinstance(found, ox.QueryTriples):
        raise ValueError("Rows come from a SELECT only.")
    names = [variable.value for variable in found.variables]
    rows: list[list[str | None]] = []
    for solution in found:
        if len(rows) == limit:
            return {"names": names, "rows": rows, "cut": True}
        rows.append([None if (term := solution[name]) is None else str(term) for name in names])
    return {"names": names, "rows": rows, "cut": False}


def _receive(requests: BinaryIO) -> dict[str, Any] | None:
    """The next request; None when the other side has closed."""
    with contextlib.suppress(ConnectionResetError):
        head = requests.read(HEAD.size)
        if len(head) == HEAD.size:
            size = HEAD.unpack(head)[1]
            payload = requests.read(size)
            return json.loads(payload) if len(payload) == size else None
    return None


def _leave_the_network() -> None:
    """A network of its own, without interfaces, where the system lets us have one; else things stay as they are."""
    user_and_network = 0x10000000 | 0x40000000  # CLONE_NEWUSER | CLONE_NEWNET
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None, use_errno=True).unshare(user_and_network)


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:]))
