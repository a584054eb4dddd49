"""Answers on paper: drawn, printed, witnessed, entered once, marked, and made void."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from course.certificates.models import Certificate
from course.clock import now
from course.content.library import Library
from course.context import make_context
from course.learning import actions as learning
from course.learning import queries
from course.learning.models import Answer, Attempt, AttemptVoid, Completion, RunOutcome, ScenarioRun
from course.learning.queries import AttemptView
from course.learning.rules.grading import SubmittedAnswer, option_order
from course.people.models import Person
from course.supervised_sessions.models import SupervisedAttendance, SupervisedEntry, SupervisedSession
from course.supervised_sessions.queries import supervised_marks
from course.supervised_sessions.rules import PAPER, PAPER_DAYS
from tests.learning.givens import right
from tests.makers import make_person, sign_in
from tests.pages import Client, Page
from tests.supervised_sessions.makers import Hall, make_hall
from tests.support.days import form_day, this_day
from tests.walking import Right, always, never, right_form, wrong_form

KITES = "module:kites"
WITNESS = "Lee Ward"
Form = dict[str, list[str]]


@pytest.fixture
def hall(app: Flask, session: Session, sample_course: Library) -> Hall:
    assert "kites" in sample_course.modules
    return make_hall(app, session)


def attempt_of(session: Session, person: Person) -> AttemptView:
    newest = queries.attempts(session, person.id)[-1]
    session.commit()
    return newest


def filled_in(hall: Hall, attempt: AttemptView, right: Right = always) -> Form:
    """The fields of the page on which a sheet is entered, as somebody answered on it."""
    library = hall.app.extensions["course"].library
    form: Form = {}
    for item in attempt.items:
        question = library.answerable[item.question_id]
        order = option_order(question, attempt.seed, item.position)
        given = (right_form if right(question) else wrong_form)(question, order) | {"sureness": ["sure"]}
        form |= {f"q{item.position}-{name}": values for name, values in given.items()}
    return form


def attend(manager: Client, address: str, *people: Person, status: int = 303, **form: str) -> Page:
    ids = [str(one.id) for one in people]
    return manager.post(f"{address}/attendance", {"person": ids, "witness": WITNESS, **form}, status)


def answers_of(address: str, person: Person) -> str:
    return f"{address}/people/{person.id}/answers"


def ready(hall: Hall, session: Session, part: str = KITES) -> tuple[Client, str, AttemptView]:
    """A session with sheets printed and Sam's attendance recorded; Sam's attempt."""
    manager = hall.manager()
    address = hall.plan(part, manager)
    assert manager.post(f"{address}/sheets", {}).location == f"{address}/sheets"
    attend(manager, address, hall.sam)
    return manager, address, attempt_of(session, hall.sam)


def test_each_person_has_a_sheet_with_the_questions_of_their_attempt(hall: Hall, session: Session) -> None:
    manager, address, attempt = ready(hall, session)
    page = manager.get(f"{address}/sheets")
    library = hall.app.extensions["course"].library
    for item in attempt.items:
        question = library.answerable[item.question_id]
        shown = [str(question.options[n].text) for n in option_order(question, attempt.seed, item.position)]
        plain = [re.sub(r"<[^>]+>", "", text).strip() for text in shown]
        assert all(text in page.text for text in plain), question.id
    assert [len(queries.attempts(session, one.id)) for one in (hall.sam, hall.kim)] == [1, 1]
    again = manager.post(f"{address}/sheets", {})
    assert again.location == f"{address}/sheets"
    assert attempt_of(session, hall.sam) == attempt


def test_what_is_entered_is_judged_as_on_a_screen_and_marked(hall: Hall, session: Session) -> None:
    manager, address, attempt = ready(hall, session)
    form = filled_in(hall, attempt)
    checked = manager.post(answers_of(address, hall.sam), {**form, "step": "check"}, 200)
    assert "Check what you entered" in checked.h1
    assert f"seen by {WITNESS}" in checked.text
    assert session.execute(select(func.count()).select_from(Answer)).scalar_one() == 0
    session.commit()
    # The buttons of the page send what was entered, for a change and for good.
    sent = {name: field for name, field in _sent(checked).items() if name.startswith("q")}
    assert sent == form
    changed = manager.post(answers_of(address, hall.sam), {**sent, "step": "change"}, 200)
    assert f"Enter the answers of {hall.sam.name}" in changed.h1
    manager.post(answers_of(address, hall.sam), {**sent, "step": "keep"})
    done = attempt_of(session, hall.sam)
    assert (done.passed, done.answered) == (True, len(attempt.items))
    mark = supervised_marks(session, [done.id])[done.id]
    assert (mark.way, mark.witness, mark.entered_by) == (PAPER, WITNESS, "Alex Morgan")
    session.commit()
    record = manager.get(f"/report/people/{hall.sam.id}").text
    assert f"on paper, witnessed by {WITNESS}, entered by Alex Morgan" in record
    own = sign_in(Client(hall.app), hall.sam).get("/record").text
    assert f"on paper, witnessed by {WITNESS}, entered by Alex Morgan" in own
    # What was right, and why, is told nowhere.
    library = hall.app.extensions["course"].library
    reasons = [
        re.sub(r"<[^>]+>", "", str(option.reason)).strip()
        for item in attempt.items
        for option in library.answerable[item.question_id].options
    ]
    assert len(reasons) > len(attempt.items)
    assert not [why for page in (checked, changed) for why in reasons if why and why in page.text]


def _sent(page: Page) -> Form:
    # Not the buttons of languages, which lead back to this address.
    addresses = [(form, form.get("action") or "") for form in page.all("form")]
    form = next(form for form, action in addresses if action.endswith("/answers") and "?" not in action)
    found: Form = {}
    for field in form.iter("input"):
        found.setdefault(field.get("name", ""), []).append(field.get("value", ""))
    return found


def test_what_is_missing_is_said_where_it_is_and_nothing_else_is_lost(hall: Hall, session: Session) -> None:
    manager, address, attempt = ready(hall, session)
    form = filled_in(hall, attempt)
    gone = next(name for name in form if name.endswith("-answer"))
    number = gone.split("-")[0][1:]
    kept = {name: values for name, values in form.items() if name not in (gone, f"q{number}-sureness")}
    for step in ("check", "keep"):
        page = manager.post(answers_of(address, hall.sam), {**kept, "step": step}, 422)
        assert page.title.startswith("Error:")
        assert f"Question {number}: Say how sure you are of your answer." in page.text
        other = next(name for name in kept if name.endswith("-sureness"))
        field = next(one for one in page.all("input") if one.get("name") == other and one.get("checked") is not None)
        assert field.get("value") == "sure"
    assert session.execute(select(func.count()).select_from(Answer)).scalar_one() == 0


def test_nothing_is_entered_twice(hall: Hall, session: Session) -> None:
    manager, address, attempt = ready(hall, session)
    manager.post(answers_of(address, hall.sam), {**filled_in(hall, attempt, never), "step": "keep"})
    first = attempt_of(session, hall.sam)
    manager.post(answers_of(address, hall.sam), {**filled_in(hall, attempt), "step": "keep"})
    assert attempt_of(session, hall.sam) == first
    assert "were entered before. Nothing has changed." in manager.get(address).text
    assert session.execute(select(func.count()).select_from(SupervisedEntry)).scalar_one() == 1


def test_the_witness_is_another_than_the_learner_and_than_who_enters(hall: Hall, session: Session) -> None:
    manager = hall.manager()
    address = hall.plan(KITES, manager)
    page = attend(manager, address, hall.sam, status=422, witness="sam okafor")
    assert "No one can be the witness for themselves." in page.text
    page = attend(manager, address, hall.sam, status=422, witness="Alex MORGAN")
    assert "The witness cannot be you." in page.text
    page = attend(manager, address, status=422)
    assert "Tick at least one person." in page.text
    assert session.execute(select(func.count()).select_from(SupervisedAttendance)).scalar_one() == 0
    session.commit()
    manager.post(f"{address}/sheets", {})
    # Absent people have no answers.
    asked = manager.get(answers_of(address, hall.sam), 303)
    assert asked.location == address
    assert "First record that Sam Okafor signed the attendance sheet." in manager.get(address).text
    boss = make_person(session, WITNESS, "lee@example.org", "administrator")
    attend(manager, address, hall.sam, hall.kim)
    form = {**filled_in(hall, attempt_of(session, hall.sam)), "step": "keep"}
    other = sign_in(Client(hall.app), boss)
    other.post(answers_of(address, hall.sam), form)
    assert "You are the witness for Sam Okafor. Someone else has to enter the answers." in other.get(address).text
    assert session.execute(select(func.count()).select_from(Answer)).scalar_one() == 0


def test_an_administrator_who_is_expected_does_not_enter_their_own_answers(hall: Hall, session: Session) -> None:
    boss = make_person(session, "Bo Ash", "bo@example.org", "administrator", hall.team)
    manager = hall.manager()
    form = {"part": KITES, "place": "Hall", "held_on": form_day(), "person": [str(boss.id)]}
    address = manager.post("/supervised/new", form).location
    manager.post(f"{address}/sheets", {})
    attend(manager, address, boss)
    own = sign_in(Client(hall.app), boss)
    assert "Bo Ash" not in [words for row in own.get(address).all("tr") for words in row.itertext()]
    own.get(answers_of(address, boss), 404)
    own.post(answers_of(address, boss), {**filled_in(hall, attempt_of(session, boss)), "step": "keep"}, 404)


def test_what_was_answered_on_a_screen_meanwhile_is_not_entered_again(hall: Hall, session: Session) -> None:
    manager, address, attempt = ready(hall, session)
    page = manager.get(answers_of(address, hall.sam))
    library = hall.app.extensions["course"].library
    first = attempt.items[0]
    order = option_order(library.answerable[first.question_id], attempt.seed, 1)
    sam = sign_in(Client(hall.app), hall.sam)
    sam.post(f"/attempt/{attempt.id}/1", {**right_form(library.answerable[first.question_id], order), "sure": "sure"})
    assert page.h1 == "Enter the answers of Sam Okafor"
    form = filled_in(hall, attempt)
    manager.post(answers_of(address, hall.sam), {**form, "step": "keep"})
    done = attempt_of(session, hall.sam)
    # One answer was given where nobody saw it.
    assert done.answered == len(attempt.items)
    assert supervised_marks(session, [done.id]) == {}


def test_a_wrong_entry_is_void_with_a_reason_and_counts_for_nothing(hall: Hall, session: Session) -> None:
    manager, address, attempt = ready(hall, session)
    manager.post(answers_of(address, hall.sam), {**filled_in(hall, attempt), "step": "keep"})
    assert queries.progress_facts(session, hall.sam.id).shown
    session.commit()
    known, past = queries.progress_facts_of_many(session, [hall.sam.id]), now()
    session.commit()
    void = f"{address}/people/{hall.sam.id}/void"
    assert "Enter a reason" in manager.post(void, {"reason": ""}, 422).text
    manager.post(void, {"reason": "Two sheets were swapped"})
    manager.post(void, {"reason": "Once more"})
    assert [row.reason for row in session.execute(select(AttemptVoid)).scalars()] == ["Two sheets were swapped"]
    facts = queries.progress_facts(session, hall.sam.id)
    assert (facts.shown, queries.module_facts(session, hall.sam.id, "kites").shown) == (frozenset(), frozenset())
    # A report of a past day counts what counted at its end.
    assert queries.progress_facts_of_many(session, [hall.sam.id], past, past) == known
    assert attempt_of(session, hall.sam).answered == len(attempt.items)
    assert "Void" in manager.get(f"/report/people/{hall.sam.id}").text
    assert "Entered wrongly from paper" in sign_in(Client(hall.app), hall.sam).get("/record").text
    # Another sheet has other questions or another order, and is another attempt.
    manager.post(f"{address}/sheets", {})
    assert attempt_of(session, hall.sam).number == 2


def nearly_complete(session: Session, library: Library, person: Person) -> None:
    """Everything of the sample course but the final assessment."""
    at = now()
    module = library.modules["kites"]
    context = make_context(session, person.id, at)
    enrolment = queries.enrolment_id(session, person.id)
    for step in module.steps:
        ref = f"kites/{step.id}"
        if step.kind == "page":
            learning.record_page_read(context, module, module.pages[step.id])
        elif step.kind == "scenario":
            run = ScenarioRun(enrolment_id=enrolment, ref=ref, version="v", number=1, opened_at=at)
            session.add(run)
            session.flush()
            session.add(RunOutcome(run_id=run.id, ending="end", outcome="good", finished_at=at))
        else:
            _answer(session, library, person, learning.begin_timeline(context, library, ref, module.timelines[step.id]))
    _answer(session, library, person, learning.begin_check(context, library, module))
    session.commit()


def _answer(session: Session, library: Library, person: Person, number: int) -> None:
    attempt = queries.attempt(session, person.id, number)
    assert attempt is not None
    for item in attempt.items:
        given = right(library.answerable[item.question_id])
        confidence = None if attempt.kind == "timeline" else "sure"
        learning.submit_answer(
            make_context(session, person.id, now()), library, attempt, item.position, SubmittedAnswer(given, confidence)
        )


def test_a_final_assessment_on_paper_leads_to_a_certificate_that_says_so(
    hall: Hall, session: Session, sample_course: Library
) -> None:
    nearly_complete(session, sample_course, hall.sam)
    manager, address, attempt = ready(hall, session, "final")
    page = manager.get(f"{address}/sheets")
    assert "No sheet for these people, because they are not ready for this part, or have done it: Kim Else" in page.text
    manager.post(answers_of(address, hall.sam), {**filled_in(hall, attempt), "step": "keep"})
    assert attempt.kind == "final"
    certificate = session.execute(select(Certificate)).scalar_one()
    held_on = session.execute(select(SupervisedSession.held_on)).scalar_one()
    assert certificate.supervised_on == held_on
    session.commit()
    sam = sign_in(Client(hall.app), hall.sam)
    words = f"In a supervised session on {held_on.day} {held_on:%B %Y}"
    assert words in sam.get(f"/certificate/{certificate.number}").text
    assert words in Client(hall.app).get(f"/verify/{certificate.number}").text
    assert sam.get(f"/certificate/{certificate.number}.pdf").body.startswith(b"%PDF")
    # What was certified stays: it is revoked, and not made void.
    page = manager.post(f"{address}/people/{hall.sam.id}/void", {"reason": "A mistake"}, 422)
    assert "These answers completed the course, so they stay." in page.text
    assert session.execute(select(func.count()).select_from(Completion)).scalar_one() == 1


def test_a_certificate_does_not_claim_what_was_partly_done_at_home(
    hall: Hall, session: Session, sample_course: Library
) -> None:
    nearly_complete(session, sample_course, hall.sam)
    context = make_context(session, hall.sam.id, now())
    failed = queries.attempt(session, hall.sam.id, learning.begin_final(context, sample_course))
    session.commit()
    assert failed is not None
    sam = sign_in(Client(hall.app), hall.sam)
    for item in failed.items:
        question = sample_course.answerable[item.question_id]
        order = option_order(question, failed.seed, item.position)
        sam.post(f"/attempt/{failed.id}/{item.position}", {**wrong_form(question, order), "sure": "sure"})
    manager, address, attempt = ready(hall, session, "final")
    assert attempt.number == 2
    manager.post(answers_of(address, hall.sam), {**filled_in(hall, attempt), "step": "keep"})
    found = session.execute(select(Certificate)).scalar_one_or_none()
    assert found is not None
    assert found.supervised_on is None


def test_a_void_final_assessment_says_so_and_explains_no_point_that_is_asked_again(
    hall: Hall, session: Session, sample_course: Library
) -> None:
    nearly_complete(session, sample_course, hall.sam)
    manager, address, attempt = ready(hall, session, "final")
    manager.post(answers_of(address, hall.sam), {**filled_in(hall, attempt, never), "step": "keep"})
    manager.post(f"{address}/people/{hall.sam.id}/void", {"reason": "Two sheets were swapped"})
    page = sign_in(Client(hall.app), hall.sam).get(f"/attempt/{attempt.id}")
    assert (page.h1, "it counts for nothing" in page.text) == ("How it went", True)
    critical = [item for item in attempt.items if sample_course.points[item.point].safety_critical]
    assert page.text.count("The reasons come when it is.") == len(critical) > 0


def test_pages_that_were_read_together_are_read_by_those_who_signed(
    hall: Hall, session: Session, sample_course: Library
) -> None:
    manager = hall.manager()
    address = hall.plan(KITES, manager)
    attend(manager, address, hall.sam, read_together="y")
    library = sample_course.for_("school", "england")
    pages = {f"kites/{page}" for page in library.modules["kites"].pages}
    assert queries.progress_facts(session, hall.sam.id).pages == pages
    assert queries.progress_facts(session, hall.kim.id).pages == frozenset()
    session.commit()
    waiting = manager.get(f"{address}/attendance")
    assert "Kim Else" in waiting.text
    assert "Sam Okafor" not in waiting.text


@pytest.mark.parametrize(("days", "status"), [(PAPER_DAYS, 200), (PAPER_DAYS + 1, 404)])
def test_paper_is_entered_for_four_weeks(hall: Hall, session: Session, days: int, status: int) -> None:
    manager, address, _attempt = ready(hall, session)
    manager.post(f"{address}/close", {})
    session.execute(update(SupervisedSession).values(held_on=this_day() - timedelta(days=days)))
    session.commit()
    manager.get(answers_of(address, hall.sam), status)


def test_a_refresher_is_printed_only_for_those_for_whom_one_is_due(hall: Hall, session: Session) -> None:
    """Whoever is due: tests/refreshers/test_on_paper.py."""
    address = hall.plan("refresher")
    manager = hall.manager()
    manager.post(f"{address}/sheets", {}, 404)
    assert manager.post(f"{address}/refreshers", {}).location == f"{address}/sheets"
    assert "have done it: Kim Else, Sam Okafor" in manager.get(f"{address}/sheets").text
    assert session.execute(select(func.count()).select_from(Attempt)).scalar_one() == 0
