"""The graph in other programs' forms, each read by a program that people use, and held against the documents."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
import warnings
import zipfile
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import feedparser
import icalendar
import pytest
import vobject
from flask import Flask
from flask.testing import FlaskClient
from rdflib import Graph, Literal, URIRef
from rdflib.namespace import DCTERMS, RDF, VOID

from ess_graph import releases
from ess_graph.engine.base import Engine
from ess_graph.query.index import Index
from ess_graph.releases import Release
from ess_graph.vocab import BASE, DATASET, DCAT, ESS, ID
from web.serving import Project

BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8", "Accept-Language": "fr"}
HOSTILE = "<script>alert('xss')</script><img src=x onerror=alert(1)>\"'--> {{ 7*7 }} {% raw %}"


def got(client: FlaskClient, path: str, kind: str, **headers: str) -> bytes:
    """The body of an answer of a kind."""
    reply = client.get(path, headers=headers, buffered=True)
    assert reply.status_code == 200, f"{path}: {reply.status} {reply.get_data(as_text=True)[:200]}"
    assert reply.mimetype == kind
    return bytes(reply.data)


def triples(body: bytes | str) -> set[tuple[Any, Any, Any]]:
    """What a JSON-LD document says, read without a network."""
    with warnings.catch_warnings():
        # rdflib's own reader of JSON-LD uses what rdflib deprecates.
        warnings.simplefilter("ignore", DeprecationWarning)
        return set(Graph().parse(data=body, format="json-ld"))


def rows(body: bytes, separator: str = ",") -> list[dict[str, str]]:
    """Lines of a table by the names of their columns."""
    return list(csv.DictReader(io.StringIO(body.decode("utf-8-sig"), newline=""), delimiter=separator))


# Tables --------------------------------------------------------------------------------------------------------


def test_figures_as_a_table_hold_what_the_documents_say(client: FlaskClient, engine: Engine, shared: Path) -> None:
    found = rows(got(client, "/explorer/chiffre.csv", "text/csv"))
    assert len(found) == len(engine.rows("SELECT ?c { ?c a ess:Chiffre }"))
    by_iri = {row["Identifiant (IRI)"]: row for row in found}
    row = by_iri[BASE + "id/chiffre/region-grand-est-2022-L25-budget-ess--fonctionnement"]
    assert (row["Sujet"], row["Valeur"], row["Ventilation"], row["Date"]) == (
        "Région Grand Est", "5300000", "fonctionnement", "2022",
    )  # fmt: skip
    assert row["Sources"] == "Région Grand Est (22 mars 2022): L25"
    assert "EUR" not in row.values(), "the unit is in words"
    assert row["Unité"] in ("€", "euros")
    document = engine.rows("SELECT ?f { <source/region-grand-est-2022> dcterms:identifier ?f }").rows[0]["f"]
    assert "5,3" in (shared / "sources" / str(document)).read_text(encoding="utf-8").split("\n")[24]


def test_a_person_gets_what_a_french_spreadsheet_opens(client: FlaskClient) -> None:
    body = got(client, "/explorer/collectivite.csv", "text/csv", **BROWSER)
    assert body.startswith(b'\xef\xbb\xbf"Nom";')
    assert body == got(client, "/explorer/collectivite.csv?format=tableur", "text/csv")
    assert "Région Grand Est" in {row["Nom"] for row in rows(body, ";")}


def test_a_program_gets_rfc_4180(client: FlaskClient) -> None:
    body = got(client, "/explorer/collectivite.csv", "text/csv")
    assert body.startswith(b'"Nom",')
    assert b"\r\n" in body
    assert len(rows(body)) == 25


def test_every_list_is_a_table_and_names_each_thing_once(client: FlaskClient, release: Release) -> None:
    index, total = Index(release.index), 0
    display = json.loads((release.display / "display.json").read_text(encoding="utf-8"))["displays"]
    for shown in display:
        size = index.counts().get(shown["target"], 0)
        name = shown["target"].replace("#", "/").rpartition("/")[2].lower()
        if size and size < 300:
            found = rows(got(client, f"/explorer/{name}.csv?lang=en", "text/csv"))
            assert len({row["Identifier (IRI)"] for row in found}) == size == len(found)
            total += size
    assert total > 500
    assert client.get("/explorer/nothing.csv").status_code == 404
    assert client.get("/explorer/collectivite.csv?format=xls").status_code == 400


def test_results_of_a_query_as_a_spreadsheet_beside_standard_csv(client: FlaskClient) -> None:
    query = 'SELECT ?a ?b ?c { VALUES (?a ?b ?c) { ("=1+1" 1.5 <urn:x>) ("01000" -2 UNDEF) } } ORDER BY ?a'
    ask = {"query": query}
    sheet = client.get("/sparql", query_string=ask | {"format": "tableur"}, buffered=True)
    assert sheet.data == '\ufeff"a";"b";"c"\r\n"\'01000";"-2";""\r\n"\'=1+1";"1,5";"urn:x"\r\n'.encode()
    plain = client.get("/sparql", query_string=ask | {"format": "csv"}, buffered=True)
    assert plain.data == b"a,b,c\r\n01000,-2,\r\n=1+1,1.5,urn:x\r\n", "what SPARQL says, to the byte"
    again = client.get(
        "/sparql", query_string=ask | {"format": "tableur"}, headers={"If-None-Match": sheet.headers["ETag"]}
    )
    assert again.status_code == 304
    assert sheet.headers["ETag"] != plain.headers["ETag"]
    for other in ("ASK {}", "DESCRIBE <urn:x>"):
        assert client.get("/sparql", query_string={"query": other, "format": "tableur"}).status_code == 406


# Calendar ------------------------------------------------------------------------------------------------------


def calendar(client: FlaskClient, arguments: str = "") -> dict[str, Any]:
    """Entries by their UID, from a calendar that two libraries agree on."""
    body = got(client, f"/evenements.ics{arguments}", "text/calendar")
    assert all(len(line) <= 75 for line in body.split(b"\r\n"))
    assert b"\n" not in body.replace(b"\r\n", b"")
    found = icalendar.Calendar.from_ical(body)
    entries = {str(entry["uid"]): entry for entry in found.walk("VEVENT")}
    other = vobject.readOne(body.decode("utf-8"))
    assert other.validate(raiseException=True)
    said = {entry.uid.value: entry for entry in getattr(other, "vevent_list", [])}
    assert said.keys() == entries.keys()
    for uid, entry in entries.items():
        assert not entry.errors
        assert said[uid].summary.value == str(entry["summary"])
        assert said[uid].dtstart.value == entry.decoded("dtstart")
        assert said[uid].description.value == str(entry["description"])
    return entries


def test_a_day_in_the_calendar_is_a_day_in_the_document(client: FlaskClient, release: Release, shared: Path) -> None:
    index, checked = Index(release.index), 0
    for iri, entry in calendar(client).items():
        if "date déduite" in str(entry["summary"]):
            continue
        day = entry.decoded("dtstart")
        cited = index.cited([iri]).get(iri, [])
        passages = index.passages([c.passage for c in cited if c.said.endswith("startDate")])
        text = " ".join(
            line
            for p in passages.values()
            for line in (shared / "sources" / p.file).read_text(encoding="utf-8").split("\n")[p.first - 1 : p.last]
        )
        assert re.search(rf"(?<!\d)0?{day.day}(?!\d)", text), (iri, day, text[:300])
        checked += 1
    assert checked > 15


def test_the_calendar_makes_up_no_day(client: FlaskClient, engine: Engine) -> None:
    dates = engine.rows("SELECT ?e ?d { ?e a ess:Evenement ; schema:startDate ?d }")
    partial = {str(row["e"]) for row in dates if len(str(row["d"])) < 10}
    known, every = calendar(client), calendar(client, "?partielles=1")
    assert partial
    assert not partial & known.keys()
    assert every.keys() == known.keys() | partial
    series = every[str(ID["evenement/2019-02-serie-guest"])]
    assert (series.decoded("dtstart"), series.decoded("dtend")) == (date(2019, 2, 1), date(2021, 6, 1))
    assert "[jour inconnu : de février 2019 à mai 2021]" in str(series["summary"])
    either = every[str(ID["evenement/2022-prochaine-conference-territoriale-epinal"])]
    assert either.decoded("dtend") - either.decoded("dtstart") == timedelta(days=61)
    assert "mai 2022 ou juin 2022" in str(either["summary"])
    for entry in every.values():
        assert str(entry["transp"]) == "TRANSPARENT"
    body = got(client, "/evenements.ics", "text/calendar").decode().replace("\r\n ", "")
    assert f": {len(known)}." in body
    assert f"({len(partial)})" in body


def test_what_a_curator_concluded_says_so(client: FlaskClient) -> None:
    entry = calendar(client)[str(ID["evenement/2018-10-17-conference-regionale-ess-bourgogne-franche-comte"])]
    assert "[date déduite]" in str(entry["summary"])
    english = calendar(client, "?lang=en")[str(entry["uid"])]
    assert "[date inferred]" in str(english["summary"])


def test_two_days_end_the_day_after(client: FlaskClient) -> None:
    entry = calendar(client)[str(ID["evenement/2020-10-07-seminaire-itis-benoite-vaux"])]
    assert (entry.decoded("dtstart"), entry.decoded("dtend")) == (date(2020, 10, 7), date(2020, 10, 9))
    assert str(entry["status"]) == "CONFIRMED"
    assert "L" in str(entry["description"]).partition("Source : ")[2]


def test_a_calendar_of_a_thing_or_a_territory(client: FlaskClient) -> None:
    every = calendar(client)
    of = calendar(client, "?entite=structure/rtes")
    assert 0 < len(of) < len(every)
    assert of.keys() <= every.keys()
    there = calendar(client, "?territoire=commune-tomblaine")
    assert list(there) == [str(ID["evenement/2021-10-14-conference-regionale-ess"])]
    assert str(next(iter(there.values()))["location"]) == "Tomblaine"
    assert client.get("/evenements.ics?entite=structure/nobody").status_code == 404
    assert client.get("/evenements.ics?entite=%3E%20%7D").status_code == 404


def test_the_same_release_gives_the_same_calendar(client: FlaskClient) -> None:
    first = client.get("/evenements.ics", buffered=True)
    assert first.data == client.get("/evenements.ics", buffered=True).data
    assert client.get("/evenements.ics", headers={"If-None-Match": first.headers["ETag"]}).status_code == 304


# Map -----------------------------------------------------------------------------------------------------------


def features(body: bytes) -> dict[str, dict[str, Any]]:
    """Features by their id, of a collection that keeps RFC 7946."""
    found = json.loads(body)
    assert found["type"] == "FeatureCollection"
    for feature in found["features"]:
        assert feature["type"] == "Feature"
        assert set(feature) == {"type", "id", "geometry", "properties"}
        if feature["geometry"]:
            assert feature["geometry"]["type"] == "Point"
            longitude, latitude = feature["geometry"]["coordinates"]
            assert abs(longitude) <= 180
            assert abs(latitude) <= 90
    return {feature["id"]: feature for feature in found["features"]}


def test_places_on_a_map(client: FlaskClient, engine: Engine) -> None:
    found = features(got(client, "/carte.geojson", "application/geo+json"))
    region = found[str(ID["territoire/region-grand-est"])]["properties"]
    assert (region["name"], region["level"]) == ("Grand Est", "Région")
    assert [a["name"] for a in region["authorities"]] == ["Région Grand Est"]
    assert found[str(ID["territoire/commune-tomblaine"])]["properties"]["events"] == 1
    placed = {str(row["p"]) for row in engine.rows("SELECT ?p { ?p schema:latitude ?x ; schema:longitude ?y }")}
    assert {iri for iri, feature in found.items() if feature["geometry"]} == placed


@pytest.mark.slow
def test_coordinates_are_those_that_are_given(project: Callable[[], Project]) -> None:
    made = project()
    made.publish("""
        @base <https://w3id.org/ess-graph/> .
        @prefix igeo: <http://rdf.insee.fr/def/geo#> .
        @prefix schema: <https://schema.org/> .
        <graph/registre> {
          <id/territoire/commune-a> a igeo:Commune ; igeo:codeINSEE "54526" ;
            schema:latitude 48.68 ; schema:longitude 6.21 .
          <id/territoire/commune-b> a igeo:Commune ; schema:geo <id/point/b> .
          <id/point/b> schema:latitude "48.5" ; schema:longitude "7.5" .
          <id/territoire/commune-c> a igeo:Commune ; schema:latitude 91 ; schema:longitude 6 .
          <id/territoire/commune-d> a igeo:Commune ; schema:latitude 48, 49 ; schema:longitude 6 .
          <id/territoire/commune-e> a igeo:Commune ; schema:latitude "nord" ; schema:longitude "NaN" .
        }""")
    from ess_graph.web.app import create_app

    found = features(got(create_app(made.settings).test_client(), "/carte.geojson", "application/geo+json"))
    points = {iri.rpartition("-")[2]: f["geometry"] and f["geometry"]["coordinates"] for iri, f in found.items()}
    assert points == {"a": [6.21, 48.68], "b": [7.5, 48.5], "c": None, "d": None, "e": None}
    assert found[str(ID["territoire/commune-a"])]["properties"]["code"] == "54526"


# JSON-LD -------------------------------------------------------------------------------------------------------


def test_compact_json_ld_says_what_turtle_says(client: FlaskClient) -> None:
    path = "/data/collectivite/region-grand-est"
    turtle = Graph().parse(data=got(client, f"{path}.ttl", "text/turtle"), format="turtle")
    body = got(client, f"{path}.jsonld", "application/ld+json")
    assert triples(body) == set(turtle), "readable without a network"
    thing = next(node for node in json.loads(body)["@graph"] if node["id"] == BASE + "id/collectivite/region-grand-est")
    assert thing["prefLabel"] == {"fr": "Région Grand Est"}
    assert "Collectivite" in thing["type"]


def test_json_ld_that_points_at_its_context(client: FlaskClient) -> None:
    body = json.loads(
        got(client, "/data/evenement/2021-10-14-conference-regionale-ess.jsonld?context=url", "application/ld+json")
    )
    assert body["@context"] == "http://localhost/context.jsonld"
    body["@context"] = json.loads(got(client, "/context.jsonld", "application/ld+json"))["@context"]
    turtle = got(client, "/data/evenement/2021-10-14-conference-regionale-ess.ttl", "text/turtle")
    assert triples(json.dumps(body)) == set(Graph().parse(data=turtle, format="turtle"))


def test_the_context_has_a_short_name_for_every_term_in_use(client: FlaskClient, engine: Engine) -> None:
    context = json.loads(got(client, "/context.jsonld", "application/ld+json"))["@context"]
    named = {
        (said if isinstance(said, str) else said["@id"])
        for name, said in context.items()
        if not str(said).startswith("http")
    } | {"rdf:type"}
    spelled = {context[name.partition(":")[0]] + name.partition(":")[2] for name in named if ":" in name}
    used = {str(row["t"]) for row in engine.rows("SELECT DISTINCT ?t { { ?s ?t ?o } UNION { ?s a ?t } }")}
    ours = {term for term in used if term.startswith(str(ESS))}
    assert ours <= spelled
    own = {"http://www.w3.org/2002/07/owl#", "http://purl.org/vocab/vann/"}
    assert {term for term in used - spelled if not any(term.startswith(o) for o in own)} <= {
        str(DCTERMS.identifier), "http://www.w3.org/2000/01/rdf-schema#subPropertyOf"
    }  # fmt: skip


def described(client: FlaskClient, path: str) -> dict[str, Any]:
    """The schema.org description in a page."""
    text = got(client, path, "text/html", **BROWSER).decode()
    found = re.findall(r'<script type="application/ld\+json">(.*?)</script>', text, re.DOTALL)
    assert len(found) == 1
    said: dict[str, Any] = json.loads(found[0])
    assert said["@context"] == "https://schema.org"
    return said


def test_pages_describe_themselves_to_search_engines(client: FlaskClient) -> None:
    region = described(client, "/page/collectivite/region-grand-est")
    assert (region["@type"], region["name"]) == ("GovernmentOrganization", "Région Grand Est")
    assert region["areaServed"]["name"] == "Grand Est"
    event = described(client, "/page/evenement/2021-10-14-conference-regionale-ess")
    assert (event["@type"], event["startDate"], event["location"]["name"]) == ("Event", "2021-10-14", "Tomblaine")
    assert event["location"]["@type"] == "Place"
    inferred = described(client, "/page/evenement/2018-10-17-conference-regionale-ess-bourgogne-franche-comte")
    assert "startDate" not in inferred, "schema.org has no word for a date that was only concluded"
    data = described(client, "/donnees")
    assert data["@type"] == "Dataset"
    assert {d["name"] for d in data["distribution"]} >= {"ess-graph.trig.gz", "evenements.ics"}


# Feed ----------------------------------------------------------------------------------------------------------

RELEASES = """
@base <https://w3id.org/ess-graph/> .
@prefix ess: <https://w3id.org/ess-graph/onto#> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
<graph/registre> {{ {0} }}
"""
A = '<id/structure/a> a ess:Structure ; skos:prefLabel "Association A"@fr .'
B = '<id/structure/b> a ess:Structure ; skos:prefLabel "<b>B</b> & fils\\u0001"@fr .'
C = '<id/structure/c> a ess:Structure ; skos:prefLabel "C"@fr .'


@pytest.mark.slow
def test_the_feed_says_what_each_release_changed(project: Callable[[], Project]) -> None:
    from ess_graph.web.app import create_app

    made = project()
    first = made.publish(RELEASES.format(A + C))
    client = create_app(made.settings).test_client()
    made.publish(RELEASES.format(A.replace("Association A", "Association A.") + B))
    same = made.publish(RELEASES.format(B + A.replace("Association A", "Association A.")))
    body = got(client, "/changements.atom", "application/atom+xml")
    feed = feedparser.parse(body)
    assert not feed.bozo, feed.get("bozo_exception")
    assert feed.version == "atom10"
    assert feed.feed.id
    assert [link.rel for link in feed.feed.links] == ["self", "alternate"]
    newest, oldest = feed.entries
    assert oldest.id == f"{DATASET}/{first}"
    assert newest.title == "Choses ajoutées : 1 ; modifiées : 1 ; retirées : 1"
    content = newest.content[0].value
    assert "/page/structure/b" in content
    assert "&lt;b&gt;B&lt;/b&gt; &amp; fils\ufffd" in content
    assert "Association A." in content
    assert "id/structure/c" in content
    assert "/page/structure/c" not in content, "what is gone has no page"
    assert newest.updated_parsed >= oldest.updated_parsed
    page = client.get("/changements", headers=BROWSER).get_data(as_text=True)
    assert f'id="{same}"' in page, "a release that changed nothing is listed on the page, and is no news in the feed"
    assert "<b>B</b>" not in page


# Data ----------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_every_dump_holds_the_whole_graph(client: FlaskClient, release: Release, tmp_path: Path) -> None:
    from ess_graph import terms

    whole = set(terms.quads(release.dump))
    assert len(whole) == release.manifest["quads"]
    for suffix in ("trig", "nq", "jsonld"):
        path = tmp_path / f"ess-graph.{suffix}.gz"
        path.write_bytes(got(client, f"/donnees/{release.id}/{path.name}", "application/gzip"))
        assert set(terms.quads(path)) == whole, suffix


def test_checksums_are_those_of_the_files(client: FlaskClient, release: Release) -> None:
    lines = got(client, f"/donnees/{release.id}/SHA256SUMS", "text/plain").decode().splitlines()
    assert len(lines) >= 5
    page = client.get("/donnees", headers=BROWSER).get_data(as_text=True)
    for line in lines:
        digest, name = line.split("  ")
        reply = client.get(f"/donnees/{release.id}/{name}", buffered=True)
        assert hashlib.sha256(reply.data).hexdigest() == digest
        assert reply.headers["ETag"] == f'"{digest}"'
        assert int(reply.headers["Content-Length"]) == len(reply.data)
        assert digest in page


def test_a_download_can_be_taken_up_again(client: FlaskClient) -> None:
    path = "/donnees/ess-graph.nq.gz"
    whole = client.get(path, buffered=True)
    part = client.get(path, headers={"Range": "bytes=1000-", "If-Range": whole.headers["ETag"]}, buffered=True)
    assert part.status_code == 206
    assert part.data == whole.data[1000:]
    with client.get(path, headers={"If-None-Match": whole.headers["ETag"]}) as same:
        assert same.status_code == 304
    with client.head(path) as head:
        assert head.headers["Content-Length"] == str(len(whole.data))


@pytest.mark.parametrize(
    "path",
    ["/donnees/none", "/donnees/../release.json", "/donnees/x/void.ttl", "/donnees/{id}/release.json",
     "/donnees/{id}/..%2f..%2fcurrent", "/donnees/{id}/store"],
)  # fmt: skip
def test_only_what_is_offered_can_be_downloaded(client: FlaskClient, release: Release, path: str) -> None:
    assert client.get(path.format(id=release.id), headers=BROWSER).status_code == 404


def test_a_release_has_an_address(client: FlaskClient, release: Release) -> None:
    reply = client.get(f"/donnees/{release.id}")
    assert reply.status_code == 303
    assert reply.headers["Location"] == f"/donnees#{release.id}"
    assert f'id="{release.id}"' in client.get("/donnees", headers=BROWSER).get_data(as_text=True)


@pytest.mark.slow
def test_all_tables_in_one_file(app: Flask, client: FlaskClient, engine: Engine) -> None:
    for name, separator in (("ess-graph-csv.zip", ","), ("ess-graph-tableur.zip", ";")):
        body = got(client, f"/donnees/{name}", "application/zip")
        with zipfile.ZipFile(io.BytesIO(body)) as packed:
            assert packed.testzip() is None
            found = rows(packed.read("evenement.csv"), separator)
            assert len(found) == len(engine.rows("SELECT ?e { ?e a ess:Evenement }"))
            assert "apostrophe" in packed.read("LISEZ-MOI.txt").decode()
            assert len(packed.namelist()) > 15
        assert body == got(client, f"/donnees/{name}", "application/zip"), "kept"
        assert b"localhost" not in body


def test_void_counts_what_the_graph_holds(client: FlaskClient, engine: Engine, release: Release) -> None:
    graph = Graph().parse(data=got(client, "/.well-known/void", "text/turtle"), format="turtle")
    assert graph.value(DATASET, VOID.triples) == Literal(release.manifest["triples"])
    assert graph.value(DATASET, DCAT.version) == Literal(release.id)
    assert URIRef("http://localhost/sparql") in set(graph.objects(DATASET, VOID.sparqlEndpoint))
    assert len(set(graph.objects(DATASET, VOID.dataDump))) == 3
    (part,) = set(graph.subjects(VOID["class"], ESS.Chiffre))
    assert graph.value(part, VOID.entities) == Literal(len(engine.rows("SELECT ?c { ?c a ess:Chiffre }")))
    inside = {
        graph.value(p, VOID.property): graph.value(p, VOID.triples) for p in graph.objects(part, VOID.propertyPartition)
    }
    assert inside[ESS.precision] == Literal(len(engine.rows("SELECT ?c ?p { ?c a ess:Chiffre ; ess:precision ?p }")))
    label = "SELECT ?l { ess:Chiffre rdfs:label ?l }"
    assert {str(row["l"]) for row in engine.rows(label)} == {
        str(label) for label in graph.objects(ESS.Chiffre, URIRef("http://www.w3.org/2000/01/rdf-schema#label"))
    }
    other = got(client, "/.well-known/void", "application/n-triples", Accept="application/n-triples")
    assert len(Graph().parse(data=other, format="nt")) == len(graph)


def test_dcat_has_what_the_profile_wants(client: FlaskClient) -> None:
    graph = Graph().parse(data=got(client, "/donnees/dcat.ttl", "text/turtle"), format="turtle")
    (catalogue,) = graph.subjects(RDF.type, DCAT.Catalog)
    for node, wanted in (
        (catalogue, (DCTERMS.title, DCTERMS.description, DCTERMS.publisher, DCAT.dataset, DCAT.service)),
        (DATASET, (DCTERMS.title, DCTERMS.description, DCTERMS.publisher, DCTERMS.license, DCAT.theme, DCAT.keyword,
                   DCTERMS.spatial, DCTERMS.accrualPeriodicity, DCTERMS.modified, DCAT.distribution, DCAT.version)),
    ):  # fmt: skip
        for said in wanted:
            assert graph.value(node, said) is not None, (node, said)
    distributions = set(graph.objects(DATASET, DCAT.distribution))
    assert len(distributions) > 5
    for node in distributions:
        address = str(graph.value(node, DCAT.downloadURL))
        assert client.get(address.removeprefix("http://localhost"), buffered=True).status_code == 200, address
        assert graph.value(node, DCTERMS.license) is not None


@pytest.mark.slow
def test_pages_of_the_data_link_to_what_is_there(client: FlaskClient) -> None:
    links: set[str] = set()
    for path in ("/donnees", "/changements", "/mentions-legales", "/accessibilite"):
        for lang in ("fr", "en"):
            text = client.get(f"{path}?lang={lang}", headers=BROWSER, buffered=True).get_data(as_text=True)
            assert f'<html lang="{lang}">' in text
            links |= set(re.findall(r'href="(/[^"#]*)', text))
    # The tables of one language stand for those of both.
    for link in sorted(link.replace("&amp;", "&") for link in links if "lang=en" not in link):
        assert client.get(link, headers=BROWSER, buffered=True).status_code in (200, 303), link


def test_the_publisher_is_named_or_said_to_be_missing(app: Flask, client: FlaskClient, home: Path, root: Path) -> None:
    from ess_graph.settings import Settings
    from ess_graph.web.app import create_app

    assert "non renseigné" in client.get("/mentions-legales", headers=BROWSER).get_data(as_text=True)
    settings = Settings(root=root, home=home, publisher="Association <X>", hosting="Hébergeur Y")
    text = create_app(settings).test_client().get("/mentions-legales", headers=BROWSER).get_data(as_text=True)
    assert "Association &lt;X&gt;" in text
    assert "non renseigné" not in text


# Finding and citing --------------------------------------------------------------------------------------------


def test_the_sitemap_leads_to_every_page_of_a_thing(client: FlaskClient, release: Release) -> None:
    from xml.etree import ElementTree as ET

    name = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
    parts = [e.text or "" for e in ET.fromstring(got(client, "/sitemap.xml", "application/xml")).iter(f"{name}loc")]
    assert parts == ["http://localhost/sitemap-1.xml"]
    tree = ET.fromstring(got(client, "/sitemap-1.xml", "application/xml"))
    found = [e.text or "" for e in tree.iter(f"{name}loc")]
    assert len(found) == len(set(found)) > Index(release.index).size()
    for address in [*found[:12], *found[12::97]]:
        assert client.get(address.removeprefix("http://localhost"), headers=BROWSER, buffered=True).status_code == 200
    assert "Sitemap: http://localhost/sitemap.xml" in got(client, "/robots.txt", "text/plain").decode()
    assert client.get("/sitemap-0.xml").status_code == 404
    assert client.get("/sitemap-2.xml").status_code == 404


@pytest.mark.parametrize("path", ["/", "/page/structure/rtes", "/explorer/structure?page=2", "/sparql?query=ASK%7B%7D"])
def test_a_page_gives_a_link_that_names_its_release(client: FlaskClient, release: Release, path: str) -> None:
    text = client.get(path, headers=BROWSER, buffered=True).get_data(as_text=True)
    cited = re.search(r'<(?:p|span) id="citation"[^>]*>(.*?)</(?:p|span)>', text, re.DOTALL)
    assert cited
    assert f"release={release.id}" in cited[1]
    assert path.partition("?")[0] in cited[1]
    assert f'<meta property="og:url" content="http://localhost{path.partition("?")[0]}">' in text
    for said in ("og:title", "og:description", "og:image", "og:locale"):
        assert re.search(rf'<meta property="{said}" content="[^"]+">', text), said


def test_an_error_is_not_to_be_cited(client: FlaskClient) -> None:
    assert 'id="citation"' not in client.get("/nowhere", headers=BROWSER).get_data(as_text=True)


# Hostile data --------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_hostile_text_stays_text_in_every_export(hostile: Flask) -> None:
    client = hostile.test_client()
    page = client.get("/page/structure/hostile", headers=BROWSER).get_data(as_text=True)
    scripts = re.findall(r"<script[^>]*>(.*?)</script>", page, re.DOTALL)
    said = json.loads(next(script for script in scripts if script))
    assert said["name"] == HOSTILE
    assert all(same.startswith("http") for same in said["sameAs"]), "neither a program nor data"
    assert "<script>alert" not in page.replace("&lt;script&gt;alert", "")
    table = rows(got(client, "/explorer/structure.csv?format=tableur", "text/csv"), ";")
    row = next(row for row in table if row["Identifiant (IRI)"].endswith("/hostile"))
    assert row["Nom"].removeprefix("'") == HOSTILE
    assert all(cell[:1] not in tuple("=+-@\t\r") for row in table for cell in row.values())
    assert any("HYPERLINK" in cell for cell in row.values())
    feed = feedparser.parse(got(client, "/changements.atom", "application/atom+xml"))
    assert not feed.bozo
    compact = got(client, "/data/structure/hostile.jsonld", "application/ld+json")
    nt = got(client, "/data/structure/hostile.nt", "application/n-triples")
    assert triples(compact) == set(Graph().parse(data=nt, format="nt"))
    features(got(client, "/carte.geojson", "application/geo+json"))
    for path in ("/sitemap-1.xml", "/donnees", "/changements", "/evenements.ics", "/.well-known/void"):
        assert client.get(path, headers={"Accept": "*/*"}, buffered=True).status_code == 200


@pytest.mark.slow
def test_hostile_events_and_iris(project: Callable[[], Project]) -> None:
    from ess_graph.web.app import create_app

    made = project()
    made.publish(
        """
        @base <https://w3id.org/ess-graph/> .
        @prefix ess: <https://w3id.org/ess-graph/onto#> .
        @prefix skos: <http://www.w3.org/2004/02/skos/core#> .
        @prefix schema: <https://schema.org/> .
        @prefix dcterms: <http://purl.org/dc/terms/> .
        @prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
        <graph/registre> {
          <id/evenement/e> a ess:Evenement ; schema:startDate "2020-01-02"^^xsd:date ;
            skos:prefLabel "x\\r\\nEND:VCALENDAR\\r\\nBEGIN:VEVENT;,\\\\\\u0000\\u0007\\u202E"@fr ;
            dcterms:description "a\\nb; c, d"@fr ; dcterms:relation <org:evil> , <id:x> .
          <id/evenement/long> a ess:Evenement ; schema:startDate "2020-01-02"^^xsd:date ;
            skos:prefLabel "%s"@fr .
        }"""
        % ("é" * 100_000)
    )
    client = create_app(made.settings).test_client()
    entries = calendar(client)
    assert len(entries) == 2
    assert str(entries[str(ID["evenement/e"])]["summary"]).startswith("x\nEND:VCALENDAR\nBEGIN:VEVENT;,\\")
    assert len(str(entries[str(ID["evenement/long"])]["summary"])) == 100_000
    compact = got(client, "/data/evenement/e.jsonld", "application/ld+json")
    values = {value for _, said, value in triples(compact) if said == DCTERMS.relation}
    assert values == {URIRef("org:evil"), URIRef("id:x")}, "an IRI is never taken for a short name"


def test_a_strange_host_gets_only_its_own_links(client: FlaskClient, home: Path) -> None:
    got(client, "/evenements.ics", "text/calendar", Host="evil.example")
    assert b"evil.example" not in got(client, "/evenements.ics", "text/calendar")
    got(client, "/.well-known/void", "text/turtle", Host="evil.example")
    assert b"evil.example" not in got(client, "/.well-known/void", "text/turtle")
    assert releases.current(home)
