"""Other programs show a preview in a frame of theirs; a page of the site is never framed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser
THING = "collectivite/strasbourg-eurometropole"


def test_a_preview_opens_in_a_frame_and_a_page_does_not(chromium: Browser, site: str) -> None:
    context = chromium.new_context(locale="fr-FR", service_workers="block")
    page = context.new_page()
    page.set_content(
        f'<iframe name="preview" width="420" height="260" src="{site}/reconcile/preview?id=id/{THING}"></iframe>'
        f'<iframe name="page" src="{site}/page/{THING}"></iframe>'
    )
    preview = page.frame_locator("[name=preview]")
    preview.get_by_role("heading", name="Strasbourg Eurométropole").wait_for()
    link = preview.get_by_role("link", name="Voir la page")
    assert (link.get_attribute("target"), link.get_attribute("rel")) == ("_blank", "noopener")
    # Styled, though nothing inline is allowed: its own sheet is loaded.
    assert preview.locator("main").evaluate("main => getComputedStyle(main).display") == "grid"
    # All of it is seen without scrolling.
    assert preview.locator("html").evaluate("root => root.scrollHeight <= innerHeight")
    assert page.frame_locator("[name=page]").get_by_role("heading", name="Strasbourg Eurométropole").count() == 0
    context.close()
