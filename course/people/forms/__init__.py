"""Forms about people and teams, by subject."""

from __future__ import annotations

from course.people.forms.directory import (
    ROLE_LABELS,
    USUAL_PATHWAY,
    AddPersonForm,
    AddTeamForm,
    PathwayForm,
    clean_line,
    email_field,
    line_field,
    name_field,
    selected_team_id,
    team_choices,
)
from course.people.forms.person_page import (
    GRANTABLE_ROLES,
    REASON_REQUIRED,
    CorrectIdentityForm,
    DepartureForm,
    GrantRoleForm,
    MergePeopleForm,
    ReturnForm,
    TeamMembershipForm,
)

__all__ = [
    "GRANTABLE_ROLES",
    "REASON_REQUIRED",
    "ROLE_LABELS",
    "USUAL_PATHWAY",
    "AddPersonForm",
    "AddTeamForm",
    "CorrectIdentityForm",
    "DepartureForm",
    "GrantRoleForm",
    "MergePeopleForm",
    "PathwayForm",
    "ReturnForm",
    "TeamMembershipForm",
    "clean_line",
    "email_field",
    "line_field",
    "name_field",
    "selected_team_id",
    "team_choices",
]
