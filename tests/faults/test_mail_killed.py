"""The worker is killed while it sends mail: no mail leaves twice, none is forgotten, and the others do not wait for it."""

from __future__ import annotations

import random
import time
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from app import create_app
from course.clock import now
from course.jobs.rules import LEASE, ProcessMark, dead_workers, worker_name
from course.mail.delivery import SenderSettings, deliver
from course.mail.rules import CLAIM_DURATION, UNKNOWN_OUTCOME, RenderedMail
from course.web.unit_of_work import unit_of_work
from tests.conftest import make_config
from tests.faults.course_process import SERVER_KEY, CourseProcess, Starter, wait_until
from tests.faults.kill import CONTENT, prepare, reading_engine
from tests.support.outbox import queue_text
from tests.support.smtp import smtp_server

MAILS, KILLS = 40, 6


def test_a_worker_is_dead_if_its_process_is_not_on_this_machine() -> None:
    names = [worker_name("serve", host, process) for host in ("one", "two") for process in (7, 8, 9)]
    found = dead_workers(
        [*names, "somebody"], worker_name("worker", "one", 9), lambda process: ProcessMark() if process == 8 else None
    )
    assert found == ["serve on one, process 7", "serve on one, process 9"], "9 is the number of the one that starts"
    assert dead_workers(names, "a name without a process", lambda _: None) == []


@pytest.mark.long(20)
def test_a_worker_that_is_killed_again_and_again_sends_each_mail_at_most_once_and_goes_on_at_once(
    starting: Starter, tmp_path: Path
) -> None:
    url = f"sqlite:///{tmp_path / 'course.db'}"
    prepare(url, 1)
    app = create_app(make_config(url, SECRET_KEY=SERVER_KEY, CONTENT=str(CONTENT)))
    with app.app_context(), unit_of_work() as session:
        for number in range(MAILS):
            queue_text(
                session, f"k{number}", f"m{number}@example.org", RenderedMail("Hello", f"Number {number}"), now()
            )
    chance, reading = random.Random(3), reading_engine(url)
    with smtp_server() as inbox:
        mail_url = f"smtp://{inbox.host}:{inbox.port}"
        worker = CourseProcess(starting, url, tmp_path, CONTENT=str(CONTENT), MAIL_URL=mail_url)
        for _ in range(KILLS):
            worker.begin("worker")
            enough = min(len(inbox.messages) + 1, MAILS - KILLS)
            inbox.wait_for(enough, 60)
            time.sleep(chance.uniform(0, 0.05))
            worker.kill()
        began = time.monotonic()
        worker.begin("worker")
        states = "select count(*) from outbox_mail where sent_at is null and claimed_at is null"
        with reading.connect() as connection:
            wait_until(lambda: connection.execute(text(states)).scalar() == 0, 60)
        assert time.monotonic() - began < LEASE.total_seconds() / 2, "the job of the dead worker was taken over"
        worker.stop()
        left = Counter(str(message["To"]) for message in inbox.messages)
        assert max(left.values()) == 1
        with app.app_context():
            later = now() + CLAIM_DURATION + timedelta(seconds=1)
            deliver(unit_of_work, SenderSettings(mail_url, "course@example.org", "http://localhost", "UTC"), later)
    with reading.connect() as connection:
        rows = connection.execute(text("select recipient, sent_at, failure from outbox_mail")).all()
    unknown = [row.recipient for row in rows if row.sent_at is None]
    assert len(rows) == MAILS
    assert len(unknown) <= KILLS
    assert {row.failure for row in rows if row.sent_at is None} <= {str(UNKNOWN_OUTCOME)}, (
        "a person is asked about these"
    )
    assert {row.recipient for row in rows} - set(unknown) <= set(left), "what is called sent has left"
    assert len(left) >= MAILS - len(unknown)
    app.extensions["course"].engine.dispose()
