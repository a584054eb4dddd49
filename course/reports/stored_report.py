"""The report of today from the rows that are kept: counted and put in order by the database, and read a page at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import overload

from sqlalchemy.orm import Session

from course.people.rules import name_key
from course.recertification.rules.explanations import STATUS_GROUPS
from course.reports.rules import CompletionReport, ReportFilter, StatusLine
from course.standings.queries.rows import (
    all_lines,
    namesakes,
    standings_number,
    standings_page,
    stored_standings,
)
from course.standings.rules import CountedCell, StandingsFilter

MAX_READ_AT_ONCE = 20_000  # lines that are in memory together; more of them are read in portions, from a snapshot


@dataclass(frozen=True)
class StoredRows:
    """Where the rows of a report are read, and which of them."""

    session: Session
    wanted: StandingsFilter


class StoredLines(Sequence[StatusLine]):
    """The lines of a report, which are read when they are asked for: a slice in one query, all of them one after another.
    How many there are is known from the beginning."""

    def __init__(self, rows: StoredRows, number: int, on: date) -> None:
        self._rows, self._number, self.on = rows, number, on
        self.read: dict[int, StatusLine] = {}  # the lines of slices, by person id

    def __len__(self) -> int:
        return self._number

    @overload
    def __getitem__(self, place: int) -> StatusLine: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[StatusLine]: ...
    def __getitem__(self, place: int | slice) -> StatusLine | Sequence[StatusLine]:
        if isinstance(place, int):
            return self._read(range(self._number)[place], 1)[0]
        start, stop, step = place.indices(self._number)
        lines = self._read(start, stop - start) if stop > start else []
        return lines[::step]

    def __iter__(self) -> Iterator[StatusLine]:
        in_portions = self._number > MAX_READ_AT_ONCE
        return all_lines(self._rows.session, self._rows.wanted, self.on, in_portions)

    def _read(self, offset: int, limit: int) -> list[StatusLine]:
        place = range(offset, offset + limit)
        lines = standings_page(self._rows.session, self._rows.wanted, place, self._number, self.on)
        self.read |= {line.id: line for line in lines}
        return lines

    def of_people(self, ids: Sequence[int]) -> list[StatusLine]:
        """The lines of these people, as far as there are any."""
        missing = [one for one in ids if one not in self.read]
        if missing:
            found = stored_standings(self._rows.session, missing)
            self.read |= {one: standing.line(self.on) for one, standing in found.items()}
        return [self.read[one] for one in ids if one in self.read]


@dataclass(frozen=True)
class StoredReport(CompletionReport):
    """A report whose lines are StoredLines."""

    rows: StoredRows = field(kw_only=True, repr=False)
    stored_lines: StoredLines = field(kw_only=True, repr=False)

    def reading_from(self, rows: StoredRows) -> StoredReport:  # type: ignore[override]
        """The same report, read from there."""
        lines = StoredLines(rows, len(self.lines), self.stored_lines.on)
        return replace(self, lines=lines, rows=rows, stored_lines=lines)

    def names_of(self, ids: Iterable[int]) -> dict[int, str]:
        lines = self.stored_lines.of_people(list(ids))
        several = namesakes(self.rows.session, self.rows.wanted, [line.name for line in lines])
        return {
            line.id: f"{line.name} ({line.email})" if name_key(line.name) in several else line.name for line in lines
        }


def stored_report(
    session: Session, cells: Iterable[CountedCell], report_filter: ReportFilter, wanted: StandingsFilter, on: date
) -> StoredReport:
    """The report from the counted cells, without the lines: these are read when they are asked for."""
    counts = dict.fromkeys(STATUS_GROUPS, 0)
    total = certified = long_overdue = 0
    for cell in cells:
        if wanted.teams is not None and cell.stored not in wanted.teams:
            continue
        counts[cell.group] += cell.people
        total += cell.people
        certified += cell.people if cell.has_valid_certificate else 0
        long_overdue += cell.people if cell.is_long_overdue else 0
    rows = StoredRows(session, wanted)
    if wanted.pathway or wanted.search_text or wanted.started_from or wanted.started_to:
        number = standings_number(session, wanted)
    else:
        number = counts[report_filter.group] if report_filter.group else total
    lines = StoredLines(rows, number, on)
    return StoredReport(report_filter, total, certified, counts, lines, long_overdue, rows=rows, stored_lines=lines)
