"""What the reminders say."""

from __future__ import annotations

from typing import Any

from course.mail import preference_links
from course.mail.message_templates import render_message
from course.mail.rules import DIGEST, MailMessage
from course.recertification.rules.civil_dates import long_date, pluralise
from course.recertification.rules.facts import REFRESHER
from course.reminders.actions import PlannedReminder
from course.reminders.queries import LEAD, REQUESTED, ReminderCandidate

REFRESHER_SHARE = 4  # a refresher takes about a quarter of the course


def reminder_message(
    one: PlannedReminder, course: str, minutes: float, organisation: str, address: str, secret: str, by: str = ""
) -> MailMessage:
    """The letter for a reminder. `minutes` is the time that the whole course takes, `address` that of the course,
    `by` the name of who asked for it."""
    if isinstance(one.about, ReminderCandidate):
        asked = (by, one.reason) if one.kind == REQUESTED else None
        return _learner_message(one.about, asked, course, minutes, organisation, address)
    common: dict[str, Any] = {"name": one.name, "digest": one.about, "course": course, "organisation": organisation}
    late = len(one.about.overdue)
    if one.kind == LEAD:
        subject = f"{pluralise(late, 'person').replace('persons', 'people')} long overdue with safeguarding training"
        return render_message("summary_lead.txt", subject, **common)
    counts = ((late, "overdue"), (one.about.soon, f"due {one.about.coming}"))
    subject = "Your teams: " + ", ".join(f"{number} {label}" for number, label in counts if number)
    stop = f"{address}/mail/choice/{preference_links.preference_token(secret, one.person_id or 0, DIGEST)}"
    return render_message(
        "summary_manager.txt",
        subject,
        preference_links.unsubscribe_headers(stop),
        **common,
        link=f"{address}/report",
        stop=stop,
    )


def _learner_message(
    one: ReminderCandidate, asked: tuple[str, str] | None, course: str, minutes: float, organisation: str, address: str
) -> MailMessage:
    now = one.standing
    if now.due is None:
        raise ValueError("there is nothing to remind of without a due day")
    again = now.course == REFRESHER
    day = long_date(now.due)
    if now.overdue_days:
        subject = f"Your safeguarding {'refresher' if again else 'training'} was due on {day}"
    else:
        subject = f"Your safeguarding {'refresher' if again else 'training'}: please finish it by {day}"
    # The number of days may have changed when the mail is read; the date does not.
    because = now.because.replace(f"Overdue by {pluralise(now.overdue_days, 'day')}.", "").strip()
    return render_message(
        "reminder.txt", subject, name=one.name, asked=asked, late=bool(now.overdue_days), again=again, day=day, because=because,
        minutes=minutes / REFRESHER_SHARE if again else minutes, begun=now.started is not None, active=one.active,
        link=f"{address}/", forgotten=f"{address}/forgotten", organisation=organisation, course=course,
    )  # fmt: skip
