"""What services answered, one line for each thing asked about: a fetch that was stopped goes on where it stopped."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ess_graph.errors import NotPossibleNow

FOLDER = "fetched"


@dataclass(frozen=True)
class Said:
    """One thing that a service says.

    Attributes:
        what: which (``name``, ``website``, ``population``…).
        value: as a text; a ``point`` is latitude and longitude, in degrees, with a space between.
        lang: the language of a text.
        when: the year that a number is of, empty where nobody says it.
    """

    what: str
    value: str
    lang: str = ""
    when: str = ""


@dataclass(frozen=True)
class Record:
    """What a service says of one thing: its own IRI for it, empty where it has none, and everything it says."""

    iri: str
    said: tuple[Said, ...]


@dataclass(frozen=True)
class Answered:
    """The answer about one key: the day, and the records that have the key (none and several are answers too)."""

    key: str
    when: str
    records: tuple[Record, ...]


class Kept:
    """The answers of one service, in a file that only grows.

    Args:
        path: the file; one that is not there yet is empty.
        heading: what all answers depend on (address, text of the query): where it differs, the file is begun anew.
    """

    def __init__(self, path: Path, heading: Mapping[str, str]) -> None:
        self.path = path
        self._heading = json.dumps({"heading": dict(heading)}, sort_keys=True, ensure_ascii=False)
        self._known: dict[str, Answered] = {}
        whole = self._read()
        if whole is not None:
            self._begin(whole)

    def __contains__(self, key: str) -> bool:
        return key in self._known

    def get(self, key: str) -> Answered | None:
        """The answer about a key, None where nobody asked yet."""
        return self._known.get(key)

    def add(self, answers: Iterable[Answered]) -> None:
        """Keep the answers of one request; they are on the disk when this returns.

        Raises:
            NotPossibleNow: the disk does not take them.
        """
        found = list(answers)
        text = "".join(f"{json.dumps(asdict(answer), ensure_ascii=False)}\n" for answer in found)
        try:
            with self.path.open("a", encoding="utf-8") as handle:
                handle.write(text)
                handle.flush()
                os.fsync(handle.fileno())
        except OSError as error:
            raise NotPossibleNow(
                f"{self.path} cannot be written: {error.strerror}. Make room, then try again."
            ) from error
        self._known |= {answer.key: answer for answer in found}

    def _read(self) -> list[str] | None:
        """Take in the file; the lines that hold where it has to be written anew, None where it is sound."""
        try:
            lines = self.path.read_text(encoding="utf-8").split("\n")
        except (OSError, UnicodeDecodeError):
            return []
        if lines[0] != self._heading:
            return []
        sound: list[str] = []
        for line in lines[1:-1]:
            try:
                answer = _answered(json.loads(line))
            except (ValueError, KeyError, TypeError):
                return sound
            self._known[answer.key] = answer
            sound.append(line)
        # A kill in the middle of a line leaves a last one without its end.
        return sound if lines[-1] else None

    def _begin(self, lines: list[str]) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        new = self.path.with_suffix(".new")
        new.write_text("".join(f"{line}\n" for line in (self._heading, *lines)), encoding="utf-8")
        new.replace(self.path)


def _answered(found: Any) -> Answered:
    records = tuple(Record(item["iri"], tuple(Said(**said) for said in item["said"])) for item in found["records"])
    return Answered(found["key"], found["when"], records)
