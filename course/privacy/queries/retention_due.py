"""The retention schedule in force, the erasure that is due by it or by request, and what was erased."""

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
    """A version of the retention schedule, with author, moment and reason."""

    schedule: RetentionSettings
    reason: str
    changed_by: str | None
    changed_at: datetime


def schedule_history(session: Session) -> list[RetentionScheduleVersion]:
    """The versions of the retention schedule, newest first; empty if nobody has set one."""
    rows = session.execute(
        select(RetentionSchedule, Person.name)
        .outerjoin(Person, Person.id == RetentionSchedule.made_by)
        .order_by(RetentionSchedule.id.desc())
    )
    return [RetentionScheduleVersion(_settings_from_row(row), row.reason, name, row.made_at) for row, name in rows]


def current_schedule(session: Session) -> RetentionSettings | None:
    """The retention schedule in force; None if nobody has set one."""
    newest = select(RetentionSchedule).order_by(RetentionSchedule.id.desc()).limit(1)
    row = session.execute(newest).scalar_one_or_none()
    return None if row is None else _settings_from_row(row)


def _settings_from_row(row: RetentionSchedule) -> RetentionSettings:
    return RetentionSettings(**{setting.name: getattr(row, setting.name) for setting in fields(RetentionSettings)})


@dataclass(frozen=True)
class ErasureTask:
    """The erasure due of one person: the stages, each with the request that asks for it (None: the retention
    schedule)."""

    person_id: int
    stages: Mapping[ErasureStage, int | None]


def erasure_tasks(
    session: Session,
    settings: RetentionSettings | None,
    zone: str,
    at: datetime,
    person_ids: Sequence[int] | None = None,
) -> list[ErasureTask]:
    """The erasure due at the moment `at`, by person; of everybody, or of `person_ids` only."""
    stages_by_person: dict[int, dict[ErasureStage, int | None]] = {}
    for stage in LEAVER_STAGES:
        for person_id in leavers_due(session, stage, settings, zone, at, person_ids):
            # Data that was written after an earlier stage is erased with the name at the latest.
            for due_stage in LEAVER_STAGES if stage == "proof" else (stage,):
                stages_by_person.setdefault(person_id, {}).setdefault(due_stage, None)
    for person_id, stages in _requested_stages(session, at, person_ids).items():
        stages_by_person[person_id] = {**stages_by_person.get(person_id, {}), **stages}
    return [ErasureTask(person_id, stages_by_person[person_id]) for person_id in sorted(stages_by_person)]


def leavers_due(
    session: Session,
    stage: ErasureStage,
    settings: RetentionSettings | None,
    zone: str,
    at: datetime,
    person_ids: Sequence[int] | None = None,
) -> list[int]:
    """The people who have left and whose data of a stage is due by the schedule and not yet erased since they left."""
    today = civil_date(at, zone)
    latest_day = latest_leaving_day(settings, stage, today)
    if latest_day is None:
        return []
    before = min(at, start_of_day(latest_day + timedelta(days=1), zone))
    already_erased = exists().where(
        Erasure.person_id == Person.id, Erasure.stage == stage, Erasure.made_at > Person.left_at
    )
    statement = select(Person.id, Person.left_at).where(Person.left_at <= before, ~already_erased).order_by(Person.id)
    if person_ids is not None:
        statement = statement.where(Person.id.in_(person_ids))
    leavers, targets = session.execute(statement).all(), merge_targets(session)
    leaving_times = _leaving_times(
        session, {surviving_person_id(targets, row.id) for row in leavers if row.id in targets}
    )
    due_ids = []
    for row in leavers:
        # A merged entry is due together with the surviving entry: while that person works here, only the notes of the
        # merged entry are erased.
        left_at = (
            row.left_at
            if row.id not in targets or stage == "notes"
            else leaving_times[surviving_person_id(targets, row.id)]
        )
        if left_at is not None and left_at <= at and is_due(settings, stage, civil_date(left_at, zone), today):
            due_ids.append(row.id)
    return due_ids


def _leaving_times(session: Session, ids: Iterable[int]) -> dict[int, datetime | None]:
    rows = session.execute(select(Person.id, Person.left_at).where(Person.id.in_(ids)))
    return {row.id: row.left_at for row in rows}


def _requested_stages(
    session: Session, at: datetime, person_ids: Sequence[int] | None
) -> dict[int, dict[ErasureStage, int | None]]:
    """The stages of requests that are not carried out yet, for each entry of the person who asked. A merged entry has
    "left" on the day of the merge: whether the person works here is said by the surviving entry."""
    done = {(row.request_id, row.person_id) for row in session.execute(
        select(Erasure.request_id, Erasure.person_id).where(Erasure.request_id.is_not(None))
    )}  # fmt: skip
    requests = session.execute(select(ErasureRequest.id, ErasureRequest.person_id).order_by(ErasureRequest.id)).all()
    waiting = [row for row in requests if (row.id, row.person_id) not in done]
    targets = merge_targets(session) if waiting else {}
    stages_by_person: dict[int, dict[ErasureStage, int | None]] = {}
    for request in waiting:
        survivor = surviving_person_id(targets, request.person_id)
        left_at = _leaving_times(session, [survivor])[survivor]
        stages: tuple[ErasureStage, ...] = REQUEST_STAGES if left_at is not None and left_at <= at else ("spare",)
        for merged_id in merged_person_ids(session, request.person_id):
            if person_ids is None or merged_id in person_ids:
                stages_by_person.setdefault(merged_id, {}).update(dict.fromkeys(stages, request.id))
    return stages_by_person


def rows_to_delete(session: Session, stage: ErasureStage, ids: Sequence[int], at: datetime) -> list[RowSelection]:
    """The rows that are deleted at a stage, dependent rows first."""
    if stage == "spare":
        return _unneeded_rows(session, ids, at)
    periods = address_periods(session, ids)
    selections: list[RowSelection] = []
    for table in reversed(Base.metadata.sorted_tables):
        table_entry = PERSONAL_DATA_TABLES.get(table.name)
        if table_entry is not None and table_entry.deletion_stage == stage:
            selections.append((table, subject_condition(table_entry, ids, periods)))
        elif table.name == "enrolment" and stage == "learning":
            # An unfinished refresher without its parts would count as completed: its enrolment is deleted as well.
            unfinished = ~exists().where(Completion.enrolment_id == table.c.id)
            selections.append((table, and_(table.c.person_id.in_(ids), table.c.kind != "initial", unfinished)))
    return selections


def _unneeded_rows(session: Session, ids: Sequence[int], at: datetime) -> list[RowSelection]:
    """The rows about people who work here that have no purpose any more."""
    feeds, links, join_requests = (TABLES[name] for name in ("calendar_feed", "sign_in_token", "registration_request"))
    feed_tables = [TABLES["calendar_feed_fetch"], TABLES["calendar_feed_end"]]
    has_ended = exists().where(TABLES["calendar_feed_end"].c.feed_id == feeds.c.id)
    ended_ids = session.execute(select(feeds.c.id).where(feeds.c.person_id.in_(ids), has_ended)).scalars().all()
    is_spent = or_(links.c.used_at.is_not(None), links.c.expires_at <= at)
    return [
        *((table, table.c.feed_id.in_(ended_ids)) for table in feed_tables),
        (feeds, feeds.c.id.in_(ended_ids)),
        (links, and_(links.c.person_id.in_(ids), is_spent)),
        (join_requests, join_requests.c.person_id.in_(ids)),
    ]


def columns_to_clear(
    stage: ErasureStage, ids: Sequence[int]
) -> list[tuple[Table, dict[str, str | None], ColumnElement[bool]]]:
    """The columns that are cleared at a stage, with the values that replace them, in rows where that changes
    anything."""
    selections = []
    for table_entry in PERSONAL_DATA_TABLES.values():
        if values := table_entry.cleared_columns.get(stage):
            table = TABLES[table_entry.table]
            differs = or_(*(table.c[name].is_distinct_from(value) for name, value in values.items()))
            selections.append((table, dict(values), and_(subject_condition(table_entry, ids, ()), differs)))
    return selections


def count_affected_rows(session: Session, stage: ErasureStage, ids: Sequence[int], at: datetime) -> int:
    """The number of rows that would be deleted or cleared at a stage."""
    selections = [
        *rows_to_delete(session, stage, ids, at),
        *((table, condition) for table, _, condition in columns_to_clear(stage, ids)),
    ]
    person = TABLES["person"]
    unerased = {
        "mail": func.coalesce(person.c.email, "").not_like(f"%{ERASED_ADDRESS_SUFFIX}"),
        "proof": person.c.erased_at.is_(None),
    }
    if stage in unerased:
        selections.append((person, and_(person.c.id.in_(ids), unerased[stage])))
    counts = [
        select(func.count()).select_from(table).where(condition).scalar_subquery() for table, condition in selections
    ]
    totals = session.execute(select(*counts)).one() if counts else ()
    return sum(totals)


@dataclass(frozen=True)
class StageErasure:
    """The extent of an erasure at a stage: the number of people and of rows."""

    stage: ErasureStage
    person_count: int
    row_count: int


def preview_erasure(
    session: Session, settings: RetentionSettings | None, zone: str, at: datetime
) -> list[StageErasure]:
    """What would be erased now by a schedule and by requests; only stages that affect any row."""
    by_stage: dict[ErasureStage, list[int]] = {}
    for task in erasure_tasks(session, settings, zone, at):
        for stage in task.stages:
            by_stage.setdefault(stage, []).append(task.person_id)
    effects = []
    for stage in STAGE_TITLES:
        ids = by_stage.get(stage, [])
        row_count = sum(
            count_affected_rows(session, stage, ids[i : i + _BATCH_SIZE], at) for i in range(0, len(ids), _BATCH_SIZE)
        )
        if row_count:
            effects.append(StageErasure(stage, len(ids), row_count))
    return effects


@dataclass(frozen=True)
class ErasureHistoryEntry:
    """What was erased of a person at a stage, and whether by request."""

    stage: ErasureStage
    total: int
    on_request: bool
    erased_at: datetime


@dataclass(frozen=True)
class ErasureCase:
    """A person whose data may be erased.

    `person_ids` are all entries of the person, `left_at` when the surviving one left, `row_counts` the rows by stage,
    `requested_at` the moment of a request that has not been carried out.
    """

    person: Person
    left_at: datetime | None
    person_ids: list[int]
    row_counts: Mapping[ErasureStage, int]
    requested_at: datetime | None
    history: list[ErasureHistoryEntry]


def erasure_case(session: Session, person_id: int, at: datetime) -> ErasureCase | None:
    """The erasure case of a person; None if there is no such person."""
    person = session.get(Person, person_id)
    if person is None:
        return None
    ids = merged_person_ids(session, person_id)
    erasures = select(Erasure).where(Erasure.person_id.in_(ids)).order_by(Erasure.id.desc())
    rows = session.execute(erasures).scalars().all()
    carried_out = exists().where(Erasure.request_id == ErasureRequest.id)
    open_requests = select(ErasureRequest.made_at).where(ErasureRequest.person_id.in_(ids), ~carried_out)
    survivor = surviving_person_id(merge_targets(session), person_id)
    return ErasureCase(
        person=person,
        left_at=_leaving_times(session, [survivor])[survivor],
        person_ids=ids,
        row_counts={stage: count_affected_rows(session, stage, ids, at) for stage in STAGE_TITLES},
        requested_at=session.execute(open_requests.limit(1)).scalar(),
        history=[
            ErasureHistoryEntry(cast("ErasureStage", row.stage), row.total, row.request_id is not None, row.made_at)
            for row in rows
            if row.total
        ],
    )


@dataclass(frozen=True)
class ErasureRun:
    """What one run of the worker erased: the extent by stage, without names."""

    made_at: datetime
    stages: list[StageErasure]


def erasure_runs(session: Session, limit: int = 50) -> list[ErasureRun]:
    """The newest runs that erased anything, newest first."""
    newest = select(Erasure.made_at).where(Erasure.total > 0).distinct().order_by(Erasure.made_at.desc()).limit(limit)
    person_count, row_count = func.count(Erasure.person_id.distinct()), func.sum(Erasure.total)
    rows = session.execute(
        select(Erasure.made_at, Erasure.stage, person_count, row_count)
        .where(Erasure.total > 0, Erasure.made_at.in_(newest))
        .group_by(Erasure.made_at, Erasure.stage)
    ).all()
    by_run: dict[datetime, dict[str, StageErasure]] = {}
    for at, stage, person_total, row_total in rows:
        by_run.setdefault(at, {})[stage] = StageErasure(cast("ErasureStage", stage), person_total, int(row_total))
    return [
        ErasureRun(at, [by_run[at][stage] for stage in STAGE_TITLES if stage in by_run[at]])
        for at in sorted(by_run)[::-1]
    ]
