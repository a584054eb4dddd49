"""Uploading a list, matching its columns, and applying it: all of it, or nothing."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import insert, or_, select, update
from sqlalchemy.orm import Session

from course.audit.actions import record_event
from course.dates import civil_date
from course.db import insert_once
from course.events import publish
from course.people import actions as people
from course.people import actions as staff
from course.people.actions import InvitationWriter, Refusal
from course.people.events import EarlierCertificate, PersonAdded
from course.people.models import Employment, Membership, PathwayChoice, Person, RoleGrant
from course.people.rules import name_key
from course.people_import import queries
from course.people_import.models import ImportedCertificate, PeopleImport
from course.people_import.queries import ImportChoices, ImportDraft
from course.people_import.rules.matching import ImportCertificate, RowData
from course.people_import.rules.planning import ImportLine, ImportPlan
from course.people_import.rules.preview import dump_preview
from course.people_import.rules.table import Table
from course.people_import.rules.team_paths import TeamPaths, TeamPlace
from course.text import normalise_line

CONTENT_RETENTION = timedelta(days=1)
PREVIEW_RETENTION = timedelta(days=30)
APPLY_TIMEOUT = timedelta(hours=1)  # whatever has not ended after this has been cut off
INVITATION_BATCH = 100  # invitations in one transaction
INSERT_BATCH = 500  # rows between two reports of how far it has come
# Told how many rows are done, of how many.
ProgressCallback = Callable[[int, int], None]
ImportInvitee = tuple[int, str]  # id and name
FILE_DELETED = "This file is not kept any more. Upload it again."
PREVIEW_OUTDATED = (
    "Something has changed since you looked at the preview, so nothing was done. Look at it again, then apply it."
)


class StalePreviewError(ValueError):
    """The list would not do any more what was previewed."""


class ConcurrentChangeError(StalePreviewError):
    """Somebody has changed people or teams after the list was worked out; that can be done again."""


def store_upload(session: Session, file_name: str, kept: bytes, by: int | None, at: datetime) -> int:
    """Keep a list, as `rules.table.packed` made it of its file, to be looked at and applied; returns its id."""
    delete_expired(session, at)
    name = normalise_line(file_name.rpartition("/")[2].rpartition("\\")[2])[:200] or "list.csv"
    row = PeopleImport(file_name=name, content=kept, uploaded_by=by, uploaded_at=at)
    session.add(row)
    session.flush()
    return row.id


def delete_expired(session: Session, at: datetime) -> None:
    """Files older than a day go, and what lists did after a month: they are full of people."""
    kept = update(PeopleImport).where(
        PeopleImport.uploaded_at <= at - CONTENT_RETENTION, PeopleImport.content.is_not(None)
    )
    session.execute(kept.values(content=None))
    old = update(PeopleImport).where(
        PeopleImport.uploaded_at <= at - PREVIEW_RETENTION, PeopleImport.preview.is_not(None)
    )
    session.execute(old.values(preview=None))


def keep_preview(
    session: Session,
    import_id: int,
    table: Table,
    draft: ImportDraft,
    choices: ImportChoices,
    invites: bool | None = None,
) -> None:
    """Keep what a list would do, to be looked at; `invites` says whether those who are added are invited (None: as it was
    said before). Raises LookupError if there is no such list."""
    job = _get_import(session, import_id)
    unused = [heading for place, heading in enumerate(table.headings) if place not in choices.columns.values()]
    named = {field: table.headings[index] for field, index in choices.columns.items()}
    job.columns = json.dumps({**named, queries.UNUSED_KEY: unused}, ensure_ascii=False)
    job.base_team_id, job.failure = choices.base, None
    job.invites = job.invites if invites is None else invites
    job.decisions = json.dumps(dict(choices.decisions))
    job.preview, job.mark = dump_preview(draft.plan), draft.plan.mark()
    session.flush()


def begin_apply(session: Session, import_id: int, mark: str, by: int | None, at: datetime) -> bool:
    """Let a list be applied; False if it is not the one that was previewed, is being applied, or was.

    One that was begun and not finished within an hour was cut off, and can be begun again.
    """
    result = session.execute(
        update(PeopleImport)
        .where(PeopleImport.id == import_id, PeopleImport.mark == mark, PeopleImport.content.is_not(None))
        .where(PeopleImport.applied_at.is_(None))
        .where(or_(PeopleImport.begun_at.is_(None), PeopleImport.begun_at <= at - APPLY_TIMEOUT))
        .values(begun_at=at, failure=None, uploaded_by=by)
        .returning(PeopleImport.id)
    )
    return result.first() is not None


def record_failure(session: Session, import_id: int, failure: str) -> None:
    """Say why a list was not applied; it can be begun again."""
    session.execute(
        update(PeopleImport).where(PeopleImport.id == import_id).values(begun_at=None, failure=failure[:500])
    )


def apply_plan(
    session: Session,
    import_id: int,
    draft: ImportDraft,
    zone: str,
    by: int | None,
    at: datetime,
    tell: ProgressCallback,
) -> list[ImportInvitee]:
    """Do what was previewed, in one transaction; returns who is to be invited once that is committed. `draft` is the same
    list worked out once more, just before.

    Raises StaleError if the list would do something else by now, and LookupError if it is gone.
    """
    session.execute(select(PeopleImport.id).where(PeopleImport.id == import_id).with_for_update())
    job, made = _get_import(session, import_id), draft.plan
    if job.content is None:
        raise LookupError(FILE_DELETED)
    if made.mark() != job.mark or job.begun_at is None:
        raise StalePreviewError(PREVIEW_OUTDATED)
    if queries.changed_since(session, draft.seen):
        raise ConcurrentChangeError(PREVIEW_OUTDATED)
    applying = _ImportApplier(session, job, zone, by, at)
    applying.run(made, tell)
    job.applied_at, job.content = at, None
    kinds = [line.kind for line in made.lines]
    counts = {kind: kinds.count(kind) for kind in ("added", "changed", "back", "left", "refused")}
    record_event(session, "person.imported", None, {"rows": len(made.lines), **counts}, by, at)
    session.flush()
    return applying.invitees


def invitation_batches(invitees: Sequence[ImportInvitee]) -> Iterator[Sequence[ImportInvitee]]:
    """Each is invited in a transaction with few others: thousands of mails in one would keep everybody else waiting."""
    for start in range(0, len(invitees), INVITATION_BATCH):
        yield invitees[start : start + INVITATION_BATCH]


def invite_people(session: Session, invitees: Sequence[ImportInvitee], letters: Mapping[int, InvitationWriter], by: int | None,
           at: datetime) -> None:  # fmt: skip
    """Mail an invitation to each of them, unless they were invited in the meantime."""
    for person_id, _ in invitees:
        people.invite(session, person_id, letters[person_id], at, by)


class _ImportApplier:
    """One list that is being applied."""

    def __init__(self, session: Session, job: PeopleImport, zone: str, by: int | None, at: datetime) -> None:
        self.session, self.job, self.zone, self.by, self.at = session, job, zone, by, at
        self.invitees: list[ImportInvitee] = []
        self.reason = f"From the list {job.file_name}"[:200]
        self.today = civil_date(at, zone)
        self.places = TeamPaths(queries.open_teams(session), job.base_team_id)
        self.teams: dict[tuple[str, ...], int] = {}

    def run(self, made: ImportPlan, tell: ProgressCallback) -> None:
        self._add_teams(made.new_teams)
        todo = [line for line in made.lines if line.deeds]
        added = [line for line in todo if line.kind == "added"]
        others = [line for line in todo if line.kind != "added"]
        done = 0
        for start in range(0, len(added), INSERT_BATCH):
            tell(done, len(todo))
            self._add(added[start : start + INSERT_BATCH])
            done += len(added[start : start + INSERT_BATCH])
        for line in others:
            if done % INSERT_BATCH == 0:
                tell(done, len(todo))
            self._change(line)
            done += 1
        tell(done, len(todo))

    def _add_teams(self, paths: tuple[tuple[str, ...], ...]) -> None:
        known = {self.places.path(number): number for number, _, _ in self.places.teams}
        for path in paths:
            above = path[:-1]
            parent = self.teams.get(above, known.get(above)) if above else None
            self.teams[path] = people.add_team(self.session, path[-1], parent, self.at, self.by).id

    def _team(self, place: TeamPlace) -> int:
        return place if isinstance(place, int) else self.teams[place]

    def _places(self, paths: Sequence[tuple[str, ...]]) -> list[int]:
        return list(dict.fromkeys(self._team(self.places.find(path)) for path in paths))

    def _add(self, lines: list[ImportLine]) -> None:
        """Add people by the hundred: a statement for each table, not one for each person."""
        session, at = self.session, self.at
        new = [
            {"name": line.wanted.name, "name_key": name_key(line.wanted.name or ""), "email": line.wanted.email,
             "staff_number": line.wanted.staff_number, "created_at": at} for line in lines
        ]  # fmt: skip
        statement = insert(Person).returning(Person.id, sort_by_parameter_order=True)
        ids = list(session.execute(statement, new).scalars())
        rows: dict[type, list[dict[str, object]]] = {Membership: [], RoleGrant: [], PathwayChoice: [], Employment: []}
        for person_id, line in zip(ids, lines, strict=True):
            self._add_rows(person_id, line.wanted, rows)
        for table, values in rows.items():
            if values:
                session.execute(insert(table), values)
        for person_id, line in zip(ids, lines, strict=True):
            publish(session, PersonAdded(person_id, at))
            self._certificates(person_id, line.wanted.certificates)
            if self.job.invites:
                self.invitees.append((person_id, line.wanted.name or ""))

    def _add_rows(self, person_id: int, wanted: RowData, rows: dict[type, list[dict[str, object]]]) -> None:
        """What is written about somebody new beside their own row, and the log of it."""
        session, by, at, subject = self.session, self.by, self.at, ("person", person_id)
        words = ", ".join(path[-1] for path in wanted.teams) or None
        record_event(session, "person.added", subject, {"team": words}, by, at)
        for team in self._places(wanted.teams):
            rows[Membership].append({"person_id": person_id, "team_id": team, "since": at})
        for path, team in zip(wanted.managed, map(self._team, map(self.places.find, wanted.managed)), strict=True):
            rows[RoleGrant].append({"person_id": person_id, "role": "manager", "team_id": team, "since": at})
            record_event(session, "role.granted", subject, {"role": f"manager of {path[-1]}"}, by, at)
        if wanted.pathway is not None:
            rows[PathwayChoice].append(
                {"person_id": person_id, "pathway": wanted.pathway, "reason": self.reason, "chosen_by": by,
                 "chosen_at": at}
            )  # fmt: skip
            details = {"pathway": [None, wanted.pathway], "reason": self.reason}
            record_event(session, "pathway.chosen", subject, details, by, at)
        if wanted.start is not None:
            rows[Employment].append(
                {"person_id": person_id, "recorded": self.today, "start": wanted.start, "end": None,
                 "reason": self.reason, "made_by": by, "made_at": at}
            )  # fmt: skip

    def _change(self, line: ImportLine) -> None:
        """Do what a row says about somebody who is known. Raises StaleError if it cannot be done."""
        person, wanted = line.person, line.wanted
        if person is None:
            return
        session, by, at, deeds = self.session, self.by, self.at, line.deeds
        if "back" in deeds and wanted.start is not None:
            self._must(staff.record_return(session, person.id, wanted.start, None, self.reason, self.zone, by, at))
        if "correct" in deeds:
            number = wanted.staff_number or person.staff_number
            name = wanted.name or person.name
            self._must(staff.correct_identity(session, person.id, name, wanted.email, number, self.reason, by, at))
        if "team" in deeds:
            self._must(staff.set_teams(session, person.id, self._places(wanted.teams), by, at))
        if "manager" in deeds:
            for team in self._places(wanted.managed):
                self._must(staff.grant_role(session, person.id, "manager", team, by, at))
        if "pathway" in deeds and wanted.pathway is not None:
            people.choose_pathway(session, [person.id], wanted.pathway, self.reason, by, at)
        if "certificate" in deeds:
            self._certificates(person.id, wanted.certificates)
        if "left" in deeds and wanted.leaving is not None:
            self._must(staff.record_departure(session, person.id, wanted.leaving, self.reason, self.zone, by, at))
        if "back" in deeds and self.job.invites:
            self.invitees.append((person.id, wanted.name or person.name))

    def _must(self, refused: Refusal | None) -> None:
        if refused is not None:
            raise StalePreviewError(refused.message)

    def _certificates(self, person_id: int, certificates: Sequence[ImportCertificate]) -> None:
        """All that a history of training holds, the oldest first; one that was told before is there already."""
        for one in sorted(certificates, key=lambda one: one.day):
            known = insert_once(self.session, ImportedCertificate, person_id=person_id, day=one.day,
                                valid_until=one.valid_until, issuer=one.issuer, import_id=self.job.id)  # fmt: skip
            if known is not None:
                event = EarlierCertificate(
                    person_id, one.day, one.valid_until, one.issuer, self.today, self.by, self.at
                )
                publish(self.session, event)


def _get_import(session: Session, import_id: int) -> PeopleImport:
    job = session.get(PeopleImport, import_id)
    if job is None:
        raise LookupError("There is no such list.")
    return job
