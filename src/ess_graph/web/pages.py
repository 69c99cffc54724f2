"""Home, and the page that says what this is."""

from __future__ import annotations

from flask import Blueprint, Response, g, url_for

from ess_graph.query import catalogue, questions
from ess_graph.query.views import Value
from ess_graph.vocab import ESS
from ess_graph.web.atlas import overview
from ess_graph.web.lists import kinds
from ess_graph.web.replies import cacheable, page
from ess_graph.web.site import Site

_ON_HOME = (ESS.Collectivite, ESS.Structure, ESS.Dispositif, ESS.Partenariat, ESS.Evenement, ESS.Chiffre)


def blueprint(site: Site) -> Blueprint:
    """The routes of the pages that people start from."""
    routes = Blueprint("pages", __name__)

    @routes.get("/")
    def home() -> Response:
        opened = site.opened()
        counts = {value.iri: (value, n) for value, n in kinds(opened)}
        shown = [counts[str(kind)] for kind in _ON_HOME if str(kind) in counts]
        described = [str(row["thing"]) for row in opened.engine.rows(catalogue.text("described"))]
        labels = opened.index.labels(described, g.lang)
        return cacheable(
            page(
                "home.html",
                counts=[{"thing": value, "count": n} for value, n in shown],
                examples=[Value(labels[iri][0], url=site.link(iri), iri=iri) for iri in described if iri in labels],
                questions=[
                    Value(q.title(g.lang), url=url_for("questions.question", name=q.name))
                    for q in questions.featured()
                ],
                drawing=overview(opened, site),
            ),
            opened.release.id, "home", g.lang,
        )  # fmt: skip

    @routes.get("/a-propos")
    def about() -> Response:
        opened = site.opened()
        return cacheable(page("about.html"), opened.release.id, "about", g.lang)

    return routes
