"""Read the feeds of a person, the feed of a token, and the events in a feed now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import cast

from sqlalchemy import and_, exists, func, select
from sqlalchemy.orm import Session

from course.auth.rules import token_hash
from course.calendars.models import CalendarFeed, CalendarFeedEnd, CalendarFeedFetch
from course.calendars.rules import TEAM_SCOPE, CalendarCourse, CalendarEvent, Scope, own_events, team_events
from course.people.models import Person, RoleGrant
from course.people.queries import USUAL_LANGUAGE, ids_visible_to
from course.people.rules import Viewer
from course.recertification import queries as recertification
from course.recertification.rules import certification_status


@dataclass(frozen=True)
class FeedView:
    """An active feed: when it was created, and the last day on which a calendar program fetched it."""

    id: int
    scope: Scope
    made_at: datetime
    last_fetched_on: date | None


@dataclass(frozen=True)
class FeedWithHolder:
    """The feed of a token, with its holder and their present roles. `language` is what the holder chose, or else the usual one
    (None: neither)."""

    feed: FeedView
    holder: Viewer
    language: str | None


_has_ended = exists().where(CalendarFeedEnd.feed_id == CalendarFeed.id)
_last_fetched_on = (
    select(func.max(CalendarFeedFetch.day)).where(CalendarFeedFetch.feed_id == CalendarFeed.id).scalar_subquery()
)
_language = func.coalesce(Person.language, USUAL_LANGUAGE)


def feeds(session: Session, person_id: int) -> dict[Scope, FeedView]:
    """The active feeds of a person, at most one of each scope."""
    rows = session.execute(
        select(CalendarFeed, _last_fetched_on)
        .where(CalendarFeed.person_id == person_id, ~_has_ended)
        .order_by(CalendarFeed.id)
    )
    return {view.scope: view for row, fetched in rows for view in [_feed_view(row, fetched)]}


def feed_by_token(session: Session, token: str) -> FeedWithHolder | None:
    """The feed with this secret token; None if there is none, it has ended, its holder has left, or it is a team feed
    and its holder no longer manages a team."""
    rows = session.execute(
        select(CalendarFeed, _last_fetched_on, Person.name, Person.email, RoleGrant.role, RoleGrant.team_id, _language)
        .join(Person, Person.id == CalendarFeed.person_id)
        .outerjoin(RoleGrant, and_(RoleGrant.person_id == Person.id, RoleGrant.until.is_(None)))
        .where(CalendarFeed.token_hash == token_hash(token), ~_has_ended, Person.left_at.is_(None))
    ).all()
    if not rows:
        return None
    feed, fetched, name, email, *_ = rows[0]
    holder = Viewer(
        feed.person_id,
        name,
        email or "",
        administrator=any(row[4] == "administrator" for row in rows),
        manages=tuple(sorted(row[5] for row in rows if row[4] == "manager" and row[5])),
    )
    view = _feed_view(feed, fetched)
    return FeedWithHolder(view, holder, rows[0][6]) if view.scope != TEAM_SCOPE or has_team(holder) else None


def has_team(viewer: Viewer) -> bool:
    """Whether this person may have the due dates of other people in a feed. People whom they see only as a deputy are
    in no feed, because a feed would outlast the delegation."""
    return viewer.administrator or bool(viewer.leads)


def events(
    session: Session, feed: FeedWithHolder, zone: str, today: date, course: CalendarCourse
) -> list[CalendarEvent]:
    """The events of the feed on that day, in the order of people's names."""
    is_team = feed.feed.scope == TEAM_SCOPE
    ids = ids_visible_to(session, feed.holder) if is_team else [feed.holder.id]
    policies = recertification.policies(session, zone)
    events: list[CalendarEvent] = []
    for person in recertification.people(session, zone, ids) if policies else []:
        status = certification_status(person.facts, policies, today)
        if is_team:
            events += team_events(person.id, person.name, status, person.facts, policies, course)
        else:
            events += own_events(person.id, status, person.facts, policies, course)
    return events


def _feed_view(feed: CalendarFeed, fetched: date | None) -> FeedView:
    return FeedView(feed.id, cast("Scope", feed.scope), feed.made_at, fetched)
