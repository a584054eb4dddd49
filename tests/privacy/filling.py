"""Rows for one person in every table of the personal-data map, also in tables that are added later."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import JSON, Boolean, Column, Date, Integer, LargeBinary, Table, insert, select
from sqlalchemy.orm import Session

from course.db import Base, UtcDateTime
from course.people.models import Person
from course.privacy.queries.subject_data import TABLES
from course.privacy.rules.personal_data_map import PERSONAL_DATA_TABLES
from course.reminders.models import Sentences
from tests.makers import make_team

MARK = "Zebulon"  # occurs in every text about the person
EMAIL = "zebulon@example.org"
THEN = datetime(2020, 5, 4, 12, tzinfo=UTC)
# Columns that accept only certain values.
WORDS: dict[str, Any] = {
    "address_fault.kind": "bounced",
    "answer.given": "[0]",
    "answer.sureness": "sure",
    "attempt.kind": "check",
    "bulk_change.chosen": {},
    "bulk_change.kind": "invite",
    "bulk_change_person.before": {},
    "bulk_change_person.outcome": "done",
    "bulk_change_person.undo_outcome": None,
    "calendar_feed.scope": "own",
    "calendar_feed_end.reason": "revoked",
    "certificate.content_version": "x",
    "certificate.course": "A course",
    "certificate.edition": "1",
    "certificate.kind": "initial",
    "certificate.number": "K7QM-2FXA-9TRC",
    "certificate.organisation": "Riverside Trust",
    "certificate.pathway": "clubs",
    "certificate.replaces": None,
    "certificate_change.kind": "revoked",
    "certificate.sections": "Responding",
    "completion.content_version": "x",
    "completion.edition": "1",
    "contact.email": "",
    "contact.kind": "deputy",
    "contact.name": "Whoever is on duty",
    "contact.phone": "01632 960101",
    "enrolment.kind": "initial",
    "erasure.counts": {},
    "erasure.stage": "spare",
    "identity_link.how": "address",
    "identity_provider.client_id": "course",
    "identity_provider.discovery": "https://id.invalid/.well-known/openid-configuration",
    "identity_provider.domains": "",
    "identity_provider.groups_claim": "groups",
    "identity_provider.kind": "openid",
    "identity_provider.name": "Riverside ID",
    "identity_provider.scopes": "openid",
    "identity_provider.secret_locked": None,
    "identity_provider.tenants": "",
    "intention.reply": "did",
    "lti_account.how": "address",
    "lti_context.context": "context-1",
    "lti_context.members_address": "",
    "lti_context.title": "Safeguarding 101",
    "lti_deployment.deployment": "1",
    "lti_deployment.ended_at": None,
    "lti_grade.problem": "gone",
    "lti_grade.sent_activity": "InProgress",
    "lti_link.grade_scopes": "",
    "lti_link.line_item": "",
    "lti_link.line_items": "",
    "lti_link.module": None,
    "lti_link.nation": None,
    "lti_link.opens": "course",
    "lti_link.pathway": None,
    "lti_link.resource_link": "link-1",
    "lti_link.title": "Online abuse",
    "lti_registration.client_id": "tool-7",
    "lti_registration.issuer": "https://moodle.invalid",
    "lti_registration.keys_address": "https://moodle.invalid/keys",
    "lti_registration.login_address": "https://moodle.invalid/auth",
    "lti_registration.name": "Riverside Moodle",
    "lti_registration.page_origins": "",
    "lti_registration.state": "on",
    "lti_registration.token_address": "https://moodle.invalid/token",
    "lti_registration.token_audience": "",
    "mail_choice.kind": "booster",
    "outbox_mail.next_try_at": None,
    "in_person_notice.kind": "update",
    "in_person_reminder.task": "course",
    "outbox_mail.headers": None,
    "pair.ref": "secret-contact/second-phone",
    "pair.version": "1",
    "pathway_choice.pathway": "clubs",
    "person_status.is_employed": False,
    "owned_field.field": "team",
    "person_status.teams": "",
    "record_view.day": None,
    "record_view.what": "export",
    "refresher_part.kind": "point",
    "reminder.kind": "learner",
    "renewal_import.kind": "initial",
    "renewal_import.valid_until": date(2021, 5, 4),
    "renewal_import.withdrawn": None,
    "renewal_pause.until": None,
    "report_bulletin.counts": {},
    "report_subscription.ended_at": None,
    "report_subscription.every": "week",
    "role_grant.last_day": None,
    "role_grant.role": "manager",
    "scim_connection.ended_at": None,
    "scim_connection.name": "Identity provider",
    "scim_group.display_name": "Teachers",
    "scim_group.ended_at": None,
    "scim_group.external_id": None,
    "scim_group.resource_id": "6a1c",
    # Nobody else could sign in with a password any more.
    "sign_in_requirement.provider_id": None,
    "supervised_session.kind": "final",
    "supervised_session.place": "Hall",
    "supervised_session.ref": "course",
    "supervised_sitting.room_id": None,
    "supervised_sitting.way": "paper",
    "webhook.address": "https://hr.example.org/events",
    "webhook.ended_at": None,
    "webhook.kinds": "overdue",
    "webhook.secret": b"locked",
    "webhook.previous_secret": None,
    "webhook.off_at": None,
    "webhook.off_reason": None,
    "webhook_event.kind": "overdue",
    "cmi5_account.ended_at": None,
    "cmi5_platform.hosts": "lms.example.org",
    "cmi5_platform.name": "Moodle",
    "cmi5_session.mastery_score": None,
    "cmi5_session.mode": "Normal",
    "cmi5_statement.verb": "completed",
    "xapi_endpoint.actor": "account",
    "xapi_endpoint.address": "https://lrs.example.org/xapi",
    "xapi_endpoint.ended_at": None,
    "xapi_endpoint.failure": "",
    "xapi_endpoint.kinds": "completed",
    "xapi_endpoint.namespace": "1b671a64-40d5-491e-99b0-da01ff1f3341",
    "xapi_endpoint.username": "course",
    "xapi_statement.kind": "completed",
}
_REFERENCED_TABLES = (
    "bulk_change",
    "identity_provider",
    "lti_registration",
    "lti_deployment",
    "lti_context",
    "lti_link",
    "pair",
    "supervised_session",
    "signing_key",
    "people_import",
    "registration_link",
    "webhook",
    "cmi5_platform",
    "xapi_endpoint",
    "scim_connection",
    "scim_group",
)  # rows of other people, to which the person's rows refer
_EXISTING_TABLES = ("credential", "enrolment")  # created together with the person
_EXCLUDED_TABLES = ("person", "erasure", "erasure_request")


def fill(session: Session, person: Person) -> dict[str, dict[str, Any]]:
    """Insert a row into each table of the personal-data map. Returns the values by table.

    Rows of other people that the rows refer to are inserted as well.
    """
    rows_by_table: dict[str, dict[str, Any]] = {"person": {"id": person.id}}
    team = make_team(session, "Night staff").id
    for table in Base.metadata.sorted_tables:
        if table.name not in (*PERSONAL_DATA_TABLES, *_REFERENCED_TABLES) or table.name in _EXCLUDED_TABLES:
            continue
        if table.name in _EXISTING_TABLES:
            existing = select(table).where(table.c.person_id == person.id)
            rows_by_table[table.name] = dict(session.execute(existing).mappings().one())
            continue
        values = {
            column.name: _value(table, column, rows_by_table, team)
            for column in table.columns
            if not _is_automatic_id(table, column)
        }
        row = session.execute(insert(table).values(values).returning(table)).mappings().one()
        rows_by_table[table.name] = dict(row)
    session.commit()
    return rows_by_table


def _is_automatic_id(table: Table, column: Column[Any]) -> bool:
    """Whether the database numbers the rows of the table with this column."""
    return (
        column.primary_key
        and not column.foreign_keys
        and isinstance(column.type, Integer)
        and len(table.primary_key) == 1
    )


def _value(table: Table, column: Column[Any], rows_by_table: dict[str, dict[str, Any]], team: int) -> Any:
    name = f"{table.name}.{column.name}"
    if name in WORDS:
        return WORDS[name]
    for key in column.foreign_keys:
        target = key.column.table.name
        return team if target == "team" else rows_by_table[target].get(key.column.name)
    return _default_value(name, column)


def _default_value(name: str, column: Column[Any]) -> Any:
    if column.name in ("recipient", "address", "email"):
        return EMAIL
    if isinstance(column.type, UtcDateTime):
        return THEN
    if isinstance(column.type, Date):
        return date(2020, 5, 4)
    if isinstance(column.type, Boolean):
        return True
    if isinstance(column.type, Integer):
        return 1
    if isinstance(column.type, (JSON, Sentences)):
        return []
    if isinstance(column.type, LargeBinary):
        return b"x"
    length = getattr(column.type, "length", None) or 60
    return f"{MARK} {name}"[:length]


def tables_containing(session: Session, text: str) -> set[str]:
    """The tables that contain a text in any column. The audit log is left out, since it never changes."""
    found = set()
    for table in TABLES.values():
        if table.name != "audit_entry":
            rows = session.execute(select(table)).all()
            found |= {table.name for row in rows if text.casefold() in repr(tuple(row)).casefold()}
    return found


def count_rows(session: Session, table: str, person_id: int) -> int:
    """The number of rows about a person in a table that has a person_id."""
    rows = TABLES[table]
    return len(session.execute(select(rows).where(rows.c.person_id == person_id)).all())
