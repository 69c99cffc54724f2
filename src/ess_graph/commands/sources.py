"""``ess-graph sources``: citations, and the documents they point into."""

from __future__ import annotations

import sys
from pathlib import Path

import click


@click.group()
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
    from ess_graph.build import coverage as covering
    from ess_graph.build import read
    from ess_graph.settings import Settings

    root = Settings.read().root
    found = covering.cover(read.read(root), folder, root / covering.REASONS)
    if form == "csv":
        from ess_graph.query.exports import cells

        header = ("document", "line", "statements", "reason", "about")
        rows = ([cells.safe(str(value)) for value in row] for row in (header, *found.rows()))
        click.echo(b"".join(cells.written(rows, cells.STANDARD)), nl=False)
        for complaint in found.complaints:
            click.echo(complaint, err=True)
    else:
        click.echo(found.text(), nl=False)
    sys.exit(0 if found.complete else 1)
