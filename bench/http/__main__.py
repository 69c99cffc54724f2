"""Measures the endpoint over HTTP, beside a constant answer of the same application and beside peers (make bench).

Figures of one moment on one machine: what counts is how they stand to one another, so everything that is compared is
measured in turn, several times, and the median is told. Needs wrk (Debian: apt-get install wrk).
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from urllib.parse import quote

from bench.http.measure import Load, Reply, ask, clients, percentile, repeated, wrk
from bench.servers import PROGRAM, ROOT, environment, free_port, machine, processor_seconds, running

from ess_graph import terms
from ess_graph.vocab import BASE

HERE = Path(__file__).parent
ROWS = 100_000
#: As many rows as the release's 49,000 triples do not give by themselves.
MANY = f"SELECT ?n ?s ?p ?o WHERE {{ VALUES ?n {{ 1 2 3 }} ?s ?p ?o }} LIMIT {ROWS}"
POINT = "ASK { <id/collectivite/region-grand-est> ?p ?o }"


def endless(mark: str) -> str:
    """A query that no time is enough for, unlike any other."""
    return f"SELECT (COUNT(*) AS ?n{mark}) {{ ?a ?b ?c . ?d ?e ?f . ?g ?h ?i FILTER(?c < ?f && ?f < ?i) }}"


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    what: str
    figure: str
    aim: str = ""
    met: bool | None = None

    def __str__(self) -> str:
        return (
            f"| {self.what} | {self.figure} | {self.aim} | {'' if self.met is None else 'yes' if self.met else 'no'} |"
        )


class Bench:
    """One round of measurements on servers that are made for it."""

    def __init__(self, folder: Path, peers: Path, seed: int, seconds: float, rounds: int) -> None:
        self.folder, self.peers, self.seconds, self.rounds = folder, peers, seconds, rounds
        self.seed, self.mark = seed, f"{seed}{int(time.time())}"
        self.home = folder / "home"
        subprocess.run([*PROGRAM, "build"], env=self.variables, check=True)
        self.release = (self.home / "current").resolve()
        known = sorted(
            {f"{s} {p}" for s, p, _, _ in terms.quads(self.release / "graph.nq") if s.startswith(f"{BASE}id/")}
        )
        random.Random(seed).shuffle(known)
        self.pairs = folder / "pairs.txt"
        self.pairs.write_text("\n".join(known) + "\n", encoding="utf-8")
        things = sorted({line.partition(" ")[0].removeprefix(f"{BASE}id/") for line in known})
        self.pages = [f"/page/{quote(thing)}" for thing in random.Random(seed).sample(things, 200)]

    @property
    def variables(self) -> dict[str, str]:
        """What our servers run with."""
        return environment(ESS_GRAPH_HOME=str(self.home))

    @contextmanager
    def ours(self, *options: str) -> Iterator[int]:
        """``ess-graph serve`` as anybody starts it; gives its port."""
        port = free_port()
        arguments = [*PROGRAM, "serve", "--port", str(port), *options]
        with running(arguments, port, self.folder / "ours.log", path="/sante", variables=self.variables):
            yield port

    def points(self) -> Iterator[Row]:
        """Point queries, distinct and cached, beside a constant answer and beside rdflib-endpoint."""
        ours, theirs = free_port(), free_port()
        with (
            running([sys.executable, "-m", "bench.http.constant", str(ours), str(self.home)], ours,
                    self.folder / "constant.log", path="/sante", variables=self.variables) as process,
            running([str(self.peers / "rdflib-endpoint"), "serve", "--host", "127.0.0.1", "--port", str(theirs),
                     str(self.release / "graph.nq")], theirs, self.folder / "rdflib.log") as peer,
        ):  # fmt: skip
            kinds = {
                "constant": (f"http://127.0.0.1:{ours}/constant", "plain"),
                "distinct": (f"http://127.0.0.1:{ours}/sparql", "distinct"),
                "cached": (f"http://127.0.0.1:{ours}/sparql", "same"),
                "rdflib-endpoint": (f"http://127.0.0.1:{theirs}/", "distinct"),
            }
            found: dict[str, list[Load]] = {name: [] for name in kinds}
            costs: dict[str, list[float]] = {name: [] for name in kinds}
            wrk(*kinds["cached"], 2, self.pairs, "warm")
            for turn in range(self.rounds):
                for name, (url, mode) in kinds.items():
                    mark = "warm" if mode == "same" else f"{self.mark}r{turn}"
                    server = peer if name == "rdflib-endpoint" else process
                    before = processor_seconds(server)
                    load = wrk(url, mode, self.seconds, self.pairs, mark)
                    costs[name].append(1000 * (processor_seconds(server) - before) / (load.rate * self.seconds))
                    found[name].append(load)
                    print(f"  {name}: {load.rate:.0f}/s", file=sys.stderr, flush=True)
        for name, loads in found.items():
            figure = f"{median(load.rate for load in loads):,.0f}/s, p95 {median(load.p95 for load in loads):.1f} ms"
            cost = f", {median(costs[name]):.2f} ms of processor each"
            yield Row(f"{name}, 16 connections", figure + cost)
        failed = sum(load.failed for name in ("distinct", "cached", "constant") for load in found[name])
        yield Row("answers of ours that were no success", str(failed), "0", failed == 0)
        for name, over, least in (
            ("distinct", "constant", 0.35), ("cached", "constant", 0.7), ("distinct", "rdflib-endpoint", 15),
        ):  # fmt: skip
            ratios = [mine.rate / other.rate for mine, other in zip(found[name], found[over], strict=True)]
            spread = f"{median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"
            yield Row(f"{name} / {over}", spread, f"≥ {least}", median(ratios) >= least)
        for name, least in (("distinct", 0.35), ("cached", 0.7)):
            ratio = median(c / m for m, c in zip(costs[name], costs["constant"], strict=True))
            yield Row(f"{name} / constant, by processor time", f"{ratio:.2f}", f"≥ {least}", ratio >= least)

    def stream(self) -> Iterator[Row]:
        """A long answer beside Oxigraph's own server over the same store."""
        theirs = free_port()
        oxigraph = [str(self.peers / "oxigraph"), "serve-read-only", "--location", str(self.release / "store"),
                    "--bind", f"127.0.0.1:{theirs}"]  # fmt: skip
        with self.ours() as ours, running(oxigraph, theirs, self.folder / "oxigraph.log"):
            mine, other = list[Reply](), list[Reply]()
            for _ in range(max(2 * self.rounds, 5)):
                other.append(ask(theirs, "/query", MANY))
                mine.append(ask(ours, "/sparql", MANY))
            assert all(reply.status == 200 for reply in (*mine, *other))
            rows = len(json.loads(ask(ours, "/sparql", MANY, keep=True).body)["results"]["bindings"])
        assert rows == ROWS
        ratio = median(m.whole / o.whole for m, o in zip(mine, other, strict=True))
        yield Row(f"{ROWS:,} rows, Oxigraph's server", _times(other))
        yield Row(f"{ROWS:,} rows, ours", _times(mine))
        yield Row("stream time, ours / Oxigraph", f"{ratio:.2f}", "≤ 1", ratio <= 1)
        first = 1000 * median(reply.first for reply in mine)
        yield Row("first byte, ours", f"{first:.1f} ms", "≤ 20 ms", first <= 20)

    def killed(self) -> Iterator[Row]:
        """What the end of a query over its time costs: when its worker is back, and what others notice."""
        with self.ours("--workers", "1") as port:
            # One server process has one light worker: whoever asks just after waits for the next one.
            idle = [1000 * ask(port, "/sparql", f"{POINT} #{turn}").whole for turn in range(30)]
            back, ends = [], set()
            for turn in range(10):
                ends.add(ask(port, "/sparql", endless(f"k{turn}"), timeout="0.3").status)
                back.append(1000 * ask(port, "/sparql", f"{POINT} # back {turn}").whole)
            yield Row("endings of queries over their time", str(sorted(ends)), "[503]", ends == {503})
            figure = f"median {median(back):.0f} ms, worst {max(back):.0f} ms (idle {median(idle):.1f} ms)"
            yield Row("next query in the place of a killed one", figure, "≤ 200 ms", median(back) <= 200)
        with self.ours() as port:

            def point(turn: int) -> Reply:
                return ask(port, "/sparql", f"{POINT} # {self.mark} {turn}")  # fmt: skip

            calm = [1000 * reply.whole for reply in repeated(point, self.seconds)]
            with clients(2, lambda number, _: ask(port, "/sparql", endless(f"c{number}"), timeout="1")):
                time.sleep(3)
                busy = [1000 * reply.whole for reply in repeated(lambda turn: point(-turn - 1), self.seconds)]
        yield Row("point query, idle", _spread(calm))
        yield Row("point query, while queries are killed each second", _spread(busy), "p95 ≤ 3 × idle",
                  percentile(busy, 0.95) <= 3 * percentile(calm, 0.95))  # fmt: skip

    def heavy(self, seconds: float) -> Iterator[Row]:
        """Pages while eight clients ask for what no time is enough for."""
        with self.ours() as port:

            def page(turn: int) -> Reply:
                return ask(port, self.pages[turn % len(self.pages)], accept="text/html")  # fmt: skip

            for turn in range(len(self.pages)):
                page(turn)
            idle = repeated(page, min(seconds, 30))
            with clients(8, lambda number, times: ask(port, "/sparql", endless(f"h{number}x{times}"), timeout="10")):
                time.sleep(2)
                busy = repeated(page, seconds)
                point = ask(port, "/sparql", f"{POINT} # busy").whole
        assert {reply.status for reply in (*idle, *busy)} == {200}
        calm, full = ([1000 * reply.whole for reply in replies] for replies in (idle, busy))
        ratio = percentile(full, 0.95) / percentile(calm, 0.95)
        yield Row("entity pages, idle", f"{len(calm)} pages, {_spread(calm)}")
        yield Row(
            f"entity pages, 8 clients with heavy queries for {seconds:g} s", f"{len(full)} pages, {_spread(full)}"
        )
        yield Row("p95, busy / idle", f"{ratio:.2f}", "≤ 3", ratio <= 3)
        yield Row("a point query meanwhile", f"{1000 * point:.0f} ms")


def _times(replies: list[Reply]) -> str:
    whole, first = (median(getattr(reply, name) for reply in replies) for name in ("whole", "first"))
    return f"{whole:.2f} s, first byte {1000 * first:.1f} ms, {replies[0].size / 1e6:.1f} MB"


def _spread(times: list[float]) -> str:
    return f"p50 {median(times):.1f} ms, p95 {percentile(times, 0.95):.1f} ms, worst {max(times):.0f} ms"


def _peers(folder: Path) -> Path:
    """Where the programs of peers are, in an environment of their own that is made when it is not there."""
    if not (folder / "bin" / "rdflib-endpoint").is_file():
        venv.create(folder, with_pip=True)
        command = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "-r", str(HERE / "peers.txt")]
        subprocess.run(command, check=True)
    return folder / "bin"


def main() -> int:
    """Measure what is asked for; print the table and keep it in ``bench/results``."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", choices=[[], *PARTS], help="what to measure (everything)")
    parser.add_argument("--seconds", type=float, default=8, help="of each load")
    parser.add_argument("--rounds", type=int, default=5, help="of what is compared")
    parser.add_argument("--heavy-seconds", type=float, default=120, help="of heavy queries")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--peers", type=Path, default=Path(tempfile.gettempdir()) / "ess-graph-bench-peers")
    asked = parser.parse_args()
    if not shutil.which("wrk"):
        print("wrk is missing: install it (Debian: apt-get install wrk) and run this again.", file=sys.stderr)
        return 3
    parts = asked.parts or list(PARTS)
    peers = ", ".join((HERE / "peers.txt").read_text(encoding="utf-8").split())
    lines = [
        f"Measured {datetime.now(UTC):%Y-%m-%d} on {machine()}; commit {_commit()}, seed {asked.seed}, "
        f"{asked.rounds} rounds of {asked.seconds:g} s. Peers: {peers}.",
        "", "| what | figure | aim | met |", "|---|---|---|---|",
    ]  # fmt: skip
    print("\n".join(lines), flush=True)
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder), _peers(asked.peers), asked.seed, asked.seconds, asked.rounds)
        for part in parts:
            rows = bench.heavy(asked.heavy_seconds) if part == "heavy" else getattr(bench, part)()
            for row in rows:
                print(row, flush=True)
                lines.append(str(row))
    target = ROOT / "bench" / "results" / f"http-{'-'.join(parts) if asked.parts else 'all'}.md"
    target.parent.mkdir(exist_ok=True)
    target.write_text("# The endpoint over HTTP\n" + "\n".join(lines) + "\n", encoding="utf-8")
    return 0


def _commit() -> str:
    said = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return said.stdout.strip() or "unknown"


PARTS = ("points", "stream", "killed", "heavy")

if __name__ == "__main__":
    sys.exit(main())
