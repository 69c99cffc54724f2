"""The browser's bundles: what they are made of is pinned, public and licensed; they are made again when it changed."""

from __future__ import annotations

import importlib.util
import json
import re
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
FRONTEND = ROOT / "frontend"


def lock() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((FRONTEND / "package-lock.json").read_text(encoding="utf-8"))
    return found


@pytest.fixture
def backend(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    spec = importlib.util.spec_from_file_location("backend_under_test", FRONTEND / "backend.py")
    assert spec
    assert spec.loader
    made = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "backend_under_test", made)
    spec.loader.exec_module(made)
    monkeypatch.setattr(made, "BUILT", tmp_path / "built")
    monkeypatch.delenv(made.SWITCH, raising=False)
    return made


def test_each_package_is_pinned_by_version_and_hash_and_names_no_private_registry() -> None:
    packages = {path: said for path, said in lock()["packages"].items() if path}
    assert packages
    for path, said in packages.items():
        assert re.fullmatch(r"\d+\.\d+\.\d+", said["version"]), path
        assert said["integrity"].startswith("sha512-"), path
        assert said.get("resolved", "https://registry.npmjs.org/").startswith("https://registry.npmjs.org/"), path
    wanted = json.loads((FRONTEND / "package.json").read_text(encoding="utf-8"))
    for name, version in {**wanted["dependencies"], **wanted["devDependencies"]}.items():
        assert version == packages[f"node_modules/{name}"]["version"]


def test_third_party_lists_what_is_bundled() -> None:
    said = (ROOT / "THIRD-PARTY.md").read_text(encoding="utf-8")
    for path, package in lock()["packages"].items():
        if path and not package.get("dev"):
            name = path.removeprefix("node_modules/")
            assert f"| {name} | {package['version']} | {package['license']} |" in said


def test_nothing_is_bundled_while_nothing_changed(backend: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    assert backend.wanted()
    assert backend.NODE in backend._requirements([])
    backend.BUILT.mkdir()
    (backend.BUILT / "a.js").write_text("1", encoding="utf-8")
    stamp = {"inputs": backend.inputs(), "files": ["a.js"]}
    (backend.BUILT / "stamp.json").write_text(json.dumps(stamp), encoding="utf-8")
    monkeypatch.setattr(backend, "_node", lambda: pytest.fail("a Node was asked for"))
    backend.bundle()
    assert backend.NODE not in backend._requirements([]), "so that none is fetched"
    (backend.BUILT / "a.js").unlink()
    assert backend.wanted(), "a bundle that is missing is made again"
    stamp["inputs"] = "other"
    (backend.BUILT / "stamp.json").write_text(json.dumps(stamp | {"files": []}), encoding="utf-8")
    assert backend.wanted(), "and so is one of other files"


def test_what_cannot_be_made_is_said_in_a_sentence(backend: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backend.importlib.util, "find_spec", lambda name: None)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(SystemExit, match=r"there is no Node here.*pip install.*ESS_GRAPH_FRONTEND=skip"):
        backend.bundle()
    assert not backend.BUILT.exists(), "nothing half made is left"
    monkeypatch.setenv(backend.SWITCH, "skip")
    backend.bundle()


def test_a_page_without_bundles_is_whole(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from ess_graph.web import assets

    monkeypatch.setattr(assets, "STATIC", tmp_path)
    assert assets.bundle("editor.js") is None
