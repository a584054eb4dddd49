"""Printing a module, and entering a story that was decided on paper: who may, what it leaves, and what happens between two."""

from __future__ import annotations

import json

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from course.audit.models import AuditEntry
from course.clock import now
from course.content.library import Library
from course.content.schema import Scenario
from course.context import make_context
from course.learning import actions as learning
from course.learning.models import Decision, RunOutcome, ScenarioRun
from course.learning.queries import progress_facts
from course.printed_modules import queries
from course.printed_modules.rules.sections import (
    RoadMistake,
    read_road,
    road_mistake,
    sections_code,
    story_sections,
)
from course.web import sandbox
from tests.certificates.sheets import pdf_text
from tests.makers import make_person, sign_in
from tests.pages import Client
from tests.supervised_sessions.makers import Hall, make_hall

KITES = "module:kites"
CALM = ["s1/hold", "s2/hold", "s3/hold", "s4/hold", "s5/hold", "s6/hold"]


@pytest.fixture
def hall(app: Flask, session: Session, sample_course: Library) -> Hall:
    assert "kites" in sample_course.modules
    return make_hall(app, session)


def story_of(library: Library, name: str = "a-calm-day") -> Scenario:
    return library.modules["kites"].scenarios[name]


def numbers_of(scenario: Scenario, names: list[str]) -> str:
    by_choice = story_sections(scenario).by_choice
    return ", ".join(str(by_choice[name]) for name in names)


def events(session: Session, prefix: str) -> list[tuple[str, dict[str, object]]]:
    rows = session.execute(select(AuditEntry.what, AuditEntry.details).order_by(AuditEntry.number)).all()
    session.commit()
    return [(what, json.loads(details or "{}")) for what, details in rows
            if what.startswith(prefix)]  # fmt: skip


def test_a_session_is_printed_with_the_names_of_its_people_and_without_the_questions_of_its_check(
    hall: Hall, session: Session, sample_course: Library
) -> None:
    manager = hall.manager()
    address = hall.plan(KITES, manager)
    number = address.rpartition("/")[2]
    page = manager.get(address)
    (link,) = [one.get("href") for one in page.all("a") if (one.get("href") or "").startswith("/paper/")]
    assert link == f"/paper/kites?session={number}"
    form = manager.get(link)
    assert "Checks and the final assessment ask these questions" not in form.text
    choices = {"pathway": "clubs", "nation": "wales"}
    # A manager who asks for the bank all the same does not get it.
    done = manager.flask.post(link, data={**form.fields(), **choices, "bank": "y"})
    assert (done.status_code, done.mimetype) == (200, "application/pdf")
    text = pdf_text(done.data)
    for words in (hall.sam.name, hall.kim.name, "Dining hall", "Clubs and volunteers", "Wales", "Worried about a child?",
                  sections_code(story_of(sample_course)), "We read the pages of this module together"):  # fmt: skip
        assert words in text
    bank = [str(question.stem) for question in sample_course.for_("clubs", "wales").modules["kites"].questions]
    assert bank
    assert [stem for stem in bank if stem.replace("*", "") in text] == []
    assert events(session, "supervised.module") == [("supervised.module_printed", {"module": "kites"})]


def test_an_administrator_prints_the_questions_of_the_check_and_the_log_says_so(
    hall: Hall, session: Session, sample_course: Library
) -> None:
    robin = make_person(session, "Robin Hale", "robin@example.org", "administrator")
    browser = sign_in(Client(hall.app), robin)
    form = browser.get("/paper/kites")
    sent = {**form.fields(), "pathway": "clubs", "nation": "wales", "bank": "y", "large": "y"}
    text = pdf_text(browser.flask.post("/paper/kites", data=sent).data)
    questions = sample_course.for_("clubs", "wales").modules["kites"].questions
    assert "Questions to practise" in text
    assert f"Question {len(questions)}" in text
    assert events(session, "supervised.bank") == [("supervised.bank_printed", {"module": "kites"})]


def test_while_other_documents_are_made_the_form_says_so_and_keeps_what_was_chosen(
    hall: Hall, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sandbox, "_QUEUE_SECONDS", 0.0)
    manager = hall.manager()
    with sandbox._process_slots, sandbox._process_slots:
        page = manager.post("/paper/kites", {"pathway": "clubs", "nation": "wales", "large": "y"}, 503)
    assert "Nothing was printed" in page.text
    fields = page.fields()
    assert (fields["pathway"], fields["nation"], fields["large"]) == ("clubs", "wales", "y")
    assert events(session, "supervised.module") == []


def test_nobody_prints_for_a_session_that_is_not_theirs_or_not_about_the_module(hall: Hall, session: Session) -> None:
    manager = hall.manager()
    mine, final = hall.plan(KITES, manager), hall.plan("final", manager)
    other = sign_in(Client(hall.app), make_person(session, "Jo Bell", "jo@example.org", "manager", hall.team))
    assert other.get(f"/paper/kites?session={mine.rpartition('/')[2]}", 404)
    assert manager.get(f"/paper/kites?session={final.rpartition('/')[2]}", 404)
    assert manager.get("/paper/no-such-module", 404)
    assert sign_in(Client(hall.app), hall.sam).get("/paper/kites", 403)
    assert manager.post("/paper/kites", {"pathway": "nowhere", "nation": "wales"}, 422).title.startswith("Error:")
    assert events(session, "supervised.module") == []


@pytest.mark.both_engines
def test_a_story_that_was_decided_on_paper_counts_for_the_person_who_wrote_down_its_numbers(
    hall: Hall, session: Session, sample_course: Library
) -> None:
    scenario, manager = story_of(sample_course), hall.manager()
    address = hall.plan(KITES, manager)
    entry = f"{address}/people/{hall.sam.id}/story"
    sent = {"code": sections_code(scenario).lower(), "numbers": numbers_of(scenario, CALM)}
    # Before anybody has recorded that Sam was there nothing is kept.
    manager.post(entry, {**sent, "step": "keep"})
    assert session.execute(select(func.count()).select_from(ScenarioRun)).scalar_one() == 0
    session.commit()
    manager.post(f"{address}/attendance", {"person": [str(hall.sam.id)], "witness": "Lee Ward"})
    assert f"{entry}" in {one.get("href") for one in manager.get(address).all("a")}
    checked = manager.post(entry, {**sent, "step": "check"}, 200)
    assert "seen by Lee Ward" in checked.text
    assert checked.text.count("Hold") == len(CALM)
    assert session.execute(select(func.count()).select_from(Decision)).scalar_one() == 0
    session.commit()
    manager.post(entry, {**sent, "step": "change"}, 200)
    # Two tabs in which the same numbers were looked through: the second one finds the story done.
    first = manager.post(entry, {**sent, "step": "keep"})
    second = manager.post(entry, {**sent, "step": "keep"})
    assert first.location == second.location == address
    assert "has done this story before" in manager.get(address).text
    decided = session.execute(select(Decision.scene_id, Decision.choice_id).order_by(Decision.step)).all()
    assert [f"{scene}/{choice}" for scene, choice in decided] == CALM
    assert session.execute(select(RunOutcome.ending)).scalar_one() == "home/steady"
    assert progress_facts(session, hall.sam.id).scenarios == {"kites/a-calm-day"}
    run = session.execute(select(ScenarioRun.id)).scalar_one()
    session.commit()
    number = int(address.rpartition("/")[2])
    assert events(session, "supervised.story") == [
        ("supervised.story_entered", {"session": number, "story": "kites/a-calm-day", "run": run})
    ]


def test_what_is_wrong_with_the_numbers_is_said_and_nothing_is_kept(
    hall: Hall, session: Session, sample_course: Library
) -> None:
    scenario, manager = story_of(sample_course), hall.manager()
    address = hall.plan(KITES, manager)
    manager.post(f"{address}/attendance", {"person": [str(hall.sam.id)], "witness": "Lee Ward"})
    code, right = sections_code(scenario), numbers_of(scenario, CALM)
    again = numbers_of(scenario, ["s1/hold", "s2/drop", "s3/hold", "s4/hold", "s5/hold", "s6/hold"])
    wrong = {
        (code, f"{right}, 99"): "There is no section 99",
        (code, numbers_of(scenario, CALM[:-1])): "stop before the story ends",
        (code, numbers_of(scenario, CALM[1:])): "a number before it is missing or wrong",
        (code, f"{right}, {right}"): "The story had ended before",
        (code, again): "has to be taken again",
        (code, "one, two"): "with commas between them",
        ("ABCDEF", right): "No story of this module has this code",
        ("%", right): "No story of this module has this code",
        (code, ""): "Enter the numbers",
    }
    for (typed, numbers), words in wrong.items():
        page = manager.post(
            f"{address}/people/{hall.sam.id}/story", {"code": typed, "numbers": numbers, "step": "keep"}, 422
        )
        assert words in page.text, numbers
        assert page.fields()["numbers"] == numbers
    assert session.execute(select(func.count()).select_from(ScenarioRun)).scalar_one() == 0
    session.commit()


def test_neither_the_witness_nor_the_person_enters_a_story(
    hall: Hall, session: Session, sample_course: Library
) -> None:
    scenario, manager = story_of(sample_course), hall.manager()
    address = hall.plan(KITES, manager)
    robin = make_person(session, "Robin Hale", "robin@example.org", "administrator")
    manager.post(f"{address}/attendance", {"person": [str(hall.sam.id)], "witness": "Róbin hale"})
    browser = sign_in(Client(hall.app), robin)
    sent = {"code": sections_code(scenario), "numbers": numbers_of(scenario, CALM), "step": "keep"}
    browser.post(f"{address}/people/{hall.sam.id}/story", sent)
    assert "You are the witness for" in browser.get(address).text
    browser.post(f"{address}/people/{robin.id}/story", sent, 404)
    assert session.execute(select(func.count()).select_from(ScenarioRun)).scalar_one() == 0
    session.commit()


def test_a_story_is_entered_in_the_version_that_was_printed_beside_one_begun_on_a_device(
    hall: Hall, session: Session, sample_course: Library
) -> None:
    old, manager = story_of(sample_course), hall.manager()
    address = hall.plan(KITES, manager)
    manager.post(f"{address}/attendance", {"person": [str(hall.sam.id)], "witness": "Lee Ward"})
    learning.begin_run(make_context(session, hall.sam.id, now()), "kites/a-calm-day", old)
    session.commit()
    # The story changes after it was printed; the archive keeps what was.
    new = Scenario.model_construct(**{**dict(old), "title": "A calmer day"})
    module = sample_course.modules["kites"]
    changed = {**module.scenarios, new.id: new}
    sample_course.modules["kites"] = module.model_copy(update={"scenarios": changed})
    sample_course._variants.clear()
    assert queries.story_of_code(session, sample_course, sample_course.modules["kites"], sections_code(old)) is not None
    session.commit()
    numbers = numbers_of(old, [CALM[0], "s2/drop", *CALM[2:], "s2/hold"])  # the last one is the second try
    sent = {"code": sections_code(old), "numbers": numbers, "step": "keep"}
    manager.post(f"{address}/people/{hall.sam.id}/story", sent)
    runs = session.execute(
        select(ScenarioRun.version, RunOutcome.ending)
        .outerjoin(RunOutcome, RunOutcome.run_id == ScenarioRun.id)
        .order_by(ScenarioRun.id)
    ).all()
    session.commit()
    assert [tuple(run) for run in runs] == [(old.version, None), (old.version, "home/dropped")]


ROADS: list[tuple[list[str], RoadMistake | None]] = [
    (CALM, None),
    (["s1/hold", "s2/hold", "s3/back", *CALM], None),
    (["s1/hold", "s2/hold", "s3/tree"], None),
    ([], RoadMistake("short")),
]


@pytest.mark.parametrize(("names", "mistake"), ROADS)
def test_a_road_is_whole_from_the_start_to_an_ending(
    sample_course: Library, names: list[str], mistake: RoadMistake | None
) -> None:
    scenario = story_of(sample_course)
    road = read_road(story_sections(scenario), numbers_of(scenario, names) or "1")
    assert road is not None
    assert road_mistake(scenario, road) == mistake
    twice = ["s1/hold", "s2/hold", "s3/back"] * 2 + CALM
    road = read_road(story_sections(scenario), numbers_of(scenario, twice))
    assert road is not None
    assert road_mistake(scenario, road) == RoadMistake("follows", story_sections(scenario).by_choice["s3/back"])
