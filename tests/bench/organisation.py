"""An organisation in the middle of its year, for benchmarks: `make_organisation(app, 10_000)`. SQLite and PostgreSQL.

About 60 % of the steps of the course are done: some have not begun, most are somewhere in the middle of the course, the others
hold a certificate that is valid, about to end, being renewed by a refresher, renewed, or lapsed; some have left. Pages are
read and their questions answered, scenarios decided, checks and assessments answered rightly and wrongly, as in a real year.
Everybody signs in with PASSWORD: learners as `learner_address(0)` and so on, in the order of `stage_of`, the administrator as
ADMINISTRATOR.

The rows are written by the drivers' own bulk inserts, from a few ways through each part of the course that are made once.
"""

from __future__ import annotations

import itertools
import json
import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from flask import Flask
from sqlalchemy import func, select

from course import schema_upgrade
from course.auth.password_hashing import hash_password
from course.certificates.rules import valid_until
from course.clock import now
from course.content.actions import archive
from course.content.library import Library
from course.content.schema import Module, Question, Scenario
from course.context import make_context
from course.demo.rules import FIRST_NAMES, LAST_NAMES, simulate_answer
from course.learning.rules.branching import run_state
from course.learning.rules.drawing import DrawnQuestion, QuestionHistory, draw_questions
from course.learning.rules.grading import grade
from course.organisation.actions import create_organisation
from course.passwords.actions import add_credential
from course.people.actions import add_person
from course.people.models import Person
from course.people.rules import name_key
from course.text import comparison_key
from course.web.unit_of_work import unit_of_work
from tests.bench.bulk import Rows, bulk_writer, finish

PASSWORD = "quiet river stones"
ADMINISTRATOR = "keeper@example.org"
NAME = "Riverside Children’s Trust"
WAYS = 12  # different ways through each part, of which each person takes one
TEAM_SIZE = 40
CHUNK = 500  # people whose rows are held in memory at once
SKILLS = (0.7, 0.8, 0.85, 0.9, 0.95)
# What people have done, and how many of a hundred are there.
STAGES = {"new": 15, "under way": 49, "valid": 16, "due soon": 5, "in refresher": 6, "lapsed": 4, "renewed": 5}

COLUMNS = {
    "team": "id name parent_id opened_at open_key",
    "person": "id name email created_at left_at name_key",
    "credential": "person_id password_hash session_key set_at",
    "membership": "id person_id team_id since until",
    "role_grant": "id person_id role team_id since until",
    "enrolment": "id person_id kind opened_at",
    "page_read": "id enrolment_id ref version read_at",
    "page_answer": "id enrolment_id ref question_id version point chosen correct answered_at",
    "attempt": "id enrolment_id kind ref number seed opened_at",
    "attempt_item": "id attempt_id position question_id version point again",
    "answer": "item_id given correct sureness answered_at",
    "attempt_outcome": "attempt_id finished_at passed points_right points_asked pass_mark",
    "scenario_run": "id enrolment_id ref version number opened_at",
    "decision": "id run_id step scene_id choice_id decided_at",
    "run_outcome": "run_id ending outcome finished_at",
    "completion": "id enrolment_id completed_at content_version edition",
    "certificate": "id completion_id person_id number name course organisation edition content_version completed_on"
    " valid_until issued_at pathway minutes sections kind",
    "refresher_part": "id enrolment_id position kind ref version before why",
}
# An answered question of an attempt: question, version, point, given (JSON), correct, confidence.
Asked = tuple[str, str, str, str, bool, str | None]


def learner_address(number: int) -> str:
    """The e-mail address of a learner, counted from 0."""
    return f"learner{number}@example.org"


def make_organisation(app: Flask, people: int, seed: int = 1) -> None:
    """Fill the empty database of `app` with `people` learners and one administrator, as of today. The same seed gives the
    same organisation."""
    state = app.extensions["course"]
    schema_upgrade.upgrade(state.engine)
    at = now()
    with app.app_context():
        hashed = hash_password(PASSWORD)
        with unit_of_work() as session:
            archive(session, state.library, at)
            create_organisation(session, NAME, "england", at - timedelta(days=900))
            keeper = add_person(make_context(session, None, at - timedelta(days=900)), "Alex Morgan", ADMINISTRATOR, None,
                                "administrator")  # fmt: skip
            assert isinstance(keeper, Person), keeper
            add_credential(session, keeper.id, hashed, "keeper", at)
            first = int(session.execute(select(func.max(Person.id))).scalar_one()) + 1
    maker = _Maker(state.library.for_("school", "england"), random.Random(seed), at, hashed, first)
    with bulk_writer(state.engine, COLUMNS) as write:
        write(maker.teams(people))
        for start in range(0, people, CHUNK):
            write(maker.people(range(start, min(start + CHUNK, people))))
    finish(state.engine, COLUMNS)


def stage_of(number: int) -> str:
    """What a learner has done: a name of STAGES. They are mixed evenly, so that a few learners in turn are of all stages."""
    place = number * 37 % 100
    for stage, share in STAGES.items():
        if place < share:
            return stage
        place -= share
    raise AssertionError("the stages are a hundred")


@dataclass(frozen=True)
class _AttemptWay:
    """One way to take a set of questions: kind, what it is about, its attempts, each with the points that were right."""

    kind: str
    ref: str
    attempts: tuple[tuple[tuple[Asked, ...], int, int], ...]


@dataclass(frozen=True)
class _RunWay:
    ref: str
    version: str
    decisions: tuple[tuple[str, str], ...]
    ending: tuple[str, str] | None


@dataclass(frozen=True)
class _PageWay:
    """A page with one answer to its question, if it has one: question, version, point, chosen, correct."""

    ref: str
    version: str
    answer: tuple[str, str, str, int, bool] | None


_Way = _AttemptWay | _RunWay | _PageWay


class _Maker:
    """Makes the rows of everybody. A step is a list of ways, of which a person takes one."""

    def __init__(self, library: Library, chance: random.Random, at: datetime, hashed: str, first: int) -> None:
        self.library, self.random, self.now, self.hashed, self.first = library, chance, at, hashed, first
        # The administrator has the first rows.
        self.next: defaultdict[str, Iterator[int]] = defaultdict(lambda: itertools.count(100))
        self.next["team"] = itertools.count(1)
        self.steps = [step for module in library.modules.values() for step in self._module(module)]
        bank = tuple(library.questions.values())
        critical = [p for p in library.taught_points if library.points[p].safety_critical]
        final = [(p, 2 if p in critical else 1) for p in library.taught_points]
        others = [p for p in library.taught_points if p not in critical]
        self.final = [self._answers("final", "course", final, bank) for _ in range(WAYS)]
        self.refreshers = [
            self._answers(
                "refresher", "course", [(p, 2) for p in critical] + [(p, 1) for p in chance.sample(others, 12)], bank
            )
            for _ in range(WAYS)
        ]
        self.stories = [one for step in self.steps for one in step if isinstance(one, _RunWay)]
        self.rows: Rows = {}

    def _module(self, module: Module) -> Iterator[list[_Way]]:
        for step in module.steps:
            ref = f"{module.id}/{step.id}"
            if step.kind == "page":
                page = module.pages[step.id]
                answer = next(iter(page.questions), None)
                yield [_PageWay(ref, page.version, self._page_answer(answer) if answer else None) for _ in range(WAYS)]
            elif step.kind == "scenario":
                yield [self._run(ref, module.scenarios[step.id]) for _ in range(WAYS)]
            else:
                timeline = module.timelines[step.id]
                drawn = [DrawnQuestion(timeline.id, timeline.points[0])]
                yield [_AttemptWay("timeline", ref, (self._asked(drawn, 0.9, sure=False),)) for _ in range(WAYS)]
        counts = self.library.check_counts(module.points)
        yield [self._answers("check", module.id, counts, module.questions) for _ in range(WAYS)]

    def _page_answer(self, question: Question) -> tuple[str, str, str, int, bool]:
        chosen = self.random.randrange(len(question.options))
        return question.id, question.version, question.points[0], chosen, question.options[chosen].correct

    def _run(self, ref: str, scenario: Scenario) -> _RunWay:
        skill, taken = self.random.choice(SKILLS), list[tuple[str, str]]()
        while not (state := run_state(scenario, taken)).is_finished and len(taken) < 40 and state.scene is not None:
            best = state.scene.best
            others = [choice for choice in state.open_choices if choice is not best]
            takes_best = state.ending is not None or not others or self.random.random() < skill
            taken.append((state.scene.id, (best if takes_best else self.random.choice(others)).id))
        end = state.ending if state.is_finished else None
        return _RunWay(ref, scenario.version, tuple(taken), (end.id, str(end.end)) if end else None)

    def _answers(self, kind: str, ref: str, counts: list[tuple[str, int]], bank: Sequence[Question]) -> _AttemptWay:
        """A first attempt and, if points were missed, a second one on these that is right."""
        drawn = draw_questions(counts, bank, QuestionHistory({}), self.random.randrange(2**31))
        first = self._asked(drawn, self.random.choice(SKILLS))
        missed = {asked[2] for asked in first[0] if not asked[4]}
        if not missed or kind == "refresher":
            return _AttemptWay(kind, ref, (first,))
        history = QuestionHistory({asked.question_id: 1 for asked in drawn})
        again = draw_questions([(point, 1) for point in missed], bank, history, self.random.randrange(2**31))
        return _AttemptWay(kind, ref, (first, self._asked(again, 1.0)))

    def _asked(
        self, drawn: Sequence[DrawnQuestion], skill: float, sure: bool = True
    ) -> tuple[tuple[Asked, ...], int, int]:
        items, right = list[Asked](), dict[str, bool]()
        for one in drawn:
            question = self.library.answerable[one.question_id]
            given, confidence = simulate_answer(question, skill, self.random)
            correct = grade(question, given).correct
            right[one.point] = right.get(one.point, True) and correct
            items.append(
                (question.id, question.version, one.point, json.dumps(given), correct, confidence if sure else None)
            )
        return tuple(items), sum(right.values()), len(right)

    # Rows.

    def _put(self, table: str, *values: Any) -> int:
        """Add a row whose first column is a number of its own; the number."""
        key = next(self.next[table])
        self.rows[table].append((key, *values))
        return key

    def teams(self, people: int) -> Rows:
        """A tree of teams of about TEAM_SIZE, five below each."""
        self.rows = {table: [] for table in COLUMNS}
        self.team_count = max(1, people // TEAM_SIZE)
        for number in range(1, self.team_count + 1):
            parent = None if number == 1 else (number + 3) // 5
            name = f"Team {number}"
            key = f"{parent or 0}/{comparison_key(name)}"
            self._put("team", name, parent, _moment(self.now - timedelta(days=900)), key)
        return self.rows

    def people(self, numbers: range) -> Rows:
        """The rows of some people. The first of each team manages it."""
        self.rows = {table: [] for table in COLUMNS}
        for number in numbers:
            self._person(number)
        return self.rows

    def _person(self, number: int) -> None:
        chance, person, stage = self.random, self.first + number, stage_of(number)
        done_on = self.now.date() - timedelta(days=_days_since(stage, chance))
        begun = done_on - timedelta(days=chance.randrange(10, 45))
        created = _at(begun - timedelta(days=chance.randrange(1, 20)), 9)
        name = f"{chance.choice(FIRST_NAMES)} {chance.choice(LAST_NAMES)}"
        left = _moment(self.now - timedelta(days=chance.randrange(1, 300))) if number % 13 == 12 else None
        self.rows["person"].append((person, name, learner_address(number), created, left, name_key(name)))
        self.rows["credential"].append((person, self.hashed, f"key{person}", created))
        team = number % self.team_count + 1
        self._put("membership", person, team, created, None)
        if number < self.team_count:
            self._put("role_grant", person, "manager", team, created, None)
        enrolment = self._put("enrolment", person, "initial", created)
        if stage == "new":
            return
        if stage == "under way":
            done = chance.randrange(1, len(self.steps))
            self._walk(enrolment, self.steps[:done], begun, done_on)
            return
        self._walk(enrolment, self.steps, begun, done_on)
        self._attempts(enrolment, chance.choice(self.final), done_on)
        self._complete(person, name, enrolment, "initial", done_on)
        if stage == "in refresher":
            self._refresher(person, self.now.date() - timedelta(days=chance.randrange(1, 8)), whole=False)
        elif stage == "renewed":
            renewed_on = done_on + timedelta(days=chance.randrange(310, 360))
            self._complete(person, name, self._refresher(person, renewed_on, whole=True), "refresher", renewed_on)

    def _walk(self, enrolment: int, steps: Sequence[Sequence[_Way]], begun: date, ended: date) -> None:
        days = max(1, (ended - begun).days)
        for place, step in enumerate(steps):
            way, day = self.random.choice(step), begun + timedelta(days=place * days // len(steps))
            if isinstance(way, _PageWay):
                at = _at(day, 10)
                self._put("page_read", enrolment, way.ref, way.version, at)
                if way.answer:
                    self._put("page_answer", enrolment, way.ref, *way.answer, at)
            elif isinstance(way, _RunWay):
                self._story(enrolment, way, day)
            else:
                self._attempts(enrolment, way, day)

    def _story(self, enrolment: int, way: _RunWay, day: date) -> None:
        at = _at(day, 11)
        run = self._put("scenario_run", enrolment, way.ref, way.version, 1, at)
        for step, (scene, choice) in enumerate(way.decisions, 1):
            self._put("decision", run, step, scene, choice, at)
        if way.ending:
            self.rows["run_outcome"].append((run, *way.ending, at))

    def _attempts(self, enrolment: int, way: _AttemptWay, day: date, answered: int | None = None) -> None:
        """Attempts with their answers; with `answered` only so many answers, and no outcome."""
        items, answers = self.rows["attempt_item"], self.rows["answer"]
        for number, (questions, right, asked) in enumerate(way.attempts, 1):
            at = _at(day, 11 + number)
            attempt = self._put("attempt", enrolment, way.kind, way.ref, number, 1, at)
            ids = self.next["attempt_item"]
            for position, (question, version, point, given, correct, sureness) in enumerate(questions, 1):
                item = next(ids)
                items.append((item, attempt, position, question, version, point, False))
                if answered is None or position <= answered:
                    answers.append((item, given, correct, sureness, at))
            if answered is None:
                passed = right == asked or way.kind in ("timeline", "refresher")
                mark = self.library.course.pass_mark
                self.rows["attempt_outcome"].append((attempt, at, passed, right, asked, mark))

    def _refresher(self, person: int, day: date, *, whole: bool) -> int:
        way, story = self.random.choice(self.refreshers), self.random.choice(self.stories)
        enrolment = self._put("enrolment", person, "refresher", _at(day, 9))
        self._put("refresher_part", enrolment, 1, "scenario", story.ref, None, None, None)
        points = dict.fromkeys(asked[2] for asked in way.attempts[0][0])
        for position, point in enumerate(points, 2):
            why = "critical" if self.library.points[point].safety_critical else "forgotten"
            self._put("refresher_part", enrolment, position, "point", point, None, None, why)
        if whole:
            self._story(enrolment, story, day)
        self._attempts(enrolment, way, day, None if whole else self.random.randrange(len(way.attempts[0][0])))
        return enrolment

    def _complete(self, person: int, name: str, enrolment: int, kind: str, day: date) -> None:
        course, version = self.library.course, self.library.version
        at = _at(day, 16)
        completion = self._put("completion", enrolment, at, version, course.edition)
        number = f"BNCH-{completion // 10000:04}-{completion % 10000:04}"
        self._put(
            "certificate", completion, person, number, name, course.title, NAME, course.edition, version, day.isoformat(),
            valid_until(day, course.valid_months).isoformat(), at, "school", self.library.minutes,
            "\n".join(map(str, self.library.module_titles)), kind,
        )  # fmt: skip


def _days_since(stage: str, chance: random.Random) -> int:
    """How many days ago the course was completed, or worked on for the last time."""
    low, high = {
        "new": (1, 60), "under way": (0, 40), "valid": (5, 290), "due soon": (310, 362), "in refresher": (315, 360),
        "lapsed": (370, 500), "renewed": (400, 660),
    }[stage]  # fmt: skip
    return chance.randrange(low, high)


def _at(day: date, hour: int) -> str:
    return _moment(datetime.combine(day, time(hour), UTC))


def _moment(at: datetime) -> str:
    """A moment as SQLite's column holds it; PostgreSQL, whose connection is in UTC here, reads it as well."""
    return at.strftime("%Y-%m-%d %H:%M:%S.%f")
