"""Terms, passages and natures as people read them, in one language."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

from rdflib import Literal, URIRef
from rdflib.term import Node

from ess_graph.query import dates
from ess_graph.query.index import Cited, Index, Passage
from ess_graph.query.views import Nature, Source, Value
from ess_graph.vocab import CURATION, INFERENCES, SOURCE

#: Turns an IRI into the address people follow; None where there is none.
Linker = Callable[[str], str | None]
#: The text of a passage, None when the documents are not at hand.
Texts = Callable[[Passage], str | None]


@dataclass(frozen=True)
class Reader:
    """What the index knows of the terms of one page."""

    lang: str
    link: Linker
    texts: Texts
    labels: Mapping[str, tuple[str, str]]
    figures: Mapping[str, str]
    passages: Mapping[str, Passage]
    cited: Mapping[str, list[Cited]]
    rules: Mapping[str, str]
    registers: Mapping[str, Source] = field(default_factory=dict)

    @classmethod
    def over(cls, iris: set[str], lang: str, index: Index, link: Linker, texts: Texts) -> Reader:
        """A reader that knows these IRIs, what their statements rest on, and the records of those passages."""
        cited = index.cited(iris)
        passages = index.passages(c.passage for found in cited.values() for c in found)
        named = iris | {p.record for p in passages.values() if p.record}
        return cls(
            lang, link, texts, index.labels(named, lang), index.figures(iris, lang), passages, cited, index.rules(lang)
        )

    def value(self, term: Node) -> Value:
        """A term as people read it."""
        if isinstance(term, Literal):
            return Value(dates.read(term, self.lang), lang=term.language)
        iri = str(term)
        text, lang = self.labels.get(iri, (iri, ""))
        return Value(text, url=self.link(iri), lang=lang or None, iri=iri)

    def cell(self, subject: str, said: str | None, term: Node) -> Value:
        """A value in a table's row, marked where only a curator says that the row's thing has it."""
        cited = self.of_statement(subject, said, term) if said else []
        if not cited or {c.graph for c in cited} != {str(CURATION)}:
            return self.value(term)
        kind = Nature.CONCLUDED
        return replace(self.value(term), nature=kind, note=self.note(kind, said, cited))

    def source(self, passage: Passage) -> Source:
        """A passage as a source to show beside a fact."""
        title = self.labels.get(passage.record or "", (passage.title or passage.file, ""))[0]
        return Source(
            document=title,
            lines=passage.lines,
            url=self.link(passage.iri) or passage.iri,
            date=passage.date,
            inferred=passage.concluded,
            text=self.texts(passage),
        )

    def sources(self, passages: Iterable[str]) -> tuple[Source, ...]:
        """Sources in the order of their dates, documents and lines."""
        known = [self.passages[p] for p in set(passages) if p in self.passages]
        return tuple(self.source(p) for p in sorted(known, key=lambda p: (p.date or "", p.document, p.first, p.last)))

    def official(self, graphs: Iterable[Node]) -> tuple[Source, ...]:
        """The registers among the graphs that state a fact, for what no passage carries."""
        return tuple(self.registers[str(graph)] for graph in sorted(graphs, key=str) if str(graph) in self.registers)

    def of_statement(self, subject: str, said: str, value: Node) -> list[Cited]:
        """What one statement rests on."""
        wanted = value.n3()
        return [c for c in self.cited.get(subject, ()) if c.said == said and c.value == wanted]

    def of_node(self, node: str) -> list[Cited]:
        """What a node rests on as a whole: what records say of it, rather than its names or a curator's notes."""
        found = self.cited.get(node, [])
        return [c for c in found if c.graph.startswith(str(SOURCE))] or found

    def note(self, nature: Nature, said: str | None, cited: Iterable[Cited]) -> str | None:
        """Why a statement that no document makes is there: the rule, or the curator's reason."""
        if nature is Nature.DERIVED:
            return self.rules.get(said or "")
        if nature is Nature.CONCLUDED:
            return " ".join(sorted({c.reason for c in cited if c.reason})) or None
        return None


def registers(rows: Iterable[Mapping[str, Node]]) -> dict[str, Source]:
    """Official extracts as sources, by the graph that holds them: they have a date and no lines."""
    return {str(row["graph"]): Source(str(row["title"]), "", str(row["address"]), str(row["issued"])) for row in rows}


def nature(graphs: Iterable[Node]) -> Nature:
    """Stated wherever a document says it, else concluded by a curator, else derived by a rule."""
    found = set(graphs)
    if found - {INFERENCES, CURATION} or not found:
        return Nature.STATED
    return Nature.CONCLUDED if CURATION in found else Nature.DERIVED


def iris_of(terms: Iterable[Node]) -> set[str]:
    """The IRIs among some terms."""
    return {str(term) for term in terms if isinstance(term, URIRef)}
