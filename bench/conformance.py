"""Runs the W3C suites on fresh servers and prints our counts beside those of peers (make conformance).

The suites stand beside the checkout, in ``../shared/w3c``, or where ``--suites`` says; their harnesses speak HTTP only.
Exit status: 0 nothing fails but what the engine's own list allows (or there are no suites), 1 something does.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import tomllib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.servers import PROGRAM, ROOT, command, environment, free_port, machine, memory_backed, running

HERE = Path(__file__).parent
_TOKEN = "conformance"
#: Levels of our own checks that may fail.
_SOFT = ("SHOULD", "OPTIONAL")
#: Result formats, and the RDF syntax that is asked for beside each, one that can hold all that SPARQL 1.2 makes
#: (JSON-LD has no triple terms, and the harness's reader of RDF/XML none either); ways to send a query.
_FORMATS = {"json": "nt", "xml": "turtle", "csv": "nt", "tsv": "turtle"}
_METHODS = ("direct", "form", "get")


@dataclass
class Run:
    """One harness, run once.

    Attributes:
        title: what it ran on.
        harness: ``sparql``, ``protocol`` or ``shacl``.
        results: one mapping for each test, as the harness reports them.
        known: ids of tests that may fail.
        trouble: what the harness said, where it did not get to the end.
    """

    title: str
    harness: str
    results: list[dict[str, Any]] = field(default_factory=list)
    known: frozenset[str] = frozenset()
    trouble: str = ""

    def counts(self, suite: dict[str, Any]) -> Counter[str]:
        """How many tests of a suite passed, failed and were left out."""
        return Counter(
            result["status"]
            for result in self.results
            if result["group"].startswith(tuple(suite["groups"]))
            and result["kind"] in suite.get("kinds", [result["kind"]])
        )

    def unexpected(self) -> list[str]:
        """Failures that nothing excuses, in words."""
        found = [
            f"{self.title}: {result['id']}: {result['detail'][:200]}"
            for result in self.results
            if result["status"] == "fail" and result["id"] not in self.known and result["kind"] not in _SOFT
        ]
        return found + ([f"{self.title}: {self.trouble}"] if self.trouble else [])


class Suites:
    """The harnesses of a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __bool__(self) -> bool:
        return (self.folder / "sparql_http_conformance.py").is_file() and (self.folder / "data").is_dir()

    def run(self, title: str, harness: str, *options: str) -> Run:
        """Run a harness to its end."""
        script, known = {
            "sparql": ("sparql_http_conformance.py", self.folder / "known_failures_pyoxigraph.txt"),
            "protocol": ("protocol_conformance.py", self.folder / "known_failures_pyoxigraph_protocol.txt"),
            "shacl": ("shacl_conformance.py", HERE / "known_failures_shacl.txt"),
        }[harness]
        made = Run(title, harness, known=_known(known))
        with tempfile.TemporaryDirectory() as scratch:
            report = Path(scratch) / "report.json"
            ended = subprocess.run(
                [sys.executable, str(self.folder / script), *options, "--report", str(report)],
                capture_output=True, text=True, env=environment(), check=False,
            )  # fmt: skip
            if report.is_file():
                made.results = json.loads(report.read_text(encoding="utf-8"))["results"]
        if ended.returncode not in (0, 1) or not made.results:
            made.trouble = f"the harness ended with {ended.returncode}: {ended.stderr[-300:]}"
        return made


def _known(path: Path) -> frozenset[str]:
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    return frozenset(name for line in lines if (name := line.partition("#")[0].strip()))


@contextmanager
def plain() -> Iterator[tuple[str, int]]:
    """A fresh, empty server in plain mode: its address, and the port where it may reach a harness's helper."""
    with tempfile.TemporaryDirectory(dir=memory_backed()) as scratch:
        folder, port, helper = Path(scratch), free_port(), free_port()
        (folder / "empty.nq").touch()
        (folder / "token").write_text(_TOKEN, encoding="utf-8")
        arguments = [
            *PROGRAM, "serve", "--data", str(folder / "empty.nq"), "--default-graph", "default", "--no-validate",
            "--no-infer", "--token-file", str(folder / "token"), "--allow-service", f"http://127.0.0.1:{helper}/",
            "--port", str(port),
        ]  # fmt: skip
        with running(arguments, port, folder / "log", path="/sante", variables=environment(TMPDIR=scratch)):
            yield f"http://127.0.0.1:{port}", helper


def on_plain(suites: Suites, accept: str = "json", method: str = "direct") -> list[Run]:
    """SPARQL with one result format and one method, and once the protocols, on a server in plain mode."""
    with plain() as (address, helper):
        there = ("--query-url", f"{address}/sparql", "--update-url", f"{address}/update")
        there += ("--header", f"Authorization: Bearer {_TOKEN}")
        way = ("--accept", accept, "--rdf-accept", _FORMATS[accept], "--query-method", method)
        federation = ("--federation", "--federation-port", str(helper))
        runs = [suites.run(f"plain mode, {accept}, {method}", "sparql", *there, *way, *federation)]
        if (accept, method) == ("json", "direct"):
            runs.append(suites.run("plain mode", "protocol", *there, "--gsp-url", f"{address}/graphs"))
        return runs


def on_project(suites: Suites) -> list[Run]:
    """What needs no writes where the default graph is the merge of all: the query protocol, the syntax of queries."""
    with tempfile.TemporaryDirectory(dir=memory_backed()) as scratch:
        folder, port, empty_port = Path(scratch), free_port(), free_port()
        (folder / "empty.nq").touch()
        variables = environment(ESS_GRAPH_HOME=str(folder / "home"), TMPDIR=scratch)
        ours = [*PROGRAM, "serve", "--port", str(port)]
        # The syntax tests match anything with anything, which takes its time on data.
        empty = [*PROGRAM, "serve", "--data", str(folder / "empty.nq"), "--port", str(empty_port)]
        # The harness wants to start servers itself; what it starts here only waits.
        waiting = ("--spawn", f"{sys.executable} -c 'import time; time.sleep(86400)'")
        syntax = ("--include", "sparql1*/syntax*", "--exclude", "sparql1*/syntax-update*")
        with running(ours, port, folder / "log", path="/sante", variables=variables):
            runs = [suites.run("project mode", "protocol", "--query-url", f"http://127.0.0.1:{port}/sparql")]
        with running(empty, empty_port, folder / "log", path="/sante", variables=variables):
            there = ("--query-url", f"http://127.0.0.1:{empty_port}/sparql")
            runs.append(suites.run("project mode, syntax", "sparql", *there, *waiting, *syntax))
        return runs


def on_shacl(suites: Suites) -> list[Run]:
    """SHACL, through the command that people use."""
    validator = command("validate", "{data}", "--shapes", "{shapes}", "--format", "turtle")
    return [suites.run("ess-graph validate", "shacl", "--command", validator)]


def table(runs: Sequence[Run], suites: Sequence[dict[str, Any]], peers: Sequence[str]) -> str:
    """Our counts beside those of peers, one line for each suite and each way it was run."""
    rows = [["suite", "how", "ours", "aim", *peers]]
    for suite in suites:
        ways = [run for run in runs if run.harness == suite["harness"]]
        for run in ways:
            counts = run.counts(suite)
            asked = counts["pass"] + counts["fail"]
            ours = str(counts["fail"]) if suite.get("failing") else f"{counts['pass']} of {asked}"
            if counts["skip"] and asked:
                ours += f", {counts['skip']} left out"
            if not asked:
                continue
            # Where only a part could be run, neither the aim nor the figures of others are about the same tests.
            comparable = "project" not in run.title
            aim = str(suite["aim"]) if suite.get("failing") else f"≥ {suite['aim']}"
            rest = [aim, *suite["peers"]] if comparable else [""] * (1 + len(peers))
            rows.append([suite["name"], run.title, ours, *rest])
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    rows.insert(1, ["-" * width for width in widths])
    return "\n".join(
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in rows
    )


def below(runs: Sequence[Run], suites: Sequence[dict[str, Any]]) -> Iterator[str]:
    """Suites whose aim is not met, in words; what a harness leaves out (CSV has no triple terms) is no failure."""
    for suite in suites:
        for run in runs:
            if run.harness == suite["harness"] and "project" not in run.title and not run.trouble:
                counts = run.counts(suite)
                if (
                    counts["fail"] > suite["aim"]
                    if suite.get("failing")
                    else counts["pass"] + counts["skip"] < suite["aim"]
                ):
                    yield f"{run.title}: {suite['name']} has {counts['pass']} passed, {counts['fail']} failed"


def main() -> int:
    """Run what the arguments ask for, print the table, and say what failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--full", action="store_true", help="every format and method, both modes, and SHACL")
    parser.add_argument("--suites", type=Path, default=ROOT.parent / "shared" / "w3c", help="folder of the harnesses")
    parser.add_argument("--jobs", type=int, default=2, help="servers at once (with --full)")
    asked = parser.parse_args()
    suites = Suites(asked.suites)
    if not suites:
        print(f"Skipped: the W3C suites are not in {asked.suites.name}/ beside the checkout (--suites names a folder).")
        return 0
    known = tomllib.loads((HERE / "peers.toml").read_text(encoding="utf-8"))
    work: list[Callable[[], list[Run]]] = [lambda: on_plain(suites)]
    if asked.full:
        ways = [(accept, method) for accept in _FORMATS for method in _METHODS][1:]
        work += [lambda way=way: on_plain(suites, *way) for way in ways]  # type: ignore[misc]
        work += [lambda: on_project(suites), lambda: on_shacl(suites)]
    print(f"({machine()})", flush=True)
    with ThreadPoolExecutor(asked.jobs if asked.full else 1) as pool:
        runs = [run for done in pool.map(lambda job: job(), work) for run in done]
    print(table(runs, known["suite"], known["peers"]))
    advised = [r for run in runs for r in run.results if r["status"] == "fail" and r["kind"] in _SOFT]
    for result in advised:
        print(f"not met ({result['kind']}): {result['id']}: {result['detail'][:160]}")
    wrong = [line for run in runs for line in run.unexpected()] + list(below(runs, known["suite"]))
    print(
        "\n".join(["", "Failures outside the known lists:", *wrong])
        if wrong
        else "\nNothing fails outside the known lists."
    )
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
