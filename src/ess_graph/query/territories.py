"""Territories with their authorities and figures, and where each stands on the map, if it can be told."""

from __future__ import annotations

from dataclasses import dataclass, field

from rdflib import Literal
from rdflib.term import Node

from ess_graph.engine.base import Engine
from ess_graph.query import catalogue
from ess_graph.query.index import Index
from ess_graph.query.outlines import Outline, Point, outlines
from ess_graph.vocab import IGEO, SCHEMA

#: From the widest to the narrowest: the order of the table, and of what is drawn over what.
KINDS = tuple(
    str(kind) for kind in (IGEO.Pays, IGEO.Region, IGEO.Departement, IGEO.Intercommunalite, IGEO.Commune, SCHEMA.Place)
)


@dataclass(frozen=True)
class Figure:
    """A figure by IRI: what it is about, which indicator, which slice of it, and its date."""

    iri: str
    about: str
    indicator: str
    slice: str | None
    date: str | None


@dataclass
class Territory:
    """A territory: its class (one of ``KINDS``), authorities, how many other things it has, figures, and place.

    Attributes:
        outline: its outline, found by official code or, where none is stated, by its name among those of its kind.
        point: pixels on the map, from coordinates that the data state.
    """

    iri: str
    kind: str
    authorities: list[str] = field(default_factory=list)
    others: int = 0
    figures: list[Figure] = field(default_factory=list)
    outline: Outline | None = None
    point: Point | None = None

    @property
    def placed(self) -> bool:
        """Whether the map shows it."""
        return self.outline is not None or self.point is not None


def read(engine: Engine, index: Index) -> tuple[Territory, ...]:
    """Every territory of a release, the widest first; names are compared in French."""
    found: dict[str, Territory] = {}
    places: dict[str, tuple[str | None, Node | None, Node | None]] = {}
    for row in engine.rows(catalogue.text("territories")):
        iri, kind = str(row["territory"]), str(row["class"])
        if iri not in found or KINDS.index(kind) < KINDS.index(found[iri].kind):
            found[iri] = Territory(iri, kind)
        code = str(row["code"]) if "code" in row else None
        places[iri] = (code, row.get("longitude"), row.get("latitude"))
    for row in engine.rows(catalogue.text("territory_things")):
        territory = found.get(str(row["territory"]))
        if territory and str(row["authority"]) == "true":
            territory.authorities.append(str(row["thing"]))
        elif territory:
            territory.others += 1
    for row in engine.rows(catalogue.text("territory_figures")):
        if territory := found.get(str(row["territory"])):
            said = {name: str(row[name]) if name in row else None for name in ("slice", "date")}
            territory.figures.append(
                Figure(str(row["figure"]), str(row["about"]), str(row["indicator"]), said["slice"], said["date"])
            )
    names = index.labels(found, "fr")
    for iri, territory in found.items():
        _place(territory, names.get(iri, ("", ""))[0], *places[iri])
        territory.authorities.sort()
        territory.figures.sort(key=lambda figure: (figure.date or "", figure.iri))
    return tuple(sorted(found.values(), key=lambda one: (KINDS.index(one.kind), names.get(one.iri, ("", ""))[0])))


def _place(territory: Territory, name: str, code: str | None, longitude: Node | None, latitude: Node | None) -> None:
    """Put a territory on the map as surely as data allow; a name alone places no town, for many share one."""
    if territory.kind == str(IGEO.Region):
        territory.outline = outlines().region(code, name)
    elif territory.kind == str(IGEO.Departement):
        territory.outline = outlines().departement(code, name)
    numbers = [_number(longitude), _number(latitude)]
    if territory.outline is None and numbers[0] is not None and numbers[1] is not None:
        territory.point = outlines().point(numbers[0], numbers[1])


def _number(term: Node | None) -> float | None:
    if not isinstance(term, Literal):
        return None
    try:
        return float(str(term))
    except ValueError:
        return None
