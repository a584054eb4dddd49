"""Every table of the course, for those who need all of them at once: the migrations and their test."""

from __future__ import annotations

from course.audit.models import AuditEntry
from course.bulletins.models import ReportBulletin
from course.calendars.models import CalendarFeed
from course.certificates.models import Certificate
from course.content.models import ContentVersion
from course.credentials.models import SignedCredential
from course.dossiers.models import RecordView
from course.downloads.models import Download
from course.help_requests.models import HelpRequest
from course.idempotency.models import SentForm
from course.imports.models import PeopleImport
from course.insight.models import TeamTalk
from course.learning.models import Enrolment
from course.mail.models import OutboxMail
from course.organisation.models import Organisation
from course.passport.models import TrustedIssuer
from course.people.models import Person
from course.privacy.models import RetentionSchedule
from course.recall.models import RefresherPart
from course.refreshers.models import RenewalPolicy
from course.registration.models import RegistrationLink
from course.reminders.models import Reminder
from course.serving.models import WorkerBeat
from course.signin.models import Credential
from course.staff.models import PersonChange
from course.system.models import Backup
from course.teams.models import TeamChange

ALL = (
    AuditEntry,
    Backup,
    CalendarFeed,
    Certificate,
    ContentVersion,
    Credential,
    Download,
    Enrolment,
    HelpRequest,
    Organisation,
    OutboxMail,
    PeopleImport,
    Person,
    PersonChange,
    RecordView,
    RefresherPart,
    RegistrationLink,
    Reminder,
    RenewalPolicy,
    ReportBulletin,
    RetentionSchedule,
    SentForm,
    SignedCredential,
    TeamChange,
    TeamTalk,
    TrustedIssuer,
    WorkerBeat,
)
