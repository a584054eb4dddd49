"""Make and revoke tokens of programs, and record that one was used."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from course.api_tokens import queries
from course.api_tokens.events import PersonalDataRead
from course.api_tokens.models import ApiRead, ApiToken, ApiTokenRevocation, ApiTokenUse
from course.api_tokens.rules import SCIM_SCOPE, SCOPES, TokenEndsMessage, new_token, token_mistake
from course.audit.actions import record_event
from course.auth.rules import token_hash
from course.context import Context, make_context
from course.db import insert_if_absent, insert_once
from course.mail.actions import queue_message
from course.people.models import Person
from course.people.queries import administrators, mail_recipient
from course.people.rules import first_name

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


def announce_ends(context: Context) -> int:
    """Mail every administrator once that a token which works ends within RENEWAL_NOTICE; how many mails were queued."""
    session, queued = context.session, 0
    ending = [one for one in queries.all_tokens(session, context.today) if one.needs_notice(context.today)]
    people = select(Person.name, Person.email).where(Person.id.in_(administrators(session) if ending else []))
    recipients = [(name, email) for name, email in session.execute(people) if email is not None]
    for token in ending:
        for name, email in recipients:
            message = TokenEndsMessage(first_name(name), token.name, token.last_day, SCIM_SCOPE in token.scopes)
            key = f"token:{token.id}:{token_hash(email)}"
            queued += queue_message(session, key, mail_recipient(session, email), message, context.now)
    return queued


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


def record_read(session: Session, read: PersonalDataRead) -> None:
    """Record that a program read personal data. The first read of a day, address and filter is an audit event; those that
    follow are counted, and their sum is one (see `record_sums`), so that a program that asks every five minutes does not
    fill the log."""
    key = {"token_id": read.token_id, "day": read.day, "what": read.what, "asked": read.asked}
    counted = {"requests": 1, "rows": read.rows, "first_at": read.at, "last_at": read.at}
    if insert_once(session, ApiRead, **key, **counted, is_summed=False) is None:
        values = {"requests": ApiRead.requests + 1, "rows": ApiRead.rows + read.rows, "last_at": read.at}
        session.execute(update(ApiRead).filter_by(**key).values(values))
        return
    details = {"token": read.token_id, "name": read.token, "read": read.what, "day": read.day.isoformat()}
    record_event(
        make_context(session, read.owner_id, read.at),
        "api.read",
        None,
        details | ({"filter": read.asked} if read.asked else {}),
    )


def record_sums(context: Context) -> int:
    """Record for each token and each past day how much was read with it, once. Returns the number of events."""
    session, before = context.session, ApiRead.day < context.today
    unsummed = select(ApiRead.id).where(before, ~ApiRead.is_summed).order_by(ApiRead.id).with_for_update()
    ids = list(session.execute(unsummed).scalars())
    sums = session.execute(
        select(
            ApiRead.token_id, ApiToken.name, ApiToken.person_id, ApiRead.day, func.sum(ApiRead.requests).label("requests"),
            func.sum(ApiRead.rows).label("rows"),
        )
        .join(ApiToken, ApiToken.id == ApiRead.token_id)
        .where(ApiRead.id.in_(ids))
        .group_by(ApiRead.token_id, ApiToken.name, ApiToken.person_id, ApiRead.day)
        .order_by(ApiRead.day, ApiRead.token_id)
    ).all()  # fmt: skip
    session.execute(update(ApiRead).where(ApiRead.id.in_(ids)).values(is_summed=True))
    for one in sums:
        details = {"token": one.token_id, "name": one.name, "day": one.day.isoformat(), "requests": one.requests}
        record_event(
            make_context(session, one.person_id, context.now), "api.day_read", None, {**details, "rows": int(one.rows)}
        )
    return len(sums)
