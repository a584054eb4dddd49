"""Signing somebody in whom a provider has vouched for: finding, linking or adding the person, and what their groups give."""

from __future__ import annotations

import secrets
from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.orm import Session

from course.audit.actions import record_event
from course.auth.actions import SignInGranted
from course.content.schema import SETTINGS
from course.context import Context
from course.identity_providers import queries
from course.identity_providers.actions.links import add_link, note_use
from course.identity_providers.models import ProviderGrant
from course.identity_providers.rules.groups import GroupGrant, matching_rows, pathway_of, plan_groups
from course.identity_providers.rules.identity import (
    Decision,
    KnownPeople,
    LinkByAddress,
    MakeAccount,
    ProviderIdentity,
    RefuseSignIn,
    SignInLinked,
    decide_sign_in,
)
from course.identity_providers.rules.policy import SignInSubject, must_use_provider
from course.identity_providers.rules.problems import ProviderProblem
from course.identity_providers.rules.settings import ProviderSettings
from course.passwords.actions import ensure_session_key
from course.people.actions import (
    Refusal,
    add_identity,
    choose_pathway,
    grant_role,
    join_team,
    leave_team,
    lock_current_person,
    lock_open_teams_among,
    revoke_role,
)
from course.people.models import Membership, RoleGrant, Team
from course.people.rules import PersonIdentity
from course.translation import lazy_gettext as _

_ATTEMPTS = 3  # of two sign-ins that add or link the same person at once, the second finds what the first did


def sign_in_identity(
    context: Context, provider: ProviderSettings, identity: ProviderIdentity
) -> SignInGranted | ProviderProblem:
    """Sign in the person of an identity that the provider has vouched for a moment ago, or say why not."""
    session = context.session
    for _attempt in range(_ATTEMPTS):
        known = queries.known_people(session, provider.id, identity, context.today)
        decision = decide_sign_in(provider.trust, identity, known)
        if not isinstance(decision, RefuseSignIn) and _must_use_another(session, provider, decision):
            decision = RefuseSignIn(ProviderProblem.OTHER_REQUIRED)
        if isinstance(decision, RefuseSignIn):
            record_refusal(context, provider, decision.problem, _person_of(known))
            return decision.problem
        if not isinstance(decision, MakeAccount) and not _hold(context, provider, identity, decision.person_id, known):
            continue
        person_id = _person_for(context, provider, identity, decision)
        if person_id is not None and note_use(session, identity, context.now) == person_id:
            break
    else:
        return ProviderProblem.LINKED_TO_ANOTHER
    apply_groups(context, provider, person_id, identity.groups)
    key = ensure_session_key(session, person_id, secrets.token_urlsafe(24), context.now)
    return SignInGranted(person_id, key)


def _hold(
    context: Context, provider: ProviderSettings, identity: ProviderIdentity, person_id: int, known: KnownPeople
) -> bool:
    """Let nobody change the person, or close the teams that their groups give, until the transaction ends. False if what is known
    of them has changed at this moment, such as their address: then it is decided anew."""
    rows = matching_rows(provider.groups, identity.groups or ())
    lock_open_teams_among(context.session, {row.team_id for row in rows if row.team_id is not None})
    try:
        lock_current_person(context.session, person_id)
    except LookupError:
        return False
    return queries.known_people(context.session, provider.id, identity, context.today) == known


def _must_use_another(
    session: Session, provider: ProviderSettings, decision: SignInLinked | LinkByAddress | MakeAccount
) -> bool:
    """Whether the person whom a decision lets in has to sign in through another provider, which is required."""
    required = queries.required_provider(session)
    if required is None or required.provider_id == provider.id:
        return False
    if isinstance(decision, MakeAccount):
        return must_use_provider(required, SignInSubject(0, decision.email or None, is_linked=False))
    return must_use_provider(required, queries.sign_in_subject(session, decision.person_id, required.provider_id))


def record_refusal(
    context: Context,
    provider: ProviderSettings,
    problem: ProviderProblem,
    person_id: int | None = None,
    detail: str = "",
) -> None:
    """Write into the log that a provider's answer was not accepted. It holds no address."""
    details = {"provider": provider.name, "problem": str(problem), "detail": detail[:200] or None}
    subject = ("person", person_id) if person_id is not None else None
    record_event(context, "sign_in.provider_refused", subject, details)


def _person_of(known: KnownPeople) -> int | None:
    found = known.linked or known.owner
    return found.person_id if found else None


def _person_for(
    context: Context, provider: ProviderSettings, identity: ProviderIdentity, decision: Decision
) -> int | None:
    """The person whom a decision lets in, linked or added if it says so; None if somebody else was faster."""
    if isinstance(decision, MakeAccount):
        person_id = _add_person(context, provider, identity, decision)
        if person_id is None or not add_link(context, provider.id, identity, person_id, "new"):
            return None
        return person_id
    if isinstance(decision, LinkByAddress):
        return decision.person_id if add_link(context, provider.id, identity, decision.person_id, "address") else None
    return None if isinstance(decision, RefuseSignIn) else decision.person_id


def _add_person(
    context: Context, provider: ProviderSettings, identity: ProviderIdentity, wanted: MakeAccount
) -> int | None:
    rows = matching_rows(provider.groups, identity.groups or ())
    by_groups = _first_open(context.session, [row.team_id for row in rows if row.team_id is not None])
    own = _first_open(context.session, [provider.team_id] if provider.team_id is not None else [])
    team_id = by_groups if by_groups is not None else own
    details = PersonIdentity(wanted.name, wanted.email or None, sign_in_name=wanted.sign_in_name or None)
    added = add_identity(context, details, team_id, "learner")
    if isinstance(added, Refusal):
        return None
    if by_groups is not None:
        _note_grant(context, provider, added.id, GroupGrant("team", by_groups))
    pathway = pathway_of(rows)
    if pathway in SETTINGS:  # not one that a later release no longer has
        choose_pathway(context, [added.id], pathway, _("By a group at %(name)s", name=provider.name))
    return added.id


def _first_open(session: Session, team_ids: Collection[int]) -> int | None:
    still = set(session.execute(select(Team.id).where(Team.id.in_(team_ids), Team.closed_at.is_(None))).scalars())
    return next((one for one in team_ids if one in still), None)


def apply_groups(context: Context, provider: ProviderSettings, person_id: int, groups: frozenset[str] | None) -> None:
    """Give what the groups of somebody give by the table of the provider, and take what it gave earlier and no longer does.

    Somebody's only team stays, because otherwise no manager would see them; and the last administrator stays one.
    """
    session = context.session
    given = _given(session, provider.id, person_id)
    plan = plan_groups(provider.groups, groups, _held(session, person_id), set(given))
    for grant in plan.give:
        if _give(context, person_id, grant):
            _note_grant(context, provider, person_id, grant)
    for grant in plan.take:
        row = given[grant]
        if _take(context, person_id, row):
            row.ended_at = context.now
    session.flush()


def _open_memberships(session: Session, person_id: int) -> dict[int, int]:
    """The open memberships of somebody by team."""
    rows = select(Membership.team_id, Membership.id).where(
        Membership.person_id == person_id, Membership.until.is_(None)
    )
    return {row.team_id: row.id for row in session.execute(rows)}


def _open_roles(session: Session, person_id: int) -> dict[GroupGrant, int]:
    """The open roles of somebody."""
    rows = select(RoleGrant.role, RoleGrant.team_id, RoleGrant.id).where(
        RoleGrant.person_id == person_id, RoleGrant.until.is_(None), RoleGrant.role != "auditor"
    )
    return {GroupGrant(role, team_id or 0): number for role, team_id, number in session.execute(rows)}


def _held(session: Session, person_id: int) -> set[GroupGrant]:
    teams = {GroupGrant("team", team_id) for team_id in _open_memberships(session, person_id)}
    return teams | set(_open_roles(session, person_id))


def _given(session: Session, provider_id: int, person_id: int) -> dict[GroupGrant, ProviderGrant]:
    """What the table of a provider gave somebody and they still have because of it."""
    by_membership = {number: GroupGrant("team", team) for team, number in _open_memberships(session, person_id).items()}
    by_role = {number: grant for grant, number in _open_roles(session, person_id).items()}
    rows = select(ProviderGrant).where(
        ProviderGrant.provider_id == provider_id, ProviderGrant.person_id == person_id, ProviderGrant.ended_at.is_(None)
    )
    found: dict[GroupGrant, ProviderGrant] = {}
    for row in session.execute(rows.with_for_update()).scalars():
        grant = by_membership.get(row.membership_id or 0) or by_role.get(row.role_grant_id or 0)
        if grant is not None:
            found[grant] = row
    return found


def _give(context: Context, person_id: int, grant: GroupGrant) -> bool:
    """Give a team or role; False if the team is closed meanwhile."""
    if grant.kind == "team":
        return join_team(context, person_id, grant.team_id, move=False) is None
    return grant_role(context, person_id, grant.kind, grant.team_id or None) is None


def _note_grant(context: Context, provider: ProviderSettings, person_id: int, grant: GroupGrant) -> None:
    """Remember that the table gave this."""
    session = context.session
    membership = _open_memberships(session, person_id).get(grant.team_id) if grant.kind == "team" else None
    role = _open_roles(session, person_id).get(grant) if grant.kind != "team" else None
    session.add(
        ProviderGrant(
            provider_id=provider.id, person_id=person_id, membership_id=membership, role_grant_id=role,
            given_at=context.now, ended_at=None,
        )
    )  # fmt: skip
    session.flush()


def _take(context: Context, person_id: int, row: ProviderGrant) -> bool:
    """Take what the table gave; False if it has to stay."""
    if row.role_grant_id is not None:
        return revoke_role(context, person_id, row.role_grant_id) is None
    if row.membership_id is None or len(_open_memberships(context.session, person_id)) < 2:
        return False
    return leave_team(context, person_id, row.membership_id)
