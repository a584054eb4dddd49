"""Applying a list portion by portion, always to its end.

Nothing is written before `start_writing` has stored the journal; that is one short statement, and refuses if the list
would do anything else than its preview says. From then on the journal is written in portions, each in one short unit of
work, and whoever finds the work cut off goes on with it. So a list is applied completely or, if it was cut off before,
not at all. A line whose person or team somebody else has changed in the meantime is skipped and said, never overwritten.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from course.audit.actions import record_event
from course.context import Context, make_context
from course.db import insert_once, lock_name
from course.events import publish
from course.people import actions as people
from course.people import queries as people_queries
from course.people.actions import NewPerson, Refusal
from course.people.events import EarlierCertificate
from course.people.rules import PersonIdentity
from course.people_import import queries
from course.people_import.actions.preview import get_import_row
from course.people_import.models import ImportedCertificate, ImportRun, PeopleImport
from course.people_import.queries import PackedJournal
from course.people_import.rules.journal import JournalStep, SkippedLine, dump_skipped, load_skipped, person_fingerprint
from course.people_import.rules.matching import ImportCertificate, RowData
from course.people_import.rules.team_paths import TeamPlace, exact_key, path_key
from course.translation import error_text
from course.translation import lazy_gettext as _

LEASE = timedelta(minutes=5)  # a process that has not said anything for so long has been cut off
INVITATION_BATCH = 100  # invitations in one unit of work
_CHUNK = 25  # lines between two looks at the clock
ImportInvitee = tuple[int, str]  # id and name
TeamCache = dict[tuple[str, ...], int]  # ids of teams by the key of their path
FILE_DELETED = _("This file is no longer kept. Upload it again.")
PREVIEW_OUTDATED = _(
    "Something has changed since you saw the preview, so nothing was applied. Check the preview, then apply it."
)
ANOTHER_IMPORT = _("Another list is being applied, so this one was not. Apply it when the other one is finished.")
PERSON_CHANGED = _("Someone changed this person while the list was being applied, so this row was not applied.")
PERSON_ADDED = _(
    "Someone with this address or staff number was added while the list was being applied, so this row was not applied."
)
TEAM_CLOSED = _("A team of this row was closed while the list was being applied, so this row was not applied.")


class StalePreviewError(ValueError):
    """The list would do something else than its preview says."""


class ConcurrentChangeError(StalePreviewError):
    """People or teams were changed after the plan was made; the plan can be made again."""


class AnotherImportError(StalePreviewError):
    """Another list is being written; two would undo each other's changes."""


class _RefusedStepError(ValueError):
    """A line cannot be applied; the message says why."""


def begin_apply(context: Context, import_id: int, fingerprint: str) -> bool:
    """Begin to apply a list; False if the preview has another fingerprint, or the list is being applied or was.

    One that was cut off can be begun again once its lease has ended.
    """
    session = context.session
    run = _get_run(session, import_id)
    try:
        job = get_import_row(session, import_id)
    except LookupError:
        return False
    leased = run is not None and run.lease_until is not None and run.lease_until > context.now
    if job.mark != fingerprint or job.applied_at is not None or leased:
        return False
    if run is None:
        run = ImportRun(import_id=import_id, lines_done=0)
        session.add(run)
    if run.lines_total is None:
        if not queries.has_content(session, import_id):
            return False
        job.uploaded_by = context.actor
    job.begun_at, job.failure, run.lease_until = context.now, None, context.now + LEASE
    session.flush()
    return True


def _get_run(session: Session, import_id: int) -> ImportRun | None:
    """The progress of a list, locked against other writers until the unit of work ends."""
    return session.get(ImportRun, import_id, with_for_update=True, populate_existing=True)


def _get_started_run(session: Session, import_id: int) -> ImportRun:
    run = _get_run(session, import_id)
    if run is None:
        raise LookupError(_("There is no such list."))
    return run


def record_failure(session: Session, import_id: int, failure: str) -> None:
    """Record why a list was not applied; it can be begun again. A list that has begun to be written has not failed."""
    if queries.is_being_written(session, import_id):
        return
    session.execute(delete(ImportRun).where(ImportRun.import_id == import_id))
    session.execute(
        update(PeopleImport).where(PeopleImport.id == import_id).values(begun_at=None, failure=failure[:500])
    )


def start_writing(session: Session, import_id: int, journal: PackedJournal, at: datetime) -> None:
    """Store the journal of a list: from now on it is written to its end. Does nothing if another process has done so.

    Raises StalePreviewError if the list would do something else by now, ConcurrentChangeError if that is not known,
    AnotherImportError while another list is being written, LookupError if the list is gone.
    """
    lock_name(session, "people_import")
    run, job = _get_run(session, import_id), get_import_row(session, import_id)
    if run is not None and run.lines_total is not None:
        return
    if not queries.has_content(session, import_id):
        raise LookupError(FILE_DELETED)
    if queries.is_another_being_written(session, import_id):
        raise AnotherImportError(ANOTHER_IMPORT)
    if journal.fingerprint != job.mark or run is None:
        raise StalePreviewError(PREVIEW_OUTDATED)
    if queries.changed_since(session, journal.audit_position):
        raise ConcurrentChangeError(PREVIEW_OUTDATED)
    job.journal, run.lines_done, run.lines_total = journal.content, 0, journal.lines
    run.lease_until = at + LEASE
    session.flush()


def apply_portion(
    context: Context, import_id: int, steps: Sequence[JournalStep], teams: TeamCache, is_time_up: Callable[[], bool]
) -> int:
    """Write the next lines of a journal, some more until the time is up; returns how many lines are done.

    `teams` holds the teams that this import has opened, and is filled: the caller drops it if the unit of work fails.
    """
    run = _get_started_run(context.session, import_id)
    people.hold_team_tree(context.session)
    portion, done = _Portion(context, import_id, teams), run.lines_done
    while done < len(steps):
        chunk = steps[done : done + _CHUNK]
        portion.write(chunk)
        done += len(chunk)
        if is_time_up():
            break
    _advance(context.session, run, done, portion.skipped, context.now)
    return done


def skip_line(session: Session, import_id: int, position: int, line: SkippedLine, at: datetime) -> None:
    """Go on behind the line at this position of the journal, which cannot be written at all."""
    run = _get_started_run(session, import_id)
    if run.lines_done == position:
        _advance(session, run, position + 1, [line], at)


def _advance(session: Session, run: ImportRun, done: int, skipped: Sequence[SkippedLine], at: datetime) -> None:
    run.lines_done, run.lease_until = done, at + LEASE
    if skipped:
        run.skipped = dump_skipped((*load_skipped(run.skipped), *skipped))
    session.flush()


def finish_apply(
    session: Session, import_id: int, preview: str | None, counts: Mapping[str, int], at: datetime
) -> None:
    """All lines are written: keep what they did instead of the file. Does nothing if another process has done so."""
    run, job = _get_started_run(session, import_id), get_import_row(session, import_id)
    if job.applied_at is not None:
        return
    job.applied_at, job.content, job.preview, run.lease_until = at, None, preview, at + LEASE
    context = replace(
        make_context(session, job.uploaded_by, at), connection=None if job.uploaded_by else job.connection
    )
    record_event(context, "person.imported", None, counts)
    session.flush()


def end_import(session: Session, import_id: int) -> None:
    """The invitations are mailed as well: nothing is left to be done."""
    run, job = _get_started_run(session, import_id), get_import_row(session, import_id)
    job.journal, run.lease_until = None, None
    session.flush()


def invitation_batches(invitees: Sequence[ImportInvitee]) -> Iterator[Sequence[ImportInvitee]]:
    """Each is invited in a transaction with few others: thousands of mails in one would keep everybody else waiting."""
    for start in range(0, len(invitees), INVITATION_BATCH):
        yield invitees[start : start + INVITATION_BATCH]


def invite_people(context: Context, invitees: Sequence[ImportInvitee], sender: str) -> None:
    """Queue an invitation in the name of `sender` for each person who was not invited in the meantime."""
    for person_id, _name in invitees:
        people.invite(context, person_id, sender)


class _Portion:
    """Lines of one list that are written in one unit of work."""

    def __init__(self, context: Context, import_id: int, teams: TeamCache) -> None:
        file_name, uploaded_by, connection = queries.file_name_and_actor(context.session, import_id)
        self._context = replace(context, actor=uploaded_by, connection=None if uploaded_by else connection)
        self._session, self._teams = context.session, teams
        self._import_id, self._reason = import_id, _("From the list %(file_name)s", file_name=file_name)[:200]
        self._open_paths: TeamCache | None = None
        self.skipped: list[SkippedLine] = []

    def write(self, steps: Sequence[JournalStep]) -> None:
        self._add([step for step in steps if step.person_id is None])
        self._change([step for step in steps if step.person_id is not None])

    def _skip(self, step: JournalStep, reason: str) -> None:
        self.skipped.append(SkippedLine(step.number, reason))

    def _add(self, steps: Sequence[JournalStep]) -> None:
        """Add new people: a statement for each table, not one for each person."""
        session = self._session
        identities = {step.number: _identity(step.row_data) for step in steps}
        taken = people_queries.taken_identities(session, list(identities.values()))
        ready: list[tuple[JournalStep, NewPerson]] = []
        for step in steps:
            data = step.row_data
            identity = identities[step.number]
            if taken.has(identity):
                self._skip(step, PERSON_ADDED)
                continue
            try:
                team_ids, managed_team_ids = self._team_ids(step.teams), self._team_ids(step.managed_teams)
            except LookupError:
                self._skip(step, TEAM_CLOSED)
                continue
            new = NewPerson(identity.name, identity.email, identity.staff_number, team_ids, managed_team_ids,
                            data.pathway, data.start, identity.sign_in_name, identity.job_role)  # fmt: skip
            ready.append((step, new))
        needed = {team_id for _, new in ready for team_id in (*new.team_ids, *new.managed_team_ids)}
        still_open = people.lock_open_teams_among(session, needed)
        for step, new in ready:
            if not still_open.issuperset((*new.team_ids, *new.managed_team_ids)):
                self._skip(step, TEAM_CLOSED)
        ready = [(step, new) for step, new in ready if still_open.issuperset((*new.team_ids, *new.managed_team_ids))]
        if not ready:
            return
        ids = people.add_people(self._context, [new for _, new in ready], self._reason)
        for person_id, (step, _names) in zip(ids, ready, strict=True):
            self._record_certificates(person_id, step.row_data.certificates)
            if "leaves" in step.changes and step.row_data.leaving is not None:
                people.plan_departure(self._context, person_id, step.row_data.leaving, self._reason)

    def _change(self, steps: Sequence[JournalStep]) -> None:
        """Change people who were known when the list was planned, if nobody else has changed them since."""
        if not steps:
            return
        known = self._known_now(steps)
        for step in steps:
            if step.person_id is None or known.get(step.person_id) != step.known:
                self._skip(step, PERSON_CHANGED)
                continue
            try:
                teams, managed_teams = self._team_ids(step.teams), self._team_ids(step.managed_teams)
                with self._session.begin_nested():
                    self._change_person(step.person_id, step, teams, managed_teams)
            except _RefusedStepError as error:
                self._skip(step, error_text(error))
            except LookupError:
                self._skip(step, PERSON_CHANGED)

    def _known_now(self, steps: Sequence[JournalStep]) -> dict[int, str]:
        """The fingerprints of people as they are now; until the unit of work ends nobody else corrects them."""
        ids = [step.person_id for step in steps if step.person_id is not None]
        lock = people.lock_leaving_people if any("left" in step.changes for step in steps) else people.lock_people
        lock(self._session, ids)
        found = queries.known_people(self._session, self._context.zone, ids)
        return {person.id: person_fingerprint(person) for person in found}

    def _change_person(self, person_id: int, step: JournalStep, teams: Sequence[int], managed: Sequence[int]) -> None:
        context, reason = self._context, self._reason
        changes, data = step.changes, step.row_data
        if "back" in changes and data.start is not None:
            _raise_if_refused(people.record_return(context, person_id, data.start, None, reason))
        if "correct" in changes:
            person = people_queries.person(context.session, person_id)
            if person is None:
                raise LookupError(f"there is no person {person_id}")
            identity = PersonIdentity(
                data.name or person.name, data.email or person.email, data.staff_number or person.staff_number,
                data.sign_in_name or person.sign_in_name, data.job_role or person.job_role,
            )  # fmt: skip
            _raise_if_refused(people.change_identity(context, person_id, identity, reason))
        if "team" in changes:
            _raise_if_refused(people.set_teams(context, person_id, teams))
        if "manager" in changes:
            for team_id in managed:
                _raise_if_refused(people.grant_role(context, person_id, "manager", team_id))
        if "pathway" in changes and data.pathway is not None:
            people.choose_pathway(context, [person_id], data.pathway, reason)
        if "certificate" in changes:
            self._record_certificates(person_id, data.certificates)
        if changes & {"left", "leaves"} and data.leaving is not None:
            _raise_if_refused(people.record_departure(context, person_id, data.leaving, reason))

    def _record_certificates(self, person_id: int, certificates: Sequence[ImportCertificate]) -> None:
        """Record the earlier certificates of a row, the oldest first; one that a list named before changes nothing."""
        for one in sorted(certificates, key=lambda one: one.day):
            known = insert_once(self._session, ImportedCertificate, person_id=person_id, day=one.day,
                                valid_until=one.valid_until, issuer=one.issuer, import_id=self._import_id)  # fmt: skip
            if known is not None:
                by, at = self._context.actor, self._context.now
                publish(self._session, EarlierCertificate(person_id, one.day, one.valid_until, one.issuer, by, at))

    def _team_ids(self, places: Sequence[TeamPlace]) -> tuple[int, ...]:
        """The teams at these places; those that are not there yet are opened. LookupError if one above is closed."""
        return tuple(dict.fromkeys(place if isinstance(place, int) else self._open_team(place) for place in places))

    def _open_team(self, path: tuple[str, ...]) -> int:
        key = exact_key(path)
        if key not in self._teams:
            if self._open_paths is None:
                self._open_paths = queries.team_ids_by_path(self._session)
            there = self._open_paths.get(key) or self._open_paths.get(path_key(path))
            self._teams[key] = there or self._add_team(path)
        return self._teams[key]

    def _add_team(self, path: tuple[str, ...]) -> int:
        parent = self._open_team(path[:-1]) if len(path) > 1 else None
        return people.add_team(self._context, path[-1], parent).id


def _identity(data: RowData) -> PersonIdentity:
    """What identifies the new person of a row, as it is stored."""
    identity = PersonIdentity(data.name or "", data.email or None, data.staff_number, data.sign_in_name, data.job_role)
    return identity.normalised()


def _raise_if_refused(refused: Refusal | None) -> None:
    if refused is not None:
        raise _RefusedStepError(refused.message)
