"""Coverage: every line of a document is cited, explained, or named as forgotten."""

from __future__ import annotations

import csv
import hashlib
import io
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from ess_graph.build import coverage
from ess_graph.build.read import read
from ess_graph.cli import main
from ess_graph.errors import InvalidData

CASE = Path(__file__).parents[1] / "cases" / "petit"
LINES = [1, 3, 4, 5, 6, 7, 8]


@pytest.fixture
def documents(tmp_path: Path) -> Path:
    folder = tmp_path / "documents"
    folder.mkdir()
    shutil.copy(CASE / "petit.txt", folder)
    return folder


def cover(project: Path, documents: Path) -> coverage.Coverage:
    return coverage.cover(read(project), documents, project / coverage.REASONS)


def add_line(project: Path, documents: Path, line: str) -> int:
    """A document with one more line, pinned again; gives the line's number."""
    path, sources = documents / "petit.txt", project / "data" / "sources.trig"
    old, new = path.read_text(encoding="utf-8"), path.read_text(encoding="utf-8").rstrip("\n") + f"\n{line}\n"
    path.write_text(new, encoding="utf-8")
    digests = [hashlib.sha256(text.encode()).hexdigest() for text in (old, new)]
    text = sources.read_text(encoding="utf-8")
    assert digests[0] in text
    sources.write_text(text.replace(*digests), encoding="utf-8")
    return len(new.splitlines())


def excuse(project: Path, *rows: str) -> None:
    (project / coverage.REASONS).write_text("\n".join(("document,line,reason", *rows, "")), encoding="utf-8")


def test_each_line_that_is_not_blank_counts_its_statements(petit: Path, documents: Path) -> None:
    found = cover(petit, documents)
    assert [line.number for line in found.lines] == LINES
    assert {line.document for line in found.lines} == {"petit"}
    assert all(line.statements > 0 for line in found.lines)
    assert found.complete
    assert found.text().endswith("Every line is accounted for.\n")


def test_an_attestation_counts_as_its_statement_once(petit: Path, documents: Path) -> None:
    before = {line.number: line.statements for line in cover(petit, documents).lines}
    path = petit / "data" / "registre.trig"
    text = path.read_text(encoding="utf-8")
    here = "<id/territoire/commune-petitbourg> ; rdf:predicate skos:prefLabel"
    twice = next(line for line in text.splitlines() if here in line).replace("--preflabel--", "--preflabel-bis--")
    path.write_text(text.rstrip().removesuffix("}") + twice + "\n}\n", encoding="utf-8")
    assert {line.number: line.statements for line in cover(petit, documents).lines} == before


def test_a_line_that_nobody_accounts_for_is_forgotten(petit: Path, documents: Path) -> None:
    number = add_line(petit, documents, "Contact public")
    found = cover(petit, documents)
    assert [line.number for line in found.lines if line.forgotten] == [number]
    assert not found.complete
    assert f"{coverage.FORGOTTEN} L{number}: Contact public" in found.text()
    assert "1 lines are forgotten" in found.text()


def test_a_reason_accounts_for_a_line(petit: Path, documents: Path) -> None:
    number = add_line(petit, documents, "Contact public")
    excuse(petit, f'petit,{number},"Libellé, sans valeur."')
    found = cover(petit, documents)
    assert found.complete
    assert found.lines[-1].reason == "Libellé, sans valeur."
    assert "1 × Libellé, sans valeur." in found.text()


@pytest.mark.parametrize(("row", "said"), [("petit,2,rien", "line 2 is blank"), ("autre,1,rien", "has no line 1")])
def test_a_reason_for_no_line_is_a_complaint(petit: Path, documents: Path, row: str, said: str) -> None:
    excuse(petit, row)
    found = cover(petit, documents)
    assert not found.complete
    assert any(said in complaint for complaint in found.complaints)


@pytest.mark.parametrize("row", ["petit,,rien", "petit,deux,rien", "petit,2,", "petit,-1,rien"])
def test_a_malformed_reason_is_refused(petit: Path, documents: Path, row: str) -> None:
    excuse(petit, row)
    with pytest.raises(InvalidData, match="line 2: give a line number and a reason"):
        cover(petit, documents)


def test_wrong_columns_are_refused(petit: Path, documents: Path) -> None:
    (petit / coverage.REASONS).write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(InvalidData, match="document,line,reason"):
        cover(petit, documents)


def test_a_document_that_is_not_there_is_a_complaint(petit: Path, documents: Path) -> None:
    (documents / "petit.txt").unlink()
    found = cover(petit, documents)
    assert not found.complete
    assert found.lines == ()


def test_control_characters_do_not_reach_the_terminal(petit: Path, documents: Path) -> None:
    add_line(petit, documents, "\x1b[31mrouge" + "x" * 200)
    forgotten = next(line for line in cover(petit, documents).text().splitlines() if coverage.FORGOTTEN in line)
    assert "\x1b" not in forgotten
    assert len(forgotten) < 120


def test_a_reason_is_no_formula_in_the_table(petit: Path, documents: Path) -> None:
    excuse(petit, f"petit,{add_line(petit, documents, 'Contact public')},=1+1")
    asked = ["sources", "coverage", str(documents), "--format", "csv"]
    done = CliRunner().invoke(main, asked, env={"ESS_GRAPH_ROOT": str(petit)})
    assert list(csv.DictReader(io.StringIO(done.stdout)))[-1]["reason"] == "'=1+1"


def test_the_command_says_it_in_two_forms(petit: Path, documents: Path) -> None:
    environment = {"ESS_GRAPH_ROOT": str(petit)}
    asked = ["sources", "coverage", str(documents)]
    done = CliRunner().invoke(main, asked, env=environment)
    assert (done.exit_code, "7 lines, 7 with facts" in done.output) == (0, True)
    number = add_line(petit, documents, "Oubliée")
    done = CliRunner().invoke(main, [*asked, "--format", "csv"], env=environment)
    assert done.exit_code == 1
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert [int(row["line"]) for row in rows] == [*LINES, number]
    assert rows[-1] == {
        "document": "petit",
        "line": str(number),
        "statements": "0",
        "reason": coverage.FORGOTTEN,
        "about": "",
    }
    by_line = {row["line"]: row["about"] for row in rows}
    assert by_line["6"] == (
        "id/chiffre/petit-L6-montant-convention id/convention/ville-de-petitbourg--cress-du-pays--2019-2021 "
        "id/structure/cress-du-pays"
    )


@pytest.mark.slow
def test_no_line_of_the_five_documents_is_forgotten(root: Path, shared: Path) -> None:
    found = coverage.cover(read(root), shared / "sources", root / coverage.REASONS)
    assert found.complaints == ()
    assert [(line.document, line.number) for line in found.lines if line.forgotten] == []
    assert len({line.document for line in found.lines}) == 5
