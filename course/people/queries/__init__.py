"""What is known of people, by subject."""

from __future__ import annotations

from course.people.queries.delegation import Delegation, delegations_by_manager, delegations_to_deputy
from course.people.queries.directory import (
    PEOPLE_PER_PAGE,
    PeoplePage,
    PersonView,
    mail_recipient,
    people_page,
    people_visible_to,
    person,
    person_by_email,
    person_id_by_email,
    person_overview,
    person_views,
    visible_person,
)
from course.people.queries.employment import EmploymentSpell, employment_spells, leavers
from course.people.queries.identity import PreviousIdentity, name_at, previous_identities, taken_identities
from course.people.queries.invitations import Invitee, people_without_password, without_password_query
from course.people.queries.names import BY_NAME, matches_words, names_told_apart
from course.people.queries.pathways import PathwayView, chosen_pathway, newest_pathway
from course.people.queries.person_detail import PersonDetail, person_detail
from course.people.queries.roles import Assignment, administrators, role_assignments, team_assignments
from course.people.queries.team_tree import TeamView, members_below, order_as_tree, teams
from course.people.queries.visibility import (
    ids_recordable_by,
    ids_visible_to,
    may_manage_team,
    may_record,
    recordable_condition,
    team_subtree,
    viewers,
    visible_condition,
    visible_team_ids,
)

__all__ = [
    "BY_NAME",
    "PEOPLE_PER_PAGE",
    "Assignment",
    "Delegation",
    "EmploymentSpell",
    "Invitee",
    "PathwayView",
    "PeoplePage",
    "PersonDetail",
    "PersonView",
    "PreviousIdentity",
    "TeamView",
    "administrators",
    "chosen_pathway",
    "delegations_by_manager",
    "delegations_to_deputy",
    "employment_spells",
    "ids_recordable_by",
    "ids_visible_to",
    "leavers",
    "mail_recipient",
    "matches_words",
    "may_manage_team",
    "may_record",
    "members_below",
    "name_at",
    "names_told_apart",
    "newest_pathway",
    "order_as_tree",
    "people_page",
    "people_visible_to",
    "people_without_password",
    "person",
    "person_by_email",
    "person_detail",
    "person_id_by_email",
    "person_overview",
    "person_views",
    "previous_identities",
    "recordable_condition",
    "role_assignments",
    "taken_identities",
    "team_assignments",
    "team_subtree",
    "teams",
    "viewers",
    "visible_condition",
    "visible_person",
    "visible_team_ids",
    "without_password_query",
]
