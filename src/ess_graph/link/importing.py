"""An official file into the registry: which format it has, which year it is of, and all or nothing of it."""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Callable, Iterator
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from ess_graph.errors import InvalidData, NotFound
from ess_graph.link import decoupage, formats, tables
from ess_graph.link.registry import Fact, Mandate, Registry, Source

#: 2024, 20240101, 2024-01-01 or, as Insee writes it, 01-01-2024.
_YEAR = re.compile(r"(?<!\d)(20\d{2})(?:[-_]?(\d{2})[-_]?(\d{2}))?(?!\d)")


@cache
def known() -> dict[str, dict[str, Any]]:
    """What ``sources.toml`` says of each format, by its name."""
    return tomllib.loads(resources.files(__package__).joinpath("sources.toml").read_text(encoding="utf-8"))


def import_file(
    registry: Registry,
    name: str,
    path: Path,
    *,
    vintage: str = "",
    sha256: str = "",
    extract: bool = False,
    told: Callable[[int], None] = lambda _: None,
) -> tuple[Source, int]:
    """Import one file.

    Args:
        registry: where it goes.
        name: the format, one of ``known()``.
        path: the file.
        vintage: year or day that it describes; read from the file or its name where it is not given.
        sha256: hash that the file must have, where it was published.
        extract: the file is known to be a part of the national one.
        told: given the number of rows read, from time to time.

    Returns:
        The source as recorded, and how many facts it said.

    Raises:
        InvalidData: the file is cut, changed or another one; the registry stays as it was.
        NotFound: no such format.
    """
    if name not in known():
        raise NotFound(f"« {name} » is no known source: use one of {', '.join(known())}.")
    said = known()[name]
    digest = _digest(path)
    if sha256 and digest != sha256.lower():
        raise InvalidData(f"{path.name} has the SHA-256 {digest}, not {sha256}: it was changed or cut. Get it again.")
    vintage = vintage or (decoupage.vintage(path) if name == "decoupage-administratif" else "") or _dated(path)
    if not vintage:
        raise InvalidData(f"{path.name} does not say which year it is of: give it with --vintage 2026.")
    # Several files make up some datasets; each replaces only itself.
    part = f"{name}-{path.stem}" if name in ("rne", "rna", "banatic", "comptes-consolides") else name
    source = Source(
        part, vintage, digest, said["licence"], said["publisher"], said["title"], said["address"], path.name
    )
    codes = formats.Codes(path.name, registry.communes())
    count = registry.write(source, _said(name, said, path, codes, told), least=0 if extract else said["least"])
    return source, count


def _said(
    name: str, said: dict[str, Any], path: Path, codes: formats.Codes, told: Callable[[int], None]
) -> Iterator[Fact | Mandate]:
    if said.get("json") == "package":
        yield from decoupage.facts(path)
    elif "json" in said:
        yield from formats.documents(said["json"], path, codes)
    else:
        rows = tables.rows(path, said["columns"], set(said["required"]), told)
        yield from formats.facts(name, path, rows, codes)


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    files = sorted(file for file in path.rglob("*") if file.is_file()) if path.is_dir() else [path]
    for file in files:
        with file.open("rb") as handle:
            while piece := handle.read(1 << 20):
                digest.update(piece)
    return digest.hexdigest()


def _dated(path: Path) -> str:
    found = _YEAR.search(path.stem)
    if not found:
        return ""
    year, month, day = found.groups()
    return f"{year}-{month}-{day}" if month and "01" <= month <= "12" and "01" <= day <= "31" else year
