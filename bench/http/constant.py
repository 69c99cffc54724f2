"""Serves the site as « ess-graph serve » does, and at ``/constant`` an answer that costs nothing: what is compared."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

from flask import Flask, Response

from ess_graph.settings import Settings
from ess_graph.web.app import create_app
from ess_graph.web.server import Server

_ANSWER = (
    b'{"head":{"vars":["o"]},"results":{"bindings":[{"o":{"type":"literal","value":"Grand Est","xml:lang":"fr"}}]}}'
)


def application(settings: Settings) -> Flask:
    """The whole site, its hooks and error handlers included, with one route more."""
    app = create_app(settings)

    @app.get("/constant")
    def constant() -> Response:
        return Response(_ANSWER, mimetype="application/sparql-results+json")

    return app


if __name__ == "__main__":
    port, home = sys.argv[1:]
    settings = replace(Settings.read(), home=Path(home).resolve())
    Server(lambda: application(settings), "127.0.0.1", int(port)).run()
