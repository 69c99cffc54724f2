"""What a SPARQL update really does, read token by token: its operations, and what each may write."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import pyoxigraph as ox

from ess_graph.engine.base import Scope
from ess_graph.engine.spelling import literals
from ess_graph.engine.tokens import Prologue, Token, after_prologue, measure, place, tokens
from ess_graph.errors import BadQuery

_VISIBLE = re.compile(r"[^\r\n]")
_VERBS = ("INSERT", "DELETE", "WITH", "LOAD", "CLEAR", "DROP", "CREATE", "ADD", "MOVE", "COPY")
#: Characters that the texts of all operations may have together before they are shortened.
_COPIED = 16 * 1024 * 1024
#: Stands for the default graph, beside the IRIs of named ones, and for all named graphs.
DEFAULT, NAMED = "DEFAULT", "NAMED"


@dataclass(frozen=True)
class Operation:
    """One operation of an update.

    Attributes:
        verb: its first keyword.
        text: the update's text with every other operation blank, so that positions stay, unless the update is so
            long that they are left out; prologues are kept.
        writes: graphs that its text says it writes: IRIs, ``DEFAULT`` or ``NAMED``. A graph that a variable stands
            for is not among them.
        loads: what LOAD reads, and into which graph.
        silent: whether an error of LOAD is none.
        literals: typed literals and numbers as they are written, in N-Triples.
    """

    verb: str
    text: str
    writes: frozenset[str]
    loads: tuple[str, str | None] | None = None
    silent: bool = False
    literals: tuple[str, ...] = ()


def read(update: str, using: Scope = Scope()) -> tuple[Operation, ...]:  # noqa: B008 - it is immutable
    """The operations of an update.

    Args:
        update: the text.
        using: the dataset that the request asks for (``using-graph-uri``, ``using-named-graph-uri``).

    Raises:
        BadQuery: it is no update, it is nested too deep, or it names a dataset although the request does.
    """
    found = tokens(update)
    measure(found)
    prologue = Prologue()
    kept: list[tuple[int, int]] = []
    labels: dict[tuple[str, str], int] = {}
    operations: list[Operation] = []
    parts = list(_parts(found))
    whole = len(parts) * len(update) <= _COPIED
    for part in parts:
        body = after_prologue(part, prologue)
        if len(body) < len(part):
            kept.append((part[0].start, part[len(part) - len(body) - 1].end))
        # Operations are carried out one by one, so what holds between them is looked at here.
        for token, part_of in _labels(body):
            if labels.setdefault((token.text, part_of), len(operations)) != len(operations):
                line, column = place(update, token.start)
                raise BadQuery(
                    f"The update is malformed at line {line}, column {column}: {token.text} is another operation's.",
                    line, column,
                )  # fmt: skip
        if body:
            operations.append(_operation(update, body, kept, prologue, using, whole=whole))
    return tuple(operations)


def _parts(found: Sequence[Token]) -> Iterator[list[Token]]:
    """The tokens between two semicolons that stand outside any bracket."""
    depth, part = 0, list[Token]()
    for token in found:
        if token.kind == "other":
            depth += (token.text in "([{") - (token.text in ")]}")
            if token.text == ";" and depth == 0:
                yield part
                part = []
                continue
        part.append(token)
    yield part


def _labels(body: Sequence[Token]) -> Iterator[tuple[Token, str]]:
    """Labels of blank nodes that no other operation may use (SPARQL 1.1, 19.6): those of DATA and of a WHERE.

    The labels of templates are free: each solution makes new nodes of them.
    """
    words = [token.upper for token in body]
    part_of = "DATA" if words[1:2] == ["DATA"] else ""
    for token in body:
        part_of = token.upper if token.upper == "WHERE" else part_of
        if part_of and token.text.startswith("_:"):
            yield token, part_of


def _operation(
    update: str,
    body: Sequence[Token],
    kept: Sequence[tuple[int, int]],
    prologue: Prologue,
    using: Scope,
    *,
    whole: bool,
) -> Operation:
    verb = body[0].upper
    if verb not in _VERBS:
        line, column = place(update, body[0].start)
        raise BadQuery(
            f"The update is malformed at line {line}, column {column}: expected {', '.join(_VERBS)}.", line, column
        )
    start, end = body[0].start, body[-1].end
    if not whole:
        head = " ".join([*(update[at:to] for at, to in kept), ""])
        body = [token._replace(end=token.end - start + len(head)) for token in body]
        update = f"{head}{update[start:end]}"
        kept, start, end = [(0, len(head))], len(head), len(update)
    text = _blank(update, [*kept, (start, end)])
    words = [token.upper for token in body]
    if using and verb in ("INSERT", "DELETE", "WITH") and words[1:2] != ["DATA"]:
        text = _with_dataset(text, body, using)
    resolve = prologue.iri
    if verb == "LOAD":
        silent, names = "SILENT" in words[:2], [t for t in body[1:] if t.kind in ("iri", "name")]
        if not names or len(body) != 1 + silent + 1 + (3 if len(names) > 1 else 0):
            line, column = place(update, body[0].start)
            raise BadQuery("The update is malformed: write LOAD <address> INTO GRAPH <graph>.", line, column)
        source, *into = [resolve(token) for token in names]
        target = into[0] if into else None
        return Operation(verb, text, frozenset([target or DEFAULT]), (source, target), silent)
    written = literals(update[start:end], [t._replace(end=t.end - start) for t in body], prologue)
    return Operation(verb, text, frozenset(_writes(verb, body, words, resolve)), literals=written)


def _writes(verb: str, body: Sequence[Token], words: list[str], resolve: Callable[[Token], str]) -> Iterator[str]:
    """Every graph that the text of an operation says it writes."""
    if verb in ("CLEAR", "DROP", "CREATE"):
        for token in body[1:]:
            if token.kind in ("iri", "name"):
                yield resolve(token)
        yield from ({DEFAULT, NAMED} if "ALL" in words else {DEFAULT, NAMED} & set(words))
        return
    if verb in ("ADD", "MOVE", "COPY"):
        to = words.index("TO") if "TO" in words else 0
        written = body[1:] if verb == "MOVE" else body[to:]
        for token in written:
            if token.kind in ("iri", "name") or token.upper == DEFAULT:
                yield DEFAULT if token.upper == DEFAULT else resolve(token)
        return
    outside = DEFAULT
    if verb == "WITH" and len(body) > 1:
        outside = resolve(body[1])
        yield outside
    for group in _templates(body):
        yield from _written_in(group, outside, resolve)


def _templates(body: Sequence[Token]) -> Iterator[Sequence[Token]]:
    """What stands between the brackets that say what is deleted and inserted."""
    depth, start, wanted = 0, 0, False
    for at, token in enumerate(body):
        if depth == 0 and token.kind == "word":
            # DELETE WHERE has one group, which is both; any other WHERE only reads.
            wanted = token.upper in ("INSERT", "DELETE", "DATA") or (
                token.upper == "WHERE" and body[at - 1].upper == "DELETE"
            )
        if token.kind == "other" and token.text in "{}":
            depth += 1 if token.text == "{" else -1
            if depth == 1 and token.text == "{":
                start = at + 1
            if depth == 0 and wanted:
                yield body[start:at]


def _written_in(group: Sequence[Token], outside: str, resolve: Callable[[Token], str]) -> Iterator[str]:
    """Graphs that a template writes; ``outside`` for what stands in no GRAPH of its own."""
    at, depth = 0, 0
    while at < len(group):
        token = group[at]
        if depth == 0 and token.upper == "GRAPH" and at + 1 < len(group):
            if group[at + 1].kind in ("iri", "name"):
                yield resolve(group[at + 1])
            at += 2
            continue
        if token.kind == "other" and token.text in "{}":
            depth += 1 if token.text == "{" else -1
        elif depth == 0 and token.text != ".":
            yield outside
        at += 1


def _blank(text: str, kept: Sequence[tuple[int, int]]) -> str:
    """A text in which only some spans are left, each where it was."""
    pieces, at = [], 0
    for start, end in sorted(kept):
        pieces += [_VISIBLE.sub(" ", text[at:start]), text[max(start, at) : end]]
        at = max(at, end)
    return "".join([*pieces, _VISIBLE.sub(" ", text[at:])])


def _with_dataset(text: str, body: Sequence[Token], using: Scope) -> str:
    """An operation whose WHERE reads the dataset that the request asks for."""
    depth, where = 0, None
    for token in body:
        if token.kind == "other":
            depth += (token.text == "{") - (token.text == "}")
        if depth == 0 and token.upper in ("USING", "WITH"):
            raise BadQuery("The request and the update both name a dataset: leave USING and WITH, or the parameters.")
        if depth == 0 and token.upper == "WHERE" and where is None:
            where = token
    if where is None:
        return text
    clauses = "".join(f" USING {_named(graph)}" for graph in using.default)
    clauses += "".join(f" USING NAMED {_named(graph)}" for graph in using.named)
    if body[1].upper == "WHERE":
        # DELETE WHERE takes no dataset; the long form does.
        group = text[where.end : body[-1].end]
        return f"{text[: body[0].end]}{group}{clauses} WHERE{group}"
    return f"{text[: where.start]}{clauses} {text[where.start :]}"


def _named(graph: str) -> str:
    """An IRI as SPARQL writes it; it comes from a parameter, so nothing but an IRI gets through."""
    try:
        return str(ox.NamedNode(graph))
    except ValueError:
        raise BadQuery(f"« {graph[:80]} » is not an absolute IRI.") from None
