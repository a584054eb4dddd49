"""Two people take one story on two phones: the code, the choices, the decision, the parting, and what each keeps."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from course.audit.models import AuditEntry
from course.clock import now
from course.content.library import Library
from course.context import make_context
from course.learning import queries as learning_queries
from course.learning.models import Decision, ScenarioRun
from course.pairs.models import PairChoice, PairCode, PairMember, PairRun
from course.privacy.actions import request_erasure
from tests.conftest import NOW
from tests.makers import make_person, sign_in
from tests.pages import Client
from tests.pairs.makers import STORY, choose, make_two, open_story, two_phones
from tests.privacy.test_erasing import erase, record_leaving

ENTER = "/pair"


def library_of(app: Flask) -> Library:
    found: Library = app.extensions["course"].library
    return found.for_("school", "england")


def test_the_story_offers_a_code_and_the_menu_the_field_for_one(client: Client, session: Session) -> None:
    sign_in(client, make_person(session))
    start = client.get(STORY)
    assert "Or take it with a colleague, on two phones." in start.text
    assert 'href="/pair"' in client.get("/me").html
    address, code = open_story(client)
    assert client.post(f"{STORY}/together", {}).location == address  # the same pair waits still
    page = client.get(address)
    assert page.h1 == "Give your colleague this code"
    assert f"{code[:3]} {code[3:]}" in page.text
    assert "No one has joined yet." in page.text
    assert session.execute(select(func.count()).select_from(ScenarioRun)).scalar_one() == 0


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("", "Enter the six digits on your colleague’s screen."),
        ("12 34", "Enter the six digits on your colleague’s screen."),
        ("no code", "Enter the six digits on your colleague’s screen."),
    ],
)
def test_what_is_no_code_is_said_at_the_field_and_stays_in_it(
    client: Client, session: Session, typed: str, words: str
) -> None:
    sign_in(client, make_person(session))
    page = client.post(ENTER, {"code": typed}, 422)
    assert words in page.text
    assert "<title>Error: " in page.html
    assert f'value="{typed}"' in page.html
    assert 'aria-invalid="true"' in page.html


def test_a_code_works_once_for_one_other_person_and_for_half_an_hour(app: Flask, session: Session) -> None:
    sam, kim = make_two(session)
    lee = make_person(session, "Lee Third", "lee@example.org")
    phones = {person: sign_in(Client(app), person) for person in (sam, kim, lee)}
    _address, code = open_story(phones[sam])
    assert "This is your own code." in phones[sam].post(ENTER, {"code": code}, 422).text
    unknown = f"{(int(code) + 1) % 1_000_000:06}"
    assert "This code does not work." in phones[kim].post(ENTER, {"code": unknown}, 422).text
    session.execute(update(PairCode).values(opened_at=now() - timedelta(minutes=31)))
    session.commit()
    assert "This code does not work." in phones[kim].post(ENTER, {"code": code}, 422).text
    assert phones[sam].get(_address).h1 == "The code has run out"
    session.execute(update(PairCode).values(opened_at=now() - timedelta(minutes=29)))
    session.commit()
    assert phones[kim].post(ENTER, {"code": code}).location == _address
    assert phones[kim].post(ENTER, {"code": code}).location == _address  # joined already
    assert "Someone has joined with this code already." in phones[lee].post(ENTER, {"code": code}, 422).text
    assert session.execute(select(func.count()).select_from(PairMember)).scalar_one() == 2
    phones[lee].get(_address, 404)
    phones[lee].get(f"{_address}/differences", 404)
    phones[lee].get(f"{_address}/news", 404)
    phones[lee].post(_address, {"step": "1", "stage": "alone", "choice": "take-it"}, 404)
    phones[lee].post(f"{_address}/leave", {}, 404)


def test_whoever_tries_many_codes_has_to_wait(client: Client, session: Session) -> None:
    sign_in(client, make_person(session))
    for number in range(10):
        client.post(ENTER, {"code": f"00000{number}"}, 422)
    assert "Too many codes were tried." in client.post(ENTER, {"code": "000010"}, 429).text


def test_each_chooses_alone_then_both_see_the_two_choices_and_decide(app: Flask, session: Session) -> None:
    people = make_two(session)
    sam, kim, address = two_phones(app, people)
    scene = library_of(app).modules["secret-contact"].scenarios["second-phone"].scenes[0]
    one, other = scene.choices[0], scene.choices[1]
    assert "Choose alone. Kim Else is choosing too." in sam.get(address).text
    page = choose(sam, address, one.id)
    assert page.h1 == "You have chosen"
    assert "See if Kim Else has chosen" in page.text
    page = kim.get(address)
    assert "Sam Okafor has chosen. Now choose alone." in page.text
    assert "pressed this" not in page.text
    page = choose(kim, address, other.id)
    assert page.h1 == "You differ: talk about it"
    for phone in (sam, kim):
        text = phone.get(address).text
        assert str(one.text) in text
        assert str(other.text) in text
    assert session.execute(select(func.count()).select_from(Decision)).scalar_one() == 0
    page = choose(sam, address, one.id, stage="decide")
    assert "Waiting for Kim Else to press the same one." in page.text
    page = choose(kim, address, other.id, stage="decide")
    assert "you another one. Talk, and press the same one." in page.text
    choose(sam, address, other.id, stage="decide")
    rows = session.execute(select(Decision.step, Decision.choice_id)).all()
    assert [tuple(row) for row in rows] == [(1, other.id), (1, other.id)]
    for phone in (sam, kim):
        page = phone.get(address)
        assert "You both decided:" in page.text
        assert "Choose alone." in page.text


def test_the_news_of_a_page_that_waits_say_what_the_other_does_and_not_what_they_chose(
    app: Flask, session: Session
) -> None:
    sam, kim, address = two_phones(app, make_two(session))
    scene = library_of(app).modules["secret-contact"].scenarios["second-phone"].scenes[0]

    def news(phone: Client) -> dict[str, str | bool]:
        found: dict[str, str | bool] = phone.flask.get(f"{address}/news").get_json()
        return found

    assert news(kim) == {"screen": "choose-1", "news": "Choose alone. Sam Okafor is choosing too.", "pressed": False}
    choose(sam, address, scene.choices[0].id)
    assert news(kim) == {"screen": "choose-1", "news": "Sam Okafor has chosen. Now choose alone.", "pressed": True}
    assert news(sam)["screen"] == "wait-1"
    choose(kim, address, scene.choices[0].id)
    assert news(sam)["screen"] == news(kim)["screen"] == "decide-1"
    assert sam.get(address).h1 == "You agree"
    choose(kim, address, scene.choices[0].id, stage="decide")
    assert str(news(sam)["news"]).startswith("Kim Else pressed “")


def test_what_is_pressed_again_or_too_late_changes_nothing(app: Flask, session: Session) -> None:
    sam, kim, address = two_phones(app, make_two(session))
    scene = library_of(app).modules["secret-contact"].scenarios["second-phone"].scenes[0]
    first, second = scene.choices[0].id, scene.choices[1].id
    choose(sam, address, first)
    assert "moved on" not in choose(sam, address, first).text
    assert "The story had moved on" in choose(sam, address, second).text
    sam.post(address, {"step": "1", "stage": "decide", "choice": second})  # before the other has chosen
    page = kim.post(address, {"step": "1", "stage": "alone", "choice": "no-such-choice"}, 422)
    assert "Choose what you do." in page.text
    assert "<title>Error: " in page.html
    rows = session.execute(select(PairChoice.turn, PairChoice.choice_id)).all()
    assert [tuple(row) for row in rows] == [(0, first)]


def play_to_the_end(phones: tuple[Client, Client], address: str, app: Flask) -> None:
    """Both press the best choice; at the first decision they differ."""
    scenario = library_of(app).modules["secret-contact"].scenarios["second-phone"]
    scene, step = scenario.by_id[scenario.start], 1
    while not scene.is_ending:
        best = scene.best
        other = next(one for one in scene.choices if one is not best)
        for phone, choice in zip(phones, (best, other if step == 1 else best), strict=True):
            phone.post(address, {"step": str(step), "stage": "alone", "choice": choice.id})
        for phone in phones:
            phone.post(address, {"step": str(step), "stage": "decide", "choice": best.id})
        scene, step = scenario.by_id[best.to], step + 1


def test_at_the_end_each_has_a_record_of_their_own_and_both_see_where_they_differed(
    app: Flask, session: Session
) -> None:
    people = make_two(session)
    sam, kim, address = two_phones(app, people)
    play_to_the_end((sam, kim), address, app)
    runs = [learning_queries.runs(session, person.id)[0] for person in people]
    assert all(run.finished_at for run in runs)
    assert runs[0].decisions == runs[1].decisions
    for phone, run, name in zip((sam, kim), runs, ("Kim Else", "Sam Okafor"), strict=True):
        assert phone.get(address, 303).location == f"/run/{run.id}"
        debrief = phone.get(f"/run/{run.id}/debrief")
        assert f"Where you and {name} differed" in debrief.text
        page = phone.get(f"{address}/differences")
        assert "Decision 1" in page.text
        assert "Decision 2" not in page.text
        assert "Only the two of you see this page." in page.text


def test_what_two_decided_together_is_not_undone_by_one_of_them(app: Flask, session: Session) -> None:
    people = make_two(session)
    sam, kim, address = two_phones(app, people)
    play_to_the_end((sam, kim), address, app)
    run = learning_queries.runs(session, people[0].id)[0]
    assert sam.get(f"/run/{run.id}", 303).location == f"/run/{run.id}/debrief"
    sam.post(f"/run/{run.id}/take-back", {"step": str(run.next_step - 1)})
    assert "This decision can no longer be undone." in sam.get(f"/run/{run.id}/debrief").text
    assert learning_queries.runs(session, people[0].id)[0].decisions == run.decisions


def test_a_run_for_two_goes_on_together_until_one_leaves_and_then_alone(app: Flask, session: Session) -> None:
    people = make_two(session)
    sam, kim, address = two_phones(app, people)
    run = f"/run/{learning_queries.runs(session, people[0].id)[0].id}"
    choice = library_of(app).modules["secret-contact"].scenarios["second-phone"].scenes[0].best.id
    assert sam.get(run, 303).location == address
    assert sam.post(run, {"step": "1", "choice": choice}).location == address
    assert session.execute(select(func.count()).select_from(Decision)).scalar_one() == 0
    assert kim.post(f"{address}/leave", {}).location.startswith("/run/")
    page = sam.get(address)
    assert page.h1 == "You each go on alone"
    assert "Kim Else is no longer with you in this story." in page.text
    sam.post(run, {"step": "1", "choice": choice})
    assert "You chose:" in sam.get(run).text
    choose(kim, address, choice)
    assert session.execute(select(func.count()).select_from(PairChoice)).scalar_one() == 0


def test_a_story_for_two_begins_anew_beside_what_somebody_began_alone(app: Flask, session: Session) -> None:
    people = make_two(session)
    kim = sign_in(Client(app), people[1])
    run = kim.post(STORY, {}).location
    best = library_of(app).modules["secret-contact"].scenarios["second-phone"].scenes[0].best.id
    kim.post(run, {"step": "1", "choice": best})
    _sam, kim, address = two_phones(app, people)
    assert kim.get(address).h1 == "The second phone"
    assert kim.get(run).status == 200
    numbers = [one.number for one in learning_queries.runs(session, people[1].id)]
    assert numbers == [1, 2]


def test_waiting_can_be_given_up_and_the_code_then_leads_nowhere(app: Flask, session: Session) -> None:
    people = make_two(session)
    sam, kim = (sign_in(Client(app), person) for person in people)
    address, code = open_story(sam)
    assert sam.post(f"{address}/leave", {}).location == STORY
    assert "This code does not work." in kim.post(ENTER, {"code": code}, 422).text
    assert sam.get(address).h1 == "You each go on alone"
    assert sam.post(f"{STORY}/together", {}).location != address


def test_the_log_says_that_somebody_chose_and_never_what(app: Flask, session: Session) -> None:
    sam, kim, address = two_phones(app, make_two(session))
    play_to_the_end((sam, kim), address, app)
    rows = session.execute(
        select(AuditEntry.what, AuditEntry.details).where(AuditEntry.what.like("scenario.pair%"))
    ).all()
    assert {row.what for row in rows} == {"scenario.pair_opened", "scenario.pair_joined", "scenario.pair_choice"}
    choices = {choice.id for scene in library_of(app).modules["secret-contact"].scenarios["second-phone"].scenes
               for choice in scene.choices}  # fmt: skip
    assert not [row for row in rows if any(choice in row.details for choice in choices)]


def test_when_one_is_erased_the_other_keeps_their_own_and_goes_on_alone(app: Flask, session: Session) -> None:
    people = make_two(session)
    sam, kim, address = two_phones(app, people)
    best = library_of(app).modules["secret-contact"].scenarios["second-phone"].scenes[0].best.id
    choose(sam, address, best)
    choose(kim, address, best)
    record_leaving(session, people[1], (NOW - timedelta(days=2)).date(), NOW)
    assert request_erasure(make_context(session, None, NOW), people[1].id, "asked")
    session.commit()
    erase(app, session)
    assert session.execute(select(func.count()).select_from(PairMember)).scalar_one() == 1
    assert session.execute(select(func.count()).select_from(PairChoice)).scalar_one() == 1
    assert session.execute(select(func.count()).select_from(PairRun)).scalar_one() == 1
    page = sam.get(address)
    assert page.h1 == "You each go on alone"
    assert sam.get(f"{address}/differences").text
