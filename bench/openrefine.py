"""Takes a table through a real OpenRefine that runs already, with our service: guess types, reconcile, extend, export.

    python -m bench.openrefine http://127.0.0.1:3333 http://127.0.0.1:8000/reconcile

OpenRefine is in Debian (openrefine), or comes from openrefine.org; « refine -x refine.headless=true » opens no window.
"""

from __future__ import annotations

import json
import sys
import time
import uuid
from typing import Any
from urllib.parse import urlencode
from urllib.request import HTTPRedirectHandler, Request, build_opener

from bench.reconcile import names

TABLE = """nom,siren
CUS,246700488
Grand Dijon,
m2A,
Eurometropol de Strasbourg,
Région Grand Est,
Ville de Nevers,215801945
Plaine Commune,
Conseil départemental des Ardennes,
Saint-Denis,
Commune imaginaire,
"""


class Kept(HTTPRedirectHandler):
    """Shows where a redirect leads instead of following it."""

    def redirect_request(self, *_: Any) -> None:
        """Follow nothing."""


class Refine:
    """The commands of one OpenRefine."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.project = ""

    def ask(self, command: str, query: dict[str, str] | None = None, form: dict[str, str] | None = None) -> Any:
        """What a command answers."""
        asked = dict(query or {}) | ({"project": self.project} if self.project else {})
        if form is not None:
            asked["csrf_token"] = json.loads(self._open(f"{self.address}/command/core/get-csrf-token"))["token"]
        body = None if form is None else urlencode(form).encode()
        return json.loads(self._open(f"{self.address}/command/core/{command}?{urlencode(asked)}", body))

    def _open(self, address: str, body: bytes | None = None, kind: str = "application/x-www-form-urlencoded") -> str:
        with build_opener().open(Request(address, body, {"Content-Type": kind})) as reply:
            return str(reply.read().decode())

    def create(self, table: str) -> None:
        """A project out of a CSV text."""
        mark = uuid.uuid4().hex
        parts = [("project-name", ""), ("format", ""), ("project-file", '; filename="table.csv"')]
        values = ["reconcile", "text/line-based/*sv", table]
        body = "".join(
            f'--{mark}\r\nContent-Disposition: form-data; name="{name}"{more}\r\n\r\n{value}\r\n'
            for (name, more), value in zip(parts, values, strict=True)
        )
        token = json.loads(self._open(f"{self.address}/command/core/get-csrf-token"))["token"]
        address = f"{self.address}/command/core/create-project-from-upload?{urlencode({'csrf_token': token})}"
        request = Request(
            address, f"{body}--{mark}--\r\n".encode(), {"Content-Type": f"multipart/form-data; boundary={mark}"}
        )
        try:
            with build_opener(Kept()).open(request) as reply:
                sys.exit(f"No project was made: {reply.read()[:500]!r}")
        except OSError as error:
            self.project = str(error.headers["Location"]).rpartition("=")[2]  # type: ignore[attr-defined]

    def done(self) -> None:
        """Wait for what takes time."""
        while self.ask("get-processes")["processes"]:
            time.sleep(0.2)

    def rows(self) -> list[dict[str, Any]]:
        """The rows, with what became of their cells."""
        found: list[dict[str, Any]] = self.ask("get-rows", {"start": "0", "limit": "100"})["rows"]
        return found


def many(refine: Refine, service: str, config: dict[str, Any]) -> None:
    """How long OpenRefine takes for 1,000 names."""
    asked = names()
    refine.project = ""
    refine.create("nom\n" + "\n".join(f'"{name}"' for name in asked) + "\n")
    start = time.perf_counter()
    refine.ask("reconcile", None, {"columnName": "nom", "config": json.dumps(config), "engine": "{}"})
    refine.done()
    taken = time.perf_counter() - start
    recons = refine.ask("get-rows", {"start": "0", "limit": "2000"})["pool"]["recons"].values()
    matched = sum(recon["j"] == "matched" for recon in recons)
    print(f"{len(asked)} names: {taken:.1f} s, {matched} cells matched")
    refine.ask("delete-project", None, {})


def main(address: str, service: str) -> None:
    """Print what each step gives."""
    refine = Refine(address)
    print(refine.ask("get-version")["full_name"])
    manifest = json.loads(refine._open(service))
    refine.create(TABLE)
    types = refine.ask("guess-types-of-column", {"columnName": "nom", "service": service}, {})
    if types.get("code") != "ok":
        sys.exit(f"Types cannot be guessed: {types}")
    print("types:", [(each["name"], each["count"], round(each["score"], 1)) for each in types["types"]][:4])
    best = types["types"][0]
    config = {
        "mode": "standard-service", "service": service, "identifierSpace": manifest["identifierSpace"],
        "schemaSpace": manifest["schemaSpace"], "type": {"id": best["id"], "name": best["name"]}, "autoMatch": True,
        "columnDetails": [{"column": "siren", "propertyName": "SIREN", "propertyID": "ess:siren"}],
    }  # fmt: skip
    refine.ask("reconcile", None, {"columnName": "nom", "config": json.dumps(config), "engine": "{}"})
    refine.done()
    recons = refine.ask("get-rows", {"start": "0", "limit": "100"})["pool"]["recons"]
    for row in refine.rows():
        cell = row["cells"][0]
        recon = recons[str(cell["r"])]
        told = (
            recon["m"]["id"] if recon["j"] == "matched" else [(c["name"], c["score"]) for c in recon.get("c", [])[:2]]
        )
        print(f"  {cell['v']}: {recon['j']} {told}")
    wanted = ("ess:siren", "ess:territoire", "voc/indicateur/population", "dispositifs")
    extension = {"properties": [{"id": each, "name": each, "settings": {"limit": 1}} for each in wanted]}
    columns = {
        "baseColumnName": "nom", "endpoint": service, "identifierSpace": manifest["identifierSpace"],
        "schemaSpace": manifest["schemaSpace"], "columnInsertIndex": "1",
    }  # fmt: skip
    refine.ask("extend-data", columns, {"engine": "{}", "extension": json.dumps(extension)})
    refine.done()
    for row in refine.rows():
        print("  ", [cell["v"] if cell else None for cell in row["cells"]])
    refine.ask("delete-project", None, {})
    many(refine, service, config | {"type": None, "columnDetails": []})


if __name__ == "__main__":
    main(*sys.argv[1:])
