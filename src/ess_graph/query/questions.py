"""Questions in plain words: each is one Turtle file in ``questions/``, a SHACL SPARQL executable with parameters."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path

from rdflib import Graph, Literal, URIRef
from rdflib.namespace import DCTERMS, RDF, RDFS, SKOS
from rdflib.term import Node

from ess_graph import terms
from ess_graph.engine.text import with_values
from ess_graph.vocab import CSVW, QUESTIONS, SH

#: Questions that the home page and the query page offer: the first in their order.
FEATURED = 10
_PREFIX = re.compile(r"(?<![\w/<#])([a-z]+):[\w(]")
_SLOT = re.compile(r"\{[?$](\w+)\}")
_NOTHING: Mapping[str, Node] = {}


@dataclass(frozen=True)
class Parameter:
    """What a question lets people choose: a variable of its query.

    Attributes:
        name: the variable.
        titles, descriptions: by language.
        datatype: of its values; None where they are things of the graph.
        cls: the class of these things, where there is one.
        optional: whether the question can be asked without it.
        default: its value for whoever gives none.
    """

    name: str
    titles: Mapping[str, str]
    descriptions: Mapping[str, str]
    datatype: URIRef | None
    cls: URIRef | None
    optional: bool
    default: Node | None


@dataclass(frozen=True)
class Column:
    """How a variable is shown.

    Attributes:
        titles: its heading, by language.
        gathered: the values of rows that are otherwise alike stand in one cell.
        hidden: pages leave it out; downloads do not.
        number: its values are figures, shown by their value in words.
    """

    titles: Mapping[str, str]
    gathered: bool = False
    hidden: bool = False
    number: bool = False


@dataclass(frozen=True)
class Theme:
    """What questions are grouped under."""

    name: str
    titles: Mapping[str, str]
    descriptions: Mapping[str, str]


@dataclass(frozen=True)
class Question:
    """A question in words, what can be chosen in it, and the query that answers it.

    ``requires`` are the endpoints elsewhere that its query asks besides; most ask none.
    """

    name: str
    titles: Mapping[str, str]
    templates: Mapping[str, str]
    descriptions: Mapping[str, str]
    theme: Theme
    order: int
    parameters: tuple[Parameter, ...]
    select: str
    prefixes: Mapping[str, str]
    requires: tuple[str, ...] = ()

    def title(self, lang: str, words: Mapping[str, str] | None = None) -> str:
        """The question in ``fr`` or ``en``; with the words for the values of all its parameters, the one they make."""
        template = self.templates.get(lang)
        if not template or not words or not set(_SLOT.findall(template)) <= set(words):
            return self.titles[lang]
        return _SLOT.sub(lambda slot: words[slot.group(1)], template)

    @property
    def defaults(self) -> dict[str, Node]:
        """The values of those parameters that have a default."""
        return {p.name: p.default for p in self.parameters if p.default is not None}

    @property
    def query(self) -> str:
        """The query with the defaults in place."""
        return self.text(self.defaults)

    def text(self, values: Mapping[str, Node] = _NOTHING) -> str:
        """The query with its prefixes, to be read, changed and run anywhere; ``values`` stand at its head."""
        used = set(_PREFIX.findall(self.select))
        lines = [f"PREFIX {prefix}: <{iri}>" for prefix, iri in self.prefixes.items() if prefix in used]
        return "\n".join([*lines, "", with_values(self.select, values)])


def folder() -> Path:
    """Where the files are."""
    return Path(str(resources.files(__package__).joinpath("questions")))


@cache
def all() -> tuple[Question, ...]:
    """Every question, in its order."""
    graph = _graph()
    found = [_question(node, graph) for node in _executables(graph)]
    return tuple(sorted(found, key=lambda question: question.order))


def featured() -> tuple[Question, ...]:
    """The questions that people meet first."""
    return all()[:FEATURED]


def named(name: str) -> Question | None:
    """The question of a name."""
    return next((question for question in all() if question.name == name), None)


@cache
def themes() -> tuple[Theme, ...]:
    """Every theme, in its order."""
    graph = _graph()
    found = sorted(graph.subjects(RDF.type, SKOS.Concept), key=lambda node: int(str(graph.value(node, SH.order))))
    return tuple(_theme(node, graph) for node in found)


def column(name: str) -> Column:
    """How a variable of the questions is shown."""
    return _columns().get(name, Column({"fr": name, "en": name}))


@cache
def _columns() -> dict[str, Column]:
    graph = _graph()
    return {
        str(graph.value(node, CSVW.name)): Column(
            _in_languages(graph, node, CSVW.title),
            gathered=(node, CSVW.separator, None) in graph,
            hidden=str(graph.value(node, CSVW.suppressOutput)) == "true",
            number=str(graph.value(node, CSVW.datatype)) == "number",
        )
        for node in graph.subjects(RDF.type, CSVW.Column)
    }


@cache
def _graph() -> Graph:
    graph = Graph()
    for path in sorted(folder().glob("*.ttl")):
        for subject, predicate, value, _ in terms.quads(path):
            graph.add((subject, predicate, value))
    return graph


def _executables(graph: Graph) -> list[Node]:
    return sorted(graph.subjects(RDF.type, SH.SPARQLSelectExecutable), key=str)


def _prefixes(node: Node, graph: Graph) -> dict[str, str]:
    found = {
        str(graph.value(declared, SH.prefix)): str(graph.value(declared, SH.namespace))
        for said in graph.objects(node, SH.prefixes)
        for declared in graph.objects(said, SH.declare)
    }
    return dict(sorted(found.items()))


def _question(node: Node, graph: Graph) -> Question:
    theme = graph.value(node, DCTERMS.subject)
    parameters = sorted(graph.objects(node, SH.parameter), key=lambda p: int(str(graph.value(p, SH.order))))
    return Question(
        name=str(node).removeprefix(str(QUESTIONS)),
        titles=_in_languages(graph, node, RDFS.label),
        templates=_in_languages(graph, node, SH.labelTemplate),
        descriptions=_in_languages(graph, node, RDFS.comment),
        theme=_theme(theme, graph) if theme else Theme("", {}, {}),
        order=int(str(graph.value(node, SH.order))),
        parameters=tuple(_parameter(parameter, graph) for parameter in parameters),
        select=str(graph.value(node, SH.select)).strip() + "\n",
        prefixes=_prefixes(node, graph),
        requires=tuple(sorted(map(str, graph.objects(node, DCTERMS.requires)))),
    )


def _parameter(node: Node, graph: Graph) -> Parameter:
    datatype, cls = graph.value(node, SH.datatype), graph.value(node, SH["class"])
    return Parameter(
        name=_local(graph.value(node, SH.path)),
        titles=_in_languages(graph, node, SH.name),
        descriptions=_in_languages(graph, node, SH.description),
        datatype=URIRef(str(datatype)) if datatype else None,
        cls=URIRef(str(cls)) if cls else None,
        optional=str(graph.value(node, SH.optional)) == "true",
        default=graph.value(node, SH.defaultValue),
    )


def _theme(node: Node, graph: Graph) -> Theme:
    return Theme(_local(node), _in_languages(graph, node, SKOS.prefLabel), _in_languages(graph, node, SKOS.definition))


def _local(node: Node | None) -> str:
    """What stands after the mark of an IRI: the name of a parameter's variable, as SHACL says."""
    return str(node).rpartition("#")[2]


def _in_languages(graph: Graph, node: Node, said: URIRef) -> dict[str, str]:
    return {
        value.language: str(value)
        for value in graph.objects(node, said)
        if isinstance(value, Literal) and value.language
    }
