"""What requests of the SPARQL protocols have in common: parameters, bodies, time limits, clients that leave."""

from __future__ import annotations

from functools import lru_cache
from urllib.parse import parse_qsl, urlsplit

from flask import Response, request
from werkzeug.exceptions import BadRequest

from ess_graph.engine.base import Gone
from ess_graph.web.server import client_has_gone

#: Bytes of parameters that are decoded once only.
SHORT = 4096

FORM = "application/x-www-form-urlencoded"


def seconds(timeout: str | None) -> float | None:
    """The ``timeout`` parameter; the operator's own limit stays above it."""
    if timeout is None:
        return None
    try:
        found = float(timeout)
    except ValueError:
        found = 0
    if not 0 < found < float("inf"):
        raise BadRequest("The parameter « timeout » is a number of seconds above 0.")
    return found


def gone() -> Gone:
    """Looks at this request's client, from whichever thread works for it."""
    environ = request.environ
    return lambda: client_has_gone(environ)


def pairs(raw: bytes, where: str) -> list[tuple[str, str]]:
    """Parameters, percent-decoded once."""
    try:
        return list(_known(raw)) if len(raw) <= SHORT else _decoded(raw)
    except (UnicodeDecodeError, ValueError) as error:
        raise BadRequest(
            f"The parameters of {where} are not percent-encoded UTF-8: encode them and send again."
        ) from error


def _decoded(raw: bytes) -> list[tuple[str, str]]:
    return parse_qsl(raw.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=1000)


# Popular queries come again and again.
_known = lru_cache(maxsize=512)(_decoded)


def asked(name: str) -> str | None:
    """A parameter of this request's address, the first of its name; None without it."""
    try:
        return next((value for key, value in pairs(request.query_string, "the address") if key == name), None)
    except BadRequest:  # its address is for another part to judge
        return request.args.get(name)


def utf8(body: bytes, what: str) -> str:
    """A body as text, or 400 that says at which byte it is none."""
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadRequest(
            f"{what.capitalize()} is not UTF-8 at byte {error.start}: encode it and send it again."
        ) from error


def from_elsewhere() -> bool:
    """Whether the browser says that another site's page sends this request, in the name of who reads that page."""
    origin = request.headers.get("Origin")
    foreign = origin not in (None, "null") and urlsplit(origin).netloc != request.host
    return foreign or request.headers.get("Sec-Fetch-Site") == "cross-site"


def options(methods: str) -> Response:
    """What a browser asks before a request of another origin, and anybody about what there is."""
    response = Response(status=204)
    response.headers["Allow"] = methods
    response.headers["Access-Control-Allow-Methods"] = methods
    response.headers["Access-Control-Allow-Headers"] = "Accept, Authorization, Content-Type"
    response.headers["Access-Control-Max-Age"] = "86400"
    return response
