"""Hostile requests against real servers: each has its answer, and after all of them nothing is left behind."""

from __future__ import annotations

import json
import select
import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from web import corpus, processes
from web.corpus import Answer, Client
from web.serving import ROOT, SERVE, running

pytestmark = pytest.mark.slow

CORPUS = corpus.requests()
NODES = 3000
TRIPLES = {"query": "SELECT (COUNT(*) AS ?n) { { ?s ?p ?o } UNION { GRAPH <urn:g:1> { ?s ?p ?o } } }"}
#: Low enough for many queries to meet them within a minute, high enough for a busy machine to do what it may.
LIMITS = {"ESS_GRAPH_QUERY_TIMEOUT": "1.5", "ESS_GRAPH_QUERY_MEMORY": "1024", "ESS_GRAPH_QUERY_SIZE": "1"}
AT_ONCE = 3
#: Two processes, each with a light worker and its spare, two heavy ones and one that writes.
WORKERS = 2 * (2 + 2 + 1)
#: Seconds in which a limit is told: a host at a quarter of its speed, busy with several requests, needs a multiple of
#: the two that are promised. A query that no limit ended would run on until the client gives up.
TOLD = 20


class Listener:
    """A port of this machine that must hear nothing, and remembers what it hears."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{self._socket.getsockname()[1]}/x.ttl"
        self.heard: list[bytes] = []
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._socket.accept()
                with connection:
                    connection.settimeout(1)
                    with suppress(OSError):
                        self.heard.append(connection.recv(1000))

    def close(self) -> None:
        """End listening."""
        self._socket.close()


@dataclass(frozen=True)
class Held:
    """What the processes of a server hold."""

    query_workers: int
    descriptors: int
    memory: int

    @classmethod
    def by(cls, pid: int) -> Held:
        """What those of a server hold now; descriptors and memory are those of the processes that answer."""
        answering = processes.servers(pid)
        return cls(
            len(processes.query_workers(pid)),
            sum(map(processes.descriptors, answering)),
            sum(map(processes.memory, processes.tree(pid))),
        )


@dataclass
class Aftermath:
    """What was seen while the corpus was sent, and after it."""

    answers: dict[str, Answer]
    heard: list[bytes]
    before: Held
    after: Held
    at_work: set[int]
    triples: tuple[bytes, bytes]
    log: str


@contextmanager
def serving(arguments: list[str], folder: Path, **environment: str) -> Iterator[tuple[int, int]]:
    """Port and process id of a server with low limits, whose writes want the corpus's token."""
    (folder / "tokens").write_text(corpus.TOKEN, encoding="utf-8")
    command = [*SERVE, "--token-file", str(folder / "tokens"), *arguments]
    with running(command, {**LIMITS, "ESS_GRAPH_WORKERS": "2", **environment}, folder / "log") as server:
        yield server.port, server.process.pid


def data(path: Path) -> None:
    """A ring of nodes, numbers in named graphs, labels."""
    with path.open("w", encoding="utf-8") as handle:
        for n in range(NODES):
            handle.write(f"<urn:s:{n}> <urn:next> <urn:s:{(n + 1) % NODES}> .\n<urn:s:{n}> <urn:label> 'label {n}' .\n")
        for n in range(NODES):
            handle.write(f"<urn:g:{n % 5}> {{ <urn:s:{n}> <urn:n> {n} }}\n")


def settled(look: Callable[[], Held], good: Callable[[Held], bool]) -> Held:
    """What is held once things are as they should be, or after a while as they are."""
    deadline = time.monotonic() + 60
    while not good(held := look()) and time.monotonic() < deadline:
        time.sleep(0.2)
    return held


def at_work(pid: int) -> set[int]:
    """Query workers of a server that use the processor though nobody asks: none, or whoever did for a whole minute."""
    deadline = time.monotonic() + 60
    found = processes.query_workers(pid)
    while found and time.monotonic() < deadline:
        before = {worker: processes.processor(worker) for worker in found}
        time.sleep(1)
        found = {worker for worker, spent in before.items() if processes.processor(worker) > spent}
    return found


def plain(folder: Path) -> list[str]:
    """Arguments that serve ``data`` as it is."""
    data(folder / "data.trig")
    return ["--data", str(folder / "data.trig"), "--default-graph", "default", "--no-validate", "--no-infer"]


@pytest.fixture(scope="module")
def aftermath(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aftermath]:
    """The whole corpus, sent once, a few requests at a time while slow clients hold on to what they can."""
    folder, other = tmp_path_factory.mktemp("plain"), tmp_path_factory.mktemp("project")
    shutil.copytree(ROOT / "tests" / "cases" / "petit" / "data", other / "root" / "data")
    for name in ("ontology", "shapes", "rules"):
        shutil.copytree(ROOT / name, other / "root" / name)
    home = {"ESS_GRAPH_ROOT": str(other / "root"), "ESS_GRAPH_HOME": str(other / "home")}
    listener = Listener()
    with ExitStack() as stack:
        port, pid = stack.enter_context(serving(plain(folder), folder))
        project_port, _ = stack.enter_context(serving([], other, **home))
        clients = {"plain": Client(port, listener.address), "project": Client(project_port, listener.address)}
        client = clients["plain"]
        # Each of the two processes that answer starts a query worker for writes with its first write.
        asked = {"update": "CLEAR SILENT GRAPH <urn:x:warm>", "token": True}
        whole = settled(
            lambda: (client.send(asked), client.send(TRIPLES), Held.by(pid))[2],
            lambda held: held.query_workers == WORKERS,
        )
        assert whole.query_workers == WORKERS
        triples, held = client.send(TRIPLES).body, Held.by(pid)
        behaving = [request for request in CORPUS if "behaviour" in request]
        connections = {request["name"]: client.begin(request) for request in behaving}
        ended = threading.Event()
        dripping = threading.Thread(
            target=_drip, args=([c for n, c in connections.items() if _behaviour(behaving, n) == "drips"], ended)
        )
        dripping.start()
        _leave(behaving, connections)
        waiting = [request for request in CORPUS if "behaviour" not in request]
        with ThreadPoolExecutor(AT_ONCE) as pool:
            found = pool.map(lambda r: clients[r.get("mode", "plain")].send(r), waiting)
            answers = {request["name"]: answer for request, answer in zip(waiting, found, strict=True)}
        ended.set()
        dripping.join()
        for connection in connections.values():
            connection.close()
        after = settled(
            lambda: Held.by(pid), lambda now: now.query_workers == WORKERS and now.descriptors <= held.descriptors + 16
        )
        yield Aftermath(
            answers, listener.heard, held, after, at_work(pid), (triples, client.send(TRIPLES).body),
            (folder / "log").read_text(encoding="utf-8") + (other / "log").read_text(encoding="utf-8"),
        )  # fmt: skip
    listener.close()


def _behaviour(behaving: list[dict[str, Any]], name: str) -> str:
    return str(next(request["behaviour"] for request in behaving if request["name"] == name))


def _drip(connections: list[socket.socket], ended: threading.Event) -> None:
    while not ended.wait(0.5):
        for connection in connections:
            with suppress(OSError):
                connection.send(b"x")


def _leave(behaving: list[dict[str, Any]], connections: dict[str, socket.socket]) -> None:
    """Clients that go away do so, once their query has begun or their answer has."""
    time.sleep(0.3)
    for name, connection in connections.items():
        match _behaviour(behaving, name):
            case "leaves":
                connection.close()
            case "resets":
                corpus.reset(connection)
            case "resets midway":
                connection.recv(1000)
                corpus.reset(connection)


@pytest.mark.parametrize("request_", CORPUS, ids=lambda request: request["name"])
def test_each_has_its_answer(aftermath: Aftermath, request_: dict[str, Any]) -> None:
    if "behaviour" not in request_:
        corpus.check(request_, aftermath.answers[request_["name"]])


def test_limits_are_told_in_time(aftermath: Aftermath) -> None:
    slow = {
        request["name"]: aftermath.answers[request["name"]].seconds
        for request in CORPUS
        # Writes also wait for one another.
        if "limit" in request and "query" in request and aftermath.answers[request["name"]].seconds > TOLD
    }
    assert not slow


def test_nothing_outside_was_asked(aftermath: Aftermath) -> None:
    assert aftermath.heard == []


def test_what_was_refused_left_no_trace(aftermath: Aftermath) -> None:
    """Everything that the corpus may write goes to graphs of its own."""
    before, after = (json.loads(body)["results"]["bindings"][0]["n"]["value"] for body in aftermath.triples)
    assert before == after == str(2 * NODES + NODES // 5)


def test_no_query_runs_on(aftermath: Aftermath) -> None:
    assert not aftermath.at_work


def test_nothing_leaks(aftermath: Aftermath) -> None:
    assert aftermath.after.query_workers == WORKERS
    assert aftermath.after.descriptors <= aftermath.before.descriptors + 16
    assert aftermath.after.memory < aftermath.before.memory + 500


def test_the_log_holds_no_accident(aftermath: Aftermath) -> None:
    assert "A request failed" not in aftermath.log


def test_pages_answer_while_many_wait_for_their_queries(tmp_path: Path) -> None:
    """More heavy queries at once than the two processes have workers for, each with more time than a page may take."""
    heavy = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i FILTER(?c < ?f && ?f < ?i) } #"
    with serving(plain(tmp_path), tmp_path, ESS_GRAPH_QUERY_TIMEOUT="120") as (port, _), ExitStack() as open_:
        client = Client(port, "http://127.0.0.1:1/")
        waiting = [client.begin({"raw": f"GET /sparql?query={quote(heavy)}{n} HTTP/1.0\r\n\r\n"}) for n in range(40)]
        for connection in waiting:
            open_.callback(connection.close)
        assert [client.http({"path": "/sante"}).status for _ in range(10)] == [200] * 10
        answered = select.select(waiting, [], [], 0)[0]
        assert len(answered) < len(waiting) / 2, "some meet another limit at once, but most still wait"
