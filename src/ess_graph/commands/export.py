"""``ess-graph export``: the graph, or a part of it, in the forms that other programs read."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from ess_graph.releases import Release

FORMATS = ("trig", "nq", "jsonld", "csv", "geojson", "ics")


@click.command()
@click.option("--format", "form", type=click.Choice(FORMATS), required=True, help="What to write.")
@click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False), help="File to write; standard output without it."
)
@click.option("--type", "kind", help="With csv: the class whose things to list (collectivite, chiffre…).")
@click.option("--spreadsheet", is_flag=True, help="With csv: semicolons, decimal commas, a byte order mark.")
@click.option("--partial", is_flag=True, help="With ics: events of an unknown day too, as spans that say so.")
@click.option("--lang", type=click.Choice(["fr", "en"]), default="fr", show_default=True, help="Language of labels.")
@click.option("--release", "name", default="current", show_default=True, help="Release to export, or « previous ».")
def export(
    form: str, out: Path | None, kind: str | None, spreadsheet: bool, partial: bool, lang: str, name: str
) -> None:
    """Write the whole graph (trig, nq, jsonld), a table (csv), a map (geojson) or a calendar (ics).

    Without --type, csv is a ZIP file with a table for each class.

    Example: ess-graph export --format csv --type chiffre --spreadsheet --out chiffres.csv
    """
    from ess_graph import releases
    from ess_graph.settings import Settings

    settings = Settings.read()
    release = releases.chosen(settings.home, name)
    page = _page(settings.public_url)
    if form in ("trig", "nq", "jsonld"):
        _put(_unpacked(release.dumps / f"ess-graph.{form}.gz"), out)
    elif form == "csv":
        _csv(release, kind, lang, spreadsheet, page, out)
    elif form == "geojson":
        _put([_geojson(release, lang, page)], out)
    else:
        _put([_calendar(release, lang, partial, page)], out)


def _csv(
    release: Release, kind: str | None, lang: str, spreadsheet: bool, page: Callable[[str], str], out: Path | None
) -> None:
    from ess_graph.engine.local import LocalBackend
    from ess_graph.query import lists
    from ess_graph.query.display import Display
    from ess_graph.query.exports import archive, cells, class_table
    from ess_graph.query.index import Index
    from ess_graph.web.i18n import translator

    dialect = cells.SPREADSHEET if spreadsheet else cells.STANDARD
    display = Display(release.display)
    source = class_table.Source(LocalBackend().open(release.store), Index(release.index), page)
    if kind is None:
        if out is None:
            raise click.UsageError("All tables together are a ZIP file: say --out FILE.zip, or one --type.")
        note = translator(lang)("data.readme", release=release.id, start=page(""))
        _safely(out, lambda path: archive.write(path, display, lang, dialect, source, note))
        return
    shown = lists.of_slug(display, kind.lower())
    if shown is None:
        known = ", ".join(sorted(lists.slug(c.target) for c in display.classes))
        raise click.UsageError(f"There is no type « {kind} »: use one of {known}.")
    table = class_table.table(shown, source.index.things(shown.target), lang, dialect, source)
    _put(cells.written(table, dialect), out)


def _geojson(release: Release, lang: str, page: Callable[[str], str]) -> bytes:
    from ess_graph.engine.local import LocalBackend
    from ess_graph.query.exports import geo
    from ess_graph.query.index import Index

    about = {"release": release.id, "license": "Licence Ouverte 2.0", "attribution": "ess-graph"}
    return geo.features(LocalBackend().open(release.store), Index(release.index), lang, page, about)


def _calendar(release: Release, lang: str, partial: bool, page: Callable[[str], str]) -> bytes:
    from ess_graph.engine.local import LocalBackend
    from ess_graph.query.exports import calendar
    from ess_graph.query.index import Index
    from ess_graph.web.i18n import translator

    engine, t = LocalBackend().open(release.store), translator(lang)
    return calendar.calendar(
        calendar.events(engine), name=t("calendar.name"), timeline=page("explorer/evenement"), lang=lang, t=t,
        index=Index(release.index), page=page, made=str(release.manifest["created"]), with_partial=partial,
    )  # fmt: skip


def _page(public_url: str) -> Callable[[str], str]:
    """Addresses of pages under the public address, where an operator gave one; else the IRIs themselves."""
    from ess_graph.vocab import BASE

    def page(iri: str) -> str:
        path = iri.removeprefix(BASE)
        if not public_url:
            return iri if iri.startswith(BASE) else BASE + path
        return f"{public_url}/{path}"

    return page


def _unpacked(path: Path) -> Iterable[bytes]:
    import gzip

    with gzip.open(path) as packed:
        while piece := packed.read(1 << 20):
            yield piece


def _put(pieces: Iterable[bytes], out: Path | None) -> None:
    if out is None or str(out) == "-":
        for piece in pieces:
            sys.stdout.buffer.write(piece)
        return

    def write(path: Path) -> None:
        with path.open("wb") as handle:
            handle.writelines(pieces)

    _safely(out, write)


def _safely(out: Path, write: Callable[[Path], None]) -> None:
    """Write a file whole or not at all: what stood there stays until the new one is complete."""
    from ess_graph.errors import NotPossibleNow

    unfinished = out.with_name(f".{out.name}.part")
    try:
        write(unfinished)
        unfinished.replace(out)
    except OSError as error:
        raise NotPossibleNow(f"{out} cannot be written: {error}. Choose another place, or free some disk.") from error
    finally:
        unfinished.unlink(missing_ok=True)
