"""The pages of webhooks: what is refused and why, the secret that is shown once, and what was delivered."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session
from standardwebhooks import Webhook as Oracle

from course.clock import now
from course.web.recent_sign_in import is_marked
from course.webhooks.jobs import deliver_events
from course.webhooks.models import Webhook
from tests.makers import make_person, sign_in
from tests.pages import Client, words
from tests.webhooks.makers import trust
from tests.webhooks.receiver import Receiver

GOOD: dict[str, Any] = {"address": "https://hr.example.org/events", "kinds": ["overdue"], "team": ""}


@pytest.fixture
def admin(app: Flask, session: Session) -> Client:
    return sign_in(Client(app), make_person(session, "Alex Morgan", "alex@example.org", "administrator"))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"address": ""}, "Enter an address that begins with https://"),
        ({"address": "http://hr.example.org/"}, "Enter an address that begins with https://"),
        ({"address": "hr.example.org"}, "Enter an address that begins with https://"),
        ({"address": "https://"}, "Enter an address that begins with https://"),
        ({"address": "https://hr.example.org:99999/"}, "Enter an address that begins with https://"),
        ({"address": "https://[::1"}, "Enter an address that begins with https://"),
        ({"address": "https://hr.example.org/a b"}, "Enter an address that begins with https://"),
        ({"address": "https://hr.example.org/#x"}, "Enter an address that begins with https://"),
        ({"address": "https://sam:word@hr.example.org/"}, "without a user name"),
        ({"address": "https://localhost/"}, "localhost is not reached from there"),
        ({"address": "https://169.254.169.254/latest"}, "169.254.169.254 is not reached from there"),
        ({"address": "https://[::ffff:10.0.0.1]/"}, "on the public internet"),
        ({"address": "https://hr.example.org/" + "x" * 1000}, "1,000 characters or fewer"),
        ({"kinds": []}, "Choose at least one event"),
        ({"kinds": ["everything"]}, "Choose at least one event"),
        ({"team": "77"}, "Choose one from the list"),
    ],
)  # fmt: skip
def test_a_wrong_entry_is_explained_and_nothing_is_lost(
    admin: Client, session: Session, change: dict[str, Any], message: str
) -> None:
    page = admin.post("/system/webhooks/add", GOOD | {"with_staff_number": "y"} | change, 422)
    assert message in page.text
    assert page.title.startswith("Error: ")
    sent = page.fields()
    assert sent["with_staff_number"] == "y"
    assert sent["address"] == {**GOOD, **change}["address"]
    assert session.execute(select(Webhook.id)).all() == []


def test_the_secret_is_shown_once_and_opens_what_is_sent(
    admin: Client, app: Flask, session: Session, authority: tuple[Path, Path], receiver: Receiver
) -> None:
    before = app.extensions["course"]
    trust(app, authority)
    try:
        page = admin.follow(admin.post("/system/webhooks/add", GOOD | {"address": receiver.address}))
        assert page.headers["Cache-Control"] == "no-store"
        (secret,) = re.findall(r'value="(whsec_[^"]+)"', page.html)
        address = f"/system/webhooks/{session.execute(select(Webhook.id)).scalar_one()}"
        assert "whsec_" not in admin.get(address).html
        stored = session.execute(select(Webhook.secret)).scalar_one()
        assert secret.removeprefix("whsec_").encode() not in stored
        receiver.answer = lambda _taken: (500, {}, b"<script>broken</script>")
        admin.post(f"{address}/test", {})
        with app.app_context():
            assert deliver_events(now) == 1
        assert Oracle(secret).verify(receiver.taken[0].body, receiver.taken[0].headers)["type"] == "webhook.test"
        page = admin.get(address)
        assert "answer 500" in page.text
        assert "<script>broken</script>" in page.text
        assert re.search(r"[0-9]+ ms", page.text)
        again = admin.follow(admin.post(f"{address}/secret", {}))
        (new,) = re.findall(r'value="(whsec_[^"]+)"', again.html)
        assert new != secret
        assert "The secret before it works as well until" in again.text
    finally:
        app.extensions["course"] = before


def test_a_webhook_that_was_turned_off_stands_on_today_and_a_removed_one_is_gone(
    admin: Client, session: Session
) -> None:
    admin.post("/system/webhooks/add", GOOD)
    (hook,) = session.execute(select(Webhook)).scalars()
    address = f"/system/webhooks/{hook.id}"
    assert "webhook was turned off" not in admin.get("/today").text
    hook.off_at, hook.off_reason, hook.failing_since = now(), "failing", now()
    session.commit()
    assert "1 webhook was turned off" in admin.get("/today").text
    assert "Nothing arrived for three days." in admin.get(address).text
    admin.post(f"{address}/on", {})
    assert "webhook was turned off" not in admin.get("/today").text
    assert [words(one) for one in admin.get("/system/webhooks").all("th")][-1] == "hr.example.org"
    admin.post(f"{address}/remove", {})
    admin.get(address, 404)
    for what in ("secret", "test"):
        admin.post(f"{address}/{what}", {}, 404)
    assert "There are none yet." in admin.get("/system/webhooks").text
    assert session.execute(select(Webhook.secret)).scalar_one() == b""


def test_a_browser_asks_for_the_address_and_not_for_every_box(admin: Client) -> None:
    fields = admin.get("/system/webhooks/add").all("input")
    assert {one.get("name") for one in fields if one.get("required") is not None} == {"address"}


def test_what_gives_data_away_asks_for_a_recent_sign_in(app: Flask) -> None:
    with app.app_context():
        marked = {rule.endpoint for rule in app.url_map.iter_rules() if is_marked(rule.endpoint)}
    assert {one for one in marked if one.startswith("webhooks.")} == {
        "webhooks.add", "webhooks.change", "webhooks.rotate_secret",
    }  # fmt: skip
