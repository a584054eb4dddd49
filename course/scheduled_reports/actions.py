"""Start and end subscriptions to reports by mail, and queue the reports."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from course.audit.actions import record_event
from course.context import Context
from course.dates import civil_date
from course.db import insert_once, lock_row
from course.mail.actions import queue_message, readdress_mail, suppress_mail
from course.mail.events import BeforeMailSend
from course.mail.rules import MailMessage
from course.people.models import Person
from course.people.queries import mail_recipient
from course.reminders.events import DigestsPlanned
from course.scheduled_reports import queries
from course.scheduled_reports.models import ReportSubscription, SentReport
from course.scheduled_reports.queries import Subscription, weekly_subscribers
from course.scheduled_reports.rules import KEY_PREFIX, Period
from course.training_records.actions import log_record_export
from course.training_records.rules import EXPORT
from course.translation import lazy_gettext as _


def subscribe(context: Context, person_id: int, team_id: int | None, every: str) -> bool:
    """Subscribe a person to the report of a team from the next period on. Returns False if they have the same
    subscription already."""
    session = context.session
    lock_row(session, Person, person_id)  # two requests at the same time run one after the other
    same_subscription = select(ReportSubscription.id).where(
        ReportSubscription.person_id == person_id,
        ReportSubscription.team_id.is_not_distinct_from(team_id),
        ReportSubscription.every == every,
        ReportSubscription.ended_at.is_(None),
    )
    if session.execute(same_subscription).first() is not None:
        return False
    session.add(
        ReportSubscription(
            person_id=person_id,
            team_id=team_id,
            every=every,
            since=context.today,
            made_by=context.actor,
            made_at=context.now,
        )
    )
    session.flush()
    record_event(context, "report.mail_set", ("person", person_id), {"every": every, "team": team_id})
    return True


def end_subscription(context: Context, subscription_id: int) -> bool:
    """End a subscription. Returns False if it has ended already."""
    row = context.session.execute(
        update(ReportSubscription)
        .where(ReportSubscription.id == subscription_id, ReportSubscription.ended_at.is_(None))
        .values(ended_by=context.actor, ended_at=context.now)
        .returning(ReportSubscription.person_id, ReportSubscription.every, ReportSubscription.team_id)
    ).first()
    if row is None:
        return False
    record_event(context, "report.mail_stopped", ("person", row.person_id), {"every": row.every, "team": row.team_id})
    return True


def queue_report(
    context: Context, subscription: Subscription, period: Period, counts: dict[str, int], named_ids: Collection[int],
    message: MailMessage,
) -> bool:  # fmt: skip
    """Queue the report of a period. Returns False if another worker was quicker, or the person has no address.
    The people whom the report names see in their access log who got it."""
    session, day, at = context.session, context.today, context.now
    key = f"{KEY_PREFIX}{subscription.id}:{period.name}"
    if subscription.email is None:
        return False
    sent_id = insert_once(
        session, SentReport, subscription_id=subscription.id, period=period.name, key=key, day=day, counts=counts,
        people=len(named_ids), made_at=at,
    )  # fmt: skip
    recipient = mail_recipient(session, subscription.email)
    if sent_id is None or not queue_message(session, key, recipient, message, at):
        return False
    details = {"people": len(named_ids), "team": subscription.team_id, "on": day}
    record_event(context, "report.mailed", ("person", subscription.person_id), details)
    log_record_export(replace(context, actor=subscription.person_id), named_ids, EXPORT, "team report by mail")
    return True


def recheck_report(session: Session, leaving: BeforeMailSend) -> None:
    """Check a report before its mail leaves, which may have waited for the mail server: it names people, and goes only to who
    may still have it and still wants it, at the address that they have now."""
    if not leaving.key.startswith(KEY_PREFIX):
        return
    reason = queries.obsolete_reason(session, leaving.key, civil_date(leaving.at, leaving.zone))
    address = queries.current_address(session, leaving.key)
    if reason is None and address is None:
        reason = _("The address has changed.")
    if reason is not None:
        suppress_mail(session, leaving.key, reason, leaving.at)
    elif address is not None and address != leaving.recipient:
        readdress_mail(session, leaving.key, address, leaving.at)


def replace_digests(session: Session, planned: DigestsPlanned) -> None:
    """Who gets a weekly report gets no weekly summary beside it."""
    planned.replaced.update(weekly_subscribers(session, planned.managers, planned.monday, planned.on))
