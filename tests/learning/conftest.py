"""What tests of the learners' pages share."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from course.content.library import Library
from tests.makers import make_person, sign_in
from tests.pages import Client
from tests.walking import Learner


@pytest.fixture
def learner(app: Flask, session: Session, client: Client) -> Learner:
    """A person who has signed in and begun nothing."""
    person = make_person(session)
    sign_in(client, person)
    return Learner(app, client, person.id)


@pytest.fixture
def library(app: Flask) -> Library:
    """The course as a school in England reads it."""
    found = app.extensions["course"].library.for_("school", "england")
    assert isinstance(found, Library)
    return found
