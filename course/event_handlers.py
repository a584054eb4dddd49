"""Event handlers: the one list of what a feature does when another one publishes an event, in the same transaction."""

from __future__ import annotations

from course.auth.actions import check_link_mail, revoke_access, send_invitation, void_mailed_links
from course.certificates.events import CertificateRevoked
from course.events import subscribe
from course.learning.actions import enrol
from course.learning.events import CourseCompleted, StepEnded
from course.mail.events import BeforeMailSend
from course.people.actions import InvitationRequested
from course.people.events import EarlierCertificate, PersonAdded, RecordOpened
from course.recertification.actions import (
    certify,
    import_listed_certificate,
    import_merged_certificates,
    withdraw_merged_certificate,
)
from course.refreshers.actions import complete_refresher
from course.reminders.actions import recheck_reminder
from course.staff.events import AddressChanged, PeopleMerged, PersonLeft
from course.training_records.actions import log_page_view


def register_handlers() -> None:
    """Subscribe all handlers; safe to call again."""
    subscribe(PersonAdded, enrol)
    subscribe(InvitationRequested, send_invitation)
    subscribe(CourseCompleted, certify)
    subscribe(StepEnded, complete_refresher)
    subscribe(BeforeMailSend, recheck_reminder)
    subscribe(BeforeMailSend, check_link_mail)
    subscribe(EarlierCertificate, import_listed_certificate)
    subscribe(RecordOpened, log_page_view)
    subscribe(PeopleMerged, import_merged_certificates)
    subscribe(CertificateRevoked, withdraw_merged_certificate)
    subscribe(PersonLeft, revoke_access)
    subscribe(AddressChanged, void_mailed_links)
