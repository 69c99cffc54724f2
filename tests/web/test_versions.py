"""``/versions``: two versions of a record compared by queries, and what the page says of the difference."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from ess_graph.query import catalogue
from ess_graph.query.version_blocks import FIELDS, STATES
from ess_graph.query.versions import Comparison, compare, pairs
from ess_graph.query.views import Block
from ess_graph.web.app import create_app
from ess_graph.web.i18n import translator
from ess_graph.web.site import Opened

FRENCH = {"Accept": "text/html", "Accept-Language": "fr"}
PAGE = "/versions/region-grand-est-2022"
CASE = Path(__file__).parents[1] / "cases" / "versions" / "ville.trig"


def compared(app: Flask, lang: str = "fr") -> Comparison:
    opened: Opened = app.extensions["ess_graph"].opened()
    (pair,) = pairs(opened.engine, lang, opened.index, str)
    return compare(
        pair, lang, translator(lang), engine=opened.engine, index=opened.index, link=str, texts=lambda _: None
    )


def field(comparison: Comparison, key: str) -> dict[str, int]:
    return dict(next(field.counts for field in comparison.fields if field.key == key))


def block(comparison: Comparison, key: str, state: str) -> Block:
    return next(field.blocks[state] for field in comparison.fields if field.key == key)


def words(block: Block) -> list[list[list[str]]]:
    return [[[value.text for value in cell] for cell in row.cells] for row in block.rows]


@pytest.fixture(scope="module")
def region(app: Flask) -> Comparison:
    return compared(app)


@pytest.fixture(scope="module")
def town(project: Callable[[], Any]) -> Flask:
    made = project()
    made.publish(CASE.read_text(encoding="utf-8"))
    return create_app(made.settings)


@pytest.fixture
def text(client: FlaskClient) -> str:
    return client.get(PAGE, headers=FRENCH).get_data(as_text=True)


def test_the_index_lists_each_pair(client: FlaskClient) -> None:
    text = client.get("/versions", headers=FRENCH).get_data(as_text=True)
    assert f'href="{PAGE}/fiche"' in text
    assert "Région Grand Est" in text


def test_a_document_with_one_pair_needs_no_record(client: FlaskClient) -> None:
    short, long = (client.get(path, headers=FRENCH).get_data(as_text=True) for path in (PAGE, f"{PAGE}/fiche"))
    # The foot cites each at its own address.
    assert short.partition("<main")[2].partition("<footer")[0] == long.partition("<main")[2].partition("<footer")[0]


@pytest.mark.parametrize("path", ["/versions/nulle-part", f"{PAGE}/autre", "/versions/region-grand-est", PAGE + "/fic"])
def test_what_revises_nothing_is_not_found(client: FlaskClient, path: str) -> None:
    response = client.get(path, headers=FRENCH)
    assert response.status_code == 404
    assert "voyez la liste des versions" in response.get_data(as_text=True)


def test_it_is_not_sent_twice(client: FlaskClient) -> None:
    first = client.get(PAGE, headers=FRENCH)
    assert client.get(PAGE, headers={**FRENCH, "If-None-Match": first.headers["ETag"]}).status_code == 304


def test_the_page_links_both_records_and_the_thing(text: str) -> None:
    for target in (
        "/page/source/annuaire-grand-est#region-grand-est",
        "/page/source/region-grand-est-2022#fiche",
        "/page/collectivite/region-grand-est",
    ):
        assert f'href="{target}"' in text


def test_absence_is_never_an_end(text: str) -> None:
    assert "Ne figure plus" in text
    assert "jamais que la chose a pris fin" in text
    assert not re.search(r"supprimé|terminé|a cessé|fin de mandat", text, re.IGNORECASE)


def test_counts_lead_to_their_blocks(text: str) -> None:
    ids = re.findall(r'\sid="([^"]+)"', text)
    assert len(ids) == len(set(ids))
    anchors = re.findall(r'href="#([^"]+)"', text)
    assert "figures-changed" in anchors and "figures-kept" in anchors
    assert set(anchors) <= set(ids)
    assert not re.search(r"<style|<script(?![^>]*src)|\sstyle=|\son\w+=", text)


def test_english_has_every_word(client: FlaskClient) -> None:
    text = client.get(f"{PAGE}?lang=en", headers=FRENCH).get_data(as_text=True)
    assert "No longer appears" in text and "2018 record (date inferred)" in text
    for lang in ("fr", "en"):
        say = translator(lang)
        assert all(say(f"versions.field.{key}") for key in FIELDS)
        assert all(say(f"versions.state.{state}") for state in STATES)


def test_figures_of_the_region(region: Comparison) -> None:
    counts = field(region, "figures")
    assert counts["changed"] == 7
    changed = words(block(region, "figures", "changed"))
    assert [
        ["budget ESS"],
        ["fonctionnement"],
        ["5\u202f800\u202f000\u00a0€"],
        ["5\u202f300\u202f000\u00a0€"],
    ] in changed
    shares = next(line for line in changed if line[0] == ["part"])
    assert shares[2:] == [["14\u00a0%"], ["11,4\u00a0%"]]
    kept = [line[0][0] for line in words(block(region, "figures", "kept"))]
    assert "superficie" in kept


def test_every_figure_of_either_record_is_in_one_line(app: Flask, region: Comparison) -> None:
    opened: Opened = app.extensions["ess_graph"].opened()
    for version in (region.pair.old, region.pair.new):
        asked = f"SELECT ?f WHERE {{ GRAPH <{version.record.iri}> {{ ?f a ess:Chiffre }} }}"
        stated = {str(row["f"]) for row in opened.engine.rows(asked)}
        blocks = next(f for f in region.fields if f.key == "figures").blocks.values()
        shown = [
            value.iri for b in blocks for row in b.rows for cell in row.cells for value in cell if value.iri in stated
        ]
        assert sorted(shown) == sorted(stated)


def test_renamings_of_the_region_carry_their_reason(region: Comparison) -> None:
    schemes = block(region, "schemes", "renamed")
    assert field(region, "schemes")["renamed"] == 3
    first = [row for row in schemes.rows if row.note]
    assert [row.cells[1][0].text for row in first] == ["Nom"] * 3
    assert ["Grand Est Emploi Associatif"] in [[v.text for v in row.cells[2]] for row in first]
    partners = block(region, "partners", "renamed").rows
    assert [(row.cells[0][0].text, row.cells[1][0].text) for row in partners] == [("DREETS", "DIRECCTE")]
    assert partners[0].note


def test_partners_are_compared_by_party(region: Comparison) -> None:
    """Not one agreement has the same IRI in both records, yet most partners stay."""
    assert "kept" not in field(region, "agreements")
    kept = {line[0][0]: line[1:] for line in words(block(region, "partners", "kept"))}
    before, after = kept["CRESS Grand Est"]
    assert any("2017-2019" in agreement for agreement in before)
    assert after and not set(before) & set(after)


def test_people_are_named_and_their_absence_is_told(region: Comparison) -> None:
    lines = words(block(region, "people", "gone"))
    assert [line[0] for line in lines] == [["Aurélie Marand"], ["Catherine Zuber"]]
    assert block(region, "people", "gone").name == "Ne figure plus"


def test_each_line_has_its_sources(region: Comparison) -> None:
    for f in region.fields:
        for state, found in f.blocks.items():
            for row in found.rows:
                cited = row.sources or any(value.sources for cell in row.cells for value in cell)
                assert cited, (f.key, state, row.cells)


def test_the_query_of_a_field_gives_its_rows(client: FlaskClient, region: Comparison) -> None:
    for f in (region.fields[0], region.fields[1]):
        response = client.post("/sparql", data={"query": f.query}, headers={"Accept": "text/csv"})
        assert response.status_code == 200
        assert region.pair.new.record.iri in response.get_data(as_text=True)


def test_the_query_is_one_click_away(text: str) -> None:
    links = re.findall(r'class="see" href="([^"]+)"', text)
    assert links
    assert all(link.startswith("/sparql?query=") for link in links)


@pytest.mark.parametrize("name", ["versions", "version_statements", "version_figures", "version_pairs", "curation"])
def test_queries_have_a_title(name: str) -> None:
    assert catalogue.text(name).startswith("# ")


def test_a_town_figures(town: Flask) -> None:
    found = compared(town)
    # A hedge that changes is a change; slices compare whatever their order; another whole is another share.
    assert field(found, "figures") == {"changed": 2, "kept": 1, "new": 1, "gone": 1}
    budget = next(line for line in words(block(found, "figures", "changed")) if line[0] == ["budget ESS"])
    assert [cell[0][:2] for cell in budget[2:]] == ["10", "12"]


def test_a_town_schemes(town: Flask) -> None:
    found = compared(town)
    # Other words for the same thing are not a change.
    assert field(found, "schemes") == {"renamed": 1, "kept": 1, "gone": 1}
    renamed = words(block(found, "schemes", "renamed"))
    assert renamed[0] == [["Aide nouvelle"], ["Nom"], ["Aide ancienne"], ["Aide nouvelle"]]
    assert renamed[1][3] == ["ne figure plus"]


def test_a_town_partners(town: Flask) -> None:
    found = compared(town)
    assert field(found, "partners") == {"kept": 1, "new": 1}
    assert words(block(found, "partners", "kept")) == [[["Structure X"], ["Convention A"], ["Convention B"]]]
    assert field(found, "agreements") == {"gone": 1, "new": 1}
    assert words(block(found, "people", "gone")) == [[["Paule Personne"], ["Adjointe"]]]


def test_a_town_page(town: Flask) -> None:
    text = town.test_client().get("/versions/b", headers=FRENCH).get_data(as_text=True)
    assert "Ville (sans date)" in text and "Fiche de 2022" in text


def test_a_document_with_two_pairs_lists_them(project: Callable[[], Any]) -> None:
    made = project()
    more = """
<graph/sources> {
  <source/b#bis> a ess:Fiche ; ess:intitule "Bis"@fr ; dcterms:isPartOf <source/b> ;
    prov:wasRevisionOf <source/a#ville> .
}
"""
    made.publish(CASE.read_text(encoding="utf-8") + more)
    client = create_app(made.settings).test_client()
    text = client.get("/versions/b", headers=FRENCH).get_data(as_text=True)
    assert 'href="/versions/b/ville"' in text and 'href="/versions/b/bis"' in text
    assert client.get("/versions/b/bis", headers=FRENCH).status_code == 200


def test_no_pair_no_fuss(hostile: Flask) -> None:
    text = hostile.test_client().get("/versions", headers=FRENCH).get_data(as_text=True)
    assert "Aucune fiche n’en remplace une autre" in text
