"""Figures in words: their units agree with their numbers, in each language's own way."""

from __future__ import annotations

from pathlib import Path

import pytest
from rdflib import Graph, Literal

from ess_graph.build.figures import unit_of
from ess_graph.vocab import SCHEMA

#: Units that are the same for one and for many, or abbreviations.
INVARIABLE = {"€", "%", "km²", "ETP", "FTE", "€ par an", "€ a year", "ETP par an", "FTE a year", "mois", "SCIC",
              "invited", "€ raised per €1"}  # fmt: skip


@pytest.mark.parametrize(
    ("number", "lang", "unit", "said"),
    [
        ("1", "fr", "personnes", "personne"), ("1", "en", "people", "person"),
        ("1.0", "fr", "emplois", "emploi"), ("0", "fr", "coopératives", "coopérative"),
        ("0", "en", "cooperatives", "cooperatives"), ("1.5", "fr", "emplois", "emploi"), ("1.5", "en", "jobs", "jobs"),
        ("2", "fr", "personnes", "personnes"), ("1000", "en", "people", "people"), ("1", "fr", "mois", "mois"),
        ("", "fr", "personnes", "personnes"), ("NaN", "fr", "personnes", "personnes"), ("1", "fr", "<b>", "<b>"),
        ("sNaN", "en", "people", "people"), ("-1", "fr", "emplois", "emploi"), ("1e999999", "fr", "ans", "ans"),
    ],
)  # fmt: skip
def test_a_unit_agrees_with_its_number(number: str, lang: str, unit: str, said: str) -> None:
    assert unit_of(unit, number, lang) == said


def test_every_unit_of_the_vocabulary_has_a_form_for_one(root: Path) -> None:
    """A new indicator whose unit changes with its number needs a line in build/units.toml."""
    vocabulary = Graph().parse(root / "ontology" / "voc" / "indicateur.ttl")
    units = {value for value in vocabulary.objects(None, SCHEMA.unitText) if isinstance(value, Literal)}
    assert len(units) > 100
    missing = {str(unit) for unit in units if unit_of(str(unit), "1", str(unit.language)) == str(unit)}
    assert missing - INVARIABLE == set()
