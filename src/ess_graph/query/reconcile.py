"""Which things of the graph a name in somebody's table may mean: candidates with their scores, and why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from itertools import islice
from typing import Protocol

from rapidfuzz import fuzz
from rdflib.namespace import FOAF, ORG, SKOS

from ess_graph.folding import fold
from ess_graph.query import search
from ess_graph.query.index import Index
from ess_graph.query.reconcile_entities import Entities, Entity, Property, squashed
from ess_graph.query.reconcile_read import Asked, Given

#: What a name resembles, where the ladder knows nothing of it, is never worth more than that.
_RESEMBLING = 0.89
#: Less than that is no candidate.
_LEAST = 0.5
#: Things that the search index is asked for.
_SOUGHT = 25
#: Things that have a value, where it is all that is asked.
_MOST = 200
#: What evidence is worth: for, against; what another type than the one asked for costs.
_FOR, _AGAINST, _OTHER_TYPE = 0.02, 0.15, 0.3
#: A number says the same within so much of it.
_WITHIN = 0.1
#: Trust that a value of a property needs to be taken for a thing, and values that are remembered.
_MEANT, _REMEMBERED = 0.9, 4096
#: What is called by common nouns: somebody who means it says so by a type.
_COMMON = (str(SKOS.Concept), str(SKOS.ConceptScheme))
_PERSON, _ACTS_FOR = str(FOAF.Person), str(ORG.organization)


class Judged(Protocol):
    """What a ladder says of one thing: trust from 0 to 1, and whether it is the one that is meant."""

    @property
    def iri(self) -> str: ...  # noqa: D102

    @property
    def score(self) -> float: ...  # noqa: D102

    @property
    def match(self) -> bool: ...  # noqa: D102


class Ladder(Protocol):
    """Decides which thing a name means."""

    def judge(self, name: str, classes: Set[str] | None, said: Mapping[str, Sequence[str]]) -> Sequence[Judged]:
        """Things that a name may mean, best first.

        Args:
            name: as written.
            classes: only things of one of these, None for any.
            said: what else is known, by property (IRIs): codes, places, inhabitants, a date.
        """
        ...


@dataclass(frozen=True)
class Candidate:
    """A thing that a query may mean.

    Attributes:
        score: from 0 to 100.
        match: whether it is the one, for sure enough to be taken without a look.
        features: what the score is made of: ``same_name``, ``name_similarity``, ``ladder``, ``type_match``, ``degree``,
            and the identifiers of properties that were asked for.
    """

    entity: Entity
    score: float
    match: bool
    features: Mapping[str, float | bool]


@dataclass
class _Found:
    """What is gathered of a candidate before it is weighed."""

    entity: Entity
    judged: Judged | None = None
    named: bool = False


class Reconciliation:
    """Answers queries over one release; safe to share between threads."""

    def __init__(self, entities: Entities, ladder: Ladder, index: Index) -> None:
        self.entities, self._ladder, self._index = entities, ladder, index
        self._values: dict[str, frozenset[str]] = {}

    def candidates(self, asked: Asked) -> list[Candidate]:
        """What a query may mean, best first, ``limit`` at the most.

        Types that nothing has, and properties that nobody knows, find nothing to agree with: a type restricts to
        nothing, a property is no evidence.
        """
        wanted = [self.entities.type_of(name) for name in asked.types]
        classes = {cls for cls in wanted if cls} if asked.types else None
        if asked.strict == "all" and None in wanted:
            return []
        found = self._weighed(asked, classes)
        if not found and asked.strict == "should" and classes is not None:
            # What is preferred is not there: better something of another type than nothing.
            found = self._weighed(asked, None, classes)
        if asked.strict == "all" and classes:
            found = [one for one in found if classes <= set(one.entity.types)]
        found.sort(key=lambda one: (-one.score, not one.match, -one.entity.degree, one.entity.iri))
        return found[: asked.limit]

    def _weighed(self, asked: Asked, classes: set[str] | None, preferred: set[str] | None = None) -> list[Candidate]:
        given = self._given(asked)
        found = self._found(asked, classes, given)
        weighed = [self._candidate(one, asked, given, preferred or classes) for one in found.values()]
        best = max((one.score for one in weighed), default=0.0)
        # The order is that of scores, and clients take the first.
        weighed = [_first(one, best) if one.match else one for one in weighed]
        return [one for one in weighed if one.score >= 100 * _LEAST]

    def _given(self, asked: Asked) -> list[tuple[str, Property, tuple[Given, ...]]]:
        named = ((name, self.entities.property_of(name), values) for name, values in (asked.given or {}).items())
        return [(name, known, values) for name, known, values in named if known is not None]

    def _found(
        self, asked: Asked, classes: set[str] | None, given: Sequence[tuple[str, Property, tuple[Given, ...]]]
    ) -> dict[str, _Found]:
        found: dict[str, _Found] = {}
        if named := self.entities.find(asked.text.strip()):
            found[named.iri] = _Found(named, named=True)
        if asked.text.strip():
            said = {known.iri: [self._told(value) for value in values] for _, known, values in given if known.iri}
            for judged in self._ladder.judge(asked.text, classes, said):
                found.setdefault(judged.iri, _Found(self.entities.by_iri[judged.iri])).judged = judged
            if not any(one.named or (one.judged and one.judged.match) for one in found.values()):
                for number in search.named(self._index, asked.text, _SOUGHT):
                    if entity := self.entities.by_number.get(number):
                        found.setdefault(entity.iri, _Found(entity))
        else:
            for _, known, values in given:
                for value in values:
                    for iri in self._having(known, value, classes):
                        found.setdefault(iri, _Found(self.entities.by_iri[iri]))
                    # A SIREN says by itself who is meant.
                    for judged in self._ladder.judge(value.text, classes, {}) if found else ():
                        if judged.iri in found and judged.match:
                            found[judged.iri].judged = judged
        return {iri: one for iri, one in found.items() if classes is None or not classes.isdisjoint(one.entity.types)}

    def _told(self, value: Given) -> str:
        """What a value says in words, those of the thing where it was reconciled before."""
        thing = self.entities.find(value.id) if value.id else None
        return thing.names[0] if thing else value.text

    def _having(self, known: Property, value: Given, classes: set[str] | None) -> Iterator[str]:
        """The first things of some classes that have a value."""
        thing = self.entities.find(value.id or value.text)
        having = self.entities.by_value.get((known.iri, thing.iri if thing else squashed(value.text)), ())
        types = self.entities.by_iri
        return islice((iri for iri in having if classes is None or not classes.isdisjoint(types[iri].types)), _MOST)

    def _candidate(
        self,
        found: _Found,
        asked: Asked,
        given: Sequence[tuple[str, Property, tuple[Given, ...]]],
        classes: set[str] | None,
    ) -> Candidate:
        entity, judged = found.entity, found.judged
        folded = fold(asked.text)
        alike = max((_alike(folded, name) for name in entity.folded), default=0.0) if folded else 0.0
        verdicts = {name: self._agrees(entity, known, values) for name, known, values in given}
        told = {name: verdict for name, verdict in verdicts.items() if verdict is not None}
        if found.named:
            score = 1.0
        elif judged:
            score = judged.score
        elif folded:
            score = _RESEMBLING * alike
        else:
            score = sum(told.values()) / max(1, len(asked.given or {}))
        score += sum(_FOR if verdict else -_AGAINST for verdict in told.values()) if folded else 0
        features: dict[str, float | bool] = {
            "same_name": folded in entity.folded,
            "name_similarity": round(100 * alike, 1),
            "ladder": round(100 * judged.score, 1) if judged else 0.0,
            "degree": entity.degree,
            **told,
        }
        if classes is not None:
            features["type_match"] = of_type = not classes.isdisjoint(entity.types)
            score -= 0 if of_type else _OTHER_TYPE
            told = {**told, "": of_type}
        known = self._personal(entity, given, verdicts) and (entity.cls not in _COMMON or bool(asked.types))
        sure = found.named or bool(judged and judged.match and known)
        return Candidate(entity, round(100 * min(max(score, 0.0), 1.0), 1), sure and all(told.values()), features)

    def _personal(
        self,
        entity: Entity,
        given: Sequence[tuple[str, Property, tuple[Given, ...]]],
        verdicts: Mapping[str, bool | None],
    ) -> bool:
        """People share names: one is known by whom they act for as well."""
        return entity.cls != _PERSON or any(known.iri == _ACTS_FOR and verdicts[name] for name, known, _ in given)

    def _agrees(self, entity: Entity, known: Property, values: Sequence[Given]) -> bool | None:
        """Whether a thing has one of some values; None where nothing is known of it, or nothing is said."""
        own = entity.said.get(known.iri, ()) if known.iri else ()
        stated = [value for value in values if value.text.strip() or value.id]
        if not own or not stated:
            return None
        if known.numeric:
            return any(_about(one, value.text) for one in own for value in stated)
        forms = {form for one in own for form in self.entities.forms(one)}
        for value in stated:
            thing = self.entities.find(value.id or value.text.strip())
            if (thing and thing.iri in own) or squashed(value.text) in forms:
                return True
            if any(one in self.entities.by_iri for one in own) and self._meant(value.text) & set(own):
                return True
        return False

    def _meant(self, text: str) -> frozenset[str]:
        """Things that the ladder takes a value for; the cells of a column say the same again and again."""
        if text not in self._values:
            found = self._ladder.judge(text, None, {}) if text.strip() else ()
            if len(self._values) >= _REMEMBERED:
                self._values.clear()
            self._values[text] = frozenset(one.iri for one in found if one.score >= _MEANT)
        return self._values[text]


def _first(one: Candidate, best: float) -> Candidate:
    return Candidate(one.entity, max(one.score, best), True, one.features)


def _alike(text: str, name: str) -> float:
    """How much two folded names resemble each other, from 0 to 1: as they are, in any order, one within the other."""
    return max(
        fuzz.ratio(text, name), 0.97 * fuzz.token_sort_ratio(text, name), 0.8 * fuzz.token_set_ratio(text, name)
    ) / 100  # fmt: skip


def _about(own: str, said: str) -> bool:
    try:
        number, wanted = float(own), float("".join(said.split()).replace(",", "."))
    except ValueError:
        return False
    return abs(number - wanted) <= _WITHIN * abs(number)
