"""Validates the materialised graph against the SHACL shapes and reports to a curator what to mend, and where."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import Any

import pyshacl
from rdflib import BNode, Graph, Literal, URIRef
from rdflib.namespace import RDF, RDFS, SKOS, XSD
from rdflib.term import Node

from ess_graph.errors import InvalidData
from ess_graph.vocab import BASE, ESS, PREFIXES, SH

SEVERITIES = ("Violation", "Warning", "Info")

_NOT_FOR_VALIDATION = ("display.ttl", "facets.ttl", "portrait.ttl")  # pages are made from them; they constrain nothing
_TARGETS = (SH.targetClass, SH.targetNode, SH.targetSubjectsOf, SH.targetObjectsOf)
_MARKS = {SH.zeroOrMorePath: "*", SH.oneOrMorePath: "+", SH.zeroOrOnePath: "?"}
_SHOWN = 120
_WORDS = {
    "fr": {
        "Violation": "erreur{s}", "Warning": "avertissement{s}", "Info": "suggestion{s}", "none": "Rien à signaler.",
        "accepted": "Les données peuvent être publiées.", "refused": "Les données ne peuvent pas être publiées.",
        "nowhere": "(hors fichier)", "value": "valeur", "rule": "règle", "colon": " :",
    },
    "en": {
        "Violation": "error{s}", "Warning": "warning{s}", "Info": "suggestion{s}", "none": "Nothing to report.",
        "accepted": "The data can be published.", "refused": "The data cannot be published.",
        "nowhere": "(in no file)", "value": "value", "rule": "rule", "colon": ":",
    },
}  # fmt: skip


@dataclass(frozen=True)
class Finding:
    """One thing that a shape found.

    Attributes:
        severity: ``Violation``, ``Warning`` or ``Info``.
        focus, label, where: the thing that needs mending, its name, the file it is in (the caller tells).
        path, value: the property, in SPARQL's notation, and the value at fault, where one is.
        messages: by language, what is wrong and how to mend it.
        shape, constraint: the rule, and the kind of constraint that failed.
    """

    severity: str
    focus: Node
    path: str | None
    value: Node | None
    messages: Mapping[str, str]
    shape: Node
    constraint: URIRef
    where: str | None = None
    label: str | None = None

    def message(self, lang: str) -> str:
        """The message in a language, else in whatever language there is."""
        return self.messages.get(lang) or next(iter(self.messages.values()), _short(self.constraint))


@dataclass
class Report:
    """What a validation found, in a stable order; ``graph`` is the W3C validation report."""

    findings: list[Finding]
    graph: Graph
    seconds: float = field(default=0.0, compare=False)

    @property
    def conforms(self) -> bool:
        """Whether the data may be published: no violation (``sh:conforms`` in ``graph`` counts every severity)."""
        return all(finding.severity != "Violation" for finding in self.findings)

    def counts(self) -> dict[str, int]:
        """How many findings of each severity."""
        return _count(self.findings)

    def text(self, lang: str = "fr") -> str:
        """The report for a curator: by file, then severity, then rule, with the things concerned under each."""
        words = _WORDS[lang := lang if lang in _WORDS else "fr"]
        if not self.findings:
            return words["none"] + "\n"
        lines = [f"{_tally(self.findings, words)}. {words['accepted' if self.conforms else 'refused']}"]
        by_file: dict[str, list[Finding]] = defaultdict(list)
        for finding in self.findings:
            by_file[finding.where or words["nowhere"]].append(finding)
        for name, here in sorted(by_file.items()):
            lines += ["", f"{name}{words['colon']} {_tally(here, words)}"]
            rules: dict[tuple[str, ...], list[str]] = defaultdict(list)
            for f in here:
                title = f"  {words.get(f.severity, f.severity).format(s='').upper()} {f.message(lang)}"
                about = f"{words['rule']} {_short(f.shape)}" + (f", {f.path}" if f.path else "")
                rules[title, f"    ({about})"].append(f"    - {_line(f, words)}")
            for rule, things in rules.items():
                lines += [*rule, *things]
        return "\n".join(lines) + "\n"

    def as_json(self) -> dict[str, Any]:
        """The report as plain values, ready for JSON."""
        found = [vars(f) | {k: str(v) for k, v in vars(f).items() if isinstance(v, Node)} for f in self.findings]
        return {"conforms": self.conforms, "counts": self.counts(), "seconds": self.seconds, "findings": found}

    def refusal(self) -> Report:
        """What keeps data from being published, and nothing else."""
        return Report([f for f in self.findings if f.severity == "Violation"], self.graph, self.seconds)

    def turtle(self) -> str:
        """The W3C validation report."""
        # rdflib writes a wrong boolean bare, which no parser reads: N-Triples, which is Turtle too, quotes it.
        texts = (o for o in self.graph.objects() if isinstance(o, Literal))
        wrong = any(o.datatype == XSD.boolean and o.ill_typed for o in texts)
        return self.graph.serialize(format="nt" if wrong else "turtle")


def load_shapes(folder: Path) -> Graph:
    """Every shapes file of a folder but those for pages; InvalidData where there is none, or one is not Turtle."""
    shapes = Graph()
    files = sorted(path for path in folder.glob("*.ttl") if path.name not in _NOT_FOR_VALIDATION)
    if not files:
        raise InvalidData(f"There are no shapes in {folder}: give the folder that holds core.ttl.")
    for path in files:
        try:
            shapes.parse(path, format="turtle")
        except Exception as error:  # the parser raises many kinds
            raise InvalidData(f"{path} is not valid Turtle: {error}") from error
    return shapes


def validate(data: Graph, shapes: Graph, where: Callable[[Node], str | None] | None = None) -> Report:
    """Check a graph that is already materialised: named graphs merged, ontology, inferences. Neither graph changes.

    ``where`` gives the file of a thing, for the report. Raises InvalidData where the shapes themselves are malformed.
    """
    start = perf_counter()
    try:
        _, graph, _ = pyshacl.validate(data, shacl_graph=_batched(shapes), inference="none", advanced=False)
    except Exception as error:  # pySHACL's own, but also those of its regular expressions and SPARQL
        raise InvalidData(f"The shapes cannot be applied, mend them first: {error}") from error
    if not isinstance(graph, Graph):  # pySHACL returns some of its errors
        raise InvalidData(f"The shapes cannot be applied, mend them first: {graph}")
    findings = [_finding(data, shapes, graph, result, where) for result in graph.objects(None, SH.result)]
    return Report(sorted(findings, key=_order), graph, perf_counter() - start)


def _batched(shapes: Graph) -> Graph:
    """A copy in which property shapes carry the targets of their node shape: same results, in about 60 % of the time.

    pySHACL then evaluates a property shape once for all its focus nodes instead of once for each. Left alone: shapes
    that another one uses, that find their targets in some other way, or whose property shapes look at one another.
    """
    copy = Graph()
    for prefix, namespace in shapes.namespaces():
        copy.bind(prefix, namespace)
    copy += shapes
    for owner in set(shapes.subjects(SH.property)):
        targets = [(p, o) for p in _TARGETS for o in shapes.objects(owner, p)]
        special = any((owner, p, None) in shapes for p in (SH.path, SH.target, SH.deactivated))
        siblings = any((s, SH.qualifiedValueShapesDisjoint, None) in shapes for s in shapes[owner : SH.property])
        if special or siblings or (None, None, owner) in shapes or {*shapes.objects(owner, RDF.type)} - {SH.NodeShape}:
            continue
        for shape in shapes.objects(owner, SH.property) if targets else ():
            # A shape with several owners would report once where it should report for each.
            if (shape, SH.path, None) in shapes and len(set(shapes.subjects(SH.property, shape))) == 1:
                copy.remove((owner, SH.property, shape))
                for predicate, target in targets:
                    copy.add((shape, predicate, target))
    return copy


def _finding(
    data: Graph, shapes: Graph, report: Graph, result: Node, where: Callable[[Node], str | None] | None
) -> Finding:
    about = dict(report.predicate_objects(result))
    focus, shape, path = about[SH.focusNode], about[SH.sourceShape], about.get(SH.resultPath)
    # A SPARQL constraint's messages lose their language in the report: the shape still has them.
    said = list(shapes.objects(shape, SH.message)) or list(report.objects(result, SH.resultMessage))
    return Finding(
        severity=str(about[SH.resultSeverity]).removeprefix(str(SH)),
        focus=focus,
        path=None if path is None else _path(report, path),
        value=about.get(SH.value),
        messages={m.language or "": str(m) for m in sorted(said, key=str) if isinstance(m, Literal)},
        shape=shape,
        constraint=URIRef(str(about[SH.sourceConstraintComponent])),
        where=where(focus) if where else None,
        label=_label(data, focus),
    )


def _order(f: Finding) -> tuple[int, str, str, str, str, str, str]:
    rank = (*SEVERITIES, f.severity).index(f.severity)
    # Through _short: the names of blank nodes change from run to run.
    return rank, f.where or "", _short(f.focus), f.path or "", _short(f.shape), f.constraint, _short(f.value)


def _path(graph: Graph, path: Node) -> str:
    """A SHACL path, in SPARQL's notation."""

    def part(node: Node) -> str:
        text = _path(graph, node)
        return text if isinstance(node, URIRef) or graph.value(node, SH.inversePath) else f"({text})"

    if isinstance(path, URIRef):
        return _short(path)
    if inverse := graph.value(path, SH.inversePath):
        return f"^{part(inverse)}"
    if options := graph.value(path, SH.alternativePath):
        return "|".join(_path(graph, option) for option in graph.items(options))
    for predicate, mark in _MARKS.items():
        if inner := graph.value(path, predicate):
            return f"{part(inner)}{mark}"
    return "/".join(part(step) for step in graph.items(path))


def _label(data: Graph, node: Node) -> str | None:
    names = enumerate((SKOS.prefLabel, ESS.intitule, RDFS.label))
    found = [(i, o) for i, name in names for o in data.objects(node, name) if isinstance(o, Literal)]
    return min((i, o.language != "fr", str(o)) for i, o in found)[2] if found else None


def _short(node: Node | None) -> str:
    """An IRI as a curator writes it: prefixed, or relative to the base."""
    if isinstance(node, URIRef):
        for prefix, namespace in PREFIXES.items():
            if node.startswith(namespace):
                return f"{prefix}:{node[len(namespace) :]}"
        return f"<{node.removeprefix(BASE)}>"
    return "[]" if isinstance(node, BNode) else str(node)


def _line(f: Finding, words: Mapping[str, str]) -> str:
    line = " ".join(_clean(part) for part in (f.label, _short(f.focus)) if part)
    return line if f.value in (None, f.focus) else f"{line}, {words['value']}{words['colon']} {_clean(_short(f.value))}"


def _clean(text: str) -> str:
    """Foreign text on one line of a terminal: short, and without control characters."""
    text = "".join(c if c.isprintable() else " " for c in text)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def _count(findings: list[Finding]) -> dict[str, int]:
    found = Counter(finding.severity for finding in findings)
    return {severity: found[severity] for severity in SEVERITIES}


def _tally(findings: list[Finding], words: Mapping[str, str]) -> str:
    return ", ".join(f"{n} {words[s].format(s='s' * (n > 1))}" for s, n in _count(findings).items() if n)
