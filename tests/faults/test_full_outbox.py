"""Thousands of mails wait: looking for what is due takes no longer, and a round of sending takes a part of them."""

from __future__ import annotations

import time
from datetime import timedelta

from sqlalchemy.orm import Session

from course.mail import queries
from course.mail.rules import RenderedMail
from tests.conftest import NOW
from tests.makers import make_person, sign_in
from tests.pages import Client
from tests.support.outbox import queue_text

MAILS = 5000


def quickest(session: Session) -> float:
    """Seconds that a worker takes to see what is due, at best."""
    taken = []
    for _ in range(5):
        began = time.perf_counter()
        assert queries.has_deliverable_mail(session, "mail.example.org", NOW)
        assert queries.due_mail(session, NOW)
        taken.append(time.perf_counter() - began)
    return min(taken)


def test_pages_and_the_sender_are_not_slowed_down_by_a_full_outbox(session: Session, client: Client) -> None:
    administrator = make_person(session, role="administrator")
    sign_in(client, administrator)
    for number in range(100):
        queue_text(
            session, f"k{number}", f"m{number}@example.org", RenderedMail("Hello", "Hello"), NOW - timedelta(hours=1)
        )
    session.commit()
    few = quickest(session)
    for number in range(100, MAILS):
        queue_text(
            session, f"k{number}", f"m{number}@example.org", RenderedMail("Hello", "Hello"), NOW - timedelta(hours=1)
        )
    session.commit()
    assert quickest(session) < 4 * few + 0.02
    assert len(queries.due_mail(session, NOW)) == 100, "one round takes a part"
    assert queries.outbox_summary(session, NOW).waiting == MAILS
    for path in ("/", "/mail", "/system"):
        began = time.perf_counter()
        client.get(path)
        assert time.perf_counter() - began < 3
