"""The accounts at learning platforms with which somebody comes in themselves, by LTI and by cmi5, and what else lets them in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import bindparam, exists, or_, select
from sqlalchemy.orm import Session

from course.cmi5.models import Cmi5Account, Cmi5Platform
from course.identity_providers.queries import links_of, required_provider, sign_in_subject
from course.identity_providers.rules.policy import must_use_provider
from course.lti.models import LtiAccount
from course.lti.queries.accounts import accounts_of
from course.passwords.queries import has_chosen_password

PlatformSystem = Literal["lti", "cmi5"]


@dataclass(frozen=True)
class OwnAccount:
    """An account at a platform, as its person sees it. `label` is what the platform calls it, as far as that says anything;
    `is_on`: people can come in from the platform."""

    system: PlatformSystem
    id: int
    platform: str
    is_on: bool
    label: str
    linked_at: datetime
    last_used_at: datetime | None


@dataclass(frozen=True)
class OwnWays:
    """How somebody comes in: their accounts at platforms, whether they have chosen a password that they may use, and whether they
    can sign in through an identity provider."""

    accounts: tuple[OwnAccount, ...]
    has_password: bool
    has_provider: bool

    def account(self, system: PlatformSystem, account_id: int) -> OwnAccount | None:
        """The account of this number; None if it is not theirs, or not any more."""
        return next((one for one in self.accounts if (one.system, one.id) == (system, account_id)), None)


def own_ways(session: Session, person_id: int) -> OwnWays:
    """How somebody comes in now."""
    cmi5 = (
        select(Cmi5Account, Cmi5Platform.name, Cmi5Platform.active)
        .join(Cmi5Platform, Cmi5Platform.id == Cmi5Account.platform_id)
        .where(Cmi5Account.person_id == person_id, Cmi5Account.ended_at.is_(None))
        .order_by(Cmi5Account.id)
    )
    found = [
        OwnAccount("lti", one.id, one.platform, one.is_on, one.email, one.linked_at, one.last_used_at)
        for one in accounts_of(session, person_id)
    ] + [
        OwnAccount("cmi5", one.id, name, active, "", one.linked_at, one.last_used_at)
        for one, name, active in session.execute(cmi5)
    ]
    required = required_provider(session)
    must_use = required is not None and must_use_provider(
        required, sign_in_subject(session, person_id, required.provider_id)
    )
    return OwnWays(
        tuple(found),
        has_chosen_password(session, person_id) and not must_use,
        must_use or any(one.is_active for one in links_of(session, person_id)),
    )


def comes_from_platform(session: Session, person_id: int) -> bool:
    """Whether an account at a learning platform is linked to somebody."""
    return bool(session.execute(_COMES_FROM_PLATFORM, {"person": person_id}).scalar_one())


# Built once: that takes longer than running it.
_COMES_FROM_PLATFORM = select(
    or_(
        *(
            exists().where(table.c.person_id == bindparam("person"), table.c.ended_at.is_(None))
            for table in (LtiAccount.__table__, Cmi5Account.__table__)
        )
    )
)
