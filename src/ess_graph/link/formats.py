"""What each official file says, row by row, in the registry's words; nothing is kept of people but their mandates."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import ijson

from ess_graph.errors import InvalidData
from ess_graph.folding import fold
from ess_graph.link.registry import Fact, Mandate
from ess_graph.link.units import is_siren, is_siret

_INSEE = re.compile(r"(\d{2}|2[AB])\d{3}")
_NATURES = {
    "communaute de communes": "CC", "communaute d agglomeration": "CA", "communaute urbaine": "CU",
    "metropole": "METRO", "metropole de lyon": "MET69", "metropole lyon": "MET69",
    "etablissement public territorial": "EPT",
}  # fmt: skip
_KINDS = ("CC", "CA", "CU", "METRO", "MET69", "EPT")
_FRENCH_DATE = re.compile(r"(\d{2})/(\d{2})/(\d{4})")


class Codes:
    """Checks codes while a file is read.

    Args:
        file: its name, for messages.
        communes: INSEE codes that are known; empty where none is, and then only the form is checked.
    """

    def __init__(self, file: str, communes: set[str]) -> None:
        self.file = file
        self.communes = communes
        self.seen = self.unknown = 0

    def siren(self, text: str) -> str:
        """A SIREN, its check digit verified; leading zeros that a spreadsheet dropped are not guessed."""
        code = "".join(text.split())
        if not is_siren(code):
            raise InvalidData(f"{self.file}: « {text} » is no SIREN: the check digit is wrong. Get the file again.")
        return code

    def commune(self, text: str) -> str:
        """An INSEE code of a commune; postcodes are told by their being unknown to the code officiel géographique."""
        if not _INSEE.fullmatch(text):
            raise InvalidData(f"{self.file}: « {text} » is no INSEE code of a commune. Get the file again.")
        self.seen += 1
        self.unknown += bool(self.communes) and text not in self.communes
        if self.seen >= 20 and self.unknown > self.seen * 0.4 and len(self.communes) > 1000:
            raise InvalidData(
                f"{self.file}: {self.unknown} of {self.seen} codes are of no commune."
                " They look like postcodes, which are no INSEE codes; take a file that has these."
            )
        return text


def facts(source: str, path: Path, row_source: Iterator[Mapping[str, str]], codes: Codes) -> Iterator[Fact | Mandate]:
    """What the rows of a table say.

    Raises:
        InvalidData: a code is malformed.
    """
    how = _TABLES[source]
    for row in row_source:
        yield from how(row, codes, path)


def documents(kind: str, path: Path, codes: Codes) -> Iterator[Fact | Mandate]:
    """What the items of a JSON document say (``service`` or ``results``; a bare list is read as well).

    Raises:
        InvalidData: the document is cut or malformed, or a code is.
    """
    try:
        with path.open("rb") as handle:
            start = handle.read(64).lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
            handle.seek(0)
            place = "item" if start == b"[" else f"{kind}.item"
            for item in ijson.items(handle, place, use_float=True):
                yield from _DOCUMENTS[kind](item, codes)
    except (ijson.JSONError, UnicodeDecodeError, AttributeError, KeyError, TypeError, json.JSONDecodeError) as error:
        raise InvalidData(f"{path.name} is cut or malformed: {error}. Get it again.") from error


def _communes(row: Mapping[str, str], codes: Codes, path: Path) -> Iterator[Fact]:
    kind = row["type"]
    if kind in ("COMD", "COMA"):
        # A new commune often has the code of one of its parts: the part is known by its name.
        if row["parent"]:
            yield Fact(f"commune:{row['parent']}", "delegated", row["name"])
    elif kind == "COM":
        unit = f"commune:{codes.commune(row['code'])}"
        yield from (Fact(unit, "name", row["name"]), Fact(unit, "insee", row["code"]))
        for name in ("departement", "region"):
            if row[name]:
                yield Fact(unit, name, row[name])


def _departements(row: Mapping[str, str], codes: Codes, path: Path) -> Iterator[Fact]:
    unit = f"departement:{row['code']}"
    yield from (Fact(unit, "name", row["name"]), Fact(unit, "insee", row["code"]), Fact(unit, "region", row["region"]))


def _regions(row: Mapping[str, str], codes: Codes, path: Path) -> Iterator[Fact]:
    unit = f"region:{row['code']}"
    yield from (Fact(unit, "name", row["name"]), Fact(unit, "insee", row["code"]))


def _movements(row: Mapping[str, str], codes: Codes, path: Path) -> Iterator[Fact]:
    same = row["before"] == row["after"] and row["type_before"] == row["type_after"] == "COM"
    # 10 is a change of name; what merges keeps its name as a former municipality, not as a name of the new one.
    if row["kind"] == "10" and same and row["name_before"] != row["name_after"]:
        yield Fact(f"commune:{codes.commune(row['before'])}", "former", row["name_before"], row["date"])


def _populations(row: Mapping[str, str], codes: Codes, path: Path) -> Iterator[Fact]:
    departement, code = row["departement"], row["code"]
    # Overseas, the département has three characters and the code of the commune repeats its last one.
    insee = codes.commune(departement[: 5 - len(code)] + code if len(code) < 5 else code)
    yield Fact(f"commune:{insee}", "population", _number(row["population"], codes))


def _bodies(row: Mapping[str, str], codes: Codes, path: Path) -> Iterator[Fact]:
    unit, member = f"epci:{codes.siren(row['siren'])}", f"commune:{codes.commune(row['insee'])}"
    yield from (Fact(unit, "name", row["name"]), Fact(unit, "siren", unit[5:]))
    yield from (Fact(unit, "nature", _nature(row["nature"])), Fact(unit, "member", row["insee"]))
    yield Fact(member, "siren", codes.siren(row["siren_membre"]))
    if row["population"]:
        yield Fact(member, "population", _number(row["population"], codes))


def _territorial(row: Mapping[str, str], codes: Codes, path: Path) -> Iterator[Fact]:
    if not is_siren(row["siren"]):
        return  # Paris is in the list without one, and the line of totals.
    unit = f"epci:{row['siren']}"
    yield from (Fact(unit, "name", row["name"]), Fact(unit, "siren", row["siren"]), Fact(unit, "nature", "EPT"))
    yield Fact(unit, "member", codes.commune(row["insee"]))


def _groupings(row: Mapping[str, str], codes: Codes, path: Path) -> Iterator[Fact]:
    nature = _nature(row["nature"])
    siren = codes.siren(row["siren"])
    unit = f"epci:{siren}" if nature in _KINDS else f"organisme:{siren}"
    yield from (Fact(unit, "name", row["name"]), Fact(unit, "siren", siren), Fact(unit, "nature", nature))
    if row["acronym"]:
        yield Fact(unit, "acronym", row["acronym"])
    for name in ("departement", "region"):
        if code := row[name].partition(" - ")[0].strip():
            yield Fact(unit, name, code)
    for name in ("telephone", "website"):
        if row[name]:
            yield Fact(unit, name, row[name])


def _accounts(row: Mapping[str, str], codes: Codes, path: Path) -> Iterator[Fact]:
    siren = codes.siren(row["siren"])
    departement = row["departement"].zfill(2) if row["departement"] else ""
    region = row["region"].zfill(2)
    if departement:
        yield Fact(f"departement:{departement}", "siren", siren)
    elif region.strip("0"):
        yield Fact(f"region:{region}", "siren", siren)


def _elected(row: Mapping[str, str], codes: Codes, path: Path) -> Iterator[Mandate]:
    """Name, mandate, function, place and dates; birth date, sex and profession are not even read."""
    place = ""
    if row["epci"]:
        place = f"epci:{codes.siren(row['epci'])}"
    elif row["commune"]:
        place = f"commune:{codes.commune(row['commune'])}"
    elif row["departement"]:
        place = f"departement:{row['departement'].zfill(2)}"
    elif row["region"]:
        place = f"region:{row['region'].zfill(2)}"
    # The kind of mandate is that of the file: "elus-conseillers-departementaux-cd.csv".
    mandate = " ".join(word for word in fold(path.stem).split() if word not in {"elus", "csv"} and len(word) > 3)
    yield Mandate(fold(f"{row['given']} {row['family']}"), mandate, row["function"], place, _iso(row["since"]))


def _legal_units(row: Mapping[str, str], codes: Codes, path: Path) -> Iterator[Fact]:
    # Natural persons have no denomination, and those who asked not to be shown are not.
    if row["ess"] != "O" or not row["name"] or row["diffusion"] in ("P", "N"):
        return
    unit = f"organisme:{codes.siren(row['siren'])}"
    yield from (Fact(unit, "name", row["name"]), Fact(unit, "siren", unit[10:]), Fact(unit, "nature", row["nature"]))
    for name, kind in (("usual1", "usual"), ("acronym", "acronym")):
        if row[name]:
            yield Fact(unit, kind, row[name])
    if row["state"] == "C":
        yield Fact(unit, "ended", row["name"], row["since"])


def _ess_france(row: Mapping[str, str], codes: Codes, path: Path) -> Iterator[Fact]:
    unit = f"organisme:{codes.siren(row['siren'].zfill(9))}"
    yield Fact(unit, "siren", unit[10:])
    yield Fact(unit, "ess", "oui")
    for name in ("name", "nature", "departement"):
        if row[name]:
            yield Fact(unit, name, row[name])


def _associations(row: Mapping[str, str], codes: Codes, path: Path) -> Iterator[Fact]:
    unit = f"organisme:{row['id']}"
    yield from (Fact(unit, "name", row["name"]), Fact(unit, "rna", row["id"]), Fact(unit, "nature", "association"))
    if is_siret(row["siret"]):
        yield Fact(unit, "siren", row["siret"][:9])
    if row["acronym"]:
        yield Fact(unit, "acronym", row["acronym"])
    if row["ended"] and not row["ended"].startswith("0001"):
        yield Fact(unit, "ended", row["name"], _iso(row["ended"]))
    if _INSEE.fullmatch(row["insee"]):
        yield Fact(unit, "departement", row["insee"][:3] if row["insee"].startswith("97") else row["insee"][:2])
    if row["website"]:
        yield Fact(unit, "website", row["website"])


def _service(item: Mapping[str, Any], codes: Codes) -> Iterator[Fact]:
    """Switchboard, website, opening hours and address of an organisation; no person, no mailbox."""
    siret, siren = str(item.get("siret") or ""), str(item.get("siren") or "")
    code = siren if is_siren(siren) else siret[:9] if is_siret(siret) else ""
    pivots = [pivot for pivot in _listed(item.get("pivot")) if isinstance(pivot, dict)]
    town = next((p for p in pivots if p.get("type_service_local") == "mairie" and p.get("code_insee_commune")), None)
    if town is not None:
        unit = f"commune:{codes.commune(str(town['code_insee_commune'][0]))}"
    elif code:
        unit = f"organisme:{code}"
        yield from (Fact(unit, "name", str(item["nom"])), Fact(unit, "siren", code))
    else:
        return
    for name, said in (("telephone", "telephone"), ("website", "site_internet")):
        for entry in _listed(item.get(said))[:1]:
            value = entry.get("valeur") if isinstance(entry, dict) else entry
            if value:
                yield Fact(unit, name, str(value))
    if hours := _listed(item.get("plage_ouverture")):
        yield Fact(unit, "opening", json.dumps(hours, ensure_ascii=False))
    for address in _listed(item.get("adresse"))[:1]:
        parts = (address.get("numero_voie"), address.get("code_postal"), address.get("nom_commune"))
        yield Fact(unit, "address", ", ".join(str(part) for part in parts if part))


def _aid(item: Mapping[str, Any], codes: Codes) -> Iterator[Fact]:
    unit = f"aide:{item['id']}"
    yield Fact(unit, "name", str(item["name"]))
    for name, said in (("website", "url"), ("since", "start_date"), ("deadline", "submission_deadline")):
        if item.get(said):
            yield Fact(unit, name, str(item[said]))
    for financer in item.get("financers") or ():
        yield Fact(unit, "financer", str(financer.get("name") if isinstance(financer, dict) else financer))


def _listed(value: Any) -> list[Any]:
    """A list, which some exports write as a text of JSON."""
    if isinstance(value, str):
        value = json.loads(value) if value.strip().startswith("[") else [value] if value else []
    return list(value or ())


def _nature(text: str) -> str:
    return text if text in _KINDS else _NATURES.get(fold(text), text)


def _number(text: str, codes: Codes) -> str:
    digits = re.sub(r"\s", "", text).removesuffix(".0")
    if not digits.isdigit():
        raise InvalidData(f"{codes.file}: « {text} » is no number of inhabitants. The file was changed; get it again.")
    return digits


def _iso(text: str) -> str:
    found = _FRENCH_DATE.fullmatch(text)
    return f"{found[3]}-{found[2]}-{found[1]}" if found else text[:10]


_TABLES: dict[str, Callable[[Mapping[str, str], Codes, Path], Iterator[Fact | Mandate]]] = {
    "cog-communes": _communes, "cog-departements": _departements, "cog-regions": _regions,
    "cog-mouvements": _movements, "populations": _populations, "epcicom": _bodies, "ept": _territorial,
    "banatic": _groupings, "comptes-consolides": _accounts, "rne": _elected, "sirene-ess": _legal_units,
    "ess-france": _ess_france, "rna": _associations,
}  # fmt: skip
_DOCUMENTS: dict[str, Callable[[Mapping[str, Any], Codes], Iterator[Fact]]] = {"service": _service, "results": _aid}
