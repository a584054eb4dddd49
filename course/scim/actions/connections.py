"""Connections of identity providers: added, given tokens, ended; and the calls that they make."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from course.api_tokens.actions import make_token, revoke_token
from course.api_tokens.queries import token_by_secret
from course.api_tokens.rules import SCIM_SCOPE, latest_last_day
from course.audit.actions import record_event
from course.context import Context, make_context
from course.db import insert_once
from course.people.actions import hold_team_tree
from course.people.actions.ownership import release_fields
from course.scim.actions.users import source_key
from course.scim.models import ScimCall, ScimConnection, ScimGroup, ScimMember, ScimToken, ScimUser
from course.scim.queries.connections import CALLS_KEPT, token_ids
from course.text import normalise_line


def add_connection(context: Context, name: str) -> int | None:
    """Add a connection; None if there is one of that name."""
    name = normalise_line(name)
    values = {"name": name, "owns_administrators": False, "made_by": context.actor, "made_at": context.now}
    added = insert_once(context.session, ScimConnection, **values)
    if added is not None:
        record_event(context, "scim.connection_added", ("scim", added), {"name": name})
    return added


def lock_connection(session: Session, connection_id: int) -> ScimConnection | None:
    """The connection; its other calls, and whoever changes it, wait until the transaction ends, as does whoever changes the tree
    of teams: a call finds out only with each person which teams groups give. None if it has ended."""
    hold_team_tree(session)
    rows = select(ScimConnection).where(ScimConnection.id == connection_id, ScimConnection.ended_at.is_(None))
    return session.execute(rows.with_for_update().execution_options(populate_existing=True)).scalar()


def connection_context(context: Context, connection: ScimConnection) -> Context:
    """The context in which a connection acts: no person, and its name in the log."""
    return replace(make_context(context.session, None, context.now), connection=connection.name)


def make_connection_token(context: Context, connection: ScimConnection) -> str:
    """Make another token for a connection; the others go on working until they are revoked. Returns the token, which is not
    stored."""
    secret = make_token(context, connection.name, [SCIM_SCOPE], latest_last_day(context.today))
    token = token_by_secret(context.session, secret, context.today)
    if token is None:
        raise LookupError("the token was not stored")
    context.session.add(ScimToken(token_id=token.id, connection_id=connection.id))
    context.session.flush()
    record_event(context, "scim.token_made", ("scim", connection.id), {"name": connection.name, "token": token.id})
    return secret


def revoke_connection_token(context: Context, connection: ScimConnection, token_id: int) -> bool:
    """Revoke a token of a connection; False if it was, or is not one of its tokens."""
    if token_id not in token_ids(context.session, connection.id) or not revoke_token(context, token_id):
        return False
    record_event(context, "scim.token_revoked", ("scim", connection.id), {"name": connection.name, "token": token_id})
    return True


def set_administrators_owned(context: Context, connection: ScimConnection, owned: bool) -> bool:
    """Say whether a connection may change administrators and auditors; False if that was so."""
    if connection.owns_administrators == owned:
        return False
    connection.owns_administrators = owned
    context.session.flush()
    details = {"name": connection.name, "owned": owned}
    record_event(context, "scim.administrators_owned", ("scim", connection.id), details)
    return True


def end_connection(context: Context, connection: ScimConnection) -> None:
    """A connection ends: its tokens work no more, and what it owned is changed here again. Nobody leaves, and nobody loses
    what groups gave them. What it said beside what stands in people's entries is not kept."""
    session = context.session
    for token_id in sorted(token_ids(session, connection.id)):
        revoke_token(context, token_id)
    unsynchronised = {"synchronize_session": False}
    users = select(ScimUser.id).where(ScimUser.connection_id == connection.id)
    session.execute(delete(ScimMember).where(ScimMember.user_id.in_(users)), execution_options=unsynchronised)
    strangers = delete(ScimUser).where(ScimUser.connection_id == connection.id, ScimUser.person_id.is_(None))
    session.execute(strangers, execution_options=unsynchronised)
    for table, values in ((ScimUser, {"attributes": "{}"}), (ScimGroup, {})):
        open_rows = update(table).where(table.connection_id == connection.id, table.ended_at.is_(None))
        session.execute(open_rows.values(ended_at=context.now, **values), execution_options=unsynchronised)
    release_fields(context, source_key(connection))
    connection.ended_at, connection.ended_by = context.now, context.actor
    session.flush()
    record_event(context, "scim.connection_ended", ("scim", connection.id), {"name": connection.name})


@dataclass(frozen=True)
class CallOutcome:
    """What became of a call: see ScimCall."""

    method: str
    kind: str
    resource_id: str | None
    status: int
    problem: str | None
    person_id: int | None


def record_call(context: Context, connection_id: int, outcome: CallOutcome) -> None:
    """Record a call; of each connection the newest are kept."""
    session = context.session
    call = ScimCall(
        connection_id=connection_id, at=context.now, method=outcome.method, kind=outcome.kind,
        resource_id=outcome.resource_id, status=outcome.status, problem=outcome.problem, person_id=outcome.person_id,
    )  # fmt: skip
    session.add(call)
    session.flush()
    if call.id % 20 == 0:
        oldest = select(ScimCall.id).where(ScimCall.connection_id == connection_id).order_by(ScimCall.id.desc())
        kept = session.execute(oldest.offset(CALLS_KEPT).limit(1)).scalar()
        if kept is not None:
            session.execute(delete(ScimCall).where(ScimCall.connection_id == connection_id, ScimCall.id <= kept))
