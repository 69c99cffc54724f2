"""Writes accepted online, one RDF Patch file each: what a build adds to ``data/`` until they are folded into it.

An entry lists statements taken away (``D``) and added (``A``), so it means the same whatever ``data/`` becomes,
and a person's statements can be taken out of it without touching the others.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from rdflib import Dataset, Literal, URIRef

from ess_graph import terms
from ess_graph.errors import InvalidData
from ess_graph.terms import Quad

_SUFFIX = ".rdfp"
_STAMP = "%Y%m%dT%H%M%S.%fZ"


@dataclass(frozen=True)
class Entry:
    """One accepted write.

    Attributes:
        id: its time in UTC to the microsecond; entries apply in the order of their ids.
        who: the writer's token, as a fingerprint.
        what: the operation in words.
        removed, added: statements, each in a named graph.
    """

    id: str
    who: str
    what: str
    removed: tuple[Quad, ...]
    added: tuple[Quad, ...]

    def text(self) -> str:
        """The entry as RDF Patch; a file without its last line was never finished."""
        head = [f"H {name} {json.dumps(value, ensure_ascii=False)} ." for name, value in self._head()]
        body = [f"{sign} {terms.nquad(quad)}" for sign, quads in self._signed() for quad in quads]
        return "\n".join([*head, "TX .", *body, "TC .", ""])

    def _head(self) -> list[tuple[str, str]]:
        return [("id", self.id), ("who", self.who), ("what", self.what)]

    def _signed(self) -> list[tuple[str, tuple[Quad, ...]]]:
        return [("D", self.removed), ("A", self.added)]


def folder(home: Path) -> Path:
    """Where entries are kept."""
    return home / "journal"


def listed(home: Path) -> list[Entry]:
    """Every entry, oldest first.

    Raises:
        InvalidData: an entry is damaged; the message names it.
    """
    return [_read(path) for path in sorted(folder(home).glob(f"*{_SUFFIX}"))]


def new(home: Path, who: str, what: str, removed: Iterable[Quad], added: Iterable[Quad]) -> Entry:
    """An entry that is not kept yet, later than all that are."""
    now = datetime.now(UTC)
    last = max((path.stem for path in folder(home).glob(f"*{_SUFFIX}")), default="")
    if last >= now.strftime(_STAMP):
        # The clock was set back; the order of writes is what counts.
        now = datetime.strptime(last, _STAMP).replace(tzinfo=UTC) + timedelta(microseconds=1)
    return Entry(now.strftime(_STAMP), who, what, tuple(removed), tuple(added))


def keep(home: Path, entry: Entry) -> None:
    """Put an entry into the journal, on disk when this returns."""
    folder(home).mkdir(parents=True, exist_ok=True)
    path = _path(home, entry)
    unfinished = path.with_suffix(".new")
    with unfinished.open("w", encoding="utf-8", newline="\n") as handle:
        handle.write(entry.text())
        handle.flush()
        os.fsync(handle.fileno())
    unfinished.replace(path)
    _sync(folder(home))


def withdraw(home: Path, entry: Entry) -> None:
    """Take an entry out again: folded into the data, or nothing could be published with it."""
    _path(home, entry).unlink(missing_ok=True)
    _sync(folder(home))


def forget(home: Path, entities: Iterable[str]) -> int:
    """Take every statement about some entities out of every entry; returns how many there were."""
    gone, count = set(entities), 0
    for entry in listed(home):
        kept = [
            tuple(q for q in quads if not gone & {str(term) for term in q}) for quads in (entry.removed, entry.added)
        ]
        lost = len(entry.removed) + len(entry.added) - len(kept[0]) - len(kept[1])
        if lost:
            count += lost
            keep(home, Entry(entry.id, entry.who, entry.what, kept[0], kept[1]))
    return count


def applied(data: Dataset, entries: Sequence[Entry], told: Callable[[URIRef, str], object]) -> None:
    """Carry entries out on the asserted graphs; ``told`` hears which entry first says something of a subject."""
    for entry in entries:
        for subject, predicate, value, graph in entry.removed:
            target = data.graph(graph)
            for other in list(target.objects(subject, predicate)):
                # The engine knows 1.50 as 1.5; what goes is the statement, however it is spelled here.
                if other == value or terms.stored(other) == terms.stored(value):
                    target.remove((subject, predicate, other))
        for subject, predicate, value, graph in entry.added:
            data.graph(graph).add((subject, predicate, value))
            if isinstance(subject, URIRef):
                told(subject, f"journal/{entry.id}")


def spelled(added: Iterable[Quad], written: Iterable[Literal]) -> list[Quad]:
    """Statements with their literals as somebody wrote them, where that is beyond doubt."""
    spellings: dict[object, set[Literal]] = {}
    for literal in written:
        spellings.setdefault(terms.stored(literal), set()).add(literal)
    known = {term: next(iter(ways)) for term, ways in spellings.items() if len(ways) == 1}
    return [(s, p, known.get(o, o), g) for s, p, o, g in added]


def _path(home: Path, entry: Entry) -> Path:
    return folder(home) / f"{entry.id}{_SUFFIX}"


def _read(path: Path) -> Entry:
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
        if lines[-2:] != ["TC .", ""]:
            raise InvalidData(f"{path} is cut off: restore it from a copy, or remove it and lose that write.")
        head = dict(_headed(line) for line in lines if line.startswith("H "))
        removed, added = (
            tuple(terms.from_nquads("\n".join(line[2:] for line in lines if line.startswith(sign))))
            for sign in ("D ", "A ")
        )
        return Entry(head["id"], head["who"], head["what"], removed, added)
    except (ValueError, KeyError) as error:
        raise InvalidData(f"{path} is damaged: {error}. Restore it from a copy, or remove it.") from error


def _headed(line: str) -> tuple[str, str]:
    _, name, value = line.removesuffix(" .").split(" ", 2)
    return name, str(json.loads(value))


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
