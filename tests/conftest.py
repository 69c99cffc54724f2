"""What most tests start from: one release of the project's own data, and everything that answers from it."""

from __future__ import annotations

import fcntl
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

# Helpers beside this file are imported by their bare names.
sys.path.append(str(Path(__file__).parent))

from ess_graph import terms
from ess_graph.build.release import build
from ess_graph.engine.base import Engine
from ess_graph.engine.local import LocalBackend
from ess_graph.releases import Release
from ess_graph.settings import Settings
from ess_graph.web.app import create_app
from rdflib_twin import Twin
from removal import Evidence

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def root() -> Path:
    """The project's folder."""
    return ROOT


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory, testrun_uid: str) -> Path:
    """Where the session's release lives, for every process of the run; nothing else may write there."""
    base = tmp_path_factory.getbasetemp()
    found = (base.parent if base.name.startswith("popen-") else base) / f"home-{testrun_uid}"
    found.mkdir(exist_ok=True)
    return found


@pytest.fixture(scope="session")
def release(home: Path) -> Release:
    """The project, built once for the whole session: whoever comes second finds the release there."""
    with (home / "test.lock").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        return build(ROOT, home, LocalBackend())


@pytest.fixture(scope="session")
def engine(release: Release) -> Iterator[Engine]:
    """The first engine, over the session's release."""
    opened = LocalBackend().open(release.store)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def twin(release: Release) -> Engine:
    """The rdflib twin of the same release."""
    return Twin.of(release.dump)


@pytest.fixture(scope="session")
def evidence(release: Release) -> Evidence:
    """Which passages each statement of the release rests on."""
    return Evidence.of((s, p, o, g) for s, p, o, g in terms.quads(release.dump) if g is not None)


@pytest.fixture(scope="session")
def app(release: Release, home: Path) -> Flask:
    """The site over the session's release."""
    assert release.folder.is_relative_to(home)
    made = create_app(Settings(root=ROOT, home=home))
    made.testing = True
    return made


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A client of the site, without a server."""
    return app.test_client()


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder beside the checkout with documents, reference facts and questions, where there is one."""
    folder = ROOT.parent / "shared"
    if not folder.is_dir():
        pytest.skip("../shared (documents, reference facts, questions) is not beside this checkout")
    return folder
