"""The part of the official files that the graph needs, as TriG: codes and official names of what was accepted."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from rdflib import Literal, URIRef

from ess_graph.link.entities import Finding
from ess_graph.link.registry import Registry, Source
from ess_graph.vocab import BASE, GRAPH, PREFIXES

FOLDER = Path("data") / "opendata"
_USED = ("ess", "dcat", "dcterms", "igeo", "schema", "xsd")


def extract(findings: Iterable[Finding], registry: Registry) -> dict[str, str]:
    """TriG of each dataset that says something of an accepted thing, by the name of its file.

    Args:
        findings: what became of each entity.
        registry: for the facts and their sources; the newest vintage that has a fact is cited.
    """
    accepted = [(finding.entity, finding.accepted) for finding in findings if finding.accepted is not None]
    places = {unit.key: entity.iri for entity, unit in accepted if entity.place}
    said: dict[str, dict[str, list[tuple[str, str]]]] = defaultdict(lambda: defaultdict(list))
    sources: dict[str, Source] = {}
    for entity, unit in accepted:
        newest: dict[str, tuple[str, Source]] = {}
        for name, value, _, source in registry.facts(unit.key):
            newest.setdefault(name, (value, source))
        # A commune lies in a département, and that it lies in the region too follows, where the graph has that one.
        around = [
            name for name in ("departement", "region") if name in newest and f"{name}:{newest[name][0]}" in places
        ]
        for name, (value, source) in newest.items():
            within = places[f"{name}:{value}"] if name in around[:1] else ""
            term = _statement(name, value, entity.place, unit.key, within)
            if term is None:
                continue
            said[source.dataset][entity.iri].append(term)
            if source.dataset not in sources or sources[source.dataset].vintage < source.vintage:
                sources[source.dataset] = source
    return {f"{name}.trig": _trig(sources[name], said[name]) for name in sorted(said)}


def _statement(name: str, value: str, place: bool, key: str, within: str) -> tuple[str, str] | None:
    if place:
        if name == "insee" and not key.startswith("epci:"):
            return "igeo:codeINSEE", Literal(value).n3()
        if name == "name":
            return "igeo:nom", Literal(value, lang="fr").n3()
        return ("igeo:subdivisionDe", f"<{within}>") if within else None
    if name == "siren":
        return "ess:siren", Literal(value).n3()
    return (
        ("schema:legalName", Literal(value, lang="fr").n3())
        if name == "name" and not key.startswith(("region:", "departement:", "commune:"))
        else None
    )


def _trig(source: Source, said: dict[str, list[tuple[str, str]]]) -> str:
    graph = str(GRAPH[f"opendata/{source.dataset}"]).removeprefix(BASE)
    year = "xsd:gYear" if len(source.vintage) == 4 else "xsd:date"
    lines = [
        f"@base <{BASE}> .",
        *(f"@prefix {prefix}: <{PREFIXES[prefix]}> ." for prefix in _USED),
        "",
        "# Written by « ess-graph link » from the imported file; judgements.csv says who accepted each identity.",
        f"<{graph}> {{",
        f" <{graph}> a dcat:Dataset ;",
        f"   dcterms:title {Literal(source.title, lang='fr').n3()} ;",
        f"   dcterms:bibliographicCitation {Literal(source.publisher, lang='fr').n3()} ;",
        f"   dcterms:issued {Literal(source.vintage).n3()}^^{year} ;",
        f"   dcterms:license {URIRef(source.licence).n3()} ;",
        f"   dcterms:source {URIRef(source.address).n3()} ;",
        f"   dcterms:identifier {Literal(source.file).n3()} ;",
        f"   ess:sha256 {Literal(source.sha256).n3()} .",
    ]
    for iri in sorted(said):
        lines += ["", f" <{iri}>"]
        statements = [f"   {predicate} {value}" for predicate, value in sorted(set(said[iri]))]
        lines.append(" ;\n".join(statements) + " .")
    return "\n".join([*lines, "}", ""])
