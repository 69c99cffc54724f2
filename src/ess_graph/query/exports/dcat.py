"""The graph as catalogues of open data read it (DCAT-AP), and as linked-data tools do (VoID)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from rdflib import BNode, Graph, Literal, URIRef
from rdflib.namespace import DCTERMS, FOAF, RDF, VOID, XSD

from ess_graph.errors import NotFound
from ess_graph.releases import Release
from ess_graph.vocab import DATASET, DCAT, FILE_TYPES, MEDIA, SPDX

#: Parts of the description that only VoID knows.
_PARTS = (VOID.classPartition, VOID.propertyPartition)


@dataclass(frozen=True)
class Offer:
    """One form in which the graph can be had.

    Attributes:
        name: of the file, or of the address's last part.
        address: where it is.
        kind: media type, of what is inside when it is packed.
        packed: media type of the packing, or none.
        sha256, size: of the file, when it is one.
        file_type: its code in the European list of file types, when that has one.
        dump: whether it holds the whole graph as RDF.
    """

    name: str
    address: str
    kind: str
    packed: str | None = None
    sha256: str | None = None
    size: int | None = None
    file_type: str | None = None
    dump: bool = False


def void(release: Release, offers: Iterable[Offer], *, endpoint: str, home: str) -> Graph:
    """The description that the build made, with this site's addresses."""
    graph = _described(release)
    graph.add((DATASET, VOID.sparqlEndpoint, URIRef(endpoint)))
    graph.add((DATASET, FOAF.homepage, URIRef(home)))
    for offer in offers:
        if offer.dump:
            graph.add((DATASET, VOID.dataDump, URIRef(offer.address)))
    return graph


def dcat(release: Release, offers: Iterable[Offer], *, endpoint: str, home: str, data: str) -> Graph:
    """A catalogue of one dataset, with every form of it and its SPARQL service.

    Args:
        release: what is in service.
        offers: the forms.
        endpoint: address of the SPARQL service.
        home: address of the site.
        data: address of the page about the data.
    """
    graph = Graph()
    graph.bind("dcat", DCAT)
    graph.bind("spdx", SPDX)
    described = _described(release)
    publisher, licence = described.value(DATASET, DCTERMS.publisher), described.value(DATASET, DCTERMS.license)
    for subject, said, value in described:
        if subject in (DATASET, publisher) and said not in _PARTS:
            graph.add((subject, said, value))
    catalogue, service = URIRef(f"{data}#catalogue"), URIRef(f"{data}#sparql")
    graph.add((catalogue, RDF.type, DCAT.Catalog))
    graph.add((catalogue, DCAT.dataset, DATASET))
    graph.add((catalogue, DCAT.service, service))
    graph.add((catalogue, FOAF.homepage, URIRef(home)))
    graph.add((service, RDF.type, DCAT.DataService))
    graph.add((service, DCAT.endpointURL, URIRef(endpoint)))
    graph.add((service, DCAT.servesDataset, DATASET))
    graph.add((service, DCTERMS.title, Literal("SPARQL", lang="fr")))
    graph.add((service, DCTERMS.title, Literal("SPARQL", lang="en")))
    graph.add((DATASET, DCAT.landingPage, URIRef(data)))
    for title in graph.objects(DATASET, DCTERMS.title):
        graph.add((catalogue, DCTERMS.title, title))
    for text in graph.objects(DATASET, DCTERMS.description):
        graph.add((catalogue, DCTERMS.description, text))
    for node in (catalogue, service):
        if licence is not None:
            graph.add((node, DCTERMS.license, licence))
        if publisher is not None:
            graph.add((node, DCTERMS.publisher, publisher))
    for offer in offers:
        _distribution(graph, offer, licence)
    return graph


def _distribution(graph: Graph, offer: Offer, licence: object) -> None:
    address = URIRef(offer.address)
    node = URIRef(f"{DATASET}#{offer.name}")
    graph.add((DATASET, DCAT.distribution, node))
    graph.add((node, RDF.type, DCAT.Distribution))
    graph.add((node, DCTERMS.title, Literal(offer.name)))
    graph.add((node, DCAT.accessURL, address))
    graph.add((node, DCAT.downloadURL, address))
    graph.add((node, DCAT.mediaType, MEDIA[offer.kind]))
    if offer.packed:
        graph.add((node, DCAT.compressFormat, MEDIA[offer.packed]))
    if offer.file_type:
        graph.add((node, DCTERMS["format"], FILE_TYPES[offer.file_type]))
    if isinstance(licence, URIRef):
        graph.add((node, DCTERMS.license, licence))
    if offer.size is not None:
        graph.add((node, DCAT.byteSize, Literal(offer.size, datatype=XSD.nonNegativeInteger)))
    if offer.sha256:
        checksum = BNode()
        graph.add((node, SPDX.checksum, checksum))
        graph.add((checksum, RDF.type, SPDX.Checksum))
        graph.add((checksum, SPDX.algorithm, SPDX.checksumAlgorithm_sha256))
        graph.add((checksum, SPDX.checksumValue, Literal(offer.sha256, datatype=XSD.hexBinary)))


def _described(release: Release) -> Graph:
    if not release.void.is_file():
        raise NotFound(f"{release.id} was written in place and has no description of its own: ask /sparql for one.")
    return Graph().parse(release.void, format="turtle")
