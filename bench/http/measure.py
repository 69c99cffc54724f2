"""Ways of measuring a server over HTTP: many clients (wrk), one stream, one reader's pages."""

from __future__ import annotations

import http.client
import json
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

JSON = "application/sparql-results+json"
_HERE = Path(__file__).parent
THREADS = 2


@dataclass(frozen=True)
class Load:
    """What many clients got: requests a second, answers that were no success, and latencies in milliseconds."""

    rate: float
    failed: int
    p50: float
    p95: float


def wrk(url: str, mode: str, seconds: float, pairs: Path, mark: str = "", connections: int = 16) -> Load:
    """What ``point.lua`` asks in one of its modes, from many connections."""
    done = subprocess.run(
        ["wrk", f"-t{THREADS}", f"-c{connections}", f"-d{seconds:g}s", "--timeout", "30s",
         "-s", str(_HERE / "point.lua"), url, "--", mode, JSON, str(THREADS), str(pairs), mark],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    said = json.loads(done.stdout.strip().splitlines()[-1])
    return Load(said["requests"] / said["seconds"], said["failed"], said["p50"], said["p95"])


@dataclass(frozen=True)
class Reply:
    """One answer, read to its end; seconds to its first byte and to its last."""

    status: int
    first: float
    whole: float
    size: int
    body: bytes = b""


def ask(port: int, path: str, query: str = "", *, keep: bool = False, accept: str = JSON, **parameters: str) -> Reply:
    """Ask once, on a connection of its own."""
    target = f"{path}?{urlencode({'query': query, **parameters})}" if query else path
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    try:
        connection.connect()
        start = time.perf_counter()
        connection.request("GET", target, headers={"Accept": accept})
        response = connection.getresponse()
        first_byte = response.read(1)
        first, size, kept = time.perf_counter() - start, len(first_byte), [first_byte]
        while piece := response.read(1 << 16):
            size += len(piece)
            if keep:
                kept.append(piece)
        return Reply(response.status, first, time.perf_counter() - start, size, b"".join(kept))
    finally:
        connection.close()


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which this share of the values lies."""
    ordered = sorted(values)
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)]


def repeated(once: Callable[[int], Reply], seconds: float, pause: float = 0.0) -> list[Reply]:
    """Ask again and again for some time, as one client that waits for each answer."""
    found, end = list[Reply](), time.monotonic() + seconds
    while time.monotonic() < end:
        found.append(once(len(found)))
        time.sleep(pause)
    return found


@contextmanager
def clients(count: int, once: Callable[[int, int], object]) -> Iterator[None]:
    """Clients that ask again and again meanwhile; each is given its number and how often it has asked."""
    stop = threading.Event()

    def ask_on(number: int) -> None:
        times = 0
        while not stop.is_set():
            try:
                once(number, times)
            except OSError:
                time.sleep(0.1)
            times += 1

    threads = [threading.Thread(target=ask_on, args=(number,), daemon=True) for number in range(count)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join(60)
