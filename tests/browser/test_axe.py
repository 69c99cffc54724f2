"""No page type breaks a rule of axe-core, asks anything elsewhere or meets its Content-Security-Policy."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from browser.watching import Watch

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser

#: WCAG 2.2 at levels A and AA, and what axe-core's authors hold to be good practice.
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
PEOPLE = quote("SELECT ?personne ?role { ?personne a foaf:Person . OPTIONAL { ?personne org:role ?role } } LIMIT 20")
PAGES = [
    "/", "/recherche?q=cress", "/recherche?q=zzzz", "/explorer", "/explorer/action",
    "/page/collectivite/region-grand-est", "/page/structure/cress-grand-est", "/page/personne/catherine-zuber",
    "/page/evenement/2021-10-14-conference-regionale-ess", "/page/voc/theme", "/page/voc/theme/scop",
    "/page/source/region-grand-est-2022?lignes=L25", "/portrait", "/portrait/region-grand-est", "/comparer",
    "/comparer?c=region-grand-est&c=conseil-regional-bourgogne-franche-comte", "/carte", "/reseau", "/frise",
    "/versions", "/versions/region-grand-est-2022", "/qualite", "/questions", "/questions/qui-soutient",
    "/questions/budget-par-habitant", "/cahier", "/cahier?noms=zzzz", "/sparql",
    f"/sparql?query={PEOPLE}", "/sparql?query=SELECT+%2A+%7B+%3Fs", "/donnees", "/changements", "/page/onto",
    "/page/graph/registre", "/api", "/a-propos", "/mentions-legales", "/accessibilite",
    "/signaler?page=personne/catherine-zuber", "/signaler/merci", "/nowhere",
    "/reconcile/preview?id=id/collectivite/strasbourg-eurometropole",
]  # fmt: skip


WIDTHS = [375, 1280]


@pytest.fixture(scope="module", params=["fr", "en"])
def reader(request: pytest.FixtureRequest, chromium: Browser, site: str) -> Iterator[Watch]:
    """One page for all the addresses, in one language."""
    context = chromium.new_context(locale=request.param, service_workers="block")
    context.set_default_timeout(60_000)
    yield Watch(context.new_page(), site)
    context.close()


@pytest.mark.parametrize("path", PAGES)
def test_axe_finds_nothing(reader: Watch, path: str) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    reader.complaints.clear()
    reader.page.set_viewport_size({"width": WIDTHS[0], "height": 900})
    page = reader.go(path)
    # Only these go on asking once they are there.
    page.wait_for_load_state("networkidle" if path.startswith(("/sparql", "/reseau", "/carte")) else "load")
    # What is folded is looked at as well; passages open over the page, one at a time, and stay as they are.
    page.evaluate("() => { for (const one of document.querySelectorAll('details:not(.passage)')) one.open = true }")
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        found = axe.run(page, options={"runOnly": RULES, "resultTypes": ["violations"]}).response
        assert found["passes"], "the rules were run"
        broken = [(v["id"], [n["html"][:160] for n in v["nodes"][:3]]) for v in found["violations"]]
        assert (width, broken) == (width, [])
    assert reader.complaints == []
