"""The messages of reminders and digests."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from course.mail.rules import DIGEST, MailMessage
from course.recertification.rules.explanations import explain_status
from course.recertification.rules.facts import REFRESHER
from course.reminders.actions import PlannedReminder
from course.reminders.queries import ADMINISTRATOR, LEAD, REQUESTED, ReminderCandidate
from course.reminders.rules import NameToTell, OverduePerson, UnreachedManager
from course.reminders.rules.in_person import COURSE, FINISH, RENEW
from course.reminders.rules.messages import (
    MAX_NAMED_TO_LEAD,
    MAX_NAMED_TO_MANAGER,
    AdministratorDigestMessage,
    GroupCount,
    LeadDigestMessage,
    ManagerDigestMessage,
    NamedDueDay,
    NamedTask,
    ReminderMessage,
    ReminderRequest,
    WaitingTeams,
)
from course.signed_links import MailChoiceLink, sign_link

_STATUS_TASKS = (COURSE, FINISH, RENEW)
REFRESHER_SHARE = 4  # the refresher takes about 1/4 of the time of the whole course


def reminder_message(
    planned: PlannedReminder,
    minutes: float,
    organisation: str,
    secret: str,
    requested_by: str = "",
    names: Mapping[int, str] | None = None,
) -> MailMessage:
    """The message of a reminder.

    `minutes` is the duration of the course (Library.usual_minutes), `requested_by` the name of the person who asked for the
    reminder, `names` what to call people whose name others have, by person id.
    """
    subject = planned.subject
    if isinstance(subject, ReminderCandidate):
        request = ReminderRequest(requested_by, planned.reason) if planned.kind == REQUESTED else None
        return _learner_message(subject, request, minutes, organisation)
    overdue_count = len(subject.overdue)
    if planned.kind == LEAD:
        return LeadDigestMessage(
            name=planned.name,
            organisation=organisation,
            overdue=_named(subject.overdue[:MAX_NAMED_TO_LEAD], names or {}),
            overdue_count=overdue_count,
            overdue_from=subject.overdue_from,
            site=planned.site,
        )
    to_tell = named_tasks(subject.to_tell[:MAX_NAMED_TO_MANAGER], names or {})
    unreached = waiting_teams(subject.unreached, names or {})
    if planned.kind == ADMINISTRATOR:
        return AdministratorDigestMessage(planned.name, organisation, to_tell, len(subject.to_tell), unreached)
    return ManagerDigestMessage(
        choice_token=sign_link(MailChoiceLink(planned.person_id or 0, DIGEST), secret),
        name=planned.name,
        organisation=organisation,
        person_count=subject.person_count,
        counts=tuple(GroupCount(group, number) for group, number in subject.counts),
        overdue=_named(subject.overdue[:MAX_NAMED_TO_MANAGER], names or {}),
        overdue_count=overdue_count,
        due_soon=subject.due_soon,
        due_soon_days=subject.due_soon_days,
        to_tell=to_tell,
        to_tell_count=len(subject.to_tell),
        mailed_soon=max(
            0, subject.due_soon - sum(not one.days and one.task in _STATUS_TASKS for one in subject.to_tell)
        ),
        unreached=unreached,
    )


def _named(people: tuple[OverduePerson, ...], names: Mapping[int, str]) -> tuple[NamedDueDay, ...]:
    return tuple(NamedDueDay(names.get(one.person_id, one.name), one.due) for one in people)


def named_tasks(names_to_tell: Iterable[NameToTell], names: Mapping[int, str]) -> tuple[NamedTask, ...]:
    """What is to be told, as a mail says it; `names` as for `reminder_message`."""
    return tuple(
        NamedTask(names.get(one.person_id, one.name), one.due, one.task, one.lines, one.needs_code)
        for one in names_to_tell
    )


def waiting_teams(managers: Iterable[UnreachedManager], names: Mapping[int, str]) -> tuple[WaitingTeams, ...]:
    """Managers without an address, as a mail names them."""
    return tuple(
        WaitingTeams(names.get(one.person_id, one.name), one.person_count, one.overdue, one.due_soon, one.to_tell)
        for one in managers
    )


def _learner_message(
    candidate: ReminderCandidate, request: ReminderRequest | None, minutes: float, organisation: str
) -> ReminderMessage:
    status = candidate.status
    if status.due is None:
        raise ValueError("there is nothing to remind of without a due day")
    is_refresher = status.course == REFRESHER
    # By the time the mail is read the number of days may have changed; the date has not.
    explanation = explain_status(status.details, counts_overdue_days=False)
    return ReminderMessage(
        name=candidate.name,
        organisation=organisation,
        request=request,
        again=is_refresher,
        due=status.due,
        late=bool(status.overdue_days),
        because=explanation,
        minutes=minutes / REFRESHER_SHARE if is_refresher else minutes,
        begun=status.started is not None,
        active=candidate.has_password,
    )
