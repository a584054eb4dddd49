"""Writing down that a team talked about a learning point, and taking it back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from course.analytics.models import TeamDiscussion
from course.analytics.rules.discussions import discussion_date_error
from course.analytics.rules.suppression import WHOLE_ORGANISATION
from course.audit.actions import record_event
from course.organisation.models import Organisation
from course.people.actions import Refusal
from course.people.models import Team


@dataclass(frozen=True)
class DiscussionEntry:
    """A talk as it is written down (see rules.talks.Talk); `title` is what the learning point is called."""

    team: int
    point: str
    title: str
    held_on: date
    people: int
    agreed: str


def record_discussion(session: Session, talk: DiscussionEntry, by: int, today: date, at: datetime) -> Refusal | None:
    """Write down that this talk was held. Refused for a day that cannot be, and for one that stands there already."""
    words = discussion_date_error(talk.held_on, today)
    if words is not None:
        return Refusal("held_on", words)
    team = None if talk.team == WHOLE_ORGANISATION else talk.team
    # Who writes down the same at the same time waits here, and then finds it.
    whose = select(Organisation.id) if team is None else select(Team.id).where(Team.id == team)
    session.execute(whose.with_for_update())
    same = select(TeamDiscussion.id).where(
        TeamDiscussion.team_id.is_not_distinct_from(team), TeamDiscussion.point == talk.point,
        TeamDiscussion.held_on == talk.held_on, TeamDiscussion.ended_at.is_(None),
    )  # fmt: skip
    if session.execute(same.limit(1)).first() is not None:
        return Refusal("held_on", "A talk about this on that day is written down already.")
    session.add(
        TeamDiscussion(team_id=team, point=talk.point, held_on=talk.held_on, people=talk.people, agreed=talk.agreed,
                 made_by=by, made_at=at)
    )  # fmt: skip
    session.flush()
    _record_discussion_event(session, "talk.held", team, talk.title, talk.held_on, by, at)
    return None


def withdraw_discussion(session: Session, talk_id: int, title: str, reason: str, by: int, at: datetime) -> bool:
    """The talk was not held, or not like that; False if somebody has taken it back before."""
    standing = (
        select(TeamDiscussion).where(TeamDiscussion.id == talk_id, TeamDiscussion.ended_at.is_(None)).with_for_update()
    )
    row = session.execute(standing).scalar_one_or_none()
    if row is None:
        return False
    row.ended_at, row.ended_by, row.ended_reason = at, by, reason
    session.flush()
    _record_discussion_event(session, "talk.taken_back", row.team_id, title, row.held_on, by, at)
    return True


def _record_discussion_event(
    session: Session, what: str, team: int | None, title: str, day: date, by: int, at: datetime
) -> None:
    row = session.get(Team, team) if team is not None else None
    subject = None if team is None else ("team", team)
    record_event(session, what, subject, {"team": row.name if row else "everybody", "about": title, "day": day}, by, at)
