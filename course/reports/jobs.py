"""Making a file of the report from beginning to end: it reads first, and writes only what is short."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from course.audit.actions import record
from course.content.loaded_course import library
from course.dates import civil_date
from course.exports.actions import keep
from course.exports.rules import LOST, GivenUpError, Tell
from course.organisation.queries import organisation
from course.people.rules import Viewer
from course.reports.report_files import KINDS, as_file
from course.reports.report_view import sight, told
from course.reports.rules import Wanted
from course.reports.status_cache import Ledger
from course.training_records.actions import note_export
from course.training_records.rules import EXPORT
from course.web.app_state import state
from course.web.unit_of_work import command_session, reading_session

READING = "Reading who is in it"


@dataclass(frozen=True)
class Asked:
    """What file is wanted, by whom, and when. A command is nobody: its viewer has the id 0."""

    kind: str
    wanted: Wanted
    viewer: Viewer
    at: datetime


@dataclass(frozen=True)
class Made:
    """A file, and the people in it."""

    data: bytes
    people: tuple[int, ...]
    on: date


def make(session: Session, ledger: Ledger, asked: Asked, tell: Tell) -> Made:
    """The file. It only reads, so nobody who writes has to wait for it. Raises LookupError for a team that was not there
    on that day, or that the viewer may not see."""
    zone = str(state().config.time_zone)
    tell(READING, 0, 1)
    ours = organisation(session)
    name = ours.name if ours else ""
    seen = sight(session, ledger, asked.viewer, asked.wanted, civil_date(asked.at, zone), zone, name or "Everybody")
    if seen.team != asked.wanted.team:
        raise LookupError("There was no such team on that day.")
    lines = seen.report.lines
    data = as_file(asked.kind, seen, told(session, library(), seen, lines), name, zone, asked.at, tell)
    return Made(data, tuple(line.id for line in lines), seen.on)


def note(session: Session, asked: Asked, made: Made) -> None:
    """Write to the log that somebody took the file, and to what each person in it can see about their record."""
    kind, by = KINDS[asked.kind].name, asked.viewer.id or None
    details = {"people": len(made.people), "as": kind, "on": made.on, "team": asked.wanted.team}
    record(session, "report.exported", None, details, by, asked.at)
    if by is not None:
        note_export(session, made.people, by, EXPORT, f"team report, {kind}", asked.at)


def produce(
    asked: Asked, ledger: Ledger, tell: Tell, clock: Callable[[], datetime], download_id: int | None = None
) -> Made:
    """The file from beginning to end, outside a request; kept as well for who asked for it on the page."""
    with reading_session() as session:
        made = make(session, ledger, asked, tell)
    with command_session() as session:
        if download_id is not None and not keep(session, download_id, made.data, len(made.people), clock()):
            raise GivenUpError(LOST)
        note(session, asked, made)
    return made
