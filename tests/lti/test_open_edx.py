"""The course in a platform that others wrote: the LTI consumer of Open edX, registered by hand, over loopback."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import select

from course.clock import now
from course.context import make_context
from course.learning.actions import record_page_read
from course.lti.models import LtiAccount
from course.lti_services.jobs import find_changes, send_grades
from course.people.models import Person
from course.web.app_state import app_state
from course.web.unit_of_work import read_only_session, unit_of_work
from tests.conftest import make_app
from tests.lti.open_edx.running import OpenEdx, SmallBrowser, open_edx
from tests.makers import make_organisation, make_person, make_team, sign_in
from tests.pages import Client
from tests.support.serving import served


@contextmanager
def _at_its_address(folder: Path, archived_file: Path) -> Iterator[Flask]:
    """The course, served at the address that it believes to have."""
    made: list[Flask] = []

    def front(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        return made[0](environ, start)

    with served(front) as address:
        made.append(make_app(f"sqlite:///{shutil.copy(archived_file, folder / 'course.db')}", PUBLIC_URL=address))
        yield made[0]


def test_open_edx_launches_the_course_takes_a_chosen_module_gives_a_token_and_gets_grade_and_names(
    tmp_path: Path, archived_file: Path
) -> None:
    with (
        _at_its_address(tmp_path, archived_file) as app,
        open_edx(app.extensions["course"].config.public_url) as platform,
    ):
        address = app.extensions["course"].config.public_url
        boss = _register_by_hand(app, platform)
        teacher, learner = SmallBrowser(), SmallBrowser()
        # A teacher chooses a module; the platform checks the answer with the key that the course publishes.
        choice = teacher.open(platform.begin(2, "LtiDeepLinkingRequest"))
        choice = teacher.send(choice)
        assert "Choose what the link opens" in choice.words
        saved = teacher.send(teacher.send(choice, course_open="module:responding"))
        assert saved.response.status_code == 200, saved.words
        [content] = platform.known()["content"]
        assert content["custom"] == {"course_open": "module:responding"}
        assert content["url"] == f"{address}/lti/launch"
        # A learner opens it, and is known by issuer and subject from then on.
        signed = learner.open(platform.begin(1))
        launched = learner.send(signed)
        assert "Open the course" in launched.words
        opened = learner.send(launched)
        assert opened.response.url == f"{address}/module/responding"
        with app.app_context(), read_only_session() as session:
            [account] = session.execute(select(LtiAccount)).scalars()
            assert (account.subject, account.how) == (platform.subjects[0], "new")
            assert session.get_one(Person, account.person_id).name == "Sam Okafor"
            person = account.person_id
        _is_refused(learner, platform)
        _gets_the_grade(app, platform, person)
        _gives_the_names(boss, platform)


def _register_by_hand(app: Flask, platform: OpenEdx) -> Client:
    """What an administrator enters; their browser."""
    with app.app_context(), unit_of_work() as session:
        make_organisation(session)
        make_team(session, "Sixth form")
        person = make_person(session, "Alex Morgan", "alex@example.org", "administrator")
    boss = sign_in(Client(app), person)
    entered = {
        "name": "Riverside Open edX", "issuer": platform.issuer, "client_id": platform.client_id,
        "deployments": platform.deployment, "login_address": platform.login, "token_address": platform.token,
        "keys_address": platform.keys, "makes_accounts": "y",
    }  # fmt: skip
    boss.post("/platforms/new", {**boss.get("/platforms/new").fields(), **entered})
    boss.post("/platforms/1/on", {})
    tested = boss.post("/platforms/1/test", {}, 200)
    assert "Check this" not in tested.text, tested.text
    return boss


def _is_refused(browser: SmallBrowser, platform: OpenEdx) -> None:
    """A message that somebody changed, one with a state that the course did not make, and one that comes twice."""
    signed = browser.open(platform.begin(1))
    token = signed.forms[0][1]["id_token"]
    header, claims, signature = token.split(".")
    turned = signature[:-9] + ("A" if signature[-9] != "A" else "B") + signature[-8:]
    assert "not signed by" in browser.send(signed, id_token=f"{header}.{claims}.{turned}").words
    bogus = browser.send(browser.open(platform.begin(1)), state="made-up")
    assert (bogus.response.status_code, "could not be opened" in bogus.words) == (400, True)
    signed = browser.open(platform.begin(1))
    assert "Open the course" in browser.send(signed).words
    assert browser.send(signed).response.status_code == 400


def _gets_the_grade(app: Flask, platform: OpenEdx, person: int) -> None:
    """First that the learner has begun, without a number; then the share of the module of which every page is read."""

    def told() -> list[dict[str, Any]]:
        find_changes(now())
        send_grades(now)
        found: list[dict[str, Any]] = platform.known()["scores"]
        return found

    with app.app_context():
        [score] = told()
        assert (score["user"], score["given"], score["activity"]) == (platform.subjects[0], None, "Initialized")
        assert platform.known()["published"] == []
        module = app_state().library.for_("school", "england").modules["responding"]
        with unit_of_work() as session:
            for page in module.pages.values():
                record_page_read(make_context(session, person, now()), module, page)
        percent = 100 * sum(step.kind == "page" for step in module.steps) // (len(module.steps) + 1)
        assert 0 < percent < 100
        expected = {"user": platform.subjects[0], "given": percent, "maximum": 100, "activity": "InProgress"}
        assert told() == [{**expected, "grading": "FullyGraded"}]
    [grade] = platform.known()["published"]
    assert (grade["user"], round(grade["grade"])) == (platform.subjects[0], percent)


def _gives_the_names(boss: Client, platform: OpenEdx) -> None:
    """The people of the course there become a list with a preview."""
    page = "/platforms/1/courses/1/people"
    made = boss.post(page, {"team": "1", "learners": "member", "instructors": "manager"})
    boss.post(made.location, boss.get(made.location).fields())
    preview = boss.get(made.location.removesuffix("/columns"))
    assert "Kim Duval" in preview.text
    assert len(platform.subjects) == 2
