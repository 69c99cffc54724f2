"""``/update``: the SPARQL 1.1 Protocol's update operation."""

from __future__ import annotations

from flask import Blueprint, Response, request
from werkzeug.exceptions import BadRequest, UnsupportedMediaType

from ess_graph.engine import federation, update
from ess_graph.engine.base import Scope
from ess_graph.web import protocol
from ess_graph.web.site import Site
from ess_graph.web.writing import Write, Writing, acknowledged

_UPDATE = "application/sparql-update"


def blueprint(site: Site, writing: Writing) -> Blueprint:
    """The routes of the update service."""
    routes = Blueprint("updates", __name__)

    @routes.post("/update")
    def updates() -> Response:
        return acknowledged(writing.carry_out(lambda: _read(site)))

    @routes.route("/update", methods=["OPTIONS"])
    def options() -> Response:
        return protocol.options("POST, OPTIONS")

    return routes


def _read(site: Site) -> Write:
    """What the request asks for."""
    pairs = protocol.pairs(request.query_string, "the address")
    if request.mimetype == protocol.FORM:
        pairs += protocol.pairs(request.get_data(cache=False), "the form")
        texts = [value for name, value in pairs if name == "update"]
    elif request.mimetype == _UPDATE:
        texts = [protocol.utf8(request.get_data(cache=False), "the update")]
    else:
        raise UnsupportedMediaType(f"Send the update as {protocol.FORM} (update=…) or as {_UPDATE}.")
    if any(name == "query" for name, _ in pairs):
        raise BadRequest("This is the update service: queries are sent to /sparql.")
    if len(texts) != 1:
        raise BadRequest("Send one update, as the parameter « update » or as the body.")
    using = Scope(
        tuple(value for name, value in pairs if name == "using-graph-uri"),
        tuple(value for name, value in pairs if name == "using-named-graph-uri"),
    )
    operations = update.read(texts[0], using)
    steps = federation.steps(operations, site.outgoing, site.settings.query_timeout)
    writes = {graph for operation in operations for graph in operation.writes}
    return steps, writes, f"SPARQL update: {', '.join(operation.verb for operation in operations)}"
