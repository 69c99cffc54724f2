"""What a person does, in a real browser: with a mouse, with the keyboard alone, on a telephone and on a desk."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

import pytest

from browser.watching import Watch, write

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

pytestmark = pytest.mark.browser

REGION = "/page/collectivite/region-grand-est"
PAGES = [
    "/", "/explorer", "/explorer/collectivite", "/recherche?q=cress", "/recherche?q=zzzz", "/a-propos", "/sparql",
    "/carte", "/reseau", "/sparql?query=SELECT+*+%7B+%3Fs+%3Fp+%3Fo+%7D+LIMIT+50", "/sparql?query=SELECT+%2A+%7B+%3Fs",
    REGION, "/page/collectivite/ville-de-strasbourg", "/page/source/annuaire-grand-est", "/page/voc/theme",
    "/page/onto", "/nowhere", "/questions", "/questions?q=zzzz", "/questions/que-s-est-il-passe",
    "/questions/organismes-communs", "/questions/budget-ess?collectivite=id/nowhere", "/questions/agenda?de=x", "/api",
]  # fmt: skip


def focused(page: Page) -> Locator:
    """The element that has the focus."""
    return page.locator(":focus")


def test_from_home_to_the_lines_of_a_document(watch: Watch) -> None:
    page = watch.go("/")
    box = page.locator("[data-search]")
    box.fill("region grand est")
    box.press("Enter")
    page.wait_for_url("**/recherche?**")
    page.locator(".items a").first.click()
    page.wait_for_url(f"**{REGION}*")
    assert page.get_by_role("heading", level=1).inner_text() == "Région Grand Est"
    source = page.locator("a.chip:visible").first
    lines = source.locator(".chip-at").inner_text() if source.locator(".chip-at").count() else source.inner_text()
    source.click()
    page.wait_for_url("**/page/source/**")
    passage = page.locator(":target")
    page.wait_for_function(
        "() => { const r = document.querySelector(':target')?.getBoundingClientRect();"
        " return r && r.top < innerHeight && r.bottom > 0 }"
    )
    assert lines.split()[-1] in passage.inner_text()
    plain = page.locator("section.pass:not(:target)").first
    look = (
        "e => { const s = getComputedStyle(e);"
        " return [s.backgroundColor, s.outline, s.boxShadow, s.borderColor].join() }"
    )
    assert passage.evaluate(look) != plain.evaluate(look), "the passage is highlighted"


def test_a_passage_can_be_read_beside_its_fact(watch: Watch) -> None:
    page = watch.go(REGION)
    passages = page.locator("details.passage:visible")
    if passages.count() == 0:
        pytest.skip("the documents are not at hand")
    first = passages.first
    first.locator("summary").click()
    assert first.locator("blockquote").is_visible()
    page.keyboard.press("Escape")
    assert not first.locator("blockquote").is_visible()


def test_the_keyboard_alone(watch: Watch) -> None:
    page = watch.go("/")
    page.keyboard.press("Tab")
    skip = focused(page)
    assert skip.get_attribute("href") == "#contenu"
    assert skip.is_visible()
    shown = skip.bounding_box()
    assert shown is not None
    assert shown["y"] >= 0, "the skip link shows when it has the focus"
    page.keyboard.press("Enter")
    page.wait_for_function("location.hash === '#contenu'")
    page.locator("body").evaluate("() => document.activeElement.blur()")
    page.keyboard.press("/")
    assert focused(page).get_attribute("name") == "q"
    page.keyboard.type("region grand est")
    page.keyboard.press("Enter")
    page.wait_for_url("**/recherche?**")
    for _ in range(60):
        page.keyboard.press("Tab")
        if (focused(page).get_attribute("href") or "").startswith(REGION):
            break
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{REGION}*")
    for _ in range(200):
        page.keyboard.press("Tab")
        if "chip" in (focused(page).get_attribute("class") or "").split():
            break
    page.keyboard.press("Enter")
    page.wait_for_url("**/page/source/**")


def test_a_slash_in_a_field_is_a_slash(watch: Watch) -> None:
    page = watch.go("/sparql")
    write(page, "")
    page.keyboard.type("a/b")
    assert page.locator("textarea").input_value() == "a/b"


def test_focus_is_always_visible(watch: Watch) -> None:
    """Each stop of the Tab key on the home page looks different from its rest."""
    page = watch.go("/")
    look = "e => { const s = getComputedStyle(e); return [s.outlineStyle, s.outlineWidth, s.boxShadow, s.borderColor, s.backgroundColor].join() }"  # noqa: E501
    for _ in range(25):
        page.keyboard.press("Tab")
        if focused(page).count() == 0:
            break
        element = focused(page).element_handle()
        assert element is not None
        with_focus = element.evaluate(look)
        element.evaluate("e => e.blur()")
        without = element.evaluate(look)
        element.evaluate("e => e.focus({focusVisible: true})")
        assert with_focus != without, element.evaluate("e => e.outerHTML.slice(0, 120)")


def test_the_query_page_runs_an_example(watch: Watch) -> None:
    page = watch.go("/sparql")
    page.locator("aside a").first.click()
    page.wait_for_url("**/sparql?query=**")
    if not page.locator("table.rows").count():
        page.locator("form.query button[type=submit]").click()
    assert page.locator("table.rows tbody tr").count() > 0
    assert page.locator(".answer [role=status]").inner_text().strip()


@pytest.mark.parametrize("at", range(10))
def test_each_question_of_the_home_page_has_an_answer(watch: Watch, at: int) -> None:
    page = watch.go("/")
    questions = page.locator(".band .questions a")
    if at >= questions.count():
        pytest.skip(f"there are {questions.count()} questions")
    questions.nth(at).click()
    page.wait_for_url("**/questions/**")
    assert page.locator("table.answers tbody tr").count() > 0
    assert not page.locator("[role=alert]").count()


def test_a_question_is_changed_read_and_seen_as_a_query(watch: Watch) -> None:
    page = watch.go("/questions")
    page.get_by_role("link", name="Que s'est-il passé sur un territoire entre deux années ?").click()
    page.get_by_label("De", exact=True).fill("2012")
    page.get_by_label("À", exact=True).fill("2012")
    page.get_by_role("button", name="Répondre").press("Enter")
    page.wait_for_url("**/questions/que-s-est-il-passe?**de=2012**")
    shown = page.locator("table.answers tbody tr").count()
    assert 0 < shown < 21
    assert "2012" in page.locator("h1").inner_text()
    shared = page.locator("#lien").get_attribute("href")
    page.get_by_role("link", name="voir la requête").first.click()
    page.wait_for_url("**/sparql?query=**")
    assert "2012" in page.locator("textarea").input_value()
    assert page.locator("table.rows tbody tr").count() >= shown
    page.goto(str(shared))
    assert page.locator("table.answers tbody tr").count() == shown


def test_ctrl_enter_runs_the_query(watch: Watch) -> None:
    page = watch.go("/sparql")
    write(page, "SELECT (6 * 7 AS ?n) {}")
    page.keyboard.press("Control+Enter")
    page.wait_for_url("**/sparql?query=**")
    assert page.locator("table.rows td").inner_text().strip().endswith("42")


def test_a_malformed_query_says_where(watch: Watch) -> None:
    page = watch.go("/sparql")
    write(page, "SELECT *\nWHERE {\n  ?s ?p & ?o\n}")
    page.locator("form.query button[type=submit]").click()
    page.wait_for_url("**/sparql?query=**")
    alert = page.get_by_role("alert")
    assert "Ligne 3, colonne" in alert.inner_text()
    assert "?s ?p & ?o" in alert.inner_text()
    assert "?s ?p & ?o" in page.locator("textarea").input_value()


def test_without_javascript(chromium: Browser, site: str) -> None:
    context = chromium.new_context(java_script_enabled=False, locale="fr-FR")
    page = context.new_page()
    page.goto(f"{site}/")
    page.locator("[data-search]").fill("region grand est")
    page.locator("[data-search]").press("Enter")
    page.locator(".items a").first.click()
    assert page.get_by_role("heading", level=1).inner_text() == "Région Grand Est"
    page.goto(f"{site}/sparql")
    page.locator("textarea").fill("SELECT (6 * 7 AS ?n) {}")
    page.locator("form.query button[type=submit]").click()
    assert page.locator("table.rows td").inner_text().strip().endswith("42")
    context.close()


def test_the_language_is_one_click_away(watch: Watch) -> None:
    page = watch.go(REGION)
    page.get_by_role("link", name="English").click()
    assert page.locator("html").get_attribute("lang") == "en"
    page.get_by_role("link", name="Français").click()
    assert page.locator("html").get_attribute("lang") == "fr"


@pytest.mark.parametrize("path", PAGES)
def test_a_page_never_scrolls_sideways(watch: Watch, path: str) -> None:
    page = watch.go(path)
    width, inner = page.evaluate("[document.scrollingElement.scrollWidth, innerWidth]")
    culprits = page.evaluate(
        "[...document.querySelectorAll('body *')].filter(e => e.getBoundingClientRect().right > innerWidth + 1)"
        ".slice(0, 3).map(e => e.outerHTML.slice(0, 100))"
    )
    assert width <= inner, culprits
    assert page.locator("h1").count() == 1


@pytest.mark.slow
def test_hostile_labels_do_nothing(chromium: Browser, hostile_site: str) -> None:
    """Labels that want to be programs are shown; no dialogue opens and nothing elsewhere is asked."""
    context = chromium.new_context(locale="fr-FR")
    found = Watch(context.new_page(), hostile_site)
    found.page.on("dialog", lambda dialog: (found.complaints.append(dialog.message), dialog.dismiss()))
    query = "SELECT * { <https://w3id.org/ess-graph/id/structure/hostile> ?p ?o }"
    for path in ("/page/structure/hostile", "/recherche?q=script", f"/sparql?{urlencode({'query': query})}"):
        found.go(path)
        assert "<script>" in found.page.locator("main").inner_text()
    context.close()
    assert found.complaints == []
