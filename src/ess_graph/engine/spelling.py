"""The literals of an update as somebody wrote them, which the engine would give its own form (1.50 → 1.5)."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pyoxigraph as ox
from rdflib.namespace import XSD

from ess_graph.engine.tokens import Prologue, Token

_NUMBER = re.compile(
    r"(?<![\w.?$:@#%<\"'-])[+-]?(?:(?P<double>\d*\.?\d+[eE][+-]?\d+)|(?P<decimal>\d*\.\d+)|(?P<integer>\d+))(?![\w:])"
)


def literals(text: str, found: Sequence[Token], prologue: Prologue) -> tuple[str, ...]:
    """Typed literals and numbers of a text, in N-Triples, each once."""
    pieces, at = [], 0
    for token in found:
        if token.kind in ("string", "iri", "name"):
            pieces.append(text[at : token.start])
            at = token.end
    visible = "x:".join([*pieces, text[at:]])
    terms = {f'"{match.group()}"^^<{XSD}{match.lastgroup}>' for match in _NUMBER.finditer(visible)}
    for at, token in enumerate(found):
        rest = found[at + 1 : at + 4]
        if token.kind == "string" and [sign.text for sign in rest[:2]] == ["^", "^"] and len(rest) == 3:
            terms |= _typed(token.text, prologue.iri(rest[2]))
    return tuple(sorted(terms))


def _typed(written: str, datatype: str) -> set[str]:
    """One literal, read by the library; nothing if it cannot be."""
    try:
        turtle = f"<urn:x> <urn:x> {written}^^{ox.NamedNode(datatype)} ."
        return {str(quad.object) for quad in ox.parse(turtle.encode(), ox.RdfFormat.TURTLE)}
    except (SyntaxError, ValueError):
        return set()
