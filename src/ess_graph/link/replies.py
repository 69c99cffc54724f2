"""Reads what outside services answer: whole, about what was asked, and nothing that is not of its kind."""

from __future__ import annotations

import csv
import io
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from urllib.parse import urlsplit

from rdflib import Literal, URIRef
from rdflib.query import Result, ResultException
from rdflib.term import Node

from ess_graph.errors import RemoteFailed
from ess_graph.link.kept import Record, Said
from ess_graph.link.services import RESULTS, Service, Subject, codes
from ess_graph.outgoing import Answer
from ess_graph.vocab import INSEE, WIKIDATA, WIKIPEDIA

#: What a geocoder is sure enough of to be shown.
LEAST = 0.7
_VARIABLES = {"scheme", "code", "thing", "said", "value", "when"}
_POINT = re.compile(r"Point\((-?\d{1,3}(?:\.\d+)?) (-?\d{1,3}(?:\.\d+)?)\)", re.IGNORECASE)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_COUNT = re.compile(r"\+?(\d{1,10})(?:\.0+)?")
_THING = {
    "wikidata": re.compile(re.escape(str(WIKIDATA)) + r"Q[1-9]\d{0,11}"),
    "insee": re.compile(re.escape(str(INSEE)) + r"[A-Za-z]+/[A-Za-z0-9-]{1,60}"),
}
#: A text longer than this is no name and no address.
_LONGEST = 500
#: What readers raise for what they cannot read, however odd.
_MALFORMED = (
    ValueError, LookupError, TypeError, AttributeError, csv.Error, ResultException, NotImplementedError, RecursionError,
)  # fmt: skip
#: What the geocoder says of a row; half a word is that of an answer that was cut.
_STATUSES = ("ok", "not-found", "skipped")
#: Three towns are asked for by their own code and answered by that of a district.
_DISTRICTS = {"75056": "751", "13055": "132", "69123": "6938"}


def read(asked: Service, subjects: Sequence[Subject], answer: Answer) -> dict[str, list[Record]]:
    """What an answer says, by key.

    Raises:
        RemoteFailed: it is of another kind, cut, malformed, or about what was not asked; nothing of it is used.
    """
    try:
        if asked.name == "geocoder":
            return _positions(subjects, answer)
        return _things(asked, subjects, answer)
    except _MALFORMED as error:
        raise RemoteFailed(
            f"{answer.address} did not answer what was asked: {str(error)[:200]}. Nothing of this answer is used;"
            " run the command again later."
        ) from error


def _things(asked: Service, subjects: Sequence[Subject], answer: Answer) -> dict[str, list[Record]]:
    if answer.kind not in (RESULTS, "application/json"):
        raise ValueError(f"it is {answer.kind}, not {RESULTS}")
    found = Result.parse(io.BytesIO(answer.body), format="json")
    if found.type != "SELECT" or {str(name) for name in found.vars or ()} != _VARIABLES:
        raise ValueError("its columns are others")
    keys = {(str(scheme), str(code)): s.key for s in subjects for scheme, code in codes(asked, s.key)}
    said: dict[str, dict[str, list[Said]]] = {s.key: defaultdict(list) for s in subjects}
    for row in found.bindings:
        cells = {str(name): term for name, term in row.items()}
        key = keys.get((str(cells["scheme"]), str(cells["code"])))
        thing = str(cells["thing"])
        if key is None or not isinstance(cells["thing"], URIRef) or not _THING[asked.name].fullmatch(thing):
            raise ValueError(f"it is about {cells['code']} and {thing}")
        for one in _read_cell(str(cells["said"]), cells["value"], cells.get("when")):
            if one not in said[key][thing]:
                said[key][thing].append(one)
    return {
        key: [Record(thing, tuple(sorted(_clear(told), key=_order))) for thing, told in sorted(things.items())]
        for key, things in said.items()
    }


def _clear(told: list[Said]) -> list[Said]:
    """Of several counts the latest, and of several points none: nobody can tell which is meant."""
    kept = [said for said in told if said.what not in ("population", "point")]
    points = [said for said in told if said.what == "point"]
    counts = [said for said in told if said.what == "population"]
    newest = [said for said in counts if said.when == max(count.when for count in counts)]
    return [*kept, *(points if len(points) == 1 else ()), *(newest if len(newest) == 1 else ())]


def _order(said: Said) -> tuple[str, str, str]:
    return said.what, said.lang, said.value


def _read_cell(what: str, value: Node, when: Node | None) -> Iterable[Said]:
    """What one row says; a value that is not of its kind is left out, for others write these and anybody may err."""
    return _CELLS[what](value, when) if what in _CELLS else []


def _name(value: Node, when: Node | None) -> list[Said]:
    text = " ".join(str(value).split())
    fine = isinstance(value, Literal) and text.isprintable() and 0 < len(text) <= _LONGEST
    return [Said("name", text, str(getattr(value, "language", None) or "fr"))] if fine else []


def _website(value: Node, when: Node | None) -> list[Said]:
    return [Said("website", str(value))] if web_address(str(value)) else []


def _article(value: Node, when: Node | None) -> list[Said]:
    return [Said("article", str(value))] if str(value).startswith(str(WIKIPEDIA)) else []


def _coordinates(value: Node, when: Node | None) -> list[Said]:
    found = _POINT.fullmatch(str(value))
    return _place(found[2], found[1]) if found else []


def _population(value: Node, when: Node | None) -> list[Said]:
    found = _COUNT.fullmatch(str(value))
    counted = _DAY.match(str(when)) if when is not None else None
    # A count is of the first of January: what counts is its year.
    return [Said("population", found[1], when=counted[0][:4] if counted else "")] if found else []


def _date(what: str) -> Callable[[Node, Node | None], list[Said]]:
    def read_date(value: Node, when: Node | None) -> list[Said]:
        found = _DAY.match(str(value))
        return [Said(what, found[0])] if found else []

    return read_date


def _place(latitude: str, longitude: str) -> list[Said]:
    fine = abs(float(latitude)) <= 90 and abs(float(longitude)) <= 180
    return [Said("point", f"{latitude} {longitude}")] if fine else []


_CELLS: dict[str, Callable[[Node, Node | None], Iterable[Said]]] = {
    "name": _name, "website": _website, "coordinates": _coordinates, "population": _population, "article": _article,
    "created": _date("created"), "ended": _date("ended"),
}  # fmt: skip


def web_address(text: str) -> bool:
    """Whether a text is an http(s) address that can stand as an IRI."""
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    clean = text.isprintable() and not set(text) & set(' \\"<>^`{|}') and len(text) <= _LONGEST
    return clean and parts.scheme in ("http", "https") and bool(parts.hostname)


def _positions(subjects: Sequence[Subject], answer: Answer) -> dict[str, list[Record]]:
    if answer.kind not in ("text/csv", "application/csv"):
        raise ValueError(f"it is {answer.kind}, not text/csv")
    rows = list(csv.DictReader(io.StringIO(answer.body.decode("utf-8-sig")), strict=True))
    if [row["id"] for row in rows] != [str(at) for at in range(len(subjects))]:
        raise ValueError(f"it has {len(rows)} rows, or others, where {len(subjects)} were asked for")
    return {s.key: _position(s, row) for s, row in zip(subjects, rows, strict=True)}


def _position(s: Subject, row: Mapping[str, str]) -> list[Record]:
    """Where an address is: nowhere, when the geocoder is not sure, or sure of another town."""
    status, label, town = row["result_status"], " ".join(row["result_label"].split()), row["result_citycode"]
    if status not in _STATUSES:
        raise ValueError(f"its row « {s.street}, {s.town} » ends with « {status} »")
    if status != "ok" or not row["result_score"]:
        return []
    score = float(row["result_score"])
    same = not s.commune or town == s.commune or town.startswith(_DISTRICTS.get(s.commune, "-"))
    place = _place(row["latitude"], row["longitude"])
    if not (LEAST <= score <= 1 and same and place and label.isprintable() and len(label) <= _LONGEST):
        return []
    return [Record("", (*place, Said("matched", label, "fr"), Said("score", f"{score:.2f}")))]
