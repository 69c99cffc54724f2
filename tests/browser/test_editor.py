"""The query editor, as somebody uses it who knows a little SPARQL: written, completed, run, stopped, looked at."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from browser.watching import Watch, write
from ess_graph.releases import Release
from ess_graph.vocab import GRAPH

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Route

pytestmark = pytest.mark.browser

AUTHORITIES = """SELECT ?collectivite ?territoire (COUNT(?dispositif) AS ?n) WHERE {
  ?collectivite a ess:Collectivite ; ess:territoire ?territoire ; ess:porte ?dispositif .
} GROUP BY ?collectivite ?territoire ORDER BY DESC(?n)"""
ENDLESS = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l }"
MALFORMED = "SELECT *\nWHERE {\n  ?s ?p & ?o\n}"


def text(page: Page) -> str:
    return page.locator("textarea").input_value()


def run(page: Page, query: str) -> None:
    write(page, query)
    page.keyboard.press("Control+Enter")
    page.locator(".answer.live, [role=alert]").first.wait_for()


def knows_the_words(page: Page) -> None:
    """Wait until the words of the graph have come, which the first word that is typed asks for."""
    write(page, "")
    page.keyboard.type("SELECT * WHERE { ?s a collect")
    page.locator(".cm-tooltip-autocomplete li", has_text="ess:Collectivite").first.wait_for()
    page.keyboard.press("Escape")


def view(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def test_words_of_the_graph_are_offered_with_what_they_mean(watch: Watch) -> None:
    page = watch.go("/sparql")
    write(page, "")
    page.keyboard.type("SELECT * WHERE { ?s a collect")
    option = page.locator(".cm-tooltip-autocomplete li[aria-selected]", has_text="ess:Collectivite")
    option.wait_for()
    assert "Collectivité" in option.inner_text(), "its label"
    assert "personne publique" in page.locator(".cm-completionInfo").inner_text(), "and what it means"
    # An Enter in the very moment in which the list opens was meant for the text.
    page.wait_for_timeout(150)
    page.keyboard.press("Enter")
    assert "?s a ess:Collectivite" in text(page)
    assert text(page).startswith("PREFIX ess: <https://w3id.org/ess-graph/onto#>\n"), "its prefix comes with it"


def test_a_word_is_found_by_its_label_without_accents(watch: Watch) -> None:
    page = watch.go("/sparql?lang=fr")
    write(page, "")
    page.keyboard.type("SELECT * WHERE { ?s dcterms:subject ")
    page.keyboard.type("econ")
    page.locator(".cm-tooltip-autocomplete li", has_text=re.compile("[ÉéEe]cono")).first.wait_for()


def test_a_prefix_that_is_typed_is_declared_once(watch: Watch) -> None:
    page = watch.go("/sparql")
    knows_the_words(page)
    write(page, "# ma question\n")
    page.keyboard.type("SELECT * WHERE { ?s skos:")
    page.keyboard.press("Escape")
    page.keyboard.type("prefLabel ?l ; skos:")
    assert text(page).count("PREFIX skos: <http://www.w3.org/2004/02/skos/core#>") == 1
    assert text(page).startswith("# ma question\nPREFIX skos:")


def test_a_prefix_typed_before_the_words_have_come_is_declared_with_them(watch: Watch) -> None:
    page = watch.go("/sparql")
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/sparql/lexique.json*", hold)
    with page.expect_request("**/sparql/lexique.json*"):
        write(page, "SELECT * { ")
    page.keyboard.type("?s foaf:name ?n ; unknown:p ?o }")
    assert "PREFIX" not in text(page)
    held[0].continue_()
    page.locator(".cm-line", has_text="PREFIX foaf:").wait_for()
    assert text(page).count("PREFIX") == 1
    assert text(page).endswith("SELECT * { ?s foaf:name ?n ; unknown:p ?o }")


def test_an_answer_comes_with_labels_time_and_downloads(watch: Watch) -> None:
    page = watch.go("/sparql")
    run(page, AUTHORITIES)
    # From a second on, a machine that is busy, the thousands are set apart: « 2 501 ms ».
    said = page.get_by_role("status").first.inner_text()
    assert re.fullmatch(r"\d+ lignes en \d[\d\s]* ms", said), said
    link = page.locator("table.rows a", has_text="Région Grand Est").first
    assert link.get_attribute("href") == "/page/collectivite/region-grand-est"
    with page.expect_download() as got:
        page.get_by_role("link", name="CSV", exact=True).click()
    assert got.value.path().read_text(encoding="utf-8").startswith("collectivite,territoire,n")


def test_the_same_answer_as_chart_map_and_graph(watch: Watch) -> None:
    page = watch.go("/sparql")
    run(page, AUTHORITIES)
    view(page, "Diagramme")
    bars = page.locator(".chart .bar")
    bars.first.wait_for()
    widths = [float(bar.get_attribute("width") or 0) for bar in bars.all()]
    assert widths == sorted(widths, reverse=True)
    assert widths[0] > widths[-1]
    view(page, "Carte")
    page.locator(".frame .area[aria-label*='Grand Est']").first.wait_for()
    assert "sur la carte" in page.locator(".frame").inner_text()
    view(page, "Graphe")
    page.locator(".net a[aria-label*='Région Grand Est']").first.wait_for()
    view(page, "Tableau")
    page.locator("table.rows").wait_for()
    assert page.evaluate("document.scrollingElement.scrollWidth <= innerWidth")


def test_a_view_that_comes_late_covers_no_other(watch: Watch) -> None:
    page = watch.go("/sparql")
    page.route("**/sparql/libelles", lambda _: None)
    with page.expect_request("**/sparql/libelles"):
        run(page, AUTHORITIES)
    view(page, "Diagramme")
    assert not page.get_by_text("Région Grand Est").count(), "the labels are held"
    page.unroute("**/sparql/libelles")
    # With the labels that were on their way, for the table too.
    page.locator(".chart", has_text="Région Grand Est").wait_for()
    assert page.locator(".chart .bar").first.is_visible()
    assert not page.locator("table.rows").count()


def test_triples_are_a_table_and_a_graph(watch: Watch) -> None:
    page = watch.go("/sparql")
    run(page, "CONSTRUCT { ?p ess:partie ?x } WHERE { ?p a ess:Convention ; ess:partie ?x }")
    assert "énoncés" in page.get_by_role("status").first.inner_text()
    assert page.locator("table.rows thead").inner_text().split() == ["sujet", "propriété", "objet"]
    assert page.locator(".downloads").inner_text().split()[-4:] == ["TTL", "NT", "JSONLD", "RDF"]
    view(page, "Graphe")
    page.locator(".net a").first.wait_for()


def test_a_column_sorts_and_long_answers_come_a_page_at_a_time(watch: Watch) -> None:
    page = watch.go("/sparql")
    run(page, "SELECT ?n { VALUES (?a) { (0) (1) (2) } ?s ess:ligneDebut ?n } LIMIT 250")
    assert page.locator("table.rows tbody tr").count() == 100
    if page.evaluate("innerWidth") > 800:
        page.get_by_role("button", name="n", exact=True).click()
        page.locator("th[aria-sort=ascending]").wait_for(state="attached")
        found = [int(one) for one in page.locator("table.rows td .v").all_inner_texts()]
        assert found == sorted(found)
    page.get_by_role("button", name="Suivantes").click()
    page.get_by_text("Lignes 101 à 200 sur 250").wait_for()


def test_a_query_that_is_stopped_stops(watch: Watch) -> None:
    page = watch.go("/sparql")
    write(page, ENDLESS)
    page.keyboard.press("Control+Enter")
    page.get_by_role("button", name="Arrêter").click()
    assert "arrêtée" in page.get_by_role("status").first.inner_text()
    assert not page.locator("[role=alert]").count()
    # The worker that it had is free again for the next one, long before the time limit.
    run(page, "SELECT (6 * 7 AS ?n) {}")
    assert page.locator("table.rows td .v").inner_text() == "42"
    watch.complaints = [said for said in watch.complaints if not said.startswith("failed:")]


def test_an_error_is_marked_where_it_is(watch: Watch) -> None:
    page = watch.go("/sparql")
    run(page, MALFORMED)
    assert "Ligne 3, colonne 9" in page.get_by_role("alert").inner_text()
    assert page.locator(".cm-wrong").inner_text() == "&"
    assert page.locator(".cm-wrong-line").inner_text().strip() == "?s ?p & ?o"
    page.get_by_role("button", name="Aller à l’erreur").click()
    page.keyboard.press("Delete")
    assert "?s ?p  ?o" in text(page)
    assert not page.locator(".cm-wrong").count(), "what was changed is not marked any more"


def test_an_error_that_the_server_showed_is_marked_as_well(watch: Watch) -> None:
    page = watch.go(f"/sparql?{urlencode({'query': MALFORMED})}")
    page.locator(".cm-wrong", has_text="&").wait_for()


def test_a_limit_is_named_with_when_to_try_again(watch: Watch) -> None:
    page = watch.go("/sparql")
    page.route(
        "**/sparql",
        lambda route: route.fulfill(
            status=503, content_type="application/problem+json", headers={"Retry-After": "7"},
            body='{"status": 503, "title": "Service Unavailable", "detail": "It took too long.", "limit": "time"}',
        ) if route.request.method == "POST" else route.continue_(),
    )  # fmt: skip
    run(page, "ASK {}")
    said = page.get_by_role("alert").inner_text()
    assert "Limite de temps atteinte" in said
    assert "7 s" in said
    watch.complaints = [one for one in watch.complaints if "503" not in one]


def test_a_broken_answer_is_not_shown_in_part(watch: Watch) -> None:
    page = watch.go("/sparql")
    page.route("**/sparql", lambda route: route.abort() if route.request.method == "POST" else route.continue_())
    run(page, "ASK {}")
    assert "Rien d’incomplet" in page.get_by_role("alert").inner_text()
    assert not page.locator(".answer").count()
    watch.complaints = [one for one in watch.complaints if not one.startswith("failed:") and "ERR_FAILED" not in one]


def test_the_link_leads_to_the_same_query_and_back(watch: Watch) -> None:
    page = watch.go("/sparql")
    first = text(page)
    run(page, "SELECT (6 * 7 AS ?n) {}")
    assert parse_qs(urlsplit(page.url).query)["query"] == ["SELECT (6 * 7 AS ?n) {}"]
    page.reload()
    assert text(page) == "SELECT (6 * 7 AS ?n) {}"
    run(page, "SELECT (6 * 8 AS ?n) {}")
    page.go_back()
    page.locator("table.rows td", has_text="42").wait_for()
    assert text(page) == "SELECT (6 * 7 AS ?n) {}"
    assert first != text(page)


def test_the_query_as_a_program_runs(watch: Watch) -> None:
    page = watch.go("/sparql")
    awkward = 'SELECT ?x { VALUES ?x { "l\'été \\"1\\"" } }'
    write(page, awkward)
    page.get_by_text("Interroger depuis un programme").click()
    shown = page.locator(".as-code pre")
    answers = []
    for name, command in (("curl", ["sh", "-c"]), ("Python", [sys.executable, "-c"])):
        page.locator(".as-code select").select_option(name)
        done = subprocess.run(
            [*command, shown.inner_text()], capture_output=True, text=True, encoding="utf-8", timeout=60, check=True
        )
        answers.append(done.stdout.split("\n")[1].strip())
    assert answers == ['"l\'été ""1"""'] * 2
    page.locator(".as-code select").select_option("R")
    assert "read.csv" in shown.inner_text()


def test_whatever_leaves_the_page_asks_the_same_release_and_graphs(watch: Watch, release: Release) -> None:
    kept = {"release": release.id, "default-graph-uri": f"{GRAPH}registre"}
    page = watch.go(f"/sparql?{urlencode({**kept, 'query': 'ASK {}'})}")
    run(page, "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }")
    shown = page.locator("table.rows td").inner_text()
    answers = []
    for address in (page.url, page.get_by_role("link", name="CSV", exact=True).get_attribute("href") or ""):
        asked = parse_qs(urlsplit(address).query)
        assert {name: asked.get(name) for name in kept} == {name: [value] for name, value in kept.items()}
    with page.expect_download() as got:
        page.get_by_role("link", name="CSV", exact=True).click()
    answers.append(got.value.path().read_text(encoding="utf-8"))
    page.get_by_text("Interroger depuis un programme").click()
    page.locator(".as-code select").select_option("curl")
    program = page.locator(".as-code pre").inner_text()
    answers.append(subprocess.run(["sh", "-c", program], capture_output=True, text=True, check=True).stdout)
    assert [answer.split()[1] for answer in answers] == [re.sub(r"\D", "", shown)] * 2
    everything = re.sub(r"\?release=[^']*", "", program)
    whole = subprocess.run(["sh", "-c", everything], capture_output=True, text=True, check=True).stdout
    assert int(whole.split()[1]) > int(answers[0].split()[1]), "a graph of its own, not all of them"


@pytest.mark.slow
def test_hostile_answers_stay_text_in_every_view(chromium: Browser, hostile_site: str) -> None:
    context = chromium.new_context(locale="fr-FR")
    found = Watch(context.new_page(), hostile_site)
    page = found.page
    page.on("dialog", lambda dialog: (found.complaints.append(dialog.message), dialog.dismiss()))
    found.go("/sparql")
    literals = """SELECT ?s ?x ?n { VALUES (?s ?x ?n) {
      (<javascript:alert(1)> "<img src=x onerror=alert(1)>" 1) (<data:text/html,hi> "</td><script>alert(2)</script>" 2)
      (<https://example.org/a> "\\u202Eevil" 3) } }"""
    for query in (literals, "SELECT * { ?s ?p ?o } LIMIT 200", "CONSTRUCT { ?s ?p ?o } { ?s ?p ?o } LIMIT 200"):
        run(page, query)
        for button in page.locator(".views button").all():
            button.click()
            page.locator(".frame > *").first.wait_for()
        addresses = page.locator("main a").evaluate_all("all => all.map(a => a.getAttribute('href') ?? '')")
        assert not [one for one in addresses if not re.match(r"https?://|/|#", one)]
        assert not page.locator("main img, main script, main iframe").count()
    run(page, literals)
    assert "<img src=x onerror=alert(1)>" in page.locator("table.rows").inner_text()
    assert page.locator("table.rows td", has_text="javascript:alert(1)").locator("a").count() == 0
    context.close()
    assert found.complaints == []
