"""``/frise``: the events of a release that a reader asks for, from its index, a page at a time."""

from __future__ import annotations

import json
from dataclasses import dataclass
from math import ceil

from rdflib import URIRef

from ess_graph.folding import fold
from ess_graph.query.index import Index
from ess_graph.query.readers import Linker, Reader, Texts
from ess_graph.query.timeline import MOST, Happening, Timeline, drawn, in_lines
from ess_graph.query.views import Nature, Row, Value
from ess_graph.vocab import VOC

PER_PAGE = 60
#: Choices of one list, those with most events.
_CHOICES = 300
_PLANNED = {str(VOC[f"statut/{name}"]) for name in ("prevu", "envisage", "previsionnel", "objectif")}

_WANTED = """
SELECT h.iri, h.first FROM happening h WHERE
  (:area IS NULL OR EXISTS (
    SELECT 1 FROM happening_said s WHERE s.event = h.iri AND s.field = 'area' AND s.value = :area))
  AND (:kind IS NULL OR EXISTS (
    SELECT 1 FROM happening_said s WHERE s.event = h.iri AND s.field = 'kind' AND s.value = :kind))
  AND (:since IS NULL OR h.last >= :since) AND (:until IS NULL OR h.first <= :until)
ORDER BY h.sort, h.iri
"""
_CHOICE = "SELECT value, count(*) FROM happening_said WHERE field = ? GROUP BY value ORDER BY 2 DESC, 1 LIMIT ?"
_SPAN = "SELECT min(first), max(last) FROM happening"
_SAID = "SELECT event, field, value FROM happening_said WHERE event IN (SELECT value FROM json_each(?))"


@dataclass(frozen=True)
class Asked:
    """What a reader asks for: a territory and a kind by their IRIs, years from and to, a page from 1."""

    area: str | None = None
    kind: str | None = None
    since: int | None = None
    until: int | None = None
    page: int = 1


@dataclass(frozen=True)
class Option:
    """One choice of a list, with the number of events it has."""

    iri: str
    text: str
    count: int


@dataclass(frozen=True)
class Frise:
    """A page of events as rows (date, event, kind, place, state); the first has the drawing of all that are dated.

    Attributes:
        total: events that were asked for; ``dated`` have a date.
        years: first and last year of the whole release, None where nothing is dated.
    """

    picture: Timeline | None
    rows: tuple[Row, ...]
    total: int
    dated: int
    page: int
    pages: int
    areas: tuple[Option, ...]
    kinds: tuple[Option, ...]
    years: tuple[int, int] | None


def frise(asked: Asked, title: str, lang: str, *, index: Index, link: Linker, texts: Texts) -> Frise:
    """The events that were asked for, in the order of their dates, those without one last."""
    wanted = {"area": asked.area, "kind": asked.kind, "since": asked.since, "until": asked.until}
    every = index.select(_WANTED, wanted)
    pages = max(1, ceil(len(every) / PER_PAGE))
    page = min(max(asked.page, 1), pages)
    events = [str(iri) for iri, _ in every[(page - 1) * PER_PAGE : page * PER_PAGE]]
    dated = [str(iri) for iri, year in every if year is not None]
    marked = dated[-MOST:] if page == 1 else []
    said: dict[str, dict[str, list[str]]] = {event: {} for event in (*events, *marked)}
    for event, field, value in index.select(_SAID, (json.dumps(list(said)),)):
        said[event].setdefault(field, []).append(value)
    named = {value for fields in said.values() for values in fields.values() for value in values}
    reader = Reader.over({*said, *named}, lang, index, link, texts)
    picture = drawn([_happening(event, said[event], reader) for event in marked], title, lang, fewest=1)
    [(first, last)] = index.select(_SPAN)
    return Frise(
        picture=picture and picture.among(len(every), len(dated)),
        rows=tuple(_row(event, said[event], reader) for event in events),
        total=len(every),
        dated=len(dated),
        page=page,
        pages=pages,
        areas=_options("area", lang, index),
        kinds=_options("kind", lang, index),
        years=None if first is None else (first, last),
    )


def _happening(event: str, fields: dict[str, list[str]], reader: Reader) -> Happening:
    starts = tuple(fields.get("start", ())) or tuple(fields.get("inferred", ()))
    return Happening(
        reader.value(URIRef(event)),
        starts,
        tuple(fields.get("end", ())),
        inferred="start" not in fields and bool(starts),
        planned=bool(_PLANNED.intersection(fields.get("state", ()))),
    )


def _row(event: str, fields: dict[str, list[str]], reader: Reader) -> Row:
    told = _happening(event, fields, reader)
    words = in_lines(told.starts, told.ends, reader.lang)
    kind = Nature.CONCLUDED if told.inferred else Nature.STATED
    cited = reader.of_node(event)
    return Row(
        cells=(
            (Value(words, nature=kind),) if words else (),
            (told.value,),
            *(tuple(_named(value, reader) for value in fields.get(name, ())) for name in ("kind", "place", "state")),
        ),
        sources=reader.sources(c.passage for c in cited),
    )


def _named(value: str, reader: Reader) -> Value:
    """A value of the index: an IRI that has a name, else text."""
    return reader.value(URIRef(value)) if value in reader.labels else Value(value)


def _options(field: str, lang: str, index: Index) -> tuple[Option, ...]:
    counted = index.select(_CHOICE, (field, _CHOICES))
    labels = index.labels({value for value, _ in counted}, lang)
    named = [Option(value, labels[value][0], count) for value, count in counted if value in labels]
    return tuple(sorted(named, key=lambda option: fold(option.text)))
