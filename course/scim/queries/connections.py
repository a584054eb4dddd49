"""Connections: which there are, what they own, and what they have called."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from course.people.models import Person, Team
from course.scim.models import ScimCall, ScimConnection, ScimGroup, ScimGroupRule, ScimMember, ScimToken, ScimUser
from course.scim.rules.grants import Grant
from course.scim.rules.problems import problem_words

CALLS_SHOWN = 30
CALLS_KEPT = 500  # of each connection


@dataclass(frozen=True)
class ConnectionView:
    """A connection as the list shows it: `people` are here and owned by it, `last_call` is when it called last."""

    id: int
    name: str
    owns_administrators: bool
    made_at: datetime
    ended_at: datetime | None
    people: int
    last_call: datetime | None


@dataclass(frozen=True)
class CallView:
    """A call and its outcome; `words` say what an administrator can do if it failed, about whom by `person_id`."""

    at: datetime
    method: str
    kind: str
    resource_id: str | None
    status: int
    words: str
    person_id: int | None
    person: str | None

    @property
    def is_fine(self) -> bool:
        """Whether the identity provider got what it asked for."""
        return self.status < 400


@dataclass(frozen=True)
class RuleView:
    """What a group gives; `closed` says that its team is closed, so that it gives nothing."""

    id: int
    grant: Grant
    team: str | None
    closed: bool


@dataclass(frozen=True)
class GroupView:
    """A group with how many members it has and what it gives them."""

    id: int
    name: str
    members: int
    rules: Sequence[RuleView] = field(default=())


def connection(session: Session, connection_id: int) -> ScimConnection | None:
    """The connection, whether it has ended or not."""
    return session.get(ScimConnection, connection_id)


def connection_of_token(session: Session, token_id: int) -> ScimConnection | None:
    """The connection that a token belongs to, unless it has ended."""
    rows = select(ScimConnection).join(ScimToken, ScimToken.connection_id == ScimConnection.id)
    rows = rows.where(ScimToken.token_id == token_id, ScimConnection.ended_at.is_(None))
    return session.execute(rows).scalar()


def token_ids(session: Session, connection_id: int) -> set[int]:
    """The ids of all tokens of a connection."""
    return set(session.execute(select(ScimToken.token_id).where(ScimToken.connection_id == connection_id)).scalars())


def connections(session: Session) -> list[ConnectionView]:
    """All connections, those that have ended last. One query."""
    people = (
        select(func.count())
        .select_from(ScimUser)
        .join(Person, Person.id == ScimUser.person_id)
        .where(ScimUser.connection_id == ScimConnection.id, ScimUser.ended_at.is_(None), Person.left_at.is_(None))
        .scalar_subquery()
    )
    last = select(func.max(ScimCall.at)).where(ScimCall.connection_id == ScimConnection.id).scalar_subquery()
    rows = select(ScimConnection, people, last).order_by(ScimConnection.ended_at.is_not(None), ScimConnection.name)
    return [
        ConnectionView(one.id, one.name, one.owns_administrators, one.made_at, one.ended_at, count, at)
        for one, count, at in session.execute(rows)
    ]


def recent_calls(session: Session, connection_id: int, failed: bool = False) -> list[CallView]:
    """The newest calls of a connection, or the newest that failed. One query."""
    rows = select(ScimCall, Person.name).outerjoin(Person, Person.id == ScimCall.person_id)
    rows = rows.where(ScimCall.connection_id == connection_id).order_by(ScimCall.id.desc()).limit(CALLS_SHOWN)
    if failed:
        rows = rows.where(ScimCall.status >= 400)
    return [
        CallView(one.at, one.method, one.kind, one.resource_id, one.status,
                 problem_words(one.status, one.problem) if one.status >= 400 else "", one.person_id, name)
        for one, name in session.execute(rows)
    ]  # fmt: skip


def groups(session: Session, connection_id: int) -> list[GroupView]:
    """The groups of a connection by name, each with what it gives. Two queries."""
    members = select(func.count()).where(ScimMember.group_id == ScimGroup.id).scalar_subquery()
    rules: dict[int, list[RuleView]] = {}
    found = (
        select(ScimGroupRule, Team.name, Team.closed_at)
        .join(ScimGroup, ScimGroup.id == ScimGroupRule.group_id)
        .outerjoin(Team, Team.id == ScimGroupRule.team_id)
        .where(ScimGroup.connection_id == connection_id, ScimGroupRule.ended_at.is_(None))
        .order_by(ScimGroupRule.id)
    )
    for rule, team, closed_at in session.execute(found):
        grant = Grant(rule.kind, rule.team_id, rule.pathway)
        rules.setdefault(rule.group_id, []).append(RuleView(rule.id, grant, team, closed_at is not None))
    rows = select(ScimGroup.id, ScimGroup.display_name, members.label("members"))
    rows = rows.where(ScimGroup.connection_id == connection_id, ScimGroup.ended_at.is_(None))
    return [
        GroupView(row.id, row.display_name, row.members, rules.get(row.id, ()))
        for row in session.execute(rows.order_by(ScimGroup.display_name, ScimGroup.id))
    ]


def group_of(session: Session, connection_id: int, group_id: int) -> ScimGroup | None:
    """A group of a connection, unless it was deleted."""
    rows = select(ScimGroup).where(ScimGroup.id == group_id, ScimGroup.connection_id == connection_id)
    return session.execute(rows.where(ScimGroup.ended_at.is_(None))).scalar()


def member_people(session: Session, group_id: int) -> list[int]:
    """The ids of the people who are in a group."""
    rows = select(ScimUser.person_id).join(ScimMember, ScimMember.user_id == ScimUser.id)
    rows = rows.where(ScimMember.group_id == group_id, ScimUser.person_id.is_not(None))
    return [one for one in session.execute(rows.order_by(ScimUser.id)).scalars() if one is not None]


def rule_with_group(session: Session, connection_id: int, rule_id: int) -> tuple[ScimGroupRule, ScimGroup] | None:
    """A rule of a connection, and the group that it is about."""
    rows = select(ScimGroupRule, ScimGroup).join(ScimGroup, ScimGroup.id == ScimGroupRule.group_id)
    row = session.execute(rows.where(ScimGroupRule.id == rule_id, ScimGroup.connection_id == connection_id)).first()
    return None if row is None else (row[0], row[1])
