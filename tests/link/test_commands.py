"""``ess-graph opendata`` and ``ess-graph link`` on the command line."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from click.testing import CliRunner

from ess_graph.cli import main
from ess_graph.commands.link import _review
from ess_graph.judgements import DIFFERENT, SAME, Judgements
from ess_graph.link.entities import Entity, Finding
from ess_graph.link.propose import cases
from ess_graph.link.units import Candidate, Name, Outcome, Unit

CASES = Path(__file__).parents[1] / "cases" / "opendata"


@pytest.fixture
def runner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    monkeypatch.setenv("ESS_GRAPH_HOME", str(tmp_path / "home"))
    return CliRunner()


def test_a_table_of_ones_own_gets_codes(runner: CliRunner, tmp_path: Path) -> None:
    package = str(CASES / "decoupage-administratif-2026")
    done = runner.invoke(main, ["opendata", "import", "decoupage-administratif", package, "--extract"])
    assert done.exit_code == 0, done.output
    assert "decoupage-administratif 2026" in runner.invoke(main, ["opendata", "list"]).output
    names = tmp_path / "mine.csv"
    names.write_text(
        "Name;Departement\nVille de Strasbourg;\nSaint-Denis;93\n=Total;\nSaint-Denis;\n\xad=Total;\nCurel;04\n",
        encoding="cp1252",
    )
    answer = runner.invoke(main, ["link", str(names)])
    assert answer.exit_code == 0, answer.output
    rows = list(csv.DictReader(io.StringIO(answer.output)))
    assert [(r["outcome"], r["code_insee"]) for r in rows] == [
        ("link", "67482"), ("link", "93066"), ("none", ""), ("review", "97411"), ("none", ""), ("link", "'04067"),
    ]  # fmt: skip
    assert rows[0]["code_siren"] == "216704825" and rows[3]["others"].startswith("commune:93066")
    assert 0 < float(rows[3]["score"]) <= 1
    assert [rows[at]["name"] for at in (2, 4)] == ["'=Total", "'\xad=Total"], "no formula, hidden or not"
    assert rows[5]["departement"] == "'04", "a code keeps its zeros"


def test_what_is_missing_is_said_with_what_to_do(runner: CliRunner, tmp_path: Path) -> None:
    names = tmp_path / "mine.csv"
    names.write_text("name\nNevers\n", encoding="utf-8")
    empty = runner.invoke(main, ["link", str(names)])
    assert empty.exit_code == 2 and "opendata import" in empty.output
    unknown = runner.invoke(main, ["opendata", "import", "cog", str(names)])
    assert unknown.exit_code == 2 and "cog-communes" in unknown.output
    wrong = runner.invoke(main, ["opendata", "import", "cog-regions", str(names), "--vintage", "2024"])
    assert wrong.exit_code == 1 and "has no column" in wrong.output


def test_review_records_who_decided_and_asks_no_more_once_decided(tmp_path: Path) -> None:
    import click

    entity = Entity("id/territoire/commune-x", True, ("Saint-X",), "commune")
    units = [Unit(f"commune:0000{n}", "commune", (Name("Saint-X"),), insee=f"0000{n}") for n in (1, 2, 3)]
    candidates = tuple(Candidate(unit, 1.0, "same name", unit.names[0], against=["far"]) for unit in units)
    finding = Finding(entity, Outcome("review", candidates, ""), None, None)
    store = Judgements(tmp_path / "judgements.csv")

    @click.command()
    def ask() -> None:
        _review(cases([finding], store, {unit.key: unit for unit in units}), store, "Une curatrice")

    answer = CliRunner().invoke(ask, input="d\nelsewhere\ns\n\n")
    assert answer.exit_code == 0, answer.output
    assert "- far" in answer.output and "+ same name" in answer.output
    again = Judgements(tmp_path / "judgements.csv")
    assert [(j.theirs, j.judgement, j.who, j.evidence) for j in again] == [
        ("insee:commune:00001", DIFFERENT, "Une curatrice", "elsewhere"),
        ("insee:commune:00002", SAME, "Une curatrice", ""),
    ]
