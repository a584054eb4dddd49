"""How many statements pages send to the database, and how many requests a check takes: what is fast stays fast."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import func, select

from course.learning.actions import NewAttempt, open_attempt
from course.learning.models import Answer
from course.learning.queries import enrolment_id
from course.learning.rules.drawing import QuestionHistory, draw_questions
from course.web.unit_of_work import unit_of_work
from tests.conftest import NOW
from tests.makers import make_person, sign_in
from tests.pages import Client
from tests.support.asked import asked
from tests.walking import Learner, always, never

MODULE = "responding"


@pytest.fixture
def learner(committed: Flask) -> Learner:
    with committed.app_context(), unit_of_work() as session:
        person = make_person(session)
    return Learner(committed, sign_in(Client(committed), person), person.id)


def open_six(learner: Learner) -> int:
    """An attempt at the check of MODULE that asks six questions; its id."""
    module = learner.library.modules[MODULE]
    with learner.app.app_context(), unit_of_work() as session:
        drawn = draw_questions([(point, 1) for point in module.points[:6]], module.questions, QuestionHistory({}), 1)
        new = NewAttempt(enrolment_id(session, learner.person_id) or 0, "check", MODULE, 1, 1)
        number = open_attempt(session, learner.library, new, drawn, NOW)
    assert number is not None
    return number


def test_pages_send_few_statements(learner: Learner) -> None:
    client, attempt = learner.client, open_six(learner)
    token = client.token()
    form = {**learner.form(attempt, 1, always), "sureness": "sure", "csrf_token": token}
    lesson = "/module/secret-contact/when-contact-goes-wrong"
    most = {
        ("GET", lesson): 3,
        ("GET", "/"): 12,
        ("GET", f"/attempt/{attempt}/1"): 3,
        # The answer itself, with whether it was the last, the attempt, who answers; and a lock on PostgreSQL.
        ("POST", f"/attempt/{attempt}/1"): 3 if learner.app.extensions["course"].engine.dialect.name == "sqlite" else 4,
    }
    for (method, path), bound in most.items():
        if method == "GET":
            client.flask.get(path)  # what is rendered once is there
        with asked(learner.app) as statements:
            done = client.flask.open(path, method=method, data=form if method == "POST" else None)
        assert done.status_code == (200 if method == "GET" else 303)
        assert len(statements) <= bound, (path, statements)


@pytest.mark.parametrize(("right", "most"), [(always, 15), (never, 20)])
def test_six_questions_with_their_explanations_and_the_result_take_few_requests(
    learner: Learner, right: object, most: int
) -> None:
    client, attempt, requests = learner.client, open_six(learner), 0
    token = client.token()

    def send(path: str, form: dict[str, object] | None = None) -> str:
        nonlocal requests
        requests += 1
        answer = client.flask.post(path, data=form) if form is not None else client.flask.get(path)
        return answer.headers["Location"] if answer.status_code == 303 else answer.get_data(as_text=True)

    place = send(f"/module/{MODULE}/check", {"csrf_token": token})
    assert place == f"/attempt/{attempt}/1"
    page = send(place)
    for position in range(1, 7):
        path = f"/attempt/{attempt}/{position}"
        assert f'action="{path}"' in page or f"Question {position} of 6" in page
        form = learner.form(attempt, position, right)  # type: ignore[arg-type]
        page = send(send(path, {**form, "sureness": "sure", "csrf_token": token}))
        if right is never and position < 6:
            following = f"/attempt/{attempt}/{position + 1}"
            assert f'href="{following}"' in page, "the way on has no redirect"
            page = send(following)
    assert "<h1" in send(f"/attempt/{attempt}"), "the result is a page and no way to one"
    with learner.session() as session:
        assert session.execute(select(func.count()).select_from(Answer)).scalar() == 6
    assert requests <= most
