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

from course.dates import begin_of
from course.people.queries import TeamView
from course.recertification.queries import policies
from course.recertification.rules import Policy
from course.recertification.rules.certification_status import position
from course.reports import queries
from course.reports.queries import Known, Mark
from course.reports.rules import Line, in_order, line_of, present
from course.teams.queries import tree

# Kinds of entries in the log that change nothing that a report shows.
NEVER = frozenset(
    {"audit", "backup", "calendar", "contact", "deputy", "evidence", "mail", "password", "report", "sign_in", "talk"}
)
MOST = 500  # entries or people beyond which reading everybody anew is quicker
BEHIND = 100  # rows that other transactions may be about to commit
OF_MORE = frozenset({"person.merged"})  # deeds about more people than the one whom they name
NOW = datetime.max.replace(tzinfo=UTC)  # later than all that was written down
DAYS = 4  # days whose lines are kept


@dataclass
class Day:
    """What a day looked like: `lines` worst first and the tree of the teams, as of the moment `at`. Other orders are
    worked out once."""

    at: datetime
    lines: list[Line]
    tree: list[TeamView]
    orders: dict[str, Sequence[Line]] = field(default_factory=dict)

    def ordered(self, sort: str) -> Sequence[Line]:
        """The lines in one of the orders of a report."""
        if sort not in self.orders:
            self.orders[sort] = in_order(self.lines, sort)
        return self.orders[sort]


@dataclass
class Book:
    """The facts as far as `mark` goes, and the days that were worked out from them."""

    mark: Mark
    people: dict[int, Known]
    rules: list[Policy]
    usual: str
    days: dict[date, Day] = field(default_factory=dict)


class Ledger:
    """One for each database and process. Its methods may be called by many threads at once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._book: Book | None = None

    def day(self, session: Session, zone: str, on: date, today: date) -> Day:
        """Everybody who was here on that day. Names, teams and who was in them are those of its end; for today, those
        of now."""
        with self._lock:
            book = self._current(session, zone)
            found = book.days.get(on)
            if found is not None and found.at == NOW and on < today:
                found = None  # it was worked out while it was today, and would go on with what came after it
            if found is None:
                at = NOW if on >= today else begin_of(on + timedelta(days=1), zone) - timedelta(microseconds=1)
                lines = sorted(_lines(book, book.people.values(), on, at), key=_urgency)
                found = book.days[on] = Day(at, lines, tree(session, at))
                while len(book.days) > DAYS:
                    book.days.pop(next(iter(book.days)))
            return found

    def _current(self, session: Session, zone: str) -> Book:
        """The facts as of now. A request that began a little earlier than another may find them ahead of itself."""
        newest, book = queries.mark(session), self._book
        if book is not None and all(there <= here for there, here in zip(newest, book.mark, strict=True)):
            return book
        who = None if book is None else _touched(session, book.mark, newest)
        if book is None or who is None:
            everybody = {one.id: one for one in queries.known(session, zone)}
            book = Book(newest, everybody, policies(session, zone), queries.usual_pathway(session))
        else:
            again = {one.id: one for one in queries.known(session, zone, who)} if who else {}
            book.mark = newest
            book.people.update(again)
            book.days = {on: _renewed(book, day, on, again) for on, day in book.days.items()} if again else book.days
        self._book = book
        return book


def _touched(session: Session, before: Mark, newest: Mark) -> set[int] | None:
    """The people about whom something is new; None if it may be about anybody."""
    deeds = queries.deeds_after(session, before.log, MOST + 1)
    deeds = [deed for deed in deeds if deed.what.partition(".")[0] not in NEVER]
    if len(deeds) > MOST or any(deed.person is None or deed.what in OF_MORE for deed in deeds):
        return None
    who = {deed.person for deed in deeds if deed.person is not None}
    if newest[1:] != before[1:]:
        who |= queries.learned_after(session, before, BEHIND)
    return None if len(who) > MOST else who


def _lines(book: Book, people: Iterable[Known], on: date, at: datetime) -> Iterator[Line]:
    for one in people:
        if present(one.facts, on):
            here = position(one.facts, book.rules, on)
            yield line_of(one.id, one.name_at(at), one.email, one.teams_at(at), one.facts, here, book.usual)


def _renewed(book: Book, day: Day, on: date, again: Mapping[int, Known]) -> Day:
    """The day with the lines of these people worked out anew. Others may be reading the old one."""
    lines = [line for line in day.lines if line.id not in again]
    for line in _lines(book, again.values(), on, day.at):
        bisect.insort(lines, line, key=_urgency)
    return Day(day.at, lines, day.tree)


def _urgency(line: Line) -> tuple[int, date, str, int]:
    return line.urgency
