"""Communes that share their name with others, so that a graph which holds only one of them knows of the rest."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

from ess_graph.link.units import Name, Unit

#: In the project's folder; made by ``bench/linking/namesakes.py`` from the official file that it names.
FILE = Path("data") / "opendata" / "homonymes.csv"


def namesakes(path: Path) -> Iterator[Unit]:
    """The communes of a file with the columns ``unit``, ``name``, ``departement``, ``region``, ``population``."""
    if not path.exists():
        return
    with path.open(encoding="utf-8", newline="") as handle:
        for row in csv.DictReader(handle):
            people = row["population"]
            yield Unit(
                row["unit"], "commune", (Name(row["name"]),), insee=row["unit"].partition(":")[2],
                departements=(row["departement"],), regions=(row["region"],) if row["region"] else (),
                population=int(people) if people.isdigit() else None,
            )  # fmt: skip
