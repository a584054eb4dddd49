"""Boosters: five questions by a mailed link."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from course.clock import now
from course.content.actions import archive
from course.content.library import Library
from course.content.rendering import InlineText
from course.content.schema import Change, Question, Setting
from course.context import make_context
from course.dates import civil_date
from course.learning.models import Answer, Attempt, AttemptItem
from course.learning.queries import attempt as attempt_of
from course.learning.rules.grading import option_order
from course.mail.actions import set_mail_preference
from course.mail.delivery import SenderSettings, deliver
from course.mail.rules import BOOSTER
from course.people.actions import choose_pathway
from course.people.models import Person
from course.refreshers import actions, queries
from course.reminders.actions import add_policy_version
from course.reminders.rules.policy import ReminderPolicy
from course.signed_links import BoosterLink, sign_link
from course.web.unit_of_work import unit_of_work
from tests.pages import Client
from tests.refreshers.makers import make_completed
from tests.support.days import this_day
from tests.support.outbox import rendered_mails
from tests.support.smtp import smtp_server
from tests.walking import right_form

ZONE = "Europe/London"


@pytest.fixture
def library(app: Flask) -> Library:
    found: Library = app.extensions["course"].library
    return found


def completed_learner(session: Session, library: Library, ago: int = 40, missed: tuple[str, ...] = ()) -> Person:
    return make_completed(session, library.for_("school", "england"), timedelta(days=ago), missed)


def people_due(session: Session, library: Library, after: int = 0) -> list[int]:
    on = this_day(after)
    return [one.person_id for one in actions.boosters_due(session, library, ZONE, on)]


def send_boosters(session: Session, library: Library, after: int = 0) -> int:
    """Send the boosters that are due; returns the id of the newest attempt."""
    at = now() + timedelta(days=after)
    for one in actions.boosters_due(session, library, ZONE, civil_date(at, ZONE)):
        assert actions.queue_booster(session, library, one, ZONE, at)
    session.commit()
    newest = session.execute(select(Attempt.id).where(Attempt.kind == "booster").order_by(Attempt.id.desc())).scalars()
    return newest.first() or 0


def test_one_booster_is_queued_a_month_after_the_completion_and_no_second(
    app: Flask, session: Session, library: Library
) -> None:
    person = completed_learner(session, library)
    runner = app.test_cli_runner()
    assert runner.invoke(args=["boosters", "send", "--dry-run"]).output == f"{person.email}\n1 boosters.\n"
    assert runner.invoke(args=["boosters", "send"]).output == "1 boosters.\n"
    assert runner.invoke(args=["boosters", "send"]).output == "0 boosters.\n"
    (mail,) = rendered_mails(app, session)
    assert mail.recipient == person.email
    assert re.search(r"http://\S+/booster/\S+", mail.text)
    assert mail.html is not None
    assert "/booster/" in mail.html
    # The recipient can opt out with one press, and opt in again.
    stop = re.search(r"/mail/choice/\S+", mail.text)
    assert stop is not None
    assert mail.headers is not None
    assert stop[0] in mail.headers["List-Unsubscribe"]


def test_two_senders_at_once_draw_one_booster(session: Session, library: Library) -> None:
    completed_learner(session, library)
    (one,) = actions.boosters_due(session, library, ZONE, this_day())
    assert actions.queue_booster(session, library, one, ZONE, now())
    assert not actions.queue_booster(session, library, one, ZONE, now())


@pytest.mark.both_engines
def test_a_booster_asks_the_points_remembered_least_with_unseen_questions(session: Session, library: Library) -> None:
    missed = library.taught_points[3:8]
    person = completed_learner(session, library, missed=missed)
    number = send_boosters(session, library)
    found = attempt_of(session, person.id, number)
    assert found is not None
    assert {item.point for item in found.items} == set(missed)
    seen = set(
        session.execute(
            select(AttemptItem.question_id)
            .join(Attempt, Attempt.id == AttemptItem.attempt_id)
            .where(Attempt.kind == "final")
        ).scalars()
    )
    assert not seen & {item.question_id for item in found.items}


@pytest.mark.parametrize(
    ("ago", "what"), [(20, "too soon"), (330, "the refresher is open"), (500, "the certificate has run out")]
)
def test_no_booster_is_sent_at_another_time(session: Session, library: Library, ago: int, what: str) -> None:
    completed_learner(session, library, ago)
    assert people_due(session, library) == [], what


def test_a_booster_is_drawn_towards_the_end_of_a_closure_so_that_its_link_works_when_it_leaves(
    session: Session, library: Library
) -> None:
    completed_learner(session, library)
    summer = ReminderPolicy(closed=((this_day(-1), this_day(40)),))
    assert add_policy_version(make_context(session, None, now()), summer, "school holiday")

    def is_queued(after: int) -> bool:
        (learner,) = actions.boosters_due(session, library, ZONE, this_day(after))
        return actions.queue_booster(session, library, learner, ZONE, now() + timedelta(days=after))

    assert [is_queued(after) for after in (0, 14, 28, 40)] == [False, False, False, True]


def test_further_boosters_come_at_most_monthly_and_only_while_they_are_answered(
    session: Session, library: Library
) -> None:
    person = completed_learner(session, library, missed=library.taught_points[:10])
    send_boosters(session, library)
    assert people_due(session, library, after=29) == []
    assert people_due(session, library, after=30) == [person.id]
    send_boosters(session, library, after=30)
    assert people_due(session, library, after=61) == []


def test_a_person_who_opted_out_is_sent_no_booster_until_they_opt_in_again(session: Session, library: Library) -> None:
    person = completed_learner(session, library)
    assert set_mail_preference(session, person.id, BOOSTER, False, now())
    assert people_due(session, library) == []
    assert set_mail_preference(session, person.id, BOOSTER, True, now())
    assert people_due(session, library) == [person.id]


@pytest.mark.parametrize("case", ["opted out", "left", "another address", "as before"])
def test_a_booster_that_waits_for_working_hours_is_asked_once_more(
    app: Flask, session: Session, library: Library, case: str
) -> None:
    person = completed_learner(session, library)
    send_boosters(session, library)
    if case == "opted out":
        set_mail_preference(session, person.id, BOOSTER, False, now())
    elif case == "left":
        person.left_at = now()
    elif case == "another address":
        person.email = "sam.new@example.org"
    session.commit()
    rendered_mails(app, session)
    with smtp_server() as inbox, app.app_context():
        sender = SenderSettings(f"smtp://127.0.0.1:{inbox.port}", "course@example.org", "http://localhost", ZONE)
        assert deliver(unit_of_work, sender, now() + timedelta(days=5)) == (case == "as before")
    (mail,) = rendered_mails(app, session, "booster:")
    assert (mail.withheld is None) == (case == "as before")


def test_leavers_are_sent_no_booster_and_their_link_ends(
    session: Session, client: Client, app: Flask, library: Library
) -> None:
    person = completed_learner(session, library)
    token = sign_link(BoosterLink(send_boosters(session, library)), app.extensions["course"].config.secret_key)
    client.get(f"/booster/{token}", 303)
    person.left_at = now()
    session.commit()
    assert client.get(f"/booster/{token}", 410).h1 == "This link no longer works"
    assert people_due(session, library, after=31) == []


@pytest.mark.both_engines
def test_the_link_needs_no_password_and_gives_access_to_nothing_else(
    app: Flask, session: Session, client: Client, library: Library
) -> None:
    person = completed_learner(session, library)
    number = send_boosters(session, library)
    token = sign_link(BoosterLink(number), app.extensions["course"].config.secret_key)
    for position in range(1, 6):
        where = client.get(f"/booster/{token}", 303).location
        assert where == f"/booster/{token}/{position}"
        session.expire_all()
        found = attempt_of(session, person.id, number)
        assert found is not None
        item = found.items[position - 1]
        asked = library.answerable[item.question_id]
        form = right_form(asked, option_order(asked, found.seed, position))
        assert "Say how sure you are" in client.post(where, form, 422).text
        client.post(where, {**form, "sure": "sure"})
        assert "Right" in client.get(where).text
        # A second answer changes nothing.
        client.post(where, {**form, "sure": "guessing"})
    page = client.get(f"/booster/{token}")
    assert "5 of 5 right" in page.text
    assert person.name not in page.text
    assert (
        session.execute(select(Answer.sureness).order_by(Answer.answered_at.desc()).limit(5)).scalars().all()
        == ["sure"] * 5
    )
    client.get("/record", 303)
    client.get(f"/attempt/{number}", 303)


@pytest.mark.both_engines
def test_a_forged_or_expired_link_opens_nothing(app: Flask, session: Session, client: Client, library: Library) -> None:
    person = completed_learner(session, library)
    secret = app.extensions["course"].config.secret_key
    number = send_boosters(session, library)
    final = session.execute(select(Attempt.id).where(Attempt.kind == "final")).scalar_one()
    for token in (
        "nothing",
        sign_link(BoosterLink(number), "x" * 40),
        sign_link(BoosterLink(final), secret),
        sign_link(BoosterLink(10**9), secret),
    ):
        assert client.get(f"/booster/{token}", 410).h1 == "This link no longer works"
        client.get(f"/booster/{token}/1", 410)
        client.post(f"/booster/{token}/1", {"sure": "sure"}, 410)
    assert queries.booster_attempt(session, BoosterLink(number), now() + timedelta(days=1)) is None
    assert person.left_at is None


def test_a_booster_with_the_number_of_an_erased_one_is_mailed_and_no_link_of_the_erased_one_opens_it(
    app: Flask, session: Session, client: Client, library: Library
) -> None:
    # SQLite gives the number of the newest row again once that row is deleted.
    first = completed_learner(session, library)
    second = make_completed(session, library, timedelta(days=20), email="priya@example.org")
    number = send_boosters(session, library)
    (mail,) = rendered_mails(app, session, "booster:")
    link = next(re.finditer(r"http://[^/\s]+(/booster/[^\s?]+)", mail.text))[1]
    client.get(link, 303)
    session.execute(delete(AttemptItem).where(AttemptItem.attempt_id == number))
    session.execute(delete(Attempt).where(Attempt.id == number))
    first.left_at = now()
    assert send_boosters(session, library, after=15) == number
    assert [one.recipient for one in rendered_mails(app, session, "booster:")] == [first.email, second.email]
    client.get(link, 410)
    client.get(f"{link}/1", 410)


def test_answers_of_a_booster_update_the_memory_model(session: Session, library: Library) -> None:
    person = completed_learner(session, library, missed=library.taught_points[:5])
    before = actions.person_memory_estimates(session, library, person.id, now() + timedelta(days=1))
    number = send_boosters(session, library)
    found = attempt_of(session, person.id, number)
    assert found is not None
    for item in found.items:
        session.add(Answer(item_id=item.id, given="[]", correct=True, sureness="sure", answered_at=now()))
    session.flush()
    after = actions.person_memory_estimates(session, library, person.id, now() + timedelta(days=1))
    asked = {item.point for item in found.items}
    assert all(after[p] > before[p] if p in asked else after[p] == before[p] for p in library.taught_points)


def test_a_booster_asks_about_the_work_of_its_reader(session: Session, sample_course: Library) -> None:
    person = make_completed(session, sample_course.for_("leaders", "england"), timedelta(days=40))
    choose_pathway(make_context(session, None, now()), [person.id], "leaders", "their work")
    note = sample_course.questions["the-note-on-the-gust"]
    assert "leaders" not in note.settings
    # What was never asked comes first: of two boosters one would ask this question, if it were of this work.
    asked = set()
    for months in (0, 2):
        attempt_id = send_boosters(session, sample_course, 31 * months)
        asked |= set(
            session.execute(select(AttemptItem.question_id).where(AttemptItem.attempt_id == attempt_id)).scalars()
        )
    assert note.id not in asked
    assert {"first-things", "gust"} <= asked


def test_no_mail_is_about_a_changed_question_of_other_work(session: Session, sample_course: Library) -> None:
    note = sample_course.questions["the-note-on-the-gust"]
    change = Change(date=this_day(), reason=InlineText("Write the time."), update_days=28)
    marked = Question.model_construct(**{**dict(note), "changes": (change,)})
    module = sample_course.modules["kites"]
    questions = tuple(marked if one.id == note.id else one for one in module.questions)
    changed = replace(
        sample_course, modules={"kites": module.model_copy(update={"questions": questions})}, _variants={}
    )
    archive(session, changed, now())
    people: dict[Setting, int] = {"clubs": 0, "leaders": 0}
    for pathway in people:
        library = changed.for_(pathway, "england")
        person = make_completed(session, library, timedelta(days=40), email=f"{pathway}@example.org")
        choose_pathway(make_context(session, None, now()), [person.id], pathway, "their work")
        people[pathway] = person.id
    due = actions.updates_due(session, changed, ZONE, this_day())
    assert [one.person.person_id for one in due] == [people["clubs"]]
