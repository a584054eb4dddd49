"""Inviting somebody with what the first page of the course says as well: by when it is due."""

from __future__ import annotations

from sqlalchemy.orm import Session

from course.auth.actions import send_invitation
from course.context import ZONE_KEY
from course.dashboard.queries import certification_status_of
from course.dates import civil_date
from course.people.events import InvitationRequested


def send_invitation_with_due_date(session: Session, event: InvitationRequested) -> None:
    """Mail a person the link to choose a first password, with the due date if it is still ahead. Raises LookupError if the
    person does not exist or has left."""
    zone = session.info[ZONE_KEY]
    today = civil_date(event.at, zone)
    status = certification_status_of(session, event.person_id, zone, today)
    due = status.due if status is not None and status.state not in ("paused", "not-required") else None
    send_invitation(session, event, due if due is not None and due >= today else None)
