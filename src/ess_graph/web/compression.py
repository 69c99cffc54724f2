"""Answers compressed for clients that ask for it, streams as they come."""

from __future__ import annotations

import zlib
from collections.abc import Generator, Iterable
from functools import lru_cache

from flask import Response, request
from werkzeug.http import parse_accept_header

#: What is text beside ``text/*``; anything else is compressed already, or too rare to matter.
_TEXTUAL = ("json", "xml", "javascript", "n-triples", "n-quads", "trig", "turtle", "svg", "sparql")
#: Bytes below which compressing gains nothing.
LEAST = 1000
_LEVEL = 5
_GZIP = 16 + zlib.MAX_WBITS


def asked() -> str:
    """The encoding that this request's answer will have, part of what its validator stands for."""
    return wanted(request.environ.get("HTTP_ACCEPT_ENCODING"))


@lru_cache(maxsize=256)
def wanted(header: str | None) -> str:
    """The encoding for an Accept-Encoding header."""
    return "gzip" if header and parse_accept_header(header).quality("gzip") > 0 else ""


def compress(response: Response) -> Response:
    """Compress an answer if the client asked for it and it is worth it."""
    if not _is_textual(response.mimetype) or response.headers.get("Content-Encoding"):
        return response
    response.vary.add("Accept-Encoding")
    if not asked() or response.status_code != 200 or response.headers.get("Content-Range"):
        return response
    if response.direct_passthrough:
        # A file: it keeps its validator, which says no longer that the bytes are the same.
        response.direct_passthrough = False
        tag, _ = response.get_etag()
        if tag:
            response.set_etag(tag, weak=True)
    if not response.is_streamed and int(response.headers.get("Content-Length") or LEAST) < LEAST:
        return response
    response.headers["Content-Encoding"] = "gzip"
    response.headers.pop("Content-Length", None)
    if request.method != "HEAD":
        response.response = _pieces(response.response)  # type: ignore[arg-type]
    return response


def _is_textual(kind: str | None) -> bool:
    return kind is not None and (kind.startswith("text/") or any(word in kind for word in _TEXTUAL))


def _pieces(found: Iterable[bytes]) -> Generator[bytes]:
    """Each piece compressed when it comes: the first byte waits for nothing, and nothing is gathered."""
    packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, _GZIP)
    try:
        for piece in found:
            yield packer.compress(piece) + packer.flush(zlib.Z_SYNC_FLUSH)
        yield packer.flush()
    finally:
        close = getattr(found, "close", None)
        if close:
            close()
