"""Which reminder somebody stands on, who else is told, and when mail may leave. Pure: no clock, no database. What is
due is derived each time, so that a job that did not run for weeks sends today's step and nothing that has gone stale."""

from __future__ import annotations

from course.reminders.rules.business_days import Hours
from course.reminders.rules.digest import Digest, Overdue, digest, digest_day
from course.reminders.rules.escalation import Answer, Step, answer, key, ladder
from course.reminders.rules.policy import ReminderPolicy, describe

__all__ = [
    "Answer",
    "Digest",
    "Hours",
    "Overdue",
    "ReminderPolicy",
    "Step",
    "answer",
    "describe",
    "digest",
    "digest_day",
    "key",
    "ladder",
]
