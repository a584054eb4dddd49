"""When X happens, do Y: the one list of effects between features, all in the same transaction."""

from __future__ import annotations

from course.auth.actions import check_link, end_access, end_links, send_invitation
from course.certificates.events import CertificateRevoked
from course.events import on
from course.learning.actions import enrol
from course.learning.events import CourseCompleted, StepEnded
from course.mail.events import MailLeaving
from course.people.actions import InvitationWanted
from course.people.events import EarlierCertificate, PersonAdded, RecordOpened
from course.recertification.actions import bring, bring_merged, certify, take_back_merged
from course.refreshers.actions import finish
from course.reminders.actions import check
from course.staff.events import AddressChanged, PeopleMerged, PersonLeft
from course.training_records.actions import note_page


def connect() -> None:
    """Connect them; safe to call again."""
    on(PersonAdded, enrol)
    on(InvitationWanted, send_invitation)
    on(CourseCompleted, certify)
    on(StepEnded, finish)
    on(MailLeaving, check)
    on(MailLeaving, check_link)
    on(EarlierCertificate, bring)
    on(RecordOpened, note_page)
    on(PeopleMerged, bring_merged)
    on(CertificateRevoked, take_back_merged)
    on(PersonLeft, end_access)
    on(AddressChanged, end_links)
