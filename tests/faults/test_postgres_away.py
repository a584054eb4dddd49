"""PostgreSQL is stopped hard and started again while people work: short errors in plain words, and nothing is lost."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from tests.faults.course_process import CourseProcess, Starter, wait_until
from tests.faults.kill import CLIENTS, CONTENT, Killing, prepare
from tests.faults.test_disk import PAGE, kept_form, note, signed_in, words
from tests.support.postgres import Cluster, find_or_install_binaries

RECOVERY_SECONDS = 10.0
PEOPLE = 3 * CLIENTS


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    """A cluster whose commits survive its own end."""
    made = Cluster(find_or_install_binaries())
    made.start()
    engine = create_engine(made.url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text("alter system set synchronous_commit = on"))
        connection.execute(text("select pg_reload_conf()"))
    engine.dispose()
    yield made
    made.stop()


def stop(cluster: Cluster) -> None:
    """As when its machine dies: no goodbye to anybody."""
    assert cluster._pg_ctl("stop", 30, "-m", "immediate").returncode == 0


def start(cluster: Cluster) -> None:
    started = cluster._pg_ctl("start", 30, "-l", str(cluster._log))
    assert started.returncode == 0, started.stdout


@pytest.mark.long(25)
def test_people_go_on_within_seconds_after_postgresql_was_stopped_hard(
    starting: Starter, cluster: Cluster, tmp_path: Path
) -> None:
    library = prepare(cluster.url, PEOPLE)
    course = CourseProcess(starting, cluster.url, tmp_path, CONTENT=str(CONTENT))
    waits: list[float] = []

    def restart() -> None:
        stop(cluster)
        time.sleep(0.5)
        start(cluster)
        began = time.monotonic()
        wait_until(lambda: course.get("/health/ready")[0] == 200, 60)
        waits.append(time.monotonic() - began)

    try:
        report = Killing([course], cluster.url, library, PEOPLE, 4).run(3, restart)
    finally:
        course.kill()
    assert not report.wrong, str(report)
    assert report.deeds.busy, "some met the pause"
    assert max(waits) < RECOVERY_SECONDS
    assert course.tracebacks() == []


@pytest.mark.long(25)
def test_while_postgresql_is_away_what_was_entered_is_kept(starting: Starter, cluster: Cluster, tmp_path: Path) -> None:
    prepare(cluster.url, 1)
    course = CourseProcess(starting, cluster.url, tmp_path, CONTENT=str(CONTENT))
    course.start()
    try:
        reader = signed_in(course.port, 0)
        assert reader.post(PAGE, note("", "one"))[0] == 303
        stop(cluster)
        status, _, page = reader.send("GET", PAGE)
        assert (status, "This page cannot be shown now" in words(page)) == (503, True), words(page)
        status, _, body = reader.post(PAGE, note("one", "two"))
        assert (status, "The course cannot reach its database" in words(body)) == (503, True), words(body)
        kept = kept_form(body)
        assert kept["note-own-kite"] == "two"
        assert course.get("/health/live")[0] == 200
        wait_until(lambda: course.get("/health/ready")[0] == 503, 10)
        assert course.get("/concern")[0] == 200, "who is worried about a child is helped all the same"
        start(cluster)
        wait_until(lambda: reader.send("GET", PAGE)[0] == 200, RECOVERY_SECONDS)
        assert reader.post(PAGE, kept)[0] == 303
        assert ">two</textarea>" in reader.send("GET", PAGE)[2]
        assert course.tracebacks() == []
    finally:
        course.kill()
