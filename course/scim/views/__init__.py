"""The pages of connections, and the addresses of the protocol."""

from __future__ import annotations

from course.scim.views.pages import pages
from course.scim.views.protocol import protocol

__all__ = ["pages", "protocol"]
