"""Outlines of French régions and départements on a flat map, ready to be drawn; ``outlines.json`` holds their arcs.

The map is Web Mercator, the projection of most tile servers. Metropolitan France fills its upper part; each overseas
département has a frame of its own below, at a scale of its own.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from itertools import pairwise
from typing import Any

from ess_graph.folding import fold

WIDTH = 2000
_FRAME_HEIGHT, _GAP = 300, 20
Point = tuple[float, float]


@dataclass(frozen=True)
class Frame:
    """A part of the map: degrees west, south, east and north; its upper left corner and pixels per Mercator unit."""

    name: str
    west: float
    south: float
    east: float
    north: float
    x: float = 0
    y: float = 0
    scale: float = 1

    @property
    def width(self) -> float:
        """In pixels."""
        return (self.east - self.west) / 360 * self.scale

    @property
    def height(self) -> float:
        """In pixels."""
        return (_mercator(self.south) - _mercator(self.north)) * self.scale

    def holds(self, longitude: float, latitude: float) -> bool:
        """Whether a place is in it."""
        return self.west <= longitude <= self.east and self.south <= latitude <= self.north

    def place(self, longitude: float, latitude: float) -> Point:
        """A place of it, in pixels of the map."""
        return (
            self.x + (longitude - self.west) / 360 * self.scale,
            self.y + (_mercator(latitude) - _mercator(self.north)) * self.scale,
        )


@dataclass(frozen=True)
class Outline:
    """One outline: Insee code, name, whether the région is one of before 2016, SVG path, and where a mark stands."""

    code: str
    name: str
    former: bool
    path: str
    centre: Point


@dataclass(frozen=True)
class Outlines:
    """The whole map; ``borders`` is one path with every border and coast of départements, each once."""

    height: int
    frames: tuple[Frame, ...]
    regions: tuple[Outline, ...]
    departements: tuple[Outline, ...]
    borders: str

    def point(self, longitude: float, latitude: float) -> Point | None:
        """Where a place is on the map; None when it is not in France."""
        frame = next((frame for frame in self.frames if frame.holds(longitude, latitude)), None)
        return frame.place(longitude, latitude) if frame else None

    def region(self, code: str | None, name: str) -> Outline | None:
        """A région by its code, else by its name as people write it; one of today before one of before 2016."""
        return _found(self.regions, code, name)

    def like(self, outline: Outline) -> Outline:
        """The outline of the same territory on this map."""
        wanted = (outline.code, outline.name, outline.former)
        return next(one for one in (*self.regions, *self.departements) if (one.code, one.name, one.former) == wanted)

    def departement(self, code: str | None, name: str) -> Outline | None:
        """A département by its code, else by its name as people write it."""
        return _found(self.departements, code, name)


def _found(outlines: Iterable[Outline], code: str | None, name: str) -> Outline | None:
    if code:
        return next((one for one in outlines if one.code == code), None)
    wanted = fold(name)
    return next((one for one in outlines if fold(one.name) == wanted), None)


@cache
def outlines(width: int = WIDTH) -> Outlines:
    """The map, worked out once; a narrower one has fewer corners, and takes less to send."""
    topology = json.loads(resources.files(__package__).joinpath("outlines.json").read_text(encoding="utf-8"))
    arcs = _arcs(topology)
    shapes = topology["objects"]["departements"]["geometries"]
    regions = topology["objects"]["regions"]["geometries"]
    frames, height = _frames(shapes, arcs)
    size = width / WIDTH
    frames = tuple(replace(f, x=f.x * size, y=f.y * size, scale=f.scale * size) for f in frames)
    height = round(height * size)
    drawn = [[_frame_of(arc, frames).place(*point) for point in arc] for arc in arcs]
    return Outlines(
        height,
        frames,
        tuple(sorted((_outline(one, drawn) for one in regions), key=lambda one: (one.former, one.code))),
        tuple(sorted((_outline(one, drawn) for one in shapes), key=lambda one: one.code)),
        "".join(_path(arc, closed=False) for arc in drawn),
    )


def _arcs(topology: dict[str, Any]) -> list[list[Point]]:
    """Arcs in degrees: TopoJSON holds each as a start and steps, in units of its own."""
    (by_x, by_y), (from_x, from_y) = topology["transform"]["scale"], topology["transform"]["translate"]
    arcs = []
    for steps in topology["arcs"]:
        x = y = 0
        arc = []
        for step_x, step_y in steps:
            x, y = x + step_x, y + step_y
            arc.append((x * by_x + from_x, y * by_y + from_y))
        arcs.append(arc)
    return arcs


def _frames(shapes: Sequence[dict[str, Any]], arcs: Sequence[Sequence[Point]]) -> tuple[tuple[Frame, ...], int]:
    """Metropolitan France over the whole width; overseas départements in a row below."""
    boxes: dict[str, list[Point]] = {}
    for shape in shapes:
        overseas = shape["id"].startswith("97")
        key = shape["properties"]["name"] if overseas else ""
        boxes.setdefault(key, []).extend(point for ring in _rings(shape) for at in ring for point in _arc(at, arcs))
    main = _fitted("", boxes.pop(""), 0, 0, WIDTH, None)
    top = main.height + _GAP
    width = (WIDTH - _GAP * (len(boxes) - 1)) / len(boxes)
    names = sorted(boxes, key=lambda name: min(x for x, _ in boxes[name]))
    others = [
        _fitted(name, boxes[name], at * (width + _GAP), top, width, _FRAME_HEIGHT) for at, name in enumerate(names)
    ]
    return (main, *others), round(top + _FRAME_HEIGHT)


def _fitted(name: str, points: Sequence[Point], x: float, y: float, width: float, height: float | None) -> Frame:
    """A frame around some points with a margin; without a height it is as high as they need."""
    margin = 0.04 * max(1, max(p[0] for p in points) - min(p[0] for p in points))
    west, east = min(p[0] for p in points) - margin, max(p[0] for p in points) + margin
    south, north = min(p[1] for p in points) - margin, max(p[1] for p in points) + margin
    scale = width / (east - west) * 360
    if height is not None:
        scale = min(scale, height / (_mercator(south) - _mercator(north)))
        x += (width - (east - west) / 360 * scale) / 2
    return Frame(name, west, south, east, north, x, y, scale)


def _outline(shape: dict[str, Any], drawn: Sequence[Sequence[Point]]) -> Outline:
    rings = [[point for at in ring for point in _arc(at, drawn)[:-1]] for ring in _rings(shape)]
    widest = max(rings, key=lambda ring: abs(_area(ring)))
    path = "".join(_path(ring, closed=True) for ring in rings)
    said = shape["properties"]
    return Outline(str(shape["id"]), said["name"], bool(said.get("former")), path, _centroid(widest))


def _rings(shape: dict[str, Any]) -> list[list[int]]:
    polygons = [shape["arcs"]] if shape["type"] == "Polygon" else shape["arcs"]
    return [ring for polygon in polygons for ring in polygon]


def _arc(at: int, arcs: Sequence[Sequence[Point]]) -> Sequence[Point]:
    """An arc by its number; the complement of a number is the arc backwards."""
    return arcs[at] if at >= 0 else arcs[~at][::-1]


def _frame_of(arc: Sequence[Point], frames: Sequence[Frame]) -> Frame:
    return next(frame for frame in frames if frame.holds(*arc[0]))


def _path(points: Sequence[Point], *, closed: bool) -> str:
    """An SVG path in whole pixels; steps are rounded from place to place, so that neighbours stay neighbours."""
    whole = [(round(x), round(y)) for x, y in points]
    steps = [f"{b[0] - a[0]},{b[1] - a[1]}" for a, b in pairwise(whole) if a != b]
    return f"M{whole[0][0]},{whole[0][1]}l{' '.join(steps)}{'z' if closed else ''}" if steps else ""


def _area(ring: Sequence[Point]) -> float:
    return sum(a[0] * b[1] - b[0] * a[1] for a, b in pairwise([*ring, ring[0]])) / 2


def _centroid(ring: Sequence[Point]) -> Point:
    area = _area(ring)
    x = sum((a[0] + b[0]) * (a[0] * b[1] - b[0] * a[1]) for a, b in pairwise([*ring, ring[0]]))
    y = sum((a[1] + b[1]) * (a[0] * b[1] - b[0] * a[1]) for a, b in pairwise([*ring, ring[0]]))
    return x / (6 * area), y / (6 * area)


def _mercator(latitude: float) -> float:
    """From 0 at the northern edge of the Mercator world to 1 at its southern one."""
    return (1 - math.asinh(math.tan(math.radians(latitude))) / math.pi) / 2
