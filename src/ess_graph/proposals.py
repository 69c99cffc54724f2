"""What the matcher proposes and a person should look at: a file beside the releases, written by ``ess-graph link``.

The terminal and the review page ask the same questions from it; what people answer is in the judgements.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

from ess_graph.errors import InvalidData, NotPossibleNow
from ess_graph.judgements import SAME, Judgements

FILE = "proposals.json"
#: How keys of the registers begin; a thing that is the same as one of another kind may still need its code.
_REGISTERS = ("siren:", "insee:")


@dataclass(frozen=True)
class Known:
    """A name of a unit besides the official one: ``kind`` as in the registry, ``until`` its last day or empty."""

    text: str
    kind: str
    until: str = ""


@dataclass(frozen=True)
class Proposed:
    """A unit of the registry that a thing of ours may be.

    Attributes:
        theirs: how a judgement names it.
        family, nature: what kind of unit; see ``link.units.Unit``.
        departements, regions: code and name, the code alone where the registry has no name.
        seat: name of the member commune with most inhabitants.
        how: the rung of the ladder that found it; ``matched``: which of its names.
        evidence, against: what speaks for it and what against it, in words of the matcher.
    """

    theirs: str
    name: str
    family: str
    how: str
    matched: str
    nature: str = ""
    insee: str = ""
    siren: str = ""
    names: tuple[Known, ...] = ()
    departements: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    population: int | None = None
    seat: str = ""
    postcodes: tuple[str, ...] = ()
    until: str = ""
    successor: str = ""
    evidence: tuple[str, ...] = ()
    against: tuple[str, ...] = ()


@dataclass(frozen=True)
class Case:
    """A thing of ours with the units that it may be, best first.

    Attributes:
        ours: its IRI without the project's base.
        names: that by which it is called, then the others.
        place: a territory, not an institution.
        kind: the family of units that it may be, empty for any.
        departement, region: where it is said to lie.
        reason: why a person should look.
    """

    ours: str
    names: tuple[str, ...]
    place: bool = False
    kind: str = ""
    departement: str = ""
    region: str = ""
    reason: str = ""
    candidates: tuple[Proposed, ...] = ()

    def waiting(self, judgements: Judgements) -> tuple[Proposed, ...]:
        """The candidates that nobody judged; none once a person said which unit it is."""
        said = judgements.of(self.ours)
        if any(j.judgement == SAME and not j.by_program and j.theirs.startswith(_REGISTERS) for j in said):
            return ()
        judged = {judgement.theirs for judgement in said}
        return tuple(candidate for candidate in self.candidates if candidate.theirs not in judged)

    def candidate(self, theirs: str) -> Proposed | None:
        """The candidate of that key."""
        return next((candidate for candidate in self.candidates if candidate.theirs == theirs), None)


@dataclass(frozen=True)
class Proposals:
    """All cases in the order of their names, the day they were made, and the official files behind them."""

    made: str = ""
    sources: tuple[str, ...] = ()
    cases: tuple[Case, ...] = field(default=())

    @classmethod
    def read(cls, home: Path) -> Proposals:
        """Those of a home; none where the matcher did not run yet.

        Raises:
            InvalidData: the file is no such file.
        """
        try:
            said = json.loads((home / FILE).read_text(encoding="utf-8"))
            return cls(said["made"], tuple(said["sources"]), tuple(_case(one) for one in said["cases"]))
        except FileNotFoundError:
            return cls()
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise InvalidData(f"{FILE} cannot be read ({error}): « ess-graph link » makes it anew.") from error

    def write(self, home: Path) -> None:
        """Put them in place of those before, in one step.

        Raises:
            NotPossibleNow: the file cannot be written.
        """
        new = home / f"{FILE}.{os.getpid()}.new"
        try:
            home.mkdir(parents=True, exist_ok=True)
            with new.open("w", encoding="utf-8") as handle:
                json.dump(asdict(self), handle, ensure_ascii=False)
                handle.flush()
                os.fsync(handle.fileno())
            new.replace(home / FILE)
        except OSError as error:
            raise NotPossibleNow(f"{FILE} cannot be written ({error}): mend that and run the command again.") from error
        finally:
            with suppress(OSError):
                new.unlink(missing_ok=True)

    def of(self, ours: str) -> Case | None:
        """The case of a thing."""
        return next((case for case in self.cases if case.ours == ours), None)

    def waiting(self, judgements: Judgements) -> list[tuple[Case, tuple[Proposed, ...]]]:
        """Cases with candidates that nobody judged, and these."""
        return waiting(self.cases, judgements)


def waiting(cases: Iterable[Case], judgements: Judgements) -> list[tuple[Case, tuple[Proposed, ...]]]:
    """What a person should look at: cases with candidates that nobody judged, and these."""
    found = ((case, case.waiting(judgements)) for case in cases)
    return [(case, candidates) for case, candidates in found if candidates]


def _case(said: dict[str, object]) -> Case:
    candidates = said.pop("candidates")
    made = tuple(_proposed(one) for one in candidates)  # type: ignore[attr-defined]
    return Case(**_tuples(said), candidates=made)  # type: ignore[arg-type]


def _proposed(said: dict[str, object]) -> Proposed:
    names = tuple(Known(**one) for one in said.pop("names"))  # type: ignore[attr-defined]
    return Proposed(**_tuples(said), names=names)  # type: ignore[arg-type]


def _tuples(said: dict[str, object]) -> dict[str, object]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in said.items()}
