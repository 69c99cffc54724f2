"""Names as tokens: folded, abbreviations written out, words of no weight told apart; usage.toml has the words."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import resources
from typing import Any

from ess_graph.folding import fold

_INITIALS = re.compile(r"\b(?:[A-Za-zÀ-ÿ]\.){2,}(?=\W|$)")
_SLASHED = ((re.compile(r"\bs/s\b\.?", re.I), " sous "), (re.compile(r"\bs/\s*", re.I), " sur "))

Tokens = tuple[str, ...]


@dataclass(frozen=True)
class Kind:
    """A way of saying what kind of body a name means.

    Attributes:
        words: the folded words.
        family: ``commune``, ``departement``, ``region`` or ``epci``.
        nature: legal nature (``CC``, ``CA``, ``CU``, ``METRO``, ``EPT``; ``CD``, ``CG`` for a council), or None.
        alone: an abbreviation, which counts at the head of a name only.
    """

    words: Tokens
    family: str
    nature: str | None
    alone: bool


@dataclass(frozen=True)
class Usage:
    """What ``usage.toml`` says, ready to use; kinds have the longest words first."""

    stop: frozenset[str]
    modest: frozenset[str]
    abbreviations: dict[str, Tokens]
    kinds: tuple[Kind, ...]
    countries: frozenset[str]
    towns: frozenset[str]


@cache
def usage() -> Usage:
    """The usage file, read once."""
    said: dict[str, Any] = tomllib.loads(
        resources.files(__package__).joinpath("usage.toml").read_text(encoding="utf-8")
    )
    kinds = [
        Kind(tuple(words.split()), entry["family"], entry.get("nature"), entry.get("alone", False))
        for entry in said["kind"]
        for words in entry["words"]
    ]
    return Usage(
        stop=frozenset(said["stop"]),
        modest=frozenset(said["modest"]),
        abbreviations={short: tuple(long.split()) for short, long in said["abbreviations"].items()},
        kinds=tuple(sorted(kinds, key=lambda kind: -len(kind.words))),
        countries=frozenset(said["abroad"]["countries"]),
        towns=frozenset(said["abroad"]["towns"]),
    )


@lru_cache(maxsize=8192)  # the readings of a name are compared again and again
def tokens(text: str) -> Tokens:
    """Folded words with abbreviations written out: ``St-Gilles s/Mer`` gives ``saint gilles sur mer``."""
    text = _INITIALS.sub(lambda found: found.group().replace(".", ""), text)
    for pattern, written in _SLASHED:
        text = pattern.sub(written, text)
    known = usage().abbreviations
    found: list[str] = []
    for word in fold(text).split():
        found += known.get(word, (word,))
    return tuple(found)


def weighty(words: Tokens) -> Tokens:
    """Without articles and prepositions; all of them where nothing else is there (``Les``, ``Y``)."""
    stop = usage().stop
    return tuple(word for word in words if word not in stop) or words


def trimmed(words: Tokens) -> Tokens:
    """Without the articles and prepositions at both ends (``de la rochelle`` gives ``rochelle``)."""
    stop = usage().stop
    start, end = 0, len(words)
    while start < end and words[start] in stop:
        start += 1
    while end > start and words[end - 1] in stop:
        end -= 1
    return words[start:end]
