"""``/siren/…`` and ``/insee/…`` lead to the thing that has the official code."""

from __future__ import annotations

from flask import Blueprint, Response, g, redirect
from rdflib import Literal, URIRef

from ess_graph.query import catalogue
from ess_graph.query.views import Value
from ess_graph.vocab import BASE, ESS, IGEO
from ess_graph.web.i18n import translator
from ess_graph.web.replies import problem
from ess_graph.web.site import Site

_SIREN, _SIRET = 9, 14
_SCHEMES = {"siren": ESS.siren, "insee": IGEO.codeINSEE}
#: A code of two or three characters may be a region's and a département's: the level tells them apart.
_LEVELS = {"region": IGEO.Region, "departement": IGEO.Departement, "commune": IGEO.Commune}


def blueprint(site: Site) -> Blueprint:
    """The routes of official codes."""
    routes = Blueprint("codes", __name__)

    @routes.get("/<any(siren, insee):scheme>/<code>")
    @routes.get("/<any(insee):scheme>/<any(region, departement, commune):level>/<code>")
    def coded(scheme: str, code: str, level: str = "") -> Response:
        rows = site.opened().engine.rows(
            catalogue.text("coded"), {"scheme": _SCHEMES[scheme], "code": Literal(_plain(scheme, code))}
        )
        wanted = _LEVELS.get(level)
        found = sorted({str(row["entity"]) for row in rows if wanted in (None, URIRef(str(row["class"])))})
        found = [iri for iri in found if iri.startswith(BASE)]
        if len(found) == 1:
            return redirect(site.onward("/" + found[0].removeprefix(BASE)), 303, Response)  # type: ignore[return-value]
        t = translator(g.lang)
        if not found:
            return problem(404, t("codes.unknown", scheme=t(f"codes.{scheme}"), code=code[:20]), title=t("error.404"))
        labels = site.opened().index.labels(found, g.lang)
        choices = [Value(labels.get(iri, (iri, ""))[0], url=site.link(iri), iri=iri) for iri in found]
        return problem(300, t("codes.several", code=code[:20]), title=t("codes.choose"), nearby=choices)

    return routes


def _plain(scheme: str, code: str) -> str:
    """A code as registers write it: people put spaces into it, and a SIRET is a SIREN and five digits more."""
    plain = "".join(code.split()).upper()
    return plain[:_SIREN] if scheme == "siren" and len(plain) == _SIRET and plain.isdecimal() else plain
