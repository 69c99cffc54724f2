"""Servers in processes of their own, and small projects to serve."""

from __future__ import annotations

import http.client
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from ess_graph.build import release as building
from ess_graph.engine.local import LocalBackend
from ess_graph.releases import Release
from ess_graph.settings import Settings

ROOT = Path(__file__).parents[2]
#: The command of a server on a port that is free.
SERVE = [sys.executable, "-c", "from ess_graph.cli import main; main()", "serve", "--port", "0"]
_ADDRESS = re.compile(r"ess-graph is at http://127\.0\.0\.1:(\d+) ")
_READY = 120
_NO_SHAPE = """
@prefix sh: <http://www.w3.org/ns/shacl#> .
<urn:shape:none> a sh:NodeShape ; sh:targetNode <urn:nobody> ; sh:nodeKind sh:IRI .
"""


@dataclass(frozen=True)
class Started:
    """A server that answers: its first process, and its port."""

    process: subprocess.Popen[bytes]
    port: int


@contextmanager
def running(arguments: list[str], environment: Mapping[str, str], log: Path) -> Iterator[Started]:
    """A server that chooses its port, once it answers; it and its workers are gone afterwards."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            arguments, env={**os.environ, **environment}, stdout=output, stderr=output, start_new_session=True
        )
    try:
        deadline = time.monotonic() + _READY
        while not (told := _ADDRESS.search(said := log.read_text(encoding="utf-8"))) or not _answers(int(told[1])):
            assert process.poll() is None, f"the server ended: {said}"
            assert time.monotonic() < deadline, f"the server does not answer: {said}"
            time.sleep(0.05)
        yield Started(process, int(told[1]))
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(20)
        # Whatever is left of the group that we made; usually nothing.
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(5)


@contextmanager
def serving(root: Path, home: Path, log: Path, **more: str) -> Iterator[str]:
    """Address of ``ess-graph serve`` over a project, with the documents where they are at hand, and more settings."""
    environment = {"ESS_GRAPH_ROOT": str(root), "ESS_GRAPH_HOME": str(home), **more}
    sources = ROOT.parent / "shared" / "sources"
    if sources.is_dir():
        environment["ESS_GRAPH_SOURCES"] = str(sources)
    with running(SERVE, environment, log) as server:
        yield f"http://127.0.0.1:{server.port}"


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/sante")
        return connection.getresponse().status < 500
    except OSError:
        return False
    finally:
        connection.close()


class Project:
    """A small project folder of its own, with the real ontology and display but data that a test writes."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.home = root / "home"
        shutil.copytree(ROOT / "ontology", root / "ontology")
        shutil.copytree(ROOT / "rules", root / "rules")
        (root / "shapes").mkdir()
        # Hostile data would be refused by the real shapes; a page must stand it all the same.
        (root / "shapes" / "core.ttl").write_text(_NO_SHAPE, encoding="utf-8")
        for name in ("display.ttl", "facets.ttl", "portrait.ttl"):
            shutil.copy(ROOT / "shapes" / name, root / "shapes")
        (root / "data").mkdir()

    @classmethod
    def of_hostile_data(cls, root: Path) -> Project:
        """One with labels, addresses and IRIs that want to be programs, published."""
        made = cls(root)
        made.publish((ROOT / "tests" / "hostile" / "hostile.trig").read_text(encoding="utf-8"))
        return made

    @property
    def settings(self) -> Settings:
        """Settings of a site over this project."""
        return Settings(root=self.root, home=self.home)

    def publish(self, trig: str) -> str:
        """Build and publish a release of this data; returns its name."""
        (self.root / "data" / "data.trig").write_text(trig, encoding="utf-8")
        return building.build(self.root, self.home, LocalBackend()).id

    def keep(self, release: Release) -> None:
        """Have a release of another home beside those that were published here."""
        (self.home / "releases" / release.id).symlink_to(release.folder)
