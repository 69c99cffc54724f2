"""From a spreadsheet to the graph and back, step by step: each step is a query and what it finds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rdflib import Literal, URIRef

from ess_graph.engine.base import Engine, Solutions
from ess_graph.engine.text import with_column
from ess_graph.errors import BadValue
from ess_graph.query import catalogue

#: Names of one list, and characters of one name.
MOST, LONGEST = 50, 200
_SEPARATORS = ";\t,"
#: What people call the column of names.
_HEADS = {"nom", "name", "noms", "names", "collectivité", "collectivite", "organisme"}


@dataclass(frozen=True)
class Step:
    """One step: its name, the query that was run (empty where nothing was), and what it found."""

    key: str
    query: str
    found: Solutions


@dataclass(frozen=True)
class Notebook:
    """The names, the steps from them, and the names that no step found."""

    names: tuple[str, ...]
    steps: tuple[Step, ...]
    unknown: tuple[str, ...]


def names_of(text: str) -> tuple[str, ...]:
    """The names that somebody pasted: lines, or the first column of a table.

    Raises:
        BadValue: there are too many, or one is no name; ``parameter`` says which limit: ``many`` or ``long``.
    """
    found: dict[str, None] = {}
    for line in text.splitlines():
        mark = next((mark for mark in _SEPARATORS if mark in line), "")
        cell = line.split(mark)[0] if mark else line
        name = " ".join(cell.strip().strip('"').split())
        if name and not (not found and name.casefold() in _HEADS):
            found[name] = None
    if len(found) > MOST:
        raise BadValue(f"These are {len(found)} names: give {MOST} at the most.", "many")
    if any(len(name) > LONGEST or not name.isprintable() for name in found):
        raise BadValue(f"A name has more than {LONGEST} characters, or a character that cannot be read.", "long")
    return tuple(found)


def notebook(engine: Engine, given: Sequence[str] = ()) -> Notebook:
    """Every step, from the names given or, without any, from some that this release holds."""
    sample = Step("names", "" if given else _text("names"), Solutions(("nom",), [{"nom": Literal(n)} for n in given]))
    if not given:
        sample = Step("names", sample.query, engine.rows(sample.query))
    names = [Literal(str(row["nom"])) for row in sample.found]
    codes = _step("codes", with_column(_text("codes"), "nom", names), engine)
    things = dict.fromkeys(row["chose"] for row in codes.found if isinstance(row["chose"], URIRef))
    facts = _step("facts", with_column(_text("facts"), "chose", things), engine)
    known = {str(row["nom"]) for row in codes.found}
    plain = tuple(map(str, names))
    return Notebook(plain, (sample, codes, facts), tuple(name for name in plain if name not in known))


def _text(name: str) -> str:
    return catalogue.text(f"notebook/{name}")


def _step(key: str, query: str, engine: Engine) -> Step:
    return Step(key, query, engine.rows(query))
