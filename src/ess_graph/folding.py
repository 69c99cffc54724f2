"""Words as people compare them, without accents, case, ligatures and punctuation; and words that only show."""

from __future__ import annotations

import unicodedata

_LIGATURES = str.maketrans({"œ": "oe", "Œ": "oe", "æ": "ae", "Æ": "ae"})


def fold(text: str) -> str:
    """``Économie sociale & solidaire`` gives ``economie sociale solidaire``; what search and sorting compare."""
    decomposed = unicodedata.normalize("NFKD", text.translate(_LIGATURES).casefold())
    plain = "".join(c if c.isalnum() else " " for c in decomposed if not unicodedata.combining(c))
    return " ".join(plain.split())


def printable(text: str) -> str:
    """A text without what a terminal would obey: control characters, and marks that turn the writing around."""
    kept = (c if c == "\n" or unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Co", "Cn") else " " for c in text)
    return "".join(kept)
