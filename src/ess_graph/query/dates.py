"""Dates, however partial: the days that they may mean, and how French and English readers write them."""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import date

from rdflib import XSD, Literal

_DATE = re.compile(r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?")

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


def days(written: str) -> tuple[date, date] | None:
    """The first and the last day that a date may mean (``2018-02``: the 1st and the 28th); None for what is no date."""
    match = _DATE.fullmatch(written)
    if match is None:
        return None
    year, month, day = match.groups()
    try:
        first = date(int(year), int(month or 1), int(day or 1))
    except ValueError:
        return None
    if day:
        return first, first
    last = first if month else first.replace(month=12)
    return first, last.replace(day=monthrange(last.year, last.month)[1])


def in_words(written: str, lang: str) -> str:
    """``2022-03-22`` as « 22 mars 2022 », ``2022-03`` as « mars 2022 »; anything else stays as it is."""
    parts = written.split("-")
    if not 2 <= len(parts) <= 3 or not all(part.isdigit() for part in parts) or not 1 <= int(parts[1]) <= 12:
        return written
    year, month, *day = parts
    first = {"fr": "1er", "en": "1"}[lang]
    number = [first if int(d) == 1 else str(int(d)) for d in day]
    return " ".join([*number, _MONTHS[lang][int(month) - 1], year])


def read(literal: Literal, lang: str) -> str:
    """The text of a literal, in words where it is a date."""
    return in_words(str(literal), lang) if literal.datatype in _TYPES else str(literal)
