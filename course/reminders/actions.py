"""Planning reminders, queueing each of them once, and withdrawing those that have become obsolete."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from course.audit.actions import record_event
from course.context import Context
from course.dates import civil_date
from course.db import insert_once
from course.events import publish
from course.mail.actions import (
    clear_suppression,
    clear_suppression_list,
    postpone_mail,
    schedule_message,
    store_wording,
    suppress_mail,
)
from course.mail.events import BeforeMailSend
from course.mail.queries import mail_wording, opted_out_people, suppressed_addresses
from course.mail.rules import DIGEST, MailMessage
from course.organisation.models import Organisation
from course.organisation.queries import OrganisationView, organisation
from course.people.queries import mail_recipient
from course.recertification.rules.certification_status import NOT_REQUIRED, PAUSED, UP_TO_DATE
from course.reminders import queries
from course.reminders.events import DigestsPlanned
from course.reminders.models import Reminder, ReminderPolicyVersion
from course.reminders.queries import LEAD, LEARNER, MANAGER, REQUESTED, ReminderCandidate
from course.reminders.rules import (
    Digest,
    OverduePerson,
    ReminderPolicy,
    SendingHours,
    build_digest,
    digest_day,
    reminder_key,
)
from course.translation import lazy_gettext as _


@dataclass(frozen=True)
class PlannedReminder:
    """A reminder to be queued, to leave on the day `send_on` and not before `send_at`.

    `subject` is what it is about: the learner's own status, or a digest. `name` is the name in the salutation.
    """

    key: str
    kind: str
    person_id: int | None
    name: str
    recipient: str
    step: str
    due: date | None
    send_at: datetime
    send_on: date
    reason: str
    subject: ReminderCandidate | Digest


def planned_reminders(session: Session, zone: str, at: datetime, now: datetime) -> list[PlannedReminder]:
    """Every reminder that is due at the moment `at` and was not queued before; empty before the set-up.

    Each is judged as of the day on which it would leave. If `at` is in the past, the reminders leave `now` at the
    earliest.
    """
    own_organisation, hours = organisation(session), queries.sending_hours(session, zone)
    if own_organisation is None or hours is None:
        return []
    send_at = hours.next_sending_time(at)
    send_on = civil_date(send_at, zone)
    earliest = send_at if send_at >= now else hours.next_sending_time(now)
    people = queries.reminder_candidates(session, hours, send_on)
    due = [
        *_learner_reminders(people, earliest, send_on),
        *_digest_reminders(session, own_organisation, hours, people, earliest, send_on),
    ]
    suppressed = suppressed_addresses(session)
    queued = queries.queued_keys(session, [planned.key for planned in due])
    recipients = queries.recipients_queued_on(session, send_on)
    return [
        planned
        for planned in due
        if planned.key not in queued
        and planned.recipient not in suppressed
        and (planned.kind, planned.person_id) not in recipients
        # One reminder a day is enough, whether the course or a person initiated it.
        and (planned.kind != LEARNER or (REQUESTED, planned.person_id) not in recipients)
    ]


def _learner_reminders(people: list[ReminderCandidate], send_at: datetime, send_on: date) -> Iterator[PlannedReminder]:
    for candidate in people:
        step = candidate.reminder.step
        if step is not None and candidate.email is not None and candidate.takes_mail:
            key = reminder_key(candidate.id, candidate.status, step)
            yield PlannedReminder(
                key,
                LEARNER,
                candidate.id,
                candidate.name,
                candidate.email,
                step.name,
                candidate.status.due,
                send_at,
                send_on,
                step.reason,
                candidate,
            )


def _digest_reminders(
    session: Session,
    own_organisation: OrganisationView,
    hours: SendingHours,
    people: list[ReminderCandidate],
    send_at: datetime,
    send_on: date,
) -> Iterator[PlannedReminder]:
    """The digests of this week that nobody has received yet, if their day has come."""
    due_day = digest_day(send_on, hours)
    if due_day is None or send_on < due_day:
        return
    monday = send_on - timedelta(days=send_on.weekday())
    recipients = queries.digest_recipients(session, monday, monday + timedelta(days=6))
    opted_out = opted_out_people(session, DIGEST)
    by_id = {person.id: person for person in people}
    managed = queries.managed_people(session)
    weekly = DigestsPlanned(managed.keys(), monday, send_on)
    publish(session, weekly)
    for manager_id, members in managed.items():
        manager = by_id[manager_id]
        if (
            manager_id in weekly.replaced
            or (MANAGER, manager_id) in recipients
            or manager_id in opted_out
            or not _receives_digest(manager, send_on)
        ):
            continue
        if manager.email is None or not manager.takes_mail:
            continue
        digest = _team_digest(members, by_id, hours)
        to_tell = _people_to_tell(by_id[person_id] for person_id in members if person_id != manager_id)
        digest = replace(digest, to_tell=to_tell)
        if digest.overdue or digest.due_soon or to_tell:
            reason = f"{len(digest.overdue)} overdue, and {digest.due_soon} with a day in the next {hours.policy.before[0]} days"
            yield PlannedReminder(
                f"summary:{manager_id}:{send_on}", MANAGER, manager_id, manager.name, manager.email, "weekly", None, send_at,
                send_on, reason, digest,
            )  # fmt: skip
    lead = own_organisation.contacts.get("lead")
    if lead is not None and lead.email and (LEAD, None) not in recipients:
        digest = _team_digest(set(by_id), by_id, hours, hours.policy.lead_days)
        if digest.overdue:
            reason = f"{len(digest.overdue)} overdue for {hours.policy.lead_days} days or more"
            yield PlannedReminder(
                f"summary:lead:{send_on}",
                LEAD,
                None,
                lead.name,
                lead.email,
                "weekly",
                None,
                send_at,
                send_on,
                reason,
                digest,
            )


def _receives_digest(manager: ReminderCandidate, day: date) -> bool:
    """Whether a manager gets a digest: not on the day of the invitation, and not during a leave."""
    return manager.joined_on < day and manager.status.state not in (PAUSED, NOT_REQUIRED)


def _people_to_tell(candidates: Iterable[ReminderCandidate]) -> tuple[OverduePerson, ...]:
    """Those who would get a reminder by mail if they had an address, the earliest due date first."""
    told = [
        OverduePerson(one.id, one.name, one.status.due, one.status.overdue_days)
        for one in candidates
        if one.must_be_told and one.status.due is not None
    ]
    return tuple(sorted(told, key=lambda one: (one.due, one.name.casefold(), one.person_id)))


def _team_digest(
    members: set[int], people: dict[int, ReminderCandidate], hours: SendingHours, overdue_from: int = 1
) -> Digest:
    return build_digest(
        ((person_id, people[person_id].name, people[person_id].status) for person_id in members), hours, overdue_from
    )


def queue_reminder(context: Context, planned: PlannedReminder, message: MailMessage) -> bool:
    """Queue a reminder, to leave within the sending hours.

    Returns False if it was queued concurrently, or another one for that day. The actor is the person who asked for it
    (None: the course).
    """
    subject = planned.subject
    named = (*subject.overdue, *subject.to_tell) if isinstance(subject, Digest) else ()
    named_ids = list(dict.fromkeys(one.person_id for one in named))
    row_id = insert_once(
        context.session, Reminder, key=planned.key, kind=planned.kind, person_id=planned.person_id, step=planned.step,
        due=planned.due, leaves_on=planned.send_on, reason=planned.reason, named=named_ids,
        made_by=context.actor, made_at=context.now,
    )  # fmt: skip
    return row_id is not None and schedule_message(
        context.session,
        planned.key,
        mail_recipient(context.session, planned.recipient),
        message,
        context.now,
        planned.send_at,
    )


def recheck_reminder(session: Session, leaving: BeforeMailSend) -> None:
    """Check a reminder before its mail leaves: outside the sending hours it is postponed, an obsolete one is
    suppressed."""
    reminder, hours = queries.reminder_by_key(session, leaving.key), queries.sending_hours(session, leaving.zone)
    if reminder is None or hours is None:
        return
    send_at = hours.next_sending_time(leaving.at)
    if send_at != leaving.at:
        postpone_mail(session, leaving.key, send_at)
        return
    day = civil_date(leaving.at, leaving.zone)
    reason = _obsolete_reason(session, reminder, leaving.recipient, hours, day)
    if reason is not None:
        suppress_mail(session, leaving.key, reason)


def _obsolete_reason(
    session: Session, reminder: Reminder, recipient: str, hours: SendingHours, day: date
) -> str | None:
    """Why a reminder is obsolete, for display; None if it still applies."""
    if reminder.kind == LEARNER:
        return _learner_obsolete_reason(session, reminder, recipient, hours, day)
    if reminder.kind == REQUESTED:
        return _requested_obsolete_reason(session, reminder, recipient, hours, day)
    if reminder.leaves_on.isocalendar()[:2] != day.isocalendar()[:2]:
        return _("It was the summary of an earlier week.")
    ids = set(reminder.named)
    if reminder.kind == MANAGER and reminder.person_id is not None:
        if reminder.person_id in opted_out_people(session, DIGEST, [reminder.person_id]):
            return _("The weekly summary was stopped.")
        team = queries.managed_people(session, [reminder.person_id]).get(reminder.person_id)
        if team is None:
            return _("They no longer manage a team.")
        ids &= team
        manager = queries.reminder_candidates(session, hours, day, [reminder.person_id])[0]
        if manager.email != recipient or not _receives_digest(manager, day):
            return _("The manager is away or has another address now.")
    elif reminder.kind == LEAD:
        own_organisation = organisation(session)
        lead = own_organisation.contacts.get("lead") if own_organisation else None
        if lead is None or lead.email != recipient:
            return _("Someone else is the safeguarding lead now.")
    candidates = queries.reminder_candidates(session, hours, day, ids) if ids else []
    still_named = {one.id for one in candidates if one.status.overdue_days or one.must_be_told}
    return _("Someone named in it is no longer overdue.") if still_named != set(reminder.named) else None


def _learner_obsolete_reason(
    session: Session, reminder: Reminder, recipient: str, hours: SendingHours, day: date
) -> str | None:
    candidate = queries.reminder_candidates(session, hours, day, [reminder.person_id or 0])[0]
    step = candidate.reminder.step
    if step is None:
        return candidate.reminder.silence_reason
    if reminder_key(candidate.id, candidate.status, step) != reminder.key:
        return _("The due day has moved, or a later step has taken its place.")
    return None if candidate.email == recipient else _("The address has changed.")


def _requested_obsolete_reason(
    session: Session, reminder: Reminder, recipient: str, hours: SendingHours, day: date
) -> str | None:
    candidate = queries.reminder_candidates(session, hours, day, [reminder.person_id or 0])[0]
    if candidate.status.state in (NOT_REQUIRED, PAUSED, UP_TO_DATE):
        return candidate.reminder.silence_reason
    if candidate.status.due != reminder.due:
        return _("The due day has moved.")
    return None if candidate.email == recipient else _("The address has changed.")


def add_policy_version(context: Context, policy: ReminderPolicy, reason: str) -> bool:
    """Add a version of the reminder policy, which is in force from now on.

    Returns False, and writes nothing, if the newest version has the same values and the same reason.
    """
    session = context.session
    # The lock serialises two simultaneous submissions.
    session.execute(select(Organisation.id).with_for_update())
    closed = [[first.isoformat(), last.isoformat()] for first, last in policy.closed]
    values = {
        "before": list(policy.before), "every_days": policy.every_days, "digest_weekday": policy.digest_weekday,
        "lead_days": policy.lead_days, "opens": policy.opens, "closes": policy.closes, "closed": closed,
        "reason": reason,
    }  # fmt: skip
    newest = select(ReminderPolicyVersion).order_by(ReminderPolicyVersion.id.desc()).limit(1)
    current = session.execute(newest).scalar_one_or_none()
    if current is not None and all(getattr(current, name) == value for name, value in values.items()):
        return False
    session.add(ReminderPolicyVersion(**values, made_by=context.actor, made_at=context.now))
    session.flush()
    record_event(context, "policy.reminders_changed", None, {"reason": reason})
    return True


def resume_mail(context: Context, person_id: int, address: str, reason: str) -> bool:
    """Remove an address from the suppression list.

    Returns False, and writes nothing, if the address is not on the list.
    """
    if not clear_suppression(context, address, reason):
        return False
    record_event(context, "mail.address_cleared", ("person", person_id), {})
    return True


def resume_all_mail(context: Context, reason: str) -> int:
    """Remove all addresses from the suppression list. Returns their number."""
    count = clear_suppression_list(context, reason)
    if count:
        record_event(context, "mail.addresses_cleared", None, {"addresses": count, "reason": reason})
    return count


def change_mail_wording(context: Context, sender: str, opening: str, seen: int) -> bool | None:
    """Word all mails like this from now on. `seen` is the version that whoever changes it has read.

    Returns False, and writes nothing, if they are worded so already; None, and writes nothing, if somebody else has changed
    the wording since.
    """
    session = context.session
    # The lock serialises two administrators who save at once.
    session.execute(select(Organisation.id).with_for_update())
    known = mail_wording(session)
    if (known.sender, known.opening) == (sender, opening):
        return False
    if known.version != seen:
        return None
    store_wording(session, sender, opening, context.actor, context.now)
    record_event(context, "mail.wording_changed", None, {})
    return True
