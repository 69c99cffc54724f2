"""Evaluates a query on an Oxigraph store, mending on the way what the engine does otherwise than SPARQL says.

Nothing but pyoxigraph is imported here: query workers start with this module.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

import pyoxigraph as ox

Answer = TypeVar("Answer")
Results = ox.QuerySolutions | ox.QueryBoolean | ox.QueryTriples

_UNKNOWN = re.compile(r"The custom function <([^>]*)> is not supported")
_MOST_UNKNOWN = 20


def evaluate(
    store: ox.Store,
    query: str,
    prefixes: Mapping[str, str],
    default: Sequence[str] = (),
    named: Sequence[str] = (),
    bindings: Mapping[ox.Variable, Any] | None = None,
    base: str | None = None,
    merge: Callable[[ox.Store, Sequence[str], Sequence[str]], ox.Store] | None = None,
) -> Results:
    """The results of a query, not iterated yet.

    Args:
        store: holds the data; its default graph is what a query sees that names no dataset.
        query: the query; FROM clauses in it give way to ``default`` and ``named`` where these are given.
        prefixes: those a query need not declare.
        default: graphs whose merge is the default graph, each triple once.
        named: graphs that GRAPH can reach.
        base: what relative IRIs are resolved against.
        bindings: terms that variables of the projection are fixed to.
        merge: makes the store of a merge, by default anew each time.
    """
    options: dict[str, Any] = {"prefixes": dict(prefixes), "base_iri": base}
    if bindings:
        options["substitutions"] = dict(bindings)
    if len(default) > 1:
        # Oxigraph adds graphs up instead of merging them: a triple of two graphs would count twice.
        store = (merge or merged)(store, default, named)
        options |= {"default_graph": ox.DefaultGraph(), "named_graphs": _nodes(named)}
    elif default or named:
        options |= {"default_graph": _nodes(default), "named_graphs": _nodes(named)}
    return with_unknown_functions(lambda functions: store.query(query, custom_functions=functions, **options))


def with_unknown_functions(run: Callable[[dict[ox.NamedNode, Any]], Answer]) -> Answer:
    """What ``run`` gives when every function that the engine does not know is an error of its expression only.

    SPARQL 1.1 (17.6) wants that; Oxigraph refuses the whole text and names one such function at a time.
    """
    functions: dict[ox.NamedNode, Any] = {}
    while True:
        try:
            return run(functions)
        except RuntimeError as error:
            unknown = _UNKNOWN.search(str(error))
            if not unknown or len(functions) >= _MOST_UNKNOWN:
                raise
            functions[ox.NamedNode(unknown.group(1))] = lambda *_: None


def merged(store: ox.Store, default: Sequence[str], named: Sequence[str]) -> ox.Store:
    """A store in memory whose default graph is the merge of some graphs, beside its named ones."""
    made = ox.Store()
    for name in default:
        for quad in store.quads_for_pattern(None, None, None, ox.NamedNode(name)):
            made.add(ox.Quad(quad.subject, quad.predicate, quad.object))
    for name in named:
        made.extend(store.quads_for_pattern(None, None, None, ox.NamedNode(name)))
    return made


def _nodes(graphs: Iterable[str]) -> list[ox.NamedNode]:
    return [ox.NamedNode(graph) for graph in graphs]
