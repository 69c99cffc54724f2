"""``ess-graph opendata``: official files into the registry of codes, and what outside services say of its things."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from ess_graph.link.outward import Address

_SERVICES = click.Choice(["wikidata", "insee", "geocoder"])


@click.group()
def opendata() -> None:
    """Official files and services: what was imported, importing another, fetching what services say."""


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


@opendata.command()
@click.argument("service", type=_SERVICES)
@click.option("--endpoint", default="", help="Another address of the service: a mirror of it.")
@click.option("--afresh", is_flag=True, help="Ask again about what was answered before.")
def fetch(service: str, endpoint: str, afresh: bool) -> None:
    """Fetch what SERVICE says of the things whose identity is accepted; needs a connection.

    Answers are kept in the home folder as they come: a fetch that was stopped goes on where it stopped. Nothing is
    published before you accept it.

    Example: ess-graph opendata fetch wikidata
    """
    from dataclasses import replace

    from ess_graph.judgements import FILE, Judgements
    from ess_graph.link import outward
    from ess_graph.link.kept import FOLDER, Kept
    from ess_graph.link.polite import Polite
    from ess_graph.link.services import service as named
    from ess_graph.settings import Settings

    settings = Settings.read()
    asked = named(service)
    asked = replace(asked, endpoint=endpoint or asked.endpoint)
    addresses = _addresses(settings.root) if service == "geocoder" else ()
    wanted = outward.wanted(asked, Judgements(settings.root / FILE), addresses)
    folder = settings.home / FOLDER
    if afresh:
        (folder / f"{service}.jsonl").unlink(missing_ok=True)
    polite = Polite(asked.endpoint, asked.pause, told=lambda sentence: click.echo(sentence, err=True))
    kept = Kept(folder / f"{service}.jsonl", {"endpoint": asked.endpoint, "query": asked.query})
    outward.fetch(asked, wanted, kept, polite, _answering(asked.title))
    made = outward.proposal(asked, wanted, kept)
    for ours, reason in made.left_out:
        click.echo(f"- {ours}: {reason}.")
    if not made.things:
        click.echo(f"{asked.title} says nothing of the {len(wanted)} things that were asked about.")
        return
    path = folder / f"{service}.trig"
    path.write_text(made.trig, encoding="utf-8")
    click.echo(
        f"{asked.title}: {made.things} of {len(wanted)} things, in {path}."
        f" Read it; « ess-graph opendata accept {service} » puts it where the next build takes it."
    )


@opendata.command()
@click.argument("service", type=_SERVICES)
def accept(service: str) -> None:
    """Accept what was fetched from SERVICE: the next build publishes it, in a graph of its own.

    Example: ess-graph opendata accept wikidata && ess-graph build
    """
    from ess_graph.errors import NotFound
    from ess_graph.link.extract import FOLDER as PUBLISHED
    from ess_graph.link.kept import FOLDER
    from ess_graph.settings import Settings

    settings = Settings.read()
    fetched = settings.home / FOLDER / f"{service}.trig"
    if not fetched.is_file():
        raise NotFound(f"Nothing waits from {service}: run « ess-graph opendata fetch {service} » first.")
    path = settings.root / PUBLISHED / fetched.name
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_suffix(".new")
    new.write_bytes(fetched.read_bytes())
    new.replace(path)
    click.echo(f"{PUBLISHED / fetched.name}: for the next build. Take the file away to take back what it says.")


def _addresses(root: Path) -> Iterator[Address]:
    """The addresses that documents give for organisations."""
    from rdflib import Graph
    from rdflib.namespace import RDF

    from ess_graph import terms
    from ess_graph.link.outward import Address
    from ess_graph.vocab import BASE, ESS, IGEO, LOCN

    graph = Graph()
    for path in sorted(root.glob("data/**/*.trig")):
        for subject, predicate, value, _ in terms.quads(path):
            graph.add((subject, predicate, value))
    for organisation, _, where in sorted(graph.triples((None, LOCN.address, None))):
        street, postcode, town = (
            min(map(str, graph.objects(where, said)), default="")
            for said in (LOCN.fullAddress, LOCN.postCode, LOCN.postName)
        )
        towns = (place for place in graph.objects(where, ESS.territoire) if (place, RDF.type, IGEO.Commune) in graph)
        codes = sorted(str(code) for place in towns for code in graph.objects(place, IGEO.codeINSEE))
        yield Address(
            str(organisation).removeprefix(BASE), str(where).removeprefix(BASE), street, postcode, town,
            codes[0] if len(codes) == 1 else "",
        )  # fmt: skip


def _answering(title: str) -> Callable[[int, int], None]:
    if not sys.stderr.isatty():
        return lambda *_: None
    return lambda done, all_: click.echo(f"\r{title}: {done} of {all_}…", nl=False, err=True)


def _counting(name: str) -> Callable[[int], None]:
    """Progress for a person who waits; a file or a pipe is told nothing."""
    if not sys.stderr.isatty():
        return lambda _: None
    return lambda number: click.echo(f"\r{name}: {number} rows…", nl=False, err=True)
