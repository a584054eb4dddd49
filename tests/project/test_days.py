"""The day on which something happens is asked for in the time zone of the organisation."""

from __future__ import annotations

import ast
import re

import pytest

from tests.project.test_house import PYTHON, ROOT

MOMENT = re.compile(r"now\(\)( [+-] .*)?")


def _asks(node: ast.AST, names: set[str]) -> bool:
    """Whether an expression is made of `now()`, or of one of these names."""
    return any(
        (isinstance(one, ast.Call) and ast.unparse(one.func) == "now")
        or (isinstance(one, ast.Name) and one.id in names)
        for one in ast.walk(node)
    )


def _moments(tree: ast.AST) -> set[str]:
    """The names that are given a moment made of `now()`."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign):
            targets, values = node.targets, [node.value] * len(node.targets)
            if isinstance(targets[0], ast.Tuple) and isinstance(node.value, ast.Tuple):
                targets, values = targets[0].elts, node.value.elts
            pairs = zip(targets, values, strict=False)
            found |= {to.id for to, of in pairs if isinstance(to, ast.Name) and MOMENT.fullmatch(ast.unparse(of))}
    return found


def days_of_this_moment_in_utc(source: str) -> list[str]:
    """What takes the day of `now()` without a time zone: between midnight and one in an English summer it is yesterday."""
    tree, found = ast.parse(source), []
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    parts: list[ast.AST] = [*functions] or [tree]
    for part in parts:
        names = _moments(part)
        found += [
            ast.unparse(node)
            for node in ast.walk(part)
            if isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr == "date"
            and _asks(node.func.value, names)
        ]
    return found


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("now().date()", 1),
        ("(now() - timedelta(days=9)).date().isoformat()", 1),
        ("at = now() - timedelta(days=9)\nat.date()", 1),
        ("one, at = make(), now()\nat.date()", 1),
        ("at = moment(now())\nat.date()", 0),
        ("NOW.date()", 0),
        ("civil_date(now(), ZONE)", 0),
        ("this_day(-9).isoformat()", 0),
    ],
)
def test_the_day_of_now_in_utc_is_recognised(source: str, found: int) -> None:
    assert len(days_of_this_moment_in_utc(source)) == found


def test_no_file_takes_the_day_of_now_without_a_time_zone() -> None:
    """Tests ask this_day(), the program civil_date()."""
    found = {
        path.relative_to(ROOT).as_posix(): days
        for path in PYTHON
        if (days := days_of_this_moment_in_utc(path.read_text(encoding="utf-8")))
    }
    assert found == {}
