"""Passages: which lines an IRI names, and the hash that ties a citation to its document."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from ess_graph.errors import InvalidData

LINES = re.compile(r"L(\d+)(?:-L?(\d+))?")


def span(passage: str) -> tuple[int, int]:
    """First and last line of a passage's IRI (``…#L181``, ``…#L204-L206``), from 1, both included."""
    match = LINES.fullmatch(passage.rpartition("#")[2])
    if not match:
        raise InvalidData(f"{passage} is not a passage: its IRI ends in #L181 or #L204-L206.")
    return int(match.group(1)), int(match.group(2) or match.group(1))


def read_lines(path: Path) -> list[str]:
    """The lines of a document as citations count them: split at LF and nothing else."""
    return path.read_bytes().decode("utf-8").split("\n")


def digest(lines: list[str], first: int, last: int) -> str:
    """SHA-256 of the UTF-8 bytes of lines ``first`` to ``last`` joined by LF, without a final LF."""
    return hashlib.sha256("\n".join(lines[first - 1 : last]).encode()).hexdigest()
