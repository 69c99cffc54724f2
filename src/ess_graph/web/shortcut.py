"""Answers a program's short query before Flask does: from memory, or from one look into the store.

Most of the time of such an answer goes into being a Flask request. What is answered here has the very headers and
bytes that it has there (``tests/web/test_shortcut.py``), and whatever is not plain goes there: other parameters,
pages for people, conditions, errors.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from werkzeug.exceptions import HTTPException

from ess_graph.engine import text
from ess_graph.engine.base import WHOLE, Form
from ess_graph.engine.formats import ALIASES, offered
from ess_graph.errors import EssGraphError
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
            opened = self._site.opened()
            kind, body = _from_store(opened, query, accept) or _from_memory(opened, query, accept)
        except (EssGraphError, HTTPException):
            return None
        encoding = compression.wanted(environ.get("HTTP_ACCEPT_ENCODING"))
        if body is None or (encoding and len(body) >= compression.LEAST):
            return None
        tag = replies.validator(self._look, encoding, *replies.answer_key(opened.release.id, query, WHOLE, kind))
        return body, replies.bare(kind, len(body), tag)


def _is_plain(asked: str) -> bool:
    return asked.startswith(_BEGINNING) and "&" not in asked and ";" not in asked and len(asked) <= protocol.SHORT


def _from_store(opened: Opened, query: str, accept: str | None) -> tuple[str, bytes] | None:
    kind = negotiate.best(accept, offered(Form.SELECT), ALIASES.items())
    found = opened.at_once(query, kind) if kind else None
    return (kind, b"".join(replies.readable(iter((found,)), kind))) if kind and found is not None else None


def _from_memory(opened: Opened, query: str, accept: str | None) -> tuple[str, bytes | None]:
    kind = negotiate.best(accept, offered(text.read(query).form), ALIASES.items()) or ""
    return kind, opened.cache.get(replies.answer_key(opened.release.id, query, WHOLE, kind))
