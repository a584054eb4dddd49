"""Launches, launch data, judgements and the course structure, as tables."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from lxml import etree

from course.cmi5.rules.course_structure import CourseDescription, course_structure
from course.cmi5.rules.delivery import RETRY_DELAYS, next_try, statement_outcome
from course.cmi5.rules.launch import SESSION_EXTENSION, read_launch, read_launch_data, read_token
from course.cmi5.rules.problems import LaunchError, LaunchProblem, problem_words
from course.cmi5.rules.statements import (
    SessionFacts,
    SessionScore,
    SessionStatement,
    build_session_statement,
    iso_duration,
    judgement,
    may_send,
    statement_mark,
)

AT = datetime(2026, 11, 29, 12, 0, tzinfo=UTC)
ACTOR = {"objectType": "Agent", "account": {"homePage": "https://lms.example.org", "name": "u-17"}}
GOOD = {
    "endpoint": "https://lms.example.org/lrs/", "fetch": "https://lms.example.org/fetch?n=1", "actor": json.dumps(ACTOR),
    "registration": "3D5A0E3C-8A8F-4B59-A2A6-8B6F3E6C8A11", "activityId": "https://lms.example.org/a/1",
}  # fmt: skip
DATA: dict[str, Any] = {"contextTemplate": {"extensions": {SESSION_EXTENSION: "s-1"}}, "launchMode": "Normal"}
FACTS = SessionFacts(GOOD["endpoint"], "r-1", "s-1", GOOD["activityId"], ACTOR, DATA["contextTemplate"], "Normal", None)


def test_a_launch_is_read_and_nothing_but_the_account_of_its_actor_is_believed() -> None:
    actor = ACTOR | {"mbox": "mailto:head@example.org", "name": "Robin Field"}
    found = read_launch(GOOD | {"actor": json.dumps(actor)})
    assert found.registration == "3d5a0e3c-8a8f-4b59-a2a6-8b6f3e6c8a11"
    assert found.hosts == {"lms.example.org"}
    assert dict(found.actor.agent) == ACTOR | {"name": "Robin Field"}
    assert found.launch_data_address.startswith("https://lms.example.org/lrs/activities/state?stateId=LMS.LaunchData&")


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"endpoint": ""}, LaunchProblem.INCOMPLETE),
        ({"endpoint": "http://lms.example.org/lrs"}, LaunchProblem.INCOMPLETE),
        ({"endpoint": "https://lms.example.org:x/lrs"}, LaunchProblem.INCOMPLETE),
        ({"fetch": "https://me@lms.example.org/fetch"}, LaunchProblem.INCOMPLETE),
        ({"fetch": "file:///etc/passwd"}, LaunchProblem.INCOMPLETE),
        ({"registration": "17"}, LaunchProblem.INCOMPLETE),
        ({"activityId": ""}, LaunchProblem.INCOMPLETE),
        ({"actor": "{"}, LaunchProblem.INCOMPLETE),
        ({"actor": "[]"}, LaunchProblem.NO_ACCOUNT),
        ({"actor": '{"mbox": "mailto:sam@example.org"}'}, LaunchProblem.NO_ACCOUNT),
        ({"actor": '{"objectType": "Group", "account": {"homePage": "https://x", "name": "a"}}'}, LaunchProblem.NO_ACCOUNT),
        ({"actor": '{"account": {"homePage": "https://x", "name": " "}}'}, LaunchProblem.NO_ACCOUNT),
        ({"actor": '{"account": {"homePage": "https://x", "name": 7}}'}, LaunchProblem.NO_ACCOUNT),
    ],
)  # fmt: skip
def test_a_wrong_address_is_refused(change: dict[str, str], problem: LaunchProblem) -> None:
    with pytest.raises(LaunchError) as refused:
        read_launch(GOOD | change)
    assert refused.value.problem == problem


@pytest.mark.parametrize(
    ("status", "body", "problem"),
    [
        (200, b'{"error-code": "1", "error-text": "used"}', LaunchProblem.USED),
        (200, b'{"error-code": 2}', LaunchProblem.NO_TOKEN),
        (200, b'{"auth-token": ""}', LaunchProblem.NO_TOKEN),
        (200, b'{"auth-token": "a\\r\\nX: y"}', LaunchProblem.NO_TOKEN),
        (200, b"nothing", LaunchProblem.NO_TOKEN),
        (404, b'{"auth-token": "abc"}', LaunchProblem.NO_TOKEN),
    ],
)
def test_an_answer_without_a_token_is_refused(status: int, body: bytes, problem: LaunchProblem) -> None:
    assert read_token(200, b'{"auth-token": "QWxh=="}') == "QWxh=="
    with pytest.raises(LaunchError) as refused:
        read_token(status, body)
    assert refused.value.problem == problem


@pytest.mark.parametrize(
    "change",
    [
        {"launchMode": "Play"}, {"launchMode": None}, {"contextTemplate": None}, {"contextTemplate": {"extensions": {}}},
        {"contextTemplate": {"extensions": {SESSION_EXTENSION: ""}}}, {"masteryScore": 80}, {"masteryScore": "0.8"},
        {"masteryScore": True},
    ],
)  # fmt: skip
def test_launch_data_that_say_too_little_are_refused(change: dict[str, Any]) -> None:
    with pytest.raises(LaunchError) as refused:
        read_launch_data(200, json.dumps(DATA | change).encode())
    assert refused.value.problem == LaunchProblem.NO_LAUNCH_DATA


@pytest.mark.parametrize(
    ("address", "kept"),
    [
        ("https://lms.example.org/back?id=1", "https://lms.example.org/back?id=1"), ("javascript:alert(1)", ""),
        ("//evil.example", ""), ("https://", ""), (None, ""), ("https://lms.example.org/a b", ""),
    ],
)  # fmt: skip
def test_the_browser_is_only_led_back_to_an_address_of_a_page(address: str | None, kept: str) -> None:
    assert read_launch_data(200, json.dumps(DATA | {"returnURL": address}).encode()).return_address == kept


@pytest.mark.parametrize(
    ("passed", "score", "mastery", "verb", "sent"),
    [
        (True, SessionScore(9, 10), None, "passed", SessionScore(9, 10)),
        (True, SessionScore(9, 10), 0.8, "passed", SessionScore(9, 10)),
        (True, SessionScore(8, 10), 0.9, "failed", SessionScore(8, 10)),
        (True, None, 0.9, "passed", None),
        (False, SessionScore(5, 10), None, "failed", SessionScore(5, 10)),
        (False, SessionScore(5, 10), 0.8, "failed", SessionScore(5, 10)),
        (
            False,
            SessionScore(9, 10),
            0.8,
            "failed",
            None,
        ),  # what is critical for safety was wrong: the score would contradict
    ],
)
def test_a_judgement_never_contradicts_the_score_that_the_platform_asks_for(
    passed: bool, score: SessionScore | None, mastery: float | None, verb: str, sent: SessionScore | None
) -> None:
    assert judgement(passed, score, mastery) == (verb, sent)


def test_the_context_is_the_template_with_more_and_ids_are_made_for_what_may_be_said_once() -> None:
    sent = SessionStatement("passed", AT, timedelta(minutes=61, seconds=5), SessionScore(41, 43))
    facts = SessionFacts(**{**FACTS.__dict__, "mastery_score": 0.8})
    found = build_session_statement(facts, sent)
    assert found["result"] == {
        "success": True, "score": {"scaled": 0.9535, "raw": 41, "min": 0, "max": 43}, "duration": "PT1H1M5S",
    }  # fmt: skip
    assert DATA["contextTemplate"] == {"extensions": {SESSION_EXTENSION: "s-1"}}  # what was given is not changed
    again = SessionFacts(**{**FACTS.__dict__, "session": "s-2"})
    assert statement_mark(FACTS, "completed") == statement_mark(again, "completed")
    assert statement_mark(FACTS, "terminated") != statement_mark(again, "terminated")
    assert statement_mark(FACTS, "passed") != statement_mark(FACTS, "completed")
    assert [iso_duration(timedelta(seconds=one)) for one in (-5, 0, 60, 3600)] == ["PT0S", "PT0S", "PT1M", "PT1H"]
    assert [verb for verb in ("initialized", "completed", "passed", "failed", "terminated") if may_send("Browse", verb)] == [
        "initialized", "terminated",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("status", "outcome"),
    [(204, "arrived"), (409, "arrived"), (400, "refused"), (401, "refused"), (403, "refused"), (429, "later"),
     (503, "later"), (302, "later"), (None, "later")],
)  # fmt: skip
def test_what_follows_from_the_answer_to_a_statement(status: int | None, outcome: str) -> None:
    assert statement_outcome(status) == outcome
    assert next_try(1, AT) == AT + RETRY_DELAYS[0]
    assert next_try(len(RETRY_DELAYS) + 1, AT) is None


def test_each_problem_has_words_of_its_own_and_says_what_to_do() -> None:
    words = [problem_words(one, "Moodle") for one in LaunchProblem]
    assert all(str(what).endswith(".") and str(advice).endswith(".") for what, advice in words)
    assert len({str(what) for what, _advice in words}) == len(LaunchProblem) - 1  # no token and no launch data alike


def test_the_course_structure_says_where_and_how_the_course_is_launched() -> None:
    course = CourseDescription(
        "https://t.example/c", "https://t.example/u", "Abuse & <online>", "All", "https://t.example/l", 0.8
    )
    root = etree.fromstring(course_structure(course))
    space = {"c": "https://w3id.org/xapi/profiles/cmi5/v1/CourseStructure.xsd"}
    assert root.tag == f"{{{space['c']}}}courseStructure"
    (unit,) = root.findall("c:au", space)
    assert dict(unit.attrib) == {
        "id": "https://t.example/u", "moveOn": "CompletedAndPassed", "masteryScore": "0.8", "launchMethod": "OwnWindow",
        "activityType": "http://adlnet.gov/expapi/activities/course",
    }  # fmt: skip
    assert [one.tag.rpartition("}")[2] for one in unit] == ["title", "description", "url"]
    assert unit.findtext("c:title/c:langstring", namespaces=space) == "Abuse & <online>"
    assert unit.findtext("c:url", namespaces=space) == "https://t.example/l"
