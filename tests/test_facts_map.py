"""Each reference fact is a statement of the release, read where the fact stands, or there is a reason why not."""

from __future__ import annotations

import csv
import json
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from rdflib import Literal, URIRef
from rdflib.term import Node

from ess_graph.engine.base import Quad
from ess_graph.errors import InvalidData
from ess_graph.ingest.triples import term
from removal import Evidence

MAP = Path(__file__).parent / "facts-map.csv"


@dataclass(frozen=True)
class Mapped:
    """One row of the map: a statement for a fact, or the reason for having none."""

    fact: str
    subject: str
    property: str
    value: str
    reason: str


@pytest.fixture(scope="module")
def rows() -> list[Mapped]:
    with MAP.open(encoding="utf-8", newline="") as handle:
        return [Mapped(**row) for row in csv.DictReader(handle)]


@pytest.fixture(scope="module")
def facts(shared: Path) -> dict[str, dict[str, Any]]:
    lines = (shared / "gold" / "facts-dev.jsonl").read_text(encoding="utf-8").splitlines()
    return {fact["id"]: fact for fact in map(json.loads, lines)}


@pytest.fixture(scope="module")
def stated(evidence: Evidence) -> dict[tuple[Node, Node], list[Quad]]:
    found: dict[tuple[Node, Node], list[Quad]] = defaultdict(list)
    for quad in evidence.quads:
        found[quad[:2]].append(quad)
    return found


def statements(row: Mapped, stated: dict[tuple[Node, Node], list[Quad]]) -> list[Quad]:
    """The quads that say what a row says; a value is an IRI, in short or in full, or a lexical form."""
    candidates = stated.get((term(row.subject), term(row.property)), [])
    return [quad for quad in candidates if _says(quad[2], row.value)]


def _says(node: Node, value: str) -> bool:
    if isinstance(node, Literal):
        return str(node) == value
    try:
        return isinstance(node, URIRef) and node == term(value)
    except InvalidData:
        return False


def test_every_row_has_a_statement_or_a_reason(rows: list[Mapped]) -> None:
    wrong = [row for row in rows if bool(row.reason) == bool(row.subject and row.property and row.value)]
    assert rows and not wrong


def test_every_statement_of_the_map_exists(rows: list[Mapped], stated: dict[tuple[Node, Node], list[Quad]]) -> None:
    assert not [row for row in rows if not row.reason and not statements(row, stated)]


def test_every_fact_is_mapped(rows: list[Mapped], facts: dict[str, dict[str, Any]]) -> None:
    mapped = {row.fact for row in rows}
    assert not set(facts) - mapped, "facts without a row"
    assert not mapped - set(facts), "rows for facts that are not there"


def test_every_statement_is_read_where_its_fact_stands(
    rows: list[Mapped],
    facts: dict[str, dict[str, Any]],
    stated: dict[tuple[Node, Node], list[Quad]],
    evidence: Evidence,
) -> None:
    elsewhere = []
    for row in (row for row in rows if not row.reason):
        fact = facts[row.fact]
        lines = [(fact["doc"], fact["lines"][0], fact["lines"][1])]
        cited = {p for quad in statements(row, stated) for p in evidence.rests_on(quad)}
        if not any(evidence.overlaps(passage, lines) for passage in cited):
            elsewhere.append(row)
    assert not elsewhere
