"""Several requests at the same moment, on a database that really commits, on both engines."""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask
from sqlalchemy import func, select

from course.learning.models import Answer, Attempt, AttemptItem, AttemptOutcome, Decision, ScenarioRun
from course.web.unit_of_work import unit_of_work
from tests.makers import make_person, sign_in
from tests.pages import Client
from tests.support.racing import at_once
from tests.walking import Learner, always


def learners(app: Flask, windows: int) -> list[Learner]:
    """One person, signed in in several windows."""
    with app.app_context(), unit_of_work() as session:
        person = make_person(session)
    return [Learner(app, sign_in(Client(app), person), person.id) for _ in range(windows)]


def post(learner: Learner, path: str, data: dict[str, object]) -> Callable[[], int]:
    token = learner.client.token()
    return lambda: learner.client.flask.post(path, data={"csrf_token": token, **data}).status_code


def count(app: Flask, model: type) -> int:
    with app.app_context(), unit_of_work() as session:
        return session.execute(select(func.count()).select_from(model)).scalar_one()


def test_a_check_that_is_started_six_times_at_once_is_one_attempt(committed: Flask) -> None:
    found = at_once([post(one, "/module/secret-contact/check", {}) for one in learners(committed, 6)])
    assert found == [303] * 6
    assert count(committed, Attempt) == 1
    assert count(committed, AttemptItem) == 8


def test_an_answer_that_is_sent_six_times_at_once_counts_once(committed: Flask) -> None:
    windows = learners(committed, 6)
    attempt = int(windows[0].client.post("/module/secret-contact/check", {}).location.split("/")[2])
    form: dict[str, object] = {**windows[0].form(attempt, 1, always), "sure": "sure"}
    assert at_once([post(one, f"/attempt/{attempt}/1", form) for one in windows]) == [303] * 6
    assert count(committed, Answer) == 1


def test_the_last_answers_sent_at_once_end_the_attempt_once(committed: Flask) -> None:
    windows = learners(committed, 8)
    attempt = int(windows[0].client.post("/module/secret-contact/check", {}).location.split("/")[2])
    sent = [
        post(one, f"/attempt/{attempt}/{n}", {**one.form(attempt, n, always), "sure": "sure"})
        for n, one in enumerate(windows, 1)
    ]
    assert at_once(sent) == [303] * 8
    assert count(committed, Answer) == 8
    assert count(committed, AttemptOutcome) == 1


def test_a_decision_that_is_sent_six_times_at_once_is_taken_once(committed: Flask) -> None:
    windows = learners(committed, 6)
    starts = [post(one, "/module/secret-contact/second-phone", {}) for one in windows]
    assert at_once(starts) == [303] * 6
    assert count(committed, ScenarioRun) == 1
    run = windows[0].client.post("/module/secret-contact/second-phone", {}).location
    decisions = [post(one, run, {"step": "1", "choice": "sit-down"}) for one in windows]
    assert at_once(decisions) == [303] * 6
    assert count(committed, Decision) == 1


def reflection(learner: Learner) -> tuple[str, str]:
    """The address of a page that asks for a private note, and the name of its field."""
    library = learner.app.extensions["course"].library
    for module in library.modules.values():
        for page in module.pages.values():
            for block in page.blocks:
                if block.kind == "reflect":
                    return f"/module/{module.id}/{page.id}", str(block.id)
    raise AssertionError("no page asks for a note")


def test_different_notes_that_are_saved_in_six_windows_at_once_are_all_saved(committed: Flask) -> None:
    windows = learners(committed, 6)
    path, block = reflection(windows[0])
    texts = [f"What I thought in window {number}." for number in range(6)]
    sent = [
        post(one, path, {f"note-{block}": text, f"was-{block}": "", "stay": block})
        for one, text in zip(windows, texts, strict=True)
    ]
    assert at_once(sent) == [303] * 6
    note = windows[0].client.get(path).fields()[f"was-{block}"]
    assert sorted(note.split("\n\n")) == texts


def test_a_note_that_is_saved_six_times_at_once_is_one_note(committed: Flask) -> None:
    windows = learners(committed, 6)
    path, block = reflection(windows[0])
    form: dict[str, object] = {f"note-{block}": "Once.", f"was-{block}": "", "then": "next"}
    assert at_once([post(one, path, form) for one in windows]) == [303] * 6
    assert windows[0].client.get(path).fields()[f"was-{block}"] == "Once."
