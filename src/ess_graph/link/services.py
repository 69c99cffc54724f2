"""The outside services: what each one is called, and how it is asked about a batch of things."""

from __future__ import annotations

import csv
import io
import json
import re
import secrets
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from urllib.parse import urlencode

from rdflib import Literal, URIRef
from rdflib.namespace import XSD
from werkzeug.datastructures import Headers
from werkzeug.sansio.multipart import Data, Epilogue, Field, File, MultipartEncoder, Preamble

from ess_graph.errors import NotFound

#: What a SPARQL service is asked for.
RESULTS = "application/sparql-results+json"
_BOX = re.compile(r"[\s,–-]*\b(?:BP|B\.P\.|CS|TSA)\s?\d[\d ]*", re.IGNORECASE)
_CEDEX = re.compile(r"\s+cedex\b.*", re.IGNORECASE)


@dataclass(frozen=True)
class Service:
    """A service as ``services.toml`` describes it; ``codes`` is how it calls schemes of codes."""

    name: str
    title: str
    publisher: str
    address: str
    licence: str
    endpoint: str
    batch: int
    pause: float
    codes: Mapping[str, str]

    @property
    def query(self) -> str:
        """The query that it is asked; empty for the geocoder, which takes a table."""
        return "" if self.name == "geocoder" else _query(self.name)


@dataclass(frozen=True)
class Subject:
    """What a service is asked about.

    Attributes:
        key: of a register (``siren:246700488``, ``insee:commune:67482``); for an address, what is asked, as JSON.
        street, postcode, town, commune: of an address; ``commune`` is its INSEE code, empty where nobody says it.
    """

    key: str
    street: str = ""
    postcode: str = ""
    town: str = ""
    commune: str = ""


@cache
def services() -> dict[str, Service]:
    """The services, by name."""
    found = tomllib.loads(resources.files(__package__).joinpath("services.toml").read_text(encoding="utf-8"))
    return {name: Service(name, **said) for name, said in found.items()}


def service(name: str) -> Service:
    """The service of a name.

    Raises:
        NotFound: there is none.
    """
    if name not in services():
        raise NotFound(f"« {name} » is no known service: use one of {', '.join(services())}.")
    return services()[name]


def address(street: str, postcode: str, town: str, commune: str) -> Subject:
    """What is asked about an address: without post-office boxes, which are nowhere, and their special postcodes."""
    plain = _CEDEX.sub("", town).strip()
    known = {
        "street": _BOX.sub("", street).strip(" ,–-"),
        "postcode": postcode if plain == town.strip() else "",
        "town": plain,
        "commune": commune,
    }
    return Subject(json.dumps(known, ensure_ascii=False), **known)


def question(asked: Service, subjects: Sequence[Subject]) -> tuple[bytes, dict[str, str]]:
    """Body and headers of the request about some things."""
    if asked.name == "geocoder":
        return _table(subjects)
    # The terms are written by the library, into the one place that the query keeps for them.
    rows = "\n    ".join(f"({scheme.n3()} {code.n3()})" for s in subjects for scheme, code in codes(asked, s.key))
    text = asked.query.replace("{ }", f"{{\n    {rows}\n  }}", 1)
    # As a form, which every endpoint takes, the older ones too.
    return urlencode({"query": text}).encode(), {
        "Accept": RESULTS,
        "Content-Type": "application/x-www-form-urlencoded",
    }


@cache
def _query(name: str) -> str:
    return resources.files(__package__).joinpath(f"{name}.rq").read_text(encoding="utf-8")


def codes(asked: Service, key: str) -> list[tuple[URIRef, Literal]]:
    """How a service calls the code of a key: the scheme, and each way in which it may write the code."""
    scheme, _, code = key.removeprefix("insee:").rpartition(":")
    named = URIRef(asked.codes[scheme])
    plain = Literal(code)
    # INSEE declares its codes tokens, and has written them as plain texts too.
    return [(named, plain), (named, Literal(code, datatype=XSD.token))] if asked.name == "insee" else [(named, plain)]


def _table(subjects: Sequence[Subject]) -> tuple[bytes, dict[str, str]]:
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(("id", "adresse", "ville", "code_postal", "insee"))
    for at, s in enumerate(subjects):
        rows.writerow((at, s.street, s.town, s.postcode, s.commune))
    boundary = secrets.token_hex(16)
    encoder = MultipartEncoder(boundary.encode())
    body = encoder.send_event(Preamble(data=b""))
    for name, value in (
        ("columns", "adresse"),
        ("columns", "ville"),
        ("postcode", "code_postal"),
        ("citycode", "insee"),
    ):
        body += encoder.send_event(Field(name=name, headers=_headers())) + encoder.send_event(
            Data(data=value.encode(), more_data=False)
        )
    body += encoder.send_event(File(name="data", filename="adresses.csv", headers=_headers("text/csv")))
    body += encoder.send_event(Data(data=text.getvalue().encode(), more_data=False))
    body += encoder.send_event(Epilogue(data=b""))
    return body, {"Accept": "text/csv", "Content-Type": f"multipart/form-data; boundary={boundary}"}


def _headers(kind: str = "") -> Headers:
    return Headers({"Content-Type": kind} if kind else {})
