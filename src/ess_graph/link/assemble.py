"""Facts of several files and years become units: the newest value holds, an older name is a former one."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable

from ess_graph.link.units import Name, Unit, unique

#: What a register appends to a name, or puts in quotes: "CA de l'Albigeois (C2A)", "CA de Blois ''Agglopolys''".
_INITIALS = re.compile(r"^(?P<name>.+?)\s*\((?P<initials>[^()]{2,40})\)$")
_QUOTED = re.compile(r"(?:''|\")(?P<name>[^\"]+?)(?:''|\")")

#: unit, property, value, until, dataset, vintage; oldest vintage first.
Row = tuple[str, str, str, str, str, str]


def assemble(rows: Iterable[Row]) -> list[Unit]:
    """Units of the registry, from all its facts in the order of their vintages."""
    values: dict[str, dict[str, list[tuple[str, str, str, str]]]] = defaultdict(lambda: defaultdict(list))
    newest: dict[str, str] = {}
    for unit, name, value, until, dataset, vintage in rows:
        values[unit][name].append((value, until, dataset, vintage))
        if name == "name":
            newest[dataset] = max(newest.get(dataset, ""), vintage)
    people = {
        key.partition(":")[2]: int(known["population"][-1][0])
        for key, known in values.items()
        if key.startswith("commune:") and known["population"]
    }
    whole: dict[str, int] = defaultdict(int)
    homes = {
        key.partition(":")[2]: (_last(known, "departement"), _last(known, "region"))
        for key, known in values.items()
        if key.startswith("commune:")
    }
    for code, (departement, region) in homes.items():
        for place in (f"departement:{departement}", f"region:{region}"):
            if place in values:
                whole[place] += people.get(code, 0)
    regions = {
        key.partition(":")[2]: _last(known, "region") for key, known in values.items() if key.startswith("departement:")
    }
    return [
        _unit(key, known, newest, people, homes, regions, whole[key])
        for key, known in values.items()
        if known["name"] and not key.startswith("aide:")
    ]


def _unit(
    key: str,
    known: dict[str, list[tuple[str, str, str, str]]],
    newest: dict[str, str],
    people: dict[str, int],
    homes: dict[str, tuple[str, str]],
    regions: dict[str, str],
    whole: int,
) -> Unit:
    family, _, code = key.partition(":")
    members = _members(known)
    by_departement: dict[str, int] = defaultdict(int)
    for member in members:
        by_departement[homes.get(member, ("", ""))[0]] += people.get(member, 0)
    departements = unique(
        [_last(known, "departement"), *sorted(by_departement, key=lambda place: -by_departement[place])]
    )
    if family == "departement":
        departements = (code,)
    own = (_last(known, "region"), *(regions.get(place, "") for place in departements))
    population = _last(known, "population")
    last = max(known["name"], key=lambda item: item[3])
    ended = known["ended"][-1][1] if known["ended"] else ""
    if not ended and last[3] < newest.get(last[2], ""):
        # The newer file of the same kind does not list it any more.
        ended = f"{last[3]}-12-31"
    return Unit(
        key,
        family,
        _names(known),
        nature=_last(known, "nature"),
        insee=_last(known, "insee"),
        siren=_last(known, "siren"),
        departements=departements,
        regions=(code,) if family == "region" else unique(own),
        population=int(population) if population else whole or None,
        seat=max(members, key=lambda member: people.get(member, 0), default="") if family == "epci" else "",
        postcodes=unique(value for value, *_ in known["postcode"]),
        until=ended,
        successor=_last(known, "successor"),
    )


def _members(known: dict[str, list[tuple[str, str, str, str]]]) -> tuple[str, ...]:
    """Members according to the newest file that lists any."""
    last = max((vintage for *_, vintage in known["member"]), default="")
    return unique(value for value, _, _, vintage in known["member"] if vintage == last)


def _last(known: dict[str, list[tuple[str, str, str, str]]], name: str) -> str:
    return known[name][-1][0] if known[name] else ""


def _names(known: dict[str, list[tuple[str, str, str, str]]]) -> tuple[Name, ...]:
    official = known["name"]
    last = official[-1][0]
    found = [Name(_bare(last)), *_initials(last)]
    until: dict[str, str] = {}
    for text, _, _, vintage in official:
        until[text] = max(until.get(text, ""), vintage)
    for text, year in until.items():
        if text != last:
            found += [Name(_bare(text), "former", year), *_initials(text)]
    found += [Name(text, "former", until) for text, until, *_ in known["former"]]
    found += [Name(text, "usual") for text, *_ in known["usual"]]
    found += [Name(text, "acronym") for text, *_ in known["acronym"]]
    found += [Name(text, "delegated", until) for text, until, *_ in known["delegated"]]
    names: dict[str, Name] = {}
    for name in found:
        names.setdefault(name.text, name)
    return tuple(names.values())


def _bare(text: str) -> str:
    found = _INITIALS.match(text)
    return " ".join(_QUOTED.sub(r"\g<name>", found["name"] if found else text).split())


def _initials(text: str) -> list[Name]:
    found = _INITIALS.match(text)
    inside = [found["initials"]] if found else []
    quoted = [match["name"] for match in _QUOTED.finditer(text)]
    return [Name(name, "usual" if " " in name or name in quoted else "acronym") for name in (*inside, *quoted)]
