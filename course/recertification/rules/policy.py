"""The versions of the policy for renewal, and which of them governs what."""

from __future__ import annotations

import calendar
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from course.recertification.rules.civil_dates import MONTHS, add_days, pluralise

ANNIVERSARY = "anniversary"
FIXED_DATE = "fixed"
GENERAL = "general"
NEXT_RENEWAL = "from the next renewal"
IMMEDIATELY = "now"


@dataclass(frozen=True)
class Policy:
    """One version of the policy. It governs from the later of `since` and `recorded` (by default the same day):
    no policy reaches back before the day on which it was written down.

    `kind` anniversary: a certificate is valid for `period_months`, and the person's date stays.
    `kind` fixed: it is valid until the first `fixed_day`.`fixed_month` that is at least `minimum_months` away.
    `window_days`: how long before the last valid day renewing keeps the date. `lapse_months`: later than that
    after the last valid day, only the initial course counts. `starter_days`: time for the first course.
    `minimum_days`: no due day is nearer than that to the day on which it was set. `import_age_months`: imported
    certificates that were older when they were recorded do not count (None: any age). `progress_months`: for how
    long unfinished progress is progress. `applies`: "from the next renewal", or "now" (moves due days as well).
    `pathway`: whom it governs; None: everybody whose pathway has no rule of its own (see pathways.py).
    `kind` general: the pathway has no rule of its own any more; the numbers of such a version mean nothing.
    ValueError if the numbers contradict each other.
    """

    since: date
    period_months: int = 12
    window_days: int = 60
    lapse_months: int = 12
    starter_days: int = 28
    minimum_days: int = 7
    kind: str = ANNIVERSARY
    fixed_day: int = 31
    fixed_month: int = 1
    minimum_months: int = 6
    import_age_months: int | None = None
    progress_months: int = 18
    applies: str = NEXT_RENEWAL
    recorded: date | None = None
    pathway: str | None = None

    def __post_init__(self) -> None:
        if self.kind not in (ANNIVERSARY, FIXED_DATE) and not (self.kind == GENERAL and self.pathway):
            raise ValueError("A policy goes by the anniversary or by a fixed date.")
        if self.applies not in (NEXT_RENEWAL, IMMEDIATELY):
            raise ValueError("A policy applies from the next renewal, or now.")
        if not 1 <= self.fixed_month <= 12 or not 1 <= self.fixed_day <= calendar.monthrange(2024, self.fixed_month)[1]:
            raise ValueError("The fixed date is not in the calendar.")
        if min(self.period_months, self.minimum_months, self.progress_months) < 1:
            raise ValueError("A certificate is valid for at least one month, and progress lasts at least one.")
        if min(self.lapse_months, self.starter_days, self.minimum_days) < 0:
            raise ValueError("Months and days are not negative.")
        if self.import_age_months is not None and self.import_age_months < 1:
            raise ValueError("The age limit of imported certificates is at least one month, or none.")
        # Otherwise the next window would be open on the day of renewal, and renewing twice would count twice.
        if not 1 <= self.window_days < 28 * self.shortest_months:
            raise ValueError("The window opens at least one day before the last valid day, and after the renewal.")

    @property
    def shortest_months(self) -> int:
        """For how many months a certificate is valid at least."""
        return self.minimum_months if self.kind == FIXED_DATE else self.period_months

    @property
    def longest_months(self) -> int:
        """For how many months a certificate is valid at most."""
        return self.minimum_months + 12 if self.kind == FIXED_DATE else self.period_months

    @cached_property
    def governs_from(self) -> date:
        return max(self.since, self.recorded or self.since)

    @property
    def fields(self) -> tuple[str, ...]:
        """The settings that have an effect under this kind: the others are not shown."""
        own = ("period_months",) if self.kind == ANNIVERSARY else ("fixed_day", "fixed_month", "minimum_months")
        common = ["window_days", "lapse_months", "starter_days", "minimum_days", "import_age_months", "progress_months"]
        return (*own, *common)


def describe_policy(policy: Policy) -> str:
    """The policy in words: only what applies, and from where each period counts."""
    if policy.kind == GENERAL:
        return "The rule for everybody applies again."
    if policy.kind == ANNIVERSARY:
        first = (
            f"A certificate is valid for {pluralise(policy.period_months, 'month')}, counted from the day of completion, "
            "up to and including the last day."
        )
    else:
        first = (
            f"Everybody renews by {policy.fixed_day} {MONTHS[policy.fixed_month - 1]}. A certificate is valid for at "
            f"least {pluralise(policy.minimum_months, 'month')} from the day of completion, so anybody who "
            "has just completed the course waits until the year after."
        )
    age = policy.import_age_months
    brought = f" An earlier certificate counts if it is at most {pluralise(age, 'month')} old." if age else ""
    return (
        f"{first} It can be renewed in its last {pluralise(policy.window_days, 'day')} without losing the date. "
        f"More than {pluralise(policy.lapse_months, 'month')} after the last day, the whole course is needed again. "
        f"New starters have {pluralise(policy.starter_days, 'day')} from their start; "
        f"no due day is nearer than {pluralise(policy.minimum_days, 'day')} after it is set.{brought}"
    )


def policy_versions(policies: Sequence[Policy]) -> list[Policy]:
    """In the order in which they come to govern; of several from the same day the one recorded last, because the
    others never governed anybody."""
    return list({policy.governs_from: policy for policy in sorted(policies, key=_policy_order)}.values())


def _policy_order(policy: Policy) -> tuple[date, date]:
    return policy.governs_from, policy.recorded or policy.since


def policy_in_force(policies: Sequence[Policy], on: date) -> Policy | None:
    """The version that governs on that day, or None before the first."""
    # Of equal ones the last: max() keeps the first that it meets.
    return max((policy for policy in reversed(policies) if policy.governs_from <= on), key=_policy_order, default=None)


def policy_or_first(policies: Sequence[Policy], day: date) -> Policy:
    """The version under which something of that day is judged: before the first version, the first."""
    return policy_in_force(policies, day) or policy_versions(policies)[0]


def immediate_changes(policies: Sequence[Policy], cause: date, on: date) -> list[Policy]:
    """The versions that reach what was caused on the day `cause` although they came after it."""
    return [p for p in policy_versions(policies) if p.applies == IMMEDIATELY and cause < p.governs_from <= on]


def governing_policy(policies: Sequence[Policy], cause: date, on: date) -> Policy:
    """The version for the cycle that began on the day `cause`, as it is on the day `on`."""
    return (immediate_changes(policies, cause, on) or [policy_or_first(policies, cause)])[-1]


def moved_due_date(old: date, new: date, policy: Policy) -> date:
    """Where a change of policy that applies now moves a due day: later at once, nearer only as far as the floor."""
    floor = add_days(policy.governs_from, policy.minimum_days)
    return new if new >= old else min(old, max(new, floor))
