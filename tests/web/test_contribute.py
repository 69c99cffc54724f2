"""The desk at ``/contribuer``: who gets in, what people decide about links and reports, and ways around it."""

from __future__ import annotations

import csv
import json
import os
import re
import sqlite3
import stat
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from click.testing import CliRunner
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from ess_graph.build.recipe import Recipe
from ess_graph.cli import main
from ess_graph.judgements import DIFFERENT, FILE, SAME, Judgement, Judgements
from ess_graph.link.decoupage import facts
from ess_graph.link.match import Matcher
from ess_graph.link.registry import Registry, Source
from ess_graph.link.units import Query
from ess_graph.proposals import Case, Known, Proposals, Proposed
from ess_graph.releases import Release
from ess_graph.reports import Queue
from ess_graph.settings import Settings
from ess_graph.web.app import create_app
from ess_graph.web.desk import COOKIE
from ess_graph.web.reasons import reason
from web.serving import ROOT, Project
from web.test_pages import BROWSER, REGION, Page

CASES = Path(__file__).parents[1] / "cases"
TOKEN = "correct horse battery staple"
DENIS, NEVERS = "id/territoire/commune-saint-denis", "id/collectivite/ville-de-nevers"
HOSTILE = "<script>alert(1)</script>\x1b[2J\u202e =1+1 {{7*7}}"
Get = Callable[..., Page]


def candidate(code: str, **more: object) -> Proposed:
    return Proposed(f"insee:commune:{code}", f"Saint-Denis {code}", "commune", "same name", "Saint-Denis", insee=code,
                    **more)  # type: ignore[arg-type]  # fmt: skip


PROPOSALS = Proposals(
    "2026-11-22",
    ("Découpage administratif (2026)",),
    (
        Case(
            DENIS, ("Saint-Denis", "Saint Denis"), True, "commune", "", "",
            "others have this name: Saint-Denis (93066)",
            (
                candidate("97411", population=155634, departements=("974 La Réunion",), postcodes=("97400",)),
                candidate("93066", names=(Known("Pierrefitte", "delegated", "2024-12-31"),),
                          evidence=("département 93",), against=("it lies in département 93, not 67",)),
            ),
        ),
        Case(NEVERS, ("Ville de Nevers",), False, "commune", "", "", "only a slip of the keyboard",
             (Proposed("siren:215801945", "Nevers", "commune", "a slip of the keyboard", "Nevers"),)),
    ),
)  # fmt: skip


@pytest.fixture
def settings(release: Release, tmp_path: Path) -> Settings:
    """A project with nothing but judgements, and a home of its own over the session's release."""
    home = tmp_path / "home"
    home.mkdir()
    (home / "current").symlink_to(release.folder)
    PROPOSALS.write(home)
    (tmp_path / "tokens").write_text(f"another\n{TOKEN}", encoding="utf-8")
    sources = ROOT.parent / "shared" / "sources"
    return Settings(
        root=tmp_path, home=home, token_file=tmp_path / "tokens", sources=sources if sources.is_dir() else None
    )


@pytest.fixture
def desk(settings: Settings) -> Flask:
    return create_app(settings, recipe=Recipe(ROOT))


@pytest.fixture
def store(settings: Settings) -> Callable[[], Judgements]:
    return lambda: Judgements(settings.root / FILE)


def key_of(reply: TestResponse) -> str:
    found = re.search(r'name="cle" value="([0-9a-f]+)"', reply.get_data(as_text=True))
    assert found, "every form has a key"
    return found[1]


def signed_in(app: Flask) -> FlaskClient:
    client = app.test_client()
    key = key_of(client.get("/contribuer", headers=BROWSER))
    reply = client.post("/contribuer/entrer", data={"jeton": TOKEN, "cle": key}, headers=BROWSER)
    assert reply.status_code == 303, reply.get_data(as_text=True)
    return client


@pytest.fixture
def curator(desk: Flask) -> FlaskClient:
    return signed_in(desk)


def form_of(client: FlaskClient, path: str, which: int = 0) -> dict[str, str]:
    """The hidden fields of a form that decides."""
    text = client.get(path, headers=BROWSER).get_data(as_text=True)
    forms = re.findall(r'<form class="report-form decide".*?</form>', text, re.S)
    return dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', forms[which]))


def decide(client: FlaskClient, ours: str = DENIS, which: int = 0, **said: str) -> TestResponse:
    path = f"/contribuer/liens/{ours}"
    form = {**form_of(client, path, which), "decision": SAME, "qui": "Jeanne", "note": "", **said}
    return client.post(path, data=form, headers=BROWSER)


# -- who gets in -----------------------------------------------------------
@pytest.mark.parametrize(
    "path", ["/contribuer", "/contribuer/liens", f"/contribuer/liens/{DENIS}", "/contribuer/signalements/1"]
)
def test_without_a_configured_token_nobody_gets_in(client: FlaskClient, path: str) -> None:
    for method in (client.get, client.post) if path.endswith(("denis", "1")) else (client.get,):
        reply = method(path, headers={**BROWSER, "Accept-Language": "fr"})
        assert reply.status_code == 403
        assert "signaler une erreur" in reply.get_data(as_text=True)
        machine = method(path, headers={"Authorization": f"Bearer {TOKEN}"})
        assert (machine.status_code, machine.mimetype) == (403, "application/problem+json")


def test_anybodys_files_have_no_desk(tmp_path: Path, release: Release) -> None:
    (tmp_path / "current").symlink_to(release.folder)
    (tmp_path / "tokens").write_text(TOKEN, encoding="utf-8")
    plain = create_app(Settings(root=ROOT, home=tmp_path, token_file=tmp_path / "tokens"), recipe=Recipe(ROOT, ()))
    assert plain.test_client().get("/contribuer", headers=BROWSER).status_code == 404


def test_a_wrong_token_is_told_and_guessing_is_stopped(desk: Flask, settings: Settings) -> None:
    client = desk.test_client()
    first = client.get("/contribuer", headers={**BROWSER, "Accept-Language": "fr"})
    assert first.status_code == 401 and first.headers["WWW-Authenticate"].startswith("Bearer")
    form = {"jeton": "wrong", "cle": key_of(first)}
    replies = [client.post("/contribuer/entrer", data=form, headers=BROWSER) for _ in range(12)]
    assert [reply.status_code for reply in replies] == [401] * 10 + [429] * 2
    assert "n’est pas le bon" in replies[0].get_data(as_text=True)
    assert int(replies[-1].headers["Retry-After"]) > 0
    assert client.get("/contribuer/liens", headers=BROWSER).status_code == 401
    log = (settings.home / "audit.jsonl").read_text(encoding="utf-8")
    assert log.count("sign in") == 12 and "wrong" not in log
    # A good token is good all the same.
    assert client.post("/contribuer/entrer", data={**form, "jeton": TOKEN}, headers=BROWSER).status_code == 303


def test_a_program_is_told_as_programs_are(desk: Flask) -> None:
    client = desk.test_client()
    reply = client.get("/contribuer/liens")
    assert (reply.status_code, reply.mimetype) == (401, "application/problem+json")
    assert "Set-Cookie" not in reply.headers
    assert client.get("/contribuer/liens", headers={"Authorization": "Bearer wrong"}).status_code == 401
    assert client.get("/contribuer/liens", headers={"Authorization": f"Bearer {TOKEN}"}).status_code == 200


def test_a_program_decides_with_its_token_alone(desk: Flask, store: Callable[[], Judgements]) -> None:
    said = {"paire": "siren:215801945", "decision": SAME, "qui": "Jeanne"}
    bearer = {"Authorization": f"Bearer {TOKEN}"}
    assert desk.test_client().post(f"/contribuer/liens/{NEVERS}", data=said, headers=bearer).status_code == 303
    assert [j.theirs for j in store()] == ["siren:215801945"]


def test_the_cookie_is_for_this_page_alone_and_holds_no_token(desk: Flask, settings: Settings) -> None:
    client = desk.test_client()
    key = key_of(client.get("/contribuer", headers=BROWSER, base_url="https://graph.example"))
    reply = client.post(
        "/contribuer/entrer", data={"jeton": TOKEN, "cle": key, "suite": "/contribuer/liens"}, headers=BROWSER,
        base_url="https://graph.example",
    )  # fmt: skip
    assert reply.headers["Location"] == "/contribuer/liens"
    cookie = reply.headers["Set-Cookie"]
    for flag in ("HttpOnly", "SameSite=Strict", "Path=/contribuer", "Secure", "Max-Age=28800"):
        assert flag in cookie
    assert TOKEN not in cookie
    kept = settings.home / "sessions.sqlite"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert TOKEN.encode() not in kept.read_bytes() and cookie.partition("=")[2][:40].encode() not in kept.read_bytes()


@pytest.mark.parametrize(("proxies", "secure"), [(1, True), (0, False)])
def test_the_cookie_is_secure_where_a_known_proxy_says_https(settings: Settings, proxies: int, secure: bool) -> None:
    client = create_app(replace(settings, proxies=proxies), recipe=Recipe(ROOT)).test_client()
    key = key_of(client.get("/contribuer", headers=BROWSER))
    said = {**BROWSER, "X-Forwarded-Proto": "https", "X-Forwarded-For": "192.0.2.1"}
    reply = client.post("/contribuer/entrer", data={"jeton": TOKEN, "cle": key}, headers=said)
    assert reply.status_code == 303
    assert ("Secure" in reply.headers["Set-Cookie"]) is secure


def test_signing_in_keeps_the_language(desk: Flask) -> None:
    client = desk.test_client()
    door = client.get("/contribuer/signalements?lang=en", headers=BROWSER)
    [action] = re.findall(r'action="(/contribuer/entrer[^"]*)" method="post"', door.get_data(as_text=True))
    form = {"jeton": TOKEN, "cle": key_of(door), "suite": "/contribuer/signalements"}
    assert client.post(action, data=form, headers=BROWSER).headers["Location"] == "/contribuer/signalements?lang=en"


@pytest.mark.parametrize(
    "wanted", ["//evil.example", "https://evil.example/contribuer", "/contribuer//../..", "/", "x"]
)
def test_signing_in_leads_nowhere_else(desk: Flask, wanted: str) -> None:
    client = desk.test_client()
    form = {"jeton": TOKEN, "cle": key_of(client.get("/contribuer", headers=BROWSER)), "suite": wanted}
    location = urlsplit(client.post("/contribuer/entrer", data=form, headers=BROWSER).headers["Location"])
    assert (
        location.netloc in ("", "localhost") and location.path.startswith("/contribuer") and ".." not in location.path
    )


def test_a_session_ends_by_time_by_the_token_and_by_the_reader(desk: Flask, settings: Settings) -> None:
    client = signed_in(desk)
    form = form_of(client, f"/contribuer/liens/{DENIS}")
    tokens = (settings.root / "tokens").read_text(encoding="utf-8")
    (settings.root / "tokens").write_text("a token that is new", encoding="utf-8")
    assert client.get("/contribuer", headers=BROWSER).status_code == 401
    (settings.root / "tokens").write_text(tokens, encoding="utf-8")
    assert client.get("/contribuer", headers=BROWSER).status_code == 200
    with sqlite3.connect(settings.home / "sessions.sqlite") as file:
        file.execute("UPDATE session SET ends = 1")
    file.close()
    late = client.post(
        f"/contribuer/liens/{DENIS}", data={**form, "decision": SAME, "qui": "Jeanne"},
        headers={**BROWSER, "Accept-Language": "fr"},
    )  # fmt: skip
    assert late.status_code == 401 and "pris fin" in late.get_data(as_text=True)
    assert not list(Judgements(settings.root / FILE))

    client = signed_in(desk)
    stolen = client.get_cookie(COOKIE, path="/contribuer")
    assert stolen is not None
    key = key_of(client.get("/contribuer", headers=BROWSER))
    assert client.post("/contribuer/sortir", data={"cle": key}, headers=BROWSER).status_code == 303
    assert client.get("/contribuer", headers=BROWSER).status_code == 401
    thief = desk.test_client()
    thief.set_cookie(COOKIE, stolen.value, path="/contribuer")
    assert thief.get("/contribuer", headers=BROWSER).status_code == 401


def test_a_name_that_somebody_put_into_the_browser_is_not_the_sessions(desk: Flask) -> None:
    client = desk.test_client()
    client.set_cookie(COOKIE, "chosen-by-another", path="/contribuer")
    form = {"jeton": TOKEN, "cle": key_of(client.get("/contribuer", headers=BROWSER))}
    client.post("/contribuer/entrer", data=form, headers=BROWSER)
    cookie = client.get_cookie(COOKIE, path="/contribuer")
    assert cookie is not None and cookie.value != "chosen-by-another"


def test_a_form_of_another_page_or_session_does_nothing(desk: Flask, store: Callable[[], Judgements]) -> None:
    client, other = signed_in(desk), signed_in(desk)
    path = f"/contribuer/liens/{DENIS}"
    form = {**form_of(client, path), "decision": SAME, "qui": "Jeanne"}
    foreign = form_of(other, path)["cle"]
    for data, headers in (
        ({**form, "cle": ""}, {}),
        ({**form, "cle": "é" * 64}, {}),
        ({**form, "cle": foreign}, {}),
        (form, {"Origin": "https://evil.example"}),
        (form, {"Sec-Fetch-Site": "cross-site"}),
    ):
        reply = client.post(path, data=data, headers={**BROWSER, **headers})
        assert reply.status_code == 403
    assert not list(store())
    assert client.post("/contribuer/sortir", data={}, headers=BROWSER).status_code == 403
    assert client.post("/contribuer/signalements/1", data={"decision": "rejected"}, headers=BROWSER).status_code == 403
    alone = desk.test_client()
    assert alone.post("/contribuer/entrer", data={"jeton": TOKEN}, headers=BROWSER).status_code == 403
    assert client.get(path, headers=BROWSER).status_code == 200, "the session goes on"


def test_nobody_keeps_lists_or_reads_it_from_elsewhere(desk: Flask, client: FlaskClient) -> None:
    curator = signed_in(desk)
    for path in ("/contribuer", "/contribuer/liens", f"/contribuer/liens/{DENIS}", "/contribuer/decisions",
                 "/contribuer/signalements", "/contribuer/signalements/99", "/contribuer/liens/id/none"):  # fmt: skip
        for who in (curator, desk.test_client()):
            reply = who.get(path, headers=BROWSER)
            assert reply.headers["Cache-Control"] == "no-store"
            assert "noindex" in reply.headers["X-Robots-Tag"]
            assert "Access-Control-Allow-Origin" not in reply.headers
            assert "ETag" not in reply.headers
    assert client.get("/").headers["Access-Control-Allow-Origin"] == "*", "the rest is for all to read"
    assert "/contribuer" not in client.get("/sitemap-1.xml").get_data(as_text=True)
    assert "Disallow: /contribuer" in client.get("/robots.txt").get_data(as_text=True)


# -- links -----------------------------------------------------------------
@pytest.mark.parametrize("lang", ["fr", "en"])
def test_a_case_shows_what_tells_candidates_apart(curator: FlaskClient, lang: str) -> None:
    reply = curator.get(f"/contribuer/liens/{DENIS}?lang={lang}", headers=BROWSER)
    page = Page(reply.get_data(as_text=True))
    assert reply.status_code == 200
    for told in ("97411", "974 La Réunion", "97400", "Pierrefitte", "INSEE 93066"):
        assert told in page.text
    shown = page.text.replace("\u202f", " ").replace("\u00a0", " ")
    words = {
        "fr": ("155 634 habitants", "même nom", "se trouve dans le département 93, et non 67", "ancienne commune"),
        "en": ("155,634 inhabitants", "same name", "it lies in département 93, not 67", "former municipality"),
    }
    for told in words[lang]:
        assert told in shown
    # What the graph says of it, with the lines of documents.
    assert re.search(r"\bL\d+", page.text)
    assert len(page.all("fieldset")) == 2


def test_a_decision_is_recorded_and_the_next_one_comes(
    curator: FlaskClient, store: Callable[[], Judgements], settings: Settings
) -> None:
    reply = decide(curator, which=0, decision=DIFFERENT, note="Réunion", q="", genre="commune")
    [kept] = store()
    assert (kept.matter, kept.ours, kept.theirs, kept.judgement) == (
        "identity",
        DENIS,
        "insee:commune:97411",
        DIFFERENT,
    )
    assert (kept.who, kept.evidence) == ("Jeanne", "Réunion")
    # The same thing has another candidate.
    address = urlsplit(reply.headers["Location"])
    assert (reply.status_code, address.path, address.fragment) == (303, f"/contribuer/liens/{DENIS}", "a-decider")
    assert parse_qs(address.query)["genre"] == ["commune"]
    shown = curator.get(reply.headers["Location"], headers={**BROWSER, "Accept-Language": "fr"}).get_data(as_text=True)
    assert "n’est pas insee:commune:97411" in shown and "ess-graph build" in shown
    assert 'value="Jeanne"' in shown, "the name is asked once"
    # Then the next thing, then none.
    reply = decide(curator)
    assert urlsplit(reply.headers["Location"]).path == f"/contribuer/liens/{NEVERS}"
    reply = decide(curator, NEVERS, decision="unsure")
    assert urlsplit(reply.headers["Location"]).path == "/contribuer/liens"
    assert "Rien à relire" in curator.get(reply.headers["Location"], headers={**BROWSER, "Accept-Language": "fr"}).text
    assert len(store()) == 3
    lines = [json.loads(line) for line in (settings.home / "audit.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [line["what"] for line in lines if line["what"].startswith("judgement")] == [
        f"judgement: different, {DENIS}, insee:commune:97411",
        f"judgement: same, {DENIS}, insee:commune:93066",
        f"judgement: unsure, {NEVERS}, siren:215801945",
    ]
    assert all(line["who"] and line["status"] == 200 for line in lines)
    assert "Jeanne" not in json.dumps(lines) and "Réunion" not in json.dumps(lines, ensure_ascii=False)


def test_the_readers_language_goes_along(curator: FlaskClient, queue: Queue) -> None:
    path = f"/contribuer/liens/{DENIS}?lang=en"
    text = curator.get(path, headers=BROWSER).text
    [action] = set(re.findall(r'decide" action="([^"]+)"', text))
    form = {**form_of(curator, path), "decision": DIFFERENT, "qui": "Jeanne", "genre": "commune"}
    location = curator.post(action, data=form, headers=BROWSER).headers["Location"]
    assert parse_qs(urlsplit(location).query).keys() == {"lang", "genre", "fait"}
    assert "is not insee:commune:97411" in curator.get(location, headers=BROWSER).text
    for page in (
        "/contribuer/liens",
        "/contribuer/decisions",
        "/contribuer/signalements",
        "/contribuer/signalements/1",
    ):
        text = curator.get(f"{page}?lang=en", headers=BROWSER).text
        for link in re.findall(r'(?:href|action)="(/contribuer[^"]*)"', text):
            assert link.count("?") == 1 and "lang=" in link, link


def test_two_people_at_once(desk: Flask, store: Callable[[], Judgements]) -> None:
    first, second = signed_in(desk), signed_in(desk)
    seen = form_of(second, f"/contribuer/liens/{DENIS}")
    assert decide(first).status_code == 303
    late = second.post(
        f"/contribuer/liens/{DENIS}",
        data={**seen, "decision": DIFFERENT, "qui": "Paul", "note": "my own words"},
        headers={**BROWSER, "Accept-Language": "fr"},
    )
    text = late.get_data(as_text=True)
    assert late.status_code == 409 and "Quelqu’un d’autre" in text and "Jeanne" in text and "my own words" in text
    assert [(j.who, j.judgement) for j in store()] == [("Jeanne", SAME)]
    # Now that they know, they may; and both stay in the file.
    again = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', text))
    anew = {**again, "decision": DIFFERENT, "qui": "Paul"}
    assert second.post(f"/contribuer/liens/{DENIS}", data=anew, headers=BROWSER).status_code == 303
    assert [j.who for j in store().history(DENIS, "insee:commune:97411")] == ["Jeanne", "Paul"]


def test_many_at_once_lose_nothing(settings: Settings, store: Callable[[], Judgements]) -> None:
    cases = [
        Case(f"id/structure/s{n}", (f"S{n}",), candidates=(candidate(f"{n:05}"), candidate("99999"))) for n in range(12)
    ]
    Proposals("2026-11-22", (), tuple(cases)).write(settings.home)
    # Two processes serve one project: each has an application of its own.
    clients = [signed_in(create_app(settings, recipe=Recipe(ROOT))) for _ in range(2)]
    forms = [(n, form_of(clients[n % 2], f"/contribuer/liens/id/structure/s{n}")) for n in range(12)]
    statuses: list[int] = []

    def send(n: int, form: dict[str, str], who: str) -> None:
        client = clients[n % 2].application.test_client()
        cookie = clients[n % 2].get_cookie(COOKIE, path="/contribuer")
        assert cookie is not None
        client.set_cookie(COOKIE, cookie.value, path="/contribuer")
        data = {**form, "decision": SAME, "qui": who}
        statuses.append(client.post(f"/contribuer/liens/id/structure/s{n}", data=data, headers=BROWSER).status_code)

    threads = [threading.Thread(target=send, args=(n, form, who)) for n, form in forms for who in ("Jeanne", "Paul")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [303] * 12 + [409] * 12, "of two who decide the same pair, one is told"
    assert len(store()) == 12 and not list((settings.root / "data").glob("*.new"))


def test_a_decision_is_revised_and_none_is_deleted(curator: FlaskClient, store: Callable[[], Judgements]) -> None:
    decide(curator, NEVERS)
    path = f"/contribuer/liens/{NEVERS}?paire=siren:215801945"
    listed = curator.get("/contribuer/decisions?par=personne&decision=same&q=nevers", headers=BROWSER)
    assert "paire=siren:215801945" in listed.get_data(as_text=True)
    assert "Jeanne" in curator.get(path, headers=BROWSER).get_data(as_text=True)
    form = {**form_of(curator, path), "decision": DIFFERENT, "qui": "Paul", "note": "revu"}
    assert curator.post(f"/contribuer/liens/{NEVERS}", data=form, headers=BROWSER).status_code == 303
    assert [(j.who, j.judgement) for j in store().history(NEVERS, "siren:215801945")] == [
        ("Jeanne", SAME), ("Paul", DIFFERENT),
    ]  # fmt: skip
    shown = curator.get(path, headers=BROWSER).get_data(as_text=True)
    assert "Jeanne" in shown and "revu" in shown
    assert "Paul" not in curator.get("/contribuer/decisions?par=programme", headers=BROWSER).get_data(as_text=True)


def test_what_a_program_decided_can_be_overruled(curator: FlaskClient, store: Callable[[], Judgements]) -> None:
    known = store()
    known.add(
        Judgement("identity", "id/collectivite/x", "siren:246700488", SAME, "programme:x", "2026-01-01", "same name")
    )
    known.write()
    path = "/contribuer/liens/id/collectivite/x"
    form = {**form_of(curator, f"{path}?paire=siren:246700488"), "decision": DIFFERENT, "qui": "Jeanne"}
    assert curator.post(path, data=form, headers=BROWSER).status_code == 303
    assert [j.who for j in store()] == ["Jeanne"]


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"decision": ""}, 422),
        ({"decision": "maybe"}, 422),
        ({"qui": " "}, 422),
        ({"qui": "programme:ess-graph link"}, 422),
        ({"qui": "J" * 100}, 422),
        ({"note": "x" * 1001}, 422),
        ({"note": "x" * 60_000}, 413),
        ({"paire": "siren:123456782"}, 404),
        ({"paire": ""}, 404),
        ({"vu": "0123456789abcdef"}, 409),
    ],
)
def test_what_is_no_decision_is_refused(
    curator: FlaskClient, store: Callable[[], Judgements], changed: dict[str, str], status: int
) -> None:
    reply = decide(curator, **changed)
    assert reply.status_code == status
    assert not list(store())
    if status == 422 and "note" not in changed:
        again = decide(curator, **{**changed, "note": "kept as typed"})
        page = Page(again.get_data(as_text=True))
        assert page.all("div", role="alert")
        assert "kept as typed" in [text for _, text in page.all("textarea")]


@pytest.mark.parametrize("path", ["id/nowhere/at-all", "%3Cscript%3E", "id/a%00b", "..%2f..%2fetc", "é" * 300])
def test_a_thing_that_nobody_asked_about(curator: FlaskClient, path: str) -> None:
    assert curator.get(f"/contribuer/liens/{path}", headers=BROWSER).status_code == 404
    assert curator.get(f"/contribuer/liens/{DENIS}", query_string={"paire": path}, headers=BROWSER).status_code == 404


def test_hostile_words_are_text(curator: FlaskClient, store: Callable[[], Judgements]) -> None:
    decide(curator, NEVERS, qui=HOSTILE[:70], note=HOSTILE)
    [kept] = store()
    assert not set(kept.who + kept.evidence) & set("\x1b\u202e\n")
    for path in ("/contribuer/decisions", f"/contribuer/liens/{NEVERS}?paire=siren:215801945", "/contribuer/liens"):
        text = curator.get(path, headers=BROWSER).get_data(as_text=True)
        assert "<script>alert" not in text
        assert "{{7*7}}" in text or path.endswith("liens")
    text = curator.get("/contribuer/decisions", query_string={"q": HOSTILE, "par": HOSTILE}, headers=BROWSER).text
    assert "<script>alert" not in text


def test_the_queue_is_narrowed_and_paged(curator: FlaskClient, settings: Settings) -> None:
    cases = [Case(f"id/structure/s{n:02}", (f"Nom {n:02}",), kind="epci" if n % 2 else "commune",
                  candidates=(candidate(f"{n:05}"),)) for n in range(60)]  # fmt: skip
    Proposals("2026-11-22", (), tuple(cases)).write(settings.home)

    def names(query: str) -> list[str]:
        text = curator.get(f"/contribuer/liens?{query}", headers=BROWSER).get_data(as_text=True)
        return re.findall(r'href="/contribuer/liens/(id/structure/s\d+)', text)

    assert names("") == [case.ours for case in cases[:25]]
    assert names("page=3") == [case.ours for case in cases[50:]]
    assert names("genre=epci&page=2") == [case.ours for case in cases[51::2]]
    assert names("q=NOM+07") == ["id/structure/s07"]
    assert names("page=x") == names("page=0") == names("")
    # What comes next is of the same part of the queue.
    reply = decide(curator, "id/structure/s07", genre="epci")
    assert urlsplit(reply.headers["Location"]).path == "/contribuer/liens/id/structure/s09"


def test_before_anything_was_matched_the_page_says_what_to_do(curator: FlaskClient, settings: Settings) -> None:
    (settings.home / "proposals.json").unlink()
    text = curator.get("/contribuer/liens", headers=BROWSER).get_data(as_text=True)
    assert "opendata import" in text and "ess-graph link" in text


def test_a_file_that_cannot_be_written_is_said(
    curator: FlaskClient, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    form = {**form_of(curator, f"/contribuer/liens/{DENIS}"), "decision": SAME, "qui": "Jeanne"}

    class Full:
        """What the module knows as ``os``, on a disk that is full."""

        def __getattr__(self, name: str) -> object:
            return getattr(os, name)

        def fsync(self, _descriptor: int) -> None:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr("ess_graph.judgements.os", Full())
    reply = curator.post(f"/contribuer/liens/{DENIS}", data=form, headers=BROWSER)
    assert reply.status_code == 503 and "No space left" in reply.get_data(as_text=True)
    monkeypatch.undo()
    assert not list(Judgements(settings.root / FILE)) and not list((settings.root / "data").glob("*.new"))


@pytest.mark.slow
def test_the_terminal_and_the_browser_ask_the_same_questions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = Project(tmp_path / "project")
    project.publish(
        "@base <https://w3id.org/ess-graph/> . @prefix igeo: <http://rdf.insee.fr/def/geo#> .\n"
        "@prefix skos: <http://www.w3.org/2004/02/skos/core#> .\n"
        f"<graph/registre> {{ <{DENIS}> a igeo:Commune ; skos:prefLabel 'Saint-Denis'@fr . }}\n"
    )
    monkeypatch.setenv("ESS_GRAPH_ROOT", str(project.root))
    monkeypatch.setenv("ESS_GRAPH_HOME", str(project.home))
    runner = CliRunner()
    package = str(CASES / "opendata" / "decoupage-administratif-2026")
    assert runner.invoke(main, ["opendata", "import", "decoupage-administratif", package, "--extract"]).exit_code == 0
    linked = runner.invoke(main, ["link"])
    assert "1 wait for a person" in linked.output, linked.output
    (tmp_path / "tokens").write_text(TOKEN, encoding="utf-8")
    app = create_app(Settings(root=project.root, home=project.home, token_file=tmp_path / "tokens"))
    curator = signed_in(app)
    asked = re.findall(r'name="paire" value="([^"]+)"', curator.get(f"/contribuer/liens/{DENIS}", headers=BROWSER).text)
    assert asked[:2] == ["insee:commune:97411", "insee:commune:93066"]
    assert decide(curator, decision=DIFFERENT).status_code == 303
    # The terminal asks about the rest only, and the browser knows what the terminal recorded.
    review = runner.invoke(main, ["link", "--review", "--who", "Paul"], input="s\nlu\n")
    assert asked[0] not in review.output and asked[1] in review.output, review.output
    assert "0 wait for a person" in review.output
    assert {(j.theirs, j.judgement, j.who) for j in Judgements(project.root / FILE)} == {
        (asked[0], DIFFERENT, "Jeanne"), (asked[1], SAME, "Paul"),
    }  # fmt: skip
    text = curator.get(f"/contribuer/liens/{DENIS}", headers={**BROWSER, "Accept-Language": "fr"}).text
    assert "Rien ne reste à décider" in text and "Paul" in text
    app.extensions["ess_graph"].workers.close()


def test_every_reason_of_the_matcher_is_said_in_french(tmp_path: Path) -> None:
    registry = Registry(tmp_path)
    extract = CASES / "opendata" / "decoupage-administratif-2026"
    registry.write(Source("decoupage-administratif", "2026", "", "", "", "", "", "extract"), facts(extract))
    matcher = Matcher(registry.units(ROOT / name for name in ("data/opendata/noms-usuels.csv",)))
    said: set[str] = set()
    for name in ("documents", "none", "perturbed"):
        with (CASES / "linking" / f"{name}.csv").open(encoding="utf-8", newline="") as handle:
            for row in [*csv.DictReader(handle)][::3]:
                for query in (
                    Query(row["name"]), Query(row["name"], departement="75", population=150_000),
                    Query(row["name"], siren="217500016"), Query(row["name"], date="1990"),
                ):  # fmt: skip
                    outcome = matcher.match(query)
                    said.add(outcome.reason if outcome.decision != "link" else "same name")
                    for one in outcome.candidates:
                        said |= {one.how, *one.evidence, *one.against}
    assert len(said) > 40
    english = [one for one in said if reason(one, "fr").lang != "fr"]
    assert english == []
    assert reason("something new", "fr").lang == "en"
    assert reason("only a slip of the keyboard", "fr").text == "seul indice\u00a0: une faute de frappe près"
    assert reason("same name; its nature is CC, as said", "fr").text == "même nom\u00a0; sa nature est bien CC"
    assert reason("same name; something new", "fr").lang == "en"
    assert all(reason(one, "en").text == one for one in said)


# -- reports ---------------------------------------------------------------
@pytest.fixture
def queue(settings: Settings, desk: Flask) -> Queue:
    """Two reports: one of a fact of the region's page, and a hostile one."""
    reader = desk.test_client()
    links = re.findall(r'href="/signaler\?page=([^"&]+)&amp;fait=(\w+)"', reader.get(REGION, headers=BROWSER).text)
    page, fact = links[3]
    for data in (
        {"page": page, "fait": fact, "genre": "perime", "message": "Ce n’est plus vrai depuis mars 2023."},
        {"page": "", "message": HOSTILE},
    ):
        assert reader.post("/signaler", data=data).status_code == 201
    return Queue(settings.home)


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_a_report_is_shown_with_its_fact_and_lines(curator: FlaskClient, queue: Queue, lang: str) -> None:
    listed = curator.get(f"/contribuer/signalements?lang={lang}", headers=BROWSER).get_data(as_text=True)
    assert listed.count("/contribuer/signalements/1") == listed.count("/contribuer/signalements/2") == 1
    text = Page(curator.get(f"/contribuer/signalements/1?lang={lang}", headers=BROWSER).get_data(as_text=True)).text
    assert "plus vrai depuis mars 2023" in text
    assert " ".join(queue.report(1).statement.split()) in " ".join(text.split())
    assert re.search(r"\bL\d+", text)
    assert ("La page le dit encore" if lang == "fr" else "The page still says so") in text


def settle(client: FlaskClient, number: int, **said: str) -> TestResponse:
    path = f"/contribuer/signalements/{number}"
    return client.post(path, data={**form_of(client, path), "qui": "Jeanne", **said}, headers=BROWSER)


def test_a_report_is_decided_as_the_command_does(curator: FlaskClient, queue: Queue, settings: Settings) -> None:
    assert settle(curator, 1, decision="accepted", note=" ").status_code == 422, "what is to be mended?"
    reply = settle(curator, 1, decision="waiting", note="la délibération")
    assert urlsplit(reply.headers["Location"])[2] == "/contribuer/signalements/2"
    assert urlsplit(reply.headers["Location"]).fragment == "a-decider"
    assert [report.state for report in queue.listed()] == ["waiting", "open"], "one that waits stays"
    assert settle(curator, 1, decision="accepted", note="le titre de 2023").status_code == 303
    reply = settle(curator, 2, decision="rejected", note="ce n’est pas une erreur")
    assert urlsplit(reply.headers["Location"]).path == "/contribuer/signalements"
    assert queue.listed() == []
    environment = {"ESS_GRAPH_HOME": str(settings.home)}
    told = json.loads(CliRunner(env=environment).invoke(main, ["reports", "list", "--all", "--format", "json"]).stdout)
    assert [(one["note"], one["decisions"][-1]["decision"]) for one in told] == [
        ("le titre de 2023", "accepted"), ("ce n’est pas une erreur", "rejected"),
    ]  # fmt: skip
    assert [one["decision"] for one in told[0]["decisions"]] == ["waiting", "accepted"], "none is deleted"
    # And the other way round: the page knows what the terminal decided.
    command = ["reports", "decide", "2", "waiting", "--who", "Paul", "--note", "à revoir"]
    assert CliRunner(env=environment).invoke(main, command).exit_code == 0
    shown = curator.get("/contribuer/signalements/2", headers=BROWSER).text
    assert "Paul" in shown and "à revoir" in shown
    found = curator.get("/contribuer/signalements?etat=accepted", headers=BROWSER).text
    assert "/contribuer/signalements/1" in found and "/contribuer/signalements/2" not in found
    log = (settings.home / "audit.jsonl").read_text(encoding="utf-8")
    assert "report 1: accepted" in log and "2023" not in log.replace("2023-", "") and "Jeanne" not in log


def test_two_curators_of_one_report(desk: Flask, queue: Queue) -> None:
    first, second = signed_in(desk), signed_in(desk)
    seen = form_of(second, "/contribuer/signalements/1")
    assert settle(first, 1, decision="accepted", note="oui").status_code == 303
    late = second.post(
        "/contribuer/signalements/1", data={**seen, "decision": "rejected", "qui": "Paul", "note": "non"},
        headers=BROWSER,
    )  # fmt: skip
    assert late.status_code == 409 and "Jeanne" in late.text
    assert [one.decision for one in queue.report(1).decisions] == ["accepted"]


def test_hostile_reports_and_numbers(curator: FlaskClient, queue: Queue) -> None:
    for path in ("/contribuer/signalements", "/contribuer/signalements/2"):
        text = curator.get(path, headers=BROWSER).get_data(as_text=True)
        assert "<script>alert" not in text and "{{7*7}}" in text
    assert settle(curator, 2, decision="rejected", qui=HOSTILE[:70], note=HOSTILE).status_code == 303
    assert "<script>alert" not in curator.get("/contribuer/signalements/2", headers=BROWSER).text
    for number in ("0", "77", "99999999999999999999", "x"):
        assert curator.get(f"/contribuer/signalements/{number}", headers=BROWSER).status_code == 404
    for state in ("", "closed", "all", HOSTILE):
        assert curator.get("/contribuer/signalements", query_string={"etat": state}, headers=BROWSER).status_code == 200


def test_the_command_says_what_is_missing(tmp_path: Path) -> None:
    add = {"release": "r", "page": "", "fact": "", "statement": "", "sources": "", "kind": "faux", "lang": "fr"}
    Queue(tmp_path).add(**add, message="une erreur")
    for arguments, told in (
        (["1", "accepted", "--note", "x"], "--who"),
        (["1", "accepted", "--who", "Jeanne"], "--note"),
        (["1", "maybe", "--who", "Jeanne"], "maybe"),
        (["77", "rejected", "--who", "Jeanne", "--note", "x"], "77"),
    ):
        answer = CliRunner(env={"ESS_GRAPH_HOME": str(tmp_path)}).invoke(main, ["reports", "decide", *arguments])
        assert answer.exit_code == 2 and told in answer.output


@pytest.fixture(autouse=True)
def session_home_stays_clean(home: Path) -> Iterator[None]:
    yield
    assert not {path.name for path in home.iterdir()} & {"sessions.sqlite", "proposals.json"}
