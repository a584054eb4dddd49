"""Second factors and sessions, used twice at the same moment: the first one counts, on both engines."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from course.auth.actions import (
    FactorAccepted,
    RequestSource,
    SessionStart,
    add_app,
    begin_session,
    end_other_sessions,
    end_sign_in_session,
    grant_sign_in,
    spend_challenge,
    store_recovery_codes,
    use_factor_code,
)
from course.auth.models import SignInSession
from course.auth.rules import app_code_step, new_app_secret, new_recovery_codes
from course.clock import now
from course.context import make_context
from course.people.models import Person
from course.web.unit_of_work import unit_of_work
from tests.auth.factor_helpers import code_at
from tests.conftest import SECRET
from tests.makers import make_person
from tests.support.racing import at_once

ORIGIN = RequestSource("203.0.113.9", SECRET)


@pytest.fixture
def person(committed: Flask) -> Person:
    with committed.extensions["course.sessions"].writing() as session:
        return make_person(session)


def in_transaction(app: Flask, deed: Callable[[Session], bool]) -> Callable[[], int]:
    def run() -> int:
        with app.app_context(), unit_of_work() as session:
            return int(deed(session))

    return run


def test_one_code_of_the_app_and_one_recovery_code_are_each_accepted_once(committed: Flask, person: Person) -> None:
    seed, codes = new_app_secret(), new_recovery_codes()
    with committed.app_context(), unit_of_work() as session:
        context = make_context(session, person.id, now())
        assert add_app(context, seed, code_at(seed, -1), SECRET)
        store_recovery_codes(context, codes, SECRET)
    code = code_at(seed, 0)
    assert app_code_step(seed, code, 0, now()) is not None

    def use(typed: str) -> Callable[[Session], bool]:
        return lambda session: isinstance(use_factor_code(session, person.id, typed, ORIGIN, now()), FactorAccepted)

    for typed in (code, codes[0]):
        assert sum(at_once([in_transaction(committed, use(typed))] * 3)) == 1


def test_a_challenge_is_spent_once(committed: Flask) -> None:
    assert (
        sum(at_once([in_transaction(committed, lambda session: spend_challenge(session, "the same", now()))] * 3)) == 1
    )


def test_a_session_that_two_browsers_end_at_once_is_ended_once_and_one_that_begins_meanwhile_stays(
    committed: Flask, person: Person
) -> None:
    new = SessionStart("kept", "password", "Chrome on Android", "device")

    def begin(nonce: str) -> Callable[[Session], bool]:
        def deed(session: Session) -> bool:
            granted = grant_sign_in(session, person.id)
            assert granted is not None
            return begin_session(session, granted, replace(new, nonce=nonce), now())

        return deed

    at_once([in_transaction(committed, begin("one")), in_transaction(committed, begin("two"))])

    def end(session: Session) -> bool:
        return end_sign_in_session(session, "one", person.id, now())

    assert sum(at_once([in_transaction(committed, end)] * 2)) == 1

    def end_others(session: Session) -> bool:
        end_other_sessions(make_context(session, person.id, now()), person.id, "two", "another key")
        return True

    at_once([in_transaction(committed, end_others)] * 2)
    with committed.app_context(), unit_of_work() as session:
        left = select(func.count()).select_from(SignInSession).where(SignInSession.ended_at.is_(None))
        assert session.execute(left).scalar_one() == 1
