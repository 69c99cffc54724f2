"""``/sparql``: the protocol as programs speak it, over the application itself and over a real server."""

from __future__ import annotations

import csv
import importlib.util
import io
import json
import re
import subprocess
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode
from xml.etree import ElementTree as ET

import pytest
from flask import Flask
from rdflib import RDF, Dataset, Graph, Literal, Namespace, URIRef

from ess_graph.vocab import BASE, ID

Send = Callable[..., Any]

REGION = ID["collectivite/region-grand-est"]
SELECT = f'SELECT ?label WHERE {{ <{REGION}> skos:prefLabel ?label FILTER(LANG(?label) = "fr") }}'
ASK = f"ASK {{ <{REGION}> a ess:Collectivite }}"
CONSTRUCT = f"CONSTRUCT {{ <{REGION}> skos:prefLabel ?label }} WHERE {{ <{REGION}> skos:prefLabel ?label }}"
DESCRIBE = f"DESCRIBE <{REGION}>"
LABEL = "Région Grand Est"

JSON, XML = "application/sparql-results+json", "application/sparql-results+xml"
CSV, TSV = "text/csv", "text/tab-separated-values"
FORM, DIRECT = "application/x-www-form-urlencoded", "application/sparql-query"
PROBLEM = "application/problem+json"
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"

GRAPHS = {
    "text/turtle": "turtle",
    "application/n-triples": "nt",
    "application/n-quads": "nquads",
    "application/trig": "trig",
    "application/rdf+xml": "xml",
    "application/ld+json": "json-ld",
}
SD = Namespace("http://www.w3.org/ns/sparql-service-description#")
SPARQL_XML = "{http://www.w3.org/2005/sparql-results#}"


def target(query: str | None = None, **parameters: str | list[str]) -> str:
    """Address of a request by GET."""
    pairs = {} if query is None else {"query": query}
    return "/sparql?" + urlencode({**pairs, **{k.replace("_", "-"): v for k, v in parameters.items()}}, doseq=True)


def rows(kind: str, body: bytes) -> list[list[str]]:
    """Values of the rows of an answer, in any of the four formats."""
    text = body.decode("utf-8")
    if kind == JSON:
        found = json.loads(text)
        names = found["head"]["vars"]
        return [[row[name]["value"] for name in names if name in row] for row in found["results"]["bindings"]]
    if kind == XML:
        tree = ET.fromstring(text)
        return [[cell[0].text or "" for cell in row] for row in tree.iter(f"{SPARQL_XML}result")]
    table = list(csv.reader(io.StringIO(text), delimiter="," if kind == CSV else "\t", quoting=csv.QUOTE_MINIMAL))
    return table[1:]


def parsed(kind: str, body: bytes) -> set[tuple[Any, ...]]:
    """Triples of a graph answer, in any of the six formats."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        graph = Dataset(default_union=True)
        graph.parse(data=body.decode("utf-8"), format=GRAPHS[kind])
        return {quad[:3] for quad in graph.quads()}


# Asking --------------------------------------------------------------------------------------------------------

WAYS: dict[str, Callable[[Send, str, dict[str, str]], Any]] = {
    "get": lambda send, query, headers: send(target(query), headers=headers),
    "form": lambda send, query, headers: send(
        "/sparql", "POST", body=urlencode({"query": query}).encode(), headers={"Content-Type": FORM, **headers}
    ),
    "form-charset": lambda send, query, headers: send(
        "/sparql",
        "POST",
        body=urlencode({"query": query}).encode(),
        headers={"Content-Type": f"{FORM}; charset=UTF-8", **headers},
    ),
    "direct": lambda send, query, headers: send(
        "/sparql", "POST", body=query.encode(), headers={"Content-Type": DIRECT, **headers}
    ),
    "direct-charset": lambda send, query, headers: send(
        "/sparql", "POST", body=query.encode(), headers={"Content-Type": f"{DIRECT}; charset=utf-8", **headers}
    ),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", [JSON, XML, CSV])
def test_select_in_every_way(send: Send, way: str, kind: str) -> None:
    reply = WAYS[way](send, SELECT, {"Accept": kind})
    assert (reply.status, reply.kind) == (200, kind)
    assert rows(kind, reply.body) == [[LABEL]]
    assert "accept" in reply.headers["vary"].lower()
    assert reply.headers["access-control-allow-origin"] == "*"


@pytest.mark.parametrize("way", WAYS)
def test_awkward_text_survives_every_way(send: Send, way: str) -> None:
    said = "naïve Ωμέγα 漢字 😀 100%25 a+b %41 & = ; #"
    reply = WAYS[way](send, f'SELECT ("{said}" AS ?x) {{}}', {"Accept": JSON})
    assert rows(JSON, reply.body) == [[said]]


def test_tsv_writes_terms(send: Send) -> None:
    reply = send(target(SELECT), headers={"Accept": TSV})
    assert (reply.status, reply.kind) == (200, TSV)
    assert reply.text.splitlines() == ["?label", f'"{LABEL}"@fr']


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("*/*", JSON),
        ("", JSON),
        ("application/json", JSON),
        ("application/xml", XML),
        ("text/xml", XML),
        ("application/sparql-results+json;q=0.2, application/sparql-results+xml", XML),
        ("text/html;q=0.1, application/sparql-results+json;q=0.9", JSON),
        ("text/csv; charset=utf-8", CSV),
        ("text/csv;q=0.5, text/tab-separated-values;q=0.6", TSV),
        ("application/sparql-results+json,application/json;q=0.9,text/javascript;q=0.8", JSON),
    ],
)
def test_rows_by_negotiation(send: Send, accept: str, expected: str) -> None:
    reply = send(target(SELECT), headers={"Accept": accept})
    assert (reply.status, reply.kind) == (200, expected)


@pytest.mark.parametrize("kind", GRAPHS)
@pytest.mark.parametrize("query", [CONSTRUCT, DESCRIBE])
def test_graphs_by_negotiation(send: Send, query: str, kind: str) -> None:
    reply = send(target(query), headers={"Accept": kind})
    assert (reply.status, reply.kind) == (200, kind)
    found = parsed(kind, reply.body)
    assert any(value == Literal(LABEL, lang="fr") for _, _, value in found)
    plain = send(target(query), headers={"Accept": "application/n-triples"})
    assert found == parsed("application/n-triples", plain.body)


@pytest.mark.parametrize(
    ("name", "query", "kind"),
    [
        ("json", SELECT, JSON),
        ("xml", SELECT, XML),
        ("csv", SELECT, CSV),
        ("tsv", SELECT, TSV),
        ("json", ASK, JSON),
        ("xml", ASK, XML),
        ("turtle", CONSTRUCT, "text/turtle"),
        ("ttl", CONSTRUCT, "text/turtle"),
        ("nt", CONSTRUCT, "application/n-triples"),
        ("nq", CONSTRUCT, "application/n-quads"),
        ("trig", CONSTRUCT, "application/trig"),
        ("rdf", CONSTRUCT, "application/rdf+xml"),
        ("jsonld", DESCRIBE, "application/ld+json"),
    ],
)
@pytest.mark.parametrize("accept", ["*/*", BROWSER, "image/png"])
def test_format_parameter_wins_over_accept(send: Send, name: str, query: str, kind: str, accept: str) -> None:
    reply = send(target(query, format=name), headers={"Accept": accept})
    assert (reply.status, reply.kind) == (200, kind)


@pytest.mark.parametrize("query", [ASK, "ASK { <urn:nobody> ?p ?o }"])
def test_ask(send: Send, query: str) -> None:
    expected = query == ASK
    assert send(target(query), headers={"Accept": JSON}).json["boolean"] is expected
    tree = ET.fromstring(send(target(query), headers={"Accept": XML}).text)
    assert tree.findtext(f"{SPARQL_XML}boolean") == str(expected).lower()


@pytest.mark.parametrize("kind", [JSON, XML, CSV])
def test_control_characters_do_not_break_a_format(send: Send, kind: str) -> None:
    """An answer can be read, or it is refused; XML cannot hold every character of a literal."""
    reply = send(target('SELECT ("a\\u0001b" AS ?x) {}'), headers={"Accept": kind})
    assert reply.status in (200, 406, 422)
    if reply.status == 200:
        assert len(rows(kind, reply.body)) == 1


def test_unbound_variables_are_absent_and_columns_keep_their_order(send: Send) -> None:
    query = "SELECT ?z ?a ?m { VALUES (?a ?m) { (1 UNDEF) } }"
    found = send(target(query), headers={"Accept": JSON}).json
    assert found["head"]["vars"] == ["z", "a", "m"]
    assert [list(row) for row in found["results"]["bindings"]] == [["a"]]
    assert send(target(query), headers={"Accept": CSV}).body == b"z,a,m\r\n,1,\r\n"


def test_no_rows_is_an_answer(send: Send) -> None:
    found = send(target("SELECT ?x { ?x <urn:never> <urn:never> }"), headers={"Accept": JSON})
    assert (found.status, found.json["results"]["bindings"]) == (200, [])


def test_a_long_answer_arrives_whole(send: Send) -> None:
    query = "SELECT ?s ?p ?o { ?s ?p ?o }"
    count = int(rows(JSON, send(target("SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"), headers={"Accept": JSON}).body)[0][0])
    reply = send(target(query), headers={"Accept": JSON})
    assert len(reply.json["results"]["bindings"]) == count > 1000


def test_a_long_query(send: Send) -> None:
    values = " ".join(f"<http://example.org/item/{at}>" for at in range(8000))
    query = f"SELECT (COUNT(*) AS ?n) {{ VALUES ?x {{ {values} }} }}"
    reply = send("/sparql", "POST", body=query.encode(), headers={"Content-Type": DIRECT, "Accept": JSON})
    assert rows(JSON, reply.body) == [["8000"]]


def test_a_query_of_a_few_pages_fits_in_an_address(send: Send) -> None:
    query = SELECT + "".join(f"\n# {'x' * 98}" for _ in range(200))
    assert rows(JSON, send(target(query), headers={"Accept": JSON}).body) == [[LABEL]]


# Datasets ------------------------------------------------------------------------------------------------------


def _numbers(send: Send, query: str, **parameters: Any) -> list[int]:
    reply = send(target(query, **parameters), headers={"Accept": JSON})
    assert reply.status == 200, reply.text
    return [int(cell) for row in rows(JSON, reply.body) for cell in row]


@pytest.fixture(scope="module")
def graphs(app: Flask) -> list[str]:
    """Names of the release's graphs."""
    query = "SELECT DISTINCT ?g { GRAPH ?g { ?s ?p ?o } } ORDER BY ?g"
    return [row[0] for row in rows(CSV, app.test_client().get(target(query), headers={"Accept": CSV}).data)]


def test_default_graph_uri(send: Send, graphs: list[str]) -> None:
    count = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"
    for name in graphs:
        [inside] = _numbers(send, f"SELECT (COUNT(*) AS ?n) {{ GRAPH <{name}> {{ ?s ?p ?o }} }}")
        assert _numbers(send, count, default_graph_uri=name) == [inside]
        assert _numbers(send, f"SELECT (COUNT(*) AS ?n) FROM <{name}> {{ ?s ?p ?o }}") == [inside]


def test_several_default_graphs_are_merged_each_triple_once(send: Send, graphs: list[str]) -> None:
    count, distinct = (
        f"SELECT (COUNT(*) AS ?n) {{ {inside} }}"
        for inside in ("?s ?p ?o", "SELECT DISTINCT ?s ?p ?o { GRAPH ?g { ?s ?p ?o } }")
    )
    [merged] = _numbers(send, distinct)
    assert _numbers(send, count, default_graph_uri=graphs) == [merged]
    assert _numbers(send, count) == [merged], "the default graph is the merge of all"


def test_default_graph_uri_hides_named_graphs(send: Send, graphs: list[str]) -> None:
    count = "SELECT (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } }"
    assert _numbers(send, count, default_graph_uri=graphs[0]) == [0]
    [named] = _numbers(send, count, default_graph_uri=graphs[0], named_graph_uri=graphs[1])
    assert [named] == _numbers(send, f"SELECT (COUNT(*) AS ?n) {{ GRAPH <{graphs[1]}> {{ ?s ?p ?o }} }}")


def test_named_graph_uri_alone_leaves_the_default_graph_empty(send: Send, graphs: list[str]) -> None:
    assert _numbers(send, "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }", named_graph_uri=graphs[0]) == [0]


def test_the_protocol_dataset_wins_over_from(send: Send, graphs: list[str]) -> None:
    inside = _numbers(send, "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }", default_graph_uri=graphs[0])
    query = f"SELECT (COUNT(*) AS ?n) FROM <{graphs[1]}> {{ ?s ?p ?o }}"
    assert _numbers(send, query, default_graph_uri=graphs[0]) == inside


def test_dataset_in_form_and_in_the_address_of_a_direct_post(send: Send, graphs: list[str]) -> None:
    count = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"
    expected = _numbers(send, count, default_graph_uri=graphs[0])
    form = urlencode({"query": count, "default-graph-uri": graphs[0]}).encode()
    for reply in (
        send("/sparql", "POST", body=form, headers={"Content-Type": FORM, "Accept": JSON}),
        send(
            f"/sparql?default-graph-uri={quote(graphs[0], safe='')}",
            "POST",
            body=count.encode(),
            headers={"Content-Type": DIRECT, "Accept": JSON},
        ),
    ):
        assert [int(row[0]) for row in rows(JSON, reply.body)] == expected


def test_an_unknown_graph_is_empty(send: Send) -> None:
    assert _numbers(send, "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }", default_graph_uri="urn:nowhere") == [0]


# HEAD, OPTIONS, CORS -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [target(SELECT), target(ASK), target(CONSTRUCT), target("SELEKT"), "/sparql"])
def test_head_is_get_without_a_body(send: Send, path: str) -> None:
    got, head = (send(path, method, headers={"Accept": "*/*"}) for method in ("GET", "HEAD"))
    assert (head.status, head.body) == (got.status, b"")
    for name in ("content-type", "vary", "access-control-allow-origin"):
        assert head.headers.get(name) == got.headers.get(name)


def test_options(send: Send) -> None:
    headers = {
        "Origin": "https://app.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type,accept",
    }
    reply = send("/sparql", "OPTIONS", headers=headers)
    assert reply.status in (200, 204)
    assert reply.headers["access-control-allow-origin"] == "*"
    assert {"GET", "POST"} <= {name.strip() for name in reply.headers["access-control-allow-methods"].split(",")}
    allowed = reply.headers["access-control-allow-headers"].lower()
    assert "content-type" in allowed
    assert {"GET", "HEAD", "POST", "OPTIONS"} <= {name.strip() for name in reply.headers["allow"].split(",")}


@pytest.mark.parametrize("path", [target(SELECT), target("SELEKT"), "/sparql?update=CLEAR+ALL", "/id/nobody/at-all"])
def test_any_page_may_read_answers_and_errors(send: Send, path: str) -> None:
    reply = send(path, headers={"Origin": "https://app.example", "Accept": "*/*"})
    assert reply.headers["access-control-allow-origin"] == "*"


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
def test_other_methods_are_405(send: Send, method: str) -> None:
    reply = send("/sparql", method, headers={"Accept": "*/*"})
    assert (reply.status, reply.kind) == (405, PROBLEM)
    assert "POST" in reply.headers["allow"]


# Service description -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["text/turtle", "application/n-triples", "application/rdf+xml", "application/ld+json"])
def test_service_description(send: Send, kind: str, graphs: list[str]) -> None:
    reply = send("/sparql", headers={"Accept": kind})
    assert (reply.status, reply.kind) == (200, kind)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        found = Graph().parse(data=reply.text, format=GRAPHS[kind])
    [service] = found.subjects(RDF.type, SD.Service)
    [endpoint] = found.objects(service, SD.endpoint)
    assert str(endpoint).endswith("/sparql")
    assert SD.SPARQL11Query in set(found.objects(service, SD.supportedLanguage))
    formats = {str(name).rpartition("/")[2] for name in found.objects(service, SD.resultFormat)}
    assert {f"SPARQL_Results_{name}" for name in ("JSON", "XML", "CSV", "TSV")} <= formats
    assert {"Turtle", "N-Triples", "RDF_XML"} <= formats
    assert {str(name) for name in found.objects(None, SD.name)} == set(graphs)
    assert "accept" in reply.headers["vary"].lower()


def test_a_bare_get_gives_rdf_to_programs_and_the_editor_to_people(send: Send) -> None:
    assert send("/sparql", headers={"Accept": "*/*"}).kind in GRAPHS
    page = send("/sparql", headers={"Accept": BROWSER})
    assert (page.status, page.kind) == (200, "text/html")
    assert "<textarea" in page.text
    assert send("/sparql", headers={"Accept": "image/png"}).status == 406


# For people ----------------------------------------------------------------------------------------------------


def test_a_browser_sees_a_table(send: Send) -> None:
    reply = send(target(SELECT), headers={"Accept": BROWSER})
    assert (reply.status, reply.kind) == (200, "text/html")
    assert LABEL in reply.text
    assert "<table" in reply.text
    assert "format=csv" in reply.text, "the answer can be downloaded"


def test_a_browser_sees_yes_and_a_graph(send: Send) -> None:
    assert "Oui" in send(target(ASK), headers={"Accept": BROWSER}).text
    assert LABEL in send(target(CONSTRUCT), headers={"Accept": BROWSER}).text


def test_a_browser_sees_the_offending_line(send: Send) -> None:
    reply = send(target("SELECT *\nWHERE {\n  ?one ?two & <b>oops</b>\n}"), headers={"Accept": BROWSER})
    assert (reply.status, reply.kind) == (400, "text/html")
    assert "?one ?two &amp; &lt;b&gt;oops&lt;/b&gt;" in reply.text
    assert "Ligne 3" in reply.text
    assert "<textarea" in reply.text, "the query is there to be mended"


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * { ?s ?p",
        "SELECT * {\n ?s ?p & }",
        "hello",
        "# nothing",
        "SELECT * { SERVICE <http://x.example/> {} }",
        "SELECT * { SERVICE ?s {} }",
        f"SELECT * {{ {'{' * 200}{'}' * 200} }}",
        f"ASK {{ FILTER({'+'.join('1' * 2000)}) }}",
    ],
)
def test_complaints_are_in_the_language_of_the_reader(send: Send, query: str) -> None:
    french = send(target(query, lang="fr"), headers={"Accept": BROWSER})
    english = send(target(query, lang="en"), headers={"Accept": BROWSER})
    assert french.status == english.status == 400
    told, said = (re.findall(r'<p class="v">(.+?)</p>', reply.text, re.S)[-1] for reply in (french, english))
    assert re.match("(La|Ce|SERVICE) ", told), told
    assert re.match("(The|This|SERVICE) ", said), said
    assert told != said


def test_a_query_is_text_on_its_page(send: Send) -> None:
    query = "</textarea><script>alert(1)</script>"
    reply = send(target(query), headers={"Accept": BROWSER})
    assert reply.status == 400
    assert "<script>alert" not in reply.text


def test_a_long_table_is_cut_and_says_so(send: Send) -> None:
    """No silent partial result: where a page shows the first rows only, it says so."""
    reply = send(target("SELECT ?s ?p ?o { ?s ?p ?o }"), headers={"Accept": BROWSER})
    shown = reply.text.count("<tr")
    assert shown < 5000, "a browser is not sent everything"
    assert "premières lignes" in reply.text or "tronqué" in reply.text or "seules les" in reply.text.lower()


# Errors --------------------------------------------------------------------------------------------------------


def problem(reply: Any, status: int) -> Any:
    """The problem document of an error; every error has one shape."""
    assert (reply.status, reply.kind) == (status, PROBLEM), reply.text[:300]
    found = reply.json
    assert found["status"] == status
    assert found["title"]
    assert found["detail"].strip().endswith((".", "»"))
    assert "Traceback" not in reply.text
    return found


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("query", "line"),
    [
        ("SELECT * WHERE { ?s ?p }", 1),
        ("SELECT *\nWHERE {\n  ?s ?p & <b>oops</b>\n}", 3),
        ("SELECT ?é\n{\n ?s ?p ?o .\n FILTER(?x", 4),
        ("SELECT * WHERE { ?s nowhere:x ?o }", 1),
    ],
)
def test_malformed_queries_say_where(send: Send, way: str, query: str, line: int) -> None:
    found = problem(WAYS[way](send, query, {"Accept": JSON}), 400)
    assert found["line"] == line
    assert isinstance(found["column"], int)
    assert 1 <= found["column"] <= len(query.splitlines()[line - 1]) + 1
    assert str(line) in found["detail"]


@pytest.mark.parametrize("query", ["SELEKT", "", " ", "# nothing but a comment", "ASK { FILTER(?x }", "{}"])
def test_what_is_no_query_is_400(send: Send, query: str) -> None:
    for way in ("form", "direct"):
        problem(WAYS[way](send, query, {"Accept": JSON}), 400)


@pytest.mark.parametrize(
    ("path", "body", "kind"),
    [
        ("/sparql", b"x=y", FORM),
        ("/sparql", b"", FORM),
        ("/sparql", b"", DIRECT),
        ("/sparql?default-graph-uri=urn%3Ax", None, None),
        (target(["ASK {}", "ASK {}"]), None, None),  # type: ignore[arg-type]
        ("/sparql", b"query=ASK+%7B%7D&query=ASK+%7B%7D", FORM),
        (target("ASK {}"), b"ASK {}", DIRECT),
        ("/sparql?update=CLEAR+ALL", None, None),
        ("/sparql", b"update=CLEAR+ALL", FORM),
        ("/sparql", b"query=ASK+%7B%7D&update=CLEAR+ALL", FORM),
        (target("CLEAR ALL"), None, None),
        (target("INSERT DATA { <urn:s> <urn:p> 1 }"), None, None),
        ("/sparql", b"DELETE WHERE { ?s ?p ?o }", DIRECT),
        (target("LOAD <http://127.0.0.1:9/>"), None, None),
        (target("ASK {}", format="exe"), None, None),
        ("/sparql?query=%FF%FE", None, None),
        ("/sparql?query=ASK%20%7B%7D%20%23%C3%28", None, None),
        ("/sparql", b"query=%FF", FORM),
        ("/sparql", b"query=ASK+{}+\xff", FORM),
        ("/sparql", b"ASK {} # \xff\xfe", DIRECT),
    ],
)
def test_bad_requests(send: Send, path: str, body: bytes | None, kind: str | None) -> None:
    headers = {"Accept": JSON, **({"Content-Type": kind} if kind else {})}
    problem(send(path, "POST" if kind else "GET", body=body, headers=headers), 400)


@pytest.mark.parametrize("path", ["/sparql?query=%ZZ", "/sparql?query=ASK%20%7B%7D%2"])
def test_malformed_percent_encoding(send: Send, path: str) -> None:
    problem(send(path, headers={"Accept": JSON}), 400)


@pytest.mark.parametrize("kind", ["text/plain", "application/json", "application/sparql-update", "multipart/form-data"])
def test_other_bodies_are_415(send: Send, kind: str) -> None:
    problem(send("/sparql", "POST", body=b"ASK {}", headers={"Content-Type": kind, "Accept": JSON}), 415)


def test_a_post_without_a_content_type_is_no_query(flask_send: Send) -> None:
    reply = flask_send("/sparql", "POST", body=b"ASK {}", headers={"Accept": JSON})
    assert reply.status in (400, 415)


@pytest.mark.parametrize(
    ("query", "accept"),
    [
        (SELECT, "image/png"),
        (SELECT, "text/turtle"),
        (CONSTRUCT, JSON),
        (ASK, "text/turtle"),
        (SELECT, f"{JSON};q=0"),
        (SELECT, "*/*;q=0"),
    ],
)
def test_what_is_not_offered_is_406(send: Send, query: str, accept: str) -> None:
    found = problem(send(target(query), headers={"Accept": accept}), 406)
    offered = "text/turtle" if query == CONSTRUCT else JSON
    assert offered in found["detail"], "it says what is offered"


def test_format_for_another_form_is_406(send: Send) -> None:
    problem(send(target(SELECT, format="turtle"), headers={"Accept": "*/*"}), 406)
    problem(send(target(CONSTRUCT, format="csv"), headers={"Accept": "*/*"}), 406)


@pytest.mark.parametrize("kind", [FORM, DIRECT])
def test_too_much_is_413(flask_send: Send, kind: str) -> None:
    body = b"query=ASK+%7B%7D%23" + b"x" * 20_000_000
    problem(flask_send("/sparql", "POST", body=body, headers={"Content-Type": kind, "Accept": JSON}), 413)


def test_an_unknown_function_is_an_error_of_its_expression_only(send: Send) -> None:
    query = "SELECT ?a ?b { VALUES ?a { 1 } BIND(<http://example.org/no-such-function>(?a) AS ?b) }"
    found = send(target(query), headers={"Accept": JSON})
    assert [list(row) for row in found.json["results"]["bindings"]] == [["a"]]


ODD = [
    'ASK { FILTER("' + "\\u0041" * 5000 + '" = "") }',
    "ASK {} \x00",
    "ASK { ?s ?p '''",
    "\ufeffASK {}",
    "ASK { <a b> ?p ?o }",
    "BASE <::> ASK { <x> ?p ?o }",
    "SELECT * FROM <> { ?s ?p ?o }",
    "SELECT * FROM NAMED { ?s ?p ?o }",
    "SELECT (1/0 AS ?x) {}",
    "SELECT * FROM <urn:\\u0020x> { ?s ?p ?o }",
    "\\UFFFFFFFF",
    "PREFIX",
    "FROM",
    "ASK FROM",
]
DEEP = {
    "parentheses": "ASK { FILTER(" + "(" * 10_000 + "1" + ")" * 10_000 + ") }",
    "braces": "ASK " + "{" * 10_000 + "}" * 10_000,
    "negations": "ASK { FILTER(" + "!" * 20_000 + "true) }",
    "sums": "ASK { FILTER(" + "+".join(["1"] * 20_000) + ") }",
    "optionals": "ASK { " + "OPTIONAL { ?s ?p ?o } " * 5_000 + "}",
    "subqueries": "SELECT * " + "{ SELECT * " * 5_000 + "{}" + "}" * 5_000,
}


def _no_accident(send: Send, query: str) -> None:
    for way in ("get", "direct"):
        reply = WAYS[way](send, query, {"Accept": JSON})
        assert reply.status in (200, 400, 413, 414, 503), reply.text[:300]
        if reply.status in (400, 413):
            problem(reply, reply.status)


@pytest.mark.parametrize("query", ODD, ids=range(len(ODD)))
def test_odd_queries_are_no_accident(send: Send, query: str) -> None:
    _no_accident(send, query)


@pytest.mark.slow
@pytest.mark.parametrize("name", DEEP)
def test_deep_queries_are_no_accident(http_send: Send, name: str) -> None:
    """Asked of the real server only: a parser that runs out of stack takes its whole process with it."""
    _no_accident(http_send, DEEP[name])


@pytest.mark.parametrize("name", ["default-graph-uri", "named-graph-uri"])
@pytest.mark.parametrize("value", ["", "not absolute", "<script>", "a b", "urn:\u0000", "http://[::1"])
def test_odd_graph_names_are_no_accident(send: Send, name: str, value: str) -> None:
    reply = send(target("ASK { ?s ?p ?o }", **{name: value}), headers={"Accept": JSON})
    assert reply.status in (200, 400)


# Nothing outside -----------------------------------------------------------------------------------------------


class Listener:
    """Counts connections to a loopback port, and answers none."""

    def __init__(self) -> None:
        import socket

        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self.count = 0
        self._thread = threading.Thread(target=self._listen)
        self._thread.start()

    def _listen(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            with connection:
                if connection.recv(1) == b"!":
                    return
                self.count += 1

    def close(self) -> None:
        """End listening."""
        import socket

        with socket.create_connection(("127.0.0.1", self.port)) as last:
            last.sendall(b"!")
        self._thread.join()
        self._socket.close()


@pytest.fixture
def listener() -> Iterator[Listener]:
    """One that heard nothing: counted at its end, when whatever came before has been."""
    found = Listener()
    yield found
    found.close()
    assert found.count == 0


@pytest.mark.parametrize(
    "template",
    [
        "SELECT * {{ SERVICE <{url}> {{ ?s ?p ?o }} }}",
        "SELECT * {{ SERVICE SILENT <{url}> {{ ?s ?p ?o }} }}",
        "SELECT * {{ VALUES ?x {{ <{url}> }} SERVICE ?x {{ ?s ?p ?o }} }}",
        "SELECT * {{ \\u0053ERVICE <{url}> {{ ?s ?p ?o }} }}",
        "SELECT * {{ {{ SELECT * {{ OPTIONAL {{ sErViCe<{url}>{{ ?s ?p ?o }} }} }} }} }}",
        "SELECT * {{ # comment\r SERVICE <{url}> {{ ?s ?p ?o }} }}",
        "SELECT * {{ ?s ?p '#' . SERVICE <{url}> {{ ?a ?b ?c }} }}",
        "SELECT * {{ FILTER EXISTS {{ SERVICE <{url}> {{ ?s ?p ?o }} }} }}",
        "LOAD <{url}>",
        "LOAD SILENT <{url}> INTO GRAPH <urn:g>",
        "SELECT * FROM <{url}> {{ ?s ?p ?o }}",
        "SELECT * FROM NAMED <{url}> {{ GRAPH ?g {{ ?s ?p ?o }} }}",
        "SELECT * FROM <file:///etc/passwd> {{ ?s ?p ?o }}",
        "SELECT * FROM <file:{file}> {{ ?s ?p ?o }}",
        "SELECT * FROM NAMED <file://{file}> {{ GRAPH ?g {{ ?s ?p ?o }} }}",
        "SELECT * {{ GRAPH <{url}> {{ ?s ?p ?o }} }}",
        "DESCRIBE <{url}>",
    ],
)
def test_a_query_reaches_nothing(send: Send, listener: Listener, tmp_path: Path, template: str) -> None:
    secret = tmp_path / "secret.ttl"
    secret.write_text('<urn:s> <urn:p> "SECRET" .', encoding="utf-8")
    query = template.format(url=f"http://127.0.0.1:{listener.port}/x.ttl", file=secret)
    for way in ("get", "direct"):
        reply = WAYS[way](send, query, {"Accept": "*/*"})
        assert reply.status in (200, 400, 403), reply.text
        assert "SECRET" not in reply.text
        if "ERVICE" in query.upper() or "LOAD" in query:
            assert reply.status in (400, 403)
        elif reply.kind == JSON:
            assert reply.json["results"]["bindings"] == []


@pytest.mark.parametrize("name", ["default-graph-uri", "named-graph-uri", "using-graph-uri"])
def test_a_dataset_parameter_reaches_nothing(send: Send, listener: Listener, name: str) -> None:
    query = "SELECT * { { ?s ?p ?o } UNION { GRAPH ?g { ?s ?p ?o } } } LIMIT 1"
    for value in (f"http://127.0.0.1:{listener.port}/x.ttl", "file:///etc/passwd"):
        reply = send(target(query, **{name: value}), headers={"Accept": JSON})
        assert reply.status in (200, 400)


@pytest.mark.parametrize(
    "query",
    [
        "SELECT ?service { ?service a ess:Structure } LIMIT 1",
        "ASK { BIND('SERVICE <http://x> {}' AS ?x) }",
        "ASK { } # SERVICE <http://x> {}",
        "ASK { <http://example.org/SERVICE> ?p ?o }",
        "PREFIX service: <urn:x:> ASK { ?s service:service ?o }",
        "PREFIX : <urn:x:> ASK { ?s :SERVICE ?o }",
        'ASK { BIND("""a " SERVICE "" b""" AS ?x) }',
        "ASK { ?s ?p 'x'@service }",
    ],
)
def test_the_word_service_may_be_said(send: Send, query: str) -> None:
    assert send(target(query), headers={"Accept": JSON}).status == 200


# Real clients --------------------------------------------------------------------------------------------------


def _curl(*arguments: str) -> str:
    found = subprocess.run(
        ["curl", "--silent", "--show-error", "--noproxy", "*", *arguments], capture_output=True, check=True, timeout=60
    )
    return found.stdout.decode("utf-8")


@pytest.mark.slow
def test_curl(address: str, tmp_path: Path) -> None:
    endpoint = f"{address}/sparql"
    assert json.loads(_curl("--get", endpoint, "--data-urlencode", f"query={SELECT}"))["results"]["bindings"][0]
    assert LABEL in _curl(endpoint, "--data-urlencode", f"query={SELECT}", "-H", "Accept: text/csv")
    query = tmp_path / "query.rq"
    query.write_text(SELECT, encoding="utf-8")
    direct = ("--data-binary", f"@{query}", "-H", f"Content-Type: {DIRECT}")
    assert LABEL in _curl(endpoint, *direct)
    assert _curl("-o", "/dev/null", "-w", "%{http_code} %{content_type}", "--head", endpoint).startswith("200 ")
    followed = _curl("--location", "-H", "Accept: text/turtle", f"{address}/id/collectivite/region-grand-est")
    assert (REGION, None, None) in Graph().parse(data=followed, format="turtle")


@pytest.mark.slow
def test_curl_sees_413(address: str, tmp_path: Path) -> None:
    large = tmp_path / "large.rq"
    large.write_bytes(b"ASK {} #" + b"x" * 20_000_000)
    status = _curl(
        "-o", str(tmp_path / "answer"), "-w", "%{http_code}", "--data-binary", f"@{large}",
        "-H", f"Content-Type: {DIRECT}", f"{address}/sparql",
    )  # fmt: skip
    assert status == "413"
    assert json.loads((tmp_path / "answer").read_text(encoding="utf-8"))["status"] == 413


@pytest.mark.slow
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_sparqlwrapper(address: str, method: str) -> None:
    wrapper = pytest.importorskip("SPARQLWrapper")

    def ask(query: str, form: str, request: str = "urlencoded") -> Any:
        client = wrapper.SPARQLWrapper(f"{address}/sparql")
        client.setMethod(method)
        client.setRequestMethod(request)
        client.setQuery(query)
        client.setReturnFormat(form)
        return client.query().convert()

    skos = "http://www.w3.org/2004/02/skos/core#"
    select = f"PREFIX skos: <{skos}> {SELECT}"
    construct = f"PREFIX skos: <{skos}> {CONSTRUCT}"
    assert ask(select, wrapper.JSON)["results"]["bindings"][0]["label"]["value"] == LABEL
    assert LABEL in ask(select, wrapper.XML).toxml()
    assert LABEL in ask(select, wrapper.CSV).decode()
    assert LABEL in ask(select, wrapper.TSV).decode()
    label = (REGION, URIRef(f"{skos}prefLabel"), Literal(LABEL, lang="fr"))
    assert label in Graph().parse(data=ask(construct, wrapper.TURTLE), format="turtle")
    assert label in Graph().parse(data=ask(construct, wrapper.N3), format="turtle")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        for form in (wrapper.XML, wrapper.RDFXML, wrapper.JSONLD):
            assert label in ask(construct, form), form
    if method == "POST":
        assert ask(select, wrapper.JSON, wrapper.POSTDIRECTLY)["results"]["bindings"]
    with pytest.raises(wrapper.SPARQLExceptions.QueryBadFormed):
        ask("SELECT ?x { ?x ", wrapper.JSON)


@pytest.mark.slow
@pytest.mark.parametrize("method", ["GET", "POST", "POST_FORM"])
def test_rdflib_sparqlstore(address: str, method: str) -> None:
    from rdflib.plugins.stores.sparqlstore import SPARQLStore

    with warnings.catch_warnings():
        # rdflib's store calls parts of rdflib that rdflib deprecates.
        warnings.simplefilter("ignore", DeprecationWarning)
        graph = Graph(store=SPARQLStore(f"{address}/sparql", method=method, returnFormat="json"))
        skos = Namespace("http://www.w3.org/2004/02/skos/core#")
        assert Literal(LABEL, lang="fr") in set(graph.objects(REGION, skos.prefLabel))
        assert (REGION, RDF.type, URIRef(f"{BASE}onto#Collectivite")) in graph
        found = list(graph.query("SELECT ?label WHERE { ?x skos:prefLabel ?label }", initBindings={"x": REGION}))
        assert any(str(row[0]) == LABEL for row in found)


@pytest.mark.slow
def test_the_w3c_protocol_harness(address: str, shared: Path, tmp_path: Path) -> None:
    """Its query and service-description part; what needs an update or a Graph Store is skipped by the harness."""
    script = shared / "w3c" / "protocol_conformance.py"
    if not script.is_file():
        pytest.skip("../shared/w3c is not here")
    if importlib.util.find_spec("requests") is None:
        # The harness imports it with its sibling's helpers and sends its own requests without it.
        (tmp_path / "requests.py").write_text("", encoding="utf-8")
    report = tmp_path / "report.json"
    done = subprocess.run(
        [sys.executable, "-B", str(script), "--query-url", f"{address}/sparql", "--report", str(report)],
        env={"PYTHONPATH": str(tmp_path), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert report.is_file(), done.stdout + done.stderr
    found = json.loads(report.read_text(encoding="utf-8"))["results"]
    failed = [f"{r['id']} [{r['kind']}]: {r['detail']}" for r in found if r["status"] == "fail"]
    assert failed == []
    assert sum(r["status"] == "pass" for r in found) > 30
