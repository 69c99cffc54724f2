"""Who may know whom: imports go one way, SPARQL stands in its own files, one module opens connections."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from ess_graph.build.read import inputs

PACKAGE = Path(__file__).parents[1] / "src" / "ess_graph"
MODULES = {".".join(path.relative_to(PACKAGE).with_suffix("").parts): path for path in sorted(PACKAGE.rglob("*.py"))}

WINGS = {"ingest", "link", "build", "query"}
#: What every part may use.
COMMON = {
    "lifeline",
    "errors",
    "settings",
    "vocab",
    "judgements",
    "outgoing",
    "terms",
    "turtle",
    "passages",
    "folding",
    "releases",
}
#: Kept beside the releases, by the site and the command line.
COMMON |= {"reports", "proposals", "decisions"}
ALLOWED = {
    "ingest": {"ingest"},
    "link": {"link"},
    "build": {"build", "engine.base"},
    "query": {"query", "engine"},
    "engine": {"engine"},
    "web": {"web", "query", "engine"},
}
#: Those that join stages: programs, and the site.
JOINS = {"cli", "maker", "web.app"}
#: Modules that open connections, and who may import them.
CONNECTIONS = {"urllib.request", "http.client", "requests", "httpx", "urllib3", "ftplib", "smtplib"}
LONGEST = 300


def imports(name: str) -> set[str]:
    """Names, inside the package and out of it, that a module imports, wherever in its text."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(MODULES[name].read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {f"{node.module}.{alias.name}" for alias in node.names} | {node.module}
    return found


def known(name: str) -> set[str]:
    """Modules of the package that a module imports, without the package's name."""
    own = {n.removeprefix("ess_graph.") for n in imports(name) if n.startswith("ess_graph.")}
    return {n for n in own if n in MODULES and n != name}


def part(name: str) -> str:
    return name.partition(".")[0]


@pytest.mark.parametrize("name", sorted(MODULES))
def test_imports_go_one_way(name: str) -> None:
    if name in JOINS or part(name) not in ALLOWED:
        return
    allowed = ALLOWED[part(name)]
    for other in known(name):
        fits = part(other) in COMMON or part(other) in allowed or other in allowed
        assert fits, f"{name} must not know {other}"


def test_the_wings_stand_side_by_side() -> None:
    crossed = [
        (name, other)
        for name in MODULES
        for other in known(name)
        if part(name) in WINGS and part(other) in WINGS and part(name) != part(other)
    ]
    assert not crossed


@pytest.mark.parametrize("name", sorted(n for n in MODULES if part(n) in COMMON))
def test_what_all_may_use_uses_nothing_but_its_like(name: str) -> None:
    assert {part(other) for other in known(name)} <= COMMON


def test_no_cycles() -> None:
    # What stands under TYPE_CHECKING is not there at run time, but a cycle of names is one all the same
    # only when it is between files that each need the other to run.
    graph = {name: known(name) - typed_only(name) for name in MODULES}
    done: set[str] = set()

    def visit(name: str, path: tuple[str, ...]) -> None:
        assert name not in path, " -> ".join([*path[path.index(name) :], name])
        if name not in done:
            for other in graph[name]:
                visit(other, (*path, name))
            done.add(name)

    for name in graph:
        visit(name, ())


def typed_only(name: str) -> set[str]:
    """Modules imported for annotations only."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(MODULES[name].read_text(encoding="utf-8"))):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            for inner in ast.walk(node):
                if isinstance(inner, ast.ImportFrom) and inner.module:
                    found.add(inner.module.removeprefix("ess_graph."))
    return found


@pytest.mark.parametrize("name", sorted(MODULES))
def test_a_module_says_what_it_is_for_and_stays_short(name: str) -> None:
    text = MODULES[name].read_text(encoding="utf-8")
    said = ast.get_docstring(ast.parse(text))
    assert said, f"{name} opens without a sentence that says what it is for"
    assert said.splitlines()[0].endswith("."), f"{name}: its first line is one sentence"
    assert len(text.splitlines()) <= LONGEST, f"{name} asks to be split"


#: The beginning of an address that stands for something; ``http://`` alone, or an example of one, does not.
_IRI = re.compile(r"https?://(?!\w+\.example\.)\w")


def spelled(text: str) -> list[int]:
    """Lines of the IRIs that a program spells out, its docstrings aside."""
    tree = ast.parse(text)
    said = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    return [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and id(node) not in said and _IRI.search(str(node.value))
    ]


@pytest.mark.parametrize("name", sorted(n for n in MODULES if n != "vocab"))
def test_only_one_module_spells_iris_out(name: str) -> None:
    assert not spelled(MODULES[name].read_text(encoding="utf-8"))


def test_the_check_sees_an_iri() -> None:
    told = '"""See https://schema.org."""\nx = "http://www.w3.org/ns/org#"\ny = f"https://schema.org/{x}"'
    assert spelled(told) == [2, 3]
    assert not spelled('x.startswith(("http://", "https://"))\nf"http://{host} is no https://tiles.example.org"')


#: A verb of SPARQL with the punctuation that follows it in a query, not in a sentence.
_QUERY = re.compile(r"\b(SELECT|CONSTRUCT|ASK|DESCRIBE|INSERT|DELETE)\b[^.]*[?{]")


def joined(text: str) -> list[int]:
    """Lines of f-strings, % and .format over strings that hold SPARQL."""
    found = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.JoinedStr):
            whole = "".join(str(v.value) if isinstance(v, ast.Constant) else "…" for v in node.values)
            if _QUERY.search(whole):
                found.append(node.lineno)
    return found


#: Shapes become SPARQL here, their terms written by the library; golden tests and every page hold the outcome.
GENERATED = {"build.compile", "build.compile_facets"}


@pytest.mark.parametrize("name", sorted(n for n in MODULES if n not in GENERATED))
def test_no_query_is_built_by_joining_strings(name: str) -> None:
    lines = joined(MODULES[name].read_text(encoding="utf-8"))
    # SQLite's own statements are not SPARQL; their values are bound as well.
    assert not lines or name in ("query.index", "build.search_index")


def test_the_check_sees_a_joined_query() -> None:
    assert joined('iri = "x"\nf"SELECT * WHERE {{ <{iri}> ?p ?o }}"') == [2]
    assert not joined('f"Write SELECT or ASK, not {word}."')


@pytest.mark.parametrize("name", sorted(n for n in MODULES if n != "outgoing"))
def test_only_one_module_opens_connections(name: str) -> None:
    assert not {n for n in imports(name) if n in CONNECTIONS or n.rpartition(".")[0] in CONNECTIONS}


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.rq")), ids=lambda path: path.name)
def test_a_query_file_opens_with_what_it_is_for(path: Path) -> None:
    first = path.read_text(encoding="utf-8").splitlines()[0]
    assert re.fullmatch(r"# .{10,}", first)


#: Kinds of engine; whoever uses one is given it, and knows the protocol only.
ENGINES = {"engine.local", "engine.process", "engine.worker", "engine.evaluate"}
#: Those that hold a socket without ever calling anybody: a pair between two of our processes, a client's own.
SOCKETS = {"engine.process", "engine.worker", "web.server", "web.patience", "outgoing"}
CALLING = {"create_connection", "getaddrinfo", "gethostbyname"}


@pytest.mark.parametrize("name", sorted(n for n in MODULES if part(n) in {"query", "web"} and n not in JOINS))
def test_the_kind_of_engine_is_injected(name: str) -> None:
    assert not known(name) & ENGINES


@pytest.mark.parametrize("name", sorted(n for n in MODULES if n != "outgoing"))
def test_a_socket_is_held_by_few_and_calls_nobody(name: str) -> None:
    if "socket" in imports(name):
        assert name in SOCKETS
        tree = ast.parse(MODULES[name].read_text(encoding="utf-8"))
        called = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
        assert not called & CALLING


def test_the_programs_joints_are_imported_by_nobody() -> None:
    assert not [(name, other) for name in MODULES for other in known(name) & JOINS if name != "cli"]


def test_a_build_is_made_anew_when_any_code_it_imports_has_changed() -> None:
    """Or an index that was folded in the old way would be served by a program that folds in the new one."""
    found, waiting = set(), {"build.release", "engine.local"}
    while waiting:
        found |= waiting
        waiting = {name for one in waiting for name in known(one)} - found
    assert {"folding", "terms", "build.search_index"} <= found
    assert {MODULES[name] for name in found} <= set(inputs(PACKAGE.parents[1]))
