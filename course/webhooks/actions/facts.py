"""Recording what happened to people, once, with a delivery to each webhook that wants it, in one transaction."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from course.certificates.models import Certificate
from course.context import ZONE_KEY
from course.dates import civil_date
from course.db import insert_missing
from course.learning.events import CourseCompleted
from course.people.events import PeopleMerged, PersonLeft
from course.people.models import Membership, Person
from course.people.queries import open_team_parents
from course.people.rules import team_subtree
from course.webhooks.models import Webhook, WebhookDelivery, WebhookEvent
from course.webhooks.queries import WebhookView, webhooks
from course.webhooks.rules import LEFT, PersonFact, completion_fact, leaving_fact


def record_facts(session: Session, facts: Sequence[PersonFact], hooks: Sequence[WebhookView], at: datetime) -> int:
    """Make an event of each fact that is none yet, and a delivery of it to those of the webhooks `hooks` that want it, also
    while they are off. Returns the number of new events. Any number of workers may do it at once."""
    if not facts:
        return 0
    marks = [f"evt_{secrets.token_hex(16)}" for _ in facts]
    rows = [
        {"person_id": one.person_id, "kind": one.kind, "fact": one.key, "mark": mark, "dates": dict(one.dates), "found_at": at}
        for one, mark in zip(facts, marks, strict=True)
    ]  # fmt: skip
    insert_missing(session, WebhookEvent, rows)
    # What another transaction recorded first has its mark, and its deliveries.
    columns = WebhookEvent.id, WebhookEvent.person_id, WebhookEvent.kind
    found = session.execute(select(*columns).where(WebhookEvent.mark.in_(marks))).all()
    people = _people_of_teams(session, hooks, {row.person_id for row in found}, at)
    parcels = [
        {"webhook_id": hook.id, "event_id": row.id, "queued_at": at, "next_try_at": at, "tries": 0}
        for row in found
        for hook in hooks
        if row.kind in hook.kinds and (hook.team_id is None or row.person_id in people[hook.team_id])
    ]
    if parcels:
        insert_missing(session, WebhookDelivery, parcels)
    return len(found)


def _people_of_teams(
    session: Session, hooks: Sequence[WebhookView], ids: Collection[int], at: datetime
) -> Mapping[int, set[int]]:
    """Those of these people who are in each team to which a webhook is limited, or in one below it; also those who have left
    it at this very moment, because whoever leaves is in no team."""
    limits = {hook.team_id for hook in hooks if hook.team_id is not None}
    if not limits:
        return {}
    parents = open_team_parents(session)
    rows = session.execute(
        select(Membership.person_id, Membership.team_id).where(
            Membership.person_id.in_(ids), or_(Membership.until.is_(None), Membership.until >= at)
        )
    ).all()
    below = {team: team_subtree(team, parents) if team in parents else set() for team in limits}
    return {team: {row.person_id for row in rows if row.team_id in below[team]} for team in limits}


def start_webhooks(session: Session, ids: Collection[int], at: datetime) -> None:
    """Everybody has been looked at for these webhooks: they are told of what is found from now on."""
    session.execute(update(Webhook).where(Webhook.id.in_(ids), Webhook.started_at.is_(None)).values(started_at=at))


def note_completion(session: Session, event: CourseCompleted) -> None:
    """Somebody completed the course or a refresher: an event in the transaction of the completion."""
    if hooks := webhooks(session):
        certificate = select(Certificate.valid_until).where(Certificate.completion_id == event.completion_id)
        valid_until = session.execute(certificate).scalars().first()
        fact = completion_fact(event.person_id, event.completion_id, event.kind, event.on, valid_until)
        record_facts(session, [fact], hooks, event.at)


def note_leaving(session: Session, event: PersonLeft) -> None:
    """Somebody left: an event in the transaction that says so, which a job does for a last day recorded beforehand."""
    if hooks := webhooks(session):
        left_at = session.execute(select(Person.left_at).where(Person.id == event.person_id)).scalar_one()
        last_day = civil_date(left_at or event.at, session.info[ZONE_KEY])
        record_facts(session, [leaving_fact(event.person_id, last_day)], hooks, event.at)


def forget_leaving_of_merged(session: Session, event: PeopleMerged) -> None:
    """The second entry of somebody ends when it is merged, but nobody has left: take the event of this transaction back."""
    left = (
        WebhookEvent.person_id == event.person_id, WebhookEvent.kind == LEFT, WebhookEvent.found_at == event.at,
    )  # fmt: skip
    session.execute(delete(WebhookDelivery).where(WebhookDelivery.event_id.in_(select(WebhookEvent.id).where(*left))))
    session.execute(delete(WebhookEvent).where(*left))
