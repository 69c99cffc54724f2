"""``/sparql``: the SPARQL 1.1 Protocol's query operation, and the query page for people."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

from flask import Blueprint, Response, g, request, url_for
from rdflib import Literal
from rdflib.term import Node
from werkzeug.exceptions import BadRequest, NotAcceptable, UnsupportedMediaType

from ess_graph.engine import federation, text
from ess_graph.engine.base import Form, Row, Scope, Solutions
from ess_graph.engine.formats import ALIASES, GRAPHS, NAMES, offered
from ess_graph.errors import BadQuery
from ess_graph.query import questions
from ess_graph.query.exports import cells, results
from ess_graph.query.views import Table, Value
from ess_graph.web import addresses, negotiate, protocol, reasons
from ess_graph.web.description import describe
from ess_graph.web.replies import answer_key, cacheable, content_type, page, streamed
from ess_graph.web.site import Opened, Site

_HTML = "text/html"
_TSV = "text/tab-separated-values"
#: ``format=`` for rows that a French spreadsheet opens right; ``text/csv`` itself stays what SPARQL says.
_SHEET = "tableur"
_QUERY = "application/sparql-query"
#: What the page's form does not ask for, and what goes along when it is sent again.
_KEPT = ("lang", "release", "default-graph-uri", "named-graph-uri", "timeout")
_SHOWN = 1000
_SHOWN_CHARACTERS = 200_000


@dataclass(frozen=True)
class Request:
    """One protocol request.

    Attributes:
        query: as it was sent.
        text: as it is evaluated: what it asks of other endpoints is in it already.
        scope: its dataset.
        format, seconds, release: what its parameters ask for.
    """

    query: str
    text: str
    scope: Scope
    format: str | None
    seconds: float | None
    release: str | None

    @property
    def lasting(self) -> bool:
        """Whether it has the same answer next time."""
        return self.text == self.query and not text.read(self.text).words & text.VOLATILE


def blueprint(site: Site) -> Blueprint:
    """The routes of the query service."""
    routes = Blueprint("sparql", __name__)

    @routes.route("/sparql", methods=["GET", "POST"], provide_automatic_options=False)
    def sparql() -> Response:
        accept = request.headers.get("Accept")
        browser = negotiate.wants_html(accept)
        asked = _read(site)
        opened = site.opened(asked.release if asked else None)
        if asked is None:
            if browser and negotiate.best(accept, [_HTML, *GRAPHS], ALIASES.items()) == _HTML:
                return page("sparql.html", 200, **_empty_page())
            return _description(opened, accept, site)
        if asked.format is None and browser and request.method in ("GET", "HEAD"):
            try:
                form = text.read(asked.text).form
                if negotiate.best(accept, [_HTML, *offered(form)], ALIASES.items()) == _HTML:
                    return page("sparql.html", 200, **_answer_page(asked, form, opened, site))
            except BadQuery as error:
                return page("sparql.html", 400, **_empty_page() | {"query": asked.query, "error": _shown(error)})
        return _answer(asked, opened, accept)

    @routes.route("/sparql", methods=["OPTIONS"])
    def options() -> Response:
        return protocol.options("GET, HEAD, POST, OPTIONS")

    return routes


def _read(site: Site) -> Request | None:
    """What the request asks; None for a bare GET."""
    in_url = protocol.pairs(request.query_string, "the address")
    pairs = list(in_url)
    query: str | None = None
    if request.method == "POST":
        kind = request.mimetype
        body = request.get_data(cache=False)
        if kind == protocol.FORM:
            pairs = [*in_url, *protocol.pairs(body, "the form")]
        elif kind == _QUERY:
            query = protocol.utf8(body, "the query")
        else:
            raise UnsupportedMediaType(f"Send the query as {protocol.FORM} (query=…) or as {_QUERY}.")
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
    wanted = next((value for value in named if value in NAMES or value in ("html", _SHEET)), None)
    if named and wanted is None:
        raise BadRequest(f"There is no format « {named[0][:40]} »: use one of {', '.join((*NAMES, _SHEET))}.")
    timeout = protocol.seconds(next((value for name, value in reversed(pairs) if name == "timeout"), None))
    limit = site.settings.query_timeout
    return Request(
        query=queries[0],
        text=federation.answered(queries[0], site.outgoing, min(timeout or limit, limit)),
        scope=Scope(
            tuple(value for name, value in pairs if name == "default-graph-uri"),
            tuple(value for name, value in pairs if name == "named-graph-uri"),
        ),
        format=None if wanted == "html" else wanted,
        seconds=timeout,
        release=next((value for name, value in pairs if name == "release"), None),
    )


def _answer(asked: Request, opened: Opened, accept: str | None) -> Response:
    form = text.read(asked.text).form
    kinds = offered(form)
    sheet = asked.format == _SHEET
    if sheet:
        kind = _TSV if form is Form.SELECT else None
    elif asked.format:
        kind = next((kind for kind in NAMES[asked.format] if kind in kinds), None)
    else:
        kind = negotiate.best(accept, kinds, ALIASES.items())
    if kind is None:
        raise NotAcceptable(f"A {form} is answered as {', '.join(kinds)}: ask for one of these.")
    key = answer_key(opened.release.id, asked.query, asked.scope, _SHEET if sheet else kind) if asked.lasting else None
    gone = protocol.gone()

    def begin() -> Iterator[bytes]:
        plain = not sheet and not asked.scope and asked.seconds is None
        if plain and (known := opened.at_once(asked.text, kind)) is not None:
            return iter((known,))
        found = opened.service.serialized(asked.text, kind, asked.scope, seconds=asked.seconds, gone=gone)
        return results.spreadsheet(found, cells.SPREADSHEET) if sheet else found

    response = streamed(begin, kind, opened.cache, key)
    if sheet:
        response.content_type = "text/csv; charset=utf-8; header=present"
    response.vary.add("Accept")
    if asked.format in ("csv", "tsv", _SHEET):
        suffix = "csv" if sheet else asked.format
        response.headers["Content-Disposition"] = f'attachment; filename="ess-graph.{suffix}"'
    return response


def _description(opened: Opened, accept: str | None, site: Site) -> Response:
    kind = negotiate.best(accept, tuple(GRAPHS), ALIASES.items())
    if kind is None:
        raise NotAcceptable(f"The service description comes as {', '.join(GRAPHS)}: ask for one of these.")
    endpoint = site.absolute(request.path)
    response = Response(describe(endpoint, opened.engine, kind), content_type=content_type(kind))
    response.vary.add("Accept")
    return cacheable(response, opened.release.id, kind, "description", endpoint)


def _empty_page() -> dict[str, object]:
    examples = [
        Value(question.title(g.lang), url=url_for("sparql.sparql", query=question.query))
        for question in questions.featured()
    ]
    kept = [(name, value) for name, value in request.args.items(multi=True) if name in _KEPT]
    return {
        "query": questions.all()[0].query, "examples": examples, "kept": kept,
        "table": None, "ask": None, "graph_text": None,
    }  # fmt: skip


def _answer_page(asked: Request, form: Form, opened: Opened, site: Site) -> dict[str, object]:
    started = time.perf_counter()
    context = _empty_page() | {"query": asked.query}
    cut = False
    if form is Form.SELECT:
        found = opened.service.rows(asked.text, asked.scope, limit=_SHOWN, seconds=asked.seconds, gone=protocol.gone())
        if isinstance(found, Solutions):
            cut = found.cut
            context["table"] = _table(found, opened, site)
    elif form is Form.ASK:
        context["ask"] = opened.service.rows(
            asked.text, asked.scope, limit=1, seconds=asked.seconds, gone=protocol.gone()
        )
    else:
        pieces = opened.service.serialized(
            asked.text, "text/turtle", asked.scope, seconds=asked.seconds, gone=protocol.gone()
        )
        turtle = _beginning(pieces).decode("utf-8", "ignore")
        cut = len(turtle) > _SHOWN_CHARACTERS
        context["graph_text"] = turtle[:_SHOWN_CHARACTERS]
    context["elapsed_ms"] = (time.perf_counter() - started) * 1000
    context["cut"] = cut
    names = ["csv", "tsv", "json", "xml"] if not form.is_graph else ["ttl", "nt", "jsonld", "rdf"]
    if form is Form.SELECT:
        names.insert(0, _SHEET)
    context["downloads"] = [Value(name.upper(), url=addresses.here(format=name)) for name in names]
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
    return {
        "detail": reasons.problem(str(error), g.lang).text,
        "line": error.line,
        "column": error.column,
        "hint": None,
    }
