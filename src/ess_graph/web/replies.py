"""Answers that every part of the site gives in the same way: headers, errors, validators."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Generator, Iterator, Sequence
from functools import partial
from http import HTTPStatus

from flask import Response, current_app, g, render_template, request
from werkzeug.exceptions import HTTPException, NotAcceptable

from ess_graph.engine.base import Scope, Whole
from ess_graph.errors import BadQuery, EssGraphError, InvalidData, LimitHit, NotPossibleNow, OutOfReach
from ess_graph.query.views import Value
from ess_graph.web import compression, negotiate, reasons
from ess_graph.web.cache import AnswerCache
from ess_graph.web.i18n import messages

#: Nothing from elsewhere, nothing inline: what a page shows cannot become a program.
POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self'; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)


#: Headers of every answer, unless it says otherwise itself.
_ALWAYS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    # The data are public and none of these answers depends on a cookie, so any page may read them.
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "ETag, Link, Retry-After",
}

#: Of answers that depend on who asks: nobody keeps them, no other site reads them, no search engine lists them.
_PRIVATE = {
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Robots-Tag": "noindex, nofollow",
}

#: What makes a request conditional, or one for a part.
CONDITIONS = (
    "HTTP_IF_NONE_MATCH",
    "HTTP_IF_MATCH",
    "HTTP_IF_MODIFIED_SINCE",
    "HTTP_IF_UNMODIFIED_SINCE",
    "HTTP_RANGE",
)

_NOT_XML = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]|\xef\xbf[\xbe\xbf]")


class Streamed(Response):
    """An answer that is sent as it is computed; nothing gathers it in memory to count its bytes."""

    implicit_sequence_conversion = False


def finish(response: Response) -> Response:
    """Headers of every answer; ``g.private`` says that this one is for who asks and for nobody else."""
    if g.get("private"):
        response.headers.update(_PRIVATE)
    said = {name.lower() for name, _ in response.headers}
    for name, value in _ALWAYS.items():
        if name.lower() not in said and not (g.get("private") and name.startswith("Access-Control-")):
            response.headers.add(name, value)
    return compression.compress(response)


def page(template: str, code: int = 200, **context: object) -> Response:
    """An HTML page in the reader's language."""
    lang = g.lang
    response = Response(
        render_template(template, **context), status=code, mimetype="text/html", headers={"Content-Language": lang}
    )
    response.vary.update(("Accept", "Accept-Language"))
    return response


def cacheable(response: Response, *parts: str) -> Response:
    """A strong validator over what the answer depends on, and 304 to a client that has it."""
    return _validated(response, _tag(*parts))


def _validated(response: Response, tag: str) -> Response:
    response.set_etag(tag)
    response.headers["Cache-Control"] = "no-cache"
    if any(name in request.environ for name in CONDITIONS):
        response.make_conditional(request)
    return response


def kept_from_caches(response: Response) -> Response:
    """What is right now and may be wrong the next time: nobody keeps it."""
    response.headers["Cache-Control"] = "no-store"
    return response


def client_has_it(*parts: str) -> bool:
    """Whether the client already has the answer that depends on these parts: then nothing need be computed."""
    return _client_has(_tag(*parts))


def _client_has(tag: str) -> bool:
    asked = "HTTP_IF_NONE_MATCH" in request.environ and request.method in ("GET", "HEAD")
    return asked and request.if_none_match.contains(tag)


def _tag(*parts: str) -> str:
    return validator(current_app.config["LOOK"], compression.asked(), *parts)


def validator(look: str, encoding: str, *parts: str) -> str:
    """A validator.

    Args:
        look: stands for the program; another version of it makes other pages of the same data.
        encoding: that of the answer: a strong validator stands for the very bytes.
        parts: what else the answer depends on.
    """
    return hashlib.sha256("\n".join((look, encoding, *parts)).encode()).hexdigest()[:24]


def answer_key(release: str, query: str, scope: Scope, kind: str) -> tuple[str, ...]:
    """What the answer to a query depends on: what it is kept under, and what its validator stands for."""
    return release, query, repr(scope), kind


def bare(kind: str, length: int, tag: str) -> list[tuple[str, str]]:
    """The headers of a whole answer to a program, outside Flask."""
    return [
        ("Content-Type", content_type(kind)),
        ("Content-Length", str(length)),
        ("ETag", f'"{tag}"'),
        ("Cache-Control", "no-cache"),
        ("Vary", "Accept, Accept-Encoding"),
        *_ALWAYS.items(),
    ]


def content_type(kind: str) -> str:
    """A media type as the header says it: text comes with its encoding."""
    return f"{kind}; charset=utf-8" if kind.startswith("text/") else kind


def readable(pieces: Generator[bytes] | Iterator[bytes], kind: str) -> Generator[bytes]:
    """The same pieces; XML that no parser could read, because a literal holds a control character, is refused.

    Raises:
        NotAcceptable: XML 1.0 has no way to write such a character, and leaving it out would be a lie.
    """
    for piece in pieces:
        if kind.endswith("+xml") and _NOT_XML.search(piece):
            raise NotAcceptable("A value holds a character that XML cannot hold: ask for JSON, Turtle or CSV.")
        yield piece


def streamed(
    compute: Callable[[], Iterator[bytes]], kind: str, cache: AnswerCache, key: tuple[str, ...] | None
) -> Response:
    """An answer sent as it is computed; one that lasts is kept, has a validator, and is not computed twice.

    Args:
        compute: begins the answer.
        kind: its media type.
        cache: where answers of this release are kept.
        key: all that the answer depends on; None for one that is another the next time.
    """
    if key is None:
        return _begun(compute(), kind)
    tag = _tag(*key)
    known = b"" if _client_has(tag) else cache.get(key)
    if known is not None:
        return _validated(Response(known, content_type=content_type(kind)), tag)
    return _validated(_begun(compute(), kind, partial(cache.keeping, key)), tag)


def _begun(
    found: Iterator[bytes], kind: str, through: Callable[[Generator[bytes]], Iterator[bytes]] = iter
) -> Response:
    """The answer, once its first piece has shown that evaluation goes well.

    Whatever fails before is still an error answer; after it, the stream breaks. An answer of one piece is sent with
    its length, and not as a stream.
    """
    pieces = readable(found, kind)
    first = next(pieces, Whole())
    following = through(_joined(first, pieces))
    if isinstance(first, Whole):
        return Response(b"".join(following), content_type=content_type(kind))
    return Streamed(following, content_type=content_type(kind))


def _joined(first: bytes, pieces: Iterator[bytes]) -> Generator[bytes]:
    yield first
    # Closing this generator, as the server does when a client leaves, closes the other and ends the query.
    yield from pieces


def problem(
    status: int, detail: str, *, title: str | None = None, nearby: Sequence[Value] = (), **more: object
) -> Response:
    """An error: HTML for a browser, else RFC 9457 ``application/problem+json``.

    Args:
        status: HTTP status.
        detail: one sentence that says what is wrong and what to do next.
        title: heading of the HTML page; the status's own words when left out.
        nearby: things that the client may have meant.
        more: further members of the JSON; those that are None are left out.
    """
    phrase = HTTPStatus(status).phrase
    if negotiate.wants_html(request.headers.get("Accept")):
        heading = title or messages().get(f"error.{status}", {}).get(g.lang, phrase)
        told = reasons.problem(detail, g.lang).text
        return page("error.html", status, status=status, title=heading, detail=told, nearby=nearby)
    body: dict[str, object] = {"type": "about:blank", "status": status, "title": phrase, "detail": detail}
    body |= {key: value for key, value in more.items() if value is not None}
    if nearby:
        body["nearby"] = [value.iri or value.url for value in nearby]
    response = Response(json.dumps(body, ensure_ascii=False), status=status, mimetype="application/problem+json")
    response.vary.add("Accept")
    return response


def on_error(error: Exception) -> Response:
    """Any error as one shape; a surprise is logged and told without its inside."""
    if isinstance(error, BadQuery):
        return problem(error.status, str(error), line=error.line, column=error.column)
    if isinstance(error, LimitHit):
        response = problem(error.status, str(error), limit=error.limit)
        response.headers["Retry-After"] = str(error.retry_after)
        return response
    if isinstance(error, InvalidData):
        return problem(error.status, str(error), report=error.report)
    if isinstance(error, EssGraphError):
        far = error if isinstance(error, OutOfReach) else None
        response = problem(
            error.status, str(error), requires=list(far.endpoints) if far else None, query=far.query if far else None
        )
        if wait := getattr(error, "retry_after", 10 if isinstance(error, NotPossibleNow) else None):
            response.headers["Retry-After"] = str(wait)
        return response
    if isinstance(error, HTTPException):
        # What the library says when nobody said more is for programs; people have it in their language.
        bare = error.description == type(error).description
        response = problem(error.code or 500, (_in_words(error.code) if bare else None) or error.description or "")
        for name, value in error.get_headers():
            if name in ("Allow", "Retry-After", "Location", "WWW-Authenticate"):
                response.headers[name] = value
        return response
    current_app.logger.exception("A request failed: %s", request.path)
    detail = messages()["error.500.detail"]["en"]
    return problem(500, _in_words(500) or detail)


def _in_words(status: int | None) -> str | None:
    """What a status means and what to do, in the language of who reads it in a browser; None for programs."""
    if not negotiate.wants_html(request.headers.get("Accept")):
        return None
    # An error may come before the language was chosen.
    return messages().get(f"error.{status}.detail", {}).get(g.setdefault("lang", "fr"))
