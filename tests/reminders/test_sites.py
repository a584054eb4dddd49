"""Sites: each lead gets the list of their people, and mail leaves on the working days of the nation of a person's site."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from course.context import make_context
from course.mail.events import BeforeMailSend
from course.mail.models import OutboxMail
from course.organisation.actions import confirm_contact
from course.people.actions import set_team_setting
from course.people.models import Team
from course.reminders import jobs
from course.reminders.actions import recheck_reminder
from course.reminders.models import Reminder
from course.reminders.queries import sending_hours
from course.reminders.rules import HoursOfPeople, ReminderPolicy, SendingHours
from course.training_records.remind_now import remind_all
from tests.conftest import NOW
from tests.makers import make_organisation, make_person, make_team
from tests.support.outbox import rendered_mails

ZONE = "Europe/London"
# Everybody is added on Sunday 22 November 2026 and due on 20 December; by now all have been overdue for more than two weeks.
LATE = datetime(2027, 1, 18, 9, tzinfo=UTC)
# Saint Andrew’s Day: Monday 30 November is a bank holiday in Scotland only.
ANDREW = datetime(2026, 11, 30, 9, tzinfo=UTC)


def queue(app: Flask, at: datetime) -> int:
    with app.app_context():
        return jobs.queue_due_reminders(at, lambda: at)


def set_lead(session: Session, email: str, team: Team | None = None, name: str = "Jo Lead") -> None:
    confirm_contact(
        make_context(session, None, NOW), "lead", name, "01632 960101", email, team_id=team.id if team else None
    )
    session.commit()


def lists(app: Flask, session: Session) -> dict[str, str]:
    return {mail.recipient: " ".join(mail.text.split()) for mail in rendered_mails(app, session, "summary:lead")}


@pytest.mark.both_engines
def test_the_lead_of_a_site_gets_its_people_and_the_lead_of_the_organisation_everybody(
    app: Flask, session: Session
) -> None:
    make_organisation(session)
    hillside, office = make_team(session, "Hillside"), make_team(session, "Office")
    kitchen, nursery = make_team(session, "Kitchen", hillside), make_team(session, "Nursery", hillside)
    for name, team in (
        ("Una Office", office),
        ("Kim Kitchen", kitchen),
        ("Nia Nursery", nursery),
        ("Hal Hillside", hillside),
    ):
        make_person(session, name, f"{name.split()[0].lower()}@example.org", team=team)
    set_lead(session, "whole@example.org")
    set_lead(session, "hill@example.org", hillside)
    set_lead(session, "whole@example.org", nursery)
    queue(app, LATE)
    found = lists(app, session)
    assert found.keys() == {"whole@example.org", "hill@example.org"}
    names = ("Una Office", "Kim Kitchen", "Nia Nursery", "Hal Hillside")
    assert [name in found["whole@example.org"] for name in names] == [True] * 4
    assert [name in found["hill@example.org"] for name in names] == [False, True, False, True]
    assert "This list has the people of" in found["hill@example.org"]
    assert "This list has the people of" not in found["whole@example.org"]
    assert queue(app, LATE) == 0, "one list a week for each of them"
    queue(app, LATE + timedelta(days=7))
    assert len(session.execute(select(Reminder.key).where(Reminder.kind == "lead")).all()) == 4
    # Another lead before the mail leaves: it does not go to the earlier one.
    mail = session.execute(
        select(OutboxMail).where(OutboxMail.recipient == "hill@example.org").order_by(OutboxMail.id.desc()).limit(1)
    ).scalar_one()
    set_lead(session, "new@example.org", hillside, "Nell New")
    recheck_reminder(session, BeforeMailSend(mail.key, mail.recipient, LATE + timedelta(days=7), ZONE))
    session.refresh(mail)
    assert "Someone else is the safeguarding lead now." in str(mail.withheld)


def test_mail_leaves_on_the_working_days_of_the_nation_of_a_persons_site(app: Flask, session: Session) -> None:
    make_organisation(session)
    north, south = make_team(session, "North"), make_team(session, "South")
    set_team_setting(make_context(session, None, NOW), north.id, "nation", "scotland")
    session.commit()
    scot = make_person(session, "Isla North", "isla@example.org", team=north, at=NOW - timedelta(days=21))
    english = make_person(session, "Sam South", "sam@example.org", team=south, at=NOW - timedelta(days=21))
    # Due on 29 November, a Sunday: the first step after it is Monday, in Scotland Tuesday.
    queue(app, ANDREW)
    leaves = dict(session.execute(select(Reminder.person_id, Reminder.leaves_on)).all())
    assert leaves[english.id] == date(2026, 11, 30)
    assert leaves.get(scot.id) in (None, date(2026, 12, 1))
    queue(app, ANDREW + timedelta(days=1))
    leaves = dict(session.execute(select(Reminder.person_id, Reminder.leaves_on).order_by(Reminder.id)).all())
    assert leaves[scot.id] == date(2026, 12, 1)
    # A mail that comes up on the bank holiday waits for the next day.
    mail = session.execute(select(OutboxMail).where(OutboxMail.recipient == "isla@example.org")).scalars().first()
    assert mail is not None
    recheck_reminder(session, BeforeMailSend(mail.key, mail.recipient, ANDREW, ZONE))
    session.refresh(mail)
    assert mail.next_try_at == datetime(2026, 12, 1, 8, tzinfo=UTC)
    for person, nation in ((scot, "scotland"), (english, "england")):
        hours = sending_hours(session, ZONE, person.id)
        assert hours is not None
        assert hours.nation == nation


def test_a_reminder_that_is_asked_for_leaves_on_a_working_day_of_the_site_and_is_the_only_one_of_that_day(
    app: Flask, session: Session
) -> None:
    make_organisation(session)
    north, south = make_team(session, "North"), make_team(session, "South")
    boss = make_person(session, "Alex Morgan", "alex@example.org", "administrator")
    scot = make_person(session, "Isla North", "isla@example.org", team=north, at=NOW - timedelta(days=21))
    english = make_person(session, "Sam South", "sam@example.org", team=south, at=NOW - timedelta(days=21))
    set_team_setting(make_context(session, None, NOW), north.id, "nation", "scotland")
    session.commit()
    # On Friday evening: mail leaves again on Monday, which is a bank holiday in Scotland.
    friday = datetime(2026, 11, 27, 21, tzinfo=UTC)
    with app.app_context():
        outcomes = remind_all(make_context(session, boss.id, friday), [english.id, scot.id], "Please do it.")
    monday, tuesday = datetime(2026, 11, 30, 8, tzinfo=UTC), datetime(2026, 12, 1, 8, tzinfo=UTC)
    assert [(one.person_id, one.send_at) for one in outcomes] == [(scot.id, tuesday), (english.id, monday)]
    queue(app, ANDREW)
    queue(app, ANDREW + timedelta(days=1))
    made = session.execute(select(Reminder.kind, Reminder.leaves_on).where(Reminder.person_id == scot.id)).all()
    assert [tuple(one) for one in made] == [("asked", date(2026, 12, 1))], "one reminder a day, whoever wants it"


def test_hours_of_a_nation_without_people_are_not_asked_for() -> None:
    usual = SendingHours(ReminderPolicy(), "england", ZONE)
    hours = HoursOfPeople(usual, {1: "wales", 2: "england", 3: "wales"})
    assert [one.nation for one in hours.distinct()] == ["england", "wales"]
    assert [hours.of(one).nation for one in (1, 2, 4, None)] == ["wales", "england", "england", "england"]
