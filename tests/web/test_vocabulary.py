"""The ontology, the concept schemes and the named graphs explained: every term, in one language, with its uses."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from rdflib import RDF, RDFS, SKOS, Graph, Literal, URIRef

from ess_graph.engine.base import Engine
from ess_graph.vocab import BASE, ESS, GRAPH
from web.test_pages import BROWSER, Page, get

ONTO = URIRef(BASE + "onto")


@pytest.fixture(scope="module")
def ontology(root: Path) -> Graph:
    return Graph().parse(root / "ontology" / "ess.ttl", format="turtle")


@pytest.fixture(scope="module")
def french(app: Flask) -> Page:
    return get(app.test_client(), "/page/onto?lang=fr")


@pytest.fixture(scope="module")
def english(app: Flask) -> Page:
    return get(app.test_client(), "/page/onto?lang=en")


def test_every_term_stands_at_its_fragment(french: Page, ontology: Graph) -> None:
    """ess:Convention is ``onto#Convention``: the address of a term leads to its place on the page."""
    terms = set(ontology.subjects(RDFS.isDefinedBy, ONTO))
    assert len(terms) > 40
    sections = {attributes["id"]: text for attributes, text in french.all("section", class_="term")}
    for term in terms:
        said = sections[str(term).removeprefix(str(ESS))]
        [label] = [str(o) for o in ontology.objects(term, RDFS.label) if isinstance(o, Literal) and o.language == "fr"]
        [comment] = [
            str(o) for o in ontology.objects(term, RDFS.comment) if isinstance(o, Literal) and o.language == "fr"
        ]
        assert label in said
        assert " ".join(comment.split()) in said


def test_one_language_at_a_time(french: Page, english: Page, ontology: Graph) -> None:
    for comment in ontology.objects(None, RDFS.comment):
        assert isinstance(comment, Literal)
        own, other = (french, english) if comment.language == "fr" else (english, french)
        assert " ".join(comment.split()) in own.text
        assert " ".join(comment.split()) not in other.text


def test_terms_lead_to_one_another_and_anchors_are_there(french: Page) -> None:
    fragments = [link[1:] for link in french.links if link.startswith("#")]
    assert len(fragments) > 150
    assert {f for f in fragments if f != "contenu"} <= french.ids
    sections = {attributes["id"]: text for attributes, text in french.all("section", class_="term")}
    assert "Partenariat" in sections["Convention"], "its super-class"
    assert "Convention" in sections["Partenariat"], "its sub-class"
    assert "Projet" in sections["Action"]


def test_uses_are_counted_and_shown(french: Page, engine: Engine) -> None:
    sections = {attributes["id"]: text for attributes, text in french.all("section", class_="term")}
    for name in ("Collectivite", "Convention", "Mandat"):
        n = len(engine.rows(f"SELECT DISTINCT ?s WHERE {{ ?s a ess:{name} }}"))
        assert f"{n} choses" in sections[name]
    n = len(engine.rows("SELECT ?s ?o WHERE { ?s ess:portePar ?o }"))
    assert f"{n} énoncés" in sections["portePar"]
    examples = [link for link in french.links if link.startswith("/page/collectivite/")]
    assert examples


def test_examples_are_of_their_class(client: FlaskClient, french: Page, engine: Engine) -> None:
    text = client.get("/page/onto", headers=BROWSER).get_data(as_text=True)
    section = text.partition('id="Dispositif"')[2].partition("</section>")[0]
    links = [urlsplit(link).path for link in Page(section).links if link.startswith("/page/")]
    found = [link for link in links if "/dispositif/" in link]
    assert found
    for link in found:
        thing = URIRef(BASE + "id/" + link.removeprefix("/page/"))
        assert engine.rows("SELECT ?s WHERE { ?s a ess:Dispositif }", {"s": thing}).rows


def test_versions_of_the_ontology_answer(client: FlaskClient, ontology: Graph) -> None:
    reply = client.get("/onto/0.1.0", headers=BROWSER)
    assert (reply.status_code, urlsplit(reply.headers["Location"]).path) == (303, "/onto")
    assert client.get("/onto/9.9", headers=BROWSER).status_code == 404
    assert client.get("/voc", headers=BROWSER).status_code == 303


@pytest.mark.parametrize("name", ["theme", "indicateur", "precision", "type-structure"])
def test_a_scheme_shows_each_concept_with_its_uses(client: FlaskClient, root: Path, name: str) -> None:
    page = get(client, f"/page/voc/{name}")
    concepts = Graph().parse(root / "ontology" / "voc" / f"{name}.ttl", format="turtle")
    wanted = {str(c).rpartition("/")[2] for c in concepts.subjects(SKOS.inScheme, URIRef(f"{BASE}voc/{name}"))}
    assert wanted <= page.ids
    links = [urlsplit(link).path for link in page.links]
    assert all(f"/page/voc/{name}/{concept}" in links for concept in wanted)
    for c in concepts.subjects(RDF.type, SKOS.Concept):
        for alt in concepts.objects(c, SKOS.altLabel):
            if isinstance(alt, Literal) and alt.language in (None, "fr"):
                assert " ".join(str(alt).split()) in page.text


def test_every_named_graph_answers(client: FlaskClient, engine: Engine) -> None:
    names = {str(row["g"]) for row in engine.rows("SELECT DISTINCT ?g WHERE { GRAPH ?g { ?s ?p ?o } }")}
    ours = sorted(name for name in names if name.startswith(str(GRAPH)))
    assert len(ours) >= 5
    for iri in ours:
        name = iri.removeprefix(BASE)
        reply = client.get(f"/{name}", headers=BROWSER)
        assert (reply.status_code, urlsplit(reply.headers["Location"]).path) == (303, f"/page/{name}")
        page = get(client, f"/page/{name}")
        [row] = engine.rows("SELECT (COUNT(*) AS ?n) WHERE { GRAPH ?g { ?s ?p ?o } }".replace("?g", f"<{iri}>")).rows
        assert f"{int(str(row['n'])):,} triplets".replace(",", " ") in page.text
        assert any(link.startswith("/sparql?") for link in page.links)
        listed = {urlsplit(link).path for link in page.links}
        assert all(f"/page/{other.removeprefix(BASE)}" in listed for other in ours), "the other graphs"


def test_a_graph_as_data(client: FlaskClient) -> None:
    reply = client.get("/graph/registre", headers={"Accept": "text/turtle"})
    assert reply.status_code == 303
    described = client.get(reply.headers["Location"])
    graph = Graph().parse(data=described.get_data(as_text=True), format="turtle")
    assert (GRAPH.registre, None, None) in graph
    for suffix, form in (("nt", "nt"), ("rdf", "xml")):
        text = client.get(f"/data/graph/registre.{suffix}").get_data(as_text=True)
        assert len(Graph().parse(data=text, format=form)) == len(graph)
    assert client.get("/data/graph/registre.jsonld").get_json(force=True)[0]["@id"] == str(GRAPH.registre)


@pytest.mark.parametrize(
    "path", ["/graph/none", "/page/graph/none", "/data/graph/none.ttl", "/graph/%3Cb%3E", "/page/voc/none", "/graph/"]
)
def test_what_is_not_there_is_404(client: FlaskClient, path: str) -> None:
    assert client.get(path, headers=BROWSER).status_code == 404


def test_hostile_terms_are_text(hostile: Flask) -> None:
    for path in ("/page/onto", "/page/voc/theme", "/page/graph/registre", "/explorer", "/signaler"):
        reply = hostile.test_client().get(path, headers=BROWSER)
        assert reply.status_code in (200, 404)
        text = reply.get_data(as_text=True)
        assert "<script>alert" not in text
        assert 'href="javascript' not in text
