"""What tests of supervised sessions share."""

from __future__ import annotations

import pytest
from flask import Flask

from course.content.library import Library


@pytest.fixture
def library(app: Flask) -> Library:
    """The course as a school in England reads it."""
    found = app.extensions["course"].library.for_("school", "england")
    assert isinstance(found, Library)
    return found
