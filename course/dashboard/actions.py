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
from course.dates import civil_date
from course.organisation.models import Organisation
from course.people.events import InvitationRequested


def send_invitation_with_due_date(session: Session, event: InvitationRequested) -> None:
    """Mail a person the link to choose a first password, with the due date if it is still ahead. Raises LookupError if the
    person does not exist or has left."""
    zone = session.info[ZONE_KEY]
    today = civil_date(event.at, zone)
    status = certification_status_of(session, event.person_id, zone, today)
    due = status.due if status is not None and status.state not in ("paused", "not-required") else None
    send_invitation(session, event, due if due is not None and due >= today else None)


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
