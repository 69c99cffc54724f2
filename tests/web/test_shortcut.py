"""The short cut to the query service: what it answers, and that nobody can tell it from the long way."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import Client
from werkzeug.wrappers import Response

from ess_graph.engine.local import LocalBackend
from ess_graph.web.app import create_app
from ess_graph.web.shortcut import ShortCut
from ess_graph.web.site import Opened

REGION = "<id/collectivite/region-grand-est>"
SHORT = f"SELECT ?o {{ {REGION} a ?o }}"
LONG = f"SELECT ?p ?o {{ {REGION} ?p ?o }}"
TWO = f"SELECT ?o {{ {REGION} a ?o, ?kind }}"
GRAPH = f"DESCRIBE {REGION}"


class Watched:
    """The application behind the short cut, and how often it was asked."""

    def __init__(self, app: Flask) -> None:
        short = app.wsgi_app
        assert isinstance(short, ShortCut)
        self.asked = 0
        self._behind = short._application
        short._application = self
        self.short, self.long = Client(app.wsgi_app), Client(self._behind)

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Pass a request on."""
        self.asked += 1
        return self._behind(environ, start_response)


@pytest.fixture(scope="module")
def own(app: Flask) -> Iterator[Flask]:
    """A site that others do not use."""
    made = create_app(app.extensions["ess_graph"].settings)
    yield made
    made.extensions["ess_graph"].workers.close()


@pytest.fixture(scope="module")
def watched(own: Flask) -> Watched:
    return Watched(own)


def seen(reply: Response) -> tuple[int, list[tuple[str, str]], bytes]:
    """All of an answer that a client sees."""
    # Answers to conditional requests say when they were made, which is another second now and then.
    headers = sorted((name.lower(), value) for name, value in reply.headers if name.lower() != "date")
    return reply.status_code, headers, reply.data


def ask(client: Client, query: str, headers: dict[str, str] | None = None, **parameters: str) -> Response:
    return client.get("/sparql", query_string={"query": query, **parameters}, headers=headers)


ACCEPTS = ["*/*", "application/sparql-results+json", "application/json", "text/csv;q=0.9, */*;q=0.1",
           "application/sparql-results+xml", "text/tab-separated-values"]  # fmt: skip


@pytest.mark.parametrize("encoding", ["identity", "gzip", "gzip;q=0", "br, gzip"])
@pytest.mark.parametrize("accept", ACCEPTS)
@pytest.mark.parametrize("query", [SHORT, LONG])
def test_the_answer_is_the_same_on_both_ways(watched: Watched, query: str, accept: str, encoding: str) -> None:
    headers = {"Accept": accept, "Accept-Encoding": encoding}
    short, long = ask(watched.short, query, headers), ask(watched.long, query, headers)
    assert short.status_code == 200
    assert seen(short) == seen(long)


@pytest.mark.parametrize("accept", [*ACCEPTS[:1], "text/turtle", "application/ld+json"])
def test_what_is_in_memory_is_the_same_too(watched: Watched, accept: str) -> None:
    for query in (TWO, GRAPH):
        headers = {"Accept": accept}
        first, again = ask(watched.short, query, headers), ask(watched.short, query, headers)
        assert seen(again) == seen(first)
        assert seen(again) == seen(ask(watched.long, query, headers))


def test_it_is_taken_by_point_queries_and_by_what_was_asked_before(watched: Watched) -> None:
    before = watched.asked
    ask(watched.short, SHORT)
    assert watched.asked == before
    query = f"SELECT ?o {{ {REGION} a ?o, ?other }}"
    ask(watched.short, query)
    assert watched.asked == before + 1
    ask(watched.short, query)
    assert watched.asked == before + 1


@pytest.mark.parametrize(
    ("query", "headers", "parameters"),
    [
        (SHORT, {"Accept": "text/html"}, {}),
        (SHORT, {"Accept": "image/png"}, {}),
        (SHORT, {"If-None-Match": "*"}, {}),
        (SHORT, {"Range": "bytes=0-3"}, {}),
        (SHORT, {}, {"format": "csv"}),
        (SHORT, {}, {"release": "nulle"}),
        (SHORT, {}, {"timeout": "0"}),
        (SHORT, {}, {"default-graph-uri": "urn:nowhere"}),
        ("SELECT ?o { <a> nowhere:p ?o }", {}, {}),
        ("SELECT ?o { <a", {}, {}),
        ("", {}, {}),
        ("SELECT (NOW() AS ?n) {}", {}, {"lang": "en"}),
    ],
)
def test_whatever_is_not_plain_goes_the_long_way(
    watched: Watched, query: str, headers: dict[str, str], parameters: dict[str, str]
) -> None:
    before = watched.asked
    short = ask(watched.short, query, headers, **parameters)
    assert watched.asked == before + 1
    if "NOW" not in query and short.mimetype != "text/html":  # a page says how long it took
        assert seen(short) == seen(ask(watched.long, query, headers, **parameters))


@pytest.mark.parametrize(
    "address", ["query=%FF", "query=%ZZ", "query=é", "query=SELECT+?o;x=1", "query", "query=" + "a" * 5000]
)
def test_a_malformed_address_is_told_as_ever(watched: Watched, address: str) -> None:
    short, long = (client.get(f"/sparql?{address}") for client in (watched.short, watched.long))
    assert short.status_code == 400
    assert seen(short) == seen(long)


def test_it_needs_no_worker(own: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = own.extensions["ess_graph"].opened()
    monkeypatch.setattr(opened, "service", None)
    assert ask(Client(own.wsgi_app), SHORT).status_code == 200
    assert Client(own.wsgi_app).post("/sparql", data={"query": SHORT}).status_code == 200


def test_a_store_that_may_hold_deletions_is_looked_into_by_workers_only(own: Flask) -> None:
    """The engine passes over each statement that was deleted, and no bound on the answer bounds that."""
    opened = own.extensions["ess_graph"].opened()
    assert opened.at_once(SHORT, "text/csv")
    written = replace(opened.release, manifest={**opened.release.manifest, "number": 1})
    assert (
        Opened(written, LocalBackend(), opened.service, opened.cache, lambda _: None).at_once(SHORT, "text/csv") is None
    )


def test_an_accident_on_the_way_is_an_error_answer(own: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: str) -> None:
        raise OSError(24, "Too many open files")

    monkeypatch.setattr(own.extensions["ess_graph"].opened(), "at_once", broken)
    reply = ask(Client(own.wsgi_app), f"SELECT ?x {{ {REGION} a ?x }}")
    assert reply.status_code == 500
    assert reply.mimetype == "application/problem+json"


def test_a_query_whose_answer_changes_is_computed_each_time(watched: Watched) -> None:
    query = "SELECT (RAND() AS ?r) {}"
    assert ask(watched.short, query).data != ask(watched.short, query).data
