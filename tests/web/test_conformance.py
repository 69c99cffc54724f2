"""The W3C suites, in one format and by one method, where they are beside the checkout."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.slow
def test_nothing_fails_outside_the_known_list_of_the_engine(root: Path) -> None:
    suites = root.parent / "shared" / "w3c"
    if not (suites / "data").is_dir():
        pytest.skip("the W3C suites (../shared/w3c) are not beside this checkout")
    pytest.importorskip("requests", reason="the harnesses speak HTTP with requests")
    ended = subprocess.run(
        [sys.executable, "-m", "bench.conformance", "--suites", str(suites)],
        cwd=root, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "| SPARQL 1.1" in ended.stdout
    assert "| Protocol" in ended.stdout
