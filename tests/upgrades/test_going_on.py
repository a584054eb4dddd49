"""What people had half done in the release before this one goes on after the upgrade, on both engines."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from flask import Flask
from sqlalchemy import select

from app import create_app
from course import schema_upgrade
from course.certificates.models import Certificate
from course.content.queries import part_in_version
from course.content.schema import Question, Scenario
from course.db import make_engine
from course.learning import queries
from course.learning.rules.grading import option_order
from course.people.models import Person
from course.signed_links import BoosterLink, sign_link
from course.web.unit_of_work import read_only_session
from tests.conftest import make_config, new_database
from tests.pages import Client, Page
from tests.upgrades.make_release_files import COMMITS
from tests.upgrades.on_postgresql import copy_release
from tests.upgrades.test_releases import unpacked
from tests.walking import Learner, right_form

NEWEST = max(COMMITS)


@dataclass(frozen=True)
class Opened:
    """The database of the newest release under today's code."""

    app: Flask
    password: str

    def learner(self, key: str) -> Learner:
        """Somebody who has signed in with the password of that time."""
        client = Client(self.app)
        client.post("/sign-in", {"email": f"{key}@example.org", "password": self.password})
        with self.app.app_context(), read_only_session() as session:
            person = session.execute(select(Person.id).where(Person.email == f"{key}@example.org")).scalar_one()
        return Learner(self.app, client, person)

    def attempt(self, learner: Learner, kind: str) -> queries.AttemptView:
        """Their newest attempt of a kind."""
        with self.app.app_context(), read_only_session() as session:
            return queries.attempts(session, learner.person_id, kind)[-1]

    def form(self, attempt: queries.AttemptView, position: int) -> dict[str, list[str]]:
        """The right answer to a question as it was asked at that time."""
        item = attempt.items[position - 1]
        with self.app.app_context(), read_only_session() as session:
            question = part_in_version(
                session, self.app.extensions["course"].library, Question, item.question_id, item.version
            )
        assert question is not None
        return right_form(question, option_order(question, attempt.seed, position))


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def opened(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Opened]:
    path = tmp_path_factory.mktemp("opened") / "course.db"
    said, url = unpacked(NEWEST, path), f"sqlite:///{path}"
    if request.param == "postgresql":
        url = new_database(request.getfixturevalue("postgres_url"), "opened")
        source = make_engine(url)
        copy_release(path, source)
        source.dispose()
    app = create_app(make_config(url, SECRET_KEY=said["secret_key"]))
    app.config["LOG_REQUESTS"] = False
    engine = app.extensions["course"].engine
    schema_upgrade.upgrade(engine)
    schema_upgrade.check_database(engine)
    yield Opened(app, said["password"])
    engine.dispose()


def test_a_story_after_two_decisions_is_told_to_its_end_as_it_was_then(opened: Opened) -> None:
    learner = opened.learner("eve")
    with opened.app.app_context(), read_only_session() as session:
        run = queries.runs(session, learner.person_id)[-1]
        scenario = part_in_version(session, opened.app.extensions["course"].library, Scenario, run.ref, run.version)
    assert scenario is not None
    assert (len(run.decisions), run.finished_at) == (2, None)
    for step in range(3, 30):
        page = learner.client.flask_page(f"/run/{run.id}")
        if page.status != 200:
            assert page.location.endswith("/debrief")
            break
        offered = choices(page)
        scene = next(one for one in scenario.scenes if {choice.id for choice in one.choices} >= set(offered))
        best = scene.best.id if scene.best.id in offered else offered[0]
        learner.client.post(f"/run/{run.id}", {"step": str(step), "choice": best})
    with opened.app.app_context(), read_only_session() as session:
        after = queries.run(session, learner.person_id, run.id)
    assert after is not None
    assert after.decisions[:2] == run.decisions
    assert after.outcome is not None


def choices(page: Page) -> list[str]:
    """The choices that a scene offers."""
    return [button.get("value", "") for button in page.all("button") if button.get("name") == "choice"]


def test_a_check_after_three_answers_asks_the_rest_and_counts_those_given(opened: Opened) -> None:
    learner = opened.learner("eve")
    attempt = opened.attempt(learner, "check")
    assert [item.correct for item in attempt.items[:4]] == [True, False, True, None]
    assert attempt.next is not None
    assert attempt.next.position == 4
    # A point that was missed is asked once more, so that the end is known only when it is there.
    for _ in range(40):
        attempt = opened.attempt(learner, "check")
        if attempt.next is None:
            break
        position = attempt.next.position
        assert learner.client.get(f"/attempt/{attempt.id}/{position}").h1
        learner.client.post(f"/attempt/{attempt.id}/{position}", {**opened.form(attempt, position), "sure": "sure"})
    assert [item.correct for item in attempt.items[:4]] == [True, False, True, True]
    assert attempt.passed is not None
    assert learner.client.get(f"/attempt/{attempt.id}").status == 200


def test_a_finished_module_stays_finished_and_the_next_one_is_begun(opened: Opened) -> None:
    learner = opened.learner("dil")
    first, second = list(learner.library.modules.values())[:2]
    attempt = opened.attempt(learner, "check")
    assert (attempt.ref, attempt.passed) == (first.id, True)
    assert f"/attempt/{attempt.id}" in learner.client.get("/record").html
    assert learner.client.get(f"/attempt/{attempt.id}").status == 200
    assert f"/module/{second.id}" in learner.client.get("/").html
    learner.read(second)
    assert learner.check(second).status == 200
    assert opened.attempt(learner, "check").ref == second.id


def test_a_booster_after_two_answers_goes_on_by_its_link_to_its_end(opened: Opened) -> None:
    learner = opened.learner("admin")
    attempt = opened.attempt(learner, "booster")
    assert attempt.answered == 2
    link, client = sign_link(BoosterLink(attempt.id), opened.app.config["SECRET_KEY"]), Client(opened.app)
    for position in range(3, len(attempt.items) + 1):
        assert client.get(f"/booster/{link}", 303).location.endswith(f"/{position}")
        client.post(f"/booster/{link}/{position}", {**opened.form(attempt, position), "sure": "fairly"})
    assert client.get(f"/booster/{link}").h1
    assert opened.attempt(learner, "booster").next is None


def test_a_certificate_is_verified_and_its_holder_finds_it(opened: Opened) -> None:
    learner = opened.learner("admin")
    with opened.app.app_context(), read_only_session() as session:
        of_person = select(Certificate.number).where(Certificate.person_id == learner.person_id)
        number = session.execute(of_person).scalar_one()
    assert number in learner.client.get("/certificate").text
    assert "This certificate is valid" in Client(opened.app).get(f"/verify/{number}").text


def test_the_log_holds_with_what_was_added_to_it(opened: Opened) -> None:
    done = opened.app.test_cli_runner().invoke(args=["audit", "verify"])
    assert done.exit_code == 0, done.output
