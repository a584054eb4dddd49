"""Allowing platforms, beginning and ending sessions, and what is sent of them."""

from __future__ import annotations

from course.cmi5.actions.delivery import (
    claim_session_statement,
    forget_old_sessions,
    record_answer_of_platform,
    repeat_session_statement,
    token_purpose,
)
from course.cmi5.actions.launches import (
    BegunLaunch,
    NewLaunch,
    begin_launch,
    end_launch,
    end_own_link,
    move_cmi5_accounts,
    record_launch_refusal,
    refusal_of,
    unlink_account,
)
from course.cmi5.actions.outcomes import note_cmi5_completion, note_cmi5_fact, note_module
from course.cmi5.actions.platforms import Cmi5PlatformSettings, add_platform, change_platform, follow_team_merge

__all__ = [
    "BegunLaunch",
    "Cmi5PlatformSettings",
    "NewLaunch",
    "add_platform",
    "begin_launch",
    "change_platform",
    "claim_session_statement",
    "end_launch",
    "end_own_link",
    "follow_team_merge",
    "forget_old_sessions",
    "move_cmi5_accounts",
    "note_cmi5_completion",
    "note_cmi5_fact",
    "note_module",
    "record_answer_of_platform",
    "record_launch_refusal",
    "refusal_of",
    "repeat_session_statement",
    "token_purpose",
    "unlink_account",
]
