"""What a group wrote down on the attendance sheet of a printed module: entered in one page, once, and made void with a reason."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from course.clock import now
from course.content.library import Library
from course.content.schema import Question
from course.context import make_context
from course.learning import actions as learning
from course.learning.models import Answer, Attempt, AttemptVoid, Completion, RunOutcome, ScenarioRun, ScenarioRunVoid
from course.learning.queries import attempts, module_facts, progress_facts, runs
from course.learning.rules.grading import option_order
from course.learning.rules.progress import module_progress
from course.people.actions import choose_pathway
from course.people.models import Person
from course.printed_modules.rules.moments import MarkedMoments, read_moments, timeline_code
from course.printed_modules.rules.sections import sections_code, story_sections
from course.supervised_sessions.models import SupervisedStory
from course.supervised_sessions.queries import supervised_marks
from course.supervised_sessions.rules import PAPER
from tests.learning.test_races import count
from tests.makers import make_person, sign_in
from tests.pages import Client
from tests.printed_modules.test_printing import CALM, KITES, events, numbers_of, story_of
from tests.supervised_sessions.makers import Hall, make_hall
from tests.supervised_sessions.test_between_two import hall_of, sending
from tests.support.racing import at_once
from tests.walking import right_form

TIMELINE = "a-month-of-kites"
Form = dict[str, str | list[str]]


@pytest.fixture
def hall(app: Flask, session: Session, sample_course: Library) -> Hall:
    assert "kites" in sample_course.modules
    return make_hall(app, session)


def timeline_of(library: Library) -> Question:
    return library.modules["kites"].timelines[TIMELINE]


def codes_of(library: Library) -> Form:
    return {
        f"code-{_story_step(library)}": sections_code(story_of(library)),
        f"code-{TIMELINE}": timeline_code(timeline_of(library)),
    }


def _story_step(library: Library) -> str:
    return next(step.id for step in library.modules["kites"].steps if step.kind == "scenario")


def numbers_for(library: Library, person: Person, moments: str = "2, 4", road: list[str] = CALM) -> Form:
    return {
        f"n{person.id}-{_story_step(library)}": numbers_of(story_of(library), road),
        f"n{person.id}-{TIMELINE}": moments,
    }


def attended(hall: Hall, manager: Client, *people: Person, **form: str) -> str:
    address = hall.plan(KITES, manager)
    manager.post(f"{address}/attendance", {"person": [str(one.id) for one in people], "witness": "Lee Ward", **form})
    return address


def test_a_person_without_any_device_completes_a_module_on_paper(
    hall: Hall, session: Session, sample_course: Library
) -> None:
    manager = hall.manager()
    address = attended(hall, manager, hall.sam, hall.kim, read_together="y")
    assert f"{address}/results" in {one.get("href") for one in manager.get(address).all("a")}
    asked = manager.get(f"{address}/results")
    assert {f"n{one.id}-{TIMELINE}" for one in (hall.sam, hall.kim)} <= asked.fields().keys()
    entered = codes_of(sample_course) | numbers_for(sample_course, hall.sam) | numbers_for(sample_course, hall.kim, "1")
    checked = manager.post(f"{address}/results", {**entered, "step": "check"}, 200)
    assert checked.text.count("It flies near a tree.") == 1
    assert checked.text.count("Hold") == 2 * len(CALM)
    assert session.execute(select(func.count()).select_from(Answer)).scalar_one() == 0
    session.commit()
    sent = {name: value for name, value in checked.fields().items() if name[:4] == "code" or name[:1] == "n"}
    assert (
        manager.post(f"{address}/results", {**sent, "step": "change"}, 200).fields()[f"n{hall.kim.id}-{TIMELINE}"]
        == "1"
    )
    manager.post(f"{address}/results", {**sent, "step": "keep"})
    assert "4 results are kept." in manager.get(address).text
    # The check comes from a question sheet.
    manager.post(f"{address}/sheets", {})
    check = attempts(session, hall.sam.id, "check")[-1]
    form: Form = {"step": "keep"}
    for item in check.items:
        question = sample_course.answerable[item.question_id]
        given = right_form(question, option_order(question, check.seed, item.position)) | {"sureness": ["sure"]}
        form |= {f"q{item.position}-{name}": values for name, values in given.items()}
    manager.post(f"{address}/people/{hall.sam.id}/answers", form)
    course = sample_course.for_("school", "england")
    for facts in (progress_facts(session, hall.sam.id), module_facts(session, hall.sam.id, "kites")):
        assert module_progress(course, course.modules["kites"], facts).done
    timeline = attempts(session, hall.sam.id, "timeline")[-1]
    assert (timeline.items[0].given, timeline.items[0].sureness, timeline.passed) == ([1, 3], None, True)
    mark = supervised_marks(session, [timeline.id])[timeline.id]
    assert (mark.way, mark.witness, mark.entered_by) == (PAPER, "Lee Ward", "Alex Morgan")
    session.commit()
    record = sign_in(Client(hall.app), hall.sam).get("/record").text
    assert record.count("on paper, witnessed by Lee Ward, entered by Alex Morgan") == 3, "story, timeline and check"
    assert [what for what, _details in events(session, "supervised.timeline")] == ["supervised.timeline_entered"] * 2
    # A second tab in which the same was looked through finds it done.
    manager.post(f"{address}/results", {**sent, "step": "keep"})
    assert "Sam Okafor has done this before. Nothing has changed." in manager.get(address).text
    assert "Everyone who signed has done the stories and timelines" in manager.get(f"{address}/results").text


def test_what_is_wrong_is_said_where_it_is_and_nothing_is_kept(
    hall: Hall, session: Session, sample_course: Library
) -> None:
    manager = hall.manager()
    address = attended(hall, manager, hall.sam)
    assert hall.kim.name not in manager.get(f"{address}/results").text, "nobody saw Kim sign"
    good = codes_of(sample_course) | numbers_for(sample_course, hall.sam)
    story, moments = f"n{hall.sam.id}-{_story_step(sample_course)}", f"n{hall.sam.id}-{TIMELINE}"
    wrong = {
        (f"code-{TIMELINE}", ""): "Enter the code at the head of this column on the sheet.",
        (f"code-{TIMELINE}", "ABCDEF"): "No timeline of this module has this code.",
        (f"code-{_story_step(sample_course)}", "%"): "No story of this module has this code.",
        (moments, "9"): "Sam Okafor: There is no moment 9 in this timeline.",
        (moments, "two"): "Sam Okafor: Enter the numbers of the moments",
        (story, "1, 99"): "Sam Okafor: There is no section 99",
    }
    for (field, value), words in wrong.items():
        page = manager.post(f"{address}/results", {**good, field: value, "step": "keep"}, 422)
        assert words in page.text, field
        assert page.title.startswith("Error:")
        assert page.fields()[story] == ({**good, field: value})[story]
    page = manager.post(f"{address}/results", {**codes_of(sample_course), "step": "check"}, 422)
    assert "Enter the numbers of at least one person." in page.text
    assert [session.execute(select(func.count()).select_from(one)).scalar_one() for one in (ScenarioRun, Attempt)] == [
        0,
        0,
    ]
    session.commit()


def test_a_story_and_a_timeline_that_were_entered_wrongly_are_void_and_entered_again(
    hall: Hall, session: Session, sample_course: Library
) -> None:
    manager = hall.manager()
    address = attended(hall, manager, hall.sam)
    kept = codes_of(sample_course) | {"step": "keep"}
    manager.post(f"{address}/results", {**kept, **numbers_for(sample_course, hall.sam, "1")})
    forms = [
        one.get("href") or "" for one in manager.get(address).all("a") if (one.get("href") or "").endswith("/void")
    ]
    assert [one.split("/")[-3] for one in forms] == ["story", "timeline"]
    # Another manager finds neither; an administrator may, as they may enter; nobody makes their own void.
    other = sign_in(Client(hall.app), make_person(session, "Lou Pike", "lou@example.org", "manager"))
    other.post(forms[0], {"reason": "a mistake"}, 404)
    boss = sign_in(Client(hall.app), make_person(session, "Bo Ash", "bo@example.org", "administrator"))
    assert "Enter a reason" in boss.post(forms[0], {"reason": " "}, 422).text
    boss.get(f"{address}/people/{hall.sam.id}/story/999/void", 404)
    boss.post(forms[0], {"reason": "Two lines were swapped"})
    manager.post(forms[1], {"reason": "Two lines were swapped"})
    manager.post(forms[1], {"reason": "Twice"})
    assert "These answers were made void before. Nothing has changed." in manager.get(address).text
    facts = [progress_facts(session, hall.sam.id), module_facts(session, hall.sam.id, "kites")]
    assert [(one.scenarios, one.timelines) for one in facts] == [(frozenset(), frozenset())] * 2
    run = session.execute(select(ScenarioRun.id)).scalar_one()
    assert session.execute(select(RunOutcome.run_id)).scalar_one() == run, "what was entered stays"
    session.commit()
    number = int(address.rpartition("/")[2])
    assert events(session, "supervised.story_v") == [("supervised.story_voided", {"session": number, "run": run})]
    assert len(events(session, "supervised.voided")) == 1
    record = sign_in(Client(hall.app), hall.sam).get("/record").text
    assert record.count("Entered wrongly from paper: it counts for nothing") == 2
    manager.post(f"{address}/results", {**kept, **numbers_for(sample_course, hall.sam)})
    again = progress_facts(session, hall.sam.id)
    assert (len(again.scenarios), len(again.timelines)) == (1, 1)
    assert [one.number for one in attempts(session, hall.sam.id, "timeline")] == [1, 2]
    session.commit()


@pytest.mark.parametrize("first", ["void", "undone"])
def test_a_void_story_is_not_gone_on_with_on_a_device(
    hall: Hall, session: Session, sample_course: Library, first: str
) -> None:
    choose_pathway(make_context(session, None, now()), [hall.sam.id], "clubs", "")
    manager = hall.manager()
    address = attended(hall, manager, hall.sam)
    step = _story_step(sample_course)
    story = {
        key: value
        for key, value in (codes_of(sample_course) | numbers_for(sample_course, hall.sam)).items()
        if step in key
    }
    manager.post(f"{address}/results", {**story, "step": "keep"})
    (void,) = runs(session, hall.sam.id)
    session.commit()
    sam = sign_in(Client(hall.app), hall.sam)
    assert "Pressed the wrong one? Undo" in sam.get(f"/run/{void.id}/debrief").text
    undo = (sam, f"/run/{void.id}/take-back", {"step": str(void.log[-1].step)})
    make_void = (manager, f"{address}/people/{hall.sam.id}/story/{void.id}/void", {"reason": "Two lines were swapped"})
    for client, path, form in (make_void, undo) if first == "void" else (undo, make_void):
        client.post(path, form)
    assert runs(session, hall.sam.id)[0].is_reopened == (first == "undone")
    session.commit()
    anew = sam.post(f"/module/{void.ref}", {}).location
    assert anew != f"/run/{void.id}", "whatever is decided there counts for nothing"
    for number, choice in enumerate(CALM, 1):
        sam.post(anew, {"step": str(number), "choice": choice.partition("/")[2]})
    assert progress_facts(session, hall.sam.id).scenarios
    session.commit()


def test_a_story_on_which_a_certificate_rests_stays(hall: Hall, session: Session, sample_course: Library) -> None:
    manager = hall.manager()
    address = attended(hall, manager, hall.sam)
    manager.post(
        f"{address}/results", {**codes_of(sample_course), **numbers_for(sample_course, hall.sam), "step": "keep"}
    )
    run, enrolment = session.execute(select(ScenarioRun.id, ScenarioRun.enrolment_id)).one()
    session.add(Completion(enrolment_id=enrolment, completed_at=now(), content_version="v", edition="1"))
    session.commit()
    page = manager.post(f"{address}/people/{hall.sam.id}/story/{run}/void", {"reason": "A mistake"}, 422)
    assert "Ask an administrator to revoke the certificate." in page.text
    assert session.execute(select(func.count()).select_from(ScenarioRunVoid)).scalar_one() == 0
    session.commit()


def test_a_timeline_is_entered_in_the_version_that_was_printed(
    hall: Hall, session: Session, sample_course: Library
) -> None:
    old, manager = timeline_of(sample_course), hall.manager()
    address = attended(hall, manager, hall.sam)
    # Begun on a device, then decided on paper; meanwhile the timeline loses a moment.
    learning.begin_timeline(make_context(session, hall.sam.id, now()), sample_course, f"kites/{TIMELINE}", old)
    session.commit()
    new = Question.model_construct(**{**dict(old), "options": old.options[:3]})
    module = sample_course.modules["kites"]
    sample_course.modules["kites"] = module.model_copy(update={"timelines": {TIMELINE: new}})
    sample_course._variants.clear()
    assert timeline_code(new) != timeline_code(old)
    sent = {f"code-{TIMELINE}": timeline_code(old), f"n{hall.sam.id}-{TIMELINE}": "4, 2, 2", "step": "keep"}
    manager.post(f"{address}/results", sent)
    begun, entered = attempts(session, hall.sam.id, "timeline")
    assert (begun.answered, entered.items[0].version, entered.items[0].given) == (0, old.version, [1, 3])
    session.commit()


def test_results_and_voids_that_two_send_at_once_are_kept_once(committed: Flask) -> None:
    hall = hall_of(committed)
    course = committed.extensions["course"].library.for_("school", "england")
    module, managers = course.modules["responding"], [hall.manager() for _ in range(3)]
    address = hall.plan(manager=managers[0])
    people = [str(hall.sam.id), str(hall.kim.id)]
    managers[0].post(f"{address}/attendance", {"person": people, "witness": "Lee Ward"})
    story = next(step.id for step in module.steps if step.kind == "scenario")
    timeline = next(step.id for step in module.steps if step.kind == "timeline")
    scenario, by_choice = module.scenarios[story], story_sections(module.scenarios[story]).by_choice
    road = ", ".join(str(by_choice[f"{one.id}/{one.best.id}"]) for one in scenario.recommended if one.choices)
    form: Form = {
        f"code-{story}": sections_code(scenario),
        f"code-{timeline}": timeline_code(module.timelines[timeline]),
    }
    form |= {f"n{one}-{story}": road for one in people} | {f"n{one}-{timeline}": "1" for one in people}
    alone: Form = {"code": sections_code(scenario), "numbers": road, "step": "keep"}
    sent = [sending(one, f"{address}/results", {**form, "step": "keep"}) for one in managers[:2]]
    assert at_once([*sent, sending(managers[2], f"{address}/people/{hall.sam.id}/story", alone)]) == [303] * 3
    assert [count(committed, one) for one in (ScenarioRun, RunOutcome, SupervisedStory, Attempt, Answer)] == [2] * 5
    page = managers[0].get(address)
    voids = [one.get("href") or "" for one in page.all("a") if (one.get("href") or "").endswith("/void")]
    assert at_once([sending(one, voids[0], {"reason": "swapped"}) for one in managers]) == [303] * 3
    assert [count(committed, one) for one in (ScenarioRunVoid, AttemptVoid)] == [1, 0]


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("2, 4", MarkedMoments((1, 3))),
        ("4;2 2", MarkedMoments((1, 3))),
        ("0", MarkedMoments((), 0)),
        ("1, 5", MarkedMoments((), 5)),
        ("", None),
        (" , ", None),
        ("-1", None),
        ("٢", None),
        ("1" * 201, None),
    ],
)
def test_the_numbers_of_moments_are_read_as_people_write_them(
    sample_course: Library, written: str, read: MarkedMoments | None
) -> None:
    assert read_moments(timeline_of(sample_course), written) == read
