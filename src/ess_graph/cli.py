"""The command line: parses arguments and calls the library, nothing more."""

from __future__ import annotations

import atexit
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ess_graph.commands import GROUPS
from ess_graph.errors import EssGraphError

if TYPE_CHECKING:
    from ess_graph.settings import Settings

_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)


class Group(click.Group):
    """Turns the project's own errors into a sentence on standard error and an exit code."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command."""
        try:
            return super().invoke(ctx)
        except EssGraphError as error:
            click.echo(str(error), err=True)
            ctx.exit(error.exit_code)


@click.group(cls=Group, commands=GROUPS, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="ess-graph")
def main() -> None:
    """The open knowledge graph of France's social and solidarity economy policies.

    Example: ess-graph build && ess-graph serve
    """


@main.command()
@click.option("--force", is_flag=True, help="Build even if nothing changed since the current release.")
def build(force: bool) -> None:
    """Turn ontology and data into a validated release and publish it.

    Nothing is published, and the release in service stays, when a file is malformed or a shape is violated.

    Example: ess-graph build
    """
    from ess_graph.build import release
    from ess_graph.engine.local import LocalBackend
    from ess_graph.settings import Settings

    settings = Settings.read()
    made = release.build(settings.root, settings.home, LocalBackend(), force=force, say=_progress())
    click.echo(f"Release {made.id}: {made.manifest['triples']} triples. « ess-graph serve » shows it.")


@main.command()
@click.option("--data", "files", multiple=True, type=_FILE, help="Serve these RDF files instead (repeatable).")
@click.option(
    "--default-graph", type=click.Choice(["union", "default"]), default="union", show_default=True,
    help="With --data: the default graph is the merge of all graphs, or what stands in none.",
)  # fmt: skip
@click.option("--no-validate", is_flag=True, help="With --data: serve data that break a shape.")
@click.option("--no-infer", is_flag=True, help="With --data: add nothing to the files.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65535), help="Port to listen on.")
@click.option("--workers", default=2, show_default=True, type=click.IntRange(1, 64), help="Processes that answer.")
def serve(
    files: tuple[Path, ...], default_graph: str, no_validate: bool, no_infer: bool, host: str, port: int, workers: int
) -> None:
    """Serve the site and the SPARQL endpoint; builds first if nothing is published yet.

    Example: ess-graph serve --port 8001

    Example: ess-graph serve --data my.ttl --data more.trig.gz
    """
    from ess_graph.settings import Settings
    from ess_graph.web.app import create_app
    from ess_graph.web.server import Server

    settings = Settings.read()
    if not files:
        _ensure_release(settings)
        Server(lambda: create_app(settings), host, port, workers=workers).run()
        return
    from ess_graph.build import anything
    from ess_graph.engine.local import LocalBackend

    settings = replace(settings, home=_throwaway())
    anything.build(
        files, settings.root, settings.home, LocalBackend(), union=default_graph == "union",
        with_inference=not no_infer, with_validation=not no_validate, say=_progress(),
    )  # fmt: skip
    Server(lambda: create_app(settings), host, port, workers=workers).run()


def _ensure_release(settings: Settings) -> None:
    """A sound release is in service afterwards, built where there is none."""
    from ess_graph import releases
    from ess_graph.errors import NotFound

    try:
        wanted = releases.current(settings.home)
        if damage := wanted.damage():
            from ess_graph.build.release import fall_back

            click.echo(f"Release {wanted.id} is damaged ({', '.join(damage[:5])}).", err=True)
            click.echo(
                f"Serving {fall_back(settings.home).id} in its place; « ess-graph build » makes a new one.", err=True
            )
    except NotFound:
        from ess_graph.build.release import build
        from ess_graph.engine.local import LocalBackend

        build(settings.root, settings.home, LocalBackend(), say=_progress())


def _throwaway() -> Path:
    """A directory that goes with this process; not with the server processes that it forks."""
    folder, owner = Path(tempfile.mkdtemp(prefix="ess-graph-")), os.getpid()

    def remove() -> None:
        if os.getpid() == owner:
            shutil.rmtree(folder, ignore_errors=True)

    atexit.register(remove)
    return folder


@main.command()
@click.argument("files", nargs=-1, type=_FILE)
@click.option("--shapes", multiple=True, type=_FILE, help="Shapes to use instead of the project's own (repeatable).")
@click.option("--format", "form", type=click.Choice(["text", "json", "turtle"]), default="text", show_default=True)
def validate(files: tuple[Path, ...], shapes: tuple[Path, ...], form: str) -> None:
    """Check data against the shapes and tell a curator where, what, why and how to mend it.

    Without FILES the project's data are checked. Exit code 1: there is a violation.

    Example: ess-graph validate data/fiches/annuaire-grand-est.trig
    """
    from ess_graph.build import check
    from ess_graph.settings import Settings

    report = check.check(Settings.read().root, files, shapes)
    if form == "json":
        click.echo(json.dumps(report.as_json(), ensure_ascii=False, indent=1))
    else:
        click.echo(report.turtle() if form == "turtle" else report.text())
    sys.exit(0 if report.conforms else 1)


@main.command()
@click.argument("query")
@click.option(
    "--format", "form", default="table", show_default=True,
    type=click.Choice(["table", "csv", "tsv", "json", "xml", "turtle", "jsonld"]),
)  # fmt: skip
def query(query: str, form: str) -> None:
    """Run a SPARQL query (a text, a file, or - for standard input) on the current release.

    Example: ess-graph query tests/competency/CQ01.rq --format csv
    """
    from ess_graph import releases
    from ess_graph.engine import text
    from ess_graph.engine.formats import NAMES, offered
    from ess_graph.engine.local import LocalBackend
    from ess_graph.query.tables import aligned
    from ess_graph.settings import Settings

    sparql = _text(query)
    engine = LocalBackend().open(releases.current(Settings.read().home).store)
    asked = text.read(sparql).form
    if form == "table" and not asked.is_graph:
        click.echo(str(engine.ask(sparql)).lower() if asked == "ASK" else aligned(engine.rows(sparql)))
        return
    kind = next((k for k in NAMES["turtle" if form == "table" else form] if k in offered(asked)), None)
    if kind is None:
        raise click.UsageError(f"A {asked} has no {form} form: use one of {', '.join(offered(asked))}.")
    for piece in engine.serialized(sparql, kind):
        sys.stdout.buffer.write(piece)


@main.group()
def sources() -> None:
    """Citations and the documents they point into."""


@sources.command()
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
def verify(folder: Path) -> None:
    """Check every citation against the documents in FOLDER.

    Exit code 1: a citation does not agree with its document.

    Example: ess-graph sources verify ../documents
    """
    from ess_graph.build import citations, read
    from ess_graph.settings import Settings

    found = citations.verify(read.read(Settings.read().root).merged(), folder)
    for complaint in found.complaints:
        click.echo(complaint)
    click.echo(f"{found.verified} citations agree with their documents, {len(found.complaints)} complaints.")
    sys.exit(1 if found.complaints else 0)


@sources.command()
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
def pin(folder: Path) -> None:
    """Print, as TriG, the passages that data cite and graph/sources does not describe yet.

    Example: ess-graph sources pin ../documents  (then paste the lines into data/sources.trig)
    """
    from ess_graph.build import citations, read
    from ess_graph.ingest.triples import passage_facts
    from ess_graph.settings import Settings

    for passage, record, lines in citations.missing(read.read(Settings.read().root).merged(), folder):
        click.echo(passage_facts(passage, record, lines))


@sources.command()
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--format", "form", type=click.Choice(["text", "csv"]), default="text", show_default=True)
def coverage(folder: Path, form: str) -> None:
    """Say of each line of the documents in FOLDER what cites it, or why nothing does.

    Exit code 1: a line is forgotten, neither cited nor explained in data/lines-without-facts.csv.

    Example: ess-graph sources coverage ../documents --format csv > coverage.csv
    """
    import csv

    from ess_graph.build import coverage as covering
    from ess_graph.build import read
    from ess_graph.settings import Settings

    root = Settings.read().root
    found = covering.cover(read.read(root), folder, root / covering.REASONS)
    if form == "csv":
        table = csv.writer(sys.stdout, lineterminator="\n")
        table.writerow(("document", "line", "statements", "reason", "about"))
        table.writerows(found.rows())
        for complaint in found.complaints:
            click.echo(complaint, err=True)
    else:
        click.echo(found.text(), nl=False)
    sys.exit(0 if found.complete else 1)


@main.group()
def releases() -> None:
    """What was published."""


@releases.command("list")
def list_releases() -> None:
    """List the releases kept here, newest first; * marks the one in service.

    Example: ess-graph releases list
    """
    from ess_graph import releases as kept
    from ess_graph.errors import NotFound
    from ess_graph.settings import Settings

    home = Settings.read().home
    try:
        current = kept.current(home).id
    except NotFound:
        current = ""
    for release in kept.listed(home):
        mark = "*" if release.id == current else " "
        click.echo(f"{mark} {release.id}  {release.manifest['created']}  {release.manifest['triples']} triples")


def _progress() -> Callable[[str], None]:
    """Steps are told to a person only, not to a file or a pipe."""
    if not sys.stderr.isatty():
        return lambda _: None
    return lambda step: click.echo(f"{step}…", err=True)


def _text(argument: str) -> str:
    if argument == "-":
        return sys.stdin.read()
    path = Path(argument)
    # A query is longer than any file name may be, and asking about it would be an error.
    if "\n" not in argument and len(argument) < 255 and path.is_file():
        return path.read_text(encoding="utf-8")
    return argument
