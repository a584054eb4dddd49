"""Making what these tests need."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import Flask
from sqlalchemy.orm import Session

from course.clock import now
from course.context import make_context
from course.identity_providers.actions import ProviderDetails, add_provider
from tests.conftest import SECRET
from tests.identity_providers.fake_provider import CLIENT_ID, CLIENT_SECRET, FakeProvider
from tests.pages import Client, Page


def details(fake: FakeProvider, **changed: Any) -> ProviderDetails:
    """Settings that are right for a fake provider."""
    usual = ProviderDetails(
        "openid", "Riverside ID", f"{fake.issuer}/.well-known/openid-configuration", CLIENT_ID, CLIENT_SECRET,
        "openid email profile", (), (), "groups", False, None, False, True, True, (),
    )  # fmt: skip
    return replace(usual, **changed)


def set_up_provider(session: Session, fake: FakeProvider, **changed: Any) -> int:
    """A provider that people can sign in with; its number."""
    number = add_provider(make_context(session, None, now()), details(fake, **changed), SECRET)
    session.commit()
    return number


def sign_in_with(client: Client, fake: FakeProvider, number: int, status: int = 303, **claims: Any) -> Page:
    """Sign in through a provider, as a browser does; the page that comes of it."""
    begun = client.get(f"/sign-in/with/{number}", 303)
    return client.get(fake.sign_in(begun.location, **claims), status)


def is_signed_in(client: Client) -> bool:
    return client.flask.get("/me").status_code == 200


def another(app: Flask) -> Client:
    """Another browser."""
    return Client(app)


def begin_link(client: Client, number: int) -> str:
    """Begin to link an account; the address at the provider to which the page leads."""
    return str(client.post(f"/me/accounts/add/{number}", {}, 200).headers["Refresh"]).partition("url=")[2]
