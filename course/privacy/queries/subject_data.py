"""All that is held about somebody."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, Text, and_, cast, false, or_, select
from sqlalchemy.orm import Session

from course.audit.queries import AuditEntryView, AuditFilter
from course.audit.queries import search_entries as log_lines
from course.auth.models import SignInAttempt
from course.auth.rules import attempt_key
from course.db import Base
from course.people.models import Person, PersonChange, PersonMerge
from course.privacy.rules.address_history import AddressPeriod, build_address_periods
from course.privacy.rules.personal_data_map import PERSONAL_DATA_TABLES, SECTIONS, PersonalDataTable
from course.reminders.models import Reminder

SubjectRow = dict[str, Any]
TABLES = Base.metadata.tables
_LOG_LIMIT = 10_000_000  # more lines than any log has about one person


def merged_person_ids(session: Session, person_id: int) -> list[int]:
    """A person's id, and those of the entries that turned out to be the same person, whichever of them is given."""
    into = merge_targets(session)
    last = surviving_person_id(into, person_id)
    return sorted({last, *(one for one in into if surviving_person_id(into, one) == last)})


def merge_targets(session: Session) -> dict[int, int]:
    """For each entry that was merged the one that it became part of."""
    return {row.person_id: row.into_id for row in session.execute(select(PersonMerge.person_id, PersonMerge.into_id))}


def surviving_person_id(into: Mapping[int, int], person_id: int) -> int:
    seen = {person_id}
    while (following := into.get(person_id)) is not None and following not in seen:
        person_id = following
        seen.add(person_id)
    return person_id


def address_periods(session: Session, ids: Sequence[int]) -> list[AddressPeriod]:
    """The addresses that these entries had, and when."""
    people = session.execute(select(Person.id, Person.email, Person.created_at).where(Person.id.in_(ids))).all()
    rows = session.execute(
        select(PersonChange.person_id, PersonChange.email, PersonChange.changed_at)
        .where(PersonChange.person_id.in_(ids))
        .order_by(PersonChange.changed_at, PersonChange.id)
    ).all()
    before = {one.id: [(row.email, row.changed_at) for row in rows if row.person_id == one.id] for one in people}
    return [span for one in people for span in build_address_periods(one.email, one.created_at, before[one.id])]


def subject_condition(
    place: PersonalDataTable, ids: Sequence[int], spans: Sequence[AddressPeriod]
) -> ColumnElement[bool]:
    """Which rows of a place are about these people; `spans` are their addresses."""
    table = TABLES[place.table]
    if place.address is not None:
        to, at = (table.c[name] for name in place.address)
        mine = (and_(to == one.address, at >= one.since, *([at < one.until] if one.until else [])) for one in spans)
        return or_(false(), *mine)
    return or_(*(_reference_condition(table.c[name], ids) for name in place.via))


def _reference_condition(column: ColumnElement[Any], ids: Sequence[int]) -> ColumnElement[bool]:
    target = _referenced_column(column)
    if target is None:
        return column.in_(ids)
    return column.in_(select(target).where(subject_condition(PERSONAL_DATA_TABLES[target.table.name], ids, ())))


def _referenced_column(column: ColumnElement[Any]) -> Any | None:
    """The column of another place that a column refers to; None if it names a person."""
    keys = [key.column for key in column.foreign_keys if key.column.table.name != "person"]
    return keys[0] if keys else None


def _select_with_parents(place: PersonalDataTable) -> Select[*tuple[Any, ...]]:
    """The rows of a place, with the columns of rows that they belong to as far as the page shows them."""
    table = TABLES[place.table]
    wanted = [name for name in place.shown if "." in name]
    more = [TABLES[name.partition(".")[0]].c[name.partition(".")[2]].label(name) for name in wanted]
    statement = select(*table.c, *more).select_from(table)
    column = table.c[place.via[0]] if more else None
    while column is not None and (target := _referenced_column(column)) is not None:
        statement = statement.join(target.table, target == column)
        column = target.table.c[PERSONAL_DATA_TABLES[target.table.name].via[0]]
    return statement.order_by(*table.primary_key.columns)


def subject_rows(
    session: Session, place: PersonalDataTable, ids: Sequence[int], spans: Sequence[AddressPeriod]
) -> list[SubjectRow]:
    """What a place holds about these people, without what is secret; a row as a dictionary."""
    found = session.execute(_select_with_parents(place).where(subject_condition(place, ids, spans))).mappings()
    return [{name: value for name, value in row.items() if name not in place.secret} for row in found]


@dataclass(frozen=True)
class SubjectData:
    """All that is held about a person. `rows` by table; `team_names` by the id that stands in them; `tries` are
    failed tries to sign in or to get a link with the address of today, `told_of` summaries that named the person.
    `withheld` is of how many answers it is left out whether they are right."""

    rows: Mapping[str, list[SubjectRow]]
    team_names: Mapping[int, str]
    tries: list[datetime]
    told_of: list[SubjectRow]
    log: list[AuditEntryView]
    withheld: int = 0

    @property
    def filled(self) -> set[str]:
        """The tables in which there is anything."""
        return {table for table, rows in self.rows.items() if rows}


def read_subject_data(session: Session, person_id: int, secret: str) -> SubjectData:
    """Everything, also of entries that were merged with this one: a query or so for each table."""
    ids = merged_person_ids(session, person_id)
    spans = address_periods(session, ids)
    found = {place.table: subject_rows(session, place, ids, spans) for section in SECTIONS for place in section.places}
    withheld = _protected_item_ids(session, ids)
    for row in found["answer"]:
        if row["item_id"] in withheld:
            row["correct"] = None
    teams = TABLES["team"]
    wanted = {row["team_id"] for rows_ in found.values() for row in rows_ if row.get("team_id")}
    names = session.execute(select(teams.c.id, teams.c.name).where(teams.c.id.in_(wanted)))
    return SubjectData(
        rows=found,
        team_names={row.id: row.name for row in names},
        tries=_failed_sign_ins(session, {one.address for one in spans if one.until is None}, secret),
        told_of=_summaries_naming(session, ids),
        log=log_lines(session, AuditFilter(people=tuple(ids)), _LOG_LIMIT),
        withheld=sum(row["item_id"] in withheld for row in found["answer"]),
    )


def _protected_item_ids(session: Session, ids: Sequence[int]) -> set[int]:
    """The items of final assessments of which nothing may tell yet whether the answer is right: those of a try under
    way and, until the assessment is passed, those on points that a try left open."""
    item, answer, attempt = TABLES["attempt_item"], TABLES["answer"], TABLES["attempt"]
    outcome, enrolment = TABLES["attempt_outcome"], TABLES["enrolment"]
    rows = session.execute(
        select(attempt.c.enrolment_id, attempt.c.id, item.c.point, item.c.id, answer.c.correct, outcome.c.passed)
        .join(enrolment, enrolment.c.id == attempt.c.enrolment_id)
        .join(item, item.c.attempt_id == attempt.c.id)
        .join(answer, answer.c.item_id == item.c.id)
        .outerjoin(outcome, outcome.c.attempt_id == attempt.c.id)
        .where(enrolment.c.person_id.in_(ids), attempt.c.kind == "final")
    ).all()
    passed = {enrolment_id for enrolment_id, *_, ended in rows if ended}
    open_ = {(number, point) for _, number, point, _, correct, _ in rows if not correct}
    return {
        item_id
        for enrolment_id, number, point, item_id, _, ended in rows
        if ended is None or (enrolment_id not in passed and (number, point) in open_)
    }


def _failed_sign_ins(session: Session, now: Iterable[str], secret: str) -> list[datetime]:
    keys = [attempt_key(secret, kind, address) for address in now for kind in ("sign-in", "link")]
    statement = select(SignInAttempt.at).where(SignInAttempt.key.in_(keys)).order_by(SignInAttempt.at)
    return list(session.execute(statement).scalars())


def _summaries_naming(session: Session, ids: Sequence[int]) -> list[SubjectRow]:
    """Summaries to managers and the safeguarding lead that named one of these people."""
    fits = or_(*(cast(Reminder.named, Text).contains(str(one)) for one in ids))
    found = session.execute(select(Reminder.kind, Reminder.leaves_on, Reminder.named).where(fits).order_by(Reminder.id))
    return [{"kind": row.kind, "leaves_on": row.leaves_on} for row in found if set(row.named) & set(ids)]
