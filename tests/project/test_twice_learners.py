"""What learners do, sent four times at the same moment from windows of their own: done once, on both engines.

Their steps carry no key, because their rows cannot be made twice. Every address of theirs is tried here, or by the test
that is named for it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from course.clock import now
from course.content.actions import archive
from course.content.library import Library
from course.context import make_context
from course.db import Base
from course.learning.models import Attempt, Enrolment, PageRead, Reflection, ScenarioRun
from course.mail.models import MailChoice
from course.mail.rules import DIGEST
from course.milestones.models import Intention
from course.people.models import Person
from course.refreshers import actions
from course.refreshers.models import PageReadAgain
from course.signed_links import IntentionLink, MailChoiceLink, sign_link
from course.web.unit_of_work import unit_of_work
from tests.audit.test_audited_actions import NOT_AUDITED
from tests.dashboard import test_home as night_shift
from tests.learning import test_races as learning_races
from tests.learning.finishing import make_nearly_complete
from tests.makers import make_person, sign_in
from tests.milestones.makers import make_module_done
from tests.pages import Client
from tests.refreshers import test_races as recall_races
from tests.refreshers.makers import make_completed
from tests.refreshers.refresher_steps import REF, record_page_read, with_changed_page
from tests.refreshers.test_last_step import CRITICAL, answer_until_used_up
from tests.support.racing import at_once

WINDOWS = 4
# These need answers that fit the question; there they are sent at once with others.
ELSEWHERE: dict[str, Callable[..., None]] = {
    # It writes no row: the browser keeps it.
    "dashboard.night_shift": night_shift.test_the_night_shift_that_is_pressed_twice_stays_on_and_a_second_window_keeps_its_own,
    "learning.answer": learning_races.test_an_answer_that_is_sent_six_times_at_once_counts_once,
    "learning.decide": learning_races.test_a_decision_that_is_sent_six_times_at_once_is_taken_once,
    "refreshers.answer_booster": recall_races.test_the_two_last_answers_of_a_booster_at_once_end_it,
}


@dataclass(frozen=True)
class Step:
    """What a learner sends to an address, and the table of which so many rows come in."""

    path: str
    table: type[Base]
    rows: int = 1
    form: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Course:
    """The course, with a session in which the steps are prepared."""

    app: Flask
    session: Session

    @property
    def library(self) -> Library:
        found: Library = self.app.extensions["course"].library
        return found.for_("school", "england")

    def change(self) -> None:
        """Teach a page anew from now on."""
        state = self.app.extensions["course"]
        anew = with_changed_page(state.library, 28)
        self.app.extensions["course"] = replace(state, library=anew)
        archive(self.session, anew, now())


def page(course: Course, person: Person) -> Step:
    assert course.library.modules["secret-contact"]
    assert person.id
    return Step("/module/secret-contact/why-contact-is-supervised", PageRead, form={"then": "next"})


def assessment(course: Course, person: Person) -> Step:
    make_nearly_complete(course.session, course.library, person.id, now())
    return Step("/assessment", Attempt, 0)  # the open one is carried on with


def notes(course: Course, person: Person) -> Step:
    course.session.add(Reflection(person_id=person.id, ref=REF, block="a", text="Mine.", saved_at=now()))
    return Step("/me/data/notes", Reflection, -1)


def choice(course: Course, person: Person) -> Step:
    token = sign_link(MailChoiceLink(person.id, DIGEST), course.app.extensions["course"].config.secret_key)
    return Step(f"/mail/choice/{token}", MailChoice, form={"wanted": ""})


def summary(_course: Course, _person: Person) -> Step:
    return Step("/reminders/summary", MailChoice, form={"wanted": ""})


def refresher(_course: Course, _person: Person) -> Step:
    return Step("/refresher", Enrolment)


def story(course: Course, person: Person) -> Step:
    actions.begin_refresher(make_context(course.session, person.id, now()), course.library, None)
    return Step("/refresher/story", ScenarioRun)


def read_again(course: Course, person: Person) -> Step:
    begun = actions.begin_refresher(make_context(course.session, person.id, now()), course.library, None)
    actions.begin_scenario_run(make_context(course.session, person.id, now()), course.library, begun)
    answer_until_used_up(course.session, course.library, person, begun.attempt_id, (CRITICAL,))
    return Step(f"/refresher/refresher/again/{CRITICAL}", PageReadAgain)


def changed_page(course: Course, person: Person) -> Step:
    record_page_read(course.session, course.library, person)
    course.change()
    actions.begin_refresher(make_context(course.session, person.id, now()), course.library, None)
    return Step("/refresher/refresher/change/1", PageRead)


def update(course: Course, _person: Person) -> Step:
    course.change()
    return Step("/refresher/update", Enrolment)


def sentence(course: Course, person: Person) -> Step:
    module = course.library.modules["new-partners"]
    make_module_done(course.session, course.library, person.id, module, now())
    return Step(
        "/module/new-partners/done", Intention, form={"intention": "When a parent mentions somebody, I will ask."}
    )


def reply(course: Course, person: Person) -> Step:
    course.session.add(
        Intention(person_id=person.id, module="new-partners", text="I will ask.", written_at=now(), mailed_at=now())
    )
    course.session.flush()
    number = course.session.execute(select(Intention.id)).scalar_one()
    token = sign_link(IntentionLink(number), course.app.extensions["course"].config.secret_key)
    return Step(f"/when-then/{token}", Intention, 0, {"reply": "did"})


def five(_course: Course, _person: Person) -> Step:
    return Step("/five", Attempt)


# Each step with how long ago its learner completed the course, in days; None for somebody who has not.
STEPS: dict[str, tuple[Callable[[Course, Person], Step], int | None]] = {
    "learning.finish_step": (page, None),
    "learning.begin_assessment": (assessment, None),
    "privacy.delete_notes": (notes, None),
    "mail.choice": (choice, None),
    "reminders.summary": (summary, None),
    "refreshers.begin_refresher": (refresher, 350),
    "refreshers.begin_scenario": (story, 350),
    "refreshers.record_reread": (read_again, 350),
    "refreshers.record_change_seen": (changed_page, 350),
    "refreshers.begin_update": (update, 90),
    "refreshers.start_five": (five, 90),
    "milestones.save_intention": (sentence, None),
    "milestones.save_reply": (reply, None),
}


def test_every_step_of_learners_is_tried_at_once() -> None:
    assert set(STEPS) | set(ELSEWHERE) == NOT_AUDITED


def sending(window: Client, step: Step) -> Callable[[], int]:
    token = window.token()
    return lambda: window.flask.post(step.path, data={"csrf_token": token, **step.form}).status_code


@pytest.mark.parametrize("name", STEPS)
def test_a_step_that_is_sent_four_times_at_once_is_done_once(committed: Flask, name: str) -> None:
    prepare, ago = STEPS[name]
    kept = committed.extensions["course"]
    with committed.app_context(), unit_of_work() as session:
        course = Course(committed, session)
        if ago is None:
            person = make_person(session, role="manager" if name == "reminders.summary" else "learner")
        else:
            person = make_completed(session, course.library, ago=timedelta(days=ago))
        step = prepare(course, person)
        session.flush()
        count = select(func.count()).select_from(step.table)
        before = session.execute(count).scalar_one()
    windows = [sign_in(Client(committed), person) for _ in range(WINDOWS)]
    statuses = at_once([sending(window, step) for window in windows])
    committed.extensions["course"] = kept
    assert statuses == [303] * WINDOWS
    with committed.app_context(), unit_of_work() as session:
        assert session.execute(count).scalar_one() - before == step.rows
