"""Namespaces, and the few IRIs that stand alone; nowhere else in the code is one spelled out."""

from __future__ import annotations

from rdflib import Namespace, URIRef
from rdflib.namespace import DCTERMS, FOAF, ORG, OWL, PROV, RDF, RDFS, SKOS, XSD

#: The one constant every IRI of the project starts with.
BASE = "https://w3id.org/ess-graph/"

ESS = Namespace(BASE + "onto#")
ID = Namespace(BASE + "id/")
VOC = Namespace(BASE + "voc/")
GRAPH = Namespace(BASE + "graph/")
SOURCE = Namespace(BASE + "source/")

# schema.org under https, as the site itself publishes it (rdflib's SDO is dated).
SCHEMA = Namespace("https://schema.org/")
LOCN = Namespace("http://www.w3.org/ns/locn#")
IGEO = Namespace("http://rdf.insee.fr/def/geo#")
CPSV = Namespace("http://purl.org/vocab/cpsv#")
CV = Namespace("http://data.europa.eu/m8g/")
SH = Namespace("http://www.w3.org/ns/shacl#")
DASH = Namespace("http://datashapes.org/dash#")
# Its third version, which rdflib's own list of terms is older than.
DCAT = Namespace("http://www.w3.org/ns/dcat#")
CSVW = Namespace("http://www.w3.org/ns/csvw#")
#: How DBpedia says how many people live somewhere, and in which year they were counted.
DBO = Namespace("http://dbpedia.org/ontology/")
#: When something was fetched from elsewhere.
PAV = Namespace("http://purl.org/pav/")

#: How an endpoint says what it offers, and the names of formats.
SD = Namespace("http://www.w3.org/ns/sparql-service-description#")
FORMATS = Namespace("http://www.w3.org/ns/formats/")
#: Checksums; the types of files, as IANA and as European catalogues name them.
SPDX = Namespace("http://spdx.org/rdf/terms#")
MEDIA = Namespace("https://www.iana.org/assignments/media-types/")
FILE_TYPES = Namespace("http://publications.europa.eu/resource/authority/file-type/")

#: Things of Wikidata, and the articles about them.
WIKIDATA = Namespace("http://www.wikidata.org/entity/")
WIKIPEDIA = Namespace("https://fr.wikipedia.org/wiki/")
#: Territories of INSEE.
INSEE = Namespace("http://id.insee.fr/geo/")

#: XML that is no RDF: feeds, the pages in them, the language of a text, and maps of a site.
ATOM = "http://www.w3.org/2005/Atom"
XHTML = "http://www.w3.org/1999/xhtml"
XML = "http://www.w3.org/XML/1998/namespace"
SITEMAP = "http://www.sitemaps.org/schemas/sitemap/0.9"

#: Questions (``questions/name``), and the words that they share (``questions#word``).
QUESTIONS = Namespace(BASE + "questions/")
#: Our own viewers and settings of display shapes.
DISPLAY = Namespace(BASE + "shapes/display/")

#: Prefixes in the order in which they are written in files and offered to people.
PREFIXES: dict[str, str] = {
    "rdf": str(RDF),
    "rdfs": str(RDFS),
    "owl": str(OWL),
    "xsd": str(XSD),
    "ess": str(ESS),
    "skos": str(SKOS),
    "dcterms": str(DCTERMS),
    "foaf": str(FOAF),
    "org": str(ORG),
    "prov": str(PROV),
    "dcat": str(DCAT),
    "schema": str(SCHEMA),
    "locn": str(LOCN),
    "igeo": str(IGEO),
    "cpsv": str(CPSV),
    "cv": str(CV),
    "sh": str(SH),
    "dash": str(DASH),
}

#: The graph as a whole, as catalogues name it.
DATASET = URIRef(BASE + "donnees")
#: The Licence Ouverte, under which the data are.
LICENCE = URIRef("https://www.etalab.gouv.fr/licence-ouverte-open-licence")

REGISTRE = GRAPH.registre
CURATION = GRAPH.curation
LIENS = GRAPH.liens
SOURCES = GRAPH.sources
VOCABULAIRE = GRAPH.voc
INFERENCES = GRAPH.inferences
#: What the names of graphs of official extracts start with.
OPENDATA = str(GRAPH) + "opendata/"


def iri(relative: str) -> URIRef:
    """The absolute IRI of a path under the project's base (``id/structure/rtes``)."""
    return URIRef(BASE + relative)
