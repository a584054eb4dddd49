"""Published figures as stored facts: recorded once, never changed, and what every page reads."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import Connection, delete, event, func, insert, select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from course.analytics import jobs, queries
from course.analytics.models import FigureRelease, PublishedFigure
from course.analytics.rules.findings import CommonWrongAnswer, PointFinding
from course.analytics.rules.groups import share
from course.analytics.rules.item_analysis import ItemStatistics
from course.analytics.rules.published_figures import (
    GroupFigures,
    PublishedPeriod,
    figures_from_json,
    figures_to_json,
    items_from_json,
    items_to_json,
)
from course.analytics.rules.suppression import monday_of
from course.content.library import Library
from course.content.schema import Question
from course.context import make_context
from course.jobs.rules import JobRegistry
from course.jobs.worker import JobWorker
from course.learning.models import Answer
from course.people.actions import record_departure
from course.people.models import Person
from course.privacy.actions import erase, request_erasure
from tests.analytics.answering import answer, make_people, publish
from tests.conftest import NOW
from tests.makers import make_person, make_team, sign_in
from tests.pages import Client
from tests.support.asked import asked

ZONE = "Europe/London"
WEEK = timedelta(weeks=1)
LATER = NOW + WEEK  # one Monday later: by the clock there would be more of them each week
PAGES = ("/insight", "/insight/everybody", "/insight/questions")


@pytest.fixture
def question(app: Flask) -> Question:
    library: Library = app.extensions["course"].library
    return next(question for question in library.questions.values() if question.form == "one")


def _option(question: Question, correct: bool) -> int:
    return next(index for index, option in enumerate(question.options) if option.correct == correct)


def _erase(session: Session, person: Person) -> None:
    """The person left yesterday, asks for erasure, and is erased. (A last day of today ends at noon, and a test must hold in
    the morning too.)"""
    at = LATER
    context = make_context(session, None, at)
    assert record_departure(context, person.id, at.date() - timedelta(days=1), "moved") is None
    assert request_erasure(context, person.id, "asked")
    assert any(erasure.counts.get("answer") for erasure in erase(session, [person.id], ZONE, at))
    session.commit()


def _administrator(session: Session, client: Client) -> None:
    sign_in(client, make_person(session, "Robin Vale", "robin@example.org", "administrator"))


@pytest.mark.both_engines
def test_a_page_does_not_change_when_somebody_is_erased(
    app: Flask, session: Session, client: Client, question: Question
) -> None:
    """The attack: six people answered, one of them wrongly. The page of today less the page of tomorrow would be the
    answer of the one who was erased in between."""
    people = make_people(session, 6, None)
    for place, person in enumerate(people):
        answer(session, person, question, _option(question, correct=place > 0))
    _administrator(session, client)
    publish(app, LATER)
    before = [client.get(page).html for page in PAGES]
    assert "1 of 6 answered" in before[1]
    _erase(session, people[0])
    assert session.execute(select(func.count()).select_from(Answer)).scalar_one() == 5
    assert publish(app, LATER) == 0
    assert [client.get(page).html for page in PAGES] == before


@pytest.mark.both_engines
def test_later_figures_are_checked_against_what_was_published_before_an_erasure(
    app: Flask, session: Session, client: Client, question: Question
) -> None:
    """Five people were shown; one is erased and two others answer. Six are enough for figures that nobody has seen
    before, but less the five who were seen they are three people."""
    people = [make_person(session, f"P {n}", f"p{n}@example.org", password=None, at=NOW - 9 * WEEK) for n in range(9)]
    for person in people[:5]:
        answer(session, person, question, _option(question, correct=False), at=NOW - WEEK)
    _administrator(session, client)
    publish(app, NOW)
    before = client.get("/insight/everybody").html
    _erase(session, people[0])
    for person in people[5:7]:
        answer(session, person, question, _option(question, correct=True), at=NOW)
    assert publish(app, LATER) == 2
    assert client.get("/insight/everybody").html == before
    # With two more, five people have changed: the one who was erased, and four who answered.
    for person in people[7:]:
        answer(session, person, question, _option(question, correct=True), at=LATER)
    assert publish(app, LATER + WEEK) == 2
    found = queries.team_figures_on(session, 0, (LATER + WEEK).date())
    assert found is not None
    assert [(finding.people, finding.share.right) for finding in found[1].findings] == [(8, 4)]


@contextmanager
def _statements(app: Flask) -> Iterator[list[str]]:
    """The SQL statements of the block."""
    found: list[str] = []

    def note(_connection: Connection, _cursor: object, statement: str, *_rest: object) -> None:
        found.append(statement)

    engine = app.extensions["course"].engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        event.remove(engine, "before_cursor_execute", note)


def test_a_page_reads_what_is_stored_and_counts_no_answers(
    app: Flask, session: Session, client: Client, question: Question
) -> None:
    team = make_team(session, "Night shift")
    for person in make_people(session, 6, team):
        answer(session, person, question, _option(question, correct=True))
    _administrator(session, client)
    publish(app, LATER)
    for page in (*PAGES, f"/insight/team/{team.id}", f"/insight/team/{team.id}/talk/{question.points[0]}"):
        with _statements(app) as statements:
            client.get(page)
        assert any("published_figure" in statement for statement in statements), page
        assert not [statement for statement in statements if "attempt" in statement or "decision" in statement], page


def test_what_is_stored_holds_all_figures_and_no_person() -> None:
    right = share(7, 9)
    assert right is not None
    figures = GroupFigures(
        (
            PointFinding("a", 6, right, 2, CommonWrongAnswer("q", "v1", 3, 2, 6)),
            PointFinding("b", 5, right, 0, None),
        ),
        (PublishedPeriod("2026-09", "2026-10", 6, 7, 9),),
        {("m/s", "v2"): {("start", "worse"): 2, ("start", "best"): 4}},
    )
    stored = figures_to_json(figures)
    assert figures_from_json(stored) == figures
    assert stored["points"][0].keys() == {
        "point", "people", "right", "answers", "sure_and_wrong", "common_wrong_answer"
    }  # fmt: skip
    assert stored["periods"] == [{"first": "2026-09", "last": "2026-10", "people": 6, "right": 7, "n": 9}]
    items = {
        ("q", "v1"): ItemStatistics(40, is_sufficient=True, facility=50.0, discrimination=None, options=(20, 20)),
        ("q", "v2"): ItemStatistics(3, is_sufficient=False),
    }
    assert items_from_json(items_to_json(items)) == items


@pytest.mark.both_engines
def test_what_was_published_is_never_changed(app: Flask, session: Session, question: Question) -> None:
    for person in make_people(session, 5, None):
        answer(session, person, question, _option(question, correct=True))
    publish(app, LATER)
    row = session.execute(select(PublishedFigure.id, PublishedFigure.release_id).limit(1)).one()
    for statement in (
        update(PublishedFigure).values(rest_people=4),
        update(FigureRelease).values(suppressed=[1]),
        delete(PublishedFigure),
        delete(FigureRelease),
        insert(PublishedFigure).values(
            id=row.id, release_id=row.release_id, group_id=9, rest_teams=[], rest_people=5, rest_answers=5, counts={}
        ),
    ):
        with pytest.raises(DBAPIError), session.begin_nested():
            session.execute(statement)


def test_the_first_run_records_every_monday_since_the_first_answer(
    app: Flask, session: Session, question: Question, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "PORTION", 4)
    weeks = 2 * jobs.PORTION + 1
    people = [make_person(session, f"P {n}", f"p{n}@example.org", password=None, at=NOW - 40 * WEEK) for n in range(10)]
    for place, person in enumerate(people):
        answer(session, person, question, _option(question, correct=True), at=NOW - (weeks if place < 5 else 2) * WEEK)
    publish(app, LATER)
    mondays = session.execute(
        select(FigureRelease.monday).where(FigureRelease.scope == "teams").order_by(FigureRelease.monday)
    )
    last = monday_of(LATER.date())
    assert list(mondays.scalars()) == [last - week * WEEK for week in range(weeks, -1, -1)]
    shown = [queries.published_mondays(session, day) for day in (last, last - 3 * WEEK, last - 12 * WEEK)]
    assert shown == [{0: last - 2 * WEEK}, {0: last - weeks * WEEK}, {}]


def test_the_answers_are_read_once_for_all_mondays_on_which_figures_are_updated(
    app: Flask, session: Session, question: Question
) -> None:
    people = [make_person(session, f"P {n}", f"p{n}@example.org", password=None, at=NOW - 9 * WEEK) for n in range(20)]
    for place, person in enumerate(people):
        answer(session, person, question, _option(question, correct=True), at=NOW - (8 - place // 5) * WEEK)
    with asked(app) as statements:
        publish(app, LATER)
    shown = [queries.published_mondays(session, monday_of((NOW - week * WEEK).date())) for week in (7, 6, 5, 4)]
    assert [len(set(found.values())) for found in shown] == [1, 1, 1, 1]
    assert len({found[0] for found in shown}) == 4
    assert len([statement for statement in statements if "answer.sureness" in statement]) == 1


@pytest.mark.both_engines
def test_what_was_recorded_late_does_not_change_what_was_known_on_a_day(
    app: Flask, session: Session, question: Question
) -> None:
    """The worker was away from Monday to Thursday: on Tuesday the figures of the week before were shown."""
    people = [make_person(session, f"P {n}", f"p{n}@example.org", password=None, at=NOW - 9 * WEEK) for n in range(10)]
    for person in people[:5]:
        answer(session, person, question, _option(question, correct=True), at=NOW - WEEK)
    publish(app, NOW)
    for person in people[5:]:
        answer(session, person, question, _option(question, correct=True), at=NOW)
    first, second = monday_of(NOW.date()), monday_of(LATER.date())
    tuesday, day = second + timedelta(days=1), timedelta(days=1)
    late = LATER - timedelta(days=LATER.weekday()) + timedelta(days=3)
    publish(app, late)
    known = {at: queries.team_figures_on(session, 0, tuesday, at) for at in (late - day, late, NOW - WEEK, None)}
    assert {at: found and found[0] for at, found in known.items()} == {
        late - day: first, late: second, NOW - WEEK: second, None: second,
    }  # fmt: skip


def test_the_job_is_made_once_a_week_is_not_recorded(app: Flask, session: Session, question: Question) -> None:
    for person in make_people(session, 5, None):
        answer(session, person, question, _option(question, correct=True))
    at = LATER
    worker = JobWorker(app, "test", JobRegistry(jobs.JOBS), lambda: at)
    with app.app_context():
        worker.make_regular_jobs()
    assert worker.run_waiting() == 1
    assert queries.published_mondays(session, at.date()) == {0: monday_of(at.date())}
    later = JobWorker(app, "test", JobRegistry(jobs.JOBS), lambda: at + timedelta(minutes=15))
    with app.app_context():
        later.make_regular_jobs()
    assert later.run_waiting() == 0


def test_of_two_workers_at_once_one_records_a_monday(committed: Flask) -> None:
    library: Library = committed.extensions["course"].library
    asked = next(question for question in library.questions.values() if question.form == "one")
    with committed.extensions["course.sessions"].writing() as session:
        for person in make_people(session, 6, None):
            answer(session, person, asked, _option(asked, correct=True), at=NOW - 2 * WEEK)
    counts: list[int] = []
    together = threading.Barrier(2)

    def work() -> None:
        together.wait()
        counts.append(publish(committed, LATER))

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with committed.extensions["course.sessions"].writing() as session:
        recorded = session.execute(select(func.count()).select_from(FigureRelease)).scalar_one()
        figures = session.execute(select(func.count()).select_from(PublishedFigure)).scalar_one()
    assert len(counts) == 2
    assert sum(counts) == recorded
    assert figures >= 1
    publish(committed, LATER)
    with committed.extensions["course.sessions"].writing() as session:
        assert session.execute(select(func.count()).select_from(FigureRelease)).scalar_one() == 6
