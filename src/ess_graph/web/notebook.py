"""``/cahier``: from a spreadsheet of one's own to the graph and back; each step with its query and its live result."""

from __future__ import annotations

import json
from collections.abc import Iterator

from flask import Blueprint, Response, g, request, url_for
from rdflib import Literal

from ess_graph.errors import BadValue
from ess_graph.query.notebook import MOST, Notebook, Step, names_of, notebook
from ess_graph.query.tables import columns
from ess_graph.query.views import Table, Value
from ess_graph.web.i18n import messages, translator
from ess_graph.web.replies import cacheable, page
from ess_graph.web.site import Opened, Site

#: Characters of what is pasted that a page takes at the most.
_LONGEST = 20_000
#: Columns that count; codes are no numbers.
_NUMBERS = ("budget", "dispositifs", "partenariats", "mandats")
#: What a cell of the file starts with; the same text in both languages.
_ASK = """import csv, io
from urllib.parse import urlencode
from urllib.request import Request, urlopen

ENDPOINT = {endpoint!r}

def ask(query):
    request = Request(ENDPOINT, urlencode({{"query": query}}).encode(), {{"Accept": "text/csv"}})
    with urlopen(request) as answer:
        return list(csv.DictReader(io.TextIOWrapper(answer, "utf-8", newline="")))

def show(rows):
    for row in rows:
        print(*row.values(), sep=" | ")"""
_RUN = """rows = ask({query})
show(rows)"""
_WRITE = """with open("ess-graph.csv", "w", encoding="utf-8-sig", newline="") as file:
    table = csv.DictWriter(file, rows[0] if rows else [], delimiter=";")
    table.writeheader()
    table.writerows(rows)"""


def blueprint(site: Site) -> Blueprint:
    """The routes of the notebook."""
    routes = Blueprint("notebook", __name__)

    @routes.get("/cahier")
    def cells() -> Response:
        opened, typed = site.opened(), _typed()
        try:
            names = names_of(typed)
        except BadValue as error:
            return page("notebook.html", 400, typed=typed, error=_complaint(error), steps=(), most=MOST)
        made = _made(opened, names)
        shown = page(
            "notebook.html",
            typed="\n".join(made.names),
            error=None,
            steps=[(step, _table(step, opened, site)) for step in made.steps],
            unknown=made.unknown,
            numbers=_NUMBERS,
            downloads=list(_downloads(made.steps[-1])),
            file=url_for("notebook.file", noms=typed if names else None),
            address=site.absolute(),
            most=MOST,
        )
        return cacheable(shown, opened.release.id, "notebook", "\n".join(names), site.absolute(), g.lang)

    @routes.get("/cahier.ipynb")
    def file() -> Response:
        opened = site.opened()
        made = _made(opened, names_of(_typed()))
        body = json.dumps(_jupyter(made, opened, site.absolute()), ensure_ascii=False, indent=1)
        response = Response(body + "\n", mimetype="application/x-ipynb+json")
        response.headers["Content-Disposition"] = 'attachment; filename="ess-graph.ipynb"'
        return cacheable(response, opened.release.id, "ipynb", "\n".join(made.names), site.absolute(), g.lang)

    return routes


def _typed() -> str:
    return request.args.get("noms", "")[:_LONGEST]


def _made(opened: Opened, names: tuple[str, ...]) -> Notebook:
    if names:
        return notebook(opened.engine, names)
    return opened.once("notebook", lambda: notebook(opened.engine))


def _complaint(error: BadValue) -> str:
    return translator(g.lang)(f"notebook.wrong.{error.parameter}", most=MOST)


def _heading(name: str) -> str:
    return messages()[f"notebook.column.{name}"][str(g.lang)]


def _table(step: Step, opened: Opened, site: Site) -> Table:
    iris = {str(term) for row in step.found for term in row.values() if not isinstance(term, Literal)}
    labels = opened.index.labels(iris, g.lang)

    def value(term: object) -> Value:
        if isinstance(term, Literal):
            return Value(str(term))
        return Value(labels.get(str(term), (str(term), ""))[0], url=site.link(str(term)), iri=str(term))

    rows = tuple(tuple(value(row[name]) if name in row else None for name in step.found.names) for row in step.found)
    return Table(tuple(_heading(name) for name in step.found.names), rows)


def _downloads(step: Step) -> Iterator[Value]:
    for form in ("csv", "tableur"):
        address = url_for("sparql.sparql", query=step.query, format=form, lang=None)
        yield Value(translator(g.lang)(f"notebook.download.{form}"), url=address)


def _jupyter(made: Notebook, opened: Opened, address: str) -> dict[str, object]:
    """The same steps as a notebook of Jupyter (nbformat 4.5), its results those of this release."""
    t = translator(g.lang)
    shown, endpoint = address + url_for("notebook.cells"), address + url_for("sparql.sparql", lang=None)
    cells = [
        _text("title", f"# {t('notebook.title')}\n\n{t('notebook.lead')}\n\n{shown} ({opened.release.id})"),
        _code("ask", _ASK.format(endpoint=endpoint)),
    ]
    for step in made.steps:
        words = [t(f"notebook.{step.key}.title"), t(f"notebook.{step.key}.text", address=address)]
        cells.append(_text(f"{step.key}-text", f"## {words[0]}\n\n{words[1]}"))
        if step.query:
            cells.append(_code(step.key, _RUN.format(query=_quoted(step.query)), _printed(step)))
    cells += [
        _text("back-text", f"## {t('notebook.back.title')}\n\n{t('notebook.back.text', address=address)}"),
        _code("back", _WRITE),
    ]
    return {
        "cells": cells,
        "metadata": {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def _text(key: str, source: str) -> dict[str, object]:
    return {"cell_type": "markdown", "id": key, "metadata": {}, "source": source.splitlines(keepends=True)}


def _code(key: str, source: str, printed: str = "") -> dict[str, object]:
    outputs = [{"output_type": "stream", "name": "stdout", "text": printed.splitlines(keepends=True)}]
    return {
        "cell_type": "code", "id": key, "metadata": {}, "execution_count": None,
        "source": source.splitlines(keepends=True), "outputs": outputs if printed else [],
    }  # fmt: skip


def _printed(step: Step) -> str:
    names = step.found.names
    return columns(names, [[str(row.get(name, "")) for name in names] for row in step.found]) + "\n"


def _quoted(query: str) -> str:
    """A text of Python: over several lines where that is safe."""
    plain = "\\" not in query and '"""' not in query
    return f'"""\n{query.strip()}\n"""' if plain else repr(query)
