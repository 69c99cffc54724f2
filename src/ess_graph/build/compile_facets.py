"""Facet shapes become SPARQL: what each facet says of each thing, and the query behind a narrowed list."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from rdflib import Graph, URIRef
from rdflib.namespace import RDF, SKOS, XSD
from rdflib.term import Node

from ess_graph.build.compile import Names, local, names, order, path_text
from ess_graph.vocab import SH


@dataclass(frozen=True)
class Facet:
    """One way of narrowing a list.

    Attributes:
        key: its name in addresses and in the queries that people see.
        years: whether its values are years (four digits) rather than things.
        rows: the query for ``?thing`` and ``?value``, with the ``?date`` behind a year.
        line: what a query says of ``?thing`` to fix the facet's variable, which is called as its key.
    """

    key: str
    name: Names
    years: bool
    rows: str
    line: str


@dataclass(frozen=True)
class Facets:
    """Every facet, the keys that lists and search offer and that a line tells, and the ends of a list's query."""

    facets: list[Facet]
    lists: list[str]
    search: list[str]
    told: list[str]
    head: str
    tail: dict[str, str]


def compile_facets(path: Path) -> Facets:
    """The facets of a Turtle file; none where there is no file."""
    shapes = Graph()
    if path.is_file():
        shapes.parse(path, format="turtle")
    nodes = sorted(set(shapes.subjects(SH.path)), key=lambda node: (order(shapes, node), str(node)))
    offered = {
        local(shape): set(shapes.objects(shape, SH.property)) for shape in shapes.subjects(RDF.type, SH.NodeShape)
    }
    found = [_facet(shapes, node) for node in nodes if isinstance(node, URIRef)]

    def keys(shape: str) -> list[str]:
        return [local(node) for node in nodes if node in offered.get(shape, ())]

    label = f"  OPTIONAL {{ ?thing {SKOS.prefLabel.n3()} ?label FILTER(LANG(?label) IN (%s)) }}\n}}\nORDER BY ?label"
    return Facets(
        found,
        keys("liste"),
        keys("recherche"),
        keys("resume"),
        head=f"SELECT DISTINCT ?thing ?label WHERE {{\n  ?thing {RDF.type.n3()} ?class .\n",
        tail={"fr": label % '"fr", ""', "en": label % '"en", ""'},
    )


def write(folder: Path, facets: Facets) -> None:
    """Write ``facets.json`` into a release's display folder; the queries that fill the index stay out of it."""
    content = asdict(facets)
    for facet in content["facets"]:
        del facet["rows"]
    (folder / "facets.json").write_text(json.dumps(content, ensure_ascii=False, indent=1), encoding="utf-8")


def _facet(shapes: Graph, node: Node) -> Facet:
    key = local(node)
    step = path_text(shapes, shapes.value(node, SH.path))
    kind = shapes.value(node, SH["class"])
    years = shapes.value(node, SH.datatype) == XSD.gYear
    if years:
        line = f"  ?thing {step} ?date_{key} . BIND(SUBSTR(STR(?date_{key}), 1, 4) AS ?{key})\n"
        rows = f"SELECT ?thing ?value ?date WHERE {{ ?thing {step} ?date BIND(SUBSTR(STR(?date), 1, 4) AS ?value) }}"
    else:
        of_class = "" if kind is None else f" . ?{key} {RDF.type.n3()} {kind.n3()}"
        line = f"  ?thing {step} ?{key}{of_class} .\n"
        rows = f"SELECT DISTINCT ?thing ?value WHERE {{ ?thing {step} ?value{of_class.replace('?' + key, '?value')} }}"
    return Facet(key, names(shapes, node, SH.name), years, rows, line)
