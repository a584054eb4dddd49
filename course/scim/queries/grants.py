"""What groups give people now, and what they have given."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.orm import Session

from course.people.models import OwnedField, Person, Team
from course.people.queries.pathways import newest_pathway
from course.scim.models import ScimGroup, ScimGroupRule, ScimMember, ScimUser
from course.scim.rules.grants import Grant, effective_grants


def wanted_grants(session: Session, connection_id: int, people: Collection[int]) -> dict[int, frozenset[Grant]]:
    """What each of these people is to have by the rules of the groups that they are in now: nothing while they are inactive
    or have left, and nothing in a closed team. One query."""
    rows = (
        select(ScimUser.person_id, ScimGroupRule.kind, ScimGroupRule.team_id, ScimGroupRule.pathway, Team.closed_at)
        .join(ScimMember, ScimMember.user_id == ScimUser.id)
        .join(ScimGroup, ScimGroup.id == ScimMember.group_id)
        .join(ScimGroupRule, ScimGroupRule.group_id == ScimGroup.id)
        .join(Person, Person.id == ScimUser.person_id)
        .outerjoin(Team, Team.id == ScimGroupRule.team_id)
        .where(
            ScimUser.connection_id == connection_id, ScimUser.person_id.in_(people), ScimUser.ended_at.is_(None),
            ScimUser.active.is_not(False), Person.left_at.is_(None), ScimGroup.ended_at.is_(None), ScimGroupRule.ended_at.is_(None),
        )
        .order_by(ScimGroupRule.id)
    )  # fmt: skip
    found: dict[int, list[Grant]] = defaultdict(list)
    for person_id, kind, team_id, pathway, closed_at in session.execute(rows):
        if closed_at is None and person_id is not None:
            found[person_id].append(Grant(kind, team_id, pathway))
    return {person_id: effective_grants(grants) for person_id, grants in found.items()}


def given_by(session: Session, source: str, people: Collection[int]) -> dict[int, frozenset[Grant]]:
    """What the groups of a connection have given each of these people. One query."""
    rows = select(
        OwnedField.person_id, OwnedField.field, OwnedField.team_id, newest_pathway(OwnedField.__table__.c.person_id)
    ).where(
        OwnedField.source == source, OwnedField.person_id.in_(people), OwnedField.until.is_(None),
        OwnedField.field.in_(("team", "manager", "pathway")),
    )  # fmt: skip
    found: dict[int, set[Grant]] = defaultdict(set)
    for person_id, kind, team_id, pathway in session.execute(rows):
        found[person_id].add(Grant(kind, team_id, pathway if kind == "pathway" else None))
    return {person_id: frozenset(grants) for person_id, grants in found.items()}
