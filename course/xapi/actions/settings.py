"""Setting up, changing, pausing and removing the learning record store."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from course.audit.actions import record_event
from course.context import Context
from course.db import insert_once
from course.encryption import lock_secret, unlock_secret
from course.xapi.models import XapiEndpoint, XapiStatement
from course.xapi.queries import EndpointView, current_endpoint


@dataclass(frozen=True)
class EndpointSettings:
    """What an administrator chooses: the address, user name and password of the store (None: as before), the kinds of
    statements, and what people are called (account or mail)."""

    address: str
    username: str
    password: str | None
    kinds: tuple[str, ...]
    actor: str


def secret_purpose(endpoint_id: int) -> str:
    """What the password of a store is for, to which its encryption is bound."""
    return f"xapi {endpoint_id}"


def save_endpoint(context: Context, settings: EndpointSettings, secret_key: str) -> bool:
    """Set the store up, from now on, or change it. False, and nothing written, if nothing is different, or another
    administrator has just set one up."""
    found = current_endpoint(context.session)
    return _add(context, settings, secret_key) if found is None else _change(context, found, settings, secret_key)


def _add(context: Context, settings: EndpointSettings, secret_key: str) -> bool:
    session = context.session
    earlier = select(XapiEndpoint.namespace, XapiEndpoint.undated_until).order_by(XapiEndpoint.id.desc()).limit(1)
    # The same for every store that follows, so that a fact and a person have one id in all of them.
    namespace, undated_until = session.execute(earlier).one_or_none() or (str(uuid.uuid4()), None)
    values = {
        **_columns(settings), "slot": 1, "secret": b"", "namespace": namespace, "undated_until": undated_until,
        "made_by": context.person_id, "made_at": context.now, "paused_at": None, "failing_since": None, "failures": 0,
        "failure": "", "not_before": None, "ended_at": None,
    }  # fmt: skip
    endpoint_id = insert_once(session, XapiEndpoint, **values)
    if endpoint_id is None:
        return False
    _store_password(session, endpoint_id, settings.password or "", secret_key)
    _record(context, "xapi.added", endpoint_id, actor=settings.actor, kinds=", ".join(settings.kinds))
    return True


def _change(context: Context, found: EndpointView, settings: EndpointSettings, secret_key: str) -> bool:
    known = {"address": found.address, "username": found.username, "kinds": " ".join(found.kinds), "actor": found.actor}
    new = _columns(settings)
    words = {"address": "address", "username": "user name", "kinds": "statements", "actor": "what people are called"}
    changed = [words[name] for name in words if known[name] != new[name]]
    if settings.password is not None:
        changed.append("password")
    if not changed:
        return False
    # What was wrong may be mended: it is tried at once.
    values = {**new, "failures": 0, "not_before": None}
    context.session.execute(update(XapiEndpoint).where(XapiEndpoint.id == found.id).values(values))
    if settings.password is not None:
        _store_password(context.session, found.id, settings.password, secret_key)
    details = {"actor": settings.actor, "kinds": ", ".join(settings.kinds), "changed": ", ".join(changed)}
    _record(context, "xapi.changed", found.id, **details)
    return True


def _columns(settings: EndpointSettings) -> dict[str, Any]:
    return {
        "address": settings.address, "username": settings.username, "kinds": " ".join(settings.kinds),
        "actor": settings.actor,
    }  # fmt: skip


def _store_password(session: Session, endpoint_id: int, password: str, secret_key: str) -> None:
    locked = lock_secret(password.encode(), secret_key, secret_purpose(endpoint_id))
    session.execute(update(XapiEndpoint).where(XapiEndpoint.id == endpoint_id).values(secret=locked))


def endpoint_password(endpoint: EndpointView, secret_key: str) -> str:
    """The password of the store. Raises SecretLockedError if SECRET_KEY is another one."""
    return unlock_secret(endpoint.secret, secret_key, secret_purpose(endpoint.id)).decode()


def pause(context: Context) -> bool:
    """Send nothing for now; what is done meanwhile waits. False if nothing is sent anyway."""
    return _switch(context, "xapi.paused", {"paused_at": context.now}, is_paused=False)


def resume(context: Context) -> bool:
    """Send again, first what has waited. False if it is sent already."""
    values = {"paused_at": None, "not_before": None, "failures": 0}
    return _switch(context, "xapi.resumed", values, is_paused=True)


def _switch(context: Context, event: str, values: dict[str, Any], *, is_paused: bool) -> bool:
    paused = XapiEndpoint.paused_at.is_not(None) if is_paused else XapiEndpoint.paused_at.is_(None)
    changing = update(XapiEndpoint).where(XapiEndpoint.slot == 1, paused).values(values)
    row = context.session.execute(changing.returning(XapiEndpoint.id)).first()
    if row is None:
        return False
    _record(context, event, row.id)
    return True


def remove_endpoint(context: Context) -> bool:
    """Remove the store: nothing more is sent, its password is forgotten, and so is what has waited. False if there is
    none."""
    found = current_endpoint(context.session)
    if found is None:
        return False
    _record(context, "xapi.removed", found.id)
    values = {"slot": None, "ended_at": context.now, "secret": b""}
    context.session.execute(update(XapiEndpoint).where(XapiEndpoint.id == found.id).values(values))
    context.session.execute(delete(XapiStatement).where(XapiStatement.endpoint_id == found.id))
    return True


def _record(context: Context, event: str, endpoint_id: int, **details: Any) -> None:
    found = current_endpoint(context.session)
    host = found.host if found else ""
    record_event(context, event, ("xapi", endpoint_id), {"host": host, **details})
