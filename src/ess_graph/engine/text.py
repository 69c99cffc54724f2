"""What a SPARQL text really asks for, read token by token: its form, its dataset, what it must not do."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import accumulate
from urllib.parse import urljoin

import pyoxigraph as ox
from rdflib import URIRef
from rdflib.term import Node

from ess_graph.engine.base import Form, Scope
from ess_graph.errors import BadQuery
from ess_graph.vocab import BASE, PREFIXES

# One alternative for each kind of token that can hide a keyword, longest first where they overlap. Oxigraph wants no
# space between tokens (« 1e0SERVICE:x » is three), so a run of word characters is taken apart afterwards. Possessive
# quantifiers, and a run taken whole, keep the time linear in the length of a hostile text.
_TOKEN = re.compile(
    r"""
    (?P<comment>\#[^\n\r]*+)
  | (?P<string>\"\"\"(?:\"{0,2}(?:[^"\\]|\\.))*+\"\"\" | '''(?:'{0,2}(?:[^'\\]|\\.))*+'''
      | "(?:[^"\\\n\r]|\\.)*+" | '(?:[^'\\\n\r]|\\.)*+')
  | (?P<iri><(?:[^<>"{}|^`\\\x00-\x20]|\\u[0-9A-Fa-f]{4}|\\U[0-9A-Fa-f]{8})*+>)
  | (?P<name>[\w.\-·]*+:(?:(?:[\w:]|%[0-9A-Fa-f]{2}|\\.)(?:[\w.\-·:\u0300-\u036F\u203F\u2040]|%[0-9A-Fa-f]{2}|\\.)*+)?)
  | (?P<variable>[?$][\w·\u0300-\u036F\u203F\u2040]++)
  | (?P<tag>@[a-zA-Z]++(?:-[a-zA-Z0-9]++)*+)
  | (?P<run>[\w.\-·]++)
  | (?P<space>\s++)
  | (?P<other>.)
    """,
    re.VERBOSE | re.DOTALL,
)
_WORD = re.compile(r"[A-Za-z_]\w*")
# A prefixed name whose prefix could be the keyword, for all that follows it is a group.
_GROUP_NEXT = re.compile(r"(?:[^\s{}<>\"'?$;,#\\]|\\.)*+(?:\s|\#[^\n\r]*+)*+\{")
_OUTWARD = "SERVICE"
# What makes parse trees deeper: 8 MiB of stack end at about 600 nested groups or 4,000 operators in a row.
_CHAINING = frozenset({"UNION", "OPTIONAL", "MINUS", "FILTER", "BIND", "LATERAL"})
_DEEPEST, _LONGEST = 100, 1000
_ESCAPE = re.compile(r"\\u([0-9A-Fa-f]{4})|\\U([0-9A-Fa-f]{8})")
# How far a syntax error is searched for, and the white space that tells a beginning from a mistake.
_SEARCHED, _SEARCHED_DEEP, _PADDING = 20_000, 20, 40
_LOCAL_ESCAPE = re.compile(r"\\(.)")
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
        BadQuery: it is no query, it uses SERVICE, which reaches outside, or it is nested or chained so deep
            that an engine's parser would run out of stack and take the whole process down.
    """
    tokens = list(_tokens(query))
    # Some parsers resolve escapes before anything else, Oxigraph only within strings and IRIs.
    plain = _ESCAPE.sub(_unescaped, query)
    if _reaches_out(query, tokens) or (plain != query and _reaches_out(plain, list(_tokens(plain)))):
        raise BadQuery(
            "SERVICE is not allowed here: this endpoint opens no connection for a query. Ask each endpoint on its own."
        )
    words = [text.upper() for kind, text, _ in tokens if kind == "word"]
    form = next((Form(word) for word in words if word in Form.__members__), None)
    if form is None:
        raise _no_form(query, tokens)
    _measure(tokens)
    return Question(form, _scope([(kind, text) for kind, text, _ in tokens]), frozenset(words))


def _no_form(query: str, tokens: list[tuple[str, str, int]]) -> BadQuery:
    advice = "write SELECT, ASK, CONSTRUCT or DESCRIBE"
    words = [token for token in tokens if token[0] == "word" and token[1].upper() not in ("BASE", "PREFIX")]
    if not tokens:
        return BadQuery(f"This is not a query: {advice}.")
    _, wrong, end = (words or tokens)[0]
    line, column = _place(query, end - len(wrong))
    return BadQuery(f"This is not a query (line {line}, column {column}): {advice}.", line, column)


def _place(query: str, at: int) -> tuple[int, int]:
    """Line and column of a character, both from 1."""
    return query.count("\n", 0, at) + 1, at - query.rfind("\n", 0, at)


def with_value(query: str, variable: str, term: URIRef) -> str:
    """A query that fixes a variable of its last group, for people to read, change and run."""
    return f"{query.rstrip()}\nVALUES ?{variable} {{ {term.n3()} }}\n"


def with_values(query: str, terms: Mapping[str, Node]) -> str:
    """The same with several variables, each fixed to its term."""
    names, values = " ".join(f"?{name}" for name in terms), " ".join(term.n3() for term in terms.values())
    return f"{query.rstrip()}\nVALUES ({names}) {{ ({values}) }}\n"


def syntax_error(error: SyntaxError, query: str) -> BadQuery:
    """The engine's complaint with line and column (both from 1) of the first token that cannot stand where it does."""
    said = str(error.msg or error)
    stated = _POSITION.search(said)
    if not stated:
        return BadQuery(f"The query is malformed: {said}.")
    found = _first_wrong(query) or (int(stated.group(1)), int(stated.group(2)), said[stated.end() :])
    line, column, expected = found
    # Of what the parser expected, the character classes say nothing to a person.
    words = [w for w in re.findall(r'"[^"]+"|[A-Z]{2,}', expected) if len(w) < 20]
    reason = f"expected {' or '.join(words[:6])}" if words else "something else is expected here"
    reason = expected if expected.startswith("«") else reason
    near = query.split("\n")[line - 1 : line]
    shown = f" near « {near[0].strip()[:80]} »" if near else ""
    return BadQuery(f"The query is malformed at line {line}, column {column}{shown}: {reason}.", line, column)


def _first_wrong(query: str) -> tuple[int, int, str] | None:
    """Line and column of the first token after which no query can follow, and what the parser wanted in its place.

    Oxigraph names the furthest character that it looked at, often on a later line, for it tries keywords of up
    to 14 letters; but a text that may still become a query is refused at its very end, whatever is added to it
    in white space. So the longest such beginning is searched for. None for texts that would take long.
    """
    tokens = list(_tokens(query))
    if len(query) > _SEARCHED or _deepest(tokens) > _SEARCHED_DEEP or not tokens:
        return None
    good, bad = 0, len(tokens) + 1
    expected = ""
    while bad - good > 1:
        middle = (good + bad) // 2
        beginning = query if middle > len(tokens) else query[: tokens[middle - 1][2]]
        if (wanted := _may_continue(beginning)) is not None and middle <= len(tokens):
            good, expected = middle, wanted
        else:
            bad = middle
    kind, wrong, end = tokens[bad - 1] if bad <= len(tokens) else ("", "", len(query.rstrip()))
    if kind == "name" and "Prefix not found" in (_complaint(query[:end]) or ""):
        expected = f"« {wrong.partition(':')[0]}: » is not a declared prefix"
    return *_place(query, end - len(wrong)), expected


def _may_continue(beginning: str) -> str | None:
    """What the parser would take next, None if nothing can follow."""
    text = f"{beginning}\n{' ' * _PADDING}"
    complaint = _complaint(text)
    if complaint is None:
        return ""
    stated = _POSITION.search(complaint)
    end = (text.count("\n") + 1, _PADDING + 1)
    at_end = stated is not None and (int(stated.group(1)), int(stated.group(2))) == end
    return complaint[stated.end() :] if stated and at_end else None


def _complaint(text: str) -> str | None:
    """What Oxigraph's parser says of a text, None if it takes it."""
    try:
        ox.Store().query(text, base_iri=BASE, prefixes=PREFIXES)
    except SyntaxError as error:
        return str(error.msg or error)
    except (ValueError, RuntimeError):
        return None
    return None


def _tokens(query: str) -> Iterator[tuple[str, str, int]]:
    """Kind, text and end of each token; comments and white space are left out."""
    for match in _TOKEN.finditer(query):
        kind = str(match.lastgroup)
        if kind == "run":
            yield from (("word", word.group(), match.start() + word.end()) for word in _WORD.finditer(match.group()))
            yield from (("other", sign, match.end()) for sign in match.group() if sign == "-")
        elif kind not in ("comment", "space"):
            yield kind, match.group(), match.end()


def _unescaped(match: re.Match[str]) -> str:
    code = int(match.group(1) or match.group(2), 16)
    return chr(code) if code < 0x110000 else "\ufffd"


def _reaches_out(query: str, tokens: list[tuple[str, str, int]]) -> bool:
    """Whether a token is, or may be read as, the keyword SERVICE, alone or glued to its neighbours."""
    for kind, text, end in tokens:
        if kind == "word" and _OUTWARD in text.upper():
            return True
        if kind == "name":
            prefix, _, local = text.partition(":")
            if _OUTWARD in prefix.upper() and _GROUP_NEXT.match(query, end - len(local)):
                return True
    return False


def _deepest(tokens: list[tuple[str, str, int]]) -> int:
    signs = (text for kind, text, _ in tokens if kind == "other")
    return max(accumulate((text in "([{") - (text in ")]}") for text in signs), default=0)


def _measure(tokens: list[tuple[str, str, int]]) -> None:
    depth = links = 0
    for kind, text, _ in tokens:
        if kind == "other":
            depth += (text in "([{") - (text in ")]}")
            links += text in "+-*/|&!^<"
        elif kind == "word":
            links += text.upper() in _CHAINING
        if depth > _DEEPEST or links > _LONGEST:
            what = f"nested more than {_DEEPEST} deep" if depth > _DEEPEST else f"a chain of over {_LONGEST} operators"
            raise BadQuery(f"The query is too complex: it is {what}. Ask in several queries, or use VALUES.")


def _scope(tokens: list[tuple[str, str]]) -> Scope:
    base, prefixes = BASE, dict(PREFIXES)
    default: list[str] = []
    named: list[str] = []
    for at, (kind, text) in enumerate(tokens):
        following = [value for _, value in tokens[at + 1 : at + 3]]
        if kind != "word" or not following:
            continue
        match text.upper():
            case "BASE":
                base = _resolved(following[0], base)
            case "PREFIX" if len(following) == 2:
                prefixes[following[0][:-1]] = _resolved(following[1], base)
            case "FROM" if following[0].upper() == "NAMED" and len(following) == 2:
                named.append(_iri(following[1], base, prefixes))
            case "FROM":
                default.append(_iri(following[0], base, prefixes))
    return Scope(tuple(dict.fromkeys(default)), tuple(dict.fromkeys(named)))


def _iri(text: str, base: str, prefixes: dict[str, str]) -> str:
    if text.startswith("<"):
        return _resolved(text, base)
    prefix, _, local = text.partition(":")
    return prefixes.get(prefix, "") + _LOCAL_ESCAPE.sub(r"\1", local)


def _resolved(text: str, base: str) -> str:
    """An IRI as written between < and >, absolute; ``urljoin`` would lose an empty fragment."""
    relative = _ESCAPE.sub(_unescaped, text[1:-1])
    joined = urljoin(base, relative)
    return f"{joined}#" if relative.endswith("#") and not joined.endswith("#") else joined
