"""Working a list out and applying it: what takes long happens before each unit of work."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from threading import Lock

from course.jobs.rules import JobKind, JobRun
from course.people.jobs import invitation
from course.people_import import actions, queries
from course.people_import.rules.table import Table
from course.web.app_state import app_state
from course.web.sandbox import SandboxLimits
from course.web.unit_of_work import WriteSession, read_only_session, unit_of_work

PARSE_LIMITS = SandboxLimits(seconds=20, memory=768, result=24)  # for reading one list


class ImportProgress:
    """How far the lists have come that this process is applying. Nobody else can see it before the transaction ends:
    that is what makes a list all or nothing."""

    def __init__(self) -> None:
        self._far: dict[int, tuple[int, int]] = {}
        self._lock = Lock()

    def tell(self, import_id: int, done: int, of: int) -> None:
        with self._lock:
            self._far[import_id] = (done, of)

    def get(self, import_id: int) -> tuple[int, int] | None:
        with self._lock:
            return self._far.get(import_id)

    def end(self, import_id: int) -> None:
        with self._lock:
            self._far.pop(import_id, None)


import_progress = ImportProgress()


def build_preview(
    reading: WriteSession, import_id: int, table: Table, made: queries.ImportChoices, zone: str, at: datetime,
    invites: bool | None = None,
) -> None:  # fmt: skip
    """Work out what a list would do, and then keep it."""
    draft = queries.draft_import(reading, table, made, zone, at)
    with unit_of_work() as session:
        actions.keep_preview(session, import_id, table, draft, made, invites)


def apply_import(
    import_id: int, zone: str, by: int | None, at: datetime, tell: actions.ProgressCallback
) -> list[actions.ImportInvitee]:
    """Do what was previewed: it is worked out once more, and written in one unit of work. If somebody changes people or
    teams between the two, it is worked out again. Raises StaleError and LookupError."""
    for left in (2, 1, 0):
        with read_only_session() as reading:
            table = queries.stored_table(reading, import_id)
            if table is None:
                raise LookupError(actions.FILE_DELETED)
            draft = queries.draft_import(reading, table, queries.import_choices(reading, import_id, table), zone, at)
        try:
            with unit_of_work() as session:
                return actions.apply_plan(session, import_id, draft, zone, by, at, tell)
        except actions.ConcurrentChangeError:
            if not left:
                raise
    return []


def mail_invitations(invitees: Sequence[actions.ImportInvitee], sender: str, by: int | None, at: datetime) -> None:
    """Mail them, some at a time: the mails are written before each unit of work."""
    for some in actions.invitation_batches(invitees):
        letters = {person_id: invitation(name, sender) for person_id, name in some}
        with unit_of_work() as session:
            actions.invite_people(session, some, letters, by, at)


def run_import(run: JobRun) -> None:
    """Apply the list in the arguments, all of it or nothing; why it was nothing is recorded with it. Then the invitations.

    Raises StalePreviewError and LookupError.
    """
    import_id, zone = int(run.arguments["import_id"]), app_state().config.time_zone
    failure = "Something went wrong on our side, so nothing was done. Try again."
    try:
        # On SQLite nothing else can be written before the list is: its progress is told within this process.
        invitees = apply_import(
            import_id, zone, run.owner_id, run.at, lambda done, of: import_progress.tell(import_id, done, of)
        )
        failure = ""
    except (actions.StalePreviewError, LookupError) as error:
        failure = str(error)
        raise
    finally:
        import_progress.end(import_id)
        if failure:
            with unit_of_work() as session:
                actions.record_failure(session, import_id, failure)
    mail_invitations(invitees, run.arguments["sender"], run.owner_id, run.at)


def _delete_old_imports(run: JobRun) -> None:
    with unit_of_work() as session:
        actions.delete_expired(session, run.at)


# A list whose worker died is offered again on its page, so that somebody looks at it first.
IMPORT = JobKind(
    "people_import.apply", "Import of a list of people", run_import, attempts=1, erases_arguments=True,
    expected_errors=(actions.StalePreviewError, LookupError),
)  # fmt: skip
JOBS = (
    IMPORT,
    JobKind("people_import.delete", "Delete lists of people", _delete_old_imports, every=timedelta(hours=1)),
)
