"""``/donnees``: the graph to take away, its checksums and its descriptions; and the site's legal pages."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile

from flask import Blueprint, Response, g, redirect, request, send_file, url_for
from rdflib import Graph
from rdflib.namespace import SKOS
from werkzeug.exceptions import NotAcceptable, NotFound

from ess_graph import releases
from ess_graph.engine.formats import ALIASES, GRAPHS
from ess_graph.folding import fold
from ess_graph.query.display import Display
from ess_graph.query.exports import archive, cells, schema_org
from ess_graph.query.exports.class_table import Source
from ess_graph.query.exports.dcat import Offer, dcat, void
from ess_graph.query.index import Index
from ess_graph.query.lists import slug
from ess_graph.query.views import Value
from ess_graph.releases import Release
from ess_graph.vocab import BASE, DATASET, LICENCE
from ess_graph.web import negotiate, protocol
from ess_graph.web.description import WRITERS
from ess_graph.web.exports import linker, updates
from ess_graph.web.i18n import translator
from ess_graph.web.replies import cacheable, content_type, page
from ess_graph.web.site import Opened, Site

_GZIP, _ZIP = "application/gzip", "application/zip"
_TURTLE, _JSONLD, _JSON = "text/turtle", "application/ld+json", "application/json"
SUMS = "SHA256SUMS"


@dataclass(frozen=True)
class File:
    """A file of a release: where it stands in it, its media type, what it holds, and its European file type."""

    path: str
    kind: str
    inside: str
    file_type: str | None = None
    dump: bool = False


#: The files that a release is downloaded as, by name.
FILES = {
    "ess-graph.trig.gz": File("dumps/ess-graph.trig.gz", _GZIP, "application/trig", "RDF_TRIG", True),
    "ess-graph.nq.gz": File("dumps/ess-graph.nq.gz", _GZIP, "application/n-quads", "RDF_N_QUADS", True),
    "ess-graph.jsonld.gz": File("dumps/ess-graph.jsonld.gz", _GZIP, _JSONLD, "JSON_LD", True),
    "void.ttl": File("void.ttl", _TURTLE, _TURTLE, "RDF_TURTLE"),
    "context.jsonld": File("context.jsonld", _JSONLD, _JSONLD, "JSON_LD"),
    "changes.json": File("changes.json", _JSON, _JSON, "JSON"),
}
#: Archives of tables, made when first asked for.
TABLES = {"ess-graph-csv.zip": cells.STANDARD, "ess-graph-tableur.zip": cells.SPREADSHEET}


def blueprint(site: Site) -> Blueprint:
    """The routes of the data as a whole, and of legal pages."""
    routes = Blueprint("dataset", __name__)

    @routes.get("/donnees")
    def data() -> Response:
        opened = site.opened()
        kept = releases.listed(site.settings.home)
        counts = opened.index.counts()
        classes = [
            (Value(shown.title[g.lang], url=_table(shown.target)), n)
            for shown in sorted(opened.display.classes, key=lambda shown: fold(shown.title[g.lang]))
            if (n := counts.get(shown.target))
        ]
        schemes = opened.index.things(str(SKOS.ConceptScheme))[:200]
        labels = opened.index.labels(schemes, g.lang)
        response = page(
            "data.html",
            files=_listed(opened.release), tables=list(TABLES), classes=classes,
            schemes=[Value(labels.get(iri, (iri, ""))[0], url=site.link(iri), iri=iri) for iri in schemes],
            updates=updates(opened, site), current=opened.release.id, start=site.absolute(),
            ld=schema_org.dataset(_for_search_engines(opened, site)),
        )  # fmt: skip
        return cacheable(
            response, *(release.id for release in kept), opened.release.id, "data", g.lang, site.absolute()
        )

    @routes.get("/donnees/dcat.ttl")
    def catalogue() -> Response:
        opened = site.opened()
        start = site.absolute()
        return _graph(
            lambda: dcat(
                opened.release, list(_offers(opened.release, site)), endpoint=f"{start}/sparql", home=f"{start}/",
                data=f"{start}/donnees",
            ),
            _TURTLE, opened, site,
        )  # fmt: skip

    @routes.get("/.well-known/void")
    def well_known() -> Response:
        opened = site.opened()
        kind = negotiate.best(request.headers.get("Accept"), tuple(GRAPHS), ALIASES.items())
        if kind is None and negotiate.wants_html(request.headers.get("Accept")):
            kind = _TURTLE
        if kind is None:
            raise NotAcceptable(f"This description comes as {', '.join(GRAPHS)}: ask for one of these.")
        start = site.absolute()
        response = _graph(
            lambda: void(opened.release, _offers(opened.release, site), endpoint=f"{start}/sparql", home=f"{start}/"),
            kind, opened, site,
        )  # fmt: skip
        response.vary.add("Accept")
        return response

    @routes.get("/donnees/<name>")
    def file_or_release(name: str) -> Response:
        if any(release.id == name for release in releases.listed(site.settings.home)):
            return redirect(f"{url_for('dataset.data')}#{name}", 303, Response)  # type: ignore[return-value]
        return _file(site.opened().release, name, site)

    @routes.get("/donnees/<release>/<name>")
    def file_of(release: str, name: str) -> Response:
        found = next((kept for kept in releases.listed(site.settings.home) if kept.id == release), None)
        if found is None:
            raise NotFound(translator(g.lang)("error.release", name=release[:80]))
        return _file(found, name, site)

    @routes.get("/mentions-legales")
    def legal() -> Response:
        opened = site.opened()
        settings = site.settings
        response = page("legal.html", publisher=settings.publisher, hosting=settings.hosting)
        return cacheable(response, opened.release.id, "legal", g.lang, settings.publisher, settings.hosting)

    @routes.get("/accessibilite")
    def accessibility() -> Response:
        return cacheable(page("accessibility.html"), site.opened().release.id, "accessibility", g.lang)

    return routes


def _file(release: Release, name: str, site: Site) -> Response:
    """A file of a release, whole or the ranges that are asked for; it never changes, so its hash is its tag."""
    if name == SUMS:
        lines = "".join(f"{release.manifest['files'][file.path]}  {n}\n" for n, file in FILES.items())
        return cacheable(Response(lines, content_type="text/plain; charset=utf-8"), release.id, SUMS)
    if name in TABLES:
        path, kind, tag = _tables(release, name, site), _ZIP, ""
    elif name in _there(release):
        path, kind = release.folder / FILES[name].path, FILES[name].kind
        tag = str(release.manifest["files"][FILES[name].path])
    else:
        raise NotFound(translator(g.lang)("error.file", name=name[:80]))
    packed = kind in (_GZIP, _ZIP)
    response = send_file(
        path, mimetype=content_type(kind), as_attachment=packed, conditional=True, etag=tag or releases.sha256(path),
        download_name=f"{release.id}-{name}" if packed else name,
    )  # fmt: skip
    response.headers["Cache-Control"] = "no-cache"
    response.headers.pop("Last-Modified", None)
    return response


def _table(target: str) -> str:
    """Address of a class's table, as a spreadsheet wants it."""
    return url_for("exports.table_of", kind=slug(target), format="tableur")


def _listed(release: Release) -> list[dict[str, object]]:
    """Name, size and SHA-256 of each file of a release."""
    return [
        {
            "name": name, "size": (release.folder / file.path).stat().st_size, "key": name.replace("ess-graph.", ""),
            "sha256": release.manifest["files"][file.path], "whole": file.dump,
        }
        for name, file in _there(release).items()
    ]  # fmt: skip


def _there(release: Release) -> dict[str, File]:
    """The files that a release has; one that was written in place has none but its store."""
    return {name: file for name, file in FILES.items() if file.path in release.manifest["files"]}


def _offers(release: Release, site: Site) -> Iterator[Offer]:
    """Every form of a release, with its address."""
    files = site.absolute(f"/donnees/{release.id}")
    for name, file in _there(release).items():
        if file.dump:
            yield Offer(
                name, f"{files}/{name}", file.inside, file.kind,
                str(release.manifest["files"][file.path]), (release.folder / file.path).stat().st_size,
                file.file_type, dump=True,
            )  # fmt: skip
    for name in TABLES:
        yield Offer(name, f"{files}/{name}", "text/csv", _ZIP, file_type="CSV")
    events, places = (site.absolute(url_for(f"exports.{name}", lang=None)) for name in ("events", "places"))
    yield Offer("evenements.ics", events, "text/calendar")
    yield Offer("carte.geojson", places, "application/geo+json", file_type="GEOJSON")


def _graph(made: Callable[[], Graph], kind: str, opened: Opened, site: Site) -> Response:
    """A description, computed once for each release, syntax and address of the site; it names the release if asked."""
    key = (opened.release.id, kind, site.absolute(request.path), protocol.asked("release") or "")
    body = opened.cache.get(key)
    if body is None:
        fresh = (text.encode("utf-8") for text in (made().serialize(format=WRITERS[kind]),))
        body = b"".join(opened.cache.keeping(key, fresh))
    return cacheable(Response(body, content_type=content_type(kind)), *key)


def _for_search_engines(opened: Opened, site: Site) -> dict[str, object]:
    t = translator(g.lang)
    return {
        "@id": str(DATASET),
        "name": t("data.dataset"),
        "description": t("site.description"),
        "url": f"{site.absolute()}/donnees",
        "version": opened.release.id,
        "dateModified": str(opened.release.manifest["created"]),
        "license": str(LICENCE),
        "isAccessibleForFree": True,
        "creator": {"@type": "Organization", "name": "Équipe ess-graph"},
        "distribution": [
            {"@type": "DataDownload", "name": offer.name, "encodingFormat": offer.kind, "contentUrl": offer.address}
            for offer in _offers(opened.release, site)
        ],
    }


def _tables(release: Release, name: str, site: Site) -> Path:
    """An archive of tables, kept beside the releases once it was made, and gone with its release.

    Two who ask first at once each make it, and either is put in its place whole. It is kept for all, so it holds
    no address that one client's request could name: those of this site where an operator gave one, else IRIs.
    """
    cache = site.settings.home / "cache"
    path = cache / release.id / f"{g.lang}-{name}"
    if path.is_file():
        return path
    known = {kept.id for kept in releases.listed(site.settings.home)}
    for old in cache.glob("*"):
        if old.name not in known:
            shutil.rmtree(old, ignore_errors=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    link = linker(site) if site.settings.public_url else str
    note = translator(g.lang)("data.readme", release=release.id, start=site.settings.public_url or BASE)
    with closing(site.engine(release)) as engine, NamedTemporaryFile(dir=path.parent, delete=False) as unfinished:
        made = Path(unfinished.name)
        try:
            source = Source(engine, Index(release.index), link)
            archive.write(made, Display(release.display), g.lang, TABLES[name], source, note)
            made.replace(path)
        finally:
            made.unlink(missing_ok=True)
    return path
