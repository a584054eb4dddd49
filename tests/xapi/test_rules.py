"""What statements look like, and what follows from the answer of a store."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from course.xapi.rules import (
    AnswerFact,
    AttemptFact,
    CompletedFact,
    DecisionFact,
    FactDetails,
    ModuleFact,
    ScenarioFact,
    StartedFact,
    StatementContext,
    StatementFact,
    account_name,
    batch_verdict,
    build_statement,
    pause_after_failure,
    statement_id,
)
from tests.xapi.makers import kind_of

AT = datetime(2026, 11, 29, 12, 30, 0, 123456, tzinfo=UTC)
BASE = "https://training.example.org"
SPACE = UUID("1b671a64-40d5-491e-99b0-da01ff1f3341")
ACTIVITY = f"{BASE}/xapi/activities"
ACTORS: dict[int, dict[str, Any]] = {
    7: {"objectType": "Agent", "account": {"homePage": BASE, "name": account_name(SPACE, 7)}},
    8: {"objectType": "Agent", "mbox": "mailto:sam@example.org"},
}
TITLES = {"course": "Online abuse", "contact": "Contact", "contact/phone": "The phone"}
KNOWN = StatementContext(BASE, TITLES, ACTORS)


def _statement(details: FactDetails, course: str = "initial", person: int = 7) -> dict[str, Any]:
    mark = statement_id(SPACE, "x", "5")
    return build_statement(StatementFact(mark, person, AT, 3, course, details), KNOWN)


@pytest.mark.parametrize(
    ("details", "course", "kind", "verb", "activity", "parent", "result"),
    [
        (StartedFact(), "initial", "started", "initialized", "course", None, None),
        (StartedFact(), "refresher", "started", "initialized", "refresher", None, None),
        (CompletedFact("4"), "initial", "completed", "completed", "course", None, {"completion": True, "edition": "4"}),
        (ModuleFact("contact"), "initial", "module", "completed", "modules/contact", "course", {"completion": True}),
        (DecisionFact("contact/phone", "v1", "hall", "ask", 2), "initial", "decision", "responded",
         "modules/contact/scenarios/phone/scenes/hall", "modules/contact/scenarios/phone", {"response": "ask", "step": 2}),
        (ScenarioFact("contact/phone", "v1", "told", "good"), "initial", "scenario", "completed",
         "modules/contact/scenarios/phone", "modules/contact",
         {"completion": True, "ending": "told", "outcome": "good"}),
        (AnswerFact("q-1", "v2", "point-9", True, "sure", "check", "contact"), "initial", "answer", "answered",
         "questions/q-1", "modules/contact/check", {"success": True, "learning-point": "point-9", "confidence": "sure"}),
        (AnswerFact("q-1", "v2", "point-9", False, None, "booster", "own"), "initial", "answer", "answered",
         "questions/q-1", "course", {"success": False, "learning-point": "point-9"}),
        (AttemptFact("final", "course", 2, True, 41, 43, 80), "initial", "attempt", "passed", "final-assessment", "course",
         {"success": True, "score": {"scaled": 0.9535, "raw": 41, "min": 0, "max": 43}, "pass-mark": 80, "attempt": 2}),
        (AttemptFact("check", "contact", 1, False, 0, 5, 100), "initial", "attempt", "failed", "modules/contact/check",
         "modules/contact", {"success": False, "score": {"scaled": 0.0, "raw": 0, "min": 0, "max": 5}, "pass-mark": 100,
                             "attempt": 1}),
        (AttemptFact("update", "course", 1, True, 3, 3, 100), "update", "attempt", "passed", "update/questions", "update",
         {"success": True, "score": {"scaled": 1.0, "raw": 3, "min": 0, "max": 3}, "pass-mark": 100, "attempt": 1}),
    ],
)  # fmt: skip
def test_each_kind_of_statement_is_as_the_profile_says(
    details: FactDetails,
    course: str,
    kind: str,
    verb: str,
    activity: str,
    parent: str | None,
    result: dict[str, Any] | None,
) -> None:
    found = _statement(details, course)
    assert kind_of(found) == kind
    assert found["verb"]["id"] == f"http://adlnet.gov/expapi/verbs/{verb}"
    assert found["object"]["id"] == f"{ACTIVITY}/{activity}"
    parents = found["context"]["contextActivities"].get("parent", [])
    assert [one["id"] for one in parents] == ([] if parent is None else [f"{ACTIVITY}/{parent}"])
    said = dict(found.get("result", {}))
    said |= {name.rpartition("/")[2]: value for name, value in said.pop("extensions", {}).items()}
    assert said == (result or {})
    assert found["timestamp"] == "2026-11-29T12:30:00.123Z"


def test_a_statement_that_does_not_fit_the_profile_is_refused_by_the_schema() -> None:
    answer = AnswerFact("q-1", "v2", "point-9", True, "sure", "check", "contact")
    wrong: list[dict[str, Any]] = [
        {"actor": {"objectType": "Agent", "name": "Sam", **ACTORS[7]}},
        {"result": {"success": True, "response": "option 3", "extensions": {}}},
        {"timestamp": "2026-11-29 12:30"},
        {"verb": {"id": "http://adlnet.gov/expapi/verbs/passed", "display": {"en": "passed"}}},
        {"id": "1"},
    ]
    for change in wrong:
        with pytest.raises(AssertionError):
            kind_of(_statement(answer) | change)


def test_ids_are_the_same_at_each_try_and_tell_facts_people_and_stores_apart() -> None:
    other = UUID("7d444840-9dc0-11d1-b245-5ffdce74fad2")
    assert statement_id(SPACE, "answer", "5") == statement_id(SPACE, "answer", "5")
    assert len({statement_id(SPACE, "answer", "5"), statement_id(SPACE, "answer", "6"),
                statement_id(SPACE, "attempt", "5"), statement_id(other, "answer", "5")}) == 4  # fmt: skip
    moment = datetime(2027, 2, 12, 9, 30, 0, 1, UTC)
    dated = [statement_id(SPACE, "answer", "5", one) for one in (moment, moment + timedelta(microseconds=1))]
    assert dated[0] == "7ebe788d-aa56-5a8d-b546-14bb4d043c1a"
    assert len({*dated, statement_id(SPACE, "answer", "5")}) == 3
    assert statement_id(SPACE, "answer", "5", moment.astimezone(ZoneInfo("America/New_York"))) == dated[0]
    assert len({account_name(SPACE, 7), account_name(SPACE, 8), account_name(other, 7)}) == 3
    assert _statement(StartedFact(), person=8)["actor"] == {"objectType": "Agent", "mbox": "mailto:sam@example.org"}


@pytest.mark.parametrize(
    ("status", "size", "verdict"),
    [
        (200, 50, "arrived"), (204, 1, "arrived"), (409, 1, "arrived"), (409, 2, "split"), (400, 50, "split"),
        (400, 1, "refused"), (413, 9, "split"), (413, 1, "refused"), (422, 1, "refused"), (401, 1, "later"),
        (403, 50, "later"), (404, 1, "later"), (429, 1, "later"), (500, 1, "later"), (302, 1, "later"), (None, 50, "later"),
    ],
)  # fmt: skip
def test_what_follows_from_an_answer(status: int | None, size: int, verdict: str) -> None:
    assert batch_verdict(status, size) == verdict


@pytest.mark.parametrize(
    ("failures", "asked", "pause"),
    [(1, 0, 30), (2, 0, 120), (6, 0, 7200), (60, 0, 7200), (1, 600, 600), (1, 10**7, 86400)],
)
def test_a_store_that_takes_nothing_is_left_alone_longer_and_longer_and_never_given_up(
    failures: int, asked: int, pause: int
) -> None:
    assert pause_after_failure(failures, AT, timedelta(seconds=asked)) == AT + timedelta(seconds=pause)
