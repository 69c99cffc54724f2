"""The map, the network and what the editor asks for, without a browser."""

from __future__ import annotations

import csv
import io
import json
import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from ess_graph.engine.base import Engine
from ess_graph.errors import NotPossibleNow
from ess_graph.query.outlines import WIDTH, outlines
from ess_graph.settings import Settings
from ess_graph.web.app import create_app

HTML = {"Accept": "text/html", "Accept-Language": "fr"}


def test_the_outlines_are_those_of_every_departement_and_region() -> None:
    drawn = outlines()
    assert len(drawn.departements) == 101
    assert len([one for one in drawn.regions if not one.former]) == 18
    assert drawn.departement(None, "Meurthe et Moselle") == drawn.departement("54", "whatever")
    alsace = drawn.region(None, "ALSACE")
    assert alsace
    assert alsace.former
    for one in (*drawn.departements, *drawn.regions):
        assert 0 <= one.centre[0] <= WIDTH
        assert 0 <= one.centre[1] <= drawn.height
        assert re.fullmatch(r"(M\d+,\d+l[-\d, ]+z)+", one.path), one.name


def test_towns_stand_where_they_are() -> None:
    drawn = outlines()
    strasbourg, brest = drawn.point(7.75, 48.58), drawn.point(-4.49, 48.39)
    saint_denis = drawn.point(55.45, -20.88)
    assert strasbourg
    assert brest
    assert saint_denis
    assert brest[0] < 300 < 1500 < strasbourg[0]
    assert saint_denis[1] > drawn.frames[0].height, "overseas départements stand below"
    assert drawn.point(13.4, 52.5) is None, "Berlin is not in France"


def test_each_territory_is_in_the_table_and_those_without_a_place_are_counted(
    client: FlaskClient, engine: Engine
) -> None:
    page = client.get("/carte", headers=HTML).text
    asked = "SELECT DISTINCT ?t { VALUES ?c { igeo:Region igeo:Departement igeo:Commune } ?t a ?c }"
    for row in engine.rows(asked):
        assert f'href="/page/territoire/{str(row["t"]).rpartition("/")[2]}"' in page
    said = re.search(r"Ne sont pas dessinés[^<]*", page)
    assert said
    rows = re.findall(r'data-label="Sur la carte">(oui|non)<', page)
    assert sum(int(n) for n in re.findall(r"\((\d+)\)", said.group())) == rows.count("non")
    assert len(re.findall(r'<a class="area', page)) == rows.count("oui")


def test_the_map_of_the_home_page_is_light_and_each_place_is_a_link(client: FlaskClient) -> None:
    reply = client.get("/", headers={**HTML, "Accept-Encoding": "gzip"})
    assert len(reply.data) < 25_000, "the outlines are coarse"
    page = client.get("/", headers=HTML).text
    places = re.findall(
        r'<a class="(?:area|point) [^"]*" href="([^"]+)" aria-label="([^"]+)"><title>([^<]+)</title>', page
    )
    assert "/page/territoire/region-grand-est" in [link for link, _, _ in places]
    assert all(label == title for _, label, title in places)
    for link, label, _ in places:
        assert label.partition(" (")[0] in client.get(link, headers=HTML).text
    drawn = set(re.findall(r'<a class="area[^>]*href="([^"]+)"', client.get("/carte", headers=HTML).text))
    assert {link for link, _, _ in places} <= drawn, "the whole map and its table have them all"
    assert 'href="/carte"' in page
    small = outlines(500)
    assert small.height * 4 == pytest.approx(outlines().height, abs=4)
    for one in (*small.regions, *small.departements):
        assert one.path, one.name
        assert small.like(one) == one


def test_without_a_place_there_is_no_map(hostile: Flask) -> None:
    page = hostile.test_client().get("/", headers=HTML).text
    assert "<h1" in page and "<svg" not in page


def test_an_indicator_shows_its_figures_as_documents_give_them(client: FlaskClient) -> None:
    page = client.get("/carte?indicateur=budget-ess", headers=HTML).text
    assert "5\u202f300\u202f000\xa0€ (fonctionnement, 2022)" in page
    assert '<option value="budget-ess" selected>' in page


def test_a_map_server_is_let_in_by_its_exact_origin_only(app: Flask) -> None:
    settings: Settings = app.extensions["ess_graph"].settings
    address = "https://tiles.example.org/{z}/{x}/{y}.png"
    other = create_app(Settings(root=settings.root, home=settings.home, tiles=address, tiles_credit="© <b>tiles</b>"))
    reply = other.test_client().get("/carte", headers=HTML)
    assert "img-src 'self' https://tiles.example.org;" in reply.headers["Content-Security-Policy"]
    assert "© &lt;b&gt;tiles" in reply.text
    assert "example.org" not in other.test_client().get("/", headers=HTML).headers["Content-Security-Policy"]
    assert "example.org" not in app.test_client().get("/carte", headers=HTML).headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    "address", ["https://a.example/{z}/{x}", "javascript:{z}{x}{y}", "https://a.example; script-src *//{z}/{x}/{y}"]
)
def test_a_wrong_map_server_is_refused(address: str) -> None:
    with pytest.raises(NotPossibleNow, match="ESS_GRAPH_TILES"):
        Settings.read({"ESS_GRAPH_TILES": address})


def test_the_network_as_page_json_and_csv_holds_the_same(client: FlaskClient, engine: Engine) -> None:
    wanted = {str(row["p"]) for row in engine.rows("SELECT DISTINCT ?p { ?p a ess:Partenariat ; ess:partie ?x }")}
    graph = client.get("/reseau.json").json
    assert graph
    assert {node["id"] for node in graph["nodes"] if node["kind"] == "partenariat"} == wanted
    table = list(csv.DictReader(io.StringIO(client.get("/reseau.csv").text.removeprefix("\ufeff")), delimiter=";"))
    assert len(table) == len(graph["links"])
    page = client.get("/reseau", headers=HTML).text
    assert f"{len(wanted)} partenariats" in page
    assert page.count('scope="row"') == len(wanted)


def test_a_filter_keeps_what_it_says(client: FlaskClient, engine: Engine) -> None:
    asked = "SELECT DISTINCT ?p { ?p a ess:Partenariat ; ess:financeur ?x . ?x a ess:Collectivite }"
    wanted = {str(row["p"]) for row in engine.rows(asked)}
    graph = client.get("/reseau.json?role=financeur&partenaire=collectivite").json
    assert graph
    assert {node["id"] for node in graph["nodes"] if node["kind"] == "partenariat"} == wanted
    assert wanted
    assert client.get("/reseau?role=nothing", headers=HTML).status_code == 404


def test_hostile_names_are_text_on_map_and_network(hostile: Flask) -> None:
    for path in ("/carte", "/reseau", "/sparql"):
        page = hostile.test_client().get(path, headers=HTML)
        assert page.status_code == 200
        assert "<script>alert" not in page.text
        assert not re.search(r"\son\w+=|\sstyle=|href=\"javascript:", page.text)


def test_words_for_the_editor_are_those_of_the_graph_in_both_languages(client: FlaskClient) -> None:
    for lang, label in (("fr", "Collectivité"), ("en", "Local authority")):
        found = client.get(f"/sparql/lexique.json?lang={lang}").json
        assert found
        terms = {term[0]: term for term in found["terms"]}
        assert terms["https://w3id.org/ess-graph/onto#Collectivite"][1:3] == ["class", label]
        assert terms["https://w3id.org/ess-graph/onto#Collectivite"][3], "what it means"
        assert terms["http://www.w3.org/ns/prov#wasDerivedFrom"][1] == "property"
        assert terms["https://w3id.org/ess-graph/voc/indicateur/budget-ess"][1] == "concept"
        assert found["prefixes"]["ess"] == "https://w3id.org/ess-graph/onto#"


def test_labels_come_for_iris_and_nothing_else(client: FlaskClient) -> None:
    region, script = "https://w3id.org/ess-graph/id/collectivite/region-grand-est", "javascript:alert(1)"
    found = client.post("/sparql/libelles", data=json.dumps([region, script])).json
    assert found == {region: {"label": "Région Grand Est", "lang": "fr", "url": "/page/collectivite/region-grand-est"}}
    for wrong in ("{}", "[1]", "nonsense", json.dumps(["x"] * 1001)):
        assert client.post("/sparql/libelles", data=wrong).status_code == 400


def test_a_file_has_its_hash_in_its_name_and_is_kept_for_ever_under_it_only(client: FlaskClient) -> None:
    page = client.get("/", headers=HTML).text
    found = re.search(r'href="(/static/site-[0-9a-f]{12}\.css)"', page)
    assert found
    seen = {}
    for name in (found.group(1), "/static/site.css", "/static/site-000000000000.css"):
        with client.get(name) as reply:
            seen[name] = (reply.headers["Cache-Control"], reply.data)
    (kept, now), (asked, plain), (old, still) = seen.values()
    assert "immutable" in kept
    assert asked == old == "no-cache"
    assert now == plain == still
    assert client.get("/static/../app.py").status_code == 404
    assert client.get("/static/nothing-000000000000.css").status_code == 404


def test_libraries_are_loaded_on_their_three_pages_only(client: FlaskClient) -> None:
    scripts = {
        path: re.findall(r'<script[^>]*src="/static/built/(\w+)-', client.get(path, headers=HTML).text)
        for path in ("/sparql", "/reseau", "/carte", "/", "/page/collectivite/region-grand-est", "/explorer")
    }
    assert scripts.pop("/sparql") == ["editor"], "made by: python frontend/backend.py"
    assert scripts.pop("/reseau") == ["network"]
    assert scripts.pop("/carte") == ["map"]
    assert not any(scripts.values())
