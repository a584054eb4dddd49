"""Whoever has a role is offered only what it opens."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from tests.makers import make_person
from tests.pages import Client
from tests.people.house import House, make_house, soon

STARTS = (
    "/",
    "/today",
    "/report",
    "/people",
    "/people/2",
    "/report/people/2",
    "/teams",
    "/teams/2",
    "/audit",
    "/supervised",
)
# Files, and what ends the session.
LEFT_OUT = re.compile(r"^/(static|sign-out|logo)|\.(ics|vcf|png)$")


@pytest.fixture
def house(app: Flask, session: Session) -> House:
    """With somebody who has no address and has never signed in: pages offer more then."""
    house = make_house(app, session)
    house.give("Nell", "auditor", None, soon())
    without = make_person(session, "Lena Hart", "lena@example.org", team=house.teams["Seals"], password=None)
    without.email, without.sign_in_name, without.sign_in_key = None, "lena hart", "lenahart"
    session.commit()
    return house


def links(client: Client, start: str) -> set[str]:
    page = client.flask_page(start)
    if page.status != 200:
        return set()
    targets = {link.get("href", "").split("#")[0] for link in page.all("a")}
    return {target for target in targets if target.startswith("/") and not LEFT_OUT.search(target.split("?")[0])}


@pytest.mark.parametrize("name", ["Kim", "Priya", "Hal", "Nell", "Alex"])
def test_every_link_that_somebody_is_shown_opens(house: House, name: str) -> None:
    client = house.client(name)
    offered = {link for start in STARTS for link in links(client, start)}
    assert len(offered) > 10
    closed = {link: client.flask.get(link).status_code for link in sorted(offered)}
    assert {link: status for link, status in closed.items() if status >= 400} == {}
