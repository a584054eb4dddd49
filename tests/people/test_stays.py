"""Leaving and coming back: dated facts, beside which `left_at` says whether somebody may sign in now."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from course.context import make_context
from course.people import actions
from course.people.models import Employment, Person
from tests.conftest import NOW
from tests.makers import make_person

DAY = NOW.date()


def stays(session: Session, person: Person) -> list[tuple[date, date | None, str]]:
    rows = session.execute(
        select(Employment).where(Employment.person_id == person.id).order_by(Employment.id)
    ).scalars()
    return [(row.start, row.end, row.reason) for row in rows]


def test_leaving_and_coming_back_are_written_down(session: Session) -> None:
    person = make_person(session)
    left, back = DAY + timedelta(days=10), DAY + timedelta(days=200)
    actions.end_employment(make_context(session, None, NOW + timedelta(days=12)), person.id, left, "moved away")
    assert person.left_at is not None
    assert person.left_at.date() == left
    actions.restart_employment(make_context(session, None, NOW + timedelta(days=200)), person.id, back, "is back")
    assert person.left_at is None
    assert stays(session, person) == [(DAY, None, ""), (DAY, left, "moved away"), (back, None, "is back")]


def test_whoever_left_without_a_word_has_the_end_of_the_stay_written_down_on_coming_back(session: Session) -> None:
    person = make_person(session)
    person.left_at = NOW + timedelta(days=5)
    actions.restart_employment(
        make_context(session, None, NOW + timedelta(days=9)), person.id, DAY + timedelta(days=9), "back"
    )
    assert [end for _, end, _ in stays(session, person)] == [None, DAY + timedelta(days=5), None]


@pytest.mark.both_engines
@pytest.mark.parametrize("deed", ["came back", "never left"])
def test_who_was_erased_at_this_moment_does_not_come_back(session: Session, deed: str) -> None:
    """Another process has erased them since this one read them."""
    person = make_person(session)
    actions.end_employment(make_context(session, None, NOW), person.id, DAY, "moved")
    assert person.erased_at is None
    erased = update(Person).where(Person.id == person.id).values(erased_at=NOW)
    session.execute(erased, execution_options={"synchronize_session": False})
    context = make_context(session, None, NOW + timedelta(days=9))
    if deed == "came back":
        refused = actions.record_return(context, person.id, DAY + timedelta(days=9), None, "x")
    else:
        refused = actions.withdraw_departure(context, person.id, "x")
    assert refused is not None
    assert "Nothing but a number is kept of this person." in refused.message
    assert person.left_at is not None


def test_days_that_cannot_be_are_refused(session: Session) -> None:
    person = make_person(session)
    with pytest.raises(ValueError, match="has come"):
        actions.end_employment(make_context(session, None, NOW), person.id, DAY + timedelta(days=1), "x")
    with pytest.raises(ValueError, match="not before the first"):
        actions.end_employment(make_context(session, None, NOW), person.id, DAY - timedelta(days=1), "x")
    with pytest.raises(ValueError, match="has not left"):
        actions.restart_employment(make_context(session, None, NOW), person.id, DAY, "x")
    actions.end_employment(make_context(session, None, NOW), person.id, DAY, "x")
    with pytest.raises(ValueError, match="left already"):
        actions.end_employment(make_context(session, None, NOW), person.id, DAY, "x")
    with pytest.raises(ValueError, match="after the day"):
        actions.restart_employment(make_context(session, None, NOW), person.id, DAY, "x")
    with pytest.raises(LookupError):
        actions.end_employment(make_context(session, None, NOW), 99999, DAY, "x")
