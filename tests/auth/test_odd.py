"""Unusual characters in the sign-in form do no harm."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from tests.makers import make_organisation
from tests.pages import Client


@pytest.mark.parametrize("value", ["\x00@example.org", "a\x00@example.org", "😀", "x" * 5000])
def test_odd_addresses_are_refused_politely(session: Session, client: Client, value: str) -> None:
    make_organisation(session)
    client.post("/sign-in", {"email": value, "password": value}, 422)
    client.flask.post("/forgotten", data={"csrf_token": client.token(), "email": value})
    client.get("/link/%00", 404)
