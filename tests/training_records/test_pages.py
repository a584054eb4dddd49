"""The training record of a person, and its access log."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from course.clock import now
from course.context import make_context
from course.learning.models import Answer, Attempt, AttemptItem, AttemptOutcome, Enrolment
from course.people.models import Deputy, Person
from course.recertification.actions import grant_extension
from course.training_records.actions import log_record_export
from course.training_records.models import RecordView
from tests.makers import make_person, make_team, sign_in
from tests.pages import Client
from tests.support.days import this_day

pytestmark = pytest.mark.both_engines

Three = tuple[Person, Person, Person]


@pytest.fixture
def three(session: Session) -> Three:
    """A manager, a person in their team, and a person of another team."""
    team = make_team(session, "Infants")
    boss = make_person(session, "Priya Nair", "priya@example.org", "manager", team)
    sam = make_person(session, team=team, at=now() - timedelta(days=365))
    return boss, sam, make_person(session, "Kim Else", "kim@example.org")


def add_attempt(session: Session, person: Person, kind: str, ref: str, passed: bool | None) -> None:
    """Add an attempt with one question, answered wrongly and with confidence."""
    enrolment = session.execute(select(Enrolment.id).where(Enrolment.person_id == person.id)).scalar_one()
    attempt = Attempt(enrolment_id=enrolment, kind=kind, ref=ref, number=1, seed=1, opened_at=now())
    session.add(attempt)
    session.flush()
    item = AttemptItem(attempt_id=attempt.id, position=1, question_id="secret-q", version="v", point="secret-point")
    session.add(item)
    session.flush()
    session.add(Answer(item_id=item.id, given="[3]", correct=False, sureness="sure", answered_at=now()))
    if passed is not None:
        session.add(
            AttemptOutcome(
                attempt_id=attempt.id, finished_at=now(), passed=passed, points_right=7, points_asked=19, pass_mark=16
            )
        )
    session.commit()


def test_a_manager_sees_the_history_and_never_an_answer(app: Flask, session: Session, three: Three) -> None:
    boss, sam, other = three
    make_person(session, "Alex Morgan", "alex@example.org", "administrator")
    client = sign_in(Client(app), boss)
    for kind, ref, passed in (
        ("check", "responding", False),
        ("final", "course", None),
        ("refresher", "course", True),
        ("booster", "course", True),
        ("timeline", "responding/a-timeline", True),
    ):
        add_attempt(session, sam, kind, ref, passed)
    today = this_day()
    grant_extension(make_context(session, boss.id, now()), sam.id, today + timedelta(days=30), "was ill")
    session.commit()
    page = client.get(f"/report/people/{sam.id}")
    assert page.h1 == "Sam Okafor"
    for words in (
        "0 of 8 modules done, final assessment not passed yet",
        "Infants",
        "was ill",
        "No reminder yet.",
        "Not finished",
        "Not passed",
        "Refresher",
        "Has Sam Okafor left? Tell an administrator, who records it: Alex Morgan.",
    ):
        assert words in page.text, words
    assert len(page.all("tbody")[-1]) == 3
    for never in ("secret", "sure ", "7 of 19", "Five questions"):
        assert never not in page.text, never
    client.get(f"/report/people/{other.id}", 404)
    # A refused request for another person's record is no page view.
    assert session.execute(select(func.count()).where(RecordView.person_id == other.id)).scalar() == 0


def test_a_page_view_is_listed_once_a_day_with_the_role_of_that_moment(
    app: Flask, session: Session, three: Three
) -> None:
    boss, sam, other = three
    client, learner = sign_in(Client(app), boss), sign_in(Client(app), sam)
    assert "No one yet." in learner.get("/me/seen").text
    for path in (f"/report/people/{sam.id}", f"/report/people/{sam.id}", f"/reminders/{sam.id}"):
        client.get(path)
    # A view of one's own page is not listed, and neither is a refused request.
    client.get(f"/report/people/{boss.id}")
    sign_in(Client(app), other).get(f"/report/people/{sam.id}", 403)
    session.add(
        Deputy(
            manager_id=boss.id,
            deputy_id=other.id,
            until=this_day(2),
            reason="holiday",
            made_at=now(),
        )
    )
    session.commit()
    sign_in(Client(app), other).get(f"/report/people/{sam.id}")
    page = learner.get("/me/seen")
    (body,) = page.all("tbody")
    assert len(body) == 2
    for words in ("Priya Nair", "Manager of Infants", "Kim Else", "Deputy of Priya Nair", "Opened your page"):
        assert words in page.text
    assert "No one yet." in client.get("/me/seen").text
    assert "/me/seen" in learner.get("/me").html
    assert "/me/seen" in learner.get("/record").html


@pytest.mark.parametrize("path", ["/report/people/{}", "/reminders/{}"])
def test_a_page_that_records_a_fact_commits_it(committed: Flask, path: str) -> None:
    """The test uses a database without a surrounding transaction. Other pages commit nothing."""
    with committed.extensions["course.sessions"].writing() as session:
        boss = make_person(session, "Priya Nair", "priya@example.org", "administrator")
        sam = make_person(session)
        client = sign_in(Client(committed), boss)
        for _ in range(2):
            client.get(path.format(sam.id))
        client.get("/people")
        found = session.execute(select(RecordView.person_id, RecordView.viewer_id, RecordView.what)).all()
    assert found == [(sam.id, boss.id, "page")]


def test_exports_are_in_the_access_log_of_everybody_in_them_but_their_maker(
    app: Flask, session: Session, three: Three
) -> None:
    boss, sam, other = three
    log_record_export(make_context(session, boss.id, now()), [sam.id, boss.id, sam.id], "export", "CSV of Infants")
    log_record_export(make_context(session, boss.id, now()), [], "pack", "")
    with pytest.raises(ValueError, match="page"):
        log_record_export(make_context(session, boss.id, now()), [sam.id], "page", "")
    rows = [
        {"person_id": other.id, "viewer_id": boss.id, "what": "pack", "detail": f"pack {number}", "at": now()}
        for number in range(1, 53)
    ]
    session.execute(insert(RecordView), rows)
    session.commit()
    assert "Downloaded a file: CSV of Infants" in sign_in(Client(app), sam).get("/me/seen").text
    reader = sign_in(Client(app), other)
    page = reader.get("/me/seen")
    assert len(page.all("tbody")[0]) == 50
    assert "pack 52" in page.text
    (older,) = [a.get("href", "") for a in page.all("a") if "before=" in a.get("href", "")]
    page = reader.get(older)
    assert len(page.all("tbody")[0]) == 2
    assert "pack 1" in page.text
    assert "Newest" in page.text
