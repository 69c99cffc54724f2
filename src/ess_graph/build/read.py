"""Reads the project's files: ontology, concept schemes and data, each statement with the file it is from."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from rdflib import Dataset, Graph, URIRef
from rdflib.term import Node

from ess_graph import terms
from ess_graph.build import links
from ess_graph.errors import InvalidData
from ess_graph.vocab import ESS, VOCABULAIRE

#: The package's folder.
_CODE = Path(__file__).parents[1]


@dataclass
class Project:
    """Everything a build starts from.

    Attributes:
        data: the named graphs of ``data/``; ``graph/voc`` holds ontology and concept schemes.
        axioms: the ontology and the restated axioms, without concepts and alignments.
        files: file in which each subject is first described, relative to the root.
        context: what is known beside the data when they are validated, and not published with them.
    """

    data: Dataset = field(default_factory=Dataset)
    axioms: Graph = field(default_factory=Graph)
    files: dict[Node, str] = field(default_factory=dict)
    context: Graph = field(default_factory=Graph)

    def where(self, node: Node) -> str | None:
        """File that describes a node, None for a node that no file describes."""
        return self.files.get(node)

    def merged(self) -> Graph:
        """Every asserted triple, once."""
        graph = Graph()
        for subject, predicate, value, _ in self.data.quads((None, None, None, None)):
            graph.add((subject, predicate, value))
        return graph


def inputs(root: Path) -> list[Path]:
    """Every file a build depends on, sorted: data, ontology, shapes, rules and the code that builds."""
    patterns = (
        "ontology/**/*.ttl",
        "ontology/*.jsonld",
        "shapes/*.ttl",
        "rules/*.rq",
        "data/**/*.trig",
        "data/**/*.csv",
    )
    found = [path for pattern in patterns for path in root.glob(pattern)]
    # What a build imports: its own wing, the engine's, and the modules that every wing shares.
    code = [path for wing in (_CODE, _CODE / "build", _CODE / "engine") for path in wing.glob("*.*")]
    found += [path for path in code if path.suffix in {".py", ".rq", ".toml"}]
    return sorted(found)


def fingerprint(root: Path) -> str:
    """SHA-256 over the names and bytes of all inputs: the same inputs give the same graph."""
    digest = hashlib.sha256()
    for path in inputs(root):
        name = path.relative_to(_CODE if path.is_relative_to(_CODE) else root)
        content = path.read_bytes()
        digest.update(f"{name}\n{len(content)}\n".encode() + content)
    return digest.hexdigest()


def read(root: Path, *, with_data: bool = True, with_links: bool = True) -> Project:
    """Read a project's folder; without its data, only the ontology and the concept schemes.

    Args:
        root: the folder.
        with_data: read ``data/``.
        with_links: add accepted identities, and check the codes of official extracts; linking, which is about to write
            these anew, does without.

    Raises:
        InvalidData: a malformed file, or a statement outside any named graph in ``data/``.
    """
    project = Project()
    ontology = [root / "ontology" / "ess.ttl", root / "ontology" / "external.ttl"]
    for path in ontology:
        for subject, predicate, value, _ in terms.quads(path):
            project.axioms.add((subject, predicate, value))
    _add(project, root, [*ontology, *sorted(root.glob("ontology/alignments/*.ttl"))], VOCABULAIRE)
    _add(project, root, sorted(root.glob("ontology/voc/*.ttl")), VOCABULAIRE)
    if with_data:
        # The curator's file comes last: a thing belongs to the file that first says what it is.
        files = sorted(root.glob("data/**/*.trig"), key=lambda path: (path.name == "curation.trig", path))
        _add(project, root, files, None)
        for *statement, graph in links.accepted(root, project.data) if with_links else ():
            project.data.graph(graph).add(tuple(statement))  # type: ignore[arg-type]
    return project


def uses_ontology(graph: Graph) -> bool:
    """Whether a graph says anything in the ontology's own terms."""
    return any(str(term).startswith(str(ESS)) for triple in graph for term in triple[1:])


def _add(project: Project, root: Path, paths: Iterable[Path], graph: URIRef | None) -> None:
    for path in paths:
        name = str(path.relative_to(root))
        for subject, predicate, value, own in terms.quads(path):
            target = own or graph
            if target is None:
                raise InvalidData(f"{name}: {subject} stands outside any named graph; put it in one.")
            project.data.graph(target).add((subject, predicate, value))
            project.files.setdefault(subject, name)
