"""Read the tokens of programs."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from course.api_tokens.models import ApiToken, ApiTokenRevocation, ApiTokenUse
from course.api_tokens.rules import SCIM_SCOPE, TokenView, is_well_formed
from course.auth.rules import token_hash
from course.people.models import Person, RoleGrant, Team

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
    found = [_view(row) for row in session.execute(_view_query(today).order_by(ApiToken.id.desc()))]
    return [token for token in found if (SCIM_SCOPE in token.scopes) == scim]


def token(session: Session, token_id: int, today: date) -> TokenView | None:
    """A token by its id."""
    row = session.execute(_view_query(today).where(ApiToken.id == token_id)).one_or_none()
    return _view(row) if row else None


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
