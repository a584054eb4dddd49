"""What is done to people, their teams, roles and employment, by subject."""

from __future__ import annotations

from course.people.actions.delegation import MAX_DELEGATION, delegate, withdraw_delegation
from course.people.actions.directory import (
    NewPerson,
    Refusal,
    TeamNameTakenError,
    add_identity,
    add_people,
    add_person,
    add_team,
    choose_pathway,
    get_current_person,
    lock_current_person,
    team_name,
)
from course.people.actions.employment import (
    LATEST_DEPARTURE,
    LATEST_RETURN,
    end_employment,
    plan_departure,
    record_departure,
    record_due_departure,
    record_return,
    restart_employment,
    withdraw_departure,
    withdraw_planned_departure,
)
from course.people.actions.identity import (
    change_identity,
    choose_language,
    correct_identity,
    erase_address,
    erase_name,
    merge_people,
)
from course.people.actions.invitations import invite, withdraw_invitation
from course.people.actions.locking import lock_leaving_people, lock_open_teams_among, lock_people
from course.people.actions.memberships import end_membership, join_team, leave_team, open_teams, set_teams
from course.people.actions.roles import (
    LAST_ADMINISTRATOR,
    close_expired_roles,
    end_role,
    grant_role,
    is_last_administrator,
    revoke_role,
)
from course.people.actions.team_settings import follow_team_pathways, record_usual_language, set_team_setting
from course.people.actions.team_tree import (
    NAME_TAKEN,
    AssignmentRow,
    change_team,
    close_team,
    merge_teams,
)

__all__ = [
    "LAST_ADMINISTRATOR",
    "LATEST_DEPARTURE",
    "LATEST_RETURN",
    "MAX_DELEGATION",
    "NAME_TAKEN",
    "AssignmentRow",
    "NewPerson",
    "Refusal",
    "TeamNameTakenError",
    "add_identity",
    "add_people",
    "add_person",
    "add_team",
    "change_identity",
    "change_team",
    "choose_language",
    "choose_pathway",
    "close_expired_roles",
    "close_team",
    "correct_identity",
    "delegate",
    "end_employment",
    "end_membership",
    "end_role",
    "erase_address",
    "erase_name",
    "follow_team_pathways",
    "get_current_person",
    "grant_role",
    "invite",
    "is_last_administrator",
    "join_team",
    "leave_team",
    "lock_current_person",
    "lock_leaving_people",
    "lock_open_teams_among",
    "lock_people",
    "merge_people",
    "merge_teams",
    "open_teams",
    "plan_departure",
    "record_departure",
    "record_due_departure",
    "record_return",
    "record_usual_language",
    "restart_employment",
    "revoke_role",
    "set_team_setting",
    "set_teams",
    "team_name",
    "withdraw_delegation",
    "withdraw_departure",
    "withdraw_invitation",
    "withdraw_planned_departure",
]
