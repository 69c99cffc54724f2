"""Dates, however partial, as French and English readers write them."""

from __future__ import annotations

from rdflib import XSD, Literal

_TYPES = {XSD.date, XSD.gYearMonth, XSD.gYear}
_MONTHS = {
    "fr": (
        *("janvier", "février", "mars", "avril", "mai", "juin"),
        *("juillet", "août", "septembre", "octobre", "novembre", "décembre"),
    ),
    "en": (
        *("January", "February", "March", "April", "May", "June"),
        *("July", "August", "September", "October", "November", "December"),
    ),
}


def in_words(date: str, lang: str) -> str:
    """``2022-03-22`` as « 22 mars 2022 », ``2022-03`` as « mars 2022 »; anything else stays as it is."""
    parts = date.split("-")
    if not 2 <= len(parts) <= 3 or not all(part.isdigit() for part in parts) or not 1 <= int(parts[1]) <= 12:
        return date
    year, month, *day = parts
    first = {"fr": "1er", "en": "1"}[lang]
    number = [first if int(d) == 1 else str(int(d)) for d in day]
    return " ".join([*number, _MONTHS[lang][int(month) - 1], year])


def read(literal: Literal, lang: str) -> str:
    """The text of a literal, in words where it is a date."""
    return in_words(str(literal), lang) if literal.datatype in _TYPES else str(literal)
