"""A refresher that does not count: it issues nothing, says so at once, keeps its answers and leads into the course."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from course.certificates.actions import revoke
from course.certificates.models import Certificate
from course.clock import now
from course.content.library import Library
from course.context import make_context
from course.dates import civil_date
from course.learning import actions as learning
from course.learning.events import StepEnded
from course.learning.models import Answer, Completion, Decision, Enrolment, RunOutcome
from course.learning.queries import AttemptItemView, AttemptView, attempt
from course.learning.rules.grading import SubmittedAnswer
from course.organisation.models import Organisation
from course.people.models import Person
from course.recertification.rules import CertificationFacts, Extension, Pause, certification_status
from course.recertification.rules.certification_status import NOT_REQUIRED
from course.recertification.rules.facts import INITIAL, REFRESHER
from course.refreshers import actions, queries
from course.refreshers.queries import Refresher
from course.refreshers.rules.eligibility import would_renew
from tests.learning.finishing import (
    answer_but_last,
    decide_but_last,
    end_without_completing,
    make_nearly_complete,
    numbers,
)
from tests.learning.givens import right
from tests.makers import make_person, sign_in
from tests.pages import Client
from tests.recertification.makers import RULE, completed, d, employee, refreshed
from tests.recertification.random_lives import RandomLife
from tests.refreshers.makers import complete, make_completed
from tests.support.days import this_day
from tests.support.rows import count

# A certificate that is valid for a year, and a grace period of another year in which the refresher is enough.
LIMIT = timedelta(days=730)


@pytest.mark.parametrize(
    ("facts", "on", "expected"),
    [
        (employee(completed("2024-02-12")), "2025-01-20", True),
        (employee(completed("2024-02-12")), "2025-02-13", True),
        (employee(completed("2024-02-12")), "2026-02-12", True),
        (employee(completed("2024-02-12")), "2026-02-13", False),
        (employee(completed("2024-02-12"), refreshed("2025-02-01")), "2026-03-01", True),
        (employee(), "2025-02-12", False),
        (employee(completed("2024-02-12"), Pause(d("2024-06-01"), None, 14, "illness")), "2025-01-20", True),
        (employee(completed("2024-02-12"), Extension(d("2025-01-10"), d("2025-03-31"), "illness")), "2025-03-30", True),
        (employee(replace(completed("2024-02-12"), revoked=d("2025-01-20"))), "2025-01-19", True),
        (employee(replace(completed("2024-02-12"), revoked=d("2025-01-20"))), "2025-01-20", False),
        (employee(replace(completed("2024-02-12"), revoked=d("2025-01-20"))), "2025-01-21", False),
        # An older certificate was revoked, after another one had renewed it, or on this very day.
        (employee(replace(completed("2023-02-12"), revoked=d("2024-06-01")), refreshed("2024-02-01")), "2025-01-20", True),
        (employee(replace(completed("2023-02-12"), revoked=d("2025-01-20")), refreshed("2024-02-01")), "2025-01-20", True),
        (employee(replace(completed("2023-02-12", "imported", "2023-03-01"), revoked=d("2024-06-01")), refreshed("2024-02-01")),
         "2025-01-20", True),
        (employee(replace(completed("2025-01-10", "imported", "2025-01-20"), revoked=d("2025-01-20"))), "2025-01-20", False),
    ],
)  # fmt: skip
def test_whether_a_refresher_finished_on_a_day_counts(facts: CertificationFacts, on: str, expected: bool) -> None:
    assert would_renew(facts, [RULE], d(on)) is expected


@pytest.mark.parametrize("days", range(0, 1100, 13))
def test_a_refresher_counts_exactly_while_the_status_says_that_it_is_enough(days: int) -> None:
    on = date(2024, 2, 13) + timedelta(days=days)
    facts = employee(completed("2024-02-12"))
    assert would_renew(facts, [RULE], on) is (certification_status(facts, [RULE], on).course == REFRESHER)


def test_a_refresher_counts_exactly_while_the_status_says_so_in_random_lives() -> None:
    life, seen = RandomLife(random.Random(2)), Counter[bool]()
    for _ in range(1000):
        facts, policies, _ = life.next()
        on = life.day()
        now = certification_status(facts, policies, on)
        # Another completion on the day of a completion renews nothing, and without a policy nothing is required.
        if now.state == NOT_REQUIRED or any(c.day == on for c in facts.completions):
            continue
        assert would_renew(facts, policies, on) is (now.course == REFRESHER), (facts, policies, on)
        seen[now.course == REFRESHER and any(c.revoked and c.revoked <= on for c in facts.completions)] += 1
    assert seen[True] > 15, "lives in which something was revoked, and the refresher is enough all the same"


def nearly_finished_refresher(session: Session, library: Library, person: Person, ago: timedelta) -> Refresher:
    """A refresher that was begun that long ago and is finished except for its last answer and its last decision."""
    at = now() - ago
    refresher = actions.begin_refresher(make_context(session, person.id, at), library, None)
    answer_but_last(session, library, person.id, refresher.attempt_id, at)
    decide_but_last(
        session,
        library,
        person.id,
        actions.begin_scenario_run(make_context(session, person.id, at), library, refresher),
        at,
    )
    session.commit()
    newest = queries.newest_refresher(session, person.id, REFRESHER)
    assert newest is not None
    return newest


def refresher_after_the_limit(session: Session, library: Library) -> tuple[Person, Refresher]:
    """Begun in time, and not finished by the end of the grace period."""
    person = make_completed(session, library, ago=LIMIT + timedelta(days=10))
    return person, nearly_finished_refresher(session, library, person, timedelta(days=20))


def refresher_after_a_revocation(session: Session, library: Library) -> tuple[Person, Refresher]:
    """Begun in time, and then the certificate was revoked."""
    person = make_completed(session, library)
    refresher = nearly_finished_refresher(session, library, person, timedelta(days=2))
    number = session.execute(select(Certificate.number)).scalar_one()
    revoke(make_context(session, None, now()), number, "a mistake")
    session.commit()
    return person, refresher


CASES = pytest.mark.parametrize("case", [refresher_after_the_limit, refresher_after_a_revocation])


@CASES
def test_an_open_refresher_that_does_not_count_says_so_before_more_is_answered(
    session: Session, client: Client, library: Library, case: type
) -> None:
    person, found = case(session, library)
    answers, decisions = count(session, Answer), count(session, Decision)
    sign_in(client, person)
    assert "no longer counts" in client.get("/").text
    page = client.get("/refresher")
    assert "The refresher that you began no longer counts" in page.text
    assert "Begin the course again" in page.text
    last = f"/attempt/{found.attempt_id}/{found.asked}"
    for path in (f"/attempt/{found.attempt_id}", last, f"/run/{found.run_id}", "/refresher/story"):
        assert client.get(path, 303).location == "/refresher"
    assert client.post(last, {"answer": "1", "sure": "sure"}).location == "/refresher"
    assert client.post(f"/run/{found.run_id}", {"step": "1", "choice": "any"}).location == "/refresher"
    assert (count(session, Answer), count(session, Decision)) == (answers, decisions)
    # The answers can still be read, and the course begins again beside them.
    assert client.get(f"/attempt/{found.attempt_id}/1").status == 200
    assert f"{found.asked - 1} of {found.asked} answered" in client.get("/record").text
    assert client.post("/refresher", {}).location == "/"
    assert "Start: " in client.get("/").text


@pytest.mark.both_engines
@CASES
def test_finishing_a_refresher_that_does_not_count_issues_nothing(
    session: Session, library: Library, case: type
) -> None:
    person, found = case(session, library)
    held = attempt(session, person.id, found.attempt_id)
    assert held is not None
    item, at = held.items[-1], now()
    given = right(library.answerable[item.question_id])
    learning.submit_answer(
        make_context(session, person.id, at), library, held, item.position, SubmittedAnswer(given, "sure")
    )
    session.add(RunOutcome(run_id=found.run_id or 0, ending="end", outcome="good", finished_at=at))
    session.flush()
    actions.complete_refresher(session, StepEnded(person.id, found.id, library, civil_date(at, "Europe/London"), at))
    over = queries.newest_refresher(session, person.id, REFRESHER)
    assert over is not None
    assert over.is_finished
    assert over.completed_at is None
    assert count(session, Completion) == count(session, Certificate) == 1
    # The guard does not complete it either.
    for waiting in queries.unrecorded_completions(session):
        assert actions.recover_completion(session, library, waiting, at) is None
    assert count(session, Certificate) == 1


def test_completing_the_whole_course_again_ends_an_open_refresher(
    session: Session, client: Client, library: Library
) -> None:
    person, found = refresher_after_the_limit(session, library)
    assert actions.restart_course(session, person.id, now())
    assert not actions.restart_course(session, person.id, now())
    complete(session, library, person, now() - timedelta(days=1))
    session.commit()
    assert actions.refresher_under_way(session, person.id, now()) is None
    assert not actions.renews_certificate(session, person.id, found, this_day(), "Europe/London")
    sign_in(client, person)
    page = client.get("/refresher")
    assert "no longer counts" not in page.text
    assert client.get(f"/attempt/{found.attempt_id}", 303).location == "/refresher"


@pytest.mark.both_engines
def test_two_clicks_on_beginning_the_course_again_begin_it_once(
    session: Session, client: Client, library: Library
) -> None:
    person, _ = refresher_after_the_limit(session, library)
    sign_in(client, person)
    for _ in range(2):
        client.post("/refresher", {})
    kinds = select(func.count()).where(Enrolment.person_id == person.id, Enrolment.kind == INITIAL)
    assert session.execute(kinds).scalar() == 2


def test_the_home_page_does_not_call_a_revoked_certificate_expired(
    app: Flask, session: Session, library: Library
) -> None:
    person, _ = refresher_after_a_revocation(session, library)
    home = sign_in(Client(app), person).get("/").text
    assert "ran out" not in home
    assert "You hold no certificate that counts" in home


@pytest.mark.both_engines
def test_a_refresher_renews_after_an_older_certificate_was_revoked(session: Session, library: Library) -> None:
    person = make_completed(session, library, ago=timedelta(days=700))
    renewed = nearly_finished_refresher(session, library, person, timedelta(days=345))
    finish_last(session, library, person, renewed, now() - timedelta(days=345))
    assert count(session, Certificate) == 2
    oldest = session.execute(select(Certificate.number).order_by(Certificate.id).limit(1)).scalar_one()
    revoke(make_context(session, None, now() - timedelta(days=100)), oldest, "a mistake")
    found = nearly_finished_refresher(session, library, person, timedelta(days=1))
    assert found.id != renewed.id
    finish_last(session, library, person, found, now())
    assert count(session, Certificate) == 3


def finish_last(session: Session, library: Library, person: Person, refresher: Refresher, at: datetime) -> None:
    """Give the last answer and end the scenario."""
    item = next(item for item in held_items(session, person, refresher) if item.given is None)
    answer = right(library.answerable[item.question_id])
    session.add(RunOutcome(run_id=refresher.run_id or 0, ending="end", outcome="good", finished_at=at))
    session.flush()
    learning.submit_answer(
        make_context(session, person.id, at),
        library,
        held_attempt(session, person, refresher),
        item.position,
        SubmittedAnswer(answer, "sure"),
    )
    session.commit()


def held_attempt(session: Session, person: Person, refresher: Refresher) -> AttemptView:
    attempt_view = attempt(session, person.id, refresher.attempt_id)
    assert attempt_view is not None
    return attempt_view


def held_items(session: Session, person: Person, refresher: Refresher) -> tuple[AttemptItemView, ...]:
    return held_attempt(session, person, refresher).items


@pytest.mark.parametrize(
    ("ago", "said", "not_said"),
    [(350, "Finish by", "It was due on"), (400, "It was due on", "Finish by")],
)
def test_nobody_is_asked_to_finish_by_a_past_day(
    session: Session, client: Client, library: Library, ago: int, said: str, not_said: str
) -> None:
    sign_in(client, make_completed(session, library, ago=timedelta(days=ago)))
    session.execute(select(Organisation)).scalar_one().set_up_at = now() - timedelta(days=500)
    session.commit()
    home = client.get("/").text
    assert said in home
    assert not_said not in home


def test_on_the_day_of_a_completion_no_refresher_is_offered_that_would_not_count(
    session: Session, client: Client, library: Library
) -> None:
    """A refresher begun on this day would be invalid at once, and two completions of one day cannot be told apart."""
    person = make_completed(session, library, ago=timedelta(0))
    sign_in(client, person)
    page = client.get("/refresher")
    assert "You can begin a refresher from tomorrow." in page.text
    assert "Begin my refresher" not in page.text
    assert client.post("/refresher", {}).location == "/refresher"
    assert "no longer counts" not in client.get("/refresher").text
    assert queries.newest_refresher(session, person.id, REFRESHER) is None


@pytest.mark.parametrize("kind", ["initial", "refresher"])
def test_what_was_finished_after_leaving_is_not_completed(session: Session, library: Library, kind: str) -> None:
    """As two last steps at once used to leave it, and by then the person had left."""
    if kind == REFRESHER:
        person = make_completed(session, library)
        found = nearly_finished_refresher(session, library, person, timedelta(days=2))
        attempt_id, run = found.attempt_id, found.run_id or 0
    else:
        person = make_person(session)
        attempt_id, run = numbers(make_nearly_complete(session, library, person.id, now()))
    end_without_completing(session, library, person.id, attempt_id, run, now())
    before, at = count(session, Certificate), now()
    person.left_at = at - timedelta(days=1)
    session.commit()
    (waiting,) = (one for one in queries.unrecorded_completions(session) if one.kind == kind)
    assert waiting.person_id == person.id
    assert actions.recover_completion(session, library, waiting, at) is None
    assert count(session, Certificate) == before
    # The same steps of a person who is still employed are completed.
    assert actions.recover_completion(session, library, replace(waiting, left_at=None), at) is not None
    assert count(session, Certificate) == before + 1
