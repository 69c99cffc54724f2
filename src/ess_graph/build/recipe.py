"""What a release is made from: the project's own data, or anybody's RDF files in their place."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from rdflib import Graph

from ess_graph import terms
from ess_graph.build import journal
from ess_graph.build.journal import Entry
from ess_graph.build.read import Project, fingerprint, read, uses_ontology


@dataclass(frozen=True)
class Recipe:
    """How to make a release.

    Attributes:
        root: the project, for its ontology, rules, shapes and display, and for its data where ``files`` is None.
        files: RDF files to use instead of ``data/``; none at all is fine.
        union: the default graph is the merge of all graphs, rather than what stands in none.
        with_inference: add what follows from the ontology and the rules.
        with_validation: refuse data that break a shape; the shapes bind only data that use the ontology.
    """

    root: Path
    files: tuple[Path, ...] | None = None
    union: bool = True
    with_inference: bool = True
    with_validation: bool = True

    def fingerprint(self, entries: Iterable[Entry]) -> str:
        """SHA-256 over all that it makes a release from: the same gives the same graph."""
        digest = hashlib.sha256()
        if self.files is None:
            digest.update(fingerprint(self.root).encode())
        else:
            for path in self.files:
                digest.update(path.read_bytes())
        for entry in entries:
            digest.update(entry.text().encode())
        return digest.hexdigest()

    def read(self, entries: list[Entry]) -> Project:
        """Everything asserted, the journal's entries carried out.

        Raises:
            InvalidData: a malformed file.
        """
        project = read(self.root, with_data=self.files is None)
        if self.files is not None:
            project = Project(axioms=project.axioms, context=project.merged())
            for path in self.files:
                for subject, predicate, value, graph in terms.quads(path):
                    target = project.data.default_graph if graph is None else project.data.graph(graph)
                    target.add((subject, predicate, value))
                    project.files.setdefault(subject, str(path))
        journal.applied(project.data, entries, project.files.setdefault)
        return project

    def is_bound(self, asserted: Graph) -> bool:
        """Whether the shapes have a say: always on the project's data, on others' where they use its ontology."""
        if not self.with_validation:
            return False
        return self.files is None or uses_ontology(asserted)
