"""Worker processes under watch: whoever exceeds a limit is ended and replaced, and nobody else notices."""

from __future__ import annotations

import hashlib
import json
import os
import threading
import time
import weakref
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ess_graph.engine import text
from ess_graph.engine.base import WHOLE, Difference, Gone, Limits, Row, Scope, Solutions, Step, Whole, never
from ess_graph.engine.lanes import Lane
from ess_graph.engine.process import MIB
from ess_graph.errors import BadQuery, LimitHit, NotPossibleNow
from ess_graph.terms import from_ntriples
from ess_graph.vocab import BASE, PREFIXES

#: Seconds a query may take in the light lane before it moves to the heavy one.
LIGHT = 0.5
_REMEMBERED = 1000


class Pool:
    """Two lanes for queries, on whatever store: each starts in the light one, unless it is known to be heavy.

    A third one, of a single worker, carries out writes; it starts with the first of them.
    """

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._light = Lane(limits, 1, polite=False, spare=True)
        self._heavy = Lane(limits, limits.workers, polite=True)
        self._writing: Lane | None = None
        self._lock = threading.Lock()
        self._slow: OrderedDict[bytes, None] = OrderedDict()
        # No worker outlives its pool, nor the program.
        self._lanes = [self._light, self._heavy]
        self._finalizer = weakref.finalize(self, _end, self._lanes)

    def over(self, store: Path) -> Over:
        """The service over a store."""
        return Over(self, store)

    def difference(
        self, store: Path, steps: Sequence[Step], derived: Sequence[str], *, seconds: float | None, gone: Gone
    ) -> Difference:
        """What a write would change in the asserted graphs of a store."""
        request = {"do": "difference", "store": str(store), "derived": list(derived)}
        lines = b"".join(self._write(request, steps, seconds, gone)).decode().splitlines()
        removed, added = (tuple(line[2:] for line in lines if line[0] == sign) for sign in "DA")
        return Difference(removed, added, default="?" in lines)

    def written(self, store: Path, steps: Sequence[Step], target: Path, *, seconds: float | None, gone: Gone) -> None:
        """Make a new store of one as a write leaves it; the lane keeps its own copy in ``target``'s neighbour."""
        scratch = target.parent.parent / f".scratch-{os.getpid()}-{id(self)}"
        request = {"do": "write", "store": str(store), "target": str(target), "scratch": str(scratch)}
        list(self._write(request, steps, seconds, gone))

    def answer(
        self, store: Path, query: str, form: dict[str, Any], scope: Scope, seconds: float | None, gone: Gone
    ) -> Iterator[bytes]:
        """The answer to a query, in pieces; ``form`` says in which type, or how many rows."""
        read = text.read(query)
        scope = scope or read.scope
        allowed = self._allowed(seconds)
        request = form | {
            "do": "query",
            "store": str(store),
            "query": query,
            "default": list(scope.default),
            "named": list(scope.named),
            # An answer of triples is written with all of them.
            "prefixes": PREFIXES if read.form.is_graph else text.used_prefixes(query),
            "base": BASE,
            "seconds": allowed,
        }
        # Texts of strangers are long or short; what is kept of each is of one length.
        key = hashlib.sha256(repr((query, scope)).encode()).digest()
        if key not in self._slow:
            try:
                yield from self._run(self._light, request, min(LIGHT, allowed), gone, whole=allowed)
                return
            except _TooSlowForHere:
                self._slow[key] = None
                while len(self._slow) > _REMEMBERED:
                    self._slow.popitem(last=False)
        yield from self._run(self._heavy, request, allowed, gone, whole=allowed)

    def holds(self, store: Path, graph: str) -> bool:
        """Whether a store has a named graph, be it empty."""
        request = {"do": "holds", "store": str(store), "graph": graph, "seconds": self.limits.seconds}
        pieces = self._run(self._light, request, self.limits.seconds, never, whole=self.limits.seconds)
        return bool(json.loads(b"".join(pieces)))

    def close(self) -> None:
        """End every worker."""
        self._finalizer()

    def _allowed(self, seconds: float | None) -> float:
        return min(seconds or self.limits.seconds, self.limits.seconds)

    def _write(
        self, request: dict[str, Any], steps: Sequence[Step], seconds: float | None, gone: Gone
    ) -> Iterator[bytes]:
        with self._lock:
            if self._writing is None:
                self._writing = Lane(self.limits, 1, polite=False)
                self._lanes.append(self._writing)
        allowed = self._allowed(seconds)
        request |= {"steps": [asdict(step) for step in steps], "prefixes": PREFIXES, "base": BASE, "seconds": allowed}
        return self._run(self._writing, request, allowed, gone, whole=allowed)

    def _run(self, lane: Lane, request: dict[str, Any], seconds: float, gone: Gone, *, whole: float) -> Iterator[bytes]:
        worker = lane.take(time.monotonic() + whole, gone)
        sound, long, lent, sent = False, False, False, 0
        deadline = time.monotonic() + seconds
        # One piece is held back: the worker is free, and an error known, before the end of an answer is given out.
        held = b""
        lane.store = request["store"]
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
                    if sent > self.limits.size * MIB:
                        raise LimitHit(_TOO_LARGE.format(self.limits.size), "size", 60)
                    yield held
                    held = payload
                elif kind in (b"E", b"X"):
                    sound = True
                    if kind == b"X":
                        raise _error(json.loads(payload), request)
                else:
                    raise LimitHit(_TOO_MUCH.format(self.limits.memory), "memory", 60)
        except TimeoutError:
            if seconds < whole and not long:
                raise _TooSlowForHere from None
            raise LimitHit(_TOO_LONG.format(whole), "time", 60) from None
        finally:
            lane.give(worker, sound=sound, lent=lent)
        if held:
            yield held if long else Whole(held)


class Over:
    """The service of a pool over one store; see ``Service`` for what each method promises."""

    def __init__(self, pool: Pool, store: Path) -> None:
        self._pool, self._store = pool, store

    def serialized(
        self,
        query: str,
        media_type: str,
        scope: Scope = WHOLE,
        *,
        seconds: float | None = None,
        gone: Gone = never,
    ) -> Iterator[bytes]:
        """The answer in pieces, as it is computed."""
        return self._pool.answer(self._store, query, {"type": media_type}, scope, seconds, gone)

    def rows(
        self, query: str, scope: Scope = WHOLE, *, limit: int, seconds: float | None = None, gone: Gone = never
    ) -> Solutions | bool:
        """The first ``limit`` solutions of a SELECT, or the answer of an ASK."""
        form = {"type": None, "limit": limit}
        found = json.loads(b"".join(self._pool.answer(self._store, query, form, scope, seconds, gone)))
        if "boolean" in found:
            return bool(found["boolean"])
        names = tuple(found["names"])
        rows: list[Row] = [
            {name: from_ntriples(text) for name, text in zip(names, row, strict=True) if text is not None}
            for row in found["rows"]
        ]
        return Solutions(names, rows, cut=found["cut"])

    def holds(self, graph: str) -> bool:
        """Whether a named graph is there, be it empty."""
        return self._pool.holds(self._store, graph)


def _end(lanes: list[Lane]) -> None:
    for lane in lanes:
        lane.close()


class _TooSlowForHere(Exception):
    """The light lane's time is over; the query has not sent anything yet."""


_TOO_LONG = "The query was stopped after {0:g} seconds, the time limit: ask for less, or add a LIMIT."
_TOO_MUCH = "The query was stopped: it needed more than {0} MiB of memory. Ask for less, or add a LIMIT."
_TOO_LARGE = "The answer was stopped at {0} MiB, the size limit: ask for less, or add a LIMIT."


def _error(said: dict[str, str], request: dict[str, Any]) -> Exception:
    kind, message = said["kind"], said["message"]
    if kind == "MemoryError":
        return LimitHit("The query was stopped: it needed too much memory. Ask for less.", "memory", 60)
    if kind == "FileNotFoundError":
        return NotPossibleNow("This release has just been replaced: ask again.")
    if "query" not in request:
        return _refused_write(kind, message)
    if kind == "SyntaxError":
        return text.syntax_error(SyntaxError(message), request["query"])
    return BadQuery(f"The query cannot be evaluated: {message}. Change it and try again.")


def _refused_write(kind: str, message: str) -> Exception:
    if kind.endswith("OSError"):
        return NotPossibleNow(f"The write failed: {message}. Nothing was changed; free some disk and send it again.")
    said = "is malformed" if kind == "SyntaxError" else "cannot be carried out"
    return BadQuery(f"The write {said}: {message}. Nothing was changed.")
