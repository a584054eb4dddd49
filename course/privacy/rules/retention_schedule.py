"""The retention schedule: how long each kind of personal data is kept after a person has left."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from course.dates import add_months
from course.translation import lazy_gettext as _
from course.translation import lazy_ngettext

# Kinds of data that are erased together. Notes are erased as soon as a person has left; `spare` at the request of a
# person who works here; the others when their retention time by the schedule is over.
ErasureStage = Literal["spare", "notes", "learning", "mail", "sign_in", "proof"]
STAGE_TITLES: dict[ErasureStage, str] = {
    "spare": _("Data no longer needed"),
    "notes": _("Private notes"),
    "learning": _("Details of the learning"),
    "mail": _("Mail and addresses"),
    "sign_in": _("Sign-in data"),
    "proof": _("Proof of training"),
}
STAGE_CONTENTS: dict[ErasureStage, str] = {
    "spare": _("links that no longer work, calendar feeds that ended, and how a person asked to join"),
    "notes": _("what a person wrote only for themselves"),
    "learning": _("pages read, answers and how sure, decisions in scenarios, and recorded reasons"),
    "mail": _("mails, reminders, the e-mail address, and earlier ones"),
    "sign_in": _("links for signing in, the password, and calendar feeds"),
    "proof": _("name, staff number, completions and certificates, with the dates that they rest on"),
}
# What a request erases once the person has left, whatever the schedule says.
REQUEST_STAGES: tuple[ErasureStage, ...] = ("notes", "learning", "mail", "sign_in")
LEAVER_STAGES: tuple[ErasureStage, ...] = (*REQUEST_STAGES, "proof")


@dataclass(frozen=True)
class RetentionSettings:
    """One version of the retention schedule: how long each kind of data is kept after the last day, and the contact for
    questions about data.

    The defaults are proposals; no law prescribes them. Raises ValueError if the numbers make no sense.
    """

    learning_months: int = 12
    proof_months: int = 72
    mail_months: int = 12
    sign_in_days: int = 90
    contact_name: str = ""
    contact_email: str = ""

    def __post_init__(self) -> None:
        if min(self.learning_months, self.proof_months, self.mail_months, self.sign_in_days) < 1:
            raise ValueError("everything is kept for a while: someone may have been recorded as a leaver by mistake")
        if self.proof_months < max(self.learning_months, self.mail_months):
            raise ValueError("proof of training is kept at least as long as the rest: the name goes with it")

    def last_day(self, stage: ErasureStage, left: date) -> date:
        """The last day on which data of a stage is kept of a person whose last day was `left`."""
        if stage == "notes":
            return left
        if stage == "sign_in":
            return left + timedelta(days=self.sign_in_days)
        months = {"learning": self.learning_months, "mail": self.mail_months, "proof": self.proof_months}
        return add_months(left, months[stage])

    def period_text(self, stage: ErasureStage) -> str:
        """How long data of a stage is kept after a person has left, for display."""
        if stage == "notes":
            return _("not at all")
        if stage == "sign_in":
            return lazy_ngettext("%(num)s day", "%(num)s days", self.sign_in_days)
        months = {"learning": self.learning_months, "mail": self.mail_months, "proof": self.proof_months}
        return _format_months(months[stage])


def _format_months(months: int) -> str:
    if months % 12 == 0:
        return lazy_ngettext("%(num)s year", "%(num)s years", months // 12)
    return lazy_ngettext("%(num)s month", "%(num)s months", months)


def is_due(schedule: RetentionSettings | None, stage: ErasureStage, left: date, today: date) -> bool:
    """Whether the retention time of a stage is over for a person whose last day was `left`.

    Without a schedule nothing but private notes is due.
    """
    if stage == "notes":
        return True
    return schedule is not None and today > schedule.last_day(stage, left)


def latest_leaving_day(schedule: RetentionSettings | None, stage: ErasureStage, today: date) -> date | None:
    """Nobody who left after this day has data of the stage that is due; None: nobody at all.

    Months differ in length, so the day only narrows the search; `is_due` decides.
    """
    if stage == "notes":
        return today
    if schedule is None:
        return None
    if stage == "sign_in":
        return today - timedelta(days=schedule.sign_in_days)
    months = {"learning": schedule.learning_months, "mail": schedule.mail_months, "proof": schedule.proof_months}
    return today - timedelta(days=28 * months[stage])


def erased_name(person_id: int) -> str:
    """The name that replaces an erased one."""
    return _("Person %(person_id)s", person_id=person_id)
