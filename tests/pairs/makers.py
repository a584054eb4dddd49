"""Two colleagues on two phones."""

from __future__ import annotations

import re
from datetime import timedelta

from flask import Flask
from sqlalchemy.orm import Session

from course.people.models import Person
from tests.conftest import NOW
from tests.makers import make_person, sign_in
from tests.pages import Client, Page

STORY = "/module/secret-contact/second-phone"


def make_two(session: Session) -> tuple[Person, Person]:
    """Sam and Kim, who work in the same organisation."""
    return make_person(session), make_person(session, "Kim Else", "kim@example.org", at=NOW - timedelta(days=9))


def open_story(client: Client) -> tuple[str, str]:
    """Open a pair: the address of its page, and the code."""
    address = client.post(f"{STORY}/together", {}).location
    found = re.search(r"Code: ((?:\d ){5}\d)", client.get(address).text)
    assert found
    return address, found[1].replace(" ", "")


def two_phones(app: Flask, people: tuple[Person, Person]) -> tuple[Client, Client, str]:
    """Both signed in, the second has joined the first; and the address of their page."""
    sam, kim = (sign_in(Client(app), person) for person in people)
    address, code = open_story(sam)
    assert kim.post("/pair", {"code": code}).location == address
    return sam, kim, address


def choose(client: Client, address: str, choice: str, step: int = 1, stage: str = "alone") -> Page:
    """Press a choice; the page after it."""
    client.post(address, {"step": str(step), "stage": stage, "choice": choice})
    return client.flask_page(address)
