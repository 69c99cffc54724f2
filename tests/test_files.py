"""A release of anybody's files: what stands in no named graph stays there."""

from __future__ import annotations

from pathlib import Path

import pytest

from ess_graph.build.recipe import Recipe
from ess_graph.build.release import make
from ess_graph.engine.local import LocalBackend


@pytest.mark.parametrize(("union", "default"), [(False, 2), (True, 3)])
def test_statements_outside_named_graphs_are_the_default_graph(
    root: Path, tmp_path: Path, union: bool, default: int
) -> None:
    data = tmp_path / "data.nq"
    data.write_text("<a:s> <a:p> <a:o> .\n<a:s> <a:p> 'x' .\n<a:s> <a:p> 'y' <a:g> .\n".replace("'", '"'))
    made = make(Recipe(root, (data,), union, False, False), tmp_path / "home", LocalBackend())
    engine = LocalBackend().open(made.store)
    counted = engine.rows("SELECT (COUNT(*) AS ?n) { ?s ?p ?o }").rows
    assert [int(str(row["n"])) for row in counted] == [default]
    assert [str(row["g"]) for row in engine.rows("SELECT DISTINCT ?g { GRAPH ?g { ?s ?p ?o } }")] == ["a:g"]
    assert "<a:s> <a:p> <a:o> ." in made.dump.read_text(encoding="utf-8").splitlines()
