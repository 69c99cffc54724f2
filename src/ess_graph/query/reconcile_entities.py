"""What names are reconciled with: every thing that has a name, its types, and what tells it from its namesakes."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property

from rdflib import Literal
from rdflib.term import Node

from ess_graph.engine.base import Engine
from ess_graph.folding import fold
from ess_graph.query import catalogue
from ess_graph.query.display import Display
from ess_graph.query.index import Index
from ess_graph.query.lists import slug
from ess_graph.query.vocabulary import prefixed
from ess_graph.vocab import BASE

#: Kinds of text that are names, the one that a thing is called by first.
_NAMES = ("name", "other")


@dataclass(frozen=True)
class Entity:
    """One thing.

    Attributes:
        number: that of the index.
        iri: its IRI.
        cls: the class under which it is listed; ``types`` begins with it, narrower ones follow.
        names: that by which it is called, then the others, in any language.
        codes: official codes and other identifiers.
        said: values by property (IRIs): IRIs of things, or texts.
        degree: how many things point to it.
    """

    number: int
    iri: str
    cls: str
    types: tuple[str, ...]
    names: tuple[str, ...]
    codes: tuple[str, ...]
    said: Mapping[str, tuple[str, ...]]
    degree: int

    @cached_property
    def folded(self) -> tuple[str, ...]:
        """Its names as they are compared."""
        return tuple(dict.fromkeys(filter(None, map(fold, self.names))))


@dataclass
class Property:
    """What can be asked for, or given as evidence.

    Attributes:
        id: the prefixed name of its predicate or, for what a page gathers under a heading, the heading's name.
        iri: its predicate, empty for what a page gathers.
        names: by class, then by language; that of no class in particular stands under the empty one.
        blocks: keys of the blocks of a page that show it, by class.
        numeric: whether its values are numbers.
    """

    id: str
    iri: str
    names: dict[str, Mapping[str, str]] = field(default_factory=dict)
    blocks: dict[str, list[str]] = field(default_factory=dict)
    classes: set[str] = field(default_factory=set)
    numeric: bool = False

    def name(self, lang: str, cls: str = "") -> str:
        """What it is called in a language, for a class where one is given."""
        if cls in self.names:
            return self.names[cls][lang]
        return Counter(said[lang] for said in self.names.values()).most_common(1)[0][0]


def identifier(iri: str) -> str:
    """How the service calls a thing: its IRI without the project's base, which is the identifier space."""
    return iri.removeprefix(BASE)


def squashed(text: str) -> str:
    """A value as it is compared: folded, without spaces, and without the zeros that spreadsheets take away."""
    plain = fold(text).replace(" ", "")
    return plain.lstrip("0") or plain if plain.isdigit() else plain


class Entities:
    """The things of one release, read once and kept; safe to share between threads.

    Attributes:
        by_iri: every thing that has a name.
        types: number of things by class, the classes that lists have first; ``broader`` are those above a class.
        properties: by identifier.
    """

    def __init__(self, index: Index, display: Display, engine: Engine) -> None:
        self._index, self._display = index, display
        self.broader: dict[str, tuple[str, ...]] = {}
        self._numeric: set[str] = set()
        # Other people's data may have nothing that is shown, and then much that need not be read.
        something = bool(index.size())
        narrower = self._narrower(engine) if something else {}
        said = self._evidence(engine) if something else {}
        self.by_iri: dict[str, Entity] = {}
        for entity in self._read(said, narrower):
            self.by_iri[entity.iri] = entity
        self.by_number = {entity.number: entity for entity in self.by_iri.values()}
        counted = Counter(cls for entity in self.by_iri.values() for cls in entity.types)
        shown = [each.target for each in display.classes]
        self.types = {
            cls: counted[cls]
            for cls in sorted(counted, key=lambda cls: (shown.index(cls) if cls in shown else len(shown), cls))
        }
        self.properties = {found.id: found for found in self._properties(said)}

    def _narrower(self, engine: Engine) -> dict[str, set[str]]:
        """Classes of each thing below one that lists have, by thing."""
        shown = {each.target for each in self._display.classes}
        found: dict[str, set[str]] = defaultdict(set)
        above: dict[str, set[str]] = defaultdict(set)
        for row in engine.rows(catalogue.text("reconcile_types")):
            thing, cls, other = (str(row[name]) for name in ("thing", "class", "above"))
            if other in shown and cls not in shown:
                found[thing].add(cls)
                above[cls].add(other)
        self.broader = {cls: tuple(sorted(others)) for cls, others in above.items()}
        return found

    def _evidence(self, engine: Engine) -> dict[str, dict[str, list[str]]]:
        found: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
        for row in engine.rows(catalogue.text("reconcile_evidence")):
            value = row["value"]
            if _is_number(value):
                self._numeric.add(str(row["property"]))
            found[str(row["thing"])][str(row["property"])].append(str(value))
        for _, via, other, iri in self._index.select(
            "SELECT said.id, via, other, iri FROM said JOIN thing USING (id) WHERE kind = 'related' AND other != ''"
        ):
            if other not in found[iri][via]:
                found[iri][via].append(other)
        return found

    def _read(self, said: Mapping[str, Mapping[str, list[str]]], narrower: Mapping[str, set[str]]) -> Iterable[Entity]:
        texts: dict[int, list[tuple[str, str, str]]] = defaultdict(list)
        for number, kind, lang, text in self._index.select(
            "SELECT id, kind, lang, text FROM said WHERE kind IN ('name', 'other', 'code')"
        ):
            texts[number].append((kind, lang, text))
        for number, iri, cls, degree in self._index.select("SELECT id, iri, class, degree FROM thing ORDER BY id"):
            told = sorted(texts.get(number, ()), key=lambda text: (text[0] != "name", text[1] != "fr", text[2]))
            names = tuple(dict.fromkeys(text for kind, _, text in told if kind in _NAMES))
            if not names:
                continue
            yield Entity(
                number, iri, cls, (cls, *sorted(narrower.get(iri, ()))), names,
                tuple(dict.fromkeys(text for kind, _, text in told if kind == "code")),
                {via: tuple(values) for via, values in said.get(iri, {}).items()}, degree,
            )  # fmt: skip

    def _properties(self, said: Mapping[str, Mapping[str, list[str]]]) -> Iterable[Property]:
        """What the display shapes show of each class, and what is evidence besides."""
        found: dict[str, Property] = {}
        for shown in self._display.classes:
            if shown.target not in self.types:
                continue
            for block in shown.blocks:
                outward = block["predicate"] if not block["inverse"] else None
                name = prefixed(outward) if outward else str(block["key"])
                known = found.setdefault(name, Property(name, outward or ""))
                known.names.setdefault(shown.target, block["name"])
                known.blocks.setdefault(shown.target, []).append(str(block["key"]))
                known.classes.add(shown.target)
        having: dict[str, set[str]] = defaultdict(set)
        for entity in self.by_iri.values():
            for iri in entity.said:
                having[iri].add(entity.cls)
        labels = {lang: self._index.labels(having, lang) for lang in ("fr", "en")}
        for iri, classes in sorted(having.items()):
            name = prefixed(iri).removeprefix(BASE)
            if iri not in labels["fr"]:
                continue
            known = found.setdefault(name, Property(name, iri))
            known.numeric = iri in self._numeric
            if not known.names:
                known.names[""] = {lang: labels[lang][iri][0] for lang in labels}
            known.classes |= classes
        return found.values()

    def find(self, text: str) -> Entity | None:
        """The thing that an identifier or an IRI names."""
        return self.by_iri.get(text) or self.by_iri.get(BASE + text)

    def type_of(self, text: str) -> str | None:
        """The class that an identifier, a prefixed name or a name in addresses (``collectivite``) means."""
        return self._classes.get(text)

    def property_of(self, text: str) -> Property | None:
        """The property that an identifier, an IRI or a name in addresses (``siren``) means."""
        return self.properties.get(text) or self._aliases.get(text)

    def type_names(self, lang: str) -> dict[str, str]:
        """What each class is called."""
        labels = self._index.labels(self.types, lang)
        return {cls: labels.get(cls, (prefixed(cls), ""))[0] for cls in self.types}

    def forms(self, value: str) -> set[str]:
        """Every way in which a value may be written, as it is compared: its text, or the names and codes of a thing."""
        if known := self.by_iri.get(value):
            return {squashed(text) for text in (*known.names, *known.codes)}
        return {squashed(value)}

    @cached_property
    def _classes(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for cls in self.types:
            for name in (cls, prefixed(cls), slug(cls), cls.rpartition("#")[2]):
                found.setdefault(name, cls)
        return found

    @cached_property
    def _aliases(self) -> dict[str, Property]:
        found: dict[str, Property] = {}
        for known in self.properties.values():
            # A heading is known by its own name; what has a predicate also by that of its heading, if no other has it.
            keys = {key for keys in known.blocks.values() for key in keys}
            for name in (known.iri, *sorted(keys), known.id.rpartition(":")[2], known.id.rpartition("/")[2]):
                if name:
                    found.setdefault(name, known)
        return found

    @cached_property
    def by_value(self) -> dict[tuple[str, str], tuple[str, ...]]:
        """Things by property (IRI) and value: as it is compared, or the IRI of a thing."""
        found: dict[tuple[str, str], list[str]] = defaultdict(list)
        for entity in self.by_iri.values():
            for said, values in entity.said.items():
                for value in values:
                    found[said, value if value in self.by_iri else squashed(value)].append(entity.iri)
        return {key: tuple(dict.fromkeys(iris)) for key, iris in found.items()}


def _is_number(value: Node) -> bool:
    return isinstance(value, Literal) and isinstance(value.toPython(), int | float | Decimal)
