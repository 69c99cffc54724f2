"""``/sparql``: the SPARQL 1.1 Protocol's query operation, and the query page for people."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode

from flask import Blueprint, Response, g, request, url_for
from rdflib import Literal
from rdflib.term import Node
from werkzeug.exceptions import BadRequest, NotAcceptable, UnsupportedMediaType

from ess_graph.engine import text
from ess_graph.engine.base import Form, Gone, Row, Scope, Solutions
from ess_graph.engine.formats import ALIASES, GRAPHS, NAMES, offered
from ess_graph.errors import BadQuery
from ess_graph.query import questions
from ess_graph.query.views import Table, Value
from ess_graph.web import negotiate
from ess_graph.web.description import describe
from ess_graph.web.replies import Streamed, cacheable, client_has_it, content_type, page, readable
from ess_graph.web.server import client_has_gone
from ess_graph.web.site import Opened, Site

_HTML = "text/html"
_FORM = "application/x-www-form-urlencoded"
_QUERY = "application/sparql-query"
_SHOWN = 1000
_SHOWN_CHARACTERS = 200_000
_METHODS = "GET, HEAD, POST, OPTIONS"


@dataclass(frozen=True)
class Request:
    """One protocol request: the query, its dataset, and the format and the time limit asked for by parameter."""

    query: str
    scope: Scope
    format: str | None
    seconds: float | None


def blueprint(site: Site) -> Blueprint:
    """The routes of the query service."""
    routes = Blueprint("sparql", __name__)

    @routes.route("/sparql", methods=["GET", "POST"], provide_automatic_options=False)
    def sparql() -> Response:
        opened = site.opened()
        accept = request.headers.get("Accept")
        browser = negotiate.wants_html(accept)
        asked = _read()
        if asked is None:
            if browser and negotiate.best(accept, [_HTML, *GRAPHS], ALIASES.items()) == _HTML:
                return page("sparql.html", 200, **_empty_page())
            return _description(opened, accept)
        if asked.format is None and browser and request.method in ("GET", "HEAD"):
            try:
                form = text.read(asked.query).form
                if negotiate.best(accept, [_HTML, *offered(form)], ALIASES.items()) == _HTML:
                    return page("sparql.html", 200, **_answer_page(asked, form, opened, site))
            except BadQuery as error:
                return page("sparql.html", 400, **_empty_page() | {"query": asked.query, "error": _shown(error)})
        return _answer(asked, opened, accept)

    @routes.route("/sparql", methods=["OPTIONS"])
    def options() -> Response:
        response = Response(status=204)
        response.headers["Allow"] = _METHODS
        response.headers["Access-Control-Allow-Methods"] = _METHODS
        response.headers["Access-Control-Allow-Headers"] = "Accept, Content-Type"
        response.headers["Access-Control-Max-Age"] = "86400"
        return response

    return routes


def _read() -> Request | None:
    """What the request asks; None for a bare GET."""
    in_url = _pairs(request.query_string, "the address")
    pairs = list(in_url)
    query: str | None = None
    if request.method == "POST":
        kind = request.mimetype
        body = request.get_data(cache=False)
        if kind == _FORM:
            pairs = [*in_url, *_pairs(body, "the form")]
        elif kind == _QUERY:
            query = _utf8(body, "the query")
        else:
            raise UnsupportedMediaType(f"Send the query as {_FORM} (query=…) or as {_QUERY}.")
    queries = [value for name, value in pairs if name == "query"] + ([] if query is None else [query])
    if any(name == "update" for name, _ in pairs):
        raise BadRequest("This is the query service: updates are not sent here.")
    if len(queries) > 1:
        raise BadRequest("Send one query, not several.")
    if not queries:
        if request.method == "POST" or any(name.endswith("graph-uri") for name, _ in in_url):
            raise BadRequest("There is no query: send one as the parameter « query ».")
        return None
    if not queries[0].strip() and request.method == "POST":
        raise BadQuery("The query is empty: write SELECT, ASK, CONSTRUCT or DESCRIBE.")
    if not queries[0].strip() and negotiate.wants_html(request.headers.get("Accept")):
        return None
    # Client libraries send several names for one format; the first that is known counts.
    named = [value for name, value in pairs if name == "format"]
    wanted = next((value for value in named if value in NAMES or value == "html"), None)
    if named and wanted is None:
        raise BadRequest(f"There is no format « {named[0][:40]} »: use one of {', '.join(NAMES)}.")
    return Request(
        query=queries[0],
        scope=Scope(
            tuple(value for name, value in pairs if name == "default-graph-uri"),
            tuple(value for name, value in pairs if name == "named-graph-uri"),
        ),
        format=None if wanted == "html" else wanted,
        seconds=_seconds(next((value for name, value in reversed(pairs) if name == "timeout"), None)),
    )


def _seconds(timeout: str | None) -> float | None:
    """The ``timeout`` parameter; the operator's own limit stays above it."""
    if timeout is None:
        return None
    try:
        seconds = float(timeout)
    except ValueError:
        seconds = 0
    if not 0 < seconds < float("inf"):
        raise BadRequest("The parameter « timeout » is a number of seconds above 0.")
    return seconds


def _gone() -> Gone:
    """Looks at this request's client, from whichever thread works for it."""
    environ = request.environ
    return lambda: client_has_gone(environ)


def _pairs(raw: bytes, where: str) -> list[tuple[str, str]]:
    """Parameters, percent-decoded once."""
    try:
        return parse_qsl(raw.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=1000)
    except (UnicodeDecodeError, ValueError) as error:
        raise BadRequest(
            f"The parameters of {where} are not percent-encoded UTF-8: encode them and send again."
        ) from error


def _utf8(body: bytes, what: str) -> str:
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadRequest(
            f"{what.capitalize()} is not UTF-8 at byte {error.start}: encode it and send it again."
        ) from error


def _answer(asked: Request, opened: Opened, accept: str | None) -> Response:
    form = text.read(asked.query).form
    kinds = offered(form)
    if asked.format:
        kind = next((kind for kind in NAMES[asked.format] if kind in kinds), None)
    else:
        kind = negotiate.best(accept, kinds, ALIASES.items())
    if kind is None:
        raise NotAcceptable(f"A {form} is answered as {', '.join(kinds)}: ask for one of these.")
    key = (opened.release.id, asked.query, repr(asked.scope), kind)
    if text.read(asked.query).words & text.VOLATILE:
        response: Response = Streamed(_pieces(asked, kind, opened), content_type=content_type(kind))
    else:
        # What the client or the cache holds already is not computed again.
        known = b"" if client_has_it(*key) else opened.cache.get(key)
        pieces = _pieces(asked, kind, opened, key) if known is None else iter((known,))
        response = cacheable(Streamed(pieces, content_type=content_type(kind)), *key)
    response.vary.add("Accept")
    if asked.format in ("csv", "tsv"):
        response.headers["Content-Disposition"] = f'attachment; filename="ess-graph.{asked.format}"'
    return response


def _pieces(asked: Request, kind: str, opened: Opened, key: tuple[str, ...] | None = None) -> Iterator[bytes]:
    """The answer as it comes, once its first piece has shown that evaluation went well."""
    found = opened.service.serialized(asked.query, kind, asked.scope, seconds=asked.seconds, gone=_gone())
    pieces = readable(found, kind)
    # Whatever fails before the first piece is still an error answer; after it, the stream breaks.
    first = next(pieces, b"")
    whole = _joined(first, pieces)
    return opened.cache.keeping(key, whole) if key else whole


def _joined(first: bytes, pieces: Iterator[bytes]) -> Generator[bytes]:
    yield first
    # Closing this generator, as the server does when a client leaves, closes the other and ends the query.
    yield from pieces


def _description(opened: Opened, accept: str | None) -> Response:
    kind = negotiate.best(accept, tuple(GRAPHS), ALIASES.items())
    if kind is None:
        raise NotAcceptable(f"The service description comes as {', '.join(GRAPHS)}: ask for one of these.")
    response = Response(describe(request.base_url, opened.engine, kind), content_type=content_type(kind))
    response.vary.add("Accept")
    return cacheable(response, opened.release.id, kind, "description")


def _empty_page() -> dict[str, object]:
    examples = [
        Value(question.title(g.lang), url=url_for("sparql.sparql", query=question.query))
        for question in questions.featured()
    ]
    return {"query": questions.all()[0].query, "examples": examples, "table": None, "ask": None, "graph_text": None}


def _answer_page(asked: Request, form: Form, opened: Opened, site: Site) -> dict[str, object]:
    started = time.perf_counter()
    context = _empty_page() | {"query": asked.query}
    cut = False
    if form is Form.SELECT:
        found = opened.service.rows(asked.query, asked.scope, limit=_SHOWN, seconds=asked.seconds, gone=_gone())
        if isinstance(found, Solutions):
            cut = found.cut
            context["table"] = _table(found, opened, site)
    elif form is Form.ASK:
        context["ask"] = opened.service.rows(asked.query, asked.scope, limit=1, seconds=asked.seconds, gone=_gone())
    else:
        pieces = opened.service.serialized(asked.query, "text/turtle", asked.scope, seconds=asked.seconds, gone=_gone())
        turtle = _beginning(pieces).decode("utf-8", "ignore")
        cut = len(turtle) > _SHOWN_CHARACTERS
        context["graph_text"] = turtle[:_SHOWN_CHARACTERS]
    context["elapsed_ms"] = (time.perf_counter() - started) * 1000
    context["cut"] = cut
    names = ("csv", "tsv", "json", "xml") if not form.is_graph else ("ttl", "nt", "jsonld", "rdf")
    context["downloads"] = [
        Value(name.upper(), url=f"{request.path}?{urlencode({'query': asked.query, 'format': name})}") for name in names
    ]
    return context


def _beginning(pieces: Iterator[bytes]) -> bytes:
    """Enough of an answer to fill the page."""
    found = b""
    for piece in pieces:
        found += piece
        if len(found) > 4 * _SHOWN_CHARACTERS:
            break
    return found


def _table(found: Solutions, opened: Opened, site: Site) -> Table:
    iris = {str(term) for row in found for term in row.values() if not isinstance(term, Literal)}
    labels = opened.index.labels(iris, g.lang)
    return Table(found.names, tuple(tuple(_value(row, name, labels, site) for name in found.names) for row in found))


def _value(row: Row, name: str, labels: dict[str, tuple[str, str]], site: Site) -> Value | None:
    term: Node | None = row.get(name)
    if term is None:
        return None
    if isinstance(term, Literal):
        return Value(str(term), lang=term.language)
    label, lang = labels.get(str(term), (str(term), ""))
    return Value(label, url=site.link(str(term)), lang=lang or None, iri=str(term))


def _shown(error: BadQuery) -> dict[str, object]:
    return {"detail": str(error), "line": error.line, "column": error.column, "hint": None}
