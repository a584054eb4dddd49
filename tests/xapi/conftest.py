"""A store for each test, whose certificate authority the course trusts."""

from __future__ import annotations

from tests.webhooks.conftest import authority, receiver

__all__ = ["authority", "receiver"]
