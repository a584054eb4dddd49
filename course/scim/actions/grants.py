"""What groups give people: given when they come into a group, taken when they leave it, by the same actions as by hand."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import select

from course.context import Context
from course.people import actions as people
from course.people.actions.ownership import own_assignment, release_fields
from course.people.models import Membership, Person, RoleGrant
from course.people.queries.pathways import chosen_pathway
from course.scim.models import ScimConnection
from course.scim.queries.grants import given_by, wanted_grants
from course.scim.rules.grants import Grant, plan_changes
from course.translation import lazy_gettext as _


def apply_grants(context: Context, connection: ScimConnection, person_ids: Collection[int]) -> int:
    """Give these people what the groups of the connection give them now, and take from them what those gave before and do not
    give any more; returns for how many that is a change. What somebody has by hand stays theirs."""
    session, source = context.session, f"scim:{connection.id}"
    session.flush()
    wanted, given = wanted_grants(session, connection.id, person_ids), given_by(session, source, person_ids)
    changed = 0
    for person_id in sorted({*wanted, *given}):
        changes = plan_changes(wanted.get(person_id, frozenset()), given.get(person_id, frozenset()))
        done = [_take(context, source, person_id, one) for one in changes.take]
        done += [_give(context, (source, connection.name), person_id, one) for one in changes.give]
        changed += any(done)
    session.flush()
    return changed


def _give(context: Context, source: tuple[str, str], person_id: int, grant: Grant) -> bool:
    """Whether something was given: nothing is if they have it already by hand, or the team is closed."""
    if _has_already(context, person_id, grant):
        return False
    if grant.kind == "team" and grant.team_id is not None:
        if people.join_team(context, person_id, grant.team_id, False) is not None:
            return False
    elif grant.kind == "manager":
        if people.grant_role(context, person_id, "manager", grant.team_id) is not None:
            return False
    elif people.choose_pathway(context, [person_id], grant.pathway, _("From %(source)s", source=source[1])) == 0:
        return False
    own_assignment(context, person_id, grant.kind, grant.team_id, source)
    return True


def _has_already(context: Context, person_id: int, grant: Grant) -> bool:
    session = context.session
    if grant.kind == "pathway":
        chosen = chosen_pathway(session, person_id)
        return chosen is not None and chosen.team is None and chosen.pathway == grant.pathway
    return bool(_open_rows(context, person_id, grant))


def _open_rows(context: Context, person_id: int, grant: Grant) -> Sequence[int]:
    """The ids of the open memberships, or roles as a manager, that somebody has in the team of a grant."""
    if grant.kind == "team":
        rows = select(Membership.id).where(
            Membership.person_id == person_id, Membership.team_id == grant.team_id, Membership.until.is_(None)
        )
    else:
        rows = select(RoleGrant.id).where(
            RoleGrant.person_id == person_id, RoleGrant.team_id == grant.team_id, RoleGrant.role == "manager",
            RoleGrant.until.is_(None),
        )  # fmt: skip
    return context.session.execute(rows).scalars().all()


def _take(context: Context, source: str, person_id: int, grant: Grant) -> bool:
    """Take what a group gave; who has left has lost it with that."""
    release_fields(context, source, [person_id], [grant.kind], grant.team_id)
    here = context.session.execute(select(Person.left_at).where(Person.id == person_id)).scalar() is None
    if grant.kind == "pathway":
        return here and people.choose_pathway(context, [person_id], None, "") > 0
    rows = _open_rows(context, person_id, grant)
    for row in rows:
        if grant.kind == "team":
            people.leave_team(context, person_id, row)
        else:
            people.revoke_role(context, person_id, row)
    return bool(rows)
