"""Things of the graph against the registry: which unit each one is, what people said of it, what is accepted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

from ess_graph.judgements import DIFFERENT, PROGRAM, SAME, UNSURE, Judgement, Judgements, today
from ess_graph.link.match import Matcher
from ess_graph.link.units import Outcome, Query, Unit

WHO = f"{PROGRAM}ess-graph link"
#: Natures by concept of voc/type-collectivite; a text that says "métropole" may mean any large body.
FAMILIES = {
    "commune": "commune",
    "conseil-departemental": "departement",
    "conseil-regional": "region",
    "communaute-de-communes": "epci",
    "communaute-d-agglomeration": "epci",
    "communaute-urbaine": "epci",
    "metropole": "epci",
    "intercommunalite": "epci",
}


@dataclass(frozen=True)
class Entity:
    """A thing of the graph that may have an official code.

    Attributes:
        iri: without the project's base (``id/collectivite/dijon-metropole``).
        place: a territory, which gets an INSEE code; otherwise an institution, which gets a SIREN.
        kind: the family that its class says, or the notation of its type of authority; empty where neither is known.
        names: that by which it is called, then the others.
        departement, region: names of territories in which it is said to lie.
        date: the latest day on which a source speaks of it, for bodies that ended.
    """

    iri: str
    place: bool
    names: tuple[str, ...]
    kind: str = ""
    departement: str = ""
    region: str = ""
    date: str = ""

    @property
    def family(self) -> str | None:
        """The family of the registry's units that it may be."""
        return FAMILIES.get(self.kind, self.kind or None)


class Lexicon(Protocol):
    """What linking needs of the graph: its authorities and territories with their names."""

    def entities(self) -> Iterable[Entity]:
        """Authorities and territories, in a fixed order."""
        ...


@dataclass(frozen=True)
class Finding:
    """What became of one entity: the outcome of matching, and the unit that is accepted, if one is."""

    entity: Entity
    outcome: Outcome
    accepted: Unit | None
    by: Judgement | None


def theirs(unit: Unit, entity: Entity) -> str:
    """How a judgement names a unit: by INSEE code for a place, by SIREN for an institution; empty without a code."""
    if entity.place:
        # An intermunicipal territory has no code of its own: that of its institution says it.
        return f"insee:{unit.family}:{unit.insee}" if unit.insee and unit.family != "epci" else ""
    return f"siren:{unit.siren}" if unit.siren else f"insee:{unit.family}:{unit.insee}" if unit.insee else ""


def link(lexicon: Lexicon, matcher: Matcher, judgements: Judgements) -> Iterator[Finding]:
    """Match each entity; record as judgements what is sure, and never against a person."""
    by_code = {}
    for unit in matcher.names.units.values():
        for code in (
            f"siren:{unit.siren}" if unit.siren else "",
            f"insee:{unit.family}:{unit.insee}" if unit.insee else "",
        ):
            by_code[code] = unit
    for entity in lexicon.entities():
        outcome = matcher.match(query_of(entity))
        known = judgements.of(entity.iri)
        refused = {j.theirs for j in known if j.judgement in (DIFFERENT, UNSURE)}
        accepted = [j for j in known if j.judgement == SAME and j.theirs in by_code and not j.by_program]
        code = theirs(outcome.candidates[0].unit, entity) if outcome.decision == "link" else ""
        for stale in known:
            # What a newer file, or a better matcher, does not say any more.
            if stale.by_program and stale.theirs != (code if not accepted else ""):
                judgements.drop(stale)
        if accepted:
            yield Finding(entity, outcome, by_code[accepted[0].theirs], accepted[0])
        elif code and code not in refused:
            judgement = Judgement("identity", entity.iri, code, SAME, WHO, _when(known, code), outcome.reason)
            judgements.add(judgement)
            yield Finding(entity, outcome, outcome.candidates[0].unit, judgement)
        else:
            yield Finding(entity, outcome, None, None)


def query_of(entity: Entity) -> Query:
    """What the matcher is asked about an entity."""
    return Query(entity.names[0], entity.names[1:], entity.family, departement=entity.departement, region=entity.region)


def _when(known: list[Judgement], code: str) -> str:
    """The day of a judgement: that of the same one before, so that running again changes nothing."""
    return next((j.when for j in known if j.theirs == code and j.judgement == SAME), today())
