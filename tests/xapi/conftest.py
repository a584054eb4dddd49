"""A store for each test, whose certificate authority the course trusts, and the people of whom it is told."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from course.clock import now
from course.content.library import Library
from course.people.models import Person
from tests.makers import make_person, sign_in
from tests.pages import Client
from tests.walking import Learner
from tests.webhooks.conftest import authority, receiver

__all__ = ["authority", "receiver"]


@pytest.fixture
def boss(session: Session) -> Person:
    return make_person(session, "Alex Morgan", "alex@example.org", "administrator", at=now() - timedelta(days=9))


@pytest.fixture
def learner(app: Flask, session: Session, sample_course: Library) -> Learner:
    sam = make_person(session, "Sam Okafor", "sam@example.org", at=now() - timedelta(days=9))
    found = Learner(app, sign_in(Client(app), sam), sam.id)
    found.library = sample_course.for_("school", "england")
    return found
