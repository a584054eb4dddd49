"""Checking a reminder once more, before its mail leaves."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from sqlalchemy.orm import Session

from course.dates import civil_date
from course.mail.actions import postpone_mail, suppress_mail
from course.mail.events import BeforeMailSend
from course.mail.queries import opted_out_people
from course.mail.rules import DIGEST
from course.organisation.queries import OrganisationView, organisation
from course.recertification.rules.certification_status import NOT_REQUIRED, PAUSED, UP_TO_DATE
from course.reminders import queries
from course.reminders.actions.digests import receives_digest
from course.reminders.models import Reminder
from course.reminders.queries import ADMINISTRATOR, LEAD, LEARNER, MANAGER, REQUESTED
from course.reminders.queries.in_person import in_person_messages
from course.reminders.rules import SendingHours, reminder_key
from course.translation import lazy_gettext as _


def recheck_reminder(session: Session, leaving: BeforeMailSend) -> None:
    """Check a reminder before its mail leaves: outside the sending hours it is postponed, an obsolete one is
    suppressed."""
    reminder, hours = queries.reminder_by_key(session, leaving.key), queries.sending_hours(session, leaving.zone)
    if reminder is None or hours is None:
        return
    send_at = _own_hours(session, reminder, hours).next_sending_time(leaving.at)
    if send_at != leaving.at:
        postpone_mail(session, leaving.key, send_at)
        return
    day = civil_date(leaving.at, leaving.zone)
    reason = _obsolete_reason(session, reminder, leaving.recipient, hours, day)
    if reason is not None:
        suppress_mail(session, leaving.key, reason, leaving.at)


def _own_hours(session: Session, reminder: Reminder, hours: SendingHours) -> SendingHours:
    """The hours of the person, or of the site, to whom a reminder goes; `hours` are those of the organisation."""
    if reminder.person_id is not None:
        return queries.hours_by_nation(session, hours, [reminder.person_id]).of(reminder.person_id)
    own = _organisation_of_lead(session, reminder)
    return hours if own is None else replace(hours, nation=own.nation)


def _organisation_of_lead(session: Session, reminder: Reminder) -> OrganisationView | None:
    """The organisation as the site has it for whose lead a digest is, or as a whole."""
    whole, (word, _space, team) = organisation(session), reminder.step.partition(" ")
    return whole.for_teams([int(team)]) if whole is not None and word == "site" and team.isdecimal() else whole


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
    if reminder.kind in (MANAGER, ADMINISTRATOR) and reminder.person_id is not None:
        manager = queries.reminder_candidates(session, hours, day, [reminder.person_id])[0]
        sees_everyone = bool(queries.administrators(session, [reminder.person_id]))
        if reminder.kind == ADMINISTRATOR and not sees_everyone:
            return _("They are no longer an administrator.")
        if reminder.kind == MANAGER:
            if reminder.person_id in opted_out_people(session, DIGEST, [reminder.person_id]):
                return _("The weekly summary was stopped.")
            team = queries.managed_people(session, [reminder.person_id]).get(reminder.person_id)
            if team is None:
                return _("They no longer manage a team.")
            # An administrator is told of people who are in nobody's list, too.
            ids = ids if sees_everyone else ids & team
            if not receives_digest(manager, day):
                return _("The manager is away or has another address now.")
        if manager.email != recipient:
            return _("The manager is away or has another address now.")
    elif reminder.kind == LEAD:
        own = _organisation_of_lead(session, reminder)
        lead = own.contacts.get("lead") if own else None
        if lead is None or lead.email != recipient:
            return _("Someone else is the safeguarding lead now.")
    is_as_named = _still_named(session, ids, hours, day) == set(reminder.named)
    return None if is_as_named else _("Someone named in it is no longer overdue.")


def _still_named(session: Session, ids: set[int], hours: SendingHours, day: date) -> set[int]:
    """Those of these people who are overdue, or to be told something in person."""
    candidates = queries.reminder_candidates(session, hours, day, ids) if ids else []
    messages = in_person_messages(session, candidates, hours.zone)
    return {
        one.id
        for one in candidates
        if one.status.overdue_days or any(message.waits for message in messages.get(one.id, ()))
    }


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
