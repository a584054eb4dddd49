"""Which facts about a person another system owns: recorded by the feature that talks to that system."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select, update

from course.context import Context
from course.db import insert_once
from course.people.actions.directory import Refusal
from course.people.models import OwnedField
from course.people.queries.ownership import owned_fields
from course.people.rules.ownership import IDENTITY_FIELDS, OWNABLE_FIELDS, owned_elsewhere


def set_owned_fields(context: Context, person_id: int, fields: Collection[str], source: str, name: str) -> None:
    """From now on the system `source`, which pages call `name`, owns these fields of a person, and no other field of the
    identity or the stay. Raises ValueError for a field that does not exist."""
    if not set(fields) <= {*IDENTITY_FIELDS, "stay"}:
        raise ValueError(f"there are no fields {sorted(fields)}")
    session = context.session
    rows = select(OwnedField).where(
        OwnedField.person_id == person_id, OwnedField.source == source, OwnedField.until.is_(None),
        OwnedField.field.in_((*IDENTITY_FIELDS, "stay")),
    )  # fmt: skip
    for row in session.execute(rows).scalars():
        if row.field not in fields:
            row.until = context.now
    session.flush()
    for one in fields:
        insert_once(
            session, OwnedField, person_id=person_id, field=one, source=source, source_name=name, since=context.now
        )


def own_assignment(context: Context, person_id: int, field: str, team_id: int | None, source: tuple[str, str]) -> None:
    """A system (its key and its name) gave somebody a team, the role of its manager, or a pathway."""
    if field not in OWNABLE_FIELDS:
        raise ValueError(f"there is no field {field!r}")
    insert_once(context.session, OwnedField, person_id=person_id, field=field, team_id=team_id, source=source[0],
                source_name=source[1], since=context.now)  # fmt: skip


def release_fields(
    context: Context, source: str, people: Collection[int] | None = None, fields: Collection[str] = OWNABLE_FIELDS,
    team_id: int | None = None,
) -> None:  # fmt: skip
    """The system owns these fields no more: of these people, or of all; with a team only what concerns that team."""
    changing = update(OwnedField).where(
        OwnedField.source == source, OwnedField.until.is_(None), OwnedField.field.in_(fields)
    )
    if people is not None:
        changing = changing.where(OwnedField.person_id.in_(people))
    if team_id is not None:
        changing = changing.where(OwnedField.team_id == team_id)
    context.session.execute(changing.values(until=context.now), execution_options={"synchronize_session": False})


def refuse_owned(
    context: Context, person_id: int, changed: Collection[str], field: str | None = None
) -> Refusal | None:
    """Why the person who acts may not change these fields of somebody: another system owns one of them. The refusal names
    `field`, or the one that is owned. Programs may: the job of last days, and the feature that talks to that system."""
    if context.actor is None:
        return None
    owned = owned_fields(context.session, person_id).first_owned(changed)
    return None if owned is None else Refusal(field or owned[0], owned_elsewhere(owned[1]))
