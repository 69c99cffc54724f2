"""Carries out writes on Oxigraph stores: on a copy in memory, to see what would change, or on one of its own.

Nothing but pyoxigraph is imported here: query workers start with this module.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pyoxigraph as ox

from ess_graph.engine.evaluate import with_unknown_functions

_DEFAULT = ox.DefaultGraph()
#: Syntaxes that are there for named graphs.
_DATASETS = ("application/n-quads", "application/trig")


def apply(store: ox.Store, steps: Sequence[Mapping[str, Any]], prefixes: Mapping[str, str], base: str) -> None:
    """Carry out the steps of a write (the fields of ``base.Step``), the first that fails being the last."""
    for step in steps:
        graph = ox.NamedNode(step["graph"]) if step["graph"] else None
        match step["do"]:
            case "update":
                text = step["text"]
                with_unknown_functions(
                    lambda functions, text=text: store.update(  # type: ignore[misc]
                        text, base_iri=base, prefixes=dict(prefixes), custom_functions=functions
                    )
                )
            case "load":
                form = ox.RdfFormat.from_media_type(step["kind"])
                data, near = step["text"].encode(), step["base"] or base
                if step["kind"] in _DATASETS:
                    store.load(data, form, base_iri=near, to_graph=graph or _DEFAULT)
                else:
                    # JSON-LD may hold named graphs too; what is sent to one graph must not write another.
                    found = ox.parse(data, form, base_iri=near, without_named_graphs=True, rename_blank_nodes=True)
                    store.extend(ox.Quad(q.subject, q.predicate, q.object, graph or _DEFAULT) for q in found)
            case "create" if graph:
                store.add_graph(graph)
            case "clear" if graph:
                store.remove_graph(graph)
            case "clear":
                store.clear_graph(_DEFAULT)


def difference(store: ox.Store, derived: Sequence[str], request: Mapping[str, Any]) -> Iterator[str]:
    """What a write would change: lines that start with ``D`` (removed), ``A`` (added) or ``?`` (default graph)."""
    copy = ox.Store()
    before = {
        quad
        for graph in store.named_graphs()
        if not (isinstance(graph, ox.NamedNode) and graph.value in derived)
        for quad in store.quads_for_pattern(None, None, None, graph)
    }
    merge = {ox.Quad(quad.subject, quad.predicate, quad.object) for quad in before}
    copy.bulk_extend([*before, *merge])
    apply(copy, request["steps"], request["prefixes"], request["base"])
    after = set(copy.quads_for_pattern(None, None, None, None))
    changed_default = {quad for quad in after ^ (before | merge) if isinstance(quad.graph_name, ox.DefaultGraph)}
    if changed_default:
        yield "?\n"
    yield from (f"D {quad}\n" for quad in sorted(before - after, key=str))
    yield from (f"A {quad}\n" for quad in sorted(after - before - merge - changed_default, key=str))


class Own:
    """A store that this process alone writes, kept open from one write to the next.

    What is published are copies of it. It is only scratch: after a write that failed, or in a new process, it is
    made again from the store that was published last, so nothing half-done survives.
    """

    def __init__(self) -> None:
        self._store: ox.Store | None = None
        self._at = ""

    def write(self, request: Mapping[str, Any]) -> None:
        """Publish, in the directory ``target``, the store ``store`` as the steps leave it; work in ``scratch``."""
        store = self._store
        if store is None or self._at != request["store"]:
            self._store = store = None  # gives up its lock
            shutil.rmtree(request["scratch"], ignore_errors=True)
            ox.Store.read_only(request["store"]).backup(request["scratch"])
            self._store = store = ox.Store(request["scratch"])
        self._at = ""
        apply(store, request["steps"], request["prefixes"], request["base"])
        store.backup(request["target"])
        self._at = request["target"]
