"""The sentences that explain a standing: every date that a standing names is in its sentence, with the cause."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from course.recertification.rules import validity_chain as timing
from course.recertification.rules.certification_status import (
    DUE_SOON,
    EXPIRED,
    IN_PROGRESS,
    NOT_REQUIRED,
    NOT_YET_DUE,
    OVERDUE,
    PAUSED,
    UP_TO_DATE,
    StatusDetails,
)
from course.recertification.rules.civil_dates import (
    MONTHS,
    add_days,
    day_and_month,
    long_date,
    next_yearly_date,
    pluralise,
)
from course.recertification.rules.facts import IMPORTED, REFRESHER
from course.recertification.rules.pathway_policy import PathwayChangePolicy
from course.recertification.rules.policy import FIXED_DATE
from course.recertification.rules.validity_chain import Cycle

# The groups that a report counts and a person is in, in the order in which somebody should look at them; and their words.
STATUS_GROUPS = {
    "overdue": "Overdue",
    "due-soon": "Due soon",
    "in-progress": "In progress",
    "not-started": "Not started",
    "up-to-date": "Up to date",
    "paused": "Paused",
    "not-required": "Not required",
}
GROUP_OF_STATE = {
    EXPIRED: "overdue",
    OVERDUE: "overdue",
    DUE_SOON: "due-soon",
    IN_PROGRESS: "in-progress",
    NOT_YET_DUE: "not-started",
    UP_TO_DATE: "up-to-date",
    PAUSED: "paused",
    NOT_REQUIRED: "not-required",
}


def status_text(state: str, due: date | None, overdue_days: int, on: date) -> str:
    """A state on a day in a few words, the same for everybody who reads it; the arguments are those of a Standing."""
    group = GROUP_OF_STATE[state]
    if group == "overdue":
        return f"Overdue {pluralise(overdue_days, 'day')}"
    if state == DUE_SOON and due:
        left = (due - on).days
        return f"Due in {pluralise(left, 'day')}" if left > 0 else "Due today"
    return STATUS_GROUPS[group]


@dataclass(frozen=True)
class Pronouns:
    """How a sentence names the person it is about, inside and at its beginning."""

    subject: str
    object: str
    possessive: str
    initial_subject: str
    initial_possessive: str


# Why a day is later than what else holds: no due day comes sooner after it is set.
MINIMUM_DAYS_REASON = "everybody gets at least the minimum number of days"
LEARNER_PRONOUNS = Pronouns("you", "you", "your", "You", "Your")  # read by the person
MANAGER_PRONOUNS = Pronouns("they", "them", "their", "They", "Their")  # read by a manager or an administrator


def cycle_reason(cycle: Cycle, voice: Pronouns = LEARNER_PRONOUNS) -> str:
    """Why the certificate is valid for as long as it is, or why the completion does not count: what follows
    "because"."""
    done = long_date(cycle.completion.day)
    fixed = {
        timing.TOO_OLD: f"the certificate of {done} was too old when it was brought",
        timing.LAPSED: f"the refresher of {done} came after the limit, when the whole course was needed again",
        timing.NO_PRIOR_CERTIFICATE: f"the refresher of {done} had no certificate before it that it could renew",
        timing.STATED_EXPIRY: f"the certificate of {done} that {voice.subject} brought says so",
    }
    if cycle.timing in fixed:
        return fixed[cycle.timing]
    if cycle.policy.kind == FIXED_DATE:
        return _fixed_reason(cycle, done, voice)
    return _anniversary_reason(cycle, done, voice)


def _anniversary_reason(cycle: Cycle, done: str, voice: Pronouns) -> str:
    valid = f"a certificate is valid for {pluralise(cycle.policy.period_months, 'month')}"
    if cycle.timing == timing.IN_WINDOW:
        return f"{voice.subject} renewed inside {voice.possessive} window; {_unchanged_date_phrase(cycle, voice)}"
    if cycle.timing == timing.IN_EXTENSION:
        return f"{voice.subject} renewed inside {voice.possessive} extension; {_unchanged_date_phrase(cycle, voice)}"
    when = {
        timing.EXTENSION_NEW_DATE: "inside a long extension",
        timing.BEFORE_WINDOW: f"before {voice.possessive} window",
        timing.LATE: f"after {voice.possessive} last day in time",
    }
    if cycle.timing in when:
        return f"{voice.subject} renewed on {done}, {when[cycle.timing]}, and {valid} from that day"
    return f"{_completion_phrase(cycle, voice)} {done}, and {valid}"


def _completion_phrase(cycle: Cycle, voice: Pronouns) -> str:
    if cycle.completion.kind == IMPORTED:
        return f"{voice.possessive} earlier certificate is from"
    return f"{voice.subject} completed the {'refresher' if cycle.completion.kind == REFRESHER else 'course'} on"


def _unchanged_date_phrase(cycle: Cycle, voice: Pronouns) -> str:
    """That the date stays, with the anchor where the end of a month hides it."""
    until, anchor = cycle.valid_until, cycle.anchor
    stays = f"{voice.possessive} date stays"
    if until is None or anchor is None:
        return stays
    if until.day != anchor.day:
        return f"{stays} the one counted from {long_date(anchor)}, at the last day of a shorter month"
    if until.month == anchor.month:
        return f"{stays} {day_and_month(until)}"
    return f"{stays} the one counted from {long_date(anchor)}"


def _fixed_reason(cycle: Cycle, done: str, voice: Pronouns) -> str:
    rule = cycle.policy
    common = f"{rule.fixed_day} {MONTHS[rule.fixed_month - 1]}"
    least = pluralise(rule.minimum_months, "month")
    completion = _completion_phrase(cycle, voice)
    said = f"everybody renews by {common}, {completion} {done}, and a certificate is valid for at least {least}"
    if next_yearly_date(rule.fixed_month, rule.fixed_day, cycle.completion.day) == cycle.valid_until:
        return said
    return f"{said}, so that one from shortly before {common} lasts until the year after"


def explain_status(position: StatusDetails, voice: Pronouns = LEARNER_PRONOUNS) -> str:
    """The sentences for one standing: the certificate, then the due day where it is another one, then the state."""
    state = position.state
    parts = [_certificate_sentence(position, voice)]
    if state == NOT_REQUIRED:
        parts.append(_not_required_sentence(position, voice))
    elif state == PAUSED and position.pause:
        back = position.pause.until
        until = f"up to and including {long_date(back)}" if back else "without a return date yet"
        parts.append(f"Paused since {long_date(position.pause.since)}, {until}: {position.pause.reason}.")
    parts.append(_due_sentence(position, voice))
    if position.overdue_days:
        parts.append(f"Overdue by {pluralise(position.overdue_days, 'day')}.")
    elif _in_window(position):
        parts.append(f"{voice.initial_subject} can renew now.")
    if position.started and state == IN_PROGRESS:
        parts.append(f"{voice.initial_subject} began on {long_date(position.started)}.")
    if position.has_expired and state != NOT_REQUIRED:
        parts.append(_course_sentence(position))
    if state not in (UP_TO_DATE, NOT_REQUIRED) and position.obligation and len(position.obligation.reasons) > 1:
        reasons = "; ".join(position.obligation.reasons)
        parts.append(f"{voice.initial_subject} need it for {len(position.obligation.reasons)} reasons: {reasons}.")
    return " ".join(part for part in parts if part)


def _in_window(position: StatusDetails) -> bool:
    """Whether the certificate is valid and can be renewed without losing the date."""
    opens = position.window_opens
    needed = position.state not in (NOT_REQUIRED, PAUSED)
    return needed and opens is not None and opens <= position.on and _is_valid(position)


def _is_valid(position: StatusDetails) -> bool:
    return position.valid_until is not None and position.on <= position.valid_until


def _certificate_sentence(position: StatusDetails, voice: Pronouns) -> str:
    """Until when the certificate is valid and why, or why what was done does not count."""
    chain = [cycle for cycle in position.chain if cycle.valid_until == position.valid_until and cycle.is_in_effect]
    refused = [cycle for cycle in position.chain if not cycle.is_in_effect]
    if position.valid_until is None or not chain:
        return (
            f"{voice.initial_subject} hold no certificate, because {_refusal_reason(refused[-1], voice)}."
            if refused
            else ""
        )
    day, why = long_date(position.valid_until), cycle_reason(chain[-1], voice)
    if _valid_until_due(position):
        said = f"Up to date until {day}, because {why}."
    elif _is_valid(position):
        said = f"{voice.initial_possessive} certificate is valid up to and including {day}, because {why}."
    else:
        said = f"{voice.initial_possessive} certificate was valid up to and including {day}, because {why}."
    later = [cycle for cycle in position.chain if cycle.completion.day > chain[-1].completion.day]
    gone = [cycle for cycle in later if not cycle.is_in_effect]
    if gone:
        return f"{said} What {voice.subject} did since does not count, because {_refusal_reason(gone[-1], voice)}."
    if later:
        return f"{said} {_shorter_certificate_sentence(later[-1], voice)}"
    return said


def _shorter_certificate_sentence(cycle: Cycle, voice: Pronouns) -> str:
    """That a later completion ends before what is held."""
    done = long_date(cycle.completion.day)
    if cycle.completion.kind == IMPORTED:
        return f"{voice.initial_possessive} earlier certificate of {done} ends before that."
    return (
        f"{voice.initial_subject} renewed on {done} as well, but what {voice.subject} held already is valid for longer."
    )


def _valid_until_due(position: StatusDetails) -> bool:
    """Whether nothing is due before the certificate ends."""
    due = position.due.day
    return _is_valid(position) and due is not None and position.valid_until is not None and due >= position.valid_until


def _refusal_reason(cycle: Cycle, voice: Pronouns) -> str:
    """Why a completion holds nothing: what follows "because"."""
    done = cycle.completion
    if done.revoked is None or not cycle.is_counted:
        return cycle_reason(cycle, voice)
    verb = "taken back" if done.kind == IMPORTED else "revoked"
    why = f" ({done.revocation_reason})" if done.revocation_reason else ""
    return f"the certificate of {long_date(done.day)} was {verb} on {long_date(done.revoked)}{why}"


def _due_sentence(position: StatusDetails, voice: Pronouns) -> str:
    """Which day is due and why, where the certificate has not said it already."""
    due, duty = position.due, position.obligation
    if due.day is None or duty is None or due.source == "certificate":
        return ""
    why = _due_reason(position, voice)
    return f"Due by {long_date(due.day)}, because {why}."


def _due_reason(position: StatusDetails, voice: Pronouns) -> str:
    due, least = position.due, MINIMUM_DAYS_REASON
    begins = f"it has been needed since {long_date(position.obligation.start)}" if position.obligation else ""
    if due.extension:
        if due.extension.withdrawn:
            return f"the extra time was taken back on {long_date(due.extension.withdrawn)}, and {least}"
        granted = f"{voice.subject} were granted more time: {due.extension.reason}"
        return (
            granted
            if due.day == due.extension.until
            else f"{granted} (until {long_date(due.extension.until)}, but {least})"
        )
    if due.pause and due.pause.until:
        return _leave_reason(due.pause.until, position, voice)
    if due.revoked_completion and due.revoked_completion.revoked:
        return (
            f"a certificate that {voice.subject} held stopped counting on {long_date(due.revoked_completion.revoked)}"
        )
    if due.source == "policy":
        moved = isinstance(due.policy, PathwayChangePolicy)
        cause = f"{voice.possessive} pathway changed, and another rule with it" if moved else "the rule was changed"
        return f"{cause}; the date on {voice.possessive} certificate stays"
    return f"{least}; {begins}" if due.source == "floor" else begins


def _leave_reason(until: date, position: StatusDetails, voice: Pronouns) -> str:
    """That a leave moved the due day."""
    leave, due = position.due.pause, position.due.day
    if leave is None:
        return ""
    if position.on < leave.since:
        were = f"will be away from {long_date(leave.since)}"
    else:
        were = "are away" if position.on <= until else "were away"
    away = f"{voice.subject} {were} up to and including {long_date(until)} ({leave.reason})"
    if due != add_days(until, leave.re_enter_days):
        return f"{away}, and {MINIMUM_DAYS_REASON}"
    had = "will have" if position.on < leave.since else "have" if position.on <= due else "had"
    return f"{away} and {had} {pluralise(leave.re_enter_days, 'day')} after that" if leave.re_enter_days else away


def _course_sentence(position: StatusDetails) -> str:
    if position.refresher_until is None:
        return ""
    limit = long_date(position.refresher_until)
    if position.on <= position.refresher_until:
        return f"The refresher is enough up to and including {limit}."
    return f"The refresher was enough up to and including {limit}; now the whole course is needed again."


def _not_required_sentence(position: StatusDetails, voice: Pronouns) -> str:
    if position.policy is None:
        return "Not required, because no rule about renewal is in force yet."
    if not position.is_employed:
        return f"Not required, because {voice.subject} do not work here on this day."
    return f"Not required, because nothing asks for it of {voice.object} on this day."
