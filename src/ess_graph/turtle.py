"""Terms in the syntax of Turtle and TriG, as the files of ``data/`` are written."""

from __future__ import annotations

import re
from collections.abc import Mapping

from rdflib import Literal, URIRef
from rdflib.namespace import RDF, XSD
from rdflib.term import Node

from ess_graph.vocab import BASE, ESS, PREFIXES

_LOCAL = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
_BARE = {XSD.integer: re.compile(r"[+-]?\d+"), XSD.decimal: re.compile(r"[+-]?\d*\.\d+")}


def text(node: Node, prefixes: Mapping[str, str] = PREFIXES, base: str = BASE) -> str:
    """A term, as short as prefixes and base allow; a literal keeps its spelling."""
    if isinstance(node, URIRef):
        if base and node.startswith(base) and not node.startswith(str(ESS)):
            return f"<{node[len(base) :]}>"
        for prefix, namespace in prefixes.items():
            if node.startswith(namespace) and _LOCAL.fullmatch(node[len(namespace) :]):
                return f"{prefix}:{node[len(namespace) :]}"
        return f"<{node}>"
    if isinstance(node, Literal) and node.datatype:
        if (bare := _BARE.get(node.datatype)) and bare.fullmatch(node):
            return str(node)
        return f"{Literal(str(node)).n3()}^^{text(node.datatype, prefixes, base)}"
    return node.n3()


def verb(predicate: Node, prefixes: Mapping[str, str] = PREFIXES, base: str = BASE) -> str:
    """A predicate; ``a`` for a type."""
    return "a" if predicate == RDF.type else text(predicate, prefixes, base)


def header(*more: str) -> str:
    """The base and prefixes every TriG file of ``data/`` opens with; ``more`` are those that some need besides."""
    names = ("rdf", "ess", "skos", "dcterms", "foaf", "org", "prov", "schema", "locn", "igeo", "xsd", *more)
    return f"@base <{BASE}> .\n" + "".join(f"@prefix {n}: <{PREFIXES[n]}> .\n" for n in names) + "\n"
