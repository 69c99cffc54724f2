"""``ess-graph ask``: the list, an answer in each form, values by name, and what is said of mistakes."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from ess_graph.cli import main
from ess_graph.query import questions
from ess_graph.releases import Release


def run(home: Path, *arguments: str) -> Result:
    return CliRunner(env={"ESS_GRAPH_HOME": str(home)}).invoke(main, ["ask", *arguments])


def test_the_list_needs_no_release(tmp_path: Path) -> None:
    listed = run(tmp_path)
    assert listed.exit_code == 0
    assert all(question.name in listed.output for question in questions.all())
    assert "Which agreements bind whom" in run(tmp_path, "--lang", "en").output
    assert len(json.loads(run(tmp_path, "--format", "json").output)) == len(questions.all())


@pytest.mark.parametrize("value", ["Plaine Commune", "plaine-commune", "id/collectivite/plaine-commune"])
@pytest.mark.parametrize("spelled", ["--collectivite|{}", "--collectivite={}", "--param|collectivite={}"])
def test_a_value_by_name_slug_or_path_and_in_each_spelling(
    release: Release, home: Path, value: str, spelled: str
) -> None:
    ended = run(home, "budget-ess", *spelled.format(value).split("|"), "--format", "csv")
    assert ended.exit_code == 0
    rows = list(csv.DictReader(io.StringIO(ended.output)))
    assert {row["collectivite"] for row in rows} == {"Plaine Commune"}
    assert sorted(int(row["valeur"]) for row in rows) == [50000, 200000]


def test_the_table_says_the_question_and_its_sources(release: Release, home: Path) -> None:
    shown = run(home, "que-s-est-il-passe", "--territoire", "Strasbourg", "--de", "2013", "--a", "2013").output
    assert "2013" in shown.splitlines()[0]
    assert "Source" in shown
    assert "L27" in shown
    assert "(row" not in shown.splitlines()[0]


def test_an_open_parameter_differs_from_one_left_out(release: Release, home: Path) -> None:
    def authorities(*arguments: str) -> set[str]:
        output = run(home, "budget-ess", *arguments, "--format", "json").output
        return {row["collectivite"]["label"] for row in json.loads(output)["rows"]}

    assert authorities() == {"Région Grand Est"}
    assert len(authorities("--collectivite=")) > 3


def test_choices(release: Release, home: Path) -> None:
    shown = run(home, "qui-siege", "--choices").output
    assert "Conseil de l'ESS de Strasbourg  (id/instance/conseil-ess-strasbourg)" in shown


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("nope",), "« ess-graph ask » lists them"),
        (("budget-ess", "--annee", "2018"), "it takes collectivite"),
        (("budget-ess", "--collectivite", "Atlantide"), "names nothing that can be chosen"),
        (("agenda", "--de", "hier"), "a year in four digits"),
        (("agenda", "--param", "de"), "--param de=VALUE"),
    ],
)
def test_a_mistake_is_a_usage_error_that_says_what_to_do(
    release: Release, home: Path, arguments: tuple[str, ...], said: str
) -> None:
    ended = run(home, *arguments)
    assert ended.exit_code == 2
    assert said in ended.output
    assert "Traceback" not in ended.output
