"""Jobs: mailing the link with which somebody chooses a password."""

from __future__ import annotations

from course.auth import actions
from course.jobs.rules import JobKind, JobRun
from course.people.queries import person_by_email
from course.translation import lazy_gettext as _
from course.web.unit_of_work import read_only_session, unit_of_work


def mail_password_link(run: JobRun) -> None:
    """Mail a link to the person who has the address in the arguments and still works here."""
    with read_only_session() as session:
        found = person_by_email(session, run.arguments["email"])
    if found is None or found.left_at is not None:
        return
    with unit_of_work() as session:
        actions.send_password_link(session, found.id, run.at)


# The address may be anybody's, so it is not kept once the job has ended.
PASSWORD_LINK = JobKind(
    "auth.password_link", _("Link to choose a password"), mail_password_link, lane="mail", erases_arguments=True
)
JOBS = (PASSWORD_LINK,)
