"""Real names of the registry, written as people write them, with the code that each still means.

    python bench/linking/perturb.py HOME [SEED] [HOW_MANY] > tests/cases/linking/perturbed.csv

HOME holds a registry. The seed is fixed (2026 unless given), so the same registry gives the same list. Columns:
``name``, ``family`` and ``departement`` (what a spreadsheet would say besides; often empty), ``expected`` (keys of the
registry, several where nobody could tell, none where nothing is meant), ``how``.
"""

from __future__ import annotations

import csv
import random
import re
import sys
import unicodedata
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

from ess_graph.folding import fold
from ess_graph.link.registry import NAMES, Registry
from ess_graph.link.units import Unit

SEED = 2026
_KEYBOARD = "abcdefghijklmnopqrstuvwxyz"
_LONG = {
    "CC": "Communauté de communes", "CA": "Communauté d'agglomération", "CU": "Communauté urbaine",
}  # fmt: skip
_VOWELS = "aeiouyéèêhAEIOUYÉÈÊHÎîÂâÔô"

Row = tuple[str, str, str, str, str]


def main(home: Path, seed: int, most: int) -> None:
    """Print the list."""
    root = Path(__file__).parents[2]
    units = [u for u in Registry(home).units([root / name for name in NAMES]) if not u.until]
    rows = rows_of(units, random.Random(seed), most)
    table = csv.writer(sys.stdout, lineterminator="\n")
    table.writerow(("name", "family", "departement", "expected", "how"))
    table.writerows(rows)


def rows_of(units: list[Unit], chance: random.Random, most: int) -> list[Row]:
    """About ``most`` rows, of all families and all ways of writing."""
    names: dict[str, list[Unit]] = defaultdict(list)
    places = {u.code: u.name for u in units if u.family == "departement"}
    for unit in units:
        names[fold(_plain(unit))].append(unit)
    by_family = {family: [u for u in units if u.family == family] for family in ("commune", "epci", "departement")}
    alone = {family: [u for u in group if len(names[fold(_plain(u))]) == 1] for family, group in by_family.items()}
    # People write the names of towns more often than those of hamlets: half of the draws prefer them.
    rows: list[Row] = []
    shares = {"commune": 0.5, "epci": 0.35, "departement": 0.15}
    for family, share in shares.items():
        ways = _WAYS[family]
        for number in range(int(most * share)):
            group = alone[family]
            way, written = ways[number % len(ways)], ""
            for _ in range(30):
                unit = chance.choice(group) if number % 2 else _by_people(group, chance)
                if written := way(unit, chance):
                    break
            # A slip may make the name of another town: then nobody could tell.
            if written and (fold(written) == fold(_plain(unit)) or fold(written) not in names):
                rows.append((written, "", "", unit.key, way.__name__.strip("_")))
    rows += _namesakes(names, places, chance, most // 10)
    return list({row[:3]: row for row in rows}.values())


def _by_people(group: list[Unit], chance: random.Random) -> Unit:
    several = chance.sample(group, min(40, len(group)))
    return max(several, key=lambda unit: unit.population or 0)


def _plain(unit: Unit) -> str:
    """A body's name without the initials of its kind."""
    return re.sub(r"^(CC|CA|CU) ", "", unit.name) if unit.family == "epci" else unit.name


def _namesakes(names: dict[str, list[Unit]], places: dict[str, str], chance: random.Random, most: int) -> list[Row]:
    groups = [g for g in names.values() if len(g) > 1 and all(u.family == "commune" for u in g)]
    rows: list[Row] = []
    for group in chance.sample(groups, most):
        keys = " ".join(sorted(u.key for u in group))
        unit = chance.choice(group)
        same = [u for u in group if u.departements == unit.departements]
        code = unit.departements[0] if unit.departements else ""
        if len(same) > 1 or code not in places:
            continue
        forms = (
            f"{unit.name} ({code})", f"{unit.name} ({places[code]})", f"{unit.name}, {places[code]}",
            f"{unit.name} {code}", f"{code} - {unit.name}", f"Mairie de {unit.name} - {places[code]}",
        )  # fmt: skip
        rows.append((chance.choice(forms), "", "", unit.key, "namesake_with_departement"))
        rows.append((unit.name, "commune", code, unit.key, "namesake_with_column"))
        rows.append((unit.name, "commune", "", keys, "namesake_alone"))
    return rows


def _of(name: str) -> str:
    """A name after "de", as French elides and contracts it."""
    if name.startswith("Le "):
        return f"du {name[3:]}"
    if name.startswith("Les "):
        return f"des {name[4:]}"
    return f"d'{name}" if name[0] in _VOWELS else f"de {name}"


def upper(unit: Unit, chance: random.Random) -> str:
    return unit.name.upper()


def upper_without_accents(unit: Unit, chance: random.Random) -> str:
    decomposed = unicodedata.normalize("NFD", unit.name.upper())
    return "".join(c for c in decomposed if not unicodedata.combining(c))


def spaces_for_hyphens(unit: Unit, chance: random.Random) -> str:
    return unit.name.replace("-", " ").replace("'", " ")


def hyphens_for_spaces(unit: Unit, chance: random.Random) -> str:
    return _plain(unit).replace(" ", "-")


def saint_short(unit: Unit, chance: random.Random) -> str:
    short = unit.name
    for long, brief in (("Sainte-", "Ste "), ("Saint-", "St "), ("Sainte ", "Ste "), ("Saint ", "St-")):
        short = short.replace(long, brief)
    return short if short != unit.name else ""


def town_of(unit: Unit, chance: random.Random) -> str:
    return (
        f"{chance.choice(('Ville', 'Commune', 'Mairie', 'ville', 'mairie', 'VILLE', 'Municipalité'))} {_of(unit.name)}"
    )


def without_article(unit: Unit, chance: random.Random) -> str:
    found = re.match(r"(?:Le |La |Les |L')(.+)", unit.name)
    return found.group(1) if found else ""


def article_behind(unit: Unit, chance: random.Random) -> str:
    found = re.match(r"(Le|La|Les|L(?='))[' ](.+)", unit.name)
    return f"{found.group(2)} ({found.group(1)})" if found else ""


def with_postcode(unit: Unit, chance: random.Random) -> str:
    if not unit.postcodes:
        return ""
    code = unit.postcodes[0]
    return chance.choice((f"{code} {unit.name}", f"{unit.name} {code}", f"Mairie {_of(unit.name)}, {code}"))


def slip(unit: Unit, chance: random.Random) -> str:
    name = _plain(unit)
    if len(name) < 8:
        return ""
    place = chance.randrange(1, len(name) - 1)
    letter = name[place]
    if not letter.isalpha():
        return ""
    written = {
        0: name[:place] + name[place + 1 :],
        1: name[:place] + letter + name[place:],
        2: name[:place] + chance.choice(_KEYBOARD) + name[place + 1 :],
        3: name[:place] + name[place + 1] + letter + name[place + 2 :],
    }[chance.randrange(4)]
    if unit.family == "departement":
        return f"Département {_of(written)}"
    initials = unit.name[: len(unit.name) - len(name)]
    return initials + written


def slip_with_departement(unit: Unit, chance: random.Random) -> str:
    written = slip(unit, chance)
    return f"{written} ({unit.departements[0]})" if written and unit.departements else ""


def former(unit: Unit, chance: random.Random) -> str:
    found = [name.text for name in unit.names if name.kind == "former"]
    return chance.choice(found) if found else ""


def usual(unit: Unit, chance: random.Random) -> str:
    found = [name.text for name in unit.names if name.kind == "usual"]
    return chance.choice(found) if found else ""


def kind_in_full(unit: Unit, chance: random.Random) -> str:
    initials = unit.name.partition(" ")[0]
    return _LONG[initials] + unit.name[len(initials) :] if initials in _LONG else ""


def kind_lower(unit: Unit, chance: random.Random) -> str:
    return kind_in_full(unit, chance).lower()


def kind_dotted(unit: Unit, chance: random.Random) -> str:
    initials = unit.name.partition(" ")[0]
    return f"{initials[0]}.{initials[1]}." + unit.name[2:] if initials in _LONG else ""


def comcom(unit: Unit, chance: random.Random) -> str:
    plain = _plain(unit)
    said = {"CC": ("Com com", "ComCom", "la communauté de communes"), "CA": ("Agglo", "L'agglomération", "Cté d'agglo")}
    initials = unit.name.partition(" ")[0]
    return f"{chance.choice(said[initials])} {plain}" if initials in said else ""


def without_kind(unit: Unit, chance: random.Random) -> str:
    plain = re.sub(r"^(du|de la|de l'|de|des|d') ?", "", _plain(unit))
    return plain if len(fold(plain).split()) > 1 else ""


def kind_and_departement(unit: Unit, chance: random.Random) -> str:
    return (
        f"{kind_in_full(unit, chance)} ({unit.departements[0]})"
        if kind_in_full(unit, chance) and unit.departements
        else ""
    )


def metropole_of(unit: Unit, chance: random.Random) -> str:
    found = re.fullmatch(r"(\S+) Métropole", _plain(unit))
    return f"Métropole de {found.group(1)}" if found and unit.nature == "METRO" else ""


def initials_added(unit: Unit, chance: random.Random) -> str:
    letters = "".join(word[0] for word in fold(unit.name).split() if word not in {"de", "du", "la", "et", "l", "d"})
    return f"{unit.name} ({letters.upper()})" if 2 < len(letters) < 7 else ""


def _council(word: str) -> Callable[[Unit, random.Random], str]:
    def written(unit: Unit, chance: random.Random) -> str:
        ended = {"67", "68", "2A", "2B", "972", "973"}
        if unit.code in ended and word not in ("Département", "Dpt", "Dép."):
            return ""
        name = unit.name
        feminine = name in {
            "Corrèze", "Creuse", "Dordogne", "Drôme", "Gironde", "Haute-Garonne", "Haute-Loire", "Haute-Marne",
            "Haute-Saône", "Haute-Savoie", "Haute-Vienne", "Loire", "Lozère", "Manche", "Marne", "Mayenne", "Meuse",
            "Moselle", "Nièvre", "Sarthe", "Savoie", "Seine-Maritime", "Somme", "Vendée", "Vienne", "Charente",
        }  # fmt: skip
        plural = name.startswith(
            ("Alpes", "Ardennes", "Bouches", "Côtes", "Deux", "Hautes", "Hauts", "Landes", "Py", "Vos", "Yv")
        )
        joined = f"de la {name}" if feminine else f"des {name}" if plural else f"du {name}"
        if name[0] in _VOWELS and not name.startswith("H"):
            joined = f"de l'{name}"
        return f"{word} {joined}"

    written.__name__ = "council_" + fold(word).replace(" ", "_")
    return written


def council_number(unit: Unit, chance: random.Random) -> str:
    if unit.code in {"67", "68", "2A", "2B", "972", "973"} or len(unit.code) == 3:
        return ""
    return chance.choice((f"CD {unit.code}", f"CD{unit.code}", f"Département {unit.code}", f"CG{unit.code}"))


_WAYS: dict[str, tuple[Callable[[Unit, random.Random], str], ...]] = {
    "commune": (
        upper, upper_without_accents, spaces_for_hyphens, saint_short, town_of, town_of, without_article,
        article_behind, with_postcode, slip, slip_with_departement, former, hyphens_for_spaces,
    ),
    "epci": (
        upper, upper_without_accents, spaces_for_hyphens, saint_short, kind_in_full, kind_lower, kind_dotted, comcom,
        without_kind, kind_and_departement, metropole_of, slip, slip_with_departement, former, usual, initials_added,
    ),
    "departement": (
        upper, upper_without_accents, spaces_for_hyphens, _council("Département"), _council("Conseil départemental"),
        _council("Dpt"), _council("CD"), _council("Conseil général"), council_number, slip, former, _council("Dép."),
    ),
}  # fmt: skip


if __name__ == "__main__":
    said = sys.argv[1:]
    main(Path(said[0]), int(said[1]) if len(said) > 1 else SEED, int(said[2]) if len(said) > 2 else 700)
