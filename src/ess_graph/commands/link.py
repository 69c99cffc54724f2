"""``ess-graph link``: names against official codes, and what a person decides about the doubtful ones."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from rdflib.term import Node

    from ess_graph.judgements import Judgements
    from ess_graph.link.entities import Entity, Finding
    from ess_graph.link.match import Matcher
    from ess_graph.proposals import Case
    from ess_graph.settings import Settings

_COLUMNS = ("name", "family", "departement", "region", "siren", "insee", "postcode", "population")


@click.command()
@click.argument("names", required=False, type=click.Path(path_type=Path, exists=True, dir_okay=False, allow_dash=True))
@click.option("--review", is_flag=True, help="Decide about the doubtful ones, one after the other.")
@click.option("--dry-run", is_flag=True, help="Say what would be linked, and write nothing.")
@click.option("--who", envvar="ESS_GRAPH_WHO", help="Who decides, for --review (or ESS_GRAPH_WHO).")
def link(names: Path | None, review: bool, dry_run: bool, who: str | None) -> None:
    """Match the graph's authorities and places with the registry, and write down what is sure.

    Sure identities become judgements in data/judgements.csv, and their codes the extract in data/opendata/; the next
    build publishes them. Nobody's decision is overturned. With NAMES, a CSV file with a column « name » (and perhaps
    family, departement, region, siren, insee, postcode, population), its rows are matched instead, to standard output.

    Example: ess-graph link --review --who "Jeanne Martin"

    Example: ess-graph link my-authorities.csv > with-codes.csv
    """
    from ess_graph.judgements import FILE, Judgements
    from ess_graph.link.entities import link as match_all
    from ess_graph.link.propose import cases
    from ess_graph.proposals import waiting
    from ess_graph.settings import Settings

    settings = Settings.read()
    matcher = _matcher(settings)
    if names is not None:
        from ess_graph.query.exports import cells

        click.echo(b"".join(cells.written(_table(names, matcher), cells.STANDARD)), nl=False)
        return
    judgements = Judgements(settings.root / FILE)
    lexicon = _Graph(settings.root)
    findings = list(match_all(lexicon, matcher, judgements))
    doubtful = cases(findings, judgements, matcher.names.units)
    if review:
        _review(doubtful, judgements, who or click.prompt("Who decides?"))
        findings = list(match_all(lexicon, matcher, judgements))
        doubtful = cases(findings, judgements, matcher.names.units)
    if not dry_run:
        judgements.write()
        _write_extract(settings, findings)
        _propose(settings, doubtful)
    _report(findings, {case.ours for case, _ in waiting(doubtful, judgements)})


def _matcher(settings: Settings) -> Matcher:
    from ess_graph.link.match import Matcher
    from ess_graph.link.registry import NAMES, Registry

    return Matcher(Registry(settings.home).units(settings.root / name for name in NAMES))


class _Graph:
    """The project's files as the lexicon that linking asks for."""

    def __init__(self, root: Path) -> None:
        from rdflib import Graph

        from ess_graph.build import read
        from ess_graph.vocab import OPENDATA

        self._graph = Graph()
        for subject, predicate, value, graph in read.read(root, with_links=False).data.quads((None, None, None, None)):
            # What was extracted because of a link must not be evidence for it.
            if not str(graph).startswith(OPENDATA):
                self._graph.add((subject, predicate, value))

    def entities(self) -> Iterable[Entity]:
        """Authorities and territories, sorted by IRI."""
        from rdflib.namespace import ORG, RDF, SKOS

        from ess_graph.link.entities import Entity
        from ess_graph.vocab import BASE, ESS, IGEO

        graph = self._graph
        families: dict[Node, str] = {
            IGEO.Region: "region",
            IGEO.Departement: "departement",
            IGEO.Commune: "commune",
            IGEO.Intercommunalite: "epci",
        }
        for kind in (ESS.Collectivite, *families):
            for thing in sorted(graph.subjects(RDF.type, kind), key=str):
                first = [str(name) for name in graph.objects(thing, SKOS.prefLabel)]
                others = sorted(str(name) for name in graph.objects(thing, SKOS.altLabel))
                types = sorted(str(c).rpartition("/")[2] for c in graph.objects(thing, ORG.classification))
                around = {
                    families[above]: str(graph.value(place, SKOS.prefLabel))
                    for place in graph.objects(thing, IGEO.subdivisionDe)
                    for above in graph.objects(place, RDF.type)
                    if above in families
                }
                if first:
                    yield Entity(
                        str(thing).removeprefix(BASE), kind != ESS.Collectivite, (min(first), *others),
                        families.get(kind) or (types[0] if types else ""),
                        around.get("departement", ""), around.get("region", ""),
                    )  # fmt: skip


def _write_extract(settings: Settings, findings: list[Finding]) -> None:
    from ess_graph.link.extract import FOLDER, extract
    from ess_graph.link.registry import Registry

    for name, text in extract(findings, Registry(settings.home)).items():
        path = settings.root / FOLDER / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        click.echo(f"{FOLDER / name}: codes and official names, for the next build.")


def _propose(settings: Settings, doubtful: tuple[Case, ...]) -> None:
    """Leave the doubtful ones to whoever reviews them, also in the browser."""
    from ess_graph.judgements import today
    from ess_graph.link.registry import Registry
    from ess_graph.proposals import Proposals

    sources = tuple(f"{source.title} ({source.vintage})" for source in Registry(settings.home).sources())
    Proposals(today(), sources, doubtful).write(settings.home)


def _report(findings: list[Finding], waiting: set[str]) -> None:
    counts: Counter[str] = Counter()
    for finding in findings:
        if finding.accepted is not None:
            counts["linked"] += 1
        elif finding.entity.iri in waiting:
            counts["waiting"] += 1
            click.echo(f"? {finding.entity.names[0]} ({finding.entity.iri}): {finding.outcome.reason}")
        else:
            # An intermunicipal territory is known by its institution; others have no unit, or were judged different.
            counts["institution" if finding.outcome.decision == "link" else "none"] += 1
    click.echo(
        f"{counts['linked']} have their unit of the registry, {counts['institution']} are known by their institution,"
        f" {counts['none']} have none, {counts['waiting']} wait for a person (ess-graph link --review)."
    )


def _review(doubtful: tuple[Case, ...], judgements: Judgements, who: str) -> None:
    """Candidate, evidence for and against, decide, next."""
    from ess_graph.errors import InvalidData
    from ess_graph.judgements import DIFFERENT, PROGRAM, SAME, UNSURE, by_person
    from ess_graph.proposals import waiting

    said = {"s": SAME, "d": DIFFERENT, "u": UNSURE}
    try:
        by_person("", "", SAME, who, "")
    except InvalidData as wrong:
        raise click.UsageError(f"--who names a person, in few words: « {PROGRAM} » is for programs.") from wrong
    for number, (case, candidates) in enumerate(pairs := waiting(doubtful, judgements), 1):
        for candidate in candidates:
            # Once one of them is the same, none of the others is asked about.
            if candidate not in case.waiting(judgements):
                continue
            click.echo(f"\n{number}/{len(pairs)}  {' · '.join(case.names)}  ({case.ours})")
            click.echo(
                f"  {candidate.name}: {candidate.theirs}, {candidate.nature or candidate.family},"
                f" {candidate.population or '?'} inhabitants"
            )
            for sign, reasons in (("+", [candidate.how, *candidate.evidence]), ("-", candidate.against)):
                for reason in reasons:
                    click.echo(f"  {sign} {reason}")
            answer = click.prompt(
                "  same, different, unsure, next, quit", type=click.Choice([*said, "n", "q"]), default="n"
            )
            if answer == "q":
                return
            if answer in said:
                why = click.prompt("  because", default="", show_default=False)
                try:
                    judgements.add(by_person(case.ours, candidate.theirs, said[answer], who, why))
                except InvalidData as wrong:
                    raise click.UsageError("Say why in fewer words.") from wrong
                # What was decided is kept, whatever becomes of the rest of the session.
                judgements.write()


def _table(path: Path, matcher: Matcher) -> Iterator[list[str]]:
    """A header, then what becomes of each row of the file, as safe cells."""
    from ess_graph.link.tables import rows_of
    from ess_graph.link.units import Query
    from ess_graph.query.exports.cells import safe

    yield [*_COLUMNS[:3], "outcome", "key", "unit", "code_insee", "code_siren", "score", "reason", "others"]
    for row in rows_of(path, required=("name",), optional=_COLUMNS[1:]):
        people = row["population"].replace(" ", "").replace("\u202f", "")
        outcome = matcher.match(
            Query(
                row["name"], family=row["family"] or None, departement=row["departement"], region=row["region"],
                siren=row["siren"], insee=row["insee"], postcode=row["postcode"],
                population=int(people) if people.isdigit() else None,
            )
        )  # fmt: skip
        best = outcome.candidates[0] if outcome.candidates and outcome.decision != "none" else None
        unit = best.unit if best else None
        others = " ".join(c.unit.key for c in outcome.candidates[1:5]) if best else ""
        codes = (unit.key, unit.name, unit.insee, unit.siren) if unit else ("",) * 4
        yield [
            *(safe(text) for text in (*(row[name] for name in _COLUMNS[:3]), outcome.decision, *codes)),
            f"{best.score:.2f}" if best else "",
            safe(outcome.reason), safe(others),
        ]  # fmt: skip
