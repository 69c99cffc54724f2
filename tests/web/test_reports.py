"""Error reports: prefilled for each fact, kept for the curator, and a flood of them."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest
from click.testing import CliRunner
from flask import Flask
from flask.testing import FlaskClient

from ess_graph import reports
from ess_graph.cli import main
from ess_graph.errors import InvalidData
from ess_graph.releases import Release
from ess_graph.reports import Queue, TooMany
from ess_graph.settings import Settings
from ess_graph.web.app import create_app
from web.test_pages import BROWSER, REGION, Page, get

SAID = "Le titre a changé en mars 2023, voir la délibération publiée."


@pytest.fixture
def own_home(release: Release, tmp_path: Path) -> Path:
    """A home of its own over the session's release, where reports may be written."""
    (tmp_path / "current").symlink_to(release.folder)
    return tmp_path


@pytest.fixture
def reporting(own_home: Path, root: Path) -> Flask:
    made = create_app(Settings(root=root, home=own_home))
    made.testing = True
    return made


@pytest.fixture
def reader(reporting: Flask) -> FlaskClient:
    return reporting.test_client()


def fact_links(client: FlaskClient, path: str = REGION) -> list[tuple[str, str]]:
    text = client.get(path, headers=BROWSER).get_data(as_text=True)
    found = re.findall(r'<a class="report" href="([^"]+)"[^>]*aria-label="([^"]*)"', text)
    return [(unescape(link), unescape(label)) for link, label in found]


def fields(page: Page) -> dict[str, str]:
    return {a["name"]: a.get("value", "") for a, _ in page.all("input") if a.get("type") == "hidden"}


def test_each_fact_has_its_link_and_the_form_knows_the_fact(client: FlaskClient) -> None:
    links = fact_links(client)
    facts = re.search(r"(\d+) faits", get(client, REGION).text)
    assert facts
    assert len(links) > int(facts.group(1)) * 0.9
    assert len({link for link, _ in links}) > len(links) * 0.9, "facts have names of their own"
    for link, label in links[:: len(links) // 8]:
        page = get(client, link)
        assert fields(page)["fait"] in link
        [told] = [text for _, text in page.all("dl", class_="report-about")]
        assert " ".join(label.partition(" : ")[2].rstrip(".…").split())[:25] in told


def test_the_lines_stand_in_the_form(client: FlaskClient) -> None:
    link = next(link for link, label in fact_links(client) if "Catherine Zuber" in label)
    [told] = [text for _, text in get(client, link).all("dl", class_="report-about")]
    assert re.search(r"\bL\d+", told)
    assert "Conseillère déléguée" in told


def test_a_fact_has_the_same_name_in_both_languages(client: FlaskClient) -> None:
    names = [
        {link.rpartition("fait=")[2][:12] for link, _ in fact_links(client, f"{REGION}?lang={lang}")}
        for lang in ("fr", "en")
    ]
    assert names[0] == names[1]


def test_a_report_is_kept_for_the_curator(reader: FlaskClient, own_home: Path) -> None:
    link = next(link for link, label in fact_links(reader) if "Catherine Zuber" in label)
    form = fields(get(reader, link))
    reply = reader.post("/signaler", data={**form, "genre": "perime", "message": SAID}, headers=BROWSER)
    assert reply.status_code == 303
    assert "Merci" in get(reader, reply.headers["Location"]).text
    [kept] = Queue(own_home).listed()
    assert (kept.page, kept.kind, kept.message) == ("collectivite/region-grand-est", "perime", SAID)
    assert "Catherine Zuber" in kept.statement
    assert re.search(r"L\d+", kept.sources)
    environment = {"ESS_GRAPH_HOME": str(own_home)}
    shown = CliRunner(env=environment).invoke(main, ["reports", "list"])
    assert SAID in shown.output
    assert CliRunner(env=environment).invoke(main, ["reports", "close", str(kept.id), "--note", "vu"]).exit_code == 0
    assert CliRunner(env=environment).invoke(main, ["reports", "close", str(kept.id)]).exit_code == 2
    assert Queue(own_home).listed() == []
    told = CliRunner(env=environment).invoke(main, ["reports", "list", "--all", "--format", "json"]).stdout
    assert json.loads(told)[0]["note"] == "vu"


def test_the_reader_cannot_make_up_the_fact(reader: FlaskClient, own_home: Path) -> None:
    """Statement and sources come from the graph, never from the address or the form."""
    reply = reader.post(
        "/signaler",
        data={"page": "collectivite/region-grand-est", "fait": "000000000000", "statement": "faux", "message": SAID},
    )
    assert reply.status_code == 201
    [kept] = Queue(own_home).listed()
    assert (kept.statement, kept.sources, kept.fact, kept.kind) == ("", "", "", "autre")


@pytest.mark.parametrize(
    "path",
    [
        "//evil.example",
        "https://evil.example/",
        "javascript:alert(1)",
        "<script>",
        "a\x00b",
        "../x",
        "nowhere/at-all",
        "é" * 400,
    ],
)
def test_a_page_that_is_not_ours_is_left_out(reader: FlaskClient, path: str) -> None:
    reply = reader.get("/signaler", query_string={"page": path, "fait": path}, headers=BROWSER)
    assert reply.status_code == 200
    assert fields(Page(reply.get_data(as_text=True)))["page"] == ""


def test_what_is_wrong_with_a_message_is_told_and_the_message_stays(reader: FlaskClient, own_home: Path) -> None:
    for message in (
        "court",
        "écrivez à jean.dupont@example.org pour vérifier",
        "appelez le 01 99 00 12 34 pour vérifier",
    ):
        reply = reader.post("/signaler", data={"page": "", "message": message}, headers=BROWSER)
        assert reply.status_code == 422
        page = Page(reply.get_data(as_text=True))
        assert page.all("div", role="alert")
        assert page.all("textarea")[0][1] == message
    reply = reader.post("/signaler", data={"message": "court"}, headers={"Accept": "application/json"})
    assert (reply.status_code, reply.mimetype) == (422, "application/problem+json")
    assert Queue(own_home).listed() == []


def test_hostile_messages_are_text(reader: FlaskClient, own_home: Path) -> None:
    hostile = "<script>alert(1)</script>\x1b[2J\u202e\x00 {{7*7}} a@b.fr </textarea><b>"
    reply = reader.post("/signaler", data={"message": hostile}, headers=BROWSER)
    assert reply.status_code == 422
    text = reply.get_data(as_text=True)
    assert "<script>alert" not in text
    assert "</textarea><b>" not in text
    assert reader.post("/signaler", data={"message": hostile.replace("a@b.fr", "")}).status_code == 201
    shown = CliRunner(env={"ESS_GRAPH_HOME": str(own_home)}).invoke(main, ["reports", "list"]).output
    assert not set(shown) & set("\x1b\u202e\x00")


def test_programs_that_fill_in_every_field_are_thanked_and_forgotten(reader: FlaskClient, own_home: Path) -> None:
    reply = reader.post("/signaler", data={"message": SAID, "site": "http://spam.example"}, headers=BROWSER)
    assert reply.status_code == 303
    assert Queue(own_home).listed() == []


def test_another_sites_page_cannot_send(reader: FlaskClient, own_home: Path) -> None:
    for headers in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        assert reader.post("/signaler", data={"message": SAID}, headers=headers).status_code == 403
    assert Queue(own_home).listed() == []
    own = {"Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"}
    assert reader.post("/signaler", data={"message": SAID}, headers=own).status_code == 201


def test_a_flood_of_one_client_is_stopped_and_others_still_write(reader: FlaskClient, own_home: Path) -> None:
    flood = [reader.post("/signaler", data={"message": f"{SAID} {n}"}) for n in range(9)]
    assert [reply.status_code for reply in flood] == [201] * 5 + [429] * 4
    assert int(flood[-1].headers["Retry-After"]) > 0
    assert len(Queue(own_home).listed()) == 5
    # Who claims to be another does not become one: no proxy is configured.
    forged = reader.post("/signaler", data={"message": SAID}, headers={"X-Forwarded-For": "203.0.113.9"})
    assert forged.status_code == 429
    other = reader.post("/signaler", data={"message": SAID}, environ_base={"REMOTE_ADDR": "203.0.113.9"})
    assert other.status_code == 201


def test_behind_a_proxy_clients_are_told_apart(own_home: Path, root: Path) -> None:
    client = create_app(Settings(root=root, home=own_home, proxies=1)).test_client()

    def send(passed: str, n: int) -> int:
        return client.post(
            "/signaler", data={"message": f"{SAID} {n}"}, headers={"X-Forwarded-For": passed}
        ).status_code

    assert [send(f"198.51.100.{n}, 203.0.113.1", n) for n in range(6)][-1] == 429, (
        "only the last address is the proxy's word"
    )
    assert send("203.0.113.2", 7) == 201
    # One household has 2^64 addresses of IPv6.
    assert [send(f"2001:db8::{n}", 10 + n) for n in range(6)][-1] == 429


def test_no_address_is_kept(reader: FlaskClient, own_home: Path) -> None:
    reader.post("/signaler", data={"message": SAID}, environ_base={"REMOTE_ADDR": "203.0.113.77"})
    assert b"203.0.113.77" not in (own_home / "reports.sqlite").read_bytes()


def test_a_body_larger_than_a_form_is_refused(reader: FlaskClient) -> None:
    assert reader.post("/signaler", data={"message": "x" * 100_000}).status_code == 413


@pytest.fixture
def queue(tmp_path: Path) -> Queue:
    return Queue(tmp_path)


def add(queue: Queue, message: str) -> int:
    return queue.add(release="r", page="p", fact="", statement="", sources="", kind="faux", lang="fr", message=message)


def test_the_queue_is_bounded_and_outlives_the_process(
    queue: Queue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reports, "MOST_OPEN", 3)
    monkeypatch.setattr(reports, "MOST_CLOSED", 2)
    numbers = [add(queue, f"message {n}") for n in range(3)]
    with pytest.raises(TooMany):
        queue.admit("somebody")
    assert add(queue, "message 1") == numbers[1], "the same words about the same fact are one report"
    for number in numbers:
        queue.close(number)
    queue.admit("somebody")
    assert len(Queue(tmp_path).listed(everything=True)) == 2, "the oldest closed ones go"


def test_attempts_are_forgotten_after_a_day(queue: Queue, tmp_path: Path) -> None:
    for n in range(5):
        queue.admit("somebody", now=1000.0 + n)
    with pytest.raises(TooMany) as refused:
        queue.admit("somebody", now=1010.0)
    assert 580 < refused.value.retry_after <= 600
    queue.admit("somebody", now=1700.0)
    queue.admit("another", now=200_000.0)
    with sqlite3.connect(tmp_path / "reports.sqlite") as file:
        assert file.execute("SELECT count(*) FROM attempt").fetchone() == (1,)
    file.close()


@pytest.mark.parametrize("text", ["", " " * 50, "x" * 2001, "a@b.fr et la suite", "+33 6 39 98 12 34 et la suite"])
def test_messages_that_are_not_kept(text: str) -> None:
    with pytest.raises(InvalidData):
        reports.message(text)


@pytest.mark.parametrize(
    "text", ["Le SIREN est 200052264, pas 200052265.", "L'aide est de 1 500 000 euros en 2022.", "De 2016 à 2018."]
)
def test_numbers_are_no_telephones(text: str) -> None:
    assert reports.message(text) == text


@pytest.fixture(autouse=True)
def session_home_stays_clean(home: Path) -> Iterator[None]:
    yield
    assert not (home / "reports.sqlite").exists()
