"""The outbox in tests: its mails in words, and mails that were queued as text."""

from __future__ import annotations

import secrets
from datetime import datetime
from math import inf

from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from course.mail.jobs import render_waiting_mail
from course.mail.models import OutboxMail
from course.mail.rules import RenderedMail


def queue_text(session: Session, key: str, recipient: str, mail: RenderedMail, at: datetime) -> None:
    """Queue a mail in words, as programs before 0.5 did."""
    session.add(
        OutboxMail(
            key=key, mark=secrets.token_hex(16), recipient=recipient, subject=mail.subject, text=mail.text, html=mail.html,
            queued_at=at, next_try_at=at,
        )
    )  # fmt: skip
    session.flush()


def rendered_mails(app: Flask, session: Session, prefix: str = "") -> list[OutboxMail]:
    """The mails of the outbox whose key begins with `prefix`, oldest first, after those that wait were rendered."""
    with app.app_context():
        render_waiting_mail(inf)
    session.expire_all()
    rows = select(OutboxMail).where(OutboxMail.key.startswith(prefix, autoescape=True)).order_by(OutboxMail.id)
    return list(session.execute(rows).scalars())
