"""Long documents and popular things: pages stay small, and nothing is lost."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote, urljoin

import pytest
from flask import Flask
from flask.testing import FlaskClient

from ess_graph.web.app import create_app
from web.test_pages import Page, get, harmless

DOCUMENT = "/page/source/annuaire-grand-est"
_MANY = 450


def pages_of(client: FlaskClient, start: str) -> list[Page]:
    """A page and those that follow it."""
    found = [get(client, start)]
    while following := [a["href"] for a, _ in found[-1].all("a", rel="next")]:
        found.append(get(client, urljoin(start, following[0])))
    return found


def test_a_long_document_has_pages_that_hold_all_of_it(client: FlaskClient, app: Flask) -> None:
    index = app.extensions["ess_graph"].opened().index
    passages = index.passages_of("https://w3id.org/ess-graph/source/annuaire-grand-est")
    overview = get(client, DOCUMENT)
    assert {p.lines for p in passages} <= overview.ids, "an address with a line leads somewhere on it"
    pages = pages_of(client, f"{DOCUMENT}?partie=1")
    assert len(pages) > 5
    shown = [a["id"] for page in pages for a, _ in page.all("section", class_="pass")]
    assert sorted(shown) == sorted(p.lines for p in passages)
    facts = {(c.subject, c.said, c.value, c.passage) for c in index.cited_at(p.iri for p in passages)}
    assert sum(len(page.all("div", class_="prop")) for page in pages) == len(facts)


def test_no_page_of_a_document_is_heavy(client: FlaskClient) -> None:
    overview = get(client, DOCUMENT)
    parts = sorted({link for link in overview.links if re.fullmatch(r"\?partie=\d+", link)})
    for path in (DOCUMENT, *(DOCUMENT + part for part in parts)):
        body = client.get(path, headers={"Accept": "text/html"}, buffered=True).data
        assert len(gzip.compress(body)) < 50_000, path
        assert len(body) < 300_000, path


def test_a_line_leads_to_its_page(client: FlaskClient) -> None:
    overview = get(client, DOCUMENT)
    lines = [a["href"] for a, _ in overview.all("a") if "data-line" in a]
    for link in lines[:: len(lines) // 12]:
        path, _, anchor = link.partition("#")
        page = get(client, DOCUMENT + path)
        assert unquote(anchor) in {a["id"] for a, _ in page.all("section", class_="pass")}
    assert get(client, f"{DOCUMENT}?lignes=%3Cscript%3E").all("h1"), "nonsense gives the overview"
    assert get(client, f"{DOCUMENT}?partie=²").all("h1")


def test_a_short_document_is_one_page(client: FlaskClient, app: Flask) -> None:
    opened = app.extensions["ess_graph"].opened()
    page = get(client, "/page/source/region-grand-est-2022?lang=en")
    harmless(page)
    assert all("lang=en" in link for link in page.links if link.startswith("?"))
    assert opened.index.passages_of("https://w3id.org/ess-graph/source/region-grand-est-2022")


@pytest.fixture(scope="module")
def popular(project: Callable[[], Any]) -> FlaskClient:
    made = project()
    things = "".join(
        f'<id/structure/s{n:03}> a ess:Structure ; skos:prefLabel "Structure {n:03}"@fr ;'
        f" ess:objet <id/structure/star> ; ess:territoire <id/territoire/star> .\n"
        for n in range(_MANY)
    )
    made.publish(
        "@base <https://w3id.org/ess-graph/> .\n@prefix ess: <https://w3id.org/ess-graph/onto#> .\n"
        "@prefix skos: <http://www.w3.org/2004/02/skos/core#> .\n@prefix igeo: <http://rdf.insee.fr/def/geo#> .\n"
        '<graph/registre> { <id/structure/star> a ess:Structure ; skos:prefLabel "Star"@fr .\n'
        f'<id/territoire/star> a igeo:Region ; skos:prefLabel "Partout"@fr .\n{things} }}\n'
    )
    return create_app(made.settings).test_client()


@pytest.mark.slow
@pytest.mark.parametrize(("path", "argument"), [("/page/structure/star", "lien"), ("/page/territoire/star", "bloc")])
def test_a_popular_thing_has_a_bounded_page(popular: FlaskClient, path: str, argument: str) -> None:
    page = get(popular, path)
    named = {text for _, text in page.all("a") if re.fullmatch(r"Structure \d+", text)}
    assert 0 < len(named) <= 200
    [more] = [link for link in page.links if link.startswith(f"?{argument}=")]
    pages = pages_of(popular, path + more)
    listed = [text for p in pages for _, text in p.all("a") if re.fullmatch(r"Structure \d+", text)]
    assert listed == [f"Structure {n:03}" for n in range(_MANY)], "all of them, in the order of their names"
    assert f"{_MANY} en tout" in pages[0].text
    [query] = [link for link in pages[0].links if link.startswith("/sparql?query=")]
    answer = popular.get(query, headers={"Accept": "application/sparql-results+json"}, buffered=True)
    assert len(answer.get_json(force=True)["results"]["bindings"]) == _MANY


@pytest.mark.parametrize(
    "query",
    ["lien=%3Cx%3E", "lien=nothing", "lien=:", "lien=1:x", "bloc=nothing", "bloc=", "lien=a&bloc=b", "bloc=%7B"],
)
def test_a_list_that_is_not_there(client: FlaskClient, query: str) -> None:
    get(client, f"/page/collectivite/region-grand-est?{query}", 404)
