"""How addresses of this site are written: with what the reader chose, and with every argument that was given."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from urllib.parse import quote, urlencode

from flask import g, has_request_context, request


def chosen_by_reader() -> dict[str, str]:
    """What a reader chose by the address and keeps from page to page: the language and the release."""
    if not has_request_context():
        return {}
    forgotten = g.get("forgotten", frozenset())
    return {name: value for name in ("lang", "release") if name not in forgotten and (value := request.args.get(name))}


def forget(name: str) -> None:
    """Keep a choice no longer: there is nothing of that name, and each link of the error would lead to it again."""
    if has_request_context():
        g.forgotten = g.get("forgotten", frozenset()) | {name}


def onward(path: str, arguments: Mapping[str, str] | None = None, anchor: str = "") -> str:
    """A path of this site, or an empty one for the page that is asked for, with what the reader chose."""
    return _written(path, {**(arguments or {}), **chosen_by_reader()}.items(), anchor)


def here(path: str | None = None, /, **changed: str | None) -> str:
    """The address that is asked for with some arguments changed, which then stand last; None leaves one out.

    An argument that is given several times stays so. A ``path`` leads to something else that takes the same.
    """
    kept = [(name, value) for name, value in request.args.items(multi=True) if name not in changed]
    new = [(name, value) for name, value in changed.items() if value is not None]
    return _written(quote(request.path if path is None else path), [*kept, *new])


def _written(path: str, arguments: Iterable[tuple[str, str]], anchor: str = "") -> str:
    asked = urlencode(list(arguments))
    return path + (f"?{asked}" if asked else "") + (f"#{anchor}" if anchor else "")
