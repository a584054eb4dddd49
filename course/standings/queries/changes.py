"""What is new since the rows were derived: the mark beside the newest facts, and the people about whom something is new."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Integer, Select, bindparam, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from course.audit.models import AuditEntry
from course.learning.models import Completion, Enrolment, PageRead
from course.people.models import Membership, Person, PersonMerge
from course.standings.models import PersonStatus, StandingChange, StandingsMark

# Rows before the newest one of a table that are counted, because another transaction may be about to commit one of them.
MARK_WINDOW = 1000
MAX_EVENTS = 2000  # audit events that are read at once
# Audit events about nobody, or about a team, a file or a setting, that change no line of a report. Teams are read as they
# are, and whoever comes into one or leaves it has an event of their own.
_IRRELEVANT_KINDS = frozenset(
    {
        "api", "audit", "backup", "calendar", "cmi5", "contact", "content", "deputy", "evidence", "factor", "issuer", "job", "lti",
        "mail", "password", "provider", "registration", "report", "scenario", "secret_key", "set_up", "sign_in", "talk",
        "webhook", "xapi",
    }
)  # fmt: skip
_IRRELEVANT_EVENTS = frozenset(
    {
        "data.schedule_changed", "organisation.look_changed", "organisation.signatory_changed", "person.list_downloaded",
        "person.list_held", "person.list_refused",
        "policy.reminders_changed", "scim.administrators_owned", "scim.connection_added", "scim.connection_ended",
        "scim.rule_added", "scim.rule_ended", "scim.token_made", "scim.token_revoked", "supervised.bank_printed",
        "supervised.closed", "supervised.codes_printed", "supervised.module_printed", "supervised.planned",
        "supervised.room_opened", "team.added", "team.changed", "team.closed", "team.merged", "team.setting_changed",
    }
)  # fmt: skip
_TABLES: tuple[tuple[str, InstrumentedAttribute[int], InstrumentedAttribute[int]], ...] = (
    ("completion", Completion.id, Completion.enrolment_id),
    ("enrolment", Enrolment.id, Enrolment.id),
    ("page", PageRead.id, PageRead.enrolment_id),
)


class Facts(NamedTuple):
    """The newest rows up to which something is derived: see StandingsMark."""

    audit_event: int
    completion: int
    completion_count: int
    enrolment: int
    enrolment_count: int
    page: int
    page_count: int


@dataclass(frozen=True)
class StandingsState:
    """The rows as they are: `facts` up to which they are derived, and the `newest` there are. `has_changes` says that there
    are notes about people, `has_expired_rows` that time alone may have changed a row; a page looks for neither where there is
    none. `cursor` is the person up to whom everybody is being derived again."""

    version: int
    facts: Facts
    newest: Facts
    zone: str
    content: str
    cursor: int | None
    latest_day: date
    as_of: Any
    has_changes: bool
    has_expired_rows: bool


@dataclass(frozen=True)
class Changes:
    """About whom something is new (None: it may be about anybody), up to these facts, and the notes that are done with
    it. `complete` says that nothing else was new."""

    people: frozenset[int] | None
    facts: Facts
    notes: tuple[int, ...] = ()
    complete: bool = False


def _newest(column: InstrumentedAttribute[int]) -> ColumnElement[int]:
    return select(func.coalesce(func.max(column), 0)).scalar_subquery()


def _counted(column: InstrumentedAttribute[int], newest: Any) -> ColumnElement[int]:
    """The number of rows in the window before `newest`."""
    return select(func.count(column)).where(column > newest - MARK_WINDOW, column <= newest).scalar_subquery()


_FACTS_QUERY: Select[*tuple[Any, ...]] = select(
    _newest(AuditEntry.number),
    *(one for _name, column, _enrolment in _TABLES for one in (_newest(column), _counted(column, _newest(column)))),
)


def newest_facts(session: Session) -> Facts:
    """The facts as they are now. One query."""
    return Facts(*session.connection().execute(_FACTS_QUERY).one())


_MARK = StandingsMark.metadata.tables[StandingsMark.__tablename__].c
_STATE_COLUMNS: list[Any] = [
    _MARK.version, _MARK.zone, _MARK.content, _MARK.cursor, _MARK.latest_day, _MARK.as_of,
    select(StandingChange.id).limit(1).scalar_subquery(),
    # The end of an index. A comparison with a day would be planned for any day, and read a third of the table.
    select(func.min(PersonStatus.changes_on)).scalar_subquery(),
    *(_MARK[name] for name in Facts._fields), _newest(AuditEntry.number),
]  # fmt: skip
for _name, _column, _enrolment in _TABLES:
    _STATE_COLUMNS += [_newest(_column), _counted(_column, _MARK[_name])]
# Built once, because every report asks it.
_STATE_QUERY: Select[*tuple[Any, ...]] = select(*_STATE_COLUMNS)


def standings_state(session: Session, today: date) -> StandingsState | None:
    """The mark beside the newest facts; None before the first rows. One query."""
    row = session.connection().execute(_STATE_QUERY).one_or_none()
    if row is None:
        return None
    version, zone, content, cursor, latest_day, as_of, change, first_change, *facts = row
    size = len(Facts._fields)
    return StandingsState(
        version, Facts(*facts[:size]), Facts(*facts[size:]), zone, content, cursor, latest_day, as_of,
        change is not None, (first_change is not None and first_change <= today) or latest_day > today,
    )  # fmt: skip


_EVENTS_QUERY = (
    select(AuditEntry.number, AuditEntry.what, AuditEntry.subject_kind, AuditEntry.subject_id)
    .where(AuditEntry.number > bindparam("after"))
    .order_by(AuditEntry.number)
    .limit(MAX_EVENTS)
)
_NOTES_QUERY = (
    select(StandingChange.id, StandingChange.person_id)
    .order_by(StandingChange.id)
    .limit(bindparam("limit", type_=Integer))
)


def find_changes(session: Session, state: StandingsState, limit: int) -> Changes:
    """About whom the facts say something that the rows do not: at most `limit` notes are taken, and as many audit events
    as MAX_EVENTS, so that a call may have to be followed by another one."""
    # Read before the people: what is committed in between is found another time, and never left out.
    activity = state.newest[1:] != state.facts[1:]
    facts = newest_facts(session) if activity else state.facts
    events = session.connection().execute(_EVENTS_QUERY, {"after": state.facts.audit_event}).all()
    read_up_to = events[-1].number if events else state.facts.audit_event
    people: set[int] = set()
    for event in events:
        if event.what in _IRRELEVANT_EVENTS or event.what.partition(".")[0] in _IRRELEVANT_KINDS:
            continue
        if event.subject_kind != "person" or event.subject_id is None:
            return Changes(None, newest_facts(session))
        people.add(event.subject_id)
    merged = {event.subject_id for event in events if event.what == "person.merged"}
    if merged:
        rows = select(PersonMerge.person_id, PersonMerge.into_id).where(
            or_(PersonMerge.person_id.in_(merged), PersonMerge.into_id.in_(merged))
        )
        people |= {one for row in session.execute(rows) for one in row}
    if activity:
        people |= _active_people(session, state)
    notes = session.execute(_NOTES_QUERY, {"limit": limit}).all() if state.has_changes else []
    people |= {row.person_id for row in notes}
    complete = len(events) < MAX_EVENTS and len(notes) < limit
    facts = facts._replace(audit_event=read_up_to)
    return Changes(frozenset(people), facts, tuple(row.id for row in notes), complete)


def _active_people(session: Session, state: StandingsState) -> set[int]:
    """The people who began, read or completed something in rows that are newer than the mark, or in the whole window
    before it if the window holds another number of rows than it did."""
    found: set[int] = set()
    for name, column, enrolment in _TABLES:
        newest: int = getattr(state.facts, name)
        if getattr(state.newest, f"{name}_count") != getattr(state.facts, f"{name}_count"):
            newest -= MARK_WINDOW
        elif getattr(state.newest, name) <= newest:
            continue
        ids = select(enrolment).where(column > newest)
        found |= set(session.execute(select(Enrolment.person_id).where(Enrolment.id.in_(ids)).distinct()).scalars())
    return found


def expired_people(session: Session, today: date, latest_day: date, limit: int) -> list[int]:
    """The people whose rows hold until the day before, or were derived on a day that has not come (the clock was set
    back)."""
    condition = PersonStatus.changes_on <= today
    if latest_day > today:
        condition = or_(condition, PersonStatus.derived_on > today)
    return list(session.execute(select(PersonStatus.person_id).where(condition).limit(limit)).scalars())


def next_people(session: Session, after: int, limit: int) -> list[int]:
    """The next people in the order of their ids, whether they are here or not."""
    return list(session.execute(select(Person.id).where(Person.id > after).order_by(Person.id).limit(limit)).scalars())


def next_members(session: Session, teams: Collection[int], after: int, limit: int) -> list[int]:
    """The next people in the order of their ids who are in any of these teams or were at any time."""
    rows = select(Membership.person_id).where(Membership.team_id.in_(teams), Membership.person_id > after)
    return list(session.execute(rows.distinct().order_by(Membership.person_id).limit(limit)).scalars())


def known_people(session: Session, ids: Collection[int]) -> set[int]:
    """Those of these ids that are people."""
    return set(session.execute(select(Person.id).where(Person.id.in_(ids))).scalars())


def people_count(session: Session, up_to: int) -> int:
    """How many people there are, counted up to that number."""
    few = select(Person.id).limit(up_to).subquery()
    return session.execute(select(func.count()).select_from(few)).scalar_one()


def all_people_count(session: Session) -> int:
    """How many people there are, whether they are here or not."""
    return session.execute(select(func.count()).select_from(Person)).scalar_one()


def person_at(session: Session, place: int) -> int:
    """The id of the person at a place in the order of ids, from 0; 0 if there are fewer people."""
    return session.execute(select(Person.id).order_by(Person.id).offset(place).limit(1)).scalar() or 0
