"""Platforms: registering them, launches from there, and access tokens for their services."""

from __future__ import annotations

from course.lti.actions.platform_token import access_token

__all__ = ["access_token"]
