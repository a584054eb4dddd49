"""Imports every table of the course, for the migrations and their test."""

from __future__ import annotations

from course.analytics.models import PublishedFigure
from course.api_tokens.models import ApiToken
from course.audit.models import AuditEntry
from course.auth.models import SignInSession
from course.backups.models import Backup
from course.bulk_changes.models import BulkChange
from course.calendars.models import CalendarFeed
from course.certificates.models import Certificate
from course.cmi5.models import Cmi5Platform
from course.content.models import ContentVersion
from course.credentials.models import SignedCredential
from course.dashboard.models import FirstStepsChoice
from course.exports.models import Download
from course.external_certificates.models import TrustedIssuer
from course.help_requests.models import HelpRequest
from course.idempotency.models import SentForm
from course.identity_providers.models import IdentityProvider
from course.import_folder.models import ImportFolderFile
from course.jobs.models import Job
from course.join_requests.models import RegistrationLink
from course.learning.models import Enrolment
from course.lti.models import LtiRegistration
from course.lti_services.models import LtiGrade
from course.mail.models import OutboxMail
from course.milestones.models import Intention
from course.organisation.models import Organisation
from course.pairs.models import Pair
from course.passwords.models import Credential
from course.people.models import Person
from course.people_import.models import PeopleImport
from course.privacy.models import RetentionSchedule
from course.recertification.models import RenewalPolicy
from course.refreshers.models import RefresherPart
from course.reminders.models import Reminder
from course.scheduled_reports.models import SentReport
from course.scim.models import ScimConnection
from course.scorm.models import ScormSchemaFile
from course.server.models import WorkerBeat
from course.standings.models import PersonStatus
from course.supervised_sessions.models import SupervisedSession
from course.training_records.models import RecordView
from course.webhooks.models import Webhook
from course.xapi.models import XapiEndpoint

MODEL_CLASSES = (
    ApiToken,
    AuditEntry,
    Backup,
    BulkChange,
    CalendarFeed,
    Certificate,
    Cmi5Platform,
    ContentVersion,
    Credential,
    Download,
    Enrolment,
    FirstStepsChoice,
    HelpRequest,
    IdentityProvider,
    ImportFolderFile,
    Intention,
    Job,
    LtiGrade,
    LtiRegistration,
    Organisation,
    OutboxMail,
    Pair,
    PeopleImport,
    Person,
    PersonStatus,
    PublishedFigure,
    RecordView,
    RefresherPart,
    RegistrationLink,
    Reminder,
    RenewalPolicy,
    SentReport,
    RetentionSchedule,
    ScimConnection,
    ScormSchemaFile,
    SentForm,
    SignInSession,
    SignedCredential,
    SupervisedSession,
    TrustedIssuer,
    Webhook,
    WorkerBeat,
    XapiEndpoint,
)
