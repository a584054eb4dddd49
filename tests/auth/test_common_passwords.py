"""Every way to choose a password or PIN refuses those that are guessed first."""

from __future__ import annotations

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from course.auth.actions import create_link, create_set_up_link, issue_code
from course.clock import now
from course.context import make_context
from course.people.models import Person
from course.people.rules import normalise_login
from tests.conftest import SECRET
from tests.makers import PASSWORD, make_person, sign_in
from tests.pages import Client

COMMON, COMMON_PIN = "qwertyuiop", "12344321"


@pytest.mark.parametrize("way", ["account", "link", "code", "code with a PIN", "set-up"])
def test_a_common_password_is_refused(session: Session, client: Client, way: str) -> None:
    if way == "set-up":
        path = f"/set-up/{create_set_up_link(session, now())}"
        session.commit()
        form = {**client.get(path).fields(), "organisation": "Hill", "name": "Ann", "email": "ann@example.org"}
    else:
        person = make_person(session)
        if way == "account":
            sign_in(client, person)
            path, form = "/me", {"current": PASSWORD}
        elif way == "link":
            path, form = f"/link/{create_link(session, person.id, 'forgotten', now())}", {}
        else:
            session.execute(update(Person).values(email=None, sign_in_name="K-17", sign_in_key=normalise_login("K-17")))
            issued = issue_code(make_context(session, None, now()), person.id, SECRET)
            assert issued is not None
            path, form = "/code", {"login": "K-17", "code": issued.code}
        session.commit()
    chosen = COMMON_PIN if way == "code with a PIN" else COMMON
    refused = client.post(path, {**form, "password": chosen}, 422)
    assert "easy to guess" in refused.text
