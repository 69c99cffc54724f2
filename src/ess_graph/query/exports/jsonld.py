"""Compact JSON-LD: short names from the published context, which a document holds in part or points at."""

from __future__ import annotations

import json
import re
from typing import Any

from rdflib import Graph
from rdflib.plugins.serializers.jsonld import from_rdf
from rdflib.term import Node, URIRef

_KEYWORD = re.compile(r'"([A-Za-z][\w.-]*)(?::[^"/][^"]*)?"')


def compact(graph: Graph, context: dict[str, Any], address: str | None = None) -> bytes | None:
    """A graph as compact JSON-LD.

    Args:
        graph: what to say.
        context: the whole context, names to definitions.
        address: where the context is published; the document then points at it. Without it the document holds the
            definitions that it uses, and can be read without a network.

    Returns:
        The document, or None when an IRI begins like one of the context's prefixes: in compact form it would be
        taken for another.
    """
    if any(_mistakable(term, context) for triple in graph for term in triple):
        return None
    nodes = from_rdf(graph, context, use_native_types=False, use_rdf_type=False)  # type: ignore[no-untyped-call]
    found = nodes if isinstance(nodes, list) else nodes.get("@graph", [nodes])
    body = json.dumps(found, ensure_ascii=False)
    said = address or _used(context, body)
    return f'{{"@context": {json.dumps(said, ensure_ascii=False)}, "@graph": {body}}}\n'.encode("utf-8", "replace")


def _mistakable(term: Node, context: dict[str, Any]) -> bool:
    scheme, colon, rest = str(term).partition(":")
    return isinstance(term, URIRef) and bool(colon) and scheme in context and not rest.startswith("//")


def _used(context: dict[str, Any], body: str) -> dict[str, Any]:
    """The part of a context that a document's names and their definitions need."""
    wanted = {name for name in _KEYWORD.findall(body) if name in context}
    wanted |= {name for name in re.findall(r'"([a-z]+:[A-Za-z]+)":', body) if name in context} | {"id", "type"}
    for name in tuple(wanted):
        said = context[name]
        parts = said.values() if isinstance(said, dict) else (said,)
        wanted |= {part.partition(":")[0] for part in parts if part.partition(":")[0] in context}
    return {name: said for name, said in context.items() if name in wanted}
