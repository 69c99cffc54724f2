"""What the script of the query page asks for: words to complete with, and labels for the IRIs of an answer."""

from __future__ import annotations

import json

from flask import Blueprint, Response, g, request
from werkzeug.exceptions import BadRequest

from ess_graph.query.lexicon import lexicon
from ess_graph.web.i18n import messages
from ess_graph.web.replies import cacheable
from ess_graph.web.site import Site

#: IRIs in one request for labels.
_MOST = 1000


def blueprint(site: Site) -> Blueprint:
    """The routes of the editor, and ``editor_words`` for its template."""
    routes = Blueprint("editor", __name__)
    routes.add_app_template_global(_words, "editor_words")

    @routes.get("/sparql/lexique.json")
    def words() -> Response:
        opened = site.opened()
        lang = g.lang
        found = opened.once(("lexicon", lang), lambda: lexicon(opened.engine, opened.index, lang))
        body = json.dumps(found, ensure_ascii=False)
        return cacheable(Response(body, mimetype="application/json"), opened.release.id, "lexicon", g.lang)

    @routes.post("/sparql/libelles")
    def labels() -> Response:
        opened = site.opened()
        asked = request.get_json(force=True, silent=True)
        if not isinstance(asked, list) or len(asked) > _MOST or not all(isinstance(iri, str) for iri in asked):
            raise BadRequest(f"Send a JSON list of at most {_MOST} IRIs.")
        found = opened.index.labels(asked, g.lang)
        body = {
            iri: {"label": found[iri][0] if iri in found else None, "lang": found.get(iri, ("", ""))[1], "url": url}
            for iri in asked
            if (url := site.link(iri)) or iri in found
        }
        return Response(json.dumps(body, ensure_ascii=False), mimetype="application/json")

    return routes


def _words() -> dict[str, str]:
    """The editor's sentences in the reader's language, for its script; placeholders stay as they are."""
    return {key.removeprefix("editor."): said[g.lang] for key, said in messages().items() if key.startswith("editor.")}
