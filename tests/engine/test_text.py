"""What is read off a query's text: its form, its dataset, and every way of smuggling SERVICE past a reader."""

from __future__ import annotations

import pyoxigraph as ox
import pytest
from rdflib import URIRef

from ess_graph.engine import text, update
from ess_graph.engine.base import Form, Scope
from ess_graph.errors import BadQuery
from ess_graph.vocab import ESS

EVIL = "<http://127.0.0.1:9/>"
GROUP = "{ ?a ?b ?c }"

#: Queries that Oxigraph or rdflib would take as SERVICE; all must be refused.
REACHING = {
    "plain": f"SELECT * {{ SERVICE {EVIL} {GROUP} }}",
    "silent": f"SELECT * {{ SERVICE SILENT {EVIL} {GROUP} }}",
    "lower case": f"select * {{ service {EVIL} {GROUP} }}",
    "mixed case": f"SELECT * {{ sErViCe {EVIL} {GROUP} }}",
    "no space at all": f"SELECT*{{SERVICE{EVIL}{GROUP}}}",
    "variable endpoint": f"SELECT * {{ BIND({EVIL} AS ?e) SERVICE ?e {GROUP} }}",
    "empty prefix": f"PREFIX : {EVIL} SELECT * {{ SERVICE:x {GROUP} }}",
    "empty prefix, silent": f"PREFIX : {EVIL} SELECT * {{ SERVICESILENT:x {GROUP} }}",
    "silent without spaces": f"SELECT * {{ SERVICESILENT{EVIL}{GROUP} }}",
    "after a number": f"SELECT * {{ ?s ?p 1e0SERVICE {EVIL} {GROUP} }}",
    "after a decimal": f"SELECT * {{ ?s ?p 1.SERVICE {EVIL} {GROUP} }}",
    "after a boolean": f"SELECT * {{ ?s ?p true.SERVICE {EVIL} {GROUP} }}",
    "after a variable": f"SELECT * {{ ?s ?p ?o.SERVICE {EVIL} {GROUP} }}",
    "after a bare prefix": f"PREFIX x: <http://x/> SELECT * {{ ?s ?p x:.SERVICE {EVIL} {GROUP} }}",
    "after a tag": f'SELECT * {{ ?s ?p "a"@en.SERVICE {EVIL} {GROUP} }}',
    "after an escaped quote": f'SELECT * {{ ?s ?p "\\u0022" . SERVICE {EVIL} {GROUP} ?s ?p "\\u0022" }}',
    "after an escaped apostrophe": f"SELECT * {{ ?s ?p '\\u0027' . SERVICE {EVIL} {GROUP} ?s ?p '\\u0027' }}",
    "escaped letter": f"SELECT * {{ \\u0053ERVICE {EVIL} {GROUP} }}",
    "long escape": f"SELECT * {{ \\U00000053ERVICE {EVIL} {GROUP} }}",
    "after a comment": f"SELECT * {{ # a comment\n SERVICE {EVIL} {GROUP} }}",
    "after a comment ended by CR": f"SELECT * {{ # a comment\r SERVICE {EVIL} {GROUP} }}",
    "comment within": f"SELECT * {{ SERVICE # here\n {EVIL} {GROUP} }}",
    "comment before the group": f"PREFIX : {EVIL} SELECT * {{ SERVICE:x # {{\n {GROUP} }}",
    "after a string with a backslash": f'SELECT * {{ ?s ?p "a\\\\" . SERVICE {EVIL} {GROUP} ?s ?p "b" }}',
    "after a long string": f'SELECT * {{ ?s ?p """a"b""c\\"""" . SERVICE {EVIL} {GROUP} ?s ?p "b" }}',
    "between comparisons": f"SELECT * {{ FILTER(?a<?b) SERVICE {EVIL} {GROUP} FILTER(?c>?d) }}",
    "between tight comparisons": f"PREFIX : {EVIL} SELECT * {{ FILTER(?a<?b&&?c>?d) SERVICE:x{GROUP} }}",
    "in a subselect": f"SELECT * {{ {{ SELECT * {{ SERVICE {EVIL} {GROUP} }} }} }}",
    "in EXISTS": f"ASK {{ FILTER EXISTS {{ SERVICE {EVIL} {GROUP} }} }}",
    "in CONSTRUCT": f"CONSTRUCT {GROUP} WHERE {{ SERVICE {EVIL} {GROUP} }}",
    "in DESCRIBE": f"DESCRIBE ?a WHERE {{ SERVICE {EVIL} {GROUP} }}",
}

#: Queries that only look like it; none may be refused.
HARMLESS = {
    "comment": "SELECT * { ?s ?p ?o } # SERVICE <http://x/> { }",
    "comment with an apostrophe": "SELECT * { # l'ESS et SERVICE\n ?s ?p ?o }",
    "string": 'SELECT * { ?s ?p "SERVICE <http://x/> { }" }',
    "single quotes": "SELECT * { ?s ?p 'SERVICE \\' SERVICE' }",
    "long string": 'SELECT * { ?s ?p """a " SERVICE\n"" # SERVICE""" }',
    "IRI": "SELECT * { ?s <http://x/SERVICE#service> ?o }",
    "variable": "SELECT ?service $SERVICE { ?service ?p $SERVICE }",
    "local name": "SELECT * { ?s ess:service ?o ; org:SERVICE ?x }",
    "local name with punctuation": "PREFIX x: <http://x/> SELECT * { ?s x:a.SERVICE-b ?o }",
    "prefix": "PREFIX service: <http://x/> SELECT * { ?s service:p ?o . service:a ?p service:b }",
    "blank node": "SELECT * { _:service ?p ?o }",
    "tag": 'SELECT * { ?s ?p "a"@service }',
    "escape in a string": 'SELECT * { ?s ?p "\\u0053ERVICE" }',
    "hash in an IRI": "SELECT * { ?s <http://x/#a> ?o FILTER(?o > 1) }",
}


@pytest.mark.parametrize("query", REACHING.values(), ids=REACHING)
def test_service_is_refused(query: str) -> None:
    with pytest.raises(BadQuery, match="SERVICE"):
        text.read(query)


@pytest.mark.parametrize("query", HARMLESS.values(), ids=HARMLESS)
def test_the_word_alone_is_not(query: str) -> None:
    assert text.read(query).form is Form.SELECT


@pytest.mark.parametrize(
    ("query", "form"),
    [
        ("SELECT ?s { ?s ?p ?o }", Form.SELECT),
        ("select ?ask { ?ask ?p ?o }", Form.SELECT),
        ("ASK{}", Form.ASK),
        ("DESCRIBE <http://x/SELECT>", Form.DESCRIBE),
        ("CONSTRUCT { ?s ?p 'SELECT' } WHERE { { SELECT ?s { ?s ?p ?o } } }", Form.CONSTRUCT),
        ("# SELECT\nPREFIX select: <http://x/SELECT>\nASK { ?s select:ASK ?o }", Form.ASK),
        ("BASE <http://x/> PREFIX ask: <ask#> CONSTRUCT WHERE { ?s ask:a ?o }", Form.CONSTRUCT),
    ],
)
def test_form(query: str, form: Form) -> None:
    assert text.read(query).form is form


@pytest.mark.parametrize(
    "query",
    ["", "   ", "# SELECT", "'SELECT'", "INSERT DATA { <a:a> <a:b> 1 }", "LOAD <http://x/>", "hello", "?select"],
)
def test_no_query_at_all(query: str) -> None:
    with pytest.raises(BadQuery, match="not a query"):
        text.read(query)


@pytest.mark.parametrize(
    ("clauses", "scope"),
    [
        ("", Scope()),
        ("FROM <http://x/a>", Scope(("http://x/a",))),
        ("FROM <http://x/a> FROM <http://x/b>", Scope(("http://x/a", "http://x/b"))),
        ("FROM <http://x/a> FROM <http://x/a>", Scope(("http://x/a",))),
        ("FROM NAMED <http://x/a>", Scope((), ("http://x/a",))),
        ("from <http://x/a> From Named <http://x/b>", Scope(("http://x/a",), ("http://x/b",))),
        ("FROM # here\n <http://x/a>", Scope(("http://x/a",))),
        ("FROM ess:a", Scope((str(ESS.a),))),
        ("FROM :a FROM NAMED e:b", Scope(("http://y/a",), ("http://y/z#b",))),
        ("FROM <rel> FROM <../up>", Scope(("http://y/d/rel", "http://y/up"))),
        ("FROM <http://x/\\u00E9>", Scope(("http://x/é",))),
        ("FROM e:a\\-b", Scope(("http://y/z#a-b",))),
    ],
)
def test_scope(clauses: str, scope: Scope) -> None:
    declared = "BASE <http://y/d/> PREFIX : <http://y/> PREFIX e: </z#>"
    query = f"{declared} SELECT ?from {clauses} {{ ?from ?p 'FROM <http://n/>' }}"
    assert text.read(query).scope == scope


def test_words_are_bare_words_only() -> None:
    words = text.read("SELECT (NOW() AS ?rand) { ?s ess:uuid 'BNODE' # STRUUID\n }").words
    assert words & text.VOLATILE == {"NOW"}


def test_a_value_is_put_in_as_a_term() -> None:
    shown = text.with_value("SELECT ?s { ?s ?p ?entity }\n", "entity", URIRef("http://x/a"))
    assert shown == "SELECT ?s { ?s ?p ?entity }\nVALUES ?entity { <http://x/a> }\n"
    assert text.read(shown).form is Form.SELECT


@pytest.mark.parametrize("size", [5_000, 50_000])
@pytest.mark.parametrize(
    ("start", "middle", "end"),
    [
        ("SELECT ?a {", "{", "}"),
        ("SELECT ?a { FILTER(", "(", ")"),
        ("SELECT ?a { ?a ?p ", "[ ?p ", "]"),
        ("SELECT ?a {", "OPTIONAL{", "}"),
        ("SELECT ?a {", "{SELECT ?a{", "}}"),
        ("SELECT ?a { FILTER(", "!", ""),
        ("SELECT ?a { FILTER(1", "+1", ""),
        ("SELECT ?a { FILTER(1", "-1", ""),
        ("SELECT ?a { FILTER(?a", "||?a", ""),
        ("SELECT ?a { ?a <p:p>", "/<p:p>", " ?b"),
        ("SELECT ?a { ?a <p:p>", "|<p:p>", " ?b"),
        ("SELECT ?a { {}", "UNION{}", ""),
        ("SELECT ?a { ", "OPTIONAL{}", ""),
        ("SELECT ?a { ", "MINUS{}", ""),
        ("SELECT ?a { ", "<< ", ""),
    ],
)
def test_what_would_end_the_stack_is_refused(start: str, middle: str, end: str, size: int) -> None:
    """The parser is recursive: such a text would take the whole process down, so it never gets there."""
    with pytest.raises(BadQuery, match="too complex"):
        text.read(f"{start}{middle * size}{end * size}")


@pytest.mark.parametrize(
    "filler",
    [
        "<http://x/a> ", "'a' ", "1.5 ", "?a ", "a.", "-", ".", '"', "'''", "\\u0041", "<a", "a:", "ess:a ", "\x00",
        "SERVICE:a)", "xservice:@", "SERVICE:a ", "SERVICE:a.#\n",
    ],
)  # fmt: skip
def test_length_alone_is_read_in_linear_time(filler: str) -> None:
    """No timing here: a quadratic reader would not come back from 300 kB."""
    query = "SELECT ?a { VALUES ?a { " + filler * (300_000 // len(filler)) + " } }"
    try:
        assert text.read(query).form is Form.SELECT
    except BadQuery as error:
        assert "too complex" in str(error)


def test_a_long_list_is_no_chain() -> None:
    iris = " ".join(f"<http://x/{n}>" for n in range(20_000))
    assert text.read(f"SELECT ?a {{ VALUES ?a {{ {iris} }} }}").form is Form.SELECT


@pytest.mark.parametrize("iri", ["<http://[>", "<//[a>", "<http://\u2100.example/>"])
@pytest.mark.parametrize(
    "template",
    [
        "BASE {} SELECT * FROM <x> {{}}",
        "PREFIX a: {} ASK FROM a:x {{}}",
        "SELECT * FROM {} {{}}",
        "ASK FROM NAMED {} {{}}",
    ],
)
def test_what_is_no_iri_is_said(template: str, iri: str) -> None:
    with pytest.raises(BadQuery, match="is not an IRI"):
        text.read(template.format(iri))


@pytest.mark.parametrize("end", ["x", "} }", "LIMIT 1 x", "\x01", "'", '"""', "'''\n", "#\n}"])
@pytest.mark.parametrize("form", ["ASK { bomb }", "SELECT * { bomb } ORDER BY ?a", "SELECT (COUNT(*) AS ?n) { bomb }"])
def test_looking_for_a_mistake_runs_nothing(form: str, end: str) -> None:
    """What stands before the mistake may be a whole query, here one that would run for ages."""
    values = " ".join(map(str, range(60)))
    bomb = "".join(f"VALUES ?{name} {{ {values} }} " for name in "abcdefgh") + "FILTER(?a + ?b < 0)"
    query = f"{form.replace('bomb', bomb)} {end}"
    with pytest.raises(SyntaxError) as caught:
        ox.Store().query(query)
    found = text.syntax_error(caught.value, query)
    assert found.line is not None
    assert "malformed" in str(found)


def test_a_base_upon_a_base_has_an_end() -> None:
    with pytest.raises(BadQuery, match="BASE more than"):
        text.read("BASE <a/> " * 90_000 + "ASK FROM <x> {}")


def test_an_update_of_many_operations_is_read_in_linear_space() -> None:
    """Each operation is carried out on its own; with the whole text in each, these would be 60 GB."""
    written = "PREFIX a: <urn:a:>\n" + "".join(
        f"INSERT DATA {{ GRAPH a:g{n} {{ a:s a:p 1.50 }} }} ;\n" for n in range(30_000)
    )
    found = update.read(written)
    assert len(found) == 30_000
    assert found[-1].writes == {"urn:a:g29999"}
    assert found[-1].literals == ('"1.50"^^<http://www.w3.org/2001/XMLSchema#decimal>',)
    assert len(found[-1].text) < 200
    store = ox.Store()
    store.update(found[-1].text)
    assert len(store) == 1


def test_long_updates_read_the_dataset_of_the_request() -> None:
    written = "DELETE { ?s ?p 1 } INSERT { ?s ?p 2 } WHERE { ?s ?p 1 } ;\n" * 5_000
    found = update.read(written, Scope(("urn:g",)))
    store = ox.Store()
    store.add(ox.Quad(ox.NamedNode("urn:s"), ox.NamedNode("urn:p"), ox.Literal(1), ox.NamedNode("urn:g")))
    store.update(found[-1].text)
    assert [str(quad.object) for quad in store.quads_for_pattern(None, None, None, ox.DefaultGraph())] == [
        '"2"^^<http://www.w3.org/2001/XMLSchema#integer>'
    ]
