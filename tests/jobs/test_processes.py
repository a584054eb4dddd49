"""Several workers in several processes, on both engines: each job is done once, and none is lost."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import text

from course.clock import now
from course.context import make_context
from course.jobs.actions import cancel_job, enqueue, enqueue_regular
from course.jobs.queries import JobView, job, latest_jobs
from course.jobs.rules import JobKind, JobRegistry, JobRun, due_slot
from course.jobs.worker import JobWorker
from course.web.unit_of_work import read_only_session, unit_of_work
from tests.support.job_process import COUNT, HANG, job_process
from tests.support.racing import at_once


def until(condition: Callable[[], object], seconds: float = 30) -> None:
    """Wait until it is so."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it has not come to that in time"
        time.sleep(0.05)


def address(app: Flask) -> str:
    return str(app.extensions["course"].config.database_url)


def jobs(app: Flask) -> list[JobView]:
    with app.app_context(), read_only_session() as session:
        return latest_jobs(session, 200)


def put(app: Flask, kind: JobKind, folder: Path, count: int = 1) -> list[int]:
    with app.app_context(), unit_of_work() as session:
        found = [enqueue(make_context(session, None, now()), kind, {"folder": str(folder)}) for _ in range(count)]
    return [one for one in found if one is not None]


def test_two_processes_do_100_jobs_once_each(committed: Flask, tmp_path: Path) -> None:
    with ExitStack() as stack:
        for _ in range(2):
            stack.enter_context(job_process(address(committed)))
        ids = put(committed, COUNT, tmp_path, 100)
        until(lambda: {one.state for one in jobs(committed)} == {"done"})
    lines = [line.split() for line in (tmp_path / "done").read_text().splitlines()]
    assert sorted(int(number) for number, _ in lines) == ids
    assert len(Counter(process for _, process in lines)) == 2, "one process did all of it"
    assert {(one.attempts, one.failure) for one in jobs(committed)} == {(1, None)}


def test_a_job_whose_worker_is_killed_is_done_by_another(committed: Flask, tmp_path: Path) -> None:
    (number,) = put(committed, HANG, tmp_path)
    with job_process(address(committed), lease=1) as first:
        until((tmp_path / "begun-1").exists)
        first.kill()
    assert [one.state for one in jobs(committed)] == ["running"]
    with job_process(address(committed), lease=1):
        until(lambda: jobs(committed)[0].state == "done")
    (found,) = jobs(committed)
    assert (found.id, found.attempts) == (number, 2)


def test_a_job_goes_back_to_the_queue_when_its_worker_is_stopped(committed: Flask, tmp_path: Path) -> None:
    put(committed, HANG, tmp_path)
    with job_process(address(committed)) as running:
        until((tmp_path / "begun-1").exists)
        assert running.stop(20) == 0
    (found,) = jobs(committed)
    assert (found.state, found.attempts) == ("waiting", 0), "a stop costs no attempt"


@pytest.mark.parametrize("committed", ["postgresql"], indirect=True)
def test_a_worker_goes_on_after_all_its_connections_were_cut(committed: Flask, tmp_path: Path) -> None:
    with job_process(address(committed)) as running:
        put(committed, COUNT, tmp_path)
        until(lambda: {one.state for one in jobs(committed)} == {"done"})
        with committed.extensions["course"].engine.connect() as connection:
            assert connection.execute(text(CUT)).scalar_one() >= 1
        put(committed, COUNT, tmp_path, 5)
        until(lambda: {one.state for one in jobs(committed)} == {"done"})
        assert running.is_running
    assert len((tmp_path / "done").read_text().splitlines()) == 6


CUT = """select count(*) from (select pg_terminate_backend(pid) from pg_stat_activity
where datname = current_database() and pid <> pg_backend_pid()) as cut"""


def test_regular_jobs_are_made_once_by_several_workers_at_once(committed: Flask) -> None:
    kind = JobKind("test.regular", "Regular", lambda _run: None, every=timedelta(hours=1))
    at = now()

    def make() -> int:
        with committed.app_context(), unit_of_work() as session:
            return int(enqueue_regular(session, kind, due_slot(timedelta(hours=1), at), at))

    assert sum(at_once([make] * 6)) == 1
    workers = [JobWorker(committed, f"worker {n}", JobRegistry((kind,)), lambda: at) for n in range(3)]
    with committed.app_context():
        for worker in workers:
            worker.make_regular_jobs()
    assert len(jobs(committed)) == 1


@pytest.mark.parametrize("committed", ["postgresql"], indirect=True)
def test_a_database_error_puts_the_job_back_and_it_is_done_later(committed: Flask) -> None:
    """The connection of the job itself is cut in the middle of its work, at the first attempt."""
    engine = committed.extensions["course"].engine

    def work(run: JobRun) -> None:
        with unit_of_work() as session:
            if run.claim.attempt == 1:
                number = session.execute(text("select pg_backend_pid()")).scalar_one()
                with engine.connect() as other:
                    other.execute(text("select pg_terminate_backend(:number)"), {"number": number})
            session.execute(text("select 1"))

    kind = JobKind("test.cut", "Cut", work)
    put(committed, kind, Path())
    moments = iter(now() + timedelta(seconds=30 * number) for number in range(1000))
    worker = JobWorker(committed, "test", JobRegistry((kind,)), lambda: next(moments))
    assert worker.run_waiting() >= 1
    until(lambda: worker.run_waiting() or jobs(committed)[0].state == "done")
    (found,) = jobs(committed)
    assert (found.state, found.attempts) == ("done", 2)


def test_a_job_that_is_cancelled_while_it_runs_stores_nothing(committed: Flask) -> None:
    def work(run: JobRun) -> None:
        with committed.app_context(), unit_of_work() as session:
            assert cancel_job(session, run.claim.job_id, now()) == "test.work"
        run.progress("Working", 1, 2)
        raise AssertionError("it must not come to this")

    kind = JobKind("test.work", "Work", work)
    (number,) = put(committed, kind, Path())
    assert JobWorker(committed, "test", JobRegistry((kind,)), now).run_waiting() == 1
    with committed.app_context(), read_only_session() as session:
        found = job(session, number)
    assert found is not None
    assert found.state == "cancelled"
