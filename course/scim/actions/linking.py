"""Linking a user of an identity provider to the person whom it is about."""

from __future__ import annotations

from course.scim.models import ScimUser


def link_user(user: ScimUser, person_id: int) -> None:
    """The user is about this person from now on."""
    user.person_id = person_id
