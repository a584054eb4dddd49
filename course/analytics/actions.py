"""Recording that a team discussed a learning point, and withdrawing the record."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from course.analytics.models import TeamDiscussion
from course.analytics.rules.discussions import discussion_date_error
from course.analytics.rules.suppression import WHOLE_ORGANISATION
from course.audit.actions import record_event
from course.context import make_context
from course.organisation.models import Organisation
from course.people.actions import Refusal
from course.people.models import Team


@dataclass(frozen=True)
class DiscussionEntry:
    """A discussion to record (see rules.discussions.DiscussionView); `title` is the title of the learning point."""

    team: int
    point: str
    title: str
    held_on: date
    people: int
    agreed: str


def record_discussion(
    session: Session, discussion: DiscussionEntry, by: int, today: date, at: datetime
) -> Refusal | None:
    """Record a discussion. Refused for an impossible day, and if the same discussion is recorded already."""
    error = discussion_date_error(discussion.held_on, today)
    if error is not None:
        return Refusal("held_on", error)
    team = None if discussion.team == WHOLE_ORGANISATION else discussion.team
    # Of two who record the same discussion at once one waits here, and then finds it.
    owner = select(Organisation.id) if team is None else select(Team.id).where(Team.id == team)
    session.execute(owner.with_for_update())
    duplicate = select(TeamDiscussion.id).where(
        TeamDiscussion.team_id.is_not_distinct_from(team), TeamDiscussion.point == discussion.point,
        TeamDiscussion.held_on == discussion.held_on, TeamDiscussion.ended_at.is_(None),
    )  # fmt: skip
    if session.execute(duplicate.limit(1)).first() is not None:
        return Refusal("held_on", "A talk about this on that day is written down already.")
    session.add(
        TeamDiscussion(team_id=team, point=discussion.point, held_on=discussion.held_on, people=discussion.people,
                       agreed=discussion.agreed, made_by=by, made_at=at)
    )  # fmt: skip
    session.flush()
    _record_discussion_event(session, "talk.held", team, discussion.title, discussion.held_on, by, at)
    return None


def withdraw_discussion(session: Session, discussion_id: int, title: str, reason: str, by: int, at: datetime) -> bool:
    """Withdraw the record of a discussion that was not held, or not as recorded. False if it was withdrawn before."""
    active = (
        select(TeamDiscussion)
        .where(TeamDiscussion.id == discussion_id, TeamDiscussion.ended_at.is_(None))
        .with_for_update()
    )
    row = session.execute(active).scalar_one_or_none()
    if row is None:
        return False
    row.ended_at, row.ended_by, row.ended_reason = at, by, reason
    session.flush()
    _record_discussion_event(session, "talk.taken_back", row.team_id, title, row.held_on, by, at)
    return True


def _record_discussion_event(
    session: Session, kind: str, team: int | None, title: str, day: date, by: int, at: datetime
) -> None:
    row = session.get(Team, team) if team is not None else None
    subject = None if team is None else ("team", team)
    record_event(
        make_context(session, by, at),
        kind,
        subject,
        {"team": row.name if row else "everybody", "about": title, "day": day},
    )
