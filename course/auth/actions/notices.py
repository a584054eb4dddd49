"""Mail to a person about what others could misuse: a sign-in in a new browser, and changes of their second factors."""

from __future__ import annotations

import secrets
from datetime import datetime

from sqlalchemy.orm import Session

from course.auth.rules.messages import FactorChange, FactorMessage, NewDeviceMessage
from course.mail.actions import queue_message
from course.mail.rules import MailMessage
from course.people.queries import mail_recipient, person
from course.people.rules import is_undeliverable


def notify_of_new_device(session: Session, person_id: int, device: str, at: datetime) -> None:
    """Mail a person that they have signed in in a browser for the first time; not those without an address."""
    found = person(session, person_id)
    if found is not None:
        _queue(session, found.email, NewDeviceMessage(found.name, device, at), at)


def notify_of_factor(session: Session, person_id: int, change: FactorChange, at: datetime, detail: str = "") -> None:
    """Mail a person that something has changed about how they sign in; not those without an address."""
    found = person(session, person_id)
    if found is not None:
        _queue(session, found.email, FactorMessage(found.name, change, detail, at), at)


def _queue(session: Session, address: str | None, message: MailMessage, at: datetime) -> None:
    if address is None or is_undeliverable(address):
        return
    key = f"{message.template}:{secrets.token_hex(16)}"
    queue_message(session, key, mail_recipient(session, address), message, at)
