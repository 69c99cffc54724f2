"""Territories, places and addresses as GeoJSON (RFC 7946); a place without known coordinates has no geometry."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any

from rdflib.term import Node

from ess_graph.engine.base import Engine
from ess_graph.folding import fold
from ess_graph.query import catalogue
from ess_graph.query.index import Index

_KINDS = ("territory", "place", "address")


def features(
    engine: Engine, index: Index, lang: str, page: Callable[[str], str], about: dict[str, str] | None = None
) -> bytes:
    """A feature collection of everything a map can show, in the order of kinds and names.

    Args:
        engine: the release.
        index: its labels.
        lang: ``fr`` or ``en``, for the labels.
        page: address of the page of an IRI.
        about: members that say what the collection is (``release``, ``license``).
    """
    said: dict[str, dict[str, set[Node]]] = {}
    for row in engine.rows(catalogue.text("exports/places")):
        if "value" in row:
            said.setdefault(str(row["place"]), {}).setdefault(str(row["key"]), set()).add(row["value"])
    places = {iri: values for iri, values in said.items() if any(kind in values for kind in _KINDS)}
    named = {str(term) for values in places.values() for terms in values.values() for term in terms}
    labels = index.labels({*places, *named}, lang)
    made = [_feature(iri, values, labels, page) for iri, values in places.items()]
    made.sort(key=lambda f: (_KINDS.index(f["properties"]["kind"]), fold(f["properties"]["name"]), f["id"]))
    collection = {"type": "FeatureCollection", **(about or {}), "features": made}
    return json.dumps(collection, ensure_ascii=False).encode("utf-8", "replace")


def _feature(
    iri: str, said: dict[str, set[Node]], labels: dict[str, tuple[str, str]], page: Callable[[str], str]
) -> dict[str, Any]:
    def names(key: str) -> list[str]:
        return sorted((labels.get(str(term), (str(term), ""))[0] for term in said.get(key, ())), key=fold)

    def plain(key: str) -> list[str]:
        return sorted(str(term) for term in said.get(key, ()))

    properties = {
        "name": labels.get(iri, (iri, ""))[0],
        "kind": next(kind for kind in _KINDS if kind in said),
        "level": next(iter(names("level")), None),
        "code": next(iter(plain("code")), None),
        "postcode": next(iter(plain("postcode")), None),
        "authorities": [{"name": labels.get(a, (a, ""))[0], "page": page(a)} for a in plain("authority")],
        "organisations": [{"name": labels.get(o, (o, ""))[0], "page": page(o)} for o in plain("organisation")],
        "events": len(said.get("event", ())),
        "page": page(iri),
    }
    return {"type": "Feature", "id": iri, "geometry": _point(said), "properties": properties}


def _point(said: dict[str, set[Node]]) -> dict[str, object] | None:
    """A point where one latitude and one longitude are given and lie on the globe; two of either contradict."""
    if len(said.get("latitude", ())) != 1 or len(said.get("longitude", ())) != 1:
        return None
    try:
        latitude, longitude = (Decimal(str(next(iter(said[key])))) for key in ("latitude", "longitude"))
        if abs(latitude) <= 90 and abs(longitude) <= 180:
            return {"type": "Point", "coordinates": [float(longitude), float(latitude)]}
    except InvalidOperation:
        pass
    return None
