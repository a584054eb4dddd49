"""Jobs: deleting the content of files that are too old."""

from __future__ import annotations

from datetime import timedelta

from course.exports.actions import delete_old_files
from course.jobs.rules import JobKind, JobRun
from course.translation import lazy_gettext as _
from course.web.unit_of_work import unit_of_work


def _delete_old_files(run: JobRun) -> None:
    with unit_of_work() as session:
        delete_old_files(session, run.at)


JOBS = (JobKind("exports.delete", _("Delete files that were made"), _delete_old_files, every=timedelta(hours=1)),)
