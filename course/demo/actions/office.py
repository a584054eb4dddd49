"""What the office of the invented organisation did beside the training, so that each page has something to show."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from course.analytics.actions import DiscussionEntry, record_discussion
from course.demo.actions.history import HistoryWriter
from course.demo.rules import CONTACTS, DISCUSSIONS
from course.join_requests.actions import make_link
from course.join_requests.models import RegistrationLink, RegistrationRequest
from course.mail.actions import suppress_address
from course.mail.models import OutboxMail
from course.organisation.actions import assign_contact_owner, confirm_contact
from course.people.actions import change_team, delegate, grant_role
from course.people.events import RecordOpened
from course.people.models import Person, RoleGrant, Team
from course.people.queries import person_by_email
from course.privacy.actions import set_schedule
from course.privacy.rules.retention_schedule import RetentionSettings
from course.scheduled_reports.actions import subscribe
from course.training_records.actions import log_page_view, log_record_export
from course.training_records.rules import EXPORT

# How many days ago each contact was confirmed. One of them is late: its owner sees a warning.
DAYS_SINCE_CONFIRMED = {"lead": 40, "deputy": 40, "out-of-hours": 400, "social-care": 100}


def plan_office_events(story: HistoryWriter) -> None:
    """Put what the office did into the story, each deed on its day."""
    session, today = story.session, story.today

    def on(days_ago: int, deed: Callable[[datetime], object]) -> None:
        story.plan(today - timedelta(days=days_ago), deed)

    schools, top, nursery = (story.ids[name] for name in ("Schools", "Riverside", "Sunflower Nursery"))
    on(
        759,
        lambda at: change_team(session, nursery, "Sunflower Nursery", schools, "shares a site with a school", None, at),
    )
    on(300, lambda at: change_team(session, nursery, "Sunflower Nursery", top, "has a lead of its own now", None, at))
    plan = RetentionSettings(contact_name="Jo Fictional", contact_email="data@demo.example")
    on(200, lambda at: set_schedule(session, plan, "as our data protection officer advised", None, at))
    for contact in CONTACTS:
        on(DAYS_SINCE_CONFIRMED[contact[0]], partial(_add_confirmation, session, contact))
    clubs = story.ids["Youth clubs"]
    ends = today + timedelta(days=60)
    on(12, lambda at: make_link(session, clubs, ["demo.example"], ends, None, at))
    on(2, lambda at: _add_join_request(session, at))
    on(5, lambda at: _add_delegation(session, today, at))
    for days_ago, *talk in DISCUSSIONS:
        on(days_ago, partial(_add_discussion, story, talk))


def _add_discussion(story: HistoryWriter, talk: list[Any], at: datetime) -> None:
    """The manager of a team writes down what it talked about the day before."""
    name, people, point, agreed = talk
    team, day = story.ids[name], at.date() - timedelta(days=1)
    by = story.session.execute(
        select(RoleGrant.person_id).where(RoleGrant.team_id == team, RoleGrant.since <= at).order_by(RoleGrant.id)
    ).scalars()
    held = DiscussionEntry(team, point, story.library.points[point].title, day, people, agreed)
    record_discussion(story.session, held, next(by), day, at)


def _add_confirmation(session: Session, contact: tuple[str, str, str, str], at: datetime) -> None:
    confirm_contact(session, *contact, None, at)


def _add_join_request(session: Session, at: datetime) -> None:
    link = session.execute(select(RegistrationLink.id)).scalar_one()
    session.add(
        RegistrationRequest(link_id=link, name="Robin Newcome", email="robin.newcome@demo.example", asked_at=at)
    )


def _add_delegation(session: Session, today: date, at: datetime) -> None:
    """The manager of one school stands in for that of another."""
    found = select(Person.id, Person.email, Team.name).join(RoleGrant, RoleGrant.person_id == Person.id)
    rows = session.execute(found.join(Team, Team.id == RoleGrant.team_id)).all()
    managers = {team: (person, email) for person, email, team in rows}
    (away, _), (_, email) = managers["Hillside Primary School"], managers["Brook Academy"]
    delegate(session, away, email, today + timedelta(days=25), "away for a month", today, at)


def add_present_state(session: Session, at: datetime, today: date) -> None:
    """What is there on the day on which somebody looks around: who looks after the late contact, a second
    administrator, a report by mail, who looked at whom, and an address that takes no mail."""
    sam, priya, alex = (person_by_email(session, f"{name}@demo.example") for name in ("learner", "manager", "admin"))
    if sam is None or priya is None or alex is None:
        raise LookupError("the demonstration lacks one of its three people")
    assign_contact_owner(session, "out-of-hours", alex.id, 12, alex.id, at)
    home = session.execute(select(Team.id).where(Team.name == "Residential")).scalar_one()
    subscribe(session, priya.id, home, "week", today, priya.id, at)
    log_page_view(session, RecordOpened(sam.id, priya.id, today, at))
    log_record_export(session, [sam.id], alex.id, EXPORT, "team report, Excel", at)
    head = select(RoleGrant.person_id).join(Team, Team.id == RoleGrant.team_id).where(Team.name == "Riverside")
    grant_role(session, session.execute(head).scalar_one(), "administrator", None, alex.id, at)
    hand = select(Person.email).where(Person.left_at.is_(None), Person.email.like("t%@demo.example"))
    address = session.execute(hand.order_by(Person.id).limit(1)).scalar_one()
    suppress_address(session, address, "bounced", "550 5.1.1 There is no such mailbox.", at - timedelta(days=3))


def mark_mail_sent(session: Session, at: datetime) -> None:
    """Nobody in the story has a mailbox: what waits counts as sent."""
    waiting = update(OutboxMail).where(OutboxMail.sent_at.is_(None))
    session.execute(waiting.values(sent_at=at, tries=1, next_try_at=None, text="", html=None))
