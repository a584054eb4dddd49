"""The accounts of people, the person of a link or code, and the attempts that count for a rate limit."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Date, Row, Select, bindparam, exists, func, or_, select
from sqlalchemy.orm import Session

from course.auth.models import SignInAttempt, SignInToken
from course.auth.rules import AttemptLimit, CodeSubject, LinkPurpose, token_hash
from course.db import UtcDateTime
from course.passwords.models import Credential
from course.passwords.queries import NO_PASSWORD, has_password
from course.people.models import Deputy, Person, RoleGrant
from course.people.queries import BY_NAME, login_condition, login_key
from course.people.rules import is_undeliverable, login_label

_SET_UP_PURPOSE: LinkPurpose = "set-up"
_CODE_PURPOSE: LinkPurpose = "code"
_person, _credential = Person.__table__, Credential.__table__
_SESSION_KEY = (
    select(func.coalesce(_credential.c.session_key, ""))
    .select_from(_person)
    .outerjoin(_credential, _credential.c.person_id == _person.c.id)
    .where(_person.c.id == bindparam("person"), _person.c.left_at.is_(None))
)


@dataclass(frozen=True)
class KnownAccount:
    """A person who has a password."""

    person_id: int
    password_hash: str
    session_key: str


def known_account(session: Session, login: str, today: date) -> KnownAccount | None:
    """The account of the person with this address or sign-in name; None if nobody has it, the person has left, or has no
    password of this course. Who has a last day has left after it, whether or not that is recorded yet."""
    column, value = login_key(login)
    row = session.execute(_account_statement(column), {"login": value, "today": today}).first()
    return KnownAccount(*row) if row else None


@cache
def _account_statement(column: str) -> Select[int, str, str]:
    """Built once, as others here: that takes longer than running it."""
    return (
        select(_person.c.id, _credential.c.password_hash, _credential.c.session_key)
        .join(_credential, _credential.c.person_id == _person.c.id)
        .where(_person.c[column] == bindparam("login"), _person.c.left_at.is_(None))
        .where(_credential.c.password_hash != NO_PASSWORD)
        .where(or_(_person.c.last_day.is_(None), _person.c.last_day >= bindparam("today")))
    )


def session_key(session: Session, person_id: int) -> str | None:
    """What changes with each new password of a person; empty for a person without a password, None for one who has left."""
    return session.execute(_SESSION_KEY, {"person": person_id}).scalar_one_or_none()


def has_recent_link(session: Session, person_id: int, purpose: LinkPurpose, since: datetime) -> bool:
    """Whether a person was sent a link of this purpose after `since` that is still unused."""
    links = select(SignInToken.id).where(
        SignInToken.person_id == person_id,
        SignInToken.purpose == purpose,
        SignInToken.used_at.is_(None),
        SignInToken.created_at > since,
    )
    return session.execute(links).first() is not None


def password_hash(session: Session, person_id: int) -> str | None:
    """The hash of a person's password; None if the person has none yet."""
    return session.execute(
        select(Credential.password_hash).where(
            Credential.person_id == person_id, Credential.password_hash != NO_PASSWORD
        )
    ).scalar_one_or_none()


@dataclass(frozen=True)
class SignInLink:
    """A link that still works, and its person; the person is None for the set-up of the course. `login` is what the person
    signs in with."""

    id: int
    purpose: str
    person_id: int | None
    name: str
    login: str


def find_link(session: Session, token: str, set_up: bool, at: datetime) -> SignInLink | None:
    """The link with this token; None unless it is unused and not expired, its person has not left, and it is a set-up link
    just if `set_up` is true."""
    row = session.execute(
        select(
            SignInToken.id, SignInToken.purpose, SignInToken.person_id, Person.name, Person.email, Person.sign_in_name
        )
        .outerjoin(Person, Person.id == SignInToken.person_id)
        .where(
            SignInToken.token_hash == token_hash(token),
            SignInToken.used_at.is_(None),
            SignInToken.expires_at > at,
            Person.left_at.is_(None),
        )
    ).first()
    if row is None or (row.purpose == _SET_UP_PURPOSE) != set_up:
        return None
    return SignInLink(row.id, row.purpose, row.person_id, row.name or "", login_label(row.email, row.sign_in_name))


@dataclass(frozen=True)
class CodePerson:
    """A person who works here, as far as one-time codes need to know them. `login` is what they sign in with; empty if they
    have neither an address nor a sign-in name, and then they can have no code. `has_role` if they see data of others."""

    id: int
    name: str
    login: str
    has_address: bool
    has_role: bool
    has_password: bool

    @property
    def subject(self) -> CodeSubject:
        return CodeSubject(self.id, self.has_address, self.has_role)

    @property
    def may_use_pin(self) -> bool:
        """Whether a PIN is enough for this person: only those without an address, who see nobody but themselves."""
        return not self.has_address and not self.has_role


def code_people(session: Session, ids: Collection[int], today: date) -> list[CodePerson]:
    """These people as far as they work here, by name. One query."""
    rows = _code_people_query().where(Person.id.in_(ids)).order_by(*BY_NAME)
    return [_code_person(row) for row in session.execute(rows, {"today": today})]


def code_person(session: Session, person_id: int, today: date) -> CodePerson | None:
    """This person, if they work here."""
    row = session.execute(_one_code_person(), {"person": person_id, "today": today}).first()
    return None if row is None else _code_person(row)


@cache
def _one_code_person() -> Select[*tuple[Any, ...]]:
    return _code_people_query().where(Person.id == bindparam("person"))


def code_person_by_login(session: Session, login: str, today: date) -> CodePerson | None:
    """The person who works here and signs in with this address or name."""
    row = session.execute(_code_people_query().where(login_condition(login)), {"today": today}).first()
    return None if row is None else _code_person(row)


def _code_people_query() -> Select[*tuple[Any, ...]]:
    """With the day as the parameter `today`. A deputy sees what their manager sees, and so counts as somebody with a role."""
    role = exists().where(RoleGrant.person_id == Person.id, RoleGrant.until.is_(None))
    deputy = exists().where(
        Deputy.deputy_id == Person.id, Deputy.ended_at.is_(None), Deputy.until >= bindparam("today", type_=Date)
    )
    return select(
        Person.id, Person.name, Person.email, Person.sign_in_name, or_(role, deputy).label("has_role"),
        has_password(Person.id).label("has_password"),
    ).where(Person.left_at.is_(None))  # fmt: skip


def _code_person(row: Row[Any]) -> CodePerson:
    login = "" if row.email and is_undeliverable(row.email) else login_label(row.email, row.sign_in_name)
    return CodePerson(
        row.id, row.name, login or row.sign_in_name or "", not is_undeliverable(row.email), row.has_role,
        row.has_password,
    )  # fmt: skip


def unused_code_id(session: Session, person_id: int, stored_hash: str, at: datetime, today: date) -> int | None:
    """The id of the one-time code of a person with this hash (rules.code_hash); None unless it still works."""
    return session.execute(
        select(SignInToken.id).where(
            SignInToken.token_hash == stored_hash, SignInToken.person_id == person_id, *_code_works(at, today)
        )
    ).scalar_one_or_none()


def code_works(session: Session, code_id: int, at: datetime, today: date) -> bool:
    """Whether the one-time code with this id still works."""
    found = session.execute(select(SignInToken.id).where(SignInToken.id == code_id, *_code_works(at, today)))
    return found.first() is not None


def _code_works(at: datetime, today: date) -> tuple[ColumnElement[bool], ...]:
    """A code is unused, not expired, and newer than each role of its person: whoever made it could become somebody with a
    role for whom they may make none (rules.may_issue_code)."""
    made_at, person_id = SignInToken.created_at, SignInToken.person_id
    role = exists().where(RoleGrant.person_id == person_id, RoleGrant.until.is_(None), RoleGrant.since > made_at)
    deputy = exists().where(
        Deputy.deputy_id == person_id, Deputy.ended_at.is_(None), Deputy.until >= today, Deputy.made_at > made_at
    )
    return (
        SignInToken.purpose == _CODE_PURPOSE, SignInToken.used_at.is_(None), SignInToken.expires_at > at, ~role, ~deputy,
    )  # fmt: skip


def code_by_hash(session: Session, stored_hash: str) -> SignInToken | None:
    """The one-time code with this hash, also if it no longer works."""
    return session.execute(select(SignInToken).where(SignInToken.token_hash == stored_hash)).scalar_one_or_none()


def code_expiries(session: Session, ids: Collection[int], at: datetime, today: date) -> dict[int, datetime]:
    """Until when the code of each of these people works; those without one that does are missing."""
    rows = select(SignInToken.person_id, SignInToken.expires_at).where(
        SignInToken.person_id.in_(ids), *_code_works(at, today)
    )
    return {row.person_id: row.expires_at for row in session.execute(rows) if row.person_id is not None}


def next_attempt_at(session: Session, limits: Mapping[str, AttemptLimit], at: datetime) -> datetime | None:
    """The moment at which the next attempt is allowed, by the limits of the keys under which it counts; None if it is
    allowed now. One query, which reads one row of each key, however many attempts there were."""
    values: dict[str, object] = {}
    for place, (key, limit) in enumerate(limits.items()):
        values |= {f"key{place}": key, f"since{place}": at - limit.window, f"before{place}": limit.count - 1}
    deciding = session.execute(_deciding_attempts(len(limits)), values).one()
    ends = [
        moment + limit.window for moment, limit in zip(deciding, limits.values(), strict=True) if moment is not None
    ]
    return max(ends, default=None)


@cache
def _deciding_attempts(keys: int) -> Select[*tuple[datetime | None, ...]]:
    """Of each of so many keys the attempt that, as long as it counts, closes the limit: the one with as many newer ones as
    the limit allows less one. Built once: building it takes longer than running it."""
    return select(
        *(
            select(SignInAttempt.at)
            .where(
                SignInAttempt.key == bindparam(f"key{n}"), SignInAttempt.at > bindparam(f"since{n}", type_=UtcDateTime)
            )
            .order_by(SignInAttempt.at.desc())
            .limit(1)
            .offset(bindparam(f"before{n}"))
            .scalar_subquery()
            .label(f"deciding{n}")
            for n in range(keys)
        )
    )


def attempt_times(session: Session, key: str, since: datetime, count: int | None = None) -> list[datetime]:
    """The moments of the attempts of a key after `since`, the newest first, at most `count` of them."""
    times = (
        select(SignInAttempt.at)
        .where(SignInAttempt.key == key, SignInAttempt.at > since)
        .order_by(SignInAttempt.at.desc())
        .limit(count)
    )
    return list(session.execute(times).scalars())
