"""Writes where nothing is derived: the store itself is written, and a copy of it published after each write."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from rdflib import Graph

from ess_graph import releases
from ess_graph.build.locks import turn
from ess_graph.build.release import point
from ess_graph.build.validate import Report
from ess_graph.engine.base import Gone, Receipt, Step, Workers, never

#: Releases that a write leaves in place for those who still read them; they share most of their files.
_KEPT = 20
_PATIENCE = 30


class InPlace:
    """The publisher of anybody's data: SPARQL Update with all it can do, and every graph can be written."""

    union = False
    guarded: frozenset[str] = frozenset()

    def __init__(self, home: Path, workers: Callable[[], Workers]) -> None:
        self._home, self._workers = home, workers

    def write(
        self, steps: Sequence[Step], *, who: str, what: str, seconds: float | None = None, gone: Gone = never
    ) -> Receipt:
        """Carry out a write, whole or not at all; see ``Publisher``."""
        del who, what  # the audit log has them; there is no journal
        with turn(self._home, _PATIENCE, gone):
            base = releases.current(self._home)
            number = int(base.manifest.get("number", 0)) + 1
            first = base.id.partition(".")[0]
            folder = releases.folder(self._home) / f"{first}.{number:07d}"
            shutil.rmtree(folder, ignore_errors=True)  # of a write that was interrupted
            folder.mkdir()
            try:
                self._workers().written(base.store, steps, folder / "store", seconds=seconds, gone=gone)
                (folder / "display").symlink_to(Path("..") / first / "display")
                manifest = {
                    "layout": releases.LAYOUT,
                    "created": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
                    "inputs": "",
                    "number": number,
                    "quads": None,
                    "triples": None,
                    "files": {},
                }
                # Nothing was validated; the page that shows what was found finds nothing.
                (folder / "validation.json").write_text(json.dumps(Report([], Graph()).as_json()), encoding="utf-8")
                (folder / releases.MANIFEST).write_text(json.dumps(manifest), encoding="utf-8")
                point(self._home, folder)
            except BaseException:
                shutil.rmtree(folder, ignore_errors=True)
                raise
            old = releases.folder(self._home) / f"{first}.{number - _KEPT:07d}"
            if number > _KEPT and os.path.lexists(old):
                shutil.rmtree(old, ignore_errors=True)
            return Receipt(folder.name)
