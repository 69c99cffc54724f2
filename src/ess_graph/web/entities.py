"""``/id/…`` → ``/page/…`` or ``/data/…``: one thing, as a page for people and as data for programs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import quote

from flask import Blueprint, Response, g, redirect, request, url_for
from rdflib import URIRef
from rdflib.term import Node
from werkzeug.exceptions import NotAcceptable

from ess_graph.engine.formats import ALIASES
from ess_graph.query import catalogue, documents
from ess_graph.query.entity import entity_page
from ess_graph.query.exports import jsonld
from ess_graph.query.links import every
from ess_graph.query.search import suggestions
from ess_graph.query.views import EntityPage, Value
from ess_graph.terms import graph_of
from ess_graph.vocab import BASE
from ess_graph.web import narrowing, negotiate
from ess_graph.web.exports import context_of
from ess_graph.web.i18n import translator
from ess_graph.web.lists import list_of
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
_NAMES = {"ttl": "Turtle", "nt": "N-Triples", "jsonld": "JSON-LD", "rdf": "RDF/XML"}
_KINDS = tuple(SUFFIXES.values())
_NEARBY = 5
#: How an IRI begins that stands on its own.
_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:.")
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
            return see_other(site.onward(f"/data/{path}"))
        chosen = negotiate.best(request.headers.get("Accept"), (_HTML, *_KINDS), ALIASES.items())
        if chosen is None:
            raise NotAcceptable(f"This thing is described as {', '.join((_HTML, *_KINDS))}: ask for one of these.")
        if not _exists(iri_of(path), site.opened()):
            return unknown(path, site)
        suffix = next((s for s, kind in SUFFIXES.items() if kind == chosen), None)
        return see_other(site.onward(f"/data/{path}.{suffix}" if suffix else f"/page/{path}"))

    @routes.get("/page/<path:path>")
    def page_of(path: str) -> Response:
        opened = site.opened()
        iri = iri_of(path)
        if not sayable(iri):
            response = unknown(path, site)
        elif path.startswith("source/"):
            response = _document(path, opened, site)
        elif "bloc" in request.args or "lien" in request.args:
            response = _every(path, iri, opened, site)
        else:
            shown = entity_page(
                iri, g.lang, engine=opened.engine, index=opened.index, display=opened.display,
                link=site.link, texts=site.passage_text,
            )  # fmt: skip
            response = unknown(path, site) if shown is None else _page(shown, path, opened)
        if response.status_code == 200:
            response.headers["Link"] = links(path)
            return cacheable(response, opened.release.id, path, g.lang, str(site.settings.sources), repr(request.args))
        return response

    @routes.get("/data/<path:path>.<any(ttl, nt, jsonld, rdf):suffix>")
    def data_of(path: str, suffix: str) -> Response:
        opened = site.opened()
        iri = iri_of(path)
        if not _exists(iri, opened):
            return unknown(path, site)
        kind = SUFFIXES[suffix]
        text = catalogue.text(_DATA.get(path.partition("/")[0], "describe"))
        named: dict[str, Node] = {"thing": URIRef(iri)}
        body = _compact(text, named, opened, site) if suffix == "jsonld" else None
        if body is None:
            body = b"".join(readable(opened.engine.serialized(text, kind, bindings=named), kind))
        response = Response(body, content_type=f"{kind}; charset=utf-8" if kind == "text/turtle" else kind)
        response.headers["Link"] = links(path)
        return cacheable(response, opened.release.id, path, suffix, request.args.get("context", ""), site.absolute())

    return routes


def _compact(text: str, named: dict[str, Node], opened: Opened, site: Site) -> bytes | None:
    """Compact JSON-LD: it holds the names that it uses or, with ``context=url``, says where they are published."""
    graph = graph_of(b"".join(opened.engine.serialized(text, SUFFIXES["nt"], bindings=named)))
    address = site.absolute(url_for("exports.context", lang=None)) if request.args.get("context") == "url" else None
    return jsonld.compact(graph, context_of(opened), address)


def iri_of(path: str) -> str:
    """The IRI behind a page's path: ``structure/rtes`` is ``…/id/structure/rtes``."""
    plain = path.partition("/")[0].partition("#")[0] in ("voc", "source", "onto", "graph")
    return BASE + path if plain else f"{BASE}id/{path}"


def _exists(iri: str, opened: Opened) -> bool:
    return sayable(iri) and len(opened.engine.rows(catalogue.text("types"), {"entity": URIRef(iri)}, limit=1)) > 0


def sayable(iri: str) -> bool:
    """Whether some text can be an IRI at all."""
    return not set(iri) & set('<>"{}|^`\\ ') and iri.isprintable()


def see_other(address: str) -> Response:
    """303 to an address that depends on what is accepted."""
    response = redirect(address, 303, Response)
    response.vary.add("Accept")
    return response  # type: ignore[return-value]


def links(path: str) -> str:
    """The Link header of a page and of its data files."""
    alternates = [(url_for("entities.data_of", path=path, suffix=suffix), kind) for suffix, kind in SUFFIXES.items()]
    alternates.append((url_for("entities.page_of", path=path), _HTML))
    found = [f'<{address}>; rel="alternate"; type="{kind}"' for address, kind in alternates]
    return ", ".join([*found, f'<{quote(iri_of(path), safe=":/#?=&%")}>; rel="describes"'])


def formats(path: str) -> tuple[Value, ...]:
    """The data files of a page."""
    return tuple(
        Value(name, url=url_for("entities.data_of", path=path, suffix=suffix)) for suffix, name in _NAMES.items()
    )


def _calendars(shown: EntityPage, path: str) -> Iterator[Value]:
    """The calendar of a thing's events or, for an event whose date is known somehow, of that event."""
    t = translator(g.lang)
    blocks = [block for group in shown.groups for block in group.blocks]
    if any(block.viewer == "events" for block in blocks):
        place = path.removeprefix("territoire/") if path.startswith("territoire/") else None
        address = url_for("exports.events", territoire=place, entite=None if place else path)
        yield Value(t("calendar.link"), url=address)
    elif path.startswith("evenement/") and any(block.key == "debut" for block in blocks):
        yield Value(t("calendar.add"), url=url_for("exports.events", entite=path, partielles=1))


def _every(path: str, iri: str, opened: Opened, site: Site) -> Response:
    asked = {name: value for name, value in request.args.items() if name in ("bloc", "lien")}
    if not all(map(sayable, asked.values())) or not _ABSOLUTE.match(asked.get("lien", "x:x")):
        return unknown(path, site)
    shown = every(
        iri, asked, narrowing.number("page") or 1, g.lang,
        engine=opened.engine, index=opened.index, display=opened.display, link=site.link, texts=site.passage_text,
    )  # fmt: skip
    if shown is None:
        return unknown(path, site)
    return page("every.html", every=shown, pager_base=narrowing.pager_base())


def _page(shown: EntityPage, path: str, opened: Opened) -> Response:
    display = next((d for d in opened.display.classes if shown.types and d.target == shown.types[0].iri), None)
    return page(
        "entity.html",
        page=replace(shown, formats=(*formats(path), *_calendars(shown, path))),
        in_list=list_of(display.target, display.title[g.lang]) if display else None,
        report_base=url_for("reports.form", page=path),
        slug=path.partition("/")[2] if path.startswith("collectivite/") and shown.groups else None,
    )


def _document(path: str, opened: Opened, site: Site) -> Response:
    asked = documents.Asked(narrowing.number("partie"), request.args.get("lignes"))
    shown = documents.document_page(
        BASE + path, g.lang, asked,
        engine=opened.engine, index=opened.index, link=site.link, texts=site.passage_text,
    )  # fmt: skip
    return unknown(path, site) if shown is None else page("document.html", page=shown)


def unknown(path: str, site: Site) -> Response:
    """404, with what exists under a similar name."""
    opened = site.opened()
    words = path.rpartition("/")[2].replace("-", " ")
    found: list[Value] = []
    while words and not found:
        near = suggestions(opened.index, opened.display, words[:200], g.lang, site.link, _NEARBY)
        found = [hit.entry.thing for hit in near]
        words = words.rpartition(" ")[0]
    t = translator(g.lang)
    detail = t("error.unknown", name=path[:200])
    return problem(404, detail, title=t("error.404"), nearby=found)
