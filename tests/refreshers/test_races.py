"""Two last steps at the same moment, in two windows: everything that is finished is completed, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from course.audit.models import AuditEntry
from course.certificates.models import Certificate
from course.clock import now
from course.content.library import Library
from course.context import make_context
from course.jobs.actions import enqueue_regular
from course.learning import actions as learning
from course.learning.models import AttemptOutcome, Completion
from course.learning.queries import attempt, attempts
from course.learning.rules.grading import option_order
from course.people.models import Person
from course.refreshers import actions
from course.refreshers.jobs import recover_completions
from course.server.jobs import REGISTRY
from course.signed_links import BoosterLink, sign_link
from course.web.unit_of_work import unit_of_work
from tests.learning.finishing import (
    LastSteps,
    answer_but_last,
    decide_but_last,
    end_without_completing,
    make_nearly_complete,
    numbers,
)
from tests.learning.givens import right
from tests.makers import make_person, sign_in
from tests.pages import Client
from tests.refreshers.makers import make_completed
from tests.support.days import this_day
from tests.support.jobs import run_waiting_jobs
from tests.support.racing import at_once
from tests.walking import right_form

Form = dict[str, list[str]]


def english(app: Flask) -> Library:
    found: Library = app.extensions["course"].library.for_("school", "england")
    return found


def windows(app: Flask, person: Person, count: int) -> list[Client]:
    return [sign_in(Client(app), person) for _ in range(count)]


def post(client: Client, step: tuple[str, Form]) -> Callable[[], int]:
    path, form = step
    token = client.token()
    return lambda: client.flask.post(path, data={"csrf_token": token, **form}).status_code


def count(app: Flask, model: type) -> int:
    with app.app_context(), unit_of_work() as session:
        return session.execute(select(func.count()).select_from(model)).scalar_one()


def nearly_renewed(session: Session, library: Library, person: Person) -> LastSteps:
    """A refresher that is finished except for its last answer and its last decision."""
    at = now()
    refresher = actions.begin_refresher(make_context(session, person.id, at), library, None)
    run = actions.begin_scenario_run(make_context(session, person.id, at), library, refresher)
    return LastSteps(
        answer_but_last(session, library, person.id, refresher.attempt_id, at),
        decide_but_last(session, library, person.id, run, at),
    )


def test_a_refreshers_last_answer_and_last_decision_at_once_complete_it(committed: Flask) -> None:
    library = english(committed)
    for number in range(4):
        with committed.app_context(), unit_of_work() as session:
            person = make_completed(session, library, email=f"sam{number}@example.org")
            last = nearly_renewed(session, library, person)
        one, two = windows(committed, person, 2)
        assert at_once([post(one, last.answer), post(two, last.decision)]) == [303, 303]
        # One completion of the course and one of the refresher for each person.
        assert count(committed, Completion) == count(committed, Certificate) == 2 * (number + 1)


def test_the_last_answer_of_the_last_check_and_the_last_decision_at_once_complete_the_course(committed: Flask) -> None:
    library = english(committed)
    for number in range(3):
        with committed.app_context(), unit_of_work() as session:
            person = make_person(session, email=f"kim{number}@example.org")
            last = make_nearly_complete(session, library, person.id, now())
        assert count(committed, Completion) == number
        one, two, three, four = windows(committed, person, 4)
        sent = [post(one, last.answer), post(two, last.decision), post(three, last.answer), post(four, last.decision)]
        assert at_once(sent) == [303] * 4
        assert count(committed, Completion) == count(committed, Certificate) == number + 1


def test_the_two_last_answers_of_a_booster_at_once_end_it(committed: Flask) -> None:
    library = english(committed)
    with committed.app_context(), unit_of_work() as session:
        person = make_completed(session, library, timedelta(days=40))
    with committed.app_context(), unit_of_work() as session:
        (due,) = actions.boosters_due(session, library, "Europe/London", this_day())
        actions.queue_booster(session, library, due, "Europe/London", now())
        number = attempts(session, person.id, "booster")[-1].id
        found = attempt(session, person.id, number)
        assert found is not None
        forms = []
        for item in found.items:
            question = library.answerable[item.question_id]
            if item.position <= 3:
                learning.save_answer(session, item, question, right(question), "sure", now())
            order = option_order(question, found.seed, item.position)
            forms.append({**right_form(question, order), "sure": ["sure"]})
    token = sign_link(BoosterLink(number), committed.extensions["course"].config.secret_key)
    sent = [post(Client(committed), (f"/booster/{token}/{n}", forms[n - 1])) for n in (4, 5)]
    assert at_once(sent) == [303, 303]
    with committed.app_context(), unit_of_work() as session:
        ended = session.execute(select(AttemptOutcome).where(AttemptOutcome.attempt_id == number)).scalar_one()
        assert (ended.points_right, ended.passed) == (5, True)


def test_an_unrecorded_completion_is_recovered_once_and_written_to_the_audit_log(committed: Flask) -> None:
    """The rows are those that two last steps at the same moment used to leave."""
    library = english(committed)
    finished = now() - timedelta(days=3)
    with committed.app_context(), unit_of_work() as session:
        renewing = make_completed(session, library, email="sam@example.org")
        learner = make_person(session, email="kim@example.org")
        ended = make_person(session, email="lee@example.org")
    with committed.app_context(), unit_of_work() as session:
        found = actions.begin_refresher(make_context(session, renewing.id, finished), library, None)
        run = actions.begin_scenario_run(make_context(session, renewing.id, finished), library, found)
        end_without_completing(session, library, renewing.id, found.attempt_id, run, finished)
        last = make_nearly_complete(session, library, learner.id, finished)
        end_without_completing(session, library, learner.id, *numbers(last), finished)
        last = make_nearly_complete(session, library, ended.id, finished)
        # For this person even the outcome of the last attempt is missing.
        end_without_completing(session, library, ended.id, *numbers(last), finished, outcome=False)
    assert count(committed, Completion) == 1
    with committed.app_context():
        healed = at_once([lambda: heal(committed), lambda: heal(committed)])
    assert sorted(healed) in ([0, 3], [1, 2])
    assert heal(committed) == 0
    assert count(committed, Completion) == count(committed, Certificate) == 4
    with committed.app_context(), unit_of_work() as session:
        said = session.execute(select(AuditEntry.what).where(AuditEntry.what == "certificate.found")).scalars().all()
        assert len(said) == 3
        days = set(session.execute(select(Certificate.completed_on).order_by(Certificate.id)).scalars().all()[1:])
        assert len(days) == 1
    out = committed.test_cli_runner().invoke(args=["refreshers", "guard"])
    assert out.exit_code == 0
    assert "without a certificate" not in out.output


def test_the_guard_and_the_worker_recover_unrecorded_completions(committed: Flask) -> None:
    library = english(committed)
    for email, complete in (("sam@example.org", guard), ("kim@example.org", work)):
        with committed.app_context(), unit_of_work() as session:
            person = make_person(session, email=email)
            last = make_nearly_complete(session, library, person.id, now())
            end_without_completing(session, library, person.id, *numbers(last), now())
        before = count(committed, Certificate)
        complete(committed, email)
        assert count(committed, Completion) == count(committed, Certificate) == before + 1


def guard(app: Flask, email: str) -> None:
    out = app.test_cli_runner().invoke(args=["refreshers", "guard"])
    assert out.exit_code == 0, out.output
    assert f"{email}: finished the course on" in out.output


def work(app: Flask, _email: str) -> None:
    with app.app_context(), unit_of_work() as session:
        assert enqueue_regular(session, REGISTRY.by_name["refreshers.recover"], now(), now())
    assert run_waiting_jobs(app) == 1


def heal(app: Flask) -> int:
    with app.app_context():
        return len(recover_completions(now()))
