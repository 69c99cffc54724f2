"""``/portrait`` and ``/comparer``: what they say of any authority, with its sources, and of what is not known."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient

from ess_graph.engine.local import LocalEngine
from ess_graph.web.app import create_app
from web.test_pages import Page, get, harmless

REGION, BFC = "region-grand-est", "conseil-regional-bourgogne-franche-comte"
BOTH = f"/comparer?c={REGION}&c={BFC}"

_HOSTILE = """
@base <https://w3id.org/ess-graph/> .
@prefix ess: <https://w3id.org/ess-graph/onto#> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix schema: <https://schema.org/> .
@prefix org: <http://www.w3.org/ns/org#> .
@prefix prov: <http://www.w3.org/ns/prov#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .

<graph/registre> {
  <id/collectivite/hostile> a ess:Collectivite ;
    skos:prefLabel "<script>alert('xss')</script>{{ 7*7 }}"@fr ; org:classification <javascript:alert(1)> .
  <id/collectivite/nue> a ess:Collectivite .
  <id/partenariat/p> a ess:Partenariat ; ess:partie <id/collectivite/hostile> , <javascript:alert(2)> , "texte" .
  <id/evenement/a> a ess:Evenement ; ess:partie <id/collectivite/hostile> ; schema:startDate "9999999" , "2020-02-31" .
  <id/evenement/b> a ess:Evenement ; schema:organizer <id/collectivite/hostile> ; schema:startDate "0000" .
  <id/evenement/c> a ess:Evenement ; schema:organizer <id/collectivite/hostile> ; schema:startDate "2020" ;
    schema:endDate <x:y> .
  <id/evenement/d> a ess:Evenement ; schema:organizer <id/collectivite/hostile> ; schema:startDate "2021-13" , "2021" .
  <id/evenement/e> a ess:Evenement ; schema:organizer <id/collectivite/hostile> ; schema:startDate "2022-01-01" ;
    schema:endDate "1999" .
  <id/chiffre/a> a ess:Chiffre ; schema:observationAbout <id/collectivite/hostile> ; schema:variableMeasured <voc/i> ;
    schema:value "1e400"^^xsd:double ; schema:observationDate "2018" .
  <id/chiffre/b> a ess:Chiffre ; schema:observationAbout <id/collectivite/hostile> ; schema:variableMeasured <voc/i> ;
    schema:value "NaN"^^xsd:double , <x:y> ; schema:observationDate "2019" .
  <id/chiffre/c> a ess:Chiffre ; schema:observationAbout <id/collectivite/hostile> ; schema:variableMeasured <voc/i> ;
    schema:value -3 ; schema:observationDate "2020" ; ess:precision <voc/precision/plus-de> .
  <id/chiffre/d> a ess:Chiffre ; schema:observationAbout <id/collectivite/hostile> ; schema:variableMeasured <voc/i> ;
    schema:minValue 4 ; schema:maxValue 2 ; schema:observationDate "<b>" ; ess:precision "environ" .
  <voc/i> a skos:Concept ; skos:prefLabel "</svg><script>1</script>"@fr .
}
"""


@pytest.fixture(scope="module")
def strange(project: Callable[[], Any]) -> Flask:
    made = project()
    made.publish(_HOSTILE)
    return create_app(made.settings)


@pytest.fixture(scope="module")
def region(app: Flask) -> Page:
    return get(app.test_client(), f"/portrait/{REGION}")


def authorities(app: Flask) -> list[str]:
    index = app.extensions["ess_graph"].opened().index
    return [iri.rpartition("/")[2] for iri in index.things("https://w3id.org/ess-graph/onto#Collectivite")]


# Portraits ------------------------------------------------------------------------------------------------------


def test_who_to_call_what_it_weighs_and_with_whom(region: Page) -> None:
    heads = [text for _, text in region.all("h2")]
    assert heads[:4] == ["Qui appeler", "Ce que pèse l'ESS", "Ce qu'elle fait", "Avec qui"]
    for words in (
        "Aurélie Marand",
        "Responsable service ESS",
        "Catherine Zuber",
        "5 300 000",
        "CRESS Grand Est",
    ):
        assert words in region.text, words


def test_each_fact_names_a_document_of_the_list(region: Page) -> None:
    numbers = {a["value"] for a, _ in region.all("li") if "value" in a}
    cited = {re.split(r"\s", text)[-2] for _, text in region.all("a", class_="ref") if len(text.split()) > 1}
    assert cited
    assert cited <= numbers
    assert any("22 mars 2022" in text for a, text in region.all("li") if a.get("value") == "1"), (
        "the newest comes first"
    )
    for _, text in region.all("li"):
        if "2018" in text and "value" in _:
            assert "déduite" in text


def test_disagreement_and_conclusion_show(region: Page) -> None:
    assert region.all("div", class_="conflict")
    assert region.all("span", class_="concluded")
    assert region.all("span", class_="derived")


def test_every_authority_has_one_in_both_languages(app: Flask) -> None:
    client = app.test_client()
    found = authorities(app)
    assert len(found) > 20
    for slug in found:
        page = get(client, f"/portrait/{slug}")
        harmless(page)
        missing = [text for _, text in page.all("p", class_="unknown")]
        assert all("ne veut pas dire" in text for text in missing)
        blocks = len(page.all("h3"))
        named = sum(len(re.findall(", ", text.partition(" sur : ")[2].partition(". ")[0])) + 1 for text in missing)
        assert blocks + named == 14, f"{slug}: each block is there, or is said to be unknown"
    english = get(client, f"/portrait/{found[0]}?lang=en")
    assert "Who to call" in english.text
    assert "Qui appeler" not in english.text


def test_the_number_of_queries_is_the_same_for_all(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    rows = LocalEngine.rows
    monkeypatch.setattr(LocalEngine, "rows", lambda *a, **k: (asked.append(a[1]), rows(*a, **k))[1])
    counts = {}
    for path in (f"/portrait/{REGION}", "/portrait/nantes-metropole", f"/page/collectivite/{REGION}"):
        asked.clear()
        get(app.test_client(), path)
        counts[path] = len(asked)
    assert len(set(counts.values())) == 1
    assert max(counts.values()) <= 3


def test_an_authority_that_is_not_there(client: FlaskClient) -> None:
    page = get(client, "/portrait/region-grande-est", 404)
    assert any("region-grand-est" in link for link in page.links), "what exists nearby"
    get(client, "/portrait/%3Cscript%3E", 404)


def test_its_queries_answer(region: Page, client: FlaskClient) -> None:
    queries = [link for link in region.links if link.startswith("/sparql?query=")]
    assert len(queries) >= 8
    for link in queries:
        answer = client.get(link, headers={"Accept": "application/sparql-results+json"}, buffered=True)
        assert answer.get_json(force=True)["results"]["bindings"], link


def test_pages_lead_to_each_other(client: FlaskClient) -> None:
    entity = get(client, f"/page/collectivite/{REGION}")
    assert f"/portrait/{REGION}" in entity.links
    assert f"/comparer?c={REGION}" in entity.links
    listed = get(client, "/portrait")
    assert f"/portrait/{REGION}" in listed.links
    assert not any("/portrait/" in link for link in get(client, "/page/structure/rtes").links)


# Comparisons ----------------------------------------------------------------------------------------------------


def test_budgets_stand_on_one_line(client: FlaskClient) -> None:
    page = get(client, BOTH)
    [line] = [text for _, text in page.all("tr") if re.match(r"budget ESS ?fonctionnement", text)]
    for words in (
        "5 800 000 € (2018)",
        "5 300 000 € (2022)",
        "6 700 000 € (2019, prévisionnel)",
        "L9-L11",
        "22 mars 2022",
    ):
        assert words in line, words


def test_hedges_stay(client: FlaskClient) -> None:
    page = get(client, BOTH)
    assert "entre 85 000 et 95 000" in page.text
    assert "environ 15 000" in page.text


def test_what_they_share_is_marked(client: FlaskClient) -> None:
    page = get(client, BOTH)
    shared = [text for _, text in page.all("li", class_="shared")]
    assert any("Réseau des collectivités" in text for text in shared)
    assert len([text for text in shared if "Réseau des collectivités" in text]) == 2


def test_its_queries_name_each_authority(client: FlaskClient) -> None:
    links = [link for link in get(client, BOTH).links if link.startswith("/sparql?query=")]
    answer = client.get(links[0], headers={"Accept": "application/sparql-results+json"}, buffered=True).get_json(
        force=True
    )
    entities = {row["entity"]["value"].rpartition("/")[2] for row in answer["results"]["bindings"]}
    assert entities == {REGION, BFC}


def test_names_that_are_typed_become_one_address(client: FlaskClient) -> None:
    reply = client.get("/comparer?c=Plaine+Commune&c=Dijon&c=Dijon&c=", headers={"Accept": "text/html"})
    assert reply.status_code == 303
    assert parse_qs(urlsplit(reply.location).query)["c"] == ["plaine-commune", "dijon-metropole"]
    assert "Plaine Commune" in get(client, reply.location).text


@pytest.mark.parametrize(
    ("query", "status", "words"),
    [
        ("", 200, "Choisir"),
        (f"c={REGION}", 200, "au moins deux"),
        (f"c={REGION}&c=rien-de-tel", 404, "rien-de-tel"),
        (f"c={REGION}&c={BFC}&c=plaine-commune&c=dijon-metropole&c=grand-reims", 200, "4 premières"),
        ("c=%3Cscript%3E&c=%22", 404, "<script>"),
    ],
)  # fmt: skip
def test_the_form_says_what_is_wrong(client: FlaskClient, query: str, status: int, words: str) -> None:
    page = get(client, f"/comparer?{query}", status)
    harmless(page)
    assert words in page.text
    chosen = [a["value"] for a, _ in page.all("option") if "selected" in a]
    assert chosen == [slug for slug in parse_qs(query).get("c", []) if slug not in ("rien-de-tel", "<script>", '"')][:4]


def test_examples_to_begin_with_compare_something(client: FlaskClient) -> None:
    links = [link for link in get(client, "/comparer").links if link.startswith("/comparer?c=")]
    assert links
    for link in links:
        assert get(client, link).all("section", class_="group")


# Whatever the data ----------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize(
    "path",
    [
        "/portrait/hostile", "/portrait/nue", "/portrait", "/comparer?c=hostile&c=nue", "/comparer", "/frise",
        "/page/collectivite/hostile", "/page/evenement/a", "/page/chiffre/d",
    ],
)  # fmt: skip
def test_strange_data_are_shown_as_text(strange: Flask, path: str) -> None:
    client = strange.test_client()
    reply = client.get(path, headers={"Accept": "text/html", "Accept-Language": "fr"})
    assert reply.status_code == 200, path
    text = reply.get_data(as_text=True)
    page = Page(text)
    harmless(page)
    assert "javascript:" not in " ".join(page.links)
    assert "<script>alert" not in text
    assert "49" not in page.text.split()
    for tag, attributes in page.elements:
        if tag in ("rect", "circle", "text"):
            numbers = [attributes[name] for name in ("x", "y", "cx", "cy", "width", "height") if name in attributes]
            assert all(-1e5 < float(number) < 1e5 for number in numbers), attributes


@pytest.mark.slow
def test_nothing_known_is_said_plainly(strange: Flask) -> None:
    page = get(strange.test_client(), "/portrait/nue")
    assert "Aucun des documents lus" in page.text
    assert len(page.all("p", class_="unknown")) == 5
