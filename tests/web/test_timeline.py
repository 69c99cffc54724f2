"""``/frise``, and what is drawn on entity pages: never more exact than the text, never without its table."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from ess_graph.query.timeline import Happening, drawn, in_lines, in_years
from ess_graph.query.views import Value
from web.test_pages import Page, get, harmless

REGION = "/page/collectivite/region-grand-est"


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2018", 2018, 2019),
        ("2020-02", 2020 + 31 / 366, 2020 + 60 / 366),
        ("2019-12-31", 2019 + 364 / 365, 2020),
    ],
)
def test_a_date_covers_what_is_not_known(text: str, first: float, last: float) -> None:
    assert in_years(text) == pytest.approx((first, last))


@pytest.mark.parametrize(
    "text", ["", "0000", "2020-02-31", "2020-13", "2020-00", "2020-05-00", "99999", "hier", "2020-1", "-0044", "²018"]
)
def test_what_is_no_date_has_no_place(text: str) -> None:
    assert in_years(text) is None
    assert drawn([Happening(Value("x"), (text,))], "t", "fr", fewest=1) is None


def test_dates_in_words() -> None:
    assert in_lines(["2018-11-23"], ["2018-11-24"], "fr") == "23–24 novembre 2018"
    assert in_lines(["2019-02"], ["2021-05"], "fr") == "février 2019 – mai 2021"
    assert in_lines(["2022-06", "2022-05"], [], "fr") == "mai 2022 / juin 2022"
    assert in_lines(["2018"], [], "en") == "2018"


def test_only_a_known_day_is_a_point() -> None:
    told = [Happening(Value(d), (d,)) for d in ("2010", "2011-05", "2012-05-09", "2020")]
    picture = drawn([*told, Happening(Value("?"), ("2013-01-01",), inferred=True)], "t", "fr")
    assert picture is not None
    looks = {mark.value.text: mark.look.split() for mark in picture.marks}
    assert "point" in looks["2012-05-09"]
    assert all("stretch" in looks[d] and "vague" in looks[d] for d in ("2010", "2011-05", "2020"))
    assert "inferred" in looks["?"]
    widths = {mark.value.text: mark.width for mark in picture.marks}
    assert widths["2010"] > widths["2011-05"] > widths["2012-05-09"] == 0
    assert [mark.x for mark in picture.marks] == sorted(mark.x for mark in picture.marks)
    assert all(0 <= mark.x <= picture.width - mark.width for mark in picture.marks)


# The page -------------------------------------------------------------------------------------------------------


def listed(page: Page) -> list[str]:
    return [text for a, text in page.all("th", scope="row")]


def test_all_events_are_there(client: FlaskClient, app: Flask) -> None:
    total = app.extensions["ess_graph"].opened().index.counts()["https://w3id.org/ess-graph/onto#Evenement"]
    names: list[str] = []
    page = get(client, "/frise")
    assert f"{total} événements" in page.text
    while True:
        harmless(page)
        names += listed(page)
        following = [a["href"] for a, _ in page.all("a", rel="next")]
        if not following:
            break
        page = get(client, following[0])
    assert len(names) == total


def test_the_drawing_says_what_the_table_says(client: FlaskClient) -> None:
    page = get(client, "/frise?de=2010&a=2014")
    marks = [text for a, text in page.all("title")][1:]
    rows = listed(page)
    assert len(marks) == len(rows) > 5
    assert sorted(mark.partition(" – ")[0] for mark in marks) == sorted(rows)


def test_the_drawing_has_every_dated_event(client: FlaskClient) -> None:
    page = get(client, "/frise")
    total, dated = map(int, re.findall(r"(\d+) événements, dont (\d+) avec une date", page.text)[0])
    assert len(page.all("title")[1:]) == dated
    assert f"{total - dated} événements sans date" in page.text


def test_years_narrow_it(client: FlaskClient) -> None:
    for _, text in get(client, "/frise?de=2012&a=2013").all("tr")[1:]:
        assert re.search(r"\b201[23]\b", text), text
    spanning = get(client, "/frise?de=2020&a=2020")
    assert any("GUEST, février 2019" in name for name in listed(spanning)), "begun before, not over"
    assert not listed(get(client, "/frise?de=1900&a=1901"))


def test_territory_and_kind_narrow_it(client: FlaskClient) -> None:
    page = get(client, "/frise")
    for name in ("territoire", "type"):
        [select] = [at for at, (tag, a) in enumerate(page.elements) if tag == "select" and a.get("name") == name]
        options = []
        for (tag, a), text in zip(page.elements[select + 1 :], page.texts[select + 1 :], strict=True):
            if tag != "option":
                break
            options.append((a["value"], text))
        assert len(options) > 3
        for value, text in options[1:6]:
            count = int(re.findall(r"\((\d+)\)", text)[-1])
            found = get(client, f"/frise?{name}={value}")
            assert len(listed(found)) == min(count, 60), text
            [query] = [link for link in found.links if link.startswith("/sparql?query=")]
            answer = client.get(query, headers={"Accept": "application/sparql-results+json"}, buffered=True)
            rows = answer.get_json(force=True)["results"]["bindings"]
            assert len({row["evenement"]["value"] for row in rows}) == count


def test_inferred_dates_look_inferred(client: FlaskClient) -> None:
    rows = [text for _, text in get(client, "/frise?de=2018&a=2018").all("tr") if "17 octobre" in text]
    assert rows
    assert all("≈ 17 octobre 2018 (déduite)" in text for text in rows)


@pytest.mark.parametrize(
    "query", ["de=abc&a=-1", "page=0", "page=99999", "territoire=%3Cscript%3E", "type=http://x%20y", "a=²"]
)
def test_nonsense_is_no_error(client: FlaskClient, query: str) -> None:
    harmless(get(client, f"/frise?{query}"))


# Drawings on entity pages ---------------------------------------------------------------------------------------


def test_charts_say_what_the_table_says(client: FlaskClient) -> None:
    page = get(client, REGION)
    charts = page.all("figure", class_="chart")
    assert len(charts) >= 5
    cells = " ".join(text for _, text in page.all("td"))
    titles = [text for _, text in page.all("title") if re.search(r"\d", text)]
    for title in titles:
        value = title.rpartition(" – ")[0]
        if re.search(r"[€%]|salariés|associations|établissements", value):
            assert value in cells, value
    assert "Flèche vers le haut" in page.text
    assert "Contour tireté" in page.text
    assert any("environ" in text and "date déduite" in text for _, text in charts)


def test_columns_are_as_high_as_their_values(app: Flask) -> None:
    from ess_graph.query.entity import entity_page

    opened = app.extensions["ess_graph"].opened()
    shown = entity_page(
        "https://w3id.org/ess-graph/id/collectivite/region-grand-est", "fr",
        engine=opened.engine, index=opened.index, display=opened.display, link=str, texts=lambda _: None,
    )  # fmt: skip
    assert shown is not None
    charts = {c.title: c for g in shown.groups for b in g.blocks for c in b.pictures if c.kind == "chart"}
    running, invested = charts["budget ESS, fonctionnement"], charts["budget ESS, investissement"]
    assert [c.dated for c in running.columns] == ["2018", "2022"]
    heights = [c.height for c in (*running.columns, *invested.columns)]
    assert [h / heights[0] for h in heights] == pytest.approx([1, 5.3 / 5.8, 2 / 5.8, 1.5 / 5.8], abs=0.01)
    assert all(len({c.dated for c in chart.columns}) > 1 for chart in charts.values())
    assert "nombre de communes" not in charts, "what does not change needs no drawing"


def test_the_network_shows_those_of_the_table(client: FlaskClient) -> None:
    page = get(client, REGION)
    [(_, drawing)] = page.all("figure", class_="network")
    assert "CRESS Grand Est" in drawing
    names = {text for a, text in page.all("title")}
    linked = {text for a, text in page.all("a") if a.get("href", "").startswith("/page/")}
    partners = names & linked
    assert len(partners) >= 10
    assert "Région Grand Est" not in names, "nobody is their own partner"
