"""How right the matcher is: precision of automatic links, recall@1 and @5, none-accuracy, review load.

    python bench/linking/evaluate.py HOME LIST.csv…      # HOME holds a registry; --wrong shows rows that are not right

A list has the columns ``name`` and ``expected`` (keys such as ``commune:67482`` or ``epci:246700488``; several, with
spaces between, where nobody could tell them apart; empty where nothing is meant), and may have ``family``,
``departement`` and ``date``.
"""

from __future__ import annotations

import csv
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from ess_graph.link.match import Matcher
from ess_graph.link.registry import NAMES, Registry
from ess_graph.link.units import Query

#: What `make eval-linking` asks for, by name of the figure.
TARGETS = {"precision": 0.995, "recall@1": 0.95, "none": 1.0}


@dataclass
class Score:
    """Counts over a list.

    Attributes:
        linked, right: automatic links, and those among them that are right.
        first, five: rows with an expected unit that is the first candidate, or among the first five.
        meant, nothing: rows with an expected unit, and without.
        none, kept: rows without one for which the answer is none, and for which nothing was linked.
        review: rows left to a person.
    """

    linked: int = 0
    right: int = 0
    first: int = 0
    five: int = 0
    meant: int = 0
    nothing: int = 0
    none: int = 0
    kept: int = 0
    review: int = 0
    rows: int = 0
    wrong: list[str] = field(default_factory=list)

    def figures(self) -> dict[str, float]:
        """The five figures, from 0 to 1."""
        return {
            "precision": self.right / self.linked if self.linked else 1.0,
            "recall@1": self.first / self.meant if self.meant else 1.0,
            "recall@5": self.five / self.meant if self.meant else 1.0,
            "none": self.none / self.nothing if self.nothing else 1.0,
            "review": self.review / self.rows if self.rows else 0.0,
        }

    def good(self) -> bool:
        """Whether the targets are met."""
        figures = self.figures()
        return all(figures[name] >= least for name, least in TARGETS.items())


def evaluate(matcher: Matcher, path: Path) -> Score:
    """Score a list."""
    score = Score()
    with path.open(encoding="utf-8", newline="") as handle:
        for row in csv.DictReader(handle):
            query = Query(
                row["name"], family=row.get("family") or None, departement=row.get("departement") or "",
                date=row.get("date") or "",
            )  # fmt: skip
            outcome = matcher.match(query)
            expected = row["expected"].split()
            found = [candidate.unit.key for candidate in outcome.candidates]
            proposed = found if outcome.decision != "none" else []
            score.rows += 1
            score.review += outcome.decision == "review"
            said = f"{row['name']!r} → {outcome.decision} {found[:3]} ({outcome.reason}); expected {expected[:3]}"
            if outcome.decision == "link":
                score.linked += 1
                # Nobody could tell which of several is meant: to choose one is wrong.
                right = len(expected) == 1 and found[0] == expected[0]
                score.right += right
                if not right:
                    score.wrong.append(f"WRONG LINK {said}")
            if expected:
                score.meant += 1
                score.first += bool(proposed) and proposed[0] in expected
                score.five += bool(set(proposed[:5]) & set(expected))
                if not (proposed and proposed[0] in expected):
                    score.wrong.append(f"not first  {said}")
            else:
                score.nothing += 1
                score.none += outcome.decision == "none"
                score.kept += outcome.decision != "link"
                if outcome.decision != "none":
                    score.wrong.append(f"not none   {said}")
    return score


def report(name: str, score: Score, seconds: float) -> str:
    """The figures of a list in lines for people."""
    figures = score.figures()
    return (
        f"{name}: {score.rows} names in {seconds:.1f} s\n"
        f"  automatic links   {score.linked:5d}  precision {figures['precision']:.4f}\n"
        f"  recall@1          {figures['recall@1']:.4f}  recall@5 {figures['recall@5']:.4f}\n"
        f"  none-accuracy     {figures['none']:.4f}  ({score.none} of {score.nothing}; {score.kept} not linked)\n"
        f"  review load       {figures['review']:.4f}  ({score.review} names)"
    )


def main(arguments: list[str]) -> int:
    """Print the figures; 1 where a target is missed."""
    wrong = "--wrong" in arguments
    home, *lists = [Path(argument) for argument in arguments if argument != "--wrong"]
    root = Path(__file__).parents[2]
    started = time.monotonic()
    matcher = Matcher(Registry(home).units([root / name for name in NAMES]))
    print(f"{len(matcher.names.units)} units, indexed in {time.monotonic() - started:.1f} s")
    good = True
    for path in lists:
        started = time.monotonic()
        score = evaluate(matcher, path)
        print(report(path.name, score, time.monotonic() - started))
        if wrong:
            print("\n".join(f"    {line}" for line in score.wrong))
        good &= score.good()
    print("Targets met." if good else f"A target is missed: {TARGETS}.")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
