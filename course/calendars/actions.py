"""Create and end calendar feeds, and record that a feed was fetched."""

from __future__ import annotations

import secrets
from datetime import date
from typing import Literal

from sqlalchemy import exists, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from course.audit.actions import record_event
from course.auth.rules import token_hash
from course.calendars.models import CalendarFeed, CalendarFeedEnd, CalendarFeedFetch
from course.calendars.rules import Scope
from course.context import Context
from course.people.models import Person


def create_feed(context: Context, scope: Scope) -> str:
    """Create a feed of the person who acts in place of an existing one of the same scope. Returns its secret token; only
    the hash of the token is stored."""
    session, person_id = context.session, context.person_id
    end_feed(context, scope, "replaced")
    token = secrets.token_urlsafe(32)
    session.add(CalendarFeed(person_id=person_id, scope=scope, token_hash=token_hash(token), made_at=context.now))
    session.flush()
    record_event(context, "calendar.made", ("person", person_id), {"scope": scope})
    return token


def end_feed(context: Context, scope: Scope, reason: Literal["revoked", "replaced"]) -> int:
    """End the feed of that scope of the person who acts. Returns the number of feeds that ended: 0 if there was none."""
    session, person_id = context.session, context.person_id
    # The lock makes two requests run one after the other, so that no second feed stays active beside the one shown.
    session.execute(select(Person.id).where(Person.id == person_id).with_for_update())
    active_ids = session.execute(
        select(CalendarFeed.id).where(
            CalendarFeed.person_id == person_id,
            CalendarFeed.scope == scope,
            ~exists().where(CalendarFeedEnd.feed_id == CalendarFeed.id),
        )
    ).scalars()
    ends = [CalendarFeedEnd(feed_id=feed_id, reason=reason, made_at=context.now) for feed_id in active_ids]
    session.add_all(ends)
    session.flush()
    if ends and reason == "revoked":
        record_event(context, "calendar.ended", ("person", person_id), {"scope": scope})
    return len(ends)


def record_fetch(session: Session, feed_id: int, day: date) -> None:
    """Record that the feed was fetched on that day, if that is not recorded yet."""
    try:
        with session.begin_nested():
            session.add(CalendarFeedFetch(feed_id=feed_id, day=day))
            session.flush()
    except IntegrityError:
        pass  # another fetch of the same day was quicker
