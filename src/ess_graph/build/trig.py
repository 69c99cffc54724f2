"""TriG files edited by the statement: what does not change keeps its text, comments and order included."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from rdflib import BNode
from rdflib.term import Node

from ess_graph import terms, turtle
from ess_graph.errors import InvalidData
from ess_graph.terms import Quad

_TOKEN = re.compile(
    r"""
    (?P<blank>\s+|\#[^\n]*)
  | (?P<string>\"\"\"(?:\"{0,2}(?:[^"\\]|\\.))*\"\"\" | '''(?:'{0,2}(?:[^'\\]|\\.))*''' | "(?:[^"\\\n]|\\.)*"
      | '(?:[^'\\\n]|\\.)*')
  | (?P<iri><[^<>\s]*>)
  | (?P<open>\{) | (?P<close>\})
  | (?P<stop>\.(?=[\s\#}]|$))
  | (?P<other>(?:[^\s\#"'<>{}.]|\.(?![\s\#}]|$))+|.)
    """,
    re.VERBOSE | re.DOTALL,
)
_DIRECTIVE = re.compile(r"(?:@prefix|@base|PREFIX\s|BASE\s)", re.IGNORECASE)
_PREFIX = re.compile(r"@prefix\s+([\w-]*):\s*<([^>]*)>", re.IGNORECASE)
_BASE = re.compile(r"@base\s+<([^>]*)>", re.IGNORECASE)


@dataclass
class Piece:
    """A stretch of a file: ``lead`` (white space, comments) and ``text``; a statement has its quads."""

    kind: str
    lead: str
    text: str
    graph: str = ""
    quads: list[Quad] = field(default_factory=list)


class Document:
    """One TriG file."""

    def __init__(self, text: str) -> None:
        self._pieces = list(_pieces(text))
        head = "".join(piece.text + "\n" for piece in self._pieces if piece.kind == "directive")
        self._prefixes = dict(_PREFIX.findall(head))
        base = _BASE.search(head)
        self._base = base.group(1) if base else ""
        for piece in self._pieces:
            if piece.kind == "statement":
                piece.quads = list(terms.from_trig(f"{head}{piece.graph} {{ {piece.text} }}"))

    @property
    def graphs(self) -> set[Node]:
        """The named graphs that have statements here."""
        return {graph for piece in self._pieces for *_, graph in piece.quads if graph is not None}

    def text(self) -> str:
        """The file as it is now."""
        return "".join(piece.lead + piece.text for piece in self._pieces)

    def edit(self, removed: Iterable[Quad], added: Iterable[Quad]) -> None:
        """Take statements away and add others, each where its subject is described already if it is.

        Raises:
            InvalidData: a statement to change has an anonymous node in it.
        """
        gone = set(removed)
        fresh: dict[tuple[Node | None, Node], list[Quad]] = {}
        for quad in added:
            fresh.setdefault((quad[3], quad[0]), []).append(quad)
        for piece in self._pieces:
            if not piece.quads:
                continue
            subject, graph = piece.quads[0][0], piece.quads[0][3]
            more = fresh.pop((graph, subject), [])
            if more or gone & set(piece.quads):
                self._rewrite(piece, [quad for quad in piece.quads if quad not in gone] + more)
        for (name, _), quads in fresh.items():
            self._insert(name, quads)

    def _rewrite(self, piece: Piece, quads: list[Quad]) -> None:
        if any(isinstance(term, BNode) for quad in piece.quads for term in quad):
            raise InvalidData(f"« {piece.text[:80]}… » has an anonymous node: edit that statement by hand.")
        piece.quads = quads
        piece.text = self._statement(quads)
        if not quads:
            piece.kind, piece.lead = "empty", ""

    def _insert(self, graph: Node | None, quads: list[Quad]) -> None:
        """Describe a new subject at the end of its graph, or in a new graph at the end of the file."""
        made = Piece("statement", "\n\n ", self._statement(quads), quads=quads)
        last = max(
            (at for at, piece in enumerate(self._pieces) if piece.quads and piece.quads[0][3] == graph), default=None
        )
        if last is not None:
            self._pieces.insert(last + 1, made)
        elif graph is not None:
            name = turtle.text(graph, self._prefixes, self._base)
            made.lead = " "
            self._pieces += [Piece("open", "\n", f"{name} {{\n"), made, Piece("close", "\n", "}\n")]

    def _statement(self, quads: list[Quad]) -> str:
        if not quads:
            return ""
        said: dict[Node, list[str]] = {}
        for _, predicate, value, _ in quads:
            said.setdefault(predicate, []).append(turtle.text(value, self._prefixes, self._base))
        lines = [f"{turtle.verb(p, self._prefixes, self._base)} {' , '.join(values)}" for p, values in said.items()]
        return f"{turtle.text(quads[0][0], self._prefixes, self._base)} " + " ;\n   ".join(lines) + " ."


def _pieces(text: str) -> Iterator[Piece]:
    graph, lead, held = "", "", ""
    for match in _TOKEN.finditer(text):
        kind, token = str(match.lastgroup), match.group()
        if kind == "blank" and not held:
            lead += token
            continue
        held += token
        if kind == "open":
            graph = held[:-1].strip()
            yield Piece("open", lead, held)
        elif kind == "close":
            rest = held[:-1]
            if rest.strip():  # the last statement of a graph may go without its full stop
                yield Piece("statement", lead, f"{rest.rstrip()} .", graph)
                lead = "\n"
            yield Piece("close", lead, "}")
            graph = ""
        elif kind == "stop":
            yield Piece("directive" if _DIRECTIVE.match(held) else "statement", lead, held, graph)
        else:
            continue
        lead = held = ""
    if lead or held:
        yield Piece("end", lead, held)
