"""What a query or an update asks of other endpoints, fetched beforehand and put in its place.

The engine itself opens no connection. Where an operator lists endpoints, the group of a SERVICE is sent there
first, and VALUES with its solutions stand in its place; LOAD becomes a load of what was fetched.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

import pyoxigraph as ox

from ess_graph.engine.base import Step
from ess_graph.engine.formats import GRAPHS
from ess_graph.engine.text import NOTHING_OUTSIDE
from ess_graph.engine.tokens import Prologue, Token, after_prologue, reaches_out, tokens
from ess_graph.engine.update import Operation
from ess_graph.errors import BadQuery, EssGraphError, RemoteFailed
from ess_graph.outgoing import Outgoing
from ess_graph.vocab import BASE

_RESULTS = "application/sparql-results+json"
#: Anonymous nodes of elsewhere, which VALUES cannot hold, get names of their own here.
_GENID = f"{BASE}.well-known/genid/"


@dataclass(frozen=True)
class _Call:
    """One SERVICE: where it stands, what it asks and whom."""

    start: int
    end: int
    endpoint: str
    group: str
    silent: bool


def answered(text: str, outgoing: Outgoing, seconds: float) -> str:
    """A query in which the solutions of other endpoints stand for each SERVICE.

    Args:
        text: the query, or one operation of an update.
        outgoing: the endpoints that may be asked; with none, the text stays as it is, to be refused.
        seconds: for all of them together.

    Raises:
        BadQuery: an endpoint is not listed, or is named by a variable.
        LimitHit, RemoteFailed: an endpoint does not answer, and the SERVICE is not SILENT.
    """
    if not outgoing:
        return text
    found = tokens(text)
    if not reaches_out(text, found):
        return text
    deadline = time.monotonic() + seconds
    prologue = Prologue()
    after_prologue(found, prologue)
    calls = _calls(text, found, prologue)
    spliced = _spliced(text, [(call, "VALUES () { () }") for call in calls])
    if reaches_out(spliced, tokens(spliced)):
        raise BadQuery(NOTHING_OUTSIDE)
    return _spliced(text, [(call, _solutions(call, prologue, found, outgoing, deadline)) for call in calls])


def steps(operations: Sequence[Operation], outgoing: Outgoing, seconds: float) -> list[Step]:
    """The steps of an update's operations, with what it loads from elsewhere.

    Raises:
        BadQuery: an address is not listed, though the operation is not SILENT.
        LimitHit, RemoteFailed: it does not answer, though the operation is not SILENT.
    """
    deadline = time.monotonic() + seconds
    found = []
    for operation in operations:
        if operation.loads is None:
            if not outgoing and reaches_out(operation.text, tokens(operation.text)):
                raise BadQuery(NOTHING_OUTSIDE)
            text = answered(operation.text, outgoing, deadline - time.monotonic())
            found.append(Step("update", text, literals=operation.literals))
            continue
        source, graph = operation.loads
        try:
            found.append(_load(source, graph, outgoing, deadline))
        except EssGraphError:
            if not (operation.silent and outgoing):
                raise
    return found


def _load(source: str, graph: str | None, outgoing: Outgoing, deadline: float) -> Step:
    if not outgoing:
        raise BadQuery("LOAD is not allowed here: this endpoint opens no connection. Send the data themselves.")
    reply = outgoing.send(source, {"Accept": ", ".join(GRAPHS)}, deadline=deadline)
    kind = reply.kind if reply.kind in GRAPHS else _by_name(source)
    if kind is None:
        raise RemoteFailed(f"{source} is {reply.kind}, which is no RDF.")
    try:
        text = reply.body.decode("utf-8")
        for _ in ox.parse(reply.body, ox.RdfFormat.from_media_type(kind), base_iri=reply.address):
            pass
    except (SyntaxError, ValueError) as error:
        raise RemoteFailed(f"{source} cannot be read: {error}.") from error
    return Step("load", text, graph, kind, reply.address)


def _by_name(source: str) -> str | None:
    """A media type by the end of an address, for servers that give none of use."""
    form = ox.RdfFormat.from_extension(source.rpartition(".")[2])
    return form.media_type if form else None


def _calls(text: str, found: Sequence[Token], prologue: Prologue) -> list[_Call]:
    """Every SERVICE that stands in no other; what is inside one is its endpoint's to read."""
    calls: list[_Call] = []
    for at, token in enumerate(found):
        if token.upper != "SERVICE" or token.kind != "word" or (calls and token.start < calls[-1].end):
            continue
        silent = at + 1 < len(found) and found[at + 1].upper == "SILENT"
        name, *rest = [*found[at + 1 + silent :], Token("", "", 0)]
        if name.kind == "variable":
            raise BadQuery("SERVICE with a variable is not supported: name the endpoint.")
        if name.kind not in ("iri", "name") or rest[0].text != "{":
            raise BadQuery(NOTHING_OUTSIDE)
        end = _closing(rest)
        calls.append(_Call(token.start, end, prologue.iri(name), text[rest[0].start : end], silent))
    return calls


def _closing(rest: Sequence[Token]) -> int:
    depth = 0
    for token in rest:
        if token.kind == "other":
            depth += (token.text == "{") - (token.text == "}")
        if depth == 0:
            return token.end
    raise BadQuery("The query is malformed: a group of SERVICE has no end.")


def _spliced(text: str, pieces: Sequence[tuple[_Call, str]]) -> str:
    done, at = [], 0
    for call, piece in pieces:
        done += [text[at : call.start], piece]
        at = call.end
    return "".join([*done, text[at:]])


def _solutions(call: _Call, prologue: Prologue, found: Sequence[Token], outgoing: Outgoing, deadline: float) -> str:
    inside = [token for token in found if call.start <= token.start < call.end]
    used = {token.text.partition(":")[0] for token in inside if token.kind == "name"}
    head = [f"PREFIX {p}: <{prologue.prefixes[p]}>" for p in sorted(used) if p in prologue.prefixes]
    query = "\n".join([f"BASE <{prologue.base}>", *head, "SELECT * WHERE", call.group])
    headers = {"Accept": _RESULTS, "Content-Type": "application/sparql-query"}
    try:
        reply = outgoing.send(call.endpoint, headers, query.encode(), deadline=deadline)
        return _values(reply.body)
    except (EssGraphError, SyntaxError, ValueError) as error:
        if call.silent:
            return "VALUES () { () }"
        if isinstance(error, EssGraphError):
            raise
        raise RemoteFailed(f"{call.endpoint} answers with no SPARQL results: {error}.") from error


def _values(body: bytes) -> str:
    """Solutions in the syntax of VALUES, each term written by the library."""
    results = ox.parse_query_results(body, ox.QueryResultsFormat.JSON)
    if not isinstance(results, ox.QuerySolutions):
        raise ValueError("it is not a table")
    ours = f"{_GENID}{uuid.uuid4().hex}-"
    rows = [f"({' '.join(_term(solution[variable], ours) for variable in results.variables)})" for solution in results]
    return f"VALUES ({' '.join(str(variable) for variable in results.variables)}) {{ {' '.join(rows)} }}"


def _term(term: object, ours: str) -> str:
    if term is None:
        return "UNDEF"
    return str(ox.NamedNode(ours + term.value)) if isinstance(term, ox.BlankNode) else str(term)
