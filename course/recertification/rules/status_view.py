"""The standing as the rest of the project sees it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from course.recertification.rules.certification_status import StatusDetails, status_details
from course.recertification.rules.explanations import (
    GROUP_OF_STATE,
    LEARNER_PRONOUNS,
    MANAGER_PRONOUNS,
    Pronouns,
    explain_status,
    status_text,
)
from course.recertification.rules.facts import CertificationFacts
from course.recertification.rules.policy import Policy


@dataclass(frozen=True)
class CertificationStatus:
    """Where a person stands on the day `on`.

    `state` is one of not-yet-due, in-progress, due-soon, overdue, up-to-date, expired, paused, not-required. Overdue
    and expired (with a certificate that has ended) are only those whose due day has passed.
    `due` is the last day in time, or None if nothing is required or a leave has no return date. `valid_until` is the
    last day of the certificate, included, or None if there is none; it stays when it has passed. `window_opens` is
    the first day on which renewing keeps the date. `course` is what is needed next: initial or refresher, the
    latter up to and including `refresher_until`. `anchor` is the day from which the dates are counted. `cycle` is
    the day on which the present cycle began (the completion it rests on, or the day since when the course is
    needed): an extension, a pause or a change of policy does not change it. `reasons` are all reasons of the day.
    `overdue_days` counts from the due day, 0 while paused. An unfinished attempt was begun on `started` and counts
    as one up to and including `progress_until`. `explain_status` explains the dates in sentences to the person,
    `because_for_others` to everybody else.
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

    def explanation_for(self, voice: Pronouns) -> str:
        """The sentences to whoever reads them."""
        return self.because if voice is LEARNER_PRONOUNS else self.because_for_others

    @property
    def group(self) -> str:
        """The group of the report (words.GROUPS) in which the person counts."""
        return GROUP_OF_STATE[self.state]

    @property
    def label(self) -> str:
        """The state in a few words, as the report says it."""
        return status_text(self.state, self.due, self.overdue_days, self.on)


def certification_status(facts: CertificationFacts, policies: Sequence[Policy], on: date) -> CertificationStatus:
    """The standing on that day, from what had been recorded by then; it never raises for facts that are well formed
    (each in itself, in any order and number)."""
    return status_from_details(status_details(facts, policies, on))


def status_from_details(here: StatusDetails) -> CertificationStatus:
    """A position as a standing, with its sentence."""
    cycle = (
        here.leading_cycle.cycle.completion.day
        if here.leading_cycle
        else here.obligation.start
        if here.obligation
        else None
    )
    return CertificationStatus(
        on=here.on,
        state=here.state,
        due=here.due.day,
        valid_until=here.valid_until,
        window_opens=here.window_opens,
        course=here.course,
        refresher_until=here.refresher_until,
        anchor=here.leading_cycle.due_date.anchor if here.leading_cycle else None,
        cycle=cycle,
        reasons=here.obligation.reasons if here.obligation else (),
        overdue_days=here.overdue_days,
        started=here.started,
        progress_until=here.progress_until,
        because=explain_status(here),
        because_for_others=explain_status(here, MANAGER_PRONOUNS),
    )
