"""Mail to the owners of contacts whose review is overdue."""

from __future__ import annotations

from datetime import datetime

from course.dates import civil_date
from course.mail.actions import queue_message
from course.organisation.queries import contact_owners, organisation, stale_contacts
from course.organisation.rules.contacts import CONTACT_KINDS
from course.organisation.rules.messages import ContactReviewMessage
from course.people.queries import mail_recipient
from course.people.rules import first_name
from course.web.app_state import app_state
from course.web.unit_of_work import read_only_session, unit_of_work


def queue_contact_reviews(at: datetime) -> int:
    """Queue a mail to the owner of each stale contact, once for each confirmation. Returns the number of mails."""
    config = app_state().config
    with read_only_session() as session:
        current = organisation(session)
        owners = contact_owners(session, current)
    messages = []
    for entry in stale_contacts(current, config.time_zone, civil_date(at, config.time_zone)):
        owner = owners.get(entry.owner_id or 0)
        if current is None or owner is None or not owner.is_active or not owner.email:
            continue
        message = ContactReviewMessage(
            name=first_name(owner.name),
            organisation=current.name,
            kind=entry.kind,
            contact=CONTACT_KINDS[entry.kind],
            team=current.directory.names[entry.team_id] if entry.team_id is not None else "",
            team_id=entry.team_id,
            answerer=entry.name,
            phone=entry.phone,
            email=entry.email,
            confirmed_at=entry.confirmed_at,
        )
        messages.append((f"contact:{entry.id}", owner.email, message))
    if not messages:
        return 0
    with unit_of_work() as session:
        return sum(
            queue_message(session, key, mail_recipient(session, email), message, at) for key, email, message in messages
        )
