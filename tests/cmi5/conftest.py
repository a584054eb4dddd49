"""A platform for each test, whose certificate authority the course trusts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from course.context import make_context
from course.web.unit_of_work import unit_of_work
from tests.cmi5.platform import FakePlatform, allow, serve_platform
from tests.conftest import NOW
from tests.makers import make_person
from tests.webhooks.conftest import authority
from tests.webhooks.makers import trust

__all__ = ["authority"]


@pytest.fixture
def platform(app: Flask, session: Session, authority: tuple[Path, Path]) -> Iterator[FakePlatform]:
    """A platform that an administrator has allowed."""
    state = app.extensions["course"]
    trust(app, authority)
    boss = make_person(session, "Alex Morgan", "alex@example.org", "administrator", at=NOW).id
    with serve_platform(authority[1]) as found:
        with app.app_context(), unit_of_work() as unit:
            found.id = allow(make_context(unit, boss, NOW), found.host)
        yield found
    app.extensions["course"] = state
