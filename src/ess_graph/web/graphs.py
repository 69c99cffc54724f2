"""``/graphs``: the SPARQL 1.1 Graph Store HTTP Protocol."""

from __future__ import annotations

import uuid
from email import message_from_bytes
from functools import partial

import pyoxigraph as ox
from flask import Blueprint, Response, request
from werkzeug.exceptions import BadRequest, NotAcceptable, NotFound, UnsupportedMediaType

from ess_graph.engine.base import Scope, Step
from ess_graph.engine.formats import ALIASES, GRAPHS
from ess_graph.engine.update import DEFAULT
from ess_graph.query import catalogue
from ess_graph.web import negotiate, protocol
from ess_graph.web.replies import streamed
from ess_graph.web.site import Site
from ess_graph.web.writing import Write, Writing, acknowledged

_METHODS = "GET, HEAD, PUT, POST, DELETE, OPTIONS"
#: Syntaxes of one graph; those of several have no place here.
_SYNTAXES = tuple(kind for kind in GRAPHS if kind not in ("application/n-quads", "application/trig"))


def blueprint(site: Site, writing: Writing) -> Blueprint:
    """The routes of the graph store; a graph below ``/graphs/`` is named by its own address."""
    routes = Blueprint("graphs", __name__)

    @routes.get("/graphs")
    @routes.get("/graphs/<path:name>")
    def read(name: str = "") -> Response:
        graph = _graph(name)
        opened = site.opened()
        if graph is not None and not opened.service.holds(graph):
            raise NotFound(f"There is no graph <{graph[:200]}> here.")
        kind = negotiate.best(request.headers.get("Accept"), _SYNTAXES, ALIASES.items())
        if kind is None:
            raise NotAcceptable(f"A graph is answered as {', '.join(_SYNTAXES)}: ask for one of these.")
        scope = Scope((graph,)) if graph else Scope()
        find = partial(opened.service.serialized, catalogue.text("graph_content"), kind, scope, gone=protocol.gone())
        response = streamed(find, kind, opened.cache, (opened.release.id, "graph", graph or "", kind))
        response.vary.add("Accept")
        return response

    @routes.route("/graphs", methods=["PUT", "POST", "DELETE"])
    @routes.route("/graphs/<path:name>", methods=["PUT", "POST", "DELETE"])
    def write(name: str = "") -> Response:
        status, location = 200, ""

        def asked() -> Write:
            nonlocal status, location
            if request.method == "POST" and not name and not request.query_string and not writing.union:
                graph: str | None = f"{request.base_url.rstrip('/')}/{uuid.uuid4()}"
                location = str(graph)
            else:
                graph = _graph(name)
            exists = graph is None or site.opened().service.holds(graph)
            if request.method == "DELETE" and not exists and not writing.union:
                raise NotFound(f"There is no graph <{str(graph)[:200]}> here.")
            status = 200 if exists or request.method == "DELETE" else 201
            return _steps(graph), [graph or DEFAULT], f"graph store: {request.method} {graph or 'default graph'}"

        response = acknowledged(writing.carry_out(asked), status)
        # Of the request that made the graph: what it was asked may have changed in the meantime.
        response.status_code = status
        if location:
            response.headers["Location"] = location
        return response

    @routes.route("/graphs", methods=["OPTIONS"])
    @routes.route("/graphs/<path:name>", methods=["OPTIONS"])
    def options(name: str = "") -> Response:
        return protocol.options(_METHODS)

    return routes


def _graph(name: str) -> str | None:
    """The graph that a request names; None for the default graph.

    Raises:
        BadRequest: it names none, or several, or by a relative IRI.
    """
    if name:
        return request.base_url
    pairs = protocol.pairs(request.query_string, "the address")
    named = [value for key, value in pairs if key == "graph"]
    default = [value for key, value in pairs if key == "default"]
    if len(named) + len(default) != 1:
        raise BadRequest("Name one graph: ?graph=IRI, or ?default for the default graph.")
    if default:
        return None
    try:
        return ox.NamedNode(named[0]).value
    except ValueError:
        raise BadRequest(f"« {named[0][:100]} » is not an absolute IRI.") from None


def _steps(graph: str | None) -> list[Step]:
    if request.method == "DELETE":
        return [Step("clear", graph=graph)]
    loads = [Step("load", protocol.utf8(body, "the graph"), graph, _syntax(kind), graph) for kind, body in _documents()]
    made = [] if graph is None else [Step("create", graph=graph)]
    return [Step("clear", graph=graph), *made, *loads] if request.method == "PUT" else [*made, *loads]


def _documents() -> list[tuple[str, bytes]]:
    """Media type and bytes of each document that the request sends: one, or the parts of a form."""
    if request.content_encoding:
        raise UnsupportedMediaType("Send the graph uncompressed.")
    body = request.get_data(cache=False)
    if request.mimetype != "multipart/form-data":
        return [(request.mimetype, body)]
    # A form's parser would lose the types of parts that are no files; that of mail keeps them.
    form = message_from_bytes(f"Content-Type: {request.content_type}\r\n\r\n".encode() + body)
    parts = [part for part in form.walk() if not part.is_multipart()] if form.is_multipart() else []
    if not parts:
        raise BadRequest("The form has no parts: send each document as one.")
    return [(part.get_content_type(), bytes(part.get_payload(decode=True) or b"")) for part in parts]


def _syntax(kind: str) -> str:
    found = ALIASES.get(kind, kind)
    if found not in _SYNTAXES:
        raise UnsupportedMediaType(f"A graph comes as {', '.join(_SYNTAXES)}, not as {kind[:60] or 'nothing named'}.")
    return found
