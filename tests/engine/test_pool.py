"""Query workers: each limit ends its query and nobody else's, and leaves nothing behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest

from ess_graph.engine import lanes
from ess_graph.engine.base import Limits, Service, never
from ess_graph.engine.lanes import Lane
from ess_graph.engine.pool import Pool
from ess_graph.engine.process import Worker
from ess_graph.errors import BadQuery, ClientGone, LimitHit, NotPossibleNow
from ess_graph.releases import Release
from web import processes

JSON = "application/sparql-results+json"
POINT = "ASK { <id/collectivite/region-grand-est> a ess:Collectivite }"
ENDLESS = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i FILTER(?c < ?f && ?f < ?i) }"
HUNGRY = "SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i } ORDER BY ?a ?d ?g"
ALL = "SELECT * { ?s ?p ?o }"

Make = Callable[..., Service]


@pytest.fixture
def make(release: Release) -> Iterator[Make]:
    made: list[Pool] = []

    def pool(**limits: float) -> Service:
        made.append(Pool(Limits(**limits)))  # type: ignore[arg-type]
        return made[-1].over(release.store)

    yield pool
    for one in made:
        one.close()


def workers() -> set[int]:
    """Process ids of the query workers that this process started."""
    found = subprocess.run(
        ["ps", "-o", "pid=,args=", "--ppid", str(os.getpid())], capture_output=True, text=True, check=False
    ).stdout
    return {int(line.split()[0]) for line in found.splitlines() if "ess_graph.engine.worker" in line}


def wait_for(condition: Callable[[], bool]) -> None:
    """A minute is far more than anything here takes; it only keeps a failing test from hanging."""
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


def point(pool: Service) -> bool:
    return b"true" in b"".join(pool.serialized(POINT, JSON))


def test_time(make: Make) -> None:
    pool = make(seconds=1)
    before = workers()
    with pytest.raises(LimitHit, match="after 1 seconds, the time limit") as caught:
        list(pool.serialized(ENDLESS, JSON))
    assert caught.value.limit == "time"
    assert point(pool)
    wait_for(lambda: len(workers()) == len(before))


def test_a_lower_limit_of_the_client(make: Make) -> None:
    with pytest.raises(LimitHit, match=r"after 0\.8 seconds"):
        list(make(seconds=20).serialized(ENDLESS, JSON, seconds=0.8))


def test_memory(make: Make) -> None:
    pool = make(seconds=120, memory=1024)
    with pytest.raises(LimitHit, match="1024 MiB of memory") as caught:
        list(pool.serialized(HUNGRY, JSON))
    assert caught.value.limit == "memory"
    assert point(pool)


def test_size_breaks_the_answer_off(make: Make) -> None:
    pieces = make(size=1).serialized(ALL, JSON)
    assert next(pieces).startswith(b'{"head"')
    with pytest.raises(LimitHit, match="1 MiB, the size limit"):
        list(pieces)


def test_an_answer_comes_as_it_is_computed(make: Make) -> None:
    pieces = list(make().serialized(ALL, JSON))
    assert len(pieces) > 10
    assert max(map(len, pieces)) < 256 * 1024
    assert pieces[-1].endswith(b"]}}")


def test_a_client_that_goes_stops_its_query(make: Make) -> None:
    pool = make(seconds=100)
    with pytest.raises(ClientGone):
        list(pool.serialized(ENDLESS, JSON, gone=lambda: True))
    assert point(pool)


def test_leaving_a_stream_ends_its_query(make: Make) -> None:
    pool = make()
    pieces = pool.serialized(ALL, JSON)
    next(pieces)
    pieces.close()  # type: ignore[attr-defined]
    assert point(pool)


def test_a_slow_reader_keeps_nobody_waiting(make: Make) -> None:
    pool = make(seconds=30)
    reading = [pool.serialized(ALL + f" # {n}", JSON) for n in range(4)]
    for pieces in reading:
        next(pieces), next(pieces)
    assert point(pool)
    for pieces in reading:
        pieces.close()  # type: ignore[attr-defined]
    assert point(pool)


def test_a_worker_that_dies_idle_costs_nobody_an_answer(make: Make) -> None:
    others = workers()
    pool = make()
    assert point(pool)
    wait_for(lambda: len(workers() - others) == 3)
    victims = workers() - others
    for victim in victims:
        os.kill(victim, signal.SIGKILL)
    wait_for(lambda: not victims & workers())
    assert point(pool)


def test_long_answers_start_no_worker_each(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    # On a machine that is busy an answer may take longer than a lane waits for it.
    monkeypatch.setattr(lanes, "_PATIENCE", 600.0)
    others = workers()
    pool = make()
    assert point(pool)
    wait_for(lambda: len(workers() - others) == 3)
    before = workers()
    for turn in range(5):
        assert sum(map(len, pool.serialized(f"{ALL} LIMIT 5000 # {turn}", JSON))) > 500_000
    assert not workers() - before


def test_a_store_that_no_worker_survives_empties_no_lane(monkeypatch: pytest.MonkeyPatch) -> None:
    def dies(worker: Worker, store: str) -> None:
        worker.end()
        raise NotPossibleNow(store)

    monkeypatch.setattr(Worker, "open", dies)
    lane = Lane(Limits(), 1, polite=False)
    lane.store = "damaged"
    lane.give(lane.take(time.monotonic() + 60, never), sound=False)
    lane.give(lane.take(time.monotonic() + 60, never), sound=True)
    lane.close()


def test_a_full_queue_is_said() -> None:
    lane = Lane(Limits(waiting=1), 1, polite=False)
    worker = lane.take(time.monotonic() + 60, never)
    waits, leaves = threading.Event(), threading.Event()

    def gone() -> bool:
        waits.set()
        return leaves.is_set()

    def wait() -> None:
        with suppress(ClientGone):
            lane.take(time.monotonic() + 600, gone)

    waiting = threading.Thread(target=wait)
    waiting.start()
    assert waits.wait(60)
    with pytest.raises(LimitHit, match="Too many queries are waiting") as full:
        lane.take(time.monotonic() + 600, never)
    leaves.set()
    waiting.join()
    with pytest.raises(LimitHit, match="Every query worker was busy for too long") as busy:
        lane.take(time.monotonic() + 0.2, never)
    lane.give(worker, sound=True)
    lane.close()
    assert full.value.limit == busy.value.limit == "queue"
    assert full.value.retry_after > 0 and busy.value.retry_after > 0


def test_errors_leave_the_worker_as_it_is(make: Make) -> None:
    pool = make()
    before = workers()
    for query in ("SELECT * { ?s ?p }", "SELECT * { SERVICE <http://localhost/> { ?s ?p ?o } }"):
        with pytest.raises(BadQuery):
            list(pool.serialized(query, JSON))
    assert workers() == before


def test_no_worker_outlives_its_pool() -> None:
    before = workers()
    pool = Pool(Limits())
    assert len(workers()) > len(before)
    pool.close()
    # The one that was just starting ends as soon as it has.
    wait_for(lambda: not workers() - before)


def test_a_worker_at_work_dies_with_a_process_that_is_killed(release: Release) -> None:
    """No finalizer runs in a process that gets SIGKILL; the system tells the worker."""
    script = f"""
from pathlib import Path
from ess_graph.engine.base import Limits
from ess_graph.engine.pool import Pool
if __name__ == "__main__":
    list(Pool(Limits(seconds=600)).over(Path({str(release.store)!r})).serialized({ENDLESS!r}, {JSON!r}))
"""

    def at_work() -> bool:
        return any(processes.reads(pid, release.store) for pid in processes.query_workers(owner.pid))

    with subprocess.Popen([sys.executable, "-c", script]) as owner:
        try:
            wait_for(at_work)
            left = processes.query_workers(owner.pid)
        finally:
            owner.kill()
    try:
        wait_for(lambda: not any(pid in processes.query_workers(pid) for pid in left))
    finally:
        for pid in left:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
