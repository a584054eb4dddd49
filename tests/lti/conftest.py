"""Platforms on loopback for these tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.lti.platform import FakePlatform, FakePlatforms, fake_platforms


@pytest.fixture(scope="session")
def platforms() -> Iterator[FakePlatforms]:
    """The server of fake platforms of this run."""
    with fake_platforms() as server:
        yield server


@pytest.fixture
def fake(platforms: FakePlatforms) -> FakePlatform:
    """A platform of this test alone."""
    return platforms.new()
