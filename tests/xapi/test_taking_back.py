"""What counts for nothing any more is taken back at the store: a store of others (Ralph), and one that is away or refuses."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from course.certificates.actions import revoke
from course.certificates.models import Certificate
from course.clock import now
from course.context import make_context
from course.learning.actions import void_attempt, void_run
from course.learning.models import Attempt, ScenarioRun
from course.people.models import Person
from course.web.unit_of_work import unit_of_work
from course.xapi import actions
from course.xapi.models import XapiEndpoint, XapiStatement
from course.xapi.rules import statement_id
from tests.makers import sign_in
from tests.pages import Client
from tests.walking import Learner, never
from tests.webhooks.makers import trust
from tests.webhooks.receiver import Receiver
from tests.xapi.makers import Store, connect, kind_of, refresh, send
from tests.xapi.ralph.running import ralph


def _decide_and_undo(learner: Learner) -> None:
    """The first decision of the first story, and back again."""
    (module,) = learner.library.modules.values()
    scenario = next(iter(module.scenarios.values()))
    run = learner.client.post(f"/module/{module.id}/{scenario.id}", {}).location
    scene = scenario.by_id[scenario.start]
    learner.client.post(run, {"step": "1", "choice": scene.best.id})
    learner.client.post(f"{run}/take-back", {"step": "1"})


def _declare_void(app: Flask, learner: Learner, boss: int) -> None:
    """The only attempt at the check counts for nothing."""
    with app.app_context(), unit_of_work() as session:
        attempt = session.execute(select(Attempt.id).where(Attempt.kind == "check")).scalar_one()
        context = make_context(session, boss, now())
        assert void_attempt(context, learner.library, learner.person_id, attempt, "Entered for someone else")
        assert not void_attempt(context, learner.library, learner.person_id, attempt, "Twice")


def _voided(statements: list[dict[str, Any]]) -> list[str]:
    """The kinds of the statements that are taken back, each after it was sent itself; fails if it was not."""
    kinds: dict[str, str] = {}
    found = []
    for one in statements:
        kinds[one["id"]] = "void" if one["verb"]["id"].endswith("/voided") else kind_of(_as_sent(one))
        if kinds[one["id"]] == "void":
            assert one["object"]["objectType"] == "StatementRef"
            found.append(kinds[one["object"]["id"]])
    return found


def _as_sent(statement: dict[str, Any]) -> dict[str, Any]:
    """A statement without what a store adds to it."""
    return {name: value for name, value in statement.items() if name not in ("authority", "stored", "version")}


def test_everything_arrives_at_ralph_once_and_what_counts_no_more_is_voided_there(
    app: Flask, session: Session, boss: Person, learner: Learner, authority: tuple[Path, Path], tmp_path: Path
) -> None:
    before = app.extensions["course"]
    trust(app, authority)
    (module,) = learner.library.modules.values()
    with ralph(tmp_path, authority[1], "course", "blue-heron") as store:
        connect(app, boss.id, store.address)
        learner.check(module, never)
        assert send(app) > 0
        sent = store.statements()
        assert {kind_of(_as_sent(one)) for one in sent} == {"started", "answer", "attempt"}
        # The worker died before it wrote down that they have arrived: they are sent again, and are there once.
        session.execute(update(XapiStatement).values(arrived_at=None, next_try_at=now() - timedelta(minutes=1)))
        session.commit()
        assert send(app) == len(sent)
        refresh(session)
        waiting = select(XapiStatement.id).where(XapiStatement.arrived_at.is_(None))
        assert session.execute(waiting).all() == []
        assert len(store.statements()) == len(sent)
        _decide_and_undo(learner)
        _declare_void(app, learner, boss.id)
        send(app)
        answers = sum(kind_of(_as_sent(one)) == "answer" for one in sent)
        assert sorted(_voided(store.statements())) == sorted(["decision", *["answer"] * answers, "attempt"])
        learner.modules()
        learner.final()
        send(app)
        refresh(session)
        number = session.execute(select(Certificate.number)).scalar_one()
        with app.app_context(), unit_of_work() as unit:
            revoke(make_context(unit, boss.id, now()), number, "Issued by mistake")
        send(app)
        taken = store.statements()
        assert _voided(taken)[-1] == "completed"
        assert len({one["id"] for one in taken}) == len(taken)
    app.extensions["course"] = before


@pytest.mark.both_engines
def test_nothing_is_taken_back_before_it_has_arrived_or_if_it_was_never_to_be_sent(
    app: Flask, session: Session, boss: Person, learner: Learner, authority: tuple[Path, Path], receiver: Receiver
) -> None:
    before, store = app.extensions["course"], Store()
    trust(app, authority)
    receiver.answer = store.answer
    connect(app, boss.id, receiver.address, kinds=("decision",))
    store.bad = lambda one: kind_of(one) == "decision"
    _decide_and_undo(learner)
    (module,) = learner.library.modules.values()
    learner.check(module, never)
    _declare_void(app, learner, boss.id)
    send(app)
    refresh(session)
    assert store.order == []
    rows = select(XapiStatement.kind, XapiStatement.next_try_at).order_by(XapiStatement.id)
    assert [(kind, at is not None) for kind, at in session.execute(rows)] == [("decision", False), ("void", True)]
    assert send(app) == 0  # it waits, and is not tried in vain
    store.bad = lambda _one: False
    with app.app_context(), unit_of_work() as unit:
        assert actions.repeat_statements(make_context(unit, boss.id, now())) == 1
    send(app)
    assert [kind_of(store.known[mark]) for mark in store.order] == ["decision", "void"]
    page = sign_in(Client(app), boss).get("/system/xapi")
    assert "Statement withdrawn" in page.text
    # What was sent so long ago that it is not listed any more is taken back all the same.
    with app.app_context(), unit_of_work() as unit:
        actions.forget_old_statements(unit, now() + timedelta(days=31))
    refresh(session)
    assert session.execute(select(XapiStatement.id)).all() == []
    app.extensions["course"] = before


def test_with_a_story_that_is_void_its_decisions_are_taken_back(
    app: Flask, session: Session, boss: Person, learner: Learner, authority: tuple[Path, Path], receiver: Receiver
) -> None:
    before, store = app.extensions["course"], Store()
    trust(app, authority)
    receiver.answer = store.answer
    connect(app, boss.id, receiver.address, kinds=("decision", "scenario"))
    (module,) = learner.library.modules.values()
    learner.scenario(module, next(iter(module.scenarios)))
    send(app)
    told = [kind_of(store.known[mark]) for mark in store.order]
    run = session.execute(select(ScenarioRun.id)).scalar_one()
    with app.app_context(), unit_of_work() as unit:
        context = make_context(unit, boss.id, now())
        assert void_run(context, learner.library, learner.person_id, run, "Entered for someone else")
        assert not void_run(context, learner.library, learner.person_id, run, "Twice")
    send(app)
    taken = [store.known[mark]["object"]["id"] for mark in store.order[len(told) :]]
    assert sorted(taken) == sorted(store.order[: len(told)])
    assert {*told} == {"decision", "scenario"}
    app.extensions["course"] = before


@pytest.mark.both_engines
@pytest.mark.parametrize("undated_for", [None, timedelta(hours=-1), timedelta(hours=1)])
def test_what_is_not_listed_any_more_is_taken_back_by_the_ids_with_which_it_was_sent(
    app: Flask, session: Session, boss: Person, learner: Learner, authority: tuple[Path, Path], receiver: Receiver,
    undated_for: timedelta | None,
) -> None:  # fmt: skip
    before, store = app.extensions["course"], Store()
    trust(app, authority)
    receiver.answer = store.answer
    connect(app, boss.id, receiver.address, now() - timedelta(days=40), kinds=("answer", "attempt", "completed"))
    if undated_for is not None:
        session.execute(update(XapiEndpoint).values(undated_until=now() + undated_for))
        session.commit()
    (module,) = learner.library.modules.values()
    learner.check(module, never)
    send(app)
    told = list(store.order)
    dated = [
        statement_id(UUID(space), one.kind, one.fact) not in told
        for space, one in session.execute(select(XapiEndpoint.namespace, XapiStatement).join(XapiStatement))
    ]
    assert set(dated) == {undated_for != timedelta(hours=1)}
    with app.app_context(), unit_of_work() as unit:
        assert actions.forget_old_statements(unit, now() + timedelta(days=31)) == len(told)
    _declare_void(app, learner, boss.id)
    send(app)
    assert sorted(store.known[mark]["object"]["id"] for mark in store.order[len(told) :]) == sorted(told)
    learner.modules()
    learner.final()
    send(app)
    refresh(session)
    (done,) = [mark for mark in store.order if kind_of(store.known[mark]) == "completed"]
    number = session.execute(select(Certificate.number)).scalar_one()
    with app.app_context(), unit_of_work() as unit:
        actions.forget_old_statements(unit, now() + timedelta(days=31))
        revoke(make_context(unit, boss.id, now()), number, "Issued by mistake")
    send(app)
    assert store.known[store.order[-1]]["object"]["id"] == done
    app.extensions["course"] = before
