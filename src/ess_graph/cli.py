"""The command line: parses arguments and calls the library, nothing more."""

from __future__ import annotations

import atexit
import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ess_graph.commands.ask import ask
from ess_graph.commands.export import export
from ess_graph.commands.journal import journal
from ess_graph.commands.link import link
from ess_graph.commands.opendata import opendata
from ess_graph.commands.releases import releases
from ess_graph.commands.reports import reports
from ess_graph.commands.sources import sources
from ess_graph.commands.validate import validate
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


@click.group(
    cls=Group,
    commands=[ask, export, journal, link, opendata, releases, reports, sources, validate],
    context_settings={"help_option_names": ["-h", "--help"]},
)
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
@click.option(
    "--port", default=8000, show_default=True, type=click.IntRange(0, 65535),
    help="Port to listen on; 0 takes a free one and says which.",
)  # fmt: skip
@click.option("--workers", default=2, show_default=True, type=click.IntRange(1, 64), help="Processes that answer.")
@click.option(
    "--token-file", type=click.Path(path_type=Path, dir_okay=False),
    help="Allow writes to whoever has one of its tokens, one a line.",
)  # fmt: skip
@click.option("--allow-service", multiple=True, help="An endpoint SERVICE and LOAD may reach (repeatable).")
def serve(
    files: tuple[Path, ...], default_graph: str, no_validate: bool, no_infer: bool, host: str, port: int,
    workers: int, token_file: Path | None, allow_service: tuple[str, ...],
) -> None:  # fmt: skip
    """Serve the site and the SPARQL endpoint; builds first if nothing is published yet.

    Example: ess-graph serve --port 8001

    Example: ess-graph serve --data my.ttl --data more.trig.gz
    """
    from ess_graph.build.recipe import Recipe
    from ess_graph.settings import Settings
    from ess_graph.web.app import create_app
    from ess_graph.web.server import Server

    settings = Settings.read()
    settings = replace(
        settings,
        token_file=token_file or settings.token_file,
        service_allow=(*settings.service_allow, *allow_service),
    )
    recipe = Recipe(settings.root)
    if files:
        from ess_graph.build import release
        from ess_graph.engine.local import LocalBackend

        settings = replace(settings, home=_throwaway())
        recipe = Recipe(settings.root, files, default_graph == "union", not no_infer, not no_validate)
        release.make(recipe, settings.home, LocalBackend(), say=_progress())
    else:
        _ensure_release(settings)
    Server(lambda: create_app(settings, recipe=recipe), host, port, workers=workers).run()


def _ensure_release(settings: Settings) -> None:
    """A sound release that shows every accepted write is in service afterwards, built where there is none."""
    from ess_graph.build import journal as kept
    from ess_graph.build import release
    from ess_graph.engine.local import LocalBackend
    from ess_graph.errors import NotFound

    try:
        served = release.fall_back(settings.home, lambda text: click.echo(text, err=True))
        if served.manifest.get("journal", "") >= max((entry.id for entry in kept.listed(settings.home)), default=""):
            return
        click.echo("The journal has writes that this release does not show yet: building.", err=True)
    except NotFound:
        pass
    release.build(settings.root, settings.home, LocalBackend(), say=_progress())


def _throwaway() -> Path:
    """A directory that goes with this process; not with the server processes that it forks."""
    folder, owner = Path(tempfile.mkdtemp(prefix="ess-graph-")), os.getpid()

    def remove() -> None:
        if os.getpid() == owner:
            shutil.rmtree(folder, ignore_errors=True)

    atexit.register(remove)
    return folder


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
