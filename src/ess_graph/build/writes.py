"""Writes where graphs are derived: what one would change is worked out first, then validated, kept and published."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

from rdflib import BNode, Literal

from ess_graph import releases, terms
from ess_graph.build.journal import spelled
from ess_graph.build.locks import turn
from ess_graph.build.recipe import Recipe
from ess_graph.engine.base import Difference, Gone, Receipt, Step, Workers, never
from ess_graph.errors import Forbidden, InvalidData, NotPossibleNow
from ess_graph.terms import Quad
from ess_graph.vocab import INFERENCES, LIENS, SOURCES, VOCABULAIRE

#: Graphs that a build makes: no write changes them and none reads them.
DERIVED = frozenset(map(str, (INFERENCES, VOCABULAIRE, LIENS)))
#: Passages are written together with the record that they belong to, not on their own.
GUARDED = DERIVED | {str(SOURCES)}
#: Seconds that a write waits for those before it; each takes as long as a build.
_PATIENCE = 120

NAME_A_GRAPH = "What stands in the default graph is made from the named graphs: name a graph (GRAPH <…> or WITH <…>)."
DERIVES = "is made by a build, or written with the record it belongs to, and not on its own: name another graph."
#: Lines of a report that an answer says in words.
_TOLD = 40


class Journaled:
    """The publisher of a project: its journal keeps what was written, and each write makes a new release.

    Working out what an update changes happens in a worker, within the limits of a query; making the release, which
    infers and validates everything again, in a process of its own.
    """

    union = True
    guarded = GUARDED

    def __init__(self, recipe: Recipe, home: Path, workers: Callable[[], Workers], command: Sequence[str]) -> None:
        """Args: command: runs ``build/requested.py`` with an engine; it is given one more argument."""
        self._recipe, self._home, self._workers, self._command = recipe, home, workers, command

    def write(
        self, steps: Sequence[Step], *, who: str, what: str, seconds: float | None = None, gone: Gone = never
    ) -> Receipt:
        """Carry out a write, whole or not at all; see ``Publisher``."""
        with turn(self._home, _PATIENCE, gone):
            release = releases.current(self._home)
            found = self._workers().difference(release.store, steps, sorted(DERIVED), seconds=seconds, gone=gone)
            removed, added = _checked(found)
            if not (removed or added):
                return Receipt(release.id, None, 0, 0)
            written = [literal for step in steps for literal in _literals(step)]
            return self._published(removed, spelled(added, written), who, what)

    def _published(self, removed: Sequence[Quad], added: Sequence[Quad], who: str, what: str) -> Receipt:
        recipe: dict[str, object] = {**asdict(self._recipe), "root": str(self._recipe.root)}
        recipe["files"] = None if self._recipe.files is None else [str(path) for path in self._recipe.files]
        request: dict[str, object] = {
            "recipe": recipe,
            "home": str(self._home),
            "who": who,
            "what": what,
            "removed": [terms.nquad(quad) for quad in removed],
            "added": [terms.nquad(quad) for quad in added],
        }
        said = _run(self._command, request)
        if "refused" in said:
            raise InvalidData(f"{_head(said['refused'])}\nNothing was changed.", said.get("report"))
        if "failed" in said:
            raise NotPossibleNow(said["failed"])
        return Receipt(said["release"], said["entry"], len(added), len(removed))


def _head(text: str) -> str:
    """The beginning of a report that may be long; the whole of it is at hand as JSON."""
    lines = text.strip().split("\n")
    return "\n".join(lines[:_TOLD] + ([f"… ({len(lines) - _TOLD})"] if len(lines) > _TOLD else []))


def _checked(found: Difference) -> tuple[list[Quad], list[Quad]]:
    if found.default:
        raise Forbidden(NAME_A_GRAPH)
    try:
        removed, added = (list(terms.from_nquads(" .\n".join([*lines, ""]))) for lines in (found.removed, found.added))
    except ValueError as error:
        raise InvalidData(f"This cannot be kept: {error}.") from None
    touched = {str(quad[3]) for quad in (*removed, *added)} & GUARDED
    if touched:
        raise Forbidden(f"{', '.join(sorted(touched))} {DERIVES}")
    blank = next((t for quad in (*removed, *added) for t in quad if isinstance(t, BNode)), None)
    if blank is not None:
        raise InvalidData("A node without an IRI cannot be cited or corrected later: give each thing an IRI.")
    return removed, added


def _literals(step: Step) -> Iterable[Literal]:
    """The literals of a step as they were written."""
    if step.do == "load":
        yield from terms.literals(step.text, step.kind)
    for text in step.literals:
        term = terms.from_ntriples(text)
        if isinstance(term, Literal):
            yield term


def _run(command: Sequence[str], request: dict[str, object]) -> dict[str, str]:
    """What ``build/requested.py`` says to a request; it ends with this process, whatever ends this one."""
    reading, writing = os.pipe()
    try:
        process = subprocess.run(  # noqa: S603
            [*command, str(reading)],
            input=json.dumps(request), pass_fds=[reading], capture_output=True, text=True, check=False,
        )  # fmt: skip
    finally:
        os.close(reading)
        os.close(writing)
    with suppress(ValueError, IndexError):
        said: dict[str, str] = json.loads(process.stdout.splitlines()[-1])
        return said
    raise NotPossibleNow(
        f"The process that makes releases ended before it was done ({process.returncode}): send the write again. "
        f"{process.stderr.strip()[-500:]}"
    )
