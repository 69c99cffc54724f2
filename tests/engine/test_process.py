"""One query worker as its owner sees it: what is left when it cannot start, or dies before it has read anything."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from ess_graph.engine.base import Limits
from ess_graph.engine.process import Worker
from ess_graph.errors import NotPossibleNow


def test_a_worker_that_cannot_be_started_leaves_nothing_open(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object, **__: object) -> None:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(subprocess, "Popen", refused)
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(5):
        with pytest.raises(NotPossibleNow, match="temporarily unavailable"):
            Worker(Limits(), polite=True)
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_a_worker_killed_before_it_has_read_its_request_has_died_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[subprocess.Popen[bytes]] = []
    start = subprocess.Popen

    def watched(*arguments: object, **more: object) -> subprocess.Popen[bytes]:
        started.append(start(*arguments, **more))  # type: ignore[call-overload]
        return started[-1]

    monkeypatch.setattr(subprocess, "Popen", watched)
    worker = Worker(Limits(), polite=False)
    os.kill(started[0].pid, signal.SIGSTOP)
    worker.send({"do": "query"})
    os.kill(started[0].pid, signal.SIGKILL)
    assert worker.receive(time.monotonic() + 60) == (b"", b"")
    worker.end()
