"""Anybody's RDF: every format, both default graphs, what is refused."""

from __future__ import annotations

import gzip
import json
import os
import re
import signal
import subprocess
import sys
import urllib.parse
import urllib.request
from pathlib import Path

import pytest

from ess_graph.build.recipe import Recipe
from ess_graph.build.release import Refused, make
from ess_graph.engine.base import Engine
from ess_graph.engine.local import LocalBackend
from ess_graph.errors import InvalidData

pytestmark = pytest.mark.slow

TURTLE = "@prefix e: <http://example.org/> . e:a a e:Person ; e:knows [ e:name 'b' ] ."
FORMS = {
    "a.ttl": TURTLE,
    "a.nt": '<http://example.org/a> <http://example.org/p> _:b . _:b <http://example.org/name> "b" .\n'.replace(
        " . _", " .\n_"
    ),
    "a.nq": '<http://example.org/a> <http://example.org/p> "b" <http://example.org/g> .\n',
    "a.trig": "@prefix e: <http://example.org/> . e:g { e:a e:p 'b' } e:a e:p 'c' .",
    "a.jsonld": json.dumps({"@id": "http://example.org/a", "http://example.org/p": "b"}),
    "a.rdf": '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:e="http://example.org/">'
    '<rdf:Description rdf:about="http://example.org/a"><e:p>b</e:p></rdf:Description></rdf:RDF>',
}


def built(root: Path, home: Path, *files: Path, **options: bool) -> Engine:
    release = make(Recipe(root, files, **options), home, LocalBackend())
    return LocalBackend().open(release.store)


def count(engine: Engine, pattern: str = "?s ?p ?o") -> int:
    (row,) = engine.rows(f"SELECT (COUNT(*) AS ?n) {{ {pattern} }}")
    return int(str(row["n"]))


@pytest.mark.parametrize("name", FORMS)
@pytest.mark.parametrize("packed", [False, True])
def test_every_format_compressed_or_not(root: Path, tmp_path: Path, name: str, packed: bool) -> None:
    path = tmp_path / (name + ".gz" if packed else name)
    content = FORMS[name].encode()
    path.write_bytes(gzip.compress(content) if packed else content)
    assert count(built(root, tmp_path / "home", path), "<http://example.org/a> ?p ?o") > 0


def test_the_default_graph_is_the_merge_or_what_stands_in_none(root: Path, tmp_path: Path) -> None:
    path = tmp_path / "a.trig"
    path.write_text("@prefix e: <http://e/> . e:g { e:a e:p 1 } e:h { e:a e:p 1 } e:a e:q 2 .", encoding="utf-8")
    assert count(built(root, tmp_path / "union", path)) == 2
    plain = built(root, tmp_path / "plain", path, union=False)
    assert count(plain) == 1
    assert count(plain, "GRAPH ?g { ?s ?p ?o }") == 2


def test_an_empty_file_is_an_empty_graph(root: Path, tmp_path: Path) -> None:
    path = tmp_path / "a.ttl"
    path.touch()
    assert count(built(root, tmp_path / "home", path)) == 0


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.ttl", b"<a> <b> <c> .\n<a> <b> ,, .", "line 2, column"),
        ("a.txt", b"hello", "does not say what it is"),
        ("a.ttl.gz", b"not compressed", "cannot be read"),
        ("a.ttl.gz", gzip.compress(TURTLE.encode() * 50)[:-20], "a.ttl.gz"),
        ("a.nt", b'<http://e/a> <http://e/b> "\xff" .', "a.nt"),
    ],
)
def test_a_malformed_file_is_refused(root: Path, tmp_path: Path, name: str, content: bytes, said: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(InvalidData, match=said):
        built(root, tmp_path / "home", path)


def test_shapes_bind_only_who_uses_the_ontology(root: Path, tmp_path: Path) -> None:
    person = "<http://e/p> a <http://xmlns.com/foaf/0.1/Person> ."
    path = tmp_path / "a.ttl"
    path.write_text(person, encoding="utf-8")
    assert count(built(root, tmp_path / "one", path)) == 1
    path.write_text(f"{person} <http://e/c> a <https://w3id.org/ess-graph/onto#Chiffre> .", encoding="utf-8")
    with pytest.raises(Refused):
        built(root, tmp_path / "two", path)
    assert count(built(root, tmp_path / "three", path, with_validation=False)) >= 2


def test_serve_data_answers_and_leaves_nothing_behind(tmp_path: Path) -> None:
    path, folder = tmp_path / "a.ttl", tmp_path / "tmp"
    path.write_text(TURTLE, encoding="utf-8")
    folder.mkdir()
    command = [sys.executable, "-c", "from ess_graph.cli import main; main()", "serve", "--data", str(path)]
    with subprocess.Popen(
        [*command, "--port", "0"], env={**os.environ, "TMPDIR": str(folder)}, stdout=subprocess.PIPE, text=True
    ) as server:
        try:
            assert server.stdout is not None
            address = re.search(r"http://\S+", server.stdout.readline())
            assert address
            asked = urllib.parse.quote("SELECT ?name { ?a <http://example.org/knows>/<http://example.org/name> ?name }")
            request = urllib.request.Request(f"{address[0]}/sparql?query={asked}", headers={"Accept": "text/csv"})
            # It listens before it says where: whoever asks at once waits for the processes that answer.
            with urllib.request.urlopen(request, timeout=60) as reply:
                assert reply.read() == b"name\r\nb\r\n"
            assert list(folder.glob("ess-graph-*"))
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait(timeout=20)
    assert not list(folder.glob("ess-graph-*"))
