"""Event handlers: the one list of what a feature does when another one publishes an event, in the same transaction."""

from __future__ import annotations

from sqlalchemy import ColumnElement, bindparam, or_, select
from sqlalchemy.orm import Session

from course.analytics import events as analytics_events
from course.api import events as api_events
from course.api_tokens import events as api_tokens_events
from course.api_tokens.actions import record_read
from course.api_tokens.events import PersonalDataRead
from course.audit.catalogue import register_events
from course.audit_search import events as audit_search_events
from course.auth import events as auth_events
from course.auth.actions import check_link_mail, revoke_access, void_mailed_links
from course.backups import events as backups_events
from course.calendars import events as calendars_events
from course.certificates import events as certificates_events
from course.certificates.events import CertificateRevoked
from course.cmi5 import events as cmi5_events
from course.cmi5.actions import follow_team_merge as follow_team_merge_by_cmi5
from course.cmi5.actions import move_cmi5_accounts, note_cmi5_completion, note_cmi5_fact
from course.cmi5.queries import open_session_exists
from course.dashboard import events as dashboard_events
from course.dashboard.actions import send_invitation_with_due_date, tell_deputy, tell_new_manager
from course.events import subscribe
from course.evidence import events as evidence_events
from course.external_certificates import events as external_certificates_events
from course.help_requests import events as help_requests_events
from course.identity_providers import events as identity_providers_events
from course.identity_providers.actions import move_grants_of_team, move_links
from course.import_folder import events as import_folder_events
from course.join_requests import events as join_requests_events
from course.learning import events as learning_events
from course.learning.actions import enrol
from course.learning.actions.answer_row import add_listener
from course.learning.events import AnswerInSitting, CourseCompleted, FactRecorded, FactWithdrawn, StepEnded
from course.lti import events as lti_events
from course.lti.actions import follow_team_merge as follow_team_merge_by_lti
from course.lti.actions import move_lti_accounts
from course.lti_services import events as lti_services_events
from course.lti_services.actions import note_recorded_completion, note_void
from course.mail.events import BeforeMailSend
from course.milestones import events as milestones_events
from course.milestones.actions import recheck_intention
from course.operations import events as operations_events
from course.organisation import events as organisation_events
from course.pairs import events as pairs_events
from course.people import events as people_events
from course.people.events import (
    AddressChanged,
    DeputyNamed,
    EarlierCertificate,
    IdentityEntered,
    InvitationRequested,
    ManagerNamed,
    PeopleMerged,
    PersonAdded,
    PersonLeft,
    RecordOpened,
    TeamsMerged,
)
from course.people_import import events as people_import_events
from course.people_import.actions.identity_questions import ask_about_identity
from course.printed_modules import events as printed_modules_events
from course.privacy import events as privacy_events
from course.question_exchange import events as question_exchange_events
from course.recertification import events as recertification_events
from course.recertification.actions import (
    certify,
    import_listed_certificate,
    import_merged_certificates,
    take_over_merged_time,
    withdraw_merged_certificate,
)
from course.refreshers import events as refreshers_events
from course.refreshers.actions import complete_refresher, recheck_booster, recheck_update
from course.reminders import events as reminders_events
from course.reminders.actions import recheck_reminder
from course.reminders.events import DigestsPlanned
from course.reports import events as reports_events
from course.scheduled_reports import events as scheduled_reports_events
from course.scheduled_reports.actions import recheck_report, replace_digests
from course.scim import events as scim_events
from course.scim.actions.groups import move_rules_of_team
from course.scorm import events as scorm_events
from course.server import events as server_events
from course.standings.actions import note_step
from course.supervised_sessions import events as supervised_sessions_events
from course.supervised_sessions.actions import record_answer
from course.training_records import events as training_records_events
from course.training_records.actions import log_page_view
from course.webhooks import events as webhooks_events
from course.webhooks.actions import forget_leaving_of_merged, note_completion, note_leaving
from course.xapi import events as xapi_events
from course.xapi.actions import (
    note_certificate_revoked,
    note_course_completed,
    note_fact_withdrawn,
    note_learning_fact,
)
from course.xapi.queries import store_exists

# The audit events of every feature that writes any.
register_events(
    kind
    for events in (
        analytics_events,
        api_events,
        api_tokens_events,
        audit_search_events,
        auth_events,
        calendars_events,
        certificates_events,
        cmi5_events,
        dashboard_events,
        evidence_events,
        external_certificates_events,
        help_requests_events,
        identity_providers_events,
        join_requests_events,
        learning_events,
        lti_events,
        lti_services_events,
        backups_events,
        milestones_events,
        operations_events,
        organisation_events,
        pairs_events,
        people_events,
        import_folder_events,
        people_import_events,
        privacy_events,
        question_exchange_events,
        recertification_events,
        refreshers_events,
        reminders_events,
        reports_events,
        scheduled_reports_events,
        scim_events,
        scorm_events,
        server_events,
        supervised_sessions_events,
        printed_modules_events,
        training_records_events,
        webhooks_events,
        xapi_events,
    )
    for kind in events.AUDIT_EVENTS
)


# Put together once: it is asked with every page that is read and every decision; an answer asks in a statement of its own.
_WHO_LISTENS = select(store_exists(), open_session_exists(bindparam("person_id")))


def _listens(person_id: ColumnElement[int]) -> ColumnElement[bool]:
    """Whether a record store or a learning platform wants to know what a person does."""
    return or_(store_exists(), open_session_exists(person_id))


def tell_other_systems(session: Session, event: FactRecorded) -> None:
    """Let the record store and the learning platform from which somebody came know what they did. Most organisations have
    neither: one statement finds that out."""
    has_store, has_session = session.execute(_WHO_LISTENS, {"person_id": event.person_id}).one()
    if has_store:
        note_learning_fact(session, event)
    if has_session:
        note_cmi5_fact(session, event)


def register_handlers() -> None:
    """Subscribe all handlers; safe to call again."""
    add_listener(_listens)
    subscribe(PersonalDataRead, record_read)
    subscribe(IdentityEntered, ask_about_identity)
    subscribe(PersonAdded, enrol)
    subscribe(InvitationRequested, send_invitation_with_due_date)
    subscribe(AnswerInSitting, record_answer)
    subscribe(CourseCompleted, certify)
    subscribe(CourseCompleted, note_completion)
    subscribe(CourseCompleted, note_course_completed)
    subscribe(FactRecorded, tell_other_systems)
    subscribe(CourseCompleted, note_cmi5_completion)
    subscribe(CourseCompleted, note_recorded_completion)
    subscribe(PeopleMerged, move_cmi5_accounts)
    subscribe(TeamsMerged, move_rules_of_team)
    subscribe(TeamsMerged, move_grants_of_team)
    subscribe(TeamsMerged, follow_team_merge_by_lti)
    subscribe(TeamsMerged, follow_team_merge_by_cmi5)
    subscribe(StepEnded, complete_refresher)
    subscribe(StepEnded, note_step)
    subscribe(BeforeMailSend, recheck_reminder)
    subscribe(BeforeMailSend, check_link_mail)
    subscribe(BeforeMailSend, recheck_report)
    subscribe(BeforeMailSend, recheck_booster)
    subscribe(BeforeMailSend, recheck_update)
    subscribe(BeforeMailSend, recheck_intention)
    subscribe(EarlierCertificate, import_listed_certificate)
    subscribe(RecordOpened, log_page_view)
    subscribe(PeopleMerged, import_merged_certificates)
    subscribe(PeopleMerged, take_over_merged_time)
    subscribe(PeopleMerged, move_links)
    subscribe(PeopleMerged, move_lti_accounts)
    subscribe(CertificateRevoked, withdraw_merged_certificate)
    subscribe(CertificateRevoked, note_certificate_revoked)
    subscribe(FactWithdrawn, note_fact_withdrawn)
    subscribe(FactWithdrawn, note_void)
    subscribe(PersonLeft, revoke_access)
    subscribe(PersonLeft, note_leaving)
    subscribe(PeopleMerged, forget_leaving_of_merged)
    subscribe(AddressChanged, void_mailed_links)
    subscribe(DeputyNamed, tell_deputy)
    subscribe(ManagerNamed, tell_new_manager)
    subscribe(DigestsPlanned, replace_digests)
