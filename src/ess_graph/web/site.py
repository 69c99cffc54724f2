"""The release in service, or an older one that a request names, with its engine and its index."""

from __future__ import annotations

import os
import re
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from functools import cached_property
from pathlib import Path
from typing import TypeVar, cast

from flask import has_request_context, request

from ess_graph import releases
from ess_graph.engine.base import Backend, Engine, Limits, Service, Whole, Workers
from ess_graph.engine.point import is_point
from ess_graph.errors import NotFound, NotPossibleNow
from ess_graph.outgoing import Outgoing
from ess_graph.query.display import Display
from ess_graph.query.index import Index, Passage
from ess_graph.releases import Release
from ess_graph.settings import Settings
from ess_graph.vocab import BASE
from ess_graph.web import addresses, protocol
from ess_graph.web.cache import AnswerCache

#: Releases other than the published one that are kept open at once.
_OLDER = 4
#: The anchor of a passage; a long document has several pages, so its address says which lines are wanted.
_LINES = re.compile(r"L\d+(-L\d+)?")
T = TypeVar("T")


class Opened:
    """A release ready to answer: ``engine`` for our own queries, ``service`` for those of strangers."""

    def __init__(
        self,
        release: Release,
        backend: Backend,
        service: Service,
        cache: AnswerCache,
        indexing: Callable[[Release], None],
    ) -> None:
        self.release, self.service, self.cache = release, service, cache
        self._backend, self._indexing = backend, indexing
        self._lock = threading.RLock()
        self._worked_out: dict[Hashable, object] = {}

    def once(self, key: Hashable, work: Callable[[], T]) -> T:
        """What ``work`` gives, kept as long as the release, which never changes, is open."""
        if key not in self._worked_out:
            # Two threads may do the same work at the same time; they come to the same result.
            self._worked_out[key] = work()
        return cast(T, self._worked_out[key])

    @cached_property
    def engine(self) -> Engine:
        """The store, opened in this process."""
        with self._lock:
            return self._backend.open(self.release.store)

    def at_once(self, query: str, media_type: str) -> Whole | None:
        """The answer to a point query, else None; for others the store need not even be opened in this process.

        A store that was written in place may hold deletions, and what these cost nobody bounds.
        """
        if not is_point(query) or self.release.written_in_place:
            return None
        try:
            return self.engine.at_once(query, media_type)
        except NotPossibleNow:  # workers may have more luck with the store, and say so if they have not
            return None

    @cached_property
    def index(self) -> Index:
        """Labels and search; made now for a release that was written in place and nobody has looked at yet."""
        with self._lock:
            if not self.release.index.is_file():
                self._indexing(self.release)
            return Index(self.release.index)

    @cached_property
    def display(self) -> Display:
        """The compiled display shapes."""
        return Display(self.release.display)

    @cached_property
    def portrait(self) -> Display:
        """The compiled portrait shapes."""
        return Display(self.release.portrait)

    @property
    def info(self) -> dict[str, str]:
        """What the foot of each page says."""
        return {"id": self.release.id, "date": str(self.release.manifest["created"])[:10]}


class Site:
    """Gives each request the published release, or the one it asks for; safe to share between threads."""

    def __init__(
        self, settings: Settings, backend: Backend, indexing: Callable[[Release], None] = lambda _: None
    ) -> None:
        self.settings = settings
        # What it says is compared with what it said: to follow it takes a look at every folder on the way.
        self._link = str(settings.home / "current")
        self._target: str | None = None
        self._backend, self._indexing = backend, indexing
        self._current: Opened | None = None
        self._older: OrderedDict[str, Opened] = OrderedDict()
        self._cache = AnswerCache()
        self._lock, self._starting = threading.Lock(), threading.Lock()
        self._workers: Workers | None = None
        self.outgoing = Outgoing(settings.service_allow)

    @property
    def workers(self) -> Workers:
        """The processes that work for strangers; started when first asked for, never before a fork."""
        with self._starting:
            if self._workers is None:
                self._workers = self._backend.serve(self._limits())
            return self._workers

    def opened(self, name: str | None = None) -> Opened:
        """The release of a name (by default what the address says as ``release``), else the published one.

        A swap of ``current`` is noticed at the next request; requests under way finish with the old one.

        Raises:
            NotFound: nothing was published yet, or the release asked for is not kept here.
        """
        asked = name or (protocol.asked("release") if has_request_context() else None)
        try:
            target: str | None = os.readlink(self._link)  # noqa: PTH115 - each request does it, and pathlib is slow
        except OSError:
            target = None
        with self._lock:
            if target and asked and asked != target.rpartition("/")[2]:
                return self._kept(asked)
            if self._current is None or target is None or self._target != target:
                release = releases.current(self.settings.home)
                if self._current is None or self._current.release.folder != release.folder:
                    self._current = self._open(release)
                self._target = target
            return self._current

    def _kept(self, name: str) -> Opened:
        if name not in self._older:
            try:
                self._older[name] = self._open(releases.named(self.settings.home, name))
            except NotFound:
                addresses.forget("release")
                raise
        self._older.move_to_end(name)
        while len(self._older) > _OLDER:
            self._older.popitem(last=False)
        return self._older[name]

    def _open(self, release: Release) -> Opened:
        return Opened(release, self._backend, self.workers.over(release.store), self._cache, self._indexing)

    def engine(self, release: Release) -> Engine:
        """An engine over any release, for the caller to close."""
        return self._backend.open(release.store)

    def _limits(self) -> Limits:
        settings = self.settings
        return Limits(
            settings.query_timeout,
            settings.query_memory,
            settings.query_size,
            settings.query_waiting,
            settings.workers,
        )

    def absolute(self, path: str = "") -> str:
        """A path of this site for those who are elsewhere: under the public address, else under the one asked for."""
        return (self.settings.public_url or request.host_url.rstrip("/")) + path

    def onward(self, path: str, arguments: Mapping[str, str] | None = None, anchor: str = "") -> str:
        """Where a redirect leads: a path of this site, under the public address if any, with what the reader chose."""
        return self.settings.public_url + addresses.onward(path, arguments, anchor)

    def link(self, iri: str) -> str | None:
        """Where people follow an IRI: a page of this site, an http(s) address, or nowhere."""
        if iri.startswith(BASE):
            path = iri.removeprefix(BASE)
            kind = path.partition("/")[0].partition("#")[0]
            if kind in ("id", "voc", "source", "onto", "graph"):
                page, _, anchor = path.removeprefix("id/").partition("#")
                return self.onward(f"/page/{page}", {"lignes": anchor} if _LINES.fullmatch(anchor) else None, anchor)
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
