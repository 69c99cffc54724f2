"""What people (and the matcher, where it was sure) decided: one file of judgements, which no import overturns.

``data/judgements.csv`` has a row for each decision about a pair: ``matter`` (what kind of question it answers),
``ours`` (an IRI of the project, without its base), ``theirs`` (an IRI elsewhere, or a key of an official register such
as ``insee:commune:67482`` or ``siren:246700488``), ``judgement``, ``who``, ``when``, ``evidence``. A later row of a
person supersedes an earlier one, which stays in the file; a row of a program never takes the place of a person's.
Whoever writes the file holds a lock, and adds to what others wrote in the meantime.
"""

from __future__ import annotations

import csv
import fcntl
import hashlib
import io
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import astuple, dataclass, fields
from datetime import UTC, datetime
from pathlib import Path

from ess_graph.decisions import Overtaken, words
from ess_graph.errors import InvalidData, NotPossibleNow

FILE = Path("data") / "judgements.csv"
SAME, DIFFERENT, UNSURE = "same", "different", "unsure"
JUDGEMENTS = (SAME, DIFFERENT, UNSURE)
#: Who judges when a program does: everything else is a person, or a body that signs.
PROGRAM = "programme:"
#: The matter of an identity between a thing of ours and one elsewhere.
IDENTITY = "identity"


@dataclass(frozen=True)
class Judgement:
    """One decision; see the module for the meaning of its parts."""

    matter: str
    ours: str
    theirs: str
    judgement: str
    who: str
    when: str
    evidence: str = ""

    @property
    def by_program(self) -> bool:
        """Whether no person stands behind it."""
        return self.who.startswith(PROGRAM)

    @property
    def pair(self) -> tuple[str, str, str]:
        """What it is about."""
        return self.matter, self.ours, self.theirs

    @property
    def mark(self) -> str:
        """A short name for this very decision, by which one says which decision one has seen."""
        return hashlib.sha256("\n".join(astuple(self)).encode()).hexdigest()[:16]


def by_person(ours: str, theirs: str, judgement: str, who: str, note: str, matter: str = IDENTITY) -> Judgement:
    """What a person decides today, in words that fit in a row.

    Raises:
        InvalidData: its message is one of ``judgement`` (none of the three), ``who`` (no name, or a program's) and
            ``long`` (the name or the note is too long).
    """
    if judgement not in JUDGEMENTS:
        raise InvalidData("judgement")
    name, why = words(who, note)
    if name.startswith(PROGRAM):
        raise InvalidData("who")
    return Judgement(matter, ours, theirs, judgement, name, today(), why)


class Judgements:
    """The store, read from a file and written back whole, in the order of what it is about.

    Args:
        path: the file; one that is not there yet is empty.

    Raises:
        InvalidData: a row is malformed; the message gives its line.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        #: For each pair what people said, the latest last, or the one thing that a program says.
        self._said: dict[tuple[str, str, str], list[Judgement]] = {}
        #: What was added and dropped since the file was read, in this order.
        self._changes: list[tuple[bool, Judgement]] = []
        self._read()

    def __iter__(self) -> Iterator[Judgement]:
        return iter(said[-1] for _, said in sorted(self._said.items()))

    def __len__(self) -> int:
        return len(self._said)

    def of(self, ours: str, matter: str = IDENTITY) -> list[Judgement]:
        """Everything decided about a thing of ours that holds."""
        return [said[-1] for pair, said in self._said.items() if pair[:2] == (matter, ours)]

    def about(self, ours: str, theirs: str, matter: str = IDENTITY) -> Judgement | None:
        """The decision about one pair, None where nobody took one."""
        said = self._said.get((matter, ours, theirs))
        return said[-1] if said else None

    def history(self, ours: str, theirs: str, matter: str = IDENTITY) -> list[Judgement]:
        """Every decision about one pair, the one that holds last."""
        return list(self._said.get((matter, ours, theirs), ()))

    def add(self, judgement: Judgement) -> bool:
        """Record a decision, in the file once it is written.

        Returns:
            False where a person's decision about the pair stands against a program's, which then is not recorded.
        """
        _check(judgement, "this judgement")
        self._changes.append((True, judgement))
        return self._put(judgement)

    def drop(self, judgement: Judgement) -> None:
        """Forget what a program decided; a person's decision is only ever followed by another one.

        Raises:
            ValueError: a person took it.
        """
        if not judgement.by_program:
            raise ValueError(f"{judgement.who} decided about {judgement.ours}: only a person may decide anew")
        self._changes.append((False, judgement))
        self._take(judgement)

    def write(self) -> None:
        """Add the changes to what the file now holds, in one step: it is the old one or the new one, on disk.

        Raises:
            InvalidData: somebody broke the file in the meantime.
            NotPossibleNow: it cannot be written.
        """
        with self._alone():
            self._replace()

    def decide(self, judgement: Judgement, seen: str) -> None:
        """Record one decision at once.

        Args:
            judgement: what is decided.
            seen: ``mark`` of the decision that holds as far as who decides knows; empty for none.

        Raises:
            Overtaken: another one holds by now; nothing is recorded.
            InvalidData, NotPossibleNow: see ``write``.
        """
        with self._alone():
            self._read()
            known = self.about(judgement.ours, judgement.theirs, judgement.matter)
            if (known.mark if known else "") != seen:
                raise Overtaken("Somebody else decided about this pair: look at what they say, then decide again.")
            self.add(judgement)
            self._replace()

    def _read(self) -> None:
        self._said.clear()
        for judgement in _read(self.path):
            self._put(judgement)
        for added, judgement in self._changes:
            if added:
                self._put(judgement)
            else:
                self._take(judgement)

    def _put(self, judgement: Judgement) -> bool:
        said = self._said.get(judgement.pair, [])
        people = [known for known in said if not known.by_program]
        if judgement.by_program:
            if not people:
                self._said[judgement.pair] = [judgement]
            return not people
        # The same said twice is one decision: whoever sends a form again decides nothing new.
        self._said[judgement.pair] = people if people[-1:] == [judgement] else [*people, judgement]
        return True

    def _take(self, judgement: Judgement) -> None:
        if all(known.by_program for known in self._said.get(judgement.pair, ())):
            self._said.pop(judgement.pair, None)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """The only writer of the file, among threads and processes; what was written is on disk afterwards."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            # The folder is the lock: it is there anyway, and outlives each version of the file.
            folder = os.open(self.path.parent, os.O_RDONLY)
            try:
                fcntl.flock(folder, fcntl.LOCK_EX)
                yield
                os.fsync(folder)
            finally:
                os.close(folder)
        except OSError as error:
            raise NotPossibleNow(
                f"{self.path.name} cannot be written ({error.strerror}): whoever runs the program needs the right to"
                f" write in {self.path.parent.name}/."
            ) from error

    def _replace(self) -> None:
        self._read()
        text = io.StringIO()
        table = csv.writer(text, lineterminator="\n")
        table.writerow(_COLUMNS)
        table.writerows(astuple(judgement) for _, said in sorted(self._said.items()) for judgement in said)
        new = self.path.with_suffix(".new")
        try:
            with new.open("w", encoding="utf-8", newline="") as handle:
                handle.write(text.getvalue())
                handle.flush()
                os.fsync(handle.fileno())
            new.replace(self.path)
        finally:
            with suppress(OSError):
                new.unlink(missing_ok=True)
        self._changes.clear()


def today() -> str:
    """The day on which a decision is taken, ISO."""
    return f"{datetime.now(UTC):%Y-%m-%d}"


_COLUMNS = tuple(field.name for field in fields(Judgement))


def _read(path: Path) -> Iterator[Judgement]:
    if not path.exists():
        return
    with path.open(encoding="utf-8", newline="") as handle:
        rows = csv.DictReader(handle, strict=True)
        if tuple(rows.fieldnames or ()) != _COLUMNS:
            raise InvalidData(f"{path}: the first line is not {','.join(_COLUMNS)}. Mend it and run the command again.")
        try:
            for row in rows:
                where = f"{path}, line {rows.line_num}"
                if None in row or None in row.values():
                    raise InvalidData(f"{where}: the row has not {len(_COLUMNS)} cells. Mend it.")
                judgement = Judgement(**row)
                _check(judgement, where)
                yield judgement
        except (csv.Error, UnicodeDecodeError) as error:
            raise InvalidData(f"{path}, line {rows.line_num}: {error}. Mend the file.") from error


def _check(judgement: Judgement, where: str) -> None:
    if judgement.judgement not in JUDGEMENTS:
        raise InvalidData(f"{where}: « {judgement.judgement} » is no judgement: write {', '.join(JUDGEMENTS)}.")
    for name in ("matter", "ours", "theirs", "who", "when"):
        if not getattr(judgement, name).strip():
            raise InvalidData(f"{where}: {name} is empty: a judgement says what it is about, who took it and when.")
