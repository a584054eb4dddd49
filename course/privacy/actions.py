"""Setting the schedule, asking for erasure, and carrying both out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any, cast

from sqlalchemy import CursorResult, delete, func, select, update
from sqlalchemy.orm import Session

from course.audit.actions import record_event
from course.audit.rules import changed_values
from course.dates import add_months, civil_date, start_of_day
from course.db import insert_once
from course.join_requests.models import RegistrationRequest
from course.learning.models import Reflection
from course.organisation.models import Organisation
from course.people.actions import erase_address, erase_name
from course.people.models import Person
from course.privacy.models import Erasure, ErasureRequest, RetentionSchedule
from course.privacy.queries import retention_due, subject_data
from course.privacy.rules.address_history import erased_address
from course.privacy.rules.retention_schedule import STAGES, Schedule, Stage, nameless

_CONTACT = ("contact_name", "contact_email")


def set_schedule(session: Session, wanted: Schedule, reason: str, by: int | None, at: datetime) -> bool:
    """Add a version of the schedule; it holds at once. False, and nothing done, if it is the one that holds."""
    session.execute(select(Organisation.id).with_for_update())
    known = retention_due.schedule(session)
    if known == wanted:
        return False
    made = RetentionSchedule(**asdict(wanted), reason=reason, made_by=by, made_at=at)
    session.add(made)
    session.flush()
    changed = changed_values(asdict(known) if known else {}, asdict(wanted))
    # Names and addresses cannot be taken out of the log again.
    details: dict[str, Any] = {name: value for name, value in changed.items() if name not in _CONTACT}
    details["contact"] = "changed" if set(changed) & set(_CONTACT) else "unchanged"
    record_event(session, "data.schedule_changed", ("schedule", made.id), {"reason": reason, **details}, by, at)
    return True


def ask(session: Session, person_id: int, reason: str, by: int | None, at: datetime) -> bool:
    """Write down that what is kept about somebody is to be erased; the worker does it. False, and nothing done, if that
    was asked for already and waits. Raises LookupError if there is nobody."""
    # Counted before it is looked: whoever asks in between takes the number.
    count = select(func.count()).select_from(ErasureRequest).where(ErasureRequest.person_id == person_id)
    number = session.execute(count).scalar_one() + 1
    found = retention_due.case(session, person_id, at)
    if found is None:
        raise LookupError(f"there is no person {person_id}")
    if found.waiting is not None:
        return False
    values = {"person_id": person_id, "number": number, "reason": reason, "made_by": by, "made_at": at}
    if insert_once(session, ErasureRequest, **values) is None:
        return False
    # The reason may name somebody, and nothing can be taken out of the log again: it stands in the request alone.
    record_event(session, "data.erasure_asked", ("person", person_id), {}, by, at)
    return True


def delete_notes(session: Session, person_id: int) -> int:
    """Somebody deletes all their private notes; returns how many there were."""
    ids = subject_data.entries_of(session, person_id)
    return _changed(session, delete(Reflection).where(Reflection.person_id.in_(ids)))


def erase(session: Session, ids: Sequence[int], zone: str, at: datetime) -> list[Erasure]:
    """Erase what is to go of these people now; asked again it erases nothing more. Returns what went.

    Whoever else wants to do the same waits, and then finds it done; so does somebody who writes down that one of them
    has come back.
    """
    session.execute(select(Person.id).where(Person.id.in_(ids)).order_by(Person.id).with_for_update())
    found: list[Erasure] = []
    for task in retention_due.tasks(session, retention_due.schedule(session), zone, at, ids):
        gone = [_erase(session, task.person_id, stage, request, at) for stage, request in task.stages.items()]
        found += gone
        if rows := sum(one.total for one in gone):
            what = ", ".join(STAGES[cast("Stage", one.stage)].lower() for one in gone if one.total)
            record_event(session, "data.erased", ("person", task.person_id), {"what": what, "rows": rows}, None, at)
    session.flush()
    return found


def _erase(session: Session, person_id: int, stage: Stage, request_id: int | None, at: datetime) -> Erasure:
    """Erase what goes at one stage, and write down how much it was."""
    counts: dict[str, int] = {}
    for table, which in retention_due.parts(session, stage, [person_id], at):
        counts[table.name] = _changed(session, delete(table).where(which))
    for table, values, which in retention_due.emptied(stage, [person_id]):
        counts[table.name] = counts.get(table.name, 0) + _changed(session, update(table).where(which).values(values))
    if _erase_identity(session, person_id, stage, at):
        counts["person"] = 1
    counts = {name: count for name, count in counts.items() if count}
    made = Erasure(
        person_id=person_id, stage=stage, request_id=request_id, counts=counts, total=sum(counts.values()), made_at=at
    )
    session.add(made)
    return made


def _erase_identity(session: Session, person_id: int, stage: Stage, at: datetime) -> bool:
    """Erase from the row of a person what goes at one stage; whether anything did."""
    if stage == "mail":
        return erase_address(session, person_id, erased_address(person_id))
    return stage == "proof" and erase_name(session, person_id, nameless(person_id), at)


def forget_refused(session: Session, zone: str, at: datetime) -> int:
    """Who asked to join and was refused is forgotten as mail is: after so many months. Without a schedule nobody is."""
    plan = retention_due.schedule(session)
    if plan is None:
        return 0
    day = add_months(civil_date(at, zone), -plan.mail_months)
    old = RegistrationRequest.decided_at < start_of_day(day, zone)
    return _changed(session, delete(RegistrationRequest).where(RegistrationRequest.person_id.is_(None), old))


def _changed(session: Session, statement: Any) -> int:
    return int(cast("CursorResult[Any]", session.execute(statement)).rowcount)
