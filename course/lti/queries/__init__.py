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
from course.lti.queries.own_accounts import OwnAccount, OwnWays, PlatformSystem, comes_from_platform, own_ways
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
    "OwnAccount",
    "OwnKeyView",
    "OwnWays",
    "PlatformSystem",
    "account_counts",
    "account_holder",
    "accounts_of",
    "comes_from_platform",
    "contexts",
    "grade_links",
    "holder_of",
    "is_mark_used",
    "link_uses",
    "linked_people",
    "open_deployment_id",
    "own_key",
    "own_link",
    "own_ways",
    "person_with_address",
    "platform",
    "platform_connection",
    "platforms",
    "platforms_of",
    "public_keys",
    "team_of_new_person",
]
