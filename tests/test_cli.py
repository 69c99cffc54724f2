"""The command line: help, exit codes, formats."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from ess_graph.cli import main
from ess_graph.releases import Release
from ess_graph.vocab import BASE, ESS

CASE = Path(__file__).parent / "cases" / "petit"


def commands(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))
        else:
            yield (*path, name), command


COMMANDS = dict(commands(main))


def run(*arguments: str, home: Path | None = None, root: Path | None = None, given: str | None = None) -> Result:
    environment = {"ESS_GRAPH_HOME": str(home)} if home else {}
    if root:
        environment["ESS_GRAPH_ROOT"] = str(root)
    return CliRunner(env=environment).invoke(main, list(arguments), input=given)


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_every_command_has_help_with_an_example(path: tuple[str, ...]) -> None:
    shown = run(*path, "--help")
    assert shown.exit_code == 0
    assert f"Example: ess-graph {' '.join(path)}" in " ".join(shown.output.split())


def test_help_imports_nothing_heavy() -> None:
    script = (
        "import sys; from ess_graph import cli\n"
        "try: cli.main(['build', '--help'])\n"
        "except SystemExit: pass\n"
        "print([n for n in ('rdflib', 'pyshacl', 'owlrl', 'flask', 'pyoxigraph', 'gunicorn') if n in sys.modules])"
    )
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert ended.stdout.strip().endswith("[]")


def test_an_unknown_option_is_a_usage_error() -> None:
    assert run("build", "--nonsense").exit_code == 2


@pytest.fixture
def petit(root: Path, tmp_path: Path) -> Path:
    project = tmp_path / "projet"
    for name in ("ontology", "shapes", "rules"):
        shutil.copytree(root / name, project / name)
    shutil.copytree(CASE / "data", project / "data")
    return project


@pytest.mark.slow
def test_build_then_list(petit: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    assert run("releases", "list", home=home, root=petit).output == ""
    built = run("build", home=home, root=petit)
    assert built.exit_code == 0
    assert "triples" in built.output
    listed = run("releases", "list", home=home, root=petit).output.splitlines()
    assert len(listed) == 1
    assert listed[0].startswith("* ")


@pytest.mark.slow
def test_build_refuses_a_broken_file_with_exit_code_1(petit: Path, tmp_path: Path) -> None:
    (petit / "data" / "fiches" / "petit.trig").write_text("<a> <b> ,, .", encoding="utf-8")
    ended = run("build", home=tmp_path / "home", root=petit)
    assert ended.exit_code == 1
    assert "petit.trig, line 1, column" in ended.output
    assert "Traceback" not in ended.output


@pytest.mark.slow
def test_validate_says_where_what_and_how_to_mend(petit: Path) -> None:
    assert run("validate", root=petit).exit_code == 0
    path = petit / "data" / "fiches" / "petit.trig"
    path.write_text(
        path.read_text(encoding="utf-8").replace('schema:unitCode "EUR"', "", 1).replace(";  ;", ";"), encoding="utf-8"
    )
    ended = run("validate", root=petit)
    assert ended.exit_code == 1
    assert "data/fiches/petit.trig" in ended.output
    assert "petit-L3-budget-ess" in ended.output
    found = json.loads(run("validate", "--format", "json", root=petit).output)
    assert not found["conforms"]
    assert "sh:ValidationReport" in run("validate", "--format", "turtle", root=petit).output


@pytest.mark.slow
def test_validate_other_files_with_other_shapes(petit: Path, tmp_path: Path) -> None:
    data, shapes = tmp_path / "d.ttl", tmp_path / "s.ttl"
    data.write_text("<http://example.org/a> a <http://example.org/C> .", encoding="utf-8")
    shapes.write_text(
        "@prefix sh: <http://www.w3.org/ns/shacl#> . <http://example.org/S> a sh:NodeShape ; "
        "sh:targetClass <http://example.org/C> ; sh:property <http://example.org/P> . "
        "<http://example.org/P> sh:path <http://example.org/p> ; sh:minCount 1 .",
        encoding="utf-8",
    )
    ended = run("validate", str(data), "--shapes", str(shapes), "--format", "json", root=petit)
    assert ended.exit_code == 1
    (finding,) = json.loads(ended.output)["findings"]
    assert finding["focus"] == "http://example.org/a"
    assert finding["where"] == str(data)


@pytest.mark.slow
def test_validate_reads_standard_input(petit: Path) -> None:
    nameless = f"<{BASE}id/structure/x> a <{ESS.Structure}> ."
    ended = run("validate", "-", "--format", "json", root=petit, given=nameless)
    assert ended.exit_code == 1
    assert {"standard input"} == {finding["where"] for finding in json.loads(ended.output)["findings"]}
    malformed = run("validate", "-", root=petit, given="<urn:a> .")
    assert malformed.exit_code == 1
    assert "standard input, line 1" in malformed.output


def test_validate_takes_what_is_anybodys_as_it_is(petit: Path, tmp_path: Path) -> None:
    data, shapes = tmp_path / "d.ttl", tmp_path / "s.ttl"
    shapes.write_text(
        "@prefix sh: <http://www.w3.org/ns/shacl#> . @prefix skos: <http://www.w3.org/2004/02/skos/core#> . "
        "<urn:S> a sh:NodeShape ; sh:targetClass skos:ConceptScheme ; sh:property <urn:P> . "
        "<urn:P> sh:path <urn:p> ; sh:minCount 1 .",
        encoding="utf-8",
    )

    def concerned(turtle: str, *options: str) -> set[str]:
        data.write_text(f"@prefix skos: <http://www.w3.org/2004/02/skos/core#> . {turtle}", encoding="utf-8")
        ended = run("validate", str(data), "--shapes", str(shapes), "--format", "json", *options, root=petit)
        return {finding["focus"] for finding in json.loads(ended.output)["findings"]}

    theirs = "<urn:a> a skos:ConceptScheme ."
    assert concerned(theirs) == {"urn:a"}
    ours = f"{theirs} <urn:b> a <{ESS}Action> ."
    assert concerned(ours) > {"urn:a"}  # the project's concept schemes are at hand
    assert concerned(ours, "--no-infer") == {"urn:a"}


ASKED = "SELECT ?label WHERE { ?c a ess:Collectivite ; skos:prefLabel ?label } ORDER BY ?label LIMIT 2"


@pytest.mark.parametrize(
    ("form", "expected"),
    [("table", "(2 rows)"), ("csv", "label\n"), ("tsv", "?label"), ("json", '"vars":["label"]'), ("xml", "<sparql")],
)
def test_query_in_each_format(release: Release, home: Path, form: str, expected: str) -> None:
    ended = run("query", ASKED, "--format", form, home=home)
    assert ended.exit_code == 0
    assert expected in ended.output


def test_query_from_a_file_and_from_standard_input(release: Release, home: Path, tmp_path: Path) -> None:
    path = tmp_path / "q.rq"
    path.write_text(ASKED, encoding="utf-8")
    from_file = run("query", str(path), home=home).output
    assert from_file == run("query", "-", home=home, given=ASKED).output
    assert "(2 rows)" in from_file


def test_query_for_triples(release: Release, home: Path) -> None:
    asked = "CONSTRUCT { ?s a ess:Collectivite } WHERE { ?s a ess:Collectivite }"
    assert "a ess:Collectivite" in run("query", asked, home=home).output
    assert run("query", asked, "--format", "csv", home=home).exit_code == 2


def test_a_malformed_query_is_a_usage_error_with_line_and_column(release: Release, home: Path) -> None:
    ended = run("query", "SELECT *\nWHERE { ?s ?p }", home=home)
    assert ended.exit_code == 2
    assert "line 2, column" in ended.output


def test_nothing_published_says_what_to_do(tmp_path: Path) -> None:
    ended = run("query", ASKED, home=tmp_path)
    assert ended.exit_code != 0
    assert "ess-graph build" in ended.output


def test_sources_verify(petit: Path, tmp_path: Path) -> None:
    documents = tmp_path / "documents"
    documents.mkdir()
    shutil.copy(CASE / "petit.txt", documents)
    good = run("sources", "verify", str(documents), root=petit)
    assert good.exit_code == 0
    assert "7 citations agree" in good.output
    (documents / "petit.txt").write_text("autre", encoding="utf-8")
    assert run("sources", "verify", str(documents), root=petit).exit_code == 1
    assert run("sources", "verify", str(tmp_path / "nulle-part"), root=petit).exit_code == 2


def test_sources_verify_on_the_real_documents(root: Path, shared: Path) -> None:
    ended = run("sources", "verify", str(shared / "sources"), root=root)
    assert ended.exit_code == 0, ended.output
    assert "0 complaints" in ended.output


@pytest.mark.slow
def test_the_installed_program_runs() -> None:
    program = Path(sys.executable).parent / "ess-graph"
    ended = subprocess.run([program, "--version"], capture_output=True, text=True, check=True, env=dict(os.environ))
    assert ended.stdout.startswith("ess-graph, version ")
