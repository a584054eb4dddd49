"""Groups of an identity provider, their members, and the rules that say what a group gives."""

from __future__ import annotations

from collections.abc import Collection
from uuid import uuid4

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from course.audit.actions import record_event
from course.content.schema import SETTINGS
from course.context import Context, make_context
from course.people.actions import lock_open_teams_among
from course.people.events import TeamsMerged
from course.scim.actions.grants import apply_grants
from course.scim.models import ScimConnection, ScimGroup, ScimGroupRule, ScimMember, ScimUser
from course.scim.rules.attributes import MAX_KEY_LENGTH, is_storable_text
from course.scim.rules.grants import KINDS, Grant
from course.scim.rules.problems import ProvisioningRefusedError


def create_group(
    context: Context, connection: ScimConnection, name: str, external_id: str | None, members: Collection[str]
) -> ScimGroup:
    """A new group, with the users of these resource ids in it. The rules of an earlier group with the same external id hold
    for it. Raises ProvisioningRefusedError."""
    _check(name, external_id)
    group = ScimGroup(
        resource_id=str(uuid4()), connection_id=connection.id, display_name=name, external_id=external_id,
        created_at=context.now, changed_at=context.now,
    )  # fmt: skip
    context.session.add(group)
    context.session.flush()
    if external_id is not None:
        _move_rules(context.session, connection.id, external_id, group.id)
    _set_members(context, connection, group, members)
    return group


def replace_group(
    context: Context,
    connection: ScimConnection,
    group: ScimGroup,
    name: str,
    external_id: str | None,
    members: Collection[str] | None,
) -> None:
    """A group has another name, or other members (None: nothing is said of them, so they stay). Raises
    ProvisioningRefusedError."""
    _check(name, external_id)
    group.display_name, group.external_id, group.changed_at = name, external_id, context.now
    context.session.flush()
    if members is not None:
        _set_members(context, connection, group, members)


def end_group(context: Context, connection: ScimConnection, group: ScimGroup) -> None:
    """The identity provider deletes a group: its members lose what it gave them."""
    _set_members(context, connection, group, ())
    group.ended_at = group.changed_at = context.now
    context.session.flush()


def _check(name: str, external_id: str | None) -> None:
    if not (is_storable_text(name) and is_storable_text(external_id or "")):
        raise ProvisioningRefusedError("characters")
    if len(name) > MAX_KEY_LENGTH or len(external_id or "") > MAX_KEY_LENGTH:
        raise ProvisioningRefusedError("long")


def _move_rules(session: Session, connection_id: int, external_id: str, group_id: int) -> None:
    earlier = select(ScimGroup.id).where(
        ScimGroup.connection_id == connection_id, ScimGroup.external_id == external_id, ScimGroup.ended_at.is_not(None)
    )
    moving = update(ScimGroupRule).where(ScimGroupRule.ended_at.is_(None), ScimGroupRule.group_id.in_(earlier))
    session.execute(moving.values(group_id=group_id), execution_options={"synchronize_session": False})


def _set_members(context: Context, connection: ScimConnection, group: ScimGroup, members: Collection[str]) -> None:
    """Put these users, and no others, into a group, and give and take what that means."""
    session = context.session
    if not all(map(is_storable_text, members)):
        raise ProvisioningRefusedError("characters")
    known = select(ScimUser.resource_id, ScimUser.id).where(
        ScimUser.connection_id == connection.id, ScimUser.ended_at.is_(None), ScimUser.resource_id.in_(set(members))
    )
    wanted = {row.resource_id: row.id for row in session.execute(known)}
    if len(wanted) < len(set(members)):
        raise ProvisioningRefusedError("member")
    rows = (
        select(ScimMember.user_id).join(ScimUser, ScimUser.id == ScimMember.user_id).where(
            ScimMember.group_id == group.id
        )
    )  # fmt: skip
    present = set(session.execute(rows).scalars())
    added, removed = set(wanted.values()) - present, present - set(wanted.values())
    if removed:
        session.execute(
            delete(ScimMember).where(ScimMember.group_id == group.id, ScimMember.user_id.in_(removed)),
            execution_options={"synchronize_session": False},
        )
    session.add_all(ScimMember(group_id=group.id, user_id=one) for one in sorted(added))
    session.flush()
    changed = select(ScimUser.person_id).where(ScimUser.id.in_(added | removed), ScimUser.person_id.is_not(None))
    people = [one for one in session.execute(changed).scalars() if one is not None]
    if people:
        apply_grants(context, connection, people)


def add_rule(context: Context, group: ScimGroup, grant: Grant) -> bool:
    """From now on a group gives this; False if it did, or the team is closed. Its members get it with `apply_grants`.

    Raises ValueError for a kind or pathway that does not exist.
    """
    session = context.session
    if grant.kind not in KINDS or (grant.kind == "pathway") != (grant.pathway in SETTINGS):
        raise ValueError(f"a group cannot give {grant}")
    if grant.kind != "pathway" and (grant.team_id is None or not lock_open_teams_among(session, [grant.team_id])):
        return False
    same = select(ScimGroupRule.id).where(
        ScimGroupRule.group_id == group.id, ScimGroupRule.kind == grant.kind, ScimGroupRule.ended_at.is_(None),
        ScimGroupRule.team_id.is_not_distinct_from(grant.team_id),
        ScimGroupRule.pathway.is_not_distinct_from(grant.pathway),
    )  # fmt: skip
    if session.execute(same).first() is not None:
        return False
    session.add(
        ScimGroupRule(group_id=group.id, kind=grant.kind, team_id=grant.team_id, pathway=grant.pathway,
                      made_by=context.actor, made_at=context.now)
    )  # fmt: skip
    session.flush()
    record_event(context, "scim.rule_added", ("scim", group.connection_id), _rule_details(group, grant))
    return True


def end_rule(context: Context, rule: ScimGroupRule, group: ScimGroup) -> bool:
    """A group does not give this any more; False if it did not."""
    if rule.ended_at is not None:
        return False
    rule.ended_at, rule.ended_by = context.now, context.actor
    context.session.flush()
    grant = Grant(rule.kind, rule.team_id, rule.pathway)
    record_event(context, "scim.rule_ended", ("scim", group.connection_id), _rule_details(group, grant))
    return True


def move_rules_of_team(session: Session, event: TeamsMerged) -> None:
    """A team was merged: what a group gave there, it gives in the other team from now on, to those who are in the group and
    those who come into it."""
    context = make_context(session, event.by, event.at)
    rows = select(ScimGroupRule).where(ScimGroupRule.team_id == event.team_id, ScimGroupRule.ended_at.is_(None))
    for rule in session.execute(rows.order_by(ScimGroupRule.id)).scalars().all():
        group = session.get_one(ScimGroup, rule.group_id)
        end_rule(context, rule, group)
        if group.ended_at is None:
            add_rule(context, group, Grant(rule.kind, event.into_id, None))


def _rule_details(group: ScimGroup, grant: Grant) -> dict[str, object]:
    return {"group": group.display_name, "gives": grant.kind, "team_id": grant.team_id, "pathway": grant.pathway}
