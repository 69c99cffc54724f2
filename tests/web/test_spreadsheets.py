"""Tables that people open in a spreadsheet: no name becomes a formula, no code a number, and decimals stay decimals."""

from __future__ import annotations

import csv
import io

import pytest
from click.testing import CliRunner
from flask import Flask

from ess_graph.cli import main

#: The parties of the one convention of ``hostile.trig``, as cells.
PARTIES = {
    "espace": "' =1+1",
    "invisible": "'\u200b=1+1",
    "pleine-chasse": "'\uff1d1",
    "code": "'01004",
    "jour": "'3/4",
}
every_party = pytest.mark.parametrize("party", PARTIES)


def rows(sheet: bytes, separator: str) -> list[dict[str, str]]:
    text = sheet.decode("utf-8")
    assert text.startswith("\ufeff") == (separator == ";")
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline=""), delimiter=separator))


@every_party
@pytest.mark.parametrize(
    ("form", "separator", "columns", "value"),
    [
        ("csv", ",", ("partie", "convention", "valeur"), "5.3"),
        ("excel", ";", ("Partie", "Convention", "Valeur"), "5,3"),
    ],
)
def test_the_answer_to_a_question(
    hostile: Flask, party: str, form: str, separator: str, columns: tuple[str, str, str], value: str
) -> None:
    reply = hostile.test_client().get(f"/api/questions/conventions?partie=id/structure/{party}&lang=fr&format={form}")
    found = [tuple(row[name] for name in columns) for row in rows(reply.data, separator)]
    assert found == [(PARTIES[party], "'@SUM(1)", value)]


@every_party
def test_the_answer_on_the_command_line(hostile: Flask, party: str) -> None:
    environment = {"ESS_GRAPH_HOME": str(hostile.extensions["ess_graph"].settings.home)}
    asked = ["ask", "conventions", "--partie", f"id/structure/{party}", "--format", "csv"]
    done = CliRunner(env=environment).invoke(main, asked)
    assert [(row["partie"], row["valeur"]) for row in rows(done.stdout_bytes, ",")] == [(PARTIES[party], "5.3")]


def test_the_network(hostile: Flask) -> None:
    found = rows(hostile.test_client().get("/reseau.csv?lang=fr").data, ";")
    assert {(row["Partenariat"], row["Partie"]) for row in found} == {("'@SUM(1)", party) for party in PARTIES.values()}
