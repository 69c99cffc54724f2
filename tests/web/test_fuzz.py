"""Whatever is sent, nothing breaks on our side, and every refusal has the one shape.

Examples are made in the same order each time (derandomized), so a failure here is one everywhere.
"""

# ruff: noqa: E501, SIM905 - a grammar reads best with each rule on its line

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from ess_graph.build.recipe import Recipe
from ess_graph.build.release import make
from ess_graph.engine.local import LocalBackend
from ess_graph.query import questions
from ess_graph.settings import Settings
from ess_graph.web.app import create_app

TOKEN = "a-token-of-tests"
DATA = """
<urn:a> <urn:p> <urn:b> , "text"@fr , 1 , 2.50 , "2024-02-29"^^<http://www.w3.org/2001/XMLSchema#date> .
<urn:g> { <urn:a> <urn:p> _:x . _:x <urn:p> "\\u0001<&>" . }
"""
JSON = "application/sparql-results+json"


def fuzz(examples: int) -> settings:
    """So many examples, the same each time."""
    return settings(
        max_examples=examples, derandomize=True, deadline=None, database=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
    )  # fmt: skip


@pytest.fixture(scope="module")
def writable(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """A site over a handful of statements, all of which may be written."""
    folder = tmp_path_factory.mktemp("fuzz")
    (folder / "data.trig").write_text(DATA, encoding="utf-8")
    (folder / "tokens").write_text(TOKEN, encoding="utf-8")
    recipe = Recipe(root, (folder / "data.trig",), union=False, with_inference=False, with_validation=False)
    make(recipe, folder / "home", LocalBackend())
    made = create_app(
        Settings(root=root, home=folder / "home", token_file=folder / "tokens", query_timeout=2, query_size=1),
        recipe=recipe,
    )
    yield made
    made.extensions["ess_graph"].workers.close()


@pytest.fixture
def caller(writable: Flask) -> FlaskClient:
    return writable.test_client()


def sound(reply: TestResponse, *, browser: bool = False) -> None:
    """No accident; and a refusal says what it is, as everything here does."""
    try:
        text = reply.get_data(as_text=True)
    except Exception as error:
        assert type(error).__name__ in ("LimitHit", "BadQuery", "NotAcceptable"), error
        return
    finally:
        reply.close()
    assert reply.status_code in (503,) or reply.status_code < 500, text[:1000]
    if reply.status_code >= 400 and reply.request.method != "HEAD":
        if browser and reply.mimetype == "text/html":
            assert "Traceback" not in text
            return
        assert reply.mimetype == "application/problem+json", (reply.status_code, reply.mimetype, text[:300])
        told = json.loads(text)
        assert told["status"] == reply.status_code
        assert told["detail"]


# Queries of a small grammar --------------------------------------------------------------------------------------

variables = st.sampled_from(["?a", "?b", "$c", "?é"])
iris = st.sampled_from(["<urn:a>", "<urn:p>", "<urn:g>", "ess:x", ":", "a:b", "<>", "<x>", "<http://[>", "<urn:\\u0041>", "rdf:type"])  # fmt: skip
literals = st.sampled_from(
    ["1", "-2.50", "1e400", "true", "'x'", '"""a\n"b"""', "'x'@fr", "'x'@en--ltr", "'z'^^xsd:integer", "''^^<urn:t>",
     "'\\u0000'", "'\\uD800'", "99999999999999999999", "'2024-02-30'^^xsd:date", "<<( <urn:a> <urn:p> 1 )>>"]
)  # fmt: skip
terms = variables | iris | literals | st.sampled_from(["_:b", "[]", "()", "(1 2)"])
paths = st.recursive(
    iris | st.just("a"),
    lambda inner: st.one_of(
        st.builds("({}){}".format, inner, st.sampled_from("*+?")),
        st.builds("({}|^{})".format, inner, inner),
        st.builds("{}/{}".format, inner, inner),
        st.just("!(a|^<urn:p>)"),
    ),
    max_leaves=4,
)
expressions = st.recursive(
    variables | literals | iris,
    lambda inner: st.one_of(
        st.builds("({} {} {})".format, inner, st.sampled_from("+ - * / = != < > && || IN".split()), inner),
        st.builds("{}({})".format, st.sampled_from("STR LANG ABS CEIL YEAR UCASE MD5 SHA512 IRI BNODE ISIRI STRLEN xsd:integer <urn:f> NOW TZ DATATYPE STRDT".split()), inner),
        st.builds("{}({}, {})".format, st.sampled_from("REGEX CONTAINS CONCAT STRDT STRLANG COALESCE SUBSTR STRBEFORE sameTerm REPLACE".split()), inner, inner),
        st.builds("IF({}, {}, {})".format, inner, inner, inner),
        st.builds("EXISTS {{ ?a ?b {} }}".format, inner),
        st.builds("{}(DISTINCT {})".format, st.sampled_from("COUNT SUM AVG MIN GROUP_CONCAT SAMPLE".split()), inner),
    ),
    max_leaves=5,
)  # fmt: skip
patterns = st.recursive(
    st.one_of(
        st.builds("{} {} {} .".format, terms, variables | paths, terms),
        st.builds("FILTER({})".format, expressions),
        st.builds("BIND({} AS {})".format, expressions, variables),
        st.builds("VALUES {} {{ {} UNDEF }}".format, variables, iris | literals),
        st.builds("SERVICE {} {{ ?a ?b ?c }}".format, terms),
    ),
    lambda inner: st.one_of(
        st.builds("{} {}".format, inner, inner),
        st.builds("{} {{ {} }}".format, st.sampled_from(["", "OPTIONAL", "MINUS", "GRAPH ?g", "GRAPH <urn:g>", "{} UNION", "FILTER NOT EXISTS"]), inner),
        st.builds("{{ SELECT {} {{ {} }} LIMIT 3 }}".format, variables | st.just("*"), inner),
    ),
    max_leaves=6,
)  # fmt: skip
heads = st.one_of(
    st.sampled_from(["SELECT *", "SELECT DISTINCT ?a ?b", "ASK", "CONSTRUCT { ?a ?b ?c . _:n <urn:p> ?a }", "DESCRIBE ?a", "DESCRIBE <urn:a>"]),
    st.builds("SELECT ({} AS ?x)".format, expressions),
)  # fmt: skip
tails = st.one_of(
    st.just("LIMIT 20"),
    st.builds("GROUP BY {} HAVING({}) LIMIT 5".format, expressions, expressions),
    st.builds("ORDER BY DESC({}) LIMIT 5 OFFSET 1".format, expressions),
    st.builds("VALUES (?a ?b) {{ ({} {}) }}".format, iris | literals, iris | literals),
)
datasets = st.sampled_from(["", "", "FROM <urn:g>", "FROM <urn:g> FROM <urn:a>", "FROM NAMED <http://[>", "FROM ess:x"])
queries = st.builds("{} {} WHERE {{ {} }} {}".format, heads, datasets, patterns, tails)
accepts = st.sampled_from(
    [JSON, "*/*", "text/csv", "text/tab-separated-values", "application/sparql-results+xml", "text/turtle",
     "application/ld+json", "application/rdf+xml", "application/n-quads", "nonsense", "text/html"]
)  # fmt: skip


@fuzz(150)
@given(query=queries, accept=accepts)
def test_queries_of_a_grammar(caller: FlaskClient, query: str, accept: str) -> None:
    sound(caller.get("/sparql", query_string={"query": query}, headers={"Accept": accept}), browser=True)


updates = st.one_of(
    st.builds("INSERT DATA {{ GRAPH <urn:x> {{ {} }} }}".format, patterns),
    st.builds("{} {{ {} }} WHERE {{ {} }}".format, st.sampled_from(["DELETE", "INSERT", "WITH <urn:x> DELETE", "DELETE {} INSERT"]), patterns, patterns),
    st.builds("DELETE WHERE {{ {} }}".format, patterns),
    st.builds("{} {} {}".format, st.sampled_from(["CLEAR", "DROP SILENT", "CREATE", "LOAD", "LOAD SILENT"]), st.sampled_from(["", "GRAPH", "DEFAULT", "INTO"]), iris),
    st.builds("{} {} TO {}".format, st.sampled_from(["ADD", "MOVE SILENT", "COPY"]), iris | st.just("DEFAULT"), iris | st.just("DEFAULT")),
)  # fmt: skip


@fuzz(80)
@given(
    parts=st.lists(updates | st.just("PREFIX a: <urn:>"), min_size=1, max_size=3),
    using=st.sampled_from(["", "urn:g", "x", "http://["]),
)
def test_updates_of_a_grammar(caller: FlaskClient, parts: list[str], using: str) -> None:
    reply = caller.post(
        "/update" + (f"?using-graph-uri={quote(using)}" if using else ""),
        data=" ; ".join(parts).encode("utf-8", "replace"),
        headers={"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/sparql-update"},
    )
    sound(reply)


# Good ones, damaged ------------------------------------------------------------------------------------------------

GOOD = [question.query for question in questions.all() if not question.requires] + [
    "INSERT DATA { GRAPH <urn:x> { <urn:s> <urn:p> 'a', 1.50 } } ; DELETE WHERE { GRAPH <urn:x> { ?s ?p ?o } }",
    "PREFIX a: <urn:a:> WITH <urn:x> DELETE { ?s ?p ?o } INSERT { ?s ?p a:b } USING <urn:g> WHERE { ?s ?p ?o }",
]
SPLINTERS = [
    "{", "}", "(", ")", "[", "]", "<", ">", "<<", ">>", '"', "'", '"""', "'''", "\\", "\\u00", "\\U0011FFFF", "#", ";",
    ".", "^^", "@", "@en", "_:", ":", "?", "$", "\x00", "\x01", "\u2028", "\U0001f600", "\ufeff", "\r", "SERVICE",
    "GRAPH", "BASE", "PREFIX", "FROM", "VALUES", "SELECT", "LOAD", "http://[", "%", "%%", "1e", "-", "--", "{|", "~",
]  # fmt: skip


@st.composite
def damaged(draw: st.DrawFn) -> str:
    """A good text from which something was taken, and into which something else was put."""
    text = draw(st.sampled_from(GOOD))
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(text)))
        to = min(len(text), at + draw(st.integers(0, 12)))
        put = draw(st.sampled_from(SPLINTERS) | st.text(max_size=4)) * draw(st.sampled_from([0, 1, 1, 1, 2, 200]))
        text = text[:at] + put + text[to:]
    return text


@fuzz(150)
@given(text=damaged(), path=st.sampled_from(["/sparql", "/sparql", "/update"]))
def test_damaged_texts(caller: FlaskClient, text: str, path: str) -> None:
    kind = "application/sparql-query" if path == "/sparql" else "application/sparql-update"
    reply = caller.post(
        path,
        data=text.encode("utf-8", "surrogatepass"),
        headers={"Authorization": f"Bearer {TOKEN}", "Content-Type": kind, "Accept": JSON},
    )
    sound(reply)


# Requests ----------------------------------------------------------------------------------------------------------

characters = st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\x7f")
values = st.text(characters, max_size=60)
headers = st.dictionaries(
    st.sampled_from(
        ["Accept", "Accept-Language", "Accept-Encoding", "Content-Type", "Content-Encoding", "If-None-Match", "If-Match",
         "If-Modified-Since", "Range", "If-Range", "Host", "Origin", "Authorization", "Cookie", "X-Forwarded-For",
         "X-Forwarded-Host", "Transfer-Encoding", "Expect", "Referer"]
    ),
    values | st.sampled_from(["*", "*/*;q=nan", "bytes=0-", "text/html", "multipart/form-data; boundary=x", 'W/"a', "\""]),
    max_size=4,
)  # fmt: skip
names = st.sampled_from(["query", "update", "default-graph-uri", "named-graph-uri", "using-graph-uri", "format", "timeout", "release", "lang", "q", "page", "graph", "default", "type", "x"])  # fmt: skip
parameters = st.lists(st.tuples(names, st.text(max_size=40) | st.sampled_from(GOOD)), max_size=4)
methods = st.sampled_from(["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE"])


@fuzz(250)
@given(data=st.data(), method=methods, given_headers=headers, asked=parameters, body=st.binary(max_size=60))
def test_any_request_to_any_address(
    caller: FlaskClient, writable: Flask, data: st.DataObject, method: str, given_headers: dict[str, str],
    asked: list[tuple[str, str]], body: bytes,
) -> None:  # fmt: skip
    rule = data.draw(st.sampled_from(sorted({str(rule) for rule in writable.url_map.iter_rules()})))
    path = "".join(
        quote(data.draw(st.text(max_size=20) | st.sampled_from(["graph", "collectivite/x", "..", "x.ttl", "\x00"])))
        if piece.startswith("<")
        else piece
        for piece in _pieces(rule)
    )
    address = f"{path}?{'&'.join(f'{name}={quote(value)}' for name, value in asked)}"
    reply = caller.open(
        address,
        method=method,
        data=body,
        headers={k: v.encode("latin-1").decode("latin-1") for k, v in given_headers.items()},
    )
    sound(reply, browser=True)


def _pieces(rule: str) -> list[str]:
    """A rule of Werkzeug's, split into text and its variables."""
    found, at = [], 0
    while (start := rule.find("<", at)) >= 0:
        end = rule.index(">", start) + 1
        found += [rule[at:start], rule[start:end]]
        at = end
    return [*found, rule[at:]]


@fuzz(80)
@given(
    body=st.binary(max_size=200)
    | st.sampled_from([b'{"@id":"urn:a","urn:p":', b"<urn:a> <urn:p> ", b"<rdf:RDF", b"--x\r\n\r\n<urn:a> <urn:p> 1 .\r\n--x--"]),
    kind=st.sampled_from(
        ["text/turtle", "application/n-triples", "application/rdf+xml", "application/ld+json", "application/trig", "",
         "multipart/form-data; boundary=x", "multipart/form-data", "text/html"]
    ),
    graph=st.text(max_size=20) | st.sampled_from(["urn:x", "http://[", "default"]),
    method=st.sampled_from(["PUT", "POST", "DELETE", "GET"]),
)  # fmt: skip
def test_graphs(caller: FlaskClient, body: bytes, kind: str, graph: str, method: str) -> None:
    reply = caller.open(
        f"/graphs?{'default' if graph == 'default' else 'graph=' + quote(graph)}",
        method=method,
        data=body,
        headers={"Authorization": f"Bearer {TOKEN}", "Content-Type": kind},
    )
    sound(reply)


def test_the_description_of_the_interface_is_kept(writable: Flask) -> None:
    """Requests that schemathesis makes from ``/openapi.json``, where there is one."""
    if not any(str(rule) == "/openapi.json" for rule in writable.url_map.iter_rules()):
        pytest.skip("there is no /openapi.json yet")
    import schemathesis

    schema = schemathesis.openapi.from_wsgi("/openapi.json", writable)
    for found in schema.get_all_operations():
        operation = found.ok()

        @fuzz(8)
        @given(case=operation.as_strategy())
        def ask(case: schemathesis.Case) -> None:
            response = case.call()
            assert response.status_code != 500, (case.method, case.path, response.text[:500])

        ask()
