"""The course as a school in England reads it, and a fixture that teaches it with a marked change."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from course.clock import now
from course.content.actions import archive
from course.content.library import Library
from tests.refreshers.refresher_steps import Teach, changed


@pytest.fixture
def library(app: Flask) -> Library:
    found: Library = app.extensions["course"].library.for_("school", "england")
    return found


@pytest.fixture
def teach(app: Flask, session: Session) -> Iterator[Teach]:
    """Teach the course with a marked change from now on."""
    kept = app.extensions["course"]

    def teach(update_days: int | None) -> Library:
        anew = changed(kept.library, update_days)
        app.extensions["course"] = replace(kept, library=anew)
        archive(session, anew, now())
        session.commit()
        return anew.for_("school", "england")

    yield teach
    app.extensions["course"] = kept
