"""The pages people read: what they say, where their links lead, and what they never do."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qs, unquote, urljoin, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient

from ess_graph.vocab import BASE
from ess_graph.web import i18n
from ess_graph.web.app import create_app
from web.serving import Project

BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "Accept-Language": "fr"}
REGION = "/page/collectivite/region-grand-est"
PAGES = [
    "/", "/explorer", "/explorer/collectivite", "/recherche", "/recherche?q=cress", "/sparql", "/a-propos", REGION,
    "/questions", "/questions?q=budget", "/questions/que-s-est-il-passe", "/api",
    "/questions/sites-officiels", "/cahier",
]  # fmt: skip
VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}


class Page(HTMLParser):
    """A page's elements, and the text of each."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.texts: list[str] = []
        self._open: list[int] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        self.texts.append("")
        if tag not in VOID:
            self._open.append(len(self.elements) - 1)

    def handle_endtag(self, tag: str) -> None:
        while self._open:
            if self.elements[self._open.pop()][0] == tag:
                return

    def handle_data(self, data: str) -> None:
        for at in self._open:
            self.texts[at] += data

    def all(self, tag: str, **wanted: str) -> list[tuple[dict[str, str], str]]:
        """Attributes and text of each element; ``class_`` is one of its classes."""
        cls = wanted.pop("class_", None)
        return [
            (attributes, " ".join(text.split()))
            for (name, attributes), text in zip(self.elements, self.texts, strict=True)
            if name == tag
            and (cls is None or cls in attributes.get("class", "").split())
            and all(attributes.get(key) == value for key, value in wanted.items())
        ]

    @property
    def text(self) -> str:
        """Everything that is read, in one line."""
        return " ".join(self.texts[0].split()) if self.texts else ""

    @property
    def ids(self) -> set[str]:
        """Anchors of the page."""
        return {attributes["id"] for _, attributes in self.elements if "id" in attributes}

    @property
    def links(self) -> list[str]:
        """Where its links lead."""
        return [attributes["href"] for attributes, _ in self.all("a") if "href" in attributes]


def get(client: FlaskClient, path: str, status: int = 200, **headers: str) -> Page:
    """A page as a browser gets it."""
    reply = client.get(path, headers={**BROWSER, **headers}, buffered=True)
    assert reply.status_code == status, f"{path}: {reply.status}"
    assert reply.mimetype == "text/html"
    return Page(reply.get_data(as_text=True))


@pytest.fixture(scope="module")
def region(app: Flask) -> Page:
    return get(app.test_client(), REGION)


def rows(page: Page, words: str) -> list[str]:
    """Text of each table row, list line or event that holds these words."""
    found = [text for tag in ("tr", "li") for _, text in page.all(tag) if words.casefold() in text.casefold()]
    return sorted(found, key=len)


# Home, lists, language -----------------------------------------------------------------------------------------


def test_home(client: FlaskClient) -> None:
    page = get(client, "/")
    assert len(page.all("h1")) == 1
    assert page.all("input", name="q"), "a search box"
    assert any(link.startswith("/explorer/") for link in page.links)
    assert len([link for link in page.links if link.startswith("/questions/")]) == 10


@pytest.mark.parametrize("accept", ["text/html", "*/*", "text/turtle", "application/json", ""])
def test_home_never_redirects(client: FlaskClient, accept: str) -> None:
    for path in ("/", "/?lang=en", "/?lang=xx"):
        assert client.get(path, headers={"Accept": accept}, buffered=True).status_code == 200


def test_language_switch(client: FlaskClient) -> None:
    for path in [*PAGES, "/recherche?q=cress&page=1"]:
        french = get(client, path)
        [(switch, _)] = [(a, t) for a, t in french.all("a") if t == "English"]
        english = get(client, switch["href"])
        assert english.all("html", lang="en"), path
        [(back, _)] = [(a, t) for a, t in english.all("a") if t == "Français"]
        assert get(client, back["href"]).all("html", lang="fr")
        query = parse_qs(urlsplit(switch["href"]).query)
        assert query.get("q") == parse_qs(urlsplit(path).query).get("q"), "what was searched stays"


def test_a_chosen_language_is_kept_from_page_to_page(client: FlaskClient) -> None:
    """Every link of this site on an English page leads to an English page, whatever the browser prefers."""
    for path in ("/?lang=en", "/explorer?lang=en", "/explorer/collectivite?lang=en", f"{REGION}?lang=en"):
        page = get(client, path)
        lost = [
            link for link in page.links
            if link.startswith(("/page/", "/explorer", "/recherche", "/a-propos", "/sparql"))
            and parse_qs(urlsplit(link).query).get("lang") not in (["en"], ["fr"])
        ]  # fmt: skip
        assert lost == [], f"{path} forgets the language in {len(lost)} links, such as {lost[:3]}"


def test_explore_and_lists(client: FlaskClient, app: Flask) -> None:
    index = app.extensions["ess_graph"].opened().index
    explore = get(client, "/explorer")
    kinds = {link for link in explore.links if link.startswith("/explorer/")}
    assert len(kinds) == len(index.counts())
    for link in kinds:
        page = get(client, link)
        assert [a for a, _ in page.all("ul", class_="items")]
        assert any(target.startswith("/sparql?") for target in page.links), "every list shows its query"


def test_the_number_of_a_list_is_what_its_query_counts(client: FlaskClient) -> None:
    """The count on the page, its links over all pages, and the rows of « voir la requête » agree."""
    for kind in ("collectivite", "structure", "dispositif", "chiffre"):
        page = get(client, f"/explorer/{kind}")
        shown = int(re.sub(r"\D", "", page.all("p", class_="tally")[0][1].partition("entrée")[0]))
        query = next(link for link in page.links if link.startswith("/sparql?"))
        answer = client.get(query, headers={"Accept": "application/sparql-results+json"}, buffered=True).get_json(
            force=True
        )
        things = {row["thing"]["value"] for row in answer["results"]["bindings"]}
        assert len(things) == shown, kind


@pytest.mark.parametrize(
    "number", ["0", "-1", "999999", "99999999999999999999", "abc", "", "1.5", "٣", "1%00", "1&page=2", "<script>"]
)
@pytest.mark.parametrize("path", ["/explorer/orientation?page=", "/recherche?q=est&page="])
def test_pages_out_of_range(client: FlaskClient, path: str, number: str) -> None:
    """A page that does not exist is the nearest one, or an honest 404; never an accident or an empty list."""
    reply = client.get(path + number, headers=BROWSER, buffered=True)
    assert reply.status_code in (200, 404)
    if reply.status_code == 200:
        assert Page(reply.get_data(as_text=True)).all("ul", class_="items")


def test_pages_of_a_list_hold_each_thing_once(client: FlaskClient) -> None:
    seen: Counter[str] = Counter()
    path = "/explorer/orientation"
    while path:
        page = get(client, path)
        seen.update(link for link in page.links if link.startswith("/page/"))
        path = urljoin(path, next((a["href"] for a, _ in page.all("a", rel="next")), "")) if page.all(
            "a", rel="next"
        ) else ""  # fmt: skip
    assert len(seen) > 50
    assert set(seen.values()) == {1}


# An entity -----------------------------------------------------------------------------------------------------


def test_the_region_says_who_represents_it(region: Page) -> None:
    [row, *_] = rows(region, "Catherine Zuber")
    assert "Conseillère déléguée" in row
    assert re.search(r"\bL\d+", row), "with its lines"
    assert any("Aurélie Marand" in text for text in rows(region, "responsable"))


@pytest.mark.parametrize(
    "name",
    [
        "Grand Est bourses émergences SCOP/SCIC",
        "Grand Est Emploi Associatif",
        "Grand Est Emploi ESS",
        "Soutien aux structures d'utilité sociale",
        "CRESS Grand Est",
        "France Active",
    ],
)
def test_the_region_says_what_it_funds_and_with_whom(region: Page, name: str) -> None:
    found = [row for row in rows(region, name) if re.search(r"\bL\d+", row)]
    assert found, f"{name} stands on the page with its lines"


def test_figures_of_both_years_stand_side_by_side(region: Page) -> None:
    [(_, heads), *_] = [(a, t) for a, t in region.all("thead") if "2018" in t and "2022" in t]
    assert heads.index("2018") < heads.index("2022")
    assert "déduite" in heads[heads.index("2018") : heads.index("2022")], "the inferred date looks inferred"
    running = next(row for row in rows(region, "fonctionnement") if "budget" in row)
    assert "5 800 000" in _plain(running)
    assert "5 300 000" in _plain(running)
    investing = next(row for row in rows(region, "investissement") if "budget" in row)
    assert "2 000 000" in _plain(investing)
    assert "1 500 000" in _plain(investing)


def test_every_figure_has_its_document_and_lines(region: Page) -> None:
    tables = [text for _, text in region.all("table", class_="figures")]
    assert tables
    for _, text in region.all("tr"):
        if any(text in table for table in tables) and re.search(r"\d.*(€|%|habitants|communes|personnes)", text):
            assert re.search(r"\bL\d+", text), text


def test_the_inferred_date_looks_inferred_wherever_it_stands(region: Page) -> None:
    sources = [text for _, text in region.all("div", class_="src")]
    dated = [text for text in sources if re.search(r"\b2018\b", text)]
    assert dated
    for text in dated:
        assert "déduit" in text, text
    assert any("22 mars 2022" in text and "déduit" not in text for text in sources)


def test_every_fact_has_a_source_or_says_why_not(region: Page) -> None:
    links = [(a, text) for a, text in region.all("a") if a.get("href", "").startswith("/page/source/")]
    records = {text for attributes, text in links if "chip" not in attributes.get("class", "").split()}
    for name in ("fact", "event"):
        for _, text in region.all("li", class_=name):
            if any(text.startswith(record) for record in records):
                continue  # a record is a source itself
            assert re.search(r"\bL\d+", text) or "déduit" in text or "conclusion" in text, text


def test_sources_lead_to_their_passage(region: Page, client: FlaskClient) -> None:
    chips = {a["href"] for a, _ in region.all("a", class_="chip") if a.get("href")}
    assert len(chips) > 20
    pages: dict[str, Page] = {}
    for address in chips:
        path, _, anchor = address.partition("#")
        if path not in pages:
            pages[path] = get(client, path)
        assert unquote(anchor) in pages[path].ids, address
    assert len(pages) >= 2


def test_every_block_shows_its_query(region: Page, client: FlaskClient) -> None:
    queries = [link for link in region.links if link.startswith("/sparql?query=")]
    assert len(queries) >= len(region.all("h3")) // 2 > 3
    for link in queries:
        answer = client.get(link, headers={"Accept": "application/sparql-results+json"}, buffered=True).get_json(
            force=True
        )
        assert answer["results"]["bindings"], link


def test_the_page_and_its_data_name_the_same_thing(region: Page) -> None:
    assert f"{BASE}id/collectivite/region-grand-est" in region.text
    assert {f"{REGION.replace('page', 'data')}.{suffix}" for suffix in ("ttl", "nt", "jsonld", "rdf")} <= set(
        region.links
    )


def test_an_english_page_speaks_english(client: FlaskClient) -> None:
    page = get(client, f"{REGION}?lang=en")
    for words in ("Figures", "inferred", "Sources", "SPARQL"):
        assert words.casefold() in page.text.casefold()
    assert "déduite" not in page.text


# Links ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/", "/explorer", "/a-propos", "/recherche?q=cress"])
def test_links_lead_somewhere(client: FlaskClient, path: str) -> None:
    _follow(client, path)


@pytest.mark.slow
@pytest.mark.parametrize("path", [REGION, "/page/source/annuaire-grand-est", "/page/voc/theme"])
def test_links_of_full_pages_lead_somewhere(client: FlaskClient, path: str) -> None:
    _follow(client, path)


def _follow(client: FlaskClient, path: str) -> None:
    page = get(client, path)
    here = path.partition("?")[0]
    links = sorted(set(page.links))
    # Each fact has a form for reports that is made of the whole page; test_reports.py looks into them.
    forms = [link for link in links if link.startswith("/signaler?") and "fait=" in link]
    for link in sorted({*links} - {*forms[8:]}):
        parts = urlsplit(urljoin(path, link))
        if parts.scheme or parts.netloc:
            assert parts.scheme in ("http", "https")
            continue
        if parts.path == here and parts.fragment and not parts.query:
            assert unquote(parts.fragment) in page.ids, f"{link} on {path}"
            continue
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        assert client.get(target, headers=BROWSER, buffered=True).status_code in (200, 303), f"{link} on {path}"


# Search --------------------------------------------------------------------------------------------------------


def results(client: FlaskClient, asked: str) -> list[str]:
    """Addresses of the things found, in their order."""
    reply = client.get("/recherche", query_string={"q": asked}, headers=BROWSER, buffered=True)
    assert reply.status_code == 200
    page = Page(reply.get_data(as_text=True))
    heads = [text for _, text in page.all("ul", class_="items")]
    return [link for link in page.links if link.startswith("/page/")] if heads else []


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("Région Grand Est", "collectivite/region-grand-est"),
        ("region grand est", "collectivite/region-grand-est"),
        ("RÉGION GRAND EST", "collectivite/region-grand-est"),
        ("Région Grand-Est", "collectivite/region-grand-est"),
        ("  grand   est, région ", "collectivite/region-grand-est"),
        ("CUS", "collectivite/strasbourg-eurometropole"),
        ("cus", "collectivite/strasbourg-eurometropole"),
        ("communaute urbaine de strasbourg", "collectivite/strasbourg-eurometropole"),
        ("m2A", "collectivite/mulhouse-alsace-agglomeration"),
        ("M2a", "collectivite/mulhouse-alsace-agglomeration"),
        ("meurthe-et-moselle", "collectivite/conseil-departemental-de-meurthe-et-moselle"),
        ("zuber", "catherine-zuber"),
        ("Zúber", "catherine-zuber"),
        ("urscop", "urscop"),
        ("strasb", "collectivite/strasbourg-eurometropole"),
    ],
)
def test_search_finds(client: FlaskClient, asked: str, expected: str) -> None:
    found = results(client, asked)
    assert any(expected in address for address in found[:5]), found[:5]


def test_search_puts_the_exact_name_first(client: FlaskClient) -> None:
    assert results(client, "région grand est")[0].endswith("/collectivite/region-grand-est")
    assert results(client, "CUS")[0].endswith("/collectivite/strasbourg-eurometropole")


def test_search_says_why_it_matched(client: FlaskClient) -> None:
    page = get(client, "/recherche?q=CUS")
    assert any("CUS" in text for _, text in page.all("p", class_="item-reason"))


@pytest.mark.parametrize(
    "asked",
    [
        "", " ", '"', "*", "NEAR(", 'NEAR("a" "b", 2)', "a AND", "OR", "NOT x", "a:b", "folded:x", "-", "^a", "a*b",
        "(", ")", "'; DROP TABLE words; --", "%", "_", "\\", "\x00", "a\x00b", "é" * 5000, "a " * 5000, "x" * 10_240,
        "<script>alert(1)</script>", "{{ 7*7 }}", "🙂", "\u202e", "日本", "٣", "ﬁ", "\ud7ff",
    ],
    ids=range(33),
)  # fmt: skip
def test_hostile_searches(client: FlaskClient, asked: str) -> None:
    reply = client.get("/recherche", query_string={"q": asked}, headers=BROWSER, buffered=True)
    assert reply.status_code in (200, 400, 413, 414)
    text = reply.get_data(as_text=True)
    assert "<script>alert" not in text
    assert "49" not in re.findall(r"« ([^»]*) »", text)


@pytest.mark.parametrize("raw", [b"/recherche?q=%FF%FE", b"/recherche?q=%", b"/recherche?q=%ZZ", b"/recherche?q&q=b"])
def test_malformed_searches(client: FlaskClient, raw: bytes) -> None:
    assert client.get(raw.decode(), headers=BROWSER, buffered=True).status_code in (200, 400)


# What is not there ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/id/collectivite/region-grand", "/page/collectivite/region-grand"])
def test_an_unknown_entity_is_a_helpful_404(client: FlaskClient, path: str) -> None:
    page = get(client, path, 404)
    assert "/page/collectivite/region-grand-est" in [urlsplit(link).path for link in page.links], "what exists nearby"
    assert page.all("input", name="q"), "and a search box"
    reply = client.get(
        path, headers={"Accept": "application/json"} if "page" in path else {"Accept": "text/turtle"}, buffered=True
    )
    assert (reply.status_code, reply.mimetype) == (404, "application/problem+json")
    found = reply.get_json(force=True)
    assert found["status"] == 404
    assert found["detail"]
    assert f"{BASE}id/collectivite/region-grand-est" in found["nearby"]


def test_a_misspelt_entity_is_helped(client: FlaskClient) -> None:
    """A letter too few in the middle is still near."""
    page = get(client, "/id/collectivite/regon-grand-est", 404)
    assert any("grand-est" in link for link in page.links)


@pytest.mark.parametrize(
    "path",
    [
        "/nowhere", "/explorer/nothing", "/explorer/%3Cscript%3E", "/id/", "/id", "/voc/nothing/at-all", "/source/none",
        "/page/source/none", "/data/none.ttl", "/data/collectivite/region-grand-est.exe", "/page/", "/static/none.css",
        "/static/../app.py", "/static/%2e%2e/app.py", "/%00", "/.git/config",
    ],
)  # fmt: skip
def test_what_is_not_there_is_404(client: FlaskClient, path: str) -> None:
    page = get(client, path, 404)
    assert len(page.all("h1")) == 1
    assert page.all("a", href="/") or page.all("a", href="/?lang=fr")
    reply = client.get(path, headers={"Accept": "*/*"}, buffered=True)
    assert (reply.status_code, reply.mimetype) == (404, "application/problem+json")
    assert reply.get_json(force=True)["detail"]


@pytest.mark.parametrize("path", ["/", "/explorer", "/recherche", REGION, "/id/collectivite/region-grand-est"])
def test_other_methods_are_405(client: FlaskClient, path: str) -> None:
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        reply = client.open(path, method=method, buffered=True)
        assert (reply.status_code, reply.mimetype) == (405, "application/problem+json")
        assert "GET" in reply.headers["Allow"]


@pytest.mark.parametrize(
    ("path", "method", "status", "said"),
    [
        ("/nowhere", "GET", 404, "Rien ne se trouve à cette adresse"),
        ("/explorer", "POST", 405, "ne s’utilise pas de cette façon"),
        ("/broken", "GET", 500, "L’erreur est de notre côté"),
    ],
)
def test_an_error_is_told_in_the_readers_language(
    own_app: Flask, path: str, method: str, status: int, said: str
) -> None:
    client = own_app.test_client()
    reply = client.open(path, method=method, headers=BROWSER)
    assert reply.status_code == status
    assert said in reply.get_data(as_text=True)
    english = client.open(path, method=method, headers={**BROWSER, "Accept-Language": "en"}).get_data(as_text=True)
    assert said not in english and re.search(r"start over|search by name|it was logged", english)
    assert "secret of the inside" not in english
    program = client.open(path, method=method, headers={"Accept": "application/json"})
    assert program.mimetype == "application/problem+json" and program.get_json()["detail"]
    assert said not in program.get_data(as_text=True)


@pytest.fixture(scope="module")
def own_app(app: Flask) -> Flask:
    """The same site with a page that breaks."""
    made = create_app(app.extensions["ess_graph"].settings)

    def broken() -> str:
        raise RuntimeError("the secret of the inside")

    made.add_url_rule("/broken", view_func=broken)
    return made


def test_one_thing_is_said_as_one() -> None:
    for lang, one, many in (("fr", "+ 1 autre", "+ 2 autres"), ("en", "1 more", "2 more")):
        said = [i18n.translator(lang)(i18n.plural_key("source.more", n), n=n) for n in (1, 2)]
        assert said[0].endswith(one) and said[1].endswith(many)
    for key in {key.rpartition(".")[0] for key in i18n.messages() if key.endswith(".n")}:
        for n in (0, 1, 2):
            assert i18n.plural_key(key, n) in i18n.messages()


# Safety --------------------------------------------------------------------------------------------------------

EVERYWHERE = [
    ("/", 200), (REGION, 200), ("/id/collectivite/region-grand-est", 303), ("/nowhere", 404), ("/sante", 200),
    ("/sparql?query=SELEKT", 400), ("/sparql?query=ASK%20%7B%7D", 200), ("/static/site.css", 200),
    ("/static/site.js", 200), ("/data/collectivite/region-grand-est.ttl", 200), ("/static/none", 404),
]  # fmt: skip


@pytest.mark.parametrize(("path", "status"), EVERYWHERE)
@pytest.mark.parametrize("accept", ["text/html", "*/*"])
def test_security_headers(client: FlaskClient, path: str, status: int, accept: str) -> None:
    for method in ("GET", "HEAD"):
        reply = client.open(path, method=method, headers={"Accept": accept}, buffered=True)
        assert reply.status_code == status
        _secured(reply)


def test_security_headers_of_other_answers(client: FlaskClient) -> None:
    tag = client.get(REGION, buffered=True).headers["ETag"]
    _secured(client.get(REGION, headers={"If-None-Match": tag}, buffered=True))
    _secured(client.options("/sparql", buffered=True))
    _secured(client.get("/sparql?query=ASK%7B%7D", headers={"Accept": "image/png"}, buffered=True))
    _secured(client.post("/", buffered=True))


def _secured(reply: Any) -> None:
    policy = {
        words[0]: set(words[1:])
        for part in reply.headers["Content-Security-Policy"].split(";")
        if (words := part.split())
    }
    assert policy["default-src"] <= {"'self'", "'none'"}
    assert policy.get("script-src", policy["default-src"]) <= {"'self'", "'none'"}
    assert policy.get("style-src", policy["default-src"]) <= {"'self'", "'none'"}
    for name in ("object-src", "base-uri", "frame-ancestors"):
        assert policy[name] == {"'none'"}, name
    assert policy["form-action"] <= {"'self'", "'none'"}
    assert reply.headers["X-Content-Type-Options"] == "nosniff"
    assert reply.headers["Referrer-Policy"] in ("same-origin", "no-referrer", "strict-origin-when-cross-origin")
    assert "Set-Cookie" not in reply.headers


LOADS = {
    "script": ("src",), "img": ("src", "srcset"), "link": ("href",), "iframe": ("src",), "source": ("src", "srcset"),
    "video": ("src", "poster"), "audio": ("src",), "object": ("data",), "embed": ("src",), "form": ("action",),
    "use": ("href", "xlink:href"), "image": ("href", "xlink:href"), "base": ("href",), "button": ("formaction",),
}  # fmt: skip


def harmless(page: Page, public: str = "") -> None:
    """Nothing from elsewhere, nothing inline, and only http(s) links leave the site."""
    for tag, attributes in page.elements:
        for name in LOADS.get(tag, ()):
            for address in attributes.get(name, "").split(","):
                parts = urlsplit(address.strip())
                assert (parts.scheme, parts.netloc) == ("", ""), f"<{tag} {name}={address}>"
        assert not [name for name in attributes if name.startswith("on") or name == "style"], (tag, attributes)
        if tag == "a" and "href" in attributes:
            assert urlsplit(attributes["href"]).scheme in ("", "http", "https"), attributes["href"]
            assert not attributes["href"].startswith(("//", "/\\")), attributes["href"]
    # A data block is no program: a browser runs it as little as it runs a paragraph.
    data = [text for attributes, text in page.all("script") if attributes == {"type": "application/ld+json"}]
    assert all(isinstance(json.loads(text), dict) for text in data)
    programs = [(attributes, text) for attributes, text in page.all("script") if text not in data]
    assert not [text for attributes, text in programs if text or "src" not in attributes]
    assert not page.all("style")
    assert not page.all("base")


@pytest.mark.parametrize("path", [*PAGES, "/page/source/annuaire-grand-est", "/page/onto", "/nowhere"])
def test_no_third_party_and_nothing_inline(client: FlaskClient, path: str) -> None:
    reply = client.get(path, headers=BROWSER, buffered=True)
    harmless(Page(reply.get_data(as_text=True)))


def test_style_loads_nothing_from_elsewhere(client: FlaskClient) -> None:
    style = client.get("/static/site.css", buffered=True).get_data(as_text=True)
    assert "@import" not in style
    for address in re.findall(r"url\(\s*['\"]?([^'\")]+)", style):
        assert not re.match(r"(?:[a-z]+:)?//", address), address
    assert not re.search(
        r"https?://(?!www\.w3\.org)", client.get("/static/site.js", buffered=True).get_data(as_text=True)
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    "path",
    [
        "/page/structure/hostile",
        "/explorer/structure",
        "/recherche?q=script",
        "/recherche?q=%3Cscript%3E",
        "/page/structure/none-hostile-script",
        "/sparql?query=SELECT+*+%7B+?s+?p+?o+%7D",
        "/sparql?query=DESCRIBE+%3Chttps%3A%2F%2Fw3id.org%2Fess-graph%2Fid%2Fstructure%2Fhostile%3E",
        "/",
    ],
)
def test_hostile_labels_are_text(hostile: Flask, path: str) -> None:
    reply = hostile.test_client().get(path, headers=BROWSER)
    assert reply.status_code in (200, 404)
    text = reply.get_data(as_text=True)
    page = Page(text)
    harmless(page)
    assert "<iframe" not in text
    assert "<img src=x" not in text
    assert "<b>gras" not in text
    assert "49" not in page.text.split(), "no template runs in a label"
    assert "javascript:" not in " ".join(page.links)
    if "hostile" in path and reply.status_code == 200 and path.startswith("/page"):
        assert "<script>alert('xss')</script>" in page.text, "it is shown as it is"


@pytest.mark.slow
def test_hostile_text_survives_every_format(hostile: Flask) -> None:
    from rdflib import Graph, Literal

    client = hostile.test_client()
    for suffix, form in (("ttl", "turtle"), ("nt", "nt")):
        data = client.get(f"/data/structure/hostile.{suffix}", buffered=True).get_data(as_text=True)
        graph = Graph().parse(data=data, format=form)
        assert Literal('<iframe src="//evil.example"></iframe>', lang="fr") in set(graph.objects())


@pytest.mark.slow
@pytest.mark.parametrize("suffix", ["ttl", "nt", "jsonld", "rdf"])
def test_control_characters_do_not_break_a_format(hostile: Flask, suffix: str) -> None:
    """Data in any format can be read again, or are refused; XML cannot hold every character of a literal."""
    import warnings

    from rdflib import Graph

    reply = hostile.test_client().get(f"/data/structure/hostile.{suffix}")
    assert reply.status_code in (200, 406)
    if reply.status_code == 200:
        form = {"ttl": "turtle", "nt": "nt", "jsonld": "json-ld", "rdf": "xml"}[suffix]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            assert len(Graph().parse(data=reply.get_data(as_text=True), format=form)) > 3


# Releases ------------------------------------------------------------------------------------------------------

_DATA = """
@prefix ess: <https://w3id.org/ess-graph/onto#> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
<https://w3id.org/ess-graph/graph/registre> {{
  <https://w3id.org/ess-graph/id/structure/test> a ess:Structure ; skos:prefLabel "{label}"@fr .
}}
"""


@pytest.mark.slow
def test_a_new_release_is_seen_without_a_restart(project: Callable[[], Project]) -> None:
    made = project()
    first = made.publish(_DATA.format(label="Premier nom"))
    client = create_app(made.settings).test_client()
    page = client.get("/page/structure/test", headers=BROWSER, buffered=True)
    assert "Premier nom" in page.get_data(as_text=True)
    assert first in client.get("/sante", buffered=True).get_data(as_text=True)
    tag = page.headers["ETag"]
    assert (
        client.get("/page/structure/test", headers={**BROWSER, "If-None-Match": tag}, buffered=True).status_code == 304
    )
    second = made.publish(_DATA.format(label="Second nom"))
    assert second != first
    again = client.get("/page/structure/test", headers={**BROWSER, "If-None-Match": tag}, buffered=True)
    assert again.status_code == 200
    assert "Second nom" in again.get_data(as_text=True)
    assert "Premier nom" not in again.get_data(as_text=True)
    assert results(client, "second nom")
    # Of words that are nowhere together, search shows what has some of them.
    assert "Premier nom" not in client.get("/recherche?q=premier+nom", headers=BROWSER).get_data(as_text=True)
    answer = client.get('/sparql?query=SELECT ?l { ?s skos:prefLabel ?l FILTER(CONTAINS(?l, "nom")) }')
    assert "Second nom" in answer.get_data(as_text=True)


def test_without_a_release_it_says_what_to_do(project: Callable[[], Project]) -> None:
    client = create_app(project().settings).test_client()
    for path in ("/", "/explorer", "/recherche?q=a", "/sparql", "/page/a/b", "/data/a/b.ttl", "/sante"):
        reply = client.get(path, headers=BROWSER, buffered=True)
        assert reply.status_code in (404, 503), path
        assert "ess-graph build" in reply.get_data(as_text=True)


def _plain(text: str) -> str:
    return re.sub(r"[\u00a0\u202f]", " ", text)
