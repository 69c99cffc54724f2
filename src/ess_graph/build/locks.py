"""Who may build or write: one at a time, over all processes, and whoever cannot is told who does."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ess_graph.engine.base import Gone
from ess_graph.errors import ClientGone, LimitHit, NotPossibleNow

_POLL = 0.01


@contextmanager
def locked(home: Path) -> Iterator[None]:
    """One build at a time.

    Raises:
        NotPossibleNow: another holds the lock; the message says who.
    """
    home.mkdir(parents=True, exist_ok=True)
    with (home / "build.lock").open("a+", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise NotPossibleNow(
                f"Another build is running ({lock.read().strip() or 'unknown process'}): wait for it, then try again."
            ) from None
        lock.truncate(0)
        lock.write(f"process {os.getpid()}")
        lock.flush()
        yield


@contextmanager
def turn(home: Path, seconds: float, gone: Gone) -> Iterator[None]:
    """One write at a time; the others wait their turn.

    Raises:
        LimitHit: it did not come within ``seconds``.
        ClientGone: nobody waits any more.
    """
    deadline = time.monotonic() + seconds
    with (home / "write.lock").open("a", encoding="utf-8") as lock:
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise LimitHit("Other writes are under way: send this one again later.", "queue", 30) from None
                if gone():
                    raise ClientGone("The client went away; its write never started.") from None
                time.sleep(_POLL)
        yield
