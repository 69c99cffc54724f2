"""Cells of tables: text stays text in a spreadsheet, and can be had back exactly."""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Iterator

import pytest
from rdflib import Literal, URIRef
from rdflib.namespace import XSD

from ess_graph.query.exports import cells, results
from ess_graph.query.exports.cells import SPREADSHEET, STANDARD

FORMULAS = [
    '=HYPERLINK("http://evil.example/")', "+33 3 88 00 00 00", "-2+3", "@SUM(1)", "\t=1+1", "\r=1", "\n=1",
    "  =1+1", "\u202e=1+1", "\ufeff=1+1", "\u00a0\u200b+1", "\uff1d1+1", "\uff20x", "'=1", "'", "-INF",
]  # fmt: skip
CHANGED = ["01000", "67482000000000017", "2E5", "1-2", "3/4/2018", "12.05", "007"]
PLAIN = ["", "Région Grand Est", "2018", "2018-05-29", "2A004", "67482", "5 %", "a=b", "a\n=b", "«;»", 'a"b', "100 k€"]


@pytest.mark.parametrize("text", [*FORMULAS, *CHANGED])
def test_what_a_spreadsheet_would_change_is_marked_and_comes_back(text: str) -> None:
    assert cells.safe(text) == f"'{text}"


@pytest.mark.parametrize("text", PLAIN)
def test_other_text_stays_as_it_is(text: str) -> None:
    assert cells.safe(text) == text


def test_nothing_unseen_hides_a_formula() -> None:
    unseen = [chr(n) for n in range(0x3000 + 1) if unicodedata.category(chr(n)) in ("Cc", "Cf", "Zs", "Zl", "Zp")]
    assert len(unseen) > 80
    assert [sign for sign in unseen if cells.safe(f"{sign}=1+1")[0] != "'"] == []


@pytest.mark.parametrize(
    ("literal", "standard", "spreadsheet"),
    [
        (Literal("5800000", datatype=XSD.integer), "5800000", "5800000"),
        (Literal("-5", datatype=XSD.integer), "-5", "-5"),
        (Literal("1.50", datatype=XSD.decimal, normalize=False), "1.50", "1,50"),
        (Literal("2018", datatype=XSD.gYear), "2018", "2018"),
        (Literal("12345678901234567890", datatype=XSD.integer), "'12345678901234567890", "'12345678901234567890"),
        (Literal("=1", datatype=XSD.integer, normalize=False), "'=1", "'=1"),
        (Literal("12.5"), "'12.5", "'12.5"),  # a text that French spreadsheets take for a day in May
        (None, "", ""),
    ],
)
def test_numbers_are_numbers_where_they_are_read(literal: Literal | None, standard: str, spreadsheet: str) -> None:
    assert cells.cell(literal, STANDARD) == standard
    assert cells.cell(literal, SPREADSHEET) == spreadsheet


@pytest.mark.parametrize("dialect", [STANDARD, SPREADSHEET])
def test_a_table_is_read_back_whatever_its_cells_hold(dialect: cells.Dialect) -> None:
    texts = [*FORMULAS, *CHANGED, *PLAIN, "a;b,c\td", "x" * 100_000, "a\x00b", "\r\n\r\n"]
    written = b"".join(cells.written([[cells.safe(text)] * 2 for text in texts], dialect)).decode("utf-8")
    assert written.startswith("\ufeff") == (dialect is SPREADSHEET)
    csv.field_size_limit(1_000_000)
    read = list(csv.reader(io.StringIO(written.removeprefix("\ufeff"), newline=""), delimiter=dialect.separator))
    assert [[cell.removeprefix("'") for cell in row] for row in read] == [[text] * 2 for text in texts]


def test_a_long_table_comes_in_pieces() -> None:
    pieces = list(cells.written((["x" * 1000] for _ in range(500)), STANDARD))
    assert len(pieces) > 5
    assert sum(map(len, pieces)) == 500 * 1004


TSV = (
    "?nom\t?valeur\t?iri\n"
    '"=1+1"@fr\t12.5\t<http://example.org/a>\n'
    '"a\\tb\\nc \\"d\\""\t-7\t\n'
    '"01000"\t"2018"^^<http://www.w3.org/2001/XMLSchema#gYear>\ttrue\n'
)


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_results_become_a_spreadsheet_however_they_come_in(size: int) -> None:
    raw = TSV.encode()
    pieces: Iterator[bytes] = (raw[at : at + size] for at in range(0, len(raw), size))
    read = b"".join(results.spreadsheet(pieces, SPREADSHEET)).decode("utf-8-sig")
    assert list(csv.reader(io.StringIO(read, newline=""), delimiter=";")) == [
        ["nom", "valeur", "iri"],
        ["'=1+1", "12,5", "http://example.org/a"],
        ['a\tb\nc "d"', "-7", ""],
        ["'01000", "2018", "true"],
    ]


def test_a_break_in_the_results_is_a_break_in_the_spreadsheet() -> None:
    def pieces() -> Iterator[bytes]:
        yield TSV.encode()
        raise RuntimeError("the query ended")

    with pytest.raises(RuntimeError):
        b"".join(results.spreadsheet(pieces(), SPREADSHEET))


def test_an_iri_is_a_cell_like_another() -> None:
    assert cells.cell(URIRef("=cmd"), SPREADSHEET) == "'=cmd"
