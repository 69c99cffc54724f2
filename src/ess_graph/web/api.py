"""``/api``: questions for programs, what every address of the site takes and gives (OpenAPI), and a page about both."""

from __future__ import annotations

import json

from flask import Blueprint, Response, current_app, g, request, url_for
from werkzeug.exceptions import BadRequest, NotAcceptable, NotFound

from ess_graph.errors import BadValue
from ess_graph.query import asking
from ess_graph.query import questions as known
from ess_graph.query.answers import Writer, described
from ess_graph.query.exports import cells
from ess_graph.query.questions import Question
from ess_graph.web import negotiate
from ess_graph.web.i18n import translator
from ess_graph.web.openapi import document
from ess_graph.web.questions import written
from ess_graph.web.replies import cacheable, kept_from_caches, page, problem
from ess_graph.web.site import Opened, Site

_JSON, _CSV = "application/json", "text/csv"
#: What ``format`` may say.
_FORMATS = {"json": _JSON, "csv": _CSV, "excel": _CSV}


def blueprint(site: Site) -> Blueprint:
    """The routes of the API and of what describes it."""
    routes = Blueprint("api", __name__)

    @routes.get("/api")
    def about() -> Response:
        opened, base = site.opened(), site.absolute()
        shown = page(
            "api.html", base=base, question=known.named("budget-ess"), operations=document(current_app.url_map, base)
        )
        return cacheable(shown, opened.release.id, "api", base, g.lang)

    @routes.get("/openapi.json")
    def openapi() -> Response:
        base = site.absolute()
        return cacheable(_json(document(current_app.url_map, base)), "openapi", base)

    @routes.get("/api/questions")
    def listing() -> Response:
        # Only to answer 503 here as everywhere else while nothing is published.
        opened = site.opened()
        found = [{**described(q, g.lang), "url": _address(q)} for q in known.all()]
        return cacheable(_json({"questions": found}), opened.release.id, "api-questions", g.lang, site.absolute())

    @routes.get("/api/questions/<name>")
    def answer(name: str) -> Response:
        question = known.named(name)
        if question is None:
            raise NotFound(translator(g.lang)("error.question", name=name[:80]))
        return _answer(question, site.opened(), site)

    return routes


def _answer(question: Question, opened: Opened, site: Site) -> Response:
    form = _form()
    raw = written()
    try:
        offered = None
        if any("/" not in value for value in raw.values()):
            offered = asking.choices(question, g.lang, opened.engine, opened.index)
        values = asking.given(question, raw, offered)
    except BadValue as error:
        return problem(400, str(error), parameter=error.parameter)
    answer = asking.ask(question, values, opened.engine, site.outgoing, site.settings.query_timeout)
    writer = Writer.over(question, answer, g.lang, opened.index, site.link, lambda _: None)
    if form == "json":
        body = _json({**writer.json(), "release": opened.release.id, "url": _address(question)})
    else:
        body = _table(writer, excel=form == "excel")
        body.headers["Content-Disposition"] = f'attachment; filename="{question.name}.csv"'
    body.vary.update(("Accept", "Accept-Language"))
    if question.requires:
        return kept_from_caches(body)
    written_so = "&".join(f"{name}={value}" for name, value in sorted(raw.items()))
    return cacheable(body, opened.release.id, "api-question", question.name, form, written_so, g.lang, site.absolute())


def _form() -> str:
    """``json``, ``csv`` or ``excel``: as the address says, else as the client prefers."""
    named = request.args.get("format")
    if named is not None:
        if named not in _FORMATS:
            raise BadRequest(f"There is no format « {named[:40]} »: use one of {', '.join(_FORMATS)}.")
        return named
    chosen = negotiate.best(request.headers.get("Accept"), (_JSON, _CSV))
    if chosen is None:
        raise NotAcceptable(f"A question is answered as {_JSON} or {_CSV}: ask for one of these.")
    return "json" if chosen == _JSON else "csv"


def _table(writer: Writer, *, excel: bool) -> Response:
    """Comma-separated with variables for a header; or, as a French Excel opens it right, semicolons and titles."""
    dialect = cells.SPREADSHEET if excel else cells.STANDARD
    body = b"".join(cells.written(writer.records(dialect, titles=excel), dialect))
    return Response(body, content_type=f"{_CSV}; charset=utf-8")


def _json(content: dict[str, object]) -> Response:
    return Response(json.dumps(content, ensure_ascii=False, indent=1) + "\n", mimetype=_JSON)


def _address(question: Question) -> str:
    return url_for("questions.question", name=question.name)
