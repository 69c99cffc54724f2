"""Regions, départements, and communes whose name others have, as data/opendata/lieux.csv.

    python bench/linking/places.py FILE.tgz > data/opendata/lieux.csv

FILE is the npm package @etalab/decoupage-administratif. A graph that holds one Saint-Denis must know that there are
others, and a table of its readers may name any département.
"""

from __future__ import annotations

import csv
import sys
from collections import defaultdict
from pathlib import Path

from ess_graph.link.decoupage import facts
from ess_graph.link.readings import key

COLUMNS = ("unit", "name", "departement", "region", "population")


def main(path: Path) -> None:
    """Print the rows, sorted."""
    known: dict[str, dict[str, str]] = defaultdict(dict)
    for fact in facts(path):
        known[fact.unit].setdefault(fact.property, fact.value)
    named = defaultdict(list)
    for unit, said in known.items():
        if "name" in said and unit.partition(":")[0] in ("commune", "departement", "region"):
            named[key(said["name"])].append(unit)
    table = csv.writer(sys.stdout, lineterminator="\n")
    table.writerow(COLUMNS)
    for unit in sorted(unit for units in named.values() for unit in units):
        if not unit.startswith("commune:") or len(named[key(known[unit]["name"])]) > 1:
            table.writerow((unit, *(known[unit].get(name, "") for name in COLUMNS[1:])))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
