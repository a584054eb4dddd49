"""Making what these tests need."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import select
from sqlalchemy.orm import Session

from course.clock import now
from course.context import make_context
from course.lti.actions import PlatformDetails, add_platform, link_account, record_launch
from course.lti.models import LtiAccount, LtiContext
from course.lti.queries import platform
from course.lti.rules.launch import LaunchMessage, PlatformContext, PlatformLink, PlatformUser
from course.lti.rules.own_key import NewKey, make_key
from course.lti.rules.registration import RegistrationState
from course.lti.rules.targets import LinkTarget
from tests.conftest import SECRET
from tests.lti.platform import CLIENT_ID, DEPLOYMENT, FakePlatform
from tests.pages import Client, Page

ORIGIN = "http://127.0.0.1:8000"


@cache
def own_key() -> NewKey:
    """A key pair of the course, made once in a process."""
    return make_key()


def details(issuer: str, **changed: Any) -> PlatformDetails:
    """Settings that are right for a platform whose addresses begin with its issuer."""
    usual = PlatformDetails(
        "Riverside Moodle", issuer, CLIENT_ID, f"{issuer}/auth", f"{issuer}/token", "", f"{issuer}/keys",
        deployments=(DEPLOYMENT,),
    )  # fmt: skip
    return replace(usual, **changed)


def register(session: Session, fake: FakePlatform, state: RegistrationState = "on", **changed: Any) -> int:
    """A platform from which people can come; its number."""
    key = replace(own_key(), kid=f"own-{fake.number}")
    public = {**json.loads(key.public_jwk), "kid": key.kid}
    key = replace(key, public_jwk=json.dumps(public))
    fake.own_keys = [public]
    context = make_context(session, None, now())
    number = add_platform(context, details(fake.issuer, **changed), key, SECRET, state)
    assert number is not None
    session.commit()
    return number


def begin(client: Client, fake: FakePlatform, **more: str) -> Any:
    """The answer to the login that a platform begins."""
    asked = {"iss": fake.issuer, "client_id": CLIENT_ID, "login_hint": "7", "lti_message_hint": "hint", **more}
    return client.flask.get(f"/lti/login?{urlencode(asked)}")


def bring(client: Client, form: dict[str, str], **headers: str) -> Page:
    """The page that the course shows for a form that the browser brings from the platform."""
    return Page(client.flask.post("/lti/launch", data=form, headers={"Origin": "http://127.0.0.1:1", **headers}))


def open_course(client: Client, fake: FakePlatform, **claims: Any) -> Page:
    """Open the course from a platform; the page that stands in its frame."""
    return bring(client, fake.launch(begin(client, fake).location, **claims))


def enter(client: Client, page: Page, origin: str = ORIGIN) -> Page:
    """Press the button of that page; what the new window shows."""
    return Page(client.flask.post("/lti/enter", data=page.fields(0), headers={"Origin": origin}))


def sign_in_from(client: Client, fake: FakePlatform, **claims: Any) -> Page:
    """Open the course from a platform and press the button."""
    page = open_course(client, fake, **claims)
    assert page.status == 200, page.text
    return enter(client, page)


def add_platform_with_account(session: Session, person_id: int, actor: int) -> tuple[int, int, int]:
    """A platform that nobody asks, with an account of a person who has opened the course: the numbers of the platform, of the
    context there and of the account."""
    context = make_context(session, actor, now())
    number = add_platform(context, details("https://moodle.example.org"), own_key(), SECRET, "on")
    assert number is not None
    settings = platform(session, number)
    assert settings is not None
    user = PlatformUser("user-1", "sam@example.org", "Sam Okafor")
    assert link_account(context, settings, user, person_id, "person")
    link, place = PlatformLink("link-1", "Online abuse"), PlatformContext("context-1", "Safeguarding 101")
    record_launch(context, settings, LaunchMessage(DEPLOYMENT, user, place, link, LinkTarget()))
    session.commit()
    of_context = session.execute(select(LtiContext.id)).scalar_one()
    return number, of_context, session.execute(select(LtiAccount.id)).scalar_one()
