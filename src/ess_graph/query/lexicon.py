"""What an editor offers while somebody writes a query: this graph's classes, properties and concepts, in words."""

from __future__ import annotations

from typing import Any

from rdflib import URIRef

from ess_graph.engine.base import Engine
from ess_graph.query import catalogue
from ess_graph.query.index import Index
from ess_graph.vocab import PREFIXES

#: More properties than that are no vocabulary that people complete.
_UNDECLARED = 2000


def lexicon(engine: Engine, index: Index, lang: str) -> dict[str, Any]:
    """Prefixes, and terms as ``[iri, kind, label, meaning, scheme]``, in ``fr`` or ``en``.

    ``kind`` is ``class``, ``property`` or ``concept``; the label falls back to French, meaning and scheme are
    empty where nothing says them.
    """
    kinds: dict[str, str] = {}
    schemes: dict[str, str] = {}
    meanings: dict[str, dict[str, str]] = {}
    for row in engine.rows(catalogue.text("lexicon")):
        term = str(row["term"])
        kinds.setdefault(term, str(row["kind"]))
        if "scheme" in row:
            schemes[term] = str(row["scheme"])
        if "means" in row:
            meanings.setdefault(term, {})[str(row["lang"])] = str(row["means"])
    for row in engine.rows(catalogue.text("predicates"), limit=_UNDECLARED):
        if isinstance(row["term"], URIRef):
            kinds.setdefault(str(row["term"]), "property")
    labels = index.labels({*kinds, *schemes.values()}, lang)
    terms = []
    for term, kind in sorted(kinds.items()):
        said = meanings.get(term, {})
        scheme = schemes.get(term, "")
        terms.append(
            [
                term,
                kind,
                labels.get(term, ("", ""))[0],
                said.get(lang) or said.get("fr") or said.get("") or "",
                labels.get(scheme, (scheme, ""))[0],
            ]
        )
    return {"prefixes": PREFIXES, "terms": terms}
