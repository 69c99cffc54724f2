"""Every class as one table, all in one ZIP file."""

from __future__ import annotations

import zipfile
from pathlib import Path

from ess_graph.query.display import Display
from ess_graph.query.exports import cells
from ess_graph.query.exports.cells import Dialect
from ess_graph.query.exports.class_table import Source, table
from ess_graph.query.lists import slug

#: ZIP knows no date before this one; a date that never changes keeps the same content at the same bytes.
_WHEN = (1980, 1, 1, 0, 0, 0)


def write(path: Path, display: Display, lang: str, dialect: Dialect, source: Source, note: str) -> None:
    """Write a ZIP file with a table for each class that has members, and a note on how to read them."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr(_entry("LISEZ-MOI.txt" if lang == "fr" else "README.txt"), note)
        counts = source.index.counts()
        for shown in display.classes:
            if counts.get(shown.target):
                with packed.open(_entry(f"{slug(shown.target)}.csv"), "w") as out:
                    for piece in cells.written(
                        table(shown, source.index.things(shown.target), lang, dialect, source), dialect
                    ):
                        out.write(piece)


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, _WHEN)
    entry.compress_type = zipfile.ZIP_DEFLATED
    return entry
