"""Every line of the documents: how many statements cite it, or why it carries none."""

from __future__ import annotations

import csv
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rdflib import Dataset, Graph, URIRef
from rdflib.namespace import PROV, RDF
from rdflib.term import Node

from ess_graph import passages
from ess_graph.build.citations import documents
from ess_graph.build.read import Project
from ess_graph.errors import InvalidData
from ess_graph.vocab import BASE, ESS, SOURCE

#: Beside the data: why a line that is read carries no fact.
REASONS = Path("data") / "lines-without-facts.csv"
#: What a report says of a line that nobody accounted for.
FORGOTTEN = "UNCOVERED"
_COLUMNS = ["document", "line", "reason"]
_SHOWN = 80

Statement = tuple[Node, Node, Node]


@dataclass(frozen=True)
class Line:
    """A line that is not blank.

    Attributes:
        document: slug of its document.
        number: from 1.
        statements: how many statements cite it, alone or within a range.
        reason: why it carries none, where somebody said so.
        text: the line itself.
        about: the things that these statements speak of, as IRIs relative to the project's base.
    """

    document: str
    number: int
    statements: int
    reason: str | None
    text: str
    about: tuple[str, ...] = ()

    @property
    def forgotten(self) -> bool:
        """Whether nothing cites it and nobody said why."""
        return not self.statements and self.reason is None


@dataclass(frozen=True)
class Coverage:
    """Every line of every document that is at hand; ``complaints`` names what could not be read or matched."""

    lines: tuple[Line, ...]
    complaints: tuple[str, ...]

    @property
    def complete(self) -> bool:
        """Whether every line is accounted for."""
        return not self.complaints and not any(line.forgotten for line in self.lines)

    def text(self) -> str:
        """The report for a person: totals for each document, reasons, and each forgotten line."""
        return "\n".join(self._report()) + "\n"

    def rows(self) -> Iterator[tuple[str, int, int, str, str]]:
        """Document, line, number of statements, reason (or ``UNCOVERED``), and the things they are about."""
        for line in self.lines:
            said = line.reason or (FORGOTTEN if line.forgotten else "")
            yield line.document, line.number, line.statements, said, " ".join(line.about)

    def _report(self) -> Iterator[str]:
        by_document: dict[str, list[Line]] = defaultdict(list)
        for line in self.lines:
            by_document[line.document].append(line)
        for document, lines in by_document.items():
            cited = sum(line.statements > 0 for line in lines)
            reasons = Counter(line.reason for line in lines if not line.statements and line.reason)
            forgotten = [line for line in lines if line.forgotten]
            yield (
                f"{document}: {len(lines)} lines, {cited} with facts, {reasons.total()} without and said why,"
                f" {len(forgotten)} forgotten"
            )
            yield from (f"  {n} × {reason}" for reason, n in reasons.most_common())
            yield from (f"  {FORGOTTEN} L{line.number}: {_short(line.text)}" for line in forgotten)
        yield from self.complaints
        total = sum(line.forgotten for line in self.lines)
        yield (
            "Every line is accounted for."
            if self.complete
            else (f"{total} lines are forgotten: cite them, or say in {REASONS} why they carry no fact.")
        )


def cover(project: Project, folder: Path, reasons: Path) -> Coverage:
    """Account for every line of the documents of a folder.

    Args:
        project: the data.
        folder: holds the documents under the names of their ``dcterms:identifier``.
        reasons: CSV with ``document`` (slug), ``line`` and ``reason``; it need not exist.

    Raises:
        InvalidData: the CSV is malformed.
    """
    texts, complaints = documents(project.merged(), folder)
    counts = _counts(project.data)
    said = _reasons(reasons) if reasons.is_file() else {}
    lines = []
    for document, content in texts.items():
        slug = str(document).removeprefix(str(SOURCE))
        for number, text in enumerate(content, start=1):
            reason = said.pop((slug, number), None)
            if text.strip():
                found = counts[document, number]
                about = tuple(sorted({str(subject).removeprefix(BASE) for subject, _, _ in found}))
                lines.append(Line(slug, number, len(found), reason, text, about))
            elif reason:
                complaints.append(f"{reasons.name}: {slug}, line {number} is blank; remove it.")
    complaints += [f"{reasons.name}: {slug} has no line {number}; remove it." for slug, number in sorted(said)]
    return Coverage(tuple(lines), tuple(complaints))


def _counts(data: Dataset) -> dict[tuple[URIRef, int], set[Statement]]:
    """The statements that cite each line: what an attestation says, else all that its graph says of a sourced node."""
    found: dict[tuple[URIRef, int], set[Statement]] = defaultdict(set)
    for graph in data.graphs():
        attested = _attested(graph)
        own = set(attested.values())
        for node, passage in graph.subject_objects(PROV.wasDerivedFrom):
            if node in attested:
                statements = {attested[node]}
            else:
                statements = {
                    (node, said, value)
                    for said, value in graph.predicate_objects(node)
                    if said != PROV.wasDerivedFrom and (node, said, value) not in own
                }
            document = URIRef(str(passage).partition("#")[0])
            first, last = passages.span(str(passage)) if "#L" in str(passage) else (1, 0)
            for number in range(first, last + 1):
                found[document, number] |= statements
    return found


def _attested(graph: Graph) -> dict[Node, Statement]:
    return {
        node: (graph.value(node, RDF.subject), graph.value(node, RDF.predicate), graph.value(node, RDF.object))  # type: ignore[misc]
        for node in graph.subjects(RDF.type, ESS.Attestation)
    }


def _reasons(path: Path) -> dict[tuple[str, int], str]:
    found: dict[tuple[str, int], str] = {}
    with path.open(encoding="utf-8", newline="") as handle:
        rows = csv.DictReader(handle)
        if rows.fieldnames != _COLUMNS:
            raise InvalidData(f"{path}: its first line must be {','.join(_COLUMNS)}.")
        for row in rows:
            number, reason = str(row["line"]), str(row["reason"] or "").strip()
            if not number.isascii() or not number.isdigit() or not reason:
                raise InvalidData(f"{path}, line {rows.line_num}: give a line number and a reason.")
            found[str(row["document"]), int(number)] = reason
    return found


def _short(text: str) -> str:
    """The beginning of a line, without control characters."""
    clean = "".join(c if c.isprintable() else " " for c in text).strip()
    return clean if len(clean) <= _SHOWN else f"{clean[:_SHOWN]}…"
