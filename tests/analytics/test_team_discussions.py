"""Discussions of ten minutes: the sheet, recording one, withdrawing it, and the groups it counts for."""

from __future__ import annotations

import threading
from datetime import date, timedelta

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from course.analytics import queries
from course.analytics.actions import DiscussionEntry, record_discussion
from course.analytics.models import TeamDiscussion
from course.analytics.rules.discussions import (
    DiscussionView,
    covering_groups,
    discussion_date_error,
    latest_discussions,
    related_groups,
)
from course.analytics.rules.suppression import WHOLE_ORGANISATION
from course.clock import now
from course.context import make_context
from course.dates import civil_date
from course.people.actions import close_team, merge_teams
from course.people.models import Team
from course.web.unit_of_work import unit_of_work
from tests.analytics.answering import answer, make_people, publish
from tests.conftest import NOW
from tests.makers import make_person, make_team, sign_in
from tests.pages import Client

TODAY = date(2026, 11, 23)
POINT = "posing-as-young-people"
# Team 1 is the top; 2 and 3 are part of it, 4 of 2.
PARENTS = {1: None, 2: 1, 3: 1, 4: 2}


def _discussion(team: int, point: str, day: int) -> DiscussionView:
    return DiscussionView(1, team, "Team", point, date(2026, 11, day), 4, "", "Robin Vale", NOW)


@pytest.mark.parametrize(("group", "expected"), [(0, {0}), (1, {0, 1}), (4, {0, 1, 2, 4}), (3, {0, 1, 3}), (9, {0, 9})])
def test_a_discussion_of_a_team_covers_every_team_below_it(group: int, expected: set[int]) -> None:
    assert covering_groups(group, PARENTS) == expected


@pytest.mark.parametrize(
    ("group", "expected"), [(0, {0, 1, 2, 3, 4}), (1, {0, 1, 2, 3, 4}), (2, {0, 1, 2, 4}), (3, {0, 1, 3})]
)
def test_a_group_lists_the_discussions_above_and_below_it(group: int, expected: set[int]) -> None:
    assert related_groups(group, PARENTS) == expected


def test_the_latest_discussion_of_each_point_is_found() -> None:
    talks = [_discussion(2, "a", 3), _discussion(1, "a", 7), _discussion(3, "a", 20), _discussion(2, "b", 1)]
    assert latest_discussions(talks, covering_groups(2, PARENTS)) == {"a": date(2026, 11, 7), "b": date(2026, 11, 1)}


@pytest.mark.parametrize(("days", "fine"), [(-1, False), (0, True), (366, True), (367, False)])
def test_a_discussion_is_recorded_after_it_and_within_a_year(days: int, fine: bool) -> None:
    assert (discussion_date_error(TODAY - timedelta(days=days), TODAY) is None) is fine


def _manager(session: Session, client: Client, team: Team) -> Client:
    return sign_in(client, make_person(session, "Robin Vale", "robin@example.org", "manager", team, at=NOW))


def _today() -> date:
    return civil_date(now(), "Europe/London")


def _form(day: date, people: object = 6, agreed: str = "") -> dict[str, str]:
    return {"held_on": day.isoformat(), "people": str(people), "agreed": agreed}


def test_the_sheet_asks_the_question_that_was_answered_wrongly_and_gives_the_answer_last(
    app: Flask, session: Session, client: Client
) -> None:
    library, team = app.extensions["course"].library, make_team(session, "Night shift")
    question = next(one for one in library.questions.values() if one.form == "one" and one.points[0] == POINT)
    right = next(index for index, option in enumerate(question.options) if option.correct)
    wrong = next(index for index, option in enumerate(question.options) if not option.correct)
    for place, person in enumerate(make_people(session, 5, team)):
        answer(session, person, question, wrong if place < 2 else right, sure="sure")
    publish(app)
    page = _manager(session, client, team).get(f"/insight/team/{team.id}/talk/{POINT}")
    for words in ("3 of 5 answers were right: 60 %", "2 wrong answers came from", "2 of 5 times"):
        assert words in page.text
    asked, answered = page.text.split("Two minutes, for the person who leads")
    for option in question.options:
        assert str(option.text) in asked
        assert str(option.reason) not in asked
    assert str(question.options[right].reason) in answered


def test_a_team_of_two_has_a_sheet_without_figures_for_every_point(
    app: Flask, session: Session, client: Client
) -> None:
    team = make_team(session, "Night shift")
    _manager(session, client, team)
    shown = client.get(f"/insight/team/{team.id}").html
    for point in app.extensions["course"].library.points:
        assert f"/insight/team/{team.id}/talk/{point}" in shown
        page = client.get(f"/insight/team/{team.id}/talk/{point}")
        assert "Too few of us have answered" in page.text
        assert "Three minutes: what would you say?" in page.text
    client.get(f"/insight/team/{team.id}/talk/nothing", 404)


@pytest.mark.both_engines
def test_a_discussion_is_recorded_listed_and_withdrawn(session: Session, client: Client) -> None:
    top = make_team(session, "School")
    team, other = make_team(session, "Night shift", top), make_team(session, "Day shift", top)
    _manager(session, client, team)
    sheet = f"/insight/team/{team.id}/talk/{POINT}"
    client.post(sheet, _form(_today(), agreed="Phones stay in the office."))
    page = client.get(f"/insight/team/{team.id}")
    assert "Night shift, 6 people recorded by Robin Vale" in page.text
    assert "Phones stay in the office." in page.text
    assert "".join(page.all("th")[4].itertext()) == "Withdraw a talk"
    (row,) = session.execute(select(TeamDiscussion)).scalars()
    boss = sign_in(Client(client.app), make_person(session, "Alex Morgan", "alex@example.org", "administrator"))
    assert "Phones stay" in boss.get(f"/insight/team/{top.id}").text
    assert "Phones stay" not in boss.get(f"/insight/team/{other.id}").text
    client.post(f"/insight/talks/{row.id}/end", {"reason": ""}, 422)
    client.post(f"/insight/talks/{row.id}/end", {"reason": "wrong team"})
    assert "No talks have been recorded yet" in client.get(f"/insight/team/{team.id}").text
    client.get(f"/insight/talks/{row.id}/end", 404)
    session.expire_all()
    assert (row.ended_reason, row.agreed) == ("wrong team", "Phones stay in the office.")
    assert [talk.id for talk in queries.team_discussions(session, row.made_at)] == [row.id]


def test_a_discussion_of_the_whole_organisation_covers_every_team_and_only_an_administrator_withdraws_it(
    session: Session, client: Client
) -> None:
    team = make_team(session, "Night shift")
    boss = sign_in(Client(client.app), make_person(session, "Alex Morgan", "alex@example.org", "administrator"))
    boss.post(f"/insight/everybody/talk/{POINT}", _form(_today(), 40))
    page = _manager(session, client, team).get(f"/insight/team/{team.id}")
    assert "Everyone, 40 people" in page.text
    assert "Withdraw" not in page.text
    (row,) = session.execute(select(TeamDiscussion.id)).scalars()
    client.get(f"/insight/talks/{row}/end", 404)
    client.post(f"/insight/talks/{row}/end", {"reason": "no"}, 404)
    client.get(f"/insight/everybody/talk/{POINT}", 403)
    boss.post(f"/insight/talks/{row}/end", {"reason": "it was put off"})


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"held_on": ""}, "Enter the day"),
        ({"held_on": "2150-01-01"}, "Enter today or a day in the past"),
        ({"held_on": "2001-01-01"}, "the last 12 months"),
        ({"people": "1"}, "including the one who led: 2 or more"),
        ({"people": "many"}, "including the one who led: 2 or more"),
        ({"agreed": "x" * 501}, "This must be 500 characters or fewer"),
    ],
)
def test_an_impossible_entry_is_refused_and_nothing_is_lost(
    session: Session, client: Client, change: dict[str, str], words: str
) -> None:
    team = make_team(session)
    given = _form(_today(), agreed="Ask twice.") | change
    page = _manager(session, client, team).post(f"/insight/team/{team.id}/talk/{POINT}", given, 422)
    assert words in page.text
    assert given["agreed"] in page.html
    assert session.execute(select(TeamDiscussion)).all() == []


def test_what_was_agreed_is_saved_line_by_line_and_shown_as_text(session: Session, client: Client) -> None:
    team = make_team(session)
    _manager(session, client, team)
    typed = " Ask \x00twice.\r\n\u202e<script>alert(1)</script> "
    client.post(f"/insight/team/{team.id}/talk/{POINT}", _form(_today(), agreed=typed))
    (talk,) = queries.team_discussions(session)
    assert talk.agreed == "Ask twice.\n<script>alert(1)</script>"
    assert "<script>alert" not in client.get(f"/insight/team/{team.id}").html


def test_the_same_discussion_is_recorded_once(session: Session, client: Client) -> None:
    team = make_team(session)
    _manager(session, client, team)
    client.post(f"/insight/team/{team.id}/talk/{POINT}", _form(_today()))
    page = client.post(f"/insight/team/{team.id}/talk/{POINT}", _form(_today()), 422)
    assert "is already recorded" in page.text


def test_a_manager_records_nothing_for_the_team_of_another(session: Session, client: Client) -> None:
    team, other = make_team(session), make_team(session, "Other")
    _manager(session, client, team)
    client.post(f"/insight/team/{other.id}/talk/{POINT}", _form(_today()), 404)
    client.post(f"/insight/team/0/talk/{POINT}", _form(_today()), 404)
    assert session.execute(select(TeamDiscussion)).all() == []


def test_a_discussion_of_a_closed_team_is_listed_where_the_team_went(session: Session, client: Client) -> None:
    top = make_team(session, "School")
    day, night, gone = (make_team(session, name, top) for name in ("Day shift", "Night shift", "Kitchen"))
    boss = make_person(session, "Alex Morgan", "alex@example.org", "administrator")
    for number, team in enumerate((night, gone), 1):
        held = DiscussionEntry(team.id, POINT, "A title", _today() - timedelta(days=number), 4, f"Agreed {number}")
        assert record_discussion(make_context(session, boss.id, now()), held) is None
    assert merge_teams(make_context(session, boss.id, now()), night.id, day.id, "one shift now") is None
    assert close_team(make_context(session, boss.id, now()), gone.id, "meals are brought") is None
    session.commit()
    administrator = sign_in(Client(client.app), boss)
    _manager(session, client, day)
    told = {
        f"/insight/{group}": [
            number for number in (1, 2) if f"Agreed {number}" in administrator.get(f"/insight/{group}").text
        ]
        for group in ("everybody", f"team/{top.id}", f"team/{day.id}")
    }
    assert list(told.values()) == [[1, 2], [1, 2], [1]]
    first, second = (one.id for one in queries.team_discussions(session))
    client.get(f"/insight/talks/{second}/end", 404)
    page = client.follow(client.post(f"/insight/talks/{first}/end", {"reason": "it was put off"}))
    assert "No talks have been recorded yet" in page.text
    assert "Kitchen: talks" in administrator.get(f"/insight/talks/{second}/end").text
    administrator.post(f"/insight/talks/{second}/end", {"reason": "it was put off"})
    assert queries.team_discussions(session) == []


@pytest.mark.parametrize("whole", [True, False])
def test_two_who_record_the_same_discussion_at_once_record_it_once(committed: Flask, whole: bool) -> None:
    with committed.extensions["course.sessions"].writing() as session:
        boss, team = make_person(session, "Alex Morgan", "alex@example.org").id, make_team(session).id
    ready, made = threading.Barrier(2), list[bool]()
    held = DiscussionEntry(WHOLE_ORGANISATION if whole else team, POINT, "A title", _today(), 4, "")

    def write() -> None:
        with committed.app_context():
            ready.wait()
            with unit_of_work() as session:
                made.append(record_discussion(make_context(session, boss, now()), held) is None)

    threads = [threading.Thread(target=write) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(made) == [False, True]
