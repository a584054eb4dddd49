"""What was done about each person who was overdue on the day of a pack: mails and what became of them, extensions,
and the talks of their teams."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from course.analytics.rules.discussions import covering_groups
from course.evidence.rules.tables import PackDiscussion, PackExtension, PackPerson, PackTable
from course.recertification.rules.civil_dates import long_date
from course.text import sort_key

OVERDUE = "overdue"
# A pack tells what was done in the year before its day, or from so long before the due day on, whichever is earlier.
PERIOD, BEFORE_DUE = timedelta(days=365), timedelta(days=90)
MailKind = Literal["learner", "asked", "manager", "administrator", "lead"]
Outcome = Literal["sent", "came-back", "waiting", "not-sent", "failed", "unknown", "not-kept"]
_OUTCOME_TEXTS: dict[Outcome, str] = {
    "sent": "Sent",
    "came-back": "Came back undelivered",
    "waiting": "Was waiting to be sent",
    "not-sent": "Not sent: it was withdrawn, or no longer needed",
    "failed": "Could not be sent",
    "unknown": "May not have been sent: the program stopped meanwhile",
    "not-kept": "The mail is not kept any more",
}
# The same with the day that goes with them, if it is known.
_DATED_TEXTS: dict[Outcome, str] = {
    "sent": "Sent on {day}",
    "came-back": "Came back undelivered on {day}",
    "not-sent": "Not sent: since {day} it was withdrawn, or no longer needed",
    "failed": "Could not be sent: given up on {day}",
    "unknown": "May not have been sent: the program had stopped meanwhile, as was found on {day}",
}


@dataclass(frozen=True)
class MailFate:
    """What became of a mail. `waits`, `is_withheld` and `is_claimed` (by a sender that may have stopped) are as of today.

    `given_up_at` is when the program last stopped trying to send it, and `resumed_at` when it was last made to wait again
    after that; `given_up_at` is None for a mail that was never given up, and for one of a program that did not record it.
    """

    sent_at: datetime | None
    bounced_at: datetime | None
    waits: bool
    is_withheld: bool
    is_claimed: bool
    given_up_at: datetime | None = None
    resumed_at: datetime | None = None

    def outcome_at(self, at: datetime) -> tuple[Outcome, datetime | None]:
        """The outcome as it was known at a moment, and when a mail was sent, came back or was given up."""
        if self.bounced_at is not None and self.bounced_at <= at:
            return "came-back", self.bounced_at
        if self.sent_at is not None and self.sent_at <= at:
            return "sent", self.sent_at
        if self.given_up_at is not None:
            return ("waiting", None) if self._waited_at(at, self.given_up_at) else (self._end, self.given_up_at)
        return ("waiting" if self.waits or self.sent_at is not None else self._end), None

    def _waited_at(self, at: datetime, given_up_at: datetime) -> bool:
        """Whether the mail was not given up yet at a moment, or waited again."""
        return at < given_up_at or (self.resumed_at is not None and given_up_at <= self.resumed_at <= at)

    @property
    def _end(self) -> Outcome:
        """Why the program stopped trying."""
        if self.is_withheld:
            return "not-sent"
        return "unknown" if self.is_claimed else "failed"


@dataclass(frozen=True)
class MailAbout:
    """A mail about overdue training that left, or was to leave, on `day`.

    To a learner (kind learner: sent by the program; asked: somebody asked for it, with `reason`), or to a manager or the
    safeguarding lead about others (manager, lead). `about` are the ids of those whom it is about, `recipient` is the name
    of the manager, `requested_by` that of whoever asked. `outcome_day` is the day of the outcome; None where a mail
    waited, or where its day was not recorded.
    """

    kind: MailKind
    about: Collection[int]
    day: date
    recipient: str
    requested_by: str
    reason: str
    outcome: Outcome
    outcome_day: date | None

    @property
    def outcome_text(self) -> str:
        if self.outcome_day is None or self.outcome not in _DATED_TEXTS:
            return _OUTCOME_TEXTS[self.outcome]
        return _DATED_TEXTS[self.outcome].format(day=long_date(self.outcome_day))


@dataclass(frozen=True)
class ToldAbout:
    """A person without an e-mail address was reminded in person on a day, by somebody (by name); `what` says of what."""

    person_id: int
    day: date
    told_by: str
    what: str


@dataclass(frozen=True)
class OverdueAction:
    """Something that was done about an overdue person. `code` is a plain value: reminder, in-person, manager, escalation,
    extension or talk; `outcome_code` is an Outcome for a mail, and empty otherwise."""

    day: date
    code: str
    what: str
    detail: str
    outcome: str
    outcome_code: Outcome | Literal[""] = ""


@dataclass(frozen=True)
class OverduePersonActions:
    """An overdue person, and what was done about them, oldest first."""

    person: PackPerson
    actions: tuple[OverdueAction, ...]


_MAIL_CODES: dict[MailKind, str] = {
    "learner": "reminder", "asked": "reminder", "manager": "manager", "administrator": "manager", "lead": "escalation",
}  # fmt: skip


def overdue_people(people: Iterable[PackPerson]) -> list[PackPerson]:
    """The people who were overdue on the day, in their order."""
    return [person for person in people if person.line.group == OVERDUE]


def first_day_told(person: PackPerson) -> date:
    """The first day of which a pack tells what was done about a person."""
    on = person.line.on
    return min(on - PERIOD, (person.line.due or on) - BEFORE_DUE)


def actions_about(
    people: Sequence[PackPerson],
    mails: Iterable[MailAbout],
    extensions: Iterable[PackExtension],
    discussions: Sequence[PackDiscussion],
    team_parents: Mapping[int, int | None],
    told: Iterable[ToldAbout] = (),
) -> list[OverduePersonActions]:
    """What was done about these overdue people. `discussions` are those known on the day, of whatever team of the pack;
    one counts for the people of its team and of the teams below it. `told` are the reminders in person that count."""
    found: dict[int, list[OverdueAction]] = defaultdict(list)
    by_person: dict[int, list[MailAbout]] = defaultdict(list)
    for mail in mails:
        for person_id in mail.about:
            by_person[person_id].append(mail)
    for person_id, about_person in by_person.items():
        found[person_id] += _mail_actions(about_person)
    for one in told:
        what = f"Reminded in person by {one.told_by}" if one.told_by else "Reminded in person"
        found[one.person_id].append(OverdueAction(one.day, "in-person", what, one.what, "Recorded as told"))
    for extension in extensions:
        found[extension.person_id].append(_extension_action(extension))
    result = []
    for person in people:
        groups = frozenset[int]().union(*(covering_groups(team, team_parents) for team in person.line.teams))
        talks = [_talk_action(discussion) for discussion in discussions if discussion.team_id in groups]
        first_day = first_day_told(person)
        actions = [action for action in found[person.line.id] + talks if first_day <= action.day <= person.line.on]
        result.append(OverduePersonActions(person, tuple(sorted(actions, key=lambda action: action.day))))
    return result


def _mail_actions(mails: Iterable[MailAbout]) -> list[OverdueAction]:
    """The mails about one person, those to several managers of one day with one outcome as one action."""
    alike: dict[tuple[object, ...], list[MailAbout]] = {}
    for mail in mails:
        own = (
            len(alike) if mail.kind not in ("manager", "administrator") else None
        )  # of other mails each stands for itself
        alike.setdefault((mail.day, mail.kind, mail.outcome_text, own), []).append(mail)
    return [
        OverdueAction(
            group[0].day,
            _MAIL_CODES[group[0].kind],
            _what(group),
            group[0].reason,
            group[0].outcome_text,
            group[0].outcome,
        )
        for group in alike.values()
    ]


def _what(mails: Sequence[MailAbout]) -> str:
    """What mails of one kind and day were."""
    kind, requested_by = mails[0].kind, mails[0].requested_by
    if kind in ("manager", "administrator"):
        names = sorted({mail.recipient for mail in mails if mail.recipient}, key=sort_key)
        return f"Named in the list to {', '.join(names) or ('a manager' if kind == 'manager' else 'an administrator')}"
    if kind == "lead":
        return "Escalated: named in the list to the safeguarding lead"
    if kind == "asked":
        return f"Reminder, requested by {requested_by}" if requested_by else "Reminder, requested by a manager"
    return "Reminder"


def _extension_action(extension: PackExtension) -> OverdueAction:
    outcome = f"Withdrawn on {long_date(extension.withdrawn)}" if extension.withdrawn else ""
    by = f" by {extension.granted_by}" if extension.granted_by else ""
    return OverdueAction(
        extension.recorded,
        "extension",
        f"Extension until {long_date(extension.until)}, given{by}",
        extension.reason,
        outcome,
    )


def _talk_action(discussion: PackDiscussion) -> OverdueAction:
    return OverdueAction(
        discussion.day, "talk", f"Team talk: {discussion.title}", discussion.agreed,
        f"{discussion.team}, {discussion.people} people",
    )  # fmt: skip


@dataclass(frozen=True)
class ActionGroup:
    """Actions about one person that differ only in their day: `days`, oldest first."""

    days: tuple[date, ...]
    what: str
    detail: str
    outcome: str


def grouped_actions(actions: Iterable[OverdueAction]) -> list[ActionGroup]:
    """The actions about a person with alike ones together, in the order of the first of each."""
    alike: dict[tuple[str, str, str], list[date]] = {}
    for action in actions:
        outcome = _OUTCOME_TEXTS[action.outcome_code] if action.outcome_code else action.outcome
        alike.setdefault((action.what, action.detail, outcome), []).append(action.day)
    return [ActionGroup(tuple(days), *words) for words, days in alike.items()]


def days_text(days: Iterable[date]) -> str:
    """Days in words, those of one month together: 5, 12 and 19 October 2026; 2 November 2026."""
    months: dict[str, list[str]] = {}
    for day in days:
        number, _, month = str(long_date(day)).partition(" ")
        months.setdefault(month, []).append(number)
    return "; ".join(
        f"{', '.join(numbers[:-1])} and {numbers[-1]} {month}" if len(numbers) > 1 else f"{numbers[0]} {month}"
        for month, numbers in months.items()
    )


def actions_table(overdue: Iterable[OverduePersonActions]) -> PackTable:
    """A row for each thing that was done, and one for a person about whom nothing is on record."""
    headings: list[object] = [
        "Person", "E-mail", "Team", "Due", "Days overdue", "Day", "Action code", "What was done", "Reason, or what was agreed",
        "Outcome code", "Outcome",
    ]  # fmt: skip
    rows: PackTable = [headings]
    for one in overdue:
        line = one.person.line
        person_cells: list[object] = [line.name, line.email, one.person.teams, line.due, line.overdue_days]
        rows += [
            [*person_cells, action.day, action.code, action.what, action.detail, action.outcome_code, action.outcome]
            for action in one.actions
        ] or [[*person_cells, "", "nothing", "Nothing is on record", "", "", ""]]
    return rows
