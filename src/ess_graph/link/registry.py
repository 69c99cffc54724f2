"""The official-codes registry: one SQLite file of facts, each with its source; the matcher's units come from it."""

from __future__ import annotations

import csv
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from ess_graph.errors import InvalidData, NotFound
from ess_graph.folding import fold
from ess_graph.link.assemble import assemble
from ess_graph.link.units import Name, Unit

FILE = "registry.sqlite"
#: Names that the newest registers do not list, in the project's folder: acronyms and bodies that ended, as an editor
#: wrote them down, and names of the past, taken from older official files.
NAMES = tuple(Path("data") / "opendata" / name for name in ("noms-usuels.csv", "anciens-noms.csv"))

_SCHEMA = """
CREATE TABLE IF NOT EXISTS source (id INTEGER PRIMARY KEY, dataset TEXT, vintage TEXT, sha256 TEXT, licence TEXT,
  publisher TEXT, title TEXT, address TEXT, file TEXT, imported TEXT, facts INTEGER, UNIQUE (dataset, vintage));
CREATE TABLE IF NOT EXISTS fact (unit TEXT, property TEXT, value TEXT, until TEXT, source INTEGER);
CREATE INDEX IF NOT EXISTS fact_unit ON fact (unit);
CREATE INDEX IF NOT EXISTS fact_source ON fact (source);
CREATE TABLE IF NOT EXISTS mandate (person TEXT, mandate TEXT, function TEXT, place TEXT, since TEXT, until TEXT,
  source INTEGER);
CREATE INDEX IF NOT EXISTS mandate_person ON mandate (person);
"""
#: A national file that shrinks by more than this was cut, or is another file.
_SHRINKS = 0.1


class Fact(NamedTuple):
    """One thing that an official file says of a unit (``{family}:{code}``); ``until`` where it says that it ended."""

    unit: str
    property: str
    value: str
    until: str = ""


class Mandate(NamedTuple):
    """Who holds which mandate and function where since when: all that is kept of an elected person."""

    person: str
    mandate: str
    function: str
    place: str
    since: str
    until: str = ""


@dataclass(frozen=True)
class Source:
    """A file that was imported, with what is needed to cite it."""

    dataset: str
    vintage: str
    sha256: str
    licence: str
    publisher: str
    title: str
    address: str
    file: str
    imported: str = ""
    facts: int = 0


class Registry:
    """The registry of a home; made at the first import.

    Args:
        home: the folder of releases (``ESS_GRAPH_HOME``).
    """

    def __init__(self, home: Path) -> None:
        self.path = home / FILE

    def _connect(self) -> sqlite3.Connection:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(self.path)
        connection.executescript(_SCHEMA)
        return connection

    def sources(self) -> list[Source]:
        """What was imported, by dataset and vintage; empty where nothing was."""
        if not self.path.exists():
            return []
        with closing(self._connect()) as connection:
            rows = connection.execute(
                "SELECT dataset, vintage, sha256, licence, publisher, title, address, file, imported, facts"
                " FROM source ORDER BY dataset, vintage"
            )
            return [Source(*row) for row in rows]

    def write(self, source: Source, said: Iterable[Fact | Mandate], *, least: int = 0) -> int:
        """Import what a file says, whole or not at all; the same dataset and vintage are replaced.

        Args:
            source: the file.
            said: its facts, read as they are written.
            least: units that the whole file surely has.

        Returns:
            How many facts were written.

        Raises:
            InvalidData: the file is malformed, or far smaller than it was or must be; the registry stays as it was.
        """
        with closing(self._connect()) as connection, connection:
            before = self._count(connection, source.dataset)
            connection.execute(
                "DELETE FROM fact WHERE source IN (SELECT id FROM source WHERE dataset = ? AND vintage = ?)",
                (source.dataset, source.vintage),
            )
            connection.execute(
                "DELETE FROM mandate WHERE source IN (SELECT id FROM source WHERE dataset = ? AND vintage = ?)",
                (source.dataset, source.vintage),
            )
            connection.execute("DELETE FROM source WHERE dataset = ? AND vintage = ?", (source.dataset, source.vintage))
            now = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
            cursor = connection.execute(
                "INSERT INTO source (dataset, vintage, sha256, licence, publisher, title, address, file, imported)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (source.dataset, source.vintage, source.sha256, source.licence, source.publisher, source.title,
                 source.address, source.file, now),
            )  # fmt: skip
            number, count, units = cursor.lastrowid, 0, set[str]()
            for batch in _batches(said):
                facts = [(*item, number) for item in batch if isinstance(item, Fact)]
                held = [(*item, number) for item in batch if isinstance(item, Mandate)]
                connection.executemany("INSERT INTO fact VALUES (?, ?, ?, ?, ?)", facts)
                connection.executemany("INSERT INTO mandate VALUES (?, ?, ?, ?, ?, ?, ?)", held)
                units.update(row[0] for row in facts)
                units.update(f"{row[0]}|{row[3]}|{row[1]}" for row in held)
                count += len(batch)
            _whole(source, len(units), before, least)
            connection.execute("UPDATE source SET facts = ? WHERE id = ?", (count, number))
        return count

    def _count(self, connection: sqlite3.Connection, dataset: str) -> int:
        row = connection.execute(
            "SELECT max(n) FROM (SELECT count(DISTINCT unit) AS n FROM fact JOIN source ON source.id = fact.source"
            " WHERE dataset = ? GROUP BY source.id)",
            (dataset,),
        ).fetchone()
        return int(row[0] or 0)

    def communes(self) -> set[str]:
        """INSEE codes of the communes that are known, against which codes of other files are checked."""
        if not self.path.exists():
            return set()
        with closing(self._connect()) as connection:
            rows = connection.execute(
                "SELECT DISTINCT unit FROM fact WHERE unit LIKE 'commune:%' AND property = 'name'"
            )
            return {row[0].partition(":")[2] for row in rows}

    def facts(self, unit: str) -> list[tuple[str, str, str, Source]]:
        """Property, value, end and source of everything that is said of a unit."""
        with closing(self._connect()) as connection:
            rows = connection.execute(
                "SELECT property, value, until, dataset, vintage, sha256, licence, publisher, title, address, file,"
                " imported, facts FROM fact JOIN source ON source.id = fact.source WHERE unit = ?"
                " ORDER BY property, vintage DESC, value",
                (unit,),
            )
            return [(row[0], row[1], row[2], Source(*row[3:])) for row in rows]

    def mandates(self, person: str) -> list[Mandate]:
        """Mandates held under a name, compared in folded form."""
        with closing(self._connect()) as connection:
            rows = connection.execute(
                "SELECT person, mandate, function, place, since, until FROM mandate WHERE person = ?", (fold(person),)
            )
            return [Mandate(*row) for row in rows]

    def units(self, names: Iterable[Path] = ()) -> list[Unit]:
        """The units that may be meant.

        Args:
            names: files of more names (``NAMES``), used where they exist.

        Raises:
            NotFound: nothing was imported yet.
        """
        if not self.path.exists():
            raise NotFound(
                "The registry is empty: import an official file first, for example"
                " « ess-graph opendata import decoupage-administratif FILE »."
            )
        with closing(self._connect()) as connection:
            rows = connection.execute(
                "SELECT unit, property, value, until, dataset, vintage FROM fact JOIN source"
                " ON source.id = fact.source ORDER BY vintage, fact.rowid"
            )
            return with_more_names(assemble(rows), names)


def with_more_names(units: Iterable[Unit], paths: Iterable[Path]) -> list[Unit]:
    """Units with the names of some files besides, and the bodies that ended which these list.

    The files have the columns ``unit``, ``family``, ``name``, ``kind``, ``until``, ``successor``, ``departement``,
    ``source``. A row whose unit starts with ``ended:`` describes a body that ended, which has no code here.
    """
    known = {unit.key: unit for unit in units}
    more, ended = more_names(paths)
    for key, names in more.items():
        if (unit := known.get(key)) is None:
            continue
        have = {name.text for name in unit.names}
        added = tuple(name for name in names if name.text not in have)
        known[key] = Unit(**{**unit.__dict__, "names": unit.names + added})
    for key, rows in ended.items():
        first = rows[0]
        known[key] = Unit(
            key,
            first["family"],
            tuple(Name(row["name"], "official") for row in rows),
            departements=tuple(first["departement"].split()),
            until=first["until"],
            successor=first["successor"],
        )
    return list(known.values())


def more_names(paths: Iterable[Path]) -> tuple[dict[str, list[Name]], dict[str, list[dict[str, str]]]]:
    """What the files of ``with_more_names`` hold: names by unit, and rows of bodies that ended."""
    more: dict[str, list[Name]] = defaultdict(list)
    ended: dict[str, list[dict[str, str]]] = defaultdict(list)
    for path in paths:
        if not path.exists():
            continue
        with path.open(encoding="utf-8", newline="") as handle:
            for row in csv.DictReader(handle):
                if row["unit"].startswith("ended:"):
                    ended[row["unit"]].append(row)
                else:
                    more[row["unit"]].append(Name(row["name"], row["kind"], row["until"]))
    return more, ended


def _batches(said: Iterable[Fact | Mandate], size: int = 5000) -> Iterator[list[Fact | Mandate]]:
    batch: list[Fact | Mandate] = []
    for item in said:
        batch.append(item)
        if len(batch) >= size:
            yield batch
            batch = []
    yield batch


def _whole(source: Source, units: int, before: int, least: int) -> None:
    if units < max(1, least):
        raise InvalidData(
            f"{source.file} holds {units} units where the whole file has at least {max(1, least)}: it was cut, or is an"
            " extract. Get it again, or say --extract if it is one on purpose. The registry stays as it was."
        )
    if least and units < before * (1 - _SHRINKS):
        raise InvalidData(
            f"{source.file} holds {units} units, the one before it {before}: it was cut, or is another file."
            " Get it again, or say --extract. The registry stays as it was."
        )
