"""Citations against documents: what agrees, what changed, what is missing."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from ess_graph.build import citations
from ess_graph.build.read import read

CASE = Path(__file__).parents[1] / "cases" / "petit"


@pytest.fixture
def documents(tmp_path: Path) -> Path:
    folder = tmp_path / "documents"
    folder.mkdir()
    shutil.copy(CASE / "petit.txt", folder)
    return folder


def verify(project: Path, documents: Path) -> citations.Check:
    return citations.verify(read(project).merged(), documents)


def test_every_citation_agrees(petit: Path, documents: Path) -> None:
    found = verify(petit, documents)
    assert found.complaints == ()
    assert found.verified == 7


def test_a_missing_document_is_named(petit: Path, documents: Path) -> None:
    (documents / "petit.txt").unlink()
    assert any(c.startswith("petit.txt is not in") for c in verify(petit, documents).complaints)


def test_a_changed_document_is_noticed(petit: Path, documents: Path) -> None:
    path = documents / "petit.txt"
    path.write_text(path.read_text(encoding="utf-8").replace("12 000", "13 000"), encoding="utf-8")
    assert any("is not the document that was cited" in c for c in verify(petit, documents).complaints)


def change(project: Path, old: str, new: str, name: str = "sources.trig") -> None:
    path = project / "data" / name
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_a_wrong_hash_is_noticed(petit: Path, documents: Path) -> None:
    change(petit, 'ess:ligneFin 3 ; ess:sha256 "', 'ess:ligneFin 3 ; ess:sha256 "0')
    assert verify(petit, documents).complaints == (
        "petit#L3 has changed in its document since it was cited: read it again.",
    )


def test_lines_that_differ_from_the_iri_are_noticed(petit: Path, documents: Path) -> None:
    change(petit, "ess:ligneDebut 3 ; ess:ligneFin 3", "ess:ligneDebut 3 ; ess:ligneFin 4")
    assert any("make them those of its IRI" in c for c in verify(petit, documents).complaints)


def test_a_citation_without_a_passage_is_told_and_pinned(petit: Path, documents: Path) -> None:
    change(
        petit, "prov:wasDerivedFrom <source/petit#L3>", "prov:wasDerivedFrom <source/petit#L2-L3>", "fiches/petit.trig"
    )
    complaints = verify(petit, documents).complaints
    assert "petit#L2-L3 is cited but not described: run « ess-graph sources pin »." in complaints
    (passage, record, lines), *others = citations.missing(read(petit).merged(), documents)
    assert not others
    assert str(passage).endswith("petit#L2-L3")
    assert str(record).endswith("petit#fiche")
    assert lines[2].startswith("Budget")
