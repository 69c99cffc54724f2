"""Makes the release that a write asks for, in a process of its own: inference and validation take long.

A request is one JSON object; so is what became of it: ``release`` and ``entry``, or ``refused`` with ``report``,
or ``failed``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ess_graph import terms
from ess_graph.build import journal
from ess_graph.build.recipe import Recipe
from ess_graph.build.release import Refused, make
from ess_graph.engine.base import Backend
from ess_graph.errors import EssGraphError, InvalidData

#: Findings that an answer lists; their number is always whole.
_SHOWN = 100


def made(request: dict[str, Any], backend: Backend) -> dict[str, Any]:
    """Do what a request says; see ``build/writes.py`` for its fields."""
    said = request["recipe"]
    files = None if said["files"] is None else tuple(map(Path, said["files"]))
    recipe = Recipe(**{**said, "root": Path(said["root"]), "files": files})
    home = Path(request["home"])
    removed, added = (terms.from_nquads("\n".join(request[name])) for name in ("removed", "added"))
    change = journal.new(home, request["who"], request["what"], removed, added)
    try:
        release = make(recipe, home, backend, change=change)
    except Refused as error:
        found = error.found.refusal()
        report = found.as_json()
        return {"refused": found.text(), "report": {**report, "findings": list(report["findings"])[:_SHOWN]}}
    except InvalidData as error:
        return {"refused": str(error)}
    except EssGraphError as error:
        return {"failed": str(error)}
    return {"release": release.id, "entry": change.id}
