"""Who stands where: one person's line in a report, and the same as a row that is kept until time changes it. Pure.

A row says nothing that the facts do not say. It is kept so that a report of a million people is read and not derived.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any, ClassVar, NamedTuple, Protocol

from course.content.library import Library
from course.content.schema import SETTINGS
from course.learning.rules.progress import ProgressFacts, progress
from course.people.rules import name_key
from course.recertification.rules import Policy
from course.recertification.rules.certification_status import PAUSED, StatusDetails
from course.recertification.rules.explanations import GROUP_OF_STATE, STATUS_GROUPS, status_text
from course.recertification.rules.facts import REFRESHER, CertificationFacts, EmploymentFact, newest_employments
from course.recertification.rules.next_change import next_change
from course.text import search_key

GROUP_RANKS = {group: place for place, group in enumerate(STATUS_GROUPS)}
GROUPS = tuple(STATUS_GROUPS)
LONG_OVERDUE_DAYS = 365  # days overdue beyond which a report says it in a sentence


@dataclass(frozen=True, slots=True)
class StatusLine:
    """One person in the report on a day. `teams` are the ids of the teams they were in, `pathway` the one they
    followed, `employment_start` the first day of their spell of employment. `due`, `valid_until`, `overdue_days`,
    `started` and `course` are those of the certification status."""

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
    # The finished modules of the course that they are in, where somebody counted them; None if they are in none.
    modules_done: int | None = field(default=None, compare=False)

    people: ClassVar[int] = 1

    @property
    def group(self) -> str:
        return GROUP_OF_STATE[self.state]

    @property
    def has_valid_certificate(self) -> bool:
        """Whether a certificate was valid on the day, whatever else was due."""
        return self.valid_until is not None and self.on <= self.valid_until

    @property
    def label(self) -> str:
        """The certification status in words."""
        return status_text(self.state, self.due, self.overdue_days, self.on)

    @property
    def urgency(self) -> tuple[int, date, str, int]:
        """The sort key for the most urgent first: the longest overdue, then the nearest due date."""
        return GROUP_RANKS[self.group], self.due or date.max, search_key(self.name), self.id


@dataclass(frozen=True)
class ListedPerson:
    """A person as a report of a moment lists them: with the name and the teams of that moment."""

    id: int
    name: str
    email: str
    teams: tuple[int, ...]


def status_line(
    person: ListedPerson,
    facts: CertificationFacts,
    details: StatusDetails,
    organisation_pathway: str,
) -> StatusLine:
    """A person's line from their certification status; `organisation_pathway` is for a person for whom no pathway was
    ever chosen."""
    choices = [one for one in facts.pathways if one.since <= details.on]
    employments = employments_known_on(facts, details.on)
    covering = [
        one.start for one in employments if one.start <= details.on and (one.end is None or details.on <= one.end)
    ]
    return StatusLine(
        person.id, person.name, person.email, person.teams,
        choices[-1].name if choices else organisation_pathway,
        max(covering or [one.start for one in employments], default=None),
        details.state, details.due.day, details.valid_until, details.overdue_days, details.started, details.course, details.on,
    )  # fmt: skip


def employments_known_on(facts: CertificationFacts, on: date) -> tuple[EmploymentFact, ...]:
    """The spells of employment as they were known on that day."""
    return CertificationFacts(facts.employments).as_of(on).employments


def is_employed_on(facts: CertificationFacts, on: date) -> bool:
    """Whether a person was a member of staff at the end of that day, as it was known then: their employment had not
    ended, or was agreed and had not begun yet. A last day that was recorded beforehand counts to its end; who is recorded
    as having left on the day itself is gone."""
    return any(
        one.end is None or on < one.end or one.recorded_on < one.end == on
        for one in newest_employments(facts.employments, on)
    )


def modules_done(library: Library, pathway: str, facts: ProgressFacts) -> int:
    """The number of modules that are done, of the course as this pathway reads it: some pages are for leaders only."""
    variant = library.for_(pathway if pathway in SETTINGS else None, None)
    return sum(one.done for one in progress(variant, facts).modules)


class Counted(Protocol):
    """So many people of whom a report counts the same: a line is one person, a cell is many."""

    @property
    def teams(self) -> tuple[int, ...]: ...
    @property
    def group(self) -> str: ...
    @property
    def has_valid_certificate(self) -> bool: ...
    @property
    def people(self) -> int: ...


@dataclass(frozen=True, slots=True)
class ReportedPerson:
    """One person with everything from which a line of any day is made. `memberships` are (team, from, until),
    `previous_names` are (name, until) and `previous_logins` (what they signed in with, until), oldest first."""

    id: int
    name: str
    email: str
    facts: CertificationFacts
    memberships: tuple[tuple[int, datetime, datetime | None], ...]
    previous_names: tuple[tuple[str, datetime], ...]
    previous_logins: tuple[tuple[str, datetime], ...] = ()

    def name_at(self, moment: datetime) -> str:
        return next((name for name, until in self.previous_names if until > moment), self.name)

    def login_at(self, moment: datetime) -> str:
        """The address or the sign-in name of that moment; where it was erased since, what stands in its place."""
        return next((login for login, until in self.previous_logins if until > moment), "") or self.email

    def teams_at(self, moment: datetime) -> tuple[int, ...]:
        return tuple(
            team for team, since, until in self.memberships if since <= moment and (until is None or until > moment)
        )

    @property
    def open_teams(self) -> tuple[int, ...]:
        """The teams that they are in now."""
        return tuple(team for team, _since, until in self.memberships if until is None)


class Cell(NamedTuple):
    """What a report counts of one person: `teams` as they are stored, the place of the group, whether a certificate is
    valid, and whether they are overdue by more than LONG_OVERDUE_DAYS."""

    teams: str
    group_rank: int
    has_certificate: bool
    is_long_overdue: bool


@dataclass(frozen=True, slots=True)
class CountedCell:
    """The number of people in a cell; `stored` are its teams as they are stored."""

    stored: str
    teams: tuple[int, ...]
    group: str
    has_valid_certificate: bool
    is_long_overdue: bool
    people: int


@dataclass(frozen=True, slots=True)
class Standing:
    """One person as a row that holds from `derived_on` until the day before `changes_on` (None: until something is
    recorded). `teams` are their ids with commas between them, `due_order` is the due day or the end of time. Of somebody
    who is not employed only the days are kept."""

    person_id: int
    is_employed: bool
    name: str
    name_key: str
    email: str
    teams: str
    pathway: str
    employment_start: date | None
    state: str
    group_rank: int
    due: date | None
    due_order: date
    valid_until: date | None
    started: date | None
    course: str
    modules_done: int | None
    has_certificate: bool
    is_long_overdue: bool
    derived_on: date
    changes_on: date | None

    @property
    def cell(self) -> Cell:
        return Cell(self.teams, self.group_rank, self.has_certificate, self.is_long_overdue)

    def line(self, on: date) -> StatusLine:
        """The line of a day on which the row holds."""
        return stored_line(on, [getattr(self, name) for name in LINE_COLUMNS])


def stored_line(on: date, columns: Sequence[Any]) -> StatusLine:
    """The line of a stored row on a day on which it holds, from its LINE_COLUMNS."""
    person_id, name, email, teams, pathway, start, state, due, valid_until, started, course, modules = columns
    overdue = 0 if due is None or state == PAUSED else max(0, (on - due).days)
    return StatusLine(
        person_id, name, email, split_teams(teams), pathway, start, state, due, valid_until, overdue, started, course, on,
        modules,
    )  # fmt: skip


LINE_COLUMNS = ("person_id", "name", "email", "teams", "pathway", "employment_start", "state", "due", "valid_until",
                "started", "course", "modules_done")  # fmt: skip


def join_teams(teams: Iterable[int]) -> str:
    """Teams as they are stored in one column."""
    return ",".join(map(str, teams))


@lru_cache(maxsize=4096)
def split_teams(stored: str) -> tuple[int, ...]:
    """The teams of a stored column."""
    return tuple(map(int, stored.split(","))) if stored else ()


def stored_teams(stored: Iterable[str], teams: Collection[int] | None) -> frozenset[str] | None:
    """Those of the stored columns that name any of these teams; None for everybody."""
    if teams is None:
        return None
    wanted = frozenset(teams)
    return frozenset(one for one in stored if not wanted.isdisjoint(split_teams(one)))


@dataclass(frozen=True)
class DerivingRules:
    """What everybody's standing depends on beside their own facts."""

    policies: Sequence[Policy]
    organisation_pathway: str
    library: Library


def derive_standing(
    person: ReportedPerson, details: StatusDetails, progress_facts: ProgressFacts | None, rules: DerivingRules
) -> Standing | None:
    """The row of a person as of the day of the details, which is today; None if they are not employed and will not be by
    time alone. `progress_facts` are those of somebody who is in the course."""
    on = details.on
    changes_on = next_change(person.facts, rules.policies, details)
    if not is_employed_on(person.facts, on):
        if changes_on is None:
            return None
        return Standing(person.id, False, "", "", "", "", "", None, details.state, 0, None, date.max, None, None, "", None,
                        False, False, on, changes_on)  # fmt: skip
    listed = ListedPerson(person.id, person.name, person.email, person.open_teams)
    line = status_line(listed, person.facts, details, rules.organisation_pathway)
    if line.due is not None and line.due < date.max - timedelta(days=LONG_OVERDUE_DAYS + 1):
        long_overdue_from = line.due + timedelta(days=LONG_OVERDUE_DAYS + 1)
        if long_overdue_from > on:
            changes_on = min(changes_on or date.max, long_overdue_from)
    counted = (
        modules_done(rules.library, line.pathway, progress_facts)
        if progress_facts is not None and progress_facts.completed_at is None
        else None
    )
    return Standing(
        person.id, True, person.name, name_key(person.name), person.email, join_teams(line.teams), line.pathway,
        line.employment_start, line.state, GROUP_RANKS[line.group], line.due, line.due or date.max, line.valid_until,
        line.started, line.course, counted, line.has_valid_certificate,
        line.group == "overdue" and line.overdue_days > LONG_OVERDUE_DAYS, on, changes_on,
    )  # fmt: skip


def is_in_course(status: StatusLine | StatusDetails) -> bool:
    """Whether somebody has begun the whole course and not ended it, so that its modules count."""
    return status.started is not None and status.course != REFRESHER


@dataclass(frozen=True)
class StandingsFilter:
    """Which rows a report lists. `teams` are the values of Standing.teams that count (None: all; see `stored_teams`); an
    empty value of the others means everything. `sort` is one of worst, name, due and start."""

    teams: frozenset[str] | None = None
    groups: tuple[str, ...] = ()
    pathway: str = ""
    started_from: date | None = None
    started_to: date | None = None
    search_text: str = ""
    sort: str = "worst"


@dataclass(frozen=True)
class Freshness:
    """Whether the rows say what the facts say; if not, the moment as of which they do, None if there are no rows.
    `rebuilding` says that everybody is being derived anew."""

    current: bool
    as_of: datetime | None = None
    rebuilding: bool = False


CURRENT = Freshness(True)
