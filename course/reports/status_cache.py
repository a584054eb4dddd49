"""The facts of everybody, kept in memory beside the database and brought up to date when they are asked for.

Where somebody stands is worked out from facts that are only ever added to. Reading three years of them for ten
thousand people takes seconds, so a process reads them once; after that one small query tells whether anything is
new, and only those people are read again whom it is about. Nothing here is true by itself: a process that starts
anew, or another one beside it, finds the same in the database.
"""

from __future__ import annotations

import bisect
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
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
from course.reports.rules import StatusLine, is_employed_on, sort_lines, status_line
from course.teams.queries import team_tree

# Kinds of entries in the log that change nothing that a report shows.
IRRELEVANT_EVENTS = frozenset(
    {"audit", "backup", "calendar", "contact", "deputy", "evidence", "mail", "password", "report", "sign_in", "talk"}
)
MAX_INCREMENTAL = 500  # entries or people beyond which reading everybody anew is quicker
COMMIT_LAG_ROWS = 100  # rows that other transactions may be about to commit
MULTI_PERSON_EVENTS = frozenset({"person.merged"})  # deeds about more people than the one whom they name
END_OF_TIME = datetime.max.replace(tzinfo=UTC)  # later than all that was written down
MAX_CACHED_DAYS = 4  # days whose lines are kept


@dataclass
class CachedDay:
    """What a day looked like: `lines` worst first and the tree of the teams, as of the moment `at`. Other orders are
    worked out once."""

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
class StatusSnapshot:
    """The facts as far as `mark` goes, and the days that were worked out from them."""

    high_water_mark: HighWaterMark
    people: dict[int, ReportedPerson]
    policies: list[Policy]
    organisation_pathway: str
    days: dict[date, CachedDay] = field(default_factory=dict)


class StatusCache:
    """One for each database and process. Its methods may be called by many threads at once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._book: StatusSnapshot | None = None

    def day(self, session: Session, zone: str, on: date, today: date) -> CachedDay:
        """Everybody who was here on that day. Names, teams and who was in them are those of its end; for today, those
        of now."""
        with self._lock:
            book = self._current(session, zone)
            found = book.days.get(on)
            if found is not None and found.at == END_OF_TIME and on < today:
                found = None  # it was worked out while it was today, and would go on with what came after it
            if found is None:
                at = (
                    END_OF_TIME
                    if on >= today
                    else start_of_day(on + timedelta(days=1), zone) - timedelta(microseconds=1)
                )
                lines = sorted(_status_lines(book, book.people.values(), on, at), key=_urgency)
                found = book.days[on] = CachedDay(at, lines, team_tree(session, at))
                while len(book.days) > MAX_CACHED_DAYS:
                    book.days.pop(next(iter(book.days)))
            return found

    def _current(self, session: Session, zone: str) -> StatusSnapshot:
        """The facts as of now. A request that began a little earlier than another may find them ahead of itself."""
        newest, book = queries.high_water_mark(session), self._book
        if book is not None and all(there <= here for there, here in zip(newest, book.high_water_mark, strict=True)):
            return book
        who = None if book is None else _changed_people(session, book.high_water_mark, newest)
        if book is None or who is None:
            everybody = {one.id: one for one in queries.reported_people(session, zone)}
            book = StatusSnapshot(newest, everybody, policies(session, zone), queries.organisation_pathway(session))
        else:
            again = {one.id: one for one in queries.reported_people(session, zone, who)} if who else {}
            book.high_water_mark = newest
            book.people.update(again)
            book.days = (
                {on: _refreshed_day(book, day, on, again) for on, day in book.days.items()} if again else book.days
            )
        self._book = book
        return book


def _changed_people(session: Session, before: HighWaterMark, newest: HighWaterMark) -> set[int] | None:
    """The people about whom something is new; None if it may be about anybody."""
    deeds = queries.audited_changes_after(session, before.audit_event, MAX_INCREMENTAL + 1)
    deeds = [deed for deed in deeds if deed.event_kind.partition(".")[0] not in IRRELEVANT_EVENTS]
    if len(deeds) > MAX_INCREMENTAL or any(
        deed.person_id is None or deed.event_kind in MULTI_PERSON_EVENTS for deed in deeds
    ):
        return None
    who = {deed.person_id for deed in deeds if deed.person_id is not None}
    if newest[1:] != before[1:]:
        who |= queries.learners_active_after(session, before, COMMIT_LAG_ROWS)
    return None if len(who) > MAX_INCREMENTAL else who


def _status_lines(
    book: StatusSnapshot, people: Iterable[ReportedPerson], on: date, at: datetime
) -> Iterator[StatusLine]:
    for one in people:
        if is_employed_on(one.facts, on):
            here = status_details(one.facts, book.policies, on)
            yield status_line(
                one.id, one.name_at(at), one.email, one.teams_at(at), one.facts, here, book.organisation_pathway
            )


def _refreshed_day(book: StatusSnapshot, day: CachedDay, on: date, again: Mapping[int, ReportedPerson]) -> CachedDay:
    """The day with the lines of these people worked out anew. Others may be reading the old one."""
    lines = [line for line in day.lines if line.id not in again]
    for line in _status_lines(book, again.values(), on, day.at):
        bisect.insort(lines, line, key=_urgency)
    return CachedDay(day.at, lines, day.tree)


def _urgency(line: StatusLine) -> tuple[int, date, str, int]:
    return line.urgency
