"""Whom of a report somebody can remind: who has something to do, and about whom they may record something."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from functools import lru_cache

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from course.people.queries import ids_recordable_by
from course.people.rules import Viewer
from course.recertification.rules.explanations import ACTIONABLE_GROUPS
from course.reports.queries import ids_taking_mail, last_reminders, not_reminded_since, takes_mail
from course.reports.report_view import ReportView
from course.reports.stored_report import StoredRows
from course.standings.queries.rows import recordable_ids
from course.standings.rules import StandingsFilter


def actionable_people(session: Session, view: ReportView, viewer: Viewer, limit: int) -> tuple[list[int], int]:
    """The people on the list who have something to do and whom the viewer may remind, most urgent first and `limit` of
    them at most, and how many there are in all."""
    if view.stored is None:
        ids = _derived_ids(session, view, viewer)
        return ids[:limit], len(ids)
    wanted = _actionable(view.stored)
    if wanted is None:
        return [], 0
    found = recordable_ids(wanted, viewer)
    ids = list(session.execute(found.limit(limit)).scalars())
    if len(ids) < limit:
        return ids, len(ids)
    return ids, session.execute(select(func.count()).select_from(found.order_by(None).subquery())).scalar_one()


def remindable_number(session: Session, view: ReportView, viewer: Viewer, since: datetime, limit: int) -> int:
    """How many of them can get mail and got no reminder since that moment, counted up to the limit."""
    if view.stored is None:
        ids = ids_taking_mail(session, _derived_ids(session, view, viewer))
        times = last_reminders(session, ids if len(ids) <= limit else None, view.at)
        return min(limit, sum(one not in times or times[one] < since for one in ids))
    wanted = _actionable(view.stored)
    if wanted is None:
        return 0
    statement, values = _remindable(wanted, viewer, limit), {"since": since}
    return session.connection().execute(statement, values).scalar_one()


@lru_cache(maxsize=64)
def _remindable(wanted: StandingsFilter, viewer: Viewer, limit: int) -> Select[int]:
    people = recordable_ids(wanted, viewer).where(takes_mail()).order_by(None)
    few = people.where(not_reminded_since(people.selected_columns[0])).limit(limit).subquery()
    return select(func.count()).select_from(few)


def _derived_ids(session: Session, view: ReportView, viewer: Viewer) -> list[int]:
    ids = [line.id for line in view.report.lines if line.group in ACTIONABLE_GROUPS and line.id != viewer.id]
    recordable = set(ids_recordable_by(session, viewer, ids))
    return [one for one in ids if one in recordable]


def _actionable(rows: StoredRows) -> StandingsFilter | None:
    """The filter of the list, narrowed to people with something to do; None if it leaves nobody."""
    groups = tuple(one for one in ACTIONABLE_GROUPS if not rows.wanted.groups or one in rows.wanted.groups)
    return replace(rows.wanted, groups=groups) if groups else None
