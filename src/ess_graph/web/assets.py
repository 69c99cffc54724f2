"""Files of ``static/`` under names that change with their content, so that browsers may keep them for ever."""

from __future__ import annotations

import hashlib
import json
import re
from functools import lru_cache
from pathlib import Path

from flask import Flask, Response, send_from_directory

STATIC = Path(__file__).parent / "static"
#: Folder of what ``frontend/`` becomes when the package is built; its files carry their hash in their names already.
BUILT = "built"
_HASHED = re.compile(r"^(?P<stem>.+)-(?P<hash>[0-9a-f]{12})(?P<suffix>\.\w+)$")
_LASTING = "public, max-age=31536000, immutable"


def install(app: Flask) -> None:
    """Give each file its fingerprinted name in ``url_for('static', filename=…)``, and serve it under that name."""

    @app.url_defaults
    def named(endpoint: str, values: dict[str, object]) -> None:
        if endpoint == "static":
            values["filename"] = fingerprinted(str(values["filename"]))

    def static(filename: str) -> Response:
        found = _HASHED.match(filename)
        plain = f"{found['stem']}{found['suffix']}" if found else filename
        made = filename.startswith(f"{BUILT}/") and filename.removeprefix(f"{BUILT}/") in _kept()
        response = send_from_directory(STATIC, filename if made else plain)
        # Under the name of another version, which an old page asks for, a file is not to be kept.
        lasting = made or (found and fingerprinted(plain) == filename)
        response.headers["Cache-Control"] = _LASTING if lasting else "no-cache"
        return response

    app.view_functions["static"] = static
    app.add_template_global(bundle)


def fingerprinted(filename: str) -> str:
    """``site.css`` as ``site-0123456789ab.css``; a name that leads to no file of ``static/`` as it is."""
    path = STATIC / filename
    if filename.startswith(f"{BUILT}/") or ".." in filename or not path.is_file():
        return filename
    return f"{filename.removesuffix(path.suffix)}-{_hash(path, path.stat().st_mtime_ns)}{path.suffix}"


def bundle(name: str) -> str | None:
    """The file of a bundle (``editor.js``) under ``static/``; None where the package was built without bundles."""
    found = json.loads(_text("manifest.json") or "{}").get(name)
    return f"{BUILT}/{found}" if found else None


def _kept() -> list[str]:
    """Names of the files that were bundled."""
    return [name for name in json.loads(_text("stamp.json") or "{}").get("files", ()) if name.endswith(".js")]


def _text(name: str) -> str:
    path = STATIC / BUILT / name
    return path.read_text(encoding="utf-8") if path.is_file() else ""


@lru_cache(256)
def _hash(path: Path, _changed: int) -> str:
    """Hash of a file's content, worked out again when the file changes."""
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]
