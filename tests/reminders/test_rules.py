"""The rules of reminders: working days, the ladder, summaries."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import islice

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course.recertification.rules import (
    CertificationFacts,
    CompletionFact,
    Pause,
    Policy,
    Requirement,
    certification_status,
)
from course.reminders.rules import (
    ReminderPolicy,
    SendingHours,
    build_digest,
    describe_policy,
    digest_day,
    reminder_key,
    reminder_status,
    reminder_steps,
)
from tests.recertification.random_histories import days, histories, policies

LONDON = SendingHours(ReminderPolicy(), "england", "Europe/London")
RULES = [Policy(since=date(2020, 1, 1))]
LONG_AGO = date(2020, 1, 1)
DUE = date(2027, 2, 12)  # a Friday
HELD = CertificationFacts(
    requirements=(Requirement(date(2026, 1, 1), None, "working here"),),
    completions=(CompletionFact(date(2026, 2, 12)),),
)


def d(text: str) -> date:
    return date.fromisoformat(text)


MOMENTS = [
    # at (UTC), leaves (UTC), nation
    ("2026-11-23T09:00", "2026-11-23T09:00", "england"),  # a Monday morning
    ("2026-11-23T05:00", "2026-11-23T08:00", "england"),  # before it opens
    ("2026-11-23T17:59", "2026-11-23T17:59", "england"),
    ("2026-11-23T18:00", "2026-11-24T08:00", "england"),  # a Monday evening
    ("2026-11-27T18:00", "2026-11-30T08:00", "england"),  # a Friday evening
    ("2026-11-22T12:00", "2026-11-23T08:00", "england"),  # a Sunday
    ("2027-07-04T12:00", "2027-07-05T07:00", "england"),  # in summer time
    ("2026-12-24T19:00", "2026-12-29T08:00", "england"),  # Christmas, with the substitute for Boxing Day
    ("2027-01-01T10:00", "2027-01-04T08:00", "england"),
    ("2027-01-01T10:00", "2027-01-05T08:00", "scotland"),  # 2 January is kept on Monday the 4th
    ("2027-03-17T10:00", "2027-03-17T10:00", "wales"),
    ("2027-03-17T10:00", "2027-03-18T08:00", "northern-ireland"),  # Saint Patrick's Day
    ("2027-03-27T23:30", "2027-03-30T07:00", "england"),  # Easter, and the night on which summer time begins
    ("2026-10-24T23:30", "2026-10-26T08:00", "england"),  # the night on which it ends
]


@pytest.mark.parametrize(("at", "leaves", "nation"), MOMENTS)
def test_mail_leaves_on_working_days_in_working_hours(at: str, leaves: str, nation: str) -> None:
    hours = replace(LONDON, nation=nation)  # type: ignore[arg-type]
    assert hours.leaves(datetime.fromisoformat(at + "+00:00")) == datetime.fromisoformat(leaves + "+00:00")


def test_nothing_leaves_while_the_organisation_is_closed() -> None:
    closed = replace(LONDON, policy=ReminderPolicy(closed=((d("2026-12-21"), d("2027-01-03")),)))
    assert closed.leaves(datetime(2026, 12, 21, 9, tzinfo=UTC)) == datetime(2027, 1, 4, 8, tzinfo=UTC)


@given(
    st.integers(0, 3 * 365 * 24 * 60).map(lambda minutes: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes))
)
@settings(max_examples=150)
def test_the_moment_of_leaving_is_one_at_which_mail_may_leave(at: datetime) -> None:
    leaves = LONDON.leaves(at)
    assert leaves >= at
    assert LONDON.leaves(leaves) == leaves


STEPS = [
    (61, None), (60, "before 60"), (59, "before 60"), (31, "before 60"), (30, "before 30"), (14, "before 14"),
    (8, "before 14"), (7, "before 7"), (1, "before 1"), (0, "before 1"),
    # the day after is a Saturday, so the first reminder after it comes on Monday
    (-1, "before 1"), (-3, "after 1"), (-7, "after 1"), (-10, "after 8"), (-31, "after 29"),
]  # fmt: skip


@pytest.mark.parametrize(("left", "name"), STEPS)
def test_each_day_has_its_step(left: int, name: str | None) -> None:
    found = reminder_status(certification_status(HELD, RULES, DUE - timedelta(days=left)), LONG_AGO, LONDON)
    assert (found.step.name if found.step else None) == name
    assert found.next is not None
    assert found.next.day > DUE - timedelta(days=left)


def test_before_the_due_day_a_reminder_comes_early_and_after_it_late() -> None:
    days = {step.name: step.day for step in islice(reminder_steps(d("2026-12-28"), None, LONDON), 7)}
    # The 27th is a Sunday, and from the 25th to the 28th nobody works; the 29th is the first working day.
    assert days["before 1"] == d("2026-12-24")
    assert days["after 1"] == d("2026-12-29")
    assert days["after 8"] == d("2027-01-05")


def test_of_several_steps_on_one_day_the_nearest_counts() -> None:
    policy = ReminderPolicy(before=(3, 2, 1), every_days=1)
    steps = list(islice(reminder_steps(d("2026-11-23"), None, replace(LONDON, policy=policy)), 9))
    assert [step.name for step in steps][:2] == ["before 1", "after 1"]
    assert len({step.day for step in steps}) == len(steps)


def test_nobody_is_reminded_before_renewing_keeps_the_date() -> None:
    rules = [Policy(since=date(2020, 1, 1), window_days=20)]
    opens = DUE - timedelta(days=20)
    before = reminder_status(certification_status(HELD, rules, opens - timedelta(days=5)), LONG_AGO, LONDON)
    assert before.step is None
    assert before.next is not None
    assert (before.next.name, before.next.day) == ("before 30", LONDON.from_day(opens))


def test_who_was_added_starts_with_the_next_step() -> None:
    for added, first in ((20, "before 14"), (14, "before 7"), (-3, "after 8")):
        day = DUE - timedelta(days=added)
        found = reminder_status(certification_status(HELD, RULES, day), day, LONDON)
        assert found.step is None
        assert found.next is not None
        assert found.next.name == first


def test_nobody_who_is_away_or_needs_nothing_is_reminded() -> None:
    late = certification_status(HELD, RULES, DUE + timedelta(days=3))
    for now in (replace(late, state="paused"), replace(late, state="not-required"), replace(late, due=None)):
        found = reminder_status(now, LONG_AGO, LONDON)
        assert (found.step, found.next) == (None, None)
        assert found.quiet


def test_a_step_has_one_key_whatever_the_day_and_the_next_step_another() -> None:
    keys = []
    for left in (30, 29, 14):
        now = certification_status(HELD, RULES, DUE - timedelta(days=left))
        step = reminder_status(now, LONG_AGO, LONDON).step
        assert step is not None
        keys.append(reminder_key(7, now, step))
    assert keys[0] == keys[1] != keys[2]


def test_a_leave_that_ends_brings_one_reminder_and_not_those_that_were_missed() -> None:
    away = replace(HELD, pauses=(Pause(d("2027-01-04"), d("2027-03-01"), 14, "leave"),))
    keys = set()
    for number in range(60):
        day = d("2027-01-05") + timedelta(days=number)
        now = certification_status(away, RULES, day)
        step = reminder_status(now, LONG_AGO, LONDON).step
        if step is not None:
            keys.add(step.name)
            assert day > d("2027-03-01")
    assert keys == {"before 14"}, "14 days are left on the first day back"


@given(histories, policies(), days)
@settings(max_examples=200)
def test_whatever_happened_a_step_comes_in_time_and_none_to_whoever_is_up_to_date(
    known: CertificationFacts, rule: Policy, day: date
) -> None:
    now = certification_status(known, [rule], day)
    found = reminder_status(now, LONG_AGO, LONDON)
    if now.state in ("up-to-date", "paused", "not-required"):
        assert found.step is None
    if found.step is not None:
        assert LONDON.works(found.step.day)
        assert found.step.day <= day
    if found.next is not None:
        assert found.next.day > day
        assert LONDON.works(found.next.day)
    assert (now.state in ("overdue", "expired")) <= (found.next is not None), "who is overdue is reminded again"


DIGESTS = [
    ("2026-11-25", 0, "2026-11-23"),  # any day of the week has the same day
    ("2026-12-28", 0, "2026-12-29"),  # bank holidays: the next working day of the week
    ("2027-03-26", 4, "2027-03-25"),  # Good Friday: the one before, in the same week
]


@pytest.mark.parametrize(("day", "weekday", "expected"), DIGESTS)
def test_a_summary_has_one_day_in_each_week(day: str, weekday: int, expected: str) -> None:
    assert digest_day(d(day), replace(LONDON, policy=ReminderPolicy(digest_weekday=weekday))) == d(expected)


def test_a_week_in_which_nobody_works_has_no_summary() -> None:
    closed = ReminderPolicy(closed=((d("2026-12-21"), d("2027-01-03")),))
    assert digest_day(d("2026-12-23"), replace(LONDON, policy=closed)) is None


def test_a_summary_names_only_those_who_are_overdue() -> None:
    day = DUE + timedelta(days=14)
    late = certification_status(HELD, RULES, day)
    soon = certification_status(replace(HELD, completions=(CompletionFact(day - timedelta(days=340)),)), RULES, day)
    away = replace(late, state="paused", overdue_days=0)
    found = build_digest([(1, "Kim Late", late), (2, "Sam Soon", soon), (3, "Pat Away", away)], LONDON)
    assert [one.name for one in found.overdue] == ["Kim Late"]
    assert found.soon == 1
    assert found.people == 3
    assert build_digest([(1, "Kim Late", late)], LONDON, 14).overdue
    assert not build_digest([(1, "Kim Late", late)], LONDON, 15).overdue


WRONG = [
    {"before": ()}, {"before": (7, 14)}, {"before": (7, 7)}, {"before": (400,)}, {"every_days": 0}, {"lead_days": 0},
    {"digest_weekday": 5}, {"opens": 18, "closes": 8}, {"closes": 24},
    {"closed": ((date(2026, 2, 1), date(2026, 1, 1)),)}, {"closed": ((date(2026, 1, 1), date(2027, 1, 1)),)},
]  # fmt: skip


@pytest.mark.parametrize("values", WRONG)
def test_a_policy_that_makes_no_sense_is_refused(values: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        ReminderPolicy(**values)  # type: ignore[arg-type]


def test_the_policy_is_said_in_words() -> None:
    words = describe_policy(ReminderPolicy())
    assert "60, 30, 14, 7 and 1 days before" in words
    assert "once a week" in words
    assert "every Monday" in words
