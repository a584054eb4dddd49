"""Accounts at providers that belong to people: linking them, using them and ending that."""

from __future__ import annotations

import secrets
from datetime import datetime

from sqlalchemy import delete, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from course.audit.actions import record_event
from course.auth.actions import end_other_sessions
from course.context import Context, make_context
from course.db import insert_once
from course.identity_providers import queries
from course.identity_providers.models import (
    IdentityLink,
    IdentityProvider,
    ProviderGrant,
    ProviderGroup,
    UsedSignInFlow,
)
from course.identity_providers.rules.flow import FLOW_LIFETIME
from course.identity_providers.rules.identity import ProviderIdentity, link_refusal
from course.identity_providers.rules.policy import must_use_provider, unlink_refusal
from course.identity_providers.rules.problems import ProviderProblem
from course.passwords.queries import has_chosen_password
from course.people.actions import lock_people
from course.people.events import PeopleMerged, TeamsMerged
from course.people.models import Membership, RoleGrant
from course.translation import lazy_gettext as _


def add_link(context: Context, provider_id: int, identity: ProviderIdentity, person_id: int, how: str) -> bool:
    """Link an account to a person; False if at this very moment it, or another account there, was linked to somebody."""
    link_id = insert_once(
        context.session, IdentityLink, provider_id=provider_id, issuer=identity.issuer, subject=identity.subject,
        person_id=person_id, email=identity.address or None, how=how, linked_at=context.now, last_used_at=None,
        ended_at=None, ended_by=None,
    )  # fmt: skip
    if link_id is None:
        return False
    name = _provider_name(context.session, provider_id)
    record_event(context, "provider.linked", ("person", person_id), {"provider": name, "how": how})
    return True


def link_own_account(context: Context, provider_id: int, identity: ProviderIdentity) -> ProviderProblem | None:
    """Link an account to the person who acts, who has just signed in with it. Returns why that is not possible."""
    session, person_id = context.session, context.person_id
    linked = queries.linked_person(session, identity, context.today)
    has_other = queries.open_link_id(session, provider_id, person_id) is not None
    refusal = link_refusal(person_id, linked, has_other)
    if refusal is not None or linked is not None:
        return refusal
    if not add_link(context, provider_id, identity, person_id, "person"):
        return ProviderProblem.LINKED_TO_ANOTHER
    note_use(session, identity, context.now)
    return None


def note_use(session: Session, identity: ProviderIdentity, at: datetime) -> int | None:
    """Somebody signed in with this account now. Whose it is, by id, until the transaction ends; None if it is nobody's."""
    noting = (
        update(IdentityLink)
        .where(
            IdentityLink.issuer == identity.issuer,
            IdentityLink.subject == identity.subject,
            IdentityLink.ended_at.is_(None),
        )
        .values(last_used_at=at)
        .returning(IdentityLink.person_id)
    )
    return session.execute(noting).scalar_one_or_none()


def unlink_own_account(context: Context, link_id: int) -> str | None:
    """End a link of the person who acts. Returns why that is not possible, for display; None if it was done."""
    session, person_id = context.session, context.person_id
    # Who unlinks another account at this moment waits, and then finds this the last one.
    lock_people(session, [person_id])
    mine = queries.links_of(session, person_id)
    if not any(one.id == link_id for one in mine):
        return str(_("This account is not linked any more."))
    required = queries.required_provider(session)
    must_use = required is not None and must_use_provider(
        required, queries.sign_in_subject(session, person_id, required.provider_id)
    )
    others = sum(one.is_active for one in mine if one.id != link_id)
    refusal = unlink_refusal(has_chosen_password(session, person_id), others, must_use)
    if refusal is None:
        _end_link(context, link_id, person_id)
    return refusal


def unlink_account(context: Context, person_id: int, link_id: int) -> bool:
    """End a link of somebody, as an administrator. All their sign-in sessions end, and the account is not linked to them by
    its address again. False if it had ended before."""
    if not _end_link(context, link_id, person_id):
        return False
    end_other_sessions(context, person_id, None, secrets.token_urlsafe(24))
    return True


def _end_link(context: Context, link_id: int, person_id: int) -> bool:
    ended = context.session.execute(
        update(IdentityLink)
        .where(IdentityLink.id == link_id, IdentityLink.person_id == person_id, IdentityLink.ended_at.is_(None))
        .values(ended_at=context.now, ended_by=context.actor)
        .returning(IdentityLink.provider_id)
    ).first()
    if ended is None:
        return False
    name = _provider_name(context.session, ended.provider_id)
    record_event(context, "provider.unlinked", ("person", person_id), {"provider": name})
    return True


def move_links(session: Session, event: PeopleMerged) -> None:
    """Two entries were one person: the accounts of the one that ends belong to the other, unless that has one there, and so
    does what groups gave it."""
    context = make_context(session, event.by, event.at)
    rows = session.execute(
        select(IdentityLink).where(IdentityLink.person_id == event.person_id, IdentityLink.ended_at.is_(None))
    ).scalars()
    for link in rows.all():
        link.ended_at = event.at
        session.flush()
        identity = ProviderIdentity(link.issuer, link.subject, link.email or "")
        add_link(context, link.provider_id, identity, event.into_id, "merge")
    _move_grants(session, event)


def move_grants_of_team(session: Session, event: TeamsMerged) -> None:
    """A team was merged: what the tables of groups gave there, they give in the other one from now on, and can take there; and
    whom a provider adds comes there too. What somebody had in the other one by hand stays theirs."""
    context = make_context(session, event.by, event.at)
    changed: dict[int, str] = {}
    own = (IdentityProvider, IdentityProvider.id, "team_id")
    for table, number, what in (own, (ProviderGroup, ProviderGroup.provider_id, "groups")):
        moving = update(table).where(table.team_id == event.team_id).values(team_id=event.into_id).returning(number)
        for found in set(session.execute(moving, execution_options={"synchronize_session": False}).scalars()):
            changed[found] = f"{changed[found]}, {what}" if found in changed else what
    for provider_id, names in sorted(changed.items()):
        details = {"provider": _provider_name(session, provider_id), "changed": names}
        record_event(context, "provider.changed", None, details)
    memberships = select(Membership.id).where(Membership.team_id == event.team_id)
    roles = select(RoleGrant.id).where(RoleGrant.team_id == event.team_id)
    rows = select(ProviderGrant).where(
        ProviderGrant.ended_at.is_(None),
        or_(ProviderGrant.membership_id.in_(memberships), ProviderGrant.role_grant_id.in_(roles)),
    )
    for row in session.execute(rows.order_by(ProviderGrant.id)).scalars().all():
        _move_grant(session, row, row.person_id, event.into_id, event.at)
    session.flush()


def _move_grants(session: Session, event: PeopleMerged) -> None:
    """What groups gave the entry that ends, and the other one has by the merge, counts as given by them: it is taken when the
    group is gone. What the other one had before stays theirs."""
    rows = select(ProviderGrant).where(ProviderGrant.person_id == event.person_id, ProviderGrant.ended_at.is_(None))
    for row in session.execute(rows).scalars().all():
        _move_grant(session, row, event.into_id, None, event.at)
    session.flush()


def _move_grant(session: Session, row: ProviderGrant, person_id: int, team_id: int | None, at: datetime) -> None:
    """What ended with a grant at that moment, and this person has since then in its place in the team (None: in the same
    one), is a grant as well."""
    row.ended_at = at
    membership = role = None
    old = session.get(Membership, row.membership_id) if row.membership_id is not None else None
    if old is not None and old.until == at:
        new = select(Membership.id).where(
            Membership.person_id == person_id, Membership.team_id == (team_id or old.team_id),
            Membership.since == at, Membership.until.is_(None),
        )  # fmt: skip
        membership = session.execute(new).scalar_one_or_none()
    given = session.get(RoleGrant, row.role_grant_id) if row.role_grant_id is not None else None
    if given is not None and given.until == at:
        new = select(RoleGrant.id).where(
            RoleGrant.person_id == person_id, RoleGrant.role == given.role, RoleGrant.since == at,
            RoleGrant.team_id.is_not_distinct_from(team_id or given.team_id), RoleGrant.until.is_(None),
        )  # fmt: skip
        role = session.execute(new).scalar_one_or_none()
    if membership is not None or role is not None:
        session.add(
            ProviderGrant(
                provider_id=row.provider_id, person_id=person_id, membership_id=membership, role_grant_id=role,
                given_at=at, ended_at=None,
            )
        )  # fmt: skip


def use_flow(session: Session, mark: str, at: datetime) -> bool:
    """A sign-in came back from its provider; False if it did so before, even at this very moment, in another process."""
    session.execute(delete(UsedSignInFlow).where(UsedSignInFlow.used_at <= at - 2 * FLOW_LIFETIME))
    try:
        with session.begin_nested():
            session.add(UsedSignInFlow(mark=mark, used_at=at))
            session.flush()
    except IntegrityError:
        return False
    return True


def _provider_name(session: Session, provider_id: int) -> str:
    found = queries.provider(session, provider_id)
    return found.name if found else ""
