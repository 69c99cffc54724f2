"""Joins the stages into one Flask application."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterable
from functools import partial
from pathlib import Path

from flask import Flask, Response, g, request, url_for
from werkzeug.middleware.proxy_fix import ProxyFix

from ess_graph.build.in_place import InPlace
from ess_graph.build.recipe import Recipe
from ess_graph.build.release import make_index
from ess_graph.build.writes import Journaled
from ess_graph.engine.base import Backend, Publisher
from ess_graph.engine.local import LocalBackend
from ess_graph.errors import EssGraphError
from ess_graph.judgements import FILE, Judgements
from ess_graph.link.ladder import Ladder
from ess_graph.link.places import FILE as PLACES
from ess_graph.link.places import places
from ess_graph.link.registry import NAMES, more_names, with_more_names
from ess_graph.query.reconcile_entities import Entity
from ess_graph.settings import Settings
from ess_graph.web import (
    addresses,
    api,
    assets,
    atlas,
    codes,
    contribute,
    dataset,
    editor,
    entities,
    exports,
    finding,
    graph_store,
    graphs,
    lists,
    negotiate,
    network,
    notebook,
    pages,
    portraits,
    protocol,
    quality,
    questions,
    reconciliation,
    replies,
    reports,
    search,
    sparql,
    timeline,
    updates,
    versions,
    vocabulary,
)
from ess_graph.web.i18n import plural_key, translator
from ess_graph.web.shortcut import ShortCut
from ess_graph.web.site import Site
from ess_graph.web.tokens import AuditLog, Tokens
from ess_graph.web.writing import Writing

#: Largest request body, in bytes: a query of 1 MiB is already longer than any a person writes.
MAX_BODY = 1024 * 1024


def create_app(settings: Settings, backend: Backend | None = None, recipe: Recipe | None = None) -> Flask:
    """The site and the endpoints over the release published in ``settings.home``.

    Args:
        settings: what the operator set.
        backend: opens stores; Oxigraph's by default.
        recipe: what releases are made from, the project's own data by default; it says what a write may do.
    """
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY
    app.config["MAX_FORM_MEMORY_SIZE"] = MAX_BODY
    app.url_map.strict_slashes = False
    app.config["LOOK"] = _look()
    # Templates sit next to control statements; without this every page is half blank lines.
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    assets.install(app)
    app.jinja_env.globals.update(chosen_by_reader=addresses.chosen_by_reader, onward=addresses.onward)
    chosen = backend or LocalBackend()
    site = Site(settings, chosen, lambda release: make_index(release, settings.root, chosen))
    app.extensions["ess_graph"] = site
    publisher = _publisher(recipe or Recipe(settings.root), settings.home, site)

    @app.before_request
    def choose_language() -> None:
        g.lang = negotiate.language(protocol.asked("lang"), request.headers.get("Accept-Language"))

    @app.context_processor
    def everywhere() -> dict[str, object]:
        lang = g.lang
        other = "en" if lang == "fr" else "fr"
        return {
            "lang": lang,
            "t": translator(lang),
            "plural_key": plural_key,
            "other_lang_url": addresses.here(lang=other),
            "release": _release(site),
            "q": request.args.get("q", "") if request.endpoint == "search.results" else "",
            "urls": {
                "home": url_for("pages.home"),
                "search": url_for("search.results"),
                "explore": url_for("lists.explore"),
                "questions": url_for("questions.listing"),
                "api": url_for("api.about"),
                "sparql": url_for("sparql.sparql"),
                "data": url_for("dataset.data"),
                "changes": url_for("exports.changes"),
                "legal": url_for("dataset.legal"),
                "accessibility": url_for("dataset.accessibility"),
                "about": url_for("pages.about"),
                "quality": url_for("quality.quality"),
                "versions": url_for("versions.listing"),
                "portraits": url_for("portraits.listing"),
                "compare": url_for("portraits.side_by_side"),
                "timeline": url_for("timeline.timeline"),
                "map": url_for("atlas.page_of_map"),
                "network": url_for("network.page_of_network"),
                # For those who may: nobody else is led to a closed door.
                "desk": url_for("contribute.start") if settings.token_file and _has_desk(app) else None,
            },
        }

    @app.url_defaults
    def keep_choices(endpoint: str, values: dict[str, object]) -> None:
        # What was chosen goes along from page to page; a language that the browser prefers need not.
        if endpoint != "static":
            values |= {name: value for name, value in addresses.chosen_by_reader().items() if name not in values}

    app.after_request(replies.finish)
    app.register_error_handler(Exception, replies.on_error)
    for part in (
        api, atlas, codes, dataset, editor, entities, exports, finding, graphs, lists, network, notebook, pages,
        portraits, quality, questions, reports, search, sparql, timeline, versions, vocabulary,
    ):  # fmt: skip
        app.register_blueprint(part.blueprint(site))
    log = AuditLog(settings.audit_log or settings.home / "audit.jsonl")
    tokens = Tokens(settings.token_file)
    writing = Writing(publisher, tokens, log, site)
    app.register_blueprint(reconciliation.blueprint(site, partial(_ladder, settings.root)))
    for door in (updates, graph_store):
        app.register_blueprint(door.blueprint(site, writing))
    if recipe is None or recipe.files is None:
        # Over files of anybody's nothing waits for a curator: links and reports are the project's.
        app.register_blueprint(contribute.blueprint(site, tokens, log))

    @app.get("/sante")
    def health() -> Response:
        return Response(f'{{"status": "ok", "release": "{site.opened().release.id}"}}\n', mimetype="application/json")

    # Flask's own place for what stands around an application.
    app.wsgi_app = ShortCut(app.wsgi_app, site, app.config["LOOK"])  # type: ignore[method-assign]
    if settings.proxies:
        # Who asks, and how, is what the operator's proxies say; of several the last alone says whether it is HTTPS.
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=settings.proxies, x_proto=1)  # type: ignore[method-assign]
    return app


def _ladder(root: Path, things: Iterable[Entity]) -> Ladder:
    """The ladder over the things of a release, with what people judged, bodies that ended, and other places."""
    files = [root / name for name in NAMES]
    elsewhere = [*with_more_names((), files), *places(root / PLACES)]
    return Ladder(things, Judgements(root / FILE), elsewhere, more_names(files)[0])


def _publisher(recipe: Recipe, home: Path, site: Site) -> Publisher:
    """Who carries writes out: on derived graphs by way of the journal and a build, otherwise in place."""
    if not recipe.union:
        return InPlace(home, lambda: site.workers)
    return Journaled(recipe, home, lambda: site.workers, [sys.executable, "-m", "ess_graph.maker"])


def _has_desk(app: Flask) -> bool:
    return "contribute" in app.blueprints


def _look() -> str:
    """A hash over everything that shapes a page beside the data."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parents[1].rglob("*")):
        if path.suffix in {".py", ".rq", ".html", ".toml", ".css", ".js", ".svg", ".ttl"}:
            digest.update(path.read_bytes())
    return digest.hexdigest()


def _release(site: Site) -> dict[str, str] | None:
    try:
        return site.opened().info
    except EssGraphError:  # an error page must not fail because nothing is published
        return None
