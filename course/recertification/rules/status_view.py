"""The certification status as the rest of the project sees it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from course.recertification.rules.certification_status import StatusDetails, status_details
from course.recertification.rules.explanations import GROUP_OF_STATE, explain_status, status_text
from course.recertification.rules.facts import CertificationFacts
from course.recertification.rules.policy import Policy
from course.recertification.rules.wording import LEARNER_PRONOUNS, MANAGER_PRONOUNS, Pronouns


@dataclass(frozen=True)
class CertificationStatus:
    """The certification status of a person on the day `on`.

    `state` is one of not-yet-due, in-progress, due-soon, overdue, up-to-date, expired, paused, not-required. Only
    people whose due date has passed are overdue, or expired (their certificate has ended as well).

    `due` is the due date, the last day in time; None if nothing is required or a leave has no return date.
    `valid_until` is the expiry of the certificate, the last valid day; it stays when it has passed, and is None if
    there is no certificate. `window_opens` is the first day of the renewal window, from which a renewal keeps the date.
    `course` is the course that is needed next: initial or refresher; the refresher is enough up to and including
    `refresher_until`, the end of the grace period.

    `anchor` is the day from which the dates are counted. `cycle` is the day on which the present cycle began (the
    completion it rests on, or the day since when the course is needed): an extension, a pause or a policy change does
    not change it. `reasons` are all reasons of the day why the course is needed. `overdue_days` counts from the due
    date, 0 during a pause. An unfinished attempt was begun on `started` and counts as progress up to and including
    `progress_until`. `because` explains the dates in sentences to the person, `because_for_others` to everybody else.
    `details` is what the status was derived from, for other explanations.
    """

    on: date
    state: str
    due: date | None
    valid_until: date | None
    window_opens: date | None
    course: str
    refresher_until: date | None
    anchor: date | None
    cycle: date | None
    reasons: tuple[str, ...]
    overdue_days: int
    started: date | None
    progress_until: date | None
    because: str
    because_for_others: str
    details: StatusDetails = field(repr=False, compare=False)

    def explanation_for(self, pronouns: Pronouns) -> str:
        """The explanation, addressed to the person or written about the person for others."""
        return self.because if pronouns is LEARNER_PRONOUNS else self.because_for_others

    @property
    def group(self) -> str:
        """The group of the report (explanations.STATUS_GROUPS) in which the person counts."""
        return GROUP_OF_STATE[self.state]

    @property
    def label(self) -> str:
        """The certification status in a few words, the same as in the report."""
        return status_text(self.state, self.due, self.overdue_days, self.on)


def certification_status(facts: CertificationFacts, policies: Sequence[Policy], on: date) -> CertificationStatus:
    """The certification status on that day, from the facts recorded by then. Never raises for well-formed facts (each
    well formed in itself, in any order and number)."""
    return status_from_details(status_details(facts, policies, on))


def status_from_details(details: StatusDetails) -> CertificationStatus:
    """The certification status with its explanation, from its details."""
    cycle_start = (
        details.leading_cycle.cycle.completion.day
        if details.leading_cycle
        else details.obligation.start
        if details.obligation
        else None
    )
    return CertificationStatus(
        on=details.on,
        state=details.state,
        due=details.due.day,
        valid_until=details.valid_until,
        window_opens=details.window_opens,
        course=details.course,
        refresher_until=details.refresher_until,
        anchor=details.leading_cycle.due_date.anchor if details.leading_cycle else None,
        cycle=cycle_start,
        reasons=details.obligation.reasons if details.obligation else (),
        overdue_days=details.overdue_days,
        started=details.started,
        progress_until=details.progress_until,
        because=explain_status(details),
        because_for_others=explain_status(details, MANAGER_PRONOUNS),
        details=details,
    )
