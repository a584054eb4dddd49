"""Schemathesis asks what the document allows and what it forbids: every answer is one that the document describes."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
import schemathesis
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)
from sqlalchemy.orm import Session

from course.api.rules.operations import OPERATIONS
from course.auth.rate_limits import PAGE_ATTEMPTS_KEY
from tests.api.makers import make_owner, token_of
from tests.api.world import fill_teams

CHECKS = [
    not_a_server_error, content_type_conformance, response_headers_conformance, response_schema_conformance,
    status_code_conformance, unsupported_method,
]  # fmt: skip
EXAMPLES = 10  # requests to each address in each mode


@pytest.mark.long(10)
def test_every_answer_is_one_that_the_document_describes(app: Flask, session: Session) -> None:
    secret = token_of(session, make_owner(session))
    fill_teams(session)
    headers = {"Authorization": f"Bearer {secret}", "Accept-Encoding": "identity"}
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", app)
    statuses: Counter[tuple[str, int]] = Counter()
    results: list[Any] = list(schema.get_all_operations())
    for result in results:
        operation = result.ok()
        for mode in GenerationMode:
            cases: st.SearchStrategy[Any] = operation.as_strategy(generation_mode=mode)

            @settings(max_examples=EXAMPLES)
            @given(cases)
            def ask(case: Any) -> None:
                app.extensions.pop(PAGE_ATTEMPTS_KEY, None)  # the limit has a test of its own
                response = case.call(headers=headers)
                case.validate_response(response, checks=CHECKS)
                statuses[case.operation.definition.raw["operationId"], response.status_code] += 1

            ask()
    assert {name for name, _ in statuses} == set(OPERATIONS)
    for name, operation in OPERATIONS.items():
        assert statuses[name, 404 if operation.is_one else 200], name
        assert statuses[name, 404 if operation.is_one else 422], name
