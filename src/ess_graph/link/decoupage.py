"""The npm package @etalab/decoupage-administratif: communes, départements, régions, EPCI and EPT of one year."""

from __future__ import annotations

import json
import re
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import ijson

from ess_graph.errors import InvalidData
from ess_graph.link.registry import Fact
from ess_graph.link.units import is_siren

_READ = ("regions.json", "departements.json", "communes.json", "historique-communes.json", "epci.json", "ept.json")
_YEAR = re.compile(r"^\|\s*(?P<year>\d{4})\s*\|\s*(?P<version>[\d.]+)\s*\|", re.M)


def vintage(path: Path) -> str:
    """The year of a package, from its own table of versions; empty where it does not say."""
    said: dict[str, str] = {}
    for name, handle in _members(path):
        if name in ("README.md", "package.json"):
            said[name] = handle.read().decode("utf-8", "replace")
    version = json.loads(said["package.json"]).get("version", "") if "package.json" in said else ""
    years = {row["version"]: row["year"] for row in _YEAR.finditer(said.get("README.md", ""))}
    return years.get(version, "")


def facts(path: Path) -> Iterator[Fact]:
    """What the package says.

    Args:
        path: the archive of ``npm pack``, its unpacked folder, or one of its JSON files.

    Raises:
        InvalidData: a file is cut, malformed, or not what its name says.
    """
    seen = False
    for name, handle in _members(path):
        if name in _READ:
            seen = True
            try:
                for item in ijson.items(handle, "item", use_float=True):
                    yield from _HOW[name](item)
            except (ijson.JSONError, KeyError, TypeError, AttributeError, OSError, EOFError) as error:
                raise InvalidData(f"{path}: {name} is cut or malformed ({error}). Get it again.") from error
    if not seen:
        raise InvalidData(f"{path} holds none of {', '.join(_READ)}: give the archive that « npm pack » makes.")


def _members(path: Path) -> Iterator[tuple[str, IO[bytes]]]:
    if path.is_dir():
        for file in sorted(path.rglob("*")):
            if file.suffix in {".json", ".md"}:
                with file.open("rb") as handle:
                    yield file.name, handle
    elif path.suffix == ".json":
        with path.open("rb") as handle:
            yield path.name, handle
    else:
        try:
            with tarfile.open(path, "r|*") as archive:
                for member in archive:
                    inside = archive.extractfile(member) if member.isfile() else None
                    if inside is not None:
                        yield Path(member.name).name, inside
        except (tarfile.TarError, OSError, EOFError) as error:
            raise InvalidData(f"{path} cannot be read as an archive: {error}. Get it again.") from error


def _region(item: dict[str, Any]) -> Iterator[Fact]:
    if item.get("zone") == "com":
        return  # An overseas collectivity is no region, and its code is a département's.
    unit = f"region:{item['code']}"
    yield Fact(unit, "name", item["nom"])
    yield Fact(unit, "insee", item["code"])


def _departement(item: dict[str, Any]) -> Iterator[Fact]:
    unit = f"departement:{item['code']}"
    yield Fact(unit, "name", item["nom"])
    yield Fact(unit, "insee", item["code"])
    if item.get("zone") != "com":
        yield Fact(unit, "region", item["region"])


def _commune(item: dict[str, Any]) -> Iterator[Fact]:
    if item["type"] != "commune-actuelle":
        if item["type"] in ("commune-deleguee", "commune-associee"):
            yield Fact(f"commune:{item['chefLieu']}", "delegated", item["nom"])
        return
    unit = f"commune:{item['code']}"
    yield Fact(unit, "name", item["nom"])
    yield Fact(unit, "insee", item["code"])
    if item.get("siren"):
        yield Fact(unit, "siren", _siren(item["siren"], item["nom"]))
    for said, name in (("departement", "departement"), ("region", "region"), ("population", "population")):
        if item.get(said) is not None and not (name == "region" and item.get("zone") == "com"):
            yield Fact(unit, name, str(item[said]))
    for code in item.get("codesPostaux", ()):
        yield Fact(unit, "postcode", code)


def _history(item: dict[str, Any]) -> Iterator[Fact]:
    code, following = item["code"], str(item.get("successeur", ""))
    if item["type"] == "COM" and item.get("raisonFin") == "changement de nom" and following.startswith(f"COM-{code}@"):
        yield Fact(f"commune:{code}", "former", item["nom"], item["dateFin"])


def _body(item: dict[str, Any]) -> Iterator[Fact]:
    unit = f"epci:{_siren(item['code'], item['nom'])}"
    yield Fact(unit, "name", item["nom"])
    yield Fact(unit, "siren", item["code"])
    yield Fact(unit, "nature", item["type"])
    if item.get("populationMunicipale"):
        yield Fact(unit, "population", str(item["populationMunicipale"]))
    for member in item["membres"]:
        yield Fact(unit, "member", member["code"])


def _siren(code: str, name: str) -> str:
    if not is_siren(code):
        raise InvalidData(
            f"« {code} » ({name}) is no SIREN: its check digit is wrong. The file was changed; get it again."
        )
    return code


_HOW = {
    "regions.json": _region,
    "departements.json": _departement,
    "communes.json": _commune,
    "historique-communes.json": _history,
    "epci.json": _body,
    "ept.json": _body,
}
