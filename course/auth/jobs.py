"""Jobs: mailing the link with which somebody chooses a password."""

from __future__ import annotations

from collections.abc import Callable

from course.auth import actions
from course.auth.rules import password_link_url
from course.content.loaded_course import library
from course.jobs.rules import JobKind, JobRun
from course.mail.message_templates import TOKEN_PLACEHOLDER, render_message, token_filler
from course.mail.rules import MailMessage
from course.people.queries import person_by_email
from course.web.app_state import app_state
from course.web.unit_of_work import read_only_session, unit_of_work


def mail_password_link(run: JobRun) -> None:
    """Mail a link to the person who has the address in the arguments and still works here."""
    with read_only_session() as session:
        found = person_by_email(session, run.arguments["email"])
    if found is None or found.left_at is not None:
        return
    write = _password_mail_writer()
    with unit_of_work() as session:
        actions.send_password_link(session, found.id, write, run.at)


def _password_mail_writer() -> Callable[[str], MailMessage]:
    """The mail with a link, written at once; the link is put in as soon as it is known. Needs no request."""
    course, config = library().course.title, app_state().config
    # The address of the course as it is set up, never the one that a request claims to have come to.
    link = password_link_url(config.public_url, TOKEN_PLACEHOLDER)
    return token_filler(render_message("forgotten.txt", f"Choose a new password: {course}", course=course, link=link))


# The address may be anybody's, so it is not kept once the job has ended.
PASSWORD_LINK = JobKind(
    "auth.password_link", "Link to choose a password", mail_password_link, lane="mail", erases_arguments=True
)
JOBS = (PASSWORD_LINK,)
