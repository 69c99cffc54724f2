"""``ess-graph validate``: what the shapes say of data, for a curator or for a program."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

_FILE = click.Path(path_type=Path, exists=True, dir_okay=False, allow_dash=True)


@click.command()
@click.argument("files", nargs=-1, type=_FILE)
@click.option("--shapes", multiple=True, type=_FILE, help="Shapes to use instead of the project's own (repeatable).")
@click.option("--no-infer", is_flag=True, help="Infer nothing; FILES are checked just as they are.")
@click.option("--format", "form", type=click.Choice(["text", "json", "turtle"]), default="text", show_default=True)
def validate(files: tuple[Path, ...], shapes: tuple[Path, ...], no_infer: bool, form: str) -> None:
    """Check data against the shapes and tell a curator where, what, why and how to mend it.

    Without FILES the project's data are checked. FILES that use the project's ontology are checked with it and with
    what follows from it; others, when they come with shapes of their own, just as they are. A - is standard
    input (TriG, Turtle or N-Triples). Exit code 1: there is a violation.

    Example: ess-graph validate data/fiches/annuaire-grand-est.trig

    Example: ess-graph validate mine.ttl --shapes my-shapes.ttl --format turtle
    """
    from ess_graph.build import check
    from ess_graph.settings import Settings

    report = check.check(Settings.read().root, files, shapes, with_inference=not no_infer)
    if form == "json":
        click.echo(json.dumps(report.as_json(), ensure_ascii=False, indent=1))
    else:
        click.echo(report.turtle() if form == "turtle" else report.text())
    sys.exit(0 if report.conforms else 1)
