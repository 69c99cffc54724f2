"""The ways in which a written name can be understood: its proper words, the kind that it says, the place it gives."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator
from dataclasses import dataclass, replace

from rapidfuzz.distance import OSA

from ess_graph.link.words import Tokens, tokens, trimmed, usage, weighty

_CEDEX = re.compile(r"\bcedex\b(?:\s*\d{1,2}\b)?", re.I)
_POSTCODE = re.compile(r"(?<!\d)(\d{5})(?!\d)")
_PARENTHESES = re.compile(r"\(([^()]*)\)")
_SEPARATORS = re.compile(r"\s+[-–—:|]\s+|\s*[,;/|]\s*|\s*[–—]\s*")
_QUOTES = re.compile(r"[\"«»“”]")
#: A council by the number of its département, run together: "CD54".
_NUMBERED = re.compile(r"\b(CD|CG|dep|dpt|dept)\s*[.-]?\s*(\d{2,3}|2[AB])\b", re.I)
#: Words of a kind that a slip of the keyboard may hide, by length: fewer would make words of others.
_MENDABLE = 6


@dataclass(frozen=True)
class Reading:
    """One way to understand a name.

    Attributes:
        words: the proper words in their order, without those of the kind.
        family, nature: what the words of the kind say, None where they say nothing.
        hints: other parts of the text (a département in parentheses, an acronym), as written.
        postcode: five digits found in the text, or empty.
        around: "Grand" was read as "the agglomeration of".
        mended: a misspelt word of the kind was understood.
    """

    words: Tokens
    family: str | None = None
    nature: str | None = None
    hints: tuple[str, ...] = ()
    postcode: str = ""
    around: bool = False
    mended: bool = False

    @property
    def key(self) -> str:
        """What exact comparison is made on: the words that carry weight, in order."""
        return " ".join(weighty(self.words))


def readings(text: str, places: Container[str] = ()) -> list[Reading]:
    """Every reading worth trying, the most literal first.

    Args:
        text: the name as written.
        places: keys of départements and regions, which may follow a name without any mark.
    """
    text = _NUMBERED.sub(r"\1 \2", _QUOTES.sub(" ", text))
    found: list[Reading] = []
    for main, hints, postcode in _splits(text, places):
        words = tokens(main)
        if not words or len(words) > 40:
            continue
        literal = Reading(words, hints=hints, postcode=postcode)
        found.append(literal)
        found += _kinds(literal)
        if mended := _mended(words):
            found += [replace(reading, mended=True) for reading in _kinds(replace(literal, words=mended))]
    found += [reading for known in list(found) for reading in _around(known)]
    return list(dict.fromkeys(found))


def proper(words: Tokens) -> tuple[Tokens, str | None, str | None]:
    """The proper words of a name with the family and the nature that its other words say."""
    family: str | None = None
    nature: str | None = None
    changed = True
    while changed:
        changed = False
        for kind in usage().kinds:
            size = len(kind.words)
            if family not in (None, kind.family) or len(words) <= size:
                continue
            if words[:size] == kind.words:
                rest, said = _with_article(words[size:]), kind.nature
            elif not kind.alone and kind.family == "epci" and words[-size:] == kind.words:
                # Only what stands first says the legal nature: "Le Mans Métropole" is an urban community.
                rest, said = trimmed(words[:-size]), None
            else:
                continue
            if rest:
                words, family, nature, changed = rest, kind.family, nature or said, True
                break
    return words, family, nature


def _kinds(literal: Reading) -> Iterator[Reading]:
    words, family, nature = proper(_led(literal.words))
    if family:
        yield replace(literal, words=words, family=family, nature=nature)
        # "Communauté Auxerroise": the word may belong to the name after all, so only the first one is taken away.
        for kind in usage().kinds:
            if literal.words[: len(kind.words)] == kind.words and len(literal.words) > len(kind.words):
                rest = trimmed(literal.words[len(kind.words) :])
                if rest and rest != words:
                    yield replace(literal, words=rest, family=kind.family, nature=kind.nature)
                break


def _with_article(words: Tokens) -> Tokens:
    """What follows a word of the kind, its article set free: ``du havre`` gives ``le havre``."""
    rest = trimmed(words)
    for joined, article in ((("du",), "le"), (("des",), "les"), (("de", "la"), "la"), (("de", "l"), "l")):
        if words[: len(joined)] == joined and rest and words[len(joined)] == rest[0]:
            return (article, *rest)
    return rest


def _led(words: Tokens) -> Tokens:
    """Without the article before a word of the kind (``la ville de…``, ``l'agglomération…``)."""
    return words[1:] if len(words) > 1 and words[0] in ("la", "le", "l", "les") else words


def _around(reading: Reading) -> Iterator[Reading]:
    words = _led(reading.words)
    if reading.family in (None, "epci") and len(words) > 1 and words[0] in usage().modest:
        rest = trimmed(words[1:])
        if rest:
            yield replace(reading, words=rest, family="epci", around=True)


def _mended(words: Tokens) -> Tokens | None:
    """The words with slips in those of a kind mended (``comunauté de comunes`` …), None where there is none."""
    known = {word for kind in usage().kinds for word in kind.words if len(word) >= _MENDABLE}
    mended = []
    for word in words:
        if len(word) >= _MENDABLE - 1 and word not in known:
            near = [
                other for other in known if OSA.distance(word, other, score_cutoff=2) <= (2 if len(other) > 9 else 1)
            ]
            mended.append(min(near, key=lambda other: (OSA.distance(word, other), other)) if near else word)
        else:
            mended.append(word)
    return tuple(mended) if tuple(mended) != words else None


def _splits(text: str, places: Container[str]) -> Iterator[tuple[str, tuple[str, ...], str]]:
    """The text whole, then cut where it names a place besides: main part, other parts, postcode."""
    yield text, (), ""
    bare, postcode = _CEDEX.sub(" ", text), ""
    if (code := _POSTCODE.search(bare)) and bare.strip() != code.group():
        postcode = code.group()
        bare = _POSTCODE.sub(" ", bare)
    if bare != text:
        yield bare, (), postcode
    inside = tuple(part.strip() for part in _PARENTHESES.findall(bare) if part.strip())
    outside = _PARENTHESES.sub(" ", bare)
    if inside:
        yield outside, inside, postcode
    parts = [part.strip() for part in _SEPARATORS.split(outside) if part.strip()]
    if 1 < len(parts) <= 5:
        for place, main in enumerate(parts):
            yield main, (*(part for other, part in enumerate(parts) if other != place), *inside), postcode
    elif len(parts) == 1 and parts[0] != outside.strip():
        yield parts[0], inside, postcode
    words = outside.split()
    for cut in range(1, min(len(words), 8)):
        # "Saint-Claude dans le Jura", "67 Strasbourg": the place follows, or leads, without a mark.
        if key(" ".join(words[-cut:])) in places:
            yield " ".join(words[:-cut]), (" ".join(words[-cut:]), *inside), postcode
    if len(words) > 1 and words[0].isalnum() and words[0][0].isdigit() and key(words[0]) in places:
        yield " ".join(words[1:]), (words[0], *inside), postcode


def key(text: str) -> str:
    """What exact comparison of a text is made on: its words of weight, in order."""
    return " ".join(weighty(tokens(text)))
