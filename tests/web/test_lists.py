"""Lists by type: narrowed, sorted, paged, and the query that gives the same."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient

from ess_graph.engine.base import Engine
from ess_graph.query import facets, lists
from ess_graph.query.display import Display
from ess_graph.query.index import Index
from ess_graph.releases import Release
from web.test_pages import BROWSER, get
from web.test_search import total


@pytest.fixture(scope="module")
def index(release: Release) -> Index:
    return Index(release.index)


@pytest.fixture(scope="module")
def display(release: Release) -> Display:
    return Display(release.display)


def choices(index: Index, display: Display, cls: str) -> Iterator[dict[str, str]]:
    """Nothing chosen, the first and last value of each facet, and two facets at once."""
    chosen = {facets.TYPE: cls}
    yield chosen
    offered = facets.offered(index, display, display.facets.lists, chosen, "fr")
    for facet in offered:
        for choice in {facet.choices[0], facet.choices[-1]}:
            yield {**chosen, facet.key: choice.value}
        once = {**chosen, facet.key: facet.choices[0].value}
        for other in facets.offered(index, display, display.facets.lists, once, "fr"):
            if other.key > facet.key:
                yield {**once, other.key: other.choices[0].value}


def test_the_query_gives_the_list(index: Index, display: Display, engine: Engine) -> None:
    """« Voir la requête », for every class and every facet: the same things, no more and no less."""
    tried = 0
    for shown in display.classes:
        for chosen in choices(index, display, shown.target):
            assert facets.known(index, chosen)
            arguments = {key: facets.short(value) for key, value in chosen.items()}
            listed = lists.iris(index, display, shown.target, arguments)
            rows = engine.rows(facets.query(display, chosen, "fr"))
            assert {str(row["thing"]) for row in rows} == set(listed), chosen
            assert len(set(listed)) == len(listed)
            tried += 1
    assert tried > 150


def test_a_facets_count_is_the_length_of_its_list(index: Index, display: Display) -> None:
    for shown in display.classes:
        for facet in facets.offered(index, display, display.facets.lists, {facets.TYPE: shown.target}, "en"):
            for choice in facet.choices[:3]:
                arguments = {facet.key: facets.short(choice.value)}
                assert len(lists.iris(index, display, shown.target, arguments)) == choice.count > 0


def test_values_go_into_addresses_and_come_back(index: Index) -> None:
    for (value,) in index.select("SELECT DISTINCT value FROM facet WHERE key <> 'type'"):
        assert facets.full(facets.short(value)) == value


def test_what_is_narrowed_on_the_page(client: FlaskClient) -> None:
    page = get(client, "/explorer/evenement?territoire=territoire/region-grand-est")
    assert 0 < total(page) < total(get(client, "/explorer/evenement"))
    assert any("Grand Est" in text for _, text in page.all("ul", class_="chosen"))
    assert any(link.startswith("/sparql?") for link in page.links)


def test_a_list_is_paged_without_loss(client: FlaskClient) -> None:
    found: list[str] = []
    path = "/explorer/chiffre?tri=recent"
    for number in range(1, 20):
        text = client.get(f"{path}&page={number}", headers=BROWSER).get_data(as_text=True)
        found += re.findall(r'item-head"><a class="v[^"]*" href="(/page/[^"]+)', text)
        if 'rel="next"' not in text:
            break
    assert len(found) == len(set(found)) == total(get(client, path))


def test_orders(client: FlaskClient, index: Index, display: Display) -> None:
    cls = lists.of_slug(display, "evenement")
    assert cls
    dates = dict(index.select("SELECT iri, date FROM thing"))
    recent = [dates[iri] for iri in lists.iris(index, display, cls.target, {"tri": "recent"}) if dates[iri]]
    early = [dates[iri] for iri in lists.iris(index, display, cls.target, {"tri": "ancien"}) if dates[iri]]
    assert recent == sorted(recent, reverse=True)
    assert early == sorted(early)
    assert len(recent) > 20
    assert lists.iris(index, display, cls.target, {"tri": "'; DROP TABLE thing"}) == lists.iris(
        index, display, cls.target, {}
    )


def test_an_entity_leads_back_to_its_list(client: FlaskClient) -> None:
    """Also where the class is of another vocabulary."""
    for path, kind in [
        ("/page/personne/catherine-zuber", "person"),
        ("/page/collectivite/region-grand-est", "collectivite"),
        ("/page/territoire/region-grand-est", "paysouterritoire"),
        ("/page/voc/precision/exact", "concept"),
    ]:
        page = get(client, path)
        assert f"/explorer/{kind}" in page.links
        assert total(get(client, f"/explorer/{kind}")) > 0


@pytest.mark.parametrize(
    "value",
    ["nowhere", "<script>", '"><b>', "http://example.org/x", "a b", "%00", "territoire/" + "x" * 500, "..", "2018"],
)
def test_a_value_that_nothing_has_gives_an_empty_list(client: FlaskClient, value: str) -> None:
    reply = client.get("/explorer/collectivite", query_string={"territoire": value}, headers=BROWSER)
    assert reply.status_code == 200
    text = reply.get_data(as_text=True)
    assert "<script>" not in text.replace('<script type="module"', "")
    assert '"><b>' not in text.partition('<ul class="chosen"')[2][:600]
    assert "Rien ne réunit" in text
