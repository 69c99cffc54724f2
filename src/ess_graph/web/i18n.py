"""The interface's sentences in French and English, from ``messages/*.toml``."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from functools import cache
from importlib import resources


@cache
def messages() -> dict[str, dict[str, str]]:
    """Every sentence by key, then by language; a key stands in one file only."""
    found: dict[str, dict[str, str]] = {}
    for entry in resources.files(__package__).joinpath("messages").iterdir():
        if entry.name.endswith(".toml"):
            found |= tomllib.loads(entry.read_text(encoding="utf-8"))
    return found


def plural_key(key: str, number: int) -> str:
    """The key of a sentence about so many things: ``key.0``, ``key.1`` or, where there is no such form, ``key.n``."""
    exact = f"{key}.{number}"
    return exact if number in (0, 1) and exact in messages() else f"{key}.n"


def translator(lang: str) -> Callable[..., str]:
    """A function that gives the sentence of a key in ``lang``, its placeholders filled."""

    def t(key: str, **values: object) -> str:
        text = messages()[key][lang]
        return text.format(**values) if values else text

    return t
