"""The release in service, its engine and its index, opened again when another is published."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from flask import g, has_request_context, request

from ess_graph import releases
from ess_graph.engine.base import Backend, Engine, Limits, Service
from ess_graph.query.display import Display
from ess_graph.query.index import Index, Passage
from ess_graph.releases import Release
from ess_graph.settings import Settings
from ess_graph.vocab import BASE
from ess_graph.web.cache import AnswerCache


@dataclass(frozen=True)
class Opened:
    """A release ready to answer: ``engine`` for our own queries, ``service`` for those of strangers."""

    release: Release
    engine: Engine
    service: Service
    index: Index
    display: Display
    cache: AnswerCache

    @property
    def info(self) -> dict[str, str]:
        """What the foot of each page says."""
        return {"id": self.release.id, "date": str(self.release.manifest["created"])[:10]}


class Site:
    """Gives each request the published release; safe to share between threads."""

    def __init__(self, settings: Settings, backend: Backend) -> None:
        self.settings = settings
        self._backend = backend
        self._opened: Opened | None = None
        self._lock = threading.Lock()

    def opened(self) -> Opened:
        """The published release, opened; a swap of ``current`` is noticed at the next request.

        Raises:
            NotFound: nothing was published yet.
        """
        target = (self.settings.home / "current").resolve()
        with self._lock:
            if self._opened is None or self._opened.release.folder != target:
                release = releases.current(self.settings.home)
                if self._opened is not None:
                    # Requests that still use the old release finish with it.
                    self._opened.service.close()
                self._opened = Opened(
                    release,
                    self._backend.open(release.store),
                    self._backend.serve(release.store, self._limits()),
                    Index(release.index),
                    Display(release.display),
                    AnswerCache(),
                )
            return self._opened

    def _limits(self) -> Limits:
        settings = self.settings
        return Limits(
            settings.query_timeout,
            settings.query_memory,
            settings.query_size,
            settings.query_waiting,
            settings.workers,
        )

    def address(self, path: str) -> str:
        """A path of this site as others follow it: under the public address where there is one."""
        return self.settings.public_url + path

    def link(self, iri: str) -> str | None:
        """Where people follow an IRI: a page of this site, an http(s) address, or nowhere."""
        if iri.startswith(BASE):
            path = iri.removeprefix(BASE)
            kind = path.partition("/")[0].partition("#")[0]
            if kind in ("id", "voc", "source", "onto", "graph"):
                page, mark, anchor = path.removeprefix("id/").partition("#")
                chosen = f"?lang={g.lang}" if has_request_context() and request.args.get("lang") == g.lang else ""
                return self.address(f"/page/{page}{chosen}{mark}{anchor}")
        return iri if iri.startswith(("http://", "https://")) else None

    @cached_property
    def _documents(self) -> dict[str, list[str]]:
        folder = self.settings.sources
        found = sorted(folder.glob("*.txt")) if folder else []
        return {path.name: _lines(path) for path in found}

    def passage_text(self, passage: Passage) -> str | None:
        """The text of a passage, when a documents folder is configured and holds its document."""
        lines = self._documents.get(passage.file)
        return "\n".join(lines[passage.first - 1 : passage.last]).strip() if lines else None


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").split("\n")
