"""What is told in person to people without an e-mail address, instead of a mail. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from course.dates import civil_date
from course.recertification.rules import CertificationStatus
from course.recertification.rules.certification_status import NOT_REQUIRED, PAUSED, UP_TO_DATE
from course.recertification.rules.civil_dates import long_date
from course.recertification.rules.facts import REFRESHER
from course.reminders.rules.escalation import ReminderStep, reminder_key
from course.translation import lazy_gettext as _

# What a person is asked to do, or to know.
COURSE, FINISH, RENEW = "course", "finish", "refresher"
UPDATE, BOOSTER, DEPUTY, NEW_MANAGER = "update", "booster", "deputy", "manager"
# After so long nobody need be told of a booster or a new role any more: the link in a booster works as long.
NOTICE_VALIDITY = timedelta(days=28)
_WORDS = {
    COURSE: _("Do the safeguarding course"),
    FINISH: _("Finish the safeguarding course"),
    RENEW: _("Do the refresher of the safeguarding course"),
    UPDATE: _("Look at what has changed in the course"),
    BOOSTER: _("Answer five short questions about the course, which take two minutes"),
    DEPUTY: _("Stand in for a manager"),
    NEW_MANAGER: _("Manage a team"),
}


@dataclass(frozen=True)
class InPersonRecord:
    """A record that somebody was told: its id, by whom (by name), and when."""

    id: int
    told_by: str
    told_at: datetime


@dataclass(frozen=True)
class InPersonMessage:
    """One thing to tell one person. `key` names it in the record that it was told; `task` is one of those above; `lines` are
    further sentences, `due` is the day by which to do it. `is_due` says that a mail about it would have left by now;
    `overdue_days` is 0 before the due day and after it for what is not the course. `record` says that it was told."""

    key: str
    task: str
    due: date | None = None
    lines: tuple[str, ...] = ()
    is_due: bool = True
    overdue_days: int = 0
    record: InPersonRecord | None = None

    @property
    def waits(self) -> bool:
        """Whether somebody has to say it now."""
        return self.is_due and self.record is None


def message_text(task: str, lines: Iterable[str], due: date | None, told_on: date) -> str:
    """What was told on a day, as one line for records and evidence."""
    text = str(_WORDS[task])
    if due is not None and task not in (DEPUTY, NEW_MANAGER):
        words = ", due on" if due < told_on else " by"  # not translated: what is stored is in English
        text += f"{words} {long_date(due)}"
    return ". ".join([text, *(line.rstrip(".") for line in lines)])


def status_message(
    person_id: int, status: CertificationStatus, step: ReminderStep | None
) -> InPersonMessage | None:  # fmt: skip
    """What to tell about the course or its refresher; None if there is nothing to do. `step` is the reminder step that is
    reached, None if no reminder would have left yet."""
    if status.due is None or status.state in (NOT_REQUIRED, PAUSED, UP_TO_DATE):
        return None
    task = RENEW if status.course == REFRESHER else FINISH if status.started else COURSE
    key = reminder_key(person_id, status, step) if step else f"reminder:{person_id}:{status.cycle}:{status.due}:early"
    return InPersonMessage(key, task, status.due, is_due=step is not None, overdue_days=status.overdue_days)


@dataclass(frozen=True)
class Notice:
    """A stored notice (see models.InPersonNotice)."""

    key: str
    person_id: int
    kind: str
    lines: tuple[str, ...]
    due: date | None
    made_at: datetime


@dataclass(frozen=True)
class NoticeFacts:
    """What has happened to a person since, as far as it overtakes a notice: when they last finished an update, a refresher or
    the course, and when they last began five questions; and the moments at which the roles began that they have now."""

    finished_at: datetime | None = None
    booster_begun_at: datetime | None = None
    roles_since: frozenset[datetime] = frozenset()


def open_notices(
    notices: Iterable[Notice], facts: NoticeFacts, status: CertificationStatus, zone: str
) -> tuple[InPersonMessage, ...]:
    """Which of the notices of one person, oldest first, are still to be told, as of the day of the status.

    The newest of a kind takes the place of the others; of roles each stands for itself. Questions and changes are left out
    while the certificate has to be renewed, as in mails: there the refresher says it all.
    """
    newest: dict[str, Notice] = {}
    for one in notices:
        newest[one.key if one.kind in (DEPUTY, NEW_MANAGER) else one.kind] = one
    return tuple(
        InPersonMessage(one.key, one.kind, one.due, one.lines)
        for one in newest.values()
        if _is_open(one, facts, status, zone)
    )


def _is_open(notice: Notice, facts: NoticeFacts, status: CertificationStatus, zone: str) -> bool:
    is_recent = status.on <= civil_date(notice.made_at, zone) + NOTICE_VALIDITY
    if notice.kind == UPDATE:
        return status.state == UP_TO_DATE and not _is_after(facts.finished_at, notice.made_at)
    if notice.kind == BOOSTER:
        return status.state == UP_TO_DATE and is_recent and not _is_after(facts.booster_begun_at, notice.made_at)
    return is_recent and notice.made_at in facts.roles_since and (notice.due is None or notice.due >= status.on)


def _is_after(moment: datetime | None, other: datetime) -> bool:
    return moment is not None and moment >= other


def with_record(message: InPersonMessage, record: InPersonRecord | None) -> InPersonMessage:
    """The message with the record that it was told."""
    return replace(message, record=record)
