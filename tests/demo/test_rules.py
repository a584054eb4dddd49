"""The answers of the demonstration: each is one that a person could have given."""

from __future__ import annotations

import random
import sqlite3
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from course.content.library import load_library
from course.content.schema import Question
from course.demo.rules import generate_people, last_sending_moment, simulate_answer
from course.learning.rules.grading import grade, option_order, parse_answer
from course.reminders.rules import ReminderPolicy, SendingHours
from tests.walking import form_of

SAMPLE = load_library(Path(__file__).resolve().parents[1] / "sample_modules")


@pytest.mark.parametrize("question", SAMPLE.answerable.values(), ids=lambda question: question.id)
def test_simulated_answers_are_right_and_wrong_and_could_have_been_sent(question: Question) -> None:
    order, right = option_order(question, 1, 1), 0
    for seed in range(60):
        given, confidence = simulate_answer(question, 0.5, random.Random(seed))
        right += grade(question, given).correct
        assert confidence in ("sure", "fairly", "guessing")
        assert parse_answer(question, order, form_of(question, order, given)) == given
    assert 10 < right < 50


LONDON = SendingHours(ReminderPolicy(), "england", "Europe/London")


@pytest.mark.parametrize("today", [date(2026, 11, 29), date(2026, 12, 27), date(2027, 3, 30), date(2026, 5, 4)])
def test_everything_in_the_example_happens_on_working_days_and_none_of_it_in_the_future(today: date) -> None:
    people = generate_people(today)
    days = [one.joined_on for one in people] + [one.left_on for one in people if one.left_on]
    days += [completion.on for one in people for completion in one.completions]
    assert len(days) > 400
    assert [day for day in days if not LONDON.is_business_day(day)] == []
    assert max(days) <= today
    for one in people:
        on = [one.joined_on, *(completion.on for completion in one.completions)]
        assert on == sorted(set(on)), one


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (datetime(2026, 11, 27, 10, 30, tzinfo=UTC), datetime(2026, 11, 27, 10, 30, tzinfo=UTC)),
        (datetime(2026, 11, 29, 11, tzinfo=UTC), datetime(2026, 11, 27, 9, 5, tzinfo=UTC)),
        (datetime(2026, 11, 30, 3, tzinfo=UTC), datetime(2026, 11, 27, 9, 5, tzinfo=UTC)),
        (datetime(2026, 11, 30, 22, tzinfo=UTC), datetime(2026, 11, 30, 9, 5, tzinfo=UTC)),
        (datetime(2026, 12, 28, 11, tzinfo=UTC), datetime(2026, 12, 24, 9, 5, tzinfo=UTC)),
    ],
)
def test_mail_of_the_example_leaves_when_mail_may_leave(at: datetime, expected: datetime) -> None:
    assert last_sending_moment(at, "Europe/London") == expected


def test_the_demonstration_sent_no_mail_and_issued_no_certificate_on_a_weekend_or_bank_holiday(demo_file: Path) -> None:
    with closing(sqlite3.connect(demo_file)) as demo:
        for query in ("select sent_at from outbox_mail where template is not null or sent_at is not null",
                      "select completed_at from completion"):  # fmt: skip
            moments = [datetime.fromisoformat(row[0]).replace(tzinfo=UTC) for row in demo.execute(query) if row[0]]
            assert moments, query
            off = [at for at in moments if not LONDON.is_business_day(at.astimezone(ZoneInfo(LONDON.zone)).date())]
            assert off == [], query


def test_an_attempt_of_the_demonstration_that_was_passed_is_not_taken_again(demo_file: Path) -> None:
    with closing(sqlite3.connect(demo_file)) as demo:
        again = demo.execute(
            "select count(*) from attempt one join attempt_outcome o on o.attempt_id = one.id join attempt two"
            " on (two.enrolment_id, two.kind, two.ref) = (one.enrolment_id, one.kind, one.ref) and two.number > one.number"
            " where o.passed"
        ).fetchone()
    assert again == (0,)
