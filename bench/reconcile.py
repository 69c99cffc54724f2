"""Reconciles 1,000 names over HTTP as OpenRefine does, ten at a time and in turn, and says how long it takes.

    python -m bench.reconcile [HOME]

HOME holds a release (ESS_GRAPH_HOME; by default that of the checkout). The names are those of ``tests/cases/linking``:
authorities as the documents and as people write them, and names that mean nothing here.
"""

from __future__ import annotations

import csv
import json
import sys
import tempfile
import time
from http.client import HTTPConnection
from pathlib import Path
from statistics import median
from urllib.parse import urlencode

from bench.servers import PROGRAM, ROOT, environment, free_port, machine, running

LISTS = ("documents", "none", "perturbed")
COUNT, BATCH, ROUNDS, AIM = 1000, 10, 3, 20


def names() -> list[str]:
    """The names, each once, those of the documents first."""
    found: dict[str, None] = {}
    for name in LISTS:
        path = ROOT / "tests" / "cases" / "linking" / f"{name}.csv"
        with path.open(encoding="utf-8", newline="") as handle:
            found |= {row["name"]: None for row in csv.DictReader(handle)}
    return list(found)[:COUNT]


def once(port: int, asked: list[str], **more: object) -> tuple[float, int, int]:
    """Seconds for all names, how many have candidates, and how many a match."""
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    some = matched = 0
    start = time.perf_counter()
    for at in range(0, len(asked), BATCH):
        batch = {f"q{n}": {"query": name, **more} for n, name in enumerate(asked[at : at + BATCH])}
        connection.request(
            "POST", "/reconcile", urlencode({"queries": json.dumps(batch)}),
            {"Content-Type": "application/x-www-form-urlencoded"},
        )  # fmt: skip
        reply = connection.getresponse()
        body = reply.read()
        if reply.status != 200:
            sys.exit(f"The service answers {reply.status}: {body[:300]!r}")
        results = [each["result"] for each in json.loads(body).values()]
        some += sum(bool(found) for found in results)
        matched += sum(any(one["match"] for one in found) for found in results)
    return time.perf_counter() - start, some, matched


def main(home: Path) -> None:
    """Print one line for each way of asking; the first one includes what a fresh process reads once."""
    asked, port = names(), free_port()
    variables = environment(ESS_GRAPH_HOME=str(home))
    with (
        tempfile.TemporaryDirectory() as folder,
        running(
            [*PROGRAM, "serve", "--port", str(port)], port, Path(folder) / "log", path="/sante", variables=variables
        ),
    ):
        print(f"{len(asked)} names, {BATCH} at a time; {machine()}")
        ways: dict[str, dict[str, object]] = {
            "names": {},
            "names and a type": {"type": "ess:Collectivite", "type_strict": "should"},
            "names, a type and a region": {
                "type": "ess:Collectivite", "properties": [{"pid": "igeo:Region", "v": "Grand Est"}],
            },
        }  # fmt: skip
        for way, more in ways.items():
            rounds = [once(port, asked, **more) for _ in range(ROUNDS)]
            taken = median(seconds for seconds, _, _ in rounds)
            told = ", ".join(f"{seconds:.1f}" for seconds, _, _ in rounds)
            verdict = "met" if taken < AIM else "not met"
            counts = f"{rounds[0][1]} with candidates, {rounds[0][2]} matched"
            print(f"{way}: {taken:.1f} s ({told}; {AIM} s {verdict}), {counts}")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / ".ess-graph")
