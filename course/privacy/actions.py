"""Data protection: setting the retention schedule, requesting erasure, and erasing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any, cast

from sqlalchemy import CursorResult, delete, func, select, update
from sqlalchemy.orm import Session

from course.audit.actions import record_event
from course.audit.rules import changed_values
from course.context import Context, make_context
from course.dates import add_months, civil_date, start_of_day
from course.db import insert_once
from course.join_requests.models import RegistrationRequest
from course.learning.models import Reflection
from course.milestones.models import Intention
from course.organisation.models import Organisation
from course.people.actions import erase_address, erase_name
from course.people.models import Person
from course.privacy.models import Erasure, ErasureRequest, RetentionSchedule
from course.privacy.queries import retention_due, subject_data
from course.privacy.rules.address_history import erased_address
from course.privacy.rules.retention_schedule import STAGE_TITLES, ErasureStage, RetentionSettings, erased_name

_CONTACT_FIELDS = ("contact_name", "contact_email")


def set_schedule(context: Context, settings: RetentionSettings, reason: str) -> bool:
    """Add a version of the retention schedule, which is in force at once.

    Returns False, and writes nothing, if it equals the version in force.
    """
    session = context.session
    session.execute(select(Organisation.id).with_for_update())
    current = retention_due.current_schedule(session)
    if current == settings:
        return False
    version = RetentionSchedule(**asdict(settings), reason=reason, made_by=context.actor, made_at=context.now)
    session.add(version)
    session.flush()
    changes = changed_values(asdict(current) if current else {}, asdict(settings))
    # The audit log can never be erased: names and addresses of contacts stay out of it.
    details: dict[str, Any] = {name: value for name, value in changes.items() if name not in _CONTACT_FIELDS}
    details["contact"] = "changed" if set(changes) & set(_CONTACT_FIELDS) else "unchanged"
    record_event(context, "data.schedule_changed", ("schedule", version.id), {"reason": reason, **details})
    return True


def request_erasure(context: Context, person_id: int, reason: str) -> bool:
    """Record a request to erase the data of a person; the worker carries it out.

    Returns False, and writes nothing, if an earlier request is still waiting. Raises LookupError if there is no such
    person.
    """
    session = context.session
    # The number is counted before the case is read: of two simultaneous requests the second gets the same number, which
    # the unique index refuses.
    count = select(func.count()).select_from(ErasureRequest).where(ErasureRequest.person_id == person_id)
    number = session.execute(count).scalar_one() + 1
    case = retention_due.erasure_case(session, person_id, context.now)
    if case is None:
        raise LookupError(f"there is no person {person_id}")
    if case.requested_at is not None:
        return False
    values = {
        "person_id": person_id,
        "number": number,
        "reason": reason,
        "made_by": context.actor,
        "made_at": context.now,
    }
    if insert_once(session, ErasureRequest, **values) is None:
        return False
    # The reason may name a person, and the audit log can never be erased: the reason is stored in the request only.
    record_event(context, "data.erasure_asked", ("person", person_id), {})
    return True


def delete_notes(session: Session, person_id: int) -> int:
    """Delete all private notes of a person, and the sentences written at the end of modules, at that person's own
    request. Returns how many there were."""
    ids = subject_data.merged_person_ids(session, person_id)
    return sum(
        _affected_rows(session, delete(table).where(table.person_id.in_(ids))) for table in (Reflection, Intention)
    )


def erase(session: Session, ids: Sequence[int], zone: str, at: datetime) -> list[Erasure]:
    """Erase whatever is due of these people now. Returns the erasures made; a second call erases nothing more.

    The rows of the people are locked. A concurrent erasure waits and then finds nothing left to do; so does an action
    that records the return of a person who had left.
    """
    session.execute(select(Person.id).where(Person.id.in_(ids)).order_by(Person.id).with_for_update())
    erasures: list[Erasure] = []
    for task in retention_due.erasure_tasks(session, retention_due.current_schedule(session), zone, at, ids):
        stages = [_erase_stage(session, task.person_id, stage, request, at) for stage, request in task.stages.items()]
        erasures += stages
        if rows := sum(erasure.total for erasure in stages):
            titles = ", ".join(
                STAGE_TITLES[cast("ErasureStage", erasure.stage)].lower() for erasure in stages if erasure.total
            )
            record_event(
                make_context(session, None, at),
                "data.erased",
                ("person", task.person_id),
                {"what": titles, "rows": rows},
            )
    session.flush()
    return erasures


def _erase_stage(
    session: Session, person_id: int, stage: ErasureStage, request_id: int | None, at: datetime
) -> Erasure:
    """Erase what is due at one stage, and record the number of rows."""
    counts: dict[str, int] = {}
    for table, condition in retention_due.rows_to_delete(session, stage, [person_id], at):
        counts[table.name] = _affected_rows(session, delete(table).where(condition))
    for table, values, condition in retention_due.columns_to_clear(stage, [person_id]):
        counts[table.name] = counts.get(table.name, 0) + _affected_rows(
            session, update(table).where(condition).values(values)
        )
    if _erase_identity(session, person_id, stage, at):
        counts["person"] = 1
    counts = {name: count for name, count in counts.items() if count}
    erasure = Erasure(
        person_id=person_id, stage=stage, request_id=request_id, counts=counts, total=sum(counts.values()), made_at=at
    )
    session.add(erasure)
    return erasure


def _erase_identity(session: Session, person_id: int, stage: ErasureStage, at: datetime) -> bool:
    """Erase from a person's own row what is due at one stage; returns whether anything was erased."""
    if stage == "mail":
        return erase_address(session, person_id, erased_address(person_id))
    return stage == "proof" and erase_name(session, person_id, erased_name(person_id), at)


def delete_refused_requests(session: Session, zone: str, at: datetime) -> int:
    """Delete refused join requests after the retention time of mail. Without a schedule none is deleted. Returns their
    number.

    People who were refused have no entry of their own, so the erasure by person does not reach them.
    """
    settings = retention_due.current_schedule(session)
    if settings is None:
        return 0
    day = add_months(civil_date(at, zone), -settings.mail_months)
    decided_before = RegistrationRequest.decided_at < start_of_day(day, zone)
    return _affected_rows(
        session, delete(RegistrationRequest).where(RegistrationRequest.person_id.is_(None), decided_before)
    )


def _affected_rows(session: Session, statement: Any) -> int:
    return int(cast("CursorResult[Any]", session.execute(statement)).rowcount)
