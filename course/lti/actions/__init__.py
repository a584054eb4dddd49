"""Platforms: registering them, launches from there, and access tokens for their services."""

from __future__ import annotations

from course.lti.actions.accounts import link_account, move_lti_accounts, unlink_account
from course.lti.actions.launches import (
    AcceptedLaunch,
    StaffSignIn,
    UnknownAccount,
    enter_newcomer,
    enter_with_ticket,
    record_launch,
    record_refusal,
)
from course.lti.actions.own_account import link_own_account, unlink_own_account
from course.lti.actions.platform_token import access_token
from course.lti.actions.settings import (
    PlatformDetails,
    add_platform,
    change_platform,
    follow_team_merge,
    record_invitation,
    replace_key,
    set_context_teams,
    switch_platform,
    use_mark,
)

__all__ = [
    "AcceptedLaunch",
    "PlatformDetails",
    "StaffSignIn",
    "UnknownAccount",
    "access_token",
    "add_platform",
    "change_platform",
    "enter_newcomer",
    "enter_with_ticket",
    "follow_team_merge",
    "link_account",
    "link_own_account",
    "move_lti_accounts",
    "record_invitation",
    "record_launch",
    "record_refusal",
    "replace_key",
    "set_context_teams",
    "switch_platform",
    "unlink_account",
    "unlink_own_account",
    "use_mark",
]
