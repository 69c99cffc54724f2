"""``/portrait`` and ``/comparer``: one authority on a page to print, several side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask import Blueprint, Response, g, redirect, request, url_for
from rdflib import URIRef

from ess_graph.folding import fold
from ess_graph.query import catalogue
from ess_graph.query.compare import compare
from ess_graph.query.portrait import portrait
from ess_graph.query.search import suggestions
from ess_graph.query.views import Value
from ess_graph.vocab import ID
from ess_graph.web.entities import sayable, unknown
from ess_graph.web.i18n import translator
from ess_graph.web.replies import cacheable, page
from ess_graph.web.site import Opened, Site

#: Authorities side by side.
FEWEST, MOST = 2, 4
#: Authorities that a form lists; where there are more, people type a name.
_LISTED = 400
#: Names that are looked through for an authority of that name.
_SOUGHT = 20
_PREFIX = str(ID["collectivite/"])


@dataclass(frozen=True)
class Choice:
    """An authority to choose: its name in the address (``slug``), its kind, whether a record describes it."""

    slug: str
    value: Value
    kind: str
    described: bool


def blueprint(site: Site) -> Blueprint:
    """The routes of portraits and comparisons."""
    routes = Blueprint("portraits", __name__)

    @routes.get("/portrait")
    def listing() -> Response:
        opened = site.opened()
        shown = page("portraits.html", kinds=_by_kind(_choices(opened, site)), most=_LISTED)
        return cacheable(shown, opened.release.id, "portraits", g.lang)

    @routes.get("/portrait/<path:name>")
    def of(name: str) -> Response:
        opened = site.opened()
        iri = _PREFIX + name
        made = None
        if sayable(iri):
            made = portrait(
                iri, g.lang, engine=opened.engine, index=opened.index, display=opened.portrait,
                link=site.link, texts=_no_text,
            )  # fmt: skip
        if made is None:
            return unknown(f"collectivite/{name}", site)
        shown = page(
            "portrait.html", portrait=made, page_url=site.link(iri),
            compare_url=url_for("portraits.side_by_side", c=name),
        )  # fmt: skip
        return cacheable(shown, opened.release.id, "portrait", name, g.lang)

    @routes.get("/comparer")
    def side_by_side() -> Response:
        opened = site.opened()
        asked = [text.strip()[:200] for text in request.args.getlist("c") if text.strip()]
        found = {text: _resolved(text, opened) for text in dict.fromkeys(asked)}
        chosen = list(dict.fromkeys(slug for slug in found.values() if slug))
        lost = [text for text, slug in found.items() if slug is None]
        if not lost and request.args.getlist("c") != chosen[:MOST] and FEWEST <= len(chosen) <= MOST:
            # Names that were typed, twice the same, fields left empty: one address for one comparison.
            return redirect(url_for("portraits.side_by_side", c=chosen[:MOST]), 303, Response)  # type: ignore[return-value]
        return _comparison(asked, chosen, lost, opened, site)

    return routes


def _comparison(asked: list[str], chosen: list[str], lost: list[str], opened: Opened, site: Site) -> Response:
    choices = _choices(opened, site)
    made = None
    if len(chosen) >= FEWEST and not lost:
        made = compare(
            [_PREFIX + slug for slug in chosen[:MOST]], g.lang,
            engine=opened.engine, index=opened.index, display=opened.portrait, link=site.link, texts=_no_text,
        )  # fmt: skip
    t = translator(g.lang)
    wrong = []
    if lost:
        wrong.append(t("compare.unknown", names=", ".join(lost)))
    elif asked and len(chosen) < FEWEST:
        wrong.append(t("compare.few"))
    if len(chosen) > MOST:
        wrong.append(t("compare.many", n=MOST))
    shown = page(
        "compare.html", 404 if lost else 200,
        comparison=made, chosen=[*chosen, *lost][:MOST], kinds=_by_kind(choices), listed=len(choices) <= _LISTED,
        wrong=wrong, most=MOST, suggestions=[] if made else _suggestions(choices),
    )  # fmt: skip
    return shown if lost else cacheable(shown, opened.release.id, "compare", g.lang, *chosen)


def _no_text(_: object) -> None:
    """Passages stay on the pages of their documents: these two are for paper and for overview."""


def _resolved(text: str, opened: Opened) -> str | None:
    """The name in the address of an authority that was chosen or typed."""
    iri = _PREFIX + text
    if sayable(iri):
        types = opened.engine.rows(catalogue.text("types"), {"entity": URIRef(iri)})
        if opened.portrait.for_types(str(row["class"]) for row in types):
            return text
    hits = suggestions(opened.index, opened.display, text, g.lang, lambda _: None, _SOUGHT)
    named = [iri for hit in hits if (iri := hit.entry.thing.iri or "").startswith(_PREFIX)]
    return named[0].removeprefix(_PREFIX) if named else None


def _choices(opened: Opened, site: Site) -> list[Choice]:
    """Authorities in the order of their names, one more than a form lists at the most."""
    rows = opened.engine.rows(catalogue.text("authorities"), limit=_LISTED + 1)
    labels = opened.index.labels({str(term) for row in rows for term in row.values()}, g.lang)
    found: dict[str, Choice] = {}
    for row in rows:
        iri = str(row["thing"])
        if iri.startswith(_PREFIX) and iri not in found:
            slug, kind = iri.removeprefix(_PREFIX), str(row.get("kind", ""))
            address = url_for("portraits.of", name=slug)
            found[iri] = Choice(
                slug,
                Value(labels.get(iri, (slug, ""))[0], url=address, iri=iri),
                labels.get(kind, ("", ""))[0],
                str(row.get("described")) == "true",
            )
    return sorted(found.values(), key=lambda choice: fold(choice.value.text))


def _by_kind(choices: Sequence[Choice]) -> list[tuple[str, list[Choice]]]:
    kinds: dict[str, list[Choice]] = {}
    for choice in choices:
        kinds.setdefault(choice.kind, []).append(choice)
    return sorted(kinds.items(), key=lambda item: (not item[0], fold(item[0])))


def _suggestions(choices: Sequence[Choice]) -> list[tuple[str, str]]:
    """Comparisons to begin with: of each kind, those that a record describes, with their address."""
    found = []
    for _, of in _by_kind(choices):
        some = [choice for choice in of if choice.described][:MOST]
        if len(some) >= FEWEST:
            address = url_for("portraits.side_by_side", c=[choice.slug for choice in some])
            found.append((" · ".join(choice.value.text for choice in some), address))
    return found
