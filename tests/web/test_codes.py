"""Official codes lead to their things."""

from __future__ import annotations

import re
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient

from ess_graph.engine.base import Engine
from ess_graph.releases import Release
from ess_graph.vocab import BASE

BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8", "Accept-Language": "fr"}


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


def coded(engine: Engine) -> list[tuple[str, str, str]]:
    """Every official code of the release: how addresses say it, the code, and the thing that has it."""
    rows = engine.rows(
        "SELECT DISTINCT ?kind ?code ?thing { { ?thing ess:siren ?code BIND('siren' AS ?kind) } UNION {"
        " ?thing igeo:codeINSEE ?code ; a ?level VALUES (?level ?kind) {"
        " (igeo:Region 'insee/region') (igeo:Departement 'insee/departement') (igeo:Commune 'insee/commune') } } }"
    )
    return [(str(row["kind"]), str(row["code"]), str(row["thing"]).removeprefix(BASE)) for row in rows]


def test_every_code_leads_to_its_own_thing(client: FlaskClient, engine: Engine) -> None:
    known = coded(engine)
    assert {kind for kind, *_ in known} == {"siren", "insee/region", "insee/departement", "insee/commune"}
    assert len(known) > 40
    for kind, code, thing in known:
        assert client.get(f"/{kind}/{code}").headers.get("Location") == f"/{thing}", (kind, code)


def test_search_finds_the_thing_of_every_code_first(client: FlaskClient, engine: Engine) -> None:
    for kind, code, thing in coded(engine):
        page = client.get("/recherche", query_string={"q": code}, headers=BROWSER).get_data(as_text=True)
        first = page.split('class="item-head"')[1]
        assert re.search(r'href="([^"]*)"', first)[1] == f"/page/{thing.removeprefix('id/')}", (kind, code)  # type: ignore[index]
        assert f"<mark>{code}</mark>" in first, "the result says that it is the code"


@pytest.mark.parametrize(
    "written", ["246 700 488", "246\u00a0700\u00a0488", " 246700488 ", "24670048800017", "246 700 488 00017"]
)
def test_a_siren_as_people_write_it(client: FlaskClient, written: str) -> None:
    answer = client.get(f"/siren/{quote(written)}")
    assert answer.headers.get("Location") == "/id/collectivite/strasbourg-eurometropole"
    page = client.get("/recherche", query_string={"q": written}, headers=BROWSER).get_data(as_text=True)
    assert "/page/collectivite/strasbourg-eurometropole" in page


@pytest.mark.parametrize(
    "path",
    [
        "/siren/24670048", "/siren/2467004880", "/siren/2467004880001", "/siren/000000000", "/siren/²46700488",
        "/insee/region/54", "/insee/departement/44", "/insee/commune/054", "/insee/67482'", "/insee/region/%2e%2e",
        "/siren/%00", "/siren/" + "9" * 3000,
    ],
)  # fmt: skip
def test_what_is_nearly_a_code_is_none(client: FlaskClient, path: str) -> None:
    answer = client.get(path, headers={"Accept": "application/json", "Accept-Language": "fr"})
    assert answer.status_code == 404
    assert len(answer.get_data()) < 2000, "what was asked is not sent back at length"


def test_a_postcode_is_no_code_and_is_told_so(client: FlaskClient) -> None:
    answer = client.get("/insee/67000", headers={"Accept": "application/json", "Accept-Language": "fr"})
    assert "Un code postal n’est pas un code Insee" in answer.get_json()["detail"]
    english = client.get("/insee/67000?lang=en", headers={"Accept": "application/json"})
    assert "A postcode is no INSEE code" in english.get_json()["detail"]


def test_a_redirect_keeps_what_the_reader_chose(client: FlaskClient, release: Release) -> None:
    chosen = f"?lang=en&release={release.id}"
    first = client.get(f"/siren/246700488{chosen}").headers["Location"]
    second = client.get(first, headers=BROWSER).headers["Location"]
    assert first == f"/id/collectivite/strasbourg-eurometropole{chosen}"
    assert second == f"/page/collectivite/strasbourg-eurometropole{chosen}"
    assert 'lang="en"' in client.get(second, headers=BROWSER).get_data(as_text=True)


def test_a_code_is_found_by_search(client: FlaskClient) -> None:
    assert "Strasbourg Eurom" in client.get("/recherche?q=246700488").get_data(as_text=True)
    found = client.get("/recherche?q=67482").get_data(as_text=True)
    assert "/page/territoire/commune-strasbourg" in found and "<mark>67482</mark>" in found
