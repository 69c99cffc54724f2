"""Data of reconciled things for somebody's table: the values of some properties, in words or as things."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from rdflib import Literal, URIRef
from rdflib.namespace import XSD
from rdflib.term import Node

from ess_graph.engine.base import Engine
from ess_graph.folding import fold
from ess_graph.query.display import Display
from ess_graph.query.index import Index
from ess_graph.query.reconcile_entities import Entities, Entity, Property, identifier
from ess_graph.query.reconcile_read import Refused, Wanted

#: What a property may be asked with: how many values at the most (0 for all), and things as things or as their names.
LIMIT, CONTENT = "limit", "content"
THINGS, TEXTS = "things", "texts"
_DATES = (XSD.date, XSD.dateTime)


@dataclass(frozen=True)
class Extended:
    """Values by identifier of a thing and of a property, and the properties themselves.

    Attributes:
        types: the class of a property's values, where they are things of one class.
    """

    properties: Mapping[str, Property]
    rows: Mapping[str, Mapping[str, list[dict[str, Any]]]]
    types: Mapping[str, str]


class Extension:
    """Answers data extension queries over one release; safe to share between threads."""

    def __init__(self, entities: Entities, index: Index, display: Display, engine: Engine) -> None:
        self._entities, self._index, self._display, self._engine = entities, index, display, engine

    def extended(self, wanted: Wanted, lang: str) -> Extended:
        """What is known of some things; of one that does not exist, nothing.

        Raises:
            Refused: there is no such property, or a setting has no sense.
        """
        known: dict[str, Property] = {}
        for name, settings in wanted.properties.items():
            found = self._entities.property_of(name)
            if found is None:
                raise Refused("unknown_property", name=name[:80])
            _settings(settings)
            known[name] = found
        terms = {each: self._terms(self._entities.find(each), known) for each in wanted.ids}
        labels = self._index.labels(
            (str(term) for values in terms.values() for said in values.values() for term in said
             if isinstance(term, URIRef)), lang,
        )  # fmt: skip
        figures = self._index.figures(labels, lang)
        classes: dict[str, Counter[str]] = {name: Counter() for name in known}
        rows: dict[str, dict[str, list[dict[str, Any]]]] = {}
        for each, values in terms.items():
            rows[each] = {}
            for name in known:
                most, texts = _settings(wanted.properties[name])
                said = _in_language(values.get(name, []), lang)
                cells = [(self._cell(term, labels, figures, texts=texts), term) for term in said]
                cells.sort(key=lambda cell: fold(str(cell[0].get("name", cell[0].get("str", "")))))
                rows[each][name] = [cell for cell, _ in cells][: most or None]
                classes[name].update(self._class(term) for cell, term in cells if "id" in cell)
        types = {name: next(iter(found)) for name, found in classes.items() if len(found) == 1 and "" not in found}
        return Extended(known, rows, types)

    def _terms(self, entity: Entity | None, known: Mapping[str, Property]) -> dict[str, list[Node]]:
        """Values of a thing, by the name under which each property was asked for."""
        if entity is None:
            return {}
        shown = self._display.for_types((entity.cls,))
        blocks: dict[str, list[Node]] = {}
        if shown and any(entity.cls in each.blocks for each in known.values()):
            for row in self._engine.rows(shown.table, {"entity": URIRef(entity.iri)}):
                blocks.setdefault(str(row["block"]), []).append(row["value"])
        found: dict[str, list[Node]] = {}
        for name, each in known.items():
            values = [term for key in each.blocks.get(entity.cls, ()) for term in blocks.get(key, ())]
            more = (_term(value, numeric=each.numeric) for value in entity.said.get(each.iri, ()))
            found[name] = list(dict.fromkeys(values or more))
        return found

    def _cell(
        self, term: Node, labels: Mapping[str, tuple[str, str]], figures: Mapping[str, str], *, texts: bool
    ) -> dict[str, Any]:
        if isinstance(term, Literal):
            return _literal(term)
        iri = str(term)
        if iri not in labels:
            return {"str": iri}
        name = labels[iri][0]
        if iri in figures:
            name = f"{name} ({figures[iri]})" if figures[iri] not in name else name
        return {"str": name} if texts or iri not in self._entities.by_iri else {"id": identifier(iri), "name": name}

    def _class(self, term: Node) -> str:
        entity = self._entities.by_iri.get(str(term))
        return entity.cls if entity else ""


def _settings(settings: Mapping[str, str]) -> tuple[int, bool]:
    """How many values at the most, 0 for all; and whether things are wanted as texts."""
    most = settings.get(LIMIT, "").strip() or "0"
    content = settings.get(CONTENT, THINGS) or THINGS
    if not (most.isascii() and most.isdigit() and len(most) < 10) or content not in (THINGS, TEXTS):
        raise Refused("setting")
    return int(most), content == TEXTS


def _term(value: str, *, numeric: bool) -> Node:
    if value.startswith(("http://", "https://")):
        return URIRef(value)
    return Literal(Decimal(value)) if numeric else Literal(value)


def _in_language(terms: Iterable[Node], lang: str) -> list[Node]:
    """Without texts of other languages where one of the reader's is there."""
    found = list(terms)
    tongues = {term.language for term in found if isinstance(term, Literal) and term.language}
    if lang not in tongues or len(tongues) < 2:
        return found
    return [term for term in found if not isinstance(term, Literal) or term.language in (lang, None)]


def _literal(term: Literal) -> dict[str, Any]:
    value = term.toPython()
    if term.datatype in _DATES and len(str(term)) >= 10 and hasattr(value, "isoformat"):
        text = value.isoformat()
        return {"date": text if "T" in text else f"{text}T00:00:00Z"}
    if isinstance(value, bool):
        return {"str": str(term)}
    if isinstance(value, Decimal) and value == value.to_integral_value():
        return {"int": int(value)}
    if isinstance(value, int) and term.datatype == XSD.integer:
        return {"int": value}
    if isinstance(value, float | Decimal):
        return {"float": float(value)}
    return {"str": str(term)}
