"""The status cache: the facts of everybody in memory, brought up to date with the database when they are needed.

The certification status is derived from facts that are only ever added. Reading three years of facts for ten thousand
people takes seconds, so a process reads them once; after that one small query tells whether anything is new, and only
the people concerned are read again. The cache is never the source of truth: another process, or one that has just
started, finds the same in the database.
"""

from __future__ import annotations

import bisect
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from sqlalchemy.orm import Session

from course.dates import start_of_day
from course.people.queries import TeamView
from course.recertification.queries import policies
from course.recertification.rules import Policy
from course.recertification.rules.certification_status import status_details
from course.reports import queries
from course.reports.queries import HighWaterMark, ReportedPerson
from course.reports.rules import (
    ListedPerson,
    StatusLine,
    held_certificate_on,
    is_employed_on,
    sort_lines,
    status_line,
)
from course.reports.team_trend import (
    WeeklyCounts,
    Weeks,
    WeekState,
    added_counts,
    policy_weeks,
    weekly_counts,
    weekly_states,
    weeks_before,
)
from course.standings.queries.changes import next_members, next_people, people_count
from course.teams.queries import team_tree

# Kinds of audit events that change nothing that a report shows.
IRRELEVANT_EVENTS = frozenset(
    {
        "api",
        "audit",
        "backup",
        "calendar",
        "contact",
        "deputy",
        "evidence",
        "mail",
        "password",
        "report",
        "sign_in",
        "talk",
    }
)
MAX_INCREMENTAL = 500  # audit events or people beyond which reading everybody again is quicker
COMMIT_LAG_ROWS = 100  # rows that other transactions may be about to commit
MULTI_PERSON_EVENTS = frozenset({"person.merged"})  # audit events about more people than the one they name
END_OF_TIME = datetime.max.replace(tzinfo=UTC)  # later than everything recorded
MAX_KEPT_PEOPLE = 20_000  # people up to whom facts and lines are kept in memory
PORTION = 1000  # people whose facts are in memory at once where there are more
MAX_CACHED_DAYS = 4  # days whose lines are cached
MAX_CACHED_MONTHS = 24  # past days of which only the certificates are cached
MAX_CACHED_TRENDS = 3  # days of whose trend is cached how each person counts

TeamChoice = Callable[[Sequence[TeamView]], frozenset[int] | None]  # of a tree the teams that count; None: everybody


@dataclass
class CachedDay:
    """The report lines of a day: `lines` most urgent first and the team tree, as of the moment `at`. Each other order
    is sorted once."""

    at: datetime
    lines: list[StatusLine]
    tree: list[TeamView]
    orders: dict[str, Sequence[StatusLine]] = field(default_factory=dict)

    def ordered(self, sort: str) -> Sequence[StatusLine]:
        """The lines in one of the orders of a report."""
        if sort not in self.orders:
            self.orders[sort] = sort_lines(self.lines, sort)
        return self.orders[sort]


@dataclass
class CachedTrend:
    """How each person counts in the trend that ends on a day, and the counts of all of them, None if they are not summed
    up yet."""

    weeks: Weeks
    states: dict[int, tuple[WeekState, ...]] = field(default_factory=dict)
    counts: WeeklyCounts | None = None


@dataclass
class StatusSnapshot:
    """The facts up to the high-water mark, and the days that were derived from them."""

    high_water_mark: HighWaterMark
    people: dict[int, ReportedPerson]
    policies: list[Policy]
    organisation_pathway: str
    days: dict[date, CachedDay] = field(default_factory=dict)
    # For a past day: the teams of each person and whether they held a certificate; None if they were not employed.
    certified: dict[date, dict[int, tuple[tuple[int, ...], bool] | None]] = field(default_factory=dict)
    trends: dict[date, CachedTrend] = field(default_factory=dict)


class StatusCache:
    """One status cache for each database and process. Its methods may be called by many threads at once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._snapshot: StatusSnapshot | None = None

    def day(
        self, session: Session, zone: str, on: date, today: date, teams_of: TeamChoice = lambda _tree: None
    ) -> CachedDay:
        """Everybody who was employed on that day. Names, addresses, teams and memberships are those of the end of the
        day; for today, those of now. With more than MAX_KEPT_PEOPLE the day is derived in portions, and nothing of it is kept;
        then the lines may be only those of the teams that `teams_of` chooses from the tree of that day."""
        if people_count(session, MAX_KEPT_PEOPLE + 1) > MAX_KEPT_PEOPLE:
            return _day_apart(session, zone, on, today, teams_of)
        with self._lock:
            snapshot = self._current(session, zone)
            cached = snapshot.days.get(on)
            if cached is not None and cached.at == END_OF_TIME and on < today:
                cached = None  # derived while the day was today, so it would include what was recorded later
            if cached is None:
                at = _end_of(on, zone, today)
                lines = sorted(_status_lines(snapshot, snapshot.people.values(), on, at), key=_urgency)
                cached = snapshot.days[on] = CachedDay(at, lines, team_tree(session, at))
                while len(snapshot.days) > MAX_CACHED_DAYS:
                    snapshot.days.pop(next(iter(snapshot.days)))
            return cached

    def certified_counts(
        self, session: Session, zone: str, days: Sequence[date], teams: frozenset[int] | None = None
    ) -> list[tuple[int, int]]:
        """For the end of each of these past days, oldest first, the number of people of these teams (None: of everybody),
        and of those who held a valid certificate, as it was known then. Much quicker than the lines of the day, and kept for
        longer. With more than MAX_KEPT_PEOPLE nothing of it is kept."""
        if people_count(session, MAX_KEPT_PEOPLE + 1) > MAX_KEPT_PEOPLE:
            return _counts_apart(session, zone, days, teams)
        with self._lock:
            snapshot = self._current(session, zone)
            while len(snapshot.certified) > MAX_CACHED_MONTHS:
                snapshot.certified.pop(next(iter(snapshot.certified)))
            return _certified_counts(snapshot, days, zone, teams)

    def weekly_counts(self, session: Session, zone: str, on: date, teams: frozenset[int] | None = None) -> WeeklyCounts:
        """By sets of teams how many people were required and certified at the end of each Monday of the twelve months
        before that day, as it was known then. With more than MAX_KEPT_PEOPLE only those who were ever in these teams are
        read (None: everybody), and nothing is kept."""
        if people_count(session, MAX_KEPT_PEOPLE + 1) > MAX_KEPT_PEOPLE:
            return _weekly_counts_apart(session, zone, on, teams)
        with self._lock:
            snapshot = self._current(session, zone)
            trend = snapshot.trends.get(on)
            if trend is None:
                while len(snapshot.trends) >= MAX_CACHED_TRENDS:
                    snapshot.trends.pop(next(iter(snapshot.trends)))
                trend = snapshot.trends[on] = CachedTrend(weeks_before(on, zone))
            if trend.counts is None:
                ruled = policy_weeks(snapshot.policies, trend.weeks)
                for person in snapshot.people.values():
                    if person.id not in trend.states:
                        trend.states[person.id] = weekly_states(person, snapshot.policies, trend.weeks, ruled)
                trend.counts = weekly_counts(trend.states.values(), trend.weeks)
            return trend.counts

    def has_trend(self, on: date) -> bool:
        """Whether the trend that ends on that day was derived here before, so that it takes little time."""
        snapshot = self._snapshot
        return snapshot is not None and on in snapshot.trends

    def _current(self, session: Session, zone: str) -> StatusSnapshot:
        """The facts as of now. A request whose transaction began a little earlier than another one may find the cache
        ahead of its own view of the database."""
        newest, snapshot = queries.high_water_mark(session), self._snapshot
        if snapshot is not None and all(
            newest_row <= cached_row for newest_row, cached_row in zip(newest, snapshot.high_water_mark, strict=True)
        ):
            return snapshot
        changed_ids = None if snapshot is None else _changed_people(session, snapshot.high_water_mark, newest)
        if snapshot is None or changed_ids is None:
            people = {person.id: person for person in queries.reported_people(session, zone)}
            snapshot = StatusSnapshot(newest, people, policies(session, zone), queries.organisation_pathway(session))
        else:
            changed_people = (
                {person.id: person for person in queries.reported_people(session, zone, changed_ids)}
                if changed_ids
                else {}
            )
            snapshot.high_water_mark = newest
            snapshot.people.update(changed_people)
            for certified in snapshot.certified.values():
                for person_id in changed_people:
                    certified.pop(person_id, None)
            for trend in snapshot.trends.values() if changed_people else ():
                trend.counts = None
                for person_id in changed_people:
                    trend.states.pop(person_id, None)
            snapshot.days = (
                {on: _refreshed_day(snapshot, day, on, changed_people) for on, day in snapshot.days.items()}
                if changed_people
                else snapshot.days
            )
        self._snapshot = snapshot
        return snapshot


def _end_of(on: date, zone: str, today: date) -> datetime:
    """The last moment of a past day; of today the end of time."""
    return END_OF_TIME if on >= today else start_of_day(on + timedelta(days=1), zone) - timedelta(microseconds=1)


def _people_apart(session: Session, zone: str, teams: frozenset[int] | None) -> Iterator[list[ReportedPerson]]:
    """Many people a portion at a time, so that only its facts are in memory: everybody, or all who are in these teams or
    were."""
    after = 0
    while (
        ids := next_people(session, after, PORTION) if teams is None else next_members(session, teams, after, PORTION)
    ):
        yield queries.reported_people(session, zone, ids)
        after = ids[-1]


def _day_apart(session: Session, zone: str, on: date, today: date, teams_of: TeamChoice) -> CachedDay:
    """A day of many people, or of the teams of it that are wanted."""
    at = _end_of(on, zone, today)
    tree = team_tree(session, at)
    teams = teams_of(tree)
    snapshot = StatusSnapshot(
        queries.high_water_mark(session), {}, policies(session, zone), queries.organisation_pathway(session)
    )
    lines = [
        line
        for people in _people_apart(session, zone, teams)
        for line in _status_lines(snapshot, people, on, at)
        if teams is None or not teams.isdisjoint(line.teams)
    ]
    return CachedDay(at, sorted(lines, key=_urgency), tree)


def _counts_apart(
    session: Session, zone: str, days: Sequence[date], teams: frozenset[int] | None
) -> list[tuple[int, int]]:
    """The same for many people, whose facts are in memory only while their portion is counted."""
    sums, rules = [(0, 0)] * len(days), policies(session, zone)
    for people in _people_apart(session, zone, teams):
        portion = StatusSnapshot(HighWaterMark(0, 0, 0, 0), {person.id: person for person in people}, rules, "")
        counts = _certified_counts(portion, days, zone, teams)
        sums = [(total + more[0], valid + more[1]) for (total, valid), more in zip(sums, counts, strict=True)]
    return sums


def _weekly_counts_apart(session: Session, zone: str, on: date, teams: frozenset[int] | None) -> WeeklyCounts:
    """The weekly counts of many people, whose facts are in memory only while their portion is counted."""
    weeks, rules = weeks_before(on, zone), policies(session, zone)
    ruled, counts = policy_weeks(rules, weeks), WeeklyCounts(on, weeks.days, {})
    for people in _people_apart(session, zone, teams):
        states = [weekly_states(person, rules, weeks, ruled) for person in people]
        counts = added_counts(counts, weekly_counts(states, weeks))
    return counts


def _certified_counts(
    snapshot: StatusSnapshot, days: Sequence[date], zone: str, teams: frozenset[int] | None
) -> list[tuple[int, int]]:
    """The numbers for `StatusCache.certified_counts`; derives the people who are not known yet."""
    known = [snapshot.certified.setdefault(on, {}) for on in days]
    ends = [start_of_day(on + timedelta(days=1), zone) - timedelta(microseconds=1) for on in days]
    for person in snapshot.people.values():
        if all(person.id in one for one in known):
            continue
        held = held_certificate_on(person.facts, snapshot.policies, days)
        for on, at, valid, one in zip(days, ends, held, known, strict=True):
            one[person.id] = (person.teams_at(at), valid) if is_employed_on(person.facts, on) else None
    counts = []
    for one in known:
        counted = [of[1] for of in one.values() if of and (teams is None or not teams.isdisjoint(of[0]))]
        counts.append((len(counted), sum(counted)))
    return counts


def _changed_people(session: Session, previous: HighWaterMark, newest: HighWaterMark) -> set[int] | None:
    """The ids of the people about whom something is new; None if it may be about anybody."""
    events = queries.audited_changes_after(session, previous.audit_event, MAX_INCREMENTAL + 1)
    events = [event for event in events if event.event_kind.partition(".")[0] not in IRRELEVANT_EVENTS]
    if len(events) > MAX_INCREMENTAL or any(
        event.person_id is None or event.event_kind in MULTI_PERSON_EVENTS for event in events
    ):
        return None
    person_ids = {event.person_id for event in events if event.person_id is not None}
    if newest[1:] != previous[1:]:
        person_ids |= queries.learners_active_after(session, previous, COMMIT_LAG_ROWS)
    return None if len(person_ids) > MAX_INCREMENTAL else person_ids


def _status_lines(
    snapshot: StatusSnapshot, people: Iterable[ReportedPerson], on: date, at: datetime
) -> Iterator[StatusLine]:
    for person in people:
        if is_employed_on(person.facts, on):
            details = status_details(person.facts, snapshot.policies, on)
            listed = ListedPerson(person.id, person.name_at(at), person.login_at(at), person.teams_at(at))
            yield status_line(listed, person.facts, details, snapshot.organisation_pathway)


def _refreshed_day(
    snapshot: StatusSnapshot, day: CachedDay, on: date, changed_people: Mapping[int, ReportedPerson]
) -> CachedDay:
    """A copy of the day with the lines of the changed people derived again. The old day is not modified, because other
    threads may be reading it."""
    lines = [line for line in day.lines if line.id not in changed_people]
    for line in _status_lines(snapshot, changed_people.values(), on, day.at):
        bisect.insort(lines, line, key=_urgency)
    return CachedDay(day.at, lines, day.tree)


def _urgency(line: StatusLine) -> tuple[int, date, str, int]:
    return line.urgency
