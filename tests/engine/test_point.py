"""Point queries: which queries are, and that their answers at once are those that a worker gives."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rdflib import Literal, URIRef

from ess_graph.engine.base import Engine, Limits, Quad, Service
from ess_graph.engine.formats import ROWS
from ess_graph.engine.local import LocalBackend
from ess_graph.engine.point import _is_point, is_point
from ess_graph.errors import BadQuery
from ess_graph.vocab import BASE, ESS, RDFS

THING = URIRef(f"{BASE}id/structure/une")
GRAPH = URIRef(f"{BASE}graph/g")
MANY = URIRef(f"{BASE}id/structure/longue")
QUADS: list[Quad] = [
    (THING, RDFS.label, Literal("Une « structure »", lang="fr"), GRAPH),
    (THING, RDFS.label, Literal("Une « structure »", lang="fr"), URIRef(f"{BASE}graph/h")),
    (THING, ESS.partenaireDe, MANY, GRAPH),
    (THING, ESS.partenaireDe, THING, GRAPH),
    *((MANY, ESS.note, Literal(f"note {number} {'x' * 100}"), GRAPH) for number in range(2000)),
]

POINTS = [
    "SELECT ?p ?o { <id/structure/une> ?p ?o }",
    "select*where{<id/structure/une> ?p ?o.}",
    "SELECT ?o WHERE { <id/structure/une> ess:partenaireDe ?o . }",
    "SELECT $s { $s ?p <id/structure/longue> } LIMIT 1",
    'SELECT ?s { ?s rdfs:label "Une « structure »"@fr }',
    f"PREFIX e: <{ESS}>\nPREFIX ess: <urn:other:>\nASK {{ ?s e:partenaireDe <id/structure/longue> }}",
    "ASK { <id/structure/une> ess:partenaireDe <id/structure/une> }",
    "SELECT ?o { <id/structure/nulle> a ?o }",
]

OTHERS = [
    "SELECT ?s ?o { ?s rdfs:label ?o }",
    "SELECT * { ?s ?p ?o }",
    "SELECT ?x { <id/structure/une> ?p ?o }",
    "SELECT ?o ?x { <id/structure/une> ?p ?o }",
    "SELECT ?o { ?o ?p ?o }",
    "SELECT ?o { <id/structure/une> ?o ?o }",
    "SELECT ?o { <id/structure/une> rdfs:label/rdfs:label ?o }",
    "SELECT ?o { <id/structure/une> ess:partenaireDe* ?o }",
    "SELECT ?o { <id/structure/une> ?p ?o . ?o ?q ?r }",
    "SELECT ?o { <id/structure/une> ?p ?o FILTER(?o = 1) }",
    "SELECT ?o { <id/structure/une> ?p ?o } OFFSET 100000000",
    "SELECT ?o { <id/structure/une> ?p ?o } ORDER BY ?o",
    "SELECT ?o { <id/structure/une> ?p ?o } VALUES ?o { 1 }",
    "SELECT DISTINCT ?o { <id/structure/une> ?p ?o }",
    "SELECT (COUNT(*) AS ?n) { <id/structure/une> ?p ?o }",
    "SELECT ?o FROM <graph/g> { <id/structure/une> ?p ?o }",
    "SELECT ?o { GRAPH <graph/g> { <id/structure/une> ?p ?o } }",
    "SELECT ?o { SERVICE <http://127.0.0.1:1/> { <id/structure/une> ?p ?o } }",
    "CONSTRUCT { <urn:a> ?p ?o } WHERE { <id/structure/une> ?p ?o }",
    "SELECT ?o { <id/structure/une> ?p ?o # }\n }",
    "SELECT ?o { _:b ?p ?o }",
    "SELECT ?oſ { <id/structure/une> ?p ?o }",  # « ſ » is « s » to those who do not look at the case
    "SELECT ?K { <id/structure/une> ?p ?k }",
    "SELECT" + " ?o" * 2000 + " { <id/structure/une> ?p ?o }",
    "",
]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("point") / "store"
    LocalBackend().create(folder, QUADS)
    return folder


@pytest.fixture(scope="module")
def engine(store: Path) -> Engine:
    return LocalBackend().open(store)


@pytest.fixture(scope="module")
def service(store: Path) -> Iterator[Service]:
    workers = LocalBackend().serve(Limits())
    yield workers.over(store)
    workers.close()


@pytest.mark.parametrize("kind", ROWS)
@pytest.mark.parametrize("query", POINTS)
def test_a_point_query_is_answered_as_a_worker_answers_it(
    engine: Engine, service: Service, query: str, kind: str
) -> None:
    found = engine.at_once(query, kind)
    assert found is not None
    assert found == b"".join(service.serialized(query, kind))


_SCRAPS = st.text(st.characters(codec="utf-8"), max_size=12) | st.sampled_from(
    ["id/structure/une", "%", "a:b", "..", ""]
)
_TERMS = st.one_of(
    st.sampled_from(["?s", "$o", "?a", "a", "ess:note", "nowhere:x", "rdfs:label", "<id/structure/une>"]),
    _SCRAPS.map("<{}>".format),
    _SCRAPS.map('"{}"'.format),
    _SCRAPS.map('"{}"@fr'.format),
)


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(["ASK", "SELECT *", "SELECT ?s", "PREFIX nowhere: <urn:n:> ASK"]),
    st.tuples(_TERMS, _TERMS, _TERMS),
    st.sampled_from(["", " LIMIT 1", " LIMIT 99999999999999999999"]),
)
def test_no_term_makes_a_difference(
    engine: Engine, service: Service, form: str, terms: tuple[str, str, str], end: str
) -> None:
    """What is answered at once is what a worker answers, and what a worker refuses is not answered at once."""
    query = f"{form} {{ {' '.join(terms)} }}{end}"
    found = engine.at_once(query, "text/csv")
    try:
        wanted = b"".join(service.serialized(query, "text/csv"))
    except BadQuery:
        assert found is None
    else:
        assert found is None or found == wanted


@pytest.mark.parametrize("query", OTHERS)
def test_whatever_may_take_its_time_goes_to_a_worker(engine: Engine, query: str) -> None:
    assert not is_point(query)
    assert engine.at_once(query, "text/csv") is None


@pytest.mark.parametrize(
    "query",
    [
        "SELECT ?o { <id/structure/longue> ess:note ?o }",  # too long to be given at once
        "SELECT ?o { <id/structure/une> nowhere:p ?o }",  # a prefix that nobody declared
        "SELECT ?o { <id/structure/une> A ?o }",  # only « a » is a verb
        "SELECT ?o { <:::> a ?o }",
    ],
)
def test_what_has_no_short_answer_is_left_to_those_who_say_why(engine: Engine, query: str) -> None:
    assert engine.at_once(query, "application/sparql-results+json") is None


def test_a_limit_makes_a_long_answer_short_enough(engine: Engine, service: Service) -> None:
    query = "SELECT ?o { <id/structure/longue> ess:note ?o } LIMIT 100"
    assert engine.at_once(query, "text/csv") == b"".join(service.serialized(query, "text/csv"))


def grown(text: tuple[str, str, str], size: int) -> str:
    """A text of that size: its beginning, its middle as often as there is room for, its end."""
    before, piece, after = text
    times, left = divmod(size - len(before) - len(after), len(piece))
    return before + piece * times + " " * left + after


@pytest.mark.parametrize(
    "text",
    [
        ("", "PREFIX a: <b> ", " ASK { <a> <b> <c> }"),
        ("ASK", " ", "{ <a> <b> <c> }"),
        ("SELECT ?a ", "?a ", " { <a> <b> ?a }"),
        ('ASK { <a> <b> "', "x", '" }'),
        ('ASK { <a> <b> "x"@a', "-a", " }"),
        ('ASK { <a> <b> "x"@', "a", " }"),
        ("ASK { <a> <b> <c>", " ", "}"),
        ("ASK { <a> <b> <", "c", "> }"),
        ("ASK { <a> <b> <c> } LIMIT ", "1", ""),
    ],
)
def test_a_long_text_is_read_once(text: tuple[str, str, str]) -> None:
    """Up to a length that no point query needs, and without ever going back over what was read.

    Whoever did would not come to the end of the last one, of a million characters.
    """
    assert is_point(grown(text, 4096))
    assert not is_point(grown(text, 4097))
    before, piece, after = text
    assert not is_point(grown((before, piece, after + "x"), 4096))
    assert not _is_point.__wrapped__(grown((before, piece, after + "x"), 1_000_000))
