"""The certification status: now from the rows that are kept, of a past day as the report derives it."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from course.api.queries.scope import PageRequest
from course.api.rules.answers import StatusItem
from course.people.models import Team
from course.people.queries import TeamView
from course.reports.status_cache import StatusCache
from course.standings.models import PersonStatus
from course.standings.queries.rows import counted_teams
from course.standings.rules import LINE_COLUMNS, StatusLine, stored_line
from course.teams.rules import team_subtree

_ROWS = PersonStatus.metadata.tables[PersonStatus.__tablename__]


@dataclass(frozen=True)
class PastDay:
    """A day that has ended, or today, in a time zone; of a team and all below it (None: of everyone)."""

    on: date
    today: date
    zone: str
    team_id: int | None


def teams_below(session: Session, team_id: int | None) -> frozenset[int] | None:
    """The team and all below it, closed ones included; None for everyone."""
    if team_id is None:
        return None
    parents = {row.id: row.parent_id for row in session.execute(select(Team.id, Team.parent_id))}
    return frozenset(team_subtree(team_id, parents)) if team_id in parents else frozenset()


def status_page(
    session: Session, team_id: int | None, state: str | None, page: PageRequest, today: date
) -> list[StatusItem]:
    """The status of today by the id of the person, from the rows that the caller has brought up to date. One query, three
    with a team."""
    teams = counted_teams(session, teams_below(session, team_id))
    wanted = select(*(_ROWS.c[name] for name in LINE_COLUMNS)).where(
        _ROWS.c.is_employed, _ROWS.c.person_id > page.after
    )
    if teams is not None:
        wanted = wanted.where(_ROWS.c.teams.in_(teams))
    if state is not None:
        wanted = wanted.where(_ROWS.c.state == state)
    rows = session.execute(wanted.order_by(_ROWS.c.person_id).limit(page.limit))
    return [_item(stored_line(today, row)) for row in rows]


def past_status_page(
    session: Session, cache: StatusCache, days: PastDay, state: str | None, page: PageRequest
) -> list[StatusItem]:
    """The status at the end of a day, as it was known then, by the id of the person. A team has the sub-teams that it had on
    that day."""

    def included(tree: Sequence[TeamView]) -> frozenset[int] | None:
        if days.team_id is None:
            return None
        parents = {team.id: team.parent_id for team in tree}
        return frozenset(team_subtree(days.team_id, parents)) if days.team_id in parents else frozenset()

    day = cache.day(session, days.zone, days.on, days.today, included)
    teams = included(day.tree)
    lines = [
        line
        for line in day.lines
        if (teams is None or not teams.isdisjoint(line.teams)) and state in (None, line.state)
    ]
    lines.sort(key=lambda line: line.id)
    start = bisect_right(lines, page.after, key=lambda line: line.id)
    return [_item(line) for line in lines[start : start + page.limit]]


def _item(line: StatusLine) -> StatusItem:
    return StatusItem(
        person_id=line.id, state=line.state, due=line.due, days_overdue=line.overdue_days, valid_until=line.valid_until,
        has_valid_certificate=line.has_valid_certificate, next_course=line.course, pathway=line.pathway,
        employment_start=line.employment_start, team_ids=sorted(line.teams),
    )  # fmt: skip
