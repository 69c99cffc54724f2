"""CSV whose cells stay what they are: no spreadsheet takes one for a formula, a date or another number."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from rdflib import Literal
from rdflib.namespace import XSD
from rdflib.term import Node

#: Signs that start a formula, full-width ones included; and the apostrophe, so that taking one away is always right.
_STARTS = frozenset("=+-@\uff1d\uff0b\uff0d\uff20'")
#: Text that a spreadsheet would change: leading zeros, more digits than it keeps, powers of ten, days and months.
_CHANGED = re.compile(r"0\d+|\d{16,}|\d+[eE]\d+|\d{1,2}[-/.]\d{1,2}([-/.]\d{2,4})?")
_NUMBER = re.compile(r"[+-]?(\d{1,15}|\d{0,15}\.\d+)")
_NUMERIC = frozenset((XSD.integer, XSD.decimal, XSD.double, XSD.float, XSD.int, XSD.long, XSD.nonNegativeInteger))
_ENOUGH = 64 * 1024


@dataclass(frozen=True)
class Dialect:
    """How a table is written: what separates cells, what comes first, and the decimal sign of numbers."""

    separator: str
    start: str
    point: str


#: RFC 4180, for programs.
STANDARD = Dialect(",", "", ".")
#: What a French Excel opens right by a double click: a byte order mark, semicolons, decimal commas.
SPREADSHEET = Dialect(";", "\ufeff", ",")


def safe(text: str) -> str:
    """A cell's text, with an apostrophe before it where a spreadsheet would make it a formula, a date, another number.

    Taking the first apostrophe of a cell away gives the text back.
    """
    return f"'{text}" if _first_seen(text) in _STARTS or _CHANGED.fullmatch(text) else text


def _first_seen(text: str) -> str:
    """The first sign that a person sees: blanks, controls and invisible signs may hide what starts a formula."""
    return next((sign for sign in text if unicodedata.category(sign)[0] not in "CZ"), "")


def cell(term: Node | None, dialect: Dialect) -> str:
    """A term as a cell: numbers with the dialect's decimal sign, everything else as safe text."""
    if term is None:
        return ""
    text = str(term)
    if isinstance(term, Literal) and term.datatype in _NUMERIC and _NUMBER.fullmatch(text):
        return text.replace(".", dialect.point)
    return safe(text)


def written(rows: Iterable[Sequence[str]], dialect: Dialect) -> Iterator[bytes]:
    """A table as CSV in UTF-8, in pieces; every cell is quoted, so that another separator splits none."""
    buffer = io.StringIO(newline="")
    table = csv.writer(buffer, delimiter=dialect.separator, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    buffer.write(dialect.start)
    for row in rows:
        table.writerow(row)
        if buffer.tell() > _ENOUGH:
            yield _taken(buffer)
    yield _taken(buffer)


def _taken(buffer: io.StringIO) -> bytes:
    # Half a surrogate pair can stand in no UTF-8; nothing the engine holds has one.
    found = buffer.getvalue().encode("utf-8", "replace")
    buffer.seek(0)
    buffer.truncate()
    return found
