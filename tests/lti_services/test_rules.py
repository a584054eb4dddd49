"""The rules of grades and members, as tables."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course.learning.rules.progress import CHECK, CourseProgress, ModuleProgress, StepProgress
from course.lti_services.rules.members import (
    MemberChoice,
    MemberRole,
    PlatformMember,
    member_role,
    next_page,
    people_list,
    read_members,
)
from course.lti_services.rules.problems import MAX_DELAY, RETRY_DELAYS, GradeProblem, next_try, status_problem
from course.lti_services.rules.scores import (
    RefresherResult,
    Score,
    can_be_graded,
    course_score,
    is_news,
    item_search_address,
    module_score,
    next_timestamp,
    refresher_score,
    score_body,
    scores_address,
    timestamp_text,
)

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
SCORE, ITEM = (f"https://purl.imsglobal.org/spec/lti-ags/scope/{name}" for name in ("score", "lineitem"))


def _module(states: str) -> ModuleProgress:
    """A module whose steps are done (d), skipped (s) or open (o); the last one is its check."""
    words = {"d": "done", "s": "skipped", "o": "open"}
    steps = tuple(StepProgress("m", str(place), CHECK, "", words[one]) for place, one in enumerate(states))
    return ModuleProgress(None, 1, steps, 0)  # type: ignore[arg-type]


MODULES = [
    ("oooo", Score(0, "Initialized")),
    ("dooo", Score(25, "InProgress")),
    ("dsso", Score(75, "InProgress")),
    ("dddd", Score(100, "Completed")),
    ("d" * 200 + "o", Score(99, "InProgress")),
]


@pytest.mark.parametrize(("states", "expected"), MODULES)
def test_a_module_is_graded_by_the_share_of_its_steps(states: str, expected: Score) -> None:
    assert module_score(_module(states)) == expected


COURSES = [
    (("oo", "oo"), False, None, False, Score(0, "Initialized")),
    (("do", "oo"), False, None, False, Score(20, "InProgress")),
    (("dd", "dd"), False, None, False, Score(80, "InProgress")),
    (("dd", "dd"), False, None, True, Score(80, "Submitted")),  # failed: it may be taken again
    (("dd", "do"), True, None, True, Score(80, "InProgress")),
    (("dd", "dd"), True, None, True, Score(99, "InProgress")),  # all is done, but it is not recorded yet
    (("dd", "dd"), True, NOW, True, Score(100, "Completed")),
    (("oo", "oo"), False, NOW, False, Score(100, "Completed")),  # the details are erased, the fact stays
]


@pytest.mark.parametrize(("modules", "passed", "completed", "taken", "expected"), COURSES)
def test_the_course_is_graded_by_the_share_of_all_steps_and_is_complete_when_that_is_recorded(
    modules: tuple[str, ...], passed: bool, completed: datetime | None, taken: bool, expected: Score
) -> None:
    state = CourseProgress(tuple(_module(one) for one in modules), passed, completed)
    assert course_score(state, taken) == expected


def test_a_refresher_is_graded_by_its_parts() -> None:
    assert refresher_score(None) == Score(0, "Initialized")
    assert refresher_score(RefresherResult(7, 4, 0, False)) == Score(0, "Initialized", 7)
    assert refresher_score(RefresherResult(7, 4, 3, False)) == Score(75, "InProgress", 7)
    assert refresher_score(RefresherResult(7, 4, 4, False)) == Score(99, "InProgress", 7)
    assert refresher_score(RefresherResult(7, 4, 4, True)) == Score(100, "Completed", 7)
    assert refresher_score(RefresherResult(7, 0, 0, False)) == Score(0, "Initialized", 7)


NEWS = [
    (Score(0, "Initialized"), None, True),
    (Score(20, "InProgress"), Score(0, "Initialized"), True),
    (Score(20, "InProgress"), Score(20, "InProgress"), False),
    (Score(20, "Submitted"), Score(20, "InProgress"), True),
    (Score(20, "InProgress"), Score(20, "Submitted"), False),
    (Score(19, "Submitted"), Score(20, "InProgress"), False),
    (Score(0, "Initialized"), Score(100, "Completed"), False),
    (Score(0, "Initialized", 8), Score(100, "Completed", 7), True),  # the next refresher counts anew
    (Score(100, "Completed", 7), Score(0, "Initialized", 8), False),
]


@pytest.mark.parametrize(("score", "sent", "expected"), NEWS)
def test_a_grade_never_goes_down_within_a_round(score: Score, sent: Score | None, expected: bool) -> None:
    assert is_news(score, sent) is expected


CORRECTIONS = [
    (Score(19, "InProgress"), Score(20, "InProgress"), True),
    (Score(20, "InProgress"), Score(20, "Submitted"), True),
    (Score(0, "Initialized"), Score(100, "Completed"), True),
    (Score(20, "InProgress"), Score(20, "InProgress"), False),
    (Score(20, "InProgress"), None, True),
    (Score(100, "Completed", 7), Score(0, "Initialized", 8), False),  # an earlier round is over
    (Score(0, "Initialized", 8), Score(100, "Completed", 7), True),
]


@pytest.mark.parametrize(("score", "sent", "expected"), CORRECTIONS)
def test_a_grade_goes_down_where_something_was_made_void(score: Score, sent: Score | None, expected: bool) -> None:
    assert is_news(score, sent, corrects=True) is expected


def test_a_score_without_a_step_has_no_grade_and_none_has_more_than_these_fields() -> None:
    assert score_body(Score(0, "Initialized"), "u", NOW) == {
        "userId": "u", "timestamp": "2026-11-29T12:00:00.000Z", "activityProgress": "Initialized",
        "gradingProgress": "NotReady",
    }  # fmt: skip
    assert score_body(Score(40, "Submitted"), "u", NOW) == {
        "userId": "u", "timestamp": "2026-11-29T12:00:00.000Z", "activityProgress": "Submitted",
        "gradingProgress": "FullyGraded", "scoreGiven": 40, "scoreMaximum": 100,
    }  # fmt: skip


@given(st.lists(st.integers(-5_000_000, 5_000_000), min_size=2, max_size=8))
def test_moments_of_scores_grow_also_if_the_clock_is_put_back(steps: list[int]) -> None:
    last, texts = None, list[str]()
    for step in steps:
        last = next_timestamp(NOW + timedelta(microseconds=step), last)
        texts.append(timestamp_text(last))
    assert texts == sorted(set(texts))


ADDRESSES = [
    ("https://a.example/items/7", "https://a.example/items/7/scores"),
    ("https://a.example/items/7/", "https://a.example/items/7/scores"),
    ("https://a.example/2/lineitem?type_id=3", "https://a.example/2/lineitem/scores?type_id=3"),
]


@pytest.mark.parametrize(("column", "expected"), ADDRESSES)
def test_scores_are_posted_below_the_column_and_before_its_query(column: str, expected: str) -> None:
    assert scores_address(column) == expected


def test_a_link_is_graded_if_scores_are_allowed_and_there_is_or_can_be_a_column() -> None:
    assert can_be_graded("https://a.example/1", "", (SCORE,))
    assert can_be_graded("", "https://a.example", (SCORE, ITEM))
    assert not can_be_graded("", "https://a.example", (SCORE,))
    assert not can_be_graded("https://a.example/1", "https://a.example", (ITEM,))
    assert item_search_address("https://a.example?t=1", "a&b/c") == "https://a.example?t=1&resource_link_id=a%26b%2Fc"


RETRIES = [
    (GradeProblem.SERVER, 1, None, RETRY_DELAYS[0], 1),
    (GradeProblem.SERVER, 3, None, RETRY_DELAYS[2], 3),
    (GradeProblem.SERVER, len(RETRY_DELAYS) + 1, None, None, len(RETRY_DELAYS) + 1),
    (GradeProblem.BUSY, 1, timedelta(hours=2), timedelta(hours=2), 1),
    (GradeProblem.BUSY, 1, timedelta(days=9), MAX_DELAY, 1),
    (GradeProblem.TOKEN_REFUSED, 1, None, None, 1),
    (GradeProblem.GONE, 1, None, None, 1),
    (GradeProblem.OTHER_MAKES_COLUMN, 1, None, timedelta(seconds=5), 0),
]


@pytest.mark.parametrize(("problem", "tries", "wait", "expected", "counted"), RETRIES)
def test_what_can_pass_by_itself_is_tried_again_later_and_later(
    problem: GradeProblem, tries: int, wait: timedelta | None, expected: timedelta | None, counted: int
) -> None:
    retry = next_try(problem, tries, NOW, wait)
    assert (retry.at, retry.tries) == (NOW + expected if expected else None, counted)


def test_only_a_success_arrives() -> None:
    assert [status for status in range(100, 600) if status_problem(status) is None] == list(range(200, 300))


_M = "http://purl.imsglobal.org/vocab/lis/v2/membership#"
_S = "http://purl.imsglobal.org/vocab/lis/v2/membership/"
_I = "http://purl.imsglobal.org/vocab/lis/v2/institution/person#"
ROLES: list[tuple[list[object], MemberRole]] = [
    ([f"{_M}Learner"], "learner"),
    (["Learner"], "learner"),
    ([f"{_M}Learner", f"{_M}Instructor"], "instructor"),
    ([f"{_S}Instructor#TeachingAssistant"], "instructor"),
    ([f"{_I}Instructor", f"{_M}Learner"], "learner"),  # a teacher of the school who learns here
    ([f"{_I}Administrator"], "other"),
    ([None, 3, {}], "other"),
    ([], "other"),
]


@pytest.mark.parametrize(("roles", "expected"), ROLES)
def test_the_role_is_that_in_the_course_there(roles: list[object], expected: MemberRole) -> None:
    assert member_role(roles) == expected


HERE = "https://a.example/members?p=1"
LINKS = [
    ("", None),
    ('<https://a.example/members?p=2>; rel="next"', "https://a.example/members?p=2"),
    ("<https://a.example/members?p=2>; rel=next", "https://a.example/members?p=2"),
    ('</members?p=2>; title="a, b"; rel="next last"', "https://a.example/members?p=2"),
    ('<https://a.example/d>; rel="differences", <https://a.example/n>; rel="next"', "https://a.example/n"),
    ('<https://a.example/p>; rel="prev"', None),
    ("nonsense, <>; rel=next", None),
]


@pytest.mark.parametrize(("header", "expected"), LINKS)
def test_the_next_page_is_the_one_that_the_header_names(header: str, expected: str | None) -> None:
    assert next_page(header, HERE) == expected


@pytest.mark.parametrize(
    "other", ["https://b.example/n", "http://a.example/n", "https://a.example:8443/n", "//b.example/n"]
)
def test_the_token_goes_to_no_other_server(other: str) -> None:
    with pytest.raises(ValueError, match="another server"):
        next_page(f'<{other}>; rel="next"', HERE)


def test_the_list_has_who_is_wanted_and_counts_who_is_not() -> None:
    row = {"user_id": "1", "name": "Sam  Okafor", "email": "sam@example.org", "roles": [f"{_M}Learner"]}
    found = read_members({"members": [
        row, row | {"user_id": "2", "status": "Inactive"}, row | {"user_id": "3", "email": None},
        row | {"user_id": "4", "name": "", "given_name": "Åse", "family_name": "Lee", "email": "ase@example.org"},
        row | {"user_id": "5", "name": "Priya, Nair", "email": "p@example.org", "roles": ["Instructor"]},
        row | {"user_id": "6", "roles": "Learner"},
    ]})  # fmt: skip
    assert [one.subject for one in found] == ["1", "3", "4", "5", "6"]
    choice = MemberChoice("Trust > School", "member", "manager")
    made = people_list(found, choice)
    assert (made.listed, made.left_out, made.without_address) == (3, 1, 1)
    assert list(csv.DictReader(io.StringIO(made.csv.decode())))[1:] == [
        {"Name": "Åse Lee", "Email": "ase@example.org", "Team": "Trust > School", "Course role": "learner"},
        {"Name": "Priya, Nair", "Email": "p@example.org", "Team": "Trust > School", "Course role": "manager"},
    ]
    assert (
        people_list(
            [PlatformMember("1", "Sam", "s@example.org", "learner")], MemberChoice("T", "leave", "leave")
        ).listed
        == 0
    )
    for broken in ({}, {"members": None}, {"members": ["x"]}):
        with pytest.raises(ValueError, match="members"):
            read_members(broken)
