"""Begin a refresher or an update, and record its steps."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import insert
from sqlalchemy.orm import Session

from course.content.changes import MarkedChange
from course.content.library import Library
from course.content.schema import Page
from course.context import Context
from course.db import insert_once, lock_row
from course.events import publish
from course.learning import queries as learning
from course.learning.actions import NewAttempt, begin_run, open_attempt, open_enrolment, protected_questions
from course.learning.events import PAGE_FACT, FactRecorded, StepEnded
from course.learning.models import PageRead
from course.learning.queries import question_history
from course.learning.rules.drawing import DrawnQuestion, draw_questions
from course.people.models import Person
from course.recertification.rules.facts import INITIAL
from course.refreshers import queries
from course.refreshers.actions.completion import complete_refresher
from course.refreshers.actions.composition import REFRESHER, UPDATE, compose_refresher, page_of, scenario_candidates
from course.refreshers.models import PageReadAgain, RefresherPart
from course.refreshers.queries import PAGE_PREFIX, Refresher, RefresherPartView
from course.refreshers.rules.composition import REASON_CHANGED, PlannedPoint, ScenarioCandidate, next_scenario
from course.refreshers.rules.updates import Update

# A refresher that was left for so long is composed again, because the memory estimate that it rests on is out of date.
ABANDONED_AFTER = timedelta(days=180)


def begin_refresher(context: Context, library: Library, imported_on: date | None) -> Refresher:
    """The refresher of the learner who acts that is under way, or a new one composed for today."""
    session, person_id, at = context.session, context.person_id, context.now
    lock_row(session, Person, person_id)
    under_way = refresher_under_way(session, person_id, at)
    if under_way is not None:
        return under_way
    composition = compose_refresher(session, library, person_id, imported_on, at)
    points = composition.plan.planned_points
    return _save_composition(context, library, REFRESHER, points, composition.changes, composition.scenario)


def refresher_under_way(session: Session, person_id: int, at: datetime) -> Refresher | None:
    """The refresher of the person that is under way; None if there is none."""
    return resumable_refresher(session, person_id, queries.newest_refresher(session, person_id, REFRESHER), at)


def resumable_refresher(session: Session, person_id: int, newest: Refresher | None, at: datetime) -> Refresher | None:
    """The newest refresher, or None if a new one has to be composed: the newest is completed, void, was left for too long,
    the course was completed since, or all its questions on a point were answered wrongly and the pages have been read
    again."""
    if (
        newest is None
        or newest.completed_at is not None
        or at - newest.opened_at >= ABANDONED_AFTER
        or newest.cannot_be_passed
        or newest.void
    ):
        return None
    return None if queries.has_completed_since(session, person_id, newest.opened_at) else newest


def begin_update(context: Context, library: Library, update: Update) -> Refresher:
    """The update on these changes of the learner who acts that is under way, or a new one."""
    session, person_id = context.session, context.person_id
    lock_row(session, Person, person_id)
    newest = queries.newest_refresher(session, person_id, UPDATE)
    if (
        newest is not None
        and not (newest.is_finished or newest.cannot_be_passed)
        and _changes_in(newest) == {one.key for one in update.changes}
    ):
        return newest
    planned_points = [PlannedPoint(point, 1, REASON_CHANGED) for point in update.points]
    return _save_composition(context, library, UPDATE, planned_points, update.changes, None)


def _changes_in(refresher: Refresher) -> set[tuple[str, str | None]]:
    """The keys of the marked changes in a refresher or an update."""
    return {(part.ref, part.version) for part in refresher.parts if part.kind == "change"}


def _save_composition(
    context: Context, library: Library, kind: str, planned_points: Iterable[PlannedPoint],
    changes: Iterable[MarkedChange], scenario: ScenarioCandidate | None,
) -> Refresher:  # fmt: skip
    """Store the composition of a refresher or an update and open its attempt."""
    session, person_id, at = context.session, context.person_id, context.now
    planned_points, changes = list(planned_points), list(changes)
    enrolment = open_enrolment(session, person_id, kind, at)
    versions_read = queries.versions_read(session, person_id)
    parts: list[dict[str, str | None]] = [
        {"kind": "change", "ref": one.key[0], "version": one.version, "before": versions_read.get(one.ref), "why": None}
        for one in changes
    ]
    if scenario is not None:
        parts.append({"kind": "scenario", "ref": scenario.ref, "version": None, "before": None, "why": None})
    parts += [
        {"kind": "point", "ref": a.point, "version": None, "before": None, "why": a.reason} for a in planned_points
    ]
    rows = [{"enrolment_id": enrolment, "position": n, **part} for n, part in enumerate(parts, 1)]
    session.execute(insert(RefresherPart), rows)
    seed = secrets.randbelow(2**31)
    counts = [(ask.point, ask.questions) for ask in planned_points]
    history = question_history(session, person_id, protected_questions(session, library, person_id))
    drawn = draw_questions(counts, library.questions.values(), history, seed)
    drawn = prefer_changed_questions(drawn, [one for one in changes if one.kind == "question"])
    open_attempt(session, library, NewAttempt(enrolment, kind, "course", 1, seed), drawn, at)
    saved = queries.newest_refresher(session, person_id, kind)
    assert saved is not None  # noqa: S101 (it was written above)
    return saved


def prefer_changed_questions(drawn: Sequence[DrawnQuestion], questions: Sequence[MarkedChange]) -> list[DrawnQuestion]:
    """The drawn questions, with each changed question in the place of another one on its point, or after them all where only
    changed questions are left on its points. A changed question is asked as it is now, whether the person saw it before or not,
    because whoever passes has handled the change."""
    selected, changed_ids = list(drawn), {one.ref for one in questions}
    # Those with the fewest points choose first, so that few come last.
    for one in sorted(questions, key=lambda one: len(one.points)):
        if one.ref in {asked.question_id for asked in selected}:
            continue
        places = [n for n, asked in enumerate(selected) if asked.point in one.points]
        index = next((n for n in places if selected[n].question_id not in changed_ids), None)
        if index is not None:
            selected[index] = DrawnQuestion(one.ref, selected[index].point)
        elif places:
            selected.append(DrawnQuestion(one.ref, selected[places[0]].point))
    return selected


def record_changed_page_read(
    context: Context, library: Library, refresher: Refresher, part: RefresherPartView, opened: Page | None = None
) -> None:
    """Record that a changed page was read, in the version in which it was opened; without one, in its present version."""
    ref = part.ref.removeprefix(PAGE_PREFIX)
    page = opened or page_of(library, ref)
    version = page.version if page else part.version
    session, at = context.session, context.now
    row = insert_once(session, PageRead, enrolment_id=refresher.id, ref=ref, version=version or "", read_at=at)
    if row is not None:
        publish(session, FactRecorded(PAGE_FACT, row, context.person_id, refresher.id, at))
        complete_refresher(session, StepEnded(context.person_id, refresher.id, library, context.today, at))


def record_page_reread(session: Session, library: Library, refresher: Refresher, point: str, at: datetime) -> bool:
    """Record that the page of an exhausted point was read again in this refresher (or update). Returns False if it was
    recorded before or is not required."""
    if point not in refresher.exhausted_points:
        return False
    ref = "/".join(library.pages_by_point[point]) if point in library.pages_by_point else ""
    page = page_of(library, ref)
    version = page.version if page else ""
    values = {"enrolment_id": refresher.id, "point": point, "ref": ref, "version": version, "read_at": at}
    return insert_once(session, PageReadAgain, **values) is not None


def restart_course(session: Session, person_id: int, at: datetime) -> bool:
    """Open another enrolment for the whole course. Returns False if there is one that is not completed."""
    lock_row(session, Person, person_id)
    newest = learning.enrolment_id(session, person_id)
    if newest is not None and learning.completed_at(session, newest) is None:
        return False
    open_enrolment(session, person_id, INITIAL, at)
    return True


def scenario_ref(session: Session, library: Library, person_id: int, refresher: Refresher) -> str:
    """The reference of the scenario of a refresher, module/scenario. One that is no longer taught is replaced by another."""
    ref = next(part.ref for part in refresher.parts if part.kind == "scenario")
    candidates = scenario_candidates(library, queries.scenario_run_counts(session, person_id))
    if ref not in {story.ref for story in candidates}:
        replacement = next_scenario(candidates, {})
        assert replacement is not None  # noqa: S101 (every module has a scenario: the content check sees to it)
        ref = replacement.ref
    return ref


def begin_scenario_run(context: Context, library: Library, refresher: Refresher) -> int:
    """The run of the refresher's scenario that is under way, or a new one. Returns its id."""
    ref = scenario_ref(context.session, library, context.person_id, refresher)
    module, _, name = ref.partition("/")
    return begin_run(context, ref, library.modules[module].scenarios[name], refresher.id)
