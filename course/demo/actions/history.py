"""Writing two years of an invented organisation into the database, in order of time."""

from __future__ import annotations

import json
import random
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from functools import partial
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from course.content.library import Library
from course.content.schema import Module, Question, Scenario
from course.context import Context
from course.demo.actions.training_rows import AnsweredAttempt, DecidedRun, TrainingRows
from course.demo.rules import SEED, TEAMS, DemoCompletion, DemoPerson, simulate_answer, working_day
from course.learning.actions import (
    FinishedEnrolment,
    NewAttempt,
    open_enrolment,
    record_completion,
)
from course.learning.queries import enrolment_id
from course.learning.rules.branching import run_state
from course.learning.rules.drawing import DrawnQuestion, QuestionHistory, draw_questions
from course.learning.rules.grading import grade
from course.passwords.actions import add_credential
from course.people.actions import Refusal, add_person, choose_pathway, record_departure
from course.people.models import Team
from course.recertification.actions import grant_extension, record_pause
from course.recertification.rules.facts import Pause


@dataclass(frozen=True)
class _DemoLearner:
    """A person of the example in one of their enrolments, and the course as they read it."""

    library: Library
    person: DemoPerson
    enrolment: int
    rows: TrainingRows = field(default_factory=TrainingRows)


class HistoryWriter:
    """Schedules the events of all people, and then runs them in order of time."""

    def __init__(self, session: Session, library: Library, zone: str, today: date) -> None:
        self.session, self.library, self.zone, self.today = session, library, zone, today
        self.random = random.Random(SEED)  # noqa: S311 (sample data, no secret)
        self.teams = {name: pathway for name, _, pathway, _ in TEAMS}
        self.ids = {row.name: row.id for row in session.execute(select(Team.name, Team.id))}
        # No password has this hash: these people cannot sign in.
        self.unusable_hash = "!"
        self.events: list[tuple[datetime, int, Callable[[datetime], object]]] = []
        self.people: dict[str, int] = {}

    def random_time(self, day: date) -> datetime:
        """A random moment in office hours of a day."""
        return datetime.combine(day, time(9 + self.random.randrange(8), self.random.randrange(60)), ZoneInfo(self.zone))

    def schedule(self, day: date, event: Callable[[datetime], object]) -> None:
        """Schedule an event at a random time of a working day, that day or the next one, but before today: a demonstration that
        is made at night has nothing that is yet to come. It is called with that time."""
        latest = self.today - timedelta(days=1)
        self.events.append((self.random_time(working_day(day, latest)), len(self.events), event))

    def run(self) -> None:
        """Run all events in order of time."""
        for at, _, event in sorted(self.events, key=lambda entry: entry[:2]):
            event(at)

    def _context(self, at: datetime) -> Context:
        """The context of what the example's history does by itself."""
        return Context(self.session, None, at, self.zone)

    def add_person(self, person: DemoPerson) -> None:
        """Schedule the start of a person, their training, and later changes of their employment."""
        self.schedule(person.joined_on, partial(self._add, person))
        for completion in person.completions:
            self.schedule(completion.on, partial(self._train, person, completion))
        if person.modules_started:
            self.schedule(self.today - timedelta(days=4), partial(self._begin, person))
        if person.left_on:
            self.schedule(person.left_on, partial(self._leave, person, person.left_on))
        if person.leave:
            pause = Pause(*person.leave, 14, "parental leave")
            self.schedule(pause.since, lambda at: record_pause(self._context(at), self.people[person.email], pause))
        if person.extension_until:
            day, until = self.today - timedelta(days=2), person.extension_until
            self.schedule(
                day,
                lambda at: grant_extension(self._context(at), self.people[person.email], until, "short of staff"),
            )

    def _add(self, person: DemoPerson, at: datetime) -> None:
        added = add_person(
            self._context(at),
            person.name,
            person.email,
            self.ids[person.team],
            "manager" if person.is_manager else "learner",
        )
        if isinstance(added, Refusal):
            raise ValueError(f"{person.email}: {added.message}")
        self.people[person.email] = added.id
        choose_pathway(self._context(at), [added.id], self.teams[person.team], "the work of this team")
        if person.has_signed_in:
            key = secrets.token_urlsafe(24)
            add_credential(self.session, added.id, self.unusable_hash, key, at)

    def _leave(self, person: DemoPerson, day: date, at: datetime) -> None:
        refusal = record_departure(self._context(at), self.people[person.email], day, "moved on")
        if refusal is not None:
            raise ValueError(f"{person.email}: {refusal.message}")

    def _library(self, person: DemoPerson) -> Library:
        return self.library.for_(self.teams[person.team], "england")

    def _begin(self, person: DemoPerson, at: datetime) -> None:
        """Take the first modules of a course that stays unfinished."""
        library = self._library(person)
        learner = _DemoLearner(library, person, enrolment_id(self.session, self.people[person.email]) or 0)
        for module in list(library.modules.values())[: person.modules_started]:
            self._module(learner, module, at)
        learner.rows.write(self.session)

    def _train(self, person: DemoPerson, completion: DemoCompletion, at: datetime) -> None:
        """Take the whole course over some days, or a refresher on one day; completing it issues the certificate."""
        library, person_id = self._library(person), self.people[person.email]
        if completion.kind == "initial":
            enrolment, minutes = enrolment_id(self.session, person_id) or 0, library.minutes
            learner = _DemoLearner(library, person, enrolment)
            for number, module in enumerate(library.modules.values()):
                self._module(learner, module, at - timedelta(hours=20 * (8 - number)))
            self._final(learner, at)
        else:
            enrolment, minutes = open_enrolment(self.session, person_id, "refresher", at - timedelta(hours=1)), 42
            learner = _DemoLearner(library, person, enrolment)
            self._refresh(learner, at)
        learner.rows.write(self.session)
        finished = FinishedEnrolment(person_id, enrolment, completion.kind, at, minutes)
        record_completion(self._context(at), library, finished)

    def _module(self, learner: _DemoLearner, module: Module, at: datetime) -> None:
        enrolment = learner.enrolment
        learner.rows.pages += [
            {"enrolment_id": enrolment, "ref": f"{module.id}/{step.id}", "version": module.pages[step.id].version,
             "read_at": at} for step in module.steps if step.kind == "page"
        ]  # fmt: skip
        for step in module.steps:
            if step.kind == "scenario":
                self._run(learner, f"{module.id}/{step.id}", module.scenarios[step.id], at)
            elif step.kind == "timeline":
                timeline = module.timelines[step.id]
                drawn = [DrawnQuestion(timeline.id, timeline.points[0])]
                attempt = NewAttempt(enrolment, "timeline", f"{module.id}/{step.id}", 1, seed=1)
                self._attempt(learner, attempt, drawn, at)
        counts = learner.library.check_counts(module.points)
        self._until_right(learner, "check", module.id, counts, module.questions, at)

    def _final(self, learner: _DemoLearner, at: datetime) -> None:
        library = learner.library
        counts = [(p, 2 if library.points[p].safety_critical else 1) for p in library.taught_points]
        self._until_right(learner, "final", "course", counts, tuple(library.questions.values()), at)

    def _refresh(self, learner: _DemoLearner, at: datetime) -> None:
        library = learner.library
        critical = [p for p in library.taught_points if library.points[p].safety_critical]
        others = [p for p in library.taught_points if p not in critical]
        counts = [(p, 2) for p in critical] + [(p, 1) for p in self.random.sample(others, 12)]
        bank = tuple(library.questions.values())
        self._until_right(learner, "refresher", "course", counts, bank, at)

    def _until_right(
        self, learner: _DemoLearner, kind: str, ref: str, counts: list[tuple[str, int]], bank: tuple[Question, ...], at: datetime
    ) -> None:  # fmt: skip
        """Take a first attempt, and a second one on the missed points, which is right."""
        seed = self.random.randrange(2**31)
        drawn = draw_questions(counts, bank, QuestionHistory({}), seed)
        first = NewAttempt(learner.enrolment, kind, ref, 1, seed=1)
        missed = self._attempt(learner, first, drawn, at)
        if missed:
            asked = {question.question_id: 1 for question in drawn}
            others = draw_questions([(point, 1) for point in missed], bank, QuestionHistory(asked), seed + 1)
            self._attempt(learner, replace(first, number=2), others, at + timedelta(minutes=30), certain=True)

    def _attempt(
        self, learner: _DemoLearner, new_attempt: NewAttempt, drawn: list[DrawnQuestion], at: datetime, certain: bool = False
    ) -> list[str]:  # fmt: skip
        """Note an attempt with its answers and outcome. Returns the points that were missed."""
        library, kind = learner.library, new_attempt.kind
        items, answers, right = [], [], dict[str, bool]()
        for position, asked in enumerate(drawn, 1):
            question = library.answerable[asked.question_id]
            given, confidence = simulate_answer(question, learner.person.skill if not certain else 1.0, self.random)
            correct = grade(question, given).correct
            right[asked.point] = right.get(asked.point, True) and correct
            items.append({"position": position, "question_id": asked.question_id, "point": asked.point,
                          "version": question.version, "again": False})  # fmt: skip
            answers.append({"given": json.dumps(given), "correct": correct, "answered_at": at,
                            "sureness": None if kind == "timeline" else confidence})  # fmt: skip
        passed, points = all(right.values()) or kind == "timeline", len(right)
        outcome = {
            "finished_at": at, "passed": passed, "points_right": sum(right.values()), "points_asked": points,
            "pass_mark": library.course.pass_mark,
        }  # fmt: skip
        learner.rows.attempts.append(AnsweredAttempt(new_attempt, at, items, answers, outcome))
        return [] if kind == "timeline" else [point for point, correct in right.items() if not correct]

    def _run(self, learner: _DemoLearner, ref: str, scenario: Scenario, at: datetime) -> None:
        """Note a scenario run: mostly on the recommended path, sometimes off it, and repaired at the end."""
        taken: list[tuple[str, str]] = []
        while not (state := run_state(scenario, taken)).is_finished and len(taken) < 40 and state.scene is not None:
            scene = state.scene
            takes_best = state.ending is not None or self.random.random() < learner.person.skill
            others = [choice for choice in state.open_choices if choice is not scene.best]
            chosen = scene.best if takes_best or not others else self.random.choice(others)
            taken.append((scene.id, chosen.id))
        decisions = [{"step": n, "scene_id": scene, "choice_id": choice, "decided_at": at}
                     for n, (scene, choice) in enumerate(taken, 1)]  # fmt: skip
        end = run_state(scenario, taken).ending
        run = {"enrolment_id": learner.enrolment, "ref": ref, "version": scenario.version, "number": 1, "opened_at": at}
        outcome = None if end is None else {"ending": end.id, "outcome": str(end.end), "finished_at": at}
        learner.rows.runs.append(DecidedRun(run, decisions, outcome))
