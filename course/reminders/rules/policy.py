"""A version of the reminder policy. Each version is complete, and applies to everybody from its start on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from course.recertification.rules.civil_dates import pluralise
from course.translation import lazy_gettext as _

WEEKDAYS = (_("Monday"), _("Tuesday"), _("Wednesday"), _("Thursday"), _("Friday"))
MAX_STEPS = 10
MAX_CLOSURE_DAYS = 92  # days; a typing error must not stop all reminders for years


@dataclass(frozen=True)
class ReminderPolicy:
    """The reminder policy.

    `before` are the days before the due date, the furthest first; after the due date there is a reminder every
    `every_days`. Managers get a digest each week on `digest_weekday` (0 is Monday), the safeguarding lead one about
    people who have been overdue for `lead_days`. Mail leaves from the hour `opens` until before the hour `closes`, on
    business days that are in none of the closures `closed` (first and last day, both included). Raises ValueError if
    the numbers make no sense.
    """

    before: tuple[int, ...] = (60, 30, 14, 7, 1)
    every_days: int = 7
    digest_weekday: int = 0
    lead_days: int = 14
    opens: int = 8
    closes: int = 18
    closed: tuple[tuple[date, date], ...] = ()

    def __post_init__(self) -> None:
        if not self.before or len(self.before) > MAX_STEPS or any(not 0 <= days <= 365 for days in self.before):
            raise ValueError(f"Enter one to {MAX_STEPS} numbers of days, each from 0 to 365.")
        if list(self.before) != sorted(set(self.before), reverse=True):
            raise ValueError("Each number of days stands once, the furthest first.")
        if not 1 <= self.every_days <= 90 or not 1 <= self.lead_days <= 365:
            raise ValueError("Enter whole numbers of days that can be kept.")
        if not 0 <= self.digest_weekday < len(WEEKDAYS):
            raise ValueError("The summary comes on a day from Monday to Friday.")
        if not 0 <= self.opens < self.closes <= 23:
            raise ValueError("The hours begin before they end, on the same day.")
        for first, last in self.closed:
            if not 0 <= (last - first).days < MAX_CLOSURE_DAYS:
                raise ValueError(
                    f"A closure ends on its first day or later, and lasts {MAX_CLOSURE_DAYS} days at most."
                )


def describe_policy(policy: ReminderPolicy) -> str:
    """The policy in sentences, for display."""
    numbers = [str(days) for days in policy.before]
    before = (
        f"{', '.join(numbers[:-1])} and {numbers[-1]} days" if len(numbers) > 1 else pluralise(policy.before[0], "day")
    )
    after = "once a week" if policy.every_days == 7 else f"every {pluralise(policy.every_days, 'day')}"
    return (
        f"Learners are reminded {before} before their due day, and {after} after it until they are done. "
        f"Managers get a summary of their teams every {WEEKDAYS[policy.digest_weekday]}. "
        f"The safeguarding lead is told once a week about anybody who has been overdue for "
        f"{pluralise(policy.lead_days, 'day')} or more. "
        f"Mail leaves between {policy.opens}.00 and {policy.closes}.00, on working days only."
    )
