"""Where releases live and what each holds; reading only, ``build/release.py`` writes them.

A release is a directory that never changes once published. ``current`` is a symbolic link, swapped in
one step, so a reader sees the old release or the new one and nothing in between.
"""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ess_graph.errors import NotFound

MANIFEST = "release.json"
#: What the files of a release look like; raised when a program can no longer read what an older one wrote.
LAYOUT = 2
#: What each manifest says; one that lacks any of it was damaged.
_SAID = {"created", "inputs", "files"}


@dataclass(frozen=True)
class Release:
    """A published release.

    Attributes:
        folder: its directory; ``id`` is the directory's name.
        manifest: what ``release.json`` says: ``created`` (ISO date and time), ``inputs`` (hash of all that it
            was built from), ``files`` (SHA-256 by name), ``quads`` and ``triples`` (counts).
    """

    folder: Path
    manifest: dict[str, Any]

    @property
    def id(self) -> str:
        """Name by which ``?release=`` and the command line call it."""
        return self.folder.name

    @property
    def store(self) -> Path:
        """The engine's directory."""
        return self.folder / "store"

    @property
    def written_in_place(self) -> bool:
        """Whether a write made it of another one, without a build: its store may hold what was deleted."""
        return "number" in self.manifest

    @property
    def index(self) -> Path:
        """SQLite file with labels and the search index."""
        return self.folder / "index.sqlite"

    @property
    def display(self) -> Path:
        """Compiled display shapes (JSON and one query for each class)."""
        return self.folder / "display"

    @property
    def portrait(self) -> Path:
        """Compiled portrait shapes, in the same form."""
        return self.folder / "portrait"

    @property
    def dump(self) -> Path:
        """Every named graph, as N-Quads, its lines in the order of their bytes."""
        return self.folder / "graph.nq"

    @property
    def dumps(self) -> Path:
        """Folder of the files that people download whole."""
        return self.folder / "dumps"

    @property
    def void(self) -> Path:
        """The release described as a whole: how much of which class and property, and what these are called."""
        return self.folder / "void.ttl"

    @property
    def context(self) -> Path:
        """The JSON-LD context."""
        return self.folder / "context.jsonld"

    @property
    def changes(self) -> Path:
        """What changed since the release before (JSON)."""
        return self.folder / "changes.json"

    def damage(self) -> list[str]:
        """Names of files that are missing or whose checksum differs; empty for a sound release."""
        return [
            name
            for name, digest in self.manifest["files"].items()
            if not (self.folder / name).is_file() or sha256(self.folder / name) != digest
        ]


def sha256(path: Path) -> str:
    """Hexadecimal SHA-256 of a file's bytes."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def folder(home: Path) -> Path:
    """The directory that holds the releases."""
    return home / "releases"


def listed(home: Path) -> list[Release]:
    """Every complete release, newest first."""
    found = []
    for path in folder(home).glob(f"*/{MANIFEST}"):
        with suppress(NotFound):
            found.append(opened(path.parent))
    return sorted(found, key=lambda release: (str(release.manifest["created"]), release.id), reverse=True)


def opened(path: Path) -> Release:
    """The release in a directory.

    Raises:
        NotFound: no complete release there.
    """
    manifest = path / MANIFEST
    if not manifest.is_file():
        raise NotFound(f"No release in {path}: run « ess-graph build ».")
    try:
        said = json.loads(manifest.read_text(encoding="utf-8"))
        layout, complete = said.get("layout"), said.keys() >= _SAID and isinstance(said["files"], dict)
    except (OSError, ValueError, AttributeError) as error:
        raise NotFound(f"{path.name} is damaged ({MANIFEST}): run « ess-graph build ».") from error
    if layout != LAYOUT:
        raise NotFound(f"{path.name} was made by another version of ess-graph: run « ess-graph build ».")
    if not complete:
        raise NotFound(f"{path.name} is damaged ({MANIFEST}): run « ess-graph build ».")
    return Release(path, said)


def named(home: Path, name: str) -> Release:
    """The release of a name, as long as it is kept.

    Raises:
        NotFound: no release of that name is here; the message names those that are.
    """
    # Compared with names that are there, never made into a path: it comes from strangers.
    kept = {release.id: release for release in listed(home)}
    if name not in kept:
        raise NotFound(f"There is no release « {name[:60]} » here: those kept are {', '.join(kept)}.")
    return kept[name]


def current(home: Path) -> Release:
    """The published release.

    Raises:
        NotFound: nothing was published yet.
    """
    link = home / "current"
    if not link.is_symlink():
        raise NotFound(f"Nothing is published in {home} yet: run « ess-graph build ».")
    return opened(link.resolve())


def chosen(home: Path, name: str) -> Release:
    """A release by its name, the beginning of it, ``current``, or ``previous``: the one made before the current one.

    Raises:
        NotFound: none is called so, or several are.
    """
    if name == "current":
        return current(home)
    kept = listed(home)
    if name == "previous":
        now = current(home)
        at = next((n for n, release in enumerate(kept) if release.id == now.id), len(kept))
        found = kept[at + 1 : at + 2]
    else:
        found = [release for release in kept if release.id == name] or [r for r in kept if r.id.startswith(name)]
    if len(found) == 1:
        return found[0]
    known = ", ".join(release.id for release in kept) or "none"
    raise NotFound(
        f"{'Several releases are' if found else 'No release is'} called « {name[:80]} »; kept here: {known}."
    )
