"""What learners know about themselves."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from course.clock import now
from course.content.library import Library
from course.milestones.rules import MIN_SURE_ANSWERS
from tests.makers import make_person, sign_in
from tests.milestones.makers import Doing, make_module_done
from tests.pages import Client
from tests.refreshers.makers import make_completed

pytestmark = pytest.mark.both_engines


@pytest.fixture
def library(app: Flask) -> Library:
    found: Library = app.extensions["course"].library.for_("school", "england")
    return found


def test_from_ten_sure_answers_on_the_share_that_was_right_is_said(
    session: Session, client: Client, library: Library
) -> None:
    points = library.taught_points
    person = make_completed(session, library, timedelta(days=3), missed=points[:3])
    percent = round(100 * (len(points) - 3) / len(points))
    page = sign_in(client, person).get("/what-i-know")
    assert f"When you said “sure”, you were right {percent} % of the time." in page.text


def test_with_fewer_the_page_says_how_many_there_are(session: Session, client: Client, library: Library) -> None:
    person = make_person(session)
    sign_in(client, person)
    assert "You have not said “sure” yet." in client.get("/what-i-know").text
    module = library.modules["new-partners"]
    size = library.check_size(module)
    assert size < MIN_SURE_ANSWERS
    make_module_done(session, library, person.id, module, now())
    page = client.get("/what-i-know")
    assert f"You were sure of {size} answers so far, and {size} were right." in page.text
    assert "New partners and targeted parents" in page.text
    assert "Images, networks and communities" not in page.text


def test_each_module_has_its_own_count_and_nobody_else_s(session: Session, client: Client, library: Library) -> None:
    sam, kim = make_person(session), make_person(session, "Kim Lee", "kim@example.org")
    one, two = library.modules["new-partners"], library.modules["secret-contact"]
    make_module_done(session, library, sam.id, one, now())
    make_module_done(session, library, sam.id, two, now(), Doing(sure="fairly"))
    make_module_done(session, library, kim.id, two, now())
    page = sign_in(client, sam).get("/what-i-know")
    rows = [
        " ".join("".join(row.itertext()).split()) for row in page.all("li") if "Likely to be" in "".join(row.itertext())
    ]
    size = library.check_size(one)
    assert [f"Sure {size} times, right {size} times." in row for row in rows] == [True, False]
    assert "Sure" not in rows[1]
