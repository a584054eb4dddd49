"""The protocol as an independent client checks it, and what it answers to requests that are none."""

from __future__ import annotations

import ast
from pathlib import Path

from flask import Flask
from sqlalchemy.orm import Session

import course
from course.scim.views.protocol import FALLBACK, NAME, PREFIX, ROUTES
from tests.scim.connected import connect

COURSE = Path(course.__file__).parent


def test_an_independent_checker_of_the_protocol_finds_nothing(app: Flask, session: Session) -> None:
    # With the test that needs them: they take seconds to import, in every process of a run.
    from scim2_client.engines.wsgi import WSGISCIMClient  # noqa: PLC0415
    from scim2_tester import Status, check_server  # noqa: PLC0415

    provider = connect(app, session)
    token = {"Authorization": f"Bearer {provider.token}"}
    client = WSGISCIMClient(app, base_url="http://localhost/scim/v2", headers=token)
    results = check_server(client)
    assert len(results) > 70
    assert [(one.title, one.resource_type, one.reason) for one in results if one.status is not Status.SUCCESS] == []


def test_the_routes_are_those_of_the_library(app: Flask) -> None:
    from scim2_flask.extension import METHODS, flask_rule  # noqa: PLC0415 (as above)
    from scim2_server.routing import ROUTES as LIBRARY_ROUTES  # noqa: PLC0415

    assert tuple((route.name, route.method, flask_rule(route)) for route in LIBRARY_ROUTES) == ROUTES
    rules = [rule for rule in app.url_map.iter_rules() if rule.endpoint == f"{NAME}.{FALLBACK}"]
    assert {rule.rule for rule in rules} == {f"{PREFIX}/", f"{PREFIX}/<path:path>"}
    assert all(set(METHODS) <= (rule.methods or set()) for rule in rules)


def test_no_process_imports_the_libraries_of_the_protocol_before_it_is_asked() -> None:
    """They would take a third of the time of a start."""
    kept_apart = {"scim.views.server", "scim.views.storage", "scim.rules.resources", "scim.rules.filters"}
    early = []
    for file in COURSE.rglob("*.py"):
        name = ".".join(file.relative_to(COURSE).with_suffix("").parts)
        if name in kept_apart:
            continue
        for line in ast.parse(file.read_bytes()).body:
            modules = [line.module or ""] if isinstance(line, ast.ImportFrom) else []
            modules += [one.name for one in line.names] if isinstance(line, ast.Import) else []
            early += [f"{name}: {one}" for one in modules
                      if one.startswith("scim2") or one.removeprefix("course.") in kept_apart]  # fmt: skip
    assert early == []
