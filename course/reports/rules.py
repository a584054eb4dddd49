"""The team report: one line for each person on a day, what is counted, and which lines are shown in which order.

What a day's lines are made of is worked out by the rule of renewal; nothing of it is stored.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from urllib.parse import urlencode

from course.people.rules import distinct_names
from course.people_import.rules.date_formats import InvalidDayError, read_day
from course.recertification.rules.certification_status import StatusDetails
from course.recertification.rules.explanations import GROUP_OF_STATE, STATUS_GROUPS, status_text
from course.recertification.rules.facts import CertificationFacts, EmploymentFact
from course.text import search_key
from course.text import sort_key as by_name

# In the order of the bar, from good to none.
STATUS_BAR_ORDER = ("up-to-date", "due-soon", "overdue", "in-progress", "not-started", "paused", "not-required")
_GROUP_RANK = {group: place for place, group in enumerate(STATUS_GROUPS)}
SORT_ORDERS = {"worst": "Worst first", "name": "By name", "due": "By due day", "start": "Newest here first"}
PAGE_SIZE = 50  # people on one page


@dataclass(frozen=True, slots=True)
class StatusLine:
    """One person on a day. `teams` are the ids of the teams they were in, `pathway` the one they followed, `start` the
    first day of their stay. `due`, `valid_until`, `overdue_days`, `started` and `course` are as in a Standing."""

    id: int
    name: str
    email: str
    teams: tuple[int, ...]
    pathway: str
    employment_start: date | None
    state: str
    due: date | None
    valid_until: date | None
    overdue_days: int
    started: date | None
    course: str
    on: date

    @property
    def group(self) -> str:
        return GROUP_OF_STATE[self.state]

    @property
    def has_valid_certificate(self) -> bool:
        """Whether a certificate was valid on the day, whatever else was open."""
        return self.valid_until is not None and self.on <= self.valid_until

    @property
    def label(self) -> str:
        """The status in words."""
        return status_text(self.state, self.due, self.overdue_days, self.on)

    @property
    def urgency(self) -> tuple[int, date, str, int]:
        """Worst first: who is overdue for the longest, then whose day comes next."""
        return _GROUP_RANK[self.group], self.due or date.max, search_key(self.name), self.id


def status_line(
    person: int,
    name: str,
    email: str,
    teams: tuple[int, ...],
    facts: CertificationFacts,
    here: StatusDetails,
    usual: str,
) -> StatusLine:
    """A person's line from where they stand; `usual` is the organisation's pathway, for who never had one chosen."""
    chosen = [one for one in facts.pathways if one.since <= here.on]
    stays = employments_known_on(facts, here.on)
    covering = [one.start for one in stays if one.start <= here.on and (one.end is None or here.on <= one.end)]
    return StatusLine(
        person, name, email, teams,
        chosen[-1].name if chosen else usual,
        max(covering or [one.start for one in stays], default=None),
        here.state, here.due.day, here.valid_until, here.overdue_days, here.started, here.course, here.on,
    )  # fmt: skip


def employments_known_on(facts: CertificationFacts, on: date) -> tuple[EmploymentFact, ...]:
    """The stays here as they were known on that day."""
    return CertificationFacts(facts.employments).as_of(on).employments


def is_employed_on(facts: CertificationFacts, on: date) -> bool:
    """Whether somebody belonged to the organisation at the end of that day, as it was known then: their stay had not
    ended, or had been agreed and was still to begin."""
    return any(one.end is None or on < one.end for one in employments_known_on(facts, on))


@dataclass(frozen=True)
class ReportFilter:
    """What somebody asked the report for. Empty means everything. `team` is a team and all below it; `started_from`
    and `started_to` are days, both included."""

    team: int | None = None
    group: str = ""
    pathway: str = ""
    started_from: date | None = None
    started_to: date | None = None
    search_text: str = ""
    sort: str = "worst"
    on: date | None = None

    @property
    def query_parameters(self) -> dict[str, object]:
        """The filter as the fields of its form; those that say nothing are left out."""
        every: dict[str, object] = {
            "team": self.team,
            "status": self.group,
            "pathway": self.pathway,
            "from": self.started_from,
            "to": self.started_to,
            "q": self.search_text,
            "sort": "" if self.sort == "worst" else self.sort,
            "on": self.on,
        }
        return {name: value for name, value in every.items() if value not in (None, "")}

    def address(self, **other: object) -> str:
        """The filter as the part of an address behind the question mark, with these parts set anew; without `page`
        it begins at the first."""
        return urlencode(
            {name: value for name, value in {**self.query_parameters, **other}.items() if value not in (None, "")}
        )

    @property
    def is_narrowed(self) -> bool:
        """Whether anything but the team and the day was asked for."""
        return bool(self.group or self.pathway or self.started_from or self.started_to or self.search_text)


@dataclass(frozen=True)
class CompletionReport:
    """What a report shows. `counts` are of everybody in the team on that day, whatever else was asked for; `lines` are
    those that the filter leaves, in order."""

    wanted: ReportFilter
    total: int
    certified_count: int
    counts: Mapping[str, int]
    lines: Sequence[StatusLine] = field(repr=False)

    @cached_property
    def display_names(self) -> dict[int, str]:
        """For each person in the report their name, with the address where another one there has the same."""
        return distinct_names((line.id, line.name, line.email) for line in self.lines)

    def page(self, number: int) -> Sequence[StatusLine]:
        return self.lines[(number - 1) * PAGE_SIZE : number * PAGE_SIZE]

    @property
    def pages(self) -> int:
        return max(1, -(-len(self.lines) // PAGE_SIZE))

    @property
    def bar_segments(self) -> list[tuple[str, str, int, float, float]]:
        """The bar: group, words, number, and where each part begins and how wide it is in a bar of 1000 units."""
        found, before = [], 0
        for group in STATUS_BAR_ORDER:
            number = self.counts.get(group, 0)
            if number:
                left, right = 1000 * before / self.total, 1000 * (before + number) / self.total
                found.append((group, STATUS_GROUPS[group], number, round(left, 1), round(right - left, 1)))
            before += number
        return found


def completion_report(
    lines: Sequence[StatusLine], wanted: ReportFilter, teams: frozenset[int] | None
) -> CompletionReport:
    """The report from the lines of a day, in the order that is wanted (see `sort_lines`). `teams` are those that count,
    None for everybody."""
    there = lines if teams is None else [line for line in lines if not teams.isdisjoint(line.teams)]
    counted = Counter(line.state for line in there)
    counts: dict[str, int] = dict.fromkeys(STATUS_GROUPS, 0)
    for state, number in counted.items():
        counts[GROUP_OF_STATE[state]] += number
    shown = [line for line in there if _matches_filter(line, wanted)] if wanted.is_narrowed else there
    return CompletionReport(wanted, len(there), sum(line.has_valid_certificate for line in there), counts, shown)


def _matches_filter(line: StatusLine, wanted: ReportFilter) -> bool:
    words, key = wanted.search_text.casefold(), search_key(wanted.search_text)
    return (
        (not wanted.group or line.group == wanted.group)
        and (not wanted.pathway or line.pathway == wanted.pathway)
        and (
            wanted.started_from is None
            or (line.employment_start is not None and line.employment_start >= wanted.started_from)
        )
        and (
            wanted.started_to is None
            or (line.employment_start is not None and line.employment_start <= wanted.started_to)
        )
        and (not words or (key and key in search_key(line.name)) or words in line.email)
    )


def sort_lines(lines: Sequence[StatusLine], sort: str) -> Sequence[StatusLine]:
    """Lines that come worst first, in one of SORTS; the other orders keep that among equals."""
    if sort == "name":
        return sorted(lines, key=lambda line: (*by_name(line.name), line.id))
    if sort == "due":
        return sorted(lines, key=lambda line: line.due or date.max)
    if sort == "start":
        return sorted(lines, key=lambda line: line.employment_start or date.min, reverse=True)
    return lines


def parse_filter(
    arguments: Mapping[str, str], groups: Collection[str], pathways: Collection[str], today: date
) -> tuple[ReportFilter, list[str]]:
    """What an address asks for, and what in it could not be understood, a sentence each. A day that has not come yet
    is refused: nobody knows it."""
    wrong: list[str] = []
    on = _parse_day(arguments, "on", "As at", wrong)
    if on is not None and on > today:
        wrong.append("As at: this day has not come yet. The report shows today.")
    first, last = (
        _parse_day(arguments, "from", "Started from", wrong),
        _parse_day(arguments, "to", "Started up to", wrong),
    )
    if first and last and last < first:
        wrong.append("Started up to: this day is before the one that you entered under Started from.")
    wanted = ReportFilter(
        team=int(arguments["team"]) if re.fullmatch(r"[0-9]{1,10}", arguments.get("team", "")) else None,
        group=arguments.get("status", "") if arguments.get("status") in groups else "",
        pathway=arguments.get("pathway", "") if arguments.get("pathway") in pathways else "",
        started_from=first,
        started_to=last,
        search_text=arguments.get("q", "").strip()[:200],
        sort=arguments.get("sort", "") if arguments.get("sort") in SORT_ORDERS else "worst",
        on=None if on is None or on >= today else on,
    )  # fmt: skip
    return wanted, wrong


def _parse_day(arguments: Mapping[str, str], name: str, label: str, wrong: list[str]) -> date | None:
    text = arguments.get(name, "").strip()
    try:
        found = read_day(text, label)
    except InvalidDayError:
        wrong.append(f"{label}: “{text[:40]}” is no day. Write it like 1/3/2026.")
        return None
    if found is not None and not date(1990, 1, 1) <= found <= date(2200, 1, 1):
        wrong.append(f"{label}: enter a day from 1990 to 2199.")
        return None
    return found
