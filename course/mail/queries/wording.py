"""How the organisation words its mails."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from course.mail.models import MailWording


@dataclass(frozen=True)
class MailWordingView:
    """The name of the sender (empty: that of MAIL_FROM), and the sentence at the top of each mail (empty: none). `version`
    is 0 before anybody has chosen a wording."""

    sender: str = ""
    opening: str = ""
    version: int = 0


def mail_wording(session: Session) -> MailWordingView:
    """The wording that holds now. One query."""
    rows = select(MailWording.sender, MailWording.opening, MailWording.id).order_by(MailWording.id.desc()).limit(1)
    row = session.execute(rows).one_or_none()
    return MailWordingView(*row) if row is not None else MailWordingView()
