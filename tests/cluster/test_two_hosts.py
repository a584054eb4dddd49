"""Two web hosts and two workers on one PostgreSQL: whoever is moved between them at every click notices nothing."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from course.audit.commands import verify_log
from course.jobs.models import Job
from course.jobs.rules import OPEN_STATES
from course.mail.rules import RenderedMail
from course.people.queries import person_by_email
from course.web.unit_of_work import unit_of_work
from tests.cluster.conftest import SAMPLE, sessions
from tests.cluster.hosts import Host, RemoteClient, machines
from tests.conftest import NOW
from tests.makers import PASSWORD
from tests.support.outbox import queue_text
from tests.support.smtp import Inbox, smtp_server
from tests.walking import Learner

COMMANDS = ("serve", "serve", "worker", "worker")
MAILS = 40
PATIENCE = 30.0  # seconds until all mail has left


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    with smtp_server() as running:
        yield running


@pytest.fixture
def hosts(shared: Flask, tmp_path: Path, inbox: Inbox) -> Iterator[list[Host]]:
    url = shared.extensions["course"].config.database_url
    mail = f"smtp://{inbox.host}:{inbox.port}"
    with machines(tmp_path, url, COMMANDS, CONTENT=str(SAMPLE), MAIL_URL=mail) as running:
        yield running


def test_a_learner_goes_through_the_course_on_another_host_at_every_click(
    shared: Flask, hosts: list[Host], inbox: Inbox
) -> None:
    ports = [host.port for host in hosts if host.command == "serve"]
    with shared.app_context(), unit_of_work() as session:
        for number in range(MAILS):
            mail = RenderedMail(f"Mail {number}", "A text.")
            queue_text(session, f"test:{number}", f"reader{number}@example.org", mail, NOW)
    client = RemoteClient(shared, ports)
    client.sign_in("learner0@example.org", PASSWORD)
    with sessions(shared)() as session:
        person = person_by_email(session, "learner0@example.org")
    assert person is not None
    learner = Learner(shared, client, person.id)
    _write_a_note(client)
    learner.modules()
    assert learner.final().h1 == "You have passed"
    _has_a_certificate(client)
    assert Counter(client.flask.asked).keys() == set(ports)

    _sees_who_has_finished(shared, ports)
    _mail_left_once(inbox)
    _regular_work_was_done_once(shared)
    with shared.app_context():
        assert verify_log()[1] == 0


def _write_a_note(client: RemoteClient) -> None:
    path = "/module/kites/the-line"
    client.get(path)
    client.post(path, {"note-own-kite": "A note on one host", "was-own-kite": "", "stay": "own-kite"})
    for _ in client.flask.ports:
        assert "A note on one host" in client.get(path).html


def _has_a_certificate(client: RemoteClient) -> None:
    listing = client.get("/certificate")
    number = next(a.text for a in listing.all("a") if re.fullmatch(r"(\w{4}-){2}\w{4}", a.text or ""))
    for _ in client.flask.ports:
        assert str(number) in client.get(f"/certificate/{number}").text
        assert client.get(f"/certificate/{number}.pdf").body.startswith(b"%PDF")


def _sees_who_has_finished(shared: Flask, ports: list[int]) -> None:
    """The manager sees it at once, on each host."""
    manager = RemoteClient(shared, ports)
    manager.sign_in("manager@example.org", PASSWORD)
    for _ in ports:
        rows = [row for row in manager.get("/report").all("tr") if "Learner 0" in "".join(row.itertext())]
        assert len(rows) == 1
        assert "Up to date" in "".join(rows[0].itertext())


def _mail_left_once(inbox: Inbox) -> None:
    until = time.monotonic() + PATIENCE
    wanted = {f"Mail {number}" for number in range(MAILS)}
    while not wanted <= {message["Subject"] for message in inbox.messages}:
        assert time.monotonic() < until, len(inbox.messages)
        time.sleep(0.1)
    assert set(Counter(message["Message-ID"] for message in inbox.messages).values()) == {1}


def _regular_work_was_done_once(shared: Flask) -> None:
    with sessions(shared)() as session:
        rows = session.execute(
            select(Job.kind, Job.due_at, Job.claims, Job.claimed_by).where(
                Job.due_at.is_not(None), Job.state.not_in(OPEN_STATES)
            )
        ).all()
    assert len(rows) > 10
    assert max(Counter((row.kind, row.due_at) for row in rows).values()) == 1
    assert {row.claims for row in rows} == {1}
