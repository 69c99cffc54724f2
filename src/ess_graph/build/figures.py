"""Figures in words: a number with its hedge and unit, as a French or an English reader writes it."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import cache
from importlib import resources

from rdflib import Literal
from rdflib.term import Node

from ess_graph.engine.base import Engine, Row

#: Thousands and decimal separators; French groups with a narrow no-break space.
_SEPARATORS = {"fr": ("\u202f", ","), "en": (",", ".")}
#: Digits of a number that somebody may read; what says itself shorter stays as it is.
_LONGEST = 30
_BETWEEN = {"fr": "entre {0} et {1}", "en": "between {0} and {1}"}
_COLON = {"fr": "\u00a0: ", "en": ": "}


@dataclass(frozen=True)
class Figure:
    """A figure as pages show it: ``value`` « plus de 202 000 salariés », ``label`` with its indicator before it."""

    iri: str
    lang: str
    value: str
    label: str


def number(lexical: str, lang: str) -> str:
    """``5800000`` as ``5 800 000`` or ``5,800,000``; digits are never dropped or added."""
    try:
        amount = Decimal(lexical)
    except InvalidOperation:
        return lexical
    if not amount.is_finite() or abs(amount.adjusted()) > _LONGEST:
        return lexical
    plain = format(amount, "f")
    group, point = _SEPARATORS[lang]
    whole, dot, decimals = plain.partition(".")
    grouped = f"{int(whole):,}".replace(",", group)
    if whole.startswith("-") and int(whole) == 0:
        grouped = "-" + grouped
    return grouped + (point + decimals if dot else "")


def unit_of(many: str, lexical: str, lang: str) -> str:
    """A unit beside a number: ``personnes`` with ``1`` is ``personne``; as it is where the number is none, or many."""
    try:
        amount = abs(Decimal(lexical))
        single = amount < 2 if lang == "fr" else amount == 1
    except InvalidOperation:  # no number, or one that is not a number
        return many
    return _units()[lang].get(many, many) if single else many


@cache
def _units() -> dict[str, dict[str, str]]:
    return tomllib.loads(resources.files(__package__).joinpath("units.toml").read_text(encoding="utf-8"))


def figures(engine: Engine) -> list[Figure]:
    """Every figure of a release in both languages, in the order of their IRIs."""
    query = resources.files(__package__).joinpath("figures.rq").read_text(encoding="utf-8")
    found: dict[tuple[str, str], dict[str, set[str]]] = {}
    for row in engine.rows(query):
        lang = str(row["lang"])
        parts = found.setdefault((str(row["figure"]), lang), {})
        for name, value in _parts(row).items():
            parts.setdefault(name, set()).add(value)
    return [_figure(iri, lang, parts) for (iri, lang), parts in sorted(found.items())]


def _parts(row: Row) -> dict[str, str]:
    return {name: str(term) for name, term in row.items() if name not in ("figure", "lang") and _said(term)}


def _said(term: Node) -> bool:
    return isinstance(term, Literal)


def _figure(iri: str, lang: str, parts: Mapping[str, set[str]]) -> Figure:
    numbers = {name: sorted(number(v, lang) for v in parts[name]) for name in ("value", "low", "high") if name in parts}
    if "low" in numbers and "high" in numbers:
        amount = _BETWEEN[lang].format(numbers["low"][0], numbers["high"][0])
    else:
        amount = " / ".join(numbers.get("value") or numbers.get("low") or numbers.get("high") or ["?"])
    amounts = [amount for name in ("value", "low", "high") for amount in parts.get(name, ())]
    units = (unit_of(unit, amounts[0] if len(amounts) == 1 else "", lang) for unit in parts.get("unit", ()))
    words = [*sorted(parts.get("hedge", ())), amount, *sorted(units)]
    value = " ".join(words).replace(" €", "\u00a0€").replace(" %", "\u00a0%")
    name = ", ".join(sorted(parts.get("indicator", {iri})))
    slices = sorted({*parts.get("slice", ()), *parts.get("date", ())})
    label = f"{name} ({', '.join(slices)})" if slices else name
    return Figure(iri, lang, value, f"{label}{_COLON[lang]}{value}")
