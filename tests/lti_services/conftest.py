"""A platform with a gradebook for each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.lti_services.gradebook import Gradebook, gradebook


@pytest.fixture
def book() -> Iterator[Gradebook]:
    with gradebook() as found:
        yield found
