"""``/carte``: territories, their authorities and figures, drawn and in a table; ``/carte/fond.json`` for scripts."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Response, g, request

from ess_graph.folding import fold
from ess_graph.query import territories
from ess_graph.query.dates import in_words
from ess_graph.query.lists import slug
from ess_graph.query.outlines import WIDTH, Frame, outlines
from ess_graph.query.territories import Territory
from ess_graph.query.views import Value
from ess_graph.web import narrowing
from ess_graph.web.i18n import translator
from ess_graph.web.replies import POLICY, cacheable, page
from ess_graph.web.site import Opened, Site

_PER_PAGE = 100
#: More points than that are a stain, and a heavy page.
_POINTS = 3000
Labels = dict[str, tuple[str, str]]


def blueprint(site: Site) -> Blueprint:
    """The routes of the map."""
    routes = Blueprint("atlas", __name__)

    @routes.get("/carte")
    def page_of_map() -> Response:
        opened = site.opened()
        found = _territories(opened)
        indicators = {figure.indicator for territory in found for figure in territory.figures}
        names = opened.index.labels(indicators, g.lang)
        slugs = {slug(iri): iri for iri in indicators}
        chosen = slugs.get(request.args.get("indicateur", ""))
        shown = [one for one in found if any(f.indicator == chosen for f in one.figures)] if chosen else list(found)
        number, pages = narrowing.paging(len(shown), _PER_PAGE)
        rows = shown[(number - 1) * _PER_PAGE : number * _PER_PAGE]
        labels = opened.index.labels(_named(found), g.lang)
        response = page(
            "map.html",
            drawing=_drawing(found, {one.iri for one in shown}, labels, site),
            rows=[_row(one, chosen, labels, opened, site) for one in rows],
            indicators=sorted(((key, names[iri][0]) for key, iri in slugs.items() if iri in names), key=_by_name),
            chosen=slug(chosen) if chosen else "",
            chosen_name=names[chosen][0] if chosen in names else "",
            total=len(shown), number=number, pages=pages,
            pager_base=narrowing.pager_base(),
            missing=_missing(found, opened),
            tiles=site.settings.tiles, tiles_credit=site.settings.tiles_credit,
        )  # fmt: skip
        allow_tiles(response, site)
        return cacheable(response, opened.release.id, "map", g.lang, chosen or "", str(number), site.settings.tiles)

    @routes.get("/carte/fond.json")
    def ground() -> Response:
        opened = site.opened()
        found = _territories(opened)
        labels = opened.index.labels([one.iri for one in found], g.lang)
        drawn = outlines()
        body = {
            "width": WIDTH,
            "height": drawn.height,
            "frames": [_frame(frame) for frame in drawn.frames],
            "land": [one.path for one in drawn.regions if not one.former],
            "borders": drawn.borders,
            "places": [
                {
                    "iris": [one.iri, *one.authorities],
                    "label": labels.get(one.iri, (one.iri, ""))[0],
                    "path": one.outline.path if one.outline else None,
                    "at": one.outline.centre if one.outline else one.point,
                }
                for one in found
                if one.placed
            ],
        }
        response = Response(json.dumps(body, ensure_ascii=False), mimetype="application/json")
        return cacheable(response, opened.release.id, "ground", g.lang)

    return routes


def _territories(opened: Opened) -> tuple[Territory, ...]:
    return opened.once("territories", lambda: territories.read(opened.engine, opened.index))


def allow_tiles(response: Response, site: Site) -> None:
    """Let a page show the tiles of the operator's server, and images from nowhere else."""
    if site.settings.tiles:
        parts = urlsplit(site.settings.tiles)
        policy = POLICY.replace("img-src 'self'", f"img-src 'self' {parts.scheme}://{parts.netloc}")
        response.headers["Content-Security-Policy"] = policy


#: Width of the map of the home page, in pixels of its own.
_SMALL = 500


def overview(opened: Opened, site: Site) -> dict[str, Any] | None:
    """What a small map draws: France, and each placed territory that has things, as a link; None where none is."""
    found = [one for one in _territories(opened) if one.placed and (one.authorities or one.others or one.figures)]
    if not found:
        return None
    drawn = outlines(_SMALL)
    labels = opened.index.labels(_named(tuple(found)), g.lang)
    # What is wide is drawn first, and a région of before 2016 over those of today: else nobody could point at it.
    found.sort(key=lambda one: (territories.KINDS.index(one.kind), bool(one.outline and one.outline.former)))
    return {
        "width": _SMALL,
        "height": drawn.height,
        "land": "".join(one.path for one in drawn.regions if not one.former),
        "places": [
            {
                "kind": slug(one.kind),
                "strong": bool(one.authorities),
                "url": site.link(one.iri),
                "said": _said(one, labels),
                "path": drawn.like(one.outline).path if one.outline else None,
                "at": one.point and [at * _SMALL / WIDTH for at in one.point],
            }
            for one in found[:_POINTS]
        ],
        "elsewhere": sum(not one.placed for one in _territories(opened)),
    }


def _named(found: tuple[Territory, ...]) -> set[str]:
    iris = {one.iri for one in found} | {iri for one in found for iri in one.authorities}
    figures = [figure for one in found for figure in one.figures]
    return iris | {figure.slice for figure in figures if figure.slice} | set(territories.KINDS)


def _drawing(found: tuple[Territory, ...], wanted: set[str], labels: Labels, site: Site) -> dict[str, Any]:
    drawn = outlines()
    places = [
        {
            "label": labels.get(one.iri, (one.iri, ""))[0],
            "kind": slug(one.kind),
            "strong": bool(one.authorities),
            "off": one.iri not in wanted,
            "url": site.link(one.iri),
            "path": one.outline.path if one.outline else None,
            "at": one.point,
            "said": _said(one, labels),
        }
        for one in found
        if one.placed
    ]
    points = [place for place in places if place["at"]]
    return {
        "width": WIDTH,
        "height": drawn.height,
        "frames": drawn.frames,
        "ground": json.dumps([_frame(frame) for frame in drawn.frames[:1]]),
        "land": [one.path for one in drawn.regions if not one.former],
        "borders": drawn.borders,
        "areas": [place for place in places if place["path"]],
        "points": points[:_POINTS],
        "left_out": max(0, len(points) - _POINTS),
    }


def _said(one: Territory, labels: Labels) -> str:
    """What a mark says when somebody points at it."""
    t = translator(g.lang)
    parts = [f"{labels.get(one.iri, (one.iri, ''))[0]} ({labels.get(one.kind, (one.kind, ''))[0]})"]
    if one.authorities:
        parts.append(", ".join(labels.get(iri, (iri, ""))[0] for iri in one.authorities))
    if one.figures:
        parts.append(t("map.figures.1") if len(one.figures) == 1 else t("map.figures.n", n=len(one.figures)))
    return " · ".join(parts)


def _row(one: Territory, indicator: str | None, labels: Labels, opened: Opened, site: Site) -> dict[str, Any]:
    figures = [figure for figure in one.figures if figure.indicator == indicator]
    words = opened.index.figures([figure.iri for figure in figures], g.lang)
    return {
        "territory": _value(one.iri, labels, site),
        "kind": labels.get(one.kind, (one.kind, ""))[0],
        "authorities": [_value(iri, labels, site) for iri in one.authorities],
        "others": one.others,
        "count": len(one.figures),
        "figures": [
            Value(_in_words(words.get(figure.iri, ""), figure.slice, figure.date, labels), url=site.link(figure.iri))
            for figure in figures
        ],
        "placed": one.placed,
    }


def _in_words(value: str, piece: str | None, date: str | None, labels: Labels) -> str:
    detail = [labels.get(piece, (piece, ""))[0]] if piece else []
    detail += [in_words(date, g.lang)] if date else []
    return f"{value} ({', '.join(detail)})" if detail else value


def _value(iri: str, labels: Labels, site: Site) -> Value:
    text, lang = labels.get(iri, (iri, ""))
    return Value(text, url=site.link(iri), lang=lang or None, iri=iri)


def _missing(found: tuple[Territory, ...], opened: Opened) -> list[tuple[str, int]]:
    """How many territories of each kind the map does not show."""
    names = opened.index.labels(territories.KINDS, g.lang)
    counts = [(kind, sum(1 for one in found if one.kind == kind and not one.placed)) for kind in territories.KINDS]
    return [(names.get(kind, (kind, ""))[0], n) for kind, n in counts if n]


def _frame(frame: Frame) -> list[float]:
    return [frame.west, frame.south, frame.east, frame.north, frame.x, frame.y, frame.scale]


def _by_name(pair: tuple[str, str]) -> str:
    return fold(pair[1])
