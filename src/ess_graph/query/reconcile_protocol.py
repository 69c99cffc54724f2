"""Answers of the reconciliation service in the form that the protocol gives them (Entity Reconciliation API 0.2)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ess_graph.engine.base import Engine
from ess_graph.folding import fold
from ess_graph.query import lists, search
from ess_graph.query.display import Display
from ess_graph.query.index import Index
from ess_graph.query.reconcile import Ladder, Reconciliation
from ess_graph.query.reconcile_entities import Entities, Entity, Property, identifier
from ess_graph.query.reconcile_extend import Extension
from ess_graph.query.reconcile_read import Asked, Wanted
from ess_graph.query.vocabulary import prefixed

Json = dict[str, Any]
#: Suggestions of one answer, and how far somebody may look through them.
SUGGESTED, _LOOKED_THROUGH = 20, 400
#: Classes that the description of a property names.
_NAMED = 4


@dataclass(frozen=True)
class Glance:
    """A thing at a glance: what it is called, what it is, what the graph says of it in short."""

    id: str
    iri: str
    name: str
    lang: str
    types: tuple[str, ...]
    details: tuple[str, ...]
    names: tuple[str, ...]
    codes: tuple[str, ...]
    text: str


class Service:
    """The service over one release; safe to share between threads.

    Args:
        ladder: makes the matching ladder over the things of the release.
    """

    def __init__(
        self, index: Index, display: Display, engine: Engine, ladder: Callable[[Iterable[Entity]], Ladder]
    ) -> None:
        self._index, self._display = index, display
        self.entities = Entities(index, display, engine)
        self._reconciliation = Reconciliation(self.entities, ladder(self.entities.by_iri.values()), index)
        self._extension = Extension(self.entities, index, display, engine)

    def answers(self, batch: Mapping[str, Asked], lang: str) -> Json:
        """A result for each query of a batch, under the same name."""
        found = {name: self._reconciliation.candidates(asked) for name, asked in batch.items()}
        every = {one.entity.number: one.entity for candidates in found.values() for one in candidates}
        told = self._told(every.values(), lang)
        types = self.entities.type_names(lang)
        return {
            name: {
                "result": [
                    {
                        **told[one.entity.number],
                        "score": one.score,
                        "match": one.match,
                        "type": [_type(cls, types) for cls in one.entity.types],
                        "features": [{"id": key, "value": value} for key, value in one.features.items()],
                    }
                    for one in candidates
                ]
            }
            for name, candidates in found.items()
        }

    def _told(self, entities: Iterable[Entity], lang: str) -> dict[int, Json]:
        """Identifier, name and description of each thing, by its number."""
        known = list(entities)
        types = self.entities.type_names(lang)
        listed = lists.entries(self._index, self._display, [each.number for each in known], lang, lambda _: None)
        return {
            each.number: {
                "id": identifier(each.iri),
                "name": entry.thing.text,
                "description": " · ".join([types[each.cls], *(value.text for value in entry.told)]),
            }
            for each, entry in zip(known, listed, strict=True)
        }

    def extended(self, wanted: Wanted, lang: str) -> Json:
        """Values of some properties of some things."""
        found = self._extension.extended(wanted, lang)
        types = self.entities.type_names(lang)
        meta: list[Json] = [{"id": name, "name": known.name(lang)} for name, known in found.properties.items()]
        for column in meta:
            if cls := found.types.get(column["id"]):
                column["type"] = _type(cls, types)
        return {"meta": meta, "rows": found.rows}

    def proposed(self, cls: str, lang: str, most: int | None) -> Json:
        """Properties that things of a type have; of an unknown one or of none, those of any."""
        known = self.entities.type_of(cls)
        found = [
            self._property(each, lang, known or "")
            for each in self.entities.properties.values()
            if known is None or not each.classes.isdisjoint({known, *self.entities.broader.get(known, ())})
        ]
        return {"properties": found[:most], "type": cls} | ({} if most is None else {"limit": most})

    def types(self, lang: str) -> list[Json]:
        """Every type, with those above it."""
        names = self.entities.type_names(lang)
        return [
            _type(cls, names) | ({"broader": [_type(b, names) for b in above if b in names]} if above else {})
            for cls in names
            for above in [self.entities.broader.get(cls, ())]
        ]

    def suggested_types(self, prefix: str, cursor: int, lang: str) -> Json:
        """Types whose name, in either language, or identifier begins so or holds a word that does."""
        other = self.entities.type_names("en" if lang == "fr" else "fr")
        found = [
            (rank, each)
            for cls, each in zip(self.entities.types, self.types(lang), strict=True)
            if (rank := _rank(prefix, (each["name"], other[cls], each["id"], cls))) is not None
        ]
        return _page(found, cursor)

    def suggested_properties(self, prefix: str, cursor: int, cls: str, lang: str) -> Json:
        """Properties whose name, in either language, or identifier begins so or holds a word that does."""
        known = self.entities.type_of(cls)
        found = [
            (rank, self._property(each, lang, known or ""))
            for each in self.entities.properties.values()
            if known is None or not each.classes.isdisjoint({known, *self.entities.broader.get(known, ())})
            if (rank := _rank(prefix, (each.name(lang, known or ""), *_words(each), each.id, each.iri))) is not None
        ]
        return _page(found, cursor)

    def suggested_entities(self, prefix: str, cursor: int, cls: str, lang: str) -> Json:
        """Things whose names hold words that begin so, and the one that has such an identifier."""
        named = self.entities.find(prefix.strip())
        wanted = self.entities.type_of(cls)
        numbers = [named.number] if named else search.named(self._index, prefix, _LOOKED_THROUGH)
        known = [self.entities.by_number[number] for number in numbers if number in self.entities.by_number]
        if wanted:
            known = [each for each in known if wanted in each.types]
        shown = known[cursor : cursor + SUGGESTED]
        told = self._told(shown, lang)
        types = self.entities.type_names(lang)
        return {
            "result": [{**told[each.number], "notable": [_type(cls, types) for cls in each.types]} for each in shown]
        }

    def glance(self, name: str, lang: str) -> Glance | None:
        """A thing at a glance; None where no thing has this identifier."""
        entity = self.entities.find(name)
        if entity is None:
            return None
        types = self.entities.type_names(lang)
        entry = lists.entries(self._index, self._display, [entity.number], lang, lambda _: None)[0]
        texts = dict(
            self._index.select(
                "SELECT lang, text FROM said WHERE id = ? AND kind = 'text' ORDER BY text", (entity.number,)
            )
        )
        return Glance(
            identifier(entity.iri), entity.iri, entry.thing.text, entry.thing.lang or "",
            tuple(types[cls] for cls in entity.types), tuple(value.text for value in entry.told),
            tuple(other for other in entity.names if other != entry.thing.text)[:5], entity.codes,
            texts.get(lang) or texts.get("fr") or next(iter(texts.values()), ""),
        )  # fmt: skip

    def term(self, kind: str, name: str, lang: str) -> Json | None:
        """A type or a property as suggestions tell it; None where there is none of this identifier."""
        if kind == "property":
            known = self.entities.property_of(name)
            return self._property(known, lang, "") if known else None
        cls = self.entities.type_of(name)
        names = self.entities.type_names(lang)
        return _type(cls, names) | {"description": str(self.entities.types[cls])} if cls else None

    def _property(self, known: Property, lang: str, cls: str) -> Json:
        names = self.entities.type_names(lang)
        classes = [names[each] for each in self.entities.types if each in known.classes]
        more = ", …" if len(classes) > _NAMED else ""
        said = f"{', '.join(classes[:_NAMED])}{more} ({known.id})"
        return {"id": known.id, "name": known.name(lang, cls), "description": said}


def _type(cls: str, names: Mapping[str, str]) -> Json:
    return {"id": prefixed(cls), "name": names.get(cls, prefixed(cls))}


def _words(known: Property) -> tuple[str, ...]:
    return tuple(sorted({text for said in known.names.values() for text in said.values()}))


def _rank(prefix: str, texts: Iterable[str]) -> int | None:
    """0 for what begins so, 1 for what holds a word that does, None for the rest; nothing asked is the beginning."""
    wanted = fold(prefix)
    folded = [fold(text) for text in texts if text]
    if not wanted:
        return 0 if not prefix.strip() else None
    if any(text.startswith(wanted) for text in folded):
        return 0
    return 1 if any(f" {wanted}" in text for text in folded) else None


def _page(found: list[tuple[int, Json]], cursor: int) -> Json:
    ordered = sorted(found, key=lambda item: (item[0], fold(item[1]["name"]), item[1]["id"]))
    return {"result": [each for _, each in ordered[cursor : cursor + SUGGESTED]]}
