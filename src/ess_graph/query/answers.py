"""The answer to a question for people and for programs: a table with its sources, JSON, and rows for spreadsheets."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rdflib import Literal
from rdflib.namespace import XSD
from rdflib.term import Node

from ess_graph.query.asking import Answer, short
from ess_graph.query.exports import cells
from ess_graph.query.exports.cells import Dialect
from ess_graph.query.index import Index
from ess_graph.query.questions import Question, column
from ess_graph.query.readers import Linker, Reader, Texts
from ess_graph.query.views import Block, Row, Value

#: The variable whose values are passages.
SOURCE = "source"
_NUMBERS = {XSD.integer: int, XSD.decimal: float, XSD.double: float}
_SEPARATOR = " ; "


@dataclass(frozen=True)
class Writer:
    """An answer and what the index knows of its terms, in one language."""

    question: Question
    answer: Answer
    reader: Reader

    @classmethod
    def over(cls, question: Question, answer: Answer, lang: str, index: Index, link: Linker, texts: Texts) -> Writer:
        """A writer that has looked up everything at once."""
        iris = {str(term) for term in answer.terms() if not isinstance(term, Literal)}
        passages = index.passages(iris)
        named = iris | {p.record for p in passages.values() if p.record}
        labels, figures = index.labels(named, lang), index.figures(iris, lang)
        return cls(question, answer, Reader(lang, link, texts, labels, figures, passages, {}, {}))

    @property
    def words(self) -> dict[str, str]:
        """The values of the parameters, as people read them; things that the graph does not know have no words."""
        known = self.reader.labels
        return {
            name: self._value(term).text
            for name, term in self.answer.values.items()
            if isinstance(term, Literal) or str(term) in known
        }

    @property
    def title(self) -> str:
        """The question with its values."""
        return self.question.title(self.reader.lang, self.words)

    def heading(self, name: str) -> str:
        """The title of a column."""
        return column(name).titles[self.reader.lang]

    def block(self, limit: int) -> Block:
        """The first ``limit`` rows for a page; columns that no row fills are left out."""
        kept = self.answer.rows[:limit]
        names = [n for n in self.answer.shown() if n != SOURCE and any(self.answer.cells(row, n) for row in kept)]
        rows = tuple(
            Row(
                cells=tuple(tuple(self._value(term, name) for term in self.answer.cells(row, name)) for name in names),
                sources=self.reader.sources(str(term) for term in self._sources(row)),
            )
            for row in kept
        )
        return Block(
            "reponse", self.title, "table", tuple(self.heading(name) for name in names), rows, query=self.query
        )

    @property
    def query(self) -> str:
        """The query with the values in place."""
        return self.question.text(self.answer.values)

    def plain(self) -> tuple[list[str], list[list[str]]]:
        """Headings and cells as texts, the columns that pages show."""
        shown = self.answer.shown()
        return [self.heading(name) for name in shown], [
            [_SEPARATOR.join(self._text(term, name) for term in self.answer.cells(row, name)) for name in shown]
            for row in self.answer.rows
        ]

    def json(self) -> dict[str, object]:
        """Everything, for programs: things have ``iri``, ``label`` and ``url``; gathered columns are lists."""
        return {
            "question": self.question.name,
            "title": self.title,
            "parameters": {name: self._plain(term) for name, term in self.answer.values.items()},
            "columns": [{"name": name, "title": self.heading(name)} for name in self.answer.names],
            "rows": [
                {name: self._cell(name, cell) for name, cell in zip(self.answer.names, row, strict=True)}
                for row in self.answer.rows
            ],
            "query": self.query,
        }

    def records(self, dialect: Dialect, *, titles: bool = False) -> Iterator[list[str]]:
        """A header and one line a row, safe cells: each thing by its name, then the IRIs of each column of things.

        The header holds variables, or the ``titles`` that people read.
        """
        names = self.answer.names
        things = [
            name
            for at, name in enumerate(names)
            if any(not isinstance(term, Literal) for row in self.answer.rows for term in row[at])
        ]
        if titles:
            header = [*(self.heading(name) for name in names), *(f"{self.heading(name)} (IRI)" for name in things)]
        else:
            header = [*names, *(f"{name}_iri" for name in things)]
        yield [cells.safe(head) for head in header]
        for row in self.answer.rows:
            said = dict(zip(names, row, strict=True))
            yield [
                *(self._safe(said[name], name, dialect) for name in names),
                *(cells.safe(" ".join(str(t) for t in said[name] if not isinstance(t, Literal))) for name in things),
            ]

    def _sources(self, row: tuple[tuple[Node, ...], ...]) -> tuple[Node, ...]:
        return self.answer.cells(row, SOURCE) if SOURCE in self.answer.names else ()

    def _value(self, term: Node, name: str = "") -> Value:
        figure = self.reader.figures.get(str(term)) if column(name).number else None
        if figure is not None:
            return Value(figure, url=self.reader.link(str(term)), iri=str(term))
        return self.reader.value(term)

    def _text(self, term: Node, name: str) -> str:
        if str(term) in self.reader.passages:
            source = self.reader.source(self.reader.passages[str(term)])
            dated = f" ({source.date})" if source.date else ""
            return f"{source.document}{dated}, {source.lines}"
        return str(term) if isinstance(term, Literal) else self._value(term, name).text

    def _safe(self, terms: tuple[Node, ...], name: str, dialect: Dialect) -> str:
        if len(terms) == 1 and isinstance(terms[0], Literal):
            return cells.cell(terms[0], dialect)
        return cells.safe(_SEPARATOR.join(self._text(term, name) for term in terms))

    def _cell(self, name: str, cell: tuple[Node, ...]) -> object:
        if column(name).gathered:
            return [self._plain(term, name) for term in cell]
        return self._plain(cell[0], name) if cell else None

    def _plain(self, term: Node, name: str = "") -> object:
        if isinstance(term, Literal):
            read = _NUMBERS.get(term.datatype) if term.datatype else None
            return read(str(term)) if read else str(term)
        return {"iri": str(term), "label": self._text(term, name), "url": self.reader.link(str(term))}


def described(question: Question, lang: str) -> dict[str, object]:
    """A question for programs: what it is about and what it takes, without the choices."""
    return {
        "name": question.name,
        "title": question.title(lang),
        "description": question.descriptions[lang],
        "theme": question.theme.titles[lang],
        "requires": list(question.requires),
        "parameters": [
            {
                "name": p.name,
                "title": p.titles[lang],
                "description": p.descriptions[lang],
                "type": "thing" if p.datatype is None else str(p.datatype).rpartition("#")[2],
                "required": not p.optional,
                "default": None if p.default is None else short(str(p.default)),
            }
            for p in question.parameters
        ],
    }
