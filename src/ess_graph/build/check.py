"""Validates as a build does, publishing nothing."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rdflib import Graph
from rdflib.term import Node

from ess_graph import terms
from ess_graph.build.infer import infer
from ess_graph.build.read import read
from ess_graph.build.validate import Report, load_shapes, validate


def check(root: Path, files: Sequence[Path] = (), shapes: Sequence[Path] = ()) -> Report:
    """Validate a project's data, or other files in the project's place, after inference.

    Args:
        root: the project.
        files: RDF files to validate instead of ``data/``; ontology and concept schemes stay at hand.
        shapes: files of shapes to use instead of ``shapes/``.

    Raises:
        InvalidData: a malformed file.
    """
    project = read(root, with_data=not files)
    asserted = project.merged()
    where: dict[Node, str] = {}
    for path in files:
        for subject, predicate, value, _ in terms.quads(path):
            asserted.add((subject, predicate, value))
            where.setdefault(subject, str(path))
    rules = Graph()
    for path in shapes:
        rules.parse(path)
    complete = asserted + infer(asserted, project.axioms, root / "rules")
    return validate(
        complete,
        rules if shapes else load_shapes(root / "shapes"),
        lambda node: where.get(node) or project.where(node),
    )
