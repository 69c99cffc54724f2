"""A page that is watched while it is used, and how the query editor is written into."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from playwright.sync_api import ConsoleMessage, Page, Request


@dataclass
class Watch:
    """A page and all that went wrong on it."""

    page: Page
    site: str
    complaints: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("console", self._said)
        self.page.on("pageerror", lambda error: self.complaints.append(f"error: {error}"))
        self.page.on("request", self._asked)
        self.page.on("requestfailed", self._failed)
        # A violation is an event of the document; it is told as a console message that no page can silence.
        self.page.add_init_script(
            "document.addEventListener('securitypolicyviolation',"
            " e => console.error(`CSP: ${e.violatedDirective} ${e.blockedURI}`))"
        )

    def _said(self, message: ConsoleMessage) -> None:
        # The browser itself notes the status of an error page; that page is what the test asked for.
        expected = "Failed to load resource: the server responded with a status of 40" in message.text
        if message.type in ("error", "warning") and not expected:
            self.complaints.append(f"{message.type}: {message.text}")

    def _asked(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.netloc != urlsplit(self.site).netloc and parts.scheme not in ("data", "about"):
            self.complaints.append(f"asked {request.url}")

    def _failed(self, request: Request) -> None:
        # Given up, not failed: a link that turns out to be a download, suggestions for a box that is left.
        if request.failure != "net::ERR_ABORTED":
            self.complaints.append(f"failed: {request.url}")

    def go(self, path: str) -> Page:
        """Open a page of the site."""
        self.page.goto(self.site + path)
        return self.page


def write(page: Page, query: str) -> None:
    """Put a query in the place of the one in the editor, which has the focus afterwards."""
    page.locator(".cm-content").focus()
    page.keyboard.press("Control+a")
    page.keyboard.press("Delete")
    page.keyboard.insert_text(query)
