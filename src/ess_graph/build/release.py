"""Files become a release in one atomic step: parse, infer, validate, index, publish; or nothing changes."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from rdflib import BNode, Graph

from ess_graph import releases
from ess_graph.build import compile as compiling
from ess_graph.build import compile_facets, search_index
from ess_graph.build.infer import in_words, infer
from ess_graph.build.read import Project, fingerprint, read
from ess_graph.build.validate import Report, load_shapes, validate
from ess_graph.engine.base import Backend, Quad
from ess_graph.errors import InvalidData, NotFound, NotPossibleNow
from ess_graph.releases import Release
from ess_graph.vocab import INFERENCES

_KEPT = 5


class Refused(InvalidData):
    """The data break a shape; ``report`` says where, what and how to mend it."""

    def __init__(self, report: Report) -> None:
        super().__init__(f"{report.text()}\nNothing was published; the release in service stays as it was.")
        self.report = report


def build(
    root: Path, home: Path, backend: Backend, *, force: bool = False, say: Callable[[str], None] = lambda _: None
) -> Release:
    """Build and publish a release from a project's folder.

    Args:
        root: the project.
        home: where releases live; one build at a time may write there.
        backend: makes the engine's store and opens it for indexing.
        force: build even if the current release was made from the same inputs.
        say: told each step, for a person who waits.

    Returns:
        The current release: the new one, or the old one when its inputs are the same.

    Raises:
        InvalidData: a malformed file or, as ``Refused``, data that break a shape.
        NotPossibleNow: another build is running, or the disk is full.
    """
    with _locked(home):
        made_from = fingerprint(root)
        if not force and (same := _same(home, made_from)):
            return same
        say("Reading the files")
        project = read(root)
        say("Inferring")
        asserted = project.merged()
        derived = infer(asserted, project.axioms, root / "rules")
        say("Validating")
        report = validate(asserted + derived, load_shapes(root / "shapes"), project.where)
        if not report.conforms:
            raise Refused(report)
        say("Writing the release")
        try:
            quads = _quads(project, derived)
            return publish(home, write(home, quads, report, root, project.axioms, backend, made_from))
        except OSError as error:
            raise NotPossibleNow(f"The release cannot be written: {error}. Free some disk and build again.") from error


def write(
    home: Path,
    statements: Iterable[Quad],
    report: Report,
    root: Path,
    axioms: Graph,
    backend: Backend,
    made_from: str,
    *,
    union: bool = True,
) -> Path:
    """Write a release into its directory, published by nobody yet.

    Args:
        home: where releases live.
        statements: everything it holds.
        report: what validation found.
        root: the project, for its display shapes and its rules in words.
        axioms: the ontology, for the order of classes.
        backend: makes the store and opens it for indexing.
        made_from: hash of what it is made from.
        union: whether its default graph is the merge of all graphs.
    """
    now = datetime.now(UTC)
    folder = releases.folder(home) / f"{now:%Y%m%dT%H%M%SZ}-{made_from[:8]}"
    # Whatever a killed build left under this name is not a release: it has no manifest.
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    quads = sorted(statements, key=lambda quad: tuple(term.n3() if term else "" for term in quad))
    with (folder / "graph.nq").open("w", encoding="utf-8", newline="\n") as dump:
        dump.writelines(f"{' '.join(term.n3() for term in quad if term is not None)} .\n" for quad in quads)
    backend.create(folder / "store", quads, union=union)
    display = Graph().parse(root / "shapes" / "display.ttl", format="turtle")
    groups, displays = compiling.compile_display(display, axioms)
    compiling.write(folder / "display", groups, displays)
    engine = backend.open(folder / "store")
    facets = compile_facets.compile_facets(root / "shapes" / "facets.ttl")
    compile_facets.write(folder / "display", facets)
    classes = [display.target for display in displays]
    search_index.write(folder / "index.sqlite", engine, classes, in_words(root / "rules"), facets.facets)
    engine.close()
    (folder / "validation.json").write_text(json.dumps(report.as_json(), ensure_ascii=False), encoding="utf-8")
    files = sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
    manifest = {
        "layout": releases.LAYOUT,
        "created": f"{now:%Y-%m-%dT%H:%M:%SZ}",
        "inputs": made_from,
        "quads": len(quads),
        "triples": len({quad[:3] for quad in quads}),
        "files": {name: releases.sha256(folder / name) for name in files},
    }
    # The manifest comes last: without it the directory is no release.
    _write_durably(folder / releases.MANIFEST, json.dumps(manifest, indent=1))
    return folder


def _quads(project: Project, derived: Graph) -> Iterator[Quad]:
    for subject, predicate, value, graph in project.data.quads((None, None, None, None)):
        # The few anonymous nodes of the ontology's axioms stay in its file: nothing published is blank.
        if graph is not None and not isinstance(subject, BNode) and not isinstance(value, BNode):
            yield subject, predicate, value, graph  # type: ignore[misc]
    for subject, predicate, value in derived:
        yield subject, predicate, value, INFERENCES  # type: ignore[misc]


def fall_back(home: Path) -> Release:
    """The newest release that is sound, put in service if another is.

    Raises:
        NotFound: none is.
    """
    current = releases.current(home)
    if not current.damage():
        return current
    for release in releases.listed(home):
        if not release.damage():
            _point(home, release.folder)
            return release
    raise NotFound(f"{current.id} is damaged and there is no other release: run « ess-graph build ».")


def _point(home: Path, folder: Path) -> None:
    link = home / "current.new"
    link.unlink(missing_ok=True)
    link.symlink_to(os.path.relpath(folder, home))
    link.replace(home / "current")


def publish(home: Path, folder: Path) -> Release:
    """Put a written release in service, in one step, and let the oldest go."""
    release = releases.opened(folder)
    _point(home, folder)
    for old in releases.listed(home)[_KEPT:]:
        if old.id != release.id:
            shutil.rmtree(old.folder, ignore_errors=True)
    return release


def _same(home: Path, made_from: str) -> Release | None:
    try:
        release = releases.current(home)
    except NotFound:
        return None
    return release if release.manifest["inputs"] == made_from and not release.damage() else None


def _write_durably(path: Path, content: str) -> None:
    with path.open("w", encoding="utf-8") as handle:
        handle.write(content)
        handle.flush()
        os.fsync(handle.fileno())


@contextmanager
def _locked(home: Path) -> Iterator[None]:
    """One build at a time; the loser is told who holds the lock."""
    home.mkdir(parents=True, exist_ok=True)
    with (home / "build.lock").open("a+", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise NotPossibleNow(
                f"Another build is running ({lock.read().strip() or 'unknown process'}): wait for it, then build again."
            ) from None
        lock.truncate(0)
        lock.write(f"process {os.getpid()}")
        lock.flush()
        yield
