"""The OpenAPI document as rows of a page for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

_ANSWER = "application/json"


@dataclass(frozen=True)
class DescribedField:
    """A parameter or a field of an answer: its name, what it means ("" if the name says it), and its values in words."""

    name: str
    meaning: str
    values: str


@dataclass(frozen=True)
class DescribedAddress:
    """An address: its part after /api/v1, what it gives, its parameters, and the fields of what it gives (`item`)."""

    name: str
    path: str
    summary: str
    parameters: tuple[DescribedField, ...]
    item: str
    fields: tuple[DescribedField, ...]


def described_addresses(document: Mapping[str, Any]) -> Iterator[DescribedAddress]:
    """Every address of the document, in its order."""
    schemas = document["components"]["schemas"]
    for path, methods in document["paths"].items():
        operation = methods["get"]
        answer = _referred(schemas, operation["responses"]["200"]["content"][_ANSWER]["schema"])
        rows = answer["properties"].get("data")
        item = _referred(schemas, rows["items"]) if rows else answer
        parameters = [
            DescribedField(one["name"], one.get("description", ""), str(one.get("example") or _values(one["schema"])))
            for one in operation["parameters"]
        ]
        fields = [
            DescribedField(name, schema.get("description", ""), _values(schema))
            for name, schema in item["properties"].items()
        ]
        summary = f"{operation['summary']} {operation['description']}"
        yield DescribedAddress(
            operation["operationId"], path, summary, tuple(parameters), item.get("description", ""), tuple(fields)
        )


def _referred(schemas: Mapping[str, Any], reference: Mapping[str, str]) -> Mapping[str, Any]:
    found: Mapping[str, Any] = schemas[reference["$ref"].rpartition("/")[2]]
    return found


def _values(schema: Mapping[str, Any]) -> str:
    """Which values there can be: "1 to 500", "issued, replaced, revoked", "date or null"."""
    if "anyOf" in schema:
        return " or ".join(_values(one) for one in schema["anyOf"])
    if "enum" in schema:
        return ", ".join(schema["enum"])
    if "maximum" in schema and schema["maximum"] < 2**31 - 1:
        return f"{schema['minimum']} to {schema['maximum']}"
    if schema["type"] == "array":
        return f"list of {_values(schema['items'])}s"
    return str(schema.get("format", schema["type"]))
