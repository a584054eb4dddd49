"""Rules of reminders: the step that a person is on, digests and escalation, and sending hours.

Pure: no clock, no database. What is due is derived each time, so that a job that did not run for weeks sends the
current step and no outdated ones.
"""

from __future__ import annotations

from course.reminders.rules.business_days import HoursOfPeople, SendingHours
from course.reminders.rules.digest import (
    Digest,
    NameToTell,
    OverduePerson,
    UnreachedManager,
    build_digest,
    digest_day,
)
from course.reminders.rules.escalation import (
    ReminderStatus,
    ReminderStep,
    reminder_key,
    reminder_status,
    reminder_steps,
    step_reason,
)
from course.reminders.rules.policy import ReminderPolicy, describe_policy

__all__ = [
    "Digest",
    "HoursOfPeople",
    "NameToTell",
    "OverduePerson",
    "ReminderPolicy",
    "ReminderStatus",
    "ReminderStep",
    "SendingHours",
    "UnreachedManager",
    "build_digest",
    "describe_policy",
    "digest_day",
    "reminder_key",
    "reminder_status",
    "reminder_steps",
    "step_reason",
]
