"""What a person types becomes words to look for: folded, corrected where nothing is spelt so, marked in results."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rapidfuzz.distance import OSA

from ess_graph.folding import fold
from ess_graph.query.index import Index

#: Words of a question that count; more add time and no sense.
_MOST = 12
#: Spellings compared for one word, those that share most letter groups first.
_COMPARED = 120
#: Slips allowed: one in a word of four letters, two from seven on.
_SLIPS = ((4, 1), (7, 2))
#: Words that are in everything: they count only where there is nothing else. Shorter ones need no list.
_EMPTY = frozenset(
    [
        "des",
        "les",
        "aux",
        "une",
        "pour",
        "par",
        "sur",
        "dans",
        "avec",
        "qui",
        "que",
        "son",
        "ses",
        "the",
        "and",
        "for",
        "with",
        "from",
    ]
)
_LAST = "\U0010ffff"

#: Text in pieces, and whether each is one that matched.
Marked = tuple[tuple[str, bool], ...]


@dataclass(frozen=True)
class Words:
    """Words to look for.

    Attributes:
        groups: for each word its spellings, any of which will do.
        whole: the text as one, folded, to recognise an exact name.
        corrected: word as typed, and what is looked for in its place.
        unknown: words that nothing in the graph begins with, nor anything near.
    """

    groups: tuple[tuple[str, ...], ...]
    whole: str
    corrected: tuple[tuple[str, str], ...] = ()
    unknown: tuple[str, ...] = ()

    def every(self) -> str:
        """An FTS5 expression for what holds all words."""
        return " AND ".join(_either(group) for group in self.groups)

    def some(self) -> str:
        """An FTS5 expression for what holds any of the words that are known."""
        return " OR ".join(_either(group) for group in self.groups if group[0] not in self.unknown)

    def spelt(self) -> str:
        """An FTS5 expression for what holds all words as they are, not words that begin so."""
        return " AND ".join("(" + " OR ".join(f'"{word}"' for word in group) + ")" for group in self.groups)

    def covered(self, folded: str) -> frozenset[int]:
        """Which words some folded text holds, by their place."""
        return frozenset(at for at, group in enumerate(self.groups) if any(_is(w, group) for w in folded.split()))

    def written_in(self, folded: str) -> bool:
        """Whether some folded text holds each word as it was typed, not in another of its spellings."""
        return {group[0] for group in self.groups} <= set(folded.split())

    def matches(self, word: str) -> bool:
        """Whether a folded word is one of those looked for."""
        return any(_is(word, group) for group in self.groups)


def read(text: str, index: Index) -> Words | None:
    """The words of a text, as this release can find them; None where there is none."""
    tokens = fold(text).split()[:_MOST]
    code = "".join(tokens)
    if len(code) >= 9 and code.isascii() and code.isdigit():
        # A SIREN is written in groups of three; a SIRET begins with it.
        tokens = [code[:9] if len(code) == 14 else code]
    if not tokens:
        return None
    telling = [t for t in tokens if (len(t) > 2 or not t.isalpha()) and t not in _EMPTY] or tokens
    groups: list[tuple[str, ...]] = []
    corrected: dict[str, str] = {}
    unknown: list[str] = []
    for token in dict.fromkeys(telling):
        if _begins(token, index):
            plural = len(token) > 4 and token[-1] in "sx"
            groups.append((token, token[:-1]) if plural else (token,))
        elif near := _near(token, index):
            groups.append(near)
            corrected[token] = near[0]
        else:
            groups.append((token,))
            unknown.append(token)
    whole = " ".join(corrected.get(t, t) for t in tokens)
    return Words(tuple(groups), whole, tuple(corrected.items()), tuple(unknown))


def _begins(token: str, index: Index) -> bool:
    if len(token) == 1:
        return bool(index.select("SELECT 1 FROM vocabulary WHERE word = ?", (token,)))
    return bool(index.select("SELECT 1 FROM vocabulary WHERE word >= ? AND word < ? LIMIT 1", (token, token + _LAST)))


def _near(token: str, index: Index) -> tuple[str, ...]:
    """The nearest spellings of a word, the most used first; none where the nearest are far."""
    allowed = max((slips for length, slips in _SLIPS if len(token) >= length), default=0)
    if not allowed or token.isdigit():
        return ()
    padded = f"_{token}_"
    groups = " OR ".join(f'"{padded[at : at + 3]}"' for at in range(min(len(padded), 42) - 2))
    rows = index.select("SELECT word FROM spelling WHERE spelling MATCH ? ORDER BY rank LIMIT ?", (groups, _COMPARED))
    spelt = [word.strip("_") for (word,) in rows]
    distances = {word: OSA.distance(token, word, score_cutoff=allowed) for word in spelt}
    nearest = min(distances.values(), default=allowed + 1)
    if nearest > allowed:
        # Someone who is still typing has slipped in the beginning of a word.
        distances = {
            word: min(OSA.distance(token, word[: len(token) + more], score_cutoff=1) for more in (-1, 0, 1))
            for word in spelt
            if len(word) > len(token)
        }
        nearest, allowed = min(distances.values(), default=2), 1
    if nearest > allowed:
        return ()
    found = [word for word, distance in distances.items() if distance == nearest]
    uses = dict(
        index.select(
            "SELECT word, n FROM vocabulary WHERE word IN (SELECT value FROM json_each(?))", (json.dumps(found),)
        )
    )
    return tuple(sorted(found, key=lambda word: (word[0] != token[0], -uses.get(word, 0), word))[:3])


def _either(group: Sequence[str]) -> str:
    # Quoted, a word is never an operator; folded, it holds no quote.
    first = [f'"{group[0]}"*' if len(group[0]) > 1 else f'"{group[0]}"']
    return "(" + " OR ".join([*first, *(f'"{word}"' for word in group[1:])]) + ")"


def _is(word: str, group: Sequence[str]) -> bool:
    return word in group or (len(group[0]) > 1 and word.startswith(group[0]))


def marked(text: str, words: Words, length: int = 0) -> Marked:
    """A text with the words that matched, cut around the first of them when it is longer than ``length``."""
    pieces = [(run, words.matches(fold(run)) if is_word else False) for run, is_word in _runs(text)]
    if length and len(text) > length:
        pieces = _cut(pieces, length)
    joined: list[tuple[str, bool]] = []
    for run, is_marked in pieces:
        if joined and joined[-1][1] == is_marked:
            joined[-1] = (joined[-1][0] + run, is_marked)
        else:
            joined.append((run, is_marked))
    return tuple(joined)


def _runs(text: str) -> Iterable[tuple[str, bool]]:
    """The text in runs of letters and of what separates them, nothing lost."""
    start, inside = 0, False
    for at, character in enumerate(text):
        # An accent written after its letter is part of the word.
        is_word = character.isalnum() or (inside and not fold(character) and not character.isspace()
                                          and "\u0300" <= character <= "\u036f")  # fmt: skip
        if is_word != inside:
            if at > start:
                yield text[start:at], inside
            start, inside = at, is_word
    if start < len(text):
        yield text[start:], inside


def _cut(pieces: list[tuple[str, bool]], length: int) -> list[tuple[str, bool]]:
    first = next((at for at, (_, is_marked) in enumerate(pieces) if is_marked), 0)
    start, size = first, 0
    while start > 0 and size + len(pieces[start - 1][0]) < length // 3:
        start -= 1
        size += len(pieces[start][0])
    end, size = start, 0
    while end < len(pieces) and (size < length or end <= first):
        size += len(pieces[end][0])
        end += 1
    kept = [(run[: 2 * length], is_marked) for run, is_marked in pieces[start:end]]
    return [*([("… ", False)] if start else []), *kept, *([(" …", False)] if end < len(pieces) else [])]
