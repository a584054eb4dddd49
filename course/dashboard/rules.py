"""What "My training" says about time, and what it offers once the course is done. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

# A pace in minutes a week that somebody can keep in mind, and beyond which none is called enough.
_PACES = (10, 15, 20, 30, 45, 60, 90, 120)
_SHORTEST_WITH_A_PACE = 14  # days: below two weeks a weekly pace helps nobody
DAYS_IN_WEEK = 7

AHEAD, TODAY, OVERDUE, PAUSED, VALID, OPEN_END = "ahead", "today", "overdue", "paused", "valid", "open end"
WHOLE_COURSE, REFRESHER, UPDATE, BOOSTER, CERTIFICATE = "whole course", "refresher", "update", "booster", "certificate"


@dataclass(frozen=True)
class DueNote:
    """What the page says about time: `kind` is ahead, today, overdue, paused, valid (the certificate is) or open end
    (nothing is due). `days` counts to `day`, or since it; `pace` is how many minutes a week are enough (None: no weekly
    pace is)."""

    kind: str
    day: date | None = None
    days: int = 0
    pace: int | None = None


def due_note(
    state: str | None, due: date | None, valid_until: date | None, on: date, minutes_left: float, is_complete: bool
) -> DueNote:
    """The note about time on the day `on`.

    `state`, `due` and `valid_until` are those of the certification status (None before the set-up), `minutes_left` is how
    long the course takes from here; `is_complete` says that nothing of it is asked for now.
    """
    if state == "paused":
        return DueNote(PAUSED)
    if is_complete and valid_until is not None and valid_until >= on:
        return DueNote(VALID, valid_until, (valid_until - on).days)
    if due is None or state == "not-required":
        return DueNote(OPEN_END)
    days = (due - on).days
    if days < 0:
        return DueNote(OVERDUE, due, -days)
    if days == 0:
        return DueNote(TODAY, due)
    return DueNote(AHEAD, due, days, weekly_pace(minutes_left, days))


def weekly_pace(minutes_left: float, days: int) -> int | None:
    """How many minutes a week are enough to do `minutes_left` within so many days, rounded up to a pace that one can keep
    in mind; None if there is nothing left, if the time is short, or if it would be more than two hours a week."""
    if minutes_left <= 0 or days < _SHORTEST_WITH_A_PACE:
        return None
    exact = minutes_left * DAYS_IN_WEEK / days
    return next((pace for pace in _PACES if pace >= exact), None)


def offer_after_course(*, whole_course: bool, refresher_due: bool, update_open: bool, booster_begun: bool) -> str:
    """The one thing that the page offers to somebody who has completed the course: what keeps the certificate comes first."""
    if whole_course:
        return WHOLE_COURSE
    if refresher_due:
        return REFRESHER
    if update_open:
        return UPDATE
    return BOOSTER if booster_begun else CERTIFICATE
