"""Display shapes become SPARQL: one query for each class, that a page runs with ``?entity`` bound.

A row of a compiled query tells a fact (``?block``, ``?value`` and the ``?graph`` that states it) or a cell of a
table row (``?column`` and ``?cell`` besides). The passages that facts rest on come from the release's index.
Each branch looks at a bounded number of values, so a page takes no longer because its entity is popular.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from rdflib import Graph, Literal, URIRef
from rdflib.collection import Collection
from rdflib.namespace import PROV, RDF, RDFS
from rdflib.term import Node

from ess_graph.errors import InvalidData
from ess_graph.vocab import DASH, DISPLAY, SH

_VIEWERS = {
    DASH.ValueTableViewer: "table",
    DASH.LabelViewer: "values",
    DASH.LiteralViewer: "long",
    DASH.DetailsViewer: "figures",
    DASH.HyperlinkViewer: "events",
}

#: What is drawn beside a block, by the viewer of its rows.
_PICTURES = {DISPLAY["viewer/reseau"]: "network", DISPLAY["viewer/frise"]: "timeline"}
#: Values of one block that a page asks for, and statements that no block covers: one more than it shows.
MOST, MOST_OTHERS = 201, 401

_HEAD = "SELECT ?entity ?block ?value ?graph ?column ?cell WHERE {\n"
_TABLE = "SELECT ?entity ?block ?value WHERE {\n"


@dataclass(frozen=True)
class Names:
    """A name in both languages."""

    fr: str
    en: str


@dataclass(frozen=True)
class Column:
    """One column of a table block; ``predicate`` is the IRI when its path is a single step."""

    key: str
    name: Names
    predicate: str | None


@dataclass(frozen=True)
class Block:
    """One property shape, as pages need it.

    Attributes:
        predicate: the IRI of a path of one step, whichever its direction; None for a longer path.
        inverse: True when the entity is the object of that step.
        picture: what is drawn beside it (``network``, ``timeline``, ``chart``), None for nothing.
        shown: rows shown before the others fold; None leaves it to the page.
    """

    key: str
    name: Names
    group: str
    viewer: str
    predicate: str | None
    inverse: bool
    columns: tuple[Column, ...]
    picture: str | None = None
    shown: int | None = None


@dataclass(frozen=True)
class Display:
    """What a class shows, in order, the title of the list of its members, and the query that fetches it all.

    By the key of a block, ``see`` is the query that people see under it and ``every`` the one for all its values.

    Attributes:
        table: the query for one line of a table of the class's members: each block's values, nothing else.
    """

    target: str
    title: Names
    blocks: tuple[Block, ...]
    query: str
    see: dict[str, str]
    table: str
    every: dict[str, str]


def compile_display(shapes: Graph, axioms: Graph, *, whole: bool = True) -> tuple[dict[str, Names], list[Display]]:
    """Groups by key in their order, and displays, those of subclasses before those of their superclasses.

    A display that is not ``whole`` leaves out what no block covers, and its queries name the entity in each row, for
    pages that choose what to say, or that put several entities side by side.
    """
    groups = {
        local(node): names(shapes, node, RDFS.label)
        for node in sorted(shapes.subjects(RDF.type, SH.PropertyGroup), key=lambda n: order(shapes, n))
    }
    displays = []
    for shape in shapes.subjects(RDF.type, SH.NodeShape):
        for target in shapes.objects(shape, SH.targetClass):
            displays.append(_display(shapes, shape, target, list(groups), whole))
    depth = {d.target: len(set(axioms.transitive_objects(URIRef(d.target), RDFS.subClassOf))) for d in displays}
    return groups, sorted(displays, key=lambda d: (-depth[d.target], d.target))


def write(folder: Path, groups: dict[str, Names], displays: list[Display]) -> None:
    """Write ``display.json`` and one ``.rq`` for each class into a release."""
    folder.mkdir(parents=True, exist_ok=True)
    listed = []
    for display in displays:
        name = local(URIRef(display.target))
        (folder / f"{name}.rq").write_text(display.query, encoding="utf-8")
        fields = asdict(display)
        del fields["query"]
        listed.append(fields | {"query": f"{name}.rq"})
    content = {"groups": {key: asdict(names) for key, names in groups.items()}, "displays": listed}
    (folder / "display.json").write_text(json.dumps(content, ensure_ascii=False, indent=1), encoding="utf-8")


def _display(shapes: Graph, shape: Node, target: Node, groups: list[str], whole: bool) -> Display:
    blocks: list[Block] = []
    branches: list[str] = []
    lines: list[str] = []
    see: dict[str, str] = {}
    every: dict[str, str] = {}
    properties = sorted(
        shapes.objects(shape, SH.property),
        key=lambda p: (groups.index(_group(shapes, p)), order(shapes, p), str(p)),
    )
    for node in properties:
        path = shapes.value(node, SH.path)
        if path is None:
            raise InvalidData(f"{node} has no sh:path: give the display property a path.")
        viewer = _VIEWERS.get(URIRef(str(shapes.value(node, DASH.viewer))), "values")
        row = shapes.value(node, SH.node)
        columns = (
            [] if row is None else sorted(shapes.objects(row, SH.property), key=lambda p: (order(shapes, p), str(p)))
        )
        step = _direct(shapes, path)
        shown = shapes.value(node, DISPLAY.limite)
        block = Block(
            key=local(node),
            name=names(shapes, node, SH.name),
            group=_group(shapes, node),
            viewer=viewer,
            predicate=None if step is None else step[1][1:-1],
            inverse=step is not None and step[2] == "?entity",
            columns=tuple(_column(shapes, c) for c in columns),
            picture="chart" if viewer == "figures" else _PICTURES.get(URIRef(str(shapes.value(row, DASH.viewer)))),
            shown=None if shown is None else int(str(shown)),
        )
        blocks.append(block)
        kind = _kind(shapes, node)
        kinds = "" if kind is None else f"?value {RDF.type.n3()} {kind.n3()} . "
        link = f"?entity {path_text(shapes, path)} ?value . {kinds}"
        branches += _branches(shapes, block, path, link, columns)
        # A second pattern would be joined by scanning its whole class: the engine plans before it binds ?entity.
        only = "" if kind is None else f" FILTER EXISTS {{ ?value {RDF.type.n3()} {kind.n3()} }}"
        lines.append(f"{{ ?entity {path_text(shapes, path)} ?value{only} BIND({Literal(block.key).n3()} AS ?block) }}")
        cells = [(c.key, shapes.value(n, SH.path)) for c, n in zip(block.columns, columns, strict=True)]
        see[block.key] = _see(link, cells, shapes, "?value" if whole else "?entity ?value")
        every[block.key] = f"SELECT DISTINCT ?entity ?value WHERE {{ {link.strip()} }}"
    if whole:
        branches += [_rest(shapes, properties, way) for way in ("out", "in")]
    query, table = (head + " UNION\n".join(rows) + "\n}\n" for head, rows in ((_HEAD, branches), (_TABLE, lines)))
    title = names(shapes, shape, RDFS.label)
    return Display(str(target), title, tuple(blocks), query, see, table, every)


def _branches(shapes: Graph, block: Block, path: Node, link: str, columns: list[Node]) -> Iterator[str]:
    key = Literal(block.key).n3()
    step = _direct(shapes, path)
    # The same bounded choice of values in each branch; what stands in no named graph has no ?graph.
    values = f"{{ SELECT DISTINCT ?entity ?value WHERE {{ {link.strip()} }} LIMIT {MOST} }}"
    fact = f" OPTIONAL {{ GRAPH ?graph {{ {' '.join(step)} }} }}" if step else ""
    yield f"{{ {values}{fact} BIND({key} AS ?block) }}"
    for column, node in zip(block.columns, columns, strict=True):
        cell_path = shapes.value(node, SH.path)
        cell = f"?value {path_text(shapes, cell_path)} ?cell"
        yield f"{{ {values} {cell} BIND({key} AS ?block) BIND({Literal(column.key).n3()} AS ?column) }}"


def _rest(shapes: Graph, properties: list[Node], way: str) -> str:
    """Statements from (``out``) or to (``in``) the entity that no block covers, so that a page never loses a fact."""
    start, end = ("?entity", "?value") if way == "out" else ("?value", "?entity")
    hidden = [RDF.type.n3(), PROV.wasDerivedFrom.n3()] if way == "out" else [RDF.subject.n3(), RDF.object.n3()]
    partly = []
    for node in properties:
        path = shapes.value(node, SH.path)
        step = None if path is None else _direct(shapes, path)
        if step is None or step[0] != start:
            continue
        kind = _kind(shapes, node)
        if kind is None:
            hidden.append(step[1])
        else:
            partly.append(f"({step[1]} {kind.n3()})")
    # A block for values of one class covers no others.
    shown = f" FILTER NOT EXISTS {{ VALUES (?cell ?kind) {{ {' '.join(partly)} }} ?value {RDF.type.n3()} ?kind }}"
    said = f"{start} ?cell {end}"
    # What stands in no named graph counts too; that it also stands in the merge of all adds nothing.
    found = f"{{ {said} }} UNION {{ GRAPH ?any {{ {said} }} }}"
    return (
        f"{{ {{ SELECT DISTINCT ?entity ?value ?cell WHERE {{ {found} FILTER(?cell NOT IN ({', '.join(hidden)}))"
        f"{shown if partly else ''} }} LIMIT {MOST_OTHERS} }} OPTIONAL {{ GRAPH ?graph {{ {said} }} }}"
        f' BIND("{way}" AS ?column) BIND("rest" AS ?block) }}'
    )


def path_text(shapes: Graph, path: Node | None) -> str:
    """A SHACL path in SPARQL's syntax.

    Raises:
        InvalidData: a kind of path that display shapes do not use.
    """
    if isinstance(path, URIRef):
        return path.n3()
    if path is not None:
        inverse = shapes.value(path, SH.inversePath)
        if inverse is not None:
            inner = path_text(shapes, inverse)
            return f"^{inner}" if isinstance(inverse, URIRef) else f"^({inner})"
        either = shapes.value(path, SH.alternativePath)
        if either is not None:
            return f"({'|'.join(path_text(shapes, step) for step in Collection(shapes, either))})"
        repeated = shapes.value(path, SH.zeroOrMorePath)
        if repeated is not None:
            return f"({path_text(shapes, repeated)})*"
        if (path, RDF.first, None) in shapes:
            return "/".join(path_text(shapes, step) for step in Collection(shapes, path))
    raise InvalidData(
        f"{path} is not a path that display shapes use: write a predicate, inverse, sequence or alternative."
    )


def _direct(shapes: Graph, path: Node) -> tuple[str, str, str] | None:
    """Subject, predicate and value of a path that is one step, forwards or backwards."""
    if isinstance(path, URIRef):
        return "?entity", path.n3(), "?value"
    inverse = shapes.value(path, SH.inversePath)
    return ("?value", inverse.n3(), "?entity") if isinstance(inverse, URIRef) else None


def _kind(shapes: Graph, node: Node) -> URIRef | None:
    """The class that values must have, when the shape names one (a qualified value shape of any count)."""
    qualified = shapes.value(node, SH.qualifiedValueShape)
    kind = None if qualified is None else shapes.value(qualified, SH["class"])
    return None if kind is None else URIRef(str(kind))


def _see(link: str, columns: list[tuple[str, Node | None]], shapes: Graph, first: str) -> str:
    """The query a person sees under a block; a VALUES clause for ``?entity`` is put after it."""
    body = "".join(f"  OPTIONAL {{ ?value {path_text(shapes, path)} ?{key} }}\n" for key, path in columns)
    names = " ".join(f"?{key}" for key, _ in columns)
    return f"SELECT {first} {names} WHERE {{\n  {link.strip()}\n{body}}}"


def _column(shapes: Graph, node: Node) -> Column:
    path = shapes.value(node, SH.path)
    return Column(
        local(node).replace("-", "_"), names(shapes, node, SH.name), str(path) if isinstance(path, URIRef) else None
    )


def _group(shapes: Graph, node: Node) -> str:
    group = shapes.value(node, SH.group)
    if group is None:
        raise InvalidData(f"{node} has no sh:group: say under which heading it stands.")
    return local(group)


def names(shapes: Graph, node: Node, predicate: URIRef) -> Names:
    """The two names of a shape; ``InvalidData`` where one is missing."""
    texts = {str(name.language): str(name) for name in shapes.objects(node, predicate) if isinstance(name, Literal)}
    if set(texts) != {"fr", "en"}:
        raise InvalidData(f"{node} needs one name in French and one in English.")
    return Names(**texts)


def order(shapes: Graph, node: Node) -> float:
    """Where a shape stands among its like."""
    return float(str(shapes.value(node, SH.order) or 0))


def local(node: Node) -> str:
    """The last part of an IRI."""
    return str(node).rstrip("/").replace("#", "/").rpartition("/")[2]
