"""What the applications of a process of the tests share makes them no other than one that shares nothing."""

from __future__ import annotations

from pathlib import Path
from types import FunctionType
from typing import Any

import pytest
from flask import Flask

import app as application
from tests.conftest import make_app
from tests.support.applications import AllPages
from tests.support.migrations import load_python_file


def described(app: Flask) -> dict[str, Any]:
    """All that an application is made of."""
    routes = [(rule.rule, rule.endpoint, sorted(rule.methods or ())) for rule in app.url_map.iter_rules()]
    by_name = {name: [rule.rule for rule in rules] for name, rules in app.url_map._rules_by_endpoint.items()}
    environment = app.jinja_env
    return {**vars(app), "filters": environment.filters, "tests": environment.tests, "globals": environment.globals,
            "commands": app.cli.commands, "routes": routes, "by name": by_name}  # fmt: skip


def test_one_that_takes_the_pages_of_another_has_all_that_one_has_that_registers_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blueprints: Any = application.BLUEPRINTS
    [(shared, _)] = blueprints
    assert isinstance(shared, AllPages)
    monkeypatch.setattr(application, "BLUEPRINTS", ((AllPages(shared.blueprints), ""),))
    registered, taken = (make_app(f"sqlite:///{tmp_path}/{name}.db") for name in ("one", "two"))
    expected, found = described(registered), described(taken)
    assert len(found["routes"]) > 300
    for part in ("routes", "by name", "view_functions", "blueprints", "commands"):
        assert found[part] == expected[part], part
    # What an application has of its own, such as closures and caches, is known by its kind.
    assert {part: _kinds(one) for part, one in found.items()} == {part: _kinds(one) for part, one in expected.items()}


def _kinds(found: Any) -> Any:
    if isinstance(found, dict):
        return {key: _kinds(value) for key, value in found.items()}
    if isinstance(found, list):
        return [_kinds(one) for one in found]
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
