"""Worker processes under watch: whoever exceeds a limit is ended and replaced, and nobody else notices."""

from __future__ import annotations

import json
import threading
import time
import weakref
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

from ess_graph.engine import text
from ess_graph.engine.base import WHOLE, Gone, Limits, Row, Scope, Solutions, never
from ess_graph.engine.process import MIB, POLL, Worker
from ess_graph.errors import BadQuery, ClientGone, LimitHit, NotPossibleNow
from ess_graph.terms import from_ntriples
from ess_graph.vocab import BASE, PREFIXES

#: Seconds a query may take in the light lane before it moves to the heavy one.
LIGHT = 0.5
_REMEMBERED = 1000
#: Long answers that may be under way in a lane beside its own workers.
_LENT = 8


class Lane:
    """Workers of one kind, and the queue before them."""

    def __init__(self, store: Path, limits: Limits, size: int, *, polite: bool) -> None:
        self._store, self._limits, self._polite = store, limits, polite
        self._idle: SimpleQueue[Worker] = SimpleQueue()
        self._waiting = self._lent = 0
        self._lock = threading.Lock()
        self._closed = False
        for _ in range(size):
            self._idle.put(self._worker())

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
                    return self._idle.get(timeout=min(left, POLL))
                except Empty:
                    if gone():
                        raise ClientGone("The client went away; its query never started.") from None
            raise LimitHit("Every query worker was busy for too long: try again in a few seconds.", "queue", 5)
        finally:
            with self._lock:
                self._waiting -= 1

    def _worker(self) -> Worker:
        return Worker(self._store, self._limits, polite=self._polite)

    def lend(self) -> bool:
        """Let whoever sends a long answer keep the worker, so that a slow client keeps no query waiting.

        Another worker starts in its place; False, and none does, when too many are lent already.
        """
        with self._lock:
            if self._lent >= _LENT or self._closed:
                return False
            self._lent += 1
        self._start_another()
        return True

    def give(self, worker: Worker, *, sound: bool, lent: bool = False) -> None:
        """Give a worker back; one that is not sound is ended, and another starts in the background."""
        if sound and not lent:
            self._keep(worker)
            return
        worker.end()
        if not lent:
            self._start_another()
            return
        with self._lock:
            self._lent -= 1

    def _start_another(self) -> None:
        if not self._closed:
            threading.Thread(target=self._replace, daemon=True).start()

    def close(self) -> None:
        """End every idle worker; those at work, or starting, end when they are given back."""
        with self._lock:
            self._closed = True
        with suppress(Empty):
            while True:
                self._idle.get_nowait().end()

    def _keep(self, worker: Worker) -> None:
        with self._lock:
            if not self._closed:
                self._idle.put(worker)
                return
        worker.end()

    def _replace(self) -> None:
        """Start a worker; where that fails (no memory, no process left) try again, or the lane would stay short."""
        while not self._closed:
            try:
                self._keep(self._worker())
                return
            except (NotPossibleNow, TimeoutError, OSError):
                time.sleep(1)


class Pool:
    """Two lanes over one store: every query starts in the light one, unless it is known to be heavy."""

    def __init__(self, store: Path, limits: Limits) -> None:
        self._limits = limits
        self._light = Lane(store, limits, 1, polite=False)
        self._heavy = Lane(store, limits, limits.workers, polite=True)
        self._slow: OrderedDict[tuple[str, Scope], None] = OrderedDict()
        # No worker outlives its pool, nor the program.
        self._finalizer = weakref.finalize(self, _end, self._light, self._heavy)

    def serialized(
        self,
        query: str,
        media_type: str,
        scope: Scope = WHOLE,
        *,
        seconds: float | None = None,
        gone: Gone = never,
    ) -> Iterator[bytes]:
        """The answer in pieces, as it is computed.

        Args:
            query: the query.
            media_type: one of ``formats``.
            scope: its dataset.
            seconds: a time limit lower than the operator's.
            gone: asked now and then whether the client is still there.

        Raises:
            BadQuery: it cannot be answered as written.
            LimitHit: a limit ended it; after the first piece this breaks the answer off.
            ClientGone: nobody waits any more.
        """
        return self._answer(query, {"type": media_type}, scope, seconds, gone)

    def rows(
        self, query: str, scope: Scope = WHOLE, *, limit: int, seconds: float | None = None, gone: Gone = never
    ) -> Solutions | bool:
        """The first ``limit`` solutions of a SELECT, or the answer of an ASK; see ``serialized``."""
        found = json.loads(b"".join(self._answer(query, {"type": None, "limit": limit}, scope, seconds, gone)))
        if "boolean" in found:
            return bool(found["boolean"])
        names = tuple(found["names"])
        rows: list[Row] = [
            {name: from_ntriples(text) for name, text in zip(names, row, strict=True) if text is not None}
            for row in found["rows"]
        ]
        return Solutions(names, rows, cut=found["cut"])

    def _answer(
        self, query: str, form: dict[str, Any], scope: Scope, seconds: float | None, gone: Gone
    ) -> Iterator[bytes]:
        own = text.read(query).scope
        scope = scope or own
        allowed = min(seconds or self._limits.seconds, self._limits.seconds)
        request = form | {
            "query": query,
            "default": list(scope.default),
            "named": list(scope.named),
            "prefixes": PREFIXES,
            "base": BASE,
            "seconds": allowed,
        }
        key = (query, scope)
        if key not in self._slow:
            try:
                yield from self._run(self._light, request, min(LIGHT, allowed), gone, whole=allowed)
                return
            except _TooSlowForHere:
                self._slow[key] = None
                while len(self._slow) > _REMEMBERED:
                    self._slow.popitem(last=False)
        yield from self._run(self._heavy, request, allowed, gone, whole=allowed)

    def close(self) -> None:
        """End every worker."""
        self._finalizer()

    def _run(self, lane: Lane, request: dict[str, Any], seconds: float, gone: Gone, *, whole: float) -> Iterator[bytes]:
        worker = lane.take(time.monotonic() + whole, gone)
        sound, long, lent, sent = False, False, False, 0
        deadline = time.monotonic() + seconds
        # One piece is held back: the worker is free, and an error known, before the end of an answer is given out.
        held = b""
        try:
            worker.send(request)
            while not sound:
                kind, payload = worker.receive(deadline, gone)
                if kind == b"D" and not held:
                    held, sent = payload, len(payload)
                elif kind == b"D":
                    if not long:
                        # A long answer: from here on the whole time counts, and others get another worker.
                        deadline = max(deadline, time.monotonic() + whole)
                        long, lent = True, lane.lend()
                    sent += len(payload)
                    if sent > self._limits.size * MIB:
                        raise LimitHit(_TOO_LARGE.format(self._limits.size), "size", 60)
                    yield held
                    held = payload
                elif kind in (b"E", b"X"):
                    sound = True
                    if kind == b"X":
                        raise _error(json.loads(payload), request["query"])
                else:
                    raise LimitHit(_TOO_MUCH.format(self._limits.memory), "memory", 60)
        except TimeoutError:
            if seconds < whole and not long:
                raise _TooSlowForHere from None
            raise LimitHit(_TOO_LONG.format(whole), "time", 60) from None
        finally:
            lane.give(worker, sound=sound, lent=lent)
        if held:
            yield held


def _end(*lanes: Lane) -> None:
    for lane in lanes:
        lane.close()


class _TooSlowForHere(Exception):
    """The light lane's time is over; the query has not sent anything yet."""


_TOO_LONG = "The query was stopped after {0:g} seconds, the time limit: ask for less, or add a LIMIT."
_TOO_MUCH = "The query was stopped: it needed more than {0} MiB of memory. Ask for less, or add a LIMIT."
_TOO_LARGE = "The answer was stopped at {0} MiB, the size limit: ask for less, or add a LIMIT."


def _error(said: dict[str, str], query: str) -> Exception:
    if said["kind"] == "SyntaxError":
        return text.syntax_error(SyntaxError(said["message"]), query)
    if said["kind"] == "MemoryError":
        return LimitHit("The query was stopped: it needed too much memory. Ask for less.", "memory", 60)
    return BadQuery(f"The query cannot be evaluated: {said['message']}. Change it and try again.")
