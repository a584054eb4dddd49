"""A manager without an address: the manager above, or else the administrators, are told what waits in their teams."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from course.context import make_context
from course.mail.actions import set_mail_preference
from course.mail.events import BeforeMailSend
from course.mail.models import OutboxMail
from course.mail.rules import DIGEST
from course.people.actions import add_identity, grant_role, revoke_role
from course.people.models import Person, RoleGrant, Team
from course.people.rules import PersonIdentity, Viewer
from course.reminders import jobs
from course.reminders.actions import recheck_reminder, record_told
from course.reminders.models import Reminder
from course.reminders.queries import sending_hours
from course.reminders.queries.in_person import people_to_tell
from course.reminders.rules.unreached import who_hears_of_managers
from tests.conftest import NOW
from tests.makers import make_organisation, make_person, make_team
from tests.support.outbox import rendered_mails

# Everybody is added on Sunday 22 November 2026 and due on 20 December; on this Monday all are on the step of 14 days.
MONDAY = datetime(2026, 12, 7, 9, tzinfo=UTC)
# A trust (1) with a school (2), which has a kitchen (3) and an office (4); 9 is closed.
PARENTS = {1: None, 2: 1, 3: 2, 4: 2}
HEAD, BURSAR, COOK, SECOND_COOK = 10, 11, 12, 13


@pytest.mark.parametrize(
    ("managed", "reached", "told", "untold"),
    [
        pytest.param({COOK: [3], HEAD: [2]}, {HEAD}, {HEAD: {COOK}}, set(), id="the manager above"),
        pytest.param({COOK: [3], HEAD: [1]}, {HEAD}, {HEAD: {COOK}}, set(), id="two levels above"),
        pytest.param({COOK: [3], BURSAR: [2], HEAD: [1]}, {HEAD, BURSAR}, {BURSAR: {COOK}}, set(), id="the nearest only"),
        pytest.param({COOK: [3], BURSAR: [2], HEAD: [1]}, {HEAD}, {HEAD: {COOK}}, set(), id="one between has none either"),
        pytest.param({COOK: [3], SECOND_COOK: [3], HEAD: [2]}, {HEAD, SECOND_COOK}, {SECOND_COOK: {COOK}}, set(),
                     id="a second manager of the team"),
        pytest.param({COOK: [3], BURSAR: [4]}, {BURSAR}, {}, {COOK}, id="a manager beside it is nobody's manager"),
        pytest.param({COOK: [3]}, set(), {}, {COOK}, id="nobody above: administrators"),
        pytest.param({COOK: [3, 1], HEAD: [2]}, {HEAD}, {HEAD: {COOK}}, {COOK}, id="each team by itself"),
        pytest.param({COOK: [9], HEAD: [1]}, {HEAD}, {}, set(), id="a closed team"),
    ],
)  # fmt: skip
def test_who_hears_of_a_manager_without_an_address(
    managed: dict[int, list[int]], reached: set[int], told: dict[int, set[int]], untold: set[int]
) -> None:
    unreached = [one for one in managed if one == COOK]
    assert who_hears_of_managers(managed, PARENTS, unreached, reached) == (told, untold)


@pytest.fixture
def school(session: Session) -> Team:
    make_organisation(session)
    return make_team(session, "School")


@pytest.fixture
def kitchen(session: Session, school: Team) -> Team:
    return make_team(session, "Kitchen", school)


def make_without_address(session: Session, name: str, number: str, team: Team | None, role: str = "learner") -> Person:
    identity = PersonIdentity(name, staff_number=number)
    person = add_identity(make_context(session, None, NOW), identity, team.id if team else None, role)
    assert isinstance(person, Person)
    session.commit()
    return person


def queue(app: Flask, at: datetime = MONDAY) -> int:
    with app.app_context():
        return jobs.queue_due_reminders(at, lambda: at)


def words(app: Flask, session: Session, key: str) -> dict[str, str]:
    """The text of each mail with such a key, on one line, by recipient."""
    return {mail.recipient: " ".join(mail.text.split()) for mail in rendered_mails(app, session, key)}


@pytest.mark.both_engines
def test_the_manager_above_is_told_and_without_one_the_administrators(
    app: Flask, session: Session, school: Team, kitchen: Team
) -> None:
    chef = make_without_address(session, "Lee Moss", "L-1", kitchen, "manager")
    cook = make_without_address(session, "Dana Bell", "K-17", kitchen)
    make_person(session, "Sam Okafor", team=kitchen)
    head = make_person(session, "Priya Shah", "priya@example.org", "manager", school)
    make_person(session, "Alex Morgan", "alex@example.org", "administrator")
    queue(app)
    found = words(app, session, "summary:")
    assert found.keys() == {"priya@example.org"}, "a manager above is told, so that no administrator has to be"
    text = found["priya@example.org"]
    assert "These managers have no e-mail address and get no weekly summary." in text
    assert "- Lee Moss: 3 people, 0 overdue, 3 due soon, 1 to tell in person" in text
    assert "Dana Bell, due on 20 December 2026: do the course (needs a one-time code first)" in text
    grant = session.execute(
        select(RoleGrant).where(RoleGrant.person_id == head.id, RoleGrant.role == "manager")
    ).scalar_one()
    assert revoke_role(make_context(session, None, MONDAY), head.id, grant.id) is None
    session.commit()
    queue(app, MONDAY + timedelta(days=7))
    (mail,) = rendered_mails(app, session, "summary:administrator:")
    text = " ".join(mail.text.split())
    assert (mail.recipient, "no manager who gets the weekly summary can tell them" in text) == (
        "alex@example.org",
        True,
    )
    assert "Dana Bell, due on 20 December 2026: do the course" in text
    assert "- Lee Moss: 3 people, 0 overdue, 3 due soon, 1 to tell in person" in text
    assert "Sam Okafor" not in text
    assert "Lee Moss, due on 20 December 2026: do the course" in text, "who has no manager who could tell them either"
    kind, named = session.execute(select(Reminder.kind, Reminder.named).where(Reminder.key == mail.key)).one()
    assert (kind, set(named)) == ("administrator", {chef.id, cook.id})
    assert queue(app, MONDAY + timedelta(days=7)) == 0, "once a week"


def test_a_manager_who_stopped_the_summary_leaves_the_names_to_the_next(
    app: Flask, session: Session, kitchen: Team
) -> None:
    cook = make_without_address(session, "Dana Bell", "K-17", kitchen)
    chef = make_person(session, "Lee Moss", "lee@example.org", "manager", kitchen)
    admin = make_person(session, "Alex Morgan", "alex@example.org", "administrator")
    set_mail_preference(session, chef.id, DIGEST, False, NOW)
    session.commit()
    queue(app)
    assert words(app, session, "summary:").keys() == {"alex@example.org"}
    # They are told before the mail leaves: then it does not.
    mail = session.execute(select(OutboxMail).where(OutboxMail.key.startswith("summary:"))).scalar_one()
    leaving = BeforeMailSend(mail.key, mail.recipient, MONDAY, "Europe/London")
    recheck_reminder(session, leaving)
    session.refresh(mail)
    assert mail.withheld is None
    hours = sending_hours(session, "Europe/London")
    assert hours is not None
    viewer = Viewer(admin.id, admin.name, "", administrator=True)
    ((one,),) = [[one.messages[0].key] for one in people_to_tell(session, viewer, hours, MONDAY.date())]
    assert record_told(make_context(session, chef.id, MONDAY), {cook.id: [one]}) == 1
    recheck_reminder(session, leaving)
    session.refresh(mail)
    assert mail.withheld is not None


def test_an_administrator_who_manages_gets_one_mail_with_everything(
    app: Flask, session: Session, kitchen: Team
) -> None:
    make_without_address(session, "Dana Bell", "K-17", None)
    make_person(session, "Sam Okafor", team=kitchen)
    boss = make_person(session, "Alex Morgan", "alex@example.org", "administrator", kitchen)
    grant_role(make_context(session, None, NOW), boss.id, "manager", kitchen.id)
    session.commit()
    queue(app)
    found = words(app, session, "summary:")
    assert found.keys() == {"alex@example.org"}
    assert "Dana Bell, due on 20 December 2026: do the course" in found["alex@example.org"]
    mail = session.execute(select(OutboxMail).where(OutboxMail.key.startswith("summary:"))).scalar_one()
    recheck_reminder(session, BeforeMailSend(mail.key, mail.recipient, MONDAY, "Europe/London"))
    session.refresh(mail)
    assert mail.withheld is None, "who is in no team of theirs is named to them as an administrator"
