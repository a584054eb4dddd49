"""Read the tokens of programs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from course.api_tokens.models import ApiRead, ApiToken, ApiTokenRevocation, ApiTokenUse
from course.api_tokens.rules import RENEWAL_NOTICE, SCIM_SCOPE, TokenView, is_well_formed
from course.auth.rules import token_hash
from course.dates import civil_date
from course.people.models import Membership, Person, RoleGrant, Team
from course.people.rules import team_subtree


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
    """The number of tokens that stopped because their owner is no administrator any more or their team is closed, or end within
    RENEWAL_NOTICE, as part of another query."""
    return (
        select(func.count(ApiToken.id))
        .join(Person, Person.id == ApiToken.person_id)
        .outerjoin(Team, Team.id == ApiToken.team_id)
        .where(
            ApiToken.last_day >= today,
            or_(
                ApiToken.last_day <= today + RENEWAL_NOTICE,
                ~_owner_is_administrator(today),
                Team.closed_at.is_not(None),
            ),
            ~exists().where(ApiTokenRevocation.token_id == ApiToken.id),
        )
        .correlate(None)
    )


def reads(session: Session, token_id: int, limit: int) -> list[TokenRead]:
    """What was read with a token, the newest days first."""
    columns = ApiRead.day, ApiRead.what, ApiRead.asked, ApiRead.requests, ApiRead.rows, ApiRead.last_at
    newest = select(*columns).where(ApiRead.token_id == token_id).order_by(ApiRead.day.desc(), ApiRead.id.desc())
    return [TokenRead(*row) for row in session.execute(newest.limit(limit))]


@dataclass(frozen=True)
class ProgramReads:
    """With a token, which `owner` made, programs read data of people among whom a person was: on `days` days from the first to
    the last."""

    token: str
    owner: str
    first: date
    last: date
    days: int


def program_reads(session: Session, person_id: int, zone: str) -> list[ProgramReads]:
    """What programs read of everyone, or of a team in which the person was then or which is above it, by token; what was read last
    comes first. It does not say whether the person was among those of a narrower filter. Three queries."""
    stays = session.execute(
        select(Membership.team_id, Membership.since, Membership.until).where(Membership.person_id == person_id)
    ).all()
    parents = {row.id: row.parent_id for row in session.execute(select(Team.id, Team.parent_id))}
    days = (
        select(ApiToken.id, ApiToken.name, Person.name.label("owner"), ApiToken.team_id, ApiRead.day)
        .join(ApiToken, ApiToken.id == ApiRead.token_id)
        .join(Person, Person.id == ApiToken.person_id)
        .where(ApiRead.rows > 0, ApiRead.last_at >= _added_at(person_id))
        .distinct()
        .order_by(ApiRead.day)
    )
    found: dict[int, ProgramReads] = {}
    for number, name, owner, team_id, day in session.execute(days):
        below = None if team_id is None else team_subtree(team_id, parents)
        if below is not None and not any(
            stay.team_id in below
            and civil_date(stay.since, zone) <= day
            and (stay.until is None or day <= civil_date(stay.until, zone))
            for stay in stays
        ):
            continue
        known = found.get(number) or ProgramReads(name, owner, day, day, 0)
        found[number] = replace(known, last=day, days=known.days + 1)
    return sorted(found.values(), key=lambda one: one.last, reverse=True)


def _added_at(person_id: int) -> Any:
    return select(Person.created_at).where(Person.id == person_id).scalar_subquery()


def _view_query(today: date) -> Select[*tuple[Any, ...]]:
    return (
        select(
            ApiToken.id, ApiToken.name, ApiToken.person_id, Person.name.label("owner"), ApiToken.scopes,
            ApiToken.team_id, Team.name.label("team"), ApiToken.hint, ApiToken.made_at, ApiToken.last_day,
            _last_used_on.label("last_used_on"), ApiTokenRevocation.made_at.label("revoked_at"),
            _Revoker.name.label("revoked_by"), _owner_is_administrator(today).label("is_owner_administrator"),
            Team.closed_at.is_not(None).label("is_team_closed"),
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
        bool(row.is_team_closed),
    )  # fmt: skip
