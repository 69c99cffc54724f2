"""What an operator may set, read once from ``ESS_GRAPH_*``."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ess_graph.errors import NotPossibleNow


@dataclass(frozen=True)
class Settings:
    """Every setting, with its default.

    Attributes:
        root: the project's folder, which holds ``ontology/``, ``shapes/``, ``rules/`` and ``data/``.
        home: releases and journal (``ESS_GRAPH_HOME``; ``.ess-graph/`` in the project's folder).
        sources: folder of the documents, to show passages beside facts (``ESS_GRAPH_SOURCES``).
        public_url: address under which the site is known (``ESS_GRAPH_PUBLIC_URL``), no final slash.
    """

    root: Path
    home: Path
    sources: Path | None = None
    public_url: str = ""

    @classmethod
    def read(cls, environment: Mapping[str, str] = os.environ) -> Settings:
        """Settings from the environment (``ESS_GRAPH_ROOT`` names a project elsewhere)."""
        root = Path(environment.get("ESS_GRAPH_ROOT") or _checkout()).resolve()
        home = Path(environment.get("ESS_GRAPH_HOME") or root / ".ess-graph")
        sources = environment.get("ESS_GRAPH_SOURCES")
        return cls(
            root=root,
            home=home.resolve(),
            sources=Path(sources).resolve() if sources else None,
            public_url=environment.get("ESS_GRAPH_PUBLIC_URL", "").rstrip("/"),
        )


def _checkout() -> Path:
    for folder in (Path.cwd(), *Path(__file__).parents):
        if (folder / "ontology" / "ess.ttl").is_file() and (folder / "data").is_dir():
            return folder
    raise NotPossibleNow("No project here: run from a checkout of ess-graph, or set ESS_GRAPH_ROOT to one.")
