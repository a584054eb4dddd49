"""What is done to people, their teams, roles and employment, by subject."""

from __future__ import annotations

from course.people.actions.delegation import MAX_DELEGATION, delegate, withdraw_delegation
from course.people.actions.directory import (
    InvitationRequested,
    InvitationWriter,
    Refusal,
    TeamNameTakenError,
    add_person,
    add_team,
    choose_pathway,
    end_employment,
    invite,
    restart_employment,
)
from course.people.actions.identity import (
    LAST_ADMINISTRATOR,
    LATEST_RETURN,
    correct_identity,
    grant_role,
    join_team,
    leave_team,
    merge_people,
    record_departure,
    record_return,
    revoke_role,
    set_teams,
)

__all__ = [
    "LAST_ADMINISTRATOR",
    "LATEST_RETURN",
    "MAX_DELEGATION",
    "InvitationRequested",
    "InvitationWriter",
    "Refusal",
    "TeamNameTakenError",
    "add_person",
    "add_team",
    "choose_pathway",
    "correct_identity",
    "delegate",
    "end_employment",
    "grant_role",
    "invite",
    "join_team",
    "leave_team",
    "merge_people",
    "record_departure",
    "record_return",
    "restart_employment",
    "revoke_role",
    "set_teams",
    "withdraw_delegation",
]
