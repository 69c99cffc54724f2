"""Joins the stages into one Flask application."""

from __future__ import annotations

import hashlib
from pathlib import Path
from urllib.parse import urlencode

from flask import Flask, Response, g, request, url_for

from ess_graph.engine.base import Backend
from ess_graph.engine.local import LocalBackend
from ess_graph.errors import EssGraphError
from ess_graph.settings import Settings
from ess_graph.web import codes, entities, negotiate, pages, quality, replies, sparql, versions
from ess_graph.web.i18n import translator
from ess_graph.web.site import Site

#: Largest request body, in bytes: a query of 1 MiB is already longer than any a person writes.
MAX_BODY = 1024 * 1024


def create_app(settings: Settings, backend: Backend | None = None) -> Flask:
    """The site and the endpoints over the release published in ``settings.home``."""
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY
    app.config["MAX_FORM_MEMORY_SIZE"] = MAX_BODY
    app.url_map.strict_slashes = False
    app.config["LOOK"] = _look()
    # Templates sit next to control statements; without this every page is half blank lines.
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    site = Site(settings, backend or LocalBackend())
    app.extensions["ess_graph"] = site

    @app.before_request
    def choose_language() -> None:
        g.lang = negotiate.language(request.args.get("lang"), request.headers.get("Accept-Language"))

    @app.context_processor
    def everywhere() -> dict[str, object]:
        lang = g.lang
        other = "en" if lang == "fr" else "fr"
        arguments = {**request.args.to_dict(), "lang": other}
        return {
            "lang": lang,
            "t": translator(lang),
            "other_lang_url": f"{request.path}?{urlencode(arguments)}",
            "release": _release(site),
            "q": request.args.get("q", "") if request.endpoint == "pages.search" else "",
            "urls": {
                "home": url_for("pages.home"),
                "search": url_for("pages.search"),
                "explore": url_for("pages.explore"),
                "sparql": url_for("sparql.sparql"),
                "data": url_for("pages.about", _anchor="donnees"),
                "about": url_for("pages.about"),
                "quality": url_for("quality.quality"),
                "versions": url_for("versions.listing"),
            },
        }

    @app.url_defaults
    def keep_language(endpoint: str, values: dict[str, object]) -> None:
        # A language that was chosen goes along from page to page; one that the browser prefers need not.
        if endpoint != "static" and request.args.get("lang") == g.get("lang") and "lang" not in values:
            values["lang"] = g.lang

    app.after_request(replies.finish)
    app.register_error_handler(Exception, replies.on_error)
    app.register_blueprint(pages.blueprint(site))
    app.register_blueprint(sparql.blueprint(site))
    app.register_blueprint(entities.blueprint(site))
    app.register_blueprint(quality.blueprint(site))
    app.register_blueprint(versions.blueprint(site))
    app.register_blueprint(codes.blueprint(site))

    @app.get("/sante")
    def health() -> Response:
        return Response(f'{{"status": "ok", "release": "{site.opened().release.id}"}}\n', mimetype="application/json")

    return app


def _look() -> str:
    """A hash over everything that shapes a page beside the data."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parents[1].rglob("*")):
        if path.suffix in {".py", ".rq", ".html", ".toml", ".css", ".js", ".svg"}:
            digest.update(path.read_bytes())
    return digest.hexdigest()


def _release(site: Site) -> dict[str, str] | None:
    try:
        return site.opened().info
    except EssGraphError:  # an error page must not fail because nothing is published
        return None
