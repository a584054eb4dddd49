"""Adding, changing, turning off and removing webhooks, and replacing their secrets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from course.audit.actions import record_event
from course.context import Context
from course.encryption import lock_secret, unlock_secret
from course.webhooks.models import Webhook, WebhookDelivery, WebhookEvent
from course.webhooks.queries import WebhookView, webhook
from course.webhooks.rules import SECRET_OVERLAP, TEST, new_secret


@dataclass(frozen=True)
class WebhookSettings:
    """What an administrator chooses: where to send, the kinds of events, a team to which it is limited (None: everybody), and
    whether the staff number is sent."""

    address: str
    kinds: tuple[str, ...]
    team_id: int | None
    with_staff_number: bool


def secret_purpose(webhook_id: int) -> str:
    """What the secret of a webhook is for, to which its encryption is bound."""
    return f"webhook {webhook_id}"


def add_webhook(context: Context, settings: WebhookSettings, secret_key: str) -> int:
    """Add a webhook with a new secret; returns its id. It is told of what happens from now on."""
    session = context.session
    row = Webhook(**_columns(settings), secret=b"", made_by=context.person_id, made_at=context.now)
    session.add(row)
    session.flush()
    row.secret = lock_secret(new_secret(), secret_key, secret_purpose(row.id))
    session.flush()
    _record(context, "webhook.added", row.id, **_told(settings))
    return row.id


def _columns(settings: WebhookSettings) -> dict[str, Any]:
    return {
        "address": settings.address, "kinds": " ".join(settings.kinds), "team_id": settings.team_id,
        "with_staff_number": settings.with_staff_number,
    }  # fmt: skip


def _told(settings: WebhookSettings) -> dict[str, Any]:
    return {"events": ", ".join(settings.kinds), "team": settings.team_id, "staff_number": settings.with_staff_number}


def change_webhook(context: Context, webhook_id: int, settings: WebhookSettings) -> bool:
    """Change what a webhook is told of and where; False, and nothing written, if nothing is different, or it was removed."""
    before = webhook(context.session, webhook_id)
    if before is None:
        return False
    known = WebhookSettings(before.address, before.kinds, before.team_id, before.with_staff_number)
    if known == settings:
        return False
    words = {"address": "address", "kinds": "events", "team_id": "team", "with_staff_number": "staff number"}
    changed = ", ".join(word for name, word in words.items() if getattr(known, name) != getattr(settings, name))
    _update(context.session, webhook_id, **_columns(settings))
    _record(context, "webhook.changed", webhook_id, changed=changed, **_told(settings))
    return True


def rotate_secret(context: Context, webhook_id: int, secret_key: str) -> bool:
    """Give a webhook a new secret. The one before signs as well for SECRET_OVERLAP, so that the other system can change over;
    one that is older signs no more. False if the webhook was removed."""
    session = context.session
    # Locked: whoever removes it at this moment forgets the new secret too, and of two who change it the second sees the first.
    current = select(Webhook).where(Webhook.id == webhook_id, Webhook.ended_at.is_(None)).with_for_update()
    row = session.execute(current).scalar_one_or_none()
    if row is None:
        return False
    row.previous_secret, row.previous_until = row.secret, context.now + SECRET_OVERLAP
    row.secret = lock_secret(new_secret(), secret_key, secret_purpose(webhook_id))
    session.flush()
    _record(context, "webhook.secret_rotated", webhook_id)
    return True


def webhook_secret(session: Session, webhook_id: int, secret_key: str) -> bytes | None:
    """The newest secret of a webhook; None if it was removed. Raises SecretLockedError if SECRET_KEY is another one."""
    row = select(Webhook.secret).where(Webhook.id == webhook_id, Webhook.ended_at.is_(None))
    locked = session.execute(row).scalar_one_or_none()
    return None if locked is None else unlock_secret(locked, secret_key, secret_purpose(webhook_id))


def turn_off(context: Context, webhook_id: int) -> bool:
    """Send nothing for now; what happens meanwhile waits. False if it is off or was removed."""
    if not _update(context.session, webhook_id, Webhook.off_at.is_(None), off_at=context.now, off_reason="person"):
        return False
    _record(context, "webhook.turned_off", webhook_id)
    return True


def turn_on(context: Context, webhook_id: int) -> bool:
    """Send again, first what has not arrived and is still kept, also what was given up. False if it is on or was removed."""
    values = {"off_at": None, "off_reason": None, "failing_since": None, "not_before": None}
    if not _update(context.session, webhook_id, Webhook.off_at.is_not(None), **values):
        return False
    tests = select(WebhookEvent.id).where(WebhookEvent.kind == TEST)
    context.session.execute(
        update(WebhookDelivery)
        .where(
            WebhookDelivery.webhook_id == webhook_id,
            WebhookDelivery.arrived_at.is_(None),
            WebhookDelivery.event_id.not_in(tests),
        )
        .values(next_try_at=context.now, tries=0)
    )
    _record(context, "webhook.turned_on", webhook_id)
    return True


def remove_webhook(context: Context, webhook_id: int) -> bool:
    """Remove a webhook: nothing is sent to it any more, its secrets are forgotten, and its deliveries go with time. False if
    it was removed before."""
    found = webhook(context.session, webhook_id)
    values = {"ended_at": context.now, "secret": b"", "previous_secret": None}
    if found is None or not _update(context.session, webhook_id, **values):
        return False
    waiting = WebhookDelivery.webhook_id == webhook_id, WebhookDelivery.next_try_at.is_not(None)
    context.session.execute(update(WebhookDelivery).where(*waiting).values(next_try_at=None))
    record_event(context, "webhook.removed", ("webhook", webhook_id), {"host": found.host})
    return True


def _update(session: Session, webhook_id: int, *conditions: Any, **values: Any) -> bool:
    """Change a webhook that is not removed and fulfils the conditions; whether there was one."""
    changing = update(Webhook).where(Webhook.id == webhook_id, Webhook.ended_at.is_(None), *conditions).values(values)
    return session.execute(changing.returning(Webhook.id)).first() is not None


def _record(context: Context, event: str, webhook_id: int, **details: Any) -> None:
    found: WebhookView | None = webhook(context.session, webhook_id)
    record_event(context, event, ("webhook", webhook_id), {"host": found.host if found else "", **details})
