"""A decision that was pressed by mistake can be taken back, once; both facts stay."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from course.clock import now
from course.context import make_context
from course.learning import queries
from course.learning.models import Completion, Decision, DecisionWithdrawal, RunOutcome
from course.learning.rules.branching import run_state
from course.learning.rules.debrief import debrief_rows
from course.learning.rules.decision_log import (
    LoggedDecision,
    live_decisions,
    next_step,
    withdrawable_decision,
    withdrawn_by_place,
)
from course.people.actions import choose_pathway
from tests.analytics.counting import decision_counts
from tests.conftest import NOW
from tests.learning.test_races import count, learners, post
from tests.learning.test_rules import DAY
from tests.makers import make_person, sign_in
from tests.pages import Client
from tests.support.racing import at_once

STORY = "/module/secret-contact/second-phone"
HILARY = ("images-and-networks", "what-hilary-wiped")
KEPT = "This decision can no longer be undone."


def log(*entries: str) -> tuple[LoggedDecision, ...]:
    """A log from entries such as "s1/hold", those that were taken back with a minus before them."""
    found: list[LoggedDecision] = []
    for number, entry in enumerate(entries, 1):
        scene, _, choice = entry.removeprefix("-").partition("/")
        found.append(LoggedDecision(number, next_step(found), scene, choice, entry.startswith("-")))
    return tuple(found)


@pytest.mark.parametrize(
    ("entries", "on_the_way", "expected"),
    [
        ((), True, None),
        (("s1/hold",), True, 1),
        (("s1/hold", "s2/drop"), True, 2),
        (("s1/hold", "-s2/drop"), True, None),  # the newest event is no decision: the one before it was read on
        (("s1/hold", "-s2/drop", "s2/drop"), True, None),  # once for each scene
        (("-s1/look", "s1/hold", "-s2/drop", "s2/hold", "s3/hold"), True, None),  # twice in a run
        (("-s1/look", "s1/hold", "s2/drop"), True, 3),
        (("s1/hold", "s2/drop"), False, None),  # a repair was begun
    ],
)
def test_only_the_newest_decision_can_be_taken_back_once_for_a_scene_and_twice_in_a_run(
    entries: Sequence[str], on_the_way: bool, expected: int | None
) -> None:
    found = withdrawable_decision(log(*entries), is_on_the_way=on_the_way)
    assert (found.id if found else None) == expected


@pytest.mark.parametrize(
    ("entries", "live", "step"),
    [
        ((), (), 1),
        (("s1/hold",), (("s1", "hold"),), 2),
        (("-s1/look",), (), 3),
        (("-s1/look", "s1/hold", "s2/drop"), (("s1", "hold"), ("s2", "drop")), 5),
    ],
)
def test_a_decision_that_was_taken_back_does_not_count_and_its_withdrawal_takes_a_step(
    entries: Sequence[str], live: tuple[tuple[str, str], ...], step: int
) -> None:
    assert live_decisions(log(*entries)) == live
    assert next_step(log(*entries)) == step


def test_an_ending_is_on_the_way_until_a_repair_is_begun() -> None:
    best = [(f"s{number}", "hold") for number in range(1, 7)]
    dangerous = [*best[:1], ("s2", "drop"), *best[2:]]
    assert run_state(DAY, dangerous).is_on_the_way
    assert not run_state(DAY, [*dangerous, ("s2", "drop")]).is_on_the_way
    assert run_state(DAY, best).is_on_the_way
    assert not run_state(DAY, []).is_on_the_way


def test_a_dangerous_choice_that_was_taken_back_is_in_the_debrief_and_needs_no_repair() -> None:
    entries = log("s1/hold", "-s2/drop", "s2/hold", "s3/hold", "s4/hold", "s5/hold", "s6/hold")
    state = run_state(DAY, live_decisions(entries))
    assert state.is_finished
    rows = debrief_rows(state, DAY, entries)
    assert [[choice.id for choice in row.withdrawn] for row in rows] == [[], ["drop"], [], [], [], []]
    assert list(withdrawn_by_place(entries)) == [1]


def test_a_slip_is_taken_back_and_the_record_keeps_both(client: Client, session: Session) -> None:
    person = make_person(session)
    sign_in(client, person)
    run = client.post(STORY, {}).location
    client.post(run, {"step": "1", "choice": "take-it"})
    page = client.get(run)
    assert "Pressed the wrong one? Undo" in page.text
    client.post(f"{run}/take-back", {"step": "1"})
    page = client.get(run)
    assert "Undone. You can choose again." in page.text
    assert "Pressed the wrong one?" not in page.text
    assert page.h1 == "The second phone"
    client.post(run, {"step": "3", "choice": "take-it"})
    assert "Pressed the wrong one?" not in client.get(run).text
    client.post(f"{run}/take-back", {"step": "3"})
    assert KEPT in client.get(run).text
    rows = session.execute(select(Decision.step, Decision.choice_id).order_by(Decision.id)).all()
    assert [tuple(row) for row in rows] == [(1, "take-it"), (3, "take-it")]
    assert session.execute(select(func.count()).select_from(DecisionWithdrawal)).scalar_one() == 1


def test_the_debrief_says_what_was_pressed_first_and_why_it_is_dangerous(client: Client, session: Session) -> None:
    sign_in(client, make_person(session))
    scenario = client.app.extensions["course"].library.modules["secret-contact"].scenarios["second-phone"]
    run = client.post(STORY, {}).location
    state, step, decisions = run_state(scenario, []), 1, list[tuple[str, str]]()
    while state.scene is not None:
        if state.scene.id == "she-tells":
            client.post(run, {"step": str(step), "choice": "promise"})
            client.post(f"{run}/take-back", {"step": str(step)})
            step += 2
        client.post(run, {"step": str(step), "choice": state.scene.best.id})
        decisions.append((state.scene.id, state.scene.best.id))
        state, step = run_state(scenario, decisions), step + 1
    page = client.get(f"{run}/debrief")
    assert "You first pressed: Tell her that it stays with you" in page.text
    assert "But you have joined the secret" in page.text
    assert "Story complete" in page.text
    assert "Pressed the wrong one? Undo" in page.text  # of another scene, the last one


def test_analytics_count_the_choice_that_was_pressed_first(client: Client, session: Session) -> None:
    sign_in(client, make_person(session))
    run = client.post(STORY, {}).location
    client.post(run, {"step": "1", "choice": "take-it"})
    client.post(f"{run}/take-back", {"step": "1"})
    client.post(run, {"step": "3", "choice": "sit-down"})
    (counts,) = decision_counts(session, now()).values()
    assert counts["found-phone"] == {"take-it": {0: 1}}


def test_my_data_tells_of_a_decision_that_was_taken_back(client: Client, session: Session) -> None:
    sign_in(client, make_person(session))
    run = client.post(STORY, {}).location
    client.post(run, {"step": "1", "choice": "take-it"})
    client.post(f"{run}/take-back", {"step": "1"})
    assert "Decisions I undid" in client.get("/me/data").text


def test_nobody_else_takes_a_decision_back(client: Client, session: Session) -> None:
    sign_in(client, make_person(session))
    run = client.post(STORY, {}).location
    client.post(run, {"step": "1", "choice": "take-it"})
    other = sign_in(Client(client.app), make_person(session, email="other@example.org"))
    other.post(f"{run}/take-back", {"step": "1"}, 404)
    assert session.execute(select(func.count()).select_from(DecisionWithdrawal)).scalar_one() == 0


def test_a_window_from_before_a_withdrawal_cannot_send_the_next_decision(client: Client, session: Session) -> None:
    sign_in(client, make_person(session))
    run = client.post(STORY, {}).location
    client.post(run, {"step": "1", "choice": "take-it"})
    client.post(f"{run}/take-back", {"step": "1"})
    client.post(run, {"step": "2", "choice": "own-it"})
    assert "This decision was taken already" in client.get(run).text
    assert session.execute(select(func.count()).select_from(Decision)).scalar_one() == 1


def test_a_decision_that_is_taken_back_four_times_at_once_is_taken_back_once(committed: Flask) -> None:
    windows = learners(committed, 4)
    run = windows[0].client.post(STORY, {}).location
    windows[0].client.post(run, {"step": "1", "choice": "take-it"})
    assert at_once([post(one, f"{run}/take-back", {"step": "1"}) for one in windows]) == [303] * 4
    assert count(committed, DecisionWithdrawal) == 1


def test_of_the_next_decision_and_a_withdrawal_at_once_only_one_happens(committed: Flask) -> None:
    one, two = learners(committed, 2)
    run = one.client.post(STORY, {}).location
    one.client.post(run, {"step": "1", "choice": "take-it"})
    sent = [post(one, run, {"step": "2", "choice": "own-it"}), post(two, f"{run}/take-back", {"step": "1"})]
    assert at_once(sent) == [303, 303]
    happened = count(committed, Decision) - 1, count(committed, DecisionWithdrawal)
    assert happened in ((1, 0), (0, 1)), json.dumps(happened)


def to_the_end(
    client: Client, module: str = "secret-contact", story: str = "second-phone", last: str = "best"
) -> tuple[str, int, str]:
    """Take the recommended decisions of a story to its end, the last one of the grade `last`.

    Returns the run, the number of the last decision, and the recommended choice there.
    """
    library = client.app.extensions["course"].library
    scenario = (
        library.for_("social-work" if (module, story) == HILARY else None, "england").modules[module].scenarios[story]
    )
    run, step = client.post(f"/module/{module}/{story}", {}).location, 0
    scene = scenario.by_id[scenario.start]
    while not scene.is_ending:
        step, best = step + 1, scene.best
        grade = last if scenario.by_id[best.to].is_ending else "best"
        choice = best if grade == "best" else next(one for one in scene.choices if one.quality == grade)
        client.post(run, {"step": str(step), "choice": choice.id})
        scene = scenario.by_id[choice.to]
    return run, step, best.id


def other_last_choices(client: Client, run: str) -> list[str]:
    return [button.get("value", "") for button in client.get(run).all("button") if button.get("name") == "choice"]


def test_the_last_decision_is_undone_at_the_ending_and_the_story_counts_all_the_while(
    client: Client, session: Session
) -> None:
    person = make_person(session)
    sign_in(client, person)
    run, step, best = to_the_end(client)
    assert client.get(run, 303).location == f"{run}/debrief"
    page = client.get(f"{run}/debrief")
    assert "How it ended" in page.text
    assert "Pressed the wrong one? Undo" in page.text
    done = queries.progress_facts(session, person.id).scenarios
    assert done == {"secret-contact/second-phone"}
    client.post(f"{run}/take-back", {"step": str(step)})
    page = client.get(run)
    assert "Undone. You can choose again." in page.text
    choices = other_last_choices(client, run)
    other = next(choice for choice in choices if choice != best)
    assert queries.progress_facts(session, person.id).scenarios == done
    assert "Carry on with the story" in client.get(STORY).text
    assert "Not finished" in client.get("/record").text
    assert client.post(STORY, {}).location == run  # it is resumed, not begun anew
    client.post(run, {"step": str(step + 2), "choice": other})
    assert "You first pressed:" in client.get(f"{run}/debrief").text or "to try again" in client.get(run).text
    rows = session.execute(select(Decision.step, Decision.choice_id).order_by(Decision.id.desc()).limit(2)).all()
    assert [tuple(row) for row in rows] == [(step + 2, other), (step, best)]
    assert session.execute(select(func.count()).select_from(RunOutcome)).scalar_one() == 1


def test_an_ending_after_a_worse_last_decision_says_nothing_of_what_is_better(client: Client, session: Session) -> None:
    person = make_person(session)
    sign_in(client, person)
    run, step, best = to_the_end(client, last="fair")
    assert client.get(run, 303).location == f"{run}/ending"
    page = client.get(f"{run}/ending")
    assert "How it ended" in page.text
    assert "Pressed the wrong one? Undo" in page.text
    assert "Recommended" not in page.text
    assert "What helps more" not in page.text
    assert [link.get("href") for link in page.all("a") if link.text == "See how it went"] == [f"{run}/debrief"]
    assert "take-back" not in client.get(f"{run}/debrief").html
    client.post(f"{run}/take-back", {"step": str(step)})
    client.post(run, {"step": str(step + 2), "choice": best})
    assert "You first pressed:" in client.get(f"{run}/debrief").text
    assert queries.runs(session, person.id)[0].outcome is not None


def test_a_scene_gives_back_one_decision_also_at_the_ending(client: Client, session: Session) -> None:
    sign_in(client, make_person(session))
    run, step, best = to_the_end(client)
    client.post(f"{run}/take-back", {"step": str(step)})
    client.post(run, {"step": str(step + 2), "choice": best})
    assert client.get(run, 303).location == f"{run}/debrief"
    assert client.get(f"{run}/ending", 303).location == run
    client.post(f"{run}/take-back", {"step": str(step + 2)})
    assert session.execute(select(func.count()).select_from(DecisionWithdrawal)).scalar_one() == 1
    assert "Not finished" not in client.get("/record").text


def test_a_dangerous_last_decision_after_an_undone_good_one_is_looked_at_again(
    client: Client, session: Session
) -> None:
    person = make_person(session)
    sign_in(client, person)
    choose_pathway(make_context(session, None, NOW), [person.id], "social-work", "social-worker")
    run, step, best = to_the_end(client, *HILARY)
    client.post(f"{run}/take-back", {"step": str(step)})
    found = queries.runs(session, person.id)[0]
    assert (found.finished_at is not None, found.has_outcome, found.is_open) == (True, False, True)
    client.post(run, {"step": str(step + 2), "choice": "did-he-ever"})
    ending = client.get(f"{run}/ending")
    assert "One decision to try again" in ending.text
    assert "Pressed the wrong one?" not in ending.text
    client.post(run, {"step": str(step + 3), "choice": best})
    page = client.get(f"{run}/debrief")
    assert "Story complete" in page.text
    assert "You first pressed:" in page.text
    assert session.execute(select(func.count()).select_from(RunOutcome)).scalar_one() == 1


@pytest.mark.parametrize("later", ["page", "check", "run"])
def test_once_another_step_is_begun_the_last_decision_stays(client: Client, session: Session, later: str) -> None:
    sign_in(client, make_person(session))
    run, step, _best = to_the_end(client)
    module = client.app.extensions["course"].library.modules["secret-contact"]
    page = next(iter(module.pages))
    path = {"page": f"/module/secret-contact/{page}", "check": "/module/secret-contact/check", "run": STORY}[later]
    client.post(path, {"then": "next"} if later == "page" else {})
    assert client.get(run, 303).location == f"{run}/debrief"
    client.post(f"{run}/take-back", {"step": str(step)})
    page = client.get(f"{run}/debrief")
    assert KEPT in page.text
    assert "take-back" not in page.html
    assert session.execute(select(func.count()).select_from(DecisionWithdrawal)).scalar_one() == 0


def test_what_completed_the_course_stays(client: Client, session: Session) -> None:
    person = make_person(session)
    sign_in(client, person)
    run, step, _best = to_the_end(client)
    found = queries.runs(session, person.id)[0]
    assert not queries.is_followed(session, found)
    session.add(
        Completion(enrolment_id=found.enrolment_id, completed_at=found.finished_at, content_version="1", edition="1")
    )
    session.flush()
    assert queries.is_followed(session, found)
    client.post(f"{run}/take-back", {"step": str(step)})
    assert KEPT in client.get(f"{run}/debrief").text


def test_the_last_decision_that_is_undone_in_four_windows_is_undone_once(committed: Flask) -> None:
    windows = learners(committed, 4)
    run, step, best = to_the_end(windows[0].client)
    assert at_once([post(one, f"{run}/take-back", {"step": str(step)}) for one in windows]) == [303] * 4
    assert count(committed, DecisionWithdrawal) == 1
    sent = [post(one, run, {"step": str(step + 2), "choice": best}) for one in windows]
    assert at_once(sent) == [303] * 4
    assert (count(committed, Decision), count(committed, RunOutcome)) == (step + 1, 1)


def test_the_last_decision_and_its_withdrawal_at_once_leave_a_record_that_fits(committed: Flask) -> None:
    one, two = learners(committed, 2)
    scenario = committed.extensions["course"].library.modules["secret-contact"].scenarios["second-phone"]
    run, step, decisions = one.client.post(STORY, {}).location, 0, list[tuple[str, str]]()
    sent: dict[str, object] = {}
    while (scene := run_state(scenario, decisions).scene) is not None:
        step, decisions = step + 1, [*decisions, (scene.id, scene.best.id)]
        sent = {"step": step, "choice": scene.best.id}
        if not run_state(scenario, decisions).is_finished:
            one.client.post(run, {"step": str(step), "choice": scene.best.id})
    # The other window takes back the decision before, or the last one: whichever is the newest at that moment.
    assert at_once([post(one, run, sent), post(two, f"{run}/take-back", {"step": str(step - 1)})]) == [303, 303]
    withdrawn = count(committed, DecisionWithdrawal)
    assert (count(committed, Decision), count(committed, RunOutcome), withdrawn) in {(step, 1, 0), (step - 1, 0, 1)}
