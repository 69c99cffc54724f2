"""Answers a program's short query before Flask does: from memory, or from one look into the store.

Most of the time of such an answer goes into being a Flask request. What is answered here has the very headers and
bytes that it has there (``tests/web/test_shortcut.py``), and whatever is not plain goes there: other parameters,
pages for people, conditions, errors.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from ess_graph.engine import text
from ess_graph.engine.base import WHOLE, Form
from ess_graph.engine.formats import ALIASES, offered
from ess_graph.engine.point import is_point
from ess_graph.web import compression, negotiate, protocol, replies
from ess_graph.web.server import Application
from ess_graph.web.site import Opened, Site

#: The path of the query service, which the short cut leads to.
PATH = "/sparql"
_BEGINNING = "query="


class ShortCut:
    """A WSGI application around another, which it asks for all that it does not answer itself."""

    def __init__(self, application: Application, site: Site, look: str) -> None:
        self._application, self._site, self._look = application, site, look

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer a request."""
        found = self._answer(environ)
        if found is None:
            return self._application(environ, start_response)
        body, headers = found
        start_response("200 OK", headers)
        return (body,)

    def _answer(self, environ: dict[str, Any]) -> tuple[bytes, list[tuple[str, str]]] | None:
        """Body and headers; None where the application is to answer."""
        asked = environ["QUERY_STRING"]
        if environ["PATH_INFO"] != PATH or environ["REQUEST_METHOD"] != "GET" or not _is_plain(asked):
            return None
        accept = environ.get("HTTP_ACCEPT")
        if negotiate.wants_html(accept) or any(name in environ for name in replies.CONDITIONS):
            return None
        try:
            ((_, query),) = protocol.pairs(asked.encode("latin-1"), "the address")
            # Either form of a point query is answered in the same media types, and to read one takes longer.
            form = Form.SELECT if is_point(query) else text.read(query).form
            opened, kind = self._site.opened(), negotiate.best(accept, offered(form), ALIASES.items())
            body = None if kind is None else _body(opened, query, kind)
        except Exception:  # whatever it is, it happens on the long way too, which tells it
            return None
        encoding = compression.wanted(environ.get("HTTP_ACCEPT_ENCODING"))
        if body is None or kind is None or (encoding and len(body) >= compression.LEAST):
            return None
        tag = replies.validator(self._look, encoding, *replies.answer_key(opened.release.id, query, WHOLE, kind))
        return body, replies.bare(kind, len(body), tag)


def _is_plain(asked: str) -> bool:
    return asked.startswith(_BEGINNING) and "&" not in asked and ";" not in asked and len(asked) <= protocol.SHORT


def _body(opened: Opened, query: str, kind: str) -> bytes | None:
    kept = opened.cache.get(replies.answer_key(opened.release.id, query, WHOLE, kind))
    found = opened.at_once(query, kind) if kept is None else None
    return kept if found is None else b"".join(replies.readable(iter((found,)), kind))
