"""What OpenRefine asks of a reconciliation service, in its own words and order: forms, batches of ten, tallies."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

#: Cells of a batch, of a sample to guess types from, and candidates asked of each of that sample.
BATCH, SAMPLE, GUESSED = 10, 10, 3
FORM = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}


def component(text: str) -> str:
    """What ``encodeURIComponent`` makes of a text."""
    return quote(text, safe="!'()*-._~")


@dataclass
class Cell:
    """A cell with what became of it."""

    text: str
    candidates: list[dict[str, Any]]
    match: dict[str, Any] | None = None


class OpenRefine:
    """A client of one service.

    Args:
        send: sends a request to the server, by path.
        path: the address that the user typed, without the server.
    """

    def __init__(self, send: Callable[..., Any], path: str = "/reconcile") -> None:
        self._send, self._path = send, path
        self.manifest = self._get(path)
        self.batch = min(BATCH, self.manifest.get("batchSize", BATCH))

    def _get(self, address: str) -> Any:
        reply = self._send(_path(address), headers={"Accept": "application/json"})
        assert reply.status == 200, (address, reply.status, reply.text[:300])
        return reply.json

    def _post(self, field: str, content: Any) -> Any:
        body = f"{field}={component(json.dumps(content, ensure_ascii=False))}".encode()
        reply = self._send(self._path, "POST", body=body, headers=FORM)
        assert reply.status == 200, (reply.status, reply.text[:300])
        return reply.json

    def guess_types(self, names: Sequence[str]) -> list[dict[str, Any]]:
        """Types of a column, the likeliest first: those of the first candidates of a sample."""
        sample = list(dict.fromkeys(names))[:SAMPLE]
        answers = self._post("queries", {f"q{n}": {"query": name, "limit": GUESSED} for n, name in enumerate(sample)})
        scores: Counter[str] = Counter()
        types: dict[str, dict[str, Any]] = {}
        for n in range(len(sample)):
            for place, candidate in enumerate(answers[f"q{n}"]["result"]):
                for kind in candidate["type"]:
                    types[kind["id"]] = kind
                    scores[kind["id"]] += GUESSED - place
        return [types[found] for found, _ in scores.most_common()]

    def reconcile(
        self, rows: Sequence[Mapping[str, str]], column: str, kind: str | None, properties: Mapping[str, str]
    ) -> list[Cell]:
        """Reconcile a column, other columns as evidence (column by property), and take what the service is sure of."""
        cells = []
        for start in range(0, len(rows), self.batch):
            batch = rows[start : start + self.batch]
            queries = {f"q{n}": self._query(row, column, kind, properties) for n, row in enumerate(batch)}
            answers = self._post("queries", queries)
            for n, row in enumerate(batch):
                candidates = answers[f"q{n}"]["result"]
                sure = candidates[0] if candidates and candidates[0]["match"] else None
                cells.append(Cell(row[column], candidates, sure))
        return cells

    def _query(
        self, row: Mapping[str, str], column: str, kind: str | None, properties: Mapping[str, str]
    ) -> dict[str, Any]:
        query: dict[str, Any] = {"query": row[column]}
        if kind:
            query |= {"type": kind, "type_strict": "should"}
        given = [{"pid": pid, "v": row[name]} for pid, name in properties.items() if row.get(name)]
        return query | ({"properties": given} if properties else {})

    def suggest(self, kind: str, prefix: str, **more: str) -> list[dict[str, Any]]:
        """What a field completes."""
        service = self.manifest["suggest"][kind]
        address = service["service_url"] + service["service_path"]
        found: list[dict[str, Any]] = self._get(f"{address}?{urlencode({'prefix': prefix, **more})}")["result"]
        return found

    def flyout(self, kind: str, name: str) -> dict[str, Any]:
        """What is shown beside a suggestion."""
        service = self.manifest["suggest"][kind]
        address = service["flyout_service_url"] + service["flyout_service_path"]
        found: dict[str, Any] = self._get(address.replace("${id}", component(name)))
        return found

    def preview(self, name: str) -> Any:
        """The frame that hovering over a candidate opens."""
        address = self.manifest["preview"]["url"].replace("{{id}}", component(name))
        return self._send(_path(address), headers={"Accept": "text/html"})

    def view(self, name: str) -> Any:
        """Where a click on a candidate leads."""
        address = self.manifest["view"]["url"].replace("{{id}}", component(name))
        return self._send(_path(address), headers={"Accept": "text/html"})

    def proposed(self, kind: str) -> list[dict[str, Any]]:
        """Properties that the dialogue « add columns from reconciled values » offers."""
        service = self.manifest["extend"]["propose_properties"]
        address = f"{service['service_url']}{service['service_path']}?{urlencode({'type': kind})}"
        found: list[dict[str, Any]] = self._get(address)["properties"]
        return found

    def extend(self, names: Sequence[str], properties: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """Values of some properties."""
        found: dict[str, Any] = self._post("extend", {"ids": list(names), "properties": list(properties)})
        return found


def _path(address: str) -> str:
    parts = urlsplit(address)
    return parts.path + (f"?{parts.query}" if parts.query else "")
