"""What a SPARQL text really asks for, read token by token: its form, its dataset, what it must not do."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urljoin

from rdflib import URIRef

from ess_graph.engine.base import Form, Scope
from ess_graph.errors import BadQuery
from ess_graph.vocab import PREFIXES

# One alternative for each kind of token that can hide a keyword, longest first where they overlap.
_TOKEN = re.compile(
    r"""
    (?P<comment>\#[^\n\r]*)
  | (?P<string>\"\"\"(?:\"{0,2}(?:[^"\\]|\\.))*\"\"\" | '''(?:'{0,2}(?:[^'\\]|\\.))*'''
      | "(?:[^"\\\n\r]|\\.)*" | '(?:[^'\\\n\r]|\\.)*')
  | (?P<iri><[^<>"{}|^`\\\x00-\x20]*>)
  | (?P<name>[^\W_]?[\w.\-·]*:(?:[\w.\-·:]|%[0-9A-Fa-f]{2}|\\.)*)
  | (?P<variable>[?$]\w+)
  | (?P<tag>@[a-zA-Z]+(?:-[a-zA-Z0-9]+)*)
  | (?P<word>[A-Za-z_]\w*)
  | (?P<other>.)
    """,
    re.VERBOSE | re.DOTALL,
)
_ESCAPE = re.compile(r"\\u([0-9A-Fa-f]{4})|\\U([0-9A-Fa-f]{8})")
_POSITION = re.compile(r"(?:error )?at (\d+):(\d+)(?:-\d+:\d+)?: ?")

#: Functions whose value changes from one evaluation to the next.
VOLATILE = frozenset({"NOW", "RAND", "UUID", "STRUUID", "BNODE"})


@dataclass(frozen=True)
class Question:
    """What was found out about a query's text without evaluating it.

    Attributes:
        form: SELECT, ASK, CONSTRUCT or DESCRIBE.
        scope: the dataset of its FROM and FROM NAMED clauses.
        words: its bare words in upper case, keywords and built-in functions among them.
    """

    form: Form
    scope: Scope
    words: frozenset[str]


def read(query: str) -> Question:
    """Read a query.

    Raises:
        BadQuery: it is no query, or it uses SERVICE, which reaches outside.
    """
    tokens = list(_tokens(query))
    words = [text.upper() for kind, text in tokens if kind == "word"]
    form = next((Form(word) for word in words if word in Form.__members__), None)
    if "SERVICE" in words:
        raise BadQuery(
            "SERVICE is not allowed here: this endpoint opens no connection for a query. Ask each endpoint on its own."
        )
    if form is None:
        raise BadQuery("This is not a query: write SELECT, ASK, CONSTRUCT or DESCRIBE.")
    return Question(form, _scope(tokens), frozenset(words))


def with_value(query: str, variable: str, term: URIRef) -> str:
    """A query that fixes a variable of its last group, for people to read, change and run."""
    return f"{query.rstrip()}\nVALUES ?{variable} {{ {term.n3()} }}\n"


def syntax_error(error: SyntaxError, query: str) -> BadQuery:
    """The engine's complaint with its line and column (both from 1), where it gives them."""
    text = str(error.msg or error)
    match = _POSITION.search(text)
    if not match:
        return BadQuery(f"The query is malformed: {text}.")
    line, column = int(match.group(1)), int(match.group(2))
    reason = text[match.end() :] or "something else is expected here"
    near = query.splitlines()[line - 1 : line]
    shown = f" near « {near[0].strip()[:80]} »" if near else ""
    return BadQuery(f"The query is malformed at line {line}, column {column}{shown}: {reason}.", line, column)


def _tokens(query: str) -> Iterator[tuple[str, str]]:
    # Escapes may stand anywhere in a query, so \u0053ERVICE is a keyword too.
    plain = _ESCAPE.sub(
        lambda m: chr(
            int(m.group(1) or m.group(2), 16) & 0x1FFFFF if int(m.group(1) or m.group(2), 16) < 0x110000 else 0xFFFD
        ),
        query,
    )
    for match in _TOKEN.finditer(plain):
        kind = str(match.lastgroup)
        if kind != "comment" and not match.group().isspace():
            yield kind, match.group()


def _scope(tokens: list[tuple[str, str]]) -> Scope:
    base, prefixes = "", dict(PREFIXES)
    default: list[str] = []
    named: list[str] = []
    for at, (kind, text) in enumerate(tokens):
        following = [value for _, value in tokens[at + 1 : at + 3]]
        if kind != "word" or not following:
            continue
        match text.upper():
            case "BASE":
                base = following[0][1:-1]
            case "PREFIX" if len(following) == 2:
                prefixes[following[0][:-1]] = urljoin(base, following[1][1:-1])
            case "FROM" if following[0].upper() == "NAMED" and len(following) == 2:
                named.append(_iri(following[1], base, prefixes))
            case "FROM":
                default.append(_iri(following[0], base, prefixes))
    return Scope(tuple(dict.fromkeys(default)), tuple(dict.fromkeys(named)))


def _iri(text: str, base: str, prefixes: dict[str, str]) -> str:
    if text.startswith("<"):
        return urljoin(base, text[1:-1])
    prefix, _, local = text.partition(":")
    return prefixes.get(prefix, "") + local
