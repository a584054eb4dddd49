"""Registered platforms, and our keys for them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from course.encryption import SecretLockedError, unlock_secret
from course.lti.models import LtiDeployment, LtiKey, LtiRegistration, UsedLtiMark
from course.lti.platform_client import OwnKey, PlatformConnection, PlatformNetwork
from course.lti.rules.registration import PlatformSettings, RegistrationState, key_purpose

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


def open_deployment_id(session: Session, registration_id: int, deployment: str) -> int | None:
    """The number of a deployment from which launches are accepted."""
    return session.execute(
        select(LtiDeployment.id).where(
            LtiDeployment.registration_id == registration_id,
            LtiDeployment.deployment == deployment,
            LtiDeployment.ended_at.is_(None),
        )
    ).scalar_one_or_none()


def is_mark_used(session: Session, mark: str) -> bool:
    """Whether a state, ticket or invitation was used."""
    return session.execute(select(UsedLtiMark.mark).where(UsedLtiMark.mark == mark)).first() is not None
