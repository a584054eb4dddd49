"""Which reminders are due, and when each would leave."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from course.dates import civil_date
from course.mail.queries import suppressed_addresses
from course.organisation.queries import organisation
from course.reminders import queries
from course.reminders.queries import LEARNER, REQUESTED, ReminderCandidate, recipient_key
from course.reminders.rules import Digest, HoursOfPeople, SendingHours, reminder_key


@dataclass(frozen=True)
class PlannedReminder:
    """A reminder to be queued, to leave on the day `send_on` and not before `send_at`.

    `subject` is what it is about: the learner's own status, or a digest. `name` is the name in the salutation. `site` is the
    name of the site for whose lead it is, empty for the whole organisation.
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
    site: str = ""


class SendingPlan:
    """When mail that is due at the moment `at` leaves, by nation, and everybody's status on the days on which it does.

    Each reminder is judged as of the day on which it would leave. If `at` is in the past, reminders leave `now` at the earliest.
    Most installations have one such day; where a bank holiday is not one everywhere there are two.
    """

    def __init__(self, session: Session, hours: SendingHours, at: datetime, now: datetime) -> None:
        self.session, self.usual, self.at, self.now = session, hours, at, now
        self.own_hours: HoursOfPeople = queries.hours_by_nation(session, hours)
        self._people: dict[date, dict[int, ReminderCandidate]] = {}

    def leaves(self, hours: SendingHours) -> tuple[datetime, date]:
        """The moment from which a mail may leave, and the day as of which it is judged."""
        send_at = hours.next_sending_time(self.at)
        earliest = send_at if send_at >= self.now else hours.next_sending_time(self.now)
        return earliest, civil_date(send_at, hours.zone)

    def leaves_to(self, person_id: int | None) -> tuple[datetime, date]:
        """The same for a mail to a person."""
        return self.leaves(self.own_hours.of(person_id))

    def days(self) -> dict[date, list[SendingHours]]:
        """The days on which mail of this moment leaves, each with the hours of the nations in which it leaves on that day."""
        found: dict[date, list[SendingHours]] = {}
        for hours in self.own_hours.distinct():
            found.setdefault(self.leaves(hours)[1], []).append(hours)
        return found

    def people_on(self, day: date) -> dict[int, ReminderCandidate]:
        """Everybody as of a day, by id, in the order of names."""
        if day not in self._people:
            found = queries.reminder_candidates(self.session, self.usual, day)
            self._people[day] = {one.id: one for one in found}
        return self._people[day]


def sending_plan(session: Session, zone: str, at: datetime, now: datetime) -> SendingPlan | None:
    """The plan for mail that is due at the moment `at`; None before the set-up."""
    hours = queries.sending_hours(session, zone)
    return None if organisation(session) is None or hours is None else SendingPlan(session, hours, at, now)


def unqueued(session: Session, due: list[PlannedReminder]) -> list[PlannedReminder]:
    """Those of these reminders that were not queued before, and whose recipient takes mail and gets no other one that day."""
    suppressed = suppressed_addresses(session)
    queued = queries.queued_keys(session, [planned.key for planned in due])
    recipients = {day: queries.recipients_queued_on(session, day) for day in {planned.send_on for planned in due}}
    return [
        planned
        for planned in due
        if planned.key not in queued
        and planned.recipient not in suppressed
        and recipient_key(planned.kind, planned.person_id, planned.step) not in recipients[planned.send_on]
        # One reminder a day is enough, whether the course or a person initiated it.
        and (
            planned.kind != LEARNER
            or recipient_key(REQUESTED, planned.person_id, "") not in recipients[planned.send_on]
        )
    ]


def learner_reminders(plan: SendingPlan) -> Iterator[PlannedReminder]:
    """The reminders to learners that are due."""
    for day in sorted(plan.days()):
        for candidate in plan.people_on(day).values():
            step = candidate.reminder.step
            if step is None or candidate.email is None or not candidate.takes_mail:
                continue
            send_at, send_on = plan.leaves_to(candidate.id)
            if send_on == day:
                yield PlannedReminder(
                    reminder_key(candidate.id, candidate.status, step), LEARNER, candidate.id, candidate.name,
                    candidate.email, step.name, candidate.status.due, send_at, send_on, step.reason, candidate,
                )  # fmt: skip
