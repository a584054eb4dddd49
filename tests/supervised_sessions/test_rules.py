"""The rules of supervised sessions, as tables of cases."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from course.supervised_sessions.rules import (
    FINISHED_LIMIT,
    IDLE_LIMIT,
    PAPER,
    PAPER_DAYS,
    ROOM_LIFETIME,
    SCREEN,
    SessionDates,
    SupervisedMark,
    day_mistake,
    idle_limit,
    is_room_open,
    may_enter_paper,
    parse_code,
    session_state,
    supervised_mark,
    witness_mistake,
)

DAY = date(2027, 2, 12)
MORNING = datetime(2027, 2, 12, 9, tzinfo=UTC)
ONE = timedelta(days=1)
INSTANT = timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("today", "closed", "state"),
    [(DAY - ONE, False, "planned"), (DAY, False, "today"), (DAY + ONE, False, "past"), (DAY, True, "closed"),
     (DAY - ONE, True, "closed"), (DAY + ONE, True, "closed")],
)  # fmt: skip
def test_a_session_is_open_on_its_day_until_it_is_closed(today: date, closed: bool, state: str) -> None:
    assert session_state(SessionDates(DAY, MORNING if closed else None), today) == state


@pytest.mark.parametrize(
    ("after", "closed", "is_open"),
    [(timedelta(0), False, True), (ROOM_LIFETIME - INSTANT, False, True), (ROOM_LIFETIME, False, False),
     (-INSTANT, False, False), (timedelta(minutes=1), True, False)],
)  # fmt: skip
def test_a_room_closes_by_itself_after_eight_hours_or_with_its_session(
    after: timedelta, closed: bool, is_open: bool
) -> None:
    assert is_room_open(MORNING, MORNING if closed else None, MORNING + after) is is_open


@pytest.mark.parametrize(
    ("days", "may"), [(-1, False), (0, True), (PAPER_DAYS, True), (PAPER_DAYS + 1, False)]
)  # fmt: skip
@pytest.mark.parametrize("closed", [None, MORNING])
def test_paper_is_entered_from_the_day_on_for_four_weeks_also_after_closing(
    days: int, may: bool, closed: datetime | None
) -> None:
    assert may_enter_paper(SessionDates(DAY, closed), DAY + days * ONE) is may


def test_a_device_is_free_sooner_once_its_person_has_finished() -> None:
    assert idle_limit(is_finished=True) == FINISHED_LIMIT < IDLE_LIMIT == idle_limit(is_finished=False)


@pytest.mark.parametrize(
    ("typed", "code"),
    [("483920", "483920"), (" 483 920 ", "483920"), ("483-920", "483920"), ("48392", None), ("4839201", None),
     ("48392a", None), ("٤٨٣٩٢٠", None), ("", None)],
)  # fmt: skip
def test_a_code_is_read_as_people_type_it(typed: str, code: str | None) -> None:
    assert parse_code(typed) == code


@pytest.mark.parametrize(
    ("held_on", "fine"),
    [(DAY, True), (DAY + 366 * ONE, True), (DAY - ONE, False), (DAY + 367 * ONE, False), (None, False)],
)
def test_a_session_is_planned_for_today_or_the_next_twelve_months(held_on: date | None, fine: bool) -> None:
    assert (day_mistake(held_on, DAY) is None) is fine


@pytest.mark.parametrize(
    ("witness", "said"),
    [
        ("Lee Ward", None),
        ("", "Enter the name of the witness."),
        ("alex  MORGAN", "The witness cannot be you. Enter the name of someone else who was in the room."),
        (
            "Sám Okafor",
            "No one can be the witness for themselves. Record this person separately, with another witness.",
        ),
    ],
)
def test_the_witness_is_neither_who_enters_nor_who_signed(witness: str, said: str | None) -> None:
    found = witness_mistake(witness, "Alex Morgan", ["Sam Okafor", "Kim Else"])
    assert (None if found is None else str(found)) == said


ON_SCREEN = SupervisedMark(3, DAY, SCREEN)
ON_PAPER = SupervisedMark(2, DAY - ONE, PAPER, "Lee Ward", "Alex Morgan")


@pytest.mark.parametrize(
    ("answers", "mark"),
    [
        ([], None),
        ([None], None),
        ([ON_SCREEN], ON_SCREEN),
        ([ON_SCREEN, None], None),
        ([None, ON_SCREEN, ON_SCREEN], None),
        ([ON_PAPER, ON_PAPER], ON_PAPER),
        ([ON_PAPER, ON_SCREEN], SupervisedMark(3, DAY, PAPER, "Lee Ward", "Alex Morgan")),
    ],
)
def test_one_answer_given_elsewhere_takes_the_mark_away(
    answers: list[SupervisedMark | None], mark: SupervisedMark | None
) -> None:
    assert supervised_mark(answers) == mark
