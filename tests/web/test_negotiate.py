"""Content negotiation: as a table, and over HTTP from ``/id/…`` to pages and data."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from flask import Flask
from rdflib import RDF, RDFS, Graph, URIRef

from ess_graph.settings import Settings
from ess_graph.vocab import BASE, ESS
from ess_graph.web import negotiate
from ess_graph.web.app import create_app

Send = Callable[..., Any]

HTML, TURTLE, NT, JSONLD, RDFXML = (
    "text/html", "text/turtle", "application/n-triples", "application/ld+json", "application/rdf+xml",
)  # fmt: skip
OFFERED = (HTML, TURTLE, NT, JSONLD, RDFXML)
ALIASES = (("text/plain", NT), ("application/x-turtle", TURTLE), ("application/xml", "application/unknown"))

FIREFOX = (
    "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/png,image/svg+xml,*/*;q=0.8"
)
CHROME = (
    "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8,"
    "application/signed-exchange;v=b3;q=0.7"
)
SAFARI = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
RDFLIB = (
    "text/turtle;q=1, application/x-turtle;q=0.9, text/n3;q=0.8, application/rdf+xml;q=0.7,"
    " application/n-triples;q=0.6, application/ld+json;q=0.5, */*;q=0.1"
)
JENA = "text/turtle,application/n-triples;q=0.9,application/ld+json;q=0.8,application/rdf+xml;q=0.7,*/*;q=0.3"

#: What a client says, and what it gets.
TABLE: list[tuple[str | None, str | None]] = [
    (None, HTML),
    ("", HTML),
    ("*/*", HTML),
    ("*", HTML),
    ("text/*", HTML),
    ("application/*", NT),
    (FIREFOX, HTML),
    (CHROME, HTML),
    (SAFARI, HTML),
    (RDFLIB, TURTLE),
    (JENA, TURTLE),
    *((kind, kind) for kind in OFFERED),
    ("text/turtle; charset=utf-8", TURTLE),
    ("Text/Turtle", TURTLE),
    ("  text/turtle ;q=1.0 ", TURTLE),
    ("text/turtle;q=1.000;ext=1", TURTLE),
    ('application/ld+json;profile="http://www.w3.org/ns/json-ld#compacted"', JSONLD),
    ('application/ld+json;profile="http://www.w3.org/ns/json-ld#flattened http://example.org/x"', JSONLD),
    ('application/ld+json;profile="a,b";q=0.1, text/turtle;q=0.9', TURTLE),
    ('application/ld+json;profile="a;q=0.1", text/turtle;q=0.9', JSONLD),
    ("text/turtle;q=0.5, application/ld+json;q=0.9", JSONLD),
    ("text/turtle;q=0.9, application/ld+json;q=0.5", TURTLE),
    ("application/rdf+xml, text/turtle", TURTLE),
    ("text/html;q=0.5, text/turtle;q=0.5", HTML),
    ("text/html;q=0.1, */*", TURTLE),
    ("*/*, text/html;q=0.1", TURTLE),
    ("text/html;q=0, */*;q=0.1", TURTLE),
    ("text/*;q=0, */*", NT),
    ("text/*;q=0.2, text/turtle;q=0.9, text/html", HTML),
    ("application/pdf, application/rdf+xml;q=0.1", RDFXML),
    ("text/plain", NT),
    ("application/x-turtle", TURTLE),
    ("text/plain;q=0.9, text/turtle;q=0.1", NT),
    ("application/pdf", None),
    ("image/*", None),
    ("application/xml", None),
    ("text/turtle;q=0", None),
    ("*/*;q=0", None),
    ("text/turtle;q=abc", None),
    ("text/turtle, , ,", TURTLE),
    ("/, turtle, text/, /turtle, text/turtle/x, text/turtle;q=0.3", TURTLE),
]


@pytest.mark.parametrize(("accept", "expected"), TABLE)
def test_best(accept: str | None, expected: str | None) -> None:
    assert negotiate.best(accept, OFFERED, ALIASES) == expected


@pytest.mark.parametrize("accept", ["q=1;;,=,;q", "\x00", "a" * 100_000, "text/turtle;q=nan", ",".join(["*/*"] * 5000)])
def test_nonsense_is_no_error(accept: str) -> None:
    assert negotiate.best(accept, OFFERED, ALIASES) in (*OFFERED, None)
    assert negotiate.wants_html(accept) is False
    assert negotiate.language(None, accept) == "fr"


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        (FIREFOX, True),
        (CHROME, True),
        (SAFARI, True),
        ("*/*", False),
        (None, False),
        ("text/*", False),
        ("text/turtle", False),
        ("text/html;q=0, */*", False),
    ],
)
def test_a_browser_names_html(accept: str | None, expected: bool) -> None:
    assert negotiate.wants_html(accept) is expected


@pytest.mark.parametrize(
    ("parameter", "header", "expected"),
    [
        (None, None, "fr"),
        (None, "", "fr"),
        (None, "*", "fr"),
        (None, "de", "fr"),
        (None, "en", "en"),
        (None, "en-GB,en;q=0.9", "en"),
        (None, "fr-CH, fr;q=0.9, en;q=0.8, de;q=0.7, *;q=0.5", "fr"),
        (None, "en;q=0.4, fr;q=0.6", "fr"),
        (None, "de, en;q=0.5", "en"),
        (None, "en;q=0", "fr"),
        (None, "fr;q=0, en;q=0.1", "en"),
        (None, "EN", "en"),
        ("en", "fr", "en"),
        ("fr", "en", "fr"),
        ("de", "en", "en"),
        ("<script>", None, "fr"),
    ],
)
def test_language(parameter: str | None, header: str | None, expected: str) -> None:
    assert negotiate.language(parameter, header) == expected


# Over HTTP -----------------------------------------------------------------------------------------------------

REGION = "collectivite/region-grand-est"
#: An identifier's path, and the path of its pages and data.
THINGS = [
    (f"/id/{REGION}", REGION),
    ("/voc/theme", "voc/theme"),
    ("/source/annuaire-grand-est", "source/annuaire-grand-est"),
    ("/onto", "onto"),
]
SUFFIXES = {TURTLE: "ttl", NT: "nt", JSONLD: "jsonld", RDFXML: "rdf"}
_READERS = {"ttl": "turtle", "nt": "nt", "jsonld": "json-ld", "rdf": "xml"}


def _parsed(text: str, suffix: str) -> Graph:
    with warnings.catch_warnings():
        # rdflib's own JSON-LD reader uses a class that rdflib deprecates.
        warnings.simplefilter("ignore", DeprecationWarning)
        return Graph().parse(data=text, format=_READERS[suffix])


def _concept(send: Send) -> str:
    """Path of one concept of the themes, as the scheme's own data give it."""
    graph = _parsed(send("/data/voc/theme.ttl").text, "ttl")
    return min(str(s).removeprefix(BASE) for s in graph.subjects() if str(s).startswith(f"{BASE}voc/theme/"))


@pytest.mark.parametrize(
    ("accept", "expected"), [row for row in TABLE if row[0] not in ("text/turtle, , ,", None) and row[1] is not None]
)
@pytest.mark.parametrize(("identifier", "path"), THINGS)
def test_identifiers_lead_to_the_form_asked_for(
    send: Send, identifier: str, path: str, accept: str, expected: str
) -> None:
    reply = send(identifier, headers={"Accept": accept})
    assert reply.status == 303
    wanted = f"/page/{path}" if expected == HTML else f"/data/{path}.{SUFFIXES[expected]}"
    assert reply.location == wanted
    assert "accept" in reply.headers["vary"].lower()


def test_no_accept_header_gets_the_page(flask_send: Send) -> None:
    assert flask_send(f"/id/{REGION}").location == f"/page/{REGION}"


@pytest.mark.parametrize("accept", ["application/pdf", "image/png, image/*;q=0.5", "text/turtle;q=0", "*/*;q=0"])
@pytest.mark.parametrize(("identifier", "path"), THINGS)
def test_what_is_not_offered_is_406(send: Send, identifier: str, path: str, accept: str) -> None:
    reply = send(identifier, headers={"Accept": accept})
    assert (reply.status, reply.kind) == (406, "application/problem+json")
    assert reply.json["status"] == 406
    assert TURTLE in reply.json["detail"], "it says what is offered"
    assert "accept" in reply.headers["vary"].lower()


@pytest.mark.parametrize(("identifier", "path"), THINGS)
@pytest.mark.parametrize("suffix", SUFFIXES.values())
def test_a_suffix_says_the_form(send: Send, identifier: str, path: str, suffix: str) -> None:
    reply = send(f"{identifier}.{suffix}", headers={"Accept": HTML})
    assert reply.status == 303
    assert reply.location == f"/data/{path}.{suffix}"


@pytest.mark.parametrize(("identifier", "path"), THINGS)
@pytest.mark.parametrize("accept", [HTML, TURTLE])
def test_head_is_get_without_a_body(send: Send, identifier: str, path: str, accept: str) -> None:
    for address in (identifier, f"/page/{path}", f"/data/{path}.ttl"):
        got, head = (send(address, method, headers={"Accept": accept}) for method in ("GET", "HEAD"))
        assert head.status == got.status
        assert head.body == b""
        for name in ("content-type", "etag", "vary", "link", "location"):
            assert head.headers.get(name) == got.headers.get(name), name


@pytest.mark.parametrize(("_", "path"), THINGS)
def test_links_say_where_the_other_forms_are(send: Send, _: str, path: str) -> None:
    for address, other in ((f"/page/{path}", f"/data/{path}.ttl"), (f"/data/{path}.ttl", f"/page/{path}")):
        links = send(address).headers["link"]
        found = dict(re.findall(r'<([^>]*)>\s*;\s*rel="?alternate"?[^,]*?type="?([^",;]+)', links))
        assert found[other] == (TURTLE if other.endswith("ttl") else HTML)
        others = {f"/data/{path}.{suffix}": kind for kind, suffix in SUFFIXES.items() if not address.endswith(suffix)}
        assert found.items() >= others.items()
        assert re.search(r"<[^>]+>\s*;\s*rel=\"?describe(s|dby)\"?", links)


@pytest.mark.parametrize(("_", "path"), THINGS)
def test_every_data_format_holds_the_same_triples(send: Send, _: str, path: str) -> None:
    graphs = {}
    for kind, suffix in SUFFIXES.items():
        reply = send(f"/data/{path}.{suffix}")
        assert (reply.status, reply.kind) == (200, kind)
        graphs[suffix] = set(_parsed(reply.text, suffix))
    assert len(graphs["nt"]) > 3
    for suffix in ("ttl", "jsonld", "rdf"):
        assert graphs[suffix] == graphs["nt"], suffix


def test_data_describe_the_thing_itself(send: Send) -> None:
    graph = _parsed(send(f"/data/{REGION}.ttl").text, "ttl")
    assert (URIRef(f"{BASE}id/{REGION}"), RDF.type, ESS.Collectivite) in graph


def test_the_ontology_answers_for_its_terms(send: Send) -> None:
    """``onto#Collectivite`` is fetched as ``/onto``, so its data must hold every term."""
    graph = _parsed(send("/data/onto.ttl").text, "ttl")
    for term in (ESS.Collectivite, ESS.Dispositif, ESS.partenaireDe):
        assert set(graph.objects(term, RDFS.label)), term
        assert set(graph.objects(term, RDFS.comment)), term


def test_a_concept_is_dereferenceable(send: Send) -> None:
    path = _concept(send)
    assert send(f"/{path}", headers={"Accept": FIREFOX}).location == f"/page/{path}"
    assert send(f"/{path}", headers={"Accept": TURTLE}).location == f"/data/{path}.ttl"
    assert send(f"/page/{path}").status == 200
    graph = _parsed(send(f"/data/{path}.ttl").text, "ttl")
    assert (URIRef(BASE + path), None, None) in graph


@pytest.mark.parametrize("path", [f"/page/{REGION}", f"/data/{REGION}.ttl", f"/data/{REGION}.jsonld", "/page/onto"])
def test_validators(send: Send, path: str) -> None:
    first = send(path)
    tag = first.headers["etag"]
    assert send(path).headers["etag"] == tag
    for known in (tag, f'"other", {tag}', "*", f"W/{tag.removeprefix('W/')}"):
        again = send(path, headers={"If-None-Match": known})
        assert (again.status, again.body) == (304, b""), known
        assert again.headers["etag"] == tag
        assert again.headers.get("vary") == first.headers.get("vary")
    assert send(path, headers={"If-None-Match": '"other"'}).status == 200


def test_each_form_and_language_has_its_own_validator(send: Send) -> None:
    french, english = (send(f"/page/{REGION}", headers={"Accept-Language": tag}) for tag in ("fr", "en"))
    data = [send(f"/data/{REGION}.{suffix}") for suffix in SUFFIXES.values()]
    tags = [reply.headers["etag"] for reply in (french, english, *data)]
    assert len(set(tags)) == len(tags)


def test_language_of_pages(send: Send) -> None:
    for path, header, expected in (
        ("", "en-GB,en;q=0.9,fr;q=0.1", "en"),
        ("", "de", "fr"),
        ("?lang=en", "fr", "en"),
        ("?lang=fr", "en", "fr"),
        ("?lang=xx", "en", "en"),
    ):
        reply = send(f"/page/{REGION}{path}", headers={"Accept-Language": header})
        assert reply.headers["content-language"] == expected
        assert f'<html lang="{expected}"' in reply.text
        assert "accept-language" in reply.headers["vary"].lower()


@pytest.mark.parametrize(
    "path",
    [
        "/id/collectivite/r%C3%A9gion-inconnue",
        "/id/collectivite/%E6%97%A5%E6%9C%AC",
        "/id/a%00b",
        "/id/a%20b",
        "/id/%3Cscript%3E",
        "/id/%22%7D%20UNION%20%7B",
        "/id/..%2F..%2Fetc%2Fpasswd",
        "/id/a%2Fb",
        "/id/a%5Cb%7C%5E%60",
        "/id/" + "x" * 5000,
        "/voc/%C3%A9%20%C3%A9",
        "/source/%3E%20.%20",
    ],
)
@pytest.mark.parametrize("accept", [FIREFOX, TURTLE, "*/*"])
def test_odd_names_are_unknown_not_broken(send: Send, path: str, accept: str) -> None:
    page, data = (path.replace("/id/", f"/{kind}/") for kind in ("page", "data"))
    for address in (path, page, f"{data}.ttl" if data != path else f"/data{path}.ttl"):
        reply = send(address, headers={"Accept": accept})
        assert reply.status == 404, address
        assert reply.kind == (HTML if "text/html" in accept else "application/problem+json")


NAME = "structure/éléphant-à-œuf-日本"


@pytest.mark.slow
def test_non_ascii_names(hostile: Flask) -> None:
    """A name outside ASCII is found under its percent-encoded path, and every header stays ASCII."""
    client = hostile.test_client()
    page = f"/page/{quote(NAME)}"
    for accept, expected in ((FIREFOX, page), (TURTLE, f"/data/{quote(NAME)}.ttl")):
        reply = client.get(f"/id/{quote(NAME)}", headers={"Accept": accept})
        assert reply.status_code == 303
        assert reply.headers["Location"].isascii()
        assert reply.headers["Location"].endswith(expected)
        answer = client.get(expected)
        assert answer.status_code == 200
        assert answer.headers["Link"].isascii(), "HTTP headers are ASCII: percent-encode addresses in Link"
        assert "日本" in answer.get_data(as_text=True)


@pytest.mark.slow
def test_a_name_with_a_full_stop(hostile: Flask) -> None:
    client = hostile.test_client()
    assert client.get("/id/structure/point.final").headers["Location"].endswith("/page/structure/point.final")
    assert client.get("/page/structure/point.final").status_code == 200
    assert client.get("/data/structure/point.final.nt").status_code == 200


def test_redirects_and_links_use_the_public_address(app: Flask) -> None:
    own: Settings = app.extensions["ess_graph"].settings
    public = "https://ess.example"
    client = create_app(Settings(own.root, own.home, own.sources, public)).test_client()
    for accept in (HTML, TURTLE):
        assert client.get(f"/id/{REGION}", headers={"Accept": accept}).headers["Location"].startswith(f"{public}/")
    assert f'href="{public}/page/' in client.get(f"/page/{REGION}").get_data(as_text=True)
