"""Lists that were uploaded, and all that a list is compared with."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select, true
from sqlalchemy.orm import InstrumentedAttribute, Session, defer

from course.audit.models import AuditEntry
from course.dates import civil_date
from course.people.models import Employment, Membership, PathwayChoice, Person, PersonMerge, RoleGrant, Team
from course.people.queries import former_identities, merged_entries
from course.people.queries.ownership import owned_fields_among
from course.people.rules.ownership import OwnedFields
from course.people_import.models import ImportedCertificate, ImportRun, PeopleImport
from course.people_import.rules.columns import FIELDS
from course.people_import.rules.journal import (
    JournalStep,
    SkippedLine,
    dump_journal,
    load_journal,
    load_skipped,
    make_journal,
)
from course.people_import.rules.leaver_flags import leaver_flags
from course.people_import.rules.matching import KnownPerson
from course.people_import.rules.parsing import parse_file
from course.people_import.rules.planning import ImportPlan, MappedRows, make_plan
from course.people_import.rules.preview import ImportPreview, dump_preview
from course.people_import.rules.questions import remembered_decisions
from course.people_import.rules.table import Table, UnreadableError, unpack_table
from course.people_import.rules.team_paths import TeamPaths, exact_key, path_key
from course.translation import lazy_gettext as _

Among = Callable[[InstrumentedAttribute[int]], ColumnElement[bool]]  # which people, by the column of their id
UNUSED_KEY = "unused"  # beside the fields in `people_import.columns`: the headings that were left out
_QUERY_BATCH = 5_000  # addresses in one query
DEFAULT_SENDER = _("The training team")
_MAX_MAPPINGS_READ = 20  # lists in which the columns of an earlier one are looked for


@dataclass(frozen=True)
class ImportView:
    """A list as the page of lists shows it."""

    id: int
    file_name: str
    uploaded_at: datetime
    by: str | None
    connection: str | None
    begun_at: datetime | None
    applied_at: datetime | None
    failure: str | None


def get_import(session: Session, import_id: int) -> PeopleImport | None:
    """One list, without its content and its journal."""
    large = defer(PeopleImport.content), defer(PeopleImport.journal)
    statement = select(PeopleImport).where(PeopleImport.id == import_id).options(*large)
    return session.execute(statement).scalar_one_or_none()


def newest_imports(session: Session, limit: int = 10) -> list[ImportView]:
    """The newest lists, newest first."""
    one = PeopleImport
    who, columns = (Person.name, one.connection), (one.id, one.file_name, one.uploaded_at)
    statement = select(*columns, *who, one.begun_at, one.applied_at, one.failure)
    statement = statement.outerjoin(Person, Person.id == one.uploaded_by).order_by(one.id.desc())
    rows = session.execute(statement.limit(limit))
    return [ImportView(*row) for row in rows]


def stored_table(session: Session, import_id: int) -> Table | None:
    """The table of an uploaded list; None if it was deleted."""
    content = session.execute(select(PeopleImport.content).where(PeopleImport.id == import_id)).scalar()
    if content is None:
        return None
    kept = unpack_table(content)
    return parse_file(content) if kept is None else kept  # a file as earlier versions kept it, for a day


@dataclass(frozen=True)
class PackedPreview:
    """The preview of a list as it is stored, and the fingerprint of the plan that it shows."""

    text: str
    fingerprint: str


@dataclass(frozen=True)
class PackedJournal:
    """The journal of a list as it is stored, how many lines it has, and the fingerprint of the plan that it was made
    of, worked out from what was there when the audit log had come to `audit_position`."""

    content: bytes
    lines: int
    fingerprint: str
    audit_position: int


@dataclass(frozen=True)
class ImportDraft:
    """What a list would do, worked out from what was there when the audit log had come to `audit_position`.

    `preview` and `journal` take long for a long list: the caller asks for them before its unit of work.
    """

    plan: ImportPlan
    audit_position: int
    team_paths: TeamPaths

    @cached_property
    def preview(self) -> PackedPreview:
        """The preview as it is stored."""
        return PackedPreview(dump_preview(self.plan), self.plan.fingerprint)

    @cached_property
    def journal(self) -> PackedJournal:
        """The journal as it is stored."""
        content = dump_journal(make_journal(self.plan, self.team_paths))
        lines = sum(bool(line.changes) for line in self.plan.lines)
        return PackedJournal(content, lines, self.plan.fingerprint, self.audit_position)


@dataclass(frozen=True)
class ImportChoices:
    """How a list is to be read: for each field the place of its column, the team below which new ones are added, and
    what was decided about questions."""

    columns: Mapping[str, int]
    base: int | None = None
    decisions: Mapping[str, str] = field(default_factory=dict)


def draft_import(session: Session, table: Table, choices: ImportChoices, zone: str, at: datetime) -> ImportDraft:
    """What a list would do with these choices. It only reads, and takes seconds for a long list: it is worked out before
    a unit of work, never in it."""
    audit_position = session.execute(select(func.coalesce(func.max(AuditEntry.number), 0))).scalar_one()
    team_paths = TeamPaths(open_teams(session), choices.base)
    today, known = civil_date(at, zone), known_people(session, zone)
    columns = {**choices.columns, **leaver_flags(table, choices.columns.values())}
    rows = MappedRows(table.rows, columns, table.bad, table.notes, table.headings)
    return ImportDraft(make_plan(rows, known, team_paths, today, choices.decisions), audit_position, team_paths)


def people_in_preview(session: Session, whole: ImportPreview) -> list[int]:
    """The people who are here and whom a list named, by id."""
    logins = sorted({row.email for row in whole.rows if row.email and row.kind not in ("refused", "asked")})
    found: list[int] = []
    for start in range(0, len(logins), _QUERY_BATCH):
        portion = logins[start : start + _QUERY_BATCH]
        some = or_(Person.email.in_(portion), Person.sign_in_key.in_(portion))
        found += session.execute(select(Person.id).where(Person.left_at.is_(None), some)).scalars()
    return found


# Whatever a list is compared with is written to the log under these names when it changes.
_RELEVANT_EVENTS = ("person.", "team.", "role.", "pathway.", "certificate.", "data.")


def changed_since(session: Session, audit_position: int) -> bool:
    """Whether people, teams or roles have changed since the log had come to that entry."""
    about = or_(*(AuditEntry.what.startswith(name) for name in _RELEVANT_EVENTS))
    newer = select(AuditEntry.number).where(AuditEntry.number > audit_position, about).limit(1)
    return session.execute(newer).first() is not None


def import_choices(session: Session, import_id: int, table: Table) -> ImportChoices:
    """The choices that are stored for a list. Raises LookupError if there is no such list, UnreadableError if it lacks a column."""
    job = get_import(session, import_id)
    if job is None:
        raise LookupError(_("There is no such list."))
    named = mapped_headings(json.loads(job.columns or "{}"))
    missing = [heading for heading in named.values() if heading not in table.headings]
    if missing:
        raise UnreadableError(
            _("There is no column “%(missing)s” in this list. Match the columns again.", missing=missing[0])
        )
    team_paths = {field: table.headings.index(heading) for field, heading in named.items()}
    return ImportChoices(team_paths, job.base_team_id, json.loads(job.decisions or "{}"))


@dataclass(frozen=True)
class PreviousMapping:
    """How an earlier list was read: for each field the heading of its column, the headings that were left out, the team
    below which new ones were added, and the decisions that count for later lists."""

    columns: Mapping[str, str]
    unused: frozenset[str]
    base: int | None
    decisions: Mapping[str, str] = field(default_factory=dict)


def previous_mapping(session: Session, headings: Sequence[str]) -> PreviousMapping:
    """How the newest list of this kind was read that was applied: one with all the columns that were chosen then. If
    there is none, the newest of any kind: a list of staff and one of certificates have columns of their own."""
    one = PeopleImport
    used = one.applied_at.is_not(None), one.columns.is_not(None)
    statement = select(one.columns, one.base_team_id, one.decisions).where(*used).order_by(one.id.desc())
    rows = session.execute(statement.limit(_MAX_MAPPINGS_READ)).all()
    found = [(json.loads(columns or "{}"), base, json.loads(decisions or "{}")) for columns, base, decisions in rows]
    known = set(headings)
    for columns, base, decisions in sorted(
        found, key=lambda row: not known.issuperset(mapped_headings(row[0]).values())
    )[:1]:
        unused = frozenset(columns.get(UNUSED_KEY, ()))
        return PreviousMapping(mapped_headings(columns), unused, base, remembered_decisions(decisions))
    return PreviousMapping({}, frozenset(), None)


def chosen_mapping(session: Session, import_id: int) -> tuple[PreviousMapping, bool] | None:
    """How this list is to be read, and whether people who are added are invited, as was chosen for it; None if nothing was
    chosen yet."""
    one = PeopleImport
    statement = select(one.columns, one.base_team_id, one.invites).where(one.id == import_id, one.columns.is_not(None))
    row = session.execute(statement).one_or_none()
    if row is None:
        return None
    columns = json.loads(row.columns)
    unused = frozenset(columns.get(UNUSED_KEY, ()))
    return PreviousMapping(mapped_headings(columns), unused, row.base_team_id), row.invites


def mapped_headings(columns: Mapping[str, Any]) -> dict[str, str]:
    """Of what `people_import.columns` holds: for each field the heading of its column."""
    return {field: heading for field, heading in columns.items() if field in FIELDS}


def known_people(session: Session, zone: str, ids: Collection[int] | None = None) -> list[KnownPerson]:
    """All people including those who have left, or the people with these ids. Ten queries."""

    def among(person_id: InstrumentedAttribute[int]) -> ColumnElement[bool]:
        return true() if ids is None else person_id.in_(ids)

    teams: dict[int, set[int]] = defaultdict(set)
    manages: dict[int, set[int]] = defaultdict(set)
    certificates: dict[int, set[date]] = defaultdict(set)
    for person, team in session.execute(
        select(Membership.person_id, Membership.team_id).where(Membership.until.is_(None), among(Membership.person_id))
    ):
        teams[person].add(team)
    grants = select(RoleGrant.person_id, RoleGrant.role, RoleGrant.team_id).where(RoleGrant.until.is_(None))
    administrators, auditors = set[int](), set[int]()
    for person, role, managed in session.execute(grants.where(among(RoleGrant.person_id))):
        if role == "administrator":
            administrators.add(person)
        elif role == "auditor":
            auditors.add(person)
        elif managed is not None:
            manages[person].add(managed)
    stays = select(Employment.person_id, Employment.start).where(among(Employment.person_id)).order_by(Employment.id)
    starts = {row.person_id: row.start for row in session.execute(stays)}
    choices = select(PathwayChoice.person_id, PathwayChoice.pathway).where(among(PathwayChoice.person_id))
    pathways = {row.person_id: row.pathway for row in session.execute(choices.order_by(PathwayChoice.id))}
    entries, holder = merged_entries(session, ids), ImportedCertificate.person_id
    listed = or_(among(holder), holder.in_(entries))
    for person, day in session.execute(select(holder, ImportedCertificate.day).where(listed)):
        certificates[person].add(day)
        if person in entries:
            certificates[entries[person]].add(day)
    former, numbers = former_identities(session, ids)
    merged, owned = _merged_into(session, among), owned_fields_among(session, ids)
    identity = (Person.id, Person.name, Person.email, Person.staff_number)
    more = (Person.left_at, Person.created_at, Person.sign_in_name, Person.last_day, Person.job_role)
    people = select(*identity, *more).where(among(Person.id)).order_by(Person.name)
    return [
        KnownPerson(
            row.id, row.name, row.email or "", row.staff_number,
            None if row.left_at is None else civil_date(row.left_at, zone),
            frozenset(teams[row.id]),
            frozenset(manages[row.id]),
            pathways.get(row.id),
            frozenset(certificates[row.id]),
            starts.get(row.id) or civil_date(row.created_at, zone),
            row.id in administrators,
            frozenset(former[row.id] - {row.email}),
            merged.get(row.id),
            frozenset(numbers[row.id] - {row.staff_number}),
            auditor=row.id in auditors,
            sign_in_name=row.sign_in_name,
            last_day=row.last_day,
            job_role=row.job_role,
            owned=owned.get(row.id, OwnedFields()),
        )
        for row in session.execute(people)
    ]  # fmt: skip


def _merged_into(session: Session, among: Among) -> dict[int, int]:
    """For each merged entry the id of the entry into which it was merged."""
    rows = select(PersonMerge.person_id, PersonMerge.into_id).where(among(PersonMerge.person_id))
    return {row.person_id: row.into_id for row in session.execute(rows)}


def open_teams(session: Session) -> Sequence[tuple[int, str, int | None]]:
    """The open teams: id, name, and the one that each is part of."""
    statement = select(Team.id, Team.name, Team.parent_id).where(Team.closed_at.is_(None)).order_by(Team.id)
    return [(row.id, row.name, row.parent_id) for row in session.execute(statement)]


def team_ids_by_path(session: Session) -> dict[tuple[str, ...], int]:
    """The open teams by the keys of their whole path; that of the exact name counts before that of a similar one."""
    tree = TeamPaths(open_teams(session))
    whole = {team_id: tree.path(team_id) for team_id, _, _ in tree.teams}
    return {key_of(path): team_id for key_of in (path_key, exact_key) for team_id, path in whole.items()}


def has_content(session: Session, import_id: int) -> bool:
    """Whether the file of a list is stored still."""
    rows = select(PeopleImport.id).where(PeopleImport.id == import_id, PeopleImport.content.is_not(None))
    return session.execute(rows).first() is not None


def import_run(session: Session, import_id: int) -> ImportRun | None:
    """How far a list has been written; None if nobody has asked for it to be applied."""
    return session.execute(select(ImportRun).where(ImportRun.import_id == import_id)).scalar_one_or_none()


def file_name_and_actor(session: Session, import_id: int) -> tuple[str, int | None, str | None]:
    """The name of the file of a list, the id of the person who applied it (None: no person), and the system that brought it."""
    one = PeopleImport
    row = session.execute(select(one.file_name, one.uploaded_by, one.connection).where(one.id == import_id)).one()
    return row.file_name, row.uploaded_by, row.connection


def is_being_written(session: Session, import_id: int) -> bool:
    """Whether the journal of a list is stored: it is written to its end, or has been."""
    run = import_run(session, import_id)
    return run is not None and run.lines_total is not None


def is_another_being_written(session: Session, import_id: int) -> bool:
    """Whether a list other than this one is being written."""
    rows = select(ImportRun.import_id).join(PeopleImport, PeopleImport.id == ImportRun.import_id)
    rows = rows.where(ImportRun.lines_total.is_not(None), PeopleImport.applied_at.is_(None))
    return session.execute(rows.where(ImportRun.import_id != import_id).limit(1)).first() is not None


def interrupted_imports(session: Session, at: datetime) -> list[tuple[int, int | None]]:
    """The lists that were cut off while they were written, or before their invitations were mailed: the id of each, and of
    the person who applied it (None: a command)."""
    rows = select(ImportRun.import_id, PeopleImport.uploaded_by).join(
        PeopleImport, PeopleImport.id == ImportRun.import_id
    )
    rows = rows.where(ImportRun.lines_total.is_not(None), ImportRun.lease_until <= at).order_by(ImportRun.import_id)
    return [(row.import_id, row.uploaded_by) for row in session.execute(rows)]


def stored_journal(session: Session, import_id: int) -> tuple[tuple[JournalStep, ...], int]:
    """The steps of a list that is being written, and how many of them are done; none if nothing is left to do."""
    rows = select(PeopleImport.journal, ImportRun.lines_done).join(ImportRun, ImportRun.import_id == PeopleImport.id)
    journal, done = session.execute(rows.where(PeopleImport.id == import_id)).one()
    return ((), 0) if journal is None else (load_journal(journal), done)


def preview_and_skipped(session: Session, import_id: int) -> tuple[str | None, tuple[SkippedLine, ...]]:
    """The stored preview of a list, and the lines that could not be written."""
    rows = select(PeopleImport.preview, ImportRun.skipped).join(ImportRun, ImportRun.import_id == PeopleImport.id)
    preview, skipped = session.execute(rows.where(PeopleImport.id == import_id)).one()
    return preview, load_skipped(skipped)


def import_invitees(session: Session, import_id: int) -> tuple[list[tuple[int, str]], int | None]:
    """The people (id, name) whom an applied list has added or brought back and who have no invitation yet, if the list sends
    invitations; and the id of the person who applied it."""
    job, run = get_import(session, import_id), import_run(session, import_id)
    if job is None or run is None or not job.invites:
        return [], None
    skipped = {line.number for line in load_skipped(run.skipped)}
    steps, _ = stored_journal(session, import_id)
    some = [step for step in steps if step.number not in skipped and step.changes & {"added", "back"}]
    emails = [step.row_data.email for step in some if step.person_id is None and step.row_data.email]
    ids = [step.person_id for step in some if step.person_id is not None]
    found: list[tuple[int, str]] = []
    for keys, column in ((emails, Person.email), (ids, Person.id)):
        for start in range(0, len(keys), _QUERY_BATCH):
            rows = select(Person.id, Person.name).where(
                column.in_(keys[start : start + _QUERY_BATCH]), Person.left_at.is_(None), Person.invited_at.is_(None)
            )
            found += [(row.id, row.name) for row in session.execute(rows.order_by(Person.id))]
    return found, job.uploaded_by


def import_sender(session: Session, import_id: int) -> str:
    """The name of the inviting person in the mail: the person who applied the list."""
    rows = select(Person.name).join(PeopleImport, PeopleImport.uploaded_by == Person.id)
    return session.execute(rows.where(PeopleImport.id == import_id)).scalar() or DEFAULT_SENDER
