"""Writing invitations, and sending many of them: what takes long happens before each unit of work."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from course.content.loaded_course import library
from course.mail.message_templates import render_message
from course.mail.rules import MailMessage
from course.people import actions, queries
from course.web.app_state import app_state
from course.web.unit_of_work import unit_of_work

_INVITATION_BATCH = 100  # invitations in one unit of work
_TOKEN_PLACEHOLDER = "TOKEN-OF-THIS-LINK"  # noqa: S105 (what stands in its place until it is known)


def send_invitation_batches(people: Sequence[queries.Invitee], sender: str, by: int, at: datetime) -> None:
    """Some at a time: the mails are written before each unit of work."""
    for start in range(0, len(people), _INVITATION_BATCH):
        mails = [(one, invitation(one.name, sender)) for one in people[start : start + _INVITATION_BATCH]]
        with unit_of_work() as session:
            for one, mail in mails:
                actions.invite(session, one.id, mail, at, by, one.invited_at)


def invitation(name: str, sender: str) -> actions.InvitationWriter:
    """The invitation to somebody from somebody. It is written at once, and its link put in as soon as that is known:
    nothing is rendered while others wait. Needs no request."""
    course = library().course.title
    # The address of the course as it is set up, never the one that a request claims to have come to.
    link = f"{app_state().config.public_url}/link/{_TOKEN_PLACEHOLDER}"
    made = render_message("invitation.txt", f"Invitation: {course}", name=name, sender=sender, course=course, link=link)

    def write(token: str) -> MailMessage:
        html = made.html.replace(_TOKEN_PLACEHOLDER, token) if made.html else None
        return replace(made, text=made.text.replace(_TOKEN_PLACEHOLDER, token), html=html)

    return write
