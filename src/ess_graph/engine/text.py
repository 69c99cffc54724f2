"""What a SPARQL query really asks for, read token by token: its form, its dataset, what it must not do."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import pyoxigraph as ox
from rdflib import URIRef
from rdflib.term import Node

from ess_graph.engine.base import WHOLE, Form, Scope
from ess_graph.engine.tokens import Prologue, Token, after_prologue, deepest, measure, place, reaches_out, tokens
from ess_graph.errors import BadQuery
from ess_graph.vocab import BASE, PREFIXES

# How far a syntax error is searched for, and the white space that tells a beginning from a mistake.
_SEARCHED, _SEARCHED_DEEP, _PADDING = 20_000, 20, 40
# No token begins with it, so a text that ends in it is parsed and never evaluated.
_STOP = "\x01"
_POSITION = re.compile(r"(?:error )?at (\d+):(\d+)(?:-\d+:\d+)?: ?")

#: Characters of a query that is read once only.
_SHORT = 4096

#: Functions whose value changes from one evaluation to the next.
VOLATILE = frozenset({"NOW", "RAND", "UUID", "STRUUID", "BNODE"})

NOTHING_OUTSIDE = (
    "SERVICE is not allowed here: this endpoint opens no connection for a query. Ask each endpoint on its own."
)


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


@lru_cache(maxsize=32)  # a request asks several times, and a long text takes long to read
def read(query: str) -> Question:
    """Read a query.

    Raises:
        BadQuery: it is no query, it uses SERVICE, which reaches outside, or it is nested or chained so deep
            that an engine's parser would run out of stack and take the whole process down.
    """
    return _remembered(query) if len(query) <= _SHORT else _read(query)


def _read(query: str) -> Question:
    found = tokens(query)
    if reaches_out(query, found):
        raise BadQuery(NOTHING_OUTSIDE)
    words = [token.upper for token in found if token.kind == "word"]
    form = next((Form(word) for word in words if word in Form.__members__), None)
    if form is None:
        raise _no_form(query, found)
    measure(found)
    return Question(form, _scope(found) if "FROM" in words else WHOLE, frozenset(words))


# Each step of a request looks at its query, and popular ones come again; long ones are not worth the memory.
_remembered = lru_cache(maxsize=1024)(_read)


def _no_form(query: str, found: Sequence[Token]) -> BadQuery:
    advice = "write SELECT, ASK, CONSTRUCT or DESCRIBE"
    words = [token for token in found if token.kind == "word" and token.upper not in ("BASE", "PREFIX")]
    if not found:
        return BadQuery(f"This is not a query: {advice}.")
    line, column = place(query, (words or found)[0].start)
    return BadQuery(f"This is not a query (line {line}, column {column}): {advice}.", line, column)


def used_prefixes(query: str) -> dict[str, str]:
    """Those of our prefixes that a query may use; to make all known costs more than a short query does."""
    return {name: iri for name, iri in PREFIXES.items() if f"{name}:" in query}


def with_value(query: str, variable: str, *terms: URIRef) -> str:
    """A query that fixes a variable of its last group to one of some terms, for people to read, change and run."""
    return f"{query.rstrip()}\nVALUES ?{variable} {{ {' '.join(term.n3() for term in terms)} }}\n"


def with_choice(query: str, values: Mapping[str, Node]) -> str:
    """A query that fixes several variables of its last group, those that it binds itself among them."""
    if not values:
        return query
    names, terms = " ".join(f"?{name}" for name in values), " ".join(term.n3() for term in values.values())
    return f"{query.rstrip()}\nVALUES ({names}) {{ ({terms}) }}\n"


def with_values(query: str, values: Mapping[str, Node]) -> str:
    """A query that fixes variables at the head of its first group, where its filters see them."""
    if not values:
        return query
    names, terms = " ".join(f"?{name}" for name in values), " ".join(term.n3() for term in values.values())
    return _at_the_head(query, f"VALUES ({names}) {{ ({terms}) }}")


def with_column(query: str, variable: str, terms: Iterable[Node]) -> str:
    """A query that starts from the terms of one column: a variable at the head of its first group has each in turn."""
    return _at_the_head(query, f"VALUES ?{variable} {{ {' '.join(term.n3() for term in terms)} }}")


def _at_the_head(query: str, values: str) -> str:
    opening = next((token.end for token in tokens(query) if token.text == "{"), None)
    return query if opening is None else f"{query[:opening]}\n  {values}{query[opening:]}"


def syntax_error(error: SyntaxError, query: str, what: str = "query") -> BadQuery:
    """The engine's complaint with line and column (both from 1) of the first token that cannot stand where it does.

    Args:
        error: what the engine raised.
        query: the text it was given.
        what: ``query``, or ``update``, of which the engine's own position is told.
    """
    said = str(error.msg or error)
    stated = _POSITION.search(said)
    if not stated:
        return BadQuery(f"The {what} is malformed: {said}.")
    found = _first_wrong(query) if what == "query" else None
    line, column, expected = found or (int(stated.group(1)), int(stated.group(2)), said[stated.end() :])
    # Of what the parser expected, the character classes say nothing to a person.
    words = [w for w in re.findall(r'"[^"]+"|[A-Z]{2,}', expected) if len(w) < 20]
    reason = f"expected {' or '.join(words[:6])}" if words else "something else is expected here"
    reason = expected if expected.startswith("«") else reason
    near = query.split("\n")[line - 1 : line]
    shown = f" near « {near[0].strip()[:80]} »" if near else ""
    return BadQuery(f"The {what} is malformed at line {line}, column {column}{shown}: {reason}.", line, column)


def _first_wrong(query: str) -> tuple[int, int, str] | None:
    """Line and column of the first token after which no query can follow, and what the parser wanted in its place.

    Oxigraph names the furthest character that it looked at, often on a later line, for it tries keywords of up
    to 14 letters; but a text that may still become a query is refused at its very end, whatever is added to it
    in white space. So the longest such beginning is searched for. None for texts that would take long. The
    beginning may be a whole query, which must not run here.
    """
    found = tokens(query)
    if len(query) > _SEARCHED or deepest(found) > _SEARCHED_DEEP or not found:
        return None
    good, bad = 0, len(found) + 1
    expected = ""
    while bad - good > 1:
        middle = (good + bad) // 2
        beginning = query if middle > len(found) else query[: found[middle - 1].end]
        if (wanted := _may_continue(beginning)) is not None and middle <= len(found):
            good, expected = middle, wanted
        else:
            bad = middle
    wrong = found[bad - 1] if bad <= len(found) else Token("", "", len(query.rstrip()))
    if wrong.kind == "name" and "Prefix not found" in _complaint(query[: wrong.end]):
        expected = f"« {wrong.text.partition(':')[0]}: » is not a declared prefix"
    return *place(query, wrong.start), expected


def _may_continue(beginning: str) -> str | None:
    """What the parser would take next, None if nothing can follow."""
    complaint = _complaint(beginning)
    stated = _POSITION.search(complaint)
    # At the stop; or after it, within a string that has no end yet.
    ends = [(beginning.count("\n") + 2, _PADDING + more) for more in (1, 2)]
    at_end = stated is not None and (int(stated.group(1)), int(stated.group(2))) in ends
    return complaint[stated.end() :] if stated and at_end else None


def _complaint(beginning: str) -> str:
    """What Oxigraph's parser says of the beginning of a query; it is never evaluated."""
    try:
        ox.Store().query(f"{beginning}\n{' ' * _PADDING}{_STOP}", base_iri=BASE, prefixes=PREFIXES)
    except SyntaxError as error:
        return str(error.msg or error)
    except (ValueError, RuntimeError):
        pass
    return ""


def _scope(found: Sequence[Token]) -> Scope:
    prologue = Prologue()
    rest = after_prologue(found, prologue)
    default: list[str] = []
    named: list[str] = []
    for token, *following in zip(rest, rest[1:], [*rest[2:], None], strict=False):
        first, second = following
        if token.upper != "FROM" or first is None:
            continue
        if first.upper != "NAMED":
            default.append(prologue.iri(first))
        elif second is not None:
            named.append(prologue.iri(second))
    return Scope(tuple(dict.fromkeys(default)), tuple(dict.fromkeys(named)))
