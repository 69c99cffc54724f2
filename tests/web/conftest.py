"""What the tests of the web side share: a client for programs, a real server, and a release of hostile data."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

import pytest
from flask import Flask

from ess_graph.build import release as building
from ess_graph.engine.local import LocalBackend
from ess_graph.settings import Settings
from ess_graph.web.app import create_app

ROOT = Path(__file__).parents[2]
_SERVE = "from ess_graph.cli import main; main()"
_READY = 60

_NO_SHAPE = """
@prefix sh: <http://www.w3.org/ns/shacl#> .
<urn:shape:none> a sh:NodeShape ; sh:targetNode <urn:nobody> ; sh:nodeKind sh:IRI .
"""


@dataclass(frozen=True)
class Reply:
    """An answer, however it was asked for; header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def kind(self) -> str:
        """Media type, without parameters."""
        return self.headers.get("content-type", "").partition(";")[0].strip()

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode("utf-8")

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)

    @property
    def location(self) -> str:
        """Path (and query) of the Location header."""
        parts = urlsplit(self.headers["location"])
        return parts.path + (f"?{parts.query}" if parts.query else "")


Send = Callable[..., Reply]


def _lower(headers: Any) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in headers:
        key = name.lower()
        found[key] = f"{found[key]}, {value}" if key in found else value
    return found


@pytest.fixture
def flask_send(app: Flask) -> Send:
    """Sends requests to the application without a server."""
    browser = app.test_client()

    def send(
        path: str, method: str = "GET", *, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Reply:
        response = browser.open(path, method=method, data=body, headers=dict(headers or {}), buffered=True)
        return Reply(response.status_code, _lower(response.headers.items()), response.data)

    return send


@pytest.fixture
def http_send(address: str) -> Send:
    """Sends requests to the real server."""
    parts = urlsplit(address)

    def send(
        path: str, method: str = "GET", *, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Reply:
        connection = http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=60)
        try:
            connection.request(method, path, body=body, headers=dict(headers or {}))
            response = connection.getresponse()
            return Reply(response.status, _lower(response.getheaders()), response.read())
        finally:
            connection.close()

    return send


@pytest.fixture(params=["flask", pytest.param("http", marks=pytest.mark.slow)])
def send(request: pytest.FixtureRequest) -> Send:
    """Both ways of asking: the application itself, and a real server."""
    found: Send = request.getfixturevalue(f"{request.param}_send")
    return found


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/sante")
        return connection.getresponse().status < 500
    except OSError:
        return False
    finally:
        connection.close()


@contextmanager
def running(
    arguments: list[str], port: int, environment: Mapping[str, str], log: IO[bytes]
) -> Iterator[subprocess.Popen[bytes]]:
    """A server process with its workers; all of them are gone afterwards."""
    process = subprocess.Popen(
        arguments, env={**os.environ, **environment}, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
    )
    try:
        deadline = time.monotonic() + _READY
        while not _answers(port):
            if process.poll() is not None or time.monotonic() > deadline:
                log.flush()
                raise AssertionError(f"The server did not start: {Path(log.name).read_text(encoding='utf-8')}")
            time.sleep(0.05)
        yield process
    finally:
        process.terminate()
        try:
            process.wait(20)
        finally:
            # Whatever is left of the group that we made; usually nothing.
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            process.wait(5)


@pytest.fixture(scope="session")
def serving() -> Callable[..., Any]:
    """``running``, for tests that start a server of their own."""
    return running


@pytest.fixture
def port() -> int:
    """A free port."""
    return free_port()


@pytest.fixture(scope="session")
def address(app: Flask, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of ``ess-graph serve`` over the session's release, in its own process."""
    settings: Settings = app.extensions["ess_graph"].settings
    number = free_port()
    environment = {"ESS_GRAPH_ROOT": str(settings.root), "ESS_GRAPH_HOME": str(settings.home)}
    sources = ROOT.parent / "shared" / "sources"
    if sources.is_dir():
        environment["ESS_GRAPH_SOURCES"] = str(sources)
    with (tmp_path_factory.mktemp("server") / "log").open("wb") as log:
        arguments = [sys.executable, "-c", _SERVE, "serve", "--port", str(number)]
        with running(arguments, number, environment, log):
            yield f"http://127.0.0.1:{number}"


class Project:
    """A small project folder of its own, with the real ontology and display but data that a test writes."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.home = root / "home"
        shutil.copytree(ROOT / "ontology", root / "ontology")
        shutil.copytree(ROOT / "rules", root / "rules")
        (root / "shapes").mkdir()
        # Hostile data would be refused by the other shapes; a page must stand it all the same.
        shutil.copy(ROOT / "shapes" / "display.ttl", root / "shapes")
        (root / "shapes" / "core.ttl").write_text(_NO_SHAPE, encoding="utf-8")
        (root / "data").mkdir()

    @property
    def settings(self) -> Settings:
        """Settings of a site over this project."""
        return Settings(root=self.root, home=self.home)

    def publish(self, trig: str) -> str:
        """Build and publish a release of this data; returns its name."""
        (self.root / "data" / "data.trig").write_text(trig, encoding="utf-8")
        return building.build(self.root, self.home, LocalBackend()).id


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Project]:
    """Makes small projects."""
    return lambda: Project(tmp_path_factory.mktemp("project"))


@pytest.fixture(scope="session")
def hostile(project: Callable[[], Project]) -> Flask:
    """A site over ``tests/hostile/hostile.trig``: labels, addresses and IRIs that want to be programs."""
    made = project()
    made.publish((ROOT / "tests" / "hostile" / "hostile.trig").read_text(encoding="utf-8"))
    return create_app(made.settings)
