"""The queue: what may be claimed, who holds a job, and what becomes of it; on both engines."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from course.context import make_context
from course.jobs import actions, queries
from course.jobs.models import Job
from course.jobs.rules import (
    FAILED,
    JOB_RETENTION,
    LEASE,
    REGULAR_JOB_RETENTION,
    WORKER_LOST,
    ClaimedJob,
    JobKind,
    JobLostError,
    JobRegistry,
    JobRun,
    due_slot,
    retry_delay,
)
from course.jobs.worker import JobWorker
from tests.conftest import NOW
from tests.makers import make_person

pytestmark = pytest.mark.both_engines

SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)


def _nothing(_run: JobRun) -> None:
    """A job that has nothing to do."""


SLOW = JobKind("test.slow", "Slow", _nothing)
WIDE = JobKind("test.wide", "Wide", _nothing, at_once=3, per_person=1)
PRIVATE = JobKind("test.private", "Private", _nothing, erases_arguments=True, attempts=1)
REGULAR = JobKind("test.regular", "Regular", _nothing, every=HOUR)
KINDS = (SLOW, WIDE, PRIVATE, REGULAR)


def put(session: Session, kind: JobKind = SLOW, owner: int | None = None, key: str | None = None) -> int | None:
    return actions.enqueue(make_context(session, owner, NOW), kind, {"word": "secret"}, key)


def claim(session: Session, at: datetime = NOW) -> ClaimedJob | None:
    return actions.claim_job(session, "general", KINDS, "worker", at)


def row(session: Session, job_id: int | None) -> Job:
    return session.get_one(Job, job_id, populate_existing=True)


@pytest.mark.parametrize(
    ("every", "at", "slot"),
    [
        (HOUR, datetime(2026, 11, 22, 9, 30, tzinfo=UTC), datetime(2026, 11, 22, 9, tzinfo=UTC)),
        (HOUR, datetime(2026, 11, 22, 9, tzinfo=UTC), datetime(2026, 11, 22, 9, tzinfo=UTC)),
        (6 * HOUR, datetime(2026, 11, 22, 17, 59, tzinfo=UTC), datetime(2026, 11, 22, 12, tzinfo=UTC)),
        (5 * SECOND, datetime(2026, 11, 22, 9, 0, 9, tzinfo=UTC), datetime(2026, 11, 22, 9, 0, 5, tzinfo=UTC)),
    ],
)
def test_all_workers_find_the_same_interval(every: timedelta, at: datetime, slot: datetime) -> None:
    assert due_slot(every, at) == slot


def test_two_kinds_of_one_name_are_refused_and_an_unknown_kind_keeps_its_name() -> None:
    with pytest.raises(ValueError, match="one name"):
        JobRegistry((SLOW, SLOW))
    known = JobRegistry(KINDS)
    assert (known.title("test.slow"), known.title("test.gone")) == ("Slow", "test.gone")
    assert [known.repeatable(name) for name in ("test.slow", "test.private", "test.gone")] == [True, False, False]
    assert [retry_delay(number).total_seconds() for number in (1, 2, 9)] == [5, 60, 60]


def test_a_key_is_in_the_queue_once_until_its_job_has_ended(session: Session) -> None:
    first = put(session, key="pack:1")
    assert put(session, key="pack:1") is None
    assert put(session, key="pack:2") is not None
    assert queries.open_job_id(session, "pack:1") == first
    found = claim(session)
    assert found is not None
    assert put(session, key="pack:1") is None, "it runs"
    assert actions.finish_job(session, SLOW, found.claim, NOW)
    assert put(session, key="pack:1") is not None


def test_the_job_that_has_waited_longest_is_claimed_and_each_once(session: Session) -> None:
    first, second = put(session, WIDE), put(session, WIDE)
    claimed = [claim(session), claim(session)]
    assert [one.claim.job_id for one in claimed if one] == [first, second]
    assert claim(session) is None
    assert not queries.has_claimable_job(session, "mail", [kind.name for kind in KINDS], NOW)


def test_a_kind_and_a_person_have_only_so_many_running(session: Session) -> None:
    sam = make_person(session, password=None).id
    kim = make_person(session, "Kim Lee", "kim@example.org", password=None).id
    for owner in (sam, sam, kim, None, None):
        put(session, WIDE, owner)
    put(session, SLOW)
    put(session, SLOW)
    claimed = [one for one in (claim(session) for _ in range(7)) if one]
    assert [one.owner_id for one in claimed if one.kind == "test.wide"] == [sam, kim, None]
    assert len([one for one in claimed if one.kind == "test.slow"]) == 1
    assert actions.finish_job(session, WIDE, claimed[0].claim, NOW)
    after = claim(session)
    assert after is not None
    assert after.owner_id == sam


def test_a_worker_that_renews_its_lease_keeps_its_job_and_one_that_does_not_loses_it(session: Session) -> None:
    put(session)
    first = claim(session)
    assert first is not None
    assert actions.renew_lease(session, first.claim, NOW + LEASE / 2)
    assert claim(session, NOW + LEASE) is None
    second = claim(session, NOW + 2 * LEASE)
    assert second is not None
    assert (second.claim.job_id, second.claim.number) == (first.claim.job_id, 2)
    assert not actions.renew_lease(session, first.claim, NOW + 2 * LEASE)
    assert not actions.report_progress(session, first.claim, "x", 1, 2)
    assert not actions.finish_job(session, SLOW, first.claim, NOW)
    with pytest.raises(JobLostError):
        actions.finish_with_result(session, SLOW, first.claim, NOW)
    assert actions.report_progress(session, second.claim, "Half", 1, 2)
    assert actions.finish_job(session, SLOW, second.claim, NOW)


def test_a_job_whose_worker_died_every_time_is_given_up_in_words(session: Session) -> None:
    number, at = put(session), NOW
    for _ in range(SLOW.attempts):
        assert claim(session, at) is not None
        at += 2 * LEASE
    assert claim(session, at) is None
    assert queries.has_lost_job(session, at)
    assert actions.fail_lost_jobs(session, KINDS, at) == 1
    assert (row(session, number).state, row(session, number).failure) == ("failed", WORKER_LOST)


def test_a_lease_from_a_clock_that_was_wrong_has_ended(session: Session) -> None:
    put(session)
    assert claim(session, NOW + 1000 * HOUR) is not None
    assert claim(session) is not None


@pytest.mark.parametrize(("ahead", "begins"), [(366 * 24 * HOUR, True), (HOUR, True), (timedelta(minutes=1), False)])
def test_a_job_does_not_wait_for_a_moment_that_a_wrong_clock_has_named(
    session: Session, ahead: timedelta, begins: bool
) -> None:
    put(session)
    earlier = NOW - ahead
    assert queries.has_claimable_job(session, "general", [SLOW.name], earlier) == begins
    assert (claim(session, earlier) is not None) == begins


def test_regular_work_that_was_put_into_the_queue_a_year_ahead_does_not_keep_todays_from_being_made(
    app: Flask, session: Session
) -> None:
    later = NOW + timedelta(days=366)
    assert actions.enqueue_regular(session, REGULAR, due_slot(HOUR, later), later)
    session.commit()
    for runs in (1, 1, 0):
        worker = JobWorker(app, "test", JobRegistry((REGULAR,)), lambda: NOW)
        with app.app_context():
            worker.make_regular_jobs()
        assert worker.run_waiting() == runs


def test_a_job_is_cancelled_and_repeated_once(session: Session) -> None:
    number = put(session, key="pack:1") or 0
    first = claim(session)
    assert first is not None
    assert actions.cancel_job(session, number, NOW) == "test.slow"
    assert actions.cancel_job(session, number, NOW) is None
    assert not actions.finish_job(session, SLOW, first.claim, NOW)
    assert actions.repeat_job(session, number, NOW) == "test.slow"
    assert actions.repeat_job(session, number, NOW) is None
    second = claim(session)
    assert second is not None
    assert (second.claim.number, second.claim.attempt) == (2, 1)
    assert not actions.finish_job(session, SLOW, first.claim, NOW), "the worker of the first claim is still there"
    assert actions.finish_job(session, SLOW, second.claim, NOW)
    assert put(session, key="pack:1") is not None
    assert actions.repeat_job(session, number, NOW) is None, "another one with its key waits"


def test_arguments_that_hold_personal_data_go_when_the_job_ends(session: Session) -> None:
    number = put(session, PRIVATE)
    found = claim(session)
    assert found is not None
    assert found.arguments == {"word": "secret"}
    assert actions.fail_job(session, PRIVATE, found.claim, FAILED, NOW)
    assert row(session, number).arguments == {}


def test_a_regular_job_is_made_once_for_its_interval_and_not_while_one_is_open(session: Session) -> None:
    assert actions.enqueue_regular(session, REGULAR, NOW, NOW)
    assert not actions.enqueue_regular(session, REGULAR, NOW, NOW)
    assert not actions.enqueue_regular(session, REGULAR, NOW + HOUR, NOW), "the first one waits"
    found = claim(session)
    assert found is not None
    actions.finish_job(session, REGULAR, found.claim, NOW)
    assert not actions.enqueue_regular(session, REGULAR, NOW, NOW)
    assert actions.enqueue_regular(session, REGULAR, NOW + HOUR, NOW)
    assert queries.has_regular_job(session, "test.regular", NOW)


def test_jobs_that_ended_long_ago_are_forgotten_and_open_ones_are_not(session: Session) -> None:
    waiting = put(session, WIDE)
    ended = put(session, SLOW)
    session.get_one(Job, ended).state, session.get_one(Job, ended).ended_at = "done", NOW
    actions.enqueue_regular(session, REGULAR, NOW, NOW)
    regular = session.execute(select(Job).where(Job.due_at.is_not(None))).scalar_one()
    regular.state, regular.ended_at = "done", NOW
    session.flush()
    actions.delete_old_jobs(session, NOW + REGULAR_JOB_RETENTION)
    assert {one.id for one in queries.latest_jobs(session)} == {waiting, ended}
    actions.delete_old_jobs(session, NOW + JOB_RETENTION)
    assert {one.id for one in queries.latest_jobs(session)} == {waiting}


@pytest.mark.parametrize(
    ("error", "state", "failure"),
    [
        (None, "done", None),
        (LookupError("There was no such team."), "failed", "There was no such team."),
        (ValueError("broken"), "failed", FAILED),
        (MemoryError(), "failed", FAILED),
        (SystemExit(1), "failed", FAILED),
    ],
)
def test_what_became_of_a_job_is_recorded_and_the_next_one_is_done(
    app: Flask, session: Session, error: BaseException | None, state: str, failure: str | None
) -> None:
    def work(_run: JobRun) -> None:
        if error is not None and not done:
            done.append("failed")
            raise error
        done.append("done")

    done: list[str] = []
    kind = JobKind("test.work", "Work", work, expected_errors=(LookupError,))
    first, second = put(session, kind), put(session, kind)
    session.commit()
    assert JobWorker(app, "test", JobRegistry((kind,)), lambda: NOW).run_waiting() == 2
    assert (row(session, first).state, row(session, first).failure) == (state, failure)
    assert (row(session, second).state, len(done)) == ("done", 2)
