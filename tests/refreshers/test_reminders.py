"""Reminders follow from the standing: one for each step, none to people who are away, no storm after an outage."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from course.mail.models import OutboxMail
from course.refreshers import actions
from course.refreshers.rules import Completion, Facts, Policy, Requirement, standing
from course.refreshers.rules.reminders import key, may_leave, reminder
from tests.conftest import NOW
from tests.makers import make_person

RULES = [Policy(since=date(2020, 1, 1))]
HELD = Facts(
    requirements=(Requirement(date(2026, 1, 1), None, "working here"),), completions=(Completion(date(2026, 2, 12)),)
)
DUE = date(2027, 2, 12)
STEPS = [
    (61, None), (60, "before 60"), (59, "before 60"), (31, "before 60"), (30, "before 30"), (14, "before 14"),
    (8, "before 14"), (7, "before 7"), (1, "before 1"), (0, "before 1"), (-1, "overdue 0"), (-7, "overdue 0"),
    (-8, "overdue 1"), (-30, "overdue 4"),
]  # fmt: skip


@pytest.mark.parametrize(("left", "name"), STEPS)
def test_each_day_has_its_step(left: int, name: str | None) -> None:
    found = reminder(standing(HELD, RULES, DUE - timedelta(days=left)))
    assert (found.name if found else None) == name


def test_who_has_just_begun_is_not_reminded_at_once() -> None:
    new = Facts(requirements=(Requirement(date(2026, 11, 22), None, "working here"),))
    assert reminder(standing(new, RULES, date(2026, 11, 22))) is None
    found = reminder(standing(new, RULES, date(2026, 12, 6)))
    assert found is not None
    assert found.name == "before 14"


def test_nobody_who_is_away_or_needs_nothing_is_reminded() -> None:
    late = standing(HELD, RULES, DUE + timedelta(days=3))
    assert reminder(late) is not None
    assert reminder(replace(late, state="paused")) is None
    assert reminder(replace(late, state="not-required")) is None
    assert reminder(replace(late, due=None)) is None


def test_a_step_has_one_key_whatever_the_day_and_the_next_step_another() -> None:
    day = [standing(HELD, RULES, DUE - timedelta(days=left)) for left in (30, 29, 14)]
    steps = [reminder(now) for now in day]
    keys = [key(7, now, step) for now, step in zip(day, steps, strict=True) if step]
    assert keys[0] == keys[1] != keys[2]


MOMENTS = [
    # a Monday morning, a Monday night, a Friday evening, a Sunday; in the zone's winter and summer time
    (datetime(2026, 11, 23, 9, 0, tzinfo=UTC), datetime(2026, 11, 23, 9, 0, tzinfo=UTC)),
    (datetime(2026, 11, 23, 5, 0, tzinfo=UTC), datetime(2026, 11, 23, 8, 0, tzinfo=UTC)),
    (datetime(2026, 11, 27, 18, 0, tzinfo=UTC), datetime(2026, 11, 30, 8, 0, tzinfo=UTC)),
    (datetime(2026, 11, 22, 12, 0, tzinfo=UTC), datetime(2026, 11, 23, 8, 0, tzinfo=UTC)),
    (datetime(2027, 7, 4, 12, 0, tzinfo=UTC), datetime(2027, 7, 5, 7, 0, tzinfo=UTC)),
]  # fmt: skip


@pytest.mark.parametrize(("at", "leaves"), MOMENTS)
def test_mail_leaves_on_working_days_in_working_hours(at: datetime, leaves: datetime) -> None:
    assert may_leave(at, "Europe/London") == leaves


def queued(session: Session) -> list[OutboxMail]:
    session.expire_all()
    return list(session.execute(select(OutboxMail).order_by(OutboxMail.id)).scalars())


def test_the_command_queues_each_step_once_and_the_mail_says_why(app: Flask, session: Session) -> None:
    make_person(session)
    runner = app.test_cli_runner()
    on = (NOW.date() + timedelta(days=14)).isoformat()
    dry = runner.invoke(args=["refreshers", "remind", "--on", on, "--dry-run"])
    assert "sam@example.org: before 14. It is due in 14 days." in dry.output
    assert queued(session) == []
    assert runner.invoke(args=["refreshers", "remind", "--on", on]).output == "1 reminders.\n"
    assert runner.invoke(args=["refreshers", "remind", "--on", on]).output == "0 reminders.\n"
    mail = queued(session)[0]
    assert mail.recipient == "sam@example.org"
    assert mail.subject.startswith("It is due in 14 days: ")
    for words in ("Hello Sam Okafor", "20 December 2026", "http://127.0.0.1:8000/", "Riverside Trust"):
        assert words in mail.text


def test_after_an_outage_of_weeks_only_todays_step_is_sent(app: Flask, session: Session) -> None:
    make_person(session)
    late = (NOW.date() + timedelta(days=28 + 30)).isoformat()
    app.test_cli_runner().invoke(args=["refreshers", "remind", "--on", late])
    assert [mail.key.rsplit(":", 1)[1] for mail in queued(session)] == ["overdue 4"]


def test_whoever_has_left_or_is_away_gets_nothing(session: Session) -> None:
    away, gone = make_person(session), make_person(session, "Kim Lee", "kim@example.org")
    day = NOW.date() + timedelta(days=40)
    actions.pause(session, away.id, day, day + timedelta(days=99), 14, "leave", day, None, NOW)
    gone.left_at = NOW + timedelta(days=30)
    session.commit()
    assert actions.reminders(session, "Europe/London", day) == []
    assert len(actions.reminders(session, "Europe/London", day - timedelta(days=11))) == 2
