"""Places that a table may name and the graph need not hold: regions, départements, communes that share their name."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

from ess_graph.link.units import Name, Unit

#: In the project's folder; made by ``bench/linking/places.py`` from the official file that it names.
FILE = Path("data") / "opendata" / "lieux.csv"


def places(path: Path) -> Iterator[Unit]:
    """The places of a file with the columns ``unit``, ``name``, ``departement``, ``region``, ``population``."""
    if not path.exists():
        return
    with path.open(encoding="utf-8", newline="") as handle:
        for row in csv.DictReader(handle):
            family, _, code = row["unit"].partition(":")
            own = {"departement": row["departement"], "region": row["region"]} | {family: code}
            people = row["population"]
            yield Unit(
                row["unit"], family, (Name(row["name"]),), insee=code,
                departements=(own["departement"],) if own["departement"] else (),
                regions=(own["region"],) if own["region"] else (),
                population=int(people) if people.isdigit() else None,
            )  # fmt: skip
