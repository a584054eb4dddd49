"""The rows that are kept beside what the facts say, derived anew."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from flask import Flask
from sqlalchemy.orm import Session

from course.clock import now
from course.context import make_context
from course.dates import civil_date
from course.people.rules import COMMAND_VIEWER
from course.reports.report_files import csv_stream
from course.reports.report_view import build_report_view, current_report_view
from course.reports.rules import SORT_ORDERS, ReportFilter, completion_report
from course.reports.status_cache import StatusCache
from course.reports.stored_report import StoredRows, stored_report
from course.reports.team_table import TeamScope, compare_teams
from course.standings.jobs import check_standings, refresh_standings
from course.standings.queries.rows import (
    MAX_SORTED,
    all_lines,
    counted_cells,
    counted_teams,
    standings_number,
    standings_page,
)
from course.standings.rules import CURRENT, StandingsFilter, stored_teams
from course.teams.queries import team_tree

ZONE = "Europe/London"


def assert_rows_say_what_facts_say(app: Flask, session: Session, at: datetime | None = None) -> None:
    """Refresh the rows as a page does, and compare lines in each order, counts, team tables and every column with what a
    process derives that has just started."""
    at = at or now()
    today = civil_date(at, ZONE)
    session.commit()
    session.expire_all()
    with app.app_context():
        assert refresh_standings(at).current
        checked = check_standings(at, None)
    assert (checked.differences, checked.cells) == ({}, 0)
    session.commit()
    day = StatusCache().day(session, ZONE, today, today)
    for sort in SORT_ORDERS:
        wanted = StandingsFilter(sort=sort)
        stored = list(all_lines(session, wanted, today))
        assert stored == list(day.ordered(sort)), sort
        assert standings_page(session, wanted, range(1, 3), len(stored), today) == stored[1:3]
        # A search: of rows as they lie in the table, and from the index of the order.
        search = replace(wanted, search_text=stored[0].name[:3] if stored else "x")
        found = list(all_lines(session, search, today))
        assert standings_number(session, search) == len(found)
        assert found or not stored
        for of in (len(found), 1000 * len(found)):
            assert standings_page(session, search, range(1, 3), of, today) == found[1:3]
    _assert_file_is_that_of_derived_lines(app, session, at)
    cells = counted_cells(session)
    tree = [(team.id, team.name, team.parent_id) for team in team_tree(session, day.at)]
    for every_level in (False, True):
        compared = TeamScope(tree, "Everyone", every_level=every_level)
        assert compare_teams(cells, compared) == compare_teams(day.lines, compared)
    for teams in (None, *(frozenset({team}) for team, _name, _above in tree)):
        derived = completion_report(day.lines, ReportFilter(), teams)
        wanted = StandingsFilter(counted_teams(session, teams))
        assert wanted.teams == stored_teams((cell.stored for cell in cells), teams)
        kept = stored_report(session, cells, ReportFilter(), wanted, today)
        assert (kept.total, kept.certified_count, kept.counts, kept.long_overdue_count) == (
            derived.total, derived.certified_count, derived.counts, derived.long_overdue_count,
        )  # fmt: skip
        assert list(kept.lines) == list(derived.lines)
        assert StoredRows(session, wanted) == kept.rows
        for sort in SORT_ORDERS:
            listed = completion_report(day.ordered(sort), ReportFilter(), teams).lines
            # Of few people all are put in order, of many the index of the order is read.
            for of in (len(listed), MAX_SORTED + 1):
                assert standings_page(session, replace(wanted, sort=sort), range(4), of, today) == list(listed[:4]), (
                    sort
                )


def _assert_file_is_that_of_derived_lines(app: Flask, session: Session, at: datetime) -> None:
    """A file that is streamed from the rows is, byte for byte, the one that is made of derived lines."""
    course, context = app.extensions["course"].library, make_context(session, None, at)
    views = (
        build_report_view(context, StatusCache(), COMMAND_VIEWER, ReportFilter(), "Everyone"),
        current_report_view(context, StatusCache(), COMMAND_VIEWER, ReportFilter(), "Everyone", CURRENT),
    )
    derived, kept = (b"".join(csv_stream(session, course, view, ZONE, lambda *_: None)) for view in views)
    assert (views[0].stored, views[1].stored is None) == (None, False)
    assert kept == derived
