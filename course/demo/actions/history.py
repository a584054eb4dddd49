"""Two years of an invented organisation, written into the database in order of time."""

from __future__ import annotations

import json
import random
import secrets
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from functools import partial
from zoneinfo import ZoneInfo

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from course.auth.models import Credential
from course.content.library import Library
from course.content.schema import Module, Question, Scenario
from course.db import insert_once
from course.demo.rules import SEED, TEAMS, DemoCompletion, DemoPerson, simulate_answer
from course.learning.actions import open_attempt, open_enrolment, record_completion
from course.learning.models import (
    Answer,
    AttemptItem,
    AttemptOutcome,
    Decision,
    PageRead,
    RunOutcome,
    ScenarioRun,
)
from course.learning.queries import enrolment_id
from course.learning.rules.branching import run_state
from course.learning.rules.drawing import DrawnQuestion, draw_questions
from course.learning.rules.grading import grade
from course.people.actions import Refusal, add_person, choose_pathway, record_departure
from course.people.models import Team
from course.recertification.actions import grant_extension, record_pause


class HistoryWriter:
    """The deeds of everybody, collected first and then done in the order of their days."""

    def __init__(self, session: Session, library: Library, zone: str, today: date) -> None:
        self.session, self.library, self.zone, self.today = session, library, zone, today
        self.chance = random.Random(SEED)  # noqa: S311 (a story, no secret)
        self.teams = {name: pathway for name, _, pathway, _ in TEAMS}
        self.ids = {row.name: row.id for row in session.execute(select(Team.name, Team.id))}
        # The hash of no password: they are there to be looked at.
        self.locked = "!"
        self.deeds: list[tuple[datetime, int, Callable[[datetime], object]]] = []
        self.people: dict[str, int] = {}

    def at(self, day: date) -> datetime:
        return datetime.combine(day, time(9 + self.chance.randrange(8), self.chance.randrange(60)), ZoneInfo(self.zone))

    def plan(self, day: date, deed: Callable[[datetime], object]) -> None:
        """Something that is done at some time of a day; it is told at which."""
        self.deeds.append((self.at(day), len(self.deeds), deed))

    def go(self) -> None:
        for at, _, deed in sorted(self.deeds, key=lambda one: one[:2]):
            deed(at)

    def join(self, one: DemoPerson) -> None:
        """Plan somebody's coming, their training, and what else becomes of them."""
        self.plan(one.start, partial(self._add, one))
        for deed in one.deeds:
            self.plan(deed.on, partial(self._train, one, deed))
        if one.begun:
            self.plan(self.today - timedelta(days=4), partial(self._begin, one))
        if one.left:
            self.plan(one.left, partial(self._leave, one, one.left))
        if one.away:
            first, last = one.away
            self.plan(first, lambda at: record_pause(self.session, self.people[one.email], first, last, 14, "parental leave",
                                              first, None, at))  # fmt: skip
        if one.more_time:
            day, until = self.today - timedelta(days=2), one.more_time
            self.plan(day, lambda at: grant_extension(self.session, self.people[one.email], until, "short of staff", day, None,
                                             at))  # fmt: skip

    def _add(self, one: DemoPerson, at: datetime) -> None:
        added = add_person(
            self.session, one.name, one.email, self.ids[one.team], "manager" if one.manager else "learner", at
        )
        if isinstance(added, Refusal):
            raise ValueError(f"{one.email}: {added.message}")
        self.people[one.email] = added.id
        choose_pathway(self.session, [added.id], self.teams[one.team], "the work of this team", None, at)
        if one.signed_in:
            key = secrets.token_urlsafe(24)
            self.session.add(Credential(person_id=added.id, password_hash=self.locked, session_key=key, set_at=at))

    def _leave(self, one: DemoPerson, day: date, at: datetime) -> None:
        refused = record_departure(self.session, self.people[one.email], day, "moved on", self.zone, None, at)
        if refused is not None:
            raise ValueError(f"{one.email}: {refused.message}")

    def _library(self, one: DemoPerson) -> Library:
        return self.library.for_(self.teams[one.team], "england")

    def _begin(self, one: DemoPerson, at: datetime) -> None:
        """The first modules of a course that is not finished."""
        library = self._library(one)
        enrolment = enrolment_id(self.session, self.people[one.email]) or 0
        for module in list(library.modules.values())[: one.begun]:
            self._module(library, one, enrolment, module, at)

    def _train(self, one: DemoPerson, deed: DemoCompletion, at: datetime) -> None:
        """The whole course over some days, or a refresher on one; the certificate comes with it."""
        library, person = self._library(one), self.people[one.email]
        if deed.kind == "initial":
            enrolment, minutes = enrolment_id(self.session, person) or 0, library.minutes
            for number, module in enumerate(library.modules.values()):
                self._module(library, one, enrolment, module, at - timedelta(hours=20 * (8 - number)))
            self._final(library, one, enrolment, at)
        else:
            enrolment, minutes = open_enrolment(self.session, person, "refresher", at - timedelta(hours=1)), 42
            self._refresh(library, one, enrolment, at)
        record_completion(self.session, library, person, enrolment, deed.kind, minutes, deed.on, at)

    def _module(self, library: Library, one: DemoPerson, enrolment: int, module: Module, at: datetime) -> None:
        pages = [{"enrolment_id": enrolment, "ref": f"{module.id}/{step.id}", "version": module.pages[step.id].version,
                  "read_at": at} for step in module.steps if step.kind == "page"]  # fmt: skip
        self.session.execute(insert(PageRead), pages)
        for step in module.steps:
            if step.kind == "scenario":
                self._run(one, enrolment, f"{module.id}/{step.id}", module.scenarios[step.id], at)
            elif step.kind == "timeline":
                timeline = module.timelines[step.id]
                drawn = [DrawnQuestion(timeline.id, timeline.points[0])]
                self._attempt(library, one, enrolment, "timeline", f"{module.id}/{step.id}", 1, drawn, at)
        counts = library.check_counts(module.points)
        self._until_right(library, one, enrolment, "check", module.id, counts, module.questions, at)

    def _final(self, library: Library, one: DemoPerson, enrolment: int, at: datetime) -> None:
        counts = [(p, 2 if library.points[p].safety_critical else 1) for p in library.taught_points]
        self._until_right(library, one, enrolment, "final", "course", counts, tuple(library.questions.values()), at)

    def _refresh(self, library: Library, one: DemoPerson, enrolment: int, at: datetime) -> None:
        critical = [p for p in library.taught_points if library.points[p].safety_critical]
        others = [p for p in library.taught_points if p not in critical]
        counts = [(p, 2) for p in critical] + [(p, 1) for p in self.chance.sample(others, 12)]
        bank = tuple(library.questions.values())
        self._until_right(library, one, enrolment, "refresher", "course", counts, bank, at)

    def _until_right(
        self, library: Library, one: DemoPerson, enrolment: int, kind: str, ref: str, counts: list[tuple[str, int]],
        bank: tuple[Question, ...], at: datetime,
    ) -> None:  # fmt: skip
        """A first try, and a second one over what was missed, which is right."""
        seed = self.chance.randrange(2**31)
        drawn = draw_questions(counts, bank, {}, seed)
        missed = self._attempt(library, one, enrolment, kind, ref, 1, drawn, at)
        if missed:
            seen = {question.question_id: 1 for question in drawn}
            again = draw_questions([(point, 1) for point in missed], bank, seen, seed + 1)
            self._attempt(library, one, enrolment, kind, ref, 2, again, at + timedelta(minutes=30), certain=True)

    def _attempt(
        self, library: Library, one: DemoPerson, enrolment: int, kind: str, ref: str, number: int,
        drawn: list[DrawnQuestion], at: datetime, certain: bool = False,
    ) -> list[str]:  # fmt: skip
        """An attempt with its answers and outcome; returns the points that were missed."""
        attempt = open_attempt(self.session, library, enrolment, kind, ref, number, 1, drawn, at)
        ids = self.session.execute(
            select(AttemptItem.id).where(AttemptItem.attempt_id == attempt).order_by(AttemptItem.position)
        ).scalars()
        rows, right = [], dict[str, bool]()
        for item, asked in zip(ids, drawn, strict=True):
            question = library.answerable[asked.question_id]
            given, sure = simulate_answer(question, one.skill if not certain else 1.0, self.chance)
            correct = grade(question, given).correct
            right[asked.point] = right.get(asked.point, True) and correct
            rows.append({"item_id": item, "given": json.dumps(given), "correct": correct, "answered_at": at,
                         "sureness": None if kind == "timeline" else sure})  # fmt: skip
        self.session.execute(insert(Answer), rows)
        passed, points = all(right.values()) or kind in ("timeline", "refresher"), len(right)
        self.session.execute(insert(AttemptOutcome), [{
            "attempt_id": attempt, "finished_at": at, "passed": passed, "points_right": sum(right.values()),
            "points_asked": points, "pass_mark": library.course.pass_mark,
        }])  # fmt: skip
        return [] if kind == "timeline" else [point for point, fine in right.items() if not fine]

    def _run(self, one: DemoPerson, enrolment: int, ref: str, scenario: Scenario, at: datetime) -> None:
        """A way through a scenario: mostly the recommended one, sometimes off it, and put right at the end."""
        run = insert_once(self.session, ScenarioRun, enrolment_id=enrolment, ref=ref, version=scenario.version,
                          number=1, opened_at=at)  # fmt: skip
        taken: list[tuple[str, str]] = []
        while not (state := run_state(scenario, taken)).is_finished and len(taken) < 40 and state.scene is not None:
            scene = state.scene
            best = state.ending is not None or self.chance.random() < one.skill
            others = [choice for choice in state.open_choices if choice is not scene.best]
            chosen = scene.best if best or not others else self.chance.choice(others)
            taken.append((scene.id, chosen.id))
        rows = [{"run_id": run, "step": n, "scene_id": scene, "choice_id": choice, "decided_at": at}
                for n, (scene, choice) in enumerate(taken, 1)]  # fmt: skip
        self.session.execute(insert(Decision), rows)
        end = run_state(scenario, taken).ending
        if end is not None and run is not None:
            insert_once(self.session, RunOutcome, run_id=run, ending=end.id, outcome=str(end.end), finished_at=at)
