"""A worker that starts takes over from the dead of its own machine or container, and from nobody else."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from course.clock import now
from course.context import make_context
from course.jobs.actions import claim_job, enqueue
from course.jobs.models import Job
from course.jobs.rules import JobKind, JobRegistry, JobRun, ProcessMark, dead_workers, marked_name, worker_name
from course.jobs.worker import JobWorker
from course.web.unit_of_work import read_only_session, unit_of_work

HERE, THERE, EARLIER = ProcessMark("here", "100"), ProcessMark("there", "100"), ProcessMark("here", "50")
UNSEEN = ProcessMark("here")
_MARK = re.compile(r"(?P<name>.+) \((?P<namespace>\w+)/(?P<started>\d+)\)")


@pytest.mark.parametrize(
    ("earlier", "found", "is_dead"),
    [
        (HERE, None, True),
        (HERE, HERE, False),
        (EARLIER, HERE, True),  # its number was given again
        (EARLIER, UNSEEN, False),
        (UNSEEN, HERE, False),
        (THERE, None, False),  # a container of the same name: the number means nothing here
        (THERE, HERE, False),
        (ProcessMark(), None, False),  # of an earlier version, which did not say where
    ],
)
def test_who_is_dead_is_known_only_where_the_number_of_the_process_means_something(
    earlier: ProcessMark, found: ProcessMark | None, is_dead: bool
) -> None:
    name, own = (marked_name(worker_name("serve", "web", number), mark) for number, mark in ((7, earlier), (8, HERE)))
    assert dead_workers([name], own, lambda _: found) == [name] * is_dead


def test_a_worker_leaves_another_container_of_its_name_its_jobs_and_takes_those_of_the_dead(committed: Flask) -> None:
    seen = []

    def look(run: JobRun) -> None:
        with read_only_session() as session:
            seen.append(session.execute(select(Job.claimed_by).where(Job.id == run.claim.job_id)).scalar_one())

    kind = JobKind("test.look", "Look", look, at_once=10)
    with committed.app_context(), unit_of_work() as session:
        enqueue(make_context(session, None, now()), kind, {})
    JobWorker(committed, "test", JobRegistry((kind,)), now).run_waiting()
    mark = _MARK.fullmatch(str(seen[0]))
    assert mark is not None, seen
    own = ProcessMark(mark["namespace"], mark["started"])
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    host, living = socket.gethostname(), os.getpid()
    names = {
        "another container's": marked_name(worker_name("serve", host, ended.pid), ProcessMark("other", "100")),
        "an earlier version's": worker_name("serve", host, ended.pid),
        "one that lives": marked_name(worker_name("worker", host, living), own),
        "one that has ended": marked_name(worker_name("serve", host, ended.pid), own),
        "one whose number was given again": marked_name(
            worker_name("serve", host, living), ProcessMark(own.namespace, "1")
        ),
    }
    with committed.app_context():
        for name in names.values():
            with unit_of_work() as session:
                enqueue(make_context(session, None, now()), kind, {})
                assert claim_job(session, "general", [kind], name, now()) is not None
        starting = JobWorker(committed, worker_name("serve", host, 1), JobRegistry(()), now)
        starting.start()
        assert starting.stop(30)
        free = select(Job.claimed_by).where(Job.state == "running", Job.lease_until <= now() + timedelta(seconds=1))
        with read_only_session() as session:
            found = set(session.execute(free).scalars())
    assert [title for title, name in names.items() if name in found] == [
        "one that has ended", "one whose number was given again",
    ]  # fmt: skip
