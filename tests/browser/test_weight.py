"""What a page of an entity costs on its first view, and that nothing but its HTML is needed to read it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Request

pytestmark = pytest.mark.browser

BUDGET = 100_000  # bytes, as they are sent
FACTS = {
    "/": [
        "Qui représente une collectivité", "Grand Est (Région)", "Ardennes (Département)", "Le graphe en chiffres",
    ],
    "/page/collectivite/region-grand-est": [
        "Catherine Zuber", "Aurélie Marand", "5 300 000 €", "fonctionnement", "L25", "22 mars 2022",
        "Grand Est bourses émergences SCOP/SCIC", "URSCOP de l'Est",
    ],
    "/page/structure/cress-grand-est": [
        "chambre régionale de l'économie sociale et solidaire", "clauses sociales d'insertion", "Région Grand Est",
        "L176",
    ],
}  # fmt: skip


@pytest.mark.parametrize("path", FACTS)
@pytest.mark.parametrize("width", [1280, 375])
def test_a_first_view_is_light(chromium: Browser, site: str, path: str, width: int) -> None:
    context = chromium.new_context(viewport={"width": width, "height": 800}, locale="fr-FR")
    page = context.new_page()
    asked: list[Request] = []
    # Playwright cannot take a method of a list.
    page.on("requestfinished", lambda request: asked.append(request))  # noqa: PLW0108
    page.goto(site + path, wait_until="networkidle")
    sizes: dict[str, int] = {}
    for request in asked:  # what is asked for twice comes from the cache, where it has no size
        sizes[request.url] = max(sizes.get(request.url, 0), request.sizes()["responseBodySize"])
    kinds = {request.resource_type for request in asked}
    context.close()
    assert {"document", "stylesheet", "script"} <= kinds, "styles and scripts are in the sum"
    assert sum(sizes.values()) < BUDGET, sizes


@pytest.mark.parametrize("path", FACTS)
def test_html_alone_says_everything(chromium: Browser, site: str, path: str) -> None:
    context = chromium.new_context(java_script_enabled=False, locale="fr-FR")
    page = context.new_page()
    page.route("**/*", lambda route: route.continue_() if route.request.resource_type == "document" else route.abort())
    page.goto(site + path)
    said = re.sub(r"\s+", " ", page.locator("main").text_content() or "")
    assert [fact for fact in FACTS[path] if fact not in said] == []
    seen = re.sub(r"\s+", " ", page.locator("main").inner_text())
    assert FACTS[path][0] in seen, "not folded"
    # Folds are HTML's own: they open without a script, and nothing else is out of sight.
    hidden = page.locator("main [hidden]").evaluate_all("all => all.map(e => e.tagName)")
    assert set(hidden) <= {"BUTTON"}, "only what needs a script waits for one"
    context.close()
