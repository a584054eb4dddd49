"""The schedule in force, who has something to lose by it, and what went."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import cast

from sqlalchemy import ColumnElement, Table, and_, exists, func, or_, select
from sqlalchemy.orm import Session

from course.dates import civil_date, start_of_day
from course.db import Base
from course.learning.models import Completion
from course.people.models import Person
from course.privacy.models import Erasure, ErasureRequest, RetentionSchedule
from course.privacy.queries.subject_data import TABLES, addresses, belongs, entries_of, last_entry, merges
from course.privacy.rules.address_history import ENDING
from course.privacy.rules.personal_data_map import PLACES
from course.privacy.rules.retention_schedule import AT_REQUEST, OF_LEAVERS, STAGES, Schedule, Stage, due, furthest

Part = tuple[Table, ColumnElement[bool]]  # rows of a table
_AT_ONCE = 50  # people in one statement


@dataclass(frozen=True)
class Version:
    """A version of the schedule with who made it, when and why."""

    schedule: Schedule
    reason: str
    by: str | None
    at: datetime


def history(session: Session) -> list[Version]:
    """The versions of the schedule, the newest first; none before somebody has set one."""
    rows = session.execute(
        select(RetentionSchedule, Person.name)
        .outerjoin(Person, Person.id == RetentionSchedule.made_by)
        .order_by(RetentionSchedule.id.desc())
    )
    return [Version(_schedule(row), row.reason, name, row.made_at) for row, name in rows]


def schedule(session: Session) -> Schedule | None:
    """The schedule in force; None if nobody has set one."""
    newest = select(RetentionSchedule).order_by(RetentionSchedule.id.desc()).limit(1)
    row = session.execute(newest).scalar_one_or_none()
    return None if row is None else _schedule(row)


def _schedule(row: RetentionSchedule) -> Schedule:
    return Schedule(**{one.name: getattr(row, one.name) for one in fields(Schedule)})


@dataclass(frozen=True)
class Task:
    """What goes of one person: the stages, each with the request that asks for it (None: the schedule)."""

    person_id: int
    stages: Mapping[Stage, int | None]


def tasks(
    session: Session, plan: Schedule | None, zone: str, at: datetime, among: Sequence[int] | None = None
) -> list[Task]:
    """What is to go at this moment, by person; of all, or of those `among` these ids."""
    found: dict[int, dict[Stage, int | None]] = {}
    for stage in OF_LEAVERS:
        for person_id in leavers(session, stage, plan, zone, at, among):
            # Whatever came after an earlier stage goes with the name at the latest.
            for one in OF_LEAVERS if stage == "proof" else (stage,):
                found.setdefault(person_id, {}).setdefault(one, None)
    for person_id, stages in _requested(session, at, among).items():
        found[person_id] = {**found.get(person_id, {}), **stages}
    return [Task(person_id, found[person_id]) for person_id in sorted(found)]


def leavers(
    session: Session, stage: Stage, plan: Schedule | None, zone: str, at: datetime, among: Sequence[int] | None = None
) -> list[int]:
    """Whoever has something to lose at a stage by the schedule, and has not lost it since they left."""
    today = civil_date(at, zone)
    last = furthest(plan, stage, today)
    if last is None:
        return []
    before = min(at, start_of_day(last + timedelta(days=1), zone))
    done = exists().where(Erasure.person_id == Person.id, Erasure.stage == stage, Erasure.made_at > Person.left_at)
    statement = select(Person.id, Person.left_at).where(Person.left_at <= before, ~done).order_by(Person.id)
    if among is not None:
        statement = statement.where(Person.id.in_(among))
    gone, into = session.execute(statement).all(), merges(session)
    left = _left(session, {last_entry(into, row.id) for row in gone if row.id in into})
    found = []
    for row in gone:
        # An entry that was merged waits for the other one: as long as that one works here, only its notes go.
        moment = row.left_at if row.id not in into or stage == "notes" else left[last_entry(into, row.id)]
        if moment is not None and moment <= at and due(plan, stage, civil_date(moment, zone), today):
            found.append(row.id)
    return found


def _left(session: Session, ids: Iterable[int]) -> dict[int, datetime | None]:
    rows = session.execute(select(Person.id, Person.left_at).where(Person.id.in_(ids)))
    return {row.id: row.left_at for row in rows}


def _requested(session: Session, at: datetime, among: Sequence[int] | None) -> dict[int, dict[Stage, int | None]]:
    """What was asked for and has not been carried out, for each entry of whoever asked."""
    done = {(row.request_id, row.person_id) for row in session.execute(
        select(Erasure.request_id, Erasure.person_id).where(Erasure.request_id.is_not(None))
    )}  # fmt: skip
    asked = session.execute(select(ErasureRequest.id, ErasureRequest.person_id).order_by(ErasureRequest.id)).all()
    waiting = [row for row in asked if (row.id, row.person_id) not in done]
    found: dict[int, dict[Stage, int | None]] = {}
    for request in waiting:
        left = _left(session, [request.person_id])[request.person_id]
        stages: tuple[Stage, ...] = AT_REQUEST if left is not None and left <= at else ("spare",)
        for one in entries_of(session, request.person_id):
            if among is None or one in among:
                found.setdefault(one, {}).update(dict.fromkeys(stages, request.id))
    return found


def parts(session: Session, stage: Stage, ids: Sequence[int], at: datetime) -> list[Part]:
    """The rows that are deleted at a stage, those that depend on others first."""
    if stage == "spare":
        return _spare(session, ids, at)
    spans = addresses(session, ids)
    found: list[Part] = []
    for table in reversed(Base.metadata.sorted_tables):
        place = PLACES.get(table.name)
        if place is not None and place.goes == stage:
            found.append((table, belongs(place, ids, spans)))
        elif table.name == "enrolment" and stage == "learning":
            # A refresher that was not finished is nothing without its parts, and would count as done.
            unfinished = ~exists().where(Completion.enrolment_id == table.c.id)
            found.append((table, and_(table.c.person_id.in_(ids), table.c.kind != "initial", unfinished)))
    return found


def _spare(session: Session, ids: Sequence[int], at: datetime) -> list[Part]:
    """What nobody needs of people who work here."""
    feeds, links, asked = (TABLES[name] for name in ("calendar_feed", "sign_in_token", "registration_request"))
    of_feeds = [TABLES["calendar_feed_fetch"], TABLES["calendar_feed_end"]]
    has_ended = exists().where(TABLES["calendar_feed_end"].c.feed_id == feeds.c.id)
    ended = session.execute(select(feeds.c.id).where(feeds.c.person_id.in_(ids), has_ended)).scalars().all()
    over = or_(links.c.used_at.is_not(None), links.c.expires_at <= at)
    return [
        *((table, table.c.feed_id.in_(ended)) for table in of_feeds),
        (feeds, feeds.c.id.in_(ended)),
        (links, and_(links.c.person_id.in_(ids), over)),
        (asked, asked.c.person_id.in_(ids)),
    ]


def emptied(stage: Stage, ids: Sequence[int]) -> list[tuple[Table, dict[str, str | None], ColumnElement[bool]]]:
    """The columns that are emptied at a stage, and with what, in the rows in which anything stands in them."""
    found = []
    for place in PLACES.values():
        if values := place.wiped.get(stage):
            table = TABLES[place.table]
            filled = or_(*(table.c[name].is_distinct_from(value) for name, value in values.items()))
            found.append((table, dict(values), and_(belongs(place, ids, ()), filled)))
    return found


def total(session: Session, stage: Stage, ids: Sequence[int], at: datetime) -> int:
    """How many rows would go or be emptied at a stage."""
    rows_ = [*parts(session, stage, ids, at), *((table, which) for table, _, which in emptied(stage, ids))]
    person = TABLES["person"]
    named = {"mail": person.c.email.not_like(f"%{ENDING}"), "proof": person.c.erased_at.is_(None)}
    if stage in named:
        rows_.append((person, and_(person.c.id.in_(ids), named[stage])))
    counts = [select(func.count()).select_from(table).where(which).scalar_subquery() for table, which in rows_]
    found = session.execute(select(*counts)).one() if counts else ()
    return sum(found)


@dataclass(frozen=True)
class Effect:
    """What would go at a stage: of how many people, and how many rows."""

    stage: Stage
    people: int
    rows: int


def effects(session: Session, plan: Schedule | None, zone: str, at: datetime) -> list[Effect]:
    """What would go now by a schedule and by what was asked for; only stages at which somebody has anything."""
    by_stage: dict[Stage, list[int]] = {}
    for task in tasks(session, plan, zone, at):
        for stage in task.stages:
            by_stage.setdefault(stage, []).append(task.person_id)
    found = []
    for stage in STAGES:
        ids = by_stage.get(stage, [])
        rows_ = sum(total(session, stage, ids[i : i + _AT_ONCE], at) for i in range(0, len(ids), _AT_ONCE))
        if rows_:
            found.append(Effect(stage, len(ids), rows_))
    return found


@dataclass(frozen=True)
class Done:
    """What went of somebody at a stage, and whether they had asked."""

    stage: Stage
    total: int
    asked: bool
    at: datetime


@dataclass(frozen=True)
class Case:
    """Somebody whose data is looked at: `left` is when they left, `ids` all their entries, `totals` what there is of
    each stage, `waiting` when a request was made that has not been carried out."""

    person: Person
    ids: list[int]
    totals: Mapping[Stage, int]
    waiting: datetime | None
    done: list[Done]


def case(session: Session, person_id: int, at: datetime) -> Case | None:
    """One person; None if there is nobody."""
    person = session.get(Person, person_id)
    if person is None:
        return None
    ids = entries_of(session, person_id)
    erased = select(Erasure).where(Erasure.person_id.in_(ids)).order_by(Erasure.id.desc())
    rows_ = session.execute(erased).scalars().all()
    carried_out = exists().where(Erasure.request_id == ErasureRequest.id)
    waits = select(ErasureRequest.made_at).where(ErasureRequest.person_id.in_(ids), ~carried_out)
    return Case(
        person=person,
        ids=ids,
        totals={stage: total(session, stage, ids, at) for stage in STAGES},
        waiting=session.execute(waits.limit(1)).scalar(),
        done=[Done(cast("Stage", r.stage), r.total, r.request_id is not None, r.made_at) for r in rows_ if r.total],
    )


@dataclass(frozen=True)
class Run:
    """What one run of the worker erased: its effects, without names."""

    at: datetime
    effects: list[Effect]


def runs(session: Session, limit: int = 50) -> list[Run]:
    """The newest runs that erased something, the newest first."""
    newest = select(Erasure.made_at).where(Erasure.total > 0).distinct().order_by(Erasure.made_at.desc()).limit(limit)
    people, rows_ = func.count(Erasure.person_id.distinct()), func.sum(Erasure.total)
    found = session.execute(
        select(Erasure.made_at, Erasure.stage, people, rows_)
        .where(Erasure.total > 0, Erasure.made_at.in_(newest))
        .group_by(Erasure.made_at, Erasure.stage)
    ).all()
    by_run: dict[datetime, dict[str, Effect]] = {}
    for at, stage, some, many in found:
        by_run.setdefault(at, {})[stage] = Effect(cast("Stage", stage), some, int(many))
    return [Run(at, [by_run[at][stage] for stage in STAGES if stage in by_run[at]]) for at in sorted(by_run)[::-1]]
