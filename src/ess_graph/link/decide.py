"""From candidates to an answer: link where one is sure and alone, review where a person must look, else none."""

from __future__ import annotations

from ess_graph.link.units import Candidate, Outcome, Query
from ess_graph.link.words import tokens

#: Trust that a link needs, and by how much it must lead; below ``REVIEW`` nothing is proposed.
LINK, LEAD, REVIEW = 0.93, 0.04, 0.6
#: Candidates that an answer shows.
_SHOWN = 10
#: How many times more people one of two namesakes of different kinds must have to be meant without more words.
_PROMINENT = 100


def decide(query: Query, found: list[Candidate], town: str | None) -> Outcome:
    """What a query means.

    Args:
        query: what was asked.
        found: candidates, in any order.
        town: key of the name, where a town of another country has it.
    """
    if town:
        # "Liège" is not Le Liège: only the very same name leaves a doubt.
        found = [c for c in found if c.evidence or " ".join(tokens(c.name.text)) == town]
    found = [candidate for candidate in found if candidate.score >= REVIEW]
    found.sort(key=lambda c: (-round(c.score, 4), bool(c.unit.until), -(c.unit.population or 0), c.unit.key))
    current = [candidate for candidate in found if not candidate.unit.until]
    gone = [candidate for candidate in found if candidate.unit.until]
    if gone and gone[0].score >= LINK and (not current or current[0].score < gone[0].score - 0.02):
        return _ended(query, gone[0], current, gone)
    if not current:
        reason = "a town of another country" if town else "only a body that ended" if gone else "no name is near enough"
        return Outcome("none", tuple(gone[:_SHOWN]), reason)
    doubt = _doubt(current, town)
    shown = tuple(current[:_SHOWN])
    if doubt:
        return Outcome("review", shown, doubt)
    return Outcome("link", shown, "; ".join([current[0].how, *current[0].evidence]))


def _ended(query: Query, past: Candidate, current: list[Candidate], gone: list[Candidate]) -> Outcome:
    """A body of the past is not today's: only a text of its time, and a code of its own, may link it."""
    if query.date and query.date <= past.unit.until and (past.unit.siren or past.unit.insee):
        return Outcome("link", tuple([*gone, *current][:_SHOWN]), f"a body that lasted until {past.unit.until}")
    followed = f", followed by {past.unit.successor}" if past.unit.successor else ""
    shown = tuple([*current, *gone][:_SHOWN])
    return Outcome("none", shown, f"{past.unit.name} ended on {past.unit.until}{followed}")


def _doubt(current: list[Candidate], town: str | None) -> str | None:
    """Why a person should look at the best candidate, None where nothing speaks against a link."""
    best, rivals = current[0], [c for c in current[1:] if c.score > current[0].score - LEAD]
    if best.against:
        return best.against[0]
    if best.score < LINK or not best.sure:
        return f"only {best.how}"
    if town and not best.evidence:
        return "a town of another country has this name too"
    if rivals and not _prominent(best, rivals):
        return f"others have this name: {', '.join(f'{c.unit.name} ({c.unit.code})' for c in rivals[:3])}"
    return None


def together(outcomes: list[Outcome]) -> Outcome:
    """One answer from those for each name of a thing: a link that no other name contradicts."""
    linked = {outcome.candidates[0].unit.key: outcome for outcome in outcomes if outcome.decision == "link"}
    if len(linked) == 1:
        return next(iter(linked.values()))
    merged: dict[str, Candidate] = {}
    for outcome in outcomes:
        for candidate in outcome.candidates:
            if candidate.unit.key not in merged or merged[candidate.unit.key].score < candidate.score:
                merged[candidate.unit.key] = candidate
    best = tuple(sorted(merged.values(), key=lambda c: (bool(c.unit.until), -c.score, -(c.unit.population or 0))))
    if linked:
        return Outcome("review", best[:_SHOWN], "its names lead to different units")
    # The first name is the one by which the thing is called: what it says of a body that ended holds for all.
    first = outcomes[0]
    if first.decision == "none" and first.candidates:
        return first
    reviewed = [outcome for outcome in outcomes if outcome.decision == "review"]
    return Outcome("review", best[:_SHOWN], reviewed[0].reason) if reviewed else first


def _prominent(best: Candidate, rivals: list[Candidate]) -> bool:
    """Whether namesakes of other kinds are so much smaller that nobody means them without saying so."""
    people = best.unit.population or 0
    return all(
        rival.unit.family != best.unit.family and people >= _PROMINENT * max(1, rival.unit.population or people)
        for rival in rivals
    )
