"""Inviting somebody with what the first page of the course says as well: by when it is due. Putting the list of first steps
away."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from course.audit.actions import record_event
from course.auth.actions import send_invitation
from course.context import ZONE_KEY, Context
from course.dashboard.models import FirstStepsChoice
from course.dashboard.queries import certification_status_of
from course.dashboard.rules import DeputyMessage, NewManagerMessage
from course.dates import civil_date
from course.mail.actions import queue_message
from course.organisation.models import Organisation
from course.organisation.queries import organisation_of
from course.passwords.queries import has_password
from course.people.events import DeputyNamed, InvitationRequested, ManagerNamed
from course.people.models import Person, Team
from course.people.queries import mail_recipient, names_told_apart, role_assignments
from course.people.rules import is_undeliverable
from course.reminders.actions import note_in_person
from course.reminders.rules.in_person import DEPUTY, NEW_MANAGER, Notice
from course.translation import lazy_gettext as _


def send_invitation_with_due_date(session: Session, event: InvitationRequested) -> None:
    """Mail a person the link to choose a first password, with the due date if it is still ahead. Raises LookupError if the
    person does not exist or has left."""
    zone = session.info[ZONE_KEY]
    today = civil_date(event.at, zone)
    status = certification_status_of(session, event.person_id, zone, today)
    due = status.due if status is not None and status.state not in ("paused", "not-required") else None
    ours = organisation_of(session, event.person_id)
    manages = tuple(
        one.team
        for one in role_assignments(session, event.person_id)
        if one.role == "manager" and not one.until and one.team
    )
    in_time = due if due is not None and due >= today else None
    send_invitation(session, event, in_time, ours.name if ours else "", manages)


def tell_deputy(session: Session, event: DeputyNamed) -> None:
    """Mail a deputy for whom they stand in, what they see, and until when."""
    manager, deputy = session.get_one(Person, event.manager_id), session.get_one(Person, event.deputy_id)
    grants = role_assignments(session, manager.id)
    seen = tuple(one.team for one in grants if one.role == "manager" and not one.until and one.team)
    ours = organisation_of(session, deputy.id)
    told = names_told_apart(session, [manager.id])[manager.id]
    key = f"deputy:{manager.id}:{deputy.id}:{event.at.isoformat()}"
    if deputy.email is None or is_undeliverable(deputy.email):
        teams = ", ".join(seen)
        said = _("You stand in for %(name)s (%(teams)s) until %(day)s.", name=told, teams=teams, day=event.until)
        note_in_person(session, Notice(key, deputy.id, DEPUTY, (said,), event.until, event.at))
        return
    message = DeputyMessage(deputy.name, ours.name if ours else "", told, seen, event.until)
    queue_message(session, key, mail_recipient(session, deputy.email), message, event.at)


def tell_new_manager(session: Session, event: ManagerNamed) -> None:
    """Mail somebody that they manage a team. Who has not signed in yet learns it from the invitation, and who gave the role
    to themselves knows."""
    person, team = session.get_one(Person, event.person_id), session.get_one(Team, event.team_id)
    signed_in = session.execute(select(has_password(Person.id)).where(Person.id == person.id)).scalar_one()
    if person.left_at is not None or event.by == person.id:
        return
    key = f"manager:{person.id}:{team.id}:{event.at.isoformat()}"
    if person.email is None or is_undeliverable(person.email):
        said = _("You manage %(team)s now.", team=team.name)
        note_in_person(session, Notice(key, person.id, NEW_MANAGER, (said,), None, event.at))
        return
    if not signed_in:
        return
    by = names_told_apart(session, [event.by]).get(event.by, "") if event.by is not None else ""
    ours = organisation_of(session, person.id)
    message = NewManagerMessage(person.name, ours.name if ours else "", team.name, by)
    queue_message(session, key, mail_recipient(session, person.email), message, event.at)


def hide_first_steps(context: Context, hidden: bool) -> bool:
    """Put the list of first steps away for all administrators, or bring it back. False, and nothing written, if it is so
    already."""
    session = context.session
    # The lock serialises two administrators who press at once.
    session.execute(select(Organisation.id).with_for_update())
    newest = session.execute(select(FirstStepsChoice.is_hidden).order_by(FirstStepsChoice.id.desc()).limit(1)).scalar()
    if bool(newest) == hidden:
        return False
    session.add(FirstStepsChoice(is_hidden=hidden, made_by=context.actor, made_at=context.now))
    session.flush()
    record_event(context, "set_up.steps_hidden" if hidden else "set_up.steps_shown", None, {})
    return True
