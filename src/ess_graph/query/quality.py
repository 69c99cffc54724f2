"""A curator's to-do list: stale records, what the shapes found, disagreements, notes and conclusions."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from rdflib import URIRef
from rdflib.namespace import DCTERMS, ORG, PROV, RDF, SKOS

from ess_graph.engine.base import Engine, Row
from ess_graph.folding import fold
from ess_graph.query import catalogue
from ess_graph.query.index import Index
from ess_graph.query.readers import Linker, Reader, Texts, iris_of
from ess_graph.query.views import Nature, Source, Value
from ess_graph.query.views import Row as ViewRow
from ess_graph.vocab import BASE, CURATION, ESS, SCHEMA

#: Gives the sentence of a key, its placeholders filled.
Words = Callable[..., str]

#: A record of an authority wants a new look this many years after its date.
YEARS = 3
SEVERITIES = ("Violation", "Warning", "Info")
_KINDS = {
    ESS.contredit: "conflicts",
    SKOS.editorialNote: "notes",
    DCTERMS.replaces: "renamings",
    PROV.wasRevisionOf: "versions",
    DCTERMS.date: "dates",
    SCHEMA.startDate: "dates",
    SCHEMA.endDate: "dates",
    SCHEMA.observationDate: "dates",
    SKOS.prefLabel: "identities",
    SKOS.altLabel: "identities",
    DCTERMS.alternative: "identities",
    DCTERMS.hasFormat: "identities",
    SCHEMA.sameAs: "identities",
    ORG.classification: "identities",
    RDF.type: "identities",
    ESS.statut: "statuses",
}
KINDS = ("renamings", "versions", "dates", "identities", "statuses", "figures", "links")


@dataclass(frozen=True)
class Age:
    """A record and its date; ``due`` is when it wants a new look, with the date's own precision."""

    record: Value
    document: Value
    topic: Value | None
    authority: bool
    date: str | None
    inferred: bool
    due: str | None
    stale: bool


@dataclass(frozen=True)
class Finding:
    """One thing that a shape found: the thing, the value at fault if there is one, and the file to mend."""

    thing: Value
    value: Value | None
    file: str | None


@dataclass(frozen=True)
class Rule:
    """A shape that found something; ``message`` says what is wrong and how to mend it."""

    message: str
    name: str
    path: str | None
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class Severity:
    """Every rule of one severity, the one that found most first."""

    key: str
    rules: tuple[Rule, ...]

    @property
    def count(self) -> int:
        """How many findings."""
        return sum(len(rule.findings) for rule in self.rules)


@dataclass(frozen=True)
class Conflict:
    """Two things that contradict each other, the older source first, and why a curator says so."""

    about: Value
    indicator: str | None
    sides: tuple[Value, ...]
    reason: str | None


@dataclass(frozen=True)
class Conclusion:
    """What one reason concludes: statements as subject, property and value, and the passages they rest on."""

    statements: tuple[tuple[Value, Value, Value], ...]
    reason: str | None
    author: Value | None
    date: str | None
    sources: tuple[Source, ...]


@dataclass(frozen=True)
class Shelf:
    """Conclusions that stand together: the notes on one record, or the statements of one kind."""

    name: str
    conclusions: tuple[Conclusion, ...]


@dataclass(frozen=True)
class Curation:
    """What a curator wrote: disagreements, notes by record, conclusions by kind."""

    conflicts: tuple[Conflict, ...]
    notes: tuple[Shelf, ...]
    conclusions: tuple[Shelf, ...]


def ages(engine: Engine, today: date, lang: str, index: Index, link: Linker) -> list[Age]:
    """Every record: those without a date first, then from the oldest to the newest."""
    rows = engine.rows(catalogue.text("record_ages")).rows
    labels = index.labels(iris_of(term for row in rows for term in row.values()), lang)
    found = []
    for row in rows:
        topic = str(row.get("topic", ""))
        authority = str(row["authority"]) == "true"
        dated = str(row["date"]) if "date" in row else None
        due = _later(dated) if dated and authority else None
        found.append(
            Age(
                record=Value(str(row["title"]), url=link(str(row["record"])), iri=str(row["record"])),
                document=Value(
                    labels.get(str(row["document"]), (str(row["document"]), ""))[0], url=link(str(row["record"]))
                ),
                topic=Value(labels[topic][0], url=link(topic), iri=topic) if topic in labels else None,
                authority=authority,
                date=dated,
                inferred=str(row.get("concluded")) == "true",
                due=due,
                stale=due is not None and due <= today.isoformat()[: len(due)],
            )
        )
    return sorted(found, key=lambda age: (age.date or "", fold(age.record.text)))


def _later(partial: str) -> str:
    """A date, as partial as it is, ``YEARS`` years later; 29 February stays one, which compares as well."""
    return f"{int(partial[:4]) + YEARS:04}{partial[4:]}"


def findings(release: Path, lang: str, index: Index, link: Linker) -> tuple[Severity, ...]:
    """What the shapes found in a release, by severity then rule."""
    found: list[dict[str, Any]] = json.loads((release / "validation.json").read_text(encoding="utf-8"))["findings"]
    labels = index.labels({str(f[key]) for f in found for key in ("focus", "value") if f[key]}, lang)
    rules: dict[tuple[str, str, str | None, str], list[Finding]] = defaultdict(list)

    def value(text: str, name: str | None = None) -> Value:
        label, tag = labels.get(text, (name or text.removeprefix(BASE), ""))
        return Value(label, url=link(text) if text in labels or text.startswith(BASE) else None, lang=tag or None)

    for f in found:
        message = f["messages"].get(lang) or next(iter(f["messages"].values()), f["constraint"])
        about = None if f["value"] in (None, f["focus"]) else value(str(f["value"]))
        name = str(f["shape"]).removeprefix(f"{BASE}shapes/")
        rules[f["severity"], name, f["path"], message].append(Finding(value(f["focus"], f["label"]), about, f["where"]))
    return tuple(
        Severity(
            severity,
            tuple(
                Rule(message, name, path, tuple(sorted(things, key=lambda f: (f.file or "", fold(f.thing.text)))))
                for (of, name, path, message), things in sorted(rules.items(), key=lambda r: (-len(r[1]), r[0][1]))
                if of == severity
            ),
        )
        for severity in SEVERITIES
    )


def curation(lang: str, say: Words, *, engine: Engine, index: Index, link: Linker, texts: Texts) -> Curation:
    """Everything that a curator wrote in this release; ``say`` gives the names of columns and headings."""
    rows = engine.rows(catalogue.text("curation")).rows
    reader = Reader.over(iris_of(term for row in rows for term in row.values()), lang, index, link, texts)
    shelves: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        shelves[_kind(row)].append(row)
    pairs = {frozenset((row["subject"], row["value"])): row for row in shelves["conflicts"]}
    by_record: dict[str, list[Row]] = defaultdict(list)
    for row in shelves["notes"]:
        found = sources_of(row, reader)
        by_record[found[0].document if found else say("quality.notes.nowhere")].append(row)
    return Curation(
        conflicts=tuple(sorted((_conflict(row, reader) for row in pairs.values()), key=lambda c: fold(c.about.text))),
        notes=tuple(
            _shelf(name, here, reader) for name, here in sorted(by_record.items(), key=lambda item: fold(item[0]))
        ),
        conclusions=tuple(
            _shelf(say(f"quality.kind.{kind}"), shelves[kind], reader) for kind in KINDS if shelves[kind]
        ),
    )


def concluded(
    rows: Iterable[Row], cells: Callable[[Row], tuple[tuple[Value, ...], ...]], reader: Reader
) -> tuple[ViewRow, ...]:
    """A row for each statement of a curator, with its reason and its passages, in the order of its words."""
    made = [
        ViewRow(cells(row), Nature.CONCLUDED, sources_of(row, reader), str(row["reason"]) if "reason" in row else None)
        for row in rows
    ]
    return tuple(sorted(made, key=lambda row: [[fold(v.text) for v in cell] for cell in row.cells]))


def sources_of(row: Row, reader: Reader) -> tuple[Source, ...]:
    """The passages that a curator's statement rests on."""
    cited = reader.of_statement(str(row["subject"]), str(row["said"]), row["value"])
    return reader.sources(c.passage for c in cited if c.graph == str(CURATION))


def _conflict(row: Row, reader: Reader) -> Conflict:
    return Conflict(
        about=reader.value(row["about" if "about" in row else "subject"]),
        indicator=reader.value(row["indicator"]).text if "indicator" in row else None,
        sides=tuple(sorted((_side(str(row[name]), reader) for name in ("subject", "value")), key=_when)),
        reason=str(row["reason"]) if "reason" in row else None,
    )


def _side(iri: str, reader: Reader) -> Value:
    """One side of a disagreement: a figure by its value, anything else by its name, with its lines."""
    named = reader.value(URIRef(iri))
    cited = reader.sources(c.passage for c in reader.of_node(iri))
    return Value(reader.figures.get(iri, named.text), named.url, named.lang, iri, cited)


def _when(side: Value) -> tuple[str, str]:
    return min((s.date or "" for s in side.sources), default=""), side.iri or ""


def _shelf(name: str, rows: Sequence[Row], reader: Reader) -> Shelf:
    together: dict[tuple[str, ...], list[Row]] = defaultdict(list)
    for row in rows:
        # A note is one thing by itself; elsewhere one reason may conclude several statements.
        note = str(row["value"]) if row["said"] == SKOS.editorialNote else ""
        together[note, *(str(row.get(part, "")) for part in ("reason", "author", "date"))].append(row)
    made = (_conclusion(same, reader) for same in together.values())
    return Shelf(name, tuple(sorted(made, key=lambda c: [[fold(v.text) for v in said] for said in c.statements])))


def _conclusion(rows: Sequence[Row], reader: Reader) -> Conclusion:
    statements = {tuple(reader.value(row[part]) for part in ("subject", "said", "value")) for row in rows}
    sources = {source: None for row in rows for source in sources_of(row, reader)}
    first = rows[0]
    return Conclusion(
        statements=tuple(sorted(statements, key=lambda said: [fold(value.text) for value in said])),  # type: ignore[arg-type]
        reason=str(first["reason"]) if "reason" in first else None,
        author=reader.value(first["author"]) if "author" in first else None,
        date=str(first["date"]) if "date" in first else None,
        sources=tuple(sources),
    )


def _kind(row: Row) -> str:
    return _KINDS.get(URIRef(str(row["said"])), "figures" if "indicator" in row else "links")
