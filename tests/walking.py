"""A learner who goes through the course page by page, answering as the test says."""

from __future__ import annotations

import re
from collections.abc import Callable

from flask import Flask
from sqlalchemy.orm import Session

from course.content.library import Library
from course.content.schema import Module, Question
from course.learning import queries
from course.learning.rules.branching import run_state
from course.learning.rules.grading import GivenAnswer, option_order
from tests.pages import Client, Page

Right = Callable[[Question], bool]


def always(_question: Question) -> bool:
    return True


def never(_question: Question) -> bool:
    return False


def right_form(question: Question, order: tuple[int, ...]) -> dict[str, list[str]]:
    """What a form sends that answers the question rightly."""
    places = range(1, len(order) + 1)
    if question.form == "order":
        return {f"place-{p}": [str(order[p - 1] + 1)] for p in places}
    if question.form == "sort":
        return {
            f"group-{p}": [str(question.groups.index(str(question.options[order[p - 1]].group)) + 1)] for p in places
        }
    if question.has_parts:
        return _parts_form(question, order, correct=True)
    return {"answer": [str(p) for p in places if question.options[order[p - 1]].correct]}


def wrong_form(question: Question, order: tuple[int, ...]) -> dict[str, list[str]]:
    """What a form sends that answers it wrongly, in a way that can be read."""
    places = range(1, len(order) + 1)
    if question.form == "order":
        return {f"place-{p}": [str(len(order) - order[p - 1])] for p in places}
    if question.form == "sort":
        groups = {g: i for i, g in enumerate(question.groups, 1)}
        return {
            f"group-{p}": [str(groups[str(question.options[order[p - 1]].group)] % len(groups) + 1)] for p in places
        }
    if question.has_parts:
        return _parts_form(question, order, correct=False)
    wrong = [str(p) for p in places if not question.options[order[p - 1]].correct]
    return {"answer": wrong[:1]}


def form_of(question: Question, order: tuple[int, ...], given: GivenAnswer) -> dict[str, list[str]]:
    """What a form sends for an answer as it is stored."""
    if question.form == "sort":
        return {
            f"group-{place}": [str(question.groups.index(str(given[index])) + 1)]
            for place, index in enumerate(order, 1)
        }
    shown = [str(order.index(int(index)) + 1) for index in given]
    if question.form == "order":
        return {f"place-{place}": [str(number)] for number, place in enumerate(shown, 1)}
    if question.has_parts:
        return {f"part-{number}": [place] for number, place in enumerate(shown, 1)}
    return {"answer": shown}


def _parts_form(question: Question, order: tuple[int, ...], *, correct: bool) -> dict[str, list[str]]:
    """What a form sends that takes an option of each part that is right, or one that is not."""
    return {
        f"part-{number}": [
            next(
                str(place)
                for place, index in enumerate(order, 1)
                if question.options[index].group == part and question.options[index].correct == correct
            )
        ]
        for number, part in enumerate(question.groups, 1)
    }


class Learner:
    """One person on their way through the course."""

    def __init__(self, app: Flask, client: Client, person_id: int) -> None:
        self.app, self.client, self.person_id = app, client, person_id
        self.library: Library = app.extensions["course"].library.for_("school", "england")

    def session(self) -> Session:
        found = self.app.extensions["course.sessions"].writing()
        assert isinstance(found, Session)
        return found

    def read(self, module: Module) -> None:
        """Every page of a module, by its button."""
        for step in module.steps:
            if step.kind == "page":
                self.client.post(f"/module/{module.id}/{step.id}", {"then": "next"})

    def form(self, attempt_id: int, position: int, right: Right) -> dict[str, list[str]]:
        with self.session() as session:
            attempt = queries.attempt(session, self.person_id, attempt_id)
        assert attempt is not None
        item = attempt.items[position - 1]
        question = self.library.answerable[item.question_id]
        order = option_order(question, attempt.seed, position)
        return (right_form if right(question) else wrong_form)(question, order)

    def answer_all(self, page: Page, right: Right = always, sure: str = "sure") -> Page:
        """Answer an attempt from where it stands to its end; returns the page with the result."""
        page.location = re.sub(r"^(/attempt/\d+)/\d+$", r"\1", page.location)
        for _ in range(80):
            found = re.fullmatch(r"/attempt/(\d+)(?:/(\d+))?", page.location)
            assert found, page.location
            page = self.client.flask_page(page.location)
            if page.status == 200:
                return page
            attempt_id, position = (int(part) for part in re.findall(r"\d+", page.location))
            if self.client.flask_page(page.location).status != 200:
                continue
            form = self.form(attempt_id, position, right)
            self.client.post(f"/attempt/{attempt_id}/{position}", {**form, "sure": sure})
            page.location = f"/attempt/{attempt_id}"
        raise AssertionError("the attempt does not end")

    def check(self, module: Module, right: Right = always, sure: str = "sure") -> Page:
        return self.answer_all(self.client.post(f"/module/{module.id}/check", {}), right, sure)

    def final(self, right: Right = always) -> Page:
        return self.answer_all(self.client.post("/assessment", {}), right)

    def timeline(self, module: Module) -> None:
        for timeline in module.timelines.values():
            page = self.client.post(f"/module/{module.id}/{timeline.id}", {})
            attempt_id = int(page.location.rsplit("/", 1)[1])
            self.client.post(f"/attempt/{attempt_id}/1", self.form(attempt_id, 1, always))

    def scenario(self, module: Module, scenario_id: str, choose: str = "best") -> str:
        """Walk through a scenario, always taking the choice of that quality where there is one; returns the run's address."""
        scenario = module.scenarios[scenario_id]
        run = self.client.post(f"/module/{module.id}/{scenario_id}", {}).location
        decisions: list[tuple[str, str]] = []
        for step in range(1, 40):
            state = run_state(scenario, decisions)
            if state.ending is not None or state.scene is None:
                return run
            choice = next((c for c in state.open_choices if c.quality == choose), state.scene.best)
            self.client.post(run, {"step": str(step), "choice": choice.id})
            decisions.append((state.scene.id, choice.id))
        raise AssertionError("the scenario does not end")

    def module(self, module: Module) -> None:
        """Everything in a module, rightly."""
        self.read(module)
        for scenario in module.scenarios:
            self.scenario(module, scenario)
        self.timeline(module)
        self.check(module)

    def modules(self) -> None:
        for module in self.library.modules.values():
            self.module(module)
