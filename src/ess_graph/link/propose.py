"""What matching leaves to a person, as cases: each thing with its candidates and all that helps to tell them apart."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from ess_graph.folding import fold
from ess_graph.judgements import Judgements
from ess_graph.link.entities import Finding, theirs
from ess_graph.link.units import Candidate, Unit
from ess_graph.proposals import Case, Known, Proposed

#: Postcodes that tell something; a large body has dozens.
_POSTCODES = 6


def cases(findings: Iterable[Finding], judgements: Judgements, units: Mapping[str, Unit]) -> tuple[Case, ...]:
    """Things that matching leaves to a person or that one has judged already, in the order of their names.

    Args:
        findings: what became of each thing.
        judgements: what people said of them.
        units: all of the registry by key, for names of places.
    """
    found = []
    for finding in findings:
        judged = any(not judgement.by_program for judgement in judgements.of(finding.entity.iri))
        if judged or (finding.accepted is None and finding.outcome.decision != "none"):
            found.append(_case(finding, units))
    return tuple(sorted((case for case in found if case.candidates), key=lambda case: (fold(case.names[0]), case.ours)))


def _case(finding: Finding, units: Mapping[str, Unit]) -> Case:
    entity = finding.entity
    return Case(
        entity.iri, entity.names, entity.place, entity.family or "", entity.departement, entity.region,
        finding.outcome.reason,
        tuple(_proposed(c, code, units) for c in finding.outcome.candidates if (code := theirs(c.unit, entity))),
    )  # fmt: skip


def _proposed(candidate: Candidate, code: str, units: Mapping[str, Unit]) -> Proposed:
    unit = candidate.unit
    seat = units.get(f"commune:{unit.seat}")
    return Proposed(
        theirs=code,
        name=unit.name,
        family=unit.family,
        how=candidate.how,
        matched=candidate.name.text,
        nature=unit.nature,
        insee=unit.insee,
        siren=unit.siren,
        names=tuple(Known(name.text, name.kind, name.until) for name in unit.names[1:]),
        departements=tuple(_named("departement", unit.departements, units)),
        regions=tuple(_named("region", unit.regions, units)),
        population=unit.population,
        seat=seat.name if seat else unit.seat,
        postcodes=unit.postcodes[:_POSTCODES],
        until=unit.until,
        successor=unit.successor,
        evidence=tuple(candidate.evidence),
        against=tuple(candidate.against),
    )


def _named(family: str, codes: Iterable[str], units: Mapping[str, Unit]) -> Iterator[str]:
    for code in codes:
        known = units.get(f"{family}:{code}")
        yield f"{code} {known.name}" if known else code
