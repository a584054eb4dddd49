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
from course.privacy.queries.subject_data import (
    TABLES,
    address_periods,
    merge_targets,
    merged_person_ids,
    subject_condition,
    surviving_person_id,
)
from course.privacy.rules.address_history import ERASED_ADDRESS_SUFFIX
from course.privacy.rules.personal_data_map import PERSONAL_DATA_TABLES
from course.privacy.rules.retention_schedule import (
    LEAVER_STAGES,
    REQUEST_STAGES,
    STAGE_TITLES,
    ErasureStage,
    RetentionSettings,
    is_due,
    latest_leaving_day,
)

RowSelection = tuple[Table, ColumnElement[bool]]  # rows of a table
_BATCH_SIZE = 50  # people in one statement


@dataclass(frozen=True)
class RetentionScheduleVersion:
    """A version of the schedule with who made it, when and why."""

    schedule: RetentionSettings
    reason: str
    by: str | None
    at: datetime


def schedule_history(session: Session) -> list[RetentionScheduleVersion]:
    """The versions of the schedule, the newest first; none before somebody has set one."""
    rows = session.execute(
        select(RetentionSchedule, Person.name)
        .outerjoin(Person, Person.id == RetentionSchedule.made_by)
        .order_by(RetentionSchedule.id.desc())
    )
    return [RetentionScheduleVersion(_settings_from_row(row), row.reason, name, row.made_at) for row, name in rows]


def current_schedule(session: Session) -> RetentionSettings | None:
    """The schedule in force; None if nobody has set one."""
    newest = select(RetentionSchedule).order_by(RetentionSchedule.id.desc()).limit(1)
    row = session.execute(newest).scalar_one_or_none()
    return None if row is None else _settings_from_row(row)


def _settings_from_row(row: RetentionSchedule) -> RetentionSettings:
    return RetentionSettings(**{one.name: getattr(row, one.name) for one in fields(RetentionSettings)})


@dataclass(frozen=True)
class ErasureTask:
    """What goes of one person: the stages, each with the request that asks for it (None: the schedule)."""

    person_id: int
    stages: Mapping[ErasureStage, int | None]


def erasure_tasks(
    session: Session, plan: RetentionSettings | None, zone: str, at: datetime, among: Sequence[int] | None = None
) -> list[ErasureTask]:
    """What is to go at this moment, by person; of all, or of those `among` these ids."""
    found: dict[int, dict[ErasureStage, int | None]] = {}
    for stage in LEAVER_STAGES:
        for person_id in leavers_due(session, stage, plan, zone, at, among):
            # Whatever came after an earlier stage goes with the name at the latest.
            for one in LEAVER_STAGES if stage == "proof" else (stage,):
                found.setdefault(person_id, {}).setdefault(one, None)
    for person_id, stages in _requested_stages(session, at, among).items():
        found[person_id] = {**found.get(person_id, {}), **stages}
    return [ErasureTask(person_id, found[person_id]) for person_id in sorted(found)]


def leavers_due(
    session: Session,
    stage: ErasureStage,
    plan: RetentionSettings | None,
    zone: str,
    at: datetime,
    among: Sequence[int] | None = None,
) -> list[int]:
    """Whoever has something to lose at a stage by the schedule, and has not lost it since they left."""
    today = civil_date(at, zone)
    last = latest_leaving_day(plan, stage, today)
    if last is None:
        return []
    before = min(at, start_of_day(last + timedelta(days=1), zone))
    done = exists().where(Erasure.person_id == Person.id, Erasure.stage == stage, Erasure.made_at > Person.left_at)
    statement = select(Person.id, Person.left_at).where(Person.left_at <= before, ~done).order_by(Person.id)
    if among is not None:
        statement = statement.where(Person.id.in_(among))
    gone, into = session.execute(statement).all(), merge_targets(session)
    left = _leaving_times(session, {surviving_person_id(into, row.id) for row in gone if row.id in into})
    found = []
    for row in gone:
        # An entry that was merged waits for the other one: as long as that one works here, only its notes go.
        moment = row.left_at if row.id not in into or stage == "notes" else left[surviving_person_id(into, row.id)]
        if moment is not None and moment <= at and is_due(plan, stage, civil_date(moment, zone), today):
            found.append(row.id)
    return found


def _leaving_times(session: Session, ids: Iterable[int]) -> dict[int, datetime | None]:
    rows = session.execute(select(Person.id, Person.left_at).where(Person.id.in_(ids)))
    return {row.id: row.left_at for row in rows}


def _requested_stages(
    session: Session, at: datetime, among: Sequence[int] | None
) -> dict[int, dict[ErasureStage, int | None]]:
    """What was asked for and has not been carried out, for each entry of whoever asked."""
    done = {(row.request_id, row.person_id) for row in session.execute(
        select(Erasure.request_id, Erasure.person_id).where(Erasure.request_id.is_not(None))
    )}  # fmt: skip
    asked = session.execute(select(ErasureRequest.id, ErasureRequest.person_id).order_by(ErasureRequest.id)).all()
    waiting = [row for row in asked if (row.id, row.person_id) not in done]
    found: dict[int, dict[ErasureStage, int | None]] = {}
    for request in waiting:
        left = _leaving_times(session, [request.person_id])[request.person_id]
        stages: tuple[ErasureStage, ...] = REQUEST_STAGES if left is not None and left <= at else ("spare",)
        for one in merged_person_ids(session, request.person_id):
            if among is None or one in among:
                found.setdefault(one, {}).update(dict.fromkeys(stages, request.id))
    return found


def rows_to_delete(session: Session, stage: ErasureStage, ids: Sequence[int], at: datetime) -> list[RowSelection]:
    """The rows that are deleted at a stage, those that depend on others first."""
    if stage == "spare":
        return _unneeded_rows(session, ids, at)
    spans = address_periods(session, ids)
    found: list[RowSelection] = []
    for table in reversed(Base.metadata.sorted_tables):
        place = PERSONAL_DATA_TABLES.get(table.name)
        if place is not None and place.goes == stage:
            found.append((table, subject_condition(place, ids, spans)))
        elif table.name == "enrolment" and stage == "learning":
            # A refresher that was not finished is nothing without its parts, and would count as done.
            unfinished = ~exists().where(Completion.enrolment_id == table.c.id)
            found.append((table, and_(table.c.person_id.in_(ids), table.c.kind != "initial", unfinished)))
    return found


def _unneeded_rows(session: Session, ids: Sequence[int], at: datetime) -> list[RowSelection]:
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


def columns_to_clear(
    stage: ErasureStage, ids: Sequence[int]
) -> list[tuple[Table, dict[str, str | None], ColumnElement[bool]]]:
    """The columns that are emptied at a stage, and with what, in the rows in which anything stands in them."""
    found = []
    for place in PERSONAL_DATA_TABLES.values():
        if values := place.wiped.get(stage):
            table = TABLES[place.table]
            filled = or_(*(table.c[name].is_distinct_from(value) for name, value in values.items()))
            found.append((table, dict(values), and_(subject_condition(place, ids, ()), filled)))
    return found


def count_affected_rows(session: Session, stage: ErasureStage, ids: Sequence[int], at: datetime) -> int:
    """How many rows would go or be emptied at a stage."""
    rows_ = [
        *rows_to_delete(session, stage, ids, at),
        *((table, which) for table, _, which in columns_to_clear(stage, ids)),
    ]
    person = TABLES["person"]
    named = {"mail": person.c.email.not_like(f"%{ERASED_ADDRESS_SUFFIX}"), "proof": person.c.erased_at.is_(None)}
    if stage in named:
        rows_.append((person, and_(person.c.id.in_(ids), named[stage])))
    counts = [select(func.count()).select_from(table).where(which).scalar_subquery() for table, which in rows_]
    found = session.execute(select(*counts)).one() if counts else ()
    return sum(found)


@dataclass(frozen=True)
class StageErasure:
    """What would go at a stage: of how many people, and how many rows."""

    stage: ErasureStage
    people: int
    rows: int


def preview_erasure(session: Session, plan: RetentionSettings | None, zone: str, at: datetime) -> list[StageErasure]:
    """What would go now by a schedule and by what was asked for; only stages at which somebody has anything."""
    by_stage: dict[ErasureStage, list[int]] = {}
    for task in erasure_tasks(session, plan, zone, at):
        for stage in task.stages:
            by_stage.setdefault(stage, []).append(task.person_id)
    found = []
    for stage in STAGE_TITLES:
        ids = by_stage.get(stage, [])
        rows_ = sum(
            count_affected_rows(session, stage, ids[i : i + _BATCH_SIZE], at) for i in range(0, len(ids), _BATCH_SIZE)
        )
        if rows_:
            found.append(StageErasure(stage, len(ids), rows_))
    return found


@dataclass(frozen=True)
class ErasureHistoryEntry:
    """What went of somebody at a stage, and whether they had asked."""

    stage: ErasureStage
    total: int
    asked: bool
    at: datetime


@dataclass(frozen=True)
class ErasureCase:
    """Somebody whose data is looked at: `left` is when they left, `ids` all their entries, `totals` what there is of
    each stage, `waiting` when a request was made that has not been carried out."""

    person: Person
    ids: list[int]
    totals: Mapping[ErasureStage, int]
    waiting: datetime | None
    done: list[ErasureHistoryEntry]


def erasure_case(session: Session, person_id: int, at: datetime) -> ErasureCase | None:
    """One person; None if there is nobody."""
    person = session.get(Person, person_id)
    if person is None:
        return None
    ids = merged_person_ids(session, person_id)
    erased = select(Erasure).where(Erasure.person_id.in_(ids)).order_by(Erasure.id.desc())
    rows_ = session.execute(erased).scalars().all()
    carried_out = exists().where(Erasure.request_id == ErasureRequest.id)
    waits = select(ErasureRequest.made_at).where(ErasureRequest.person_id.in_(ids), ~carried_out)
    return ErasureCase(
        person=person,
        ids=ids,
        totals={stage: count_affected_rows(session, stage, ids, at) for stage in STAGE_TITLES},
        waiting=session.execute(waits.limit(1)).scalar(),
        done=[
            ErasureHistoryEntry(cast("ErasureStage", r.stage), r.total, r.request_id is not None, r.made_at)
            for r in rows_
            if r.total
        ],
    )


@dataclass(frozen=True)
class ErasureRun:
    """What one run of the worker erased: its effects, without names."""

    at: datetime
    effects: list[StageErasure]


def erasure_runs(session: Session, limit: int = 50) -> list[ErasureRun]:
    """The newest runs that erased something, the newest first."""
    newest = select(Erasure.made_at).where(Erasure.total > 0).distinct().order_by(Erasure.made_at.desc()).limit(limit)
    people, rows_ = func.count(Erasure.person_id.distinct()), func.sum(Erasure.total)
    found = session.execute(
        select(Erasure.made_at, Erasure.stage, people, rows_)
        .where(Erasure.total > 0, Erasure.made_at.in_(newest))
        .group_by(Erasure.made_at, Erasure.stage)
    ).all()
    by_run: dict[datetime, dict[str, StageErasure]] = {}
    for at, stage, some, many in found:
        by_run.setdefault(at, {})[stage] = StageErasure(cast("ErasureStage", stage), some, int(many))
    return [
        ErasureRun(at, [by_run[at][stage] for stage in STAGE_TITLES if stage in by_run[at]])
        for at in sorted(by_run)[::-1]
    ]
