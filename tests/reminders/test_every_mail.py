"""Every kind of mail to a person: a person without an e-mail address is told through a manager, or there is a reason why not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from course.clock import now
from course.content.library import Library
from course.context import make_context
from course.dates import civil_date, format_date
from course.learning.models import Attempt, AttemptOutcome, AttemptVoid, Enrolment
from course.mail.models import OutboxMail
from course.mail.rules import MailMessage
from course.people.actions import add_identity, delegate, grant_role
from course.people.models import Person, Team
from course.people.rules import PersonIdentity
from course.refreshers import jobs as short_courses
from course.refreshers.actions.short_course_mail import DueUpdateMail, queue_update_mail
from course.refreshers.queries import certified_learners
from course.refreshers.rules.messages import UpdateMessage
from course.refreshers.rules.updates import Update
from course.reminders import queries
from course.reminders.actions import record_told
from course.reminders.models import InPersonNotice
from course.reminders.queries.in_person import in_person_messages, told_in_person
from course.translation import gettext, use_language
from course.web.unit_of_work import unit_of_work
from tests.conftest import NOW
from tests.makers import make_organisation, make_person, make_team
from tests.refreshers.makers import complete

ZONE = "Europe/London"


def _kinds(base: type[MailMessage] = MailMessage) -> Iterator[str]:
    for kind in base.__subclasses__():
        if "template" in vars(kind):
            yield kind.template
        yield from _kinds(kind)


def make_cook(session: Session, team: Team, at: datetime = NOW) -> Person:
    identity = PersonIdentity("Dana Bell", staff_number="K-17")
    person = add_identity(make_context(session, None, at), identity, team.id, "learner")
    assert isinstance(person, Person)
    session.commit()
    return person


def _course_is_due(_app: Flask, session: Session, team: Team) -> None:
    make_cook(session, team, now() - timedelta(days=27))


def _certified(app: Flask, session: Session, team: Team) -> Person:
    library: Library = app.extensions["course"].library.for_("school", "england")
    at = now() - timedelta(days=40)
    cook = make_cook(session, team, at)
    complete(session, library, cook, at)
    session.commit()
    return cook


def _booster_is_due(app: Flask, session: Session, team: Team) -> None:
    _certified(app, session, team)
    with app.app_context():
        assert short_courses.send_boosters(civil_date(now(), ZONE), now()) == 1
        assert short_courses.send_boosters(civil_date(now(), ZONE), now()) == 0


def _course_has_changed(app: Flask, session: Session, team: Team) -> None:
    _certified(app, session, team)
    (learner,) = certified_learners(session)
    update = Update((), civil_date(now(), ZONE) + timedelta(days=20))
    due = DueUpdateMail(learner, update, "opened")
    message = UpdateMessage("Dana", "Riverside Trust", ("The rule is another one.",), update.due, late=False)
    with app.app_context(), unit_of_work() as unit:
        assert queue_update_mail(unit, due, message, ZONE, now())
        assert not queue_update_mail(unit, due, message, ZONE, now())
        assert queue_update_mail(unit, replace(due, mail_step="soon"), message, ZONE, now())


def _is_deputy(_app: Flask, session: Session, team: Team) -> None:
    make_cook(session, team)
    boss = make_person(session, "Priya Shah", "priya@example.org", "manager", team)
    until = civil_date(now(), ZONE) + timedelta(days=9)
    assert delegate(make_context(session, boss.id, now()), "k-17", until, "a holiday") is None


def _becomes_manager(_app: Flask, session: Session, team: Team) -> None:
    cook = make_cook(session, team)
    grant_role(make_context(session, None, now()), cook.id, "manager", make_team(session, "Stores").id)


# What causes the mail, and what a manager says instead.
TOLD: dict[str, tuple[Callable[[Flask, Session, Team], None], str]] = {
    "reminder": (_course_is_due, "course"),
    "booster": (_booster_is_due, "booster"),
    "update": (_course_has_changed, "update"),
    "deputy": (_is_deputy, "deputy"),
    "new_manager": (_becomes_manager, "manager"),
}
NOT_TOLD = {
    "invitation": "A one-time code takes its place: the list of names says who needs one, and Today counts them.",
    "password_link": "Whoever has forgotten a password asks their manager for a one-time code.",
    "new_device": "My account shows them the sign-in on a new device.",
    "factor_change": "They see their second step under My account; whoever resets it for them tells them.",
    "platform_linked": "They have just pressed the button themselves; My data lists their accounts at platforms.",
    "held_list": "Today says the same to every administrator.",
    "webhook_stopped": "Today says the same to every administrator.",
    "token_ends": "Today says the same to every administrator.",
    "own_address": "It goes to the address that a person is just adding.",
    "digest_manager": "The manager above, or else the administrators, are told what waits: test_unreached.py.",
    "digest_administrator": "There is no one after the administrators; each of them who has an address gets it.",
    "digest_lead": "It goes to the address of a contact, who need be no person in the course.",
    "contact_review": "Today asks the owner of a contact to confirm it.",
    "help": "It goes to the next manager who has an address, or to the administrators.",
    "intention": "A sentence that somebody wrote for themselves is private: no manager may see that it exists.",
    "join_request": "Today lists who asks to join, and the administrators get it where no manager has an address.",
    "passed": "The report and the start page show it; nothing has to be done.",
    "scheduled_report": "A report by mail cannot be ordered without an address; the page says so and has the report.",
    "test": "It tries the mail of the administrator who presses the button.",
}


def test_each_kind_of_mail_has_an_answer() -> None:
    assert set(_kinds()) == TOLD.keys() | NOT_TOLD.keys()
    assert not TOLD.keys() & NOT_TOLD.keys()


@pytest.mark.parametrize("template", TOLD)
def test_what_others_read_in_a_mail_is_on_the_list_of_names_to_tell(
    app: Flask, session: Session, template: str
) -> None:
    make_organisation(session)
    team = make_team(session, "Kitchen")
    cause, task = TOLD[template]
    cause(app, session, team)
    session.commit()
    session.expire_all()
    cook = session.execute(select(Person).where(Person.name == "Dana Bell")).scalar_one()
    hours = queries.sending_hours(session, ZONE)
    assert hours is not None
    candidates = queries.reminder_candidates(session, hours, civil_date(now(), ZONE), [cook.id])
    found = in_person_messages(session, candidates, ZONE)[cook.id]
    assert [one.task for one in found if one.waits and one.task == task] == [task]
    mails = session.execute(select(OutboxMail.key).where(~OutboxMail.key.like("manager:%"))).scalars().all()
    assert mails == [], "nobody else is mailed in their place"
    kept = session.execute(select(InPersonNotice.kind)).scalars().all()
    assert (task in kept) == (template != "reminder")


def test_the_sentences_of_a_change_and_a_role_are_those_that_a_mail_would_have_had(
    app: Flask, session: Session
) -> None:
    make_organisation(session)
    team = make_team(session, "Kitchen")
    _course_has_changed(app, session, team)
    session.commit()
    (one, _later) = session.execute(select(InPersonNotice).order_by(InPersonNotice.id)).scalars()
    assert (one.lines, one.due) == (["The rule is another one."], civil_date(now(), ZONE) + timedelta(days=20))


@pytest.mark.both_engines
def test_a_sheet_that_was_entered_wrongly_leaves_a_change_to_be_told(app: Flask, session: Session) -> None:
    """The answers of somebody else, which passed, are no reason not to tell of the change."""
    make_organisation(session)
    _course_has_changed(app, session, make_team(session, "Kitchen"))
    cook = session.execute(select(Person).where(Person.name == "Dana Bell")).scalar_one()
    hours, today = queries.sending_hours(session, ZONE), civil_date(now(), ZONE)
    assert hours is not None

    def tasks() -> list[str]:
        session.commit()
        candidates = queries.reminder_candidates(session, hours, today, [cook.id])
        return [one.task for one in in_person_messages(session, candidates, ZONE)[cook.id]]

    assert tasks() == ["update"]
    at = now() + timedelta(minutes=1)
    enrolment = Enrolment(person_id=cook.id, kind="refresher", opened_at=at)
    session.add(enrolment)
    session.flush()
    attempt = Attempt(enrolment_id=enrolment.id, kind="refresher", ref="course", number=1, seed=1, opened_at=at)
    session.add(attempt)
    session.flush()
    outcome = {"points_right": 1, "points_asked": 1, "pass_mark": 100}
    session.add(AttemptOutcome(attempt_id=attempt.id, finished_at=at, passed=True, **outcome))
    assert tasks() == []
    session.add(AttemptVoid(attempt_id=attempt.id, reason="Two sheets were swapped", made_by=cook.id, made_at=at))
    assert tasks() == ["update"]


@pytest.mark.both_engines
def test_a_new_role_is_told_in_the_language_of_whoever_reads_it_and_not_of_whoever_gave_it(
    app: Flask, session: Session
) -> None:
    make_organisation(session)
    team = make_team(session, "Kitchen")
    with use_language("cy"):
        _is_deputy(app, session, team)
        cook = session.execute(select(Person).where(Person.name == "Dana Bell")).scalar_one()
        grant_role(make_context(session, None, now()), cook.id, "manager", make_team(session, "Stores").id)
    session.commit()
    session.expire_all()
    hours, today = queries.sending_hours(session, ZONE), civil_date(now(), ZONE)
    assert hours is not None
    candidates = queries.reminder_candidates(session, hours, today, [cook.id])

    def said() -> list[str]:
        messages = in_person_messages(session, candidates, ZONE)[cook.id]
        return [str(line) for one in messages for line in one.lines]

    until = today + timedelta(days=9)
    stands_in = f"You stand in for Priya Shah (Kitchen) until {format_date(until)}."
    assert said() == [stands_in, "You manage Stores now."]
    with use_language("cy"):
        assert format_date(until) in said()[0]
        assert said()[1] == gettext("You manage %(team)s now.", team="Stores") != "You manage Stores now."
    boss = session.execute(select(Person).where(Person.name == "Priya Shah")).scalar_one()
    with use_language("cy"):
        keys = {one.key for one in in_person_messages(session, candidates, ZONE)[cook.id]}
        assert record_told(make_context(session, boss.id, now()), {cook.id: keys}) >= 2
    session.expire_all()
    recorded = told_in_person(session, cook.id)
    assert {str(line) for one in recorded for line in one.lines} == {stands_in, "You manage Stores now."}
