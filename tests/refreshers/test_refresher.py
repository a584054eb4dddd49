"""A refresher, from the page that offers it to the certificate."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from course.certificates.models import Certificate
from course.clock import now
from course.content.library import Library
from course.context import make_context
from course.learning.models import Attempt, Completion, Enrolment, PageRead, RunOutcome
from course.learning.queries import attempt, question_history
from course.refreshers import actions, queries
from course.refreshers.rules.composition import REASON_CRITICAL, REASON_FORGOTTEN
from tests.certificates.sheets import pdf_text
from tests.makers import make_person, sign_in
from tests.pages import Client
from tests.refreshers.makers import make_completed
from tests.refreshers.refresher_steps import answer_all, begin_on_page, finish_scenario


def test_my_training_offers_the_refresher_when_the_window_opens(
    session: Session, client: Client, library: Library
) -> None:
    sign_in(client, make_completed(session, library))
    home = client.get("/")
    assert "Time for your refresher" in home.text
    page = client.get("/refresher")
    assert page.h1 == "My refresher"
    assert "that a child’s safety may depend on" in page.text
    assert "An estimate from your own first answers" in page.text


def test_long_before_the_window_the_refresher_is_not_asked_for_but_can_be_done(
    session: Session, client: Client, library: Library
) -> None:
    sign_in(client, make_completed(session, library, ago=timedelta(days=30)))
    assert "Time for your refresher" not in client.get("/").text
    assert "Your refresher opens on" in client.get("/").text
    assert "Not due yet" in client.get("/refresher").text
    assert begin_on_page(client).startswith("/refresher/story")


def test_a_refresher_takes_about_a_quarter_of_the_course_and_has_every_critical_point(
    session: Session, library: Library
) -> None:
    person = make_completed(session, library)
    made = actions.compose_refresher(session, library, person.id, None, now())
    critical = {p for p in library.taught_points if library.points[p].safety_critical}
    assert set(made.plan.points(REASON_CRITICAL)) == critical
    assert made.plan.points(REASON_FORGOTTEN)
    assert 0.15 * library.minutes < made.plan.minutes <= 0.25 * library.minutes


def test_points_answered_wrongly_last_time_are_asked_before_points_answered_correctly(
    session: Session, library: Library
) -> None:
    plain = [p for p in library.taught_points if not library.points[p].safety_critical]
    person = make_completed(session, library, missed=(plain[-1], plain[-2]))
    made = actions.compose_refresher(session, library, person.id, None, now())
    assert set(made.plan.points(REASON_FORGOTTEN)[:2]) == {plain[-1], plain[-2]}


def test_unseen_questions_come_first(session: Session, library: Library) -> None:
    person = make_completed(session, library)
    seen = set(question_history(session, person.id).last_asked)
    found = actions.begin_refresher(make_context(session, person.id, now()), library, None)
    asked = attempt(session, person.id, found.attempt_id)
    assert asked is not None
    assert not seen & {item.question_id for item in asked.items}


@pytest.mark.both_engines
def test_a_refresher_leads_to_a_certificate_that_keeps_the_date(
    app: Flask, session: Session, client: Client, library: Library, tmp_path: Path
) -> None:
    person = make_completed(session, library)
    sign_in(client, person)
    assert begin_on_page(client) == "/refresher/story"
    finish_scenario(app, client, person, session)
    answer_all(app, client, person)
    session.expire_all()
    first, second = session.execute(select(Certificate).order_by(Certificate.id)).scalars()
    assert second.valid_until == first.valid_until.replace(year=first.valid_until.year + 1)
    assert second.minutes is not None
    assert 5 < second.minutes < library.minutes / 2
    assert "You have completed the course" in client.get("/").text
    # The certificate says that it is for a refresher: on its page, as a PDF, and in the signed file in that.
    assert "has renewed" in client.get(f"/certificate/{second.number}").text
    passed = client.get("/certificate/passed")
    assert passed.h1 == "Renewed, Sam"
    assert "Your next refresher opens on" in passed.text
    sheet = client.flask.get(f"/certificate/{second.number}.pdf").data
    assert "renewed the course by a refresher" in pdf_text(sheet)
    (tmp_path / "certificate.pdf").write_bytes(sheet)
    checked = app.test_cli_runner().invoke(args=["certificates", "verify", str(tmp_path / "certificate.pdf")])
    assert checked.exit_code == 0, checked.output
    assert b"The refresher made for this person" in client.flask.get(f"/certificate/{second.number}.json").data


@pytest.mark.both_engines
def test_a_wrong_answer_is_explained_and_the_point_asked_again_until_it_is_right(
    app: Flask, session: Session, client: Client, library: Library
) -> None:
    person = make_completed(session, library)
    sign_in(client, person)
    begin_on_page(client)
    wrong: list[str] = []

    def first_five_wrong(question: object) -> bool:
        name = question.id  # type: ignore[attr-defined]
        if len(wrong) < 5 and name not in wrong:
            wrong.append(name)
            return False
        return True

    before = queries.newest_refresher(session, person.id, "refresher")
    assert before is not None
    answer_all(app, client, person, first_five_wrong)
    session.expire_all()
    found = attempt(session, person.id, before.attempt_id)
    assert found is not None
    assert found.passed
    assert len(found.items) == before.asked + 5
    missed = [item for item in found.items if not item.correct]
    assert [item.question_id for item in missed] == wrong
    for again, first in zip(found.items[before.asked :], missed, strict=True):
        assert again.point == first.point
        assert again.question_id != first.question_id
    page = client.get(f"/attempt/{found.id}")
    assert page.h1 == "Every point was right in the end"
    assert client.get(f"/attempt/{found.id}/{missed[0].position}").html.count("Read the page again")


def test_nothing_is_certified_before_every_part_is_done(
    app: Flask, session: Session, client: Client, library: Library
) -> None:
    person = make_completed(session, library)
    sign_in(client, person)
    begin_on_page(client)
    answer_all(app, client, person)
    count = select(func.count()).select_from(Completion)
    assert session.execute(count).scalar() == 1
    assert "Carry on" in client.get("/refresher").text
    finish_scenario(app, client, person, session)
    assert session.execute(count).scalar() == 2


@pytest.mark.both_engines
def test_two_clicks_begin_one_refresher(session: Session, client: Client, library: Library) -> None:
    sign_in(client, make_completed(session, library))
    assert begin_on_page(client) == begin_on_page(client)
    count = select(func.count()).select_from(Enrolment).where(Enrolment.kind == "refresher")
    assert session.execute(count).scalar() == 1


def test_a_refresher_left_for_half_a_year_is_composed_again(session: Session, library: Library) -> None:
    person = make_completed(session, library)
    first = actions.begin_refresher(make_context(session, person.id, now()), library, None)
    soon = actions.begin_refresher(make_context(session, person.id, now() + timedelta(days=100)), library, None)
    late = actions.begin_refresher(make_context(session, person.id, now() + timedelta(days=181)), library, None)
    assert first.id == soon.id != late.id


def test_next_year_brings_another_scenario(session: Session, library: Library) -> None:
    person = make_completed(session, library)
    told = set()
    for _ in range(3):
        made = actions.compose_refresher(session, library, person.id, None, now())
        assert made.scenario is not None
        told.add(made.scenario.ref)
        found = actions.begin_refresher(make_context(session, person.id, now()), library, None)
        run = actions.begin_scenario_run(make_context(session, person.id, now()), library, found)
        session.add(RunOutcome(run_id=run, ending="end", outcome="good", finished_at=now()))
        session.flush()
        session.add(Completion(enrolment_id=found.id, completed_at=now(), content_version="v", edition="1"))
        session.flush()
    assert len(told) == 3


@pytest.mark.both_engines
def test_after_the_grace_period_the_whole_course_begins_again(
    session: Session, client: Client, library: Library
) -> None:
    person = make_completed(session, library, ago=timedelta(days=900))
    module = next(iter(library.modules.values()))
    page = next(iter(module.pages.values()))
    before = select(Enrolment.id).where(Enrolment.person_id == person.id)
    session.add(PageRead(enrolment_id=session.execute(before).scalar_one(), ref=f"{module.id}/{page.id}",
                         version=page.version, read_at=now()))  # fmt: skip
    session.commit()
    sign_in(client, person)
    home = client.get("/").text
    assert "The whole course is needed again" in home
    assert "Begun, " not in home
    assert "Begin the course again" in client.get("/refresher").text
    assert begin_on_page(client) == "/"
    assert "Start: " in client.get("/").text
    kinds = session.execute(select(Enrolment.kind).where(Enrolment.person_id == person.id)).scalars().all()
    assert kinds == ["initial", "initial"]
    begin_on_page(client)
    assert session.execute(select(func.count()).select_from(Enrolment)).scalar() == 2


def test_a_person_who_has_not_completed_the_course_has_no_refresher(session: Session, client: Client) -> None:
    sign_in(client, make_person(session))
    assert "Finish that first" in client.get("/refresher").text
    assert begin_on_page(client) == "/refresher"
    client.get("/refresher/story", 404)
    client.post("/refresher/story", {}, 404)


@pytest.mark.both_engines
def test_nobody_else_sees_an_answer_of_a_refresher(session: Session, client: Client, library: Library) -> None:
    person = make_completed(session, library)
    found = actions.begin_refresher(make_context(session, person.id, now()), library, None)
    session.commit()
    sign_in(client, make_person(session, "Ann Hill", "ann@example.org", role="administrator"))
    client.get(f"/attempt/{found.attempt_id}", 404)
    assert session.execute(select(Attempt.id).where(Attempt.id == found.attempt_id)).scalar() == found.attempt_id
    assert re.search("My refresher", client.get("/refresher").text)


@pytest.mark.both_engines
def test_case_13_beginning_again_resets_nothing(session: Session, client: Client, library: Library) -> None:
    person = make_completed(session, library, ago=timedelta(days=900))
    old = session.execute(select(Attempt.id)).scalar_one()
    before = attempt(session, person.id, old)
    sign_in(client, person)
    begin_on_page(client)
    session.expire_all()
    assert attempt(session, person.id, old) == before
    assert "Final assessment" in client.get("/record").text
    assert session.execute(select(func.count()).select_from(Certificate)).scalar() == 1
