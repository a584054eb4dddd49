"""What becomes an event: each fact once, in the transaction of the fact or found by the job, for whoever wants it."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from course.clock import now
from course.content.library import Library
from course.context import make_context
from course.dates import add_months, civil_date
from course.events import publish
from course.people.actions import (
    merge_people,
    plan_departure,
    record_departure,
    record_due_departure,
    withdraw_departure,
)
from course.people.events import PersonLeft
from course.people.models import Person, Team
from course.recertification.actions import grant_extension
from course.recertification.rules.certification_status import DUE_SOON, EXPIRED, IN_PROGRESS, OVERDUE, UP_TO_DATE
from course.web.unit_of_work import unit_of_work
from course.webhooks import actions, queries
from course.webhooks.actions import WebhookSettings
from course.webhooks.jobs import find_events
from course.webhooks.models import WebhookDelivery, WebhookEvent
from course.webhooks.rules import EVENT_LABELS, status_facts
from tests.conftest import SECRET
from tests.makers import make_person, make_team
from tests.refreshers.makers import complete, make_completed
from tests.support.days import form_day, this_day
from tests.support.racing import at_once
from tests.webhooks.makers import events_of

pytestmark = pytest.mark.both_engines
LATER = 100  # days from now, when whoever was added long ago and did nothing is overdue by any policy
HOOK = "https://hr.example.org/events"


@pytest.fixture
def boss(session: Session) -> Person:
    return make_person(session, "Alex Morgan", "alex@example.org", "administrator", at=now() - timedelta(days=900))


def _hook(
    session: Session, boss: Person, team: Team | None = None, kinds: tuple[str, ...] = tuple(EVENT_LABELS)
) -> int:
    settings = WebhookSettings(HOOK, kinds, team.id if team else None, False)
    found = actions.add_webhook(make_context(session, boss.id, now()), settings, SECRET)
    session.commit()
    return found


def _find(app: Flask, session: Session, days: int = 0) -> int:
    session.commit()
    with app.app_context():
        found = find_events(now() + timedelta(days=days))
    session.commit()
    session.expire_all()
    return found


def _sent(session: Session, hook: int) -> list[tuple[int | None, str]]:
    """About whom and what there is a delivery to a webhook."""
    session.commit()
    rows = (
        select(WebhookEvent.person_id, WebhookEvent.kind)
        .join(WebhookDelivery, WebhookDelivery.event_id == WebhookEvent.id)
        .where(WebhookDelivery.webhook_id == hook)
        .order_by(WebhookEvent.id)
    )
    return [(row.person_id, row.kind) for row in session.execute(rows)]


@pytest.mark.parametrize(
    ("state", "due", "valid_until", "expected"),
    [
        (UP_TO_DATE, date(2026, 12, 1), date(2026, 12, 1), []),
        (IN_PROGRESS, date(2026, 12, 1), None, []),
        (DUE_SOON, date(2026, 12, 1), date(2026, 12, 1), [("due_soon", "2026-12-01")]),
        (OVERDUE, date(2026, 11, 1), None, [("overdue", "2026-11-01")]),
        (OVERDUE, None, None, []),
        (EXPIRED, date(2026, 11, 9), date(2026, 11, 1), [("overdue", "2026-11-09"), ("expired", "2026-11-01")]),
        (EXPIRED, date(2026, 11, 9), None, [("overdue", "2026-11-09"), ("expired", "2026-11-09")]),
    ],
)  # fmt: skip
def test_a_status_gives_the_events_that_it_stands_for(
    state: str, due: date | None, valid_until: date | None, expected: list[tuple[str, str]]
) -> None:
    assert [(one.kind, one.key) for one in status_facts(7, state, due, valid_until)] == expected


def test_what_time_brings_is_told_once_and_what_was_so_before_is_not(
    app: Flask, session: Session, boss: Person
) -> None:
    library = app.extensions["course"].library.for_("school", "england")
    late = make_completed(session, library, timedelta(days=500), email="late@example.org")
    fresh = make_completed(session, library, timedelta(days=165), email="fresh@example.org")
    last = (add_months(this_day(-165), 12) - this_day()).days  # day 200, or 201 where 29 February lies between
    hook = _hook(session, boss)
    _find(app, session, LATER)
    assert {kind for kind, _fact in events_of(session, late)} == {"overdue", "expired"}
    assert _sent(session, hook) == []
    # Days pass, and the job runs more than once on each.
    assert [_find(app, session, days) for days in (LATER, 170, 170, last + 1, last + 1)] == [0, 1, 0, 2, 0]
    assert _sent(session, hook) == [(fresh.id, "due_soon"), (fresh.id, "overdue"), (fresh.id, "expired")]
    # Somebody gets more time, and is overdue again after it: the due day is another one, the end of the certificate is not.
    at = now() + timedelta(days=last + 2)
    grant_extension(
        make_context(session, boss.id, at), fresh.id, civil_date(at + timedelta(days=20), "Europe/London"), "ill"
    )
    assert [_find(app, session, days) for days in (last + 2, last + 22, last + 23, last + 24)] == [1, 0, 1, 0]
    assert [kind for _person, kind in _sent(session, hook)][3:] == ["due_soon", "overdue"]


def test_two_workers_that_look_at_the_same_time_find_each_event_once(committed: Flask) -> None:
    with committed.app_context():
        with unit_of_work() as session:
            boss = make_person(
                session, "Alex Morgan", "alex@example.org", "administrator", at=now() - timedelta(days=900)
            )
        with unit_of_work() as session:
            hook = _hook(session, boss)
            actions.start_webhooks(session, [hook], now())

    def find() -> int:
        with committed.app_context():
            return find_events(now() + timedelta(days=LATER))

    assert sum(at_once([find] * 3)) == 1
    with committed.app_context(), unit_of_work() as session:
        assert _sent(session, hook) == [(boss.id, "overdue")]


def test_a_completion_is_an_event_of_its_transaction_with_the_last_valid_day(
    app: Flask, session: Session, boss: Person
) -> None:
    library: Library = app.extensions["course"].library.for_("school", "england")
    hook = _hook(session, boss)
    sam = make_person(session)
    complete(session, library, sam, now())
    (event,) = session.execute(select(WebhookEvent).where(WebhookEvent.person_id == sam.id)).scalars()
    assert event.kind == "completed"
    assert event.dates["course"] == "initial"
    assert event.dates["completed_on"] == form_day()
    assert str(event.dates["valid_until"]) > form_day()
    assert _sent(session, hook) == [(sam.id, "completed")]


def test_a_fact_that_is_undone_leaves_no_event(app: Flask, session: Session, boss: Person) -> None:
    sam, hook = make_person(session), _hook(session, boss)
    record_departure(make_context(session, boss.id, now()), sam.id, this_day(), "moved")
    session.rollback()
    assert events_of(session, sam) == []
    with app.app_context(), unit_of_work() as unit:
        publish(unit, PersonLeft(sam.id, now()))
        assert len(events_of(unit, sam)) == 1
        unit.rollback()
    assert _sent(session, hook) == []


def test_whoever_leaves_is_told_of_when_the_last_day_is_over_and_a_merged_entry_is_not(
    session: Session, boss: Person
) -> None:
    hook = _hook(session, boss, kinds=("left",))
    sam, kim, twin = (make_person(session, name, f"{name}@example.org") for name in ("Sam", "Kim", "Twin"))
    context, today = make_context(session, boss.id, now()), this_day()
    assert plan_departure(context, kim.id, today + timedelta(days=3), "retires") is None
    assert record_departure(context, sam.id, today, "moved") is None
    assert merge_people(context, twin.id, boss.id, False, "entered twice") is None
    assert _sent(session, hook) == [(sam.id, "left")]
    assert events_of(session, twin) == []
    later = make_context(session, None, now() + timedelta(days=4))

    assert record_due_departure(later, kim.id) is None
    assert _sent(session, hook) == [(sam.id, "left"), (kim.id, "left")]
    # Recorded by mistake, and recorded again: the same last day is told once.
    assert withdraw_departure(context, sam.id, "a mistake") is None
    assert record_departure(context, sam.id, today, "moved") is None
    assert len(_sent(session, hook)) == 2


def test_a_webhook_of_a_team_is_told_of_its_people_and_those_of_the_teams_below(session: Session, boss: Person) -> None:
    site = make_team(session, "North site")
    night = make_team(session, "Night staff", site)
    inside, below, outside = (
        make_person(session, name, f"{name}@example.org", team=team)
        for name, team in (("Ina", site), ("Bo", night), ("Out", None))
    )
    hook, everyone = _hook(session, boss, site), _hook(session, boss)
    context = make_context(session, boss.id, now())
    for one in (inside, below, outside):
        assert record_departure(context, one.id, this_day(), "moved") is None
    assert [person for person, _kind in _sent(session, hook)] == [inside.id, below.id]
    assert len(_sent(session, everyone)) == 3


def test_a_webhook_that_is_off_misses_nothing_and_one_that_does_not_want_a_kind_gets_none(
    session: Session, boss: Person
) -> None:
    off, other = _hook(session, boss), _hook(session, boss, kinds=("completed",))
    context = make_context(session, boss.id, now())
    assert actions.turn_off(context, off)
    sam = make_person(session)
    assert record_departure(context, sam.id, this_day(), "moved") is None
    assert _sent(session, off) == [(sam.id, "left")]
    assert _sent(session, other) == []
    assert [one.state for one in queries.deliveries(session, off, 5)] == ["held"]


def test_without_a_webhook_nothing_is_kept(app: Flask, session: Session, boss: Person) -> None:
    hook = _hook(session, boss)
    assert _find(app, session, LATER) > 0
    assert actions.remove_webhook(make_context(session, boss.id, now()), hook)
    assert actions.forget_old_deliveries(session, now()) == 0
    session.commit()
    sam = make_person(session)
    record_departure(make_context(session, boss.id, now()), sam.id, this_day(), "moved")
    assert _find(app, session, LATER) == 0
    assert session.execute(select(WebhookEvent.id)).all() == []
