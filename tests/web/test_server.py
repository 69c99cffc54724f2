"""What the production server was chosen for: broken streams show, gone clients are noticed, reloads refuse nobody."""

from __future__ import annotations

import fcntl
import http.client
import os
import resource
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import pytest
from flask import Flask

from ess_graph.settings import Settings
from ess_graph.web.server import GRACE, client_has_gone
from web import processes
from web.serving import SERVE, running

pytestmark = pytest.mark.slow

#: A small application with one address for each thing that can go wrong.
PROGRAM = '''
import os, sys, time
from pathlib import Path
from ess_graph.errors import LimitHit
from ess_graph.web.server import Server, client_has_gone

NOTES = Path(sys.argv[1])


def note(name, text):
    (NOTES / name).write_text(text)


def stream(environ):
    """Some chunks, then an accident."""
    if environ["PATH_INFO"] == "/at-first":
        raise LimitHit("Nothing is there.", "size", 60)
    for number in range(3):
        yield b"chunk %d\\n" % number * 1000
    if environ["PATH_INFO"] == "/breaks":
        raise RuntimeError("an accident in the middle")
    if environ["PATH_INFO"] == "/limit":
        raise LimitHit("The answer was stopped at 1 MiB.", "size", 60)
    if environ["PATH_INFO"] == "/disk":
        raise OSError(28, "No space left on device")
    if environ["PATH_INFO"] == "/killed":
        os.kill(os.getpid(), 9)
    yield b"the end\\n"


def patient(environ):
    """Waits before its first byte, as a long query does, and looks whether anybody still listens."""
    note("started", str(os.getpid()))
    environ["wsgi.input"].read()
    for _ in range(600):
        if client_has_gone(environ):
            note("gone", "yes")
            return
        if (NOTES / "answer").exists():
            break
        time.sleep(0.05)
    yield b"still here\\n"


def slow(environ):
    for number in range(20):
        yield b"%d " % number
        time.sleep(0.1)
    yield b"%d end" % os.getpid()


def application(environ, start_response):
    path = environ["PATH_INFO"]
    headers = [("Content-Type", "text/plain")]
    if path in ("/at-first", "/breaks", "/limit", "/disk", "/killed", "/whole"):
        start_response("200 OK", headers)
        return stream(environ)
    if path == "/patient":
        start_response("200 OK", headers)
        return patient(environ)
    if path == "/slow":
        start_response("200 OK", headers)
        return slow(environ)
    if path == "/reads":
        start_response("200 OK", headers)
        return [b"%d" % len(environ["wsgi.input"].read())]
    if path == "/pours":
        start_response("200 OK", headers)
        return (b"x" * 65536 for _ in range(1000))
    if path == "/for-ever":
        note("started", "yes")
        time.sleep(3600)
    start_response("200 OK", headers)
    return [str(os.getpid()).encode()]


alone = sys.argv[2:]
if alone:
    from ess_graph.web import patience

    patience.SECONDS = patience.PARTING = float(alone[0])
Server(lambda: application, "127.0.0.1", 0, workers=1 if alone else 2, threads=4).run()
'''


#: Seconds after which a test gives up; far more than anything here takes, and less than what fails would take.
PATIENCE = 30
#: Requests that a client who never stops sends before it waits for answers.
AHEAD = 20_000


@dataclass
class Running:
    """The small application on its server."""

    process: subprocess.Popen[bytes]
    port: int
    notes: Path

    def get(self, path: str, method: str = "GET", body: bytes | None = None) -> bytes:
        """Body of an answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            connection.request(method, path, body=body)
            return connection.getresponse().read()
        finally:
            connection.close()

    def workers(self) -> set[int]:
        """Processes that answer now."""
        return {int(self.get("/")) for _ in range(20)}

    def noted(self, name: str) -> bool:
        """Whether the application wrote a note within the patience of a test."""
        return wait_until((self.notes / name).exists)


def wait_until(condition: Callable[[], bool]) -> bool:
    """Whether a condition comes true in time."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def group_lives(group: int) -> bool:
    """Whether any process of a group still runs (one that ended and waits to be collected does not)."""
    for status in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            state, _, process_group = status.read_text(encoding="utf-8").rpartition(")")[2].split()[:3]
            if int(process_group) == group and state != "Z":
                return True
    return False


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Running]:
    program = tmp_path / "program.py"
    program.write_text(PROGRAM, encoding="utf-8")
    notes = tmp_path / "notes"
    notes.mkdir()
    with running([sys.executable, str(program), str(notes)], {}, tmp_path / "log") as started:
        yield Running(started.process, started.port, notes)


# (a) a stream that breaks is visible to every client --------------------------------------------------------------


BROKEN = ["/breaks", "/limit", "/disk", "/killed"]


@pytest.mark.parametrize("path", BROKEN)
def test_a_broken_stream_is_an_error_for_http_client(server: Running, path: str) -> None:
    with pytest.raises((http.client.IncompleteRead, ConnectionResetError)):
        server.get(path)
    assert server.get("/whole").endswith(b"the end\n"), "others are served"


@pytest.mark.parametrize("path", BROKEN)
@pytest.mark.parametrize("options", [[], ["--http1.0"]], ids=["http-1.1", "http-1.0"])
def test_a_broken_stream_is_an_error_for_curl(server: Running, path: str, options: list[str]) -> None:
    """Also under HTTP/1.0, which proxies such as nginx speak to a server unless told otherwise."""
    command = ["curl", "--silent", "--noproxy", "*", *options, f"http://127.0.0.1:{server.port}"]
    broken = subprocess.run([*command[:-1], command[-1] + path], capture_output=True, check=False, timeout=60)
    whole = subprocess.run([*command[:-1], command[-1] + "/whole"], capture_output=True, check=False, timeout=60)
    assert broken.returncode != 0
    assert whole.returncode == 0
    assert whole.stdout.endswith(b"the end\n")


def test_a_broken_stream_has_no_last_chunk(server: Running) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE) as connection:
        connection.sendall(b"GET /breaks HTTP/1.1\r\nHost: localhost\r\n\r\n")
        received = b""
        with suppress(ConnectionResetError):
            while piece := connection.recv(65536):
                received += piece
    assert b"chunk 2" in received
    assert not received.endswith(b"0\r\n\r\n")


def test_a_limit_in_the_middle_of_an_answer_is_one_line_of_the_log(server: Running) -> None:
    with pytest.raises((http.client.IncompleteRead, ConnectionResetError)):
        server.get("/limit")
    log = server.notes.parent / "log"
    assert wait_until(lambda: "An answer was broken off: The answer was stopped at 1 MiB." in log.read_text("utf-8"))
    assert "Traceback" not in log.read_text("utf-8")


def test_an_error_before_the_first_byte_has_a_status(server: Running) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE)
    connection.request("GET", "/at-first")
    assert connection.getresponse().status == 500
    connection.close()


# (b) a client that goes away before the first byte is noticed ------------------------------------------------------


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"GET /patient HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET /patient HTTP/1.0\r\n\r\n",
        b"POST /patient HTTP/1.1\r\nHost: localhost\r\nContent-Length: 6\r\n\r\nASK {}",
        b"POST /patient HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nASK {}\r\n0\r\n\r\n",
    ],
    ids=["get", "http-1.0", "post", "chunked"],
)
@pytest.mark.parametrize("reset", [False, True], ids=["closed", "reset"])
def test_a_client_that_goes_away_is_noticed(server: Running, request_bytes: bytes, reset: bool) -> None:
    connection = socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE)
    connection.sendall(request_bytes)
    assert server.noted("started")
    assert not (server.notes / "gone").exists()
    if reset:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
    connection.close()
    assert server.noted("gone")


def test_a_client_that_waits_is_answered(server: Running) -> None:
    answers: list[bytes] = []
    waiting = threading.Thread(target=lambda: answers.append(server.get("/patient", "POST", b"ASK {}")))
    waiting.start()
    assert server.noted("started")
    (server.notes / "answer").write_text("now", encoding="utf-8")
    waiting.join(30)
    assert answers == [b"still here\n"]
    assert not (server.notes / "gone").exists()


def test_a_client_that_sends_its_next_request_early_is_still_there(server: Running) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE) as connection:
        connection.sendall(b"GET /patient HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert server.noted("started")
        connection.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        (server.notes / "answer").write_text("now", encoding="utf-8")
        received = b""
        while piece := connection.recv(65536):
            received += piece
    assert b"still here" in received
    assert received.count(b"HTTP/1.1 200 OK") == 2
    assert not (server.notes / "gone").exists()


# (c) a reload refuses and breaks nothing; an end is an end ---------------------------------------------------------


@dataclass
class Load:
    """Clients that ask without a pause until they are told to stop."""

    server: Running
    asking: threading.Event = field(default_factory=threading.Event)
    errors: list[str] = field(default_factory=list)
    pids: list[int] = field(default_factory=list)

    def ask(self, path: str) -> None:
        """Ask on a new connection each time."""
        while not self.asking.is_set():
            try:
                answer = self.server.get(path)
                self.pids.append(int(answer.split()[0 if path == "/" else -2]))
                if path == "/slow" and not answer.endswith(b" end"):
                    self.errors.append("short")
            except Exception as error:
                self.errors.append(f"{path}: {error!r}")

    def keep_alive(self) -> None:
        """Ask again and again on one connection, as browsers do, opening another when the server ends it."""
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=PATIENCE)
        while not self.asking.is_set():
            try:
                connection.request("GET", "/")
                self.pids.append(int(connection.getresponse().read()))
            except Exception as error:
                self.errors.append(f"kept alive: {error!r}")
                connection.close()
        connection.close()


def test_a_reload_refuses_and_breaks_nothing(server: Running) -> None:
    before = server.workers()
    load = Load(server)
    asking = [threading.Thread(target=load.ask, args=(path,)) for path in ("/", "/", "/slow", "/slow")]
    asking.append(threading.Thread(target=load.keep_alive))
    for thread in asking:
        thread.start()
    try:
        for _ in range(2):
            old = server.workers()
            server.process.send_signal(signal.SIGHUP)
            assert wait_until(lambda old=old: not server.workers() & old)  # type: ignore[misc]
    finally:
        load.asking.set()
        for thread in asking:
            thread.join(60)
    assert load.errors == []
    assert len(load.pids) > 10
    assert not server.workers() & before


@pytest.mark.parametrize("busy", [False, True])
def test_sigterm_ends_everything_within_ten_seconds(server: Running, busy: bool) -> None:
    if busy:
        connection = socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE)
        connection.sendall(b"GET /for-ever HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert server.noted("started")
    server.process.terminate()
    # The interface promises ten seconds, whatever the workers are doing; what is busy here would be so for an hour.
    assert GRACE < 10
    assert server.process.wait(PATIENCE) == 0
    assert wait_until(lambda: not group_lives(server.process.pid))
    with pytest.raises(ConnectionRefusedError):
        server.get("/")
    if busy:
        connection.close()


def test_sigterm_ends_the_site_and_its_query_workers(app: Flask, tmp_path: Path) -> None:
    """The whole of ``ess-graph serve``, in the middle of a query that would run for ever."""
    site = app.extensions["ess_graph"]
    settings: Settings = site.settings
    # A limit that does not end the query before the signal does.
    environment = {"ESS_GRAPH_ROOT": str(settings.root), "ESS_GRAPH_HOME": str(settings.home)}
    environment["ESS_GRAPH_QUERY_TIMEOUT"] = "600"
    endless = quote("SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . FILTER(?c < ?f && ?f < ?i) }")

    with running(SERVE, environment, tmp_path / "log") as started:
        process, store = started.process, site.opened().release.store

        def asked() -> bool:
            return any(processes.reads(pid, store) for pid in processes.query_workers(process.pid))

        assert not asked(), "a worker opens the store for its first query"
        with socket.create_connection(("127.0.0.1", started.port), timeout=PATIENCE) as connection:
            connection.sendall(f"GET /sparql?query={endless} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            assert wait_until(asked)
            process.terminate()
            assert process.wait(PATIENCE) == 0
        assert wait_until(lambda: not group_lives(process.pid))


def test_the_processes_of_a_site_that_made_its_release_end_when_told(tmp_path: Path) -> None:
    """They are forks of a process that opened a store, whose threads they do not have."""
    (tmp_path / "data.nt").write_text("<urn:s> <urn:p> <urn:o> .\n", encoding="utf-8")
    command = [*SERVE, "--data", str(tmp_path / "data.nt"), "--no-infer", "--no-validate"]
    with running(command, {}, tmp_path / "log") as started:
        old = processes.servers(started.process.pid)
        for pid in old:
            os.kill(pid, signal.SIGTERM)
        # Who does not end is killed, but only after a minute.
        assert wait_until(lambda: not old & processes.servers(started.process.pid))


def test_sigterm_lets_running_requests_finish(server: Running) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE)
    connection.request("GET", "/slow")
    answer = connection.getresponse()
    assert answer.read(1) == b"0"
    server.process.terminate()
    assert answer.read().endswith(b" end")
    connection.close()
    assert server.process.wait(PATIENCE) == 0


def test_sigint_ends_everything_too(server: Running) -> None:
    server.process.send_signal(signal.SIGINT)
    assert server.process.wait(PATIENCE) == 0
    assert wait_until(lambda: not group_lives(server.process.pid))


def test_a_worker_that_dies_is_replaced(server: Running) -> None:
    [victim, *_] = server.workers()
    os.kill(victim, signal.SIGKILL)
    assert wait_until(lambda: victim not in server.workers() and len(server.workers()) == 2)


# What reaches the server before the application does --------------------------------------------------------------


@pytest.mark.parametrize(
    "raw",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\nHost: localhost\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"x" * 100_000 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\n" + b"X: y\r\n" * 5000 + b"\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nZZZ\r\n",
        b"GET /\x00 HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nBad Header: x\r\n\r\n",
    ],
    ids=range(10),
)
def test_malformed_requests_hurt_nobody(server: Running, raw: bytes) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE) as connection:
        connection.sendall(raw)
        connection.shutdown(socket.SHUT_WR)
        received = b""
        with suppress(ConnectionResetError):
            while piece := connection.recv(65536):
                received += piece
    assert not received or received.startswith(b"HTTP/1.1 4") or received.startswith(b"HTTP/1.1 200")
    assert server.get("/").isdigit()


def test_an_endless_request_line_is_refused(server: Running) -> None:
    """What never ends must not fill the memory: the server gives up on it well before 64 MiB."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE) as connection:
        connection.sendall(b"GET /")
        sent = 0
        try:
            while sent < 64 * 1024 * 1024:
                sent += connection.send(b"x" * 65536)
        except (BrokenPipeError, ConnectionResetError, TimeoutError):
            pass
    assert sent < 64 * 1024 * 1024
    assert server.get("/").isdigit()


def test_a_query_of_half_a_mebibyte_fits_in_an_address(server: Running) -> None:
    assert server.get("/?query=" + "x" * 500_000).isdigit()


def test_a_client_that_says_nothing_keeps_nobody_waiting(server: Running) -> None:
    silent = [socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE) for _ in range(10)]
    try:
        assert server.get("/").isdigit()
    finally:
        for connection in silent:
            connection.close()


# Clients that take their time --------------------------------------------------------------------------------------

SLOW = {
    "a head that stops": (b"GET / HTTP/1.1\r\nHost: loc", b""),
    "a head that drips": (b"GET / HTTP/1.1\r\nHost: loc", b"x"),
    "a body that stops": (b"POST /reads HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\nabc", b""),
    "a body that drips": (b"POST /reads HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\nabc", b"x"),
    "chunks that stop": (b"POST /reads HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nab", b""),
    "an answer that nobody reads": (b"GET /pours HTTP/1.1\r\nHost: localhost\r\n\r\n", b""),
    "a second request that stops": (b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\nGET / HTTP/1.1\r\nHos", b""),
}


@contextmanager
def alone(folder: Path, patience: int) -> Iterator[Running]:
    """The small application in a single process, where nobody else has a thread to spare; its patience, in seconds."""
    program = folder / "program.py"
    program.write_text(PROGRAM, encoding="utf-8")
    with running([sys.executable, str(program), str(folder), str(patience)], {}, folder / "log") as started:
        yield Running(started.process, started.port, folder)


@pytest.fixture
def impatient(tmp_path: Path) -> Iterator[Running]:
    with alone(tmp_path, 1) as server:
        yield server


@pytest.mark.parametrize("name", SLOW)
def test_slow_clients_keep_nobody_waiting_for_long(impatient: Running, name: str) -> None:
    """More of them than there are threads: without an end to the server's patience it would answer nobody."""
    begun, drip = SLOW[name]
    slow = [socket.create_connection(("127.0.0.1", impatient.port), timeout=PATIENCE) for _ in range(5)]
    try:
        for connection in slow:
            connection.sendall(begun)
        ended = threading.Event()

        def dripping() -> None:
            while drip and not ended.wait(0.2):
                for connection in slow:
                    with suppress(OSError):
                        connection.send(drip)

        thread = threading.Thread(target=dripping)
        thread.start()
        try:
            # Connections are accepted in their order: by the turn of this one the others have the threads. Who was
            # answered once asks again after it.
            assert impatient.get("/").isdigit()
            assert impatient.get("/").isdigit()
        finally:
            ended.set()
            thread.join()
    finally:
        for connection in slow:
            connection.close()
    assert "Traceback" not in (impatient.notes / "log").read_text(encoding="utf-8")


def test_clients_who_do_not_leave_keep_only_their_threads(tmp_path: Path) -> None:
    with alone(tmp_path, 3600) as server, ExitStack() as staying:
        for _ in range(3):
            connection = socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE)
            staying.callback(connection.close)
            connection.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            assert connection.makefile("rb").read().startswith(b"HTTP/1.1 200 OK")
        assert server.get("/").isdigit()


def test_many_silent_connections_hold_no_thread(impatient: Running) -> None:
    silent = [socket.create_connection(("127.0.0.1", impatient.port), timeout=PATIENCE) for _ in range(300)]
    try:
        # gunicorn's own five seconds for each would add up to minutes.
        assert impatient.get("/").isdigit()
    finally:
        for connection in silent:
            connection.close()


def test_clients_who_never_stop_asking_keep_nobody_waiting(server: Running) -> None:
    """More of them than there are threads, each with thousands of requests sent ahead: the next is answered before."""
    tireless = [socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE) for _ in range(16)]
    left = [AHEAD] * len(tireless)

    def ask(number: int) -> None:
        with suppress(OSError):
            tireless[number].sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n" * left[number])

    def read(number: int) -> None:
        with suppress(OSError):
            while piece := tireless[number].recv(65536):
                left[number] -= piece.count(b"HTTP/1.1 200 OK")

    threads = [threading.Thread(target=do, args=(n,)) for n in range(len(tireless)) for do in (ask, read)]
    for thread in threads:
        thread.start()
    try:
        assert wait_until(lambda: min(left) < AHEAD)
        for _ in range(5):
            assert server.get("/").isdigit()
        assert sum(count > 0 for count in left) > 8, "they had their answers first"
    finally:
        for connection in tireless:
            connection.shutdown(socket.SHUT_RDWR)
            connection.close()
        for thread in threads:
            thread.join(30)


def test_a_client_is_noticed_on_a_high_descriptor() -> None:
    """Beyond 1,023, which a thousand idle clients reach, the oldest way of waiting for a socket fails."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 2048), hard))
    ours, theirs = socket.socketpair()
    with theirs, socket.socket(fileno=fcntl.fcntl(ours, fcntl.F_DUPFD, 1500)) as high:
        ours.close()
        assert not client_has_gone({"gunicorn.socket": high})
        theirs.close()
        assert client_has_gone({"gunicorn.socket": high})
