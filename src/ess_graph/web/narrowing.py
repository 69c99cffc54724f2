"""What lists and search results have in common: links that narrow them, paging, and the pieces of their addresses."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil

from flask import request

from ess_graph.query.facets import TYPE, Facet, short
from ess_graph.query.lists import slug
from ess_graph.web import addresses


@dataclass(frozen=True)
class Link:
    """A value to narrow by, or one to let go of when it is chosen."""

    text: str
    count: int
    url: str
    chosen: bool


@dataclass(frozen=True)
class Links:
    """One facet as links."""

    key: str
    name: str
    links: tuple[Link, ...]


def links(facets: Iterable[Facet]) -> list[Links]:
    """Facets as links of the page that is asked for."""
    return [
        Links(
            facet.key,
            facet.name,
            tuple(
                Link(
                    choice.text,
                    choice.count,
                    address(**{facet.key: None if choice.chosen else said(facet.key, choice.value)}),
                    choice.chosen,
                )
                for choice in facet.choices
            ),
        )
        for facet in facets
    ]


def said(key: str, value: str) -> str:
    """A facet's value as addresses say it."""
    return slug(value) if key == TYPE else short(value)


def address(**changed: str | None) -> str:
    """The page that is asked for, from its first part, with some arguments changed; None leaves one out."""
    return addresses.here(page=None, **changed)


def paging(total: int, size: int) -> tuple[int, int]:
    """The page asked for, kept within the pages there are, and their number."""
    pages = max(1, ceil(total / size))
    return min(max(number("page") or 1, 1), pages), pages


def number(name: str) -> int | None:
    """A whole number that the address gives; None where it gives none."""
    asked = request.args.get(name, "")
    return int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 9 else None


def pager_base() -> str:
    """The address of another page of the same list, but for its number."""
    return addresses.here(page="")
