"""Two people at the same page: one with a mouse or a finger, one with the keyboard alone."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from playwright.sync_api import Download, Locator, Page

#: So many stops of the Tab key are borne between a place and the next; more is a page that needs a shorter way.
PATIENCE = 25
#: The query editor keeps its field in a shadow root, whose host then has the focus of the page.
_FOCUSED = "e => e === e.getRootNode().activeElement"
_BEFORE = """e => {
  const place = e.getRootNode().host ?? e;
  return !!(place.compareDocumentPosition(document.activeElement) & Node.DOCUMENT_POSITION_FOLLOWING);
}"""


class Person(Protocol):
    """Somebody who uses a page; each verb is one thing that they mean to do."""

    page: Page

    def use(self, target: Locator) -> None:
        """Follow a link, press a button, or open what is folded."""

    def write(self, field: Locator, text: str) -> None:
        """Put a text in the place of what a field holds."""

    def add(self, field: Locator, text: str) -> None:
        """Put a text after what a field holds."""

    def choose(self, field: Locator, option: str) -> None:
        """Choose the option whose text starts so."""


class Mouse:
    """Points and clicks; what is clicked has to be visible and in nobody's way, which Playwright waits for."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def use(self, target: Locator) -> None:
        target.first.click()

    def write(self, field: Locator, text: str) -> None:
        field.first.click()
        self.page.keyboard.press("Control+a")
        self.page.keyboard.type(text)

    def add(self, field: Locator, text: str) -> None:
        field.first.click()
        self.page.keyboard.press("Control+End")
        self.page.keyboard.type(text)

    def choose(self, field: Locator, option: str) -> None:
        value = field.first.locator("option", has_text=re.compile(f"^{re.escape(option)}")).first.get_attribute("value")
        field.first.select_option(value)


class Keyboard:
    """Tab, Shift+Tab, Enter, arrows and letters; no locator is ever clicked or given the focus."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.stops: list[int] = []

    def use(self, target: Locator) -> None:
        self.reach(target.first)
        self.page.keyboard.press("Enter")

    def write(self, field: Locator, text: str) -> None:
        self.reach(field.first)
        self.page.keyboard.press("Control+a")
        self.page.keyboard.type(text)

    def add(self, field: Locator, text: str) -> None:
        self.reach(field.first)
        self.page.keyboard.press("Control+End")
        self.page.keyboard.type(text)

    def choose(self, field: Locator, option: str) -> None:
        self.reach(field.first)
        chosen = "e => e.selectedOptions[0].textContent"
        self.page.keyboard.press("Home")
        for _ in range(60):
            if str(field.first.evaluate(chosen)).startswith(option):
                return
            self.page.keyboard.press("ArrowDown")
        raise AssertionError(f"no arrow leads to {option}")

    def reach(self, target: Locator) -> None:
        """Walk to an element, over the skip link where the walk starts at the top of a page."""
        target.wait_for()
        keys = self.page.keyboard
        backwards = False
        if self.page.evaluate("document.activeElement === document.body && !location.hash"):
            if target.evaluate("e => !!e.closest('main')"):
                keys.press("Tab")
                keys.press("Enter")
                self.page.wait_for_function("document.activeElement === document.querySelector('main')")
        elif not target.evaluate(_FOCUSED):
            backwards = bool(target.evaluate(_BEFORE))
        for stops in range(PATIENCE + 1):
            if target.evaluate(_FOCUSED):
                self.stops.append(stops)
                return
            keys.press("Shift+Tab" if backwards else "Tab")
        at = self.page.evaluate("document.activeElement.outerHTML.slice(0, 120)")
        raise AssertionError(f"{PATIENCE} stops do not lead to {target}, but to {at}")


def download(person: Person, target: Locator) -> Download:
    """The file that a link gives."""
    with person.page.expect_download() as waiting:
        person.use(target)
    return waiting.value
