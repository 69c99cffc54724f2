"""By keyboard and by mouse: suggestions, narrowing, and saying that a fact is wrong."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from ess_graph.releases import Release
from ess_graph.settings import Settings
from web.serving import serving

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def own_site(release: Release, root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server with a home of its own, where reports may be written."""
    home = tmp_path_factory.mktemp("reporting")
    (home / "current").symlink_to(release.folder)
    settings = Settings(root=root, home=home)
    with serving(settings.root, settings.home, home / "log") as found:
        yield found


@pytest.fixture(params=[1280, 375])
def page(chromium: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    context = chromium.new_context(viewport={"width": request.param, "height": 900}, locale="fr-FR")
    made = context.new_page()
    wrong: list[str] = []
    made.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
    made.on("pageerror", lambda error: wrong.append(str(error)))
    yield made
    assert wrong == [], "neither an error nor a breach of the Content-Security-Policy"
    context.close()


def test_a_partner_by_a_wrong_spelling_by_keyboard_alone(page: Page, own_site: str) -> None:
    page.goto(own_site)
    page.keyboard.press("/")
    page.keyboard.type("crress gra")
    options = page.get_by_role("option")
    options.first.wait_for()
    box = page.get_by_role("combobox")
    assert box.get_attribute("aria-expanded") == "true"
    page.keyboard.press("ArrowDown")
    assert options.first.get_attribute("aria-selected") == "true"
    assert box.get_attribute("aria-activedescendant") == options.first.get_attribute("id")
    page.keyboard.press("ArrowUp")
    assert box.get_attribute("aria-activedescendant") is None
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url("**/page/structure/cress-grand-est")


def test_escape_closes_and_enter_searches_what_was_typed(page: Page, own_site: str) -> None:
    page.goto(f"{own_site}/a-propos")
    box = page.locator("[data-search]")
    box.fill("strassbourg")
    page.get_by_role("option").first.wait_for()
    page.keyboard.press("Escape")
    assert page.get_by_role("option").count() == 0
    assert box.input_value() == "strassbourg"
    page.keyboard.press("Enter")
    page.wait_for_url("**/recherche?q=strassbourg")
    assert page.get_by_text("« strasbourg »").is_visible()


def test_suggestions_by_mouse(page: Page, own_site: str) -> None:
    page.goto(own_site)
    page.locator("[data-search]").fill("cus")
    page.get_by_role("option").first.click()
    page.wait_for_url("**/page/collectivite/strasbourg-eurometropole")


def test_a_fact_is_reported_without_script(chromium: Browser, own_site: str) -> None:
    context = chromium.new_context(java_script_enabled=False, locale="fr-FR", viewport={"width": 375, "height": 800})
    page = context.new_page()
    page.goto(f"{own_site}/page/personne/catherine-zuber")
    page.locator("a.report").first.click()
    assert page.get_by_text("Conseillère déléguée").is_visible()
    assert not page.locator("[name=site]").is_visible() or page.locator("[name=site]").bounding_box()["x"] < 0  # type: ignore[index]
    page.get_by_label("Ce n’est plus vrai").check()
    page.get_by_label("Ce qu’il faudrait lire").fill("Elle a quitté ce mandat en 2024, voir la délibération.")
    page.get_by_role("button", name="Envoyer").click()
    assert page.get_by_role("heading", level=1).inner_text().startswith("Merci")
    page.get_by_role("link", name="Revenir à «").click()
    assert page.get_by_role("heading", level=1).inner_text().startswith("Catherine Zuber")
    context.close()


def test_a_list_is_narrowed_and_its_query_answers_as_many(page: Page, own_site: str) -> None:
    page.goto(f"{own_site}/explorer/action")
    page.locator("#affiner").get_by_role("link", name="Bourgogne-Franche-Comté").click()
    count = int(page.locator(".tally").inner_text().split()[0])
    assert count == page.locator(".items > li").count()
    page.get_by_role("link", name="voir la requête").first.click()
    # The page comes with its answer; this is the one that follows.
    with page.expect_response(lambda reply: "/sparql" in reply.url):
        page.get_by_role("button", name="Exécuter").click()
    page.get_by_role("status").filter(has_text=f"{count} lignes").first.wait_for()
    page.locator("table.rows").wait_for()
