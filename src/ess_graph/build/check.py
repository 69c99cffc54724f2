"""Validates as a build does, publishing nothing."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rdflib import Graph
from rdflib.term import Node

from ess_graph import terms
from ess_graph.build.infer import infer
from ess_graph.build.read import read, uses_ontology
from ess_graph.build.validate import Report, load_shapes, validate


def check(
    root: Path, files: Sequence[Path] = (), shapes: Sequence[Path] = (), *, with_inference: bool = True
) -> Report:
    """Validate a project's data, or other files in the project's place.

    Args:
        root: the project.
        files: RDF files to validate instead of ``data/``; ``-`` is standard input.
        shapes: files of shapes to use instead of ``shapes/``.
        with_inference: add what follows; ontology and concept schemes are at hand. Without it, and where files use
            nothing of the ontology and come with shapes of their own, they are validated just as they are.

    Raises:
        InvalidData: a malformed file.
    """
    asserted = Graph()
    where: dict[Node, str] = {}
    for path in files:
        for subject, predicate, value, _ in terms.quads(path):
            asserted.add((subject, predicate, value))
            where.setdefault(subject, terms.called(path))
    rules = _shapes(shapes) if shapes else load_shapes(root / "shapes")
    if files and (not with_inference or (shapes and not uses_ontology(asserted))):
        return validate(asserted, rules, where.get)
    project = read(root, with_data=not files)
    asserted += project.merged()
    if with_inference:
        asserted += infer(asserted, project.axioms, root / "rules")
    return validate(asserted, rules, lambda node: where.get(node) or project.where(node))


def _shapes(files: Sequence[Path]) -> Graph:
    found = Graph()
    for path in files:
        for subject, predicate, value, _ in terms.quads(path):
            found.add((subject, predicate, value))
    return found
