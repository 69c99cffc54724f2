"""The journal's statements become statements of ``data/*.trig``, and its entries go."""

from __future__ import annotations

import os
from pathlib import Path

from rdflib import Dataset
from rdflib.term import Node

from ess_graph import terms, turtle
from ess_graph.build import journal
from ess_graph.build.locks import locked
from ess_graph.build.read import read
from ess_graph.build.trig import Document
from ess_graph.errors import InvalidData, NotPossibleNow
from ess_graph.terms import Quad
from ess_graph.vocab import VOCABULAIRE

#: Where graphs go that no file holds yet.
_NEW = Path("fiches") / "ecrits-en-ligne.trig"


def fold(root: Path, home: Path) -> list[str]:
    """Carry the journal's entries out on the files of ``data/``.

    A file that is interrupted half-way changes nothing for a build: the entries that are left say the same again.

    Returns:
        The files that changed, relative to the project's root.

    Raises:
        InvalidData: a file would not say what it should afterwards; none is changed then.
        NotPossibleNow: a build is running, or the disk is full.
    """
    with locked(home):
        entries = journal.listed(home)
        if not entries:
            return []
        before = read(root)
        whole = _quads(before.data)
        journal.applied(before.data, entries, lambda subject, name: None)
        wanted = _quads(before.data)
        changed = _edited(root / "data", whole - wanted, wanted - whole)
        try:
            for path, text in changed.items():
                unfinished = path.with_suffix(".new")
                unfinished.write_text(text, encoding="utf-8", newline="\n")
                os.replace(unfinished, path)  # noqa: PTH105 - one step
        except OSError as error:
            raise NotPossibleNow(f"{error}. Free some disk and fold again: nothing is lost.") from error
        if _quads(read(root).data) != wanted:
            raise InvalidData("The files do not say what the journal does: compare them with git diff; it is kept.")
        for entry in entries:
            journal.withdraw(home, entry)
        return sorted(str(path.relative_to(root)) for path in changed)


def _edited(folder: Path, removed: set[Quad], added: set[Quad]) -> dict[Path, str]:
    """The new text of each file that changes."""
    documents = {path: Document(path.read_text(encoding="utf-8")) for path in sorted(folder.rglob("*.trig"))}
    home_of: dict[Node, Path] = {}
    for path, document in documents.items():
        for graph in document.graphs:
            home_of.setdefault(graph, path)
    new = folder / _NEW
    found = {}
    for path in {home_of.get(graph, new) for *_, graph in (*removed, *added) if graph is not None}:
        document = documents.get(path) or Document(turtle.header())
        mine = [{q for q in quads if q[3] is not None and home_of.get(q[3], new) == path} for quads in (removed, added)]
        document.edit(*(sorted(quads, key=terms.nquad) for quads in mine))
        found[path] = document.text()
    return found


def _quads(data: Dataset) -> set[Quad]:
    """What the files of ``data/`` say; the ontology and the concept schemes have their own."""
    return {q for q in data.quads((None, None, None, None)) if q[3] not in (None, VOCABULAIRE)}  # type: ignore[misc]
