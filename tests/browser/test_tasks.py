"""Ten tasks of people who write no program, each from the home page: with the mouse and with the keyboard alone."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path
from typing import TYPE_CHECKING

import icalendar
import pytest

from browser.person import Keyboard, Mouse, Person, download
from browser.watching import Watch

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

pytestmark = pytest.mark.browser


@pytest.fixture(params=[Mouse, Keyboard], ids=["mouse", "keyboard"])
def person(request: pytest.FixtureRequest, watch: Watch) -> Person:
    """Somebody who has just come to the home page."""
    watch.go("/")
    made: Person = request.param(watch.page)
    return made


def link(page: Page, name: str | re.Pattern[str], *, exact: bool = False) -> Locator:
    """A link by the name that people read; exact where another name begins in the same way."""
    return page.locator("main, header").get_by_role("link", name=name, exact=exact)


def plain(text: str) -> str:
    """Text without the spaces that only typography asks for."""
    return re.sub(r"\s+", " ", text)


def rows(page: Page) -> list[str]:
    """Rows of the answer to a question."""
    return [plain(row) for row in page.locator("table.answers tbody tr").all_inner_texts()]


def test_who_represents_an_authority_and_which_service_to_call(person: Person) -> None:
    page = person.page
    person.use(link(page, "Qui représente une collectivité, et quel service appeler ?"))
    person.choose(page.get_by_label("Collectivité"), "Conseil régional Bourgogne")
    person.use(page.get_by_role("button", name="Répondre"))
    page.wait_for_url("**collectivite=*bourgogne*")
    said = rows(page)
    assert any("Denis Hameau" in row and "Vice-président délégué à l'ESS" in row for row in said)
    assert any("Lucien Da Ponte" in row and "Service ESS-TPE-Entreprenariat" in row and "L73" in row for row in said)


def test_who_supports_the_cress_in_a_spreadsheet(person: Person) -> None:
    page = person.page
    person.use(link(page, "Questions", exact=True))
    page.wait_for_url("**/questions")
    person.use(link(page, "Avec quel argent ?"))
    page.wait_for_url("**#*")
    person.use(link(page, "Qui soutient un organisme, et par quel moyen ?"))
    person.choose(page.get_by_label("Organisme"), "CRESS Grand Est")
    person.use(page.get_by_role("button", name="Répondre"))
    page.wait_for_url("**organisme=*cress-grand-est*")
    shown = rows(page)
    assert any("Région Grand Est" in row and "40 000 €" in row for row in shown)
    got = download(person, link(page, "tableur (Excel, LibreOffice)"))
    body = Path(got.path()).read_bytes()
    assert got.suggested_filename.endswith(".csv")
    assert body.startswith(b"\xef\xbb\xbf"), "Excel reads it as UTF-8"
    table = list(csv.reader(io.StringIO(body.decode("utf-8-sig"), newline=""), delimiter=";"))
    assert len({len(row) for row in table}) == 1
    assert len(table) > len(shown)
    assert any("Région Grand Est" in row and any(re.sub(r"\D", "", cell) == "40000" for cell in row) for row in table)


def test_the_budgets_of_two_regions_side_by_side(person: Person) -> None:
    page = person.page
    person.use(link(page, "Comparer deux collectivités"))
    page.wait_for_url("**/comparer")
    person.choose(page.get_by_label("Collectivité 1"), "Région Grand Est")
    person.choose(page.get_by_label("Collectivité 2"), "Conseil régional Bourgogne")
    person.use(page.get_by_role("button", name="Comparer"))
    page.wait_for_url("**/comparer?**c=region-grand-est**")
    operating = page.locator("tr", has_text="budget ESS").filter(has_text="fonctionnement")
    cells = [plain(cell) for cell in operating.locator("td").all_inner_texts()]
    assert "5 800 000 € (2018)" in cells[0]
    assert "5 300 000 € (2022)" in cells[0]
    assert "6 700 000 € (2019, prévisionnel)" in cells[1]
    assert operating.is_visible()


def test_what_changed_between_two_records(person: Person) -> None:
    page = person.page
    person.use(link(page, "Voir ce qui a changé entre deux fiches"))
    page.wait_for_url("**/versions")
    person.use(link(page, "Région Grand Est : ce qui a changé"))
    page.wait_for_url("**/versions/**")
    person.use(link(page, re.compile("^Chiffres.*changé", re.IGNORECASE)))
    page.wait_for_url("**#*")
    changed = [plain(row) for row in page.locator(":target tbody tr").all_inner_texts()]
    assert any("fonctionnement" in row and "5 800 000 €" in row and "5 300 000 €" in row for row in changed)
    assert page.locator(":target tbody tr").first.is_visible()


def test_a_portrait_is_printed(person: Person) -> None:
    page = person.page
    person.use(link(page, "Imprimer le portrait d’un territoire"))
    page.wait_for_url("**/portrait")
    person.use(link(page, "Région Grand Est"))
    page.wait_for_url("**/portrait/region-grand-est")
    page.evaluate("window.print = () => { window.asked = true }")
    person.use(page.get_by_role("button", name="Imprimer"))
    assert page.evaluate("window.asked"), "the browser's own dialogue opens"
    assert page.pdf(format="A4").count(b"/Type /Page\n") in (1, 2, 3)
    page.emulate_media(media="print")
    left = page.locator("nav, form, button, .actions, .see").locator("visible=true")
    assert left.count() == 0, left.first.evaluate("e => e.outerHTML.slice(0, 120)")
    printed = plain(page.locator("main").inner_text())
    for fact in ("Région Grand Est", "Catherine Zuber", "5 300 000 €", "22 mars 2022"):
        assert fact in printed


def test_the_events_go_to_a_calendar(person: Person) -> None:
    got = download(person, link(person.page, re.compile("dans mon agenda")))
    assert got.suggested_filename.endswith(".ics")
    events = icalendar.Calendar.from_ical(Path(got.path()).read_bytes()).walk("VEVENT")
    found = {str(event["summary"]): event for event in events}
    conference = next(event for name, event in found.items() if "Conférence régionale de l'ESS en Grand Est" in name)
    assert str(conference["dtstart"].dt) == "2021-10-14"
    assert str(conference["location"]) == "Tomblaine"
    assert len(found) > 20


@pytest.mark.parametrize("form", ["SCOP", "SCIC"])
def test_a_scheme_to_create_a_cooperative(person: Person, form: str) -> None:
    page = person.page
    person.use(link(page, re.compile("^Quels dispositifs pour mon projet")))
    person.choose(page.get_by_label("Thème"), form)
    person.use(page.get_by_role("button", name="Répondre"))
    page.wait_for_url(f"**theme=*{form.lower()}*")
    assert any("bourses émergences SCOP/SCIC" in row and "L48" in row for row in rows(page))
    person.use(link(page, "Grand Est bourses émergences SCOP/SCIC"))
    page.wait_for_url("**/page/dispositif/**")
    assert "futurs associés-salariés" in plain(page.locator("main").inner_text())


def test_an_example_is_run_changed_and_shared(person: Person) -> None:
    page = person.page
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    person.use(link(page, "SPARQL", exact=True))
    page.wait_for_url("**/sparql")
    person.use(link(page, "Quel budget une collectivité consacre-t-elle à l'ESS, année par année ?"))
    page.wait_for_url("**/sparql?query=**")
    with page.expect_response(lambda reply: "/sparql" in reply.url):
        person.use(page.get_by_role("button", name="Exécuter"))
    page.get_by_role("status").filter(has_text="lignes").first.wait_for()
    answer = page.locator("table.rows tbody tr")
    answer.first.wait_for()
    before = answer.count()
    person.add(page.locator(".cm-content"), "\nOFFSET 1")
    page.keyboard.press("Escape")
    person.use(page.get_by_role("button", name="Exécuter"))
    page.wait_for_function("n => document.querySelectorAll('table.rows tbody tr').length === n", arg=before - 1)
    said = [plain(row) for row in answer.all_inner_texts()]
    assert any("5300000" in re.sub(r"\D", "", row) for row in said)
    person.use(page.get_by_role("button", name="Copier le lien"))
    shared = page.evaluate("navigator.clipboard.readText()")
    other = page.context.new_page()
    other.goto(shared)
    other.locator("table.rows tbody tr").first.wait_for()
    assert [plain(row) for row in other.locator("table.rows tbody tr").all_inner_texts()] == said


def test_a_fact_is_followed_to_its_lines(person: Person) -> None:
    page = person.page
    person.use(link(page, "Région Grand Est", exact=True))
    page.wait_for_url("**/page/collectivite/region-grand-est")
    person.use(page.get_by_role("navigation", name="Sur cette page").get_by_role("link", name="Chiffres"))
    page.wait_for_url("**#*")
    budget = page.locator("tr", has_text="5 300 000").locator("a.chip", has_text="L25")
    person.use(budget)
    page.wait_for_url("**/page/source/region-grand-est-2022**")
    passage = page.locator("section.pass:target")
    passage.wait_for()
    said = plain(passage.inner_text())
    assert "L25" in said or "25" in said.split()
    assert "5 300 000" in said or "5,3 M€" in said
    page.wait_for_function(
        "() => { const r = document.querySelector('section.pass:target').getBoundingClientRect();"
        " return r.top >= 0 && r.top < innerHeight }"
    )


def test_a_partner_by_a_wrong_spelling(person: Person) -> None:
    page = person.page
    person.write(page.get_by_role("combobox", name="Rechercher dans le graphe"), "Eurofense")
    person.use(page.get_by_role("button", name="Rechercher"))
    page.wait_for_url("**/recherche?q=Eurofense")
    assert "eurofence" in page.locator(".spelt").inner_text(), "what was understood is said"
    person.use(link(page, "Eurofence", exact=True))
    page.wait_for_url("**/page/structure/eurofence")
    assert "Doulevant" in page.locator("main").inner_text()
