"""Claiming deliveries, recording what became of each try, and sending again."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from urllib.parse import urlsplit

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.orm import Session

from course.audit.actions import record_event
from course.context import Context
from course.mail.actions import queue_message
from course.people.models import Person
from course.people.queries import administrators, mail_recipient
from course.people.rules import first_name
from course.training_records.actions import log_record_export
from course.training_records.rules import EXPORT
from course.translation import lazy_gettext as _
from course.webhooks.models import Webhook, WebhookAttempt, WebhookDelivery, WebhookEvent
from course.webhooks.queries import DueDelivery, Parcel, webhook
from course.webhooks.rules import (
    CLAIM_DURATION,
    COMPLETED,
    DELIVERY_RETENTION,
    LEFT,
    TEST,
    AttemptResult,
    WebhookStoppedMessage,
    next_try,
    pause_until,
    stop_reason,
)
from course.webhooks.rules.schedule import StopReason


def claim_delivery(session: Session, due: DueDelivery, at: datetime) -> bool:
    """Reserve a delivery for one worker, which tries it next; False if another was quicker, or it does not wait any more."""
    claim = update(WebhookDelivery).where(WebhookDelivery.id == due.id, WebhookDelivery.next_try_at == due.seen)
    values = {"next_try_at": at + CLAIM_DURATION, "tries": WebhookDelivery.tries + 1}
    return session.execute(claim.values(values).returning(WebhookDelivery.id)).first() is not None


def record_attempt(context: Context, parcel: Parcel, result: AttemptResult, began_at: datetime) -> None:
    """Record what became of a try, and what follows: for the delivery, for its webhook, and for the people in it, who see in
    their access log what was sent about them. Nothing is recorded of a delivery that was erased meanwhile."""
    session = context.session
    waits = update(WebhookDelivery).where(WebhookDelivery.id == parcel.delivery_id)
    again = None if result.arrived or parcel.kind == TEST else next_try(parcel.tries, context.now, result)
    arrived = {"arrived_at": func.coalesce(WebhookDelivery.arrived_at, context.now)} if result.arrived else {}
    changed = session.execute(waits.values(next_try_at=again, **arrived).returning(WebhookDelivery.id)).first()
    if changed is None:
        return
    session.add(
        WebhookAttempt(
            delivery_id=parcel.delivery_id, began_at=began_at, milliseconds=result.milliseconds, status=result.status,
            answer=result.answer[:500], failure=result.failure[:500],
        )
    )  # fmt: skip
    session.flush()
    if parcel.kind == TEST:
        return
    if result.arrived:
        _record_arrival(context, parcel)
    else:
        _record_failure(context, parcel, result)


def _record_arrival(context: Context, parcel: Parcel) -> None:
    session = context.session
    was_failing = (
        Webhook.id == parcel.webhook_id,
        or_(Webhook.failing_since.is_not(None), Webhook.not_before.is_not(None)),
    )
    works_again = update(Webhook).where(*was_failing).values(failing_since=None, not_before=None)
    if session.execute(works_again.returning(Webhook.id)).first() is not None:
        # What waits for its next try, perhaps for hours, need not wait any more.
        waiting = (
            WebhookDelivery.webhook_id == parcel.webhook_id,
            WebhookDelivery.next_try_at > context.now + CLAIM_DURATION,
        )
        session.execute(update(WebhookDelivery).where(*waiting).values(next_try_at=context.now))
    if parcel.person_id is not None:
        host = urlsplit(parcel.address).netloc
        log_record_export(
            replace(context, actor=parcel.made_by), [parcel.person_id], EXPORT, _("sent to %(host)s", host=host)
        )


def _record_failure(context: Context, parcel: Parcel, result: AttemptResult) -> None:
    session, at = context.session, context.now
    failing = {"failing_since": func.coalesce(Webhook.failing_since, at), "not_before": pause_until(at, result)}
    changing = update(Webhook).where(Webhook.id == parcel.webhook_id, Webhook.ended_at.is_(None)).values(failing)
    since = session.execute(changing.returning(Webhook.failing_since)).scalar_one_or_none()
    reason = stop_reason(since, at, result) if since is not None else None
    if since is not None and reason is not None:
        _stop(context, parcel, since, reason, result)


def _stop(
    context: Context, parcel: Parcel, since: datetime, reason: StopReason, result: AttemptResult
) -> None:  # fmt: skip
    """Turn a webhook off to which nothing could be delivered, and tell the administrators, once."""
    session, at = context.session, context.now
    stopping = update(Webhook).where(Webhook.id == parcel.webhook_id, Webhook.off_at.is_(None))
    if session.execute(stopping.values(off_at=at, off_reason=reason).returning(Webhook.id)).first() is None:
        return
    host = urlsplit(parcel.address).netloc
    record_event(context, "webhook.stopped", ("webhook", parcel.webhook_id), {"host": host, "reason": reason})
    why = result.failure or _("The answer was %(status)s.", status=result.status)
    people = select(Person.name, Person.email).where(Person.id.in_(administrators(session)))
    for name, email in session.execute(people):
        if email is None:
            continue
        message = WebhookStoppedMessage(first_name(name), host, parcel.webhook_id, reason == "gone", since, why)
        key = f"webhook:{parcel.webhook_id}:{at.isoformat()}:{email}"[:200]
        queue_message(session, key, mail_recipient(session, email), message, at)


def send_test(context: Context, webhook_id: int) -> bool:
    """Queue a test to a webhook, also to one that is off: it is tried once. False if the webhook was removed."""
    session, found = context.session, webhook(context.session, webhook_id)
    if found is None:
        return False
    mark = f"evt_{secrets.token_hex(16)}"
    event = WebhookEvent(person_id=None, kind=TEST, fact=mark, mark=mark, dates={}, found_at=context.now)
    session.add(event)
    session.flush()
    session.add(
        WebhookDelivery(
            webhook_id=webhook_id, event_id=event.id, queued_at=context.now, next_try_at=context.now, tries=0
        )
    )
    session.flush()
    record_event(context, "webhook.tested", ("webhook", webhook_id), {"host": found.host})
    return True


def repeat_deliveries(context: Context, webhook_id: int, ids: Sequence[int] | None = None) -> int:
    """Send deliveries of a webhook again at once: these, or (None) all that were given up. Returns how many there were; 0 if
    the webhook was removed."""
    found = webhook(context.session, webhook_id)
    if found is None:
        return 0
    chosen = update(WebhookDelivery).where(WebhookDelivery.webhook_id == webhook_id)
    if ids is None:
        tests = select(WebhookEvent.id).where(WebhookEvent.kind == TEST)
        given_up = WebhookDelivery.arrived_at.is_(None), WebhookDelivery.next_try_at.is_(None)
        chosen = chosen.where(*given_up, WebhookDelivery.event_id.not_in(tests))
    else:
        chosen = chosen.where(WebhookDelivery.id.in_(ids))
    rows = context.session.execute(chosen.values(next_try_at=context.now, tries=0).returning(WebhookDelivery.id)).all()
    if rows:
        context.session.execute(update(Webhook).where(Webhook.id == webhook_id).values(not_before=None))
        details = {"host": found.host, "deliveries": len(rows)}
        record_event(context, "webhook.repeated", ("webhook", webhook_id), details)
    return len(rows)


def forget_old_deliveries(session: Session, at: datetime) -> int:
    """Delete deliveries that are older than DELIVERY_RETENTION, and events that are not needed any more. Those of statuses are
    kept as long as there is a webhook, because they say what was told already. Returns the number of deliveries."""
    old = select(WebhookDelivery.id).where(WebhookDelivery.queued_at <= at - DELIVERY_RETENTION)
    session.execute(delete(WebhookAttempt).where(WebhookAttempt.delivery_id.in_(old)))
    rows = session.execute(
        delete(WebhookDelivery).where(WebhookDelivery.id.in_(old)).returning(WebhookDelivery.id)
    ).all()
    unneeded = (
        WebhookEvent.id.not_in(select(WebhookDelivery.event_id)),
        WebhookEvent.found_at <= at - DELIVERY_RETENTION,
    )
    if session.execute(select(Webhook.id).where(Webhook.ended_at.is_(None)).limit(1)).first() is None:
        # The next webhook looks at everybody before it begins.
        session.execute(delete(WebhookEvent).where(unneeded[0]))
    else:
        session.execute(delete(WebhookEvent).where(WebhookEvent.kind.in_((COMPLETED, LEFT, TEST)), *unneeded))
    return len(rows)
