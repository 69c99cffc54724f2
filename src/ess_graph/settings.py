"""What an operator may set, read once from ``ESS_GRAPH_*``."""

from __future__ import annotations

import os
import re
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
        publisher: who publishes this copy of the site, for its legal page (``ESS_GRAPH_PUBLISHER``).
        hosting: who hosts it (``ESS_GRAPH_HOSTING``).
        query_timeout: seconds that a query may take (``ESS_GRAPH_QUERY_TIMEOUT``).
        query_memory: MiB of address space that a query may use (``ESS_GRAPH_QUERY_MEMORY``; 1024 at least).
        query_size: MiB that an answer may have (``ESS_GRAPH_QUERY_SIZE``).
        query_waiting: queries that may wait for a worker (``ESS_GRAPH_QUERY_WAITING``).
        workers: processes for long queries, in each server process (``ESS_GRAPH_WORKERS``).
        write_size: MiB that a write may have (``ESS_GRAPH_WRITE_SIZE``).
        token_file: tokens that allow writes, one a line (``ESS_GRAPH_TOKEN_FILE``); no writes without it.
        audit_log: where each write is noted (``ESS_GRAPH_AUDIT_LOG``; ``audit.jsonl`` in ``home``).
        service_allow: addresses, or prefixes that end in ``/``, that SERVICE and LOAD may reach
            (``ESS_GRAPH_SERVICE_ALLOW``, between spaces); ``IRI=>ADDRESS`` asks a mirror.
        tiles: address of map tiles with ``{z}``, ``{x}`` and ``{y}``, empty for none (``ESS_GRAPH_TILES``).
        tiles_credit: whom the tiles are by, as their licence wants it said (``ESS_GRAPH_TILES_CREDIT``).
        proxies: proxies of the operator's in front of the server (``ESS_GRAPH_PROXIES``), to know clients apart.
    """

    root: Path
    home: Path
    sources: Path | None = None
    public_url: str = ""
    publisher: str = ""
    hosting: str = ""
    query_timeout: float = 30
    query_memory: int = 2048
    query_size: int = 512
    query_waiting: int = 32
    workers: int = 1
    write_size: int = 64
    token_file: Path | None = None
    audit_log: Path | None = None
    service_allow: tuple[str, ...] = ()
    tiles: str = ""
    tiles_credit: str = ""
    proxies: int = 0

    @classmethod
    def read(cls, environment: Mapping[str, str] = os.environ) -> Settings:
        """Settings from the environment (``ESS_GRAPH_ROOT`` names a project elsewhere)."""
        root = Path(environment.get("ESS_GRAPH_ROOT") or _checkout()).resolve()
        home = Path(environment.get("ESS_GRAPH_HOME") or root / ".ess-graph")
        return cls(
            root=root,
            home=home.resolve(),
            sources=_path(environment, "ESS_GRAPH_SOURCES"),
            public_url=environment.get("ESS_GRAPH_PUBLIC_URL", "").rstrip("/"),
            publisher=environment.get("ESS_GRAPH_PUBLISHER", "").strip(),
            hosting=environment.get("ESS_GRAPH_HOSTING", "").strip(),
            query_timeout=_number(environment, "ESS_GRAPH_QUERY_TIMEOUT", 30, 0.1),
            query_memory=int(_number(environment, "ESS_GRAPH_QUERY_MEMORY", 2048, 1024)),
            query_size=int(_number(environment, "ESS_GRAPH_QUERY_SIZE", 512, 1)),
            query_waiting=int(_number(environment, "ESS_GRAPH_QUERY_WAITING", 32, 1)),
            workers=int(_number(environment, "ESS_GRAPH_WORKERS", 1, 1)),
            write_size=int(_number(environment, "ESS_GRAPH_WRITE_SIZE", 64, 1)),
            token_file=_path(environment, "ESS_GRAPH_TOKEN_FILE"),
            audit_log=_path(environment, "ESS_GRAPH_AUDIT_LOG"),
            service_allow=tuple(environment.get("ESS_GRAPH_SERVICE_ALLOW", "").split()),
            tiles=_tiles(environment.get("ESS_GRAPH_TILES", "")),
            tiles_credit=environment.get("ESS_GRAPH_TILES_CREDIT", ""),
            proxies=int(_number(environment, "ESS_GRAPH_PROXIES", 0, 0)),
        )


def _path(environment: Mapping[str, str], name: str) -> Path | None:
    value = environment.get(name)
    return Path(value).resolve() if value else None


def _number(environment: Mapping[str, str], name: str, default: float, least: float) -> float:
    try:
        value = float(environment.get(name) or default)
    except ValueError:
        raise NotPossibleNow(f"{name} is « {environment[name]} »: give a number.") from None
    if not value >= least:
        raise NotPossibleNow(f"{name} is {value:g}: give at least {least:g}.")
    return value


def _tiles(address: str) -> str:
    # Its origin goes into a header: nothing that could end a directive there.
    if address and not (
        re.match(r"https?://[A-Za-z0-9.:\[\]-]+/[^\s;,\"'<>]*$", address)
        and all(f"{{{part}}}" in address for part in "zxy")
    ):
        raise NotPossibleNow(
            f"ESS_GRAPH_TILES is « {address} »: give an address such as https://tiles.example.org/{{z}}/{{x}}/{{y}}.png."
        )
    return address


def _checkout() -> Path:
    for folder in (Path.cwd(), *Path(__file__).parents):
        if (folder / "ontology" / "ess.ttl").is_file() and (folder / "data").is_dir():
            return folder
    raise NotPossibleNow("No project here: run from a checkout of ess-graph, or set ESS_GRAPH_ROOT to one.")
