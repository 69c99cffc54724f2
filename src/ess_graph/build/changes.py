"""What differs between two releases: statements by graph, and the things they are about."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path

from rdflib.namespace import RDF

from ess_graph.releases import Release
from ess_graph.vocab import BASE, ID, INFERENCES, SOURCE

_PASSAGE = re.compile(rf"^{re.escape(str(SOURCE))}[^#]*#L\d")
_GRAPH = re.compile(r" <([^\s<>\"]*)> \.\n$")
_ABOUT = re.compile(rf"^<[^>]*> <{re.escape(str(RDF.subject))}> <([^>]*)> ")
_ATTESTATION = str(ID.attestation) + "/"


@dataclass
class Changes:
    """From one release to another.

    Attributes:
        since, until: names of the releases.
        statements: lines of N-Quads, by graph (an empty name: in none), those that went and those that came.
        things: ``added``, ``changed`` or ``removed`` by IRI; by what is stated, not by what is derived from it.
    """

    since: str
    until: str
    statements: dict[str, tuple[list[str], list[str]]] = field(default_factory=dict)
    things: dict[str, str] = field(default_factory=dict)

    @property
    def removed(self) -> int:
        """Number of statements that went."""
        return sum(len(gone) for gone, _ in self.statements.values())

    @property
    def added(self) -> int:
        """Number of statements that came."""
        return sum(len(come) for _, come in self.statements.values())

    def named(self, how: str) -> list[str]:
        """IRIs of the things that were ``added``, ``changed`` or ``removed``, sorted."""
        return sorted(iri for iri, state in self.things.items() if state == how)

    def as_json(self, *, listed: bool = False) -> dict[str, object]:
        """Counts by graph and things by name; with ``listed`` every statement too."""
        graphs = {
            name: {"removed": len(gone), "added": len(come)} for name, (gone, come) in sorted(self.statements.items())
        }
        found: dict[str, object] = {
            "since": self.since, "until": self.until, "removed": self.removed, "added": self.added, "graphs": graphs,
            "things": {how: self.named(how) for how in ("added", "changed", "removed")},
        }  # fmt: skip
        if listed:
            found["statements"] = {
                name: {"removed": gone, "added": come} for name, (gone, come) in sorted(self.statements.items())
            }
        return found


def between(old: Release, new: Release) -> Changes:
    """What is in one release and not in the other."""
    found = Changes(old.id, new.id)
    witnesses: set[str] = set()
    for subject, before, after in _subjects(old.dump, new.dump):
        gone, come = sorted(before - after), sorted(after - before)
        for at, lines in enumerate((gone, come)):
            for line in lines:
                found.statements.setdefault(_graph(line), ([], []))[at].append(line.rstrip("\n"))
        if not any(_graph(line) != str(INFERENCES) for line in (*gone, *come)):
            continue
        if subject.startswith(_ATTESTATION):
            # A statement that rests on other lines now is a change of its subject.
            witnesses |= {match[1] for line in (*gone, *come, *before) if (match := _ABOUT.match(line))}
        elif _is_thing(subject):
            found.things[subject] = _state(before, after)
    for subject in witnesses:
        if _is_thing(subject):
            found.things.setdefault(subject, "changed")
    return found


def write(path: Path, old: Release | None, new: Release) -> None:
    """Write what a release changed, counted and by thing, as JSON; ``since`` is null for the first one."""
    said = between(old, new).as_json() if old else {"since": None, "until": new.id}
    path.write_text(json.dumps(said, ensure_ascii=False, indent=1), encoding="utf-8")


def _subjects(old: Path, new: Path) -> Iterator[tuple[str, set[str], set[str]]]:
    """Each subject with its lines in two dumps, whose lines are in the order of their bytes."""
    sides = [iter(_grouped(path)) for path in (old, new)]
    heads = [next(side, None) for side in sides]
    while any(heads):
        first = min(head[0] for head in heads if head)
        found = [head[1] if head and head[0] == first else set() for head in heads]
        yield first.decode("utf-8")[1:-1], found[0], found[1]
        heads = [
            next(side, None) if head and head[0] == first else head for side, head in zip(sides, heads, strict=True)
        ]


def _grouped(path: Path) -> Iterator[tuple[bytes, set[str]]]:
    with path.open("rb") as lines:
        for subject, group in groupby(lines, key=lambda line: line.partition(b" ")[0]):
            yield subject, {line.decode("utf-8") for line in group}


def _graph(line: str) -> str:
    match = _GRAPH.search(line)
    # With three terms before the dot, the last one is the value: the statement stands in no graph.
    return match[1] if match and line[: match.start()].count(" ") >= 2 else ""


def _is_thing(iri: str) -> bool:
    return iri.startswith(BASE) and not _PASSAGE.match(iri) and not iri.startswith(_ATTESTATION)


def _state(before: set[str], after: set[str]) -> str:
    was, is_there = (any(_graph(line) != str(INFERENCES) for line in lines) for lines in (before, after))
    return "changed" if was and is_there else "added" if is_there else "removed"
