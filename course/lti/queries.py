"""Platforms, our keys for them, and the accounts, contexts and links that came from there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import cast

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from course.encryption import SecretLockedError, unlock_secret
from course.lti.models import LtiAccount, LtiContext, LtiDeployment, LtiKey, LtiLaunch, LtiLink, LtiRegistration
from course.lti.platform_client import OwnKey, PlatformConnection, PlatformNetwork
from course.lti.rules.registration import PlatformSettings, RegistrationState, key_purpose
from course.people.models import Person

# A key that was replaced is published a little longer: what it signed may still be on its way.
PUBLISHED_AFTER_RETIREMENT = timedelta(hours=1)


def platforms(session: Session) -> list[PlatformSettings]:
    """All registered platforms with their deployments, by name. Two queries."""
    deployments: dict[int, list[str]] = {}
    for row in session.execute(
        select(LtiDeployment).where(LtiDeployment.ended_at.is_(None)).order_by(LtiDeployment.id)
    ).scalars():
        deployments.setdefault(row.registration_id, []).append(row.deployment)
    rows = session.execute(select(LtiRegistration).order_by(LtiRegistration.name, LtiRegistration.id)).scalars()
    return [_settings(row, tuple(deployments.get(row.id, ()))) for row in rows]


def platform(session: Session, registration_id: int) -> PlatformSettings | None:
    """One platform; None if there is none with this number."""
    return next((one for one in platforms(session) if one.id == registration_id), None)


def platforms_of(session: Session, issuer: str, client_id: str = "") -> list[PlatformSettings]:
    """The platforms with this issuer and, if that is given, this client ID: what a login can be from."""
    found = [one for one in platforms(session) if one.issuer == issuer]
    return [one for one in found if one.client_id == client_id] if client_id else found


def _settings(row: LtiRegistration, deployments: tuple[str, ...]) -> PlatformSettings:
    return PlatformSettings(
        row.id, row.name, row.issuer, row.client_id, row.login_address, row.token_address, row.token_audience,
        row.keys_address, tuple(row.page_origins.split()), cast("RegistrationState", row.state), row.makes_accounts,
        row.links_by_address, row.lets_staff_in, row.team_id, deployments,
    )  # fmt: skip


def platform_connection(
    session: Session, registration_id: int, secret_key: str, network: PlatformNetwork, at: datetime
) -> PlatformConnection | None:
    """A platform as it is asked at the moment `at`, with our newest key; None if there is no such platform. Reads only: what it
    returns is used after the session."""
    settings = platform(session, registration_id)
    row = session.execute(
        select(LtiKey.kid, LtiKey.private_locked)
        .where(LtiKey.registration_id == registration_id, LtiKey.retired_at.is_(None))
        .order_by(LtiKey.id.desc())
        .limit(1)
    ).first()
    if settings is None or row is None:
        return None
    try:
        key = OwnKey(row.kid, unlock_secret(row.private_locked, secret_key, key_purpose(row.kid)))
    except SecretLockedError:
        key = OwnKey(row.kid, None)
    return PlatformConnection(settings, key, network, at)


def public_keys(session: Session, at: datetime) -> list[str]:
    """Our public keys (JWK as JSON) that platforms may meet in a signature now, oldest first."""
    rows = select(LtiKey.public_jwk).where(
        or_(LtiKey.retired_at.is_(None), LtiKey.retired_at > at - PUBLISHED_AFTER_RETIREMENT)
    )
    return list(session.execute(rows.order_by(LtiKey.id)).scalars())


@dataclass(frozen=True)
class OwnKeyView:
    """Our key for a platform, as pages show it."""

    kid: str
    made_at: datetime


def own_key(session: Session, registration_id: int) -> OwnKeyView | None:
    """The key with which the course signs for a platform now."""
    row = session.execute(
        select(LtiKey.kid, LtiKey.made_at)
        .where(LtiKey.registration_id == registration_id, LtiKey.retired_at.is_(None))
        .order_by(LtiKey.id.desc())
        .limit(1)
    ).first()
    return OwnKeyView(row.kid, row.made_at) if row else None


@dataclass(frozen=True)
class GradeLink:
    """A link at a platform with where its grades go (AGS). An empty address: the platform gave none."""

    id: int
    registration_id: int
    deployment: str
    resource_link: str
    title: str
    opens: str
    module: str | None
    line_item: str
    line_items: str
    scopes: tuple[str, ...]


def grade_links(session: Session, registration_id: int | None = None) -> list[GradeLink]:
    """The links of a platform, or of all, oldest first."""
    rows = (
        select(LtiLink, LtiDeployment.registration_id, LtiDeployment.deployment)
        .join(LtiDeployment, LtiDeployment.id == LtiLink.deployment_id)
        .order_by(LtiLink.id)
    )
    if registration_id is not None:
        rows = rows.where(LtiDeployment.registration_id == registration_id)
    return [
        GradeLink(
            link.id, number, deployment, link.resource_link, link.title, link.opens, link.module, link.line_item,
            link.line_items, tuple(link.grade_scopes.split()),
        )
        for link, number, deployment in session.execute(rows)
    ]  # fmt: skip


@dataclass(frozen=True)
class LinkUse:
    """A person who came by a link, as the platform knows them: for a grade."""

    link_id: int
    account_id: int
    person_id: int
    subject: str
    is_learner: bool
    first_at: datetime
    last_at: datetime


def link_uses(session: Session, person_id: int | None = None, link_id: int | None = None) -> list[LinkUse]:
    """Who came by which link, of the accounts that are linked now, oldest first."""
    rows = (
        select(LtiLaunch, LtiAccount.person_id, LtiAccount.subject)
        .join(LtiAccount, LtiAccount.id == LtiLaunch.account_id)
        .where(LtiAccount.ended_at.is_(None))
        .order_by(LtiLaunch.id)
    )
    if person_id is not None:
        rows = rows.where(LtiAccount.person_id == person_id)
    if link_id is not None:
        rows = rows.where(LtiLaunch.link_id == link_id)
    return [
        LinkUse(one.link_id, one.account_id, person, subject, one.is_learner, one.first_at, one.last_at)
        for one, person, subject in session.execute(rows)
    ]


@dataclass(frozen=True)
class ContextView:
    """A course or group at a platform from which people came. `members_address` is where its members are listed (NRPS)."""

    id: int
    registration_id: int
    deployment: str
    context: str
    title: str
    members_address: str
    team_id: int | None
    last_seen_at: datetime


def contexts(session: Session, registration_id: int) -> list[ContextView]:
    """The contexts of a platform, by title."""
    rows = session.execute(
        select(LtiContext, LtiDeployment.deployment)
        .join(LtiDeployment, LtiDeployment.id == LtiContext.deployment_id)
        .where(LtiDeployment.registration_id == registration_id)
        .order_by(LtiContext.title, LtiContext.id)
    )
    return [
        ContextView(
            one.id, registration_id, deployment, one.context, one.title, one.members_address, one.team_id,
            one.last_seen_at,
        )
        for one, deployment in rows
    ]  # fmt: skip


def has_left(left_at: datetime | None, last_day: date | None, today: date) -> bool:
    """Whether somebody has left: also on the day after their last one, before that is written down."""
    return left_at is not None or (last_day is not None and last_day < today)


def account_counts(session: Session) -> dict[int, int]:
    """How many people have a linked account at each platform."""
    rows = (
        select(LtiAccount.registration_id, func.count().label("people"))
        .where(LtiAccount.ended_at.is_(None))
        .group_by(LtiAccount.registration_id)
    )
    return {row.registration_id: row.people for row in session.execute(rows)}


def account_person(session: Session, registration_id: int, subject: str) -> Person | None:
    """The person of an open account."""
    return session.execute(
        select(Person)
        .join(LtiAccount, LtiAccount.person_id == Person.id)
        .where(
            LtiAccount.registration_id == registration_id,
            LtiAccount.subject == subject,
            LtiAccount.ended_at.is_(None),
        )
    ).scalar_one_or_none()
