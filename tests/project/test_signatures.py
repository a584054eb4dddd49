"""Arguments that belong together travel together: short signatures, and one context instead of its four parts."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

COURSE = Path(__file__).resolve().parents[2] / "course"
MAX_PARAMETERS = 6
# Functions with more parameters, each with the reason.
LONG_SIGNATURES = {
    "audit/rules.py:entry_hash": "the fields of an entry, in the order in which they are hashed",
}
# Functions that take the parts of a context, each with the reason.
SEPARATE_PARTS = {
    "context.py:make_context": "it makes a context of the parts",
}
ACTOR_NAMES = {"by", "actor", "actor_id"}
MOMENT_NAMES = {"at", "now", "today"}


def signatures(source: str) -> Iterator[tuple[str, list[str]]]:
    """The name of each function and method, and the names of its parameters without self and cls."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            arguments = node.args
            named = (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)
            yield node.name, [one.arg for one in named if one.arg not in ("self", "cls")]


def mistake(parameters: list[str]) -> str | None:
    """What is wrong with the parameters of a function."""
    names = set(parameters)
    if "session" in names and "context" in names:
        return "a context has a session"
    if "session" in names and names & ACTOR_NAMES and names & MOMENT_NAMES:
        return "session, actor and moment are a context"
    if "context" in names and parameters[0] != "context":
        return "the context is the first parameter"
    return None


def course_signatures() -> Iterator[tuple[str, list[str]]]:
    for path in sorted(COURSE.rglob("*.py")):
        for name, parameters in signatures(path.read_text(encoding="utf-8")):
            yield f"{path.relative_to(COURSE)}:{name}", parameters


def test_a_function_takes_no_more_than_six_parameters_unless_a_reason_is_listed() -> None:
    long = {place for place, parameters in course_signatures() if len(parameters) > MAX_PARAMETERS}
    assert long == set(LONG_SIGNATURES)
    assert all(LONG_SIGNATURES.values())


def test_session_actor_and_moment_are_passed_as_one_context() -> None:
    found = {place: wrong for place, parameters in course_signatures() if (wrong := mistake(parameters)) is not None}
    assert set(found) == set(SEPARATE_PARTS), found


@pytest.mark.parametrize(
    ("signature", "wrong"),
    [
        ("session, person_id", False),
        ("session, person_id, at", False),
        ("context, person_id", False),
        ("session, person_id, by, at", True),
        ("session, by, *, now", True),
        ("session, context", True),
        ("person_id, context", True),
    ],
)
def test_the_parts_of_a_context_are_recognised(signature: str, wrong: bool) -> None:
    [(_, parameters)] = signatures(f"def save({signature}): ...")
    assert (mistake(parameters) is not None) is wrong


def test_each_kind_of_parameter_is_counted() -> None:
    [(_, parameters)] = signatures("def save(self, a, /, b, *, c): ...")
    assert parameters == ["a", "b", "c"]
