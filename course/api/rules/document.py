"""The OpenAPI document (version 3.1), made from the addresses and the models of their parameters and answers."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from course.api.rules.answers import ProblemDetails
from course.api.rules.operations import OPERATIONS, Operation

API_VERSION = "1.0.0"
PREFIX = "/api/v1"
_REFERENCE = "#/components/schemas/{model}"
_DESCRIPTION = (
    "Reads who is in the course, who is up to date, and what has happened. It changes nothing. Every answer with personal "
    "data is recorded in the log of the course. Dates are days in the time zone of the organisation, moments are in UTC."
)
# Why an address does not give what was asked for.
REFUSALS = {
    400: "The address holds a character that nothing can have.",
    401: "The token is missing or does not work; the detail says why.",
    403: "The token does not have the scope.",
    404: "There is no such thing, or the token may not read it.",
    406: "Only JSON is given (application/json).",
    422: "A parameter cannot be understood; errors names each.",
    429: "Too many requests. Wait as many seconds as Retry-After says.",
    503: "The course is busy, or works everything out anew. Try again after as many seconds as Retry-After says.",
}


EXAMPLES = {"as_at": "2026-09-01", "changed_since": "2026-09-01T00:00:00Z", "since": "2026-09-01T00:00:00Z"}


def openapi_document(server: str) -> dict[str, Any]:
    """The document of the API at an address such as https://training.example.org."""
    models: list[type[BaseModel]] = [ProblemDetails, *(one.answer for one in OPERATIONS.values())]
    _, schemas = models_json_schema([(model, "serialization") for model in models], ref_template=_REFERENCE)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Online abuse: learning from case reviews", "version": API_VERSION, "description": _DESCRIPTION},
        "servers": [{"url": f"{server}{PREFIX}"}],
        "paths": {f"/{one.path}": {"get": _described(one)} for one in OPERATIONS.values()},
        "components": {
            "schemas": schemas["$defs"],
            "securitySchemes": {
                "token": {
                    "type": "http", "scheme": "bearer",
                    "description": "An administrator makes a token under System, Tokens for programs.",
                }
            },
        },
    }  # fmt: skip


def _described(operation: Operation) -> dict[str, Any]:
    answer = {"schema": {"$ref": _REFERENCE.format(model=operation.answer.__name__)}}
    problem = {"application/problem+json": {"schema": {"$ref": _REFERENCE.format(model=ProblemDetails.__name__)}}}
    refusals = {status: text for status, text in REFUSALS.items() if operation.is_one or status != 404}
    return {
        "operationId": operation.name,
        "summary": operation.summary,
        "description": f"Needs the scope {operation.scope}.",
        "security": [{"token": [operation.scope]}],
        "parameters": _parameters(operation),
        "responses": {
            "200": {
                "description": "What was asked for.",
                "headers": {"ETag": {"description": "Send it as If-None-Match.", "schema": {"type": "string"}}},
                "content": {"application/json": answer},
            },
            "304": {"description": "Nothing has changed since the answer with this ETag."},
            **{
                str(status): {"description": text, "content": problem, **_headers(status)}
                for status, text in refusals.items()
            },
        },
    }


def _headers(status: int) -> dict[str, Any]:
    if status == 401:
        return {"headers": {"WWW-Authenticate": {"schema": {"type": "string"}}}}
    if status in (429, 503):
        return {"headers": {"Retry-After": {"description": "Seconds.", "schema": {"type": "string"}}}}
    return {}


def _parameters(operation: Operation) -> list[dict[str, Any]]:
    if operation.parameters is None:
        schema = {"type": "integer", "minimum": 1, "maximum": 2**31 - 1}
        name = operation.path.partition("{")[2].partition("}")[0]
        return [{"name": name, "in": "path", "required": True, "schema": schema}] if name else []
    properties = operation.parameters.model_json_schema()["properties"]
    return [_parameter(name, schema) for name, schema in properties.items()]


def _parameter(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    """A parameter that may be left out: a query has no null."""
    about = {key: schema[key] for key in ("default",) if schema.get(key) is not None}
    kinds = [one for one in schema.get("anyOf", [schema]) if one.get("type") != "null"]
    kind = {key: value for key, value in kinds[0].items() if key not in ("title", "description", "default")}
    example = {"example": EXAMPLES[name]} if name in EXAMPLES else {}
    described = {"description": schema.get("description", ""), "schema": kind | about, **example}
    return {"name": name, "in": "query", "required": False, **described}
