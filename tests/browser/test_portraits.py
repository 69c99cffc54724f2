"""Portraits on paper, comparisons by mouse and keyboard, and lines that are followed from elsewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser
PATHS = [
    "/portrait", "/portrait/region-grand-est", "/comparer",
    "/comparer?c=region-grand-est&c=conseil-regional-bourgogne-franche-comte&c=plaine-commune&c=nantes-metropole",
    "/frise", "/page/source/annuaire-grand-est", "/page/collectivite/region-grand-est",
]  # fmt: skip


@pytest.fixture(params=[1280, 375], ids=["desk", "telephone"])
def page(request: pytest.FixtureRequest, chromium: Browser) -> Iterator[Page]:
    """A page of either width; a refused style or script, and any other complaint, fails the test."""
    context = chromium.new_context(viewport={"width": request.param, "height": 800}, locale="fr-FR")
    context.set_default_timeout(20_000)
    opened = context.new_page()
    said: list[str] = []
    opened.on("console", lambda message: said.append(message.text))
    opened.on("pageerror", lambda error: said.append(str(error)))
    yield opened
    context.close()
    assert said == []


def test_nothing_is_wider_than_the_window(page: Page, site: str) -> None:
    for path in PATHS:
        page.goto(site + path)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path


def test_a_portrait_fits_on_three_sheets(chromium: Browser, site: str) -> None:
    context = chromium.new_context(locale="fr-FR")
    opened = context.new_page()
    for slug in ("region-grand-est", "nantes-metropole"):
        opened.goto(f"{site}/portrait/{slug}")
        sheets = len(re.findall(rb"/Type\s*/Page\b", opened.pdf(format="A4")))
        assert 1 <= sheets <= 3, slug
    opened.goto(f"{site}/portrait/region-grand-est")
    opened.emulate_media(media="print")
    assert not opened.locator(".main-nav, .actions, .foot, summary").locator("visible=true").count()
    assert opened.locator(".only-print").first.is_visible(), "what is left out is said"
    assert opened.locator("svg").first.is_visible()
    context.close()


def test_two_authorities_are_chosen_with_the_keyboard(page: Page, site: str) -> None:
    page.goto(site + "/comparer")
    page.get_by_label("Collectivité 1").focus()
    for wanted in ("region-grand-est", "conseil-regional-bourgogne-franche-comte"):
        for _ in range(60):
            if page.locator(":focus").input_value() == wanted:
                break
            page.keyboard.press("ArrowDown")
        page.keyboard.press("Tab")
    for _ in range(2):
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url("**/comparer?**c=region-grand-est**")
    assert "Bourgogne" in page.get_by_role("heading", level=1).inner_text()
    row = page.get_by_role("row").filter(has_text="6 700 000").first
    assert "5 300 000" in row.inner_text().replace("\u202f", " ")


def test_a_line_followed_from_elsewhere_is_found(page: Page, site: str) -> None:
    page.goto(site + "/page/source/annuaire-grand-est#L204-L206")
    page.wait_for_url("**lignes=L204-L206*")
    assert page.locator("section.pass:target").is_visible()


def test_the_timeline_is_filtered(page: Page, site: str) -> None:
    page.goto(site + "/frise")
    page.get_by_label("De l’année").fill("2010")
    page.get_by_label("À l’année").fill("2014")
    page.get_by_role("button", name="Filtrer").click()
    page.wait_for_url("**de=2010**")
    rows = page.locator("tbody th[scope=row]").count()
    assert rows > 3
    assert page.get_by_role("status").inner_text().startswith(f"{rows} événements")
    assert page.get_by_label("De l’année").input_value() == "2010"
