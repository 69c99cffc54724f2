"""Writes over HTTP: in place on anybody's data, and by way of the journal on a project's."""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from ess_graph import terms
from ess_graph.build import fold, journal, release
from ess_graph.build.recipe import Recipe
from ess_graph.engine.local import LocalBackend
from ess_graph.settings import Settings
from ess_graph.web.app import create_app
from ess_graph.web.tokens import AuditLog
from web.serving import ROOT, Project

JSON = {"Accept": "application/sparql-results+json"}
UPDATE = "application/sparql-update"
GRAPH = "https://w3id.org/ess-graph/graph/"
TOKEN = "correct horse battery staple"
DATA = """
@base <https://w3id.org/ess-graph/> .
@prefix ess: <https://w3id.org/ess-graph/onto#> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix org: <http://www.w3.org/ns/org#> .
# A comment that must survive.
<graph/registre> {
 <id/structure/une> a ess:Structure ;
   skos:prefLabel "Une structure"@fr .

 <id/structure/autre> a ess:Structure ;
   skos:prefLabel "Une autre"@fr .
}
"""
_SHAPE = """
@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix ess: <https://w3id.org/ess-graph/onto#> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
<urn:shape:named> a sh:NodeShape ; sh:targetClass ess:Structure ; sh:property <urn:shape:named/label> .
<urn:shape:named/label> sh:path skos:prefLabel ; sh:minCount 1 ; sh:message "Donnez un nom."@fr, "Give it a name."@en .
"""

Writer = Callable[..., TestResponse]


def token_file(folder: Path) -> Path:
    path = folder / "tokens"
    path.write_text(f"another\n{TOKEN}", encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """An endpoint over no data at all, where everything can be written."""
    folder = tmp_path_factory.mktemp("plain")
    empty = folder / "empty.nq"
    empty.touch()
    recipe = Recipe(ROOT, (empty,), union=False, with_inference=False, with_validation=False)
    release.make(recipe, folder / "home", LocalBackend())
    made = create_app(
        Settings(root=ROOT, home=folder / "home", token_file=token_file(folder), query_timeout=5), recipe=recipe
    )
    yield made
    made.extensions["ess_graph"].workers.close()


@pytest.fixture
def store(plain: Flask) -> FlaskClient:
    client = plain.test_client()
    assert write(client, "DROP ALL").status_code == 200
    return client


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    made = Project(tmp_path / "project")
    (made.root / "shapes" / "core.ttl").write_text(_SHAPE, encoding="utf-8")
    made.publish(DATA)
    yield made


@pytest.fixture
def site(project: Project, tmp_path: Path) -> Iterator[FlaskClient]:
    made = create_app(replace(project.settings, token_file=token_file(tmp_path)))
    yield made.test_client()
    made.extensions["ess_graph"].workers.close()


def write(client: FlaskClient, text: str, token: str | None = TOKEN, **options: object) -> TestResponse:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return client.post("/update", data=text.encode(), content_type=UPDATE, headers=headers, **options)  # type: ignore[arg-type]


def ask(client: FlaskClient, pattern: str) -> bool:
    reply = client.get("/sparql", query_string={"query": f"ASK {{ {pattern} }}"}, headers=JSON)
    assert reply.json is not None
    return bool(reply.json["boolean"])


def test_a_write_is_seen_at_once_by_queries_pages_and_exports(store: FlaskClient) -> None:
    reply = write(
        store, "INSERT DATA { <urn:s> <urn:p> 1 . <id/structure/x> a ess:Structure ; skos:prefLabel 'Xyz'@fr }"
    )
    assert reply.status_code == 200
    assert ask(store, "<urn:s> <urn:p> 1")
    assert "Xyz" in store.get("/page/structure/x").get_data(as_text=True)
    assert "Xyz" in store.get("/recherche?q=xyz").get_data(as_text=True)
    write(store, "DELETE WHERE { <id/structure/x> ?p ?o }")
    assert store.get("/page/structure/x").status_code == 404


def test_an_update_comes_as_a_form_too(store: FlaskClient) -> None:
    sent = {"update": 'INSERT DATA { <urn:s> <urn:p> "Ω 100%25 a+b" }'}
    assert store.post("/update", data=sent, headers={"Authorization": f"Bearer {TOKEN}"}).status_code == 200
    assert ask(store, '<urn:s> <urn:p> "Ω 100%25 a+b"')


def test_who_may_write(plain: Flask, app: Flask) -> None:
    client = plain.test_client()
    insert = "INSERT DATA { <urn:s> <urn:who> 1 }"
    assert write(app.test_client(), insert).status_code == 403  # no token is configured there
    missing = write(client, insert, token=None)
    assert missing.status_code == 401
    assert "Bearer" in missing.headers["WWW-Authenticate"]
    assert client.put("/graphs?default", data="<urn:s> <urn:who> 1 .", content_type="text/turtle").status_code == 401
    for wrong in ("wrong", TOKEN.upper(), TOKEN[:-1], "", "é"):
        assert write(client, insert, token=wrong).status_code == 401
    for scheme in ("Basic", "Token"):
        sent = {"Authorization": f"{scheme} {TOKEN}"}
        assert client.post("/update", data=insert, content_type=UPDATE, headers=sent).status_code == 401
    assert not ask(client, "<urn:s> <urn:who> 1")


def test_guessing_is_slowed_down(plain: Flask) -> None:
    client = plain.test_client()
    guesses = [
        write(client, "CLEAR ALL", token=f"guess {n}", environ_base={"REMOTE_ADDR": "192.0.2.9"}) for n in range(12)
    ]
    assert [reply.status_code for reply in guesses] == [401] * 10 + [429] * 2
    assert int(guesses[-1].headers["Retry-After"]) > 0
    assert write(client, "INSERT DATA {}").status_code == 200  # of another client


def test_tokens_change_without_a_restart(tmp_path: Path, plain: Flask) -> None:
    path = tmp_path / "tokens"
    path.write_text("first\n", encoding="utf-8")
    own = plain.extensions["ess_graph"].settings
    made = create_app(replace(own, token_file=path), recipe=Recipe(ROOT, (), union=False))
    client = made.test_client()
    assert write(client, "INSERT DATA {}", token="first").status_code == 200
    path.write_text("second\r\n\r\n", encoding="utf-8")
    os.utime(path, ns=(1, 1))
    assert write(client, "INSERT DATA {}", token="first").status_code == 401
    assert write(client, "INSERT DATA {}", token="second").status_code == 200
    path.unlink()
    assert write(client, "INSERT DATA {}", token="second").status_code == 403
    made.extensions["ess_graph"].workers.close()


def test_each_attempt_is_in_the_audit_log(plain: Flask, store: FlaskClient) -> None:
    write(store, "INSERT DATA { <urn:secret> <urn:p> 1 }")
    write(store, "NONSENSE")
    write(store, "CLEAR ALL", token="wrong one")
    log = plain.extensions["ess_graph"].settings.home / "audit.jsonl"
    done, malformed, refused = (json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()[-3:])
    assert (done["status"], malformed["status"], refused["status"]) == (200, 400, 401)
    assert done["who"] == malformed["who"] and refused["who"] is None
    assert "INSERT" in done["what"] and done["release"]
    # Who, when, what: neither a token nor what was written.
    assert TOKEN not in log.read_text(encoding="utf-8")
    assert "urn:secret" not in json.dumps(done)


def test_behind_a_proxy_each_client_has_its_own_count_and_its_own_address_in_the_log(plain: Flask) -> None:
    settings = plain.extensions["ess_graph"].settings
    client = create_app(replace(settings, proxies=1)).test_client()

    def guess(passed: str) -> int:
        said = {"HTTP_X_FORWARDED_FOR": passed}
        return write(client, "INSERT DATA {}", token="guess", environ_overrides=said).status_code

    assert [guess(f"203.0.113.{n}, 198.51.100.1") for n in range(11)] == [401] * 10 + [429]
    assert guess("198.51.100.2") == 401
    lines = (settings.home / "audit.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["from"] for line in lines[-2:]] == ["198.51.100.1", "198.51.100.2"]


def test_a_write_is_not_called_failed_because_its_note_is(
    plain: Flask, tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with plain.test_request_context("/update"):
        AuditLog(tmp_path / "audit.jsonl").note("abc", "INSERT DATA", 200)
    assert "No space left" in caplog.text
    assert '"who": "abc"' in caplog.text


@pytest.mark.parametrize(
    ("update", "holds"),
    [
        ("PREFIX a: <urn:a:> INSERT DATA { a:s a:p 1 } ;\nPREFIX a: <urn:b:> INSERT DATA { a:s a:p 2 } ;",
         "<urn:a:s> <urn:a:p> 1 . <urn:b:s> <urn:b:p> 2"),
        ("INSERT DATA { <urn:s> <urn:p> 1 } ; INSERT { <urn:t> <urn:q> ?o } WHERE { <urn:s> <urn:p> ?o } # ; CLEAR ALL",
         "<urn:t> <urn:q> 1"),
        ("INSERT DATA { <urn:s> <urn:p> 'a;b', \"}\" } ; CLEAR SILENT GRAPH <urn:none>", "<urn:s> <urn:p> 'a;b', '}'"),
        ("INSERT { <urn:s> <urn:p> ?x } WHERE { BIND(<urn:nowhere/f>(1) AS ?y) BIND(2 AS ?x) }", "<urn:s> <urn:p> 2"),
        ("", ""),
    ],
)  # fmt: skip
def test_what_the_engine_alone_would_not_take(store: FlaskClient, update: str, holds: str) -> None:
    reply = write(store, update)
    assert reply.status_code == 200, reply.json
    assert ask(store, holds)


def test_a_dataset_for_the_where(store: FlaskClient) -> None:
    write(
        store,
        "INSERT DATA { <urn:s> <urn:p> 0 . GRAPH <urn:a> { <urn:s> <urn:p> 1 } GRAPH <urn:b> { <urn:s> <urn:p> 2 } }",
    )
    reply = write(
        store, "INSERT { <urn:t> <urn:q> ?v } WHERE { ?s <urn:p> ?v }", query_string={"using-graph-uri": "urn:a"}
    )
    assert reply.status_code == 200
    assert ask(store, "<urn:t> <urn:q> 1 FILTER NOT EXISTS { <urn:t> <urn:q> 0, 2 }")
    write(store, "DELETE WHERE { ?s <urn:p> ?v }", query_string={"using-graph-uri": "urn:b"})
    assert ask(store, "<urn:s> <urn:p> 0")  # only 2 was asked to go, and it is not in the default graph
    both = write(
        store, "DELETE { ?s ?p ?o } USING <urn:a> WHERE { ?s ?p ?o }", query_string={"using-graph-uri": "urn:b"}
    )
    assert both.status_code == 400
    hostile = write(store, "DELETE { ?s ?p ?o } WHERE { ?s ?p ?o }", query_string={"using-graph-uri": "x> <urn:y"})
    assert hostile.status_code == 400


@pytest.mark.parametrize(
    "update",
    [
        "INSERT DATA { <urn:s> <urn:p> 1 } ; NONSENSE",
        "INSERT DATA { <urn:s> <urn:p> 1 } ; INSERT DATA { <urn:s> <urn:p> }",
        "INSERT DATA { <urn:s> <urn:p> 1 } ; LOAD <http://127.0.0.1:1/>",
        "INSERT DATA { <urn:s> <urn:p> 1 } ; CREATE GRAPH <urn:g> ; CREATE GRAPH <urn:g>",
        "INSERT DATA { <urn:s> <urn:p> 1 } ; INSERT { ?s ?p ?o } WHERE { SERVICE <http://127.0.0.1:1/> { ?s ?p ?o } }",
        "INSERT DATA { _:b <urn:p> 1 } ; INSERT DATA { _:b <urn:p> 2 }",
        "ASK {}",
        "SELECT * { ?s ?p ?o }",
    ],
)
def test_a_refused_update_changes_nothing(store: FlaskClient, update: str) -> None:
    write(store, "INSERT DATA { <urn:kept> <urn:p> 1 }")
    reply = write(store, update)
    assert reply.status_code == 400
    assert reply.mimetype == "application/problem+json"
    assert ask(store, "<urn:kept> <urn:p> 1 FILTER NOT EXISTS { <urn:s> <urn:p> 1 }")


def test_an_update_that_takes_too_long_is_stopped_and_leaves_nothing(store: FlaskClient) -> None:
    write(store, "INSERT DATA { " + " ".join(f"<urn:s{n}> <urn:p> {n} ." for n in range(300)) + " }")
    endless = "INSERT { ?a <urn:q> ?f } WHERE { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l FILTER(?c < ?f && ?f < ?i) }"
    reply = write(store, f"INSERT DATA {{ <urn:half> <urn:p> 1 }} ; {endless}", query_string={"timeout": "1"})
    assert reply.status_code == 503
    assert reply.json is not None and reply.json["limit"] == "time"
    assert not ask(store, "<urn:half> ?p ?o")
    assert write(store, "INSERT DATA { <urn:next> <urn:p> 1 }").status_code == 200
    assert ask(store, "<urn:next> <urn:p> 1 . <urn:s299> <urn:p> 299")


def test_the_graph_store(store: FlaskClient) -> None:
    bearer = {"Authorization": f"Bearer {TOKEN}"}
    at = {"graph": "http://example.org/g"}
    turtle = "text/turtle"
    assert store.get("/graphs", query_string=at).status_code == 404
    made = store.put("/graphs", query_string=at, data="<s> <urn:p> 'x' .", content_type=turtle, headers=bearer)
    assert made.status_code == 201
    again = store.put("/graphs", query_string=at, data="<t> <urn:p> 'y' .", content_type=turtle, headers=bearer)
    assert again.status_code == 200
    more = '{"@id": "http://example.org/u", "urn:p": "z"}'
    store.post("/graphs", query_string=at, data=more, content_type="application/ld+json", headers=bearer)
    read = store.get("/graphs", query_string=at, headers={"Accept": "application/n-triples"})
    assert sorted(read.get_data(as_text=True).splitlines()) == [
        '<http://example.org/t> <urn:p> "y" .', '<http://example.org/u> <urn:p> "z" .',
    ]  # fmt: skip
    assert (
        store.get(
            "/graphs",
            query_string=at,
            headers={"If-None-Match": read.headers["ETag"], "Accept": "application/n-triples"},
        ).status_code
        == 304
    )
    assert store.get("/graphs?default", headers={"Accept": "application/n-triples"}).data == b""
    broken = store.put("/graphs", query_string=at, data="<t> <urn:p> .", content_type=turtle, headers=bearer)
    assert broken.status_code == 400
    assert ask(store, "GRAPH <http://example.org/g> { <http://example.org/t> ?p ?o }")
    assert store.delete("/graphs", query_string=at, headers=bearer).status_code == 200
    assert store.delete("/graphs", query_string=at, headers=bearer).status_code == 404
    assert store.get("/graphs", query_string=at).status_code == 404


@pytest.mark.parametrize(
    "address", ["/graphs", "/graphs?default&graph=urn:g", "/graphs?graph=relative", "/graphs?graph="]
)
def test_a_graph_is_named_once_and_whole(store: FlaskClient, address: str) -> None:
    assert store.get(address).status_code == 400


def test_an_answer_is_compressed_for_those_who_ask(app: Flask) -> None:
    client = app.test_client()
    asked = {"query": "SELECT * { ?s a ess:Collectivite ; skos:prefLabel ?n }"}
    plain = client.get("/sparql", query_string=asked, headers=JSON)
    packed = client.get("/sparql", query_string=asked, headers={**JSON, "Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.data) == plain.data
    assert len(packed.data) < len(plain.data) / 3
    # Strong validators stand for bytes, so they differ.
    assert packed.headers["ETag"] != plain.headers["ETag"]
    assert "Accept-Encoding" in packed.headers["Vary"]
    kept = {**JSON, "Accept-Encoding": "gzip", "If-None-Match": packed.headers["ETag"]}
    assert client.get("/sparql", query_string=asked, headers=kept).status_code == 304
    refused = client.get("/sparql", query_string=asked, headers={**JSON, "Accept-Encoding": "gzip;q=0"})
    assert "Content-Encoding" not in refused.headers
    page = client.get("/", headers={"Accept-Encoding": "gzip, br"})
    assert b"</html>" in gzip.decompress(page.data)


# -- a project -------------------------------------------------------------
@pytest.mark.slow
def test_a_write_is_kept_inferred_and_survives_a_build(site: FlaskClient, project: Project) -> None:
    first = site.get("/sante").get_json()["release"]
    insert = (
        "INSERT DATA { GRAPH <graph/registre> { <id/structure/neuve> a ess:Structure ; skos:prefLabel 'Neuve'@fr ;"
        " schema:value 1.50, '01'^^xsd:integer } }"
    )
    reply = write(site, insert)
    assert reply.status_code == 200, reply.json
    assert reply.json is not None and reply.json["added"] == 4
    assert ask(site, "<id/structure/neuve> a org:Organization")  # inferred
    assert "Neuve" in site.get("/page/structure/neuve").get_data(as_text=True)
    assert "Neuve" in site.get("/recherche?q=neuve").get_data(as_text=True)
    # What was published before can still be asked.
    old = site.get(
        "/sparql", query_string={"query": "ASK { <id/structure/neuve> ?p ?o }", "release": first}, headers=JSON
    )
    assert old.get_json()["boolean"] is False
    assert site.get("/page/structure/neuve", query_string={"release": first}).status_code == 404
    assert site.get("/sparql", query_string={"query": "ASK {}", "release": "../.."}, headers=JSON).status_code == 404

    built = release.build(project.root, project.home, LocalBackend(), force=True)
    assert "1.50" in built.dump.read_text(encoding="utf-8") and '"01"' in built.dump.read_text(encoding="utf-8")

    changed = fold.fold(project.root, project.home)
    assert changed == ["data/data.trig"]
    text = (project.root / "data" / "data.trig").read_text(encoding="utf-8")
    assert text.startswith(DATA.rpartition("}")[0].rstrip())  # what was there stays as it was, to the letter
    assert "Neuve" in text and "1.50" in text
    assert journal.listed(project.home) == []
    assert terms_of(release.build(project.root, project.home, LocalBackend())) == terms_of(built)


def terms_of(made: release.Release) -> set[str]:
    return {terms.nquad(quad) for quad in terms.quads(made.dump)}


@pytest.mark.slow
def test_statements_go_however_they_are_spelled(site: FlaskClient, project: Project) -> None:
    write(site, "INSERT DATA { GRAPH <graph/registre> { <id/structure/une> schema:value 1.50 } }")
    reply = write(site, "DELETE DATA { GRAPH <graph/registre> { <id/structure/une> schema:value 1.5 } }")
    assert reply.get_json()["removed"] == 1
    assert not ask(site, "<id/structure/une> schema:value ?x")
    fold.fold(project.root, project.home)
    assert (project.root / "data" / "data.trig").read_text(encoding="utf-8") == DATA


@pytest.mark.slow
def test_an_invalid_result_is_refused_with_the_report(site: FlaskClient, project: Project) -> None:
    before = site.get("/sante").get_json()
    reply = write(site, "DELETE WHERE { GRAPH <graph/registre> { <id/structure/une> skos:prefLabel ?n } }")
    assert reply.status_code == 422
    assert "Donnez un nom." in reply.get_json()["detail"]
    (finding,) = reply.get_json()["report"]["findings"]
    assert finding["focus"].endswith("id/structure/une")
    assert site.get("/sante").get_json() == before
    assert journal.listed(project.home) == []
    blank = write(site, "INSERT DATA { GRAPH <graph/registre> { [] a ess:Structure ; skos:prefLabel 'Sans nom'@fr } }")
    assert blank.status_code == 422 and "IRI" in blank.get_json()["detail"]


@pytest.mark.slow
@pytest.mark.parametrize(
    "update",
    [
        "INSERT DATA { <urn:s> <urn:p> 1 }",
        "DELETE DATA { <id/structure/une> a ess:Structure }",
        "DELETE WHERE { ?s ?p ?o }",
        "DELETE { ?s ?p ?o } INSERT { GRAPH <graph/registre> { ?s ?p ?o } } WHERE { GRAPH ?g { ?s ?p ?o } }",
        "CLEAR DEFAULT", "CLEAR ALL", "DROP ALL", "DROP NAMED", "CLEAR SILENT NAMED",
        "DROP GRAPH <graph/inferences>", "CLEAR GRAPH <https://w3id.org/ess-graph/graph/voc>",
        "PREFIX g: <graph/> CREATE SILENT GRAPH g:liens",
        "COPY <graph/registre> TO DEFAULT", "MOVE DEFAULT TO <graph/registre>", "ADD <graph/registre> TO <graph/voc>",
        "WITH <graph/inferences> DELETE { ?s ?p ?o } WHERE { ?s ?p ?o }",
        "INSERT DATA { GRAPH <graph/sources> { <urn:s> <urn:p> 1 } }",
        "INSERT { GRAPH ?g { <urn:s> <urn:p> 1 } } WHERE { BIND(<graph/inferences> AS ?g) }",
        "INSERT DATA { GRAPH <graph/registre> { <urn:s> <urn:p> 1 } } ; CLEAR DEFAULT",
    ],
)  # fmt: skip
def test_what_is_derived_is_not_written(shared_site: FlaskClient, update: str) -> None:
    reply = write(shared_site, update)
    assert reply.status_code == 403, reply.json
    assert "name a" in reply.get_json()["detail"]


@pytest.fixture(scope="module")
def shared_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FlaskClient]:
    folder = tmp_path_factory.mktemp("shared")
    made = Project(folder / "project")
    made.publish(DATA)
    app = create_app(replace(made.settings, token_file=token_file(folder)))
    yield app.test_client()
    app.extensions["ess_graph"].workers.close()


@pytest.mark.slow
def test_the_graph_store_of_a_project(shared_site: FlaskClient) -> None:
    bearer = {"Authorization": f"Bearer {TOKEN}"}
    for address in ("/graphs?default", f"/graphs?graph={GRAPH}inferences", f"/graphs?graph={GRAPH}voc"):
        reply = shared_site.put(address, data="<urn:s> <urn:p> 1 .", content_type="text/turtle", headers=bearer)
        assert reply.status_code == 403
        assert shared_site.get(address).status_code == 200
    assert (
        shared_site.post("/graphs", data="<urn:s> <urn:p> 1 .", content_type="text/turtle", headers=bearer).status_code
        == 400
    )


@pytest.mark.slow
def test_the_where_of_an_update_reads_asserted_graphs_only(shared_site: FlaskClient) -> None:
    """Else what a rule derived would be asserted, and stay when its reason goes."""
    assert ask(shared_site, "<id/structure/une> a org:Organization")
    copied = write(
        shared_site,
        "INSERT { GRAPH <graph/registre> { ?s <urn:kind> ?c } } WHERE { ?s a org:Organization . BIND(1 AS ?c) }",
    )
    assert copied.get_json()["added"] == 0


def test_a_person_can_be_taken_out_of_the_journal(tmp_path: Path) -> None:
    person, other = "https://w3id.org/ess-graph/id/personne/x", "https://w3id.org/ess-graph/id/structure/une"
    quads = list(
        terms.from_nquads(
            f'<{person}> <urn:name> "X" <{GRAPH}registre> .\n<{other}> <urn:knows> <{person}> <{GRAPH}registre> .\n'
            f'<{other}> <urn:name> "Une" <{GRAPH}registre> .\n'
        )
    )
    journal.keep(tmp_path, journal.new(tmp_path, "who", "what", [], quads))
    journal.keep(tmp_path, journal.new(tmp_path, "who", "what", quads[:1], []))
    assert journal.forget(tmp_path, [person]) == 3
    kept = journal.listed(tmp_path)
    assert [len(entry.added) for entry in kept] == [1, 0]
    assert not any(person in path.read_text(encoding="utf-8") for path in journal.folder(tmp_path).iterdir())


def test_a_journal_that_is_cut_off_is_said(tmp_path: Path) -> None:
    entry = journal.new(tmp_path, "who", "what", [], [])
    journal.keep(tmp_path, entry)
    (path,) = journal.folder(tmp_path).iterdir()
    path.write_text(path.read_text(encoding="utf-8")[:-3], encoding="utf-8")
    with pytest.raises(Exception, match="cut off"):
        journal.listed(tmp_path)
