"""My training: the one button lands in the middle of the thing, and says what it is and how long it takes."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from course.audit.models import AuditEntry
from course.clock import now
from course.content.library import Library
from course.context import make_context
from course.dates import civil_date
from course.events import publish
from course.learning.models import Answer, Attempt, AttemptItem
from course.learning.rules.branching import run_state
from course.mail.models import OutboxMail
from course.people.events import InvitationRequested
from course.people.models import Person
from course.recertification.actions import import_completion
from course.recertification.models import RenewalPause
from course.recertification.rules.facts import ExternalCompletion
from course.refreshers.actions import boosters_due, queue_booster
from tests.makers import make_person, sign_in
from tests.pages import Client, Page
from tests.refreshers.makers import make_completed
from tests.support.days import this_day
from tests.walking import Learner

MODULE = "secret-contact"


@pytest.fixture
def library(app: Flask) -> Library:
    found = app.extensions["course"].library.for_("school", "england")
    assert isinstance(found, Library)
    return found


@pytest.fixture
def learner(app: Flask, session: Session, client: Client) -> Learner:
    person = make_person(session)
    sign_in(client, person)
    return Learner(app, client, person.id)


def lit(page: Page) -> tuple[str, str]:
    """The words of the only lit button, and the address to which it leads or posts."""
    found = re.findall(r'<(a|button) class="button turn"(?: href="([^"]+)")?[^>]*>(.*?)</', page.html)
    assert len(found) == 1, found
    tag, address, words = found[0]
    if tag == "button":
        address = re.findall(
            r'<form method="post" action="([^"]+)">(?:(?!</form>).)*class="button turn"', page.html, re.S
        )[0]
    return re.sub("&#39;|&#34;", "’", words), address


def follow(learner: Learner, page: Page) -> str:
    """Press the lit button; returns the address at which it lands."""
    address = lit(page)[1]
    if f'action="{address}"' in page.html:
        return learner.client.post(address, {}).location
    return address


@pytest.mark.both_engines
def test_carry_on_lands_on_the_open_decision(learner: Learner, library: Library) -> None:
    module = library.modules[MODULE]
    scenario = next(iter(module.scenarios.values()))
    run = learner.client.post(f"/module/{MODULE}/{scenario.id}", {}).location
    best = run_state(scenario, ()).open_choices[0]
    learner.client.post(run, {"step": "1", "choice": best.id})
    page = learner.client.get("/")
    words, address = lit(page)
    assert address == run
    assert re.fullmatch(rf"Carry on: {scenario.title}, decision 2 of about \d+", words)
    assert "You stopped here, in the middle of the story." in page.text
    assert lit(learner.client.get(f"/module/{MODULE}")) == (words, address)


@pytest.mark.both_engines
def test_carry_on_lands_on_the_open_question_of_a_check_that_was_taken_first(learner: Learner) -> None:
    attempt = learner.client.post(f"/module/{MODULE}/check", {}).location.rpartition("/")[0]
    number = int(attempt.rsplit("/", 1)[1])
    for position in (1, 2):
        form = learner.form(number, position, lambda _question: True)
        learner.client.post(f"{attempt}/{position}", {**form, "sure": "sure", "sureness": "sure"})
    page = learner.client.get("/")
    words, address = lit(page)
    assert words == "Carry on: question 3 of 8, about 3 minutes"
    assert address == attempt
    # The pages it proved are ticked off, and the story and the timeline stay.
    assert "You can stop at any question and carry on later." in page.text
    assert "The last step of this module" not in page.text
    assert learner.client.get(address, 303).location == f"{attempt}/3"


def test_the_check_is_the_last_step_of_a_module_only_after_all_others(learner: Learner, library: Library) -> None:
    module = library.modules[MODULE]
    learner.read(module)
    learner.timeline(module)
    for scenario in module.scenarios:
        learner.scenario(module, scenario)
    assert "The last step of this module. Stop at any question" in learner.client.get("/").text


def test_a_story_that_is_over_but_has_a_dangerous_decision_says_so(learner: Learner, library: Library) -> None:
    module = library.modules[MODULE]
    run = learner.scenario(module, next(iter(module.scenarios)), choose="dangerous")
    words, address = lit(learner.client.get("/"))
    assert words.endswith(", one decision to try again")
    assert address == run


def test_what_has_to_be_begun_begins_with_one_press(learner: Learner, library: Library) -> None:
    module = library.modules[MODULE]
    learner.read(module)
    learner.timeline(module)
    page = learner.client.get("/")
    assert lit(page)[0].startswith("Start: ") or lit(page)[0].startswith("Carry on: ")
    assert re.fullmatch(r"/run/\d+", follow(learner, page))
    assert follow(learner, learner.client.get("/")).startswith("/run/")
    learner.scenario(module, next(iter(module.scenarios)))
    assert "questions on this module" in lit(learner.client.get("/"))[0]
    assert re.fullmatch(r"/attempt/\d+/1", follow(learner, learner.client.get("/")))


def test_the_final_assessment_begins_with_one_press_and_goes_on_in_the_middle(learner: Learner) -> None:
    learner.modules()
    page = learner.client.get("/")
    assert re.fullmatch(r"Start: \d+ questions, about \d+ minutes", lit(page)[0])
    attempt = follow(learner, page)
    assert re.fullmatch(r"/attempt/\d+", attempt)
    words, address = lit(learner.client.get("/"))
    assert re.fullmatch(r"Carry on: question 1 of \d+, about \d+ minutes", words)
    assert address == attempt


def test_the_first_visit_says_what_this_is_how_long_by_when_and_why(learner: Learner) -> None:
    page = learner.client.get("/")
    assert page.h1 == "Welcome, Sam"
    for words in ("What this is", "How long", "By when", "Why", "a certificate that says so"):
        assert words in page.text
    learner.client.post(f"/module/{MODULE}/why-contact-is-supervised", {"then": "next"})
    page = learner.client.get("/")
    assert page.h1 == "Welcome back, Sam"
    assert "What this is" not in page.text


def test_every_station_says_its_state_in_words(learner: Learner, library: Library) -> None:
    learner.module(library.modules[MODULE])
    page = learner.client.get("/")
    stations = re.findall(r'<li class="stop [^"]*(done|here|next)">.*?<span class="how">(.*?)</span>', page.html, re.S)
    assert len(stations) == len(library.modules) + 1
    assert [state for state, _ in stations].count("done") == 1
    for state, words in stations:
        assert ("Done" in words) == (state == "done")
        assert state != "next" or "minute" in words


def test_nothing_is_due_during_a_leave(learner: Learner, session: Session) -> None:
    today = this_day()
    session.add(
        RenewalPause(person_id=learner.person_id, recorded=today, since=today - timedelta(days=9), until=None,
                     re_enter_days=14, reason="away", made_by=None, made_at=now())
    )  # fmt: skip
    session.commit()
    page = learner.client.get("/")
    assert "Nothing is due while you are away." in page.text
    assert "Finish by" not in page.text


def test_the_night_shift_that_is_pressed_twice_stays_on_and_a_second_window_keeps_its_own(learner: Learner) -> None:
    other = Client(learner.client.app)
    for _ in range(2):
        assert learner.client.post("/night-shift", {"on": "1"}).location == "/"
    assert "night-shift" in learner.client.get("/").html.split("<head>")[0]
    assert "night-shift" not in other.get("/sign-in").html.split("<head>")[0]


def test_the_night_shift_is_dark_on_every_page_until_it_is_ended(learner: Learner, session: Session) -> None:
    learner.client.post(f"/module/{MODULE}/why-contact-is-supervised", {"then": "next"})
    assert "night-shift" not in learner.client.get("/").html.split("<head>")[0]
    before = len(session.execute(select(AuditEntry)).all())
    for _press in range(2):
        assert learner.client.post("/night-shift", {"on": "1"}).location == "/"
    page = learner.client.get("/")
    assert re.search(r"The next five minutes: \d", page.text)
    left = re.search(r"(\d) portions of five minutes are left", page.text)
    assert left
    assert re.search(rf"You are here, {left[1]}\s×\s5\sminutes left", page.text)
    for address in ("/", "/record", "/concern", f"/module/{MODULE}", f"/module/{MODULE}/a-phone-changes-everything"):
        assert '<html lang="en-GB" class="night-shift">' in learner.client.get(address).html
    learner.client.post("/night-shift", {"on": "0"})
    assert "night-shift" not in learner.client.get("/").html.split("<head>")[0]
    assert len(session.execute(select(AuditEntry)).all()) == before


def test_a_booster_that_was_begun_is_offered_where_it_stopped(app: Flask, session: Session, client: Client) -> None:
    library = app.extensions["course"].library.for_("school", "england")
    person = make_completed(session, library, ago=timedelta(days=40))
    (learner,) = boosters_due(session, library, "Europe/London", this_day())
    assert queue_booster(session, library, learner, "Europe/London", now())
    session.commit()
    sign_in(client, person)
    assert lit(client.get("/"))[0] == "See my certificate"
    number = session.execute(select(Attempt.id).where(Attempt.kind == "booster")).scalar_one()
    item = session.execute(
        select(AttemptItem.id).where(AttemptItem.attempt_id == number, AttemptItem.position == 1)
    ).scalar_one()
    session.add(Answer(item_id=item, given="[0]", correct=True, sureness="sure", answered_at=now()))
    session.commit()
    words, address = lit(client.get("/"))
    assert words == "Carry on: question 2 of 5, about 2 minutes"
    assert client.get(address, 303).location.endswith("/2")


def test_the_invitation_says_how_long_by_when_and_why(app: Flask, session: Session) -> None:
    person = make_person(session, at=now())
    session.execute(delete(OutboxMail))
    with app.app_context():
        publish(session, InvitationRequested(person.id, "Alex Morgan", now()))
        session.commit()
    mail = session.execute(select(OutboxMail)).scalar_one()
    found = app.extensions["course"].mail_renderer.render("invitation", mail.template_values or {})
    words = " ".join(found.text.split())
    assert re.search(r"How long: about 2[½¼¾]? hours in all, in 8 short modules\.", words)
    assert re.search(r"By when: \d+ \w+ 20\d\d\.", words)
    assert "Why: you know what to do when a child is at risk online" in words
    assert found.html
    assert found.html.count("<li>") == 3


def test_an_invitation_after_the_due_date_names_no_day(app: Flask, session: Session) -> None:
    person = make_person(session)
    session.execute(delete(OutboxMail))
    with app.app_context():
        publish(session, InvitationRequested(person.id, "Alex Morgan", now() + timedelta(days=400)))
        session.commit()
    mail = session.execute(select(OutboxMail)).scalar_one()
    assert "By when" not in app.extensions["course"].mail_renderer.render("invitation", mail.template_values or {}).text


def test_a_refresher_begins_with_one_press_and_is_carried_on_where_it_stopped(
    app: Flask, session: Session, client: Client
) -> None:
    library = app.extensions["course"].library.for_("school", "england")
    person = make_completed(session, library, ago=timedelta(days=350))
    sign_in(client, person)
    learner = Learner(app, client, person.id)
    page = client.get("/")
    assert lit(page) == ("Start: your refresher", "/refresher")
    assert "Finish by" in page.text
    assert follow(learner, page).startswith("/refresher/")
    words, address = lit(client.get("/"))
    assert words.startswith("Carry on: ")
    assert client.get(address).status == 200
    run = client.post("/refresher/story", {}).location
    words, address = lit(client.get("/"))
    assert re.fullmatch(r"Carry on: .+, decision 1 of about \d+", words)
    assert address == run


def test_a_certificate_from_elsewhere_is_renewed_by_the_refresher_that_mails_ask_for(
    app: Flask, session: Session, client: Client
) -> None:
    """Home is where the reminder leads: it does not ask for the whole course there while a refresher is enough."""
    person, today = make_person(session, at=now() - timedelta(days=20)), civil_date(now(), "Europe/London")

    def bring(person: Person, days: int) -> None:
        brought = ExternalCompletion(today - timedelta(days=days), None, "Another trust", "initial")
        import_completion(make_context(session, None, now()), person.id, brought, "They brought it.")
        session.commit()

    bring(person, 1300)
    sign_in(client, person)
    assert lit(client.get("/"))[0].startswith("Start: module 1"), "it ended too long ago"
    bring(person, 350)
    page = client.get("/")
    assert lit(page) == ("Start: your refresher", "/refresher")
    assert "Finish by" in page.text
    assert "minutes a week" not in page.text
    assert follow(Learner(app, client, person.id), page).startswith("/refresher/")
    assert lit(client.get("/"))[0].startswith("Carry on: ")
    # Long before it is due nothing is asked for, and the course stands open.
    other = make_person(session, "Kim Hill", "kim@example.org", at=now() - timedelta(days=20))
    bring(other, 30)
    sign_in(client, other)
    page = client.get("/")
    assert lit(page)[0].startswith("Start: module 1")
    assert "Your certificate is valid until" in page.text
    assert "a week is enough" not in page.text
