"""What tests of second factors share: setting them up through the pages."""

from __future__ import annotations

import re
import time
from dataclasses import replace

import pyotp
from flask import Flask

from course.clock import now
from course.people.models import Person
from course.web.csrf import opaque_id
from tests.makers import PASSWORD
from tests.pages import Client, Page
from tests.support.passkeys import SoftwarePasskey

SITE = "https://course.example.org"


def use_site(app: Flask, public_url: str = SITE) -> None:
    """Let the application of a test have an address that takes passkeys; its cookies stay those of a test."""
    state = app.extensions["course"]
    config = replace(state.config, public_url=public_url)
    app.extensions["course"] = replace(state, config=config)


def challenge_in(page: Page, form: int = -1) -> str:
    """The challenge that a page shows a passkey."""
    found: list[str] = re.findall(r'data-challenge="([^"]+)"', page.html)
    return found[form]


def passkey_of(app: Flask, person: Person, **values: object) -> SoftwarePasskey:
    with app.test_request_context():
        handle = opaque_id(person.id)
    return SoftwarePasskey("course.example.org", SITE, handle, **values)  # type: ignore[arg-type]


def add_passkey(client: Client, key: SoftwarePasskey, status: int = 303) -> Page:
    challenge = challenge_in(client.get("/me/second-factor"))
    return client.post("/me/second-factor/passkeys", {"name": "Work phone", "answer": key.made(challenge)}, status)


def add_app(client: Client) -> str:
    """Set up an authenticator app; its seed. The code that confirmed it is used up."""
    page = client.get("/me/second-factor/app")
    found = re.search(r'class="app-key"[^>]*>([A-Z2-7 ]+)<', page.html)
    assert found
    seed = found[1].replace(" ", "")
    client.post("/me/second-factor/app", {**page.fields(), "code": code_at(seed, -1)})
    return seed


def code_at(seed: str, steps_away: int) -> str:
    """The code that the app shows so many steps from now. Near the end of a step it waits for the next one: a code of the step
    before would be too old by the time that it is read."""
    left = 30 - now().timestamp() % 30
    if steps_away < 0 and left < 5:
        time.sleep(left + 0.1)
    return pyotp.TOTP(seed).at((int(now().timestamp()) // 30 + steps_away) * 30)


def make_codes(client: Client) -> list[str]:
    page = client.post("/me/second-factor/codes", {}, 200)
    return re.findall(r"<li>([a-z2-9]{4}-[a-z2-9]{4}-[a-z2-9]{4})</li>", page.html)


def give_password(client: Client, person: Person) -> Page:
    """The first step of signing in; the page that it leads to is not opened."""
    return client.post("/sign-in", {"email": str(person.email), "password": PASSWORD})
