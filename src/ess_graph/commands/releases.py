"""``ess-graph releases``: what was published, what changed, and the way back."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from ess_graph.build.changes import Changes

_LISTED = 20


@click.group()
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


@releases.command()
@click.argument("name", default="current")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def show(name: str, form: str) -> None:
    """Say what a release holds: NAME, the beginning of it, « current » or « previous ».

    Example: ess-graph releases show previous
    """
    from ess_graph import releases as kept
    from ess_graph.engine.local import LocalBackend
    from ess_graph.query import catalogue
    from ess_graph.settings import Settings

    home = Settings.read().home
    release = kept.chosen(home, name)
    engine = LocalBackend().open(release.store)
    graphs = {
        str(row["graph"]): int(str(row["triples"])) for row in engine.rows(catalogue.text("graphs")) if "graph" in row
    }
    engine.close()
    damage = release.damage()
    if form == "json":
        said = {"id": release.id, **release.manifest, "graphs": graphs, "damage": damage}
        click.echo(json.dumps(said, ensure_ascii=False, indent=1))
        return
    click.echo(f"Release {release.id}{' (in service)' if release.id == kept.current(home).id else ''}")
    click.echo(f"made {release.manifest['created']}, {release.manifest['triples']} triples in {len(graphs)} graphs")
    click.echo(f"files {'sound' if not damage else 'damaged: ' + ', '.join(damage[:5])}, in {release.folder}")
    for graph, size in sorted(graphs.items()):
        click.echo(f"{size:>9}  {graph}")


@releases.command()
@click.argument("old")
@click.argument("new", default="current")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option("--all", "everything", is_flag=True, help=f"List every statement, not the first {_LISTED} of each graph.")
def diff(old: str, new: str, form: str, everything: bool) -> None:
    """Say what changed from release OLD to release NEW: things, then statements graph by graph.

    Releases go by name, by the beginning of it, or as « current » and « previous ». JSON lists every statement.

    Example: ess-graph releases diff previous current
    """
    from ess_graph import releases as kept
    from ess_graph.build import changes
    from ess_graph.settings import Settings

    home = Settings.read().home
    found = changes.between(kept.chosen(home, old), kept.chosen(home, new))
    if form == "json":
        click.echo(json.dumps(found.as_json(listed=True), ensure_ascii=False, indent=1))
    else:
        _tell(found, None if everything else _LISTED)


@releases.command()
@click.argument("name", required=False)
def rollback(name: str | None) -> None:
    """Put an earlier release back in service: NAME, or the one made before the current one.

    A running server notices at its next request. The next build publishes the project's files again.

    Example: ess-graph releases rollback
    """
    from ess_graph.build import release as building
    from ess_graph.settings import Settings

    made = building.roll_back(Settings.read().home, name)
    click.echo(f"Release {made.id} is in service again. « ess-graph build » publishes the project's files anew.")


def _tell(found: Changes, most: int | None) -> None:
    click.echo(f"From {found.since} to {found.until}: {found.added} statements more, {found.removed} fewer.")
    for how in ("added", "changed", "removed"):
        things = found.named(how)
        if things:
            click.echo(f"\n{how.capitalize()}: {len(things)} things")
            _lines("  ", things, most)
    for graph, (gone, come) in sorted(found.statements.items()):
        click.echo(f"\n{graph or '(no graph)'}: {len(come)} more, {len(gone)} fewer")
        _lines("- ", gone, most)
        _lines("+ ", come, most)


def _lines(mark: str, lines: list[str], most: int | None) -> None:
    for line in lines[:most]:
        # Statements are quoted as they are written, but not what would move a terminal's cursor.
        click.echo(mark + "".join(sign if sign.isprintable() else "\ufffd" for sign in line))
    if most is not None and len(lines) > most:
        click.echo(f"{mark}… and {len(lines) - most} more: --all")
