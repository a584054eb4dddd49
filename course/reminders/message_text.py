"""The messages of reminders and digests."""

from __future__ import annotations

from typing import Any

from course.mail.message_templates import render_message, unsubscribe_headers
from course.mail.rules import DIGEST, MailMessage
from course.recertification.rules.civil_dates import long_date, pluralise
from course.recertification.rules.facts import REFRESHER
from course.reminders.actions import PlannedReminder
from course.reminders.queries import LEAD, REQUESTED, ReminderCandidate
from course.signed_links import MailChoiceLink, sign_link

REFRESHER_SHARE = 4  # the refresher takes about 1/4 of the time of the whole course


def reminder_message(
    planned: PlannedReminder,
    course: str,
    minutes: float,
    organisation: str,
    base_url: str,
    secret: str,
    requested_by: str = "",
) -> MailMessage:
    """The message of a reminder.

    `minutes` is the duration of the whole course, `base_url` the URL of the course, `requested_by` the name of the
    person who asked for the reminder.
    """
    if isinstance(planned.subject, ReminderCandidate):
        request = (requested_by, planned.reason) if planned.kind == REQUESTED else None
        return _learner_message(planned.subject, request, course, minutes, organisation, base_url)
    common: dict[str, Any] = {
        "name": planned.name,
        "digest": planned.subject,
        "course": course,
        "organisation": organisation,
    }
    overdue_count = len(planned.subject.overdue)
    if planned.kind == LEAD:
        subject = (
            f"{pluralise(overdue_count, 'person').replace('persons', 'people')} long overdue with safeguarding training"
        )
        return render_message("summary_lead.txt", subject, **common)
    counts = ((overdue_count, "overdue"), (planned.subject.due_soon, f"due {planned.subject.due_soon_period}"))
    subject = "Your teams: " + ", ".join(f"{number} {label}" for number, label in counts if number)
    unsubscribe_url = f"{base_url}/mail/choice/{sign_link(MailChoiceLink(planned.person_id or 0, DIGEST), secret)}"
    return render_message(
        "summary_manager.txt",
        subject,
        unsubscribe_headers(unsubscribe_url),
        **common,
        link=f"{base_url}/report",
        stop=unsubscribe_url,
    )


def _learner_message(
    candidate: ReminderCandidate,
    request: tuple[str, str] | None,
    course: str,
    minutes: float,
    organisation: str,
    base_url: str,
) -> MailMessage:
    status = candidate.status
    if status.due is None:
        raise ValueError("there is nothing to remind of without a due day")
    is_refresher = status.course == REFRESHER
    day = long_date(status.due)
    if status.overdue_days:
        subject = f"Your safeguarding {'refresher' if is_refresher else 'training'} was due on {day}"
    else:
        subject = f"Your safeguarding {'refresher' if is_refresher else 'training'}: please finish it by {day}"
    # By the time the mail is read the number of days may have changed; the date has not.
    explanation = status.because.replace(f"Overdue by {pluralise(status.overdue_days, 'day')}.", "").strip()
    return render_message(
        "reminder.txt",
        subject,
        name=candidate.name,
        asked=request,
        late=bool(status.overdue_days),
        again=is_refresher,
        day=day,
        because=explanation,
        minutes=minutes / REFRESHER_SHARE if is_refresher else minutes,
        begun=status.started is not None,
        active=candidate.has_password,
        link=f"{base_url}/",
        forgotten=f"{base_url}/forgotten",
        organisation=organisation,
        course=course,
    )
