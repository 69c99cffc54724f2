"""Starts what is measured: a fresh ess-graph, and peers, each in processes of its own that end with the measurement."""

from __future__ import annotations

import http.client
import os
import platform
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

ROOT = Path(__file__).parents[1]
#: How the program of this checkout is called, whether or not it is installed.
PROGRAM = (sys.executable, "-c", "from ess_graph.cli import main; main()")
_READY = 300


def command(*arguments: str) -> str:
    """The program with arguments, as one shell would read it; braces in them stay."""
    return shlex.join((*PROGRAM, *arguments))


def environment(**more: str) -> dict[str, str]:
    """The variables of a process in which the program of this checkout runs."""
    return {**os.environ, "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}", **more}


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(
    arguments: Sequence[str], port: int, log: Path, *, path: str = "/", variables: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """A server, once it answers on ``path``; it and all it started are gone afterwards."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            arguments, env=dict(variables or os.environ), stdout=output, stderr=output, start_new_session=True
        )
    try:
        deadline = time.monotonic() + _READY
        while not _answers(port, path):
            if process.poll() is not None or time.monotonic() > deadline:
                sys.exit(f"{arguments[0]} does not answer: {log.read_text(encoding='utf-8')[-2000:]}")
            time.sleep(0.05)
        yield process
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(20)
        # Whatever is left of the group that was made here; usually nothing.
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(5)


def _answers(port: int, path: str) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status < 500
    except OSError:
        return False
    finally:
        connection.close()


def machine() -> str:
    """What the figures were taken on, without saying which one it was."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    load = os.getloadavg()[0]
    return f"{cores} cores, {platform.system()}, Python {platform.python_version()}, load {load:.1f} beforehand"


def memory_backed() -> str | None:
    """A folder in memory for throw-away stores, where the system has one: no disk is waited for."""
    folder = Path("/dev/shm")
    return str(folder) if folder.is_dir() and os.access(folder, os.W_OK) else None


def processor_seconds(process: subprocess.Popen[bytes]) -> float:
    """Processor time that a server and everything it started have used: what other programs do does not count."""
    ticks = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            fields = stat.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
            if int(fields[3]) == process.pid:  # its session
                ticks += sum(int(field) for field in fields[11:15])
    return ticks / os.sysconf("SC_CLK_TCK")
