"""The hostile requests of ``tests/hostile/*.toml``, and what the answer to each must be.

Fields of a request: ``name``; what is sent: ``query`` or ``update`` with ``send`` (direct, form, get) and
``parameters``, or ``method``, ``path``, ``headers`` and ``body`` or ``hex``, or ``raw`` bytes of a connection;
``token`` (whether with a good one); ``mode`` (which server); ``behaviour`` of a client that waits for nothing.
What is expected: ``status`` (any of these), ``limit`` (503 that names one of these), ``broken`` (a body that ends in an
error), ``says`` and ``never`` (patterns of the body), ``never_header``, ``answers`` (how many there may be). A text may
be a table: ``before``, ``piece`` ``times`` over, ``after``; ``{n}``, ``{p}`` and ``{s}`` are the number of the piece,
the one before and the next.
"""

from __future__ import annotations

import http.client
import json
import re
import socket
import struct
import time
import tomllib
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

FOLDER = Path(__file__).parents[1] / "hostile"
TOKEN = "secret-token"
_PATIENCE = 30
_JSON = "application/sparql-results+json, */*;q=0.1"


@dataclass(frozen=True)
class Answer:
    """What came back: status 0 when nothing did; ``broken`` when the body ended in an error."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    broken: bool = False
    seconds: float = 0
    count: int = 1


def requests() -> list[dict[str, Any]]:
    """Every request of the corpus."""
    found = [
        request
        for path in sorted(FOLDER.glob("*.toml"))
        for request in tomllib.loads(path.read_text(encoding="utf-8"))["request"]
    ]
    assert len({request["name"] for request in found}) == len(found)
    return found


class Client:
    """Sends requests of the corpus to a server."""

    def __init__(self, port: int, listener: str) -> None:
        self._port, self._listener = port, listener

    def send(self, request: dict[str, Any]) -> Answer:
        """The answer to a request that waits for one."""
        started = time.monotonic()
        answer = self._raw(request) if "raw" in request else self._http(request)
        for _ in range(20):
            # A busy machine may say « later » to anything; what is looked at here is what it says then.
            meant = "limit" in request or 503 in request.get("status", [])
            if b'"limit": "queue"' not in answer.body and (meant or b'"limit": "time"' not in answer.body):
                break
            time.sleep(0.5)
            started = time.monotonic()
            answer = self._http(request)
        return replace(answer, seconds=time.monotonic() - started)

    def begin(self, request: dict[str, Any]) -> socket.socket:
        """The connection of a client that waits for no answer, which has sent what it sends."""
        connection = socket.create_connection(("127.0.0.1", self._port), timeout=_PATIENCE)
        connection.sendall(self._text(request["raw"]).encode("latin-1"))
        return connection

    def _text(self, written: Any) -> str:
        if isinstance(written, dict):
            first = written.get("first", 0)
            pieces = [
                written["piece"].replace("{n}", str(n)).replace("{p}", str(n - 1)).replace("{s}", str(n + 1))
                for n in range(first, first + written["times"])
            ]
            written = "".join([written["before"], *pieces, written["after"]])
        host = self._listener.split("/")[2]
        return str(written).replace("@LISTENER@", self._listener).replace("@HOST@", host)

    def http(self, request: dict[str, Any]) -> Answer:
        """The answer to a request of HTTP, whatever it is."""
        started = time.monotonic()
        return replace(self._http(request), seconds=time.monotonic() - started)

    def _http(self, request: dict[str, Any]) -> Answer:
        method, path, body = request.get("method", "GET"), self._text(request.get("path", "/sparql")), None
        headers = {"Accept": _JSON}
        for kind in ("query", "update"):
            if kind in request:
                method, path, body, headers = self._protocol(request, kind)
        if "body" in request:
            body = self._text(request["body"]).encode()
        elif "hex" in request:
            body = bytes.fromhex(request["hex"])
        headers |= {name: self._text(value) for name, value in request.get("headers", {}).items()}
        if request.get("token"):
            headers["Authorization"] = f"Bearer {TOKEN}"
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=_PATIENCE)
        try:
            connection.putrequest(method, path, skip_host="Host" in headers, skip_accept_encoding=True)
            for name, value in headers.items():
                connection.putheader(name, value.encode("latin-1", "replace"))
            if body is not None:
                connection.putheader("Content-Length", str(len(body)))
            # What refuses a body may do so before it has read it.
            with suppress(BrokenPipeError, ConnectionResetError):
                connection.endheaders(body)
            reply = connection.getresponse()
            try:
                return Answer(reply.status, tuple(reply.getheaders()), reply.read())
            except (http.client.IncompleteRead, ConnectionResetError) as error:
                partial = error.partial if isinstance(error, http.client.IncompleteRead) else b""
                return Answer(reply.status, tuple(reply.getheaders()), partial, broken=True)
        except TimeoutError:
            return Answer(-1, body=b"no answer in %d seconds" % _PATIENCE)
        except (http.client.BadStatusLine, ConnectionError):
            return Answer(0)
        finally:
            connection.close()

    def _protocol(self, request: dict[str, Any], kind: str) -> tuple[str, str, bytes | None, dict[str, str]]:
        text, path = self._text(request[kind]), "/sparql" if kind == "query" else "/update"
        parameters = self._text(request.get("parameters", ""))
        headers = {"Accept": _JSON}
        match request.get("send", "get" if parameters else "direct"):
            case "get":
                return "GET", f"{path}?{kind}={quote(text)}{parameters}", None, headers
            case "form":
                headers["Content-Type"] = "application/x-www-form-urlencoded"
                return "POST", path, f"{kind}={quote(text)}".encode(), headers
        headers["Content-Type"] = f"application/sparql-{kind}"
        return "POST", path, text.encode(), headers

    def _raw(self, request: dict[str, Any]) -> Answer:
        received = b""
        with socket.create_connection(("127.0.0.1", self._port), timeout=_PATIENCE) as connection:
            with suppress(OSError):
                connection.sendall(self._text(request["raw"]).encode("latin-1"))
                connection.shutdown(socket.SHUT_WR)
            with suppress(ConnectionResetError, TimeoutError):
                while piece := connection.recv(65536):
                    received += piece
        lines = re.findall(rb"HTTP/1\.[01] (\d{3})", received)
        return Answer(int(lines[0]) if lines else 0, body=received, count=len(lines))


def check(request: dict[str, Any], answer: Answer) -> None:
    """Whether an answer is what the corpus wants."""
    shown = f"{answer.status} {answer.body[:600]!r}"
    text = answer.body.decode("utf-8", "replace")
    if request.get("broken"):
        assert answer.broken, f"the answer looks whole: {shown}"
        return
    assert not answer.broken, shown
    assert answer.status in request.get("status", [503]), shown
    assert answer.count <= request.get("answers", 1), "one request was taken for several"
    assert "Traceback" not in text
    assert "root:" not in text, "a file was read"
    if "raw" not in request and answer.status >= 400:
        kind = dict(answer.headers)["Content-Type"]
        if kind == "application/problem+json":
            assert json.loads(answer.body)["status"] == answer.status
        else:
            assert kind.startswith("text/html"), shown
    if limits := request.get("limit"):
        assert json.loads(answer.body)["limit"] in limits, shown
        assert int(dict(answer.headers)["Retry-After"]) > 0
    for pattern in request.get("says", []):
        assert re.search(pattern, text), f"{pattern} is not in {shown}"
    for pattern in request.get("never", []):
        assert not re.search(pattern, text), f"{pattern} is in {shown}"
    for pattern in request.get("never_header", []):
        assert not any(re.search(pattern, f"{name}: {value}") for name, value in answer.headers)


def reset(connection: socket.socket) -> None:
    """End a connection as a client that lost its network does."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()
