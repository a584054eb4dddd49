"""Team results: what counts, what is published, and who may see it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from markupsafe import Markup
from sqlalchemy import text
from sqlalchemy.orm import Session

from course.analytics import queries
from course.analytics.rules.groups import MonthlyAnswers
from course.clock import now
from course.content.library import Library
from course.content.schema import Question, Scenario
from course.context import make_context
from course.learning.models import AttemptVoid, ScenarioRunVoid
from course.people.actions import record_departure, record_return
from course.people.models import Membership, Person
from tests.analytics.answering import answer, decide, make_newest_void, make_people, publish
from tests.analytics.counting import answer_counts, decision_counts
from tests.conftest import NOW
from tests.makers import make_person, make_team, sign_in
from tests.pages import Client, Page

AFTER = NOW + timedelta(days=1)


def _library(app: Flask) -> Library:
    found: Library = app.extensions["course"].library
    return found


def _question(app: Flask) -> Question:
    return next(question for question in _library(app).questions.values() if question.form == "one")


def _scenario(app: Flask) -> tuple[str, Scenario]:
    module = next(module for module in _library(app).modules.values() if module.scenarios)
    scenario = next(iter(module.scenarios.values()))
    return f"{module.id}/{scenario.id}", scenario


def _right(question: Question) -> int:
    return next(index for index, option in enumerate(question.options) if option.correct)


def _wrong(question: Question) -> int:
    return next(index for index, option in enumerate(question.options) if not option.correct)


def _manager(session: Session, team: object, client: Client) -> Person:
    person = make_person(session, "Robin Vale", "robin@example.org", "manager", team, at=NOW)  # type: ignore[arg-type]
    sign_in(client, person)
    return person


def _weakest(page: Page) -> str:
    """The list of learning points with figures; below it is a sheet for every other point."""
    return page.html.partition('id="talks"')[0]


def test_only_the_first_answer_to_a_question_counts(app: Flask, session: Session) -> None:
    question = _question(app)
    person = make_person(session)
    answer(session, person, question, _wrong(question), sure="sure")
    answer(session, person, question, _right(question), kind="final")
    counted = answer_counts(session, AFTER)
    assert [(t.count, t.right, t.sure_and_wrong, t.given) for t in counted.tallies[0]] == [
        (1, 0, 1, (_wrong(question),))
    ]
    assert counted.people == {question.points[0]: {0: 1}}
    assert counted.asked == {(question.points[0], question.id, question.version): {0: 1}}


def test_the_first_answer_is_the_one_that_was_given_first(app: Flask, session: Session) -> None:
    """A question of an attempt that was opened and resumed later is answered in another attempt meanwhile."""
    question, person = _question(app), make_person(session)
    answer(session, person, question, _wrong(question), kind="final", at=NOW + timedelta(hours=5))
    answer(session, person, question, _right(question), at=NOW)
    for until in (NOW + timedelta(hours=1), AFTER):
        assert [(t.count, t.right) for t in answer_counts(session, until).tallies[0]] == [(1, 1)]


@pytest.mark.both_engines
def test_what_was_entered_wrongly_from_paper_and_made_void_does_not_count(app: Flask, session: Session) -> None:
    """Answers and decisions of somebody else: what the learner answered comes after them, and is their first."""
    question, person = _question(app), make_person(session)
    answer(session, person, question, _wrong(question), sure="sure")
    make_newest_void(session, person, AttemptVoid)
    assert answer_counts(session, AFTER).tallies == {}
    assert queries.person_histories(session, AFTER) == []
    ref, scenario = _scenario(app)
    first = scenario.by_id[scenario.start]
    other = next(choice for choice in first.choices if choice is not first.best)
    decide(session, person, ref, scenario, [(first.id, other.id)])
    make_newest_void(session, person, ScenarioRunVoid)
    assert decision_counts(session, AFTER) == {}
    assert queries.person_histories(session, AFTER) == []
    assert queries.first_counted_moment(session) is None
    answer(session, person, question, _right(question), number=2)
    decide(session, person, ref, scenario, [(first.id, first.best.id)], number=2)
    assert [(t.count, t.right) for t in answer_counts(session, AFTER).tallies[0]] == [(1, 1)]
    assert decision_counts(session, AFTER) == {(ref, scenario.version): {first.id: {first.best.id: {0: 1}}}}
    assert [sum(n for _, n in one.answers_by_quarter) for one in queries.person_histories(session, AFTER)] == [2]


def test_a_later_employment_record_does_not_change_who_was_counted(app: Flask, session: Session) -> None:
    """A person's last day was a week before it was recorded, and the person comes back after that."""
    question, weeks = _question(app), timedelta(weeks=1)
    person = make_person(session, at=NOW - 4 * weeks)
    answer(session, person, question, _right(question), at=NOW - 3 * weeks)

    def counted_people() -> list[int]:
        return [len(answer_counts(session, NOW - ago * weeks).months) for ago in (2, 1, 0)]

    assert counted_people() == [1, 1, 1]
    lately = NOW - timedelta(days=3)
    assert record_departure(make_context(session, None, lately), person.id, (NOW - 2 * weeks).date(), "moved") is None
    assert counted_people() == [1, 1, 0]
    back = NOW - timedelta(days=1)
    assert record_return(make_context(session, None, back), person.id, back.date(), None, "is back") is None
    assert counted_people() == [1, 1, 1]
    assert answer_counts(session, NOW - timedelta(days=2)).months == ()


def test_a_timeline_is_no_question(app: Flask, session: Session) -> None:
    question = _question(app)
    answer(session, make_person(session), question, _right(question), kind="timeline")
    assert answer_counts(session, AFTER).tallies == {}
    assert queries.person_histories(session, AFTER) == []


def test_answers_of_people_who_have_left_or_are_in_other_teams_do_not_count(app: Flask, session: Session) -> None:
    question, here, there = _question(app), make_team(session, "Here"), make_team(session, "There")
    one = make_person(session, email="a@example.org", team=here)
    other = make_person(session, email="b@example.org", team=there)
    gone = make_person(session, email="c@example.org", team=here)
    for person in (one, other, gone):
        answer(session, person, question, _right(question))
    assert record_departure(make_context(session, None, NOW), gone.id, NOW.date(), "moved") is None
    assert [t.count for t in answer_counts(session, AFTER).tallies[here.id]] == [1]
    assert answer_counts(session, AFTER).people == {question.points[0]: {here.id: 1, there.id: 1}}


@pytest.mark.both_engines
def test_months_count_people_and_answers(app: Flask, session: Session) -> None:
    """Months of UTC, also where the server of the database is told to live in another zone."""
    question, person = _question(app), make_person(session)
    answer(session, person, question, _right(question), at=NOW.replace(month=10, day=31, hour=23))
    other = make_person(session, email="b@example.org")
    answer(session, other, question, _wrong(question), at=NOW)
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SET LOCAL TIME ZONE 'Pacific/Auckland'"))
    months = answer_counts(session, AFTER).months
    assert sorted(months, key=lambda row: row.month) == [
        MonthlyAnswers("2026-10", 0, person.id, 1, 1),
        MonthlyAnswers("2026-11", 0, other.id, 0, 1),
    ]


@pytest.mark.both_engines
def test_the_first_decision_in_the_first_run_counts(app: Flask, session: Session) -> None:
    ref, scenario = _scenario(app)
    scene = scenario.by_id[scenario.start]
    worse = next(choice for choice in scene.choices if choice.quality != "best")
    person = make_person(session)
    decide(session, person, ref, scenario, [(scene.id, worse.id), (scene.id, scene.best.id)])
    decide(session, person, ref, scenario, [(scene.id, scene.best.id)], number=2)
    assert decision_counts(session, AFTER) == {(ref, scenario.version): {scene.id: {worse.id: {0: 1}}}}


def test_a_manager_sees_what_the_team_gets_wrong_without_a_name(app: Flask, session: Session, client: Client) -> None:
    question, team = _question(app), make_team(session, "Night shift")
    ref, scenario = _scenario(app)
    scene = scenario.by_id[scenario.start]
    worse = next(choice for choice in scene.choices if choice.quality != "best")
    people = make_people(session, 5, team)
    for place, person in enumerate(people):
        answer(session, person, question, _right(question) if place else _wrong(question), sure="sure")
        decide(session, person, ref, scenario, [(scene.id, worse.id if place > 1 else scene.best.id)])
    _manager(session, team, client)
    publish(app)
    page = client.get(f"/insight/team/{team.id}")
    assert "80 % likely 38 % to 96 %" in page.text
    assert "1 of 5 answered" in page.text
    assert f"“{Markup.escape(question.options[_wrong(question)].text)}”" in page.html
    assert "3 of 5 did not choose what is recommended: 60 % likely 23 % to 88 %" in page.text
    assert scene.ask in page.text
    assert f"/insight/team/{team.id}/talk/{question.points[0]}" in _weakest(page)
    assert not [person.name for person in people if person.name in page.text]


def test_a_team_of_four_is_not_shown(app: Flask, session: Session, client: Client) -> None:
    question, team = _question(app), make_team(session, "Night shift")
    for person in make_people(session, 4, team):
        answer(session, person, question, _wrong(question))
    for person in make_people(session, 6, None, "q"):
        answer(session, person, question, _wrong(question))
    _manager(session, team, client)
    publish(app)
    page = client.get(f"/insight/team/{team.id}")
    assert "Too few people to show" in page.text
    assert str(question.stem) not in page.html
    assert "Night shift Meeting sheets only" in client.get("/insight").text


def test_a_point_that_four_people_answered_is_not_shown(app: Flask, session: Session, client: Client) -> None:
    few, team = _question(app), make_team(session, "Night shift")
    many = next(q for q in _library(app).questions.values() if q.form == "one" and q.points[0] != few.points[0])
    for place, person in enumerate(make_people(session, 5, team)):
        answer(session, person, many, _wrong(many))
        if place:
            answer(session, person, few, _wrong(few))
    _manager(session, team, client)
    publish(app)
    page = client.get(f"/insight/team/{team.id}")
    assert f"/talk/{many.points[0]}" in _weakest(page)
    assert f"/talk/{few.points[0]}" not in _weakest(page)


def test_a_manager_opens_only_their_part_of_the_tree(app: Flask, session: Session, client: Client) -> None:
    question = _question(app)
    top = make_team(session, "School")
    own, other = make_team(session, "Own", top), make_team(session, "Other", top)
    below = make_team(session, "Below", own)
    for letter, team in (("a", below), ("b", other)):
        for person in make_people(session, 5, team, letter):
            answer(session, person, question, _right(question))
    _manager(session, own, client)
    publish(app)
    assert "100 %" in client.get(f"/insight/team/{own.id}").text
    client.get(f"/insight/team/{below.id}")
    client.get(f"/insight/team/{other.id}", 404)
    client.get(f"/insight/team/{top.id}", 404)
    client.get("/insight/everybody", 403)
    assert "Other" not in client.get("/insight").text


def test_an_administrator_sees_everybody(app: Flask, session: Session, client: Client) -> None:
    sign_in(client, make_person(session, "Robin Vale", "robin@example.org", "administrator"))
    assert "Too few people to show" in client.get("/insight/everybody").text
    assert "There are no teams yet" in client.get("/insight").text
    question = _question(app)
    for place, person in enumerate(make_people(session, 10, None)):
        answer(session, person, question, _right(question), at=NOW - timedelta(days=31 * (place % 2)))
    publish(app)
    page = client.get("/insight/everybody")
    assert "October 2026" in page.text
    assert page.html.count("<rect") == 2


def test_an_answer_of_this_week_changes_nothing_yet(app: Flask, session: Session, client: Client) -> None:
    question = _question(app)
    for person in make_people(session, 6, None):
        answer(session, person, question, _right(question))
    sign_in(client, make_person(session, "Robin Vale", "robin@example.org", "administrator"))
    publish(app)
    before = client.get("/insight/everybody").html
    answer(session, make_person(session, email="late@example.org"), question, _wrong(question), at=now())
    assert publish(app) == 0
    assert client.get("/insight/everybody").html == before


def test_figures_are_those_of_the_last_monday_that_discloses_nobody(
    app: Flask, session: Session, client: Client
) -> None:
    """Six people answered three weeks ago, and one of them left; four more answered, and then a fifth."""
    question, weeks = _question(app), timedelta(weeks=1)
    team = make_team(session, "Night shift")
    team.opened_at = NOW - 9 * weeks
    session.commit()
    people = [
        make_person(session, f"P {n}", f"p{n}@example.org", team=team, password=None, at=NOW - 9 * weeks)
        for n in range(11)
    ]
    for person in people[:6]:
        answer(session, person, question, _right(question), at=NOW - 3 * weeks)
    assert (
        record_departure(make_context(session, None, NOW - 2 * weeks), people[0].id, (NOW - 2 * weeks).date(), "moved")
        is None
    )
    for person in people[6:9]:
        answer(session, person, question, _wrong(question), at=NOW - weeks)
    _manager(session, team, client)
    publish(app, NOW)  # the job has not run since this week's Monday
    page = client.get(f"/insight/team/{team.id}")
    assert "100 % likely 61 % to 100 %" in page.text
    assert "up to 1 November 2026, for people who were in this team" in page.text
    answer(session, people[9], question, _wrong(question), at=NOW)
    assert client.get(f"/insight/team/{team.id}").html == page.html
    assert publish(app, NOW + weeks) == 2  # team results and item analysis
    page = client.get(f"/insight/team/{team.id}")
    assert "56 % likely 27 % to 81 %" in page.text
    assert "up to 22 November 2026, for people who were in this team" in page.text
    assert "up to 22 November 2026" in client.get("/insight").text


def test_a_person_in_two_teams_counts_in_the_one_joined_last(app: Flask, session: Session) -> None:
    first, last = make_team(session, "First"), make_team(session, "Last")
    person = make_person(session, team=first)
    session.add(Membership(person_id=person.id, team_id=last.id, since=NOW))
    question = _question(app)
    answer(session, person, question, _right(question))
    assert answer_counts(session, AFTER).people == {question.points[0]: {last.id: 1}}
    assert answer_counts(session, AFTER).tallies.keys() == {last.id}


def test_a_point_is_not_shown_where_few_beside_the_team_answered_it(
    app: Flask, session: Session, client: Client
) -> None:
    few = _question(app)
    many = next(q for q in _library(app).questions.values() if q.form == "one" and q.points[0] != few.points[0])
    top = make_team(session, "School")
    team = make_team(session, "Night shift", top)
    for letter, part in (("a", team), ("b", top)):
        for place, person in enumerate(make_people(session, 5, part, letter)):
            answer(session, person, many, _wrong(many))
            if part is team or place < 2:
                answer(session, person, few, _wrong(few))
    sign_in(client, make_person(session, "Robin Vale", "robin@example.org", "administrator"))
    publish(app)
    points = [f"/talk/{question.points[0]}" for question in (many, few)]
    assert [point in _weakest(client.get(f"/insight/team/{top.id}")) for point in points] == [True, True]
    assert [point in _weakest(client.get(f"/insight/team/{team.id}")) for point in points] == [True, False]
