"""A webhook that is removed while its secret is changed. On PostgreSQL, whose writers do not wait for each other."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import select

from course.clock import now
from course.context import Context, make_context
from course.web.unit_of_work import unit_of_work
from course.webhooks.actions.settings import WebhookSettings, add_webhook, remove_webhook, rotate_secret
from course.webhooks.models import Webhook
from course.webhooks.rules.events import COMPLETED
from tests.conftest import SECRET
from tests.makers import make_person
from tests.support.racing import overtaken


@pytest.mark.parametrize("committed", ["postgresql"], indirect=True)
def test_no_secret_is_kept_of_a_webhook_that_is_removed_while_its_secret_is_changed(committed: Flask) -> None:
    with committed.app_context(), unit_of_work() as session:
        boss = make_person(session, "Alex", "alex@example.org", "administrator").id
        settings = WebhookSettings("https://hooks.example.org/", (COMPLETED,), None, False)
        number = add_webhook(make_context(session, boss, now()), settings, SECRET)

    def work(deed: Callable[[Context], bool]) -> int:
        with committed.app_context(), unit_of_work() as session:
            return int(deed(make_context(session, boss, now())))

    assert overtaken(
        committed.extensions["course"].engine,
        lambda: work(lambda context: rotate_secret(context, number, SECRET)),
        "UPDATE webhook",
        lambda: work(lambda context: remove_webhook(context, number)),
    ) == [1, 1]
    with committed.app_context(), unit_of_work() as session:
        kept = session.execute(select(Webhook.secret, Webhook.previous_secret)).one()
    assert tuple(kept) == (b"", None)
