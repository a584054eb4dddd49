"""What the pages of webhooks leave in the audit log. Nothing is delivered: no worker looks for what is due."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import select

from course.webhooks.models import Webhook, WebhookDelivery
from tests.audit.world import World

ADDRESS = "/system/webhooks"
CHOSEN = {"address": "https://hr.example.org/events?token=7", "kinds": ["left", "overdue"], "team": ""}


def _added(world: World) -> str:
    """Add a webhook; the address of its page."""
    world.client.post(f"{ADDRESS}/add", CHOSEN)
    return f"{ADDRESS}/{world.session.execute(select(Webhook.id)).scalar_one()}"


def _then(world: World, what: str, **form: str) -> str:
    address = _added(world)
    world.client.post(f"{address}/{what}", form)
    return address


def _change(world: World) -> None:
    address = _added(world)
    for _ in range(2):
        world.client.post(f"{address}/change", CHOSEN | {"with_staff_number": "y"})


def _on(world: World) -> None:
    world.client.post(f"{_then(world, 'off')}/on", {})


def _repeat(world: World) -> None:
    address = _then(world, "test")
    delivery = world.session.execute(select(WebhookDelivery.id)).scalar_one()
    world.client.post(f"{address}/deliveries/{delivery}/repeat", {})


_ADDED = "webhook.added"
WEBHOOK_ACTIONS: dict[str, list[tuple[Callable[[World], object], list[str], str | None]]] = {
    "webhooks.add": [(_added, [_ADDED], "boss")],
    "webhooks.change": [(_change, [_ADDED, "webhook.changed"], "boss")],
    "webhooks.rotate_secret": [(lambda w: _then(w, "secret"), [_ADDED, "webhook.secret_rotated"], "boss")],
    "webhooks.turn_off": [(lambda w: _then(w, "off"), [_ADDED, "webhook.turned_off"], "boss")],
    "webhooks.turn_on": [(_on, [_ADDED, "webhook.turned_off", "webhook.turned_on"], "boss")],
    "webhooks.remove": [(lambda w: _then(w, "remove"), [_ADDED, "webhook.removed"], "boss")],
    "webhooks.send_test": [(lambda w: _then(w, "test"), [_ADDED, "webhook.tested"], "boss")],
    "webhooks.repeat_failed": [(lambda w: _then(w, "repeat"), [_ADDED], "boss")],
    "webhooks.repeat": [(_repeat, [_ADDED, "webhook.tested", "webhook.repeated"], "boss")],
}
