"""The versions of the recertification policy, and which policy version governs which completion or due date."""

from __future__ import annotations

import calendar
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from course.recertification.rules.civil_dates import add_days, day_and_month, number_of_days
from course.translation import lazy_gettext as _
from course.translation import lazy_ngettext, lazy_sentences

ANNIVERSARY = "anniversary"
FIXED_DATE = "fixed"
GENERAL = "general"
NEXT_RENEWAL = "from the next renewal"
IMMEDIATELY = "now"
_LEAP_YEAR = 2024  # in which each day and month that a policy may have exists


@dataclass(frozen=True)
class Policy:
    """One policy version. It governs from the later of `since` and `recorded` (by default the same day): no policy
    version takes effect before the day on which it was recorded.

    `kind` anniversary: a certificate is valid for `period_months`, and each person keeps their own expiry date. `kind`
    fixed: a certificate is valid until the first `fixed_day`.`fixed_month` that is at least `minimum_months` away.
    `kind` general: the pathway no longer has a policy of its own; the numbers of such a version have no meaning.

    `window_days`: length of the renewal window, the days before the last valid day in which a renewal keeps the date.
    `lapse_months`: the grace period after the last valid day in which the refresher is enough; later only the initial
    course counts. `starter_days`: time that a new starter has for the first course. `minimum_days`: no due date is
    nearer than that to the day on which it was set. `import_age_months`: an imported certificate that was older when it
    was recorded does not count (None: any age counts). `progress_months`: how long an unfinished attempt counts as
    progress. `applies`: "from the next renewal", or "now" (which moves due dates as well). `pathway`: the pathway that
    the version governs; None: everybody whose pathway has no policy of its own (see pathway_policy.py).

    Raises ValueError if the numbers contradict each other.
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
            raise ValueError("a policy goes by the anniversary or by a fixed date")
        if self.applies not in (NEXT_RENEWAL, IMMEDIATELY):
            raise ValueError("a policy applies from the next renewal, or now")
        if (
            not 1 <= self.fixed_month <= 12
            or not 1 <= self.fixed_day <= calendar.monthrange(_LEAP_YEAR, self.fixed_month)[1]
        ):
            raise ValueError(_("The fixed date is not in the calendar."))
        if min(self.period_months, self.minimum_months, self.progress_months) < 1:
            raise ValueError("a certificate is valid for at least one month, and progress lasts at least one")
        if min(self.lapse_months, self.starter_days, self.minimum_days) < 0:
            raise ValueError("months and days are not negative")
        if self.import_age_months is not None and self.import_age_months < 1:
            raise ValueError("the age limit of imported certificates is at least one month, or none")
        # A longer window would be open again on the day of renewal, and a second renewal on that day would count too.
        if not 1 <= self.window_days < 28 * self.shortest_months:
            raise ValueError(_("The window opens at least one day before the last valid day, and after the renewal."))

    @property
    def shortest_months(self) -> int:
        """The shortest validity of a certificate under this policy version, in months."""
        return self.minimum_months if self.kind == FIXED_DATE else self.period_months

    @property
    def longest_months(self) -> int:
        """The longest validity of a certificate under this policy version, in months."""
        return self.minimum_months + 12 if self.kind == FIXED_DATE else self.period_months

    @property
    def fixed_date(self) -> str:
        """The day and month by which everybody renews under a policy of kind fixed, in words."""
        return day_and_month(date(_LEAP_YEAR, self.fixed_month, self.fixed_day))

    @cached_property
    def governs_from(self) -> date:
        """The first day on which this policy version governs."""
        return max(self.since, self.recorded or self.since)

    @property
    def fields(self) -> tuple[str, ...]:
        """The names of the settings that have an effect under this kind of policy. Pages show no others."""
        kind_fields = ("period_months",) if self.kind == ANNIVERSARY else ("fixed_day", "fixed_month", "minimum_months")
        common_fields = [
            "window_days",
            "lapse_months",
            "starter_days",
            "minimum_days",
            "import_age_months",
            "progress_months",
        ]
        return (*kind_fields, *common_fields)


def describe_policy(policy: Policy) -> str:
    """The policy version in plain words for pages: only the settings that apply, and from which day each period counts."""
    if policy.kind == GENERAL:
        return _("The rule for everyone applies again.")
    import_age = policy.import_age_months
    return lazy_sentences(
        [
            _describe_validity(policy),
            lazy_ngettext(
                "It can be renewed in its last %(num)s day without losing the date.",
                "It can be renewed in its last %(num)s days without losing the date.",
                policy.window_days,
            ),
            lazy_ngettext(
                "More than %(num)s month after the last day, the whole course is needed again.",
                "More than %(num)s months after the last day, the whole course is needed again.",
                policy.lapse_months,
            ),
            _(
                "New starters have %(starter_days)s from their start; no due day is nearer than %(minimum_days)s after it is "
                "set.",
                starter_days=number_of_days(policy.starter_days),
                minimum_days=number_of_days(policy.minimum_days),
            ),
            lazy_ngettext(
                "An earlier certificate counts if it is at most %(num)s month old.",
                "An earlier certificate counts if it is at most %(num)s months old.",
                import_age,
            )
            if import_age
            else "",
        ]
    )


def _describe_validity(policy: Policy) -> str:
    if policy.kind == ANNIVERSARY:
        return lazy_ngettext(
            "A certificate is valid for %(num)s month, counted from the day of completion, up to and including the last "
            "day.",
            "A certificate is valid for %(num)s months, counted from the day of completion, up to and including the last "
            "day.",
            policy.period_months,
        )
    return lazy_ngettext(
        "Everyone renews by %(common)s. A certificate is valid for at least %(num)s month from the day of completion, so "
        "anyone who has just completed the course waits until the year after.",
        "Everyone renews by %(common)s. A certificate is valid for at least %(num)s months from the day of completion, so "
        "anyone who has just completed the course waits until the year after.",
        policy.minimum_months,
        common=policy.fixed_date,
    )


def policy_versions(policies: Sequence[Policy]) -> list[Policy]:
    """The policy versions in the order in which they take effect. Of several versions from the same day only the one
    recorded last is listed, because the others never governed anybody."""
    return list({policy.governs_from: policy for policy in sorted(policies, key=_policy_order)}.values())


def _policy_order(policy: Policy) -> tuple[date, date]:
    return policy.governs_from, policy.recorded or policy.since


def policy_in_force(policies: Sequence[Policy], on: date) -> Policy | None:
    """The policy version that governs on that day, or None before the first version."""
    # max() keeps the first of equal versions; reversed() makes that the one recorded last.
    return max((policy for policy in reversed(policies) if policy.governs_from <= on), key=_policy_order, default=None)


def policy_or_first(policies: Sequence[Policy], day: date) -> Policy:
    """The policy version under which a fact of that day is judged. Before the first version that is the first one."""
    return policy_in_force(policies, day) or policy_versions(policies)[0]


def immediate_changes(policies: Sequence[Policy], cause: date, on: date) -> list[Policy]:
    """The policy versions that apply "now" and took effect after the day `cause`, up to and including the day `on`:
    they also change what was caused on the day `cause` (a completion, a requirement)."""
    return [p for p in policy_versions(policies) if p.applies == IMMEDIATELY and cause < p.governs_from <= on]


def governing_policy(policies: Sequence[Policy], cause: date, on: date) -> Policy:
    """The policy version that governs, on the day `on`, the cycle that began on the day `cause`."""
    return (immediate_changes(policies, cause, on) or [policy_or_first(policies, cause)])[-1]


def moved_due_date(old: date, new: date, policy: Policy) -> date:
    """The due date after a policy change that applies "now". A later due date takes effect at once; a nearer one never
    comes sooner than the minimum number of days after the change."""
    earliest = add_days(policy.governs_from, policy.minimum_days)
    return new if new >= old else min(old, max(new, earliest))
