"""Jobs: putting into the log how much programs read on a day that has ended, and telling administrators which tokens end."""

from __future__ import annotations

from datetime import timedelta

from course.api_tokens.actions import announce_ends, record_sums
from course.context import make_context
from course.jobs.rules import JobKind, JobRun
from course.translation import lazy_gettext as _
from course.web.unit_of_work import unit_of_work


def _record_sums(run: JobRun) -> None:
    with unit_of_work() as session:
        record_sums(make_context(session, None, run.at))


def _announce_ends(run: JobRun) -> None:
    with unit_of_work() as session:
        announce_ends(make_context(session, None, run.at))


JOBS = (
    JobKind("api_tokens.sums", _("Note in the log how much programs read"), _record_sums, every=timedelta(hours=1)),
    JobKind(
        "api_tokens.ends",
        _("Tell administrators which tokens of other systems end soon"),
        _announce_ends,
        every=timedelta(hours=6),
    ),
)
