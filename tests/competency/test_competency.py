"""Every competency question gets its expected answer, from every engine and over HTTP, out of facts that cite it."""

from __future__ import annotations

import json
import re
import sys
import unicodedata
from collections.abc import Iterable, Sequence
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest
from flask.testing import FlaskClient
from rdflib import Literal
from rdflib.plugins.sparql import prepareQuery
from rdflib.plugins.sparql.parserutils import CompValue
from rdflib.term import Node, Variable

from ess_graph.engine.base import Engine, Quad
from ess_graph.vocab import PREFIXES
from removal import Evidence, in_memory

HERE = Path(__file__).parent
QUERIES = {path.stem: path.read_text(encoding="utf-8") for path in sorted(HERE.glob("CQ*.rq"))}
#: What each query must answer (``answer``, rows in their order where ``ordered``), and the ``lines`` that it follows
#: from: a document with its first and last line, or a whole one.
EXPECTED: dict[str, dict[str, Any]] = json.loads((HERE / "expected.json").read_text(encoding="utf-8"))

Cell = str | Decimal | None
Table = list[tuple[Cell, ...]]

every_query = pytest.mark.parametrize("name", QUERIES)


def cell(value: object) -> Cell:
    """A value as answers are compared: numbers as numbers, text without case, typography and stray spaces."""
    if value is None:
        return None
    try:
        return Decimal(str(value).strip())
    except InvalidOperation:
        plain = unicodedata.normalize("NFKC", str(value)).replace("’", "'").casefold()
        return " ".join(plain.split())


def table(rows: Iterable[Sequence[object]], *, ordered: bool = False) -> Table:
    """Rows as answers are compared."""
    made = [tuple(cell(value) for value in row) for row in rows]
    return made if ordered else sorted(made, key=repr)


def answers(engine: Engine, name: str) -> list[list[Node | None]]:
    """The rows of a query, its columns in order."""
    found = engine.rows(QUERIES[name])
    return [[row.get(column) for column in found.names] for row in found]


def assert_expected(rows: Iterable[Sequence[object]], name: str) -> None:
    expected = EXPECTED[name]
    assert table(rows, ordered=expected["ordered"]) == table(expected["answer"], ordered=expected["ordered"])


@pytest.fixture(scope="module")
def literals(evidence: Evidence) -> set[Cell]:
    return {cell(o) for _, _, o, _ in evidence.quads if isinstance(o, Literal)}


def test_every_question_has_its_query() -> None:
    assert QUERIES.keys() == EXPECTED.keys()


def test_answers_are_those_that_were_set_beforehand(shared: Path) -> None:
    questions = json.loads((shared / "competency" / "dev.json").read_text(encoding="utf-8"))
    assert {asked["id"]: _kept(asked) for asked in questions} == EXPECTED


def _kept(asked: dict[str, Any]) -> dict[str, Any]:
    # What is not said has no lines: a negation is answered from all that its documents say.
    quoted = asked.get("evidence", ()) if asked["kind"] != "negation" else ()
    lines = [[said["doc"], *said["lines"]] for said in quoted] or [[document] for document in asked["docs"]]
    return {"answer": asked["answer"], "ordered": asked["ordered"], "lines": lines}


@every_query
def test_it_opens_with_its_question(name: str) -> None:
    first = QUERIES[name].splitlines()[0]
    assert re.match(rf"# {name}\b.{{12,}}", first), "the first line is a comment: the question's number and its words"


@every_query
def test_it_is_self_contained(name: str) -> None:
    """No prefix is taken for granted, so the text runs on any endpoint."""
    prepareQuery(QUERIES[name])


@every_query
def test_the_engine_answers(engine: Engine, name: str) -> None:
    rows = answers(engine, name)
    assert rows and all(value is not None for row in rows for value in row)
    assert_expected(rows, name)


@pytest.mark.slow
@every_query
def test_the_twin_agrees(engine: Engine, twin: Engine, name: str) -> None:
    assert table(answers(twin, name)) == table(answers(engine, name))


@every_query
def test_it_answers_over_http(client: FlaskClient, engine: Engine, name: str) -> None:
    response = client.get(
        "/sparql", query_string={"query": QUERIES[name]}, headers={"Accept": "application/sparql-results+json"}
    )
    assert response.status_code == 200, response.text
    found = response.get_json(force=True)
    rows = [[b.get(n, {}).get("value") for n in found["head"]["vars"]] for b in found["results"]["bindings"]]
    assert table(rows) == table(answers(engine, name))
    assert_expected(rows, name)


@every_query
def test_no_answer_is_made_up(engine: Engine, literals: set[Cell], name: str) -> None:
    """Text that is answered is in the graph, and so is a number that no expression computes."""
    found = engine.rows(QUERIES[name])
    computed = _computed(QUERIES[name])
    for row in found:
        for column in found.names:
            value = cell(row.get(column))
            if column in computed and isinstance(value, Decimal):
                continue
            assert value in literals, f"?{column} = {value} is nowhere in the graph"


@every_query
def test_no_constant_is_projected(name: str) -> None:
    prepared = prepareQuery(QUERIES[name])
    projected = {str(v) for v in prepared.algebra.PV}
    constant = {str(n.var) for n in _nodes(prepared.algebra) if n.name == "Extend" and isinstance(n.expr, Literal)}
    constant |= {
        str(variable)
        for n in _nodes(prepared.algebra)
        if n.name == "values"
        for row in n.res
        for variable, value in row.items()
        if isinstance(value, Literal)
    }
    assert not projected & constant


@pytest.mark.slow
@every_query
def test_without_its_facts_the_answer_changes(evidence: Evidence, engine: Engine, name: str) -> None:
    """The answer comes from facts: take away what rests on the question's lines, and another one comes."""
    left = evidence.without((document, *(lines or (1, sys.maxsize))) for document, *lines in EXPECTED[name]["lines"])
    assert len(left) < len(evidence.quads), "no fact rests on the lines of this question"
    assert table(_answer_from(left, name)) != table(answers(engine, name))


def _answer_from(quads: set[Quad], name: str) -> list[list[str | None]]:
    found = in_memory(quads).query(QUERIES[name])
    assert isinstance(found, ox.QuerySolutions)
    return [[None if row[v] is None else row[v].value for v in found.variables] for row in found]


def _nodes(node: object) -> Iterable[CompValue]:
    if isinstance(node, CompValue):
        yield node
        for value in node.values():
            yield from _nodes(value)
    elif isinstance(node, list | tuple):
        for value in node:
            yield from _nodes(value)


def _computed(query: str) -> set[str]:
    """Variables that an aggregate or an arithmetic expression gives a value to, directly or by way of another."""
    bound: dict[str, set[str]] = {}
    made: set[str] = set()
    for node in _nodes(prepareQuery(query, initNs=PREFIXES).algebra):
        if node.name == "Extend":
            bound.setdefault(str(node.var), set()).update(_variables(node.expr))
            arithmetic = {n.name for n in _nodes(node.expr)} & {"AdditiveExpression", "MultiplicativeExpression"}
            if arithmetic:
                made.add(str(node.var))
        elif node.name == "AggregateJoin":
            made |= {str(a.res) for a in node.A if a.name != "Aggregate_Sample"}
    while more := {v for v, used in bound.items() if used & made} - made:
        made |= more
    return made


def _variables(expression: object) -> set[str]:
    if isinstance(expression, Variable):
        return {str(expression)}
    return {str(value) for node in _nodes(expression) for value in node.values() if isinstance(value, Variable)}
