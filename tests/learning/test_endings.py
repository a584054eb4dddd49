"""A story ends as the path through it has earned, for as long as its debrief can be read."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from course.content.actions import archive
from course.content.library import Library, load_library
from course.learning.models import RunOutcome
from course.learning.rules.branching import run_state
from course.learning.rules.debrief import debrief_rows
from course.people.models import Person
from tests.conftest import NOW
from tests.content.test_validation import SAMPLE, spoil
from tests.makers import make_person, sign_in
from tests.pages import Client, Page

pytestmark = pytest.mark.both_engines

WINDY = "kites/scenarios/a-windy-day.yaml"
HOLD = ("hold",) * 6
DROP = ("hold", "drop", "hold", "hold", "hold", "hold", "hold")  # the last one repairs the drop
BACK = ("hold", "hold", "back", *HOLD)
SEVERAL = """  - id: home
    endings:
      - {id: high, end: good, when: {done: [s1/hold]}, title: High, text: It flew high., debrief: Well held.}
      - {id: low, end: mixed, title: Low, text: It flew low., debrief: Hold first.}
"""
SINGLE = "  - {id: home, end: good, title: Home, text: You are home., debrief: Well held.}\n"


@pytest.fixture
def modules(app: Flask, session: Session, tmp_path: Path) -> Iterator[Path]:
    """The application with the sample course, and the folder of it."""
    state = app.extensions["course"]
    folder = Path(shutil.copytree(SAMPLE, tmp_path / "modules"))
    teach(app, session, folder)
    yield folder
    app.extensions["course"] = state


def teach(app: Flask, session: Session, folder: Path) -> Library:
    """Read the folder again and archive it, as at a start of the course."""
    library = load_library(folder)
    app.extensions["course"] = replace(app.extensions["course"], library=library)
    archive(session, library, NOW)
    session.commit()
    return library


@pytest.fixture
def person(session: Session, client: Client, modules: Path) -> Person:
    assert modules.is_dir()
    person = make_person(session)
    sign_in(client, person)
    return person


def play(client: Client, choices: tuple[str, ...], story: str = "a-calm-day") -> tuple[str, Page]:
    """Go through the story; returns the address of the run and its debrief."""
    run = client.post(f"/module/kites/{story}", {}).location
    for step, choice in enumerate(choices, 1):
        client.post(run, {"step": str(step), "choice": choice})
    return run, client.get(f"{run}/debrief")


PLAYED = [
    # choices, heading, what is read, what is not, the ending that is kept, its outcome
    (HOLD, "Home with the kite", ["You never went back.", "A good outcome"], ["You looked as well.", "What turned it"],
     "home/steady", "good"),
    (("look", *HOLD[1:]), "Home with the kite", ["You never went back.", "You looked as well."], [], "home/steady", "good"),
    (BACK, "Home with the kite", ["Well held."], ["You never went back."], "home/steady", "good"),
    (DROP, "Home with a torn kite", ["What turned it", "The kite was let go near the trees."],
     ["You never went back."], "home/dropped", "mixed"),
    (("look", "hold", "hold", "look", "look", "late"), "Dark", ["It is dark."], [], "dark", "mixed"),
    (("look", "hold", "back", "look", "hold", "hold", "look", "look", "hold"), "Home early", ["Hold on more often."],
     ["You looked as well."], "home/low", "mixed"),
]  # fmt: skip


@pytest.mark.parametrize(("choices", "title", "read", "unread", "ending", "outcome"), PLAYED)
def test_the_debrief_shows_the_ending_and_the_passages_that_the_path_has_earned(
    client: Client,
    session: Session,
    person: Person,
    choices: tuple[str, ...],
    title: str,
    read: list[str],
    unread: list[str],
    ending: str,
    outcome: str,
) -> None:
    assert person.id
    run, debrief = play(client, choices)
    assert debrief.h1 == title
    assert [text for text in read if text not in debrief.text] == []
    assert not any(text in debrief.text for text in unread)
    kept = session.execute(select(RunOutcome).where(RunOutcome.run_id == int(run.rsplit("/", 1)[1]))).scalar_one()
    assert (kept.ending, kept.outcome) == (ending, outcome)


def test_a_repair_does_not_earn_another_ending(client: Client, person: Person) -> None:
    assert person.id
    run, again = play(client, DROP[:-1])
    ending = client.get(f"{run}/ending")
    assert ending.h1 == "Home with a torn kite"
    assert "One decision to try again" in ending.text
    assert "Home with a torn kite" not in again.text
    client.post(run, {"step": again.fields()["step"], "choice": DROP[-1]})
    assert client.get(f"{run}/debrief").h1 == "Home with a torn kite"


def test_a_finished_run_keeps_its_ending_when_the_story_gets_several_and_loses_them_again(
    app: Flask, client: Client, session: Session, person: Person, modules: Path
) -> None:
    assert person.id
    single, debrief = play(client, HOLD, "a-windy-day")
    assert debrief.h1 == "Home"
    spoil(modules, WINDY, SINGLE, SEVERAL)
    teach(app, session, modules)
    assert client.get(f"{single}/debrief").h1 == "Home"
    several, debrief = play(client, ("look", *HOLD[1:]), "a-windy-day")
    assert debrief.h1 == "Low"
    spoil(modules, WINDY, SEVERAL, SINGLE)
    teach(app, session, modules)
    assert client.get(f"{several}/debrief").h1 == "Low"
    assert client.get(f"{single}/debrief").h1 == "Home"
    kept = session.execute(select(RunOutcome.ending, RunOutcome.outcome).order_by(RunOutcome.run_id))
    assert [tuple(row) for row in kept] == [("home", "good"), ("home/low", "mixed")]


def test_of_two_good_ways_each_is_a_recommended_one(tmp_path: Path) -> None:
    modules = Path(shutil.copytree(SAMPLE, tmp_path / "modules"))
    spoil(modules, WINDY, "      - {id: tree,", "      - {id: sit, text: Sit, quality: best, consequence: C., reason: R., "
          "to: s4}\n      - {id: tree,")  # fmt: skip
    scenario = load_library(modules).modules["kites"].scenarios["a-windy-day"]
    for choice in ("hold", "sit"):
        rows = debrief_rows(run_state(scenario, [("s1", "hold"), ("s2", "hold"), ("s3", choice)]), scenario)
        assert rows[2].is_recommended
    worse = debrief_rows(run_state(scenario, [("s1", "hold"), ("s2", "hold"), ("s3", "tree")]), scenario)[2]
    assert (worse.is_recommended, worse.best.id) == (False, "hold")
    assert [scene.id for scene in scenario.recommended] == ["s1", "s2", "s3", "s4", "s5", "s6", "home"]
