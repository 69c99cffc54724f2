"""What people take away, in a real browser: a table, a calendar, a link to cite, a page on paper."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import TYPE_CHECKING

import icalendar
import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser

EVENT = "/page/evenement/2021-10-14-conference-regionale-ess"


def test_a_description_for_search_engines_is_no_program_and_is_not_stopped(chromium: Browser, site: str) -> None:
    context = chromium.new_context()
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.add_init_script(
        "document.addEventListener('securitypolicyviolation', e => console.error(e.violatedDirective))"
    )
    for path in (EVENT, "/donnees"):
        page.goto(site + path)
        block = page.locator('script[type="application/ld+json"]').text_content()
        assert json.loads(block or "")["@context"] == "https://schema.org"
    context.close()
    assert said == []


@pytest.mark.parametrize("width", [1280, 375])
def test_a_table_for_a_spreadsheet(chromium: Browser, site: str, width: int) -> None:
    context = chromium.new_context(viewport={"width": width, "height": 900}, locale="fr-FR")
    page = context.new_page()
    page.goto(site)
    page.get_by_role("link", name="Explorer", exact=True).first.click()
    page.get_by_role("link", name="Partenariats et conventions").click()
    with page.expect_download() as waiting:
        page.get_by_role("link", name="Ouvrir dans un tableur").click()
    body = Path(waiting.value.path()).read_bytes()
    assert waiting.value.suggested_filename == "ess-graph-partenariat.csv"
    context.close()
    assert body.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(body.decode("utf-8-sig"), newline=""), delimiter=";"))
    assert any("CRESS" in cell for row in rows for cell in row.values())


def test_an_event_goes_to_a_calendar_by_keyboard(chromium: Browser, site: str) -> None:
    context = chromium.new_context(locale="fr-FR")
    page = context.new_page()
    page.goto(site + EVENT)
    link = page.get_by_role("link", name="Ajouter à mon agenda")
    link.focus()
    address = link.get_attribute("href")
    with page.expect_download() as waiting:
        page.keyboard.press("Enter")
    body = Path(waiting.value.path()).read_bytes()
    context.close()
    assert address
    (entry,) = icalendar.Calendar.from_ical(body).walk("VEVENT")
    assert str(entry["dtstart"].dt) == "2021-10-14"
    assert str(entry["location"]) == "Tomblaine"


def test_a_printed_page_says_what_it_is(chromium: Browser, site: str) -> None:
    context = chromium.new_context(locale="fr-FR")
    page = context.new_page()
    page.goto(site + "/donnees")
    page.emulate_media(media="print")
    cited = page.locator("#citation")
    assert cited.is_visible()
    assert "release=" in cited.inner_text()
    assert not page.get_by_role("button", name="Copier").first.is_visible()
    assert not page.locator(".main-nav").is_visible()
    context.close()
