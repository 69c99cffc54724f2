"""Reads what clients of the reconciliation service send, and refuses what is malformed or too much, saying why."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any

from ess_graph.errors import BadValue

#: Queries of a batch, and things that data are asked of at once.
MOST_QUERIES, MOST_IDS = 100, 500
#: Characters of a name, a value or an identifier.
LONGEST = 500
#: Properties of a query, values of each, types.
MOST_PROPERTIES, MOST_VALUES, MOST_TYPES = 30, 30, 30
#: Values of all properties of a batch.
MOST_GIVEN = 1000
#: Characters of a name that cost as much as another name.
_WEIGHT = 50
#: Candidates that a query gets without asking, and at the most.
CANDIDATES, MOST_CANDIDATES = 10, 50
#: How types restrict: to things of any or of all of them, or only where such things are found.
STRICT = ("any", "all", "should")
_QUERY = {"query", "type", "limit", "properties", "type_strict"}


class Refused(BadValue):
    """A request that cannot be answered as it is.

    Attributes:
        key: which sentence says why; ``values`` fill it.
    """

    def __init__(self, key: str, **values: object) -> None:
        super().__init__(key)
        self.key, self.values = key, values


class TooMuch(Refused):
    """More than one request may hold."""

    status = 413


@dataclass(frozen=True)
class Given:
    """A value of a property: what it says and, where it was reconciled before, which thing it is."""

    text: str
    id: str = ""


@dataclass(frozen=True)
class Asked:
    """One query.

    Attributes:
        text: the name, perhaps empty.
        types: identifiers of types; ``strict`` says how they restrict (``STRICT``).
        limit: how many candidates are wanted.
        given: values by identifier of a property.
    """

    text: str
    types: tuple[str, ...] = ()
    strict: str = "any"
    limit: int = CANDIDATES
    given: Mapping[str, tuple[Given, ...]] | None = None

    @property
    def values(self) -> int:
        """How many values of properties it has."""
        return sum(map(len, (self.given or {}).values()))

    @property
    def cost(self) -> int:
        """What it takes from its client's budget: 1 for a name of ordinary length, as much for each value."""
        return 1 + len(self.text) // _WEIGHT + self.values


@dataclass(frozen=True)
class Wanted:
    """Data that are asked of things: identifiers, and settings by identifier of a property."""

    ids: tuple[str, ...]
    properties: Mapping[str, Mapping[str, str]]


def batch(text: str) -> dict[str, Asked]:
    """The queries of a batch, by their names.

    Raises:
        Refused: it is no JSON, or not of the protocol's form.
        TooMuch: too many queries, or one that is too long.
    """
    said = _json(text)
    if not isinstance(said, dict):
        raise Refused("batch")
    if len(said) > MOST_QUERIES:
        raise TooMuch("queries", most=MOST_QUERIES, count=len(said))
    queries = {_plain(name, name): query(asked, name) for name, asked in said.items()}
    if sum(asked.values for asked in queries.values()) > MOST_GIVEN:
        raise TooMuch("given", most=MOST_GIVEN)
    return queries


def single(text: str) -> Asked:
    """One query alone: a JSON object, or a bare name."""
    return query(_json(text), "query") if text.lstrip().startswith("{") else Asked(_long(text, "query"))


def query(said: Any, where: str) -> Asked:
    """One query of a batch."""
    where = where[:40]
    if not isinstance(said, dict):
        raise Refused("query", where=where)
    if unknown := sorted(set(said) - _QUERY):
        raise Refused("field", where=where, name=unknown[0][:40], known=", ".join(sorted(_QUERY)))
    strict = said.get("type_strict", "any")
    if strict not in STRICT:
        raise Refused("strict", where=where, known=", ".join(STRICT))
    given = _given(said.get("properties", []), where)
    if "query" not in said and not given:
        raise Refused("nothing", where=where)
    return Asked(
        " ".join(_long(said.get("query", ""), where).split()), _types(said.get("type", []), where), strict,
        _limit(said.get("limit", CANDIDATES), where), given,
    )  # fmt: skip


def extension(text: str) -> Wanted:
    """What a data extension query asks for.

    Raises:
        Refused: it is no JSON, or not of the protocol's form.
        TooMuch: it asks of too many things at once.
    """
    said = _json(text)
    if not isinstance(said, dict) or not isinstance(said.get("ids"), list):
        raise Refused("extend")
    if not isinstance(said.get("properties"), list):
        raise Refused("extend")
    if len(said["ids"]) > MOST_IDS:
        raise TooMuch("ids", most=MOST_IDS, count=len(said["ids"]))
    if len(said["properties"]) > MOST_PROPERTIES:
        raise TooMuch("properties", where="extend", most=MOST_PROPERTIES)
    properties: dict[str, dict[str, str]] = {}
    for wanted in said["properties"]:
        settings = wanted.get("settings", {}) if isinstance(wanted, dict) else None
        if not isinstance(settings, dict) or "id" not in wanted or len(settings) > MOST_PROPERTIES:
            raise Refused("extend")
        properties[_long(wanted["id"], "extend")] = {
            _plain(name, "extend")[:LONGEST]: _long(_scalar(value, "extend"), "extend")
            for name, value in settings.items()
            if value is not None
        }
    ids = tuple(dict.fromkeys(_long(each, "ids") for each in said["ids"]))
    return Wanted(ids, properties)


def _json(text: str) -> Any:
    try:
        return json.loads(text, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise Refused("json") from error


def _no_number(name: str) -> None:
    raise ValueError(name)


def _plain(value: Any, where: str) -> str:
    if not isinstance(value, str):
        raise Refused("string", where=where[:40])
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        # Half of a surrogate pair, which JSON can spell and nothing can print.
        raise Refused("unicode") from None
    return value


def _long(value: Any, where: str) -> str:
    text = _plain(value, where)
    if len(text) > LONGEST:
        raise Refused("long", where=where[:40], most=LONGEST)
    return text


def _types(said: Any, where: str) -> tuple[str, ...]:
    found = [said] if isinstance(said, str) else said
    if not isinstance(found, list):
        raise Refused("type", where=where)
    if len(found) > MOST_TYPES:
        raise TooMuch("types", where=where, most=MOST_TYPES)
    return tuple(dict.fromkeys(_long(each, where) for each in found if each != ""))


def _limit(said: Any, where: str) -> int:
    if isinstance(said, bool) or not isinstance(said, int | float) or not isfinite(said) or said < 1:
        raise Refused("limit", where=where)
    return int(min(said, MOST_CANDIDATES))


def _given(said: Any, where: str) -> dict[str, tuple[Given, ...]]:
    if not isinstance(said, list):
        raise Refused("property", where=where)
    if len(said) > MOST_PROPERTIES:
        raise TooMuch("properties", where=where, most=MOST_PROPERTIES)
    found: dict[str, tuple[Given, ...]] = {}
    for each in said:
        if not isinstance(each, dict) or "pid" not in each or "v" not in each:
            raise Refused("property", where=where)
        values = each["v"] if isinstance(each["v"], list) else [each["v"]]
        if len(values) > MOST_VALUES:
            raise TooMuch("values", where=where, most=MOST_VALUES)
        name = _long(each["pid"], where)
        found[name] = (*found.get(name, ()), *(_value(value, where) for value in values))
    return found


def _value(said: Any, where: str) -> Given:
    if isinstance(said, dict):
        if "id" not in said:
            raise Refused("value", where=where)
        return Given(_long(said.get("name", ""), where), _long(said["id"], where))
    return Given(_long(_scalar(said, where), where))


def _scalar(said: Any, where: str) -> str:
    if isinstance(said, bool):
        return "true" if said else "false"
    if isinstance(said, int | float):
        # Spreadsheets know no whole numbers: 67482.0 is a code.
        return str(int(said)) if isinstance(said, int) or said.is_integer() else str(said)
    if not isinstance(said, str):
        raise Refused("value", where=where)
    return said
