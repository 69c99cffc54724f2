"""kill -9 at moments that a seed chooses: nothing acknowledged is lost, nothing half-written is served.

Twenty kills here; ``make test-faults-full`` sends a hundred (ESS_GRAPH_FAULTS says how many).
"""

from __future__ import annotations

import http.client
import json
import os
import random
import shutil
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from urllib.parse import quote

import pytest

from ess_graph.build import journal
from web import processes
from web.serving import ROOT, SERVE, running

pytestmark = pytest.mark.slow

KILLS = int(os.environ.get("ESS_GRAPH_FAULTS", "20"))
TOKEN = "a-token-of-tests"
#: Of twenty kills so many hit a project, where a write takes seconds; its server is started anew after some of them.
PROJECT = max(1, KILLS // 5)
#: Statements of one write: all of them, or none.
TOGETHER = 50
_TIMEOUT = 60


class Server:
    """``ess-graph serve`` with a token, which a test may kill and start again."""

    def __init__(self, arguments: list[str], folder: Path, **environment: str) -> None:
        (folder / "tokens").write_text(TOKEN, encoding="utf-8")
        self._arguments = [*arguments, "--token-file", str(folder / "tokens")]
        self._environment = environment
        self._folder = folder
        self._stack = ExitStack()
        self.port = self.pid = 0

    def start(self) -> None:
        """Start it on a port of its own."""
        command = [*SERVE, *self._arguments]
        started = self._stack.enter_context(running(command, self._environment, self._folder / "log"))
        self.port, self.pid = started.port, started.process.pid

    def end(self) -> None:
        """End it and all that it started."""
        self._stack.close()
        self._stack = ExitStack()

    def ask(self, method: str, path: str, body: bytes | None = None, kind: str = "") -> tuple[int, bytes]:
        """Status and body of an answer; status 0 when the connection ended instead."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=_TIMEOUT)
        headers = {"Authorization": f"Bearer {TOKEN}", "Accept": "application/sparql-results+json"}
        try:
            connection.request(method, path, body, headers | ({"Content-Type": kind} if kind else {}))
            reply = connection.getresponse()
            return reply.status, reply.read()
        except (OSError, http.client.HTTPException):
            return 0, b""
        finally:
            connection.close()

    def update(self, text: str) -> int:
        """Status of an update."""
        return self.ask("POST", "/update", text.encode(), "application/sparql-update")[0]

    def counts(self) -> dict[int, int]:
        """How many statements of each write are served; asked until there is an answer."""
        query = "SELECT ?w (COUNT(*) AS ?n) { GRAPH ?g { ?s <urn:of> ?w } } GROUP BY ?w"
        deadline = time.monotonic() + _TIMEOUT
        while True:
            status, body = self.ask("GET", f"/sparql?query={quote(query)}")
            if status == 200:
                rows = json.loads(body)["results"]["bindings"]
                return {int(row["w"]["value"]): int(row["n"]["value"]) for row in rows}
            assert time.monotonic() < deadline, f"no answer after a kill: {status} {body!r}"
            time.sleep(0.1)


def insertion(number: int) -> str:
    """An update that says the same of many things; none of them means anything without the others."""
    lines = " ".join(f"<urn:w:{number}:{n}> <urn:of> {number} ." for n in range(TOGETHER))
    return f"INSERT DATA {{ GRAPH <urn:written> {{ {lines} }} }}"


class Writer(threading.Thread):
    """Writes one thing after another, and remembers which were acknowledged."""

    def __init__(self, server: Server, first: int) -> None:
        super().__init__(daemon=True)
        self._server, self._number = server, first
        self._ended = threading.Event()
        self.acknowledged: set[int] = set()

    def run(self) -> None:
        """Write until told to stop."""
        while not self._ended.is_set():
            if self._server.update(insertion(self._number)) == 200:
                self.acknowledged.add(self._number)
            self._number += 1

    def stop(self) -> int:
        """Let the last write end; returns the number that comes next."""
        self._ended.set()
        self.join(_TIMEOUT)
        return self._number


def check(server: Server, acknowledged: set[int]) -> set[int]:
    """The writes that are served: everything acknowledged is, and whatever is served is whole."""
    counts = server.counts()
    assert not acknowledged - counts.keys(), "an acknowledged write was lost"
    assert {number: count for number, count in counts.items() if count != TOGETHER} == {}, "half a write is served"
    return set(counts)


def kill(pids: set[int], chance: random.Random) -> bool:
    """kill -9 of one of these processes; whether there was one."""
    if not pids:
        return False
    with suppress(ProcessLookupError):
        os.kill(chance.choice(sorted(pids)), signal.SIGKILL)
    return True


@pytest.fixture
def plain(tmp_path: Path) -> Iterator[Server]:
    data = tmp_path / "data.nt"
    data.write_text("<urn:s> <urn:p> <urn:o> .\n", encoding="utf-8")
    arguments = ["--data", str(data), "--default-graph", "default", "--no-validate", "--no-infer"]
    server = Server(arguments, tmp_path)
    server.start()
    yield server
    server.end()


@pytest.mark.parametrize("seed", [4])
def test_writes_in_place_survive_the_death_of_any_worker(plain: Server, seed: int) -> None:
    """Workers that evaluate, that write, and that answer requests, while somebody writes without a pause."""
    chance = random.Random(seed)
    victims: list[Callable[[int], set[int]]] = [processes.query_workers, processes.query_workers, processes.servers]
    number, acknowledged = 0, set[int]()
    for turn in range(KILLS - PROJECT):
        writer = Writer(plain, number)
        writer.start()
        time.sleep(chance.uniform(0.05, 0.8))
        assert kill(victims[turn % len(victims)](plain.pid), chance)
        time.sleep(chance.uniform(0, 0.3))
        number = writer.stop()
        acknowledged |= writer.acknowledged
        check(plain, acknowledged)
    assert acknowledged, "nothing was ever written"
    assert plain.update(insertion(number)) == 200
    check(plain, acknowledged | {number})


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Server]:
    """A small project, whose releases take two seconds: one shape, no rules."""
    root = tmp_path / "root"
    (root / "shapes").mkdir(parents=True)
    (root / "rules").mkdir()
    (root / "data").mkdir()
    shutil.copytree(ROOT / "ontology", root / "ontology")
    for name in sorted((ROOT / "shapes").glob("*.ttl")):
        shutil.copy(name, root / "shapes")
    (root / "data" / "data.trig").write_text("<urn:g> { <urn:s> <urn:p> <urn:o> }", encoding="utf-8")
    server = Server([], tmp_path, ESS_GRAPH_ROOT=str(root), ESS_GRAPH_HOME=str(tmp_path / "home"))
    server.start()
    yield server
    server.end()


@pytest.mark.parametrize("seed", [5])
def test_writes_of_a_project_survive_any_death_and_a_new_start(project: Server, seed: int, tmp_path: Path) -> None:
    """The process that makes releases, the one that works out a write, one that answers, and the master."""
    chance = random.Random(seed)
    acknowledged = set[int]()
    assert project.update(insertion(0)) == 200
    acknowledged.add(0)
    number = 1
    for turn in range(PROJECT):
        writer = Writer(project, number)
        writer.start()
        master = turn % 2 == 1
        time.sleep(chance.uniform(0.2, 3))
        if master:
            os.kill(project.pid, signal.SIGKILL)
        else:
            # Whoever makes the release, if there is one at this moment, else whoever evaluates.
            assert kill(processes.makers(project.pid) or processes.query_workers(project.pid), chance)
        number = writer.stop() if not master else _stopped(writer)
        acknowledged |= writer.acknowledged
        if master:
            project.end()
            project.start()
        check(project, acknowledged)
        # A write that was killed between the journal and its release is shown by the next one.
        assert project.update(insertion(number)) == 200
        acknowledged.add(number)
        number += 1
        served = check(project, acknowledged)
        entries = journal.listed(tmp_path / "home")
        assert {int(of) for entry in entries for _, _, of, _ in entry.added} == served


def _stopped(writer: Writer) -> int:
    """A writer whose server is gone; what it was writing may be in the journal all the same."""
    return writer.stop() + 1
