"""How long what is kept about somebody stays after they have left, and when each kind of it goes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from course.dates import add_months

# What goes together. Notes go as soon as somebody has left, `spare` at the request of somebody who works here; the
# others when their time by the schedule has run out.
ErasureStage = Literal["spare", "notes", "learning", "mail", "sign_in", "proof"]
STAGE_TITLES: dict[ErasureStage, str] = {
    "spare": "What nobody needs any more",
    "notes": "Private notes",
    "learning": "Details of the learning",
    "mail": "Mail and addresses",
    "sign_in": "Traces of signing in",
    "proof": "Proof of training",
}
STAGE_CONTENTS: dict[ErasureStage, str] = {
    "spare": "links that no longer work, calendar feeds that ended, and how somebody asked to join",
    "notes": "what somebody wrote for themselves alone",
    "learning": "pages read, answers and how sure, decisions in scenarios, and reasons that were written down",
    "mail": "mails, reminders, the e-mail address, and earlier ones",
    "sign_in": "links for signing in, the password, and calendar feeds",
    "proof": "name, staff number, completions and certificates, with the dates that they rest on",
}
# What a request erases as soon as somebody has left, whatever the schedule says.
REQUEST_STAGES: tuple[ErasureStage, ...] = ("notes", "learning", "mail", "sign_in")
LEAVER_STAGES: tuple[ErasureStage, ...] = (*REQUEST_STAGES, "proof")


@dataclass(frozen=True)
class RetentionSettings:
    """One version of the schedule: how long each kind is kept after the last day, and who answers questions about data.

    The defaults are proposals; nobody has said that any law asks for them. ValueError if the numbers make no sense.
    """

    learning_months: int = 12
    proof_months: int = 72
    mail_months: int = 12
    sign_in_days: int = 90
    contact_name: str = ""
    contact_email: str = ""

    def __post_init__(self) -> None:
        if min(self.learning_months, self.proof_months, self.mail_months, self.sign_in_days) < 1:
            raise ValueError("Everything is kept for a while: somebody may have been written down as gone by mistake.")
        if self.proof_months < max(self.learning_months, self.mail_months):
            raise ValueError("Proof of training is kept at least as long as the rest: the name goes with it.")

    def last_day(self, stage: ErasureStage, left: date) -> date:
        """The last day on which something is kept of somebody whose last day here was `left`."""
        if stage == "notes":
            return left
        if stage == "sign_in":
            return left + timedelta(days=self.sign_in_days)
        months = {"learning": self.learning_months, "mail": self.mail_months, "proof": self.proof_months}
        return add_months(left, months[stage])

    def words(self, stage: ErasureStage) -> str:
        """How long something is kept after somebody has left."""
        if stage == "notes":
            return "not at all"
        if stage == "sign_in":
            return f"{self.sign_in_days} day{'' if self.sign_in_days == 1 else 's'}"
        months = {"learning": self.learning_months, "mail": self.mail_months, "proof": self.proof_months}
        return _format_months(months[stage])


def _format_months(months: int) -> str:
    count, unit = (months // 12, "year") if months % 12 == 0 else (months, "month")
    return f"{count} {unit}{'' if count == 1 else 's'}"


def is_due(schedule: RetentionSettings | None, stage: ErasureStage, left: date, today: date) -> bool:
    """Whether the time of something has run out, of a person whose last day here was `left`.

    Without a schedule that somebody has set nothing goes by itself but private notes.
    """
    if stage == "notes":
        return True
    return schedule is not None and today > schedule.last_day(stage, left)


def latest_leaving_day(schedule: RetentionSettings | None, stage: ErasureStage, today: date) -> date | None:
    """No one who left after this day has anything of the stage to lose by the schedule; None: nobody at all.

    Months differ in length, so this only narrows the search; `due` decides.
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
    """What somebody is called whose name is not kept any more."""
    return f"Person {person_id}"
