"""The display of each class, as the build compiled it from the display shapes."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class ClassDisplay:
    """How one class is shown: title of its list, ``blocks`` as in ``display.json``, the query that fills them, and
    the query for one line of a table of its members (``table``)."""

    target: str
    title: dict[str, str]
    blocks: tuple[dict[str, Any], ...]
    query: str
    see: dict[str, str]
    table: str
    every: dict[str, str]

    def listed(self) -> list[tuple[dict[str, Any], str]]:
        """Each block with the query that people see under it."""
        return [(block, self.see[block["key"]]) for block in self.blocks]


@dataclass(frozen=True)
class FacetTexts:
    """The facets of a release as the build compiled them: names and query lines by key, and the ends of queries."""

    names: dict[str, dict[str, str]]
    years: frozenset[str]
    lines: dict[str, str]
    lists: tuple[str, ...]
    search: tuple[str, ...]
    told: tuple[str, ...]
    head: str
    tail: dict[str, str]


class Display:
    """Every class a release shows, subclasses before their superclasses."""

    def __init__(self, folder: Path) -> None:
        content = json.loads((folder / "display.json").read_text(encoding="utf-8"))
        self.groups: dict[str, dict[str, str]] = content["groups"]
        self.classes = tuple(
            ClassDisplay(
                target=item["target"],
                title=item["title"],
                blocks=tuple(item["blocks"]),
                query=(folder / item["query"]).read_text(encoding="utf-8"),
                see=item["see"],
                table=item["table"],
                every=item["every"],
            )
            for item in content["displays"]
        )
        self._folder = folder

    @cached_property
    def facets(self) -> FacetTexts:
        """What narrows its lists; a portrait has none."""
        return _facets(self._folder / "facets.json")

    def for_types(self, types: Iterable[str]) -> ClassDisplay | None:
        """The most specific display among those of a thing's types."""
        wanted = set(types)
        return next((display for display in self.classes if display.target in wanted), None)


def _facets(path: Path) -> FacetTexts:
    content = json.loads(path.read_text(encoding="utf-8"))
    found = content["facets"]
    return FacetTexts(
        names={facet["key"]: facet["name"] for facet in found} | {"type": {"fr": "Type", "en": "Type"}},
        years=frozenset(facet["key"] for facet in found if facet["years"]),
        lines={facet["key"]: facet["line"] for facet in found},
        lists=tuple(content["lists"]),
        search=tuple(content["search"]),
        told=tuple(content["told"]),
        head=content["head"],
        tail=content["tail"],
    )
