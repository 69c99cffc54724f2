"""The OpenAPI 3.1 description of every address of the site, from ``openapi.toml`` and the questions' own files."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib import metadata, resources
from typing import Any

from rdflib.namespace import XSD
from werkzeug.routing import Map

from ess_graph.query import questions
from ess_graph.query.asking import LARGEST, short
from ess_graph.query.questions import Parameter, Question

_VARIABLE = re.compile(r"<(?:[^<>]*:)?(\w+)>")
_TYPES = {XSD.gYear: {"type": "string", "pattern": "^ *([0-9]{4})? *$"}, XSD.integer: {"type": "integer"}}
_ANSWER = "/api/questions/{name}"


def template(rule: str) -> str:
    """A rule of Flask as OpenAPI writes paths: ``/page/<path:path>`` is ``/page/{path}``."""
    return _VARIABLE.sub(r"{\1}", rule)


def paths(routes: Map) -> set[str]:
    """The paths that the application answers, static files aside."""
    return {template(rule.rule) for rule in routes.iter_rules() if rule.endpoint != "static"}


def described() -> dict[str, dict[str, Any]]:
    """What ``openapi.toml`` describes, by path."""
    found: dict[str, dict[str, Any]] = _read()["paths"]
    return found


def document(routes: Map, base: str) -> dict[str, Any]:
    """The whole description, of those paths that this application answers, one for each question among them."""
    content = _read()
    answered = paths(routes)
    operations = {
        path: {method: _operation(operation) for method, operation in methods.items()}
        for path, methods in described().items()
        if path in answered
    }
    if _ANSWER in operations:
        operations |= {_ANSWER.format(name=q.name): {"get": _question(q)} for q in questions.all()}
    return {
        "openapi": "3.1.0",
        "info": {**content["info"], "version": metadata.version("ess-graph")},
        "servers": [{"url": base}],
        "tags": content["tags"],
        "paths": operations,
        "components": content["components"],
    }


@cache
def _read() -> dict[str, Any]:
    return tomllib.loads(resources.files(__package__).joinpath("openapi.toml").read_text(encoding="utf-8"))


def _operation(operation: dict[str, Any]) -> dict[str, Any]:
    """Names of shared parameters and responses become references; errors have one shape everywhere."""
    made = dict(operation)
    if "parameters" in made:
        made["parameters"] = [
            {"$ref": f"#/components/parameters/{p}"} if isinstance(p, str) else p for p in made["parameters"]
        ]
    responses = {code: _response(said) for code, said in made.get("responses", {}).items()}
    made["responses"] = {**responses, "default": _response("problem")}
    return made


def _response(said: str | dict[str, Any]) -> dict[str, Any]:
    return {"$ref": f"#/components/responses/{said}"} if isinstance(said, str) else said


def _question(question: Question) -> dict[str, Any]:
    """The operation that asks one question."""
    return _operation(
        {
            "operationId": f"ask-{question.name}",
            "tags": ["questions"],
            "summary": question.title("en"),
            "description": f"{question.descriptions['en']}\n\n{question.title('fr')}",
            "parameters": [*(_parameter(p) for p in question.parameters), "lang", "answerFormat"],
            "responses": {"200": "answer", "400": "problem", "406": "problem"}
            | ({"403": "problem", "502": "problem", "503": "limit"} if question.requires else {}),
        }
    )


def _parameter(parameter: Parameter) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "string", "maxLength": 2000}
    if parameter.datatype is None:
        # Anything that is neither an IRI nor the name of a choice is refused.
        schema = {"type": "string", "pattern": "^( *|(id|voc|source)/[a-z0-9#/-]+)$"}
    elif parameter.datatype in _TYPES:
        schema = dict(_TYPES[parameter.datatype])
    if schema.get("type") == "integer":
        schema |= {"exclusiveMinimum": -LARGEST, "exclusiveMaximum": LARGEST}
    if parameter.default is not None:
        default = short(str(parameter.default))
        schema["default"] = int(default) if schema["type"] == "integer" else default
    more = (
        "A path of this graph (id/…), a whole IRI, or the name of one of the choices. "
        if not parameter.datatype
        else ""
    )
    return {
        "name": parameter.name,
        "in": "query",
        "description": f"{parameter.titles['en']}. {parameter.descriptions['en']} {more}".strip()
        + ("" if parameter.default is None else " Left out, it has its default; empty, it is not fixed."),
        "allowEmptyValue": parameter.optional,
        "schema": schema,
    }
