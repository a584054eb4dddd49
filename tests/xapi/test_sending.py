"""What is sent of what people do: everything once, in order, and nothing from before the store was connected."""

from __future__ import annotations

import json
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from course.clock import now
from course.content.library import Library
from course.context import make_context
from course.learning.models import Answer, Attempt, Decision, Enrolment, RunOutcome
from course.people.models import Person
from course.privacy import actions as privacy
from course.training_records.models import RecordView
from course.web.unit_of_work import unit_of_work
from course.xapi import actions, queries
from course.xapi.actions import EndpointSettings, RoundResult
from course.xapi.actions.statements import StatementResult
from course.xapi.jobs import find_modules, send_waiting
from course.xapi.models import XapiEndpoint, XapiStatement
from course.xapi.rules import BatchAnswer
from tests.conftest import SECRET
from tests.makers import make_person, sign_in
from tests.pages import Client
from tests.support.racing import at_once
from tests.walking import Learner, never
from tests.webhooks.makers import trust
from tests.webhooks.receiver import Receiver
from tests.xapi.makers import Store, connect, kind_of, refresh, send, store_settings


@pytest.fixture
def store(app: Flask, authority: tuple[Path, Path], receiver: Receiver) -> Store:
    trust(app, authority)
    found = Store()
    receiver.answer = found.answer
    return found


def test_everything_that_somebody_does_arrives_once_in_order_and_fits_the_profile(
    app: Flask, session: Session, boss: Person, learner: Learner, store: Store, receiver: Receiver
) -> None:
    before = app.extensions["course"]
    (module,) = learner.library.modules.values()
    learner.read(module)  # before the store is connected: nothing of it is sent, and the course has begun already
    refresh(session)
    session.execute(update(Enrolment).values(opened_at=now() - timedelta(days=9)))
    session.commit()
    connect(app, boss.id, receiver.address, now())
    for scenario in module.scenarios:
        learner.scenario(module, scenario)
    learner.timeline(module)
    learner.check(module, never, "guessing")
    learner.check(module)
    learner.final()
    assert send(app) > 0
    kinds = Counter(kind_of(one) for one in store.known.values())
    refresh(session)
    counts = {
        "answer": session.execute(select(func.count(Answer.item_id))).scalar_one(),
        "decision": session.execute(select(func.count(Decision.id))).scalar_one(),
        "attempt": session.execute(select(func.count(Attempt.id))).scalar_one(),
        "scenario": len(module.scenarios),
        "module": 1,
        "completed": 1,
    }
    assert kinds == {kind: number for kind, number in counts.items() if number}
    assert max(store.sizes) <= 50
    sent = [store.known[mark] for mark in store.order]
    assert {one["actor"]["account"]["homePage"] for one in sent} == {app.extensions["course"].config.public_url}
    assert len({one["actor"]["account"]["name"] for one in sent}) == 1
    assert not any(word in json.dumps(sent) for word in ("Sam", "Okafor", "sam@"))
    moments = [one["timestamp"] for one in sent if kind_of(one) != "module"]
    assert moments == sorted(moments)
    confidence = Counter(
        value for one in sent for name, value in one.get("result", {}).get("extensions", {}).items() if "confid" in name
    )
    assert confidence["guessing"] > 0
    assert confidence["sure"] > 0
    (completed,) = [one for one in sent if kind_of(one) == "completed"]
    assert completed["object"]["definition"]["name"] == {"en-GB": str(learner.library.course.title)}
    # Sam sees that something was sent, and where to; a second round sends nothing.
    views = session.execute(select(RecordView.detail).where(RecordView.person_id == learner.person_id)).scalars().all()
    assert set(views) == {f"sent to localhost:{receiver.address.split(':')[2].split('/')[0]}"}
    assert send(app) == 0
    app.extensions["course"] = before


@pytest.mark.both_engines
def test_who_begins_after_the_store_was_connected_has_started_and_only_chosen_kinds_are_sent(
    app: Flask, session: Session, boss: Person, learner: Learner, store: Store, receiver: Receiver
) -> None:
    before = app.extensions["course"]
    connect(app, boss.id, receiver.address, kinds=("started", "attempt"), actor="mail")
    (module,) = learner.library.modules.values()
    learner.read(module)
    learner.timeline(module)
    refresh(session)
    assert send(app) == 2
    assert [kind_of(store.known[mark]) for mark in store.order] == ["started", "attempt"]
    assert {one["actor"]["mbox"] for one in store.known.values()} == {"mailto:sam@example.org"}
    app.extensions["course"] = before


def test_answers_that_wait_are_never_sent_with_an_address_that_an_administrator_chooses_meanwhile(
    app: Flask, session: Session, boss: Person, learner: Learner, store: Store, receiver: Receiver
) -> None:
    before = app.extensions["course"]
    connect(app, boss.id, receiver.address, kinds=("started", "attempt", "answer", "decision"))
    (module,) = learner.library.modules.values()
    learner.read(module)
    learner.timeline(module)
    learner.scenario(module, next(iter(module.scenarios)))
    refresh(session)
    noted = set(session.execute(select(XapiStatement.kind)).scalars())
    assert {"answer", "decision"} <= noted
    connect(app, boss.id, receiver.address, now(), kinds=("started", "attempt"), actor="mail")
    send(app)
    assert {kind_of(one) for one in store.known.values()} == {"started", "attempt"}
    assert {one["actor"]["mbox"] for one in store.known.values()} == {"mailto:sam@example.org"}
    refresh(session)
    assert set(session.execute(select(XapiStatement.kind)).scalars()) == {"started", "attempt"}
    app.extensions["course"] = before


def _note(app: Flask, session: Session, boss: Person, address: str, number: int) -> None:
    """A store, and so many statements that wait: people who started."""
    connect(app, boss.id, address)
    endpoint = session.execute(select(XapiEndpoint.id)).scalar_one()
    moment = now() - timedelta(seconds=30)
    for place in range(number):
        person = make_person(session, f"Kim {place}", f"kim{place}@example.org", password=None)
        enrolment = session.execute(select(Enrolment.id).where(Enrolment.person_id == person.id)).scalar_one()
        session.add(
            XapiStatement(
                endpoint_id=endpoint, person_id=person.id, enrolment_id=enrolment, kind="started", fact=str(enrolment),
                mark=f"00000000-0000-5000-8000-{place:012}", at=moment, noted_at=moment, next_try_at=moment, failure="",
            )
        )  # fmt: skip
    session.commit()


def _states(session: Session) -> list[str]:
    refresh(session)
    rows = session.execute(select(XapiStatement).order_by(XapiStatement.id)).scalars()
    return ["arrived" if one.arrived_at else "waiting" if one.next_try_at else f"refused {one.status}" for one in rows]


def test_one_bad_statement_is_found_and_keeps_no_other_back(
    app: Flask, session: Session, boss: Person, store: Store, receiver: Receiver
) -> None:
    before = app.extensions["course"]
    _note(app, session, boss, receiver.address, 5)
    store.bad = lambda one: str(one["id"]).endswith("3")
    assert send(app) == 5
    assert _states(session) == ["arrived"] * 3 + ["refused 400", "arrived"]
    assert "that is no statement" in session.execute(select(XapiStatement.failure)).scalars().all()
    # An administrator has it sent again, after the store has learnt to understand it.
    store.bad = lambda _one: False
    with app.app_context(), unit_of_work() as unit:
        assert actions.repeat_statements(make_context(unit, boss.id, now())) == 1
    assert send(app) == 1
    assert _states(session) == ["arrived"] * 5
    # What arrived and was not written down, because the worker died, is sent again and counts as arrived.
    session.execute(update(XapiStatement).values(arrived_at=None, next_try_at=now() - timedelta(hours=1)))
    session.commit()
    assert send(app) == 5
    assert _states(session) == ["arrived"] * 5
    assert len(store.order) == 5
    app.extensions["course"] = before


def test_a_store_that_is_away_is_tried_again_later_and_everything_arrives(
    app: Flask, session: Session, boss: Person, store: Store, receiver: Receiver
) -> None:
    before, begin = app.extensions["course"], now()
    _note(app, session, boss, receiver.address, 3)
    receiver.answer = lambda _taken: (503, {"Retry-After": "600"}, b"closed")
    assert send(app, begin) == 3
    assert send(app, begin + timedelta(minutes=9)) == 0
    row = session.execute(select(XapiEndpoint)).scalar_one()
    refresh(session)
    assert (row.failures, row.failure) == (1, "The answer was 503.")
    receiver.answer = lambda _taken: (401, {}, b"who are you")
    assert send(app, begin + timedelta(minutes=11)) == 3
    refresh(session)
    assert row.failure == "The store refused the user name and password (answer 401)."
    receiver.answer = store.answer
    with app.app_context(), unit_of_work() as unit:
        changed = EndpointSettings(receiver.address, "course", "blue-heron", store_settings("").kinds, "account")
        assert actions.save_endpoint(make_context(unit, boss.id, now()), changed, SECRET)
    assert send(app, begin + timedelta(minutes=11)) == 3  # at once, since something was changed
    refresh(session)
    assert _states(session) == ["arrived"] * 3
    assert (row.failing_since, row.failures, row.not_before) == (None, 0, None)
    app.extensions["course"] = before


def test_who_was_erased_is_left_out_and_nothing_waits_for_them(
    app: Flask, session: Session, boss: Person, store: Store, receiver: Receiver
) -> None:
    before = app.extensions["course"]
    _note(app, session, boss, receiver.address, 2)
    session.execute(update(Person).where(Person.email == "kim0@example.org").values(erased_at=now()))
    session.commit()
    assert send(app) == 2
    assert [one[-1] for one in store.order] == ["1"]
    assert _states(session) == ["arrived"]
    app.extensions["course"] = before


def test_old_statements_are_forgotten_except_those_that_say_what_was_sent(
    app: Flask, session: Session, boss: Person
) -> None:
    _note(app, session, boss, "https://lrs.example.org/xapi", 2)
    session.execute(update(XapiStatement).values(next_try_at=None, arrived_at=now()))
    session.execute(update(XapiStatement).where(XapiStatement.mark.endswith("1")).values(kind="answer"))
    session.commit()
    with app.app_context(), unit_of_work() as unit:
        assert actions.forget_old_statements(unit, now() + timedelta(days=29)) == 0
        assert actions.forget_old_statements(unit, now() + timedelta(days=31)) == 1


@pytest.mark.parametrize("hours_back", [0, 1])
def test_a_module_is_sent_with_its_last_step_also_if_the_clock_was_set_back_before_it(
    app: Flask, session: Session, boss: Person, learner: Learner, store: Store, receiver: Receiver, hours_back: int
) -> None:
    (module,) = learner.library.modules.values()
    connect(app, boss.id, receiver.address, now() - timedelta(days=1))
    learner.read(module)
    for scenario in module.scenarios:
        learner.scenario(module, scenario)
    learner.check(module)
    send(app)
    assert "module" not in {kind_of(one) for one in store.known.values()}
    # By the clock of then, which was ahead.
    session.execute(update(RunOutcome).values(finished_at=now() + timedelta(hours=hours_back)))
    session.commit()
    learner.timeline(module)
    send(app)
    assert [kind_of(one) for one in store.known.values()].count("module") == 1


@pytest.mark.both_engines
def test_a_store_that_was_set_up_while_the_clock_was_ahead_misses_nothing(
    app: Flask, boss: Person, learner: Learner, store: Store, receiver: Receiver
) -> None:
    before = app.extensions["course"]
    connect(app, boss.id, receiver.address, now() + timedelta(days=366), kinds=("started", "module"))
    (module,) = learner.library.modules.values()
    for _ in range(2):  # a second time: nothing is sent twice
        learner.read(module)
        for scenario in module.scenarios:
            learner.scenario(module, scenario)
        learner.timeline(module)
        learner.check(module)
        send(app)
    assert Counter(kind_of(one) for one in store.known.values()) == {"started": 1, "module": 1}
    app.extensions["course"] = before


@pytest.mark.both_engines
@pytest.mark.parametrize(
    ("table", "column", "ahead", "sent"),
    [
        # As long as a worker may need for what it has claimed, nobody else takes it.
        (XapiStatement, "next_try_at", timedelta(minutes=20), 0),
        (XapiStatement, "next_try_at", timedelta(hours=2), 1),
        (XapiStatement, "next_try_at", timedelta(days=366), 1),
        # A store may ask for a day.
        (XapiEndpoint, "not_before", timedelta(hours=23), 0),
        (XapiEndpoint, "not_before", timedelta(days=366), 1),
    ],
)
def test_what_was_put_off_while_the_clock_was_ahead_is_sent_once_it_is_right(
    app: Flask, session: Session, boss: Person, learner: Learner, store: Store, receiver: Receiver,
    table: type[XapiStatement | XapiEndpoint], column: str, ahead: timedelta, sent: int,
) -> None:  # fmt: skip
    before = app.extensions["course"]
    connect(app, boss.id, receiver.address, kinds=("started",))
    (module,) = learner.library.modules.values()
    learner.read(module)
    session.execute(update(table).values({column: now() + ahead}))
    session.commit()
    assert (send(app), len(store.order)) == (sent, sent)
    app.extensions["course"] = before


def test_two_workers_and_two_people_at_once_send_each_statement_once(
    committed: Flask, authority: tuple[Path, Path], receiver: Receiver
) -> None:
    app = committed
    trust(app, authority)
    store = Store()
    receiver.answer = store.answer
    with app.app_context(), app.extensions["course.sessions"].writing() as session:
        boss = make_person(session, "Alex Morgan", "alex@example.org", "administrator", password=None).id
        people = [make_person(session, f"Kim {n}", f"kim{n}@example.org", password=None).id for n in range(4)]
    connect(app, boss, receiver.address)
    library: Library = app.extensions["course"].library.for_("school", "england")
    module = next(iter(library.modules.values()))
    page = next(iter(module.pages.values()))

    def read(person: int) -> int:
        from course.learning.actions import record_page_read  # noqa: PLC0415

        with app.app_context(), unit_of_work() as session:
            return int(record_page_read(make_context(session, person, now()), module, page))

    def work() -> int:
        with app.app_context():
            find_modules()
            return send_waiting(now)

    assert at_once([lambda one=one: read(one) for one in (*people, *people)]).count(1) == 4  # type: ignore[misc]
    assert sum(at_once([work, work, work])) >= 4
    assert work() == 0
    starts: list[dict[str, Any]] = list(store.known.values())
    assert [kind_of(one) for one in starts] == ["started"] * 4
    assert len({one["actor"]["account"]["name"] for one in starts}) == 4
    assert sum(store.sizes) == 4


def test_what_has_the_number_of_something_erased_arrives_all_the_same(
    app: Flask, session: Session, boss: Person, learner: Learner, store: Store, receiver: Receiver
) -> None:
    # SQLite gives the number of the newest row again once that row is deleted.
    before = app.extensions["course"]
    kim = make_person(session, "Kim Reed", "kim@example.org", at=now() - timedelta(days=9))
    other = Learner(app, sign_in(Client(app), kim), kim.id)
    other.library = learner.library
    connect(app, boss.id, receiver.address, kinds=("answer", "attempt"))
    (module,) = learner.library.modules.values()
    learner.check(module)
    send(app)
    told = len(store.order)
    with app.app_context(), unit_of_work() as unit:
        unit.execute(update(Person).where(Person.id == learner.person_id).values(left_at=now()))
        privacy.request_erasure(make_context(unit, boss.id, now()), learner.person_id, "They asked for it.")
        privacy.erase(unit, [learner.person_id], "Europe/London", now())
        assert unit.execute(select(Attempt.id)).all() == []
    other.check(module)
    send(app)
    assert [kind_of(store.known[one]) for one in store.order[told:]] == [
        kind_of(store.known[one]) for one in store.order[:told]
    ]
    app.extensions["course"] = before


def test_an_answer_of_the_store_is_not_taken_for_that_to_a_statement_with_the_number_of_an_erased_one(
    app: Flask, boss: Person, learner: Learner
) -> None:
    connect(app, boss.id, "https://store.example.org/xapi", kinds=("answer", "attempt"))
    (module,) = learner.library.modules.values()
    learner.check(module)
    waiting = select(XapiStatement.id).where(XapiStatement.next_try_at.is_not(None))
    with app.app_context(), unit_of_work() as unit:
        endpoint, due = queries.current_endpoint(unit), queries.due_statements(unit, now(), 50)
        rows = actions.claim_statements(unit, due, now())
        assert endpoint is not None
        unit.execute(update(XapiStatement).values(mark=func.upper(XapiStatement.mark)))  # they are others by now
        for result in (
            RoundResult((), gone=rows),
            RoundResult([StatementResult(one, True, BatchAnswer(200)) for one in rows]),
        ):
            actions.record_results(make_context(unit, None, now()), endpoint, result)
        assert unit.execute(waiting).scalars().all() == due
