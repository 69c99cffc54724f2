"""No e-mail address, phone number, birth date or login hint: not in the repository, not in a release, not on a page.

The shapes forbid them in the graph; this reads the files and the pages themselves, whatever made them.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from urllib.parse import unquote

import pytest
from flask import Flask
from flask.testing import FlaskClient
from rdflib import Graph, URIRef
from rdflib.namespace import FOAF, RDF

from ess_graph import terms
from ess_graph.releases import Release
from ess_graph.settings import Settings
from ess_graph.vocab import BASE, SCHEMA, SOURCE
from ess_graph.web.app import create_app

PATTERNS = {
    "e-mail": re.compile(
        r"(?<![\w.+%-])[\w.+%-]+\s?(?:@|\(at\)|\[at\])\s?[\w-]+(?:\.[\w-]+)*\.[a-z]{2,}", re.IGNORECASE
    ),
    "phone": re.compile(
        r"(?<![\w.,/-])(?:(?:\+|00)33[\s.\-]?(?:\(0\)[\s.\-]?)?|0)[1-9](?:[\s.\-\u00a0\u202f]?\d{2}){4}(?![\w/-])"
    ),
    "birth date": re.compile(r"\bn(?:é|ée|é\(e\)|é·e)\s+(?:le|en)\s+\d|\bdate de naissance\s*:", re.IGNORECASE),
    "login hint": re.compile(
        r"mot de passe\s+(?:est|:)|identifiant\s+(?:est|:)|partie avant (?:le|l['’])\s?(?:@|arobase)", re.IGNORECASE
    ),
}
#: Properties that say such things of a person, whatever their value looks like.
PROPERTIES = re.compile(
    r"[/#](?:mbox|mbox_sha1sum|email|hasEmail|birthDate|birthPlace|birthday|bday|age|telephone|phone|hasTelephone|tel|faxNumber)>"
)
CHECKED = ("data", "ontology", "rules", "shapes", "docs", "tests/competency", "tests/facts-map.csv")
TEXT = {".trig", ".ttl", ".csv", ".rq", ".md", ".json", ".nq", ".toml"}
FRENCH = {"Accept": "text/html", "Accept-Language": "fr"}


def found_in(text: str, allowed: frozenset[str] = frozenset()) -> list[tuple[str, str]]:
    """What should not be there, by kind; ``allowed`` are the switchboards of organisations."""
    for number in allowed:
        text = text.replace(number, "")
    return [(kind, match.group()) for kind, pattern in PATTERNS.items() for match in pattern.finditer(text)]


def switchboards(dump: Path) -> frozenset[str]:
    """Phone numbers that the graph gives as such of a thing that is no person."""
    graph = Graph()
    for subject, said, value, _ in terms.quads(dump):
        graph.add((subject, said, value))
    return frozenset(
        str(number)
        for thing, number in graph.subject_objects(SCHEMA.telephone)
        if (thing, RDF.type, FOAF.Person) not in graph and (thing, RDF.type, None) in graph
    )


def files(place: Path) -> Iterator[Path]:
    yield from (path for path in ([place] if place.is_file() else sorted(place.rglob("*"))) if path.suffix in TEXT)


@pytest.fixture(scope="module")
def allowed(release: Release) -> frozenset[str]:
    return switchboards(release.dump)


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("e-mail", "écrire à ada.exemple@ville.fr."),
        ("e-mail", "ada (at) ville.fr"),
        ("phone", "Tél. 03 88 00 00 00"),
        ("phone", "0388000000"),
        ("phone", "03.88.00.00.00"),
        ("phone", "+33 3 88 00 00 00"),
        ("phone", "+33 (0)3 88 00 00 00"),
        ("birth date", "Ada Exemple, née le 3 mars 1960"),
        ("login hint", "votre mot de passe est la racine"),
        ("login hint", "Votre identifiant est votre adresse"),
    ],
)
def test_the_patterns_find_what_they_look_for(kind: str, text: str) -> None:
    assert kind in {found for found, _ in found_in(text)}


@pytest.mark.parametrize(
    "text",
    [
        '"Ville de Petitbourg"@fr , "Town"@en .',
        "un budget de 10 000 000 000 €",
        "2416280163fb6450e012f0a2a4ce2757a5d8011d1db784a655d4083c34b64515",
        "la SCOP née en région",
        "Consigne de connexion : jamais reprise.",
    ],
)
def test_the_patterns_leave_the_rest_alone(text: str) -> None:
    assert found_in(text) == []


@pytest.mark.parametrize("place", CHECKED)
def test_nothing_personal_in_the_repository(root: Path, place: str) -> None:
    for path in files(root / place):
        found = found_in(path.read_text(encoding="utf-8"))
        assert found == [], path


@pytest.mark.parametrize("folder", ["data", "ontology"])
def test_no_property_for_it_in_the_data(root: Path, folder: str) -> None:
    for path in files(root / folder):
        if path.suffix in (".trig", ".ttl"):
            used = {said.n3() for _, said, _, _ in terms.quads(path) if isinstance(said, URIRef)}
            assert [said for said in used if PROPERTIES.search(said)] == [], path


def test_nothing_personal_in_a_release(release: Release, allowed: frozenset[str]) -> None:
    read = list(files(release.folder))
    assert release.dump in read
    for path in read:
        assert found_in(path.read_text(encoding="utf-8"), allowed) == [], path


def test_no_property_for_it_in_a_release(release: Release) -> None:
    for line in release.dump.read_text(encoding="utf-8").splitlines():
        said = line.split(" ", 2)[1]
        assert not PROPERTIES.search(said) or "/id/personne/" not in line.split(" ", 1)[0], line


def test_nothing_personal_in_the_index(release: Release, allowed: frozenset[str]) -> None:
    # Text columns are stored as they are, so the bytes show whatever a page could.
    text = release.index.read_bytes().decode("utf-8", errors="replace")
    assert [found for found in found_in(text, allowed) if found[0] != "phone"] == []


def addresses(client: FlaskClient) -> list[str]:
    """Pages that could show such a thing: people and what they hold, documents, lists, and the site's own pages."""
    started = ["/", "/explorer", "/a-propos", "/sparql", "/qualite", "/versions", "/versions/region-grand-est-2022"]
    kinds = re.findall(r'href="(/explorer/[^"]+)"', client.get("/explorer", headers=FRENCH).get_data(as_text=True))
    listed: set[str] = set()
    for kind in kinds:
        for number in range(1, 40):
            text = client.get(f"{kind}?page={number}", headers=FRENCH).get_data(as_text=True)
            listed |= set(re.findall(r'href="(/page/[^"#]+)"', text))
            if f"page={number + 1}" not in text:
                break
    shown = ("personne", "mandat", "fonction", "collectivite", "instance", "structure", "adresse")
    people = sorted(path for path in listed if path.split("/")[2] in shown)
    assert any("/personne/" in path for path in people)
    quality = client.get("/qualite", headers=FRENCH).get_data(as_text=True)
    documents = sorted(set(re.findall(r'href="(/page/source/[^"#?]+)', quality)))
    assert len(documents) == 5
    # A long document is read a page at a time.
    parts = {
        document + html.unescape(part)
        for document in documents
        for part in re.findall(r'href="(\?partie=[^"#]+)', client.get(document, headers=FRENCH).get_data(as_text=True))
    }
    assert len(parts) > 10
    return [*started, *kinds, *documents, *sorted(parts), *people]


@pytest.mark.slow
def test_nothing_personal_on_a_page(app: Flask, root: Path, allowed: frozenset[str]) -> None:
    """Where a documents folder is set, pages show the same and the texts of passages with it."""
    settings: Settings = app.extensions["ess_graph"].settings
    if (documents := root.parent / "shared" / "sources").is_dir():
        app = create_app(Settings(settings.root, settings.home, documents))
    client = app.test_client()
    for path in addresses(client):
        response = client.get(path, headers=FRENCH)
        assert response.status_code == 200, path
        # Source lines wrap and addresses are escaped: what a reader sees is what counts, and what a link holds.
        text = unquote(unescape(response.get_data(as_text=True)))
        assert found_in(text, allowed) == [], path


@pytest.mark.slow
def test_data_in_every_form_hold_nothing_either(client: FlaskClient, allowed: frozenset[str]) -> None:
    people = re.findall(r'href="/page/(personne/[^"]+)"', "".join(
        client.get(f"/explorer/person?page={n}", headers=FRENCH).get_data(as_text=True) for n in range(1, 4)
    ))  # fmt: skip
    assert people
    for name in people[:10]:
        for suffix in ("ttl", "nt", "jsonld", "rdf"):
            text = client.get(f"/data/{name}.{suffix}").get_data(as_text=True)
            assert found_in(unquote(unescape(text)), allowed) == [], name


def test_passages_with_such_a_thing_are_not_cited(release: Release, shared: Path) -> None:
    """The lines themselves: no passage of the release holds one."""
    cited = {str(value) for _, said, value, _ in terms.quads(release.dump) if str(said).endswith("#wasDerivedFrom")}
    names = {
        str(subject): str(value)
        for subject, said, value, _ in terms.quads(release.dump)
        if str(said).endswith("/identifier") and str(subject).startswith(str(SOURCE))
    }
    from ess_graph.passages import read_lines, span

    texts = {document: read_lines(shared / "sources" / name) for document, name in names.items()}
    for passage in sorted(p for p in cited if p.startswith(BASE) and "#L" in p):
        first, last = span(passage)
        assert found_in("\n".join(texts[passage.partition("#")[0]][first - 1 : last])) == [], passage
