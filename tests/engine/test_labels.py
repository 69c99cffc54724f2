"""Labels of blank nodes between the operations of an update: what SPARQL 1.1 (19.6) refuses, and what it does not."""

from __future__ import annotations

import pytest

from ess_graph.engine import update
from ess_graph.errors import BadQuery

TEMPLATE = "INSERT { _:b <urn:p> ?o } WHERE { ?s <urn:p> ?o }"
DATA = "INSERT DATA { _:b <urn:p> 1 }"
WHERE = "INSERT { <urn:s> <urn:p> ?o } WHERE { _:b <urn:p> ?o }"


@pytest.mark.parametrize("text", [f"{TEMPLATE} ; {TEMPLATE}", f"{TEMPLATE} ; {DATA}", f"{DATA} ; {WHERE}"])
def test_a_label_of_a_template_is_free(text: str) -> None:
    assert len(update.read(text)) == 2


@pytest.mark.parametrize("text", [f"{DATA} ;\n{DATA}", f"{WHERE} ;\n{TEMPLATE} ;\n{WHERE}"])
def test_a_label_of_data_or_of_a_pattern_is_one_operations(text: str) -> None:
    with pytest.raises(BadQuery, match="_:b is another operation's") as refused:
        update.read(text)
    assert refused.value.line == text.count("\n") + 1
