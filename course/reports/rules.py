"""The completion report of a team: one line for each person on a day, the counts by status, the filter and the order.

The lines of a day are derived by the recertification rules; nothing is stored.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import date
from functools import cached_property
from urllib.parse import urlencode

from course.people.rules import distinct_names
from course.people_import.rules.date_formats import read_filter_day
from course.recertification.rules.explanations import COUNTED_GROUPS, GROUP_OF_STATE, STATUS_GROUPS
from course.recertification.rules.facts import CertificationFacts
from course.recertification.rules.policy import Policy
from course.recertification.rules.validity_chain import cycles, last_valid_day
from course.standings.rules import LONG_OVERDUE_DAYS as LONG_OVERDUE_DAYS
from course.standings.rules import ListedPerson as ListedPerson
from course.standings.rules import StatusLine as StatusLine
from course.standings.rules import employments_known_on as employments_known_on
from course.standings.rules import is_employed_on as is_employed_on
from course.standings.rules import status_line as status_line
from course.text import search_key
from course.text import sort_key as by_name
from course.translation import lazy_gettext as _

# The order of the groups in the status bar, from up to date to not required.
STATUS_BAR_ORDER = ("up-to-date", "due-soon", "overdue", "in-progress", "not-started", "paused", "not-required")
SORT_ORDERS = {
    "worst": _("Most urgent first"),
    "name": _("By name"),
    "due": _("By due day"),
    "start": _("Newest first"),
}
EVERY_LEVEL = "all"  # the value of the parameter that compares teams of every level
PAGE_SIZE = 50  # people on one page


def held_certificate_on(facts: CertificationFacts, policies: Sequence[Policy], days: Sequence[date]) -> list[bool]:
    """For each of these days, oldest first, whether a certificate was valid on it, as it was known then:
    `StatusLine.has_valid_certificate` without the rest of the status. The certificates are derived again only where a date of
    a fact or of a policy version has come since the day before."""
    if not facts.completions:
        return [False] * len(days)
    changes = sorted({*fact_dates(facts), *(day for policy in policies for day in (policy.since, policy.governs_from))})
    held: list[bool] = []
    until = None
    for number, on in enumerate(days):
        # A date is a first or a last day, so that what it changes shows on it or on the day after.
        if not number or bisect_left(changes, days[number - 1]) < bisect_right(changes, on):
            until = last_valid_day([cycle for cycle in cycles(facts, policies, on) if cycle.is_in_effect])
        held.append(until is not None and on <= until)
    return held


def fact_dates(facts: CertificationFacts) -> Iterator[date]:
    """Every date of every fact but of what was begun, which makes nobody required and nothing valid."""
    for kind in fields(facts):
        if kind.name != "started":
            for fact in getattr(facts, kind.name):
                yield from (value for value in vars(fact).values() if isinstance(value, date))


@dataclass(frozen=True)
class ReportFilter:
    """The filter of a report. An empty value means everything. `team` is a team and all below it; `started_from` and
    `started_to` are days, both included. `every_level` compares all teams below, not only those one step down."""

    team: int | None = None
    group: str = ""
    pathway: str = ""
    started_from: date | None = None
    started_to: date | None = None
    search_text: str = ""
    sort: str = "worst"
    on: date | None = None
    every_level: bool = False

    @property
    def query_parameters(self) -> dict[str, object]:
        """The filter as the fields of its form, without empty ones."""
        all_parameters: dict[str, object] = {
            "team": self.team,
            "status": self.group,
            "pathway": self.pathway,
            "from": self.started_from,
            "to": self.started_to,
            "q": self.search_text,
            "sort": "" if self.sort == "worst" else self.sort,
            "on": self.on,
            "levels": EVERY_LEVEL if self.every_level else "",
        }
        return {name: value for name, value in all_parameters.items() if value not in (None, "")}

    def address(self, **other: object) -> str:
        """The filter as a query string, with these parameters replaced; without `page` it starts at the first page."""
        return urlencode(
            {name: value for name, value in {**self.query_parameters, **other}.items() if value not in (None, "")}
        )

    @property
    def is_narrowed(self) -> bool:
        """Whether the filter leaves out people of the team: anything but the team and the day is set."""
        return bool(self.group or self.pathway or self.started_from or self.started_to or self.search_text)


@dataclass(frozen=True)
class CompletionReport:
    """The content of a report. `counts` are of everybody in the team on that day, whatever the filter; `lines` are
    those that the filter leaves, in order; `long_overdue_count` is of everybody who is overdue by more than
    LONG_OVERDUE_DAYS."""

    wanted: ReportFilter
    total: int
    certified_count: int
    counts: Mapping[str, int]
    lines: Sequence[StatusLine] = field(repr=False)
    long_overdue_count: int = 0

    def reading_from(self, _rows: object) -> CompletionReport:
        """The same report; one that is read while it is used is read from these rows."""
        return self

    def names_of(self, ids: Iterable[int]) -> dict[int, str]:
        """What to call these people of the report: their name, with the e-mail address where two people in it have the
        same name."""
        return {one: self.display_names[one] for one in ids}

    @cached_property
    def display_names(self) -> dict[int, str]:
        """For each person in the report their name, with the e-mail address where two people have the same name."""
        return distinct_names((line.id, line.name, line.email) for line in self.lines)

    def page(self, number: int) -> Sequence[StatusLine]:
        return self.lines[(number - 1) * PAGE_SIZE : number * PAGE_SIZE]

    @property
    def pages(self) -> int:
        return max(1, -(-len(self.lines) // PAGE_SIZE))

    @property
    def bar_segments(self) -> list[tuple[str, str, int, float, float]]:
        """The segments of the status bar (see `status_bar`)."""
        return status_bar(self.counts, self.total)


def status_bar(counts: Mapping[str, int], total: int) -> list[tuple[str, str, int, float, float]]:
    """The segments of a status bar: group, label, number, and the start and width of the segment in a bar of 1000
    units."""
    segments, counted = [], 0
    for group in STATUS_BAR_ORDER:
        number = counts.get(group, 0)
        if number:
            left, right = 1000 * counted / total, 1000 * (counted + number) / total
            segments.append((group, COUNTED_GROUPS[group], number, round(left, 1), round(right - left, 1)))
        counted += number
    return segments


def completion_report(
    lines: Sequence[StatusLine], report_filter: ReportFilter, teams: frozenset[int] | None
) -> CompletionReport:
    """The report from the lines of a day, in their order (see `sort_lines`). `teams` are the teams that count, None for
    everybody."""
    team_lines = lines if teams is None else [line for line in lines if not teams.isdisjoint(line.teams)]
    by_state = Counter(line.state for line in team_lines)
    counts: dict[str, int] = dict.fromkeys(STATUS_GROUPS, 0)
    for state, number in by_state.items():
        counts[GROUP_OF_STATE[state]] += number
    filtered_lines = (
        [line for line in team_lines if _matches_filter(line, report_filter)]
        if report_filter.is_narrowed
        else team_lines
    )
    return CompletionReport(
        report_filter,
        len(team_lines),
        sum(line.has_valid_certificate for line in team_lines),
        counts,
        filtered_lines,
        sum(line.overdue_days > LONG_OVERDUE_DAYS for line in team_lines if line.group == "overdue"),
    )


def _matches_filter(line: StatusLine, report_filter: ReportFilter) -> bool:
    text, key = report_filter.search_text.casefold(), search_key(report_filter.search_text)
    return (
        (not report_filter.group or line.group == report_filter.group)
        and (not report_filter.pathway or line.pathway == report_filter.pathway)
        and (
            report_filter.started_from is None
            or (line.employment_start is not None and line.employment_start >= report_filter.started_from)
        )
        and (
            report_filter.started_to is None
            or (line.employment_start is not None and line.employment_start <= report_filter.started_to)
        )
        and (not text or (key and key in search_key(line.name)) or text in line.email)
    )


def sort_lines(lines: Sequence[StatusLine], sort: str) -> Sequence[StatusLine]:
    """The lines in one of SORT_ORDERS. The input comes most urgent first; the other orders keep that order among
    equals."""
    if sort == "name":
        return sorted(lines, key=lambda line: (*by_name(line.name), line.id))
    if sort == "due":
        return sorted(lines, key=lambda line: line.due or date.max)
    if sort == "start":
        return sorted(lines, key=lambda line: line.employment_start or date.min, reverse=True)
    return lines


def parse_filter(
    arguments: Mapping[str, str], groups: Collection[str], pathways: Collection[str], today: date
) -> tuple[ReportFilter, list[tuple[str, str]]]:
    """The filter in a query string, and the field and a sentence for each value that could not be understood. A day in the
    future is refused, because its report is not known yet."""
    mistakes: list[tuple[str, str]] = []
    on = read_filter_day(arguments, "on", _("On this day"), mistakes)
    if on is not None and on > today:
        mistakes.append(("on", _("On this day: enter today or a day in the past. The report shows today.")))
    first, last = (
        read_filter_day(arguments, "from", _("Started on or after"), mistakes),
        read_filter_day(arguments, "to", _("Started on or before"), mistakes),
    )
    if first and last and last < first:
        mistakes.append(("to", _("Started on or before: enter a day that is not before “Started on or after”.")))
    report_filter = ReportFilter(
        team=int(arguments["team"]) if re.fullmatch(r"[0-9]{1,10}", arguments.get("team", "")) else None,
        group=arguments.get("status", "") if arguments.get("status") in groups else "",
        pathway=arguments.get("pathway", "") if arguments.get("pathway") in pathways else "",
        started_from=first,
        started_to=last,
        search_text=arguments.get("q", "").strip()[:200],
        sort=arguments.get("sort", "") if arguments.get("sort") in SORT_ORDERS else "worst",
        on=None if on is None or on >= today else on,
        every_level=arguments.get("levels") == EVERY_LEVEL,
    )  # fmt: skip
    return report_filter, mistakes
