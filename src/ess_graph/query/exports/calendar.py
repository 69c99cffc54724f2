"""Events as iCalendar (RFC 5545): those whose days are known and, when asked for, the others as spans that say so."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from icalendar import Calendar, Event
from rdflib import URIRef
from rdflib.term import Node

from ess_graph.engine.base import Engine
from ess_graph.folding import fold
from ess_graph.query import catalogue
from ess_graph.query.exports.sources import told
from ess_graph.query.exports.spans import Span, span
from ess_graph.query.index import Index
from ess_graph.query.readers import Reader, iris_of
from ess_graph.vocab import VOC

#: Fills the sentence of a key; see ``web/messages/exports.toml``.
Words = Callable[..., str]

_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_STATUS = {str(VOC["statut/prevu"]): "TENTATIVE", str(VOC["statut/fait"]): "CONFIRMED"}
_PRODUCT = "-//ess-graph//events//FR"


@dataclass(frozen=True)
class EventFacts:
    """What the graph says of one event; ``span`` is None when it has no date."""

    iri: str
    span: Span | None
    concluded: bool
    said: dict[str, list[Node]] = field(default_factory=dict)

    def iris(self) -> set[str]:
        """Everything it names."""
        return {self.iri} | iris_of(term for terms in self.said.values() for term in terms)


@dataclass(frozen=True)
class Events:
    """Events by how well their dates are known."""

    known: list[EventFacts]
    partial: list[EventFacts]
    undated: list[EventFacts]


def events(engine: Engine, only: set[str] | None = None) -> Events:
    """Every event of a release, or those among some IRIs, in the order of their days and names."""
    said: dict[str, dict[str, list[Node]]] = {}
    for row in engine.rows(catalogue.text("exports/events")):
        said.setdefault(str(row["event"]), {}).setdefault(str(row["key"]), []).append(row["value"])
    found = [
        EventFacts(
            iri,
            span((str(v) for v in values.get("start", ())), (str(v) for v in values.get("end", ()))),
            bool(values.get("concluded")),
            values,
        )
        for iri, values in sorted(said.items())
        if only is None or iri in only
    ]
    found.sort(key=lambda event: (str(event.span.first) if event.span else "", event.iri))
    return Events(
        [event for event in found if event.span and event.span.known],
        [event for event in found if event.span and not event.span.known],
        [event for event in found if not event.span],
    )


def among(engine: Engine, relation: str, thing: str) -> set[str]:
    """IRIs of the events of a thing (``of``) or of a territory (``in``)."""
    rows = engine.rows(catalogue.text(f"exports/events_{relation}"), {"thing": URIRef(thing)})
    return {str(row["event"]) for row in rows}


def calendar(
    found: Events, *, name: str, timeline: str, lang: str, t: Words, index: Index,
    page: Callable[[str], str], made: str, with_partial: bool = False,
) -> bytes:  # fmt: skip
    """The events as a calendar.

    Args:
        found: what may stand in it; events without a date never do, those of an unknown day only with ``with_partial``.
        name: its title.
        timeline: address of a page that shows the others.
        lang: ``fr`` or ``en``.
        t: sentences in that language.
        index: labels and sources.
        page: address of the page of an IRI.
        made: when the release was made (ISO), which dates every entry: the same release gives the same bytes.
        with_partial: put events of an unknown day in as spans over all days that they may have been on, with the
            hedge in their titles; no day is ever made up.
    """
    shown = found.known + (found.partial if with_partial else [])
    reader = Reader.over({i for event in shown for i in event.iris()}, lang, index, lambda _: None, lambda _: None)
    made_calendar = Calendar()
    made_calendar.add("prodid", _PRODUCT)
    made_calendar.add("version", "2.0")
    made_calendar.add("calscale", "GREGORIAN")
    key = "with" if with_partial else "without"
    about = t(
        f"calendar.about.{key}", known=len(found.known), partial=len(found.partial), undated=len(found.undated),
        address=timeline,
    )  # fmt: skip
    for said, text in (("name", name), ("x-wr-calname", name), ("description", about), ("x-wr-caldesc", about)):
        made_calendar.add(said, _text(text))
    made_calendar.add("refresh-interval", timedelta(days=1), parameters={"VALUE": "DURATION"})
    stamp = datetime.fromisoformat(made).astimezone(UTC)
    for event in shown:
        made_calendar.add_component(_entry(event, reader, t, page, stamp))
    return bytes(made_calendar.to_ical())


def _entry(event: EventFacts, reader: Reader, t: Words, page: Callable[[str], str], stamp: datetime) -> Event:
    days = event.span
    if days is None:
        raise ValueError(f"{event.iri} has no date")
    title = reader.value(URIRef(event.iri)).text
    if not days.known:
        title = t("calendar.partial", title=title, dates=days.in_words(reader.lang))
    if event.concluded:
        title = t("calendar.concluded", title=title)
    entry = Event()
    # The name of the thing itself: the same event is the same entry, whatever release it comes from.
    entry.add("uid", event.iri)
    entry.add("dtstamp", stamp)
    entry.add("summary", _text(title))
    entry.add("dtstart", days.first)
    # The end of a whole day is the day after, says RFC 5545.
    entry.add("dtend", days.last + timedelta(days=1))
    # A calendar of public events takes nobody's time.
    entry.add("transp", "TRANSPARENT")
    entry.add("url", page(event.iri))
    names = {key: _names(event.said.get(key, ()), reader) for key in ("place", "type", "organizer")}
    if names["place"]:
        entry.add("location", _text(", ".join(names["place"])))
    if names["type"]:
        entry.add("categories", [_text(name) for name in names["type"]])
    states = {_STATUS[str(term)] for term in event.said.get("status", ()) if str(term) in _STATUS}
    if len(states) == 1:
        entry.add("status", states.pop())
    lines = [str(term) for term in event.said.get("description", ())]
    if names["organizer"]:
        lines.append(t("calendar.organizer", names=", ".join(names["organizer"])))
    if not days.known:
        lines.append(t("calendar.partial.note", dates=days.in_words(reader.lang)))
    sources = reader.sources(cited.passage for cited in reader.of_node(event.iri))
    lines += [t("calendar.source", source=source) for source in told(sources, reader.lang)]
    lines.append(page(event.iri))
    entry.add("description", _text("\n".join(lines)))
    return entry


def _names(terms: Iterable[Node], reader: Reader) -> list[str]:
    return sorted({reader.value(term).text for term in terms}, key=fold)


def _text(text: str) -> str:
    """Text without the control characters that iCalendar forbids, each shown as the sign for what is unreadable."""
    return _CONTROLS.sub("\ufffd", text.replace("\r\n", "\n").replace("\r", "\n"))
