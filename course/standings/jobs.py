"""Keeping the rows up to date: finding out what is new, deriving it while nobody waits for a lock, and writing it.

The same steps are made by a page before it reads, as long as few people are concerned, and by the worker.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta

from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from course.content.library import Library
from course.content.loaded_course import library
from course.dates import civil_date
from course.db import is_lock_failure
from course.jobs.rules import JobKind, JobRun
from course.standings.actions import StandingsWrite, begin_standings, record_check, write_standings
from course.standings.queries.changes import (
    StandingsState,
    all_people_count,
    expired_people,
    find_changes,
    known_people,
    newest_facts,
    next_people,
    people_count,
    person_at,
    standings_state,
)
from course.standings.queries.people import derived_standings, deriving_rules
from course.standings.queries.rows import count_differences, stored_standings
from course.standings.rules import Freshness, Standing
from course.translation import lazy_gettext as _
from course.web.app_state import app_state
from course.web.unit_of_work import read_only_session, unit_of_work

PORTION = 500  # people who are derived and written at once
MAX_WHILE_READING = 2000  # people for whom a page waits; with more of them the worker does it
MAX_ATTEMPTS = 8  # how often a page looks again because somebody else was writing
# How long a page waits to write what it has derived. It is worth a moment, because the next page need not derive it again.
PAGE_LOCK_SECONDS = 0.25
QUIET_EVENTS = 200  # audit events that change nothing after which the mark is moved all the same
SAMPLE = 1000  # people whom the nightly check compares
COMPARISONS = 5  # how often the check looks at somebody about whom something new is recorded each time
_LOG = logging.getLogger("course")
STAGE = _("Working out the certification status of everyone")


@dataclass(frozen=True)
class _Now:
    """The circumstances in which rows are derived."""

    at: datetime
    today: date
    zone: str
    library: Library


def _now(at: datetime) -> _Now:
    zone = str(app_state().config.time_zone)
    return _Now(at, civil_date(at, zone), zone, library())


def refresh_standings(at: datetime) -> Freshness:
    """Bring the rows up to date before a page reads them, unless that would take long or the database is busy. It must be
    called before the page reads anything, because on SQLite a page goes on seeing what it saw first."""
    now, waited = _now(at), 0
    for _attempt in range(MAX_ATTEMPTS):
        with read_only_session() as session:
            state = standings_state(session, now.today)
            if _is_for_the_worker(session, state):
                return Freshness(False, state.as_of if state else None, True)
            step = _plan(session, state, now)
        if step is None:
            return Freshness(True, state.as_of if state else None)
        waited += len(step.ids)
        if waited > MAX_WHILE_READING + PORTION:
            break
        written = _write_while_reading(step, now)
        if written is None:
            break
        if written and step.last:
            return Freshness(True, now.at)
    return Freshness(False, state.as_of if state else None)


def _is_for_the_worker(session: Session, state: StandingsState | None) -> bool:
    """Whether everybody is to be derived, and there are too many to wait for."""
    if state is not None and state.cursor is None:
        return False
    return people_count(session, MAX_WHILE_READING + 1) > MAX_WHILE_READING


def _plan(session: Session, state: StandingsState | None, now: _Now) -> StandingsWrite | None:
    """The next step, with its rows derived; None if there is nothing to do. `version` 0 begins from nothing."""
    if state is None:
        return StandingsWrite(0, now.at, facts=newest_facts(session))
    if (state.zone, state.content) != (now.zone, now.library.version):
        values = {"zone": now.zone, "content": now.library.version, "cursor": 0}
        return StandingsWrite(state.version, now.at, mark=values)
    if state.newest != state.facts or state.has_changes:
        step = _plan_changes(session, state, now)
        if step is not None:
            return step
    if state.has_expired_rows:
        ids = expired_people(session, now.today, state.latest_day, PORTION)
        all_of_them = len(ids) < PORTION
        mark: dict[str, object] = {"latest_day": now.today} if all_of_them else {}
        last = all_of_them and state.cursor is None
        return StandingsWrite(state.version, now.at, ids, _derive(session, ids, now), mark=mark, last=last)
    if state.cursor is not None:
        ids = next_people(session, state.cursor, PORTION)
        mark = {"cursor": ids[-1] if len(ids) == PORTION else None, "latest_day": now.today}
        last = len(ids) < PORTION
        return StandingsWrite(state.version, now.at, ids, _derive(session, ids, now), mark=mark, last=last)
    return None


def _plan_changes(session: Session, state: StandingsState, now: _Now) -> StandingsWrite | None:
    """The step after new facts; None if they change nothing."""
    changes = find_changes(session, state, PORTION)
    if changes.people is None:
        return StandingsWrite(state.version, now.at, facts=changes.facts, mark={"cursor": 0})
    quiet = changes.facts.audit_event - state.facts.audit_event < QUIET_EVENTS
    if not changes.people and not changes.notes and quiet:
        return None
    ids = sorted(changes.people)
    first, later = ids[:PORTION], ids[PORTION:]
    return StandingsWrite(
        state.version, now.at, first, _derive(session, first, now), changes.notes,
        known_people(session, later) if later else (), changes.facts,
        {"latest_day": max(state.latest_day, now.today)},
        changes.complete and not later and not state.has_expired_rows and state.cursor is None,
    )  # fmt: skip


def _derive(session: Session, ids: list[int], now: _Now) -> list[Standing]:
    if not ids:
        return []
    return derived_standings(session, now.zone, deriving_rules(session, now.zone, now.library), ids, now.today)


def _write(session: Session, step: StandingsWrite, now: _Now) -> bool:
    if step.version == 0 and step.facts is not None:
        begin_standings(session, step.facts, now.zone, now.library.version, now.today, now.at)
        return True
    return write_standings(session, step)


def _write_while_reading(step: StandingsWrite, now: _Now) -> bool | None:
    """Whether the step was written; False if somebody else wrote before, so that there is something new to look at, and
    None if the database is busy."""
    try:
        with unit_of_work(claim_form_key=False, lock_seconds=PAGE_LOCK_SECONDS, durable=False) as session:
            return _write(session, step, now)
    except OperationalError as error:
        if not is_lock_failure(error):
            raise
        return None


def catch_up(at: datetime, progress: Callable[[str, int, int], None] | None = None) -> int:
    """Bring the rows up to date, however long it takes; returns how many people were derived. Any number of processes may
    do it at once: what one has written the others find."""
    now, count, total = _now(at), 0, 0
    while True:
        with read_only_session() as session:
            step = _plan(session, standings_state(session, now.today), now)
            if progress and step is not None and not total:
                total = all_people_count(session)
        if step is None:
            return count
        with unit_of_work(durable=False) as session:
            written = _write(session, step, now)
        count += len(step.ids) if written else 0
        if progress:
            progress(STAGE, min(count, total), total)


@dataclass(frozen=True)
class StandingsCheck:
    """How many people were compared with their facts, and the columns that differed, by person id; `cells` are counts
    that are not the number of rows."""

    people: int
    differences: dict[int, tuple[str, ...]]
    cells: int

    @property
    def differing(self) -> int:
        return len(self.differences) + self.cells


def check_standings(at: datetime, sample: int | None = SAMPLE) -> StandingsCheck:
    """Compare rows with what the facts say now: of everybody, or of a random sample of people. That something was recorded
    since a row was derived is no difference: that person is compared again once it is derived, COMPARISONS times at most."""
    catch_up(at)
    now, people = _now(at), 0
    found: dict[int, tuple[str, ...]] = {}
    for ids in _portions(sample):
        people += len(ids)
        for _comparison in range(COMPARISONS):
            differing, ids = _compare(ids, now)
            found |= differing
            if not ids:
                break
            catch_up(at)
    with read_only_session(snapshot=True) as session:
        cells = count_differences(session)
    return StandingsCheck(people, found, cells)


def _portions(sample: int | None) -> Iterator[list[int]]:
    """The ids of everybody, or of a sample that begins at random places, in portions."""
    after, left = 0, sample
    while left is None or left > 0:
        with read_only_session() as session:
            if sample is not None:
                # A place, not a number: there is much room between those before and after a restore.
                place = random.randrange(max(1, all_people_count(session)))  # noqa: S311
                after = person_at(session, place) - 1
            ids = next_people(session, after, PORTION if left is None else min(PORTION // 10, left))
        if not ids and left is None:
            return
        if ids:
            yield ids
            after = ids[-1]
        if left is not None:
            left -= PORTION // 10


def _compare(ids: list[int], now: _Now) -> tuple[dict[int, tuple[str, ...]], list[int]]:
    """Of these people the columns that differ, by person id; and those who are to be compared again, because their rows
    differ and are about to be derived."""
    with read_only_session(snapshot=True) as session:
        stored = stored_standings(session, ids)
        derived = {one.person_id: one for one in _derive(session, ids, now)}
        found = {one: columns for one in ids if (columns := _differing_columns(stored.get(one), derived.get(one)))}
        new = _new_about(session, now) if found else frozenset()
    again = [one for one in found if new is None or one in new or _is_due(stored.get(one), now.today)]
    return {one: columns for one, columns in found.items() if one not in again}, again


def _is_due(stored: Standing | None, today: date) -> bool:
    """Whether the row is of another day: it holds until today, or somebody for whom tomorrow has come has derived it."""
    if stored is None:
        return False
    return stored.derived_on > today or (stored.changes_on is not None and stored.changes_on <= today)


def _new_about(session: Session, now: _Now) -> frozenset[int] | None:
    """The people about whom something is recorded that the rows do not say yet; None if that may be anybody."""
    state = standings_state(session, now.today)
    if state is None or state.cursor is not None or (state.zone, state.content) != (now.zone, now.library.version):
        return None
    if state.newest == state.facts and not state.has_changes:
        return frozenset()
    changes = find_changes(session, state, PORTION)
    return changes.people if changes.complete else None


def _differing_columns(stored: Standing | None, derived: Standing | None) -> tuple[str, ...]:
    if stored is None or derived is None:
        return () if stored is derived else ("row",)
    names = [one.name for one in fields(Standing) if one.name not in ("derived_on", "changes_on")]
    return tuple(name for name in names if getattr(stored, name) != getattr(derived, name))


def _catch_up(run: JobRun) -> None:
    catch_up(run.at, run.progress)


def _is_behind(at: datetime) -> bool:
    now = _now(at)
    with read_only_session() as session:
        state = standings_state(session, now.today)
    return (
        state is None or state.newest != state.facts or state.has_changes or state.has_expired_rows
        or state.cursor is not None or (state.zone, state.content) != (now.zone, now.library.version)
    )  # fmt: skip


def _check(run: JobRun) -> None:
    found = check_standings(run.at)
    for person, columns in found.differences.items():
        _LOG.warning("the kept row of person %s differs from the records: %s", person, ", ".join(columns))
    with unit_of_work() as session:
        record_check(session, run.at, found.people, found.differing)


JOBS = (
    JobKind("standings.catch_up", STAGE, _catch_up, every=timedelta(minutes=1), wanted=_is_behind),
    JobKind(
        "standings.check", _("Compare the kept certification status with the records"), _check, every=timedelta(days=1)
    ),
)
