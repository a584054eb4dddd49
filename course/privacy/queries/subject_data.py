"""All data about a data subject, for the page "My data" and for the subject access export."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, Text, and_, cast, false, or_, select
from sqlalchemy.orm import Session

from course.audit_search.queries import AuditEntryView, AuditFilter
from course.audit_search.queries import search_entries as log_lines
from course.auth.models import SignInAttempt
from course.auth.rules import attempt_key
from course.db import Base
from course.people.models import Person, PersonChange, PersonMerge
from course.privacy.rules.address_history import AddressPeriod, build_address_periods
from course.privacy.rules.personal_data_map import PERSONAL_DATA_TABLES, SECTIONS
from course.privacy.rules.personal_data_table import PersonalDataTable
from course.reminders.models import Reminder

SubjectRow = dict[str, Any]
TABLES = Base.metadata.tables
_LOG_LIMIT = 10_000_000  # more entries than any audit log has about one person


def merged_person_ids(session: Session, person_id: int) -> list[int]:
    """The ids of all entries that were merged into one person, given any one of them; sorted."""
    targets = merge_targets(session)
    surviving_id = surviving_person_id(targets, person_id)
    return sorted(
        {surviving_id, *(merged_id for merged_id in targets if surviving_person_id(targets, merged_id) == surviving_id)}
    )


def merge_targets(session: Session) -> dict[int, int]:
    """For each merged entry the id of the entry that it became part of."""
    return {row.person_id: row.into_id for row in session.execute(select(PersonMerge.person_id, PersonMerge.into_id))}


def surviving_person_id(targets: Mapping[int, int], person_id: int) -> int:
    """The entry that remained at the end of a chain of merges. A circle of merges ends where it began."""
    seen = {person_id}
    while (next_id := targets.get(person_id)) is not None and next_id not in seen:
        person_id = next_id
        seen.add(person_id)
    return person_id


def address_periods(session: Session, ids: Sequence[int]) -> list[AddressPeriod]:
    """The e-mail addresses of these entries, with the period of each."""
    people = session.execute(select(Person.id, Person.email, Person.created_at).where(Person.id.in_(ids))).all()
    rows = session.execute(
        select(PersonChange.person_id, PersonChange.email, PersonChange.changed_at)
        .where(PersonChange.person_id.in_(ids))
        .order_by(PersonChange.changed_at, PersonChange.id)
    ).all()
    earlier = {
        person.id: [(row.email, row.changed_at) for row in rows if row.person_id == person.id] for person in people
    }
    return [
        period
        for person in people
        for period in build_address_periods(person.email, person.created_at, earlier[person.id])
    ]


def subject_condition(
    table_entry: PersonalDataTable, ids: Sequence[int], periods: Sequence[AddressPeriod]
) -> ColumnElement[bool]:
    """The SQL condition for the rows of a table that are about these people.

    Tables of mail have no column with a person: their rows are matched by address and moment, with the `periods` in
    which an address was that of the person.
    """
    table = TABLES[table_entry.table]
    if table_entry.address_columns is not None:
        address_column, moment_column = (table.c[name] for name in table_entry.address_columns)
        matches = (
            and_(
                address_column == period.address,
                moment_column >= period.since,
                *([moment_column < period.until] if period.until else []),
            )
            for period in periods
        )
        return or_(false(), *matches)
    return or_(*(_reference_condition(table.c[name], ids) for name in table_entry.person_columns))


def _reference_condition(column: ColumnElement[Any], ids: Sequence[int]) -> ColumnElement[bool]:
    target = _referenced_column(column)
    if target is None:
        return column.in_(ids)
    return column.in_(select(target).where(subject_condition(PERSONAL_DATA_TABLES[target.table.name], ids, ())))


def _referenced_column(column: ColumnElement[Any]) -> Any | None:
    """The column of another personal-data table that a column refers to; None if the column names a person."""
    keys = [key.column for key in column.foreign_keys if key.column.table.name != "person"]
    return keys[0] if keys else None


def _select_with_parents(table_entry: PersonalDataTable) -> Select[*tuple[Any, ...]]:
    """Select the rows of a table, with those columns of parent rows that the page displays."""
    table = TABLES[table_entry.table]
    parent_columns = [name for name in table_entry.display_columns if "." in name]
    joined_columns = [TABLES[name.partition(".")[0]].c[name.partition(".")[2]].label(name) for name in parent_columns]
    statement = select(*table.c, *joined_columns).select_from(table)
    column = table.c[table_entry.person_columns[0]] if joined_columns else None
    while column is not None and (target := _referenced_column(column)) is not None:
        statement = statement.join(target.table, target == column)
        column = target.table.c[PERSONAL_DATA_TABLES[target.table.name].person_columns[0]]
    return statement.order_by(*table.primary_key.columns)


def subject_rows(
    session: Session, table_entry: PersonalDataTable, ids: Sequence[int], periods: Sequence[AddressPeriod]
) -> list[SubjectRow]:
    """The rows of a table about these people, as dictionaries, without the excluded columns."""
    rows = session.execute(
        _select_with_parents(table_entry).where(subject_condition(table_entry, ids, periods))
    ).mappings()
    return [{name: value for name, value in row.items() if name not in table_entry.excluded_columns} for row in rows]


@dataclass(frozen=True)
class SubjectData:
    """All data about a person.

    `rows` are by table, `team_names` by the team id that occurs in the rows. `failed_sign_ins` are failed attempts to
    sign in, or to get a sign-in link, with the current address. `summaries` are the digests that named the person.
    `protected_answers` is the number of answers whose correctness is left out.
    """

    rows: Mapping[str, list[SubjectRow]]
    team_names: Mapping[int, str]
    failed_sign_ins: list[datetime]
    summaries: list[SubjectRow]
    log: list[AuditEntryView]
    protected_answers: int = 0

    @property
    def non_empty_tables(self) -> set[str]:
        """The tables that have at least one row about the person."""
        return {table for table, rows in self.rows.items() if rows}


def read_subject_data(session: Session, person_id: int, secret: str) -> SubjectData:
    """All data about a person, including that of entries merged with this one: about one query for each table."""
    ids = merged_person_ids(session, person_id)
    periods = address_periods(session, ids)
    rows_by_table = {
        table_entry.table: subject_rows(session, table_entry, ids, periods)
        for section in SECTIONS
        for table_entry in section.tables
    }
    protected_ids = _protected_item_ids(session, ids)
    for row in rows_by_table["answer"]:
        if row["item_id"] in protected_ids:
            row["correct"] = None
    teams = TABLES["team"]
    team_ids = {row["team_id"] for rows in rows_by_table.values() for row in rows if row.get("team_id")}
    names = session.execute(select(teams.c.id, teams.c.name).where(teams.c.id.in_(team_ids)))
    return SubjectData(
        rows=rows_by_table,
        team_names={row.id: row.name for row in names},
        failed_sign_ins=_failed_sign_ins(
            session, {period.address for period in periods if period.until is None}, secret
        ),
        summaries=_summaries_naming(session, ids),
        log=log_lines(session, AuditFilter(person_ids=tuple(ids)), _LOG_LIMIT),
        protected_answers=sum(row["item_id"] in protected_ids for row in rows_by_table["answer"]),
    )


def _protected_item_ids(session: Session, ids: Sequence[int]) -> set[int]:
    """The final assessment items of which the person may not learn yet whether the answer is right: those of an
    unfinished attempt and, until the assessment is passed, those on points that an attempt left open."""
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
    passed = {enrolment_id for enrolment_id, *_, passed_attempt in rows if passed_attempt}
    open_points = {(attempt_id, point) for _, attempt_id, point, _, correct, _ in rows if not correct}
    return {
        item_id
        for enrolment_id, attempt_id, point, item_id, _, passed_attempt in rows
        if passed_attempt is None or (enrolment_id not in passed and (attempt_id, point) in open_points)
    }


def _failed_sign_ins(session: Session, addresses: Iterable[str], secret: str) -> list[datetime]:
    keys = [attempt_key(secret, kind, address) for address in addresses for kind in ("sign-in", "link")]
    statement = select(SignInAttempt.at).where(SignInAttempt.key.in_(keys)).order_by(SignInAttempt.at)
    return list(session.execute(statement).scalars())


def _summaries_naming(session: Session, ids: Sequence[int]) -> list[SubjectRow]:
    """The digests to managers and escalations to the safeguarding lead that named one of these people."""
    names_any = or_(*(cast(Reminder.named, Text).contains(str(person_id)) for person_id in ids))
    digests = session.execute(
        select(Reminder.kind, Reminder.leaves_on, Reminder.named).where(names_any).order_by(Reminder.id)
    )
    return [{"kind": row.kind, "leaves_on": row.leaves_on} for row in digests if set(row.named) & set(ids)]
