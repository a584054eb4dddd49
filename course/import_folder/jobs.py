"""Taking the lists that other systems put into the import folder: each night by a worker, or by a command."""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import secrets
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.orm import Session

from course.context import make_context
from course.import_folder import actions, queries
from course.import_folder.actions import FoundFile, FoundList, files
from course.import_folder.rules import (
    DONE,
    REFUSED,
    FileRefusal,
    PlanFacts,
    TableFacts,
    file_report,
    is_night,
    plan_reasons,
    shown_name,
    table_reasons,
)
from course.jobs.rules import JobKind, JobRun, WorkerStoppingError
from course.people_import import queries as imports
from course.people_import.actions import AnotherImportError, StalePreviewError
from course.people_import.actions.applying import PREVIEW_OUTDATED
from course.people_import.jobs import IMPORT_FAILED, PARSE_LIMITS, apply_import, mail_invitations
from course.people_import.queries import DEFAULT_SENDER, ImportChoices
from course.people_import.rules.parsing import parse_and_pack
from course.people_import.rules.table import unpack_table
from course.translation import error_text, lazy_gettext, lazy_join
from course.translation import lazy_gettext as _
from course.web.app_state import app_state
from course.web.sandbox import FileRefusedError, SandboxBusyError, SandboxError, read_in_sandbox
from course.web.unit_of_work import read_only_session, unit_of_work

INTERVAL = timedelta(minutes=10)
NO_FOLDER = lazy_gettext("No import folder is set. Set IMPORT_FOLDER and restart.")
TAKEN = lazy_gettext("The list was taken, and is being applied.")
SAME = lazy_gettext("This is the same list as the newest one of its kind, so there was nothing to do.")
_KEEP_SECONDS = 60.0  # the turn is kept this often while a list is written
_TRIES = 3  # to apply a list about whose people somebody else decides at the same time
_REFUSAL_TOLD_ONCE = timedelta(days=7)  # about the same file
_LOG = logging.getLogger("course")


class FolderBusyError(Exception):
    """Another process takes files from the folder just now."""


@dataclass(frozen=True)
class TakenFile:
    """What became of a file: its name, its outcome (models.ImportFolderFile), and why it was not applied."""

    name: str
    outcome: str
    reasons: tuple[str, ...] = ()


def import_folder() -> Path | None:
    """The import folder; None if none is set."""
    folder: Path | None = app_state().config.import_folder
    return folder


def import_folder_fault() -> str | None:
    """What is wrong with the import folder; None if nothing is, or none is set."""
    folder = import_folder()
    return None if folder is None else files.folder_fault(folder)


def take_files(clock: Callable[[], datetime]) -> list[TakenFile]:
    """Take all complete files out of the folder, one after the other: apply their lists, or let them wait, or refuse them.

    Raises FolderError if there is no folder or it cannot be used, FolderBusyError if another process does the same.
    """
    folder, holder = import_folder(), secrets.token_hex(16)
    with unit_of_work() as session:
        if not actions.begin_turn(session, holder, clock()):
            raise FolderBusyError
    try:
        if folder is None:
            raise files.FolderError(NO_FOLDER)
        files.prepare_folder(folder)
        return list(_Turn(folder, holder, clock).files())
    finally:
        with unit_of_work() as session:
            actions.end_turn(session, holder)


class _Turn:
    """The turn of one process at the folder."""

    def __init__(self, folder: Path, holder: str, clock: Callable[[], datetime]) -> None:
        self._folder, self._holder, self._clock = folder, holder, clock
        self._zone = str(app_state().config.time_zone)
        self._kept = time.monotonic()

    def files(self) -> Iterator[TakenFile]:
        """Finish what was begun, then take file after file. A list that cannot be applied yet keeps the later ones from being
        taken: they may be newer."""
        with read_only_session() as session:
            unfinished = queries.unfinished_imports(session)
        if not all(self._apply(*one) for one in unfinished):
            return
        for name in files.complete_files(self._folder, self._clock()):
            if not self._keep():
                return
            taken = files.take_file(self._folder, name)
            if taken is None:
                continue
            found, import_ids = self._take(taken)
            if found is None:
                files.put_back(self._folder, taken)
                continue
            yield found
            if import_ids is not None and not self._apply(*import_ids):
                return

    def _take(self, taken: Path) -> tuple[TakenFile | None, tuple[int, int] | None]:
        """Take one file: what became of it, None if it is left for later; and the numbers of the file and of its list, if it is
        to be applied now."""
        name = shown_name(taken.name)
        file = FoundFile(name, hashlib.sha256(name.encode()).hexdigest())
        try:
            data = files.read_file(taken)
            file = FoundFile(name, hashlib.sha256(data).hexdigest())
            packed = read_in_sandbox(parse_and_pack, data, limits=PARSE_LIMITS)
        except (files.FileInUseError, SandboxBusyError):
            return None, None
        except (FileRefusal, FileRefusedError) as error:
            return self._refuse(taken, file, error_text(error)), None
        except SandboxError as error:
            why = _("%(error)s Divide the list, or save it as “CSV UTF-8”.", error=error_text(error))
            return self._refuse(taken, file, why), None
        table = unpack_table(packed)
        if table is None:
            raise ValueError("what was packed just now is no table")
        headings = hashlib.sha256(json.dumps(sorted(table.headings)).encode()).hexdigest()
        file = replace(file, headings_digest=headings, rows=table.length)
        with read_only_session() as session:
            before = queries.newest_of_kind(session, headings)
        if before is not None and before.digest == file.digest and before.counts:
            with unit_of_work() as session:
                actions.record_same(make_context(session, None, self._clock()), file)
            self._put_away(taken, DONE, file_report(name, SAME))
            return TakenFile(name, "same"), None
        found = FoundList(table, packed)
        with read_only_session() as session:
            found, reasons = self._plan(session, found, before.rows if before else None)
        with unit_of_work() as session:
            ids = actions.record_list(make_context(session, None, self._clock()), file, found, reasons)
        outcome = _waits_text(reasons) if reasons else TAKEN
        self._put_away(taken, DONE, file_report(name, outcome, found.draft.plan if found.draft else None))
        return TakenFile(name, "wait" if reasons else "apply", reasons), None if reasons else ids

    def _plan(
        self, session: Session, found: FoundList, rows_before: int | None = None
    ) -> tuple[FoundList, tuple[str, ...]]:
        """What a list would do, read as the newest list of its kind was, and why it has to wait for a person."""
        profile = queries.saved_profile(session, found.table.headings)
        mapping = profile.mapping if profile is not None else None
        facts = TableFacts(found.table.headings, found.table.length, rows_before)
        reasons = table_reasons(facts, mapping.columns if mapping else None, mapping.unused if mapping else frozenset())
        if profile is None or mapping is None:
            return found, reasons
        places = {field: found.table.headings.index(heading) for field, heading in mapping.columns.items()}
        choices = ImportChoices(places, mapping.base, mapping.decisions)
        found = replace(found, choices=choices, invites=profile.invites)
        if reasons:
            return found, reasons
        draft = imports.draft_import(session, found.table, choices, self._zone, self._clock())
        return replace(found, draft=draft), plan_reasons(PlanFacts(draft.plan, queries.people_present(session)))

    def _refuse(self, taken: Path, file: FoundFile, reason: str) -> TakenFile:
        at = self._clock()
        with read_only_session() as session:
            told = queries.was_refused(session, file.digest, at - _REFUSAL_TOLD_ONCE)
        with unit_of_work() as session:
            actions.record_refusal(make_context(session, None, at), file, reason, tell=not told)
        self._put_away(taken, REFUSED, file_report(file.name, reason))
        return TakenFile(file.name, "refuse", (reason,))

    def _put_away(self, taken: Path, place: str, report: str) -> None:
        at = self._clock()
        files.write_report(files.put_away(self._folder, taken, place, at), report)

    def _apply(self, file_id: int, import_id: int) -> bool:
        """Apply a list to its end, or let it wait for a person; False if neither can be done yet."""
        try:
            for _attempt in range(_TRIES):
                try:
                    apply_import(import_id, self._zone, self._clock(), lambda _done, _of: self._keep_sometimes())
                    mail_invitations(import_id, DEFAULT_SENDER, self._clock())
                    return True
                except AnotherImportError:
                    return False
                except StalePreviewError:
                    if not self._begin_again(file_id, import_id):
                        return True
            self._hold(file_id, import_id, PREVIEW_OUTDATED)
        except (OperationalError, InterfaceError, WorkerStoppingError):
            raise
        except Exception:
            _LOG.exception("list %s of the import folder could not be applied", import_id)
            self._hold(file_id, import_id, IMPORT_FAILED)
        return True

    def _begin_again(self, file_id: int, import_id: int) -> bool:
        """People or teams have changed since the list was taken: work it out once more. Whether it can be applied."""
        with read_only_session() as session:
            table = imports.stored_table(session, import_id)
            if table is None:
                return False
            found, reasons = self._plan(session, FoundList(table, b""))
        with unit_of_work() as session:
            context = make_context(session, None, self._clock())
            return actions.begin_again(context, file_id, import_id, found, reasons)

    def _hold(self, file_id: int, import_id: int, reason: str) -> None:
        with unit_of_work() as session:
            actions.hold_list(make_context(session, None, self._clock()), file_id, import_id, (reason,))

    def _keep(self) -> bool:
        self._kept = time.monotonic()
        with unit_of_work() as session:
            return actions.keep_turn(session, self._holder, self._clock())

    def _keep_sometimes(self) -> None:
        """A list that was begun is written to its end, also when the turn is lost meanwhile: each portion is written once."""
        if time.monotonic() - self._kept >= _KEEP_SECONDS:
            self._keep()


def _waits_text(reasons: tuple[str, ...]) -> str:
    return _(
        "The list was not applied. It waits for an administrator on the page “Import folder”: %(why)s",
        why=lazy_join(reasons),
    )


def _is_wanted(at: datetime) -> bool:
    """Whether there is something to take at night. What is wrong with the folder says the page Health."""
    folder = import_folder()
    if folder is None or not is_night(at, str(app_state().config.time_zone)) or files.folder_fault(folder) is not None:
        return False
    with contextlib.suppress(files.FolderError):
        if files.complete_files(folder, at):
            return True
    with read_only_session() as session:
        return bool(queries.unfinished_imports(session))


def _run_take(run: JobRun) -> None:
    with contextlib.suppress(FolderBusyError):
        take_files(run.clock)


def _run_delete(run: JobRun) -> None:
    folder = import_folder()
    with unit_of_work() as session:
        actions.forget_old_reasons(session, run.at)
    if folder is not None and files.folder_fault(folder) is None:
        files.delete_old_files(folder, run.at)


TAKE = JobKind(
    "import_folder.take", lazy_gettext("Lists in the import folder"), _run_take, every=INTERVAL, wanted=_is_wanted,
    expected_errors=(files.FolderError,),
)  # fmt: skip
JOBS = (
    TAKE,
    JobKind(
        "import_folder.delete", lazy_gettext("Delete old files of the import folder"), _run_delete, every=timedelta(hours=6),
        expected_errors=(files.FolderError,),
    ),
)  # fmt: skip
