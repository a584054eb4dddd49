"""The end of a refresher: the link to the new certificate, and rereading pages where no question is left."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from course.certificates.models import Certificate
from course.clock import now
from course.content.library import Library
from course.context import make_context
from course.learning import actions as learning
from course.learning.models import (
    Attempt,
    AttemptOutcome,
    AttemptVoid,
    Completion,
    Enrolment,
    PageRead,
    RunOutcome,
    ScenarioRun,
    ScenarioRunVoid,
)
from course.learning.queries import AttemptView, attempt
from course.learning.rules.grading import SubmittedAnswer
from course.people.models import Person
from course.refreshers import actions, queries
from course.refreshers.actions.completion import required_minutes
from course.refreshers.models import PageReadAgain
from course.refreshers.queries import Refresher
from tests.learning.finishing import answer_but_last, decide_but_last
from tests.learning.givens import right, wrong
from tests.makers import make_person, sign_in
from tests.pages import Client
from tests.refreshers.makers import make_completed
from tests.refreshers.refresher_steps import Teach, record_page_read

# Texts and links do not depend on the database engine.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

CRITICAL = "police-when-immediate-risk"


def link(html: str, words: str) -> str:
    """The address of the link with these words."""
    match = re.search(rf'href="([^"]+)"[^>]*>{words}', html)
    assert match, f"no link “{words}”"
    return match[1]


def nearly_finished_refresher(
    session: Session, library: Library, person: Person
) -> tuple[Refresher, dict[str, tuple[str, object]]]:
    at = now()
    refresher = actions.begin_refresher(make_context(session, person.id, at), library, None)
    run = actions.begin_scenario_run(make_context(session, person.id, at), library, refresher)
    last: dict[str, tuple[str, object]] = {
        "answer": answer_but_last(session, library, person.id, refresher.attempt_id, at),
        "decision": decide_but_last(session, library, person.id, run, at),
    }
    session.commit()
    return refresher, last


@pytest.mark.parametrize("order", [("answer", "decision"), ("decision", "answer")])
def test_the_last_step_of_a_refresher_leads_to_the_new_certificate(
    session: Session, client: Client, library: Library, order: tuple[str, str]
) -> None:
    person = make_completed(session, library)
    sign_in(client, person)
    found, last = nearly_finished_refresher(session, library, person)
    ends = {"answer": f"/attempt/{found.attempt_id}", "decision": last["decision"][0] + "/debrief"}
    for step in order:
        posted = client.post(*last[step])  # type: ignore[arg-type]
        if step == "answer":
            # Passing is the certificate: no page comes between, once nothing else is open.
            whole = f"/certificate/passed?after={found.attempt_id}"
            assert (posted.location == whole) is (step == order[1])
            ended = client.get(posted.location or "")
            assert "Right" in ended.text
            assert "Every point was right in the end" in ended.text or step == order[0]
        page = client.get(ends[step])
        if step == order[0]:
            assert link(page.html, "Go on") not in ("/certificate", "/refresher")
    assert link(page.html, "See my new certificate") == "/certificate/passed"
    newest = session.execute(select(Certificate.number).order_by(Certificate.id.desc()).limit(1)).scalar_one()
    assert newest in client.get("/certificate").text
    overview = client.get("/refresher")
    assert "You have finished your refresher" in overview.text
    assert "Begin my refresher" not in overview.text
    assert link(overview.html, "See my certificate") == "/certificate/passed"


def test_a_changed_page_as_the_last_step_also_leads_to_the_certificate(
    session: Session, client: Client, library: Library, teach: Teach
) -> None:
    person = make_completed(session, library)
    record_page_read(session, library, person)
    anew = teach(None)
    sign_in(client, person)
    _, last = nearly_finished_refresher(session, anew, person)
    for path, form in last.values():
        assert client.post(path, form).status == 303  # type: ignore[arg-type]
    assert client.post("/refresher/refresher/change/1", {}).location == "/certificate/passed"
    assert session.execute(select(func.count()).select_from(Certificate)).scalar() == 2


def answer_until_used_up(
    session: Session, library: Library, person: Person, attempt_id: int, points: tuple[str, ...]
) -> AttemptView:
    """Answer all questions correctly except those on these points, until no question is left."""
    at = now()
    for _ in range(120):
        attempt_view = attempt(session, person.id, attempt_id)
        assert attempt_view is not None
        if attempt_view.next is None:
            return attempt_view
        item = attempt_view.next
        question = library.answerable[item.question_id]
        answer = wrong(question) if item.point in points else right(question)
        learning.submit_answer(
            make_context(session, person.id, at), library, attempt_view, item.position, SubmittedAnswer(answer, "sure")
        )
    raise AssertionError("it asks for ever")


def test_when_all_questions_are_used_up_the_page_is_read_again_and_help_is_offered(
    session: Session, client: Client, library: Library
) -> None:
    person = make_completed(session, library)
    make_person(session, "Ann Hill", "ann@example.org", "administrator")
    sign_in(client, person)
    found, _ = refresher_with_open_scenario(session, library, person)
    over = answer_until_used_up(session, library, person, found.attempt_id, (CRITICAL,))
    session.commit()
    asked = [item.question_id for item in over.items]
    assert len(asked) == len(set(asked)), "a question came twice"
    on_it = {q.id for q in library.questions.values() if CRITICAL in q.points}
    assert {item.question_id for item in over.items if item.point == CRITICAL} == on_it
    assert (over.passed, over.points_failed) == (False, (CRITICAL,))
    assert session.execute(select(func.count()).select_from(Completion)).scalar() == 1

    result = client.get(f"/attempt/{over.id}")
    assert result.h1 == "Please read again, and talk it through"
    assert "Every point was right" not in result.text
    assert "Ask for help" in result.text
    overview = client.get(link(result.html, "Go on"))
    page = client.get(link(overview.html, "Read: "))
    assert page.h1 == library.points[CRITICAL].title
    assert client.post("/refresher", {}).location == "/refresher", "another one is not begun before it is read"
    assert client.post(f"/refresher/refresher/again/{CRITICAL}", {}).location == "/refresher"
    client.post(f"/refresher/refresher/again/{CRITICAL}", {})
    row = session.execute(select(PageReadAgain)).scalar_one()
    module_id, page_id = library.pages_by_point[CRITICAL]
    assert (row.enrolment_id, row.point, row.ref) == (found.id, CRITICAL, f"{module_id}/{page_id}")
    assert row.version == library.modules[module_id].pages[page_id].version

    # Another refresher is composed; the answers of the first one stay.
    assert "Begin my refresher" in client.get("/refresher").text
    client.post("/refresher", {})
    session.expire_all()
    newest = queries.newest_refresher(session, person.id, "refresher")
    assert newest is not None
    assert newest.id != found.id
    assert attempt(session, person.id, over.id) == over
    client.get("/refresher/refresher/again/new-risks", 404)


def test_what_counts_for_nothing_is_no_last_step(session: Session, library: Library) -> None:
    """A completion that is recovered is of the day of the last step that counts."""
    person = make_completed(session, library, ago=timedelta(days=90))
    enrolment = session.execute(select(Enrolment.id).where(Enrolment.person_id == person.id)).scalar_one()
    at = now()
    before = at - timedelta(days=90)
    session.add(PageRead(enrolment_id=enrolment, ref="a/b", version="1", read_at=before))
    attempt_row = Attempt(enrolment_id=enrolment, kind="check", ref="a", number=1, seed=1, opened_at=at)
    run = ScenarioRun(enrolment_id=enrolment, ref="a/b", version="1", number=1, opened_at=at)
    session.add_all([attempt_row, run])
    session.flush()
    void = {"reason": "Entered for someone else", "made_by": person.id, "made_at": at}
    outcome = {"finished_at": at, "passed": True, "points_right": 1, "points_asked": 1, "pass_mark": 80}
    session.add_all([
        AttemptOutcome(attempt_id=attempt_row.id, **outcome), AttemptVoid(attempt_id=attempt_row.id, **void),
        RunOutcome(run_id=run.id, ending="e", outcome="good", finished_at=at), ScenarioRunVoid(run_id=run.id, **void),
    ])  # fmt: skip
    session.flush()
    assert queries.last_step_at(session, enrolment) == before


def refresher_with_open_scenario(session: Session, library: Library, person: Person) -> tuple[Refresher, int]:
    """A refresher whose scenario has been begun."""
    refresher = actions.begin_refresher(make_context(session, person.id, now()), library, None)
    run = actions.begin_scenario_run(make_context(session, person.id, now()), library, refresher)
    session.commit()
    return refresher, run


def test_an_update_cannot_be_passed_by_guessing(
    session: Session, client: Client, library: Library, teach: Teach
) -> None:
    person = make_completed(session, library, ago=timedelta(days=90))
    make_person(session, "Ann Hill", "ann@example.org", "administrator")
    anew = teach(28)
    wanted = actions.update_for(session, anew, person.id, None, "Europe/London")
    assert wanted is not None
    found = actions.begin_update(make_context(session, person.id, now()), anew, wanted)
    over = answer_until_used_up(session, anew, person, found.attempt_id, wanted.points)
    session.commit()
    assert len(over.items) == len({item.question_id for item in over.items})
    assert over.passed is False
    sign_in(client, person)
    page = client.get("/refresher/update")
    assert "Please read" in page.text
    assert "Ask for help" in page.text
    for point in over.points_failed:
        client.post(f"/refresher/update/again/{point}", {})
    assert client.post("/refresher/update", {}).location != "/refresher/update"
    count = select(func.count()).where(Enrolment.person_id == person.id, Enrolment.kind == "update")
    assert session.execute(count).scalar() == 2


def test_a_certificate_states_the_time_of_the_required_parts_and_not_of_the_clicks(
    app: Flask, session: Session, library: Library
) -> None:
    minutes = {}
    for name, misses in (("sam", ()), ("kim", ("new-risks", "police-when-immediate-risk", "encourage-talk"))):
        person = make_completed(session, library, email=f"{name}@example.org")
        at, missed = now(), set(misses)
        found = actions.begin_refresher(make_context(session, person.id, at), library, None)
        run = actions.begin_scenario_run(make_context(session, person.id, at), library, found)
        path, form = decide_but_last(session, library, person.id, run, at)
        for _ in range(99):
            held = attempt(session, person.id, found.attempt_id)
            assert held is not None
            if held.next is None:
                break
            question = library.answerable[held.next.question_id]
            # One wrong answer on each of these points, then all answers are right.
            given = wrong(question) if held.next.point in missed else right(question)
            missed.discard(held.next.point)
            learning.submit_answer(
                make_context(session, person.id, at),
                library,
                held,
                held.next.position,
                SubmittedAnswer(given, "sure"),
            )
        session.commit()
        sign_in(Client(app), person).post(path, form)
        session.expire_all()
        made = select(Certificate.minutes).where(Certificate.person_id == person.id, Certificate.kind == "refresher")
        minutes[name] = session.execute(made).scalar_one()
        newest = queries.newest_refresher(session, person.id, "refresher")
        assert newest is not None
        assert minutes[name] == required_minutes(library, newest)
        # The whole course has the duration of the whole course on this pathway.
        whole = select(Certificate.minutes).where(Certificate.person_id == person.id, Certificate.kind == "initial")
        assert session.execute(whole).scalar_one() == library.minutes
    assert abs((minutes["sam"] or 0) - (minutes["kim"] or 0)) <= 3, minutes


def test_the_last_right_answer_of_an_update_leads_to_its_end(
    session: Session, client: Client, library: Library, teach: Teach
) -> None:
    person = make_completed(session, library, ago=timedelta(days=90))
    anew = teach(28)
    wanted = actions.update_for(session, anew, person.id, None, "Europe/London")
    assert wanted is not None
    found = actions.begin_update(make_context(session, person.id, now()), anew, wanted)
    for part in found.parts:
        if part.kind == "change":
            actions.record_changed_page_read(make_context(session, person.id, now()), anew, found, part)
    path, form = answer_but_last(session, anew, person.id, found.attempt_id, now())
    session.commit()
    sign_in(client, person)
    where = client.post(path, form).location
    assert where == f"/refresher/update?after={found.attempt_id}"
    ended = client.get(where)
    assert ended.h1 == "You are up to date"
    assert link(ended.html, "Read why").startswith(f"/attempt/{found.attempt_id}/")
    # It ends without a completion, as docs/api.md says.
    completed = select(Enrolment.kind).join(Completion, Completion.enrolment_id == Enrolment.id)
    assert set(session.execute(completed.where(Enrolment.person_id == person.id)).scalars()) == {"initial"}
    # Somebody else who is given that address is told nothing about an answer.
    other = make_completed(session, library, ago=timedelta(days=91), email="kim@example.org")
    sign_in(client, other)
    assert "Read why" not in client.get(where).text
