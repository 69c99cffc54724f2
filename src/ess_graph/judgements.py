"""What people (and the matcher, where it was sure) decided: one file of judgements, which no import overturns.

``data/judgements.csv`` has a row for each decision about a pair: ``matter`` (what kind of question it answers),
``ours`` (an IRI of the project, without its base), ``theirs`` (an IRI elsewhere, or a key of an official register such
as ``insee:commune:67482`` or ``siren:246700488``), ``judgement``, ``who``, ``when``, ``evidence``. A later row of a
person takes the place of an earlier one; a row of a program never takes the place of a person's.
"""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import astuple, dataclass, fields
from datetime import UTC, datetime
from pathlib import Path

from ess_graph.errors import InvalidData

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


class Judgements:
    """The store, read from a file and written back whole, in the order of what it is about.

    Args:
        path: the file; one that is not there yet is empty.

    Raises:
        InvalidData: a row is malformed; the message gives its line.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._kept: dict[tuple[str, str, str], Judgement] = {}
        for judgement in _read(path):
            self._put(judgement)

    def __iter__(self) -> Iterator[Judgement]:
        return iter(sorted(self._kept.values(), key=lambda judgement: judgement.pair))

    def __len__(self) -> int:
        return len(self._kept)

    def of(self, ours: str, matter: str = IDENTITY) -> list[Judgement]:
        """Everything decided about a thing of ours."""
        return [known for known in self._kept.values() if (known.matter, known.ours) == (matter, ours)]

    def about(self, ours: str, theirs: str, matter: str = IDENTITY) -> Judgement | None:
        """The decision about one pair, None where nobody took one."""
        return self._kept.get((matter, ours, theirs))

    def add(self, judgement: Judgement) -> bool:
        """Record a decision.

        Returns:
            False where a person's decision about the pair stands against a program's, which then is not recorded.
        """
        _check(judgement, "this judgement")
        return self._put(judgement)

    def drop(self, judgement: Judgement) -> None:
        """Forget what a program decided; a person's decision is only ever followed by another one.

        Raises:
            ValueError: a person took it.
        """
        if not judgement.by_program:
            raise ValueError(f"{judgement.who} decided about {judgement.ours}: only a person may decide anew")
        self._kept.pop(judgement.pair, None)

    def _put(self, judgement: Judgement) -> bool:
        known = self._kept.get(judgement.pair)
        if known is not None and judgement.by_program and not known.by_program:
            return False
        self._kept[judgement.pair] = judgement
        return True

    def write(self) -> None:
        """Write the file in one step: it is the old one or the new one, never half of either."""
        text = io.StringIO()
        table = csv.writer(text, lineterminator="\n")
        table.writerow(_COLUMNS)
        table.writerows(astuple(judgement) for judgement in self)
        new = self.path.with_suffix(".new")
        self.path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with new.open("w", encoding="utf-8", newline="") as handle:
                handle.write(text.getvalue())
                handle.flush()
                os.fsync(handle.fileno())
            new.replace(self.path)
        finally:
            with suppress(OSError):
                new.unlink(missing_ok=True)


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
