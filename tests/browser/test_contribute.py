"""A curator on a telephone with the keyboard alone, and without scripts: sign in, decide, go on to the next."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from browser.person import Keyboard
from browser.test_axe import RULES
from browser.watching import Watch
from ess_graph.judgements import FILE, Judgements
from ess_graph.proposals import Case, Proposals, Proposed
from ess_graph.releases import Release
from ess_graph.reports import Queue
from web.serving import serving

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

TOKEN = "correct horse battery staple"
DENIS, NEVERS = "id/territoire/commune-saint-denis", "id/collectivite/ville-de-nevers"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory, release: Release) -> Path:
    """A project with nothing but judgements to come, and what waits for a person."""
    found = tmp_path_factory.mktemp("desk")
    (found / "current").symlink_to(release.folder)
    (found / "tokens").write_text(TOKEN, encoding="utf-8")
    denis = tuple(
        Proposed(f"insee:commune:{code}", "Saint-Denis", "commune", "same name", "Saint-Denis", insee=code,
                 departements=(where,), population=150_000, evidence=("département 93",),
                 against=("it lies in département 974, not 93",))
        for code, where in (("97411", "974 La Réunion"), ("93066", "93 Seine-Saint-Denis"))
    )  # fmt: skip
    nevers = (Proposed("siren:215801945", "Nevers", "commune", "a slip of the keyboard", "Nevers"),)
    reason = "others have this name: Saint-Denis (93066)"
    cases = (
        Case(DENIS, ("Saint-Denis",), True, "commune", reason=reason, candidates=denis),
        Case(NEVERS, ("Ville de Nevers",), kind="commune", reason="only a slip of the keyboard", candidates=nevers),
    )
    Proposals("2026-11-22", ("Découpage administratif (2026)",), cases).write(found)
    for message in ("Le titre a changé en mars 2023.", "Il manque la nouvelle présidente."):
        Queue(found).add(release=release.id, page="collectivite/region-grand-est", fact="", statement="",
                         sources="", kind="perime", lang="fr", message=message)  # fmt: skip
    return found


@pytest.fixture(scope="module")
def address(desk: Path) -> Iterator[str]:
    # Decisions go to a folder of the test's own, never to the project's file.
    with serving(desk, desk, desk / "log", ESS_GRAPH_TOKEN_FILE=str(desk / "tokens")) as found:
        yield found


def axe_finds_nothing(page: Page) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    found = axe.run(page, options={"runOnly": RULES, "resultTypes": ["violations"]}).response
    assert found["passes"]
    assert [(v["id"], [n["html"][:160] for n in v["nodes"][:3]]) for v in found["violations"]] == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "nothing runs out of the page"


def test_by_keyboard_alone_at_375_pixels(chromium: Browser, address: str, desk: Path) -> None:
    context = chromium.new_context(viewport={"width": 375, "height": 800}, locale="fr-FR")
    watch = Watch(context.new_page(), address)
    page = watch.go("/contribuer/liens")
    person = Keyboard(page)
    axe_finds_nothing(page)
    person.write(page.get_by_label("Jeton"), TOKEN)
    page.keyboard.press("Enter")
    # Signing in leads to the page that was asked for.
    page.get_by_role("heading", level=1, name="Liens à relire").wait_for()
    axe_finds_nothing(page)
    person.use(page.get_by_role("link", name="Saint-Denis", exact=True))
    page.get_by_role("heading", name="Est-ce Saint-Denis ?").first.wait_for()
    axe_finds_nothing(page)

    def decide(answer: str, note: str) -> None:
        radios = page.get_by_role("radio")
        person.reach(radios.first)
        page.keyboard.press("Space")
        while not page.get_by_label(answer).first.is_checked():
            page.keyboard.press("ArrowDown")
        person.write(page.get_by_label("Note").first, note)
        if not page.get_by_label("Qui décide").first.input_value():
            person.write(page.get_by_label("Qui décide").first, "Jeanne")
        person.use(page.get_by_role("button", name="Enregistrer").first)

    decide("C’est une autre", "à La Réunion")
    page.get_by_text("n’est pas insee:commune:97411").wait_for()
    # The next candidate has the focus, and its answers are the next stop.
    assert page.evaluate("document.activeElement.id") == "a-decider"
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.name") == "decision"
    decide("C’est la même", "")
    page.get_by_role("heading", level=1, name="Ville de Nevers").wait_for()
    assert page.evaluate("document.activeElement.id") == "a-decider"
    decide("On ne peut pas dire", "")
    page.get_by_role("heading", name="Rien à relire").wait_for()
    assert [(j.theirs, j.judgement, j.who, j.evidence) for j in Judgements(desk / FILE)] == [
        ("siren:215801945", "unsure", "Jeanne", ""),
        ("insee:commune:93066", "same", "Jeanne", ""),
        ("insee:commune:97411", "different", "Jeanne", "à La Réunion"),
    ]
    person.use(page.get_by_role("link", name="Liens décidés"))
    page.get_by_role("heading", level=1, name="Liens décidés").wait_for()
    axe_finds_nothing(page)
    person.use(page.get_by_role("link", name="Signalements"))
    person.use(page.get_by_role("link", name="Signalement 1", exact=True))
    page.get_by_role("heading", level=1, name="Signalement 1").wait_for()
    axe_finds_nothing(page)
    decide("Rejeté", "vérifié dans la délibération")
    page.get_by_role("heading", level=1, name="Signalement 2").wait_for()
    assert page.evaluate("document.activeElement.id") == "a-decider"
    person.use(page.get_by_role("button", name="Fermer la session"))
    page.wait_for_url(f"{address}/")
    page.goto(f"{address}/contribuer")
    assert page.get_by_label("Jeton").is_visible()
    assert watch.complaints == []
    context.close()


def test_without_scripts_and_in_english(chromium: Browser, address: str, desk: Path) -> None:
    context = chromium.new_context(viewport={"width": 1280, "height": 900}, locale="en-GB", java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{address}/contribuer/signalements/2")
    page.get_by_label("Token").fill(TOKEN)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_label("Waiting").check()
    page.get_by_label("Note").fill("")
    page.get_by_label("Who decides").fill("Paul")
    page.get_by_role("button", name="Record").click()
    assert page.get_by_role("status").inner_text().startswith("Recorded: report 2 waits.")
    assert Queue(desk).report(2).state == "waiting"
    context.close()
