"""Reads SPARQL token by token, as the engine's own lexer would, without running anything."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import NamedTuple
from urllib.parse import urljoin

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
_LOCAL = re.compile(r"(?:[^\s{}<>\"'?$;,#\\]|\\.)*+")
_GROUP_NEXT = re.compile(r"(?:\s|\#[^\n\r]*+)*+\{")
_OUTWARD = "SERVICE"
# What makes parse trees deeper: 8 MiB of stack end at about 600 nested groups or 4,000 operators in a row.
_CHAINING = frozenset({"UNION", "OPTIONAL", "MINUS", "FILTER", "BIND", "LATERAL"})
_DEEPEST, _LONGEST = 100, 1000
# Each is resolved against the one before, so many take time in the square of their number.
_MOST_BASES = 100
_ESCAPE = re.compile(r"\\u([0-9A-Fa-f]{4})|\\U([0-9A-Fa-f]{8})")
_LOCAL_ESCAPE = re.compile(r"\\(.)")


class Token(NamedTuple):
    """A token that is neither comment nor white space.

    Attributes:
        kind: ``word``, ``name`` (prefixed), ``iri``, ``variable``, ``string``, ``tag`` or ``other`` (a sign).
        text: as written.
        end: position of the character after it.
    """

    kind: str
    text: str
    end: int

    @property
    def start(self) -> int:
        """Position of its first character."""
        return self.end - len(self.text)

    @property
    def upper(self) -> str:
        """A word in upper case, as keywords are compared; other tokens as they are."""
        return self.text.upper() if self.kind == "word" else self.text


def tokens(text: str) -> list[Token]:
    """The tokens of a SPARQL text, in their order."""
    return list(_tokens(text))


def _tokens(text: str) -> Iterator[Token]:
    for match in _TOKEN.finditer(text):
        kind = str(match.lastgroup)
        if kind == "run" and match.group().isascii() and match.group().isidentifier():
            yield Token("word", match.group(), match.end())  # the common case, quickly
        elif kind == "run":
            yield from (Token("word", w.group(), match.start() + w.end()) for w in _WORD.finditer(match.group()))
            yield from (Token("other", sign, match.end()) for sign in match.group() if sign == "-")
        elif kind not in ("comment", "space"):
            yield Token(kind, match.group(), match.end())


def place(text: str, at: int) -> tuple[int, int]:
    """Line and column of a character, both from 1."""
    return text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)


def reaches_out(text: str, read: Sequence[Token]) -> bool:
    """Whether a token is, or may be read as, the keyword SERVICE: alone, glued to its neighbours, or escaped."""
    if _OUTWARD not in text.upper() and "\\" not in text:
        return False
    if _says_service(text, read):
        return True
    # Some parsers resolve escapes before anything else, Oxigraph only within strings and IRIs.
    plain = _ESCAPE.sub(_unescaped, text)
    return plain != text and _says_service(plain, tokens(plain))


def _says_service(text: str, read: Sequence[Token]) -> bool:
    end = 0
    for token in read:
        if token.kind == "word" and _OUTWARD in token.upper:
            return True
        if token.kind == "name":
            prefix, _, local = token.text.partition(":")
            # What stands within the last one that was looked at ends where that one does: looked at again, a long
            # row of them would take time in the square of its length.
            if token.end > end and _OUTWARD in prefix.upper():
                end = _end(_LOCAL, text, token.end - len(local))
                if _GROUP_NEXT.match(text, end):
                    return True
    return False


def _end(pattern: re.Pattern[str], text: str, start: int) -> int:
    match = pattern.match(text, start)
    return match.end() if match else start


def deepest(read: Sequence[Token]) -> int:
    """How many brackets are open at once."""
    signs = (token.text for token in read if token.kind == "other")
    return max(accumulate((sign in "([{") - (sign in ")]}") for sign in signs), default=0)


def measure(read: Sequence[Token]) -> None:
    """Refuse what would cost a parser its stack, and with it the whole process.

    Raises:
        BadQuery: nested or chained too deep.
    """
    depth = round_ones = signs = words = 0
    before = Token("", "", 0)
    for token in read:
        if token.kind == "other":
            depth += (token.text in "([{") - (token.text in ")]}")
            round_ones += (token.text == "(") - (token.text == ")")
            if token.text in ".;" and round_ones == 0:
                signs = 0  # between two statements: no expression and no path goes on beyond here
            elif token.text == "^" and before.kind == "string":
                token = before  # noqa: PLW2901 - the two of a datatype are no operator
            else:
                signs += token.text in "+-*/|&!^<"
        elif token.kind == "word":
            words += token.upper in _CHAINING
        before = token
        links = signs + words
        if depth > _DEEPEST or links > _LONGEST:
            what = f"nested more than {_DEEPEST} deep" if depth > _DEEPEST else f"a chain of over {_LONGEST} operators"
            raise BadQuery(f"The query is too complex: it is {what}. Ask in several queries, or use VALUES.")


@dataclass
class Prologue:
    """BASE and PREFIX as they stand at some place of a text; the project's own before its first token."""

    base: str = BASE
    prefixes: dict[str, str] = field(default_factory=lambda: dict(PREFIXES))
    bases: int = 0

    def iri(self, token: Token) -> str:
        """The absolute IRI that an IRI or a prefixed name stands for here."""
        return iri(token, self.base, self.prefixes)


def after_prologue(read: Sequence[Token], prologue: Prologue) -> Sequence[Token]:
    """What follows BASE, PREFIX and VERSION, all of which ``prologue`` takes in.

    Raises:
        BadQuery: what should be an IRI is none, or BASE is said too often.
    """
    at = 0
    while at < len(read):
        match read[at].upper, read[at + 1 : at + 3]:
            case "BASE", [base, *_]:
                prologue.bases += 1
                if prologue.bases > _MOST_BASES:
                    raise BadQuery(f"The query is too complex: it says BASE more than {_MOST_BASES} times.")
                prologue.base = resolved(base.text, prologue.base)
                at += 2
            case "PREFIX", [name, namespace]:
                prologue.prefixes[name.text[:-1]] = resolved(namespace.text, prologue.base)
                at += 3
            case "VERSION", [_, *_]:
                at += 2
            case _:
                break
    return read[at:]


def iri(token: Token, base: str, prefixes: Mapping[str, str]) -> str:
    """The absolute IRI that an IRI or a prefixed name stands for."""
    if token.kind == "iri":
        return resolved(token.text, base)
    prefix, _, local = token.text.rstrip(".").partition(":")
    return prefixes.get(prefix, "") + _LOCAL_ESCAPE.sub(r"\1", local)


def resolved(text: str, base: str) -> str:
    """An IRI as written between < and >, absolute; ``urljoin`` would lose an empty fragment."""
    relative = _ESCAPE.sub(_unescaped, text[1:-1])
    try:
        joined = urljoin(base, relative)
    except ValueError:  # « http://[ », say
        raise BadQuery(f"« {relative[:100]} » is not an IRI.") from None
    return f"{joined}#" if relative.endswith("#") and not joined.endswith("#") else joined


def _unescaped(match: re.Match[str]) -> str:
    code = int(match.group(1) or match.group(2), 16)
    return chr(code) if code < 0x110000 else "\ufffd"
