"""``/id/…`` → ``/page/…`` or ``/data/…``: one thing, as a page for people and as data for programs."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote, urlencode

from flask import Blueprint, Response, g, redirect, request
from rdflib import URIRef
from rdflib.term import Node
from werkzeug.exceptions import NotAcceptable

from ess_graph.engine.formats import ALIASES
from ess_graph.query import catalogue, documents
from ess_graph.query.entity import entity_page
from ess_graph.query.exports import jsonld
from ess_graph.query.views import EntityPage, Value
from ess_graph.terms import graph_of
from ess_graph.vocab import BASE
from ess_graph.web import negotiate
from ess_graph.web.exports import base, context_of
from ess_graph.web.i18n import translator
from ess_graph.web.replies import cacheable, page, problem, readable
from ess_graph.web.site import Opened, Site

_HTML = "text/html"
#: Suffixes of data files, and their media types; those of quads add nothing for one thing.
SUFFIXES = {
    "ttl": "text/turtle",
    "nt": "application/n-triples",
    "jsonld": "application/ld+json",
    "rdf": "application/rdf+xml",
}
_KINDS = tuple(SUFFIXES.values())
_NEARBY = 5
#: Queries that describe what is more than one thing; others are described by ``describe``.
_DATA = {"source": "document_data", "onto": "ontology_data"}


def blueprint(site: Site) -> Blueprint:
    """The routes of things, their pages and their data."""
    routes = Blueprint("entities", __name__)

    @routes.get("/<any(id, voc, source):kind>/<path:name>")
    @routes.get("/<any('onto', 'onto.ttl', 'onto.nt', 'onto.jsonld', 'onto.rdf'):kind>")
    def identified(kind: str, name: str = "") -> Response:
        path = name if kind == "id" else f"{kind}/{name}".rstrip("/")
        if path.rpartition(".")[2] in SUFFIXES:
            return _see_other(site.address(f"/data/{path}"))
        chosen = negotiate.best(request.headers.get("Accept"), (_HTML, *_KINDS), ALIASES.items())
        if chosen is None:
            raise NotAcceptable(f"This thing is described as {', '.join((_HTML, *_KINDS))}: ask for one of these.")
        if not _exists(_iri(path), site.opened()):
            return _unknown(path, site)
        suffix = next((s for s, kind in SUFFIXES.items() if kind == chosen), None)
        return _see_other(site.address(f"/data/{path}.{suffix}" if suffix else f"/page/{path}"))

    @routes.get("/page/<path:path>")
    def page_of(path: str) -> Response:
        opened = site.opened()
        iri = _iri(path)
        if not _sayable(iri):
            response = _unknown(path, site)
        elif path.startswith("source/"):
            response = _document(path, opened, site)
        else:
            shown = entity_page(
                iri, g.lang, engine=opened.engine, index=opened.index, display=opened.display,
                link=site.link, texts=site.passage_text,
            )  # fmt: skip
            response = _unknown(path, site) if shown is None else page("entity.html", page=_with_formats(shown, path))
        if response.status_code == 200:
            response.headers["Link"] = _links(path, iri)
            return cacheable(response, opened.release.id, path, g.lang, str(site.settings.sources))
        return response

    @routes.get("/data/<path:path>.<any(ttl, nt, jsonld, rdf):suffix>")
    def data_of(path: str, suffix: str) -> Response:
        opened = site.opened()
        iri = _iri(path)
        if not _exists(iri, opened):
            return _unknown(path, site)
        kind = SUFFIXES[suffix]
        text = catalogue.text(_DATA.get(path.partition("/")[0], "describe"))
        named: dict[str, Node] = {"thing": URIRef(iri)}
        body = _compact(text, named, opened, site) if suffix == "jsonld" else None
        if body is None:
            body = b"".join(readable(opened.engine.serialized(text, kind, bindings=named), kind))
        response = Response(body, content_type=f"{kind}; charset=utf-8" if kind == "text/turtle" else kind)
        response.headers["Link"] = _links(path, iri)
        return cacheable(response, opened.release.id, path, suffix, request.args.get("context", ""), base(site))

    return routes


def _compact(text: str, named: dict[str, Node], opened: Opened, site: Site) -> bytes | None:
    """Compact JSON-LD: it holds the names that it uses or, with ``context=url``, says where they are published."""
    graph = graph_of(b"".join(opened.engine.serialized(text, SUFFIXES["nt"], bindings=named)))
    address = f"{base(site)}/context.jsonld" if request.args.get("context") == "url" else None
    return jsonld.compact(graph, context_of(opened), address)


def _iri(path: str) -> str:
    """The IRI behind a page's path: ``structure/rtes`` is ``…/id/structure/rtes``."""
    plain = path.partition("/")[0] in ("voc", "source", "onto")
    return BASE + path if plain else f"{BASE}id/{path}"


def _exists(iri: str, opened: Opened) -> bool:
    return _sayable(iri) and len(opened.engine.rows(catalogue.text("types"), {"entity": URIRef(iri)}, limit=1)) > 0


def _sayable(iri: str) -> bool:
    """Whether some text can be an IRI at all."""
    return not set(iri) & set('<>"{}|^`\\ ') and iri.isprintable()


def _see_other(address: str) -> Response:
    response = redirect(address, 303, Response)
    response.vary.add("Accept")
    return response  # type: ignore[return-value]


def _links(path: str, iri: str) -> str:
    path, iri = quote(path), quote(iri, safe=":/#?=&%")
    alternates = [f'</data/{path}.{suffix}>; rel="alternate"; type="{kind}"' for suffix, kind in SUFFIXES.items()]
    return ", ".join([*alternates, f'</page/{path}>; rel="alternate"; type="text/html"', f'<{iri}>; rel="describes"'])


def _with_formats(shown: EntityPage, path: str) -> EntityPage:
    names = {"ttl": "Turtle", "nt": "N-Triples", "jsonld": "JSON-LD", "rdf": "RDF/XML"}
    formats = [Value(name, url=f"/data/{path}.{suffix}") for suffix, name in names.items()]
    formats += _calendars(shown, path)
    return EntityPage(**{**shown.__dict__, "formats": tuple(formats)})


def _calendars(shown: EntityPage, path: str) -> Iterator[Value]:
    """The calendar of a thing's events or, for an event whose date is known somehow, of that event."""
    t = translator(g.lang)
    blocks = [block for group in shown.groups for block in group.blocks]
    if any(block.viewer == "events" for block in blocks):
        of = ("territoire", path.partition("/")[2]) if path.startswith("territoire/") else ("entite", path)
        yield Value(t("calendar.link"), url=f"/evenements.ics?{urlencode([of])}")
    elif path.startswith("evenement/") and any(block.key == "debut" for block in blocks):
        yield Value(t("calendar.add"), url=f"/evenements.ics?{urlencode([('entite', path), ('partielles', '1')])}")


def _document(path: str, opened: Opened, site: Site) -> Response:
    shown = documents.document_page(
        BASE + path, g.lang, engine=opened.engine, index=opened.index, link=site.link, texts=site.passage_text
    )
    if shown is None:
        return _unknown(path, site)
    return page("document.html", document=shown.document, records=shown.records, passages=shown.passages)


def _unknown(path: str, site: Site) -> Response:
    """404, with what exists under a similar name."""
    opened = site.opened()
    words = path.rpartition("/")[2].replace("-", " ")
    found: list[Value] = []
    while words and not found:
        _, hits = opened.index.search(words, _NEARBY, 0)
        found = [Value(hit.label, url=site.link(hit.iri), iri=hit.iri) for hit in hits]
        words = words.rpartition(" ")[0]
    t = translator(g.lang)
    detail = t("error.unknown", name=path[:200])
    return problem(404, detail, title=t("error.404"), nearby=found)
