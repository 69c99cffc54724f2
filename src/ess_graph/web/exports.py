"""Spreadsheets, calendar, map, feed and JSON-LD context: the graph for the programs that people already use."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, g, request, url_for
from rdflib import URIRef
from werkzeug.exceptions import BadRequest, NotFound

from ess_graph import releases
from ess_graph.query import catalogue, lists
from ess_graph.query.exports import calendar, cells, feed, geo
from ess_graph.query.exports.cells import Dialect
from ess_graph.query.exports.class_table import Source, table
from ess_graph.vocab import BASE
from ess_graph.web import negotiate
from ess_graph.web.i18n import translator
from ess_graph.web.replies import Streamed, cacheable, client_has_it, page
from ess_graph.web.site import Opened, Site

#: What ``format=`` of a table may say.
DIALECTS = {"standard": cells.STANDARD, "tableur": cells.SPREADSHEET}
_LICENCE = "Licence Ouverte 2.0"
_TRUE = ("1", "oui", "yes", "true")


def blueprint(site: Site) -> Blueprint:
    """The routes of exports."""
    routes = Blueprint("exports", __name__)

    @routes.get("/explorer/<kind>.csv")
    def table_of(kind: str) -> Response:
        opened = site.opened()
        shown = lists.of_slug(opened.display, kind)
        if shown is None or not opened.index.counts().get(shown.target):
            raise NotFound(translator(g.lang)("error.kind", name=kind[:80]))
        dialect = _dialect()
        things = lists.iris(opened.index, opened.display, shown.target, request.args, g.lang)
        rows = table(shown, things, g.lang, dialect, Source(opened.engine, opened.index, linker(site)))
        return _csv(rows, dialect, kind, opened, site)

    @routes.get("/evenements.ics")
    def events() -> Response:
        opened = site.opened()
        t = translator(g.lang)
        only, about = _chosen(opened)
        partial = _flag("partielles")
        name = t("calendar.name.of", name=about) if about else t("calendar.name")
        timeline = site.absolute(url_for("timeline.timeline"))
        body = calendar.calendar(
            calendar.events(opened.engine, only), name=name, timeline=timeline, lang=g.lang, t=t, index=opened.index,
            page=linker(site), made=str(opened.release.manifest["created"]), with_partial=partial,
        )  # fmt: skip
        response = Response(body, content_type="text/calendar; charset=utf-8")
        response.headers["Content-Disposition"] = 'inline; filename="ess-graph.ics"'
        return _tagged(response, opened, site)

    @routes.get("/carte.geojson")
    def places() -> Response:
        opened = site.opened()
        about = {"release": opened.release.id, "license": _LICENCE, "attribution": "ess-graph"}
        body = geo.features(opened.engine, opened.index, g.lang, linker(site), about)
        return _tagged(Response(body, content_type="application/geo+json"), opened, site)

    @routes.get("/changements.atom")
    def changes_feed() -> Response:
        opened = site.opened()
        own, html = (site.absolute(url_for(f"exports.{name}")) for name in ("changes_feed", "changes"))
        body = feed.atom(
            updates(opened, site), lang=g.lang, t=translator(g.lang), own=own, page=html, base=site.absolute()
        )  # fmt: skip
        return _tagged(Response(body, content_type="application/atom+xml; charset=utf-8"), opened, site)

    @routes.get("/changements")
    def changes() -> Response:
        opened = site.opened()
        shown = updates(opened, site)
        t = translator(g.lang)
        response = page("changes.html", updates=[(update, feed.headline(update, t)) for update in shown])
        return cacheable(response, *_kept(shown), "changes", g.lang)

    @routes.get("/context.jsonld")
    def context() -> Response:
        opened = site.opened()
        return _tagged(Response(opened.release.context.read_bytes(), content_type="application/ld+json"), opened, site)

    return routes


def updates(opened: Opened, site: Site) -> list[feed.Update]:
    """Every release that is kept with what it changed, newest first."""
    return feed.updates(releases.listed(site.settings.home), opened.index, g.lang, site.link)


def linker(site: Site) -> Callable[[str], str]:
    """Turns an IRI into the whole address of its page; an IRI without a page stays as it is."""
    start = site.absolute()

    def link(iri: str) -> str:
        found = site.link(iri) or iri
        return start + found if found.startswith("/") else found

    return link


def context_of(opened: Opened) -> dict[str, Any]:
    """The release's JSON-LD context, names to definitions."""
    said: dict[str, Any] = json.loads(opened.release.context.read_text(encoding="utf-8"))["@context"]
    return said


def _csv(rows: Any, dialect: Dialect, name: str, opened: Opened, site: Site) -> Response:
    key = (opened.release.id, request.full_path, g.lang, site.absolute(), str(dialect))
    pieces = iter(()) if client_has_it(*key) else cells.written(rows, dialect)
    response = cacheable(Streamed(pieces, content_type="text/csv; charset=utf-8; header=present"), *key)
    response.headers["Content-Disposition"] = f'attachment; filename="ess-graph-{name}.csv"'
    response.headers["Content-Language"] = g.lang
    response.vary.update(("Accept", "Accept-Language"))
    return response


def _dialect() -> Dialect:
    """What ``format=`` asks for; without it, a spreadsheet's form for a person's browser and RFC 4180 for a program."""
    asked = request.args.get("format")
    if asked is None:
        asked = "tableur" if negotiate.wants_html(request.headers.get("Accept")) else "standard"
    if asked not in DIALECTS:
        raise BadRequest(f"There is no format « {asked[:40]} »: use one of {', '.join(DIALECTS)}.")
    return DIALECTS[asked]


def _tagged(response: Response, opened: Opened, site: Site) -> Response:
    response.headers["Content-Language"] = g.lang
    response.vary.add("Accept-Language")
    shown = ",".join(release.id for release in releases.listed(site.settings.home))
    return cacheable(response, opened.release.id, request.full_path, g.lang, site.absolute(), shown)


def _kept(shown: list[feed.Update]) -> tuple[str, ...]:
    return tuple(update.release for update in shown)


def _chosen(opened: Opened) -> tuple[set[str] | None, str]:
    """The events that the address narrows the calendar to, with the name of what they are of; None: all of them."""
    only: set[str] | None = None
    names = []
    for parameter, relation, start in (("entite", "of", "id/"), ("territoire", "in", "id/territoire/")):
        asked = request.args.get(parameter)
        if asked is None:
            continue
        iri = asked if asked.startswith(BASE) else BASE + start + asked.removeprefix("/").removeprefix(start)
        label = opened.index.labels([iri], g.lang).get(iri)
        if label is None or not _known(iri, opened):
            raise NotFound(translator(g.lang)("error.unknown", name=asked[:80]))
        names.append(label[0])
        found = calendar.among(opened.engine, relation, iri)
        only = found if only is None else only & found
    return only, ", ".join(names)


def _known(iri: str, opened: Opened) -> bool:
    return len(opened.engine.rows(catalogue.text("types"), {"entity": URIRef(iri)}, limit=1)) > 0


def _flag(name: str) -> bool:
    return request.args.get(name, "").casefold() in _TRUE
