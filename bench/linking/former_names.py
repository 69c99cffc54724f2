"""Names of the past out of older versions of @etalab/decoupage-administratif, as data/opendata/anciens-noms.csv.

    python bench/linking/former_names.py NEWEST.tgz YEAR=OLDER.tgz… > data/opendata/anciens-noms.csv

An intermunicipal body keeps its SIREN through a change of name; a commune that was renamed keeps its code.
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path

from ess_graph.folding import fold
from ess_graph.link.decoupage import facts


def main(newest: Path, older: list[tuple[str, Path]]) -> None:
    """Print the rows, sorted."""
    now = {fact.unit: fact.value for fact in facts(newest) if fact.property == "name"}
    found: dict[tuple[str, str], str] = {}
    for year, path in older:
        for fact in facts(path):
            if fact.unit not in now or fold(fact.value) == fold(now[fact.unit]):
                continue
            if fact.property == "former":
                found[fact.unit, fact.value] = fact.until
            elif fact.property == "name" and fact.unit.startswith("epci:"):
                # The last file that has the name: it held during that year.
                found[fact.unit, fact.value] = max(found.get((fact.unit, fact.value), ""), year)
    table = csv.writer(sys.stdout, lineterminator="\n")
    table.writerow(("unit", "family", "name", "kind", "until", "successor", "departement", "source"))
    for (unit, name), until in sorted(found.items()):
        table.writerow((unit, unit.partition(":")[0], name, "former", until, "", "", "decoupage-administratif"))


if __name__ == "__main__":
    main(Path(sys.argv[1]), [(said[:4], Path(said[5:])) for said in sys.argv[2:]])
