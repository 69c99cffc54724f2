"""Asks a question: reads the values that people give, binds them as terms, and gathers the rows of the answer."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from rdflib import Literal, URIRef
from rdflib.namespace import XSD
from rdflib.term import Node

from ess_graph.engine import federation
from ess_graph.engine.base import Engine
from ess_graph.errors import BadValue, OutOfReach
from ess_graph.folding import fold
from ess_graph.outgoing import Outgoing
from ess_graph.query import catalogue
from ess_graph.query.index import Index
from ess_graph.query.questions import Parameter, Question, column
from ess_graph.vocab import BASE

#: What whole numbers stay below, and the most characters that a value may have.
LARGEST, _CHARACTERS = 10**15, 2000
_YEAR, _WHOLE = re.compile(r"[0-9]{4}"), re.compile(r"-?[0-9]{1,20}")
_NOWHERE = Outgoing()
_NOT_IN_IRI = set('<>"{}|^`\\ ')


@dataclass(frozen=True)
class Choice:
    """A thing that a parameter can be; ``value`` is its shortest spelling in an address."""

    value: str
    label: str
    iri: str


@dataclass(frozen=True)
class Answer:
    """The rows of a question: each cell holds one value, or several where its column gathers them.

    Attributes:
        names: variables of the query, in its order.
        rows: cells parallel to ``names``.
        values: what the parameters were.
    """

    names: tuple[str, ...]
    rows: tuple[tuple[tuple[Node, ...], ...], ...]
    values: Mapping[str, Node] = field(default_factory=dict)

    def shown(self) -> list[str]:
        """The variables that pages show: not those that are the same in every row because they were chosen."""
        return [name for name in self.names if not column(name).hidden and name not in self.values]

    def cells(self, row: tuple[tuple[Node, ...], ...], name: str) -> tuple[Node, ...]:
        """The cell of a row in a column."""
        return row[self.names.index(name)]

    def terms(self) -> set[Node]:
        """Every value that occurs."""
        return {term for row in self.rows for cell in row for term in cell} | set(self.values.values())


def short(iri: str) -> str:
    """An IRI as addresses and commands spell it."""
    return iri.removeprefix(BASE)


def choices(question: Question, lang: str, engine: Engine, index: Index) -> dict[str, list[Choice]]:
    """What can be chosen for each parameter that is a thing, in alphabetical order.

    An optional one has the values that occur in the answer to the question asked without any value, so that every
    choice has an answer; the others, and those of a question that asks elsewhere, have the members of their class.
    """
    things: dict[str, set[str]] = {}
    here = not question.requires
    if here and any(p.optional and p.datatype is None for p in question.parameters):
        found = engine.rows(question.select)
        things = {
            p.name: {str(row[p.name]) for row in found if p.name in row}
            for p in question.parameters
            if p.optional and p.datatype is None
        }
    for parameter in question.parameters:
        if parameter.cls and parameter.datatype is None and not (parameter.optional and here):
            things[parameter.name] = set(index.things(str(parameter.cls))) or _members(parameter.cls, engine)
    labels = index.labels({iri for found in things.values() for iri in found}, lang)
    return {
        name: sorted(
            (Choice(short(iri), labels.get(iri, (short(iri), ""))[0], iri) for iri in iris),
            key=lambda choice: (fold(choice.label), choice.iri),
        )
        for name, iris in things.items()
    }


def given(
    question: Question, raw: Mapping[str, str], offered: Mapping[str, list[Choice]] | None = None
) -> dict[str, Node]:
    """The terms that parameters are fixed to.

    Args:
        question: the question.
        raw: what people wrote, by parameter. One that is left out has its default; an empty one is not fixed.
        offered: the choices, so that a thing may be called by its name.

    Raises:
        BadValue: a parameter that the question does not have, a value it cannot have, or none where it needs one.
    """
    known = {parameter.name: parameter for parameter in question.parameters}
    for name in raw:
        if name not in known:
            takes = f"it takes {', '.join(known)}" if known else "it takes none"
            raise BadValue(f"This question has no parameter « {name[:40]} »: {takes}.", name)
    values: dict[str, Node] = {}
    for name, parameter in known.items():
        written = raw.get(name)
        if written is None:
            if parameter.default is not None:
                values[name] = parameter.default
        elif written.strip():
            values[name] = _term(parameter, written.strip(), (offered or {}).get(name, []))
        if name not in values and not parameter.optional:
            raise BadValue(f"The parameter « {name} » needs a value.", name)
    return values


def out_of_reach(question: Question, outgoing: Outgoing) -> tuple[str, ...]:
    """The endpoints that a question asks and that the operator did not list."""
    return tuple(endpoint for endpoint in question.requires if not outgoing.allows(endpoint))


def ask(
    question: Question, values: Mapping[str, Node], engine: Engine, outgoing: Outgoing = _NOWHERE, seconds: float = 30
) -> Answer:
    """The whole answer.

    Args:
        question: the question.
        values: of its parameters.
        engine: the release.
        outgoing: the endpoints elsewhere that may be asked.
        seconds: for all of these together.

    Raises:
        OutOfReach: the question asks an endpoint that may not be.
        RemoteFailed, LimitHit: an endpoint does not answer.
    """
    text = question.select
    if question.requires:
        if refused := out_of_reach(question, outgoing):
            raise OutOfReach(
                f"This question asks {', '.join(refused)}, which this operator does not let it reach."
                " Copy its query and run it with a tool of your own, or list the address in ESS_GRAPH_SERVICE_ALLOW.",
                refused,
                question.text(values),
            )
        text = federation.answered(question.text(), outgoing, seconds)
    found = engine.rows(text, bindings=dict(values))
    gathering = [column(name).gathered for name in found.names]
    rows: dict[tuple[Node | None, ...], list[dict[Node, None]]] = {}
    for row in found:
        cells = [row.get(name) for name in found.names]
        alike = tuple(None if gathers else cell for cell, gathers in zip(cells, gathering, strict=True))
        kept = rows.setdefault(alike, [{} for _ in cells])
        for held, cell in zip(kept, cells, strict=True):
            if cell is not None:
                held[cell] = None
    return Answer(found.names, tuple(tuple(tuple(cell) for cell in row) for row in rows.values()), dict(values))


def _members(cls: URIRef, engine: Engine) -> set[str]:
    return {str(row["entity"]) for row in engine.rows(catalogue.text("types"), {"class": cls})}


def _term(parameter: Parameter, written: str, offered: list[Choice]) -> Node:
    if len(written) > _CHARACTERS:
        raise BadValue(f"The value of « {parameter.name} » is longer than {_CHARACTERS} characters.", parameter.name)
    if parameter.datatype is None:
        return _thing(parameter, written, offered)
    if parameter.datatype == XSD.gYear and not _YEAR.fullmatch(written):
        raise BadValue(f"« {parameter.name} » is a year in four digits, such as 2018.", parameter.name)
    if parameter.datatype == XSD.integer:
        digits = "".join(written.split())
        if not _WHOLE.fullmatch(digits) or abs(int(digits)) >= LARGEST:
            raise BadValue(f"« {parameter.name} » is a whole number, such as 50000.", parameter.name)
        return Literal(int(digits))
    return Literal(written, datatype=None if parameter.datatype == XSD.string else parameter.datatype)


def _thing(parameter: Parameter, written: str, offered: list[Choice]) -> URIRef:
    """A thing by its IRI, whole or without the project's base, by the end of its IRI, or by its name."""
    if "/" in written:
        iri = written if written.startswith(("http://", "https://")) else BASE + written.lstrip("/")
        if not set(iri) & _NOT_IN_IRI and iri.isprintable():
            return URIRef(iri)
    wanted = fold(written)
    called = [c.iri for c in offered if fold(c.label) == wanted] or [
        c.iri for c in offered if re.split("[/#]", c.iri)[-1] == written
    ]
    if len(called) == 1:
        return URIRef(called[0])
    why = f"is the name of {len(called)} things" if called else "names nothing that can be chosen"
    raise BadValue(f"« {written[:80]} » {why}: give « {parameter.name} » an IRI of the list.", parameter.name)
