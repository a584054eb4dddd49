"""Platforms, our keys for them, and the accounts, contexts and links that came from there."""

from __future__ import annotations

from course.lti.queries.accounts import (
    AccountView,
    account_counts,
    account_holder,
    accounts_of,
    holder_of,
    linked_people,
    own_link,
    person_with_address,
    team_of_new_person,
)
from course.lti.queries.links import ContextView, GradeLink, LinkUse, contexts, grade_links, link_uses
from course.lti.queries.platforms import (
    OwnKeyView,
    is_mark_used,
    open_deployment_id,
    own_key,
    platform,
    platform_connection,
    platforms,
    platforms_of,
    public_keys,
)

__all__ = [
    "AccountView",
    "ContextView",
    "GradeLink",
    "LinkUse",
    "OwnKeyView",
    "account_counts",
    "account_holder",
    "accounts_of",
    "contexts",
    "grade_links",
    "holder_of",
    "is_mark_used",
    "link_uses",
    "linked_people",
    "open_deployment_id",
    "own_key",
    "own_link",
    "person_with_address",
    "platform",
    "platform_connection",
    "platforms",
    "platforms_of",
    "public_keys",
    "team_of_new_person",
]
