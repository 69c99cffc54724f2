"""Who is in partnership with whom, and the part of it that somebody asks for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from rdflib import RDF
from rdflib.namespace import DCTERMS

from ess_graph.engine.base import Engine
from ess_graph.query import catalogue
from ess_graph.query.display import Display
from ess_graph.vocab import ESS, SCHEMA


@dataclass
class Partnership:
    """A partnership by IRI: its parties with their roles, and what is said of it."""

    iri: str
    parties: dict[str, set[str]] = field(default_factory=dict)
    places: set[str] = field(default_factory=set)
    types: set[str] = field(default_factory=set)
    start: str | None = None
    end: str | None = None

    def roles(self, party: str) -> list[str]:
        """The roles of a party, the general one only where it has no other."""
        found = self.parties[party]
        return sorted(found - {str(ESS.partie)}) or sorted(found)


@dataclass(frozen=True)
class Network:
    """Every partnership; ``classes`` and ``places`` are those of the parties, by IRI."""

    partnerships: tuple[Partnership, ...]
    classes: dict[str, set[str]]
    places: dict[str, set[str]]

    def where(self, one: Partnership) -> set[str]:
        """The territories that a partnership is about or that its parties have."""
        return one.places.union(*(self.places.get(party, set()) for party in one.parties))

    def kind(self, party: str, display: Display) -> str:
        """The class that a party is shown as; empty where no display knows it."""
        shown = display.for_types(self.classes.get(party, ()))
        return shown.target if shown else ""


@dataclass(frozen=True)
class Wanted:
    """A filter: IRIs of a territory, of a class that a party is shown as, of a role; empty lets everything through."""

    place: str = ""
    kind: str = ""
    role: str = ""


def read(engine: Engine) -> Network:
    """The whole network of a release, which never changes."""
    found: dict[str, Partnership] = {}
    for row in engine.rows(catalogue.text("network")):
        one = found.setdefault(str(row["partnership"]), Partnership(str(row["partnership"])))
        one.parties.setdefault(str(row["party"]), set()).add(str(row["role"]))
    classes: dict[str, set[str]] = {}
    places: dict[str, set[str]] = {}
    for row in engine.rows(catalogue.text("network_facts")):
        thing, said, value = str(row["thing"]), row["said"], str(row["value"])
        partnership = found.get(thing)
        if said == RDF.type:
            classes.setdefault(thing, set()).add(value)
        elif said == ESS.territoire:
            places.setdefault(thing, set()).add(value)
            if partnership:
                partnership.places.add(value)
        elif partnership and said == DCTERMS.type:
            partnership.types.add(value)
        elif partnership and said == SCHEMA.startDate:
            partnership.start = min(partnership.start or value, value)
        elif partnership:
            partnership.end = max(partnership.end or value, value)
    return Network(tuple(found[iri] for iri in sorted(found)), classes, places)


def chosen(network: Network, wanted: Wanted, display: Display) -> list[Partnership]:
    """The partnerships in which some party is of that kind and has that role, and which touch that territory."""
    return [
        one
        for one in network.partnerships
        if (not wanted.place or wanted.place in network.where(one))
        and any(
            (not wanted.kind or network.kind(party, display) == wanted.kind)
            and (not wanted.role or wanted.role in one.roles(party))
            for party in one.parties
        )
    ]


def choices(network: Network, display: Display) -> dict[str, set[str]]:
    """What each filter can be set to: IRIs that give at least one partnership."""
    parties = {party for one in network.partnerships for party in one.parties}
    return {
        "place": {place for one in network.partnerships for place in network.where(one)},
        "kind": {network.kind(party, display) for party in parties} - {""},
        "role": {role for one in network.partnerships for party in one.parties for role in one.roles(party)},
    }


def busiest(found: Iterable[Partnership], most: int) -> tuple[list[Partnership], bool]:
    """As many whole partnerships as keep a drawing under ``most`` nodes, those of the busiest parties first."""
    all_of_them = list(found)
    count: dict[str, int] = {}
    for one in all_of_them:
        for party in one.parties:
            count[party] = count.get(party, 0) + 1
    ranked = sorted(all_of_them, key=lambda one: (-max(count[party] for party in one.parties), one.iri))
    kept: list[Partnership] = []
    nodes: set[str] = set()
    for one in ranked:
        grown = nodes | {one.iri, *one.parties}
        if len(grown) > most:
            return kept, True
        kept.append(one)
        nodes = grown
    return kept, False
