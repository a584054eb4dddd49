"""Previewing and applying a list, and mailing the invitations: what takes long happens before each unit of work."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from time import monotonic, sleep

from sqlalchemy.exc import InterfaceError, OperationalError

from course.context import Context, make_context
from course.jobs.rules import JobKind, JobLostError, JobRun
from course.people.jobs import invitation
from course.people_import import actions, queries
from course.people_import.rules.journal import JournalStep, SkippedLine
from course.people_import.rules.preview import imported_counts, load_preview, skip_rows
from course.people_import.rules.table import Table
from course.web.app_state import app_state
from course.web.sandbox import SandboxLimits
from course.web.unit_of_work import read_only_session, unit_of_work

PARSE_LIMITS = SandboxLimits(seconds=20, memory=768, result=24)  # for reading one list
PORTION_SECONDS = 0.1  # after which a portion ends
# Between two portions: SQLite lets nobody queue for its lock, who waits for it looks at most 0.1 s later again.
PAUSE_SECONDS = 0.15
LINE_FAILED = "Something went wrong on our side with this row, so it was not applied. Upload the list again."
# Receives how many rows are done, of how many.
ProgressCallback = Callable[[int, int], None]
_LOG = logging.getLogger("course")


def build_preview(
    context: Context, import_id: int, table: Table, choices: queries.ImportChoices, invites: bool | None = None
) -> bool:
    """Work out what a list would do, on the session of the context, and then store it; False if the list is being
    applied, or has been."""
    preview = queries.draft_import(context.session, table, choices, context.zone, context.now).preview
    with unit_of_work() as session:
        return actions.keep_preview(session, import_id, table, choices, preview, invites)


def apply_import(
    import_id: int, zone: str, at: datetime, on_progress: ProgressCallback | None = None
) -> tuple[SkippedLine, ...]:
    """Do what was previewed, to the end; returns the lines that somebody else's change has kept from being applied.

    Raises StalePreviewError and LookupError before anything is written. A list that was cut off goes on where it was.
    """
    clock = _clock_from(at)
    _store_journal(import_id, zone, clock)
    return _write_journal(import_id, zone, clock, on_progress)


def mail_invitations(import_id: int, sender: str, at: datetime) -> None:
    """Invite the people whom an applied list has added or brought back, if that was chosen; then nothing is left to do.
    The mails are written before each unit of work."""
    with read_only_session() as session:
        invitees, by = queries.import_invitees(session, import_id)
    for batch in actions.invitation_batches(invitees):
        messages = {person_id: invitation(name, sender) for person_id, name in batch}
        with unit_of_work() as session:
            actions.invite_people(make_context(session, by, at), batch, messages)
    with unit_of_work() as session:
        actions.end_import(session, import_id)


def resume_interrupted(zone: str, at: datetime) -> None:
    """Go on with a list that was cut off while it was written, by a kill or a lost database, if there is one."""
    with read_only_session() as session:
        if not queries.is_any_interrupted(session, at):
            return
    with unit_of_work() as session:
        import_id = actions.claim_interrupted(session, at)
    if import_id is None:
        return
    _write_journal(import_id, zone, _clock_from(at), None)
    with read_only_session() as session:
        sender = queries.import_sender(session, import_id)
    mail_invitations(import_id, sender, at)


def _clock_from(at: datetime) -> Callable[[], datetime]:
    """The time as it goes on from `at`: each portion is dated when it is written, and renews the lease."""
    started = monotonic()
    return lambda: at + timedelta(seconds=monotonic() - started)


def _store_journal(import_id: int, zone: str, clock: Callable[[], datetime]) -> None:
    """Work the list out once more and store its journal. If somebody changes people or teams between the two, it is
    worked out again."""
    for attempts_left in (2, 1, 0):
        with read_only_session() as reading:
            if queries.is_being_written(reading, import_id):
                return
            table = queries.stored_table(reading, import_id)
            if table is None:
                raise LookupError(actions.FILE_DELETED)
            choices = queries.import_choices(reading, import_id, table)
            draft = queries.draft_import(reading, table, choices, zone, clock())
        journal = draft.journal
        try:
            with unit_of_work() as session:
                actions.start_writing(session, import_id, journal, clock())
            return
        except actions.ConcurrentChangeError:
            if not attempts_left:
                raise


def _write_journal(
    import_id: int, zone: str, clock: Callable[[], datetime], on_progress: ProgressCallback | None
) -> tuple[SkippedLine, ...]:
    """Write all that is left of a journal, portion by portion, and finish the import."""
    with read_only_session() as session:
        steps, done = queries.stored_journal(session, import_id)
    teams: dict[tuple[str, ...], int] = {}
    while done < len(steps):
        if on_progress is not None:
            on_progress(done, len(steps))
        done, teams = _write_portion(import_id, steps, done, teams, zone, clock)
        if done < len(steps):
            sleep(PAUSE_SECONDS)
    with read_only_session() as session:
        preview, skipped = queries.preview_and_skipped(session, import_id)
    preview = skip_rows(preview, skipped) if preview is not None else None
    counts = imported_counts(load_preview(preview)) if preview is not None else {"rows": len(steps)}
    with unit_of_work() as session:
        actions.finish_apply(session, import_id, preview, counts, clock())
    if on_progress is not None:
        on_progress(len(steps), len(steps))
    return skipped


def _write_portion(
    import_id: int,
    steps: tuple[JournalStep, ...],
    done: int,
    teams: dict[tuple[str, ...], int],
    zone: str,
    clock: Callable[[], datetime],
) -> tuple[int, dict[tuple[str, ...], int]]:
    """Write one portion: how many lines are done, and the teams that are known. One that fails is written line by line,
    and the line that fails is skipped: one fault must not keep a list from its end. Without the database it ends; the
    worker goes on with it later."""
    for lines in (len(steps), done + 1):
        opened, started = dict(teams), monotonic()
        try:
            with unit_of_work() as session:
                done = actions.apply_portion(
                    Context(session, None, clock(), zone), import_id, steps[:lines], opened,
                    lambda: monotonic() - started >= PORTION_SECONDS,  # noqa: B023 (called in this turn)
                )  # fmt: skip
            return done, opened
        except (OperationalError, InterfaceError):
            raise
        except Exception:
            _LOG.exception("a portion of list %s could not be written", import_id)
    with unit_of_work() as session:
        actions.skip_line(session, import_id, done, SkippedLine(steps[done].number, LINE_FAILED), clock())
    return done + 1, teams


def run_import(run: JobRun) -> None:
    """Apply the list in the arguments, all of it or nothing; why it was nothing is recorded with it. Then the invitations.

    Raises StalePreviewError and LookupError.
    """
    import_id, zone = int(run.arguments["import_id"]), app_state().config.time_zone
    failure = "Something went wrong on our side, so nothing was done. Try again."

    def report(done: int, of: int) -> None:
        # A list whose lease was lost is written to its end all the same: each portion is written once.
        with contextlib.suppress(JobLostError):
            run.progress("Applying the list", done, of)

    try:
        apply_import(import_id, zone, run.at, report)
        failure = ""
    except (actions.StalePreviewError, LookupError) as error:
        failure = str(error)
        raise
    finally:
        if failure:
            with unit_of_work() as session:
                actions.record_failure(session, import_id, failure)
    mail_invitations(import_id, run.arguments["sender"], run.at)


def _resume_interrupted(run: JobRun) -> None:
    resume_interrupted(app_state().config.time_zone, run.at)


def _is_any_interrupted(at: datetime) -> bool:
    with read_only_session() as session:
        return queries.is_any_interrupted(session, at)


def _delete_old_imports(run: JobRun) -> None:
    with unit_of_work() as session:
        actions.delete_expired(session, run.at)


# A list whose worker died before anything was written is offered again on its page, so that somebody looks at it first.
IMPORT = JobKind(
    "people_import.apply", "Import of a list of people", run_import, attempts=1, erases_arguments=True, runs_to_end=True,
    expected_errors=(actions.StalePreviewError, LookupError),
)  # fmt: skip
JOBS = (
    IMPORT,
    JobKind(
        "people_import.resume", "Lists of people that were cut off", _resume_interrupted, every=timedelta(minutes=1),
        wanted=_is_any_interrupted,
    ),
    JobKind("people_import.delete", "Delete lists of people", _delete_old_imports, every=timedelta(hours=1)),
)  # fmt: skip
