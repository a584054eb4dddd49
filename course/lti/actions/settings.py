"""Registering platforms and changing what is known of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from course.audit.actions import record_event
from course.context import Context, make_context
from course.encryption import lock_secret
from course.lti.models import LtiContext, LtiDeployment, LtiKey, LtiRegistration, UsedLtiMark
from course.lti.rules.own_key import NewKey
from course.lti.rules.registration import RegistrationState, key_purpose
from course.people.events import TeamsMerged


@dataclass(frozen=True)
class PlatformDetails:
    """What an administrator enters about a platform, or what it says about itself."""

    name: str
    issuer: str
    client_id: str
    login_address: str
    token_address: str
    token_audience: str
    keys_address: str
    page_origins: tuple[str, ...] = ()
    deployments: tuple[str, ...] = ()
    makes_accounts: bool = False
    links_by_address: bool = False
    lets_staff_in: bool = False
    team_id: int | None = None

    def columns(self) -> dict[str, object]:
        """The columns of the row."""
        return {
            "name": self.name, "issuer": self.issuer, "client_id": self.client_id, "login_address": self.login_address,
            "token_address": self.token_address, "token_audience": self.token_audience,
            "keys_address": self.keys_address, "page_origins": "\n".join(self.page_origins),
            "makes_accounts": self.makes_accounts, "links_by_address": self.links_by_address,
            "lets_staff_in": self.lets_staff_in, "team_id": self.team_id,
        }  # fmt: skip


def add_platform(
    context: Context, details: PlatformDetails, key: NewKey, secret_key: str, state: RegistrationState
) -> int | None:
    """Register a platform; its number, or None if its issuer and client ID are registered already. In the state "waiting" it has
    registered itself, and nobody can come from it yet."""
    session = context.session
    row = LtiRegistration(
        **details.columns(), state=state, made_by=context.actor, made_at=context.now, changed_at=context.now
    )
    if not _flushed(session, row):
        return None
    _store_deployments(context, row.id, details.deployments)
    _store_key(context, row.id, key, secret_key)
    event = "lti.registered_itself" if state == "waiting" else "lti.added"
    record_event(context, event, None, {"platform": row.name, "issuer": row.issuer})
    return row.id


def _flushed(session: Session, row: LtiRegistration) -> bool:
    try:
        with session.begin_nested():
            session.add(row)
            session.flush()
    except IntegrityError:
        return False
    return True


def change_platform(context: Context, registration_id: int, details: PlatformDetails) -> list[str] | None:
    """Change what is known of a platform; the names of what changed, or None if another one has its issuer and client ID.

    Raises LookupError if there is no such platform.
    """
    session = context.session
    row = session.get(LtiRegistration, registration_id, with_for_update=True)
    if row is None:
        raise LookupError(f"there is no platform {registration_id}")
    values = details.columns()
    changed = [name for name, value in values.items() if getattr(row, name) != value]
    try:
        with session.begin_nested():
            for name, value in values.items():
                setattr(row, name, value)
            session.flush()
    except IntegrityError:
        return None
    if _store_deployments(context, registration_id, details.deployments):
        changed.append("deployments")
    if changed:
        row.changed_at = context.now
        session.flush()
        record_event(context, "lti.changed", None, {"platform": row.name, "changed": ", ".join(changed)})
    return changed


def _store_deployments(context: Context, registration_id: int, wanted: Collection[str]) -> bool:
    """Accept launches from these deployments only; False if that is no change. What is known of one that ends stays."""
    session, is_changed = context.session, False
    known = {
        row.deployment: row
        for row in session.execute(
            select(LtiDeployment).where(LtiDeployment.registration_id == registration_id)
        ).scalars()
    }
    for name in dict.fromkeys(wanted):
        if name not in known:
            session.add(LtiDeployment(registration_id=registration_id, deployment=name, ended_at=None))
            is_changed = True
        elif known[name].ended_at is not None:
            known[name].ended_at = None
            is_changed = True
    for name, row in known.items():
        if name not in wanted and row.ended_at is None:
            row.ended_at = context.now
            is_changed = True
    session.flush()
    return is_changed


def follow_team_merge(session: Session, event: TeamsMerged) -> None:
    """A team was merged: new people of a platform, or of a course there, who came into it come into the other one from now on."""
    context = make_context(session, event.by, event.at)
    platforms = select(LtiRegistration).where(LtiRegistration.team_id == event.team_id)
    for row in session.execute(platforms.order_by(LtiRegistration.id)).scalars().all():
        row.team_id, row.changed_at = event.into_id, event.at
        session.flush()
        record_event(context, "lti.changed", None, {"platform": row.name, "changed": "team_id"})
    places = (
        select(LtiContext, LtiRegistration.name)
        .join(LtiDeployment, LtiDeployment.id == LtiContext.deployment_id)
        .join(LtiRegistration, LtiRegistration.id == LtiDeployment.registration_id)
        .where(LtiContext.team_id == event.team_id)
    )
    names = set()
    for place, name in session.execute(places.order_by(LtiContext.id)).all():
        place.team_id = event.into_id
        names.add(name)
    session.flush()
    for name in sorted(names):
        record_event(context, "lti.teams_set", None, {"platform": name})


def switch_platform(context: Context, registration_id: int, state: RegistrationState) -> bool:
    """Let people come from a platform ("on") or not ("off"); this also confirms one that registered itself. False if that is no
    change. Raises LookupError."""
    row = context.session.get(LtiRegistration, registration_id, with_for_update=True)
    if row is None:
        raise LookupError(f"there is no platform {registration_id}")
    if row.state == state:
        return False
    row.state, row.changed_at = state, context.now
    context.session.flush()
    record_event(context, f"lti.switched_{state}", None, {"platform": row.name})
    return True


def replace_key(context: Context, registration_id: int, key: NewKey, secret_key: str) -> None:
    """Sign with this key from now on. The one before is published a little longer. Raises LookupError."""
    row = context.session.get(LtiRegistration, registration_id, with_for_update=True)
    if row is None:
        raise LookupError(f"there is no platform {registration_id}")
    context.session.execute(
        update(LtiKey)
        .where(LtiKey.registration_id == registration_id, LtiKey.retired_at.is_(None))
        .values(retired_at=context.now)
    )
    _store_key(context, registration_id, key, secret_key)
    record_event(context, "lti.key_replaced", None, {"platform": row.name})


def _store_key(context: Context, registration_id: int, key: NewKey, secret_key: str) -> None:
    locked = lock_secret(key.private_pem, secret_key, key_purpose(key.kid))
    context.session.add(
        LtiKey(
            registration_id=registration_id, kid=key.kid, private_locked=locked, public_jwk=key.public_jwk,
            made_at=context.now, retired_at=None,
        )
    )  # fmt: skip
    context.session.flush()


def set_context_teams(context: Context, registration_id: int, teams: Mapping[int, int | None]) -> bool:
    """New people who come from these contexts (by number) are added to these teams; None: as for the whole platform. False if
    that is no change."""
    session = context.session
    rows = session.execute(
        select(LtiContext)
        .join(LtiDeployment, LtiDeployment.id == LtiContext.deployment_id)
        .where(LtiDeployment.registration_id == registration_id, LtiContext.id.in_(teams))
        .with_for_update(of=LtiContext)
    ).scalars()
    changed = []
    for row in rows:
        if row.team_id != teams[row.id]:
            row.team_id = teams[row.id]
            changed.append(row.title)
    session.flush()
    if changed:
        name = session.get_one(LtiRegistration, registration_id).name
        record_event(context, "lti.teams_set", None, {"platform": name, "changed": ", ".join(changed)})
    return bool(changed)


def record_invitation(context: Context) -> None:
    """Somebody made a link with which a platform can register itself."""
    record_event(context, "lti.invited", None, {})


def use_mark(session: Session, mark: str, ends_at: datetime, at: datetime) -> bool:
    """A state, ticket or invitation is used; False if it was before, even at this very moment, in another process."""
    session.execute(delete(UsedLtiMark).where(UsedLtiMark.ends_at <= at))
    try:
        with session.begin_nested():
            session.add(UsedLtiMark(mark=mark, ends_at=ends_at))
            session.flush()
    except IntegrityError:
        return False
    return True
