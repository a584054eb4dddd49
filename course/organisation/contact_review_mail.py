"""Mail to whoever looks after a contact that nobody has confirmed for too long."""

from __future__ import annotations

from datetime import datetime

from course.content.loaded_course import library
from course.dates import civil_date
from course.mail.actions import schedule_message
from course.mail.message_templates import render_message
from course.organisation.queries import contact_owners, organisation, stale_contacts
from course.organisation.rules.contacts import CONTACT_KINDS
from course.people.rules import first_name
from course.web.app_state import app_state
from course.web.unit_of_work import read_only_session, unit_of_work


def queue_contact_reviews(at: datetime) -> int:
    """Queue a mail to the owner of each stale contact, once for each time it was confirmed; how many that were."""
    config = app_state().config
    with read_only_session() as session:
        ours = organisation(session)
        keepers = contact_owners(session, ours)
    written = []
    for entry in stale_contacts(ours, config.time_zone, civil_date(at, config.time_zone)):
        owner = keepers.get(entry.owner_id or 0)
        if ours is None or owner is None or not owner.here:
            continue
        asked = render_message(
            "contact.txt",
            f"Please look at a contact again: {CONTACT_KINDS[entry.kind]}",
            name=first_name(owner.name),
            course=library().course.title,
            organisation=ours.name,
            label=CONTACT_KINDS[entry.kind],
            entry=entry,
            link=f"{config.public_url}/organisation/contact/{entry.kind}",
        )
        written.append((f"contact:{entry.id}", owner.email, asked))
    if not written:
        return 0
    with unit_of_work() as session:
        return sum(schedule_message(session, key, email, asked, at, at) for key, email, asked in written)
