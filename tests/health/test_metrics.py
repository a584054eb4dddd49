"""Figures for a monitoring program: at an address of their own, and nothing about anybody."""

from __future__ import annotations

import logging
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from prometheus_client.parser import text_string_to_metric_families

from course.clock import now
from course.db import insert_once
from course.jobs.worker import LocalSchedule, LocalTask
from course.mail.models import OutboxMail
from course.server import commands
from course.server.http_server import bind
from course.server.memory import Tidying
from course.web.metrics import PORTS, start_exporter
from course.web.unit_of_work import unit_of_work
from tests.conftest import make_app
from tests.pages import Client
from tests.support.ports import free_port

Samples = dict[tuple[str, tuple[str, ...]], float]


@pytest.fixture
def measured(tmp_path: Path, fresh_app: Flask) -> Flask:
    """An application that counts, on the database of `fresh_app`."""
    fresh_app.extensions["course"].engine.dispose()
    return make_app(f"sqlite:///{tmp_path / 'fresh.db'}", METRICS_ADDRESS=f"127.0.0.1:{free_port(PORTS)}")


@contextmanager
def exported(app: Flask) -> Iterator[str]:
    """The address at which the figures can be read."""
    address = app.extensions["course"].config.metrics_address
    started = start_exporter(app, *address)
    assert started is not None
    port, stop = started
    yield f"http://127.0.0.1:{port}/metrics"
    stop()


def read(address: str) -> Samples:
    """Each sample by its name and the values of its labels."""
    with urllib.request.urlopen(address, timeout=10) as response:
        text = response.read().decode()
    return {
        (sample.name, tuple(sample.labels[name] for name in sorted(sample.labels))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_requests_are_counted_by_method_route_and_status(measured: Flask) -> None:
    client = Client(measured)
    with exported(measured) as address:
        client.get("/sign-in")
        client.get("/sign-in")
        client.get("/people/12", 303)
        client.get("/nobody@example.org", 404)
        found = read(address)
    counts = {labels: value for (name, labels), value in found.items() if name == "course_requests_total"}
    assert counts == {
        ("GET", "/sign-in", "200"): 2, ("GET", "/people/<person_id>", "303"): 1, ("GET", "(none)", "404"): 1,
    }  # fmt: skip
    assert found["course_request_seconds_count", ("GET", "/sign-in")] == 2
    assert found["course_request_seconds_bucket", ("10.0", "GET", "/sign-in")] == 2


def test_whoever_looks_for_help_is_not_counted(measured: Flask) -> None:
    with exported(measured) as address:
        measured.test_client().get("/concern")
        measured.test_client().get("/health/live")
        assert [labels for name, labels in read(address) if name == "course_requests_total"] == []


def test_the_queues_the_jobs_and_the_connections_are_told(measured: Flask) -> None:
    with measured.app_context(), unit_of_work() as session:
        values = {"mark": "x", "recipient": "sam@example.org", "subject": "A mail", "text": "Words", "queued_at": now()}
        insert_once(session, OutboxMail, key="one", next_try_at=now(), tries=0, **values)
    with exported(measured) as address:
        found = read(address)
    assert found["course_mail", ("waiting",)] == 1
    assert found["course_mail_late_seconds", ()] >= 0
    assert found["course_jobs", ("waiting",)] == 0
    assert found["course_database_up", ()] == 1
    assert found["course_database_connections_kept", ()] > 0


def test_figures_are_told_without_a_database_too(measured: Flask, tmp_path: Path) -> None:
    measured.extensions["course"].engine.dispose()
    for file in tmp_path.glob("fresh.db*"):
        file.write_bytes(b"this is no database, and was never one" * 100)
    with exported(measured) as address:
        found = read(address)
    assert found["course_database_up", ()] == 0
    assert ("course_jobs", ("waiting",)) not in found


def test_a_second_process_takes_the_next_port(measured: Flask) -> None:
    with exported(measured) as first, exported(measured) as second:
        port = measured.extensions["course"].config.metrics_address[1]
        assert first.endswith(f":{port}/metrics")
        assert second != first
        assert read(second)


def test_it_is_said_once_that_another_program_has_the_port_of_a_process(
    measured: Flask, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise nobody learns why there are no figures. Not at once: during a reload the process of before has it."""
    host, port = measured.extensions["course"].config.metrics_address
    end, said = (
        threading.Event(),
        f"METRICS_ADDRESS: cannot listen on {host}, port {port}; does another program use it?",
    )
    tasks = LocalSchedule((LocalTask("none", timedelta(hours=1), lambda _at: None),))
    tidying = Tidying(measured.extensions["course"].engine)
    course = logging.getLogger("course")
    course.addHandler(caplog.handler)
    try:
        with bind(host, port)[0]:
            for seconds, expected in ((60.0, 0), (0.0, 1)):
                monkeypatch.setattr(commands, "METRICS_SECONDS", seconds)
                end.clear()
                threading.Timer(0.3 if seconds else 1.3, end.set).start()
                commands._run_local_tasks(end, measured, 1, tasks, tidying)
                assert [one.getMessage() for one in caplog.records].count(said) == expected
    finally:
        course.removeHandler(caplog.handler)


def test_the_pages_never_show_them_and_without_the_setting_nothing_listens(app: Flask, measured: Flask) -> None:
    assert measured.test_client().get("/metrics").status_code == 404
    assert start_exporter(app, "127.0.0.1", free_port(PORTS)) is None
