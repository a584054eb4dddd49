"""What the addresses give: pages that fit together, the same status as the report, and answers to wrong questions."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import update
from sqlalchemy.orm import Session

from course.api_tokens import access
from course.auth.rate_limits import PAGE_ATTEMPTS_KEY, PageRateLimiter
from course.certificates.actions import revoke
from course.clock import now
from course.context import make_context
from course.dates import civil_date
from course.people.actions import record_departure
from course.people.models import Membership, Person
from course.reports.app_status_cache import app_status_cache
from tests.api.makers import Program, make_owner, token_of
from tests.api.world import complete, fill_teams
from tests.conftest import NOW
from tests.makers import make_person, make_team
from tests.support.asked import asked
from tests.support.days import this_day

both_engines = pytest.mark.both_engines


def program(app: Flask, session: Session) -> Program:
    return Program(app, token_of(session, make_owner(session)))


@both_engines
@pytest.mark.parametrize("path", ["/people", "/teams", "/status", "/completions", "/certificates"])
def test_pages_fit_together_and_a_row_that_is_added_meanwhile_comes_last(
    app: Flask, session: Session, path: str
) -> None:
    reader = program(app, session)
    fill_teams(session)
    whole = reader.read(f"{path}?limit=500")
    assert whole["next_cursor"] is None
    assert reader.all(path, 1) == whole["data"]
    first = reader.read(f"{path}?limit=2")
    late = make_person(session, "Fay Elm", "fay@example.org", team=make_team(session, "Kitchen"), at=now())
    complete(session, late)
    rest = reader.all(f"{path}?cursor={first['next_cursor']}", 500)
    assert first["data"] + rest[: len(whole["data"]) - 2] == whole["data"]
    assert len(rest) == len(whole["data"]) - 1


@both_engines
def test_the_status_of_now_is_that_of_the_report_and_without_names(app: Flask, session: Session) -> None:
    reader = program(app, session)
    fill_teams(session)
    rows = {row["person_id"]: row for row in reader.read("/status")["data"]}
    today = this_day()
    with app.app_context():
        day = app_status_cache().day(session, "Europe/London", today, today)
    assert set(rows) == {line.id for line in day.lines}
    for line in day.lines:
        row = rows[line.id]
        assert (row["state"], row["days_overdue"]) == (line.state, line.overdue_days)
        assert row["due"] == (line.due.isoformat() if line.due else None)
        assert row["valid_until"] == (line.valid_until.isoformat() if line.valid_until else None)
        assert row["team_ids"] == sorted(line.teams)
    assert not any("name" in field or "email" in field for row in rows.values() for field in row)
    states = {row["state"] for row in rows.values()}
    assert len(states) > 1
    for state in states:
        narrowed = reader.read(f"/status?state={state}")["data"]
        assert narrowed == [row for row in rows.values() if row["state"] == state]


@both_engines
def test_the_status_of_a_past_day_knows_nothing_of_what_came_later(app: Flask, session: Session) -> None:
    reader, earlier = program(app, session), now() - timedelta(days=40)
    nursery = make_team(session, "Nursery")
    person = make_person(session, "Cleo Ash", "cleo@example.org", team=nursery, at=earlier)
    session.execute(update(Membership).where(Membership.person_id == person.id).values(since=earlier))
    session.commit()
    complete(session, person)
    day = this_day(-10)
    past = reader.read(f"/status?as_at={day}")
    assert past["as_at"] == day.isoformat()
    (row,) = [one for one in past["data"] if one["person_id"] == person.id]
    assert not row["has_valid_certificate"]
    (row,) = [one for one in reader.read("/status")["data"] if one["person_id"] == person.id]
    assert row["has_valid_certificate"]
    assert reader.all(f"/status?as_at={day}", 1) == past["data"]
    today = this_day()
    assert reader.read(f"/status?as_at={today}") == reader.read("/status")
    assert reader.read(f"/status?as_at={today + timedelta(days=1)}", 422)["errors"][0]["parameter"] == "as_at"
    before_all = civil_date(min(earlier, NOW), "Europe/London") - timedelta(days=9)
    assert reader.read(f"/status?as_at={before_all}")["data"] == []


@both_engines
def test_people_who_changed_since_are_found_by_each_of_their_fields(app: Flask, session: Session) -> None:
    reader = program(app, session)
    old = now() - timedelta(days=30)
    session.execute(update(Person).values(created_at=old))
    team = make_team(session, "Nursery")
    moved = make_person(session, "Cleo Ash", "cleo@example.org", team=team, at=old)
    session.execute(update(Membership).values(since=old))
    session.commit()
    since = (now() - timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert reader.read(f"/people?changed_since={since}")["data"] == []
    session.execute(update(Membership).values(until=now()))
    session.commit()
    (row,) = reader.read(f"/people?changed_since={since}")["data"]
    assert (row["id"], row["team_ids"]) == (moved.id, [])
    assert row["changed_at"] > since
    assert row["changed_at"].endswith("Z")


@both_engines
def test_whoever_has_left_is_in_no_list_from_the_day_after(app: Flask, session: Session) -> None:
    reader = program(app, session)
    _teams, inside, _outside = fill_teams(session)
    gone = min(inside)
    today = this_day()
    # The last day was recorded beforehand and has passed, but nothing has ended the stay yet.
    session.execute(update(Person).where(Person.id == gone).values(last_day=today - timedelta(days=1)))
    session.commit()
    for path, key in (("/people", "id"), ("/completions", "person_id"), ("/certificates", "person_id")):
        assert gone not in {row[key] for row in reader.read(path)["data"]}
    reader.open(f"/people/{gone}", 404)
    session.execute(update(Person).where(Person.id == gone).values(last_day=None))
    record_departure(make_context(session, None, now()), gone, today, "moved")
    session.commit()
    assert gone not in {row["person_id"] for row in reader.read("/status")["data"]}


@both_engines
def test_a_certificate_says_that_it_was_revoked(app: Flask, session: Session) -> None:
    reader = program(app, session)
    fill_teams(session)
    number = reader.read("/certificates")["data"][0]["number"]
    revoke(make_context(session, None, now()), number, "by mistake")
    session.commit()
    (row,) = reader.read("/certificates?state=revoked")["data"]
    assert row["number"] == number
    assert row["changed_at"] >= row["issued_at"]
    assert "reason" not in row
    assert number not in {one["number"] for one in reader.read("/certificates?state=issued")["data"]}


def test_an_answer_that_has_not_changed_is_not_sent_again(app: Flask, session: Session) -> None:
    reader = program(app, session)
    fill_teams(session)
    first = reader.open("/status")
    assert first.headers["Cache-Control"] == "private, no-cache"
    again = reader.open("/status", 304, headers={"If-None-Match": first.headers["ETag"]})
    assert again.get_data() == b""
    make_person(session, "Gil Yew", "gil@example.org", at=now())
    assert reader.open("/status", 200, headers={"If-None-Match": first.headers["ETag"]}).get_data()


@pytest.mark.parametrize(
    ("path", "status", "said"),
    [
        ("/people?limit=0", 422, "from 1 to 500"),
        ("/people?colour=red", 422, "no such parameter"),
        ("/people?cursor=abc", 422, "next_cursor"),
        ("/people?limit=1&limit=2", 422, "once"),
        ("/status?as_at=tomorrow", 422, "2026-09-01"),
        ("/status?state=late", 422, "one of these: not-yet-due, in-progress, due-soon, overdue, "),
        ("/certificates?state=void", 422, "one of these: issued, replaced, revoked."),
        ("/completions?kind=exam", 422, "one of these: initial, refresher, "),
        ("/events?type=born", 422, "team_left, completed, "),
        ("/person", 404, ""),
        ("/people/0", 404, ""),
        ("/people/99999999999", 404, ""),
        ("/people/x", 404, ""),
        ("/people?a=%00", 400, ""),
    ],
)
def test_a_wrong_question_gets_words_that_a_program_can_read(
    app: Flask, session: Session, path: str, status: int, said: str
) -> None:
    answer = program(app, session).open(path, status)
    assert answer.content_type == "application/problem+json"
    content = answer.get_json(force=True)
    assert content["status"] == status
    assert content["title"]
    assert content["detail"]
    assert said in " ".join(one["detail"] for one in content.get("errors", []))


@pytest.mark.parametrize(("accept", "status"), [("application/json", 200), ("*/*", 200), ("text/html", 406), ("", 200)])
def test_only_json_is_given(app: Flask, session: Session, accept: str, status: int) -> None:
    program(app, session).open("/teams", status, headers={"Accept": accept})


def test_a_token_that_asks_too_often_is_told_when_to_ask_again(
    app: Flask, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(access, "_throttle", PageRateLimiter("api in a test", 3, 60))
    owner = make_owner(session)
    busy, other = (Program(app, token_of(session, owner, ["teams:read"])) for _ in range(2))
    for _ in range(3):
        busy.open("/teams", method="HEAD")
    answer = busy.open("/teams", 429)
    assert answer.headers["Retry-After"] == "60"
    assert answer.content_type == "application/problem+json"
    other.open("/teams")


@both_engines
def test_a_page_costs_as_many_statements_for_one_person_as_for_many(app: Flask, session: Session) -> None:
    reader = program(app, session)
    fill_teams(session)
    for path in ("/people", "/teams", "/status", "/completions", "/certificates", "/events"):
        reader.open(f"{path}?limit=1")  # what is done once a day
        app.extensions.pop(PAGE_ATTEMPTS_KEY)  # every twelfth request is written down
        with asked(app) as few:
            reader.open(f"{path}?limit=1")
        with asked(app) as many:
            reader.open(f"{path}?limit=500")
        assert len(few) == len(many), path
        assert len(few) <= 16, path
