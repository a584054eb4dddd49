"""Every read of personal data is in the log: the first of a day at once, all of them as a sum; and without it no answer."""

from __future__ import annotations

import json
import re
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from course.api_tokens.actions import record_sums
from course.api_tokens.models import ApiRead, ApiTokenUse
from course.audit.models import AuditEntry
from course.clock import now
from course.context import make_context
from course.web.unit_of_work import unit_of_work
from tests.api.makers import Program, make_owner, token_of
from tests.api.world import fill_teams
from tests.makers import sign_in
from tests.pages import Client
from tests.support.racing import at_once


def logged(session: Session, kind: str) -> list[dict[str, object]]:
    rows = session.execute(select(AuditEntry.details).where(AuditEntry.what == kind).order_by(AuditEntry.number))
    return [json.loads(details) for details in rows.scalars()]


@pytest.mark.both_engines
def test_the_first_read_of_a_day_is_logged_at_once_and_the_sum_the_day_after(app: Flask, session: Session) -> None:
    owner = make_owner(session)
    teams, _inside, _outside = fill_teams(session)
    reader, team = Program(app, token_of(session, owner)), teams["Nursery"].id
    number = len(reader.read("/people")["data"])
    reader.read("/people?limit=2")
    reader.read(f"/people?team={team}")
    for minute in range(3):
        reader.read(f"/people?changed_since=2026-11-2{minute}T00:00:00Z")
    reader.read("/people?limit=0", 422)
    entries = logged(session, "api.read")
    assert [one.get("filter") for one in entries] == [None, f"team={team}", "changed_since"]
    assert {one["read"] for one in entries} == {"people"}
    actor = session.execute(select(AuditEntry.actor_id).where(AuditEntry.what == "api.read")).scalars()
    assert set(actor) == {owner.id}
    counted = session.execute(select(ApiRead.requests, ApiRead.rows).where(ApiRead.asked == "")).one()
    assert counted == (2, number + 2)
    assert logged(session, "api.day_read") == []
    tomorrow = make_context(session, None, now() + timedelta(days=1))
    assert record_sums(tomorrow) == 1
    session.commit()
    assert record_sums(tomorrow) == 0
    (sums,) = logged(session, "api.day_read")
    assert sums["requests"] == 6
    assert sums["rows"] == sum(session.execute(select(ApiRead.rows)).scalars())


def test_the_log_and_the_page_of_the_token_say_who_read_what(app: Flask, session: Session, client: Client) -> None:
    owner = make_owner(session)
    reader = Program(app, token_of(session, owner))
    reader.read("/status?state=overdue")
    sign_in(client, owner)
    assert "A program began to read “status” with the token “HR dashboard” of Ada Vale" in client.get("/audit").text
    overview = client.get("/system/tokens")
    links = [a.get("href", "") for a in overview.all("a")]
    address = next(link for link in links if re.fullmatch(r"/system/tokens/[0-9]+", link))
    page = client.get(address)
    assert "status" in page.text
    assert "state=overdue" in page.text
    assert "Not yet" not in page.text


def test_programs_that_read_at_the_same_moment_are_all_counted(committed: Flask) -> None:
    with committed.app_context(), unit_of_work() as session:
        secret = token_of(session, make_owner(session))

    def read() -> int:
        return Program(committed, secret).open("/people").status_code

    assert at_once([read] * 6) == [200] * 6
    with committed.app_context(), unit_of_work() as session:
        assert session.execute(select(ApiRead.requests)).scalars().all() == [6]
        assert len(logged(session, "api.read")) == 1
        assert len(session.execute(select(ApiTokenUse.day)).all()) == 1


def test_what_cannot_be_logged_is_not_given(app: Flask, session: Session) -> None:
    reader = Program(app, token_of(session, make_owner(session)))
    assert b"ada@example.org" in reader.open("/people").get_data()
    session.execute(text("drop table api_read"))
    session.commit()
    answer = reader.open("/people", 500)
    assert answer.content_type == "application/problem+json"
    assert b"ada@example.org" not in answer.get_data()
