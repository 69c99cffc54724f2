"""Anybody's RDF files become a release like the project's own."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path

from rdflib import Graph, URIRef
from rdflib.term import Node

from ess_graph import terms
from ess_graph.build.infer import infer
from ess_graph.build.read import read
from ess_graph.build.release import Refused, publish, write
from ess_graph.build.validate import Report, load_shapes, validate
from ess_graph.engine.base import Backend, Quad
from ess_graph.releases import Release
from ess_graph.vocab import ESS, INFERENCES


def build(
    files: Sequence[Path],
    root: Path,
    home: Path,
    backend: Backend,
    *,
    union: bool = True,
    with_inference: bool = True,
    with_validation: bool = True,
    say: Callable[[str], None] = lambda _: None,
) -> Release:
    """Build and publish a release from RDF files in the place of the project's data.

    Args:
        files: the files; an empty one is fine.
        root: the project, for its ontology, rules, shapes and display.
        home: where the release goes.
        backend: makes the store.
        union: the default graph is the merge of all graphs, rather than what stands in none.
        with_inference: add what follows from the ontology and the rules.
        with_validation: refuse data that break a shape; the shapes bind only data that use the ontology.
        say: told each step.

    Raises:
        InvalidData: a malformed file or, as ``Refused``, data that break a shape.
    """
    say("Reading the files")
    project = read(root, with_data=False)
    quads: list[Quad] = []
    where: dict[Node, str] = {}
    asserted = Graph()
    for path in files:
        for quad in terms.quads(path):
            quads.append(quad)
            where.setdefault(quad[0], str(path))
            asserted.add(quad[:3])
    derived = Graph()
    if with_inference:
        say("Inferring")
        derived = infer(asserted, project.axioms, root / "rules")
    report = Report([], Graph())
    if with_validation and _speaks_our_language(asserted):
        say("Validating")
        report = validate(asserted + derived + project.merged(), load_shapes(root / "shapes"), where.get)
        if not report.conforms:
            raise Refused(report)
    quads += [(s, URIRef(str(p)), o, INFERENCES) for s, p, o in derived]
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()
    say("Writing the release")
    return publish(home, write(home, set(quads), report, root, project.axioms, backend, digest, union=union))


def _speaks_our_language(data: Graph) -> bool:
    """Whether any statement uses a term of the ontology."""
    return any(str(term).startswith(str(ESS)) for triple in data for term in triple[1:])
