"""Sign-in sessions: the person of one, and those of a person.

A session ends by itself when a role of its person begins or ends: whoever has another role signs in again with it. What a
manager lends to a deputy is seen and ends at once, and ends no session. This
follows from the dated rows of roles each time that the session is used, so no job has to end it.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, and_, bindparam, case, exists, func, or_, select
from sqlalchemy.orm import Session

from course.auth.models import KnownDevice, SignInSession
from course.auth.rules import SESSION_RETENTION, DayMoment, token_hash
from course.db import RowSource, UtcDateTime
from course.organisation.queries import VERSION_COLUMNS, OrganisationVersion
from course.passwords.models import Credential
from course.people.models import Deputy, Person, RoleGrant
from course.people.queries import is_role_open, newest_pathway
from course.people.rules import Viewer, with_grants

_person, _credential, _grant, _deputy, _session = (
    t.__table__ for t in (Person, Credential, RoleGrant, Deputy, SignInSession)
)
_delegated_grant, _changed_grant = _grant.alias(), _grant.alias()
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)
_pathway = newest_pathway(_person.c.id)


def _role_changed(person_id: ColumnElement[Any], begun_at: ColumnElement[Any]) -> ColumnElement[bool]:
    """Whether a role of the person began or ended after the moment `begun_at` and by now."""
    now = bindparam("now", type_=UtcDateTime)

    def between(moment: ColumnElement[Any]) -> ColumnElement[bool]:
        return and_(moment > begun_at, moment <= now)

    def passed(last_day: ColumnElement[Any]) -> ColumnElement[bool]:
        # A session goes after some hours without use, so it need not be held against days before.
        return and_(last_day == bindparam("yesterday"), begun_at < bindparam("midnight", type_=UtcDateTime))

    grant = _changed_grant.c
    return exists().where(
        grant.person_id == person_id,
        or_(
            between(grant.since),
            between(grant.until),
            and_(grant.until.is_(None), passed(grant.last_day)),
        ),
    )


_VIEWER_QUERY = (
    select(
        _person.c.id,
        _person.c.name,
        _person.c.email,
        _credential.c.session_key,
        _grant.c.role,
        _grant.c.team_id,
        _pathway,
        _delegated_grant.c.team_id,
        _delegated_grant.c.person_id,
        _deputy.c.may_act,
        _person.c.language,
        _session.c.used_at,
        case(
            (_session.c.nonce_hash.is_(None), False),
            (_session.c.ended_at.is_not(None), True),
            else_=_role_changed(_person.c.id, _session.c.begun_at),
        ).label("is_over"),
        *VERSION_COLUMNS,
    )
    .select_from(_person)
    .outerjoin(_credential, _credential.c.person_id == _person.c.id)
    .outerjoin(_session, _session.c.nonce_hash == bindparam("nonce_hash"))
    .outerjoin(_grant, and_(_grant.c.person_id == _person.c.id, is_role_open(_grant.c, bindparam("today"))))
    # The managers whose deputy the person is today.
    .outerjoin(
        _deputy,
        and_(_deputy.c.deputy_id == _person.c.id, _deputy.c.ended_at.is_(None), _deputy.c.until >= bindparam("today")),
    )
    .outerjoin(
        _delegated_grant,
        and_(
            _delegated_grant.c.person_id == _deputy.c.manager_id,
            _delegated_grant.c.role == "manager",
            _delegated_grant.c.until.is_(None),
        ),
    )
    .where(
        _person.c.id == bindparam("id"),
        _person.c.left_at.is_(None),
        or_(_person.c.last_day.is_(None), _person.c.last_day >= bindparam("today")),
        or_(_session.c.person_id.is_(None), _session.c.person_id == _person.c.id),
    )
)


class SignedInViewer(NamedTuple):
    """The person of a sign-in session, the version of the organisation as it is now, and when the use of the session was last
    recorded; None for one of a release that kept no sessions."""

    viewer: Viewer
    version: OrganisationVersion
    used_at: datetime | None


def viewer(
    session: RowSource, person_id: int, session_key: str, today: date, nonce: str = "", moment: DayMoment | None = None
) -> SignedInViewer | None:
    """The person of a sign-in session; one query.

    None if the person has left, or the session with this nonce is over at the `moment`. Of a session that is not kept,
    because an earlier release began it, `session_key` decides: it has to be the person's. A deputy also sees the teams of
    the managers that the person deputises for on the day `today`.
    """
    values = {
        "id": person_id,
        "nonce_hash": token_hash(nonce),
        **_moment_values(moment or DayMoment(_NEVER, today, _NEVER)),
    }
    rows = session.execute(_VIEWER_QUERY, values).all()
    if not rows:
        return None
    (number, name, email, key, _role, _team, pathway, _lent, _manager, _acts, language, used_at, is_over, *columns) = (
        rows[0]
    )
    if is_over or (used_at is None and not hmac.compare_digest((key or "").encode(), session_key.encode() or b"-")):
        return None
    version = OrganisationVersion(*columns)
    grants = {(row[4], row[5]) for row in rows}
    delegated = {(row[7], row[8], row[9]) for row in rows if row[7] is not None}
    found = Viewer(number, name, email or "", pathway=pathway or version.pathway, language=language)
    return SignedInViewer(with_grants(found, grants, delegated), version, used_at)


def _moment_values(moment: DayMoment) -> dict[str, object]:
    yesterday = moment.today - timedelta(days=1)
    return {"now": moment.at, "today": moment.today, "yesterday": yesterday, "midnight": moment.midnight}


@dataclass(frozen=True)
class OpenSession:
    """A browser in which a person is signed in; `is_here`: it is the one that asks."""

    nonce_hash: str
    device: str
    method: str
    begun_at: datetime
    used_at: datetime
    is_here: bool


def open_sessions(session: Session, person_id: int, moment: DayMoment, nonce: str = "") -> list[OpenSession]:
    """The sessions of a person that are not over at the moment: this browser first, then by their last use. `nonce` is that
    of the session which asks."""
    here = token_hash(nonce)
    rows = session.execute(
        select(_session)
        .where(
            _session.c.person_id == person_id,
            _session.c.ended_at.is_(None),
            _session.c.used_at > moment.at - SESSION_RETENTION,
            ~_role_changed(_session.c.person_id, _session.c.begun_at),
        )
        .order_by(_session.c.used_at.desc(), _session.c.nonce_hash),
        _moment_values(moment),
    )
    found = [
        OpenSession(row.nonce_hash, row.device, row.method, row.begun_at, row.used_at, row.nonce_hash == here)
        for row in rows
    ]
    return sorted(found, key=lambda one: not one.is_here)


def known_devices(session: Session, person_id: int, device: str) -> tuple[bool, bool]:
    """Whether a person has signed in before in the browser with this device cookie, and whether in any."""
    row = session.execute(_KNOWN_DEVICES, {"person": person_id, "device": token_hash(device)}).one()
    return bool(row[0]), bool(row[1])


_device = KnownDevice.__table__
_of_person = _device.c.person_id == bindparam("person")
_KNOWN_DEVICES = select(
    exists().where(_of_person, _device.c.device_hash == bindparam("device")), exists().where(_of_person)
)


def newest_device_at(session: Session, person_id: int) -> datetime | None:
    """When a person last signed in in a browser for the first time; None if it is known of none, or of the first one only."""
    count, newest = session.execute(
        select(func.count(), func.max(KnownDevice.first_at)).where(KnownDevice.person_id == person_id)
    ).one()
    return newest if count > 1 else None
