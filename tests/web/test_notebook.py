"""From a spreadsheet to the graph and back: live results, one's own names, and a file that runs."""

from __future__ import annotations

import csv
import html
import io
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient

from ess_graph.engine.base import Engine
from ess_graph.errors import BadValue
from ess_graph.query.notebook import LONGEST, MOST, names_of, notebook

BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8", "Accept-Language": "fr"}


def text(client: FlaskClient, path: str, status: int = 200, **query: str) -> str:
    reply = client.get(path, query_string=query, headers=BROWSER)
    assert reply.status_code == status, reply.get_data(as_text=True)[:400]
    return reply.get_data(as_text=True)


def links(page: str) -> list[str]:
    return [html.unescape(link) for link in re.findall(r'href="([^"]*)"', page)]


def test_each_result_is_that_of_the_query_beside_it(client: FlaskClient, engine: Engine) -> None:
    page = text(client, "/cahier")
    queries = [
        parse_qs(urlsplit(link).query)["query"][0] for link in links(page) if re.match(r"/sparql\?query=[^&]*$", link)
    ]
    made = notebook(engine)
    assert queries == [step.query for step in made.steps]
    tables = re.findall(r"<tbody.*?</tbody>", page, re.DOTALL)
    for query, table in zip(queries, tables, strict=True):
        found = client.get("/sparql", query_string={"query": query, "format": "json"}).get_json()["results"]["bindings"]
        assert table.count("<tr") == len(found) > 0


@pytest.mark.parametrize(
    ("path", "place"), [("/questions", "themes-list"), ("/donnees", "tables"), ("/api", "questions")]
)
def test_it_is_found_from_where_people_look(client: FlaskClient, path: str, place: str) -> None:
    assert "/cahier" in links(text(client, path)), place


def test_the_last_step_goes_back_to_the_spreadsheet(client: FlaskClient, engine: Engine) -> None:
    page = text(client, "/cahier")
    [plain, sheet] = [link for link in links(page) if link.startswith("/sparql") and "format=" in link]
    rows = list(csv.DictReader(io.StringIO(client.get(plain).get_data(as_text=True))))
    assert len(rows) == len(notebook(engine).steps[-1].found) and all(
        row["chose"].startswith("https://") for row in rows
    )
    asked = client.get("/api/questions/budget-ess?collectivite=").get_json()["rows"]
    for row in rows:
        stated = [budget["valeur"] for budget in asked if budget["collectivite"]["iri"] == row["chose"]]
        assert int(row["budget"]) == max(stated)
    assert max(int(row["dispositifs"]) for row in rows) > 1
    assert client.get(sheet).get_data().startswith(b'\xef\xbb\xbf"chose";"budget";')


def test_ones_own_names_go_through_the_same_steps(client: FlaskClient) -> None:
    pasted = "Nom;Note\ngrand DIJON;x\nRégion Grand Est;\nNulle Part;\ngrand DIJON;\n"
    page = text(client, "/cahier", noms=pasted)
    assert "Dijon Métropole" in page and "242100410" in page
    assert re.search(r'<a class="v" href="/recherche\?q=Nulle\+Part|%20Part">', page) or "/recherche?q=Nulle" in page
    assert page.count(">grand DIJON<") == 2, "once in the list and once found, however often it was pasted"
    english = text(client, "/cahier", noms="CUS", lang="en")
    assert "Back to the spreadsheet" in english and "246700488" in english


def test_a_name_of_several_things_shows_them_all(client: FlaskClient) -> None:
    page = text(client, "/cahier", noms="CRESS")
    assert len(re.findall(r'<th scope="row" role="rowheader"><span class="v">CRESS</span>', page)) >= 3


def test_names_that_nothing_has_leave_empty_steps(client: FlaskClient) -> None:
    page = text(client, "/cahier", noms="zzzz")
    assert page.count("aucun de ces noms") == 2
    assert client.get("/cahier.ipynb", query_string={"noms": "zzzz"}).status_code == 200


HOSTILE = [
    "<script>alert(1)</script>", 'a" } DROP ALL #', 'a\\" } #', "\\", "'''", 'a""" } #', "x" * LONGEST, "=1+1",
    "{{ 7*7 }}", "?x", "} # {", "\ufffd",
]  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_name_is_text_everywhere(client: FlaskClient, name: str) -> None:
    page = text(client, "/cahier", noms=f"CUS\n{name}")
    assert "246700488" in page, "the others are found all the same"
    assert "<script>alert" not in page and "49" not in re.findall(r">49<", page)
    file = client.get("/cahier.ipynb", query_string={"noms": f"CUS\n{name}"}).get_json()
    for cell in file["cells"]:
        if cell["cell_type"] == "code":
            compile("".join(cell["source"]), cell["id"], "exec")


@pytest.mark.parametrize(
    "noms", ["\n".join(f"nom {n}" for n in range(MOST + 1)), "x" * (LONGEST + 1), "a\u0000b", "\u202ea"]
)
def test_what_is_no_list_of_names_is_said_so(client: FlaskClient, noms: str) -> None:
    page = text(client, "/cahier", 400, noms=noms)
    assert 'role="alert"' in page and 'aria-invalid="true"' in page
    reply = client.get("/cahier.ipynb", query_string={"noms": noms}, headers={"Accept": "application/json"})
    assert (reply.status_code, reply.mimetype) == (400, "application/problem+json")


@pytest.mark.parametrize(
    ("pasted", "names"),
    [
        ("a\nb\n\na", ("a", "b")),
        ("Collectivité,Budget\n Ville  de Nevers ,3\n", ("Ville de Nevers",)),
        ('name\tx\n"Grand Dijon"\t1', ("Grand Dijon",)),
        ("Strasbourg\nnom", ("Strasbourg", "nom")),
        ("", ()),
    ],
)
def test_names_are_the_first_column_of_whatever_is_pasted(pasted: str, names: tuple[str, ...]) -> None:
    assert names_of(pasted) == names


def test_too_many_names_are_refused_by_name() -> None:
    with pytest.raises(BadValue) as caught:
        names_of("\n".join(map(str, range(MOST + 1))))
    assert caught.value.parameter == "many"


def test_an_unchanged_notebook_is_not_sent_again(client: FlaskClient) -> None:
    for path in ("/cahier", "/cahier?noms=CUS", "/cahier.ipynb"):
        tag = client.get(path).headers["ETag"]
        assert client.get(path, headers={"If-None-Match": tag}).status_code == 304
    assert client.get("/cahier").headers["ETag"] != client.get("/cahier?noms=CUS").headers["ETag"]


def test_without_data_it_still_stands(hostile: Flask) -> None:
    assert hostile.test_client().get("/cahier", headers=BROWSER).status_code == 200


def cells_of(client: FlaskClient, base: str) -> list[dict[str, Any]]:
    reply = client.get("/cahier.ipynb", base_url=base)
    assert reply.mimetype == "application/x-ipynb+json"
    file = json.loads(reply.get_data(as_text=True))
    assert (file["nbformat"], file["nbformat_minor"]) == (4, 5)
    assert file["metadata"]["kernelspec"]["name"] == "python3"
    assert len({cell["id"] for cell in file["cells"]}) == len(file["cells"])
    found: list[dict[str, Any]] = file["cells"]
    return found


def test_the_file_is_a_notebook_of_jupyter(client: FlaskClient, engine: Engine) -> None:
    cells = cells_of(client, "http://graphe.example")
    assert {cell["cell_type"] for cell in cells} == {"markdown", "code"}
    for cell in cells:
        assert re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", cell["id"]) and isinstance(cell["source"], list)
        if cell["cell_type"] == "code":
            assert {"execution_count", "outputs"} <= set(cell)
    assert "http://graphe.example/sparql" in "".join(cells[1]["source"])
    printed = "".join(line for cell in cells for out in cell.get("outputs", ()) for line in out["text"])
    assert "246700488" in printed


@pytest.mark.slow
def test_the_file_runs_from_top_to_bottom(address: str, app: Flask, tmp_path: Path) -> None:
    with app.test_client() as client:
        program = "\n".join("".join(c["source"]) for c in cells_of(client, address) if c["cell_type"] == "code")
    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False, cwd=tmp_path
    )
    assert ended.returncode == 0, ended.stderr
    assert "246700488" in ended.stdout
    table = (tmp_path / "ess-graph.csv").read_text(encoding="utf-8-sig")
    assert table.startswith("chose;budget;") and "region-grand-est" in table
