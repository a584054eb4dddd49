"""What was published: the stored figures of groups, from which every page and every evidence pack reads."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from course.analytics.models import FigureRelease, PublishedFigure
from course.analytics.rules.differencing import PublishedRest
from course.analytics.rules.item_analysis import ItemStatistics
from course.analytics.rules.published_figures import (
    GroupFigures,
    QuestionVersion,
    figures_from_json,
    items_from_json,
)
from course.analytics.rules.suppression import WHOLE_ORGANISATION, monday_of

Scope = Literal["teams", "items"]  # team results, or item analysis
SCOPES: tuple[Scope, ...] = ("teams", "items")


@dataclass(frozen=True)
class StoredRelease:
    """What was published on a Monday, and counted what was answered before `cutoff`: the rest of each updated group."""

    monday: date
    cutoff: datetime
    rests: dict[int, PublishedRest]


def stored_releases(session: Session, scope: Scope) -> list[StoredRelease]:
    """Everything that was published, in order, without the figures themselves. Two queries."""
    rests: dict[int, dict[int, PublishedRest]] = defaultdict(dict)
    rows = session.execute(
        select(
            PublishedFigure.release_id,
            PublishedFigure.group_id,
            PublishedFigure.rest_teams,
            PublishedFigure.rest_people,
            PublishedFigure.rest_answers,
        )
        .join(FigureRelease, FigureRelease.id == PublishedFigure.release_id)
        .where(FigureRelease.scope == scope)
    )
    for release, group, teams, people, answers in rows:
        rests[release][group] = PublishedRest(frozenset(teams), people, answers)
    releases = select(FigureRelease.id, FigureRelease.monday, FigureRelease.cutoff).where(FigureRelease.scope == scope)
    return [
        StoredRelease(monday, cutoff, rests.get(release, {}))
        for release, monday, cutoff in session.execute(releases.order_by(FigureRelease.monday))
    ]


def last_release_monday(session: Session, scope: Scope) -> date | None:
    """The last Monday for which it was recorded what was published; None if there is none yet. One query."""
    return session.execute(select(func.max(FigureRelease.monday)).where(FigureRelease.scope == scope)).scalar()


def is_release_due(session: Session, today: date) -> bool:
    """Whether the figures of this week's Monday are still to be recorded. At most two queries."""
    return any((last_release_monday(session, scope) or date.min) < monday_of(today) for scope in SCOPES)


def published_mondays(session: Session, day: date) -> dict[int, date]:
    """The groups whose figures are shown on a day, with the Monday of their figures. Two queries.

    Figures of that day's Monday that are not recorded yet do not count: the last recorded ones are shown.
    """
    release = _release_on(session, "teams", day)
    if release is None:
        return {}
    monday, suppressed = release
    rows = session.execute(
        select(PublishedFigure.group_id, func.max(FigureRelease.monday))
        .join(FigureRelease, FigureRelease.id == PublishedFigure.release_id)
        .where(FigureRelease.scope == "teams", FigureRelease.monday <= monday)
        .group_by(PublishedFigure.group_id)
    )
    return {group: found for group, found in rows if group not in suppressed}


def team_figures_on(
    session: Session, group: int, day: date, known_at: datetime | None = None
) -> tuple[date, GroupFigures] | None:
    """The figures of a group that are shown on a day, and their Monday: what was answered before it counts. None if
    nothing is published of the group. Two queries.

    With `known_at` those that were recorded by that moment, the worker having been away for days. Where none were by then,
    all count: they were recorded for the years before, by the first release that did so."""
    found = _figures_on(session, "teams", group, day, known_at)
    return (found[0], figures_from_json(found[1])) if found else None


def item_figures_on(session: Session, day: date) -> tuple[date, dict[QuestionVersion, ItemStatistics]] | None:
    """The statistics of each question in each version that are shown on a day, and their Monday. Two queries."""
    found = _figures_on(session, "items", WHOLE_ORGANISATION, day)
    return (found[0], items_from_json(found[1])) if found else None


def _release_on(
    session: Session, scope: Scope, day: date, known_at: datetime | None = None
) -> tuple[date, list[int]] | None:
    """The last recorded Monday until a day, and the groups that are suppressed from it on; see `team_figures_on`."""
    known_first = () if known_at is None else (case((FigureRelease.recorded_at <= known_at, 0), else_=1),)
    row = session.execute(
        select(FigureRelease.monday, FigureRelease.suppressed)
        .where(FigureRelease.scope == scope, FigureRelease.monday <= day)
        .order_by(*known_first, FigureRelease.monday.desc())
        .limit(1)
    ).first()
    return (row.monday, row.suppressed) if row else None


def _figures_on(
    session: Session, scope: Scope, group: int, day: date, known_at: datetime | None = None
) -> tuple[date, dict[str, Any]] | None:
    release = _release_on(session, scope, day, known_at)
    if release is None or group in release[1]:
        return None
    row = session.execute(
        select(FigureRelease.monday, PublishedFigure.counts)
        .join(FigureRelease, FigureRelease.id == PublishedFigure.release_id)
        .where(PublishedFigure.group_id == group, FigureRelease.scope == scope, FigureRelease.monday <= release[0])
        .order_by(FigureRelease.monday.desc())
        .limit(1)
    ).first()
    return (row.monday, row.counts) if row else None
