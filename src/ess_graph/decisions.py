"""What a curator decides about an error report: it is so, it is not, or it waits for something."""

from __future__ import annotations

from dataclasses import dataclass

from ess_graph.errors import InvalidData, NotPossibleNow
from ess_graph.folding import printable

#: Accepted: it is so, and will be mended.
ACCEPTED, REJECTED, WAITING = "accepted", "rejected", "waiting"
DECISIONS = (ACCEPTED, REJECTED, WAITING)
#: Characters of the name of who decides, and of the note.
LONGEST_NAME, LONGEST_NOTE = 80, 1000


class Overtaken(NotPossibleNow):
    """Somebody else decided since the matter was looked at."""

    status = 409


@dataclass(frozen=True)
class Decision:
    """One decision: ``number`` counts them, ``at`` is date and time (ISO, UTC)."""

    number: int
    at: str
    decision: str
    who: str
    note: str


def words(who: str, note: str) -> tuple[str, str]:
    """A name and a note, each as one line of what can be shown.

    Raises:
        InvalidData: its message is ``who`` (there is no name) or ``long``.
    """
    name, why = (" ".join(printable(text).split()) for text in (who, note))
    if not name:
        raise InvalidData("who")
    if len(name) > LONGEST_NAME or len(why) > LONGEST_NOTE:
        raise InvalidData("long")
    return name, why


def checked(decision: str, who: str, note: str) -> tuple[str, str]:
    """The name and the note of a decision.

    Raises:
        InvalidData: its message is one of ``decision``, ``who``, ``note`` (a reason is missing) and ``long``.
    """
    if decision not in DECISIONS:
        raise InvalidData("decision")
    name, why = words(who, note)
    if not why and decision != WAITING:
        raise InvalidData("note")
    return name, why
