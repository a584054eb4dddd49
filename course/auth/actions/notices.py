"""Mail to a person about what others could misuse: a sign-in in a new browser, and changes of their second factors."""

from __future__ import annotations

import secrets
from datetime import datetime

from sqlalchemy.orm import Session

from course.auth.rules.messages import FactorChange, FactorMessage, NewDeviceMessage
from course.mail.actions import queue_message
from course.mail.rules import MailMessage, MailRecipient
from course.people.queries import named_recipient


def notify_of_new_device(session: Session, person_id: int, device: str, at: datetime) -> None:
    """Mail a person that they have signed in in a browser for the first time; not those without an address."""
    found = named_recipient(session, person_id)
    if found is not None:
        name, recipient = found
        _queue(session, recipient, NewDeviceMessage(name, device, at), at)


def notify_of_factor(session: Session, person_id: int, change: FactorChange, at: datetime, detail: str = "") -> None:
    """Mail a person that something has changed about how they sign in; not those without an address."""
    found = named_recipient(session, person_id)
    if found is not None:
        name, recipient = found
        _queue(session, recipient, FactorMessage(name, change, detail, at), at)


def _queue(session: Session, recipient: MailRecipient, message: MailMessage, at: datetime) -> None:
    queue_message(session, f"{message.template}:{secrets.token_hex(16)}", recipient, message, at)
