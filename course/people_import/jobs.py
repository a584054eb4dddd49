"""Previewing and applying a list, and asking for the invitations: what takes long happens before each unit of work."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from time import monotonic, sleep

from sqlalchemy.exc import InterfaceError, OperationalError

from course.context import Context, make_context
from course.jobs.actions import enqueue, finish_with_result
from course.jobs.rules import JobKind, JobLostError, JobRun, WorkerStoppingError
from course.people_import import actions, queries
from course.people_import.rules.journal import JournalStep, SkippedLine
from course.people_import.rules.preview import imported_counts, load_preview, skip_rows
from course.people_import.rules.table import Table, UnreadableError
from course.translation import gettext as _
from course.translation import lazy_gettext
from course.web.app_state import app_state
from course.web.sandbox import SandboxLimits
from course.web.unit_of_work import read_only_session, unit_of_work

PARSE_LIMITS = SandboxLimits(seconds=20, memory=768, result=24)  # for reading one list
PORTION_SECONDS = 0.1  # after which a portion ends
# Between two portions: SQLite lets nobody queue for its lock, who waits for it looks at most 0.1 s later again.
PAUSE_SECONDS = 0.15
# A list with more rows is previewed by a job: its plan takes more than a second.
MAX_ROWS_AT_ONCE = 2000
IMPORT_FAILED = lazy_gettext("Something went wrong on our side, so nothing changed. Try again.")
LINE_FAILED = lazy_gettext(
    "Something went wrong on our side with this row, so it was not applied. Upload the list again."
)
# Receives how many rows are done, of how many.
ProgressCallback = Callable[[int, int], None]
_LOG = logging.getLogger("course")


def build_preview(
    context: Context, import_id: int, table: Table, choices: queries.ImportChoices, invites: bool | None = None
) -> bool:
    """Make the preview of a list on the session of the context, and store it; False if the list is being applied, or has
    been."""
    preview = queries.draft_import(context.session, table, choices, context.zone, context.now).preview
    with unit_of_work() as session:
        return actions.keep_preview(session, import_id, table, choices, preview, invites)


def preview_key(import_id: int) -> str:
    """The unique key of the job that makes the preview of a list."""
    return f"people_import.preview:{import_id}"


def run_preview(run: JobRun) -> None:
    """Work out what the list in the arguments would do with the choices that are stored for it, and store that together
    with the end of the job. If other choices are stored meanwhile, the work is done again with those.

    Raises LookupError if the file is not stored any more, and UnreadableError if it lacks a column.
    """
    import_id, zone = int(run.arguments["import_id"]), app_state().config.time_zone
    is_stored = False
    while not is_stored:
        run.progress(_("Working out what each row would do"), 0, 1)
        with read_only_session() as reading:
            table = queries.stored_table(reading, import_id)
            if table is None:
                raise LookupError(actions.FILE_DELETED)
            choices = queries.import_choices(reading, import_id, table)
            draft = queries.draft_import(reading, table, choices, zone, run.clock())
        preview = draft.preview
        with unit_of_work() as session:
            is_stored = actions.keep_preview_of_choices(session, import_id, table, choices, preview)
            if is_stored:
                finish_with_result(session, run.kind, run.claim, run.clock())


def apply_import(
    import_id: int, zone: str, at: datetime, on_progress: ProgressCallback | None = None
) -> tuple[SkippedLine, ...]:
    """Apply a list as it was previewed, to its end; returns the lines that were skipped because other users changed their person
    or team.

    Raises StalePreviewError and LookupError before anything is written. A list that was cut off goes on where it was.
    """
    clock = _clock_from(at)
    _store_journal(import_id, zone, clock)
    return _write_journal(import_id, zone, clock, on_progress)


def mail_invitations(import_id: int, sender: str, at: datetime) -> None:
    """Invite the people whom an applied list has added or brought back, if that was chosen; then nothing is left to do."""
    with read_only_session() as session:
        invitees, by = queries.import_invitees(session, import_id)
    for batch in actions.invitation_batches(invitees):
        with unit_of_work() as session:
            actions.invite_people(make_context(session, by, at), batch, sender)
    with unit_of_work() as session:
        actions.end_import(session, import_id)


def resume_interrupted(at: datetime) -> list[int]:
    """Put a job into the queue for each list that was cut off while it was written, by a kill or a lost database, and that
    has no job any more: that of a command, or of a job whose worker died at each attempt. Returns the ids of the lists."""
    with read_only_session() as session:
        interrupted = queries.interrupted_imports(session, at)
    resumed = []
    for import_id, owner_id in interrupted:
        with unit_of_work() as session:
            context = make_context(session, owner_id, at)
            if enqueue(context, IMPORT, {"import_id": import_id}, import_key(import_id)) is not None:
                resumed.append(import_id)
    return resumed


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
        except actions.AnotherImportError:
            raise
        except actions.StalePreviewError:
            # The page says "Check the preview": it must be the one that can be applied now, not the one that was refused.
            with unit_of_work() as session:
                actions.keep_preview_of_choices(session, import_id, table, choices, draft.preview)
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


def import_key(import_id: int) -> str:
    """The unique key of the job that applies a list."""
    return f"people_import.apply:{import_id}"


def run_import(run: JobRun) -> None:
    """Apply the list in the arguments, all of it or nothing; why it was nothing is recorded with it. Then the invitations.

    A job that is begun again, after its worker died or the database was lost, goes on where the list was cut off, or, if
    nothing was written, begins it. Raises StalePreviewError and LookupError.
    """
    import_id, zone = int(run.arguments["import_id"]), app_state().config.time_zone
    stage = _("Applying the list") if run.claim.attempt == 1 else _("Continuing with the list")

    def report(done: int, of: int) -> None:
        # A list whose lease was lost is written to its end all the same: each portion is written once.
        with contextlib.suppress(JobLostError):
            run.progress(stage, done, of)

    try:
        apply_import(import_id, zone, run.at, report)
    except (actions.StalePreviewError, LookupError) as error:
        _record_failure(import_id, str(error))
        raise
    except (OperationalError, InterfaceError):
        # Without the database nothing can be recorded. The job is begun again, and records what becomes of that.
        if run.claim.attempt >= run.kind.attempts:
            _record_failure(import_id, IMPORT_FAILED)
        raise
    except WorkerStoppingError:
        raise
    except Exception:
        _record_failure(import_id, IMPORT_FAILED)
        raise
    with read_only_session() as session:
        sender = queries.import_sender(session, import_id)
    mail_invitations(import_id, sender, run.at)


def _record_failure(import_id: int, failure: str) -> None:
    with unit_of_work() as session:
        actions.record_failure(session, import_id, failure)


def _resume_interrupted(run: JobRun) -> None:
    resume_interrupted(run.at)


def _is_any_interrupted(at: datetime) -> bool:
    with read_only_session() as session:
        return bool(queries.interrupted_imports(session, at))


def _delete_old_imports(run: JobRun) -> None:
    with unit_of_work() as session:
        actions.delete_expired(session, run.at)


# Each attempt goes on where the one before was cut off, so that the state of the job says what is done with the list.
IMPORT = JobKind(
    "people_import.apply", lazy_gettext("Import of a list of people"), run_import, erases_arguments=True, runs_to_end=True,
    expected_errors=(actions.StalePreviewError, LookupError),
)  # fmt: skip
PREVIEW = JobKind(
    "people_import.preview",
    lazy_gettext("Preview of a list of people"),
    run_preview,
    expected_errors=(LookupError, UnreadableError),
)
JOBS = (
    IMPORT,
    PREVIEW,
    JobKind(
        "people_import.resume", lazy_gettext("Interrupted lists of people"), _resume_interrupted, every=timedelta(minutes=1),
        wanted=_is_any_interrupted,
    ),
    JobKind("people_import.delete", lazy_gettext("Delete lists of people"), _delete_old_imports, every=timedelta(hours=1)),
)  # fmt: skip
