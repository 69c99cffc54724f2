"""A build is one atomic step: a whole release, or the old one as it was."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from rdflib import URIRef

from ess_graph import releases
from ess_graph.build import release as building
from ess_graph.engine.local import LocalBackend
from ess_graph.errors import InvalidData, NotFound, NotPossibleNow
from ess_graph.releases import Release
from ess_graph.terms import quads
from ess_graph.vocab import INFERENCES

pytestmark = pytest.mark.slow

FICHE = Path("data/fiches/petit.trig")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


def build(project: Path, home: Path) -> Release:
    return building.build(project, home, LocalBackend())


def test_a_release_holds_every_named_graph_and_their_merge(petit: Path, home: Path) -> None:
    made = build(petit, home)
    assert releases.current(home).id == made.id
    engine = LocalBackend().open(made.store)
    graphs = {str(row["g"]) for row in engine.rows("SELECT DISTINCT ?g { GRAPH ?g { ?s ?p ?o } }")}
    assert {g.rpartition("/")[2] for g in graphs} == {
        "registre", "petit#fiche", "sources", "curation", "voc", "inferences",
    }  # fmt: skip
    counts = Counter(triple[:3] for triple in quads(made.dump))
    merged = engine.rows("SELECT ?s ?p ?o { ?s ?p ?o }")
    assert len(merged) == len(counts) == made.manifest["triples"]
    assert max(counts.values()) > 1, "the case must hold a triple that stands in two graphs"


def test_nothing_published_is_blank(petit: Path, home: Path) -> None:
    dump = build(petit, home).dump.read_text(encoding="utf-8")
    assert "_:" not in dump


def test_the_same_inputs_are_not_built_twice(petit: Path, home: Path) -> None:
    first = build(petit, home)
    assert build(petit, home).id == first.id
    assert len(releases.listed(home)) == 1
    (petit / FICHE).write_text((petit / FICHE).read_text(encoding="utf-8") + "\n", encoding="utf-8")
    assert build(petit, home).id != first.id


def test_a_broken_file_stops_the_build_and_leaves_the_release(petit: Path, home: Path) -> None:
    old = build(petit, home)
    text = (petit / FICHE).read_text(encoding="utf-8").splitlines()
    text.insert(20, " <id/structure/x> a ,, .")
    (petit / FICHE).write_text("\n".join(text), encoding="utf-8")
    with pytest.raises(InvalidData) as caught:
        build(petit, home)
    message = str(caught.value)
    assert "petit.trig, line 21, column" in message
    assert "Mend the file" in message
    assert releases.current(home).id == old.id
    assert not releases.current(home).damage()


def test_a_statement_outside_any_graph_is_refused(petit: Path, home: Path) -> None:
    with (petit / FICHE).open("a", encoding="utf-8") as handle:
        handle.write("<id/structure/x> a ess:Structure .\n")
    with pytest.raises(InvalidData, match=r"petit\.trig: .*structure/x stands outside any named graph"):
        build(petit, home)


def test_data_that_break_a_shape_are_refused_whole_with_a_report(petit: Path, home: Path) -> None:
    old = build(petit, home)
    text = (petit / FICHE).read_text(encoding="utf-8")
    (petit / FICHE).write_text(text.replace("schema:value 12000", 'schema:value "douze mille"@fr'), encoding="utf-8")
    with pytest.raises(building.Refused) as caught:
        build(petit, home)
    assert [str(f.focus).rpartition("/")[2] for f in caught.value.found.findings if f.severity == "Violation"] == [
        "petit-L3-budget-ess"
    ]
    assert "petit.trig" in str(caught.value)
    assert "stays as it was" in str(caught.value)
    assert releases.current(home).id == old.id


def test_validation_comes_before_literals_are_normalised(petit: Path, home: Path) -> None:
    text = (petit / FICHE).read_text(encoding="utf-8")
    written = '"012000"^^<http://www.w3.org/2001/XMLSchema#integer>'
    (petit / FICHE).write_text(text.replace("schema:value 12000", f"schema:value {written}"), encoding="utf-8")
    assert written in build(petit, home).dump.read_text(encoding="utf-8")


def test_two_builds_at_once_one_is_told_who_holds_the_lock(petit: Path, home: Path) -> None:
    home.mkdir()
    with (home / "build.lock").open("w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        lock.write("process 4242")
        lock.flush()
        with pytest.raises(NotPossibleNow, match="process 4242"):
            build(petit, home)
    assert build(petit, home).id


def test_a_build_killed_before_publishing_leaves_the_old_release(petit: Path, home: Path) -> None:
    old = build(petit, home)
    (petit / FICHE).write_text((petit / FICHE).read_text(encoding="utf-8") + "\n# new\n", encoding="utf-8")
    killed = """
import os, sys
from pathlib import Path
from ess_graph.build import release
from ess_graph.engine.local import LocalBackend
release.publish = lambda *_: os.kill(os.getpid(), 9)
release.build(Path(sys.argv[1]), Path(sys.argv[2]), LocalBackend())
"""
    ended = subprocess.run([sys.executable, "-c", killed, petit, home], check=False, env={**os.environ})
    assert ended.returncode == -9
    assert releases.current(home).id == old.id
    assert build(petit, home).id != old.id


def test_a_directory_without_a_manifest_is_no_release(petit: Path, home: Path) -> None:
    made = build(petit, home)
    (releases.folder(home) / "20990101T000000Z-ffffffff" / "store").mkdir(parents=True)
    assert [release.id for release in releases.listed(home)] == [made.id]


def test_damage_is_noticed_and_mended_by_a_build(petit: Path, home: Path) -> None:
    made = build(petit, home)
    made.index.write_bytes(b"rubbish")
    assert made.damage() == ["index.sqlite"]
    again = build(petit, home)
    assert not again.damage()
    assert releases.current(home).id == again.id


def test_a_damaged_release_gives_way_to_the_one_before(petit: Path, home: Path) -> None:
    old = build(petit, home)
    (petit / FICHE).write_text((petit / FICHE).read_text(encoding="utf-8") + "\n", encoding="utf-8")
    new = build(petit, home)
    assert building.fall_back(home).id == new.id
    new.dump.unlink()
    assert building.fall_back(home).id == old.id
    assert releases.current(home).id == old.id
    old.dump.unlink()
    with pytest.raises(NotFound, match="ess-graph build"):
        building.fall_back(home)


def test_a_damaged_manifest_is_a_damaged_release(petit: Path, home: Path) -> None:
    made = build(petit, home)
    sound = releases.folder(home) / "20000101T000000Z-00000000"
    shutil.copytree(made.folder, sound)
    for manifest in (b"", b'{"layout": 2', b"[]", b"\xff", b'{"layout": 2, "created": "2026"}'):
        building.point(home, made.folder)
        (made.folder / releases.MANIFEST).write_bytes(manifest)
        with pytest.raises(NotFound, match="damaged"):
            releases.current(home)
        said: list[str] = []
        assert building.fall_back(home, said.append).folder == sound
        assert made.id in said[0]
        assert sound.name in said[0]
        assert [release.folder for release in releases.listed(home)] == [sound]
    (sound / releases.MANIFEST).unlink()
    again = build(petit, home)
    assert releases.current(home).id == again.id


def test_a_sound_release_is_served_where_the_current_one_is_gone(petit: Path, home: Path) -> None:
    made = build(petit, home)
    (home / "current").unlink()
    assert building.fall_back(home).id == made.id
    (home / "current").unlink()
    (home / "current").symlink_to("releases/gone")
    assert building.fall_back(home).id == made.id
    assert releases.current(home).id == made.id


def test_what_is_inferred_stands_in_its_own_graph(petit: Path, home: Path) -> None:
    made = build(petit, home)
    graphs: dict[tuple[object, ...], set[URIRef | None]] = {}
    for subject, predicate, value, graph in quads(made.dump):
        graphs.setdefault((subject, predicate, value), set()).add(graph)
    assert any(found == {INFERENCES} for found in graphs.values())
    assert all(found == {INFERENCES} for found in graphs.values() if INFERENCES in found)
