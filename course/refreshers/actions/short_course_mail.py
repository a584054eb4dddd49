"""Boosters and mail about updates: who is due to get them, and queueing them in the outbox."""

from __future__ import annotations

import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import cast

from sqlalchemy import and_, exists, func, select
from sqlalchemy.orm import Session

from course.content.library import Library
from course.content.schema import Setting
from course.content.schema_base import content_digest
from course.credentials.actions import signing_settings
from course.dates import civil_date
from course.learning.actions import NewAttempt, open_attempt
from course.learning.models import Attempt, AttemptOutcome, Completion, Enrolment
from course.learning.queries import is_void
from course.learning.rules.drawing import DrawnQuestion, draw_questions
from course.mail.actions import free_key, schedule_message, suppress_if_reader_changed, suppress_mail
from course.mail.events import BeforeMailSend
from course.mail.models import OutboxMail
from course.mail.queries import opted_out_people
from course.mail.rules import BOOSTER
from course.organisation.models import Organisation
from course.organisation.queries import organisation_of
from course.people.models import Person
from course.people.queries import mail_recipient, newest_pathway
from course.people.rules import first_name, is_undeliverable
from course.recertification import queries as renewal
from course.recertification.models import RenewalImport
from course.recertification.rules import CertificationStatus, Policy, certification_status
from course.recertification.rules.certification_status import NOT_REQUIRED, PAUSED, UP_TO_DATE
from course.recertification.rules.facts import PersonFacts
from course.refreshers import queries
from course.refreshers.actions.attempts import refresher_under_way
from course.refreshers.actions.booster_questions import booster_bank
from course.refreshers.actions.composition import person_memory_estimates, update_for
from course.refreshers.models import RefresherPart
from course.refreshers.queries import CertifiedLearner
from course.refreshers.rules.boosters import (
    MAX_WAIT_FOR_MAIL,
    SentBooster,
    interval_allows_booster,
    is_booster_due,
    weakest_points,
)
from course.refreshers.rules.eligibility import would_renew
from course.refreshers.rules.memory_model import memory_estimates
from course.refreshers.rules.messages import BoosterMessage, UpdateMessage
from course.refreshers.rules.updates import Update, brought_on, update_mail_step
from course.reminders.actions import forget_untold, note_in_person
from course.reminders.queries import hours_by_nation, sending_hours
from course.reminders.rules.in_person import BOOSTER as NOTICE_OF_BOOSTER
from course.reminders.rules.in_person import UPDATE as NOTICE_OF_UPDATE
from course.reminders.rules.in_person import Notice
from course.signed_links import BoosterLink, MailChoiceLink, sign_link
from course.translation import lazy_gettext as _


def boosters_due(session: Session, library: Library, zone: str, on: date) -> list[CertifiedLearner]:
    """The people who are due to be sent a booster on that day: their certification status is up to date, the intervals
    allow it, and they have not opted out."""
    opted_out = opted_out_people(session, BOOSTER)
    candidates = [
        one
        for one in queries.certified_learners(session)
        if one.person_id not in opted_out and interval_allows_booster(*_booster_history(one, zone), on)
    ]
    policies = renewal.policies(session, zone)
    if not candidates or not policies:
        return []
    facts = {one.id: one.facts for one in renewal.people(session, zone, [one.person_id for one in candidates])}
    at = datetime.combine(on, time(12), UTC)
    return [
        one
        for one in candidates
        if certification_status(facts[one.person_id], policies, on).state == UP_TO_DATE
        and is_booster_due(
            *_booster_history(one, zone), person_memory_estimates(session, library, one.person_id, at), on
        )
    ]


def _booster_history(learner: CertifiedLearner, zone: str) -> tuple[date, list[SentBooster]]:
    """The day of the completion and the boosters sent since, as the rules take them."""
    return civil_date(learner.completed_at, zone), [
        SentBooster(civil_date(at, zone), answered) for at, answered in learner.boosters
    ]


def queue_booster(session: Session, library: Library, learner: CertifiedLearner, zone: str, at: datetime) -> bool:
    """Draw the five questions, of those that fit the learner's pathway, and queue the mail with their link in the outbox,
    to be sent in working hours. Without an address it is noted that somebody tells them, and they begin the questions
    themselves. Returns False if another process was quicker, or if the mail would have to wait for long: it is for a later
    day."""
    if learner.email is None or not learner.takes_mail:
        key = f"booster:{learner.person_id}:{learner.enrolment_id}:{len(learner.boosters) + 1}"
        return note_in_person(session, Notice(key, learner.person_id, NOTICE_OF_BOOSTER, (), None, at))
    hours = sending_hours(session, zone, learner.person_id)
    send_at = hours.next_sending_time(at) if hours else at
    if send_at - at > MAX_WAIT_FOR_MAIL:
        return False
    library = library.for_(learner.pathway, library.nation)
    seed = secrets.randbelow(2**31)
    drawn = draw_for_booster(session, library, learner.person_id, at, seed)
    number = len(learner.boosters) + 1
    new_attempt = NewAttempt(learner.enrolment_id, "booster", "course", number, seed)
    attempt_id = open_attempt(session, library, new_attempt, drawn, at)
    if attempt_id is None:
        return False
    message = _booster_message(session, learner, attempt_id)
    recipient = mail_recipient(session, learner.email)
    # SQLite gives the number of an erased attempt again while its mail may be kept: the moment tells them apart.
    return schedule_message(session, f"booster:{attempt_id}:{at.isoformat()}", recipient, message, at, send_at)


def recheck_booster(session: Session, leaving: BeforeMailSend) -> None:
    """Check a booster before its mail leaves, which has waited for working hours or for the mail server: its link opens
    questions without a password."""
    kind, number = [*leaving.key.split(":", 2), ""][:2]  # those of earlier versions end with the number
    if kind != "booster" or not number.isdecimal():
        return
    person = session.execute(
        select(Person.id, Person.email, Person.left_at)
        .join(Enrolment, Enrolment.person_id == Person.id)
        .join(Attempt, Attempt.enrolment_id == Enrolment.id)
        .where(Attempt.id == int(number))
    ).one_or_none()
    if person is None or suppress_if_reader_changed(session, leaving, person.email, person.left_at):
        return
    if opted_out_people(session, BOOSTER, [person.id]):
        reason = _("They stopped it with the link in the e-mail. They can start it again with the same link.")
        suppress_mail(session, leaving.key, reason, leaving.at)


def recheck_update(session: Session, leaving: BeforeMailSend) -> None:
    """Check a mail about an update before it leaves, which has waited for working hours or for the mail server."""
    kind, _colon, rest = leaving.key.partition(":")
    number = rest.partition(":")[0]
    if kind != "update" or not number.isdecimal():
        return
    row = session.execute(select(Person.email, Person.left_at).where(Person.id == int(number))).one_or_none()
    if row is None or suppress_if_reader_changed(session, leaving, row.email, row.left_at):
        return
    reason = _why_not_asked_now(session, int(number), leaving)
    if reason is None and _has_newer_mail(session, leaving, f"update:{number}:"):
        reason = _("The due day has moved, or a later step has taken its place.")
    if reason is not None:
        suppress_mail(session, leaving.key, reason, leaving.at)
    elif isinstance(leaving.taught, Library) and not _is_still_open(session, leaving.taught, int(number), leaving):
        suppress_mail(session, leaving.key, _("The change to the course was undone or changed again."), leaving.at)
        free_key(session, leaving.key)


def _is_still_open(session: Session, library: Library, person_id: int, leaving: BeforeMailSend) -> bool:
    """Whether what a mail about an update says has changed is what is open for the person now: a change may have been taken back,
    or corrected, since it was queued."""
    usual = select(Organisation.pathway).limit(1).scalar_subquery()
    rows = select(func.coalesce(newest_pathway(Person.__table__.c.id), usual)).where(Person.id == person_id)
    pathway, ours = cast("Setting | None", session.execute(rows).scalar()), organisation_of(session, person_id)
    (person,) = renewal.people(session, leaving.zone, [person_id])
    course = library.for_(pathway, ours.nation if ours else None)
    policies = renewal.policies(session, leaving.zone)
    update = _open_update(session, course, person, policies, leaving.zone, civil_date(leaving.at, leaving.zone))
    return update is not None and leaving.key.startswith(_update_key(person_id, update))


def _has_newer_mail(session: Session, leaving: BeforeMailSend, start: str) -> bool:
    """Whether a mail whose key has the same start, which is about everything that is open now, was queued after this one.
    During a closure, or while the mail server is away, several steps wait and would leave together."""
    own = select(OutboxMail.id).where(OutboxMail.key == leaving.key).scalar_subquery()
    newer = OutboxMail.recipient == leaving.recipient, OutboxMail.id > own, OutboxMail.withheld.is_(None)
    rows = select(OutboxMail.id).where(*newer, OutboxMail.key.startswith(start, autoescape=True))
    return session.execute(rows.limit(1)).first() is not None


def _why_not_asked_now(session: Session, person_id: int, leaving: BeforeMailSend) -> str | None:
    """Why a person is not asked for the update any more since the mail about it was queued; None if they are. What is still
    open of an update that was done in part has a mail of its own."""
    if _has_passed_since_queued(session, person_id, leaving.key):
        return _("They have done it since.")
    policies = renewal.policies(session, leaving.zone)
    (person,) = renewal.people(session, leaving.zone, [person_id])
    status = certification_status(person.facts, policies, civil_date(leaving.at, leaving.zone))
    if status.state == NOT_REQUIRED:
        return _("The course is not required.")
    if status.state == PAUSED:
        return _("There are no reminders during a leave.")
    return None if _leaves_room_for_update(status) else _("The due day has moved, or a later step has taken its place.")


def _has_passed_since_queued(session: Session, person_id: int, key: str) -> bool:
    """Whether the person has passed a refresher or an update with marked changes since the mail with that key was queued."""
    has_changes = exists().where(RefresherPart.enrolment_id == Enrolment.id, RefresherPart.kind == "change")
    rows = (
        select(Attempt.id)
        .join(AttemptOutcome, AttemptOutcome.attempt_id == Attempt.id)
        .join(Enrolment, Enrolment.id == Attempt.enrolment_id)
        .join(OutboxMail, and_(OutboxMail.key == key, OutboxMail.queued_at <= AttemptOutcome.finished_at))
        .where(Enrolment.person_id == person_id, AttemptOutcome.passed, ~is_void(Attempt.id), has_changes)
    )
    return session.execute(rows.limit(1)).first() is not None


def _leaves_room_for_update(status: CertificationStatus) -> bool:
    """Whether changes are learnt in an update now: with the renewal window everything new belongs to the refresher."""
    return status.state == UP_TO_DATE and status.window_opens is not None and status.on < status.window_opens


def draw_for_booster(
    session: Session, library: Library, person_id: int, at: datetime, seed: int
) -> list[DrawnQuestion]:
    """Draw the five questions of a booster for a person, from the bank of the library and from what its pages ask about
    themselves."""
    bank = booster_bank(session, library, person_id, at)
    estimate = memory_estimates(bank.memory, library.taught_points, at)
    counts = [(point, 1) for point in weakest_points(estimate, library.taught_points, bank.missed)]
    return draw_questions(counts, bank.questions, bank.history, seed)


def _booster_message(session: Session, learner: CertifiedLearner, attempt_id: int) -> BoosterMessage:
    """The mail with the five questions of an attempt."""
    secret, own_organisation = signing_settings(session).secret, organisation_of(session, learner.person_id)
    return BoosterMessage(
        choice_token=sign_link(MailChoiceLink(learner.person_id, BOOSTER), secret),
        name=first_name(learner.name),
        organisation=own_organisation.name if own_organisation else "",
        token=sign_link(BoosterLink(attempt_id, learner.person_id), secret),
    )


@dataclass(frozen=True)
class CertificateHolder:
    """A current member of staff who holds a certificate from elsewhere and completed nothing here, with their pathway."""

    person_id: int
    name: str
    email: str | None
    pathway: Setting | None

    @property
    def takes_mail(self) -> bool:
        """Whether the person has an address that mail can be sent to."""
        return not is_undeliverable(self.email)


@dataclass(frozen=True)
class DueUpdateMail:
    """A mail about an update that is due: to whom, about which update, and which of its mails."""

    person: CertifiedLearner | CertificateHolder
    update: Update
    mail_step: str

    @property
    def key(self) -> str:
        """The key of the mail in the outbox. It prevents the same mail about the same changes from being queued twice."""
        return _update_key(self.person.person_id, self.update) + self.mail_step


def _update_key(person_id: int, update: Update) -> str:
    """The beginning of the keys of all mails to a person about these changes."""
    return f"update:{person_id}:{content_digest(sorted(one.version for one in update.changes))}:"


def updates_due(session: Session, library: Library, zone: str, on: date) -> list[DueUpdateMail]:
    """The mails about open updates that are due on that day: to people whose certification status is up to date and whose
    renewal window is not open, so that they have no refresher to do instead."""
    policies = renewal.policies(session, zone)
    if not any(marked.change.update_days for marked in library.changes) or not policies:
        return []
    people: list[CertifiedLearner | CertificateHolder] = [*queries.certified_learners(session)]
    people += _holders_from_elsewhere(session)
    dated = {one.id: one for one in renewal.people(session, zone, [one.person_id for one in people])}
    usual = sending_hours(session, zone)
    nations = hours_by_nation(session, usual) if usual else None
    due = []
    for learner in people:
        own = dated[learner.person_id]
        if not _leaves_room_for_update(certification_status(own.facts, policies, on)):
            continue
        # As on their pages: what changed may be what another nation reads.
        course = library.for_(learner.pathway, nations.of(learner.person_id).nation if nations else None)
        update = _open_update(session, course, own, policies, zone, on)
        if update is not None:
            due.append(DueUpdateMail(learner, update, update_mail_step(update, on)))
    return due


def _open_update(
    session: Session, course: Library, person: PersonFacts, policies: list[Policy], zone: str, on: date
) -> Update | None:
    """The update that is open for a person on that day, without what is in a refresher that is under way. A certificate from
    elsewhere counts for those who completed nothing here."""
    imported_on = brought_on(person.facts.completions)
    update = update_for(session, course, person.id, imported_on, zone)
    if update is not None and would_renew(person.facts, policies, on):
        begun = refresher_under_way(session, person.id, datetime.combine(on, time(12), UTC))
        update = update_for(session, course, person.id, imported_on, zone, begun) if begun else update
    return update


def forget_notices_taken_back(session: Session, due: Collection[DueUpdateMail]) -> None:
    """Nobody need be told in person any more of changes that are not open for them; `due` are the updates that are open. What was
    told stays, and what opens again is noted again."""
    open_now = tuple(_update_key(one.person.person_id, one.update) for one in due)
    forget_untold(session, NOTICE_OF_UPDATE, lambda key: not key.startswith(open_now))


def _holders_from_elsewhere(session: Session) -> list[CertificateHolder]:
    """Those who completed nothing here and have a certificate from elsewhere. One query."""
    usual = select(Organisation.pathway).limit(1).scalar_subquery()
    pathway = func.coalesce(newest_pathway(Person.__table__.c.id), usual)
    completed = (
        exists().where(Completion.enrolment_id == Enrolment.id, Enrolment.person_id == Person.id).correlate(Person)
    )
    brought = exists().where(RenewalImport.person_id == Person.id, RenewalImport.withdrawn.is_(None))
    rows = session.execute(
        select(Person.id, Person.name, Person.email, pathway)
        .where(Person.left_at.is_(None), brought, ~completed)
        .order_by(Person.id)
    )
    return [CertificateHolder(row[0], row[1], row[2], cast("Setting | None", row[3])) for row in rows]


def queue_update_mail(session: Session, due: DueUpdateMail, message: UpdateMessage, zone: str, at: datetime) -> bool:
    """Queue the mail in the outbox, to be sent in working hours; without an address it is noted that somebody tells the
    person. Returns False if it was queued or noted already."""
    person = due.person
    if person.email is None or not person.takes_mail:
        notice = Notice(due.key, person.person_id, NOTICE_OF_UPDATE, message.changes, message.due, at)
        return note_in_person(session, notice)
    hours = sending_hours(session, zone, person.person_id)
    recipient, leaves = mail_recipient(session, person.email), hours.next_sending_time(at) if hours else at
    return schedule_message(session, due.key, recipient, message, at, leaves)
