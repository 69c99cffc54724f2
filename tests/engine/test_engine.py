"""One behaviour for every engine: whatever is asked, each answers alike and none reaches outside."""

from __future__ import annotations

import csv
import io
import json
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from xml.etree import ElementTree

import pytest
from rdflib import Graph, Literal, URIRef
from rdflib.compare import isomorphic
from rdflib.namespace import RDF, RDFS, XSD
from rdflib.term import Node

from ess_graph.engine.base import WHOLE, Engine, Form, Limits, Quad, Row, Scope, Solutions, Whole, Workers
from ess_graph.engine.formats import GRAPHS, ROWS, offered
from ess_graph.engine.local import LocalBackend
from ess_graph.engine.text import with_column
from ess_graph.errors import BadQuery, LimitHit, NotPossibleNow
from ess_graph.vocab import BASE
from rdflib_twin import Twin, answer_graph

EX = "http://example.org/"
A, B, C = (URIRef(f"{EX}graph/{name}") for name in "abc")
P, Q, VALUE, DATE = (URIRef(EX + name) for name in ("p", "q", "value", "date"))
X, Y, Z = (URIRef(EX + name) for name in "xyz")
NAMES = {"P": P, "Q": Q}

#: The first triple stands in three graphs.
QUADS: list[Quad] = [
    (X, P, Y, A),
    (X, P, Y, B),
    (X, P, Y, C),
    (Y, P, Z, A),
    (X, RDFS.label, Literal("Économie", lang="fr"), A),
    (X, RDFS.label, Literal("Economy", lang="en"), A),
    (X, RDFS.label, Literal("plain"), B),
    (X, VALUE, Literal("01", datatype=XSD.integer, normalize=False), A),
    (Y, VALUE, Literal("1.50", datatype=XSD.decimal, normalize=False), A),
    (Z, VALUE, Literal("true", datatype=XSD.boolean), A),
    (X, DATE, Literal("2018", datatype=XSD.gYear), B),
    (Y, DATE, Literal("2018-05", datatype=XSD.gYearMonth), B),
    (Z, DATE, Literal("2018-05-29", datatype=XSD.date), B),
    (Z, RDFS.comment, Literal('a "quoted"\nline, with; <b> & é’\t'), C),
    (Z, RDF.type, URIRef(EX + "Class"), C),
]

PREFIX = f"PREFIX e: <{EX}> PREFIX rdfs: <{RDFS}> "


def _local(folder: Path) -> Engine:
    backend = LocalBackend()
    backend.create(folder / "store", QUADS)
    return backend.open(folder / "store")


class Pooled:
    """The workers that answer strangers, behind the protocol of the engine in the process."""

    def __init__(self, workers: Workers, store: Path) -> None:
        self._pool = workers.over(store)
        self.close = workers.close

    def rows(
        self,
        query: str,
        bindings: Mapping[str, Node] | None = None,
        scope: Scope = WHOLE,
        limit: int | None = None,
    ) -> Solutions:
        if bindings:
            pytest.skip("strangers' queries come as they are, without bindings")
        found = self._pool.rows(query, scope, limit=10_000 if limit is None else limit)
        if isinstance(found, bool):
            raise BadQuery("Rows come from a SELECT only.")
        return found

    def ask(self, query: str, scope: Scope = WHOLE) -> bool:
        found = self._pool.rows(query, scope, limit=1)
        if isinstance(found, Solutions):
            raise BadQuery("A yes or no comes from an ASK only.")
        return found

    def serialized(
        self, query: str, media_type: str, scope: Scope = WHOLE, bindings: Mapping[str, Node] | None = None
    ) -> Iterator[bytes]:
        if bindings:
            pytest.skip("strangers' queries come as they are, without bindings")
        return self._pool.serialized(query, media_type, scope)

    def at_once(self, query: str, media_type: str) -> Whole | None:
        pytest.skip("a pool has no answer at once")


def _pooled(folder: Path) -> Engine:
    LocalBackend().create(folder / "store", QUADS)
    return Pooled(LocalBackend().serve(Limits()), folder / "store")


MAKERS: dict[str, Callable[[Path], Engine]] = {"local": _local, "pool": _pooled, "twin": lambda _: Twin(QUADS)}


@pytest.fixture(scope="module", params=MAKERS)
def each(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    made = MAKERS[request.param](tmp_path_factory.mktemp(request.param))
    yield made
    made.close()


def values(rows: Iterator[Row] | list[Row], name: str) -> list[str]:
    return [str(row[name]) for row in rows]


def count(engine: Engine, clauses: str = "", scope: Scope = Scope(), where: str = "?s ?p ?o") -> int:  # noqa: B008
    (row,) = engine.rows(f"{PREFIX} SELECT (COUNT(*) AS ?n) {clauses} WHERE {{ {where} }}", scope=scope)
    return int(str(row["n"]))


@pytest.fixture
def listener() -> Iterator[tuple[int, list[str]]]:
    """A port of this machine, and who called it."""
    calls: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                calls.append("called")
                connection.close()

        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        yield server.getsockname()[1], calls
        server.shutdown(socket.SHUT_RDWR)
        thread.join(5)


# ---- rows


def test_rows_keep_the_order_of_columns_and_of_the_query(each: Engine) -> None:
    found = each.rows(PREFIX + "SELECT ?o ?s { ?s e:p ?o } ORDER BY DESC(?s)")
    assert found.names == ("o", "s")
    assert [(row["o"], row["s"]) for row in found] == [(Z, Y), (Y, X)]
    assert not found.cut


def test_the_default_graph_holds_each_triple_once(each: Engine) -> None:
    assert count(each) == len({quad[:3] for quad in QUADS})
    assert count(each, where="GRAPH ?g { ?s ?p ?o }") == len(QUADS)


def test_named_graphs_are_apart(each: Engine) -> None:
    found = each.rows(PREFIX + "SELECT ?g { GRAPH ?g { e:x e:p e:y } } ORDER BY ?g")
    assert values(found.rows, "g") == [str(A), str(B), str(C)]
    assert count(each, where=f"GRAPH <{C}> {{ ?s ?p ?o }}") == 3
    assert count(each, where="GRAPH <http://example.org/nowhere> { ?s ?p ?o }") == 0


#: Texts that would end a literal, or the query, if they were joined into it as they are.
SIGNS = [
    '"', 'a" } #', 'a\\" } #', "\\", "a\\", "'''", '"""', 'a\n"""', 'a\n"', "a\nb\\", "a\r\nb", "} # {", "?x", "a\x00b",
]  # fmt: skip


@pytest.mark.parametrize("written", SIGNS)
def test_a_term_of_a_column_keeps_its_signs(each: Engine, written: str) -> None:
    asked = with_column("SELECT ?x { FILTER(BOUND(?x)) }", "x", [Literal("first"), Literal(written), Literal("last")])
    assert sorted(values(each.rows(asked), "x")) == sorted(["first", written, "last"])


def test_unbound_variables_are_absent(each: Engine) -> None:
    found = each.rows(PREFIX + "SELECT ?s ?d ?never { ?s e:p ?o OPTIONAL { ?s e:nothing ?d } }")
    assert found.names == ("s", "d", "never")
    assert len(found) == 2
    assert all(set(row) == {"s"} for row in found)


def test_no_rows(each: Engine) -> None:
    found = each.rows(PREFIX + "SELECT ?s { ?s e:nothing ?o }")
    assert (found.names, found.rows, found.cut) == (("s",), [], False)


@pytest.mark.parametrize(("limit", "got", "cut"), [(1, 1, True), (2, 2, True), (3, 3, False), (9, 3, False)])
def test_a_limit_cuts_and_says_so(each: Engine, limit: int, got: int, cut: bool) -> None:
    found = each.rows(PREFIX + "SELECT ?s { ?s e:value ?v } ORDER BY ?s", limit=limit)
    assert (len(found), found.cut) == (got, cut)
    assert values(found.rows, "s") == [str(X), str(Y), str(Z)][:got]


def test_bindings_are_terms_and_never_text(each: Engine) -> None:
    query = PREFIX + "SELECT ?s ?o { ?s e:p ?o } ORDER BY ?s"
    assert [(row["s"], row["o"]) for row in each.rows(query, {"s": X})] == [(X, Y)]
    assert not each.rows(query, {"s": Literal("} DELETE { ?s ?p ?o }")})
    label = PREFIX + "SELECT ?s ?l { ?s rdfs:label ?l }"
    assert values(each.rows(label, {"l": Literal("Economy", lang="en")}).rows, "s") == [str(X)]
    assert not each.rows(label, {"l": Literal("Economy")})


def test_prefixes_of_the_project_are_known(each: Engine) -> None:
    assert count(each, where="?s rdfs:label ?l FILTER NOT EXISTS { ?s skos:prefLabel|ess:intitule ?x }") == 3


# ---- literals


def test_literals_keep_their_values(each: Engine) -> None:
    found = each.rows(PREFIX + "SELECT ?s ?v { ?s e:value ?v } ORDER BY ?s")
    assert [Literal(str(r["v"]), datatype=r["v"].datatype).toPython() for r in found] == [1, 1.5, True]  # type: ignore[attr-defined]


def test_language_tags_stay(each: Engine) -> None:
    found = each.rows(PREFIX + 'SELECT ?l { e:x rdfs:label ?l FILTER(LANG(?l) = "fr") }')
    assert [row["l"] for row in found] == [Literal("Économie", lang="fr")]
    plain = each.rows(PREFIX + 'SELECT ?l { e:x rdfs:label ?l FILTER(LANG(?l) = "") }')
    assert [(str(row["l"]), row["l"].language) for row in plain] == [("plain", None)]  # type: ignore[attr-defined]


def test_partial_dates_compare_as_text(each: Engine) -> None:
    found = each.rows(PREFIX + 'SELECT ?d { ?s e:date ?d FILTER(STR(?d) >= "2018-05") } ORDER BY DESC(STR(?d))')
    assert values(found.rows, "d") == ["2018-05-29", "2018-05"]
    assert [row["d"].datatype for row in found] == [XSD.date, XSD.gYearMonth]  # type: ignore[attr-defined]


def test_awkward_text_comes_back_whole(each: Engine) -> None:
    (row,) = each.rows(PREFIX + "SELECT ?c { e:z rdfs:comment ?c }")
    assert str(row["c"]) == 'a "quoted"\nline, with; <b> & é’\t'


# ---- datasets


SCOPES = {
    "one": ((A,), (), len([q for q in QUADS if q[3] == A])),
    "two merge": ((A, B), (), len({q[:3] for q in QUADS if q[3] in (A, B)})),
    "all merge": ((A, B, C), (), len({q[:3] for q in QUADS})),
    "twice the same": ((A, A), (), len([q for q in QUADS if q[3] == A])),
    "unknown": ((URIRef(EX + "nowhere"),), (), 0),
    "unknown with known": ((URIRef(EX + "nowhere"), C), (), 3),
    "named only": ((), (A,), 0),
    "default and named": ((C,), (A, B), 3),
}


@pytest.mark.parametrize(("default", "named", "size"), SCOPES.values(), ids=SCOPES)
@pytest.mark.parametrize("written", ["in the query", "by the protocol"])
def test_scopes(each: Engine, default: tuple[URIRef, ...], named: tuple[URIRef, ...], size: int, written: str) -> None:
    clauses = " ".join([*(f"FROM <{g}>" for g in default), *(f"FROM NAMED <{g}>" for g in named)])
    scope = Scope(tuple(map(str, default)), tuple(map(str, named)))
    given = (clauses, Scope()) if written == "in the query" else ("", scope)
    assert count(each, *given) == size
    reachable = len([q for q in QUADS if q[3] in named])
    assert count(each, *given, where="GRAPH ?g { ?s ?p ?o }") == reachable


def test_the_protocol_wins_over_the_query(each: Engine) -> None:
    assert count(each, f"FROM <{A}>", Scope((str(C),))) == 3


def test_a_merge_and_a_named_graph(each: Engine) -> None:
    clauses = f"FROM <{A}> FROM <{B}> FROM NAMED <{C}>"
    assert count(each, clauses, where="?s e:p ?o") == 2
    assert count(each, clauses, where="GRAPH ?g { ?s e:p ?o } ?s e:value ?v") == 1


# ---- the other forms


def test_ask(each: Engine) -> None:
    assert each.ask(PREFIX + "ASK { e:x e:p e:y }") is True
    assert each.ask(PREFIX + "ASK { e:x e:p e:z }") is False
    assert each.ask(PREFIX + "ASK { e:x rdfs:label ?l }", Scope((str(C),))) is False


@pytest.mark.parametrize("media_type", ROWS)
def test_rows_in_every_format(each: Engine, media_type: str) -> None:
    query = PREFIX + "SELECT ?s ?c ?n { ?s rdfs:comment ?c OPTIONAL { ?s e:nothing ?n } }"
    body = b"".join(each.serialized(query, media_type)).decode()
    assert _read_rows(body, media_type) == [{"s": str(Z), "c": 'a "quoted"\nline, with; <b> & é’\t'}]


@pytest.mark.parametrize("media_type", ["application/sparql-results+json", "application/sparql-results+xml"])
@pytest.mark.parametrize(("where", "truth"), [("e:x e:p e:y", "true"), ("e:x e:p e:z", "false")])
def test_a_yes_or_no_in_every_format(each: Engine, media_type: str, where: str, truth: str) -> None:
    body = b"".join(each.serialized(f"{PREFIX} ASK {{ {where} }}", media_type)).decode()
    if media_type.endswith("json"):
        assert json.loads(body)["boolean"] is (truth == "true")
    else:
        assert ElementTree.fromstring(body).findtext("{*}boolean") == truth


@pytest.mark.parametrize("media_type", GRAPHS)
@pytest.mark.parametrize(
    "query",
    [
        "CONSTRUCT { ?o e:q ?s } WHERE { ?s e:p ?o }",
        "CONSTRUCT WHERE { ?s rdfs:comment ?c }",
        "CONSTRUCT WHERE { ?s e:nothing ?c }",
        "DESCRIBE e:x",
    ],
)
def test_graphs_in_every_format(each: Engine, media_type: str, query: str) -> None:
    expected = Graph()
    for s, p, o, _ in QUADS:
        if query.startswith("CONSTRUCT { ?o") and p == P:
            expected.add((o, Q, s))  # type: ignore[arg-type]
        elif (query.startswith("CONSTRUCT WHERE { ?s rdfs") and p == RDFS.comment) or (
            query.startswith("DESCRIBE") and s == X
        ):
            expected.add((s, p, Literal(1) if str(o) == "01" else o))  # type: ignore[arg-type]
    found = answer_graph(b"".join(each.serialized(PREFIX + query, media_type)), media_type)
    assert isomorphic(found, expected)


def test_serialized_takes_bindings_and_scope(each: Engine) -> None:
    query = PREFIX + "SELECT ?s ?o { ?s e:p ?o }"
    pieces = each.serialized(query, "text/csv", Scope((str(A),)), {"s": Y})
    assert list(csv.reader(io.StringIO(b"".join(pieces).decode()))) == [["s", "o"], [str(Y), str(Z)]]


def test_each_form_has_its_formats() -> None:
    assert set(offered(Form.SELECT)) == set(offered(Form.ASK)) == set(ROWS)
    assert set(offered(Form.DESCRIBE)) == set(offered(Form.CONSTRUCT)) == set(GRAPHS)


def test_the_wrong_form_is_refused(each: Engine) -> None:
    with pytest.raises(BadQuery, match="SELECT"):
        each.rows("ASK {}")
    with pytest.raises(BadQuery, match="ASK"):
        each.ask("SELECT ?s { ?s ?p ?o }")


# ---- what cannot be answered


@pytest.mark.parametrize(
    ("query", "line"),
    [
        ("SELECT ?s WHERE { ?s ?p }", 1),
        ("SELECT ?s\nWHERE {\n  ?s ?p ?o .\n  ?s %% ?o\n}\n\n", 4),
        ("SELECT ?s { ?s ?p ?o } }", 1),
        ("SELECT ?s { ?s ?p 'open }", 1),
        ("SELECT ?s { ?s ?p ?o ", 1),
        ("SELECT ?s { ?s ?p ?o } ; SELECT ?s { ?s ?p ?o }", 1),
    ],
)
def test_a_syntax_error_says_where(each: Engine, query: str, line: int) -> None:
    with pytest.raises(BadQuery) as caught:
        each.rows(query)
    assert caught.value.line == line
    assert caught.value.column is not None
    assert 1 <= caught.value.column <= len(query.split("\n")[line - 1]) + 1


@pytest.mark.parametrize(
    ("query", "line", "column"),
    [
        ("SELEC ?s {}", 1, 1),
        ("SELECT ?s {\n  ?s ess:x 1 % }\n\n", 2, 14),
        ("SELECT ?s\nWHERE {\n  ?s ?p ?o\n  FILTER(?o >)\n}", 4, 14),
        ("SELECT ?s { ?s ?p ?o } }", 1, 24),
        ("SELECT ?s { ?s ?p 'é' ; % }", 1, 25),
        ("SELECT ?s { ?s ?p 'open }\n", 1, 19),
        ("SELECT ?s { # {\n\n ?s ?p }", 3, 8),
        ("SELECT ?s WHRE { ?s ?p ?o }", 1, 11),
        ("SELECT ?s { ?s ?p ?o ", 1, 21),
        ("SELECT ?s { ?s ?p ?o } LIMIT 1 x", 1, 32),
        ("SELECT ?s { ?s nowhere:p ?o }", 1, 16),
    ],
)
def test_the_first_wrong_token_is_named(tmp_path: Path, query: str, line: int, column: int) -> None:
    with pytest.raises(BadQuery, match=f"line {line}, column {column}\\b") as caught:
        _local(tmp_path).rows(query)
    assert (caught.value.line, caught.value.column) == (line, column)


def test_an_undeclared_prefix_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadQuery, match="« nowhere: » is not a declared prefix"):
        _local(tmp_path).rows("SELECT ?s { ?s nowhere:p ?o }")


@pytest.mark.parametrize("query", ["SELECT ?s (COUNT(?o) AS ?n) { ?s ?p ?o }", "SELECT (1 AS ?x) (2 AS ?x) {}"])
def test_what_the_specification_forbids_is_refused(tmp_path: Path, query: str) -> None:
    """rdflib lets these pass."""
    with pytest.raises(BadQuery):
        _local(tmp_path).rows(query)


@pytest.mark.parametrize(
    "query",
    [
        "SELECT ?s { ?s nowhere:p ?o }",
        "INSERT DATA { <a:a> <a:b> 1 }",
        "DROP ALL",
        "SELECT",
        "",
        "\x00",
        "SELECT ?s { ?s ?p ?o } \x00",
        "SELECT ?s { <http://exa mple/> ?p ?o }",
        "SELECT \ud83d ?s { ?s ?p ?o }".encode("utf-16", "surrogatepass").decode("utf-16", "replace"),
    ],
)
def test_what_cannot_be_answered_is_a_bad_query(each: Engine, query: str) -> None:
    with pytest.raises(BadQuery):
        each.rows(query)


def test_errors_in_expressions_are_no_errors(each: Engine) -> None:
    found = each.rows(PREFIX + "SELECT ?s ?x { ?s e:p ?o BIND(1 / 0 AS ?x) FILTER(COALESCE(ABS(?o), true)) }")
    assert len(found) == 2
    assert all("x" not in row for row in found)


def test_an_unknown_function_is_an_error_of_its_expression(each: Engine) -> None:
    unknown = "<http://example.org/no-such-function>(?o)"
    found = each.rows(f"{PREFIX} SELECT ?s ?x {{ ?s e:p ?o BIND({unknown} AS ?x) }}")
    assert len(found) == 2
    assert all("x" not in row for row in found)
    assert not each.rows(f"{PREFIX} SELECT ?s {{ ?s e:p ?o FILTER({unknown}) }}")


def test_relative_iris_have_the_projects_base(each: Engine) -> None:
    (row,) = each.rows("SELECT ?x { BIND(<id/structure/a> AS ?x) }")
    assert row["x"] == URIRef(BASE + "id/structure/a")
    assert count(each, "FROM <graph/voc>") == 0


def test_control_characters_in_a_string_are_text(each: Engine) -> None:
    (row,) = each.rows('SELECT ?x { BIND("a\x01\x1f\x7f" AS ?x) }')
    assert str(row["x"]) == "a\x01\x1f\x7f"


def test_a_long_query(each: Engine) -> None:
    """900 kB of values, one of which is there."""
    listed = " ".join(f"<{EX}{n:06}>" for n in range(20_000)) + f" <{X}>"
    query = f"{PREFIX} SELECT ?s {{ VALUES ?s {{ {listed} }} ?s e:p ?o }} # {'x' * 350_000}"
    assert len(query) > 850_000
    assert values(each.rows(query).rows, "s") == [str(X)]


@pytest.mark.parametrize(
    "query", ["SELECT ?a {" + "{" * 9000 + "}" * 9000 + "}", "SELECT ?a {" + "OPTIONAL{}" * 9000 + "}"]
)
def test_depth_is_refused_and_survived(each: Engine, query: str) -> None:
    with pytest.raises(BadQuery, match="too complex"):
        each.rows(query)
    assert count(each) > 0


# ---- nothing goes out


OUTWARD = [
    "SELECT * {{ SERVICE {url} {{ ?s ?p ?o }} }}",
    "SELECT * {{ SERVICE SILENT {url} {{ ?s ?p ?o }} }}",
    "SELECT * {{ \\u0053ERVICE {url} {{ ?s ?p ?o }} }}",
    "PREFIX : {url} SELECT * {{ SERVICE:x {{ ?s ?p ?o }} }}",
    "SELECT * {{ SERVICESILENT{url}{{ ?s ?p ?o }} }}",
    'SELECT * {{ ?s ?p "\\u0022" . SERVICE {url} {{ ?a ?b ?c }} ?s ?p "\\u0022" }}',
    "SELECT * {{ BIND({url} AS ?e) SERVICE ?e {{ ?s ?p ?o }} }}",
    "LOAD {url}",
    "SELECT * FROM {url} {{ ?s ?p ?o }}",
    "SELECT * FROM NAMED {url} {{ GRAPH ?g {{ ?s ?p ?o }} }}",
    "SELECT * FROM {url} FROM {url} {{ ?s ?p ?o }}",
    "SELECT * {{ GRAPH {url} {{ ?s ?p ?o }} }}",
]


@pytest.mark.parametrize("template", OUTWARD)
@pytest.mark.parametrize("scoped", [False, True], ids=["whole", "scoped"])
def test_no_query_opens_a_connection(
    each: Engine, listener: tuple[int, list[str]], template: str, scoped: bool
) -> None:
    port, calls = listener
    scope = Scope((str(A),), (str(B),)) if scoped else Scope()
    try:
        found = each.rows(template.format(url=f"<http://127.0.0.1:{port}/data.ttl>"), scope=scope)
    except BadQuery:
        found = None
    assert not calls
    if found is not None and not scoped:
        assert not found.rows


def test_no_query_reads_a_file(each: Engine, tmp_path: Path) -> None:
    secret = tmp_path / "secret.ttl"
    secret.write_text(f"<{EX}secret> <{P}> <{EX}read> .", encoding="utf-8")
    for clause in (f"FROM <{secret.as_uri()}>", f"FROM NAMED <{secret.as_uri()}>"):
        assert count(each, clause) == 0
        assert count(each, clause, where="GRAPH ?g { ?s ?p ?o }") == 0


# ---- the store


def test_a_store_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(NotPossibleNow, match="ess-graph build"):
        LocalBackend().open(tmp_path / "nothing")


def test_a_store_that_is_damaged(tmp_path: Path) -> None:
    _local(tmp_path).close()
    for path in (tmp_path / "store").iterdir():
        path.write_bytes(b"\x00" * 64)
    with pytest.raises(NotPossibleNow):
        LocalBackend().open(tmp_path / "store")


def test_answers_belong_to_no_thread(tmp_path: Path) -> None:
    """What an engine yields may be read anywhere: Oxigraph's own results would end the process."""
    engine = _local(tmp_path)
    pieces = engine.serialized("SELECT ?s { ?s ?p ?o }", "text/csv")
    first = next(pieces)
    rest: list[bytes] = []
    thread = threading.Thread(target=lambda: rest.extend(pieces))
    thread.start()
    thread.join()
    assert (first + b"".join(rest)).count(b"\n") == len({quad[:3] for quad in QUADS}) + 1


def test_a_stream_that_is_stopped_is_not_begun_again(tmp_path: Path) -> None:
    """Its first rows come at once, its last ones never: what came must not come twice."""
    LocalBackend().create(tmp_path / "store", QUADS)
    workers = LocalBackend().serve(Limits(seconds=2))
    pool = workers.over(tmp_path / "store")
    endless = "SELECT ?s0 ?o0 { " + " ".join(f"?s{n} ?p{n} ?o{n} ." for n in range(12)) + " }"
    came: list[bytes] = []
    with pytest.raises(LimitHit):
        for piece in pool.serialized(endless, "text/csv"):
            came.append(piece[:20])
    workers.close()
    assert len(came) > 1
    assert [piece.startswith(b"s0,o0") for piece in came].count(True) == 1


def _read_rows(body: str, media_type: str) -> list[dict[str, str]]:
    """Rows of an answer as plain text; unbound variables are left out."""
    if media_type.endswith("json"):
        return [{n: b["value"] for n, b in row.items()} for row in json.loads(body)["results"]["bindings"]]
    if media_type.endswith("xml"):
        tree = ElementTree.fromstring(body)
        return [
            {str(b.get("name")): "".join(b.itertext()) for b in result.iterfind("{*}binding")}
            for result in tree.iterfind("{*}results/{*}result")
        ]
    if media_type == "text/csv":
        return [{n: v for n, v in row.items() if v} for row in csv.DictReader(io.StringIO(body, newline=""))]
    head, *lines = [line for line in body.splitlines() if line]
    names = [name.lstrip("?") for name in head.split("\t")]
    rows = []
    for line in lines:
        cells = dict(zip(names, line.split("\t"), strict=True))
        rows.append({n: _term(cell) for n, cell in cells.items() if cell})
    return rows


def _term(cell: str) -> str:
    """A term of a TSV answer, which is written as in Turtle."""
    (value,) = Graph().parse(data=f"<a:a> <a:b> {cell} .", format="turtle").objects()
    return str(value)
