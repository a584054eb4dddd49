"""Who gets no mail is told in person: the digest of the manager, the notes to print, and what is not queued."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from course.audit.models import AuditEntry
from course.clock import now
from course.context import make_context
from course.learning.models import Attempt, AttemptOutcome, AttemptVoid, Enrolment
from course.mail.events import BeforeMailSend
from course.mail.models import OutboxMail
from course.people.actions import add_identity, invite
from course.people.models import Person, Team
from course.people.rules import PersonIdentity
from course.privacy.actions import _erase_identity
from course.privacy.queries.retention_due import count_affected_rows
from course.recertification.actions import grant_extension
from course.reminders import jobs
from course.reminders.actions import recheck_reminder, record_told
from course.reminders.models import InPersonReminder, InPersonWithdrawal, Reminder
from course.reminders.queries import reminder_candidates, sending_hours
from course.reminders.queries.in_person import _notice_facts, in_person_messages
from course.reminders.rules import SendingHours
from course.scheduled_reports.actions import subscribe
from course.scheduled_reports.jobs import send_scheduled_reports
from course.training_records.actions import plan_reminders
from tests.conftest import NOW
from tests.makers import make_organisation, make_person, make_team, sign_in
from tests.pages import Client
from tests.support.outbox import rendered_mails

# Everybody is added on Sunday 22 November 2026 and due on 20 December; on this Monday all are on the step of 14 days.
MONDAY = datetime(2026, 12, 7, 9, tzinfo=UTC)


@pytest.fixture
def team(session: Session) -> Team:
    make_organisation(session)
    return make_team(session, "Kitchen")


def make_cook(session: Session, team: Team | None, name: str = "Dana Bell", number: str = "K-17") -> Person:
    identity = PersonIdentity(name, staff_number=number)
    person = add_identity(make_context(session, None, NOW), identity, team.id if team else None, "learner")
    assert isinstance(person, Person)
    session.commit()
    return person


def queue(app: Flask, at: datetime = MONDAY) -> int:
    with app.app_context():
        return jobs.queue_due_reminders(at, lambda: at)


@pytest.mark.both_engines
def test_the_digest_of_the_manager_names_who_gets_no_mail(app: Flask, session: Session, team: Team) -> None:
    cook = make_cook(session, team)
    make_person(session, "Sam Okafor", "sam@example.org", team=team)
    boss = make_person(session, "Priya Shah", "priya@example.org", "manager", team)
    queue(app)
    kinds = {(one.kind, one.person_id) for one in session.execute(select(Reminder)).scalars()}
    assert ("learner", cook.id) not in kinds
    assert ("manager", boss.id) in kinds
    (digest,) = rendered_mails(app, session, "summary:")
    assert "have no e-mail address and get no reminders. Please tell them in person." in " ".join(digest.text.split())
    assert "Dana Bell, due on 20 December 2026" in digest.text
    assert "Sam Okafor" not in digest.text
    assert "/reminders/in-person" in digest.text
    assert queue(app) == 0


def test_a_digest_waits_for_nobody_who_is_no_longer_to_be_told(app: Flask, session: Session, team: Team) -> None:
    cook = make_cook(session, team)
    make_person(session, "Priya Shah", "priya@example.org", "manager", team)
    queue(app)
    mail = session.execute(select(OutboxMail).where(OutboxMail.key.startswith("summary:"))).scalar_one()
    leaving = BeforeMailSend(mail.key, mail.recipient, MONDAY, "Europe/London")
    recheck_reminder(session, leaving)
    session.refresh(mail)
    assert mail.withheld is None
    grant_extension(make_context(session, None, MONDAY), cook.id, (MONDAY + timedelta(days=200)).date(), "ill")
    recheck_reminder(session, leaving)
    session.refresh(mail)
    assert mail.withheld is not None


def test_a_manager_without_an_address_gets_no_mail_and_nothing_breaks(app: Flask, session: Session, team: Team) -> None:
    identity = PersonIdentity("Lee Moss", staff_number="L-1")
    assert isinstance(add_identity(make_context(session, None, NOW), identity, team.id, "manager"), Person)
    session.commit()
    make_cook(session, team)
    assert queue(app) == 0
    assert session.execute(select(OutboxMail)).first() is None


def test_an_invitation_and_a_reminder_say_why_there_is_none(session: Session, team: Team) -> None:
    cook, boss = make_cook(session, team), make_person(session, "Priya Shah", "priya@example.org", "manager", team)
    assert not invite(make_context(session, boss.id, NOW), cook.id, "Priya Shah")
    (plan,) = plan_reminders(session, [cook.id], "please", "Europe/London", now())
    assert plan.reminder is None
    assert "They have no e-mail address" in plan.refusal_reason
    assert session.execute(select(OutboxMail)).first() is None


def test_the_notes_are_those_of_the_managers_people_and_an_administrator_sees_who_has_no_manager(
    app: Flask, session: Session, client: Client, team: Team
) -> None:
    make_cook(session, team)
    make_cook(session, make_team(session, "Elsewhere"), "Robin Ray", "R-1")
    make_person(session, "Sam Okafor", "sam@example.org", team=team)
    boss = make_person(session, "Priya Shah", "priya@example.org", "manager", team)
    sign_in(client, boss)
    page = client.get("/reminders/in-person")
    assert "Dana Bell" in page.text
    assert "It is due by" in page.text or "It was due on" in page.text
    for other in ("Robin Ray", "Sam Okafor", "No manager"):
        assert other not in page.text
    office = Client(app)
    sign_in(office, make_person(session, "Alex Morgan", "alex@example.org", "administrator"))
    page = office.get("/reminders/in-person")
    assert page.text.index("Robin Ray") < page.text.index("Dana Bell")
    assert page.text.count("No manager") == 1
    learner = Client(app)
    sign_in(learner, session.execute(select(Person).where(Person.name == "Sam Okafor")).scalar_one())
    learner.get("/reminders/in-person", 403)


def test_erasing_reaches_the_sign_in_name(session: Session, team: Team) -> None:
    cook = make_cook(session, team)
    assert count_affected_rows(session, "mail", [cook.id], NOW) == 1
    assert _erase_identity(session, cook.id, "mail", NOW)
    assert count_affected_rows(session, "mail", [cook.id], NOW) == 0
    assert _erase_identity(session, cook.id, "proof", NOW)
    session.refresh(cook)
    assert (cook.sign_in_name, cook.sign_in_key, cook.staff_number) == (None, None, None)
    assert not _erase_identity(session, cook.id, "proof", NOW)


def test_what_was_told_is_recorded_once_by_whoever_was_first_and_can_be_withdrawn(
    app: Flask, session: Session, client: Client, team: Team
) -> None:
    cook = make_cook(session, team)
    boss = make_person(session, "Priya Shah", "priya@example.org", "manager", team)
    sign_in(client, boss)
    other = Client(app)
    sign_in(other, make_person(session, "Alex Morgan", "alex@example.org", "administrator"))
    # Two have the page open, and both tick the same.
    (tick,) = ticks_on(client)
    assert tick.startswith(f"{cook.id} reminder:{cook.id}:")
    other.get("/reminders/in-person")
    client.post("/reminders/in-person", {"told": tick}, 303)
    other.post("/reminders/in-person", {"told": tick}, 303)
    session.expire_all()
    (record,) = session.execute(select(InPersonReminder)).scalars()
    assert (record.person_id, record.made_by, record.task) == (cook.id, boss.id, "course")
    page = other.get("/reminders/in-person").text
    assert "1 tick was not recorded" in page
    assert "Told by Priya Shah" in page
    assert ticks_on(other) == []
    for address in (f"/report/people/{cook.id}", f"/reminders/{cook.id}"):
        shown = client.get(address).text
        assert "Told in person" in shown
        assert "Do the course" in shown
    other.post(f"/reminders/in-person/{cook.id}/{record.id}/withdraw", {}, 303)
    client.post(f"/reminders/in-person/{cook.id}/{record.id}/withdraw", {}, 303)
    session.expire_all()
    (withdrawal,) = session.execute(select(InPersonWithdrawal)).scalars()
    assert withdrawal.reminder_id == record.id
    assert ticks_on(client) == [tick], "it is to be told again"
    assert "Withdrawn" in client.get(f"/report/people/{cook.id}").text
    events = session.execute(select(AuditEntry.what).where(AuditEntry.what.startswith("person.told"))).scalars().all()
    assert events == ["person.told", "person.told_withdrawn"]


def test_nobody_records_what_they_may_not_and_a_wrong_tick_changes_nothing(
    app: Flask, session: Session, client: Client, team: Team
) -> None:
    make_cook(session, team)
    stranger = make_cook(session, make_team(session, "Elsewhere"), "Robin Ray", "R-1")
    sign_in(client, make_person(session, "Priya Shah", "priya@example.org", "manager", team))
    office = Client(app)
    sign_in(office, make_person(session, "Alex Morgan", "alex@example.org", "administrator"))
    (foreign,) = [tick for tick in ticks_on(office) if tick.startswith(f"{stranger.id} ")]
    client.get("/reminders/in-person")
    for ticks in (foreign, "", f"{stranger.id}", "99999999999999999999 x", "x y", f"{stranger.id} reminder:gone"):
        client.post("/reminders/in-person", {"told": ticks}, 303)
    client.post("/reminders/in-person", {}, 303)
    assert "Tick the people you have spoken to first" in client.get("/reminders/in-person").text
    client.post(f"/reminders/in-person/{stranger.id}/1/withdraw", {}, 404)
    session.expire_all()
    assert session.execute(select(InPersonReminder)).first() is None


@pytest.mark.both_engines
def test_whoever_was_told_is_not_named_again_before_the_next_step(app: Flask, session: Session, team: Team) -> None:
    cook = make_cook(session, team)
    boss = make_person(session, "Priya Shah", "priya@example.org", "manager", team)
    with app.app_context():
        (candidate,) = reminder_candidates(session, _hours(session), MONDAY.date(), [cook.id])
        (message,) = in_person_messages(session, [candidate], "Europe/London")[cook.id]
    assert message.waits
    context = make_context(session, boss.id, MONDAY)
    assert record_told(context, {cook.id: [message.key]}) == 1
    assert record_told(context, {cook.id: [message.key]}) == 0
    session.commit()
    (known,) = in_person_messages(session, [candidate], "Europe/London")[cook.id]
    assert (known.waits, known.record and known.record.told_by) == (False, "Priya Shah")
    queue(app)
    assert "Dana Bell" not in "".join(mail.text for mail in rendered_mails(app, session, "summary:"))
    # On the Monday after the due day they are overdue, which is another step.
    queue(app, MONDAY + timedelta(days=14))
    (digest,) = rendered_mails(app, session, f"summary:{boss.id}:2026-12-21")
    assert "Dana Bell, due on 20 December 2026: do the course" in " ".join(digest.text.split())


def test_the_weekly_report_names_them_where_it_takes_the_place_of_the_summary(
    app: Flask, session: Session, team: Team
) -> None:
    make_cook(session, team)
    boss = make_person(session, "Priya Shah", "priya@example.org", "manager", team)
    assert subscribe(make_context(session, boss.id, NOW), boss.id, None, "week")
    session.commit()
    with app.app_context():
        assert send_scheduled_reports(MONDAY) == 1
    queue(app)
    assert rendered_mails(app, session, "summary:") == []
    (report,) = rendered_mails(app, session, "bulletin:")
    text = " ".join(report.text.split())
    assert "have no e-mail address and get no reminders. Please tell them in person." in text
    assert "Dana Bell, due on 20 December 2026: do the course (needs a one-time code first)" in text


def ticks_on(client: Client) -> list[str]:
    """The values of the boxes to tick on the page of names."""
    boxes = client.get("/reminders/in-person").all("input")
    return [str(box.get("value")) for box in boxes if box.get("name") == "told"]


def _hours(session: Session) -> SendingHours:
    hours = sending_hours(session, "Europe/London")
    assert hours is not None
    return hours


def test_an_update_that_was_passed_by_answers_of_somebody_else_is_still_to_be_told(session: Session) -> None:
    """They were entered from paper, and declared void: nothing has been done about the changes."""
    person = make_person(session).id
    enrolment = Enrolment(person_id=person, kind="update", opened_at=NOW)
    session.add(enrolment)
    session.flush()
    attempt = Attempt(enrolment_id=enrolment.id, kind="update", ref="course", number=1, seed=1, opened_at=NOW)
    session.add(attempt)
    session.flush()
    session.add(
        AttemptOutcome(
            attempt_id=attempt.id, finished_at=NOW, passed=True, points_right=1, points_asked=1, pass_mark=80
        )
    )
    session.flush()
    assert _notice_facts(session, [person])[person].finished_at == NOW
    session.add(AttemptVoid(attempt_id=attempt.id, reason="Another person", made_by=person, made_at=NOW))
    session.flush()
    assert _notice_facts(session, [person])[person].finished_at is None
