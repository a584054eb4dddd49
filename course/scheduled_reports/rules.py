"""When a report by mail is due, and what has changed since the last one. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from course.mail.rules import OptionalMailMessage
from course.recertification.rules.explanations import ACTIONABLE_GROUPS
from course.recertification.rules.status_counts import status_count
from course.reminders.rules.messages import NamedDueDay, NamedTask, WaitingTeams
from course.reports.rules import STATUS_BAR_ORDER, StatusLine
from course.translation import lazy_gettext as _

FREQUENCIES = {"week": _("Every week, on Monday"), "month": _("Every month, on the first")}
MAX_NAMED = 20  # people that a mail names
KEY_PREFIX = "bulletin:"  # of the keys of these mails in the outbox


@dataclass(frozen=True)
class Period:
    """A week from Monday on, or a month. One report is sent for each period."""

    name: str
    first: date


def period_containing(every: str, day: date) -> Period:
    """The period that contains a day: "2026-W48" or "2026-11"."""
    if every == "month":
        return Period(f"{day:%Y-%m}", day.replace(day=1))
    year, week, weekday = day.isocalendar()
    return Period(f"{year}-W{week:02}", day - timedelta(days=weekday - 1))


def next_period(every: str, day: date) -> Period:
    """The first period that begins after that day."""
    first = period_containing(every, day).first
    return period_containing(
        every, (first + timedelta(days=32)).replace(day=1) if every == "month" else first + timedelta(days=7)
    )


def due_period(every: str, since: date, today: date, sent: Sequence[str]) -> Period | None:
    """The period for which a report is due today; None if none is due. The first period is the one that begins after
    the day `since`; of several missed periods only the newest gets a report."""
    current = period_containing(every, today)
    return None if current.first <= since or current.name in sent else current


def next_report_period(every: str, since: date, today: date, sent: Sequence[str]) -> Period:
    """The period of the next report."""
    due = due_period(every, since, today, sent)
    return due or next_period(every, max(since, today))


@dataclass(frozen=True)
class ReportSummary:
    """The content of a mail. `counts` are in words, with the change since the last mail. `late` are the overdue people,
    the first MAX_NAMED of them, `near` the people whose due date comes before the next mail; `unnamed_overdue` and
    `unnamed_due` are the numbers of those left out."""

    total: int
    nothing_due: bool
    counts: tuple[str, ...]
    late: tuple[StatusLine, ...]
    unnamed_overdue: int
    near: tuple[StatusLine, ...]
    unnamed_due: int


@dataclass(frozen=True)
class TeamCount:
    """A team with all its sub-teams, as a mail compares it with others: `required` have to hold a certificate, `valid` of
    them do."""

    name: str
    required: int
    valid: int
    overdue: int
    due_soon: int


@dataclass(frozen=True)
class ScheduledReportMessage(OptionalMailMessage):
    """The report of a team on a day, up to the next report after `until`. The other values are those of ReportSummary;
    `overdue` is the number of all who are overdue, `query` the filter of the report as a query string, `teams` are those
    directly below, worst first, if there are several. If it
    `replaces_digest`, `elsewhere` are those who are overdue in the other teams that the recipient manages: the first of
    `elsewhere_overdue`; `to_tell`, the first of `to_tell_count`, and `unreached` are those of the summary (see
    ManagerDigestMessage)."""

    template = "scheduled_report"
    label = _("Team report")
    name: str
    organisation: str
    team: str
    every: str
    day: date
    until: date
    query: str
    total: int
    nothing_due: bool
    counts: tuple[str, ...]
    overdue: int
    late: tuple[NamedDueDay, ...]
    unnamed_overdue: int
    near: tuple[NamedDueDay, ...]
    unnamed_due: int
    replaces_digest: bool
    elsewhere: tuple[NamedDueDay, ...]
    elsewhere_overdue: int
    teams: tuple[TeamCount, ...] = ()
    to_tell: tuple[NamedTask, ...] = ()
    to_tell_count: int = 0
    unreached: tuple[WaitingTeams, ...] = ()


def replaces_digest(every: str, since: date, monday: date) -> bool:
    """Whether a subscription takes the place of a manager's weekly summary in the week from `monday` on: a weekly one, from
    its first report on."""
    return every == "week" and since < monday


def summarise_report(
    lines: Sequence[StatusLine], counts: Mapping[str, int], before: Mapping[str, int] | None, until: date
) -> ReportSummary:
    """The summary for a team. `before` are the counts of the last mail, None if there was none; `until` is the day of
    the next mail."""
    late = [line for line in lines if line.group == "overdue"]
    near = [
        line
        for line in lines
        if line.group != "overdue" and line.group in ACTIONABLE_GROUPS and line.due and line.due <= until
    ]
    count_texts = tuple(
        _count_text(status_count(group, counts[group]), counts[group] - before.get(group, 0) if before else 0)
        for group in STATUS_BAR_ORDER
        if counts[group] or (before and before.get(group))
    )
    nothing_due = not any(counts[group] for group in ACTIONABLE_GROUPS)
    return ReportSummary(
        sum(counts.values()), nothing_due, count_texts, tuple(late[:MAX_NAMED]), max(0, len(late) - MAX_NAMED),
        tuple(near[:MAX_NAMED]), max(0, len(near) - MAX_NAMED),
    )  # fmt: skip


def _count_text(count: str, change: int) -> str:
    """A count with its change since the last mail, if there is one."""
    if change > 0:
        return _("%(count)s (%(change)s more than last time)", count=count, change=change)
    if change < 0:
        return _("%(count)s (%(change)s fewer than last time)", count=count, change=-change)
    return count
