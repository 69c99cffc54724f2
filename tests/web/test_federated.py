"""Questions that ask other databases too: answered where the operator allows it, said clearly where not."""

from __future__ import annotations

import csv
import html
import io
import itertools
import json
import re
import threading
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pyoxigraph as ox
import pytest
from click.testing import CliRunner
from flask import Flask
from flask.testing import FlaskClient

from ess_graph.cli import main
from ess_graph.engine.tokens import tokens
from ess_graph.query import questions
from ess_graph.query.questions import Question
from ess_graph.releases import Release
from ess_graph.settings import Settings
from ess_graph.web.app import create_app

CASE = Path(__file__).parents[1] / "cases" / "services" / "elsewhere.ttl"
ALL = tuple(q for q in questions.all() if q.requires)
BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8", "Accept-Language": "fr"}
every_question = pytest.mark.parametrize("question", ALL, ids=lambda q: q.name)
#: What each answer holds of elsewhere, from ``elsewhere.ttl``.
BROUGHT = {
    "creation-des-territoires": ("2016", "id.insee.fr/geo/region/a"),
    "budget-par-habitant": ("1000000", "5.8", "Q4115189"),
    "sites-officiels": ("grandest.example", "fr.wikipedia.org/wiki/Grand_Est"),
    "regions-vues-par-dbpedia": ("Une région, pour l", "Q4115189"),
}


class Elsewhere:
    """A SPARQL endpoint on this machine that answers from a small graph, or fails as it is told."""

    def __init__(self) -> None:
        self.store = ox.Store()
        self.store.load(path=str(CASE), format=ox.RdfFormat.TURTLE)
        self.asked: list[str] = []
        self.fault = 0
        elsewhere = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_: object) -> None:
                pass

            def do_POST(self) -> None:
                query = self.rfile.read(int(self.headers["Content-Length"])).decode()
                elsewhere.asked.append(query)
                with suppress(OSError):
                    if elsewhere.fault:
                        self.send_error(elsewhere.fault)
                        return
                    # Read as the public endpoints read it: without any prefix or base of ours.
                    found = elsewhere.store.query(query)
                    body = found.serialize(format=ox.QueryResultsFormat.JSON)
                    self.send_response(200)
                    self.send_header("Content-Type", "application/sparql-results+json")
                    self.send_header("Content-Length", str(len(body)))
                    self.end_headers()
                    self.wfile.write(body)

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.address = f"http://127.0.0.1:{self._server.server_port}/sparql"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def elsewhere() -> Iterator[Elsewhere]:
    made = Elsewhere()
    yield made
    made.close()


def allowed(elsewhere: Elsewhere) -> tuple[str, ...]:
    return tuple(f"{iri}=>{elsewhere.address}" for iri in sorted({iri for q in ALL for iri in q.requires}))


@pytest.fixture
def opened(elsewhere: Elsewhere, app: Flask) -> FlaskClient:
    """A client of a site whose operator lists every endpoint, through mirrors on this machine."""
    settings: Settings = app.extensions["ess_graph"].settings
    return create_app(Settings(root=settings.root, home=settings.home, service_allow=allowed(elsewhere))).test_client()


def text(client: FlaskClient, path: str, status: int = 200) -> str:
    reply = client.get(path, headers=BROWSER)
    assert reply.status_code == status, reply.get_data(as_text=True)[:500]
    return reply.get_data(as_text=True)


# What the files say ----------------------------------------------------------------------------------------------


def test_there_are_some_with_each_database() -> None:
    assert {re.sub(r"^https://(?:query\.|rdf\.)?|/.*$", "", iri) for q in ALL for iri in q.requires} == {
        "insee.fr", "wikidata.org", "dbpedia.org",
    }  # fmt: skip
    assert set(BROUGHT) == {q.name for q in ALL}


@every_question
def test_a_question_declares_exactly_the_endpoints_that_it_asks(question: Question) -> None:
    found = tokens(question.text())
    services = {after.text.strip("<>") for word, after in itertools.pairwise(found) if word.upper == "SERVICE"}
    assert services == set(question.requires)


def test_no_other_question_asks_anybody() -> None:
    assert not [q.name for q in questions.all() if not q.requires and "SERVICE" in q.select]


# Where the operator allows nothing -------------------------------------------------------------------------------


@every_question
@pytest.mark.parametrize("lang", ["fr", "en"])
def test_a_page_says_that_this_server_asks_nobody_and_gives_the_query(
    client: FlaskClient, question: Question, lang: str
) -> None:
    page = text(client, f"/questions/{question.name}?lang={lang}")
    assert {"fr": "n’interroge pas d’autres bases", "en": "asks no other databases"}[lang] in page
    for endpoint in question.requires:
        assert endpoint in page
    shown = re.search(r'<code id="requete">(.*?)</code>', page, re.DOTALL)
    assert shown and html.unescape(shown[1]) == question.query
    assert 'data-copy="requete"' in page
    assert 'id="reponse"' not in page, "no empty answer is shown for one that was not asked"


@every_question
def test_the_api_refuses_with_the_query_to_run_elsewhere(client: FlaskClient, question: Question) -> None:
    reply = client.get(f"/api/questions/{question.name}", headers={"Accept": "application/json"})
    assert (reply.status_code, reply.mimetype) == (403, "application/problem+json")
    said = json.loads(reply.get_data(as_text=True))
    assert said["requires"] == list(question.requires)
    assert said["query"] == question.query
    assert "ESS_GRAPH_SERVICE_ALLOW" in said["detail"]


def test_the_list_keeps_them_apart_and_the_api_says_whom_they_ask(client: FlaskClient) -> None:
    page = text(client, "/questions")
    apart = page[page.index('<h2 id="bases">') :]
    assert "là où l&#39;exploitant du site le permet" in apart
    assert set(re.findall(r'href="/questions/([a-z-]+)"', apart)) == {q.name for q in ALL}
    found = client.get("/api/questions", headers={"Accept": "application/json"}).get_json()["questions"]
    assert {q["name"]: tuple(q["requires"]) for q in found if q["requires"]} == {q.name: q.requires for q in ALL}


def test_one_endpoint_of_two_is_not_enough(app: Flask, elsewhere: Elsewhere) -> None:
    settings: Settings = app.extensions["ess_graph"].settings
    only = tuple(item for item in allowed(elsewhere) if "wikidata" in item)
    client = create_app(Settings(root=settings.root, home=settings.home, service_allow=only)).test_client()
    page = text(client, "/questions/regions-vues-par-dbpedia")
    assert '<li><code class="brk">https://dbpedia.org/sparql</code></li>' in page
    assert '<li><code class="brk">https://query.wikidata.org/sparql</code></li>' not in page
    assert elsewhere.asked == []


# Where he allows it ----------------------------------------------------------------------------------------------


@every_question
def test_the_answer_joins_this_graph_with_the_other(
    opened: FlaskClient, question: Question, elsewhere: Elsewhere
) -> None:
    reply = opened.get(f"/questions/{question.name}", headers=BROWSER)
    page = reply.get_data(as_text=True)
    assert reply.status_code == 200
    assert reply.headers["Cache-Control"] == "no-store"
    assert len(elsewhere.asked) == len(question.requires)
    for value in BROUGHT[question.name]:
        assert value in page
    for endpoint in question.requires:
        assert endpoint in page, "it says whose word it is"
    assert "Nom d&#39;avant" not in page and "127.0.0.1" not in page
    rows = opened.get(f"/api/questions/{question.name}", headers={"Accept": "application/json"}).get_json()["rows"]
    assert page.count("<tr") - 1 == len(rows) > 0


def test_a_choice_narrows_the_answer(opened: FlaskClient) -> None:
    path = "/api/questions/sites-officiels"
    everything = opened.get(f"{path}?collectivite=").get_json()["rows"]
    assert {row["site"]["iri"] for row in everything} == {"https://grandest.example/", "https://departement.example/"}
    one = opened.get(f"{path}?collectivite=id/collectivite/region-grand-est").get_json()["rows"]
    assert {row["site"]["iri"] for row in one} == {"https://grandest.example/"}
    by_name = opened.get(f"{path}?collectivite=Région+Grand+Est").get_json()["rows"]
    assert by_name == one


@pytest.mark.parametrize("fault", [500, 429])
def test_a_service_that_fails_is_named_and_the_query_offered(
    opened: FlaskClient, elsewhere: Elsewhere, fault: int
) -> None:
    elsewhere.fault = fault
    page = text(opened, "/questions/sites-officiels", 502)
    assert "n’a pas répondu" in page and "https://query.wikidata.org/sparql" in page
    assert '<code id="requete">' in page
    assert "127.0.0.1" not in page
    reply = opened.get("/api/questions/sites-officiels", headers={"Accept": "application/json"})
    assert (reply.status_code, reply.mimetype) == (502, "application/problem+json")


def test_what_others_say_is_text(opened: FlaskClient, elsewhere: Elsewhere) -> None:
    elsewhere.store.update(
        """PREFIX wdt: <http://www.wikidata.org/prop/direct/> PREFIX wd: <http://www.wikidata.org/entity/>
        INSERT DATA { wd:Q1 wdt:P2585 "44" ; wdt:P856 <javascript:alert(1)>, "<script>alert(1)</script>", "=1+1" }"""
    )
    page = text(opened, "/questions/sites-officiels")
    assert "&lt;script&gt;alert(1)" in page
    assert "<script>alert" not in page and 'href="javascript' not in page
    sheet = opened.get("/api/questions/sites-officiels?format=excel").get_data().decode("utf-8-sig")
    cells = [cell for row in csv.reader(io.StringIO(sheet), delimiter=";") for cell in row]
    assert "'=1+1" in cells and "=1+1" not in cells


def test_the_command_line_asks_and_refuses_alike(release: Release, home: Path, elsewhere: Elsewhere) -> None:
    environment = {"ESS_GRAPH_HOME": str(home)}
    refused = CliRunner(env=environment).invoke(main, ["ask", "budget-par-habitant"])
    assert refused.exit_code == 3 and "ESS_GRAPH_SERVICE_ALLOW" in refused.output
    query = CliRunner(env=environment).invoke(main, ["ask", "budget-par-habitant", "--format", "sparql"])
    assert query.exit_code == 0 and "SERVICE <https://query.wikidata.org/sparql>" in query.output
    environment["ESS_GRAPH_SERVICE_ALLOW"] = " ".join(allowed(elsewhere))
    told = CliRunner(env=environment).invoke(main, ["ask", "budget-par-habitant", "--format", "csv"])
    assert told.exit_code == 0, told.output
    assert {row["habitants"] for row in csv.DictReader(io.StringIO(told.output))} == {"1000000"}
