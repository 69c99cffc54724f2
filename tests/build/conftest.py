"""A project small enough to build in a second, on the real ontology, shapes and rules."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

CASE = Path(__file__).parents[1] / "cases" / "petit"


@pytest.fixture
def petit(root: Path, tmp_path: Path) -> Path:
    """A copy of the small project, for a test to change."""
    project = tmp_path / "projet"
    for name in ("ontology", "shapes", "rules"):
        shutil.copytree(root / name, project / name)
    shutil.copytree(CASE / "data", project / "data")
    return project
