"""The learner's journey through pages, without JavaScript, on both engines."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from course.content.library import Library
from course.content.quality import strip_markup
from course.content.schema import Question
from course.learning.models import Answer, Completion, Decision, PageRead, Reflection
from tests.makers import make_person, sign_in
from tests.pages import Client
from tests.support.asked import asked
from tests.support.rows import count
from tests.walking import Learner, always, never


def test_the_first_visit_offers_one_button_to_start(learner: Learner) -> None:
    page = learner.client.get("/")
    assert page.h1 == "Welcome, Sam"
    assert "In 8 short modules" in page.text
    buttons = [one for one in [*page.all("a"), *page.all("button")] if "turn" in one.get("class", "").split()]
    assert [one.text for one in buttons] == ["Start: module 1 of 8"]
    assert "This module speaks of" not in page.text
    first = learner.client.get(str(buttons[0].get("href")))
    assert first.h1 == "Where this learning comes from"
    assert "This module speaks of" in first.text
    module = learner.client.get("/module/what-reviews-tell-us")
    assert "This module speaks of" in module.text
    assert "Start: Where this learning comes from" in module.text
    record = learner.client.get("/record").text
    assert ("Nothing yet." in record, "Pages read" in record) == (True, False)


def test_next_begins_what_follows_at_once_but_never_a_second_time(learner: Learner) -> None:
    module = next(iter(learner.library.modules.values()))
    step = next(step for step in module.steps if step.kind == "timeline")
    page = module.steps[[one.id for one in module.steps].index(step.id) - 1]
    address = f"/module/{module.id}/{page.id}"
    begun = learner.client.post(address, {"then": "next"}).location
    assert begun.startswith("/attempt/")
    assert learner.client.post(address, {"then": "next"}).location == begun
    learner.timeline(module)
    assert learner.client.post(address, {"then": "next"}).location == f"/module/{module.id}/{step.id}"
    assert learner.client.post(f"/module/{module.id}/{step.id}", {"then": "next"}).location == (
        f"/module/{module.id}/{step.id}"
    )


def test_a_right_answer_of_a_check_has_the_next_question_below_it(learner: Learner) -> None:
    attempt = learner.client.post("/module/secret-contact/check", {}).location.rpartition("/")[0]
    number = int(attempt.rsplit("/", 1)[1])
    form = {**learner.form(number, 1, always), "sureness": "sure"}
    learner.client.post(f"{attempt}/1", form)
    page = learner.client.get(f"{attempt}/1")
    assert page.h1 == "Right"
    assert [one.get("action") for one in page.all("form") if one.get("id") == "question"] == [f"{attempt}/2"]
    learner.client.post(f"{attempt}/2", {**learner.form(number, 2, never), "sureness": "sure"})
    page = learner.client.get(f"{attempt}/2")
    assert page.h1 != "Right"
    assert not [one for one in page.all("form") if one.get("id") == "question"]
    # Somebody who comes back to the first verdict is asked nothing there.
    page = learner.client.get(f"{attempt}/1")
    assert not [one for one in page.all("form") if one.get("id") == "question"]


def test_next_marks_a_page_as_read_once_and_leads_on(learner: Learner, session: Session) -> None:
    path = "/module/secret-contact/why-contact-is-supervised"
    for _ in range(3):
        assert (
            learner.client.post(path, {"then": "next"}).location == "/module/secret-contact/a-phone-changes-everything"
        )
    assert count(session, PageRead) == 1
    assert "Carry on: A phone changes everything" in learner.client.get("/").text


def test_a_cached_lesson_page_names_only_its_own_reader(app: Flask, session: Session) -> None:
    first, second = Client(app), Client(app)
    sign_in(first, make_person(session, "Ada Brook", "ada@example.org"))
    sign_in(second, make_person(session, "Ben Cole", "ben@example.org"))
    path = "/module/secret-contact/why-contact-is-supervised"
    once, again, other = first.get(path), first.get(path), second.get(path)
    # A token carries the second in which it was signed, so two requests may have two for the same person.
    signed = re.compile(r'(?<=csrf_token" value=")[^"]+')
    assert signed.sub("", once.html) == signed.sub("", again.html)
    assert "Ada Brook" in again.html
    assert "Ben Cole" in other.html
    assert "Ada Brook" not in other.html
    tokens = {match for page in (again, other) for match in re.findall(r'csrf_token" value="([^"]+)"', page.html)}
    assert len(tokens) == 2
    first.post(path, {"note-their-reason": "My own words"}, 303)
    assert "My own words" not in second.get(path).html


def test_a_note_is_saved_and_only_its_writer_sees_it(learner: Learner, app: Flask, session: Session) -> None:
    path = "/module/secret-contact/why-contact-is-supervised"
    learner.client.post(
        path, {"note-their-reason": "Ask Jo’s social worker", "was-their-reason": "", "stay": "their-reason"}
    )
    assert "Your note is kept." in learner.client.get(f"{path}?kept=their-reason").text
    assert "Ask Jo’s social worker" in learner.client.get(path).html
    other = sign_in(Client(app), make_person(session, email="other@example.org", role="administrator"))
    assert "Ask Jo" not in other.get(path).html
    assert count(session, Reflection) == 1


def test_a_note_written_with_next_is_saved_too(learner: Learner) -> None:
    path = "/module/secret-contact/why-contact-is-supervised"
    learner.client.post(path, {"note-their-reason": "Mine", "was-their-reason": "", "then": "next"})
    assert ">Mine</textarea>" in learner.client.get(path).html


def test_a_question_requires_an_answer_and_a_confidence_and_keeps_the_entries(
    learner: Learner, session: Session
) -> None:
    location = learner.client.post("/module/secret-contact/check", {}).location.rpartition("/")[0]
    page = learner.client.get(learner.client.get(location, 303).location)
    assert "Question 1 of 8" in page.text
    attempt = int(location.rsplit("/", 1)[1])
    path = f"/attempt/{attempt}/1"
    form = learner.form(attempt, 1, always)
    missing = learner.client.post(path, form, 422)
    assert "Say how sure you are of your answer." in missing.text
    assert missing.title.startswith("Error: Question 1 of 8")
    if "answer" in form:
        assert re.search(rf'value="{form["answer"][0]}" checked', missing.html)
    unanswered = learner.client.post(path, {"sureness": "sure"}, 422)
    # What was pressed is said and shown.
    assert "You pressed “Sure”." in unanswered.text
    assert re.search(r'class="button pressed" name="sureness" id="sureness-sure"', unanswered.html)
    # A page from before the upgrade has another name for the field.
    learner.client.post(path, {"sure": "sure"}, 422)
    assert count(session, Answer) == 0


def test_the_right_answer_is_not_sent_before_the_question_is_answered(learner: Learner, library: Library) -> None:
    location = learner.client.post("/module/responding/check", {}).location.rpartition("/")[0]
    with learner.session() as session:
        from course.learning import queries  # noqa: PLC0415

        attempt = queries.attempt(session, learner.person_id, int(location.rsplit("/", 1)[1]))
    assert attempt is not None
    for item in attempt.items:
        page = learner.client.get(f"{location}/{item.position}")
        for option in library.questions[item.question_id].options:
            assert option.reason.html not in page.html
        assert "correct" not in page.html


def test_a_second_answer_changes_nothing_and_shows_the_first(learner: Learner, session: Session) -> None:
    location = learner.client.post("/module/secret-contact/check", {}).location.rpartition("/")[0]
    attempt = int(location.rsplit("/", 1)[1])
    path = f"{location}/1"
    learner.client.post(path, {**learner.form(attempt, 1, never), "sure": "sure"})
    for _ in range(2):
        assert learner.client.post(path, {**learner.form(attempt, 1, always), "sure": "guessing"}).location == path
    page = learner.client.get(path)
    assert page.h1 in ("Not the safest answer", "Partly right", "Not right yet")
    assert page.title.startswith(f"{page.h1}: question 1 of 8")
    assert "You were sure" in page.text
    assert "Better here than at work." in page.text
    assert count(session, Answer) == 1


def test_starting_twice_resumes_the_same_attempt(learner: Learner) -> None:
    first = learner.client.post("/module/secret-contact/check", {}).location
    assert learner.client.post("/module/secret-contact/check", {}).location == first


def test_a_failed_check_asks_the_open_points_again_with_other_questions(learner: Learner, library: Library) -> None:
    module = library.modules["secret-contact"]

    def not_agreeing(question: Question) -> bool:
        return "agree-contact-with-parents" not in question.points

    result = learner.check(module, not_agreeing)
    assert "Still open, and worth reading again" in result.text
    again = learner.client.post("/module/secret-contact/check", {}).location.rpartition("/")[0]
    page = learner.client.get(f"{again}/1")
    assert "Question 1 of 2" in page.text
    learner.check(module)
    assert "You have shown every point of this module" in learner.client.get("/module/secret-contact/check").text


def test_a_check_taken_first_marks_the_pages_that_it_proves_as_done(learner: Learner, library: Library) -> None:
    module = library.modules["secret-contact"]
    learner.check(module)
    outline = learner.client.get("/module/secret-contact")
    assert outline.text.count("You showed this") == len(module.pages)
    assert re.search(r"Story with decisions · \d+ minutes", outline.text)


def test_a_guess_proves_nothing(learner: Learner, library: Library) -> None:
    learner.check(library.modules["secret-contact"], sure="guessing")
    assert "You showed this" not in learner.client.get("/module/secret-contact").text


def test_a_timeline_shows_what_the_reviews_say_about_each_moment(learner: Learner, library: Library) -> None:
    module = library.modules["secret-contact"]
    learner.timeline(module)
    page = learner.client.get("/record")
    assert "The fishing game" in page.text
    attempt = next(a.get("href") for a in page.all("a") if "/attempt/" in a.get("href", ""))
    page = learner.client.get(learner.client.get(str(attempt), 303).location)
    assert page.h1 == "The fishing game: 4 chances missed in 83 days"
    assert page.text.count("A chance was missed") == 4
    assert page.text.count("You marked it") == 4
    assert page.text.count("Nothing was missed") == page.text.count("Someone acted") == 1
    # The gaps are to scale and in words; the risk is in words too.
    assert re.findall(r'height="(\d+)" aria-hidden="true" focusable="false"><path class="band"', page.html) == [
        "32", "100", "124", "32", "32",
    ]  # fmt: skip
    assert all(f"{days} days" in page.text for days in (8, 25, 34))
    assert [words in page.text for words in ("Risk to the child: low", "Risk to the child: high")] == [True] * 2
    for option in module.timelines["the-fishing-game"].options:
        assert option.reason.html in page.html


@pytest.mark.parametrize("is_marked", [False, True])
def test_a_moment_that_was_rightly_left_out_is_one_line_that_opens(
    learner: Learner, library: Library, is_marked: bool
) -> None:
    module = library.modules["secret-contact"]
    options = module.timelines["the-fishing-game"].options
    harmless = next(place for place, one in enumerate(options, 1) if not one.correct and not one.acted)
    address = learner.client.post("/module/secret-contact/the-fishing-game", {}).location
    attempt_id = int(address.rsplit("/", 1)[1])
    answer = learner.form(attempt_id, 1, always)["answer"] + [str(harmless)] * is_marked
    learner.client.post(f"/attempt/{attempt_id}/1", {"answer": answer})
    page = learner.client.get(f"/attempt/{attempt_id}/1")
    folded = re.findall(r'<details class="told fold"><summary><h2[^>]*>(.*?)</h2>.*?</details>', page.html, re.DOTALL)
    assert folded == ([] if is_marked else [options[harmless - 1].date])
    # Nothing is left out where it is folded.
    assert options[harmless - 1].text.html in page.html
    assert options[harmless - 1].reason.html in page.html


def test_a_scenario_resumes_where_it_was_left_and_a_repeated_decision_counts_once(
    learner: Learner, session: Session
) -> None:
    client = learner.client
    run = client.post("/module/secret-contact/second-phone", {}).location
    client.post(run, {"step": "1", "choice": "sit-down"})
    client.post(run, {"step": "1", "choice": "take-it"})
    client.post(run, {"step": "1", "choice": "sit-down"})
    assert count(session, Decision) == 1
    assert client.post("/module/secret-contact/second-phone", {}).location == run
    page = client.get(run)
    assert "Decision 2 of about" in page.text
    assert page.h1 == "She goes white."
    assert "Choose what you do." in client.post(run, {"step": "2"}, 422).text
    client.post(run, {"step": "x", "choice": "promise"})
    client.post(run, {"step": "9", "choice": "promise"})
    assert count(session, Decision) == 1


def test_a_dangerous_choice_is_looked_at_again_after_the_ending_and_before_the_road(
    learner: Learner, library: Library
) -> None:
    module = library.modules["responding"]
    scenario = module.scenarios["friday-afternoon"]
    run = learner.scenario(module, "friday-afternoon", "dangerous")
    client = learner.client
    ending = client.get(client.get(run, 303).location)
    assert "How it ended" in ending.text
    assert "to try again" in ending.text
    assert not ending.all("fieldset")
    assert "Friday afternoon To do" not in client.get("/module/responding").text
    debrief = client.get(f"{run}/debrief")
    scenes = {choice.id: scene for scene in scenario.scenes for choice in scene.choices}
    for _ in range(12):
        choices = [button.get("value", "") for button in debrief.all("button") if button.get("name") == "choice"]
        if not choices:
            break
        scene = scenes[choices[0]]
        dangerous = next(choice for choice in scene.choices if choice.quality == "dangerous")
        assert strip_markup(dangerous.reason.html) in debrief.text
        for hidden in (scene.best.reason, scene.best.consequence):
            assert strip_markup(hidden.html) not in debrief.text
        assert "Recommended" not in debrief.text
        client.post(run, {"step": debrief.fields()["step"], "choice": scene.best.id})
        debrief = client.get(f"{run}/debrief")
    assert "Story complete" in debrief.text
    assert "What you would do now" in debrief.text


def test_the_debrief_shows_the_road_taken_with_what_is_safer(learner: Learner, library: Library) -> None:
    run = learner.scenario(library.modules["secret-contact"], "second-phone", "fair")
    page = learner.client.get(f"{run}/debrief")
    assert "There is a safer way" in page.text
    assert "Story complete" in page.text
    assert "<polyline" in page.html


def test_the_assessment_opens_when_the_modules_are_done(learner: Learner) -> None:
    assert "First finish these modules" in learner.client.get("/assessment").text
    assert learner.client.post("/assessment", {}).location == "/assessment"


def test_the_whole_course_ends_with_a_certificate(learner: Learner, session: Session, library: Library) -> None:
    learner.modules()
    home = learner.client.get("/")
    assert "All 8 modules are done." in home.text
    result = learner.final()
    assert result.h1 == "You have passed"
    assert count(session, Completion) == 1
    listing = learner.client.get("/certificate")
    number = next(a.text for a in listing.all("a") if re.fullmatch(r"(\w{4}-){2}\w{4}", a.text or ""))
    page = learner.client.get(f"/certificate/{number}")
    for words in ("Sam Okafor", "Riverside Trust", library.version, str(number)):
        assert words in page.text
    pdf = learner.client.get(f"/certificate/{number}.pdf")
    assert pdf.body.startswith(b"%PDF")
    assert "See my certificate" in learner.client.get("/").text


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("path", "limit"),
    [("/assessment", 5), ("/", 16), ("/module/secret-contact", 3), ("/module/secret-contact/check", 3)],
)
def test_a_page_asks_once_for_what_it_shows(learner: Learner, app: Flask, path: str, limit: int) -> None:
    learner.client.get(path)
    with asked(app, this_thread_only=True) as statements:
        learner.client.get(path)
    progress = [statement for statement in statements if "page_read" in statement and "run_outcome" in statement]
    assert len(progress) == 1
    assert len(statements) == len(set(statements))
    assert len(statements) <= limit


def test_a_failed_assessment_names_the_points_and_asks_only_those_again(learner: Learner) -> None:
    learner.modules()

    def deleted_is_wrong(question: Question) -> bool:
        return "deleted-is-recoverable" not in question.points

    result = learner.final(deleted_is_wrong)
    assert result.h1 == "Not passed yet"
    assert "Leave deleted things to the police" in result.text
    first = re.findall(r'<h3 class="stem">(.*?)</h3>', result.html)
    assert "Not passed" not in learner.client.get("/").text
    again = learner.client.post("/assessment", {})
    second = learner.answer_all(again)
    assert second.h1 == "You have passed"
    asked = re.findall(r'<h3 class="stem">(.*?)</h3>', second.html)
    assert asked
    assert not set(asked) & set(first)
    assert len(asked) < len(first)


def test_the_final_assessment_explains_answers_at_its_end(learner: Learner) -> None:
    learner.modules()
    location = learner.client.post("/assessment", {}).location
    attempt = int(location.rsplit("/", 1)[1])
    learner.client.post(f"{location}/1", {**learner.form(attempt, 1, never), "sure": "sure"})
    page = learner.client.get(f"{location}/1")
    assert "Your answer is kept" in page.text
    assert "You were sure" not in page.text
    assert page.title.startswith("Answer kept: question 1 of")


@pytest.mark.both_engines
def test_a_person_cannot_open_the_records_of_another(learner: Learner, app: Flask, session: Session) -> None:
    attempt = learner.client.post("/module/secret-contact/check", {}).location.rpartition("/")[0]
    run = learner.client.post("/module/secret-contact/second-phone", {}).location
    learner.client.post("/module/secret-contact/why-contact-is-supervised", {"then": "next"})
    read = session.execute(select(PageRead.id)).scalar_one()
    other = sign_in(Client(app), make_person(session, email="admin@example.org", role="administrator"))
    for path in (attempt, f"{attempt}/1", run, f"{run}/debrief", f"/record/page/{read}"):
        other.get(path, 404)
    other.post(f"{attempt}/1", {"answer": "1", "sure": "sure"}, 404)
    other.post(run, {"step": "1", "choice": "sit-down"}, 404)


@pytest.mark.parametrize("path", ["/module/nothing", "/module/responding/nothing", "/attempt/99999", "/run/99999",
                                  "/attempt/99999/1", "/certificate/AAAA-BBBB-CCCC", "/record/page/7"])  # fmt: skip
def test_what_does_not_exist_is_not_found(learner: Learner, path: str) -> None:
    assert learner.client.get(path, 404).h1 == "Page not found"
