"""Questions over HTTP: pages that need no script, the API, and the description that keeps in step with the site."""

from __future__ import annotations

import csv
import html
import io
import json
import re
import subprocess
import sys
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from rdflib import Graph
from rdflib.namespace import RDF

from ess_graph.query import questions
from ess_graph.releases import Release
from ess_graph.vocab import QUESTIONS, SH
from ess_graph.web import openapi

BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8", "Accept-Language": "fr"}
#: Those that this release answers alone; the others are in test_federated.py.
ALL = tuple(q for q in questions.all() if not q.requires)
every_question = pytest.mark.parametrize("name", [q.name for q in ALL])


def get(client: FlaskClient, path: str, status: int = 200, **headers: str) -> str:
    reply = client.get(path, headers={**BROWSER, **headers}, buffered=True)
    assert reply.status_code == status, reply.get_data(as_text=True)[:500]
    return reply.get_data(as_text=True)


def asked(client: FlaskClient, path: str) -> dict[str, Any]:
    reply = client.get(path, headers={"Accept": "application/json", "Accept-Language": "fr"}, buffered=True)
    assert reply.status_code == 200, reply.get_data(as_text=True)[:500]
    found: dict[str, Any] = json.loads(reply.get_data(as_text=True))
    return found


def links(page: str) -> list[str]:
    return [html.unescape(link) for link in re.findall(r'href="([^"]*)"', page)]


# Pages ------------------------------------------------------------------------------------------------------------


def test_the_list_leads_to_every_question_and_is_searched_without_script(client: FlaskClient) -> None:
    page = get(client, "/questions")
    assert {f"/questions/{q.name}" for q in questions.all()} <= set(links(page))
    found = get(client, "/questions?q=BUDGETS+ess")
    assert "/questions/budget-ess" in links(found)
    assert "/questions/ressources" not in links(found)
    assert "Aucune question" in get(client, "/questions?q=zzzz")
    english = get(client, "/questions?q=budgets&lang=en")
    assert "/questions/budget-ess?lang=en" in links(english)


@every_question
@pytest.mark.parametrize("lang", ["fr", "en"])
def test_each_question_answers_on_its_page(client: FlaskClient, name: str, lang: str) -> None:
    page = get(client, f"/questions/{name}?lang={lang}")
    assert page.count("<tr") > 1
    assert "https://w3id.org" not in re.sub(r'(href|value|content)="[^"]*"', "", page), "everything has a name"
    assert "{$" not in page
    assert " style=" not in page
    question = questions.named(name)
    assert question
    for parameter in question.parameters:
        assert f'for="p-{parameter.name}"' in page
        assert f'id="p-{parameter.name}"' in page
    if "source" in question.select.partition("WHERE")[0]:
        assert 'class="chip"' in page, "a source beside each answer"


def test_the_form_shows_what_was_asked_and_the_link_asks_it_again(client: FlaskClient) -> None:
    path = "/questions/que-s-est-il-passe?territoire=id/territoire/commune-mulhouse&de=&a=2018"
    page = get(client, path)
    assert re.search(r'<option value="id/territoire/commune-mulhouse" selected>Mulhouse</option>', page)
    assert re.search(r'name="a"[^>]*value="2018"', page)
    [share] = [link for link in links(page) if link.startswith("http://") and "/questions/" in link]
    again = urlsplit(share)
    assert get(client, f"{again.path}?{again.query}").count("<tr") == page.count("<tr")


def test_an_earlier_release_is_kept_in_every_link(client: FlaskClient, release: Release) -> None:
    page = get(client, f"/questions/budget-ess?release={release.id}")
    asked = [link for link in links(page) if "collectivite=" in link]
    assert len(asked) >= 5
    for link in asked:
        assert parse_qs(urlsplit(link).query)["release"] == [release.id]
        assert client.get(link.removeprefix("http://localhost")).status_code == 200
    assert f'<input type="hidden" name="release" value="{release.id}">' in page


def test_see_the_query_answers_the_same_on_the_query_page(client: FlaskClient) -> None:
    page = get(client, "/questions/budget-ess?collectivite=id/collectivite/strasbourg-eurometropole")
    [see] = [link for link in links(page) if link.startswith("/sparql?query=")]
    query = parse_qs(urlsplit(see).query)["query"][0]
    assert "<https://w3id.org/ess-graph/id/collectivite/strasbourg-eurometropole>" in query
    assert "PREFIX schema:" in query
    rows = json.loads(get(client, f"{see}&format=json"))["results"]["bindings"]
    assert [row["valeur"]["value"] for row in rows] == ["1000000"]


def test_nothing_found_is_said_in_words_with_what_to_do(client: FlaskClient) -> None:
    page = get(client, "/questions/que-s-est-il-passe?territoire=id/territoire/commune-nevers&de=1900&a=1901")
    assert "Le graphe ne contient rien" in page
    assert "Élargissez" in page
    # The absence is that of this question with these choices: the form keeps them.
    assert re.search(r'name="de"[^>]*value="1900"', page)


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("de=abcd", "une année en quatre chiffres"),
        ("territoire=nulle-part", "choisissez dans la liste"),
        ("teritoire=x", "n’a pas de paramètre « teritoire »"),
    ],
)
def test_a_wrong_value_is_said_beside_the_form(client: FlaskClient, query: str, said: str) -> None:
    page = get(client, f"/questions/que-s-est-il-passe?{query}", 400)
    assert said in page
    assert 'role="alert"' in page
    assert 'id="p-de"' in page


def test_an_unknown_question_is_404_everywhere(client: FlaskClient) -> None:
    for path in ("/questions/nope", "/questions/nope.ttl", "/api/questions/nope", "/questions/_commun"):
        assert client.get(path, headers={"Accept": "application/json"}).status_code == 404


@pytest.mark.parametrize("text", ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "javascript:alert(1)"])
def test_what_is_typed_is_never_markup(client: FlaskClient, text: str) -> None:
    for path in ("/questions", "/questions/que-s-est-il-passe", "/api/questions/budget-ess"):
        for name in ("q", "de", "territoire", "collectivite", text):
            page = client.get(path, query_string={name: text}, headers=BROWSER).get_data(as_text=True)
            assert "<script>alert" not in page
            assert "<img src=x" not in page
            assert 'href="javascript' not in page


def test_hostile_data_stay_text_in_every_form(hostile: Flask) -> None:
    client = hostile.test_client()
    for question in ALL:
        raw = "&".join(f"{p.name}=" for p in question.parameters if p.optional)
        page = client.get(f"/questions/{question.name}?{raw}", headers=BROWSER).get_data(as_text=True)
        assert "<script>alert" not in page
        assert 'href="javascript' not in page
        for form in ("json", "csv", "excel"):
            reply = client.get(f"/api/questions/{question.name}?{raw}&format={form}")
            assert reply.status_code == 200
            if form == "excel":
                cells = [c for row in csv.reader(io.StringIO(reply.get_data(as_text=True)), delimiter=";") for c in row]
                assert not [c for c in cells if c.startswith(("=", "@", "\t"))]


# The API ------------------------------------------------------------------------------------------------------------


def test_the_api_lists_what_the_page_lists(client: FlaskClient) -> None:
    found = asked(client, "/api/questions")["questions"]
    assert [q["name"] for q in found] == [q.name for q in questions.all()]
    budget = next(q for q in found if q["name"] == "budget-ess")
    assert budget["parameters"][0]["default"] == "id/collectivite/region-grand-est"


def test_things_have_iri_name_and_address_and_gathered_columns_are_lists(client: FlaskClient) -> None:
    found = asked(client, "/api/questions/conventions?partie=id/structure/urscop-est")
    row = found["rows"][0]
    assert row["convention"]["url"] == "/page/convention/" + row["convention"]["iri"].rpartition("/")[2]
    assert {p["label"] for p in row["parties"]} >= {"Région Grand Est", "URSCOP de l'Est"}
    assert found["rows"][0]["valeur"] == 135000
    assert found["parameters"]["partie"]["label"] == "URSCOP de l'Est"
    assert asked(client, f"/sparql?format=json&query={found['query'].replace('#', '%23').replace('+', '%2B')}")


def test_formats_by_accept_and_by_name(client: FlaskClient) -> None:
    path = "/api/questions/budget-ess"
    assert client.get(path, headers={"Accept": "text/csv"}).mimetype == "text/csv"
    assert client.get(path, headers={"Accept": "*/*"}).mimetype == "application/json"
    assert client.get(path, headers={"Accept": "image/png"}).status_code == 406
    assert client.get(f"{path}?format=xlsx").status_code == 400
    plain = client.get(f"{path}?format=csv").get_data()
    assert plain.startswith(b'"collectivite",')
    excel = client.get(f"{path}?format=excel").get_data()
    assert excel.startswith('\ufeff"Collectivité";'.encode())
    assert b"\r\n" in excel


def test_the_api_and_the_page_and_the_downloads_say_the_same(client: FlaskClient) -> None:
    query = "minimum=100000"
    found = asked(client, f"/api/questions/montants-accordes?{query}")
    page = get(client, f"/questions/montants-accordes?{query}")
    assert page.count("<tr") - 1 == len(found["rows"])
    [download] = [link for link in links(page) if "format=csv" in link]
    rows = list(csv.DictReader(io.StringIO(client.get(download).get_data(as_text=True))))
    assert [int(row["valeur"]) for row in rows] == [row["valeur"] for row in found["rows"]]
    assert all(row["source"] and row["source_iri"] for row in rows)


@pytest.mark.parametrize("query", ["collectivite=nulle", "annee=2018", "collectivite=id/a%20b"])
def test_a_wrong_value_names_its_parameter(client: FlaskClient, query: str) -> None:
    reply = client.get(f"/api/questions/budget-ess?{query}", headers={"Accept": "application/json"})
    assert reply.status_code == 400
    assert reply.mimetype == "application/problem+json"
    assert json.loads(reply.get_data(as_text=True))["parameter"] == query.partition("=")[0]


def test_an_answer_that_a_client_has_is_not_sent_again(client: FlaskClient) -> None:
    for path in ("/api/questions/budget-ess", "/questions/budget-ess", "/questions.ttl", "/openapi.json"):
        tag = client.get(path).headers["ETag"]
        assert client.get(path, headers={"If-None-Match": tag}).status_code == 304
    other = client.get("/api/questions/budget-ess?collectivite=").headers["ETag"]
    assert other != client.get("/api/questions/budget-ess").headers["ETag"]


def test_the_executables_are_turtle_for_other_tools(client: FlaskClient) -> None:
    graph = Graph().parse(data=client.get("/questions.ttl").get_data(as_text=True), format="turtle")
    assert set(graph.subjects(RDF.type, SH.SPARQLSelectExecutable)) == {QUESTIONS[q.name] for q in questions.all()}
    one = Graph().parse(data=client.get("/questions/budget-ess.ttl").get_data(as_text=True), format="turtle")
    assert (QUESTIONS["budget-ess"], RDF.type, SH.SPARQLSelectExecutable) in one


# The description ------------------------------------------------------------------------------------------------------


def test_openapi_describes_every_address_and_every_question(app: Flask) -> None:
    """A new route needs its lines in ``web/openapi.toml``."""
    described = openapi.document(app.url_map, "http://localhost")["paths"]
    assert openapi.paths(app.url_map) <= set(described)
    assert {f"/api/questions/{q.name}" for q in questions.all()} <= set(described)


def test_openapi_describes_every_method(app: Flask) -> None:
    described = openapi.document(app.url_map, "http://localhost")["paths"]
    for rule in app.url_map.iter_rules():
        if rule.endpoint != "static":
            own = {m.lower() for m in rule.methods or ()} - {"head", "options"}
            assert own <= set(described[openapi.template(rule.rule)])


def test_openapi_holds_together(app: Flask) -> None:
    """Every reference leads somewhere, every path variable is described, every operation has its own name."""
    document = openapi.document(app.url_map, "http://localhost")
    for reference in re.findall(r'"\$ref": "#/([^"]+)"', json.dumps(document)):
        at: Any = document
        for step in reference.split("/"):
            at = at[step]
    shared = document["components"]["parameters"]
    names = []
    for path, methods in document["paths"].items():
        for operation in methods.values():
            names.append(operation["operationId"])
            parameters = [
                shared[p["$ref"].rpartition("/")[2]] if "$ref" in p else p for p in operation.get("parameters", [])
            ]
            assert {p["name"] for p in parameters if p["in"] == "path"} == set(re.findall(r"\{(\w+)\}", path))
            assert operation["summary"]
            assert operation["responses"]
    assert len(names) == len(set(names))


def test_defaults_of_openapi_are_those_of_the_questions(client: FlaskClient, app: Flask) -> None:
    document = openapi.document(app.url_map, "http://localhost")
    for question in ALL:
        parameters = document["paths"][f"/api/questions/{question.name}"]["get"]["parameters"]
        written = {p["name"]: p["schema"]["default"] for p in parameters if "default" in p.get("schema", {})}
        left_out = asked(client, f"/api/questions/{question.name}")
        assert set(written) == set(left_out["parameters"])


@pytest.mark.slow
def test_the_python_examples_of_the_api_page_run(address: str, app: Flask) -> None:
    with app.test_client() as client:
        page = client.get("/api", base_url=address, headers=BROWSER).get_data(as_text=True)
    for name, said in (("python-question", "5800000"), ("python-sparql", "Région Grand Est")):
        found = re.search(rf'<code id="{name}">(.*?)</code>', page, re.DOTALL)
        assert found
        ended = subprocess.run(
            [sys.executable, "-c", html.unescape(found.group(1))],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert ended.returncode == 0, ended.stderr
        assert said in ended.stdout
