"""Official codes lead to their things."""

from __future__ import annotations

import re

import pytest
from flask.testing import FlaskClient


@pytest.mark.parametrize(
    ("path", "thing"),
    [
        ("/siren/246700488", "/id/collectivite/strasbourg-eurometropole"),
        ("/siren/200066009", "/id/collectivite/mulhouse-alsace-agglomeration"),
        ("/insee/67482", "/id/territoire/commune-strasbourg"),
        ("/insee/commune/67482", "/id/territoire/commune-strasbourg"),
        ("/insee/region/44", "/id/territoire/region-grand-est"),
        ("/insee/44", "/id/territoire/region-grand-est"),
        ("/insee/departement/54", "/id/territoire/departement-meurthe-et-moselle"),
    ],
)
def test_a_code_leads_to_its_thing(client: FlaskClient, path: str, thing: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.headers["Location"]) == (303, thing)
    assert client.get(path, follow_redirects=True).status_code == 200


@pytest.mark.parametrize(
    "path", ["/siren/246700489", "/siren/67482", "/insee/67000", "/insee/commune/44", "/insee/%3Cb%3E"]
)
def test_an_unknown_code_says_so(client: FlaskClient, path: str) -> None:
    answer = client.get(path, headers={"Accept": "text/html"})
    assert answer.status_code == 404
    assert b"<b>" not in answer.data
    assert client.get(path, headers={"Accept": "application/json"}).mimetype == "application/problem+json"


def test_a_code_two_things_share_asks_which(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    site = client.application.extensions["ess_graph"]
    engine = site.opened().engine
    real = engine.rows

    def both(text: str, bindings: object = None, **more: object) -> object:
        rows = list(real(text, bindings, **more))
        if "?scheme" not in text:
            return rows
        from rdflib import URIRef

        other = "https://w3id.org/ess-graph/id/territoire/departement-moselle"
        return [*rows, {**rows[0], "entity": URIRef(other)}]

    monkeypatch.setattr(engine, "rows", both)
    answer = client.get("/insee/44", headers={"Accept": "text/html"})
    assert answer.status_code == 300
    assert b"Grand Est" in answer.data and b"Moselle" in answer.data


def test_pages_show_codes_apart_from_what_documents_say_with_their_register(client: FlaskClient) -> None:
    text = client.get("/page/collectivite/strasbourg-eurometropole").get_data(as_text=True)
    section = text[text.index("Dans les registres officiels") :]
    assert "246700488" in section and "Découpage administratif" in section and "2026" in section


@pytest.mark.parametrize(
    "path", ["territoire/region-grand-est", "collectivite/region-grand-est", "territoire/commune-mulhouse"]
)
def test_a_register_has_one_date_and_no_lines(client: FlaskClient, path: str) -> None:
    text = client.get(f"/page/{path}", headers={"Accept": "text/html"}).get_data(as_text=True)
    sources = re.findall(r'<div class="src">(.*?)</div>', text, re.DOTALL)
    official = [source for source in sources if "Découpage administratif" in source]
    for source in official:
        assert re.sub(r"<[^>]*>", " ", source).count("2026") == 1
        assert 'title="Découpage administratif de la France' in source and ', "' not in source
    assert official or path.startswith("collectivite/")
    assert '<span class="chip-at"></span>' not in text


def test_a_code_is_found_by_search(client: FlaskClient) -> None:
    assert "Strasbourg Eurom" in client.get("/recherche?q=246700488").get_data(as_text=True)
    found = client.get("/recherche?q=67482").get_data(as_text=True)
    assert "/page/territoire/commune-strasbourg" in found and "<mark>67482</mark>" in found
