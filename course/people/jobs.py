"""Jobs: writing many invitations. What takes long happens before each unit of work."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from course.content.loaded_course import library
from course.jobs.rules import JobKind, JobRun
from course.mail.message_templates import render_message
from course.mail.rules import MailMessage
from course.people import actions, queries
from course.web.app_state import app_state
from course.web.unit_of_work import read_only_session, unit_of_work

_INVITATION_BATCH = 100  # invitations in one unit of work
_TOKEN_PLACEHOLDER = "TOKEN-OF-THIS-LINK"  # noqa: S105 (what stands in its place until it is known)


def send_invitation_batches(run: JobRun) -> None:
    """Invite those of the people in the arguments who still need an invitation and were not invited since the job was
    asked for, so that a job that is run again invites nobody twice. The mails are written before each unit of work."""
    asked: dict[str, str] = run.arguments["people"]
    with read_only_session() as session:
        found = queries.people_without_password(session, [int(person_id) for person_id in asked])
    waiting = [one for one in found if invitation_timestamp(one.invited_at) == asked[str(one.id)]]
    for start in range(0, len(waiting), _INVITATION_BATCH):
        run.progress("Writing invitations", start, len(waiting))
        batch = waiting[start : start + _INVITATION_BATCH]
        mails = [(one, invitation(one.name, run.arguments["sender"])) for one in batch]
        with unit_of_work() as session:
            for one, mail in mails:
                actions.invite(session, one.id, mail, run.at, run.owner_id, one.invited_at)


def invitation_timestamp(at: datetime | None) -> str:
    """When somebody was invited, as a form and the arguments of a job carry it."""
    return "" if at is None else at.isoformat()


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


INVITATIONS = JobKind("people.invite", "Invitations", send_invitation_batches, lane="mail", erases_arguments=True)
JOBS = (INVITATIONS,)
