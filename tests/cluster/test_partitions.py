"""The statements of docs/scaling.md that divide the audit log and the answers, tried on a course in use."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from course import schema_upgrade
from course.audit.commands import verify_log
from course.people.queries import person_by_email
from tests.cluster.conftest import sessions
from tests.conftest import ROOT
from tests.makers import sign_in
from tests.pages import Client
from tests.walking import Learner

STATEMENTS = re.search(r"```sql\n(.*?)```", (ROOT / "docs" / "scaling.md").read_text(encoding="utf-8"), re.DOTALL)


@pytest.fixture
def learners(shared: Flask) -> list[Learner]:
    with sessions(shared)() as session:
        people = [person_by_email(session, f"learner{number}@example.org") for number in range(2)]
    return [Learner(shared, sign_in(Client(shared), one), one.id) for one in people if one is not None]


def counts(app: Flask, table: str) -> tuple[int, int]:
    """The rows of the two parts of a table."""
    with sessions(app)() as session:
        first, second = (
            int(session.execute(text(f"select count(*) from {table}_{part}")).scalar_one())
            for part in ("first", "second")
        )
    return first, second


def test_the_log_and_the_answers_can_be_divided_and_the_course_goes_on(shared: Flask, learners: list[Learner]) -> None:
    assert STATEMENTS is not None
    first = learners[0]
    module = first.library.modules["kites"]
    first.check(module)
    with sessions(shared)() as session:
        newest_entry = session.execute(text("select max(number) from audit_entry")).scalar_one()
        newest_answer = session.execute(text("select max(item_id) from answer")).scalar_one()
    statements = STATEMENTS[1].replace("2000000", str(newest_answer + 2)).replace("1000000", str(newest_entry + 2))
    engine = shared.extensions["course"].engine
    engine.dispose()
    with engine.connect() as connection:
        connection.connection.driver_connection.execute(statements)

    for learner in learners:
        learner.modules()
        assert learner.final().h1 == "You have passed"
    assert min(*counts(shared, "answer"), *counts(shared, "audit_entry")) > 0
    with shared.app_context():
        assert verify_log()[1] == 0
    assert "Up to date" in _report(shared)
    schema_upgrade.check_database(engine.execution_options(writes=False))
    for forbidden in (
        "delete from audit_entry",
        "update audit_entry_second set what = 'x'",
        "truncate audit_entry_first",
    ):
        with pytest.raises(DBAPIError, match="only ever added to"), sessions(shared)() as session:
            session.execute(text(forbidden))


def _report(app: Flask) -> str:
    with sessions(app)() as session:
        manager = person_by_email(session, "manager@example.org")
    assert manager is not None
    return sign_in(Client(app), manager).get("/report").text
