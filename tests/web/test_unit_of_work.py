"""Reading and writing in a request: short units of work, and nothing slow inside them."""

from __future__ import annotations

import pytest
from flask import Flask, render_template_string
from sqlalchemy import insert, select, text, update
from sqlalchemy.orm import Session

from course.db import SlowInUnitOfWorkError, assert_outside_unit_of_work
from course.people.models import Team
from course.web.unit_of_work import db, unit_of_work
from tests.conftest import NOW


def _team(name: str) -> Team:
    return Team(name=name, parent_id=None, opened_at=NOW)


def _write_and_fail() -> None:
    with unit_of_work() as session:
        session.add(_team("North"))
        session.flush()
        raise ZeroDivisionError


def _names(session: Session) -> list[str]:
    return list(session.execute(select(Team.name).order_by(Team.id)).scalars())


def test_what_a_unit_of_work_wrote_is_read_by_the_request_afterwards(app: Flask) -> None:
    with app.test_request_context("/", method="POST"):
        assert _names(db()) == []
        with unit_of_work() as session:
            session.add(_team("North"))
            assert db() is session
        assert _names(db()) == ["North"]


def test_a_unit_of_work_that_raises_keeps_nothing(app: Flask) -> None:
    with app.test_request_context("/", method="POST"):
        with pytest.raises(ZeroDivisionError):
            _write_and_fail()
        assert _names(db()) == []


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_outside_a_unit_of_work_a_request_cannot_write(app: Flask, method: str) -> None:
    with app.test_request_context("/", method=method):
        for statement in (insert(Team).values(name="South", opened_at=NOW), update(Team).values(name="South")):
            with pytest.raises(RuntimeError, match="only reads"):
                db().execute(statement)
        db().add(_team("South"))
        with pytest.raises(RuntimeError, match="only reads"):
            db().flush()


def test_a_unit_of_work_inside_another_is_refused(app: Flask) -> None:
    with app.test_request_context("/", method="POST"), unit_of_work():  # noqa: SIM117 (the inner one is what fails)
        with pytest.raises(RuntimeError, match="open already"), unit_of_work():
            raise AssertionError("it was opened")


def test_something_slow_is_refused_inside_a_unit_of_work_and_allowed_outside(app: Flask) -> None:
    with app.test_request_context("/", method="POST"):
        assert_outside_unit_of_work("hashing")
        with unit_of_work():
            with pytest.raises(SlowInUnitOfWorkError, match="hashing"):
                assert_outside_unit_of_work("hashing")
            with pytest.raises(SlowInUnitOfWorkError, match="rendering"):
                render_template_string("a page")
        assert render_template_string("a page") == "a page"


def test_a_request_that_reads_keeps_nobody_from_writing(fresh_app: Flask) -> None:
    with fresh_app.test_request_context("/", method="POST"):
        assert _names(db()) == []
        with fresh_app.app_context(), unit_of_work() as other:
            other.add(_team("North"))
    with fresh_app.test_request_context("/"):
        assert _names(db()) == ["North"]


def _waits_for_the_disk(session: Session) -> bool:
    if session.get_bind().dialect.name == "sqlite":
        return bool(session.execute(text("PRAGMA synchronous")).scalar() == 2)
    # The databases of the tests do not wait for the disk themselves.
    found = session.execute(text("SELECT setting, source FROM pg_settings WHERE name = 'synchronous_commit'")).one()
    return tuple(found) != ("off", "session")


def test_only_what_can_be_derived_again_is_committed_without_waiting_for_the_disk(committed: Flask) -> None:
    """In requests and in jobs, which use the same connections in turn."""
    wanted = [True, False, False, True, False, True, True, False]
    waits = []
    for number, durable in enumerate(wanted):
        in_job = number % 3 == 0
        with committed.app_context() if in_job else committed.test_request_context("/", method="POST"):
            with unit_of_work(durable=durable) as session:
                waits.append(_waits_for_the_disk(session))
                session.add(_team(f"Team {number}"))
            with committed.app_context():
                assert _names(db())[-1] == f"Team {number}"
    assert waits == wanted
