"""An entity with those that stand beside it in its partnerships, as a small drawing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rdflib import URIRef
from rdflib.term import Node

from ess_graph.folding import fold
from ess_graph.query.readers import nature
from ess_graph.query.views import Nature, Picture, Value

if TYPE_CHECKING:
    from ess_graph.query.blocks import Facts
    from ess_graph.query.readers import Reader

#: Others that are drawn, those with most in common first; the table has them all.
_MOST = 12
_WIDTH, _ABOVE, _CENTRE, _NODE, _NAMES = 480.0, 6.0, 126.0, 212.0, 224.0
#: Height of a name with what it shares under it, and of a name alone.
_ROW, _SHORT = 31.0, 22.0
_LINE, _LINES = 17, 4


@dataclass(frozen=True)
class Other:
    """One of the others: ``common`` things shared, ``roles`` it has in them; the line to it ends at (x, y)."""

    value: Value
    common: int
    roles: tuple[str, ...]
    nature: Nature
    x: float
    y: float
    thickness: float
    path: str


@dataclass(frozen=True)
class Network(Picture):
    """The entity in the middle of the left side, the others one under another on the right."""

    centre: Value | None = None
    lines: tuple[str, ...] = ()
    others: tuple[Other, ...] = ()
    left_out: int = 0
    width: float = _WIDTH
    height: float = 0
    middle: float = 0
    names: float = _NAMES
    edge: float = _CENTRE


def around(spec: Mapping[str, Any], facts: Facts, reader: Reader, entity: URIRef) -> Network | None:
    """The others of a block's things: whatever holds in them the same property as the entity does.

    None when the block's path is not one property backwards, or when no other column has that property.
    """
    column = next((c for c in spec["columns"] if spec["inverse"] and c["predicate"] == spec["predicate"]), None)
    if column is None:
        return None
    shared: dict[Node, list[Node]] = {}
    for thing in facts.graphs:
        for other in facts.cells.get(thing, {}).get(column["key"], ()):
            if other != entity and isinstance(other, URIRef):
                shared.setdefault(other, []).append(thing)
    if not shared:
        return None
    ranked = sorted(shared.items(), key=lambda item: (-len(item[1]), fold(reader.value(item[0]).text)))
    drawn = ranked[:_MOST]
    roles = [_roles(spec, column["key"], other, things, facts, reader.lang) for other, things in drawn]
    rows = [_ROW if held or len(things) > 1 else _SHORT for held, (_, things) in zip(roles, drawn, strict=True)]
    height = round(2 * _ABOVE + max(sum(rows), 2 * _ROW + 2 * _SHORT), 1)
    middle = round(height / 2, 1)
    others = []
    below = (height - sum(rows)) / 2
    for (other, things), held, row in zip(drawn, roles, rows, strict=True):
        y = round(below + row / 2, 1)
        below += row
        others.append(
            Other(
                value=reader.value(other),
                common=len(things),
                roles=held,
                nature=nature(graph for thing in things for graph in facts.graphs[thing]),
                x=_NODE,
                y=y,
                thickness=round(1.5 + min(len(things) - 1, 4) * 1.1, 1),
                path=f"M{_CENTRE:g} {middle:g} C{_CENTRE + 45:g} {middle:g} {_NODE - 45:g} {y:g} {_NODE:g} {y:g}",
            )
        )
    centre = reader.value(entity)
    return Network(
        kind="network",
        title=spec["name"][reader.lang],
        centre=centre,
        lines=_broken(centre.text),
        others=tuple(others),
        left_out=len(ranked) - len(drawn),
        height=height,
        middle=middle,
    )


def _roles(
    spec: Mapping[str, Any], key: str, other: Node, things: list[Node], facts: Facts, lang: str
) -> tuple[str, ...]:
    """Names of the other columns in which it stands."""
    held = {name for thing in things for name, terms in facts.cells.get(thing, {}).items() if other in terms}
    return tuple(c["name"][lang].lower() for c in spec["columns"] if c["key"] in held and c["key"] != key)


def _broken(text: str) -> tuple[str, ...]:
    """A name in a few short lines, its end cut off where it takes more."""
    lines: list[str] = [""]
    for word in text.split():
        if lines[-1] and len(lines[-1]) + len(word) >= _LINE:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    shown = [line if len(line) <= _LINE else line[: _LINE - 1] + "…" for line in lines[:_LINES]]
    return (*shown[:-1], shown[-1].rstrip("…") + "…") if len(lines) > _LINES else tuple(shown)
