"""The named graphs of a release: what each holds, in numbers that the build counted."""

from __future__ import annotations

from dataclasses import dataclass

from ess_graph.query.index import Index


@dataclass(frozen=True)
class NamedGraph:
    """One graph: its triples, and by class and by property how many things and statements, most first."""

    iri: str
    triples: int
    classes: tuple[tuple[str, int], ...] = ()
    properties: tuple[tuple[str, int], ...] = ()


def graphs(index: Index) -> list[NamedGraph]:
    """Every graph with the number of its triples."""
    return [NamedGraph(iri, n) for iri, n in index.select("SELECT iri, triples FROM graph ORDER BY iri")]


def graph(index: Index, iri: str) -> NamedGraph | None:
    """One graph in full; None where the release has none of that name."""
    found = index.select("SELECT triples FROM graph WHERE iri = ?", (iri,))
    if not found:
        return None
    rows = index.select("SELECT kind, term, n FROM graph_term WHERE graph = ? ORDER BY n DESC, term", (iri,))
    return NamedGraph(
        iri,
        found[0][0],
        tuple((term, n) for kind, term, n in rows if kind == "class"),
        tuple((term, n) for kind, term, n in rows if kind == "property"),
    )
