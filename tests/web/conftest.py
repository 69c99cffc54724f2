"""What the tests of the web side share: two ways of asking, a real server, and a release of hostile data."""

from __future__ import annotations

import http.client
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Flask

from ess_graph.settings import Settings
from ess_graph.web.app import create_app
from web.serving import Project, serving


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


def _lower(headers: Iterable[tuple[str, str]]) -> dict[str, str]:
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


@pytest.fixture(scope="session")
def address(app: Flask, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of ``ess-graph serve`` over the session's release, in its own process."""
    settings: Settings = app.extensions["ess_graph"].settings
    with serving(settings.root, settings.home, tmp_path_factory.mktemp("server") / "log") as found:
        yield found


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Project]:
    """Makes small projects."""
    return lambda: Project(tmp_path_factory.mktemp("project"))


@pytest.fixture(scope="session")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """A site over ``tests/hostile/hostile.trig``."""
    made = create_app(Project.of_hostile_data(tmp_path_factory.mktemp("hostile")).settings)
    made.testing = True
    return made
