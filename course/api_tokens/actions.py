"""Make and revoke tokens of programs, and record that one was used."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from sqlalchemy.orm import Session

from course.api_tokens.models import ApiToken, ApiTokenRevocation, ApiTokenUse
from course.api_tokens.rules import SCOPES, new_token, token_mistake
from course.audit.actions import record_event
from course.auth.rules import token_hash
from course.context import Context
from course.db import insert_if_absent

_HINT_LENGTH = 4  # characters


def make_token(context: Context, name: str, scopes: Collection[str], last_day: date, team_id: int | None = None) -> str:
    """Make a token of the person who acts. Returns the token, of which only the hash is stored: it cannot be shown again.

    Raises ValueError with a message for the person if it cannot be made (see token_mistake).
    """
    mistake = token_mistake(scopes, last_day, context.today)
    if mistake is not None:
        raise ValueError(str(mistake))
    secret, ordered = new_token(), [scope for scope in SCOPES if scope in scopes]
    row = ApiToken(
        person_id=context.person_id, name=name, scopes=ordered, team_id=team_id, token_hash=token_hash(secret),
        hint=secret[-_HINT_LENGTH:], made_at=context.now, last_day=last_day,
    )  # fmt: skip
    context.session.add(row)
    context.session.flush()
    details = {"token": row.id, "name": name, "scopes": ", ".join(ordered), "last_day": last_day.isoformat()}
    record_event(context, "api.token_made", None, details | ({"team": team_id} if team_id else {}))
    return secret


def revoke_token(context: Context, token_id: int) -> bool:
    """Revoke a token: it stops working at once. Whether it was not revoked before."""
    row = context.session.get(ApiToken, token_id)
    if row is None or not insert_if_absent(
        context.session, ApiTokenRevocation, token_id=token_id, revoked_by=context.actor, made_at=context.now
    ):
        return False
    record_event(context, "api.token_revoked", None, {"token": token_id, "name": row.name})
    return True


def record_use(session: Session, token_id: int, day: date) -> None:
    """Record that the token was used on that day, if that is not recorded yet."""
    insert_if_absent(session, ApiTokenUse, token_id=token_id, day=day)
