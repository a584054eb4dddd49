"""What the reminders say."""

from __future__ import annotations

from typing import Any

from course.mail import preference_links
from course.mail.message_templates import letter
from course.mail.rules import DIGEST, Letter
from course.recertification.rules.civil_dates import count, words
from course.recertification.rules.facts import REFRESHER
from course.reminders.actions import Wanted
from course.reminders.queries import ASKED, LEAD, Somebody

REFRESHER_SHARE = 4  # a refresher takes about a quarter of the course


def write(
    one: Wanted, course: str, minutes: float, organisation: str, address: str, secret: str, by: str = ""
) -> Letter:
    """The letter for a reminder. `minutes` is the time that the whole course takes, `address` that of the course,
    `by` the name of who asked for it."""
    if isinstance(one.about, Somebody):
        asked = (by, one.reason) if one.kind == ASKED else None
        return _learner(one.about, asked, course, minutes, organisation, address)
    common: dict[str, Any] = {"name": one.name, "digest": one.about, "course": course, "organisation": organisation}
    late = len(one.about.overdue)
    if one.kind == LEAD:
        subject = f"{count(late, 'person').replace('persons', 'people')} long overdue with safeguarding training"
        return letter("summary_lead.txt", subject, **common)
    counts = ((late, "overdue"), (one.about.soon, f"due {one.about.coming}"))
    subject = "Your teams: " + ", ".join(f"{number} {label}" for number, label in counts if number)
    stop = f"{address}/mail/choice/{preference_links.token(secret, one.person_id or 0, DIGEST)}"
    return letter(
        "summary_manager.txt",
        subject,
        preference_links.unsubscribe_headers(stop),
        **common,
        link=f"{address}/report",
        stop=stop,
    )


def _learner(
    one: Somebody, asked: tuple[str, str] | None, course: str, minutes: float, organisation: str, address: str
) -> Letter:
    now = one.standing
    if now.due is None:
        raise ValueError("there is nothing to remind of without a due day")
    again = now.course == REFRESHER
    day = words(now.due)
    if now.overdue_days:
        subject = f"Your safeguarding {'refresher' if again else 'training'} was due on {day}"
    else:
        subject = f"Your safeguarding {'refresher' if again else 'training'}: please finish it by {day}"
    # The number of days may have changed when the mail is read; the date does not.
    because = now.because.replace(f"Overdue by {count(now.overdue_days, 'day')}.", "").strip()
    return letter(
        "reminder.txt", subject, name=one.name, asked=asked, late=bool(now.overdue_days), again=again, day=day, because=because,
        minutes=minutes / REFRESHER_SHARE if again else minutes, begun=now.started is not None, active=one.active,
        link=f"{address}/", forgotten=f"{address}/forgotten", organisation=organisation, course=course,
    )  # fmt: skip
