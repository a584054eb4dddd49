"""A course with a webhook, and what a test asks of it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from course.context import make_context
from course.people.models import Person
from course.web.unit_of_work import read_only_session, unit_of_work
from course.webhooks import actions, queries
from course.webhooks.actions import WebhookSettings
from course.webhooks.jobs import deliver_events
from course.webhooks.models import WebhookDelivery, WebhookEvent
from course.webhooks.rules import EVENT_LABELS, PersonFact, secret_text
from tests.conftest import NOW, SECRET
from tests.makers import PASSWORD, make_person
from tests.pages import Client


def trust(app: Flask, authority: tuple[Path, Path]) -> None:
    """Let the course send to this machine, and trust its certificate authority (WEBHOOK_TEST_CA)."""
    state = app.extensions["course"]
    config = replace(state.config, webhook_test_ca=str(authority[0]))
    app.extensions["course"] = replace(state, config=config)


@dataclass
class HookedCourse:
    """A course on a database that commits, with an administrator and a webhook for everything."""

    app: Flask
    boss: int
    hook: int

    def fact(
        self, key: str = "2026-11-01", at: datetime = NOW, kind: str = "overdue", person: int | None = None
    ) -> None:
        """Something becomes true of a person: the administrator, if nobody is named."""
        with self.app.app_context():
            with read_only_session() as session:
                hooks = queries.webhooks(session)
            with unit_of_work() as session:
                found = PersonFact(person or self.boss, kind, key, {"due": key, "valid_until": None})
                assert actions.record_facts(session, [found], hooks, at) == 1

    def deliver(self, at: datetime = NOW) -> int:
        with self.app.app_context():
            return deliver_events(lambda: at)

    def do(self, action: Callable[..., Any], *arguments: object, at: datetime = NOW) -> Any:
        """An action of the administrator."""
        with self.app.app_context(), unit_of_work() as session:
            return action(make_context(session, self.boss, at), *arguments)

    def secret(self) -> str:
        with self.app.app_context(), read_only_session() as session:
            found = actions.webhook_secret(session, self.hook, SECRET)
        assert found is not None
        return secret_text(found)

    def rows(self) -> list[WebhookDelivery]:
        with self.app.app_context(), read_only_session() as session:
            return list(session.execute(select(WebhookDelivery).order_by(WebhookDelivery.id)).scalars())


def everything(address: str) -> WebhookSettings:
    return WebhookSettings(address, tuple(EVENT_LABELS), None, False)


def hooked(app: Flask, address: str) -> HookedCourse:
    """An administrator and a webhook that has begun."""
    with app.app_context():
        with unit_of_work() as session:
            boss = make_person(session, "Alex Morgan", "alex@example.org", "administrator").id
        with unit_of_work() as session:
            hook = actions.add_webhook(make_context(session, boss, NOW), everything(address), SECRET)
            actions.start_webhooks(session, [hook], NOW)
    return HookedCourse(app, boss, hook)


def events_of(session: Session, person: Person) -> list[tuple[str, str]]:
    rows = (
        select(WebhookEvent.kind, WebhookEvent.fact)
        .where(WebhookEvent.person_id == person.id)
        .order_by(WebhookEvent.id)
    )
    return [(row.kind, row.fact) for row in session.execute(rows)]


def add_by_hand(client: Client, administrator: str) -> int:
    """Add a webhook on the pages, which is off and has a test that waits: no worker delivers it. Its id."""
    client.post("/sign-in", {"email": administrator, "password": PASSWORD})
    chosen = {"address": "https://hr.demo.example/events", "kinds": ["overdue", "left"], "team": ""}
    address = client.post("/system/webhooks/add", chosen).location.split("#")[0]
    client.post(f"{address}/off", {})
    client.post(f"{address}/test", {})
    return int(re.findall(r"[0-9]+", address)[-1])
