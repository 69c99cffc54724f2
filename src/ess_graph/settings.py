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
        query_timeout: seconds that a query may take (``ESS_GRAPH_QUERY_TIMEOUT``).
        query_memory: MiB of address space that a query may use (``ESS_GRAPH_QUERY_MEMORY``; 1024 at least).
        query_size: MiB that an answer may have (``ESS_GRAPH_QUERY_SIZE``).
        query_waiting: queries that may wait for a worker (``ESS_GRAPH_QUERY_WAITING``).
        workers: processes for long queries, in each server process (``ESS_GRAPH_WORKERS``).
        proxies: proxies of the operator's in front of the server (``ESS_GRAPH_PROXIES``), to know clients apart.
    """

    root: Path
    home: Path
    sources: Path | None = None
    public_url: str = ""
    query_timeout: float = 30
    query_memory: int = 2048
    query_size: int = 512
    query_waiting: int = 32
    workers: int = 1
    proxies: int = 0

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
            query_timeout=_number(environment, "ESS_GRAPH_QUERY_TIMEOUT", 30, 0.1),
            query_memory=int(_number(environment, "ESS_GRAPH_QUERY_MEMORY", 2048, 1024)),
            query_size=int(_number(environment, "ESS_GRAPH_QUERY_SIZE", 512, 1)),
            query_waiting=int(_number(environment, "ESS_GRAPH_QUERY_WAITING", 32, 1)),
            workers=int(_number(environment, "ESS_GRAPH_WORKERS", 1, 1)),
            proxies=int(_number(environment, "ESS_GRAPH_PROXIES", 0, 0)),
        )


def _number(environment: Mapping[str, str], name: str, default: float, least: float) -> float:
    try:
        value = float(environment.get(name) or default)
    except ValueError:
        raise NotPossibleNow(f"{name} is « {environment[name]} »: give a number.") from None
    if not value >= least:
        raise NotPossibleNow(f"{name} is {value:g}: give at least {least:g}.")
    return value


def _checkout() -> Path:
    for folder in (Path.cwd(), *Path(__file__).parents):
        if (folder / "ontology" / "ess.ttl").is_file() and (folder / "data").is_dir():
            return folder
    raise NotPossibleNow("No project here: run from a checkout of ess-graph, or set ESS_GRAPH_ROOT to one.")
