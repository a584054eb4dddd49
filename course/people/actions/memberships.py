"""Who is in which team, from one moment until another."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.orm import Session

from course.audit.actions import record_event
from course.context import Context
from course.db import insert_once
from course.people.actions.directory import Refusal, lock_current_person
from course.people.actions.locking import lock_open_teams_among, lock_people
from course.people.actions.team_settings import follow_team_pathways
from course.people.models import Membership, Team
from course.people.queries.ownership import membership_owner, owned_fields
from course.translation import lazy_gettext as _


def join_team(context: Context, person_id: int, team_id: int, move: bool) -> Refusal | None:
    """Put somebody into a team; `move` ends their being in any other. Raises LookupError if there is nobody."""
    if move:
        return set_teams(context, person_id, [team_id])
    if not _lock(context.session, person_id, [team_id]):
        return Refusal("team", _("This team is closed. Choose another one."))
    _add_membership(context, person_id, team_id)
    follow_team_pathways(context, [person_id])
    return None


def _lock(session: Session, person_id: int, teams: Collection[int]) -> bool:
    """Let nobody close these teams, nor move the person or record that they have left, until the transaction ends; whether
    all teams are open. Raises LookupError if there is nobody. Teams come first, as for whoever changes their tree."""
    are_open = lock_open_teams_among(session, teams) == set(teams)
    lock_current_person(session, person_id)
    return are_open


def _add_membership(context: Context, person_id: int, team_id: int) -> None:
    session = context.session
    if insert_once(session, Membership, person_id=person_id, team_id=team_id, since=context.now) is not None:
        team = session.get_one(Team, team_id)
        record_event(context, "team.joined", ("person", person_id), {"team": team.name})
    session.flush()


def set_teams(context: Context, person_id: int, teams: Collection[int]) -> Refusal | None:
    """Put somebody into these teams, and into no other; where they are already they stay. Raises LookupError if there is
    nobody."""
    session = context.session
    if not _lock(session, person_id, teams) or not teams:
        return Refusal("team", _("This team is closed. Choose another one."))
    rows = select(Membership).where(Membership.person_id == person_id, Membership.until.is_(None))
    # Where another system has put them they stay: it would put them there again.
    kept = owned_fields(session, person_id).teams if context.actor is not None else {}
    for bond in session.execute(rows.with_for_update()).scalars().all():
        if bond.team_id not in teams and bond.team_id not in kept:
            end_membership(context, bond)
    session.flush()
    for team_id in teams:
        _add_membership(context, person_id, team_id)
    follow_team_pathways(context, [person_id])
    return None


def leave_team(context: Context, person_id: int, membership_id: int) -> bool:
    """Somebody is not in a team any more; False if they were not, or another system has put them there."""
    lock_people(context.session, [person_id])  # first, as whoever moves them or records that they have left
    bond = context.session.get(Membership, membership_id, populate_existing=True)
    if bond is None or bond.person_id != person_id or bond.until is not None:
        return False
    if context.actor is not None and membership_owner(context.session, membership_id) is not None:
        return False
    end_membership(context, bond)
    follow_team_pathways(context, [person_id])
    return True


def end_membership(context: Context, bond: Membership) -> None:
    bond.until = context.now
    team = context.session.get_one(Team, bond.team_id)
    record_event(context, "team.left", ("person", bond.person_id), {"team": team.name})


def open_teams(session: Session, person_id: int) -> list[int]:
    rows = select(Membership.team_id).where(Membership.person_id == person_id, Membership.until.is_(None))
    return list(session.execute(rows).scalars())
