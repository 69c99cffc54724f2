"""``/qualite``: what a curator has to do, and nothing that the release does not say."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from ess_graph.query import quality
from ess_graph.releases import Release
from ess_graph.web.app import create_app
from ess_graph.web.i18n import translator
from ess_graph.web.site import Opened

FRENCH = {"Accept": "text/html", "Accept-Language": "fr"}


@pytest.fixture
def opened(app: Flask) -> Opened:
    found: Opened = app.extensions["ess_graph"].opened()
    return found


@pytest.fixture
def curated(opened: Opened) -> quality.Curation:
    return quality.curation(
        "fr", translator("fr"), engine=opened.engine, index=opened.index, link=str, texts=lambda _: None
    )


@pytest.fixture
def text(client: FlaskClient) -> str:
    return client.get("/qualite", headers=FRENCH).get_data(as_text=True)


def ages(opened: Opened, today: date) -> dict[str, quality.Age]:
    found = quality.ages(opened.engine, today, "fr", opened.index, str)
    return {(age.record.iri or "").rpartition("/")[2]: age for age in found}


def test_the_page_answers_in_two_languages(client: FlaskClient) -> None:
    for lang, title in (("fr", "Qualité des données"), ("en", "Data quality")):
        response = client.get(f"/qualite?lang={lang}", headers=FRENCH)
        assert response.status_code == 200
        assert f"<h1>{title}</h1>" in response.get_data(as_text=True)


def test_it_is_not_sent_twice(client: FlaskClient) -> None:
    first = client.get("/qualite", headers=FRENCH)
    assert client.get("/qualite", headers={**FRENCH, "If-None-Match": first.headers["ETag"]}).status_code == 304


def test_a_record_of_an_authority_grows_stale(opened: Opened) -> None:
    name = "region-grand-est-2022#fiche"
    young, old = ages(opened, date(2025, 3, 21))[name], ages(opened, date(2025, 3, 22))[name]
    assert (young.date, young.due, young.inferred) == ("2022-03-22", "2025-03-22", False)
    assert (young.stale, old.stale) == (False, True)


def test_a_partial_date_stays_partial(opened: Opened) -> None:
    name = "annuaire-grand-est#region-grand-est"
    assert not ages(opened, date(2020, 12, 31))[name].stale
    age = ages(opened, date(2021, 1, 1))[name]
    assert (age.date, age.due, age.stale, age.inferred) == ("2018", "2021", True, True)


def test_undated_records_come_first_and_are_not_called_stale(opened: Opened) -> None:
    found = list(ages(opened, date(2030, 1, 1)).values())
    undated = [age for age in found if age.date is None]
    assert undated
    assert found[: len(undated)] == undated
    assert not any(age.stale for age in undated)


def test_only_records_of_authorities_are_to_look_at_again(opened: Opened) -> None:
    others = [age for age in ages(opened, date(2050, 1, 1)).values() if not age.authority]
    assert others
    assert not any(age.stale or age.due for age in others)


def test_every_finding_of_the_release_is_there(opened: Opened, release: Release) -> None:
    report = json.loads((release.folder / "validation.json").read_text(encoding="utf-8"))
    found = quality.findings(release.folder, "fr", opened.index, str)
    assert {severity.key: severity.count for severity in found} == report["counts"]
    assert [severity.key for severity in found] == list(quality.SEVERITIES)
    for severity in found:
        sizes = [len(rule.findings) for rule in severity.rules]
        assert sizes == sorted(sizes, reverse=True)


def test_a_finding_names_its_thing_its_file_and_the_mend(opened: Opened, release: Release) -> None:
    for severity in quality.findings(release.folder, "fr", opened.index, str):
        for rule in severity.rules:
            assert rule.message
            for finding in rule.findings:
                assert finding.file is not None and finding.file.startswith("data/")
                assert finding.thing.url
                assert not finding.thing.text.startswith("http")


def test_messages_follow_the_language(opened: Opened, release: Release) -> None:
    said = [
        {rule.message for s in quality.findings(release.folder, lang, opened.index, str) for rule in s.rules}
        for lang in ("fr", "en")
    ]
    assert not said[0] & said[1]


def test_each_disagreement_shows_both_values_in_words(curated: quality.Curation, text: str) -> None:
    assert curated.conflicts
    sides = [{value.text for value in conflict.sides} for conflict in curated.conflicts]
    assert {"14\u00a0%", "11,4\u00a0%"} in sides
    for conflict in curated.conflicts:
        assert len(conflict.sides) == 2
        assert conflict.reason
        assert all(value.sources for value in conflict.sides)
    assert "14\u00a0%" in text and "11,4\u00a0%" in text


def test_a_pair_shows_once_though_the_property_is_symmetric(curated: quality.Curation) -> None:
    pairs = [frozenset(value.iri for value in conflict.sides) for conflict in curated.conflicts]
    assert len(pairs) == len(set(pairs))


def test_everything_a_curator_wrote_is_on_the_page(opened: Opened, curated: quality.Curation) -> None:
    attested = opened.engine.rows(
        "SELECT ?a WHERE { GRAPH <https://w3id.org/ess-graph/graph/curation> { ?a a ess:Attestation } }"
    )
    shelves = (*curated.notes, *curated.conclusions)
    shown = sum(len(c.statements) for shelf in shelves for c in shelf.conclusions)
    assert shown + len(curated.conflicts) == len(attested)


def test_conclusions_have_reasons_authors_dates_and_passages(curated: quality.Curation) -> None:
    for shelf in (*curated.notes, *curated.conclusions):
        for conclusion in shelf.conclusions:
            assert conclusion.reason and conclusion.author and conclusion.date
            assert conclusion.author.text == "Équipe ess-graph"
    assert all(c.sources for shelf in curated.notes for c in shelf.conclusions)


def test_renamings_have_a_shelf_of_their_own(curated: quality.Curation) -> None:
    first = curated.conclusions[0]
    assert first.name == "Changements de nom"
    told = {(subject.text, value.text) for c in first.conclusions for subject, _, value in c.statements}
    assert ("Grand Est Emploi ESS", "Grand Est Emploi Associatif") in told


def test_every_kind_has_a_name_in_both_languages() -> None:
    for lang in ("fr", "en"):
        assert all(translator(lang)(f"quality.kind.{kind}") for kind in quality.KINDS)


def test_nothing_is_inline_and_ids_are_unique(text: str) -> None:
    assert not re.search(r"<style|<script(?![^>]*src)|\sstyle=|\son\w+=", text)
    ids = re.findall(r'\sid="([^"]+)"', text)
    assert len(ids) == len(set(ids))
    for anchor in re.findall(r'href="#([^"]+)"', text):
        assert anchor in ids


def test_an_empty_release_has_a_page(project: Callable[[], Any]) -> None:
    made = project()
    made.publish("")
    text = create_app(made.settings).test_client().get("/qualite", headers=FRENCH).get_data(as_text=True)
    assert "Rien à signaler." in text
    assert "Aucun désaccord relevé." in text


def test_hostile_words_stay_words(hostile: Flask) -> None:
    response = hostile.test_client().get("/qualite", headers=FRENCH)
    assert response.status_code == 200
    assert not re.search(r"<script(?![^>]*src)|href=\"javascript", response.get_data(as_text=True))


def test_a_conclusion_looks_like_one_wherever_it_stands(client: FlaskClient) -> None:
    """Status of a 2021 event: concluded from the record's date, so neither its table nor its document states it."""
    event = "Webinaire ITIS"
    parts = [f"/page/source/region-grand-est-2022?partie={n}" for n in (1, 2)]
    document = "".join(client.get(path).get_data(as_text=True) for path in parts)
    for path, page in (
        ("/page/programme/demarche-itis", client.get("/page/programme/demarche-itis").get_data(as_text=True)),
        ("the document", document),
    ):
        assert event in page
        assert re.search(r">fait</a>\s*<span class=\"tag concluded\" title=\"[^\"]{10,}", page), path
    # What the text states bears no such mark.
    page = document
    assert re.search(r">Tomblaine</a>\s*</div>", page)
