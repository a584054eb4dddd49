"""Recording what was published, and that a team discussed a learning point, and withdrawing a discussion."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from course.analytics.models import FigureRelease, PublishedFigure, TeamDiscussion
from course.analytics.queries import ReleaseDraft
from course.analytics.rules.discussions import discussion_date_error
from course.analytics.rules.suppression import WHOLE_ORGANISATION
from course.audit.actions import record_event
from course.context import Context
from course.db import insert_once
from course.organisation.models import Organisation
from course.people.actions import Refusal
from course.people.models import Team
from course.translation import lazy_gettext as _


def record_release(session: Session, draft: ReleaseDraft, at: datetime) -> bool:
    """Record what is published on a Monday. False, and nothing is written, if that Monday is recorded already."""
    release = insert_once(
        session, FigureRelease, scope=draft.scope, monday=draft.monday, cutoff=draft.cutoff,
        excluded=sorted(draft.excluded), suppressed=sorted(draft.suppressed), recorded_at=at,
    )  # fmt: skip
    if release is None:
        return False
    rows = [
        {"release_id": release, "group_id": figure.group, "rest_teams": sorted(figure.rest.teams),
         "rest_people": figure.rest.people, "rest_answers": figure.rest.answers, "counts": figure.counts}
        for figure in draft.figures
    ]  # fmt: skip
    if rows:
        session.execute(insert(PublishedFigure), rows)
    return True


@dataclass(frozen=True)
class DiscussionEntry:
    """A discussion to record (see rules.discussions.DiscussionView); `title` is the title of the learning point."""

    team: int
    point: str
    title: str
    held_on: date
    people: int
    agreed: str


def record_discussion(context: Context, discussion: DiscussionEntry) -> Refusal | None:
    """Record a discussion. Refused for an impossible day, and if the same discussion is recorded already."""
    session = context.session
    error = discussion_date_error(discussion.held_on, context.today)
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
        return Refusal("held_on", _("A talk about this on that day is already recorded."))
    session.add(
        TeamDiscussion(team_id=team, point=discussion.point, held_on=discussion.held_on, people=discussion.people,
                       agreed=discussion.agreed, made_by=context.person_id, made_at=context.now)
    )  # fmt: skip
    session.flush()
    _record_discussion_event(context, "talk.held", team, discussion.title, discussion.held_on)
    return None


def withdraw_discussion(context: Context, discussion_id: int, title: str, reason: str) -> bool:
    """Withdraw the record of a discussion that was not held, or not as recorded. False if it was withdrawn before."""
    active = (
        select(TeamDiscussion)
        .where(TeamDiscussion.id == discussion_id, TeamDiscussion.ended_at.is_(None))
        .with_for_update()
    )
    row = context.session.execute(active).scalar_one_or_none()
    if row is None:
        return False
    row.ended_at, row.ended_by, row.ended_reason = context.now, context.person_id, reason
    context.session.flush()
    _record_discussion_event(context, "talk.taken_back", row.team_id, title, row.held_on)
    return True


def _record_discussion_event(context: Context, kind: str, team: int | None, title: str, day: date) -> None:
    row = context.session.get(Team, team) if team is not None else None
    subject = None if team is None else ("team", team)
    record_event(context, kind, subject, {"team": row.name if row else "everybody", "about": title, "day": day})
