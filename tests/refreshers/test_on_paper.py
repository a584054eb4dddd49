"""A refresher on paper: printed for each person, entered with a witness, and what changes between printing and entering."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from course.certificates.models import Certificate
from course.clock import now
from course.content.library import Library
from course.content.schema import Scenario
from course.context import make_context
from course.learning import actions as learning
from course.learning.models import Answer, Attempt, Completion, Enrolment, PageRead, RunOutcome, ScenarioRunVoid
from course.learning.queries import AttemptView, attempts
from course.learning.rules.grading import option_order
from course.organisation.actions import confirm_contact, set_usual_language
from course.people.actions import set_team_setting
from course.people.models import Person
from course.printed_modules.rules.sections import sections_code, story_sections
from course.refreshers import queries
from course.refreshers.queries import Refresher
from course.supervised_sessions.models import SupervisedEntry, SupervisedSession, SupervisedSheet
from course.supervised_sessions.queries import AttendeeView
from course.supervised_sessions.views.page_context import library_of
from course.web.unit_of_work import unit_of_work
from tests.certificates.sheets import pdf_text
from tests.learning.test_races import count
from tests.makers import make_person, sign_in
from tests.pages import Client
from tests.printed_modules.test_printing import events
from tests.refreshers.makers import LONG_AGO, complete
from tests.refreshers.refresher_steps import REF, Teach, answer_all, finish_scenario, record_page_read
from tests.supervised_sessions.makers import Hall, make_hall
from tests.supervised_sessions.test_between_two import hall_of, sending
from tests.support.racing import at_once
from tests.walking import Right, always, never, right_form, wrong_form

Form = dict[str, str | list[str]]


@pytest.fixture
def hall(app: Flask, session: Session, library: Library) -> Hall:
    """Sam's certificate runs out in two weeks; Kim has none."""
    hall = make_hall(app, session)
    complete(session, library, hall.sam, now() - LONG_AGO)
    session.commit()
    return hall


def printed(hall: Hall, manager: Client) -> str:
    """A session with Sam's sheet printed and their attendance recorded."""
    address = hall.plan("refresher", manager)
    assert manager.post(f"{address}/refreshers", {}).location == f"{address}/sheets"
    manager.post(f"{address}/attendance", {"person": [str(hall.sam.id)], "witness": "Lee Ward"})
    return address


def refresher_of(session: Session, person: Person) -> Refresher:
    found = queries.newest_refresher(session, person.id, "refresher")
    session.commit()
    assert found is not None
    return found


def sheet_of(session: Session, person: Person) -> AttemptView:
    found = attempts(session, person.id, "refresher")[-1]
    session.commit()
    return found


def filled_in(library: Library, attempt: AttemptView, right: Right = always) -> Form:
    """What comes back for the questions that are open."""
    form: Form = {"step": "keep"}
    for item in attempt.items:
        question = library.answerable[item.question_id]
        order = option_order(question, attempt.seed, item.position)
        given = (right_form if right(question) else wrong_form)(question, order) | {"sureness": ["sure"]}
        if item.given is None:
            form |= {f"q{item.position}-{name}": values for name, values in given.items()}
    return form


def story_form(library: Library, refresher: Refresher) -> tuple[Scenario, Form]:
    ref = next(part.ref for part in refresher.parts if part.kind == "scenario")
    scenario = library.modules[ref.partition("/")[0]].scenarios[ref.partition("/")[2]]
    by_choice = story_sections(scenario).by_choice
    road = [str(by_choice[f"{one.id}/{one.best.id}"]) for one in scenario.recommended if one.choices]
    return scenario, {"code": sections_code(scenario), "numbers": ", ".join(road)}


def test_a_refresher_on_paper_renews_the_certificate_and_says_so(
    hall: Hall, session: Session, library: Library, teach: Teach
) -> None:
    record_page_read(session, library, hall.sam)
    session.commit()
    course = teach(None)
    manager = hall.manager()
    address = printed(hall, manager)
    sheets = manager.get(f"{address}/sheets").text
    assert "have done it: Kim Else" in sheets, "no refresher is due"
    assert session.execute(select(func.count()).where(Enrolment.kind == "refresher")).scalar_one() == 1
    session.commit()
    refresher, first = refresher_of(session, hall.sam), sheet_of(session, hall.sam)
    scenario, story = story_form(course, refresher)
    reading = f"{address}/people/{hall.sam.id}/refresher"
    text = pdf_text(manager.flask.post(f"{reading}/print", data={"csrf_token": manager.token()}).data)
    for words in ("Sam Okafor", sections_code(scenario), "Something new holds today.", "Worried about a child?"):
        assert words in text
    # One question is missed: another on its point comes on a second sheet, with another reference.
    missed = course.answerable[first.items[0].question_id]
    manager.post(f"{address}/people/{hall.sam.id}/answers", filled_in(course, first, lambda one: one is not missed))
    assert "Some questions are asked again: print another sheet." in manager.get(address).text
    manager.post(f"{address}/refreshers", {})
    again = sheet_of(session, hall.sam)
    assert [item.given is None for item in again.items] == [False] * len(first.items) + [True]
    assert manager.get(f"{address}/sheets").text.count("How sure are you?") == 1
    numbers = session.execute(select(SupervisedSheet.number).order_by(SupervisedSheet.id)).scalars().all()
    session.commit()
    assert numbers == [1, 2]
    manager.post(f"{address}/people/{hall.sam.id}/answers", filled_in(course, again))
    assert session.execute(select(func.count()).select_from(Completion)).scalar_one() == 1, "the reading is missing"
    session.commit()
    wrong = manager.post(reading, {**story, "code": "ABCDEF", "step": "keep"}, 422)
    assert "The story of this refresher has another code." in wrong.text
    assert "Tick that the pages were read" in manager.post(reading, {"step": "check"}, 422).text
    checked = manager.post(reading, {**story, "read": "y", "step": "check"}, 200)
    assert "They have read the pages that were printed for them" in checked.text
    for _tab in range(2):
        assert manager.post(reading, {**story, "read": "y", "step": "keep"}).location == address
    kinds = session.execute(select(Enrolment.kind).join(Completion, Completion.enrolment_id == Enrolment.id)).scalars()
    assert sorted(kinds) == ["initial", "refresher"]
    assert session.execute(select(PageRead.ref).where(PageRead.enrolment_id == refresher.id)).scalar_one() == REF
    held_on = session.execute(select(SupervisedSession.held_on)).scalar_one()
    newest = session.execute(select(Certificate).order_by(Certificate.id.desc())).scalars().first()
    assert newest is not None
    assert newest.supervised_on == held_on
    session.commit()
    number = int(address.rpartition("/")[2])
    assert events(session, "supervised.refresher") == [
        ("supervised.refresher_printed", {"session": number}),
        ("supervised.refresher_read", {"session": number, "pages": 1}),
    ]
    # What has completed a refresher stays.
    page = manager.post(f"{address}/people/{hall.sam.id}/void", {"reason": "A mistake"}, 422)
    assert "Ask an administrator to revoke the certificate." in page.text


def test_what_changes_between_printing_and_entering_is_neither_lost_nor_counted_twice(
    hall: Hall, session: Session, app: Flask, library: Library
) -> None:
    manager = hall.manager()
    address = printed(hall, manager)
    entry, first = f"{address}/people/{hall.sam.id}/answers", sheet_of(session, hall.sam)
    paper = filled_in(library, first)
    # A question is withdrawn from the course, and Sam misses another one on a screen, which asks one more.
    state = app.extensions["course"]
    without = first.items[1].question_id
    modules = {
        name: module.model_copy(update={"questions": tuple(one for one in module.questions if one.id != without)})
        for name, module in state.library.modules.items()
    }
    app.extensions["course"] = replace(state, library=replace(state.library, modules=modules, _variants={}))
    try:
        assert without not in app.extensions["course"].library.questions
        sam = sign_in(Client(app), hall.sam)
        question = library.answerable[first.items[0].question_id]
        given = wrong_form(question, option_order(question, first.seed, 1))
        sam.post(f"/attempt/{first.id}/1", {**given, "sure": "sure"})
        grown = sheet_of(session, hall.sam)
        assert len(grown.items) == len(first.items) + 1
        asked = manager.get(entry).text
        assert f"{first.items[1].position}. " in asked
        assert f"{len(grown.items)}. " not in asked, "what is not on the paper is not asked for"
        manager.post(entry, {**paper, "step": "keep"})
        done = sheet_of(session, hall.sam)
        assert [item.correct for item in done.items] == [False, *[True] * (len(first.items) - 1), None]
        # The rest, and the story, on the screen; a sheet that was printed for it is of no use then.
        manager.post(f"{address}/refreshers", {})
        rest = filled_in(library, done)
        answer_all(app, sam, hall.sam)
        finish_scenario(app, sam, hall.sam, session)
        session.commit()
        manager.post(entry, rest)
        assert "Nothing is left to enter." in manager.get(address).text
        kept = select(func.count()).select_from(SupervisedEntry)
        assert session.execute(kept).scalar_one() == 1
        assert session.execute(select(func.count()).select_from(Completion)).scalar_one() == 2
        certificates = session.execute(select(Certificate.supervised_on).order_by(Certificate.id)).scalars().all()
        session.commit()
        assert certificates[-1] is None, "a part of it was answered alone"
    finally:
        app.extensions["course"] = state


def test_a_sheet_of_a_refresher_that_counts_for_nothing_any_more_is_not_entered(
    hall: Hall, session: Session, library: Library
) -> None:
    manager = hall.manager()
    address = printed(hall, manager)
    first = sheet_of(session, hall.sam)
    entry = f"{address}/people/{hall.sam.id}/answers"
    # Entered wrongly, made void: the next one is composed anew.
    manager.post(entry, filled_in(library, first, never))
    manager.post(f"{address}/people/{hall.sam.id}/void", {"reason": "Two sheets were swapped"})
    manager.post(f"{address}/refreshers", {})
    second = sheet_of(session, hall.sam)
    assert second.enrolment_id != first.enrolment_id
    form = filled_in(library, second)
    # Meanwhile another refresher was begun.
    newer = learning.open_enrolment(session, hall.sam.id, "refresher", now())
    session.commit()
    manager.post(entry, form)
    assert "has begun or completed something else since this sheet was printed" in manager.get(address).text
    assert sheet_of(session, hall.sam).answered == 0
    assert newer > second.enrolment_id


def test_a_refresher_after_a_void_one_has_the_changes_that_the_void_one_had(
    hall: Hall, session: Session, library: Library, teach: Teach
) -> None:
    record_page_read(session, library, hall.sam)
    course = teach(None)
    manager = hall.manager()
    address = printed(hall, manager)
    manager.post(f"{address}/people/{hall.sam.id}/refresher", {"read": "y", "step": "keep"})
    manager.post(f"{address}/people/{hall.sam.id}/answers", filled_in(course, sheet_of(session, hall.sam)))
    assert [part.ref for part in refresher_of(session, hall.sam).parts if part.kind == "change"] == [f"page:{REF}"]
    # The answers were those of another person.
    manager.post(f"{address}/people/{hall.sam.id}/void", {"reason": "Two sheets were swapped"})
    void = refresher_of(session, hall.sam)
    assert void.void
    manager.post(f"{address}/refreshers", {})
    anew = refresher_of(session, hall.sam)
    assert anew.id != void.id
    assert [part.ref for part in anew.parts if part.kind == "change"] == [f"page:{REF}"]


def test_a_story_of_a_refresher_is_void_and_decided_again(hall: Hall, session: Session, library: Library) -> None:
    manager = hall.manager()
    address = printed(hall, manager)
    reading = f"{address}/people/{hall.sam.id}/refresher"
    _scenario, story = story_form(library, refresher_of(session, hall.sam))
    manager.post(reading, {**story, "step": "keep"})
    assert refresher_of(session, hall.sam).reading_done
    (link,) = [one.get("href") or "" for one in manager.get(address).all("a") if "/story/" in (one.get("href") or "")]
    manager.post(link, {"reason": "Two lines were swapped"})
    assert not refresher_of(session, hall.sam).reading_done
    manager.post(reading, {**story, "step": "keep"})
    assert refresher_of(session, hall.sam).reading_done
    counts = [select(func.count()).select_from(one) for one in (RunOutcome, ScenarioRunVoid)]
    assert [session.execute(one).scalar_one() for one in counts] == [2, 1]
    session.commit()


def test_a_refresher_that_two_print_and_enter_at_once_is_one(committed: Flask) -> None:
    hall = hall_of(committed)
    library = committed.extensions["course"].library.for_("school", "england")
    with committed.app_context(), unit_of_work() as session:
        complete(session, library, hall.sam, now() - LONG_AGO)
    managers = [hall.manager() for _ in range(2)]
    address = hall.plan("refresher", managers[0])
    managers[0].post(f"{address}/attendance", {"person": [str(hall.sam.id)], "witness": "Lee Ward"})
    assert at_once([sending(one, f"{address}/refreshers", {}) for one in managers]) == [303] * 2
    assert count(committed, SupervisedSheet) == 1
    with committed.app_context(), unit_of_work() as session:
        attempt = attempts(session, hall.sam.id, "refresher")[-1]
        refresher = queries.newest_refresher(session, hall.sam.id, "refresher")
    assert refresher is not None
    before, (_scenario, story) = count(committed, Answer), story_form(library, refresher)
    person = f"{address}/people/{hall.sam.id}"
    sent = [sending(one, f"{person}/answers", filled_in(library, attempt)) for one in managers]
    sent += [sending(one, f"{person}/refresher", {**story, "step": "keep"}) for one in managers]
    assert at_once(sent) == [303] * 4
    assert [count(committed, one) for one in (SupervisedEntry, RunOutcome)] == [1, 1]
    assert count(committed, Answer) == before + len(attempt.items)
    assert count(committed, Completion) == 2, "whichever came last completed it"


def test_only_who_runs_the_session_prints_and_enters_it(hall: Hall, session: Session) -> None:
    manager = hall.manager()
    address, module = hall.plan("refresher", manager), hall.plan(manager=manager)
    reading = f"{address}/people/{hall.sam.id}/refresher"
    assert "No refresher is open for this person." in manager.get(reading).text
    other = sign_in(Client(hall.app), make_person(session, "Lou Pike", "lou@example.org", "manager", hall.team))
    for path in (f"{address}/refreshers", reading, f"{reading}/print"):
        other.post(path, {}, 404)
    manager.post(f"{module}/refreshers", {}, 404)
    manager.post(reading, {"read": "y", "step": "keep"})
    assert "First record that Sam Okafor signed" in manager.get(address).text
    long_ago = now() - timedelta(days=1)
    assert session.execute(select(func.count()).where(Attempt.opened_at > long_ago)).scalar_one() == 0
    session.commit()


def test_what_somebody_reads_on_paper_is_of_the_nation_of_their_site_and_in_their_language(
    app: Flask, session: Session, hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    english = app.extensions["course"].library
    welsh = replace(english, language="cy", english=english, translations={}, _variants={})
    monkeypatch.setitem(english.translations, "cy", welsh)
    set_team_setting(make_context(session, None, now()), hall.team.id, "nation", "wales")
    set_usual_language(make_context(session, None, now()), "cy")
    session.commit()
    elsewhere = make_person(session, "Ann Lee", "ann@example.org")

    def course_of(person: Person, language: str | None = None) -> Library:
        return library_of(AttendeeView(1, person.id, person.name, person.name, None, language, False))

    with app.test_request_context():
        assert [course_of(one).nation for one in (hall.sam, elsewhere)] == ["wales", "england"]
        assert [course_of(hall.sam, one).language for one in (None, "en")] == ["cy", "en"]


def test_who_to_tell_on_the_paper_of_one_person_is_that_of_their_site_whoever_prints_it(
    app: Flask, session: Session, hall: Hall
) -> None:
    admin = make_person(session, "Pat Ray", "pat@example.org", "administrator")
    for lead, team_id in (("Gwen Group", None), ("Sian Site", hall.team.id)):
        confirm_contact(make_context(session, None, now()), "lead", lead, "01632 960100", "", team_id)
    session.commit()
    client = sign_in(Client(app), admin)
    address = printed(hall, client)
    reading = f"{address}/people/{hall.sam.id}/refresher/print"
    text = pdf_text(client.flask.post(reading, data={"csrf_token": client.token()}).data)
    assert "Sian Site" in text
    assert "Gwen Group" not in text
