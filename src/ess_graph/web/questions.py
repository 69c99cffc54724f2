"""``/questions``: questions in plain words, each a form with the graph's choices, and an answer with its sources."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from flask import Blueprint, Response, g, request, url_for
from rdflib.namespace import XSD
from rdflib.term import Node
from werkzeug.exceptions import NotFound

from ess_graph.errors import BadValue, LimitHit, OutOfReach, RemoteFailed
from ess_graph.folding import fold
from ess_graph.query import asking
from ess_graph.query import questions as known
from ess_graph.query.answers import Writer
from ess_graph.query.asking import Choice
from ess_graph.query.questions import Parameter, Question
from ess_graph.query.views import Value
from ess_graph.web.i18n import translator
from ess_graph.web.replies import cacheable, kept_from_caches, page
from ess_graph.web.site import Opened, Site

#: Rows that a page shows; downloads hold all of them.
_SHOWN = 500
#: Parameters of a page that no question has.
OWN = frozenset({"lang", "format", "release"})
_DOWNLOADS = ("csv", "excel", "json")


@dataclass(frozen=True)
class Field:
    """One parameter in the form: what was written, and the choices where it is a thing."""

    parameter: Parameter
    title: str
    description: str
    value: str
    choices: tuple[Choice, ...] | None
    kind: str
    wrong: bool = False


def blueprint(site: Site) -> Blueprint:
    """The routes of questions."""
    routes = Blueprint("questions", __name__)

    @routes.get("/questions")
    def listing() -> Response:
        asked = request.args.get("q", "")[:300].strip()
        groups = [
            (theme, [q for q in known.all() if q.theme == theme and _speaks_of(q, asked, g.lang)])
            for theme in known.themes()
        ]
        shown = [(theme, found) for theme, found in groups if found]
        total = sum(len(found) for _, found in shown)
        opened = site.opened()
        return cacheable(
            page("questions.html", groups=shown, total=total, asked=asked),
            opened.release.id,
            "questions",
            asked,
            g.lang,
        )

    @routes.get("/questions/<name>")
    def question(name: str) -> Response:
        found = known.named(name)
        if found is None:
            raise NotFound(translator(g.lang)("error.question", name=name[:80]))
        return _question(found, site.opened(), site)

    @routes.get("/questions.ttl")
    def executables() -> Response:
        return _turtle(["_commun", *(q.name for q in known.all())])

    @routes.get("/questions/<name>.ttl")
    def executable(name: str) -> Response:
        if known.named(name) is None:
            raise NotFound(translator(g.lang)("error.question", name=name[:80]))
        return _turtle(["_commun", name])

    return routes


def _turtle(names: list[str]) -> Response:
    """The files of these questions, as they are."""
    text = "\n".join((known.folder() / f"{name}.ttl").read_text(encoding="utf-8") for name in names)
    return cacheable(Response(text, content_type="text/turtle; charset=utf-8"), "questions", text)


def written() -> dict[str, str]:
    """What the address says of the question's parameters."""
    return {name: value for name, value in request.args.items() if name not in OWN}


def _question(question: Question, opened: Opened, site: Site) -> Response:
    offered = asking.choices(question, g.lang, opened.engine, opened.index)
    raw = written()
    try:
        values = asking.given(question, raw, offered)
    except BadValue as error:
        fields = _fields(question, raw, offered, error.parameter)
        sentence = _complaint(error, question)
        return page(
            "question.html", 400, question=question, fields=fields, error=sentence, title=question.title(g.lang)
        )
    spelled = {p.name: asking.short(str(values[p.name])) if p.name in values else "" for p in question.parameters}
    try:
        answer = asking.ask(question, values, opened.engine, site.outgoing, site.settings.query_timeout)
    except (OutOfReach, RemoteFailed, LimitHit) as error:
        if not question.requires:
            raise
        return _unanswered(question, values, _fields(question, spelled, offered, "", values), error)
    writer = Writer.over(question, answer, g.lang, opened.index, site.link, lambda _: None)
    block = writer.block(_SHOWN)
    shown = page(
        "question.html",
        question=question,
        title=writer.title,
        fields=_fields(question, spelled, offered, "", values),
        block=block,
        total=len(answer.rows),
        shown=_SHOWN,
        sourced=any(row.sources for row in block.rows),
        downloads=[
            Value(
                translator(g.lang)(f"question.download.{form}"),
                url=_linked("api.answer", question, {**spelled, "format": form, "lang": g.lang}),
            )
            for form in _DOWNLOADS
        ],
        api=_linked("api.answer", question, spelled),
        share=site.absolute(_linked("questions.question", question, spelled)),
        error=None,
    )
    if question.requires:
        # What others say may be another thing the next time.
        return kept_from_caches(shown)
    return cacheable(shown, opened.release.id, "question", question.name, urlencode(sorted(raw.items())), g.lang)


def _linked(endpoint: str, question: Question, asked: dict[str, str]) -> str:
    """The address of a question with what was asked, in the same release."""
    return url_for(endpoint, name=question.name, **{"lang": None, **asked})  # type: ignore[arg-type]


def _unanswered(
    question: Question, values: dict[str, Node], fields: list[Field], error: OutOfReach | RemoteFailed | LimitHit
) -> Response:
    """A question that asks others, where this server may not or gets no answer: its query, to run elsewhere."""
    allowed = not isinstance(error, OutOfReach)
    asked = error.endpoints if isinstance(error, OutOfReach) else question.requires
    shown = page(
        "question.html", error.status if allowed else 200,
        question=question, title=question.title(g.lang), fields=fields, error=None,
        elsewhere={"allowed": allowed, "endpoints": asked, "query": question.text(values)},
    )  # fmt: skip
    return kept_from_caches(shown)


def _fields(
    question: Question,
    raw: dict[str, str],
    offered: dict[str, list[Choice]],
    wrong: str,
    values: dict[str, Node] | None = None,
) -> list[Field]:
    fields = []
    for p in question.parameters:
        value = raw.get(p.name, "")
        choices = offered.get(p.name) if p.datatype is None else None
        if choices is not None and values and p.name in values and value not in {c.value for c in choices}:
            # What was asked for shows in the form, even where nothing answers.
            choices = [*choices, Choice(value, value, str(values[p.name]))]
        fields.append(
            Field(
                p, p.titles[g.lang], p.descriptions[g.lang], value, None if choices is None else tuple(choices),
                {XSD.gYear: "year", XSD.integer: "number"}.get(p.datatype, "text") if p.datatype else "thing",
                wrong == p.name,
            )
        )  # fmt: skip
    return fields


def _complaint(error: BadValue, question: Question) -> str:
    """What is wrong with a value, in the reader's language."""
    t = translator(g.lang)
    parameter = next((p for p in question.parameters if p.name == error.parameter), None)
    if parameter is None:
        return t("question.wrong.parameter", name=error.parameter[:40])
    kind = {XSD.gYear: "year", XSD.integer: "number"}.get(parameter.datatype, "text") if parameter.datatype else "thing"
    return t(f"question.wrong.{kind}", name=parameter.titles[g.lang])


def _speaks_of(question: Question, asked: str, lang: str) -> bool:
    """Whether every word that was typed is in the question, its description or its parameters, endings aside."""
    said = [question.titles[lang], question.descriptions[lang], question.theme.titles[lang]]
    said += [text for p in question.parameters for text in (p.titles[lang], p.descriptions[lang])]
    words = fold(" ".join(said)).split()
    return all(any(_alike(word, typed) for word in words) for typed in fold(asked).split())


def _alike(word: str, typed: str) -> bool:
    """Whether one begins the other, but for words too short to say anything."""
    return word.startswith(typed) or (len(word) > 3 and typed.startswith(word))
