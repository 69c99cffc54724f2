"""What a reader chose by the address stays chosen: in each link, in each form, in what is downloaded."""

from __future__ import annotations

import csv
import io
import json
from collections import deque
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, quote, urlencode, urljoin, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.exceptions import MethodNotAllowed

from ess_graph.releases import Release
from ess_graph.vocab import GRAPH
from ess_graph.web.app import create_app
from web.serving import Project
from web.test_pages import BROWSER, Page, get

#: The release in service: it has none of the things of the other one, so a link that forgets that one leads nowhere.
NEWER = "@base <https://w3id.org/ess-graph/> . <graph/registre> { <id/structure/x> a <onto#Structure> }"
HERE = "http://localhost"
#: What no page leads to: names of things and codes, files for robots, services for programs, files without a release.
UNLINKED = {
    "codes.coded", "graphs.named", "vocabulary.voc", "finding.robots", "finding.sitemap", "finding.sitemaps",
    "api.listing", "graph_store.read", "health", "static", "dataset.file_of",
}  # fmt: skip


@pytest.fixture(scope="module")
def site(release: Release, tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """The project's own data in an older release, and a release in service that has nearly nothing."""
    project = Project(tmp_path_factory.mktemp("links"))
    project.publish(NEWER)
    project.keep(release)
    made = create_app(project.settings)
    made.testing = True
    return made


@pytest.fixture
def reader(site: Flask) -> FlaskClient:
    return site.test_client()


def addresses(page: Page) -> Iterator[str]:
    """Every address of this site on a page, whatever attribute holds it; where forms lead is another matter."""
    for _, attributes in page.elements:
        # A canonical address is the one under which search engines know a page, whoever chose what.
        if attributes.get("rel") != "canonical":
            for name, value in attributes.items():
                if name in ("href", "src") or name.startswith("data-"):
                    where = value.removeprefix(HERE)
                    if where.startswith(("/", "?")):
                        yield where


def arguments(address: str) -> dict[str, list[str]]:
    return parse_qs(urlsplit(address).query, keep_blank_values=True)


def forms(page: Page) -> list[dict[str, list[str]]]:
    """What each form sends beside what people fill in; a form of GET drops the arguments of its address."""
    found: list[dict[str, list[str]]] = []
    for tag, attributes in page.elements:
        if tag == "form":
            found.append(arguments(attributes["action"]) if attributes["method"] == "post" else {})
        if tag == "input" and attributes.get("type") == "hidden":
            found[-1].setdefault(attributes["name"], []).append(attributes["value"])
    return found


def endpoint(site: Flask, path: str) -> tuple[str, dict[str, Any]]:
    """What answers a path, by name, and what the path says; nothing for what is not there to be read."""
    try:
        return site.url_map.bind("localhost").match(path, method="GET")
    except MethodNotAllowed:
        return "", {}


def test_every_link_and_form_of_an_older_release_stays_in_it(
    site: Flask, reader: FlaskClient, release: Release
) -> None:
    """One page of each kind is opened, and each link on it is looked at.

    Without the release are only the files of the site's look, which no release has, and those of the releases
    themselves, whose paths name them.
    """
    first = [f"{path}release={release.id}&lang=en" for path in ("/?", "/recherche?q=grand&", "/signaler/merci?")]
    waiting, seen, lost = deque(first), {("search.results", "", True), ("reports.thanks", "", False)}, []
    while waiting:
        here = waiting.popleft()
        reply = reader.get(here, headers=BROWSER, buffered=True)
        assert reply.status_code in (200, 303), f"{here}: {reply.status}"
        found = [reply.headers["Location"]] if reply.status_code == 303 else []
        if reply.mimetype == "text/html" and reply.status_code == 200:
            page = Page(reply.get_data(as_text=True))
            found += addresses(page)
            chosen = {name: values for name, values in arguments(here).items() if name in ("release", "lang")}
            lost += [(here, "a form") for sent in forms(page) if not chosen.items() <= sent.items()]
        for address in found:
            parts = urlsplit(urljoin(here, address))
            to, given = endpoint(site, parts.path)
            if to in ("static", "dataset.file_of"):
                continue
            query = arguments(address)
            if query.get("release") != [release.id]:
                lost.append((here, address))
            key = (to, given.get("path", "").partition("/")[0], bool(query.keys() - {"release", "lang"}))
            if to and key not in seen:
                seen.add(key)
                waiting.append(f"{parts.path}?{parts.query}")
    assert lost == [], f"{len(lost)} links, such as {lost[:5]}"
    pages = {rule.endpoint for rule in site.url_map.iter_rules() if "GET" in (rule.methods or ())}
    missed = {
        one for one in pages - {to for to, *_ in seen} - UNLINKED if not one.startswith(("contribute.", "reconc"))
    }
    assert not missed, f"no link leads to {sorted(missed)}"


def test_links_in_headers_stay_in_the_release(reader: FlaskClient, release: Release) -> None:
    for path in ("/page/collectivite/region-grand-est", "/page/onto", "/page/voc/theme", "/page/graph/registre"):
        said = reader.get(f"{path}?release={release.id}", headers=BROWSER).headers["Link"]
        *alternates, described = said.split(", ")
        assert all(f"?release={release.id}>" in one for one in alternates), path
        assert "?" not in described, "the name of a thing is one for all releases"
        assert 'type="text/turtle"' in said and 'type="text/html"' in said


@pytest.mark.parametrize("path", ["/onto/{version}", "/voc", "/graph/registre"])
def test_redirects_stay_in_the_release(reader: FlaskClient, release: Release, path: str) -> None:
    ontology = reader.get(f"/data/onto.nt?release={release.id}").get_data(as_text=True)
    version = ontology.partition("versionIRI> <https://w3id.org/ess-graph/onto/")[2].partition(">")[0]
    reply = reader.get(f"{path.format(version=version)}?release={release.id}", headers=BROWSER)
    assert reply.status_code == 303
    assert arguments(reply.headers["Location"]) == {"release": [release.id]}


def test_files_that_others_are_led_to_are_those_of_the_release(reader: FlaskClient, release: Release) -> None:
    chosen = f"?release={release.id}"
    described = reader.get(f"/donnees/dcat.ttl{chosen}").get_data(as_text=True)
    assert f"/evenements.ics{chosen}>" in described and f"/carte.geojson{chosen}>" in described
    thing = reader.get(f"/data/collectivite/region-grand-est.jsonld{chosen}&context=url&lang=en").get_json()
    assert thing["@context"] == f"{HERE}/context.jsonld{chosen}", "names may mean something else in another release"
    feed = reader.get("/changements.atom?lang=en").get_data(as_text=True)
    assert 'rel="self" href="http://localhost/changements.atom?lang=en"' in feed


def test_another_language_keeps_every_argument(reader: FlaskClient, release: Release) -> None:
    two = "c=region-grand-est&c=strasbourg-eurometropole"
    french = get(reader, f"/comparer?{two}&release={release.id}")
    [(switch, _)] = [(a, t) for a, t in french.all("a") if t == "English"]
    english = get(reader, switch["href"])
    assert english.all("html", lang="en")
    columns = [text for _, text in english.all("th", scope="col")]
    assert columns[-2:] == [text for _, text in french.all("th", scope="col")][-2:], "the same two side by side"
    [(cited, _)] = [(a, t) for a, t in english.all("p", id="citation")]
    assert cited


def test_from_a_release_that_is_gone_the_way_leads_out(reader: FlaskClient) -> None:
    page = get(reader, "/explorer?release=gone&lang=en", 404)
    [home] = {a["href"] for a, text in page.all("a") if text == "Go back to the home page"}
    assert arguments(home) == {"lang": ["en"]}, "home in the release in service"


QUERY = "SELECT DISTINCT ?class WHERE { ?thing a ?class } ORDER BY ?class"


def test_what_is_downloaded_is_what_the_page_shows(reader: FlaskClient, release: Release) -> None:
    of = f"{GRAPH}registre"
    asked = [("query", QUERY), ("release", release.id), ("default-graph-uri", of), ("timeout", "9")]
    page = get(reader, f"/sparql?{urlencode(asked)}")
    shown = [text for _, text in page.all("td")]
    links = {urlsplit(a["href"]).query: text for a, text in page.all("a") if "format=" in a.get("href", "")}
    files = {text: reader.get(f"/sparql?{query}") for query, text in links.items()}
    assert set(files) == {"TABLEUR", "CSV", "TSV", "JSON", "XML"}
    assert all(reply.status_code == 200 for reply in files.values())
    rows = list(csv.reader(io.StringIO(files["CSV"].get_data(as_text=True))))[1:]
    assert len(rows) == len(shown) > 2
    whole = get(reader, f"/sparql?{urlencode(asked[:2])}")
    assert len(rows) < len(whole.all("td")), "the graph of the address narrows it"
    [form] = [sent for sent in forms(page) if "default-graph-uri" in sent]
    assert form == {"release": [release.id], "default-graph-uri": [of], "timeout": ["9"]}


def test_a_notebook_asks_the_release_that_it_shows(reader: FlaskClient, release: Release) -> None:
    for path in (f"/cahier.ipynb?release={release.id}", "/cahier.ipynb"):
        cells = json.loads(reader.get(path).get_data(as_text=True))["cells"]
        source = "".join(next(cell for cell in cells if cell["id"] == "ask")["source"])
        assert (f"/sparql?release={quote(release.id)}'" in source) == ("release" in path)
