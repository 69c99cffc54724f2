"""``ess-graph journal``: writes accepted online, and how they become part of ``data/``."""

from __future__ import annotations

import click


@click.group()
def journal() -> None:
    """Writes accepted online."""


@journal.command("list")
def list_entries() -> None:
    """List the writes that a build adds to data/, oldest first.

    Example: ess-graph journal list
    """
    from ess_graph.build import journal as kept
    from ess_graph.settings import Settings

    for entry in kept.listed(Settings.read().home):
        click.echo(f"{entry.id}  {entry.who}  +{len(entry.added)} -{len(entry.removed)}  {entry.what}")


@journal.command()
def fold() -> None:
    """Write the accepted statements into data/*.trig and empty the journal.

    What does not change keeps its text, so that « git diff » shows the writes and nothing else.

    Example: ess-graph journal fold && git diff data/
    """
    from ess_graph.build.fold import fold as folding
    from ess_graph.settings import Settings

    settings = Settings.read()
    changed = folding(settings.root, settings.home)
    if not changed:
        click.echo("The journal is empty: there is nothing to fold.")
        return
    click.echo(f"Folded into {', '.join(changed)}: look at « git diff », commit, and run « ess-graph build ».")
