"""Read the tokens of programs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from course.api_tokens.models import ApiRead, ApiToken, ApiTokenRevocation, ApiTokenUse
from course.api_tokens.rules import RENEWAL_NOTICE, SCIM_SCOPE, TokenView, is_well_formed
from course.auth.rules import token_hash
from course.people.models import Person, RoleGrant, Team


@dataclass(frozen=True)
class TokenRead:
    """What was read with a token on a day: the address, its filter ("" without one), and how many requests and rows."""

    day: date
    what: str
    asked: str
    requests: int
    rows: int
    last_at: datetime


_Revoker = aliased(Person)
_last_used_on = select(func.max(ApiTokenUse.day)).where(ApiTokenUse.token_id == ApiToken.id).scalar_subquery()


def token_by_secret(session: Session, secret: str, today: date) -> TokenView | None:
    """The token with this secret, in whatever state it is on that day; None if there is none."""
    if not is_well_formed(secret):
        return None
    rows = session.execute(_view_query(today).where(ApiToken.token_hash == token_hash(secret))).all()
    return _view(rows[0]) if rows else None


def tokens(session: Session, today: date, scim: bool = False) -> list[TokenView]:
    """All tokens of the API, or all for SCIM; the newest first."""
    return [token for token in all_tokens(session, today) if (SCIM_SCOPE in token.scopes) == scim]


def all_tokens(session: Session, today: date) -> list[TokenView]:
    """Every token, the newest first."""
    return [_view(row) for row in session.execute(_view_query(today).order_by(ApiToken.id.desc()))]


def token(session: Session, token_id: int, today: date) -> TokenView | None:
    """A token by its id."""
    row = session.execute(_view_query(today).where(ApiToken.id == token_id)).one_or_none()
    return _view(row) if row else None


def tokens_to_replace_query(today: date) -> Select[int]:
    """The number of tokens that stopped because their owner is no administrator any more, or end within RENEWAL_NOTICE, as part
    of another query."""
    return (
        select(func.count(ApiToken.id))
        .join(Person, Person.id == ApiToken.person_id)
        .where(
            ApiToken.last_day >= today,
            or_(ApiToken.last_day <= today + RENEWAL_NOTICE, ~_owner_is_administrator(today)),
            ~exists().where(ApiTokenRevocation.token_id == ApiToken.id),
        )
        .correlate(None)
    )


def reads(session: Session, token_id: int, limit: int) -> list[TokenRead]:
    """What was read with a token, the newest days first."""
    columns = ApiRead.day, ApiRead.what, ApiRead.asked, ApiRead.requests, ApiRead.rows, ApiRead.last_at
    newest = select(*columns).where(ApiRead.token_id == token_id).order_by(ApiRead.day.desc(), ApiRead.id.desc())
    return [TokenRead(*row) for row in session.execute(newest.limit(limit))]


def _view_query(today: date) -> Select[*tuple[Any, ...]]:
    return (
        select(
            ApiToken.id, ApiToken.name, ApiToken.person_id, Person.name.label("owner"), ApiToken.scopes,
            ApiToken.team_id, Team.name.label("team"), ApiToken.hint, ApiToken.made_at, ApiToken.last_day,
            _last_used_on.label("last_used_on"), ApiTokenRevocation.made_at.label("revoked_at"),
            _Revoker.name.label("revoked_by"), _owner_is_administrator(today).label("is_owner_administrator"),
        )
        .join(Person, Person.id == ApiToken.person_id)
        .outerjoin(Team, Team.id == ApiToken.team_id)
        .outerjoin(ApiTokenRevocation, ApiTokenRevocation.token_id == ApiToken.id)
        .outerjoin(_Revoker, _Revoker.id == ApiTokenRevocation.revoked_by)
    )  # fmt: skip


def _owner_is_administrator(today: date) -> ColumnElement[bool]:
    """Whether the owner is here and has been an administrator since the token was made: a role that is given back does not
    bring back what somebody had before."""
    grant = exists().where(
        RoleGrant.person_id == ApiToken.person_id, RoleGrant.role == "administrator",
        RoleGrant.until.is_(None), RoleGrant.since <= ApiToken.made_at,
    )  # fmt: skip
    return and_(Person.left_at.is_(None), or_(Person.last_day.is_(None), Person.last_day >= today), grant)


def _view(row: Any) -> TokenView:
    return TokenView(
        row.id, row.name, row.person_id, row.owner, tuple(row.scopes), row.team_id, row.team, row.hint, row.made_at,
        row.last_day, row.last_used_on, row.revoked_at, row.revoked_by, bool(row.is_owner_administrator),
    )  # fmt: skip
