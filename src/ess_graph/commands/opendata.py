"""``ess-graph opendata``: official files into the registry of codes."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import click


@click.group()
def opendata() -> None:
    """Official files: what was imported, and importing another."""


@opendata.command("import")
@click.argument("source")
@click.argument("file", type=click.Path(path_type=Path, exists=True))
@click.option("--vintage", default="", help="Year or day that the file describes, where its name does not say.")
@click.option("--sha256", default="", help="Hash that the file must have.")
@click.option("--extract", is_flag=True, help="The file is a part of the national one, on purpose.")
def import_(source: str, file: Path, vintage: str, sha256: str, extract: bool) -> None:
    """Import an official FILE of the format SOURCE into the registry, whole or not at all.

    A file that was cut or changed is refused with the reason, and the registry stays as it was. « ess-graph opendata
    list » names the formats.

    Example: ess-graph opendata import cog-communes v_commune_2026.csv

    Example: ess-graph opendata import decoupage-administratif etalab-decoupage-administratif-6.0.0.tgz
    """
    from ess_graph.link.importing import import_file
    from ess_graph.link.registry import Registry
    from ess_graph.settings import Settings

    registry = Registry(Settings.read().home)
    made, count = import_file(
        registry, source, file, vintage=vintage, sha256=sha256, extract=extract, told=_counting(file.name)
    )
    click.echo(
        f"{made.title} ({made.publisher}), {made.vintage}: {count} facts from {file.name}. Next: ess-graph link."
    )


@opendata.command("list")
def list_() -> None:
    """Say which formats are read and what the registry holds.

    Example: ess-graph opendata list
    """
    from ess_graph.link.importing import known
    from ess_graph.link.registry import Registry
    from ess_graph.settings import Settings

    for name, said in known().items():
        click.echo(f"{name:24} {said['title']} ({said['publisher']})")
    for source in Registry(Settings.read().home).sources():
        click.echo(
            f"* {source.dataset} {source.vintage}: {source.facts} facts from {source.file}"
            f" (SHA-256 {source.sha256[:12]}…, {source.licence}), imported {source.imported}"
        )


def _counting(name: str) -> Callable[[int], None]:
    """Progress for a person who waits; a file or a pipe is told nothing."""
    if not sys.stderr.isatty():
        return lambda _: None
    return lambda number: click.echo(f"\r{name}: {number} rows…", nl=False, err=True)
