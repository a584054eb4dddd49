"""Second factors of people, and the policy that requires them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ScalarSelect, Select, bindparam, exists, func, or_, select
from sqlalchemy.orm import Session

from course.auth.models import Authenticator, FactorPolicy, Passkey, RecoveryCode
from course.auth.passkey_checks import StoredPasskey
from course.auth.rules import FactorRule, Factors, PasskeyView
from course.people.models import Deputy, Person, RoleGrant
from course.people.queries import is_role_open


def factors(session: Session, person_id: int) -> Factors:
    """The second factors of a person."""
    passkeys = session.execute(
        select(Passkey.id, Passkey.name, Passkey.added_at, Passkey.used_at, Passkey.is_synced)
        .where(Passkey.person_id == person_id)
        .order_by(Passkey.id)
    ).all()
    app_added_at = session.execute(
        select(Authenticator.added_at).where(Authenticator.person_id == person_id)
    ).scalar_one_or_none()
    left, made_at = session.execute(
        select(func.count().filter(RecoveryCode.used_at.is_(None)), func.max(RecoveryCode.made_at)).where(
            RecoveryCode.person_id == person_id
        )
    ).one()
    return Factors(tuple(PasskeyView(*row) for row in passkeys), app_added_at, left, made_at)


def has_passkeys(session: Session) -> bool:
    """Whether anybody signs in with a passkey."""
    return bool(session.execute(select(exists().select_from(Passkey))).scalar_one())


def factor_state(session: Session, person_id: int) -> tuple[bool, bool]:
    """Whether a person has a second factor, and whether the policy requires one of those who see data of others."""
    has_one, is_required = session.execute(_FACTOR_STATE, {"person": person_id}).one()
    return bool(has_one), bool(is_required)


def _has_factor(person_id: object):  # type: ignore[no-untyped-def]
    return or_(exists().where(Passkey.person_id == person_id), exists().where(Authenticator.person_id == person_id))


# Built once, as the next: that takes longer than running them.
_policy = FactorPolicy.__table__.c
_FACTOR_STATE = select(
    _has_factor(bindparam("person")),
    select(_policy.is_required).order_by(_policy.id.desc()).limit(1).scalar_subquery(),
)
_FACTOR_RULES = select(_policy.is_required, _policy.grace_days, _policy.made_at).order_by(_policy.id)


@dataclass(frozen=True)
class AppOfPerson:
    """The authenticator app of a person: its seed, encrypted, and the step of the last code that was used."""

    locked_secret: bytes
    last_step: int


def authenticator(session: Session, person_id: int) -> AppOfPerson | None:
    """The authenticator app of a person; None without one."""
    row = session.execute(
        select(Authenticator.locked_secret, Authenticator.last_step).where(Authenticator.person_id == person_id)
    ).first()
    return None if row is None else AppOfPerson(row.locked_secret, row.last_step)


def passkey_by_credential(session: Session, credential_id: str) -> StoredPasskey | None:
    """The passkey with this number of its own; None if it was removed, or its person has left."""
    row = session.execute(
        select(Passkey.id, Passkey.person_id, Passkey.public_key, Passkey.sign_count)
        .join(Person, Person.id == Passkey.person_id)
        .where(Passkey.credential_id == credential_id, Person.left_at.is_(None))
    ).first()
    return None if row is None else StoredPasskey(row.id, row.person_id, row.public_key, row.sign_count)


def credential_ids(session: Session, person_id: int) -> list[str]:
    """The numbers of a person's passkeys, for the browser to tell whether one of them is there."""
    rows = select(Passkey.credential_id).where(Passkey.person_id == person_id).order_by(Passkey.id)
    return list(session.execute(rows).scalars())


def factor_rules(session: Session) -> list[FactorRule]:
    """What was decided about second factors, oldest first; the last one holds."""
    return [FactorRule(*row) for row in session.execute(_FACTOR_RULES)]


def sees_others_since(session: Session, person_id: int, today: date) -> datetime | None:
    """Since when a person has a role that shows data of others, or is the deputy of somebody who has one; None without."""
    role = select(func.min(RoleGrant.since)).where(RoleGrant.person_id == person_id, is_role_open(RoleGrant, today))
    deputy = select(func.min(Deputy.made_at)).where(
        Deputy.deputy_id == person_id, Deputy.ended_at.is_(None), Deputy.until >= today
    )
    moments = [session.execute(one).scalar_one_or_none() for one in (role, deputy)]
    return min((one for one in moments if one is not None), default=None)


def people_without_factor(session: Session, today: date) -> int:
    """How many people who see data of others have no second factor."""
    return session.execute(_without_factor(today)).scalar_one()


def required_factors_missing(today: date) -> ScalarSelect[int]:
    """How many people have no second factor although one is required of them, as a column of another query."""
    newest = select(FactorPolicy.is_required).order_by(FactorPolicy.id.desc()).limit(1).scalar_subquery()
    return _without_factor(today).where(newest).scalar_subquery()


def _without_factor(today: date) -> Select[int]:
    role = exists().where(RoleGrant.person_id == Person.id, is_role_open(RoleGrant, today))
    deputy = exists().where(Deputy.deputy_id == Person.id, Deputy.ended_at.is_(None), Deputy.until >= today)
    count = select(func.count()).select_from(Person)
    return count.where(Person.left_at.is_(None), or_(role, deputy), ~_has_factor(Person.id))
