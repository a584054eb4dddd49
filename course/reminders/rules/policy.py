"""A version of the reminder policy. Each version is complete, and applies to everybody from its start on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from course.translation import lazy_gettext as _
from course.translation import lazy_ngettext, lazy_sentences

# Managers get a summary on one of these days. Each sentence is whole, because the day has another form in it elsewhere.
_DIGEST_DAYS = (
    _("Managers get a summary of their teams every Monday."),
    _("Managers get a summary of their teams every Tuesday."),
    _("Managers get a summary of their teams every Wednesday."),
    _("Managers get a summary of their teams every Thursday."),
    _("Managers get a summary of their teams every Friday."),
)
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
            raise ValueError(_("Enter one to %(most)s numbers of days, each from 0 to 365.", most=MAX_STEPS))
        if list(self.before) != sorted(set(self.before), reverse=True):
            raise ValueError("each number of days is given once, the largest first")
        if not 1 <= self.every_days <= 90 or not 1 <= self.lead_days <= 365:
            raise ValueError("reminders come every 1 to 90 days, and the lead is told after 1 to 365")
        if not 0 <= self.digest_weekday < len(WEEKDAYS):
            raise ValueError("the summary comes on a day from Monday to Friday")
        if not 0 <= self.opens < self.closes <= 23:
            raise ValueError("the hours begin before they end, on the same day")
        for first, last in self.closed:
            if not 0 <= (last - first).days < MAX_CLOSURE_DAYS:
                raise ValueError(
                    _(
                        "A closure ends on its first day or later, and lasts %(most)s days at most.",
                        most=MAX_CLOSURE_DAYS,
                    )
                )


def describe_policy(policy: ReminderPolicy) -> str:
    """The policy in sentences, for display."""
    return lazy_sentences(
        [
            _describe_steps(policy),
            _DIGEST_DAYS[policy.digest_weekday],
            lazy_ngettext(
                "The safeguarding lead hears once a week about anyone who has been overdue for %(num)s day or more.",
                "The safeguarding lead hears once a week about anyone who has been overdue for %(num)s days or more.",
                policy.lead_days,
            ),
            _(
                "Mail is sent between %(opens)s.00 and %(closes)s.00, on working days only.",
                opens=policy.opens,
                closes=policy.closes,
            ),
        ]
    )


def _describe_steps(policy: ReminderPolicy) -> str:
    before = _describe_days_before(policy.before)
    if policy.every_days == 7:
        return _(
            "Learners are reminded %(before)s before their due day, and once a week after it until they have finished.",
            before=before,
        )
    return lazy_ngettext(
        "Learners are reminded %(before)s before their due day, and every %(num)s day after it until they have finished.",
        "Learners are reminded %(before)s before their due day, and every %(num)s days after it until they have finished.",
        policy.every_days,
        before=before,
    )


def _describe_days_before(before: tuple[int, ...]) -> str:
    """The numbers of days of the steps before the due day: 60, 30 and 7 days."""
    if len(before) == 1:
        return lazy_ngettext("%(num)s day", "%(num)s days", before[0])
    return _("%(days)s and %(last)s days", days=", ".join(map(str, before[:-1])), last=before[-1])
