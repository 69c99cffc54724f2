"""Validates the materialised graph against the SHACL shapes and reports to a curator what to mend, and where."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter

import pyshacl
from pyshacl.errors import ReportableRuntimeError
from rdflib import BNode, Graph, Literal, URIRef
from rdflib.namespace import RDF, RDFS, SKOS
from rdflib.term import Node

from ess_graph.errors import InvalidData
from ess_graph.vocab import BASE, ESS, PREFIXES, SH

SEVERITIES = ("Violation", "Warning", "Info")

#: What pages are drawn from; it constrains nothing.
_NOT_FOR_VALIDATION = "display.ttl"
_TARGETS = (SH.targetClass, SH.targetNode, SH.targetSubjectsOf, SH.targetObjectsOf)
_MARKS = {SH.zeroOrMorePath: "*", SH.oneOrMorePath: "+", SH.zeroOrOnePath: "?"}
_SHOWN = 120

_WORDS: dict[str, dict[str, str]] = {
    "fr": {
        "Violation": "erreur{s}", "Warning": "avertissement{s}", "Info": "suggestion{s}", "none": "Rien à signaler.",
        "refused": "Les données ne peuvent pas être publiées en l'état.", "accepted": "Les données peuvent être publiées.",
        "nowhere": "(hors fichier)", "value": "valeur", "rule": "règle", "and": ", ", "colon": " :",
    },
    "en": {
        "Violation": "error{s}", "Warning": "warning{s}", "Info": "suggestion{s}", "none": "Nothing to report.",
        "refused": "The data cannot be published as they are.", "accepted": "The data can be published.",
        "nowhere": "(in no file)", "value": "value", "rule": "rule", "and": ", ", "colon": ":",
    },
}  # fmt: skip


@dataclass(frozen=True)
class Finding:
    """One thing that a shape found.

    Attributes:
        severity: ``Violation``, ``Warning`` or ``Info``.
        focus: the thing that needs mending.
        path: the property, as people write it (``schema:unitCode``, ``^org:member/org:organization``).
        value: the value at fault, where one value is.
        messages: by language, what is wrong and how to mend it.
        shape, constraint: the rule, and the kind of constraint that failed.
        where: the file, when the caller can tell.
        label: name of the thing, when it has one.
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
        found = Counter(finding.severity for finding in self.findings)
        return {severity: found[severity] for severity in SEVERITIES}

    def text(self, lang: str = "fr") -> str:
        """The report for a curator: by file, then severity, then rule, with the things concerned under each."""
        words = _WORDS.get(lang, _WORDS["fr"])
        if not self.findings:
            return words["none"] + "\n"
        lines = [f"{_tally(self.findings, words)}. {words['accepted' if self.conforms else 'refused']}"]
        by_file: dict[str, list[Finding]] = defaultdict(list)
        for finding in self.findings:
            by_file[finding.where or words["nowhere"]].append(finding)
        for name in sorted(by_file):
            lines += ["", f"{name}{words['colon']} {_tally(by_file[name], words)}"]
            rules: dict[tuple[str, Node, str | None, str], list[Finding]] = defaultdict(list)
            for f in by_file[name]:
                rules[f.severity, f.shape, f.path, f.message(lang)].append(f)
            for (severity, shape, path, message), found in rules.items():
                lines.append(f"  {words[severity].format(s='').upper()} {message}")
                about = f"{words['rule']} {_short(shape)}" + (f", {path}" if path else "")
                lines.append(f"    ({about})")
                lines += [f"    - {_line(f, words)}" for f in found]
        return "\n".join(lines) + "\n"

    def as_json(self) -> dict[str, object]:
        """The report as plain values, ready for JSON."""
        return {
            "conforms": self.conforms,
            "counts": self.counts(),
            "seconds": round(self.seconds, 3),
            "findings": [
                {
                    "severity": f.severity,
                    "where": f.where,
                    "focus": str(f.focus),
                    "label": f.label,
                    "path": f.path,
                    "value": None if f.value is None else str(f.value),
                    "messages": dict(f.messages),
                    "shape": str(f.shape),
                    "constraint": str(f.constraint),
                }
                for f in self.findings
            ],
        }

    def turtle(self) -> str:
        """The W3C validation report."""
        return self.graph.serialize(format="turtle")


def load_shapes(folder: Path) -> Graph:
    """Every shapes file of a folder but the one for display.

    Raises:
        InvalidData: no shapes there, or a file that is not Turtle.
    """
    shapes = Graph()
    files = sorted(path for path in folder.glob("*.ttl") if path.name != _NOT_FOR_VALIDATION)
    if not files:
        raise InvalidData(f"There are no shapes in {folder}: give the folder that holds core.ttl.")
    for path in files:
        try:
            shapes.parse(path, format="turtle")
        except Exception as error:  # the parser raises many kinds
            raise InvalidData(f"{path} is not valid Turtle: {error}") from error
    return shapes


def validate(data: Graph, shapes: Graph, where: Callable[[Node], str | None] | None = None) -> Report:
    """Check a graph that is already materialised; neither graph is changed.

    Args:
        data: the merge of all named graphs, the ontology and what was inferred.
        shapes: as ``load_shapes`` reads them, or any others.
        where: gives the file of a thing, for the report.

    Raises:
        InvalidData: the shapes themselves are malformed.
    """
    start = perf_counter()
    try:
        _, graph, text = pyshacl.validate(data, shacl_graph=_batched(shapes), inference="none", advanced=False)
    except ReportableRuntimeError as error:
        raise InvalidData(f"The shapes cannot be applied, mend them first: {error.message}") from error
    if not isinstance(graph, Graph):
        raise InvalidData(f"The shapes cannot be applied, mend them first: {text}")
    findings = [_finding(data, shapes, graph, result, where) for result in graph.objects(None, SH.result)]
    return Report(sorted(findings, key=_order), graph, perf_counter() - start)


def _batched(shapes: Graph) -> Graph:
    """A copy in which property shapes carry the targets of their node shape.

    The results are the same, but pySHACL then evaluates a property shape once for all its focus nodes
    instead of once for each, in about 60 % of the time. Left alone: node shapes that another shape
    uses, or that find their targets in some other way.
    """
    copy = Graph()
    for triple in shapes:
        copy.add(triple)
    for owner in set(shapes.subjects(SH.property)):
        targets = [(p, o) for p in _TARGETS for o in shapes.objects(owner, p)]
        elsewhere = (
            (None, None, owner) in shapes
            or (owner, SH.deactivated, None) in shapes
            or (owner, RDF.type, RDFS.Class) in shapes
            or (owner, SH.target, None) in shapes
        )
        if not targets or elsewhere:
            continue
        for shape in shapes.objects(owner, SH.property):
            # A shape with several owners would report once where it should report for each.
            if (shape, SH.path, None) in shapes and len(set(shapes.subjects(SH.property, shape))) == 1:
                copy.remove((owner, SH.property, shape))
                for predicate, target in targets:
                    copy.add((shape, predicate, target))
    return copy


def _finding(
    data: Graph, shapes: Graph, report: Graph, result: Node, where: Callable[[Node], str | None] | None
) -> Finding:
    def one(predicate: URIRef) -> Node | None:
        return report.value(result, predicate)

    focus, shape, path = one(SH.focusNode), one(SH.sourceShape), one(SH.resultPath)
    assert focus is not None and shape is not None
    # A SPARQL constraint's messages lose their language in the report: the shape still has them.
    said = list(shapes.objects(shape, SH.message)) or list(report.objects(result, SH.resultMessage))
    return Finding(
        severity=_local(one(SH.resultSeverity)),
        focus=focus,
        path=None if path is None else _path(report, path),
        value=one(SH.value),
        messages={m.language or "": str(m) for m in sorted(said, reverse=True) if isinstance(m, Literal)},
        shape=shape,
        constraint=URIRef(str(one(SH.sourceConstraintComponent))),
        where=where(focus) if where else None,
        label=_label(data, focus),
    )


def _order(f: Finding) -> tuple[int, str, str, str, str, str, str]:
    rank = SEVERITIES.index(f.severity) if f.severity in SEVERITIES else len(SEVERITIES)
    return rank, f.where or "", str(f.focus), f.path or "", str(f.shape), str(f.constraint), str(f.value)


def _path(graph: Graph, path: Node) -> str:
    """A SHACL path, in SPARQL's notation."""
    if isinstance(path, URIRef):
        return _short(path)
    if inverse := graph.value(path, SH.inversePath):
        return f"^{_path(graph, inverse)}"
    if options := graph.value(path, SH.alternativePath):
        return "|".join(_path(graph, option) for option in graph.items(options))
    for predicate, mark in _MARKS.items():
        if inner := graph.value(path, predicate):
            return f"({_path(graph, inner)}){mark}"
    return "/".join(_path(graph, step) for step in graph.items(path))


def _label(data: Graph, node: Node) -> str | None:
    labels = [
        o for p in (SKOS.prefLabel, ESS.intitule, RDFS.label) for o in data.objects(node, p) if isinstance(o, Literal)
    ]
    return str(min(labels, key=lambda label: (label.language != "fr", str(label)))) if labels else None


def _local(node: Node | None) -> str:
    return str(node).rpartition("#")[2]


def _short(node: Node) -> str:
    """An IRI as a curator writes it: prefixed, or relative to the base."""
    if isinstance(node, URIRef):
        for prefix, namespace in PREFIXES.items():
            if node.startswith(namespace):
                return f"{prefix}:{node[len(namespace) :]}"
        return f"<{node.removeprefix(BASE)}>"
    return "[]" if isinstance(node, BNode) else str(node)


def _line(f: Finding, words: Mapping[str, str]) -> str:
    line = f"{f.label} {_short(f.focus)}" if f.label else _short(f.focus)
    if f.value is None or f.value == f.focus:
        return line
    value = _short(f.value)
    return f"{line}, {words['value']}{words['colon']} {value[:_SHOWN]}{'…' if len(value) > _SHOWN else ''}"


def _tally(findings: list[Finding], words: Mapping[str, str]) -> str:
    found = Counter(finding.severity for finding in findings)
    return words["and"].join(f"{found[s]} {words[s].format(s='s' * (found[s] > 1))}" for s in SEVERITIES if found[s])
