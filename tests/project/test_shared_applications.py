"""What the applications of a process of the tests share makes them no other than one that shares nothing."""

from __future__ import annotations

from pathlib import Path
from types import FunctionType
from typing import Any

import pytest
from flask import Flask

import app as application
from tests.conftest import make_app
from tests.support.applications import AllPages, containers
from tests.support.migrations import load_python_file


def described(app: Flask) -> dict[str, Any]:
    """All that registering pages gives an application, and in what order."""
    routes = [(rule.rule, rule.endpoint, sorted(rule.methods or ())) for rule in app.url_map.iter_rules()]
    by_name = {name: [rule.rule for rule in rules] for name, rules in app.url_map._rules_by_endpoint.items()}
    found = {name: dict(container) for name, container in containers(app).items()}
    # Of these each application has its own.
    own = {key: found["globals"].pop(key) for key in ("config", "url_for")}
    return {**found, "routes": routes, "by name": by_name, "own": sorted(own)}


def test_one_that_takes_the_pages_of_another_has_all_that_one_has_that_registers_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    [(shared, _)] = application.BLUEPRINTS
    assert isinstance(shared, AllPages)
    monkeypatch.setattr(application, "BLUEPRINTS", ((AllPages(shared.blueprints), ""),))
    registered, taken = (make_app(f"sqlite:///{tmp_path}/{name}.db") for name in ("one", "two"))
    expected, found = described(registered), described(taken)
    assert len(found["routes"]) > 300
    for part in ("routes", "by name", "view_functions", "blueprints", "commands", "own"):
        assert found[part] == expected[part], part
    # Closures of an application's own are known by where they are written.
    assert _places(found) == _places(expected)


def _places(found: Any) -> Any:
    if isinstance(found, dict):
        return {key: _places(value) for key, value in found.items()}
    if isinstance(found, list):
        return [_places(one) for one in found]
    return (found.__module__, found.__qualname__) if isinstance(found, FunctionType) else type(found)


def test_a_route_that_a_test_adds_is_that_of_one_application_only(tmp_path: Path) -> None:
    one, other = (make_app(f"sqlite:///{tmp_path}/{name}.db") for name in ("one", "two"))
    routes = len([*other.url_map.iter_rules()])
    one.add_url_rule("/only-here", "only_here", lambda: "here")
    assert len([*one.url_map.iter_rules()]) == routes + 1
    assert one.url_map.bind("localhost").match("/only-here") == ("only_here", {})
    assert one.url_map.bind("localhost").match("/sign-in")[0] == "auth.sign_in"
    assert (
        len([*other.url_map.iter_rules()])
        == routes
        == len([*make_app(f"sqlite:///{tmp_path}/3.db").url_map.iter_rules()])
    )


def test_a_file_that_is_no_migration_of_the_course_is_run_each_time(tmp_path: Path) -> None:
    Path(tmp_path, "one.py").write_text("made = []\n")
    assert load_python_file(str(tmp_path), "one.py").made is not load_python_file(str(tmp_path), "one.py").made
