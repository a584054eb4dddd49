"""Setting webhooks up, recording what they are told of, and what became of it."""

from __future__ import annotations

from course.webhooks.actions.deliveries import (
    claim_delivery,
    forget_old_deliveries,
    record_attempt,
    repeat_deliveries,
    send_test,
)
from course.webhooks.actions.facts import (
    forget_leaving_of_merged,
    note_completion,
    note_leaving,
    record_facts,
    start_webhooks,
)
from course.webhooks.actions.settings import (
    WebhookSettings,
    add_webhook,
    change_webhook,
    remove_webhook,
    rotate_secret,
    turn_off,
    turn_on,
    webhook_secret,
)

__all__ = [
    "WebhookSettings",
    "add_webhook",
    "change_webhook",
    "claim_delivery",
    "forget_leaving_of_merged",
    "forget_old_deliveries",
    "note_completion",
    "note_leaving",
    "record_attempt",
    "record_facts",
    "remove_webhook",
    "repeat_deliveries",
    "rotate_secret",
    "send_test",
    "start_webhooks",
    "turn_off",
    "turn_on",
    "webhook_secret",
]
