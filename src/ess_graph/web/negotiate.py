"""Which form of an answer a client wants, from its Accept and Accept-Language headers (RFC 9110)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

#: Commas and semicolons separate, but not inside a quoted parameter: ``profile="a,b"``.
_PARTS = re.compile(r'(?:[^,"]|"(?:[^"\\]|\\.)*"?)+')
_PIECES = re.compile(r'(?:[^;"]|"(?:[^"\\]|\\.)*"?)+')


@dataclass(frozen=True)
class Range:
    """One range of an Accept header; parameters other than ``q`` do not narrow it."""

    kind: str
    quality: float

    @property
    def specificity(self) -> int:
        """0 for ``*/*``, 1 for ``text/*``, 2 for ``text/turtle``."""
        return 2 - self.kind.count("*")

    def admits(self, media_type: str) -> bool:
        """Whether a media type falls in this range."""
        main, _, sub = self.kind.partition("/")
        own_main, _, own_sub = media_type.partition("/")
        return main in ("*", own_main) and sub in ("*", own_sub)


@lru_cache(maxsize=256)
def ranges(header: str | None) -> tuple[Range, ...]:
    """The ranges of a header; malformed parts are passed over, as browsers and proxies do."""
    found = []
    for part in _PARTS.findall(header or ""):
        kind, *parameters = [piece.strip().lower() for piece in _PIECES.findall(part)] or [""]
        if kind.count("/") == 1 and not kind.startswith("/") and not kind.endswith("/"):
            found.append(Range(kind, _quality(parameters)))
        elif kind == "*":
            found.append(Range("*/*", _quality(parameters)))
    return tuple(found)


def best(header: str | None, offered: Sequence[str], aliases: Iterable[tuple[str, str]] = ()) -> str | None:
    """The offered media type that the client prefers.

    Args:
        header: an Accept header; None or empty accepts everything.
        offered: media types in the server's order of preference, which settles ties.
        aliases: pairs of a media type that clients ask for and the offered one they get.

    Returns:
        A member of ``offered``, or None when none is acceptable.
    """
    return _best(header, tuple(offered), tuple(aliases))


# Programs send the same few headers all day; a server takes none above 8 kB.
@lru_cache(maxsize=512)
def _best(header: str | None, offered: tuple[str, ...], aliases: tuple[tuple[str, str], ...]) -> str | None:
    accepted = ranges(header)
    if not accepted:
        return None if (header or "").strip() else offered[0]
    names = [(kind, kind) for kind in offered]
    names += [(asked, given) for asked, given in aliases if given in offered]
    chosen, chosen_quality = None, 0.0
    for asked, given in names:
        matching = [r for r in accepted if r.admits(asked)]
        # An alias is never what a bare */* or text/* is about.
        if asked != given:
            matching = [r for r in matching if r.specificity == 2]
        if not matching:
            continue
        quality = max(matching, key=lambda r: r.specificity).quality
        if quality > chosen_quality:
            chosen, chosen_quality = given, quality
    return chosen


def wants_html(header: str | None) -> bool:
    """Whether a browser asks: HTML is named, not merely covered by ``*/*``."""
    return any(r.kind in ("text/html", "application/xhtml+xml") and r.quality > 0 for r in ranges(header))


def language(parameter: str | None, header: str | None) -> str:
    """``fr`` or ``en``: the ``lang`` parameter, else the preferred language, else French."""
    if parameter in ("fr", "en"):
        return str(parameter)
    quality = {"fr": 0.0, "en": 0.0}
    for part in (header or "").split(","):
        tag, *parameters = (piece.strip().lower() for piece in part.split(";"))
        primary = tag.partition("-")[0]
        if primary in quality:
            quality[primary] = max(quality[primary], _quality(parameters))
    return "en" if quality["en"] > quality["fr"] else "fr"


def _quality(parameters: Iterable[str]) -> float:
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                return min(max(float(value), 0.0), 1.0)
            except ValueError:
                return 0.0
    return 1.0
