"""Files become a release in one atomic step: parse, infer, validate, index, publish; or nothing changes."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from rdflib import BNode, Graph
from rdflib.graph import DATASET_DEFAULT_GRAPH_ID

from ess_graph import releases
from ess_graph.build import changes, compile_facets, describe, dumps, happenings, journal, search_index
from ess_graph.build import compile as compiling
from ess_graph.build.infer import in_words, infer
from ess_graph.build.journal import Entry
from ess_graph.build.locks import locked
from ess_graph.build.read import Project
from ess_graph.build.recipe import Recipe
from ess_graph.build.validate import Report, load_shapes, validate
from ess_graph.engine.base import Backend, Quad
from ess_graph.errors import InvalidData, NotFound, NotPossibleNow
from ess_graph.releases import Release
from ess_graph.vocab import INFERENCES

_KEPT = 5


class Refused(InvalidData):
    """The data break a shape; ``report`` says where, what and how to mend it."""

    def __init__(self, report: Report) -> None:
        super().__init__(
            f"{report.text()}\nNothing was published; the release in service stays as it was.", report.as_json()
        )
        self.found = report


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
    return make(Recipe(root), home, backend, force=force, say=say)


def make(
    recipe: Recipe,
    home: Path,
    backend: Backend,
    *,
    change: Entry | None = None,
    force: bool = False,
    say: Callable[[str], None] = lambda _: None,
) -> Release:
    """Make and publish a release of what a recipe says, the journal and, if it is valid then, one more change.

    The change is kept in the journal before the release that shows it is written; see ``build`` for the rest.
    """
    with locked(home):
        entries = [*journal.listed(home), *([change] if change else [])]
        made_from = recipe.fingerprint(entries)
        if not (force or change) and (same := _same(home, made_from)):
            return same
        say("Reading the files")
        project = recipe.read(entries)
        asserted = project.merged()
        derived = Graph()
        if recipe.with_inference:
            say("Inferring")
            derived = infer(asserted, project.axioms, recipe.root / "rules")
        report = Report([], Graph())
        if recipe.is_bound(asserted):
            say("Validating")
            whole = asserted + derived + project.context
            report = validate(whole, load_shapes(recipe.root / "shapes"), project.where)
            if not report.conforms:
                raise Refused(report)
        say("Writing the release")
        try:
            if change:
                journal.keep(home, change)
            quads = set(_quads(project, derived, named_only=recipe.files is None))
            return publish(home, write(home, quads, report, recipe, project.axioms, backend, made_from, entries))
        except BaseException as error:
            if change:
                journal.withdraw(home, change)
            if isinstance(error, OSError):
                raise NotPossibleNow(
                    f"The release cannot be written: {error}. Free some disk and build again."
                ) from error
            raise


def write(
    home: Path,
    statements: Iterable[Quad],
    report: Report,
    recipe: Recipe,
    axioms: Graph,
    backend: Backend,
    made_from: str,
    entries: Sequence[Entry] = (),
) -> Path:
    """Write a release into its directory, published by nobody yet.

    Args:
        home: where releases live.
        statements: everything it holds.
        report: what validation found.
        recipe: says where display shapes and rules are, and whether the default graph is the merge of all.
        axioms: the ontology, for the order of classes.
        backend: makes the store and opens it for indexing.
        made_from: hash of what it is made from.
        entries: those of the journal that are in it.
    """
    now = datetime.now(UTC)
    folder = releases.folder(home) / f"{now:%Y%m%dT%H%M%SZ}-{made_from[:8]}"
    # Whatever a killed build left under this name is not a release: it has no manifest.
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    created = f"{now:%Y-%m-%dT%H:%M:%SZ}"
    quads = sorted(statements, key=lambda quad: (str(quad[3] or ""), *(term.n3() for term in quad[:3])))
    dumps.write(folder / "graph.nq", folder / "dumps", quads)
    backend.create(folder / "store", quads, union=recipe.union)
    display = Graph().parse(recipe.root / "shapes" / "display.ttl", format="turtle")
    groups, displays = compiling.compile_display(display, axioms)
    compiling.write(folder / "display", groups, displays)
    portraits = Graph().parse(recipe.root / "shapes" / "portrait.ttl", format="turtle")
    compiling.write(folder / "portrait", *compiling.compile_display(portraits, axioms, whole=False))
    compile_facets.write(folder / "display", compile_facets.compile_facets(recipe.root / "shapes" / "facets.ttl"))
    targets = [shown.target for shown in displays]
    _index(folder / "index.sqlite", backend, folder / "store", targets, recipe.root)
    engine = backend.open(folder / "store")
    about = recipe.root / "ontology" / "dataset.ttl" if recipe.files is None else None
    describe.write(folder / "void.ttl", engine, about, folder.name, created)
    engine.close()
    shutil.copy(recipe.root / "ontology" / "context.jsonld", folder)
    changes.write(folder / "changes.json", _in_service(home), Release(folder, {}))
    (folder / "validation.json").write_text(json.dumps(report.as_json(), ensure_ascii=False), encoding="utf-8")
    files = sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
    manifest = {
        "layout": releases.LAYOUT,
        "created": created,
        "inputs": made_from,
        "journal": entries[-1].id if entries else "",
        "quads": len(quads),
        "triples": len({quad[:3] for quad in quads}),
        "files": {name: releases.sha256(folder / name) for name in files},
    }
    # The manifest comes last: without it the directory is no release.
    _write_durably(folder / releases.MANIFEST, json.dumps(manifest, indent=1))
    return folder


def make_index(release: Release, root: Path, backend: Backend) -> None:
    """Make the index that a release written in place was published without."""
    compiled = json.loads((release.display / "display.json").read_text(encoding="utf-8"))
    targets = [shown["target"] for shown in compiled["displays"]]
    made = release.index.with_suffix(f".{os.getpid()}")
    made.unlink(missing_ok=True)
    _index(made, backend, release.store, targets, root)
    made.replace(release.index)


def _index(path: Path, backend: Backend, store: Path, targets: list[str], root: Path) -> None:
    engine = backend.open(store)
    facets = compile_facets.compile_facets(root / "shapes" / "facets.ttl").facets
    search_index.write(path, engine, targets, in_words(root / "rules"), facets)
    happenings.write(path, engine)
    engine.close()


def _quads(project: Project, derived: Graph, *, named_only: bool) -> Iterator[Quad]:
    for subject, predicate, value, graph in project.data.quads((None, None, None, None)):
        # The few anonymous nodes of the ontology's axioms stay in its file: nothing published of ours is blank.
        if not (named_only and (isinstance(subject, BNode) or isinstance(value, BNode))):
            yield subject, predicate, value, None if graph == DATASET_DEFAULT_GRAPH_ID else graph  # type: ignore[misc]
    for subject, predicate, value in derived:
        yield subject, predicate, value, INFERENCES  # type: ignore[misc]


def fall_back(home: Path, say: Callable[[str], None] = lambda _: None) -> Release:
    """The current release; the newest that is sound, put in service, where the current one is damaged or gone.

    Raises:
        NotFound: none is sound.
    """
    try:
        current = releases.current(home)
        damage = current.damage()
        if not damage:
            return current
        wrong = f"Release {current.id} is damaged ({', '.join(damage[:5])})."
    except NotFound as error:
        wrong = str(error)
    sound = next((release for release in releases.listed(home) if not release.damage()), None)
    if sound is None:
        raise NotFound(f"{wrong} There is no other release: run « ess-graph build ».")
    point(home, sound.folder)
    say(f"{wrong} Serving {sound.id} in its place; « ess-graph build » makes a new one.")
    return sound


def point(home: Path, folder: Path) -> None:
    """Put the release in a directory in service, in one step."""
    link = home / "current.new"
    link.unlink(missing_ok=True)
    link.symlink_to(os.path.relpath(folder, home))
    link.replace(home / "current")


def publish(home: Path, folder: Path) -> Release:
    """Put a written release in service, in one step, and let the oldest go."""
    release = releases.opened(folder)
    point(home, folder)
    for old in releases.listed(home)[_KEPT:]:
        if old.id != release.id:
            shutil.rmtree(old.folder, ignore_errors=True)
    return release


def roll_back(home: Path, name: str | None = None) -> Release:
    """Put an earlier release back in service: the one named, else the one made before the current one.

    Raises:
        NotFound: there is no such release.
        NotPossibleNow: it is damaged, or a build is running.
    """
    with locked(home):
        wanted = releases.chosen(home, name or "previous")
        if damage := wanted.damage():
            raise NotPossibleNow(f"{wanted.id} is damaged ({', '.join(damage[:5])}): choose another release.")
        point(home, wanted.folder)
        return wanted


def _in_service(home: Path) -> Release | None:
    try:
        return releases.current(home)
    except NotFound:
        return None


def _same(home: Path, made_from: str) -> Release | None:
    release = _in_service(home)
    return release if release and release.manifest["inputs"] == made_from and not release.damage() else None


def _write_durably(path: Path, content: str) -> None:
    with path.open("w", encoding="utf-8") as handle:
        handle.write(content)
        handle.flush()
        os.fsync(handle.fileno())
