"""A receiver for each test, whose certificate authority the course trusts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.webhooks.receiver import Receiver, serve, write_authority


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The file of certificate authorities to trust, and that of the server."""
    return write_authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def receiver(authority: tuple[Path, Path]) -> Iterator[Receiver]:
    with serve(authority[1]) as found:
        yield found
