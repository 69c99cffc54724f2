"""The reconciliation service: right names, honest doubt, the protocol's own schemas, and whatever is sent to it."""

# ruff: noqa: E501 - a table of cases reads best with few lines

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import jsonschema_rs
import pytest
from flask import Flask
from flask.testing import FlaskClient

from ess_graph.web import reconciliation
from ess_graph.web.app import create_app
from ess_graph.web.throttle import Throttle
from web.conftest import Send
from web.openrefine import OpenRefine

SPECS = Path("w3c/data/reconciliation-specs/0.2")
AUTHORITY, TERRITORY, STRUCTURE = "ess:Collectivite", "igeo:PaysOuTerritoire", "ess:Structure"
STRASBOURG, GRAND_EST = "id/collectivite/strasbourg-eurometropole", "id/collectivite/region-grand-est"


class Schemas:
    """The JSON schemas of the API, which know one another."""

    def __init__(self, folder: Path) -> None:
        self._schemas = {path.name: json.loads(path.read_text(encoding="utf-8")) for path in folder.glob("*.json")}
        known = [(str(schema.get("$id", schema.get("id", name))), schema) for name, schema in self._schemas.items()]
        known.append(("http://swagger.io/v2/schema.json", self._schemas["openapi.json"]))
        self._registry = jsonschema_rs.Registry(known)

    def check(self, name: str, content: Any) -> None:
        """Fail where something does not keep a schema."""
        schema = {key: value for key, value in self._schemas[f"{name}.json"].items() if key != "$schema"}
        jsonschema_rs.Draft7Validator(schema, registry=self._registry).validate(content)


@pytest.fixture(scope="session")
def schemas(shared: Path) -> Schemas:
    return Schemas(shared / SPECS / "schemas")


def asked(client: FlaskClient, query: dict[str, Any], **more: Any) -> list[dict[str, Any]]:
    """Candidates of one query."""
    reply = client.post("/reconcile", data={"queries": json.dumps({"q": query})}, **more)
    assert reply.status_code == 200, reply.get_data(as_text=True)
    assert reply.json is not None
    found: list[dict[str, Any]] = reply.json["q"]["result"]
    assert [one["score"] for one in found] == sorted((one["score"] for one in found), reverse=True)
    assert sum(one["match"] for one in found) <= 1
    return found


def best(client: FlaskClient, name: str, **query: Any) -> tuple[str | None, bool]:
    """The first candidate, and whether it is taken without a look."""
    found = asked(client, {"query": name, **query})
    return (found[0]["id"], found[0]["match"]) if found else (None, False)


def features(candidate: dict[str, Any]) -> dict[str, Any]:
    found = {each["id"]: each["value"] for each in candidate["features"]}
    assert len(found) == len(candidate["features"])
    return found


# Names ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "thing"),
    [
        ("Strasbourg Eurométropole", STRASBOURG),
        ("CUS", STRASBOURG),
        ("Communauté urbaine de Strasbourg", STRASBOURG),
        ("Eurométropole de Strasbourg", STRASBOURG),
        ("246700488", STRASBOURG),
        ("246 700 488", STRASBOURG),
        (STRASBOURG, STRASBOURG),
        (f"https://w3id.org/ess-graph/{STRASBOURG}", STRASBOURG),
        ("m2A", "id/collectivite/mulhouse-alsace-agglomeration"),
        ("MEL", "id/collectivite/metropole-europeenne-de-lille"),
        ("Grand Dijon", "id/collectivite/dijon-metropole"),
        ("CA du Grand Albigeois", "id/collectivite/communaute-d-agglomeration-de-l-albigeois"),
        ("creusot montceau", "id/collectivite/communaute-urbaine-creusot-montceau"),
        ("CC du Pays de Colombey", "id/collectivite/communaute-de-communes-pays-de-colombey-et-sud-toulois"),
        ("RÉGION GRAND EST", GRAND_EST),
        ("Conseil régional du Grand-Est", GRAND_EST),
        ("Région Alsace", "id/collectivite/region-alsace"),
        ("Conseil général du Bas-Rhin", "id/collectivite/conseil-general-du-bas-rhin"),
        ("Dpt des Ardennes", "id/collectivite/conseil-departemental-des-ardennes"),
        ("Ville de Nevers", "id/collectivite/ville-de-nevers"),
        ("Grand Est", "id/territoire/region-grand-est"),
        ("Moselle", "id/territoire/departement-moselle"),
        ("CRESS Grand Est", "id/structure/cress-grand-est"),
        ("RTES", "id/structure/rtes"),
    ],
)
def test_a_name_finds_its_thing(client: FlaskClient, name: str, thing: str) -> None:
    assert best(client, name) == (thing, True)


@pytest.mark.parametrize(
    ("name", "thing"),
    [
        ("Strasbourg Eurometropol", STRASBOURG),
        ("Dijon Métropolle", "id/collectivite/dijon-metropole"),
        ("Mulhouse Alsase Agglomération", "id/collectivite/mulhouse-alsace-agglomeration"),
        ("CRES Grand Est", "id/structure/cress-grand-est"),
        ("Chalons en Champange", "id/territoire/commune-chalons-en-champagne"),
    ],
)
def test_a_slip_leaves_candidates_and_a_doubt(client: FlaskClient, name: str, thing: str) -> None:
    found = asked(client, {"query": name})
    assert thing in [one["id"] for one in found[:2]]
    assert not any(one["match"] for one in found)
    assert found[0]["score"] < 95


@pytest.mark.parametrize(
    "name",
    [
        "CRESS",
        "Communauté urbaine",
        "Saint-Denis",
        "Saint-Denis (La Réunion)",
        "Doubs",
        "Lyon",
        "Région Île-de-Sein",
        "zzzz qqqq",
        "67482",
        "Patricia Andriot",
    ],
)
def test_what_several_things_or_none_are_called_is_no_match(client: FlaskClient, name: str) -> None:
    assert not any(one["match"] for one in asked(client, {"query": name}))


def test_a_former_name_is_of_its_time(client: FlaskClient) -> None:
    """The graph does not say it; the register's list does, with the day on which it ended."""
    lille = "id/collectivite/metropole-europeenne-de-lille"
    assert best(client, "LMCU") == (lille, True)
    assert best(client, "LMCU", properties=[{"pid": "dcterms:date", "v": "2012"}]) == (lille, True)
    assert best(client, "LMCU", properties=[{"pid": "dcterms:date", "v": "2021-05-01"}]) == (lille, False)


def test_common_nouns_mean_notions_only_when_a_type_says_so(client: FlaskClient) -> None:
    assert best(client, "Emploi") == ("voc/theme/emploi", False)
    assert best(client, "Emploi", type="skos:Concept") == ("voc/theme/emploi", True)


def test_a_territory_of_the_past_is_not_that_of_today(client: FlaskClient) -> None:
    """A council that ended keeps its own identity; its département, which is still there, is another thing."""
    assert best(client, "Département du Bas-Rhin") == ("id/territoire/departement-bas-rhin", True)
    assert best(client, "Alsace") == ("id/territoire/region-alsace", True)
    assert best(client, "Conseil régional d'Alsace") == ("id/collectivite/region-alsace", True)
    # A council that the graph does not hold is not its territory.
    assert not best(client, "Conseil général du Haut-Rhin")[1]


# Types and evidence ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [TERRITORY, "igeo:Region", "http://rdf.insee.fr/def/geo#Region", "paysouterritoire"])
def test_a_type_restricts(client: FlaskClient, kind: str) -> None:
    assert best(client, "Région Grand Est", type=kind) == ("id/territoire/region-grand-est", True)
    assert best(client, "Région Grand Est", type=[kind, AUTHORITY]) == (GRAND_EST, True)
    assert all(
        TERRITORY in {each["id"] for each in one["type"]} for one in asked(client, {"query": "est", "type": kind})
    )


def test_how_strictly_a_type_restricts(client: FlaskClient) -> None:
    query = {"query": "CUS", "type": "foaf:Person"}
    assert asked(client, {**query, "type_strict": "any"}) == []
    preferred = asked(client, {**query, "type_strict": "should"})
    assert [(one["id"], one["match"]) for one in preferred[:1]] == [(STRASBOURG, False)]
    assert features(preferred[0])["type_match"] is False
    # Where things of the type are found, preferring it is as good as asking for it.
    assert best(client, "Région Grand Est", type=TERRITORY, type_strict="should")[0] == "id/territoire/region-grand-est"
    both = {"query": "Strasbourg", "type": ["igeo:Commune", TERRITORY], "type_strict": "all"}
    assert {one["id"] for one in asked(client, both)} == {"id/territoire/commune-strasbourg"}
    assert asked(client, {**both, "type": ["igeo:Commune", AUTHORITY]}) == []
    assert asked(client, {"query": "CUS", "type": "Q515"}) == []


@pytest.mark.parametrize(
    ("name", "kind", "pid", "value", "thing"),
    [
        ("CRESS", STRUCTURE, "igeo:Region", "Bourgogne-Franche-Comté", "id/structure/cress-bourgogne-franche-comte"),
        ("Saint-Denis", "igeo:Commune", "igeo:codeINSEE", "93066", "id/territoire/commune-saint-denis"),
        ("Saint-Denis", "igeo:Commune", "igeo:Departement", "Seine-Saint-Denis", "id/territoire/commune-saint-denis"),
        ("Saint-Denis", "igeo:Commune", "igeo:codeINSEE", 93066.0, "id/territoire/commune-saint-denis"),
        ("Eurométropole", AUTHORITY, "siren", "246 700 488", STRASBOURG),
        ("Grand Reims", AUTHORITY, "voc/indicateur/population", "296000", "id/collectivite/grand-reims"),
        ("Ardennes", "igeo:Departement", "igeo:codeINSEE", "8", "id/territoire/departement-ardennes"),
        ("Ardennes", "igeo:Departement", "igeo:Region", {"id": "id/territoire/region-grand-est"}, "id/territoire/departement-ardennes"),
        ("Patricia Andriot", "foaf:Person", "org:organization", "CC Auberive Vingeanne et Montsaugeonnais", "id/personne/patricia-andriot"),
    ],
)  # fmt: skip
def test_evidence_for(client: FlaskClient, name: str, kind: str, pid: str, value: Any, thing: str) -> None:
    found = asked(client, {"query": name, "type": kind, "properties": [{"pid": pid, "v": value}]})
    assert (found[0]["id"], found[0]["match"]) == (thing, True), found[:2]
    # Of a place that the graph does not hold nothing can be told; the ladder knows it all the same.
    assert features(found[0]).get(pid, True) is True


@pytest.mark.parametrize(
    ("name", "pid", "value"),
    [
        ("Dijon Métropole", "ess:siren", "246700488"),
        ("Grand Reims", "voc/indicateur/population", "12000"),
        ("Forbach", "igeo:Departement", "Meuse"),
        ("Forbach", "igeo:Region", "Bourgogne-Franche-Comté"),
        ("Ville de Nevers", "igeo:Region", "Bretagne"),
        ("CRESS", "igeo:Region", "Occitanie"),
        ("Patricia Andriot", "org:organization", "Ville de Nevers"),
    ],
)
def test_evidence_against(client: FlaskClient, name: str, pid: str, value: str) -> None:
    without = asked(client, {"query": name})[0]
    found = {one["id"]: one for one in asked(client, {"query": name, "properties": [{"pid": pid, "v": value}]})}
    assert not any(one["match"] for one in found.values())
    assert without["id"] not in found or found[without["id"]]["score"] < without["score"]


def test_a_property_alone_finds_things(client: FlaskClient) -> None:
    siren = asked(client, {"properties": [{"pid": "ess:siren", "v": "246700488"}]})
    assert [(one["id"], one["match"]) for one in siren] == [(STRASBOURG, True)]
    insee = asked(client, {"type": TERRITORY, "properties": [{"pid": "igeo:codeINSEE", "v": "67482"}]})
    assert [(one["id"], one["match"]) for one in insee] == [("id/territoire/commune-strasbourg", False)]
    region = {"pid": "igeo:Region", "v": {"id": "id/territoire/region-grand-est", "name": "Grand Est"}}
    places = asked(client, {"type": "igeo:Departement", "limit": 50, "properties": [region]})
    assert "id/territoire/departement-ardennes" in {one["id"] for one in places}


def test_an_unknown_property_says_nothing(client: FlaskClient) -> None:
    assert best(client, "CUS", properties=[{"pid": "P31", "v": "Q515"}]) == (STRASBOURG, True)


def test_why_is_told(client: FlaskClient) -> None:
    told = features(asked(client, {"query": "Grand Dijon"})[0])
    assert told["same_name"] is True and told["name_similarity"] == 100 and told["ladder"] == 100 and told["degree"] > 0


def test_names_come_in_the_language_that_is_asked(client: FlaskClient) -> None:
    query = {"query": "emploi", "type": "skos:Concept"}
    french, english = (asked(client, query, headers={"Accept-Language": lang})[0] for lang in ("fr", "en"))
    assert (french["id"], french["type"][0]["name"]) == (english["id"], "Notion")
    assert english["name"] != french["name"] and english["type"][0]["name"] == "Concept"
    reply = client.get("/reconcile?lang=en", headers={"Accept-Language": "fr"})
    assert reply.json is not None and reply.json["defaultTypes"][0]["name"] == "Local authority"


# The protocol ---------------------------------------------------------------------------------------------------------


def test_every_answer_keeps_its_schema(client: FlaskClient, schemas: Schemas, shared: Path) -> None:
    for lang in ("fr", "en"):
        schemas.check("manifest", client.get(f"/reconcile?lang={lang}").json)
    for path in sorted((shared / SPECS / "examples/reconciliation-query-batch/valid").glob("*.json")):
        reply = client.get("/reconcile", query_string={"queries": path.read_text(encoding="utf-8")})
        assert reply.status_code == 200 and reply.json is not None
        assert set(reply.json) == set(json.loads(path.read_text(encoding="utf-8")))
        schemas.check("reconciliation-result-batch", reply.json)
    names = ["CUS", "Grand Est", "CRESS", "budget", "Patricia Andriot", "emploi"]
    batch = {f"q{n}": {"query": name, "limit": 50} for n, name in enumerate(names)}
    answers = client.post("/reconcile", data={"queries": json.dumps(batch)}).json
    assert answers is not None and all(each["result"] for each in answers.values())
    schemas.check("reconciliation-result-batch", answers)
    for kind, plural in (("entity", "entities"), ("type", "types"), ("property", "properties")):
        for prefix in ("", "r", "Région"):
            found = client.get(f"/reconcile/suggest/{kind}", query_string={"prefix": prefix}).json
            schemas.check(f"suggest-{plural}-response", found)
    for kind in ("", AUTHORITY, "Q515"):
        found = client.get("/reconcile/properties", query_string={"type": kind, "limit": 200}).json
        assert found is not None and found["properties"]
        schemas.check("data-extension-property-proposal", found)


def test_every_property_extends_within_the_schema(client: FlaskClient, schemas: Schemas) -> None:
    """Every property of every type, over things of that type: whatever the graph says has a form in the protocol."""
    manifest = client.get("/reconcile").json
    assert manifest is not None
    filled = 0
    for kind in (each["id"] for each in manifest["defaultTypes"]):
        proposed = client.get("/reconcile/properties", query_string={"type": kind}).json
        assert proposed is not None
        names = [each["id"] for each in proposed["properties"]]
        assert len(names) == len(set(names))
        things = asked(client, {"query": "e", "type": kind, "limit": 5})
        things = things or client.get(f"/reconcile/suggest/entity?type={kind}&prefix=d").json["result"]  # type: ignore[index]
        ids = [each["id"] for each in things]
        for start in range(0, len(names), 30):
            query = {"ids": ids, "properties": [{"id": name} for name in names[start : start + 30]]}
            schemas.check("data-extension-query", query)
            reply = client.post("/reconcile", data={"extend": json.dumps(query)})
            assert reply.json is not None
            schemas.check("data-extension-response", reply.json)
            assert set(reply.json["rows"]) == set(ids)
            filled += sum(bool(values) for row in reply.json["rows"].values() for values in row.values())
    assert filled > 100


def test_openrefine_goes_all_the_way(send: Send) -> None:
    """Manifest, guess the type, reconcile in batches with a column of evidence, judge, look, extend."""
    refine = OpenRefine(send)
    assert refine.batch == 10 and "0.2" in refine.manifest["versions"]
    rows = [
        {"nom": "CUS", "siren": "246700488"},
        {"nom": "Grand Dijon", "siren": ""},
        {"nom": "m2A", "siren": ""},
        {"nom": "Eurometropol de Strasbourg", "siren": ""},
        {"nom": "Région Grand Est", "siren": ""},
        {"nom": "Ville de Nevers", "siren": "215801945"},
        {"nom": "Plaine Commune", "siren": ""},
        {"nom": "Nantes Métropole", "siren": ""},
        {"nom": "Conseil départemental des Ardennes", "siren": ""},
        {"nom": "MEL", "siren": ""},
        {"nom": "Département de la Moselle", "siren": ""},
        {"nom": "Commune imaginaire", "siren": ""},
    ]
    assert refine.guess_types([row["nom"] for row in rows])[0]["id"] == AUTHORITY
    siren = refine.suggest("property", "siren", type=AUTHORITY)[0]["id"]
    cells = refine.reconcile(rows, "nom", AUTHORITY, {siren: "siren"})
    matched = {cell.text: cell.match["id"] for cell in cells if cell.match}
    assert len(matched) == 10
    assert matched["CUS"] == STRASBOURG and matched["Ville de Nevers"] == "id/collectivite/ville-de-nevers"
    # A person judges what is left, with the candidates, a search of her own, and a look at both.
    doubtful = next(cell for cell in cells if cell.text.startswith("Eurometropol"))
    assert doubtful.candidates[0]["id"] == STRASBOURG
    searched = refine.suggest("entity", "strasbourg eu", type=AUTHORITY)
    assert searched[0]["id"] == STRASBOURG and searched[0]["notable"][0]["id"] == AUTHORITY
    assert "Strasbourg Eurométropole" in refine.flyout("entity", STRASBOURG)["html"]
    assert "SIREN" in refine.flyout("property", siren)["html"]
    assert refine.flyout("type", AUTHORITY)["id"] == AUTHORITY
    preview = refine.preview(STRASBOURG)
    assert preview.status == 200 and "246700488" in preview.text
    assert refine.view(STRASBOURG).location == "/page/collectivite/strasbourg-eurometropole"
    # And the columns that she wants.
    proposed = {each["name"]: each["id"] for each in refine.proposed(AUTHORITY)}
    wanted = [
        {"id": proposed["Numéro SIREN"]},
        {"id": proposed["Territoire"], "settings": {"content": "texts"}},
        {"id": proposed["Dispositifs"], "settings": {"limit": "1"}},
        {"id": "igeo:codeINSEE"},
    ]
    found = refine.extend([*matched.values(), "id/nothing"], wanted)
    assert [column["id"] for column in found["meta"]] == [each["id"] for each in wanted]
    assert found["rows"][STRASBOURG]["ess:siren"] == [{"str": "246700488"}]
    assert found["rows"][GRAND_EST]["ess:territoire"] == [{"str": "Grand Est"}]
    assert found["rows"][GRAND_EST]["igeo:codeINSEE"] == [{"str": "44"}]
    assert len(found["rows"][GRAND_EST]["dispositifs"]) == 1
    assert found["rows"][GRAND_EST]["dispositifs"][0]["id"].startswith("id/dispositif/")
    assert not any(found["rows"]["id/nothing"].values())


def test_one_query_alone(client: FlaskClient) -> None:
    for query in ("CUS", json.dumps({"query": "CUS", "limit": 1})):
        reply = client.get("/reconcile", query_string={"query": query})
        assert reply.json is not None and reply.json["result"][0]["id"] == STRASBOURG


def test_suggestions_go_on(client: FlaskClient) -> None:
    """By name or identifier; what does not fit in one answer follows in the next."""
    first, second = (
        [each["id"] for each in client.get(f"/reconcile/suggest/property?cursor={cursor}").json["result"]]  # type: ignore[index]
        for cursor in (0, 20)
    )
    assert len(first) == 20 and second and not set(first) & set(second)
    for kind, prefix, wanted in (
        ("type", "local auth", AUTHORITY), ("type", AUTHORITY, AUTHORITY), ("property", "code", "igeo:codeINSEE"),
        ("property", "ess:siren", "ess:siren"), ("entity", GRAND_EST, GRAND_EST), ("entity", "mulhouse als", "id/collectivite/mulhouse-alsace-agglomeration"),
    ):  # fmt: skip
        found = client.get(f"/reconcile/suggest/{kind}", query_string={"prefix": prefix}).json
        assert found is not None and found["result"][0]["id"] == wanted


ROUTES = [
    "/reconcile", "/reconcile/suggest/entity?prefix=r", "/reconcile/suggest/type?prefix=c", "/reconcile/suggest/property?prefix=c",
    f"/reconcile/flyout/entity?id={GRAND_EST}", "/reconcile/flyout/type?id=ess:Collectivite", "/reconcile/flyout/property?id=ess:siren",
    f"/reconcile/preview?id={GRAND_EST}", f"/reconcile/view?id={GRAND_EST}", "/reconcile/properties?type=ess:Collectivite",
]  # fmt: skip


@pytest.mark.parametrize("path", ROUTES)
def test_scripts_of_other_sites_may_ask(client: FlaskClient, path: str) -> None:
    reply = client.get(path, headers={"Origin": "http://127.0.0.1:3333"})
    assert reply.status_code in (200, 303)
    assert reply.headers["Access-Control-Allow-Origin"] == "*"
    before = client.options(path, headers={"Origin": "http://127.0.0.1:3333", "Access-Control-Request-Method": "POST"})
    assert before.status_code == 204 and before.headers["Access-Control-Allow-Origin"] == "*"
    assert "GET" in before.headers["Access-Control-Allow-Methods"]
    assert client.head(path).status_code == reply.status_code


def test_only_previews_may_be_framed(client: FlaskClient) -> None:
    for path in ROUTES:
        policy = client.get(path).headers["Content-Security-Policy"]
        assert ("frame-ancestors" not in policy) is ("preview" in path)
        assert "unsafe" not in policy and "default-src 'self'" in policy
    framed = client.get(f"/reconcile/preview?id={GRAND_EST}").headers
    assert "script-src 'none'" in framed["Content-Security-Policy"] and "X-Frame-Options" not in framed


# What is wrong, hostile, or too much ----------------------------------------------------------------------------------


def many(count: int, **query: Any) -> str:
    return json.dumps({f"q{n}": {"query": "CUS", **query} for n in range(count)})


BROKEN: list[tuple[str, int]] = [
    ("", 400), ("{", 400), ("[]", 400), ("null", 400), ("42", 400), ('"CUS"', 400), ('{"q": "CUS"}', 400), ('{"q": []}', 400),
    ('{"q": {"query": 7}}', 400), ('{"q": {"query": null}}', 400), ('{"q": {"query": ["CUS"]}}', 400), ('{"q": {}}', 400),
    ('{"q": {"query": "a", "type": {"id": "x"}}}', 400), ('{"q": {"query": "a", "type": [1]}}', 400),
    ('{"q": {"query": "a", "type_strict": "never"}}', 400), ('{"q": {"query": "a", "type_strict": []}}', 400),
    ('{"q": {"query": "a", "limit": 0}}', 400), ('{"q": {"query": "a", "limit": -1}}', 400), ('{"q": {"query": "a", "limit": true}}', 400),
    ('{"q": {"query": "a", "limit": "3"}}', 400), ('{"q": {"query": "a", "limit": NaN}}', 400), ('{"q": {"query": "a", "limit": 1e999}}', 400),
    ('{"q": {"query": "a", "properties": {"pid": "x"}}}', 400), ('{"q": {"query": "a", "properties": [{"pid": "x"}]}}', 400),
    ('{"q": {"query": "a", "properties": [{"pid": 7, "v": "x"}]}}', 400), ('{"q": {"query": "a", "properties": [{"pid": "x", "v": {"name": "y"}}]}}', 400),
    ('{"q": {"query": "a", "properties": [{"pid": "x", "v": [[]]}]}}', 400), ('{"q": {"query": "a", "properties": [{"pid": "x", "v": null}]}}', 400),
    ('{"q": {"query": "\\ud800"}}', 400), ('{"\\ud800": {"query": "a"}}', 400), (json.dumps({"q": {"query": "é" * 501}}), 400),
    ("[" * 100_000, 400), ('{"q":' * 50_000 + "1" + "}" * 50_000, 400), (f'{{"q": {{"query": "a", "limit": {"9" * 5000}}}}}', 400),
    (many(40, properties=[{"pid": "x", "v": ["y"] * 30}]), 413),
    (many(101), 413), (json.dumps({"q": {"properties": [{"pid": "x", "v": "y"}] * 31}}), 413),
    (json.dumps({"q": {"properties": [{"pid": "x", "v": ["y"] * 31}]}}), 413), (json.dumps({"q": {"query": "a", "type": ["x"] * 31}}), 413),
]  # fmt: skip


@pytest.mark.parametrize(("queries", "status"), BROKEN, ids=lambda value: str(value)[:40])
def test_a_malformed_batch_is_refused_with_a_reason(client: FlaskClient, queries: str, status: int) -> None:
    for lang in ("fr", "en"):
        reply = client.post("/reconcile", data={"queries": queries}, headers={"Accept-Language": lang})
        assert (reply.status_code, reply.mimetype) == (status, "application/problem+json")
        assert reply.json is not None and len(reply.json["detail"]) > 30
        assert reply.headers["Access-Control-Allow-Origin"] == "*"


def test_the_examples_that_are_invalid_are_refused(client: FlaskClient, shared: Path) -> None:
    found = sorted((shared / SPECS / "examples/reconciliation-query-batch/invalid").glob("*.json"))
    assert found
    for path in found:
        reply = client.post("/reconcile", data={"queries": path.read_text(encoding="utf-8")})
        assert reply.status_code == 400, path.name


@pytest.mark.parametrize(
    ("extend", "status"),
    [
        ("", 400), ("[]", 400), ("{}", 400), ('{"ids": "x", "properties": []}', 400), ('{"ids": [], "properties": {}}', 400),
        ('{"ids": [1], "properties": []}', 400), ('{"ids": [], "properties": ["siren"]}', 400), ('{"ids": [], "properties": [{"name": "x"}]}', 400),
        ('{"ids": [], "properties": [{"id": "no such"}]}', 400), ('{"ids": [], "properties": [{"id": "siren", "settings": 3}]}', 400),
        ('{"ids": [], "properties": [{"id": "siren", "settings": {"limit": "many"}}]}', 400),
        ('{"ids": [], "properties": [{"id": "siren", "settings": {"limit": {}}}]}', 400),
        ('{"ids": [], "properties": [{"id": "siren", "settings": {"content": "html"}}]}', 400),
        (json.dumps({"ids": [str(n) for n in range(501)], "properties": []}), 413),
        (json.dumps({"ids": [], "properties": [{"id": "siren"}] * 31}), 413),
        ('{"ids": [], "properties": []}', 200),
    ],
    ids=lambda value: str(value)[:40],
)  # fmt: skip
def test_a_malformed_extension_is_refused_with_a_reason(client: FlaskClient, extend: str, status: int) -> None:
    reply = client.post("/reconcile", data={"extend": extend})
    assert reply.status_code == status, reply.get_data(as_text=True)
    assert status == 200 or reply.mimetype == "application/problem+json"


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/reconcile/suggest/nothing", 404), ("/reconcile/suggest/entity?cursor=-1", 400), ("/reconcile/suggest/entity?cursor=x", 400),
        ("/reconcile/suggest/entity?cursor=999999999", 200), ("/reconcile/properties?limit=many", 400), ("/reconcile/flyout/entity", 404),
        ("/reconcile/flyout/type?id=%3Cb%3E", 404), ("/reconcile/preview?id=../../etc/passwd", 404), ("/reconcile/view?id=http://evil.example/", 404),
        ("/reconcile/view?id=//evil.example", 404), ("/reconcile/preview?id=%ff", 404), ("/reconcile?queries=%ff", 400),
        ("/reconcile/suggest/entity?prefix=%22%20OR%20%2a", 200), ("/reconcile/suggest/entity?prefix=" + "a" * 5000, 200),
    ],
)  # fmt: skip
def test_odd_addresses(client: FlaskClient, path: str, status: int) -> None:
    reply = client.get(path)
    assert reply.status_code == status
    assert status == 200 or reply.mimetype == "application/problem+json"
    assert b"<b>" not in client.get(path, headers={"Accept": "text/html"}).data


def test_a_post_is_a_form_that_asks_something(client: FlaskClient) -> None:
    assert client.post("/reconcile", data={"other": "x"}).status_code == 400
    assert client.post("/reconcile", json={"queries": []}).status_code == 415
    assert client.post("/reconcile", data={"queries": "x" * 1_100_000}).status_code == 413
    assert client.put("/reconcile").status_code == 405


def test_no_callback_is_ever_called(client: FlaskClient) -> None:
    """JSONP lets a service run as a script in its clients: CORS does the same without."""
    reply = client.get("/reconcile?callback=alert&query=CUS")
    assert reply.mimetype == "application/json" and reply.json is not None


@pytest.mark.parametrize(
    "name",
    ["<script>alert(1)</script>", '" OR 1=1 --', "{{ 7*7 }}", "=cmd|' /C calc'!A0", "\u202e\u0000\u0001", "💥" * 250, "%s%n", "a" * 500,
     "communauté " * 45, "- - - ()()()", "日本語", "NEAR(a b) AND *"],
)  # fmt: skip
def test_hostile_names_are_names(client: FlaskClient, name: str) -> None:
    for query in (
        {"query": name},
        {"query": name, "type": name, "type_strict": "should", "properties": [{"pid": name, "v": name}]},
    ):
        reply = client.post("/reconcile", data={"queries": json.dumps({name[:20]: query})})
        assert reply.status_code == 200, reply.get_data(as_text=True)
        assert reply.json is not None and list(reply.json) == [name[:20]]
        assert reply.mimetype == "application/json" and b"<script" not in reply.data.lower().replace(b'"<script', b"")


def test_what_the_graph_says_is_text_in_previews_and_flyouts(hostile: Flask) -> None:
    client = hostile.test_client()
    name = "id/structure/hostile"
    preview = client.get("/reconcile/preview", query_string={"id": name}).get_data(as_text=True)
    flyout = client.get("/reconcile/flyout/entity", query_string={"id": name}).json
    assert flyout is not None
    for html in (preview, flyout["html"]):
        assert "&lt;script&gt;alert(" in html and "{{ 7*7 }}" in html
        for tag in ("<script", "<img", "<iframe", "</textarea", "onerror=alert(1)>"):
            assert tag not in html.replace("&lt;", "")
    found = asked(client, {"query": "Éléphant à l'œuf 日本"})
    assert found[0]["match"] and found[0]["id"] == "id/structure/éléphant-à-œuf-日本"
    shown = client.get("/reconcile/preview?" + urlencode({"id": found[0]["id"]}))
    assert shown.status_code == 200


def test_a_flood_waits(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reconciliation, "_BUDGET", 25)
    monkeypatch.setattr(reconciliation, "_RATE", 0.001)
    client = create_app(replace(app.extensions["ess_graph"].settings, proxies=1)).test_client()
    replies = [
        client.post("/reconcile", data={"queries": many(10)}, headers={"X-Forwarded-For": "192.0.2.1"})
        for _ in range(3)
    ]
    assert [reply.status_code for reply in replies] == [200, 200, 429]
    assert replies[2].mimetype == "application/problem+json" and int(replies[2].headers["Retry-After"]) > 1000
    other = client.post("/reconcile", data={"queries": many(10)}, headers={"X-Forwarded-For": "192.0.2.2"})
    assert other.status_code == 200
    assert client.get("/reconcile", headers={"X-Forwarded-For": "192.0.2.1"}).status_code == 200


def test_a_budget_fills_up_again() -> None:
    now = [0.0]
    throttle = Throttle(10, 2, lambda: now[0])
    assert [throttle.spend("a", 5), throttle.spend("a", 5), throttle.spend("a", 3)] == [0, 0, 2]
    assert throttle.spend("b", 10) == 0
    now[0] = 1.5
    assert [throttle.spend("a", 3), throttle.spend("a", 1)] == [0, 1]
    now[0] = 1000
    # More than the whole is never refused for ever.
    assert [throttle.spend("a", 50), throttle.spend("a", 1)] == [0, 1]
