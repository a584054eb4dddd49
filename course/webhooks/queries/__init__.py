"""The webhooks, what waits to be delivered, and what became of it."""

from __future__ import annotations

from course.webhooks.queries.deliveries import (
    DeliveryAttempt,
    DeliveryView,
    DueDelivery,
    Parcel,
    deliveries,
    due_delivery,
    has_due_delivery,
    parcel,
    waiting_counts,
)
from course.webhooks.queries.facts import new_status_facts, next_status_rows
from course.webhooks.queries.webhooks import WebhookView, has_webhook, stopped_webhooks_query, webhook, webhooks

__all__ = [
    "DeliveryAttempt",
    "DeliveryView",
    "DueDelivery",
    "Parcel",
    "WebhookView",
    "deliveries",
    "due_delivery",
    "has_due_delivery",
    "has_webhook",
    "new_status_facts",
    "next_status_rows",
    "parcel",
    "stopped_webhooks_query",
    "waiting_counts",
    "webhook",
    "webhooks",
]
