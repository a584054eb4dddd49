"""Test mails, sending mails again, and what is done with jobs."""

from __future__ import annotations

from course.operations.actions.jobs import cancel_job, repeat_job, run_regular_job
from course.operations.actions.mail import confirm_mail, prefix_of_test_mail, retry_all_mail, retry_mail, send_test_mail

__all__ = [
    "cancel_job",
    "confirm_mail",
    "prefix_of_test_mail",
    "repeat_job",
    "retry_all_mail",
    "retry_mail",
    "run_regular_job",
    "send_test_mail",
]
