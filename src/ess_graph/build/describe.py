"""A release described as a whole (VoID): how much of which class and property it holds, and what these are called."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from urllib.parse import quote

from rdflib import Graph, Literal, Namespace, URIRef
from rdflib.namespace import DCTERMS, RDF, RDFS, VOID, XSD
from rdflib.term import Node

from ess_graph.engine.base import Engine
from ess_graph.vocab import DATASET, DCAT, PREFIXES


def write(path: Path, engine: Engine, about: Path | None, release: str, created: str) -> None:
    """Write the description of a release, as Turtle.

    Args:
        path: the file to make.
        engine: the release's store.
        about: Turtle with the dataset's title, licence and the like; none for somebody else's data.
        release: the release's name.
        created: when it was made (ISO date and time).
    """
    graph = Graph()
    for prefix, namespace in PREFIXES.items():
        graph.bind(prefix, Namespace(namespace))
    graph.bind("void", VOID)
    graph.bind("dcat", DCAT)
    if about and about.is_file():
        graph.parse(about, format="turtle")
    graph.add((DATASET, RDF.type, VOID.Dataset))
    graph.add((DATASET, DCAT.version, Literal(release)))
    graph.add((DATASET, DCTERMS.modified, Literal(created, datatype=XSD.dateTime)))
    for row in engine.rows(_query("void_totals")):
        for name, said in (
            ("triples", VOID.triples), ("things", VOID.distinctSubjects), ("properties", VOID.properties),
            ("values", VOID.distinctObjects),
        ):  # fmt: skip
            graph.add((DATASET, said, row[name]))
    parts = engine.rows(_query("void")).rows
    for row in parts:
        _partition(graph, row.get("class"), row.get("property"), row["things"], row.get("statements"))
    classes = sum(1 for row in parts if "class" in row and "property" not in row)
    graph.add((DATASET, VOID.classes, Literal(classes)))
    named = {row[kind] for row in parts for kind in ("class", "property") if kind in row}
    for row in engine.rows(_query("term_labels")):
        graph.add((row["term"], RDFS.label, row["label"]))
    for namespace in PREFIXES.values():
        if any(str(term).startswith(namespace) for term in named):
            graph.add((DATASET, VOID.vocabulary, URIRef(namespace)))
    graph.serialize(path, format="turtle", encoding="utf-8")


def _partition(graph: Graph, cls: Node | None, said: Node | None, things: Node, statements: Node | None) -> None:
    """One part of the dataset; the properties of a class's things are parts of the class's part."""
    names = [_name(term) for term in (cls, said) if term is not None]
    part = URIRef(f"{DATASET}#{'--'.join(names)}")
    whole = DATASET if len(names) == 1 else URIRef(f"{DATASET}#{names[0]}")
    graph.add((whole, VOID.propertyPartition if said is not None else VOID.classPartition, part))
    if said is None:
        graph.add((part, VOID["class"], cls))  # type: ignore[arg-type]
        graph.add((part, VOID.entities, things))
    else:
        graph.add((part, VOID.property, said))
        graph.add((part, VOID.triples, statements))  # type: ignore[arg-type]
        graph.add((part, VOID.distinctSubjects, things))


def _name(term: Node) -> str:
    """``ess.Chiffre``; a term of an unknown vocabulary by its whole IRI, made safe."""
    for prefix, namespace in PREFIXES.items():
        if str(term).startswith(namespace):
            return f"{prefix}.{quote(str(term).removeprefix(namespace), safe='')}"
    return quote(str(term), safe="")


def _query(name: str) -> str:
    return resources.files(__package__).joinpath(f"{name}.rq").read_text(encoding="utf-8")
