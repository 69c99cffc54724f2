"""Services of others as this machine plays them: recorded answers, and everything that may go wrong with one."""

from __future__ import annotations

import json
import threading
from collections import deque
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs

CASES = Path(__file__).parents[1] / "cases" / "services"
_KINDS = {".json": "application/sparql-results+json;charset=utf-8", ".csv": "text/csv; charset=utf-8"}


class Recorded:
    """A service that answers from one file of ``cases/services``.

    Attributes:
        faults: what happens instead of an answer, one for each request: ``429`` (wait 7 seconds), a status, ``cut``,
            ``html``, ``other`` (an answer about other things), ``changed`` (``instead``), ``rest`` (wait an hour),
            ``hang`` (none at all).
        asked: bodies of the requests, and their headers.
    """

    def __init__(self, name: str, *faults: str) -> None:
        path = CASES / name
        self.faults = deque(faults)
        self.instead = b""
        self.asked: list[bytes] = []
        self.headers: list[dict[str, str]] = []
        self.reached, self._ended = threading.Event(), threading.Event()
        recorded = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_: object) -> None:
                pass

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                if "urlencoded" in self.headers["Content-Type"]:
                    body = parse_qs(body.decode())["query"][0].encode()
                recorded.asked.append(body)
                recorded.headers.append(dict(self.headers))
                recorded.reached.set()
                fault = recorded.faults.popleft() if recorded.faults else ""
                with suppress(OSError):
                    recorded._answer(self, fault, path, body)

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.address = f"http://127.0.0.1:{self._server.server_port}/service"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def _answer(self, handler: BaseHTTPRequestHandler, fault: str, path: Path, body: bytes) -> None:
        if fault == "hang":
            self._ended.wait(30)
            return
        content = _about(path, body) if fault != "other" else path.read_bytes().replace(b"67482", b"75056")
        status, kind = 200, _KINDS[path.suffix]
        if fault.isdigit():
            status, kind, content = int(fault), "text/plain", b"no"
        if fault == "changed":
            content = self.instead
        if fault == "rest":
            status = 429
        if fault == "html":
            kind, content = "text/html", b"<html><body>Maintenance</body></html>"
        handler.send_response(status)
        handler.send_header("Content-Type", kind)
        if fault == "429":
            handler.send_header("Retry-After", "7")
        if fault == "rest":
            handler.send_header("Retry-After", "3600")
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content[: len(content) // 2] if fault == "cut" else content)
        handler.close_connection = True

    def close(self) -> None:
        """End it."""
        self._ended.set()
        self._server.shutdown()
        self._server.server_close()


def _about(path: Path, body: bytes) -> bytes:
    """What the file says of the things that the request is about."""
    if path.suffix != ".json":
        return path.read_bytes()
    found = json.loads(path.read_text(encoding="utf-8"))
    rows = found["results"]["bindings"]
    found["results"]["bindings"] = [row for row in rows if f'"{row["code"]["value"]}"'.encode() in body]
    return json.dumps(found).encode()
