"""A real browser over a real server."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from flask import Flask

from browser.watching import Watch
from ess_graph.settings import Settings
from web.serving import Project, serving

if TYPE_CHECKING:
    from playwright.sync_api import Browser

_ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip


@pytest.fixture(scope="session")
def site(app: Flask, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a server over the session's release."""
    settings: Settings = app.extensions["ess_graph"].settings
    with serving(settings.root, settings.home, tmp_path_factory.mktemp("site") / "log") as found:
        yield found


@pytest.fixture(scope="session")
def hostile_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a server over ``tests/hostile/hostile.trig``."""
    made = Project.of_hostile_data(tmp_path_factory.mktemp("hostile"))
    with serving(made.root, made.home, made.root / "log") as found:
        yield found


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The browser, started once."""
    playwright = pytest.importorskip("playwright.sync_api")
    names = ("chromium", "chromium-browser", "google-chrome")
    path = next((found for name in names if (found := shutil.which(name))), None)
    if path is None:
        pytest.skip("no chromium here: sh tests/install-browser.sh")
    with playwright.sync_playwright() as runner:
        browser = runner.chromium.launch(executable_path=path, args=_ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(params=[1280, 375], ids=["desk", "telephone"])
def watch(request: pytest.FixtureRequest, chromium: Browser, site: str) -> Iterator[Watch]:
    """A page of either width; whatever complained on it fails the test."""
    context = chromium.new_context(
        viewport={"width": request.param, "height": 800}, locale="fr-FR", service_workers="block"
    )
    context.set_default_timeout(30_000)
    found = Watch(context.new_page(), site)
    yield found
    context.close()
    assert found.complaints == []
