"""Launches, launch data, judgements and the course structure, as tables."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from lxml import etree

from course.cmi5.rules.course_structure import (
    CourseDescription,
    StructureEntry,
    StructureUnit,
    course_structure,
)
from course.cmi5.rules.delivery import RETRY_DELAYS, next_try, statement_outcome
from course.cmi5.rules.launch import SESSION_EXTENSION, read_languages, read_launch, read_launch_data, read_token
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
from course.cmi5.rules.units import is_unit, unit_of

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
        {"masteryScore": True}, {"masteryScore": 10**400},
        {"contextTemplate": {"extensions": {SESSION_EXTENSION: "a\0b"}}},
        {"contextTemplate": {"extensions": {SESSION_EXTENSION: "\ud800"}}},
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


SPACE = {"c": "https://w3id.org/xapi/profiles/cmi5/v1/CourseStructure.xsd"}


def _structure() -> CourseDescription:
    def unit(name: str, score: float | None) -> StructureUnit:
        move_on: Any = "Completed" if score is None else "CompletedAndPassed"
        return StructureUnit(
            f"https://t.example/u/{name}", "Abuse & <online>", "All", f"https://t.example/l/{name}", move_on, score
        )

    block = StructureEntry("https://t.example/b", "Modules", "Each")
    return CourseDescription(
        "https://t.example/c", "Abuse & <online>", "All", [unit("course", 0.8), unit("refresher", 1.0)], block,
        [unit("module-a", None), unit("module-b", None)],
    )  # fmt: skip


def test_the_course_structure_says_where_and_how_each_unit_is_launched() -> None:
    root = etree.fromstring(course_structure(_structure()))
    assert root.tag == f"{{{SPACE['c']}}}courseStructure"
    (whole, _refresher), (first, second) = root.findall("c:au", SPACE), root.findall("c:block/c:au", SPACE)
    assert dict(whole.attrib) == {
        "id": "https://t.example/u/course", "moveOn": "CompletedAndPassed", "masteryScore": "0.8",
        "launchMethod": "OwnWindow", "activityType": "http://adlnet.gov/expapi/activities/course",
    }  # fmt: skip
    assert (first.get("moveOn"), "masteryScore" in first.attrib) == ("Completed", False)
    assert second.findtext("c:url", namespaces=SPACE) == "https://t.example/l/module-b"
    assert whole.findtext("c:title/c:langstring", namespaces=SPACE) == "Abuse & <online>"
    alone = etree.fromstring(course_structure(replace(_structure(), block=None, units=_structure().units[:1])))
    assert [one.tag.rpartition("}")[2] for one in alone] == ["course", "au"]


def broken_rules(document: bytes) -> list[str]:
    """Which rules of cmi5 (Quartz), sections 13.1 and 13.2, a course structure breaks."""
    root = etree.fromstring(document)
    entries = [one for one in root.iter() if etree.QName(one).localname in ("course", "block", "au")]
    units = root.findall(".//c:au", SPACE)
    order = {
        "course": ["title", "description"],
        "block": ["title", "description", "au"],
        "au": ["title", "description", "url"],
    }
    names = [etree.QName(one).localname for one in root]

    def children(one: Any) -> list[str]:
        return list(dict.fromkeys(etree.QName(child).localname for child in one))

    ids = [one.get("id", "") for one in entries]
    moves = {"Passed", "Completed", "CompletedAndPassed", "CompletedOrPassed", "NotApplicable"}
    rules = {
        "namespace": root.tag == f"{{{SPACE['c']}}}courseStructure",
        "one course, first": names[:1] == ["course"] and names.count("course") == 1,
        "a unit or a block": bool(set(names[1:])) and set(names[1:]) <= {"au", "block"},
        "order": all(children(one) == order[etree.QName(one).localname] for one in entries),
        "ids are IRIs": all(urlsplit(one).scheme and urlsplit(one).netloc for one in ids),
        "ids are unique": len(set(ids)) == len(ids),
        "moveOn": all(one.get("moveOn") in moves for one in units),
        "masteryScore": all(0 <= float(one.get("masteryScore", "0")) <= 1 for one in units),
        "masteryScore has four decimals": all(
            len(one.get("masteryScore", "0").partition(".")[2]) <= 4 for one in units
        ),
        "launchMethod": all(one.get("launchMethod") in ("AnyWindow", "OwnWindow") for one in units),
        "url": all(
            urlsplit(one.findtext("c:url", "", SPACE)).scheme in ("http", "https")
            and not {"endpoint", "fetch", "actor", "activityId", "registration"}
            & set(parse_qs(urlsplit(one.findtext("c:url", "", SPACE)).query))
            for one in units
        ),
        "texts": all((one.text or "").strip() and one.get("lang") for one in root.iter(f"{{{SPACE['c']}}}langstring")),
    }
    return [name for name, holds in rules.items() if not holds]


@pytest.mark.parametrize(
    ("before", "after", "broken"),
    [
        ("", "", []),
        ('xmlns="https://w3id.org', 'xmlns="https://w3id.example', ["namespace"]),
        ("u/refresher", "u/course", ["ids are unique"]),
        ('id="https://t.example/u/course"', 'id="course"', ["ids are IRIs"]),
        ("CompletedAndPassed", "Sometimes", ["moveOn"]),
        ('masteryScore="0.8"', 'masteryScore="80"', ["masteryScore"]),
        ('masteryScore="0.8"', 'masteryScore="0.80001"', ["masteryScore has four decimals"]),
        ("OwnWindow", "Frame", ["launchMethod"]),
        ("https://t.example/l/course", "https://t.example/l/course?actor=me", ["url"]),
        ("https://t.example/l/course", "/l/course", ["url"]),
        ('<langstring lang="en-GB">Modules', '<langstring lang="en-GB"> ', ["texts"]),
    ],
)
def test_the_structure_keeps_the_rules_of_the_standard(before: str, after: str, broken: list[str]) -> None:
    document = course_structure(_structure()).decode()
    assert before in document
    found = broken_rules(document.replace(before, after).encode() if before else document.encode())
    assert found == broken or (broken == ["namespace"] and "namespace" in found)


@pytest.mark.parametrize(
    ("name", "exists", "module", "assessments", "completed_by"),
    [
        ("course", True, "", ("final", "refresher"), ["initial", "refresher"]),
        ("refresher", True, "", ("refresher",), ["refresher"]),
        ("module-responding", True, "responding", ("check",), []),
        ("module-none", False, "none", ("check",), []),
        ("module-", False, "", ("final", "refresher"), []),
        ("modules", False, "", ("final", "refresher"), []),
        ("", False, "", ("final", "refresher"), []),
    ],
)
def test_what_counts_in_each_unit(
    name: str, exists: bool, module: str, assessments: tuple[str, ...], completed_by: list[str]
) -> None:
    unit = unit_of(name)
    assert is_unit(name, ["responding"]) is exists
    assert (unit.module, unit.assessments) == (module, assessments)
    assert [kind for kind in ("initial", "refresher") if unit.is_completed_by(kind)] == completed_by


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (200, b'{"languagePreference": "cy-GB, en-US,fr"}', ("cy-GB", "en-US", "fr")),
        (200, b'{"languagePreference": " ,<b>,c y,\\u00e9,cy"}', ("cy",)),
        (200, b'{"languagePreference": ["cy"]}', ()),
        (200, b'{"audioPreference": "on"}', ()),
        (200, b"[]", ()),
        (200, b"[" * 100_000, ()),
        (404, b'{"languagePreference": "cy"}', ()),
    ],
)
def test_the_languages_of_a_learner_are_read_and_nonsense_is_none(
    status: int, body: bytes, expected: tuple[str, ...]
) -> None:
    assert read_languages(status, body) == expected
