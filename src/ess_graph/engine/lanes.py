"""Workers of one kind and the queue before them: whoever exceeds a limit is ended and replaced."""

from __future__ import annotations

import threading
import time
from collections import deque
from contextlib import suppress
from queue import Empty, SimpleQueue

from ess_graph.engine.base import Gone, Limits
from ess_graph.engine.process import POLL, Worker
from ess_graph.errors import ClientGone, LimitHit, NotPossibleNow

#: Long answers that may be under way in a lane beside its own workers.
_LENT = 8
#: Seconds that the place of the spare stays empty after it stepped in for a worker that was lent: most long answers are
#: over before, their worker becomes the spare, and none had to be started while the answer's first bytes were awaited.
_PATIENCE = 2.0


class Lane:
    """Workers of one kind, and the queue before them.

    With a ``spare``, one more process stands ready, so that the place of a worker that is ended is never empty for
    the time that a process takes to start. Whoever starts opens ``store``, the one that was asked last.
    """

    store = ""

    def __init__(self, limits: Limits, size: int, *, polite: bool, spare: bool = False) -> None:
        self._limits, self._polite = limits, polite
        self._idle: SimpleQueue[Worker] = SimpleQueue()
        self._spares: SimpleQueue[Worker] = SimpleQueue()
        self._waiting = self._lent = 0
        # One for each spare that stepped in and was not made up for yet.
        self._owed: deque[threading.Timer] = deque()
        self._lock = threading.Lock()
        self._closed = False
        for _ in range(size):
            self._idle.put(self._worker())
        if spare:
            self._start_into(self._spares)

    def take(self, deadline: float, gone: Gone) -> Worker:
        """An idle worker, waiting for one until the deadline.

        Raises:
            LimitHit: too many wait already, or none became idle in time.
        """
        with self._lock:
            if self._waiting >= self._limits.waiting:
                raise LimitHit("Too many queries are waiting: try again in a few seconds.", "queue", 5)
            self._waiting += 1
        try:
            while (left := deadline - time.monotonic()) > 0:
                try:
                    worker = self._idle.get(timeout=min(left, POLL))
                    if worker.lives:
                        return worker
                    self.give(worker, sound=False)
                except Empty:
                    if gone():
                        raise ClientGone("The client went away; its query never started.") from None
            raise LimitHit("Every query worker was busy for too long: try again in a few seconds.", "queue", 5)
        finally:
            with self._lock:
                self._waiting -= 1

    def _worker(self) -> Worker:
        worker = Worker(self._limits, polite=self._polite)
        if self.store:
            try:
                worker.open(self.store)
            except NotPossibleNow:
                # Whoever asks that store hears of it; those who ask another one must not be without a worker.
                self.store = ""
                raise
        return worker

    def lend(self) -> bool:
        """Let whoever sends a long answer keep the worker, so that a slow client keeps no query waiting.

        Another worker starts in its place; False, and none does, when too many are lent already.
        """
        with self._lock:
            if self._lent >= _LENT or self._closed:
                return False
            self._lent += 1
        self._start_another(patient=True)
        return True

    def give(self, worker: Worker, *, sound: bool, lent: bool = False) -> None:
        """Give a worker back; one that is not sound is ended, and another starts in the background."""
        if sound and not lent:
            self._keep(worker, self._idle)
            return
        if not lent:
            self._start_another()
            worker.end()
            return
        with self._lock:
            self._lent -= 1
        if sound and self._settle():
            self._keep(worker, self._spares)
        else:
            worker.end()

    def _settle(self) -> bool:
        """Whether the lane is short of a spare; from here on it no longer is."""
        with self._lock:
            if not self._owed:
                return False
            self._owed.popleft().cancel()
        return True

    def _start_another(self, *, patient: bool = False) -> None:
        """Let the spare take a place and start the next one; where there is none, start a worker for the place."""
        try:
            spare = self._spares.get_nowait()
        except Empty:
            self._start_into(self._idle)
            return
        self._keep(spare, self._idle)
        if not patient:
            self._start_into(self._spares)
            return
        # A debt of its own for each: that of an answer which ended long ago must not be claimed from the next one.
        later = threading.Timer(_PATIENCE, lambda: self._repay(later))
        later.daemon = True
        with self._lock:
            self._owed.append(later)
        later.start()

    def _repay(self, debt: threading.Timer) -> None:
        with self._lock:
            if debt not in self._owed:
                return
            self._owed.remove(debt)
        self._replace(self._spares)

    def _start_into(self, queue: SimpleQueue[Worker]) -> None:
        if not self._closed:
            threading.Thread(target=self._replace, args=(queue,), daemon=True).start()

    def close(self) -> None:
        """End every idle worker; those at work, or starting, end when they are given back."""
        with self._lock:
            self._closed = True
        for queue in (self._idle, self._spares):
            with suppress(Empty):
                while True:
                    queue.get_nowait().end()

    def _keep(self, worker: Worker, queue: SimpleQueue[Worker]) -> None:
        with self._lock:
            if not self._closed:
                queue.put(worker)
                return
        worker.end()

    def _replace(self, queue: SimpleQueue[Worker]) -> None:
        """Start a worker; where that fails (no memory, no process left) try again, or the lane would stay short."""
        while not self._closed:
            try:
                self._keep(self._worker(), queue)
                return
            except (NotPossibleNow, TimeoutError, OSError):
                time.sleep(1)
