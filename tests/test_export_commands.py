"""The command line of exports and releases: what is written, what changed, the way back."""

from __future__ import annotations

import csv
import io
import json
import shutil
import zipfile
from pathlib import Path

import icalendar
import pytest
from click.testing import CliRunner, Result

from ess_graph import releases, terms
from ess_graph.build.release import build
from ess_graph.cli import main
from ess_graph.engine.base import Engine
from ess_graph.engine.local import LocalBackend
from ess_graph.releases import Release

CASE = Path(__file__).parent / "cases" / "petit"
RECORD = Path("data/fiches/petit.trig")


def run(home: Path, *arguments: str, root: Path | None = None) -> Result:
    environment = {"ESS_GRAPH_HOME": str(home), "ESS_GRAPH_PUBLIC_URL": ""}
    if root:
        environment["ESS_GRAPH_ROOT"] = str(root)
    return CliRunner(env=environment).invoke(main, list(arguments))


@pytest.mark.parametrize("form", ["trig", "nq", "jsonld"])
def test_a_dump_is_the_whole_graph(home: Path, release: Release, tmp_path: Path, form: str) -> None:
    out = tmp_path / f"all.{form}"
    assert run(home, "export", "--format", form, "--out", str(out)).exit_code == 0
    assert set(terms.quads(out)) == set(terms.quads(release.dump))
    assert list(tmp_path.iterdir()) == [out], "nothing unfinished stays behind"


def test_a_table_on_standard_output(home: Path, engine: Engine) -> None:
    plain = run(home, "export", "--format", "csv", "--type", "Evenement", "--lang", "en")
    found = list(csv.DictReader(io.StringIO(plain.stdout_bytes.decode("utf-8"), newline="")))
    assert len(found) == len(engine.rows("SELECT ?e { ?e a ess:Evenement }"))
    tomblaine = [row for row in found if row["Place"] == "Tomblaine"]
    assert ["2021-10-14" in row.values() for row in tomblaine] == [True]
    sheet = run(home, "export", "--format", "csv", "--type", "evenement", "--spreadsheet")
    assert sheet.stdout_bytes.startswith(b'\xef\xbb\xbf"Nom";')


def test_calendar_and_map(home: Path, engine: Engine, tmp_path: Path) -> None:
    assert run(home, "export", "--format", "ics", "--partial", "--out", str(tmp_path / "e.ics")).exit_code == 0
    entries = icalendar.Calendar.from_ical((tmp_path / "e.ics").read_bytes()).walk("VEVENT")
    assert len(entries) == len(engine.rows("SELECT DISTINCT ?e { ?e a ess:Evenement ; schema:startDate ?d }"))
    assert all(str(entry["url"]) == str(entry["uid"]) for entry in entries), "without a public address, the IRI"
    found = json.loads(run(home, "export", "--format", "geojson").stdout)
    assert found["type"] == "FeatureCollection"


@pytest.mark.slow
def test_all_tables_go_to_a_file(home: Path, release: Release, tmp_path: Path) -> None:
    assert release.id
    assert run(home, "export", "--format", "csv").exit_code == 2
    assert run(home, "export", "--format", "csv", "--out", str(tmp_path / "all.zip")).exit_code == 0
    with zipfile.ZipFile(tmp_path / "all.zip") as packed:
        assert "collectivite.csv" in packed.namelist()


def test_mistakes_say_what_to_do(home: Path, release: Release, tmp_path: Path) -> None:
    assert release.id in run(home, "export", "--format", "nq", "--release", "2001").output
    wrong = run(home, "export", "--format", "csv", "--type", "poney")
    assert wrong.exit_code == 2
    assert "collectivite" in wrong.output
    nowhere = run(home, "export", "--format", "nq", "--out", str(tmp_path / "none" / "all.nq"))
    assert nowhere.exit_code == 3
    assert "Traceback" not in nowhere.output
    assert run(home, "releases", "show", "2001").exit_code == 2


def test_a_release_is_shown(home: Path, release: Release) -> None:
    shown = run(home, "releases", "show", release.id[:15]).output
    assert "in service" in shown
    assert "graph/curation" in shown
    said = json.loads(run(home, "releases", "show", "--format", "json").output)
    assert said["id"] == release.id
    assert said["damage"] == []
    engine = LocalBackend().open(release.store)
    size = "SELECT (COUNT(*) AS ?n) { GRAPH <graph/curation> { ?s ?p ?o } }"
    assert said["graphs"]["https://w3id.org/ess-graph/graph/curation"] == int(str(engine.rows(size).rows[0]["n"]))
    engine.close()


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory, root: Path) -> tuple[Path, Path, Release, Release]:
    """A small project and its home with two releases, between which one figure and one name changed."""
    project = tmp_path_factory.mktemp("two") / "projet"
    for name in ("ontology", "shapes", "rules"):
        shutil.copytree(root / name, project / name)
    shutil.copytree(CASE / "data", project / "data")
    home = project.parent / "home"
    old = build(project, home, LocalBackend())
    record, names = project / RECORD, project / "data" / "registre.trig"
    record.write_text(record.read_text(encoding="utf-8").replace("schema:value 12000", "schema:value 13000"), "utf-8")
    names.write_text(
        names.read_text(encoding="utf-8").replace('"Coup de pouce"@fr .\n', '"Coup de main"@fr .\n'), "utf-8"
    )
    return project, home, old, build(project, home, LocalBackend())


@pytest.mark.slow
def test_what_changed_is_counted_and_listed(two: tuple[Path, Path, Release, Release]) -> None:
    project, home, old, new = two
    told = run(home, "releases", "diff", "previous", "current", root=project)
    assert told.exit_code == 0
    assert f"From {old.id} to {new.id}: 2 statements more, 2 fewer." in told.output
    assert '"12000"^^' in told.output
    assert "+ <https://w3id.org/ess-graph/id/dispositif/coup-de-pouce>" in told.output
    said = json.loads(run(home, "releases", "diff", old.id, new.id, "--format", "json", root=project).output)
    assert said["things"] == {
        "added": [],
        "changed": [
            "https://w3id.org/ess-graph/id/chiffre/petit-L3-budget-ess",
            "https://w3id.org/ess-graph/id/dispositif/coup-de-pouce",
        ],
        "removed": [],
    }
    assert said["graphs"]["https://w3id.org/ess-graph/source/petit#fiche"] == {"removed": 1, "added": 1}
    back = json.loads(run(home, "releases", "diff", new.id, old.id, "--format", "json", root=project).output)
    assert (
        back["statements"]["https://w3id.org/ess-graph/source/petit#fiche"]["added"]
        == (said["statements"]["https://w3id.org/ess-graph/source/petit#fiche"]["removed"])
    )
    kept = json.loads(new.changes.read_text(encoding="utf-8"))
    assert kept["things"] == said["things"], "the release says the same of itself"
    assert json.loads(old.changes.read_text(encoding="utf-8"))["since"] is None


@pytest.mark.slow
def test_the_way_back(two: tuple[Path, Path, Release, Release]) -> None:
    project, home, old, new = two
    try:
        assert old.id in run(home, "releases", "rollback", root=project).output
        assert releases.current(home).id == old.id
        nothing = run(home, "releases", "rollback", root=project)
        assert nothing.exit_code == 2, "there is nothing before the first release"
        assert releases.current(home).id == old.id
        assert run(home, "releases", "rollback", new.id, root=project).exit_code == 0
        assert releases.current(home).id == new.id
    finally:
        shutil.rmtree(home)


def test_a_terminal_is_not_moved_by_a_statement(capsys: pytest.CaptureFixture[str]) -> None:
    from ess_graph.commands.releases import _lines

    _lines("+ ", ['<s> <p> "\x1b[2Jx\u202ey"', "<t>"], 1)
    said = capsys.readouterr().out
    assert "\x1b" not in said
    assert "\u202e" not in said
    assert "1 more: --all" in said
