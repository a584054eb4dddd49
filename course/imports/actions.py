"""Uploading a list, matching its columns, and applying it: all of it, or nothing."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import insert, or_, select, update
from sqlalchemy.orm import Session

from course.audit.actions import record
from course.dates import civil_date
from course.events import publish
from course.imports import queries
from course.imports.models import ImportedCertificate, PeopleImport
from course.imports.rules.finding import Wanted
from course.imports.rules.places import Place, Places
from course.imports.rules.planning import Line, Plan, plan
from course.imports.rules.reading import Table, UnreadableError, read
from course.imports.rules.report import written
from course.people import actions as people
from course.people.actions import Letter, Refusal
from course.people.events import EarlierCertificate, PersonAdded
from course.people.models import Employment, Membership, PathwayChoice, Person, RoleGrant
from course.staff import actions as staff

CONTENT_KEPT = timedelta(days=1)
PREVIEW_KEPT = timedelta(days=30)
CUT_OFF = timedelta(hours=1)  # whatever has not ended after this has been cut off
BATCH = 100  # invitations in one transaction
STEP = 500  # rows between two reports of how far it has come
# Told how many rows are done, of how many.
Tell = Callable[[int, int], None]
# From a person's name to the invitation that is mailed to them.
Letters = Callable[[str], Letter]
Invitee = tuple[int, str]  # id and name
CHANGED = "Something has changed since you looked at the preview, so nothing was done. Look at it again, then apply it."


class StaleError(ValueError):
    """The list would not do any more what was previewed."""


def upload(session: Session, file_name: str, content: bytes, by: int | None, at: datetime) -> int:
    """Keep a list, to be looked at and applied; returns its id. Raises UnreadableError."""
    read(content)
    forget(session, at)
    name = file_name.rpartition("/")[2].rpartition("\\")[2][:200] or "list.csv"
    row = PeopleImport(file_name=name, content=content, uploaded_by=by, uploaded_at=at)
    session.add(row)
    session.flush()
    return row.id


def forget(session: Session, at: datetime) -> None:
    """Files older than a day go, and what lists did after a month: they are full of people."""
    kept = update(PeopleImport).where(PeopleImport.uploaded_at <= at - CONTENT_KEPT, PeopleImport.content.is_not(None))
    session.execute(kept.values(content=None))
    old = update(PeopleImport).where(PeopleImport.uploaded_at <= at - PREVIEW_KEPT, PeopleImport.preview.is_not(None))
    session.execute(old.values(preview=None))


def preview(
    session: Session,
    import_id: int,
    columns: Mapping[str, int],
    base: int | None,
    invites: bool,
    zone: str,
    at: datetime,
) -> Plan:
    """Work out what a list would do with these columns, and keep it. Raises LookupError if the file is gone."""
    job = _job(session, import_id)
    found = _table(job)
    unused = [heading for place, heading in enumerate(found.headings) if place not in columns.values()]
    named = {field: found.headings[index] for field, index in columns.items()}
    job.columns = json.dumps({**named, queries.UNUSED: unused}, ensure_ascii=False)
    job.base_team_id, job.invites, job.failure = base, invites, None
    made = _plan(session, found, columns, base, zone, at)
    job.preview, job.mark = written(made), made.mark()
    session.flush()
    return made


def again(session: Session, import_id: int, zone: str, at: datetime) -> Plan:
    """The same once more, with the people and teams as they are now. Raises as `preview` does."""
    job = _job(session, import_id)
    found = _table(job)
    return preview(session, import_id, _columns(found, job), job.base_team_id, job.invites, zone, at)


def begin(session: Session, import_id: int, mark: str, by: int | None, at: datetime) -> bool:
    """Let a list be applied; False if it is not the one that was previewed, is being applied, or was.

    One that was begun and not finished within an hour was cut off, and can be begun again.
    """
    result = session.execute(
        update(PeopleImport)
        .where(PeopleImport.id == import_id, PeopleImport.mark == mark, PeopleImport.content.is_not(None))
        .where(PeopleImport.applied_at.is_(None))
        .where(or_(PeopleImport.begun_at.is_(None), PeopleImport.begun_at <= at - CUT_OFF))
        .values(begun_at=at, failure=None, uploaded_by=by)
        .returning(PeopleImport.id)
    )
    return result.first() is not None


def give_up(session: Session, import_id: int, failure: str) -> None:
    """Say why a list was not applied; it can be begun again."""
    session.execute(
        update(PeopleImport).where(PeopleImport.id == import_id).values(begun_at=None, failure=failure[:500])
    )


def apply(session: Session, import_id: int, zone: str, by: int | None, at: datetime, tell: Tell) -> list[Invitee]:
    """Do what was previewed, in one transaction; returns who is to be invited once that is committed.

    Raises StaleError if the list would do something else by now, and LookupError if it is gone.
    """
    session.execute(select(PeopleImport.id).where(PeopleImport.id == import_id).with_for_update())
    job = _job(session, import_id)
    found = _table(job)
    made = _plan(session, found, _columns(found, job), job.base_team_id, zone, at)
    if made.mark() != job.mark or job.begun_at is None or job.applied_at is not None:
        raise StaleError(CHANGED)
    applying = _Applying(session, job, zone, by, at)
    applying.run(made, tell)
    job.applied_at, job.content = at, None
    kinds = [line.kind for line in made.lines]
    counts = {kind: kinds.count(kind) for kind in ("added", "changed", "back", "left", "refused")}
    record(session, "person.imported", None, {"rows": len(made.lines), **counts}, by, at)
    session.flush()
    return applying.invitees


def in_batches(invitees: Sequence[Invitee]) -> Iterator[Sequence[Invitee]]:
    """Each is invited in a transaction with few others: thousands of mails in one would keep everybody else waiting."""
    for start in range(0, len(invitees), BATCH):
        yield invitees[start : start + BATCH]


def invite(session: Session, invitees: Sequence[Invitee], letter: Letters, by: int | None, at: datetime) -> None:
    """Mail an invitation to each of them."""
    for person_id, name in invitees:
        people.invite(session, person_id, letter(name), at, by)


class _Applying:
    """One list that is being applied."""

    def __init__(self, session: Session, job: PeopleImport, zone: str, by: int | None, at: datetime) -> None:
        self.session, self.job, self.zone, self.by, self.at = session, job, zone, by, at
        self.invitees: list[Invitee] = []
        self.reason = f"From the list {job.file_name}"[:200]
        self.today = civil_date(at, zone)
        self.places = Places(queries.open_teams(session), job.base_team_id)
        self.teams: dict[tuple[str, ...], int] = {}

    def run(self, made: Plan, tell: Tell) -> None:
        self._add_teams(made.new_teams)
        todo = [line for line in made.lines if line.deeds]
        added = [line for line in todo if line.kind == "added"]
        others = [line for line in todo if line.kind != "added"]
        done = 0
        for start in range(0, len(added), STEP):
            tell(done, len(todo))
            self._add(added[start : start + STEP])
            done += len(added[start : start + STEP])
        for line in others:
            if done % STEP == 0:
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

    def _team(self, place: Place) -> int:
        return place if isinstance(place, int) else self.teams[place]

    def _place(self, wanted: Wanted) -> int | None:
        return None if wanted.team is None else self._team(self.places.find(wanted.team))

    def _add(self, lines: list[Line]) -> None:
        """Add people by the hundred: a statement for each table, not one for each person."""
        session, at, by = self.session, self.at, self.by
        new = [
            {"name": line.wanted.name, "email": line.wanted.email, "staff_number": line.wanted.staff_number,
             "created_at": at} for line in lines
        ]  # fmt: skip
        statement = insert(Person).returning(Person.id, sort_by_parameter_order=True)
        ids = list(session.execute(statement, new).scalars())
        rows: dict[type, list[dict[str, object]]] = {Membership: [], RoleGrant: [], PathwayChoice: [], Employment: []}
        for person_id, line in zip(ids, lines, strict=True):
            wanted, team = line.wanted, self._place(line.wanted)
            record(
                session,
                "person.added",
                ("person", person_id),
                {"team": wanted.team[-1] if wanted.team else None},
                by,
                at,
            )
            if team is not None:
                rows[Membership].append({"person_id": person_id, "team_id": team, "since": at})
            if wanted.manager:
                rows[RoleGrant].append({"person_id": person_id, "role": "manager", "team_id": team, "since": at})
                managed = f"manager of {wanted.team[-1] if wanted.team else ''}"
                record(session, "role.granted", ("person", person_id), {"role": managed}, by, at)
            if wanted.pathway is not None:
                rows[PathwayChoice].append(
                    {
                        "person_id": person_id,
                        "pathway": wanted.pathway,
                        "reason": self.reason,
                        "chosen_by": by,
                        "chosen_at": at,
                    }
                )
                details = {"pathway": [None, wanted.pathway], "reason": self.reason}
                record(session, "pathway.chosen", ("person", person_id), details, by, at)
            if wanted.start is not None:
                rows[Employment].append(
                    {"person_id": person_id, "recorded": self.today, "start": wanted.start, "end": None,
                     "reason": self.reason, "made_by": by, "made_at": at}
                )  # fmt: skip
        for table, values in rows.items():
            if values:
                session.execute(insert(table), values)
        for person_id, line in zip(ids, lines, strict=True):
            publish(session, PersonAdded(person_id, at))
            self._certificate(person_id, line.wanted)
            if self.job.invites:
                self.invitees.append((person_id, line.wanted.name or ""))

    def _change(self, line: Line) -> None:
        """Do what a row says about somebody who is known. Raises StaleError if it cannot be done."""
        person, wanted = line.person, line.wanted
        if person is None:
            return
        session, by, at, deeds = self.session, self.by, self.at, line.deeds
        team = self._place(wanted) if deeds & {"team", "manager"} else None
        if "back" in deeds and wanted.start is not None:
            self._must(staff.come_back(session, person.id, wanted.start, None, self.reason, self.zone, by, at))
        if "correct" in deeds:
            number = wanted.staff_number or person.staff_number
            name = wanted.name or person.name
            self._must(staff.correct(session, person.id, name, wanted.email, number, self.reason, by, at))
        if "team" in deeds and team is not None:
            self._must(staff.join(session, person.id, team, True, by, at))
        if "manager" in deeds:
            self._must(staff.grant(session, person.id, "manager", team, by, at))
        if "pathway" in deeds and wanted.pathway is not None:
            people.choose_pathway(session, [person.id], wanted.pathway, self.reason, by, at)
        if "certificate" in deeds:
            self._certificate(person.id, wanted)
        if "left" in deeds and wanted.leaving is not None:
            self._must(staff.leave(session, person.id, wanted.leaving, self.reason, self.zone, by, at))
        if "back" in deeds and self.job.invites:
            self.invitees.append((person.id, wanted.name or person.name))

    def _must(self, refused: Refusal | None) -> None:
        if refused is not None:
            raise StaleError(refused.message)

    def _certificate(self, person_id: int, wanted: Wanted) -> None:
        one = wanted.certificate
        if one is None:
            return
        self.session.add(
            ImportedCertificate(person_id=person_id, day=one.day, valid_until=one.valid_until, issuer=one.issuer,
                                import_id=self.job.id)
        )  # fmt: skip
        event = EarlierCertificate(person_id, one.day, one.valid_until, one.issuer, self.today, self.by, self.at)
        publish(self.session, event)


def _job(session: Session, import_id: int) -> PeopleImport:
    job = session.get(PeopleImport, import_id)
    if job is None:
        raise LookupError("There is no such list.")
    return job


def _table(job: PeopleImport) -> Table:
    if job.content is None:
        raise LookupError("This file is not kept any more. Upload it again.")
    return read(job.content)


def _columns(found: Table, job: PeopleImport) -> dict[str, int]:
    """The columns that were chosen, by their headings."""
    chosen = queries.chosen(json.loads(job.columns or "{}"))
    missing = [heading for heading in chosen.values() if heading not in found.headings]
    if missing:
        raise UnreadableError(f"There is no column “{missing[0]}” in this list. Match the columns on the page again.")
    return {field: found.headings.index(heading) for field, heading in chosen.items()}


def _plan(
    session: Session, found: Table, columns: Mapping[str, int], base: int | None, zone: str, at: datetime
) -> Plan:
    places = Places(queries.open_teams(session), base)
    return plan(found.rows, columns, queries.everybody(session, zone), places, civil_date(at, zone))
