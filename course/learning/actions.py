"""What learners do. Each deed is one insert that cannot happen twice: a repeated post finds the first."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Sequence
from datetime import date, datetime

from sqlalchemy import insert
from sqlalchemy.orm import Session

from course.content.library import Library
from course.content.queries import part_in_version
from course.content.schema import Module, Page, Question, Scenario
from course.db import insert_once, lock_row
from course.events import publish
from course.learning import queries
from course.learning.events import CourseCompleted, StepEnded
from course.learning.models import (
    Answer,
    Attempt,
    AttemptItem,
    AttemptOutcome,
    Completion,
    Decision,
    Enrolment,
    PageRead,
    Reflection,
    RunOutcome,
    ScenarioRun,
)
from course.learning.queries import AttemptItemView, AttemptView, RunView
from course.learning.rules.branching import run_state
from course.learning.rules.drawing import (
    AssessmentResult,
    DrawnQuestion,
    draw_for_check,
    draw_for_final,
    draw_questions,
    grade_assessment,
)
from course.learning.rules.grading import GivenAnswer, grade
from course.learning.rules.notes import merge_note
from course.learning.rules.progress import progress
from course.people.events import PersonAdded

# Kinds of attempt in which a miss is asked again with another question, until every point was right.
RETRY_MISSED_KINDS = ("refresher", "update")


def enrol(session: Session, event: PersonAdded) -> None:
    """Everyone who is added is required to take the course."""
    # Not flushed: a list of ten thousand people is then one statement. Whatever asks for it is preceded by a flush.
    session.add(Enrolment(person_id=event.person_id, kind="initial", opened_at=event.at))


def record_page_read(session: Session, person_id: int, module: Module, page: Page, at: datetime) -> bool:
    """The page was read to its end. Only the first time counts."""
    enrolment = _require_enrolment(session, person_id)
    ref = f"{module.id}/{page.id}"
    row = insert_once(session, PageRead, enrolment_id=enrolment, ref=ref, version=page.version, read_at=at)
    return row is not None


def save_note(session: Session, person_id: int, ref: str, block: str, seen: str, sent: str, at: datetime) -> None:
    """Keep a private note; `seen` is what the window showed before (see rules/notes.py)."""
    # Two windows that keep different notes wait for each other, so that each finds what the other kept.
    lock_row(session, Enrolment, _require_enrolment(session, person_id))
    row = session.get(Reflection, (person_id, ref, block), populate_existing=True)
    text = merge_note(row.text if row else "", seen, sent)
    if row is None:
        if text:
            session.add(Reflection(person_id=person_id, ref=ref, block=block, text=text, saved_at=at))
    elif text != row.text:
        row.text, row.saved_at = text, at
    session.flush()


def _require_enrolment(session: Session, person_id: int) -> int:
    enrolment = queries.enrolment_id(session, person_id)
    if enrolment is None:
        raise LookupError(f"person {person_id} has no enrolment")
    return enrolment


def begin_check(session: Session, library: Library, person_id: int, module: Module, at: datetime) -> int:
    """The open attempt at a module's check, or a new one over the points that are not shown yet.

    Returns the attempt's id. When every point is shown, a new attempt asks them all again, as practice.
    """
    facts = queries.progress_facts(session, person_id)
    shown = {point for ref, point in facts.shown if ref == module.id}
    wanted = [point for point in module.points if point not in shown] or list(module.points)

    def drawn(seed: int) -> list[DrawnQuestion]:
        known = queries.question_history(session, person_id, protected_questions(session, library, person_id))
        return draw_for_check(library, module, wanted, known, not facts.final_passed, seed)

    return _begin_attempt(session, person_id, "check", module.id, library, drawn, at)


def begin_final(session: Session, library: Library, person_id: int, at: datetime) -> int:
    """The open attempt at the final assessment, or a new one: at first over all points of the course,
    afterwards over those that are not right yet, with other questions as far as there are any."""
    verdict = final_result(session, library, person_id)
    wanted = library.taught_points if verdict is None or verdict.passed else verdict.missed

    def drawn(seed: int) -> list[DrawnQuestion]:
        known = queries.question_history(session, person_id, protected_questions(session, library, person_id))
        return draw_for_final(library, wanted, known, seed)

    return _begin_attempt(session, person_id, "final", "course", library, drawn, at)


def begin_timeline(
    session: Session, library: Library, person_id: int, ref: str, timeline: Question, at: datetime
) -> int:
    """The open attempt at a timeline, or a new one. Returns its id."""
    drawn = [DrawnQuestion(timeline.id, timeline.points[0])]
    return _begin_attempt(session, person_id, "timeline", ref, library, lambda _seed: drawn, at)


def _begin_attempt(
    session: Session, person_id: int, kind: str, ref: str, library: Library, draw_them: Callable[[int], Sequence[DrawnQuestion]],
    at: datetime,
) -> int:  # fmt: skip
    enrolment = _require_enrolment(session, person_id)
    # Two windows that begin at once find the same attempt.
    lock_row(session, Enrolment, enrolment)
    earlier = [a for a in queries.attempts(session, person_id, kind, ref) if a.enrolment_id == enrolment]
    if earlier and earlier[-1].finished_at is None:
        return earlier[-1].id
    seed = secrets.randbelow(2**31)
    attempt = open_attempt(session, library, enrolment, kind, ref, len(earlier) + 1, seed, draw_them(seed), at)
    return attempt if attempt is not None else queries.attempts(session, person_id, kind, ref)[-1].id


def open_attempt(
    session: Session, library: Library, enrolment: int, kind: str, ref: str, number: int, seed: int,
    drawn: Sequence[DrawnQuestion], at: datetime,
) -> int | None:  # fmt: skip
    """A new attempt that asks the drawn questions in their order. Returns its id; None if there is one with this
    number already."""
    attempt = insert_once(
        session, Attempt, enrolment_id=enrolment, kind=kind, ref=ref, number=number, seed=seed, opened_at=at
    )
    if attempt is not None:
        session.execute(insert(AttemptItem), [_item_values(library, attempt, n, one) for n, one in enumerate(drawn, 1)])
    return attempt


def _item_values(
    library: Library, attempt: int, position: int, drawn: DrawnQuestion, again: bool = False
) -> dict[str, object]:
    version = library.answerable[drawn.question_id].version
    return {"attempt_id": attempt, "position": position, "question_id": drawn.question_id, "point": drawn.point,
            "version": version, "again": again}  # fmt: skip


def add_retry_question(
    session: Session, library: Library, person_id: int, attempt: AttemptView, missed: AttemptItemView
) -> bool:
    """Put another question on the same point at the end of the attempt; False if it has asked all that there are."""
    asked = {item.question_id for item in attempt.items}
    others = [question for question in library.questions.values() if question.id not in asked]
    position = len(attempt.items) + 1
    known = queries.question_history(session, person_id, protected_questions(session, library, person_id))
    again = draw_questions([(missed.point, 1)], others, known.last, attempt.seed + position, withheld=known.withheld)
    if not again:
        return False
    session.execute(insert(AttemptItem), [_item_values(library, attempt.id, position, again[0], again=True)])
    return True


def protected_questions(session: Session, library: Library, person_id: int) -> frozenset[str]:
    """The questions of this person's final assessment whose answers nothing may tell yet: those of a try that is
    under way, and those on safety-critical points that are not right yet."""
    hidden = protected_points(session, library, person_id)
    return frozenset(
        item.question_id
        for one in queries.final_attempts(session, person_id)
        for item in one.items
        if one.next is not None or item.point in hidden
    )


def protected_points(session: Session, library: Library, person_id: int) -> frozenset[str]:
    """The safety-critical points that the final assessment will ask again: until they are right, their questions of
    earlier tries are not explained."""
    verdict = final_result(session, library, person_id)
    return frozenset(verdict.missed_critical if verdict else ())


# What became of an answer or a decision that was sent: it was kept, or there was one already, the same or another.
SAVED, DUPLICATE, CONFLICT = "kept", "same", "other"


def submit_answer(
    session: Session, library: Library, person_id: int, attempt_id: int, position: int, given: GivenAnswer,
    sureness: str | None, today: date, at: datetime,
) -> str:  # fmt: skip
    """Take an answer to a question of an attempt, with all that follows from it; says what became of the answer.

    Raises LookupError if there is no such question, or it is not this person's.
    """
    # Of two last answers at once one waits here, and then sees the other.
    lock_row(session, Attempt, attempt_id)
    attempt = queries.attempt(session, person_id, attempt_id)
    item = next((one for one in attempt.items if one.position == position), None) if attempt else None
    # The version in which it was asked: an edit of the content changes nothing for an attempt under way.
    question = part_in_version(session, library, Question, item.question_id, item.version) if item else None
    if attempt is None or item is None or question is None:
        raise LookupError(f"there is no question {position} of attempt {attempt_id} for person {person_id}")
    if not save_answer(session, item, question, given, sureness, at):
        return DUPLICATE if (item.given, item.sureness) == (given, sureness) else CONFLICT
    missed = attempt.kind in RETRY_MISSED_KINDS and not grade(question, given).correct
    if missed and add_retry_question(session, library, person_id, attempt, item):
        return SAVED
    if any(other.given is None for other in attempt.items if other.id != item.id):
        return SAVED
    if attempt.kind == "booster":
        close_booster(session, person_id, attempt_id, at)
    else:
        close_attempt(session, library, person_id, attempt_id, today, at)
    return SAVED


def save_answer(
    session: Session, item: AttemptItemView, question: Question, given: GivenAnswer, sureness: str | None, at: datetime
) -> bool:
    """Keep the first answer to an item. False means that there was one already, which stands."""
    correct = grade(question, given).correct
    row = insert_once(
        session, Answer, item_id=item.id, given=json.dumps(given), correct=correct, sureness=sureness, answered_at=at
    )
    return row is not None


def close_attempt(
    session: Session, library: Library, person_id: int, attempt_id: int, today: date, at: datetime
) -> None:
    """If every question of the attempt is answered, write how it ended, and complete what that completes."""
    enrolment = record_attempt_outcome(session, library, person_id, attempt_id, at)
    if enrolment is not None:
        complete_course(session, library, person_id, today, at)
        publish(session, StepEnded(person_id, enrolment, library, today, at))


def record_attempt_outcome(
    session: Session, library: Library, person_id: int, attempt_id: int, at: datetime
) -> int | None:
    """If every question of the attempt is answered, write how it ended. Returns its enrolment; None if it goes on, or
    that is written already."""
    attempt = queries.attempt(session, person_id, attempt_id)
    if attempt is None or attempt.next is not None or attempt.finished_at is not None:
        return None
    results: dict[str, bool] = {}
    for item in attempt.items:
        results[item.point] = results.get(item.point, True) and bool(item.correct)
    right, asked, mark, passed = sum(results.values()), len(results), 100, all(results.values())
    if attempt.kind in RETRY_MISSED_KINDS:
        # Each miss was asked again as long as there was another question on its point.
        passed = not attempt.not_shown
    if attempt.kind == "final":
        verdict = final_result(session, library, person_id)
        assert verdict is not None  # noqa: S101 (this attempt is one of those it rests on)
        right, asked, mark, passed = verdict.right, verdict.asked, library.course.pass_mark, verdict.passed
    row = insert_once(
        session, AttemptOutcome, attempt_id=attempt.id, finished_at=at, passed=passed or attempt.kind == "timeline",
        points_right=right, points_asked=asked, pass_mark=mark,
    )  # fmt: skip
    return None if row is None else attempt.enrolment_id


def close_booster(session: Session, person_id: int, attempt_id: int, at: datetime) -> None:
    """Write how a booster ended, once all its questions are answered. Nothing depends on it."""
    attempt = queries.attempt(session, person_id, attempt_id)
    if attempt is None or attempt.next is not None:
        return
    right, asked = sum(bool(item.correct) for item in attempt.items), len(attempt.items)
    insert_once(session, AttemptOutcome, attempt_id=attempt.id, finished_at=at, passed=right == asked,
                points_right=right, points_asked=asked, pass_mark=0)  # fmt: skip


def final_result(session: Session, library: Library, person_id: int) -> AssessmentResult | None:
    """How the final assessment stands over all its attempts in the newest enrolment; None before the first.

    The newest attempt that asked a point decides it; a point is right when all its questions there were.
    """
    latest: dict[str, bool] = {}
    tried = False
    for attempt in queries.final_attempts(session, person_id):
        if attempt.next is not None:
            continue
        tried = True
        results: dict[str, bool] = {}
        for item in attempt.items:
            results[item.point] = results.get(item.point, True) and bool(item.correct)
        latest.update(results)
    if not tried:
        return None
    critical = frozenset(p for p in library.taught_points if library.points[p].safety_critical)
    return grade_assessment(latest, library.taught_points, critical, library.course.pass_mark)


def begin_run(
    session: Session, person_id: int, ref: str, scenario: Scenario, at: datetime, enrolment: int | None = None
) -> int:
    """The run that is under way, or a new one in today's version of the scenario; in the enrolment for the whole
    course unless another is named. Returns its id."""
    enrolment = enrolment or _require_enrolment(session, person_id)
    earlier = [run for run in queries.runs(session, person_id, ref) if run.enrolment_id == enrolment]
    if earlier and earlier[-1].finished_at is None:
        return earlier[-1].id
    values = {"enrolment_id": enrolment, "ref": ref, "version": scenario.version, "number": len(earlier) + 1}
    run = insert_once(session, ScenarioRun, **values, opened_at=at)
    return run if run is not None else queries.runs(session, person_id, ref)[-1].id


def decide(
    session: Session,
    library: Library,
    person_id: int,
    run: RunView,
    scenario: Scenario,
    step: int,
    choice_id: str,
    today: date,
    at: datetime,
) -> str:
    """Take the decision that is number `step` of the run; says what became of it. SAME and OTHER change nothing: that
    step was taken already (a second click, an old window), or the choice is not open there."""
    state = run_state(scenario, run.decisions)
    if step != state.steps + 1 or state.scene is None or choice_id not in {choice.id for choice in state.offered}:
        return _duplicate_or_conflict(run, step, choice_id)
    scene = state.scene.id
    row = insert_once(session, Decision, run_id=run.id, step=step, scene_id=scene, choice_id=choice_id, decided_at=at)
    if row is None:
        return _duplicate_or_conflict(queries.run(session, person_id, run.id) or run, step, choice_id)
    after = run_state(scenario, (*run.decisions, (scene, choice_id)))
    if after.counts and after.ending is not None:
        ending, outcome = after.ending.id, str(after.ending.end)
        insert_once(session, RunOutcome, run_id=run.id, ending=ending, outcome=outcome, finished_at=at)
        complete_course(session, library, person_id, today, at)
        publish(session, StepEnded(person_id, run.enrolment_id, library, today, at))
    return SAVED


def _duplicate_or_conflict(run: RunView, step: int, choice_id: str) -> str:
    taken = run.decisions[step - 1][1] if 0 < step <= len(run.decisions) else None
    return DUPLICATE if taken in (None, choice_id) else CONFLICT


def complete_course(
    session: Session, library: Library, person_id: int, today: date, at: datetime, recorded: datetime | None = None
) -> bool:
    """Record the completion once everything that it needs is there. Safe to call after every step; `recorded` is when
    that is noticed, if it is not the moment of the last step."""
    enrolment = queries.enrolment_id(session, person_id)
    if enrolment is None:
        return False
    # Of two last steps at once one waits here, and then sees the other.
    lock_row(session, Enrolment, enrolment)
    state = progress(library, queries.progress_facts(session, person_id))
    if not state.complete or state.completed_at is not None:
        return False
    return record_completion(session, library, person_id, enrolment, "initial", library.minutes, today, at, recorded)


def record_completion(
    session: Session,
    library: Library,
    person_id: int,
    enrolment: int,
    kind: str,
    minutes: int,
    today: date,
    at: datetime,
    recorded: datetime | None = None,
) -> bool:
    """Write that an enrolment is complete, on today's content, and tell everyone; False if it was written before.

    `minutes` is how long what was required takes. It was finished at `at`, on the day `today`; `recorded` is when that
    is written down, if it is later.
    """
    row = insert_once(
        session, Completion, enrolment_id=enrolment, completed_at=at, content_version=library.version,
        edition=library.course.edition,
    )  # fmt: skip
    if row is None:
        return False
    publish(session, CourseCompleted(row, person_id, kind, recorded or at, today, library.course.title, library.course.edition,
                                     library.version, library.course.valid_months, library.pathway, minutes,
                                     library.sections))  # fmt: skip
    return True


def open_enrolment(session: Session, person_id: int, kind: str, at: datetime) -> int:
    """Another enrolment: the whole course again (initial), a refresher or an update. Returns its id."""
    enrolment = Enrolment(person_id=person_id, kind=kind, opened_at=at)
    session.add(enrolment)
    session.flush()
    return enrolment.id
