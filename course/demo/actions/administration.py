"""The administration of the invented organisation besides training, so that each page has data to show."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import case, null, select, update
from sqlalchemy.orm import Session

from course.analytics.actions import DiscussionEntry, record_discussion
from course.auth.actions import issue_code
from course.context import make_context
from course.demo.actions.history import HistoryWriter
from course.demo.rules import CONTACTS, DISCUSSIONS, PEOPLE_WITHOUT_ADDRESS, SIGNATORY, working_day
from course.join_requests.actions import make_link
from course.join_requests.models import RegistrationLink, RegistrationRequest
from course.mail.actions import suppress_address
from course.mail.models import OutboxMail
from course.organisation.actions import assign_contact_owner, confirm_contact, set_signatory
from course.people.actions import Refusal, add_identity, change_team, choose_pathway, delegate, grant_role
from course.people.events import RecordOpened
from course.people.models import Person, RoleGrant, Team
from course.people.queries import person_by_email, person_by_login
from course.people.rules import PersonIdentity
from course.privacy.actions import set_schedule
from course.privacy.rules.retention_schedule import RetentionSettings
from course.scheduled_reports.actions import subscribe
from course.supervised_sessions.actions import (
    NewSession,
    close_session,
    plan_session,
    record_attendance,
    record_read_together,
)
from course.supervised_sessions.models import SupervisedAttendee
from course.training_records.actions import log_page_view, log_record_export
from course.training_records.rules import EXPORT

# How many days ago each contact was confirmed. One review is overdue: its owner sees a warning.
DAYS_SINCE_CONFIRMED = {"lead": 40, "deputy": 40, "out-of-hours": 400, "social-care": 100}


def plan_administration(history: HistoryWriter) -> None:
    """Schedule the events of the administration, each on its day."""
    session, today = history.session, history.today

    def on(days_ago: int, event: Callable[[datetime], object]) -> None:
        history.schedule(today - timedelta(days=days_ago), event)

    schools, top, nursery = (history.ids[name] for name in ("Schools", "Riverside", "Sunflower Nursery"))
    on(
        759,
        lambda at: change_team(
            make_context(session, None, at), nursery, "Sunflower Nursery", schools, "shares a site with a school"
        ),
    )
    on(
        300,
        lambda at: change_team(
            make_context(session, None, at), nursery, "Sunflower Nursery", top, "has a lead of its own now"
        ),
    )
    # Before anybody completes the course, because a certificate keeps who signed on the day of its issue.
    on(759, lambda at: set_signatory(make_context(session, None, at), *SIGNATORY))
    retention = RetentionSettings(contact_name="Jo Fictional", contact_email="data@demo.example")
    on(
        200,
        lambda at: set_schedule(make_context(session, None, at), retention, "as our data protection officer advised"),
    )
    for contact in CONTACTS:
        on(DAYS_SINCE_CONFIRMED[contact[0]], partial(_add_confirmation, session, contact))
    clubs = history.ids["Youth clubs"]
    ends = today + timedelta(days=60)
    on(12, lambda at: make_link(make_context(session, None, at), clubs, ["demo.example"], ends))
    on(2, lambda at: _add_join_request(session, at))
    on(5, lambda at: _add_delegation(session, today, at))
    for name, login, team, job_role, days_ago in PEOPLE_WITHOUT_ADDRESS:
        on(days_ago, partial(_add_without_address, history, PersonIdentity(name, None, None, login, job_role), team))
    on(20, partial(_hold_session, history))
    for days_ago, *discussion in DISCUSSIONS:
        on(days_ago, partial(_add_discussion, history, discussion))


def _add_discussion(history: HistoryWriter, discussion: list[Any], at: datetime) -> None:
    """The manager of a team records the discussion of the day before."""
    name, people, point, agreed = discussion
    team, day = history.ids[name], working_day(at.date() - timedelta(days=1), at.date() - timedelta(days=1))
    managers = history.session.execute(
        select(RoleGrant.person_id).where(RoleGrant.team_id == team, RoleGrant.since <= at).order_by(RoleGrant.id)
    ).scalars()
    entry = DiscussionEntry(team, point, history.library.points[point].title, day, people, agreed)
    record_discussion(make_context(history.session, next(managers), at), entry)


def _add_without_address(history: HistoryWriter, identity: PersonIdentity, team: str, at: datetime) -> None:
    """Add somebody who signs in with a name."""
    context = make_context(history.session, None, at)
    added = add_identity(context, identity, history.ids[team], "learner")
    if isinstance(added, Refusal):
        raise ValueError(f"{identity.name}: {added.message}")
    choose_pathway(context, [added.id], history.teams[team], "the work of this team")


def _hold_session(history: HistoryWriter, at: datetime) -> None:
    """The manager of a school reads the first module together with somebody who has no address, and a witness sees it."""
    session, (_name, login, team, _job_role, _days) = history.session, PEOPLE_WITHOUT_ADDRESS[1]
    learner = person_by_login(session, login)
    if learner is None:
        return
    managers = select(RoleGrant.person_id).where(RoleGrant.team_id == history.ids[team], RoleGrant.role == "manager")
    context = make_context(session, session.execute(managers.limit(1)).scalar_one(), at)
    library = history.library.for_(history.teams[team], "england")
    module = next(iter(library.modules))
    number = plan_session(context, NewSession("module", module, "The school hall", at.date()), [learner.id])
    attended = select(SupervisedAttendee.id).where(SupervisedAttendee.session_id == number)
    attendee = session.execute(attended).scalar_one()
    record_attendance(context, number, [attendee], "Wren Witness")
    record_read_together(context, library, attendee, module)
    close_session(context, number)


def _add_confirmation(session: Session, contact: tuple[str, str, str, str], at: datetime) -> None:
    confirm_contact(make_context(session, None, at), *contact)


def _add_join_request(session: Session, at: datetime) -> None:
    link = session.execute(select(RegistrationLink.id)).scalar_one()
    session.add(
        RegistrationRequest(link_id=link, name="Robin Newcome", email="robin.newcome@demo.example", asked_at=at)
    )


def _add_delegation(session: Session, today: date, at: datetime) -> None:
    """The manager of one school is the deputy of the manager of another."""
    grants = select(Person.id, Person.email, Team.name).join(RoleGrant, RoleGrant.person_id == Person.id)
    rows = session.execute(grants.join(Team, Team.id == RoleGrant.team_id)).all()
    managers = {team: (person, email) for person, email, team in rows}
    (manager, _), (_, deputy_email) = managers["Hillside Primary School"], managers["Brook Academy"]
    delegate(make_context(session, manager, at), str(deputy_email), today + timedelta(days=25), "away for a month")


def issue_waiting_code(session: Session, secret: str, at: datetime) -> None:
    """Make a one-time code for the first person without an address, who has not used it. `secret` is that of the
    installation."""
    manager, cook = (
        person_by_email(session, "manager@demo.example"),
        person_by_login(session, PEOPLE_WITHOUT_ADDRESS[0][1]),
    )
    if manager is not None and cook is not None:
        issue_code(make_context(session, manager.id, at), cook.id, secret)


def add_present_state(session: Session, at: datetime, today: date) -> None:
    """Add the data of the present day: the owner of the overdue contact, a second administrator, a scheduled report, a
    record view in the log, and a suppressed address."""
    sam, priya, alex = (person_by_email(session, f"{name}@demo.example") for name in ("learner", "manager", "admin"))
    if sam is None or priya is None or alex is None:
        raise LookupError("the demonstration lacks one of its three people")
    assign_contact_owner(make_context(session, alex.id, at), "out-of-hours", alex.id, 12)
    residential = session.execute(select(Team.id).where(Team.name == "Residential")).scalar_one()
    subscribe(make_context(session, priya.id, at), priya.id, residential, "week")
    log_page_view(session, RecordOpened(sam.id, priya.id, today, at))
    log_record_export(make_context(session, alex.id, at), [sam.id], EXPORT, "team report, Excel")
    head = select(RoleGrant.person_id).join(Team, Team.id == RoleGrant.team_id).where(Team.name == "Riverside")
    grant_role(make_context(session, alex.id, at), session.execute(head).scalar_one(), "administrator", None)
    candidates = select(Person.email).where(Person.left_at.is_(None), Person.email.like("t%@demo.example"))
    address = session.execute(candidates.order_by(Person.id).limit(1)).scalar_one()
    suppress_address(session, str(address), "bounced", "550 5.1.1 There is no such mailbox.", at - timedelta(days=3))


def mark_mail_sent(session: Session, at: datetime) -> None:
    """Mark all waiting mail as sent at that moment, or when it was queued if that was later, because nobody in the sample
    data has a mailbox."""
    unsent = update(OutboxMail).where(OutboxMail.sent_at.is_(None))
    sent_at = case((OutboxMail.queued_at > at, OutboxMail.queued_at), else_=at)
    session.execute(
        unsent.values(sent_at=sent_at, tries=1, next_try_at=None, text="", html=None, template_values=null())
    )
