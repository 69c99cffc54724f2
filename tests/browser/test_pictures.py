"""The map and the network: drawn, walked with the keyboard, filtered, and there without scripts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import pytest

from browser.watching import Watch

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_each_kind_of_the_network_has_a_colour_of_its_own(watch: Watch, scheme: Literal["light", "dark"]) -> None:
    watch.page.emulate_media(color_scheme=scheme)
    page = watch.go("/reseau")
    page.locator(".legend .dot").first.wait_for()
    colours = page.locator(".legend .dot").evaluate_all("dots => dots.map(d => getComputedStyle(d).backgroundColor)")
    assert len(colours) >= 4
    assert len(set(colours)) == len(colours)


def test_the_network_is_walked_with_the_keyboard(watch: Watch) -> None:
    page = watch.go("/reseau")
    nodes = page.locator(".net a")
    nodes.first.wait_for()
    assert page.locator(".net a[tabindex='0']").count() == 1, "one stop of the Tab key"
    page.locator(".net a[tabindex='0']").focus()
    first = page.locator(":focus").get_attribute("aria-label")
    said = page.locator(".drawing [role=status]")
    assert first
    assert said.inner_text().strip() == first.strip()
    for key in ("ArrowRight", "ArrowLeft", "ArrowUp", "ArrowDown"):
        page.keyboard.press(key)
        if (second := page.locator(":focus").get_attribute("aria-label")) != first:
            break
    assert second != first, "an arrow goes to a neighbour"
    assert page.locator(".net line.near").count() > 0
    target = page.locator(":focus").get_attribute("href")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{target}")


def test_the_network_and_its_table_say_the_same_under_a_filter(watch: Watch) -> None:
    page = watch.go("/reseau")
    page.get_by_label("Rôle", exact=True).select_option(label="financeur")
    page.get_by_role("button", name="Afficher").click()
    page.wait_for_url("**role=financeur**")
    page.locator(".net a").first.wait_for()
    named = page.locator("section.group tbody th").all_inner_texts()
    drawn = page.locator(".net a.k-partenariat title").all_text_contents()
    assert sorted(one.strip() for one in named) == sorted(one.strip() for one in drawn)
    assert all("financeur" in row for row in page.locator("section.group tbody tr").all_inner_texts())


def test_the_map_grows_and_says_what_is_pointed_at(watch: Watch) -> None:
    page = watch.go("/carte")
    group = page.locator("[data-zoomed]")
    page.get_by_role("button", name="Agrandir la carte").click()
    page.wait_for_function("document.querySelector('[data-zoomed]').getAttribute('transform')?.includes('scale(1.6')")
    page.get_by_role("button", name="Carte entière").click()
    page.wait_for_function("document.querySelector('[data-zoomed]').getAttribute('transform')?.includes('scale(1)')")
    assert group.count() == 1
    area = page.locator(".map a.area[aria-label^='Grand Est']")
    area.focus()
    assert "Région Grand Est" in page.locator(".map .said").inner_text()
    page.keyboard.press("Enter")
    page.wait_for_url("**/page/territoire/region-grand-est")


def test_map_and_network_without_javascript(chromium: Browser, site: str) -> None:
    context = chromium.new_context(java_script_enabled=False, locale="fr-FR")
    page = context.new_page()
    page.goto(f"{site}/carte")
    assert page.locator(".map a.area").count() > 10
    page.get_by_label("Indicateur").select_option(label="budget ESS")
    page.get_by_role("button", name="Afficher").click()
    assert "€" in page.locator("tbody").inner_text()
    page.goto(f"{site}/reseau")
    assert page.locator("tbody tr").count() > 20
    assert not page.locator("[data-network]").is_visible(), "no empty frame"
    context.close()
