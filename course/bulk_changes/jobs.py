"""Applying and undoing a change of many people, a few in each unit of work; and forgetting changes after a month."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from time import monotonic, sleep

from course.bulk_changes import actions, queries
from course.bulk_changes.actions.undoing import Undoing
from course.bulk_changes.queries import BulkChangeView
from course.bulk_changes.rules.planning import REMIND
from course.context import make_context
from course.dates import civil_date
from course.jobs.rules import JobKind, JobRun
from course.people.queries import ids_recordable_by, viewers
from course.people.rules import Viewer, grantable_roles, guarded_roles
from course.training_records.remind_now import queue_all, write_reminders
from course.translation import gettext as _
from course.translation import lazy_gettext
from course.web.app_state import app_state
from course.web.unit_of_work import read_only_session, unit_of_work

PORTION = 50  # people in one unit of work, at most
PORTION_SECONDS = 0.1  # after which it ends
# Between two units of work: SQLite lets nobody queue for its lock, who waits for it looks at most 0.1 s later again.
PAUSE_SECONDS = 0.15
MAX_AT_ONCE = 50  # people up to whom a change is applied while the page waits
MAX_PEOPLE = 10_000  # people of one change
SELF = lazy_gettext("This is you.")
NOT_ALLOWED = lazy_gettext("You may not do this for them any more.")
Progress = Callable[[int], None]


def apply_change(change_id: int, at: datetime, progress: Progress = lambda _done: None) -> None:
    """Apply a change to all whose turn has not come, in portions. It may be called again after a crash: what was done is
    recorded in the same transaction as the deed."""
    change, viewer = _change_and_viewer(change_id, at)
    if change is None or change.applied_at is None:
        return
    done, turns = 0, _Turns()
    while ids := _waiting(change_id):
        turns.begin()
        had_turn = len(ids)
        if change.kind == REMIND:
            _remind(change, viewer, ids, change.applied_at)
        elif viewer is None or "manage people" not in viewer.permissions:
            with unit_of_work() as session:
                refused = dict.fromkeys(ids, str(NOT_ALLOWED))
                actions.record_reminders(make_context(session, change.made_by, at), change_id, refused)
        else:
            with unit_of_work() as session:
                context = make_context(session, change.made_by, at)
                had_turn = actions.apply_portion(context, change, ids, viewer, turns.start())
        done += had_turn
        progress(done)
    with unit_of_work() as session:
        actions.finish_apply(make_context(session, change.made_by, at), change_id)


def _remind(change: BulkChangeView, viewer: Viewer | None, ids: list[int], at: datetime) -> None:
    """Queue the reminders, then record it: after a crash between the two nobody is reminded twice on one day."""
    with read_only_session() as session:
        allowed = [] if viewer is None else ids_recordable_by(session, viewer, ids)
        allowed = [one for one in allowed if one != change.made_by]
        states = {one.id: one for one in queries.person_states(session, app_state().config.time_zone, ids)}
        context = make_context(session, change.made_by, at)
        written = write_reminders(context, allowed, change.values.reason)
    outcomes = queue_all(context, written)
    notes = {one.person_id: "" if one.send_at else str(one.refusal_reason) for one in outcomes}
    for person_id in ids:
        if person_id not in notes:
            state = states.get(person_id)
            left = state is None or state.has_left
            notes[person_id] = _("Has left.") if left else str(SELF if person_id == change.made_by else NOT_ALLOWED)
    with unit_of_work() as session:
        actions.record_reminders(make_context(session, change.made_by, at), change.id, notes)


def undo_change(change_id: int, actor: int, at: datetime, progress: Progress = lambda _done: None) -> None:
    """Undo a change for all for whom something was done, in portions; safe to call again."""
    with read_only_session() as session:
        change = queries.bulk_change(session, change_id)
        if change is None or change.undone_at is None:
            return
        today = civil_date(at, app_state().config.time_zone)
        viewer = viewers(session, [actor], today).get(actor) or Viewer(actor, "", "")
    undoing = Undoing(
        change, change.undone_by_name or "", _("A change of many people was undone."), grantable_roles(viewer),
        guarded_roles(viewer),
    )  # fmt: skip
    done, turns = 0, _Turns()
    while ids := _waiting(change_id, undo=True):
        turns.begin()
        with unit_of_work() as session:
            done += actions.undo_portion(make_context(session, actor, at), undoing, ids, turns.start())
        progress(done)
    with unit_of_work() as session:
        actions.finish_undo(make_context(session, actor, at), change_id)


class _Turns:
    """The units of work of one change, with a pause between them, in which others can write."""

    def __init__(self) -> None:
        self._is_first = True

    def begin(self) -> None:
        """Pause, except before the first one."""
        if not self._is_first:
            sleep(PAUSE_SECONDS)
        self._is_first = False

    def start(self) -> Callable[[], bool]:
        """Whether the time of a unit of work that begins now is up."""
        started = monotonic()
        return lambda: monotonic() - started >= PORTION_SECONDS


def _waiting(change_id: int, undo: bool = False) -> list[int]:
    with read_only_session() as session:
        return queries.waiting_ids(session, change_id, PORTION, undo)


def _change_and_viewer(change_id: int, at: datetime) -> tuple[BulkChangeView | None, Viewer | None]:
    """The change, and what the person who made it may do now."""
    today = civil_date(at, app_state().config.time_zone)
    with read_only_session() as session:
        change = queries.bulk_change(session, change_id)
        return change, None if change is None else viewers(session, [change.made_by], today).get(change.made_by)


def change_key(change_id: int) -> str:
    """The unique key of the job that applies or undoes a change."""
    return f"bulk_changes:{change_id}"


def _run(run: JobRun) -> None:
    change_id = int(run.arguments["change_id"])
    with read_only_session() as session:
        change = queries.bulk_change(session, change_id)
    total = change.people if change else 0

    def progress(done: int) -> None:
        run.progress(_("Changing people"), min(done, total), total)

    if run.arguments["undo"]:
        undo_change(change_id, run.owner_id or 0, run.at, progress)
    else:
        apply_change(change_id, run.at, progress)


def _delete_old_changes(run: JobRun) -> None:
    with unit_of_work() as session:
        actions.delete_changes(make_context(session, None, run.at), queries.expired_ids(session, run.at))


CHANGE = JobKind(
    "bulk_changes.apply", lazy_gettext("Changes of many people"), _run, erases_arguments=True, runs_to_end=True,
)  # fmt: skip
JOBS = (
    CHANGE,
    JobKind(
        "bulk_changes.delete",
        lazy_gettext("Forget changes of many people"),
        _delete_old_changes,
        every=timedelta(hours=6),
    ),
)
