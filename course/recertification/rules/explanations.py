"""The sentences that explain a certification status. Every date that a status shows is in its explanation, with the
cause."""

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

# The status groups that a report counts, most urgent first, with their labels on pages.
STATUS_GROUPS = {
    "overdue": "Overdue",
    "due-soon": "Due soon",
    "in-progress": "In progress",
    "not-started": "Not started",
    "up-to-date": "Up to date",
    "paused": "Paused",
    "not-required": "Not required",
}
# The status groups of people with something to do: a course that is due, begun, or not begun yet.
ACTIONABLE_GROUPS = ("overdue", "due-soon", "in-progress", "not-started")
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
    """The certification status on a day in a few words, the same for every reader. The arguments are the fields of a
    CertificationStatus of that name."""
    group = GROUP_OF_STATE[state]
    if group == "overdue":
        return f"Overdue {pluralise(overdue_days, 'day')}"
    if state == DUE_SOON and due:
        days_left = (due - on).days
        return f"Due in {pluralise(days_left, 'day')}" if days_left > 0 else "Due today"
    return STATUS_GROUPS[group]


@dataclass(frozen=True)
class Pronouns:
    """The pronouns with which a sentence names the person it is about, inside and at its beginning."""

    subject: str
    object: str
    possessive: str
    initial_subject: str
    initial_possessive: str


# Why a due date is later than the other rules say: no due date comes sooner than the minimum number of days after it is set.
MINIMUM_DAYS_REASON = "everybody gets at least the minimum number of days"
LEARNER_PRONOUNS = Pronouns("you", "you", "your", "You", "Your")  # read by the person
MANAGER_PRONOUNS = Pronouns("they", "them", "their", "They", "Their")  # read by a manager or an administrator


def cycle_reason(cycle: Cycle, pronouns: Pronouns = LEARNER_PRONOUNS) -> str:
    """The reason why the certificate is valid until its expiry, or why the completion does not count: the words after
    "because"."""
    completed_on = long_date(cycle.completion.day)
    reason_by_timing = {
        timing.TOO_OLD: f"the certificate of {completed_on} was too old when it was brought",
        timing.LAPSED: f"the refresher of {completed_on} came after the limit, when the whole course was needed again",
        timing.NO_PRIOR_CERTIFICATE: f"the refresher of {completed_on} had no certificate before it that it could renew",
        timing.STATED_EXPIRY: f"the certificate of {completed_on} that {pronouns.subject} brought says so",
    }
    if cycle.timing in reason_by_timing:
        return reason_by_timing[cycle.timing]
    if cycle.policy.kind == FIXED_DATE:
        return _fixed_reason(cycle, completed_on, pronouns)
    return _anniversary_reason(cycle, completed_on, pronouns)


def _anniversary_reason(cycle: Cycle, completed_on: str, pronouns: Pronouns) -> str:
    valid = f"a certificate is valid for {pluralise(cycle.policy.period_months, 'month')}"
    if cycle.timing == timing.IN_WINDOW:
        return (
            f"{pronouns.subject} renewed inside {pronouns.possessive} window; {_unchanged_date_phrase(cycle, pronouns)}"
        )
    if cycle.timing == timing.IN_EXTENSION:
        return f"{pronouns.subject} renewed inside {pronouns.possessive} extension; {_unchanged_date_phrase(cycle, pronouns)}"
    when = {
        timing.EXTENSION_NEW_DATE: "inside a long extension",
        timing.BEFORE_WINDOW: f"before {pronouns.possessive} window",
        timing.LATE: f"after {pronouns.possessive} last day in time",
    }
    if cycle.timing in when:
        return f"{pronouns.subject} renewed on {completed_on}, {when[cycle.timing]}, and {valid} from that day"
    return f"{_completion_phrase(cycle, pronouns)} {completed_on}, and {valid}"


def _completion_phrase(cycle: Cycle, pronouns: Pronouns) -> str:
    if cycle.completion.kind == IMPORTED:
        return f"{pronouns.possessive} earlier certificate is from"
    return f"{pronouns.subject} completed the {'refresher' if cycle.completion.kind == REFRESHER else 'course'} on"


def _unchanged_date_phrase(cycle: Cycle, pronouns: Pronouns) -> str:
    """The phrase that the date stays, with the anchor where the end of a month hides it."""
    until, anchor = cycle.valid_until, cycle.anchor
    stays = f"{pronouns.possessive} date stays"
    if until is None or anchor is None:
        return stays
    if until.day != anchor.day:
        return f"{stays} the one counted from {long_date(anchor)}, at the last day of a shorter month"
    if until.month == anchor.month:
        return f"{stays} {day_and_month(until)}"
    return f"{stays} the one counted from {long_date(anchor)}"


def _fixed_reason(cycle: Cycle, completed_on: str, pronouns: Pronouns) -> str:
    policy = cycle.policy
    common = f"{policy.fixed_day} {MONTHS[policy.fixed_month - 1]}"
    validity = pluralise(policy.minimum_months, "month")
    completion = _completion_phrase(cycle, pronouns)
    reason = (
        f"everybody renews by {common}, {completion} {completed_on}, and a certificate is valid for at least {validity}"
    )
    if next_yearly_date(policy.fixed_month, policy.fixed_day, cycle.completion.day) == cycle.valid_until:
        return reason
    return f"{reason}, so that one from shortly before {common} lasts until the year after"


def explain_status(details: StatusDetails, pronouns: Pronouns = LEARNER_PRONOUNS) -> str:
    """The sentences that explain one certification status: the certificate, then the due date where it differs from the
    expiry, then the status."""
    state = details.state
    sentences = [_certificate_sentence(details, pronouns)]
    if state == NOT_REQUIRED:
        sentences.append(_not_required_sentence(details, pronouns))
    elif state == PAUSED and details.pause:
        return_date = details.pause.until
        until = f"up to and including {long_date(return_date)}" if return_date else "without a return date yet"
        sentences.append(f"Paused since {long_date(details.pause.since)}, {until}: {details.pause.reason}.")
    sentences.append(_due_sentence(details, pronouns))
    if details.overdue_days:
        sentences.append(f"Overdue by {pluralise(details.overdue_days, 'day')}.")
    elif _in_window(details):
        sentences.append(f"{pronouns.initial_subject} can renew now.")
    if details.started and state == IN_PROGRESS:
        sentences.append(f"{pronouns.initial_subject} began on {long_date(details.started)}.")
    if details.has_expired and state != NOT_REQUIRED:
        sentences.append(_course_sentence(details))
    if state not in (UP_TO_DATE, NOT_REQUIRED) and details.obligation and len(details.obligation.reasons) > 1:
        reasons = "; ".join(details.obligation.reasons)
        sentences.append(
            f"{pronouns.initial_subject} need it for {len(details.obligation.reasons)} reasons: {reasons}."
        )
    return " ".join(part for part in sentences if part)


def _in_window(details: StatusDetails) -> bool:
    """Whether the renewal window is open: the certificate is valid and can be renewed without losing the date."""
    opens = details.window_opens
    needed = details.state not in (NOT_REQUIRED, PAUSED)
    return needed and opens is not None and opens <= details.on and _is_valid(details)


def _is_valid(details: StatusDetails) -> bool:
    return details.valid_until is not None and details.on <= details.valid_until


def _certificate_sentence(details: StatusDetails, pronouns: Pronouns) -> str:
    """The sentence that says until when the certificate is valid and why, or why the completions do not count."""
    decisive = [cycle for cycle in details.chain if cycle.valid_until == details.valid_until and cycle.is_in_effect]
    without_effect = [cycle for cycle in details.chain if not cycle.is_in_effect]
    if details.valid_until is None or not decisive:
        return (
            f"{pronouns.initial_subject} hold no certificate, because {_refusal_reason(without_effect[-1], pronouns)}."
            if without_effect
            else ""
        )
    day, why = long_date(details.valid_until), cycle_reason(decisive[-1], pronouns)
    if _valid_until_due(details):
        sentence = f"Up to date until {day}, because {why}."
    elif _is_valid(details):
        sentence = f"{pronouns.initial_possessive} certificate is valid up to and including {day}, because {why}."
    else:
        sentence = f"{pronouns.initial_possessive} certificate was valid up to and including {day}, because {why}."
    later_cycles = [cycle for cycle in details.chain if cycle.completion.day > decisive[-1].completion.day]
    later_without_effect = [cycle for cycle in later_cycles if not cycle.is_in_effect]
    if later_without_effect:
        why = _refusal_reason(later_without_effect[-1], pronouns)
        return f"{sentence} What {pronouns.subject} did since does not count, because {why}."
    if later_cycles:
        return f"{sentence} {_shorter_certificate_sentence(later_cycles[-1], pronouns)}"
    return sentence


def _shorter_certificate_sentence(cycle: Cycle, pronouns: Pronouns) -> str:
    """The sentence that a later completion expires before the certificate that the person held already."""
    completed_on = long_date(cycle.completion.day)
    if cycle.completion.kind == IMPORTED:
        return f"{pronouns.initial_possessive} earlier certificate of {completed_on} ends before that."
    renewed = f"{pronouns.initial_subject} renewed on {completed_on} as well"
    return f"{renewed}, but what {pronouns.subject} held already is valid for longer."


def _valid_until_due(details: StatusDetails) -> bool:
    """Whether the due date is not before the expiry of the certificate."""
    due = details.due.day
    return _is_valid(details) and due is not None and details.valid_until is not None and due >= details.valid_until


def _refusal_reason(cycle: Cycle, pronouns: Pronouns) -> str:
    """The reason why a completion has no effect (it does not count, or it was revoked): the words after "because"."""
    completion = cycle.completion
    if completion.revoked is None or not cycle.is_counted:
        return cycle_reason(cycle, pronouns)
    verb = "taken back" if completion.kind == IMPORTED else "revoked"
    why = f" ({completion.revocation_reason})" if completion.revocation_reason else ""
    return f"the certificate of {long_date(completion.day)} was {verb} on {long_date(completion.revoked)}{why}"


def _due_sentence(details: StatusDetails, pronouns: Pronouns) -> str:
    """The sentence with the due date and its reason, where the sentence about the certificate has not said it already."""
    due, obligation = details.due, details.obligation
    if due.day is None or obligation is None or due.source == "certificate":
        return ""
    why = _due_reason(details, pronouns)
    return f"Due by {long_date(due.day)}, because {why}."


def _due_reason(details: StatusDetails, pronouns: Pronouns) -> str:
    due, minimum_reason = details.due, MINIMUM_DAYS_REASON
    start_reason = f"it has been needed since {long_date(details.obligation.start)}" if details.obligation else ""
    if due.extension:
        if due.extension.withdrawn:
            return f"the extra time was taken back on {long_date(due.extension.withdrawn)}, and {minimum_reason}"
        extension_reason = f"{pronouns.subject} were granted more time: {due.extension.reason}"
        return (
            extension_reason
            if due.day == due.extension.until
            else f"{extension_reason} (until {long_date(due.extension.until)}, but {minimum_reason})"
        )
    if due.pause and due.pause.until:
        return _leave_reason(due.pause.until, details, pronouns)
    if due.revoked_completion and due.revoked_completion.revoked:
        return f"a certificate that {pronouns.subject} held stopped counting on {long_date(due.revoked_completion.revoked)}"
    if due.source == "policy":
        pathway_changed = isinstance(due.policy, PathwayChangePolicy)
        cause = (
            f"{pronouns.possessive} pathway changed, and another rule with it"
            if pathway_changed
            else "the rule was changed"
        )
        return f"{cause}; the date on {pronouns.possessive} certificate stays"
    return f"{minimum_reason}; {start_reason}" if due.source == "floor" else start_reason


def _leave_reason(until: date, details: StatusDetails, pronouns: Pronouns) -> str:
    """The reason that a pause (a long leave) moved the due date."""
    pause, due = details.due.pause, details.due.day
    if pause is None:
        return ""
    if details.on < pause.since:
        were = f"will be away from {long_date(pause.since)}"
    else:
        were = "are away" if details.on <= until else "were away"
    absence = f"{pronouns.subject} {were} up to and including {long_date(until)} ({pause.reason})"
    if due != add_days(until, pause.re_enter_days):
        return f"{absence}, and {MINIMUM_DAYS_REASON}"
    had = "will have" if details.on < pause.since else "have" if details.on <= due else "had"
    return f"{absence} and {had} {pluralise(pause.re_enter_days, 'day')} after that" if pause.re_enter_days else absence


def _course_sentence(details: StatusDetails) -> str:
    if details.refresher_until is None:
        return ""
    limit = long_date(details.refresher_until)
    if details.on <= details.refresher_until:
        return f"The refresher is enough up to and including {limit}."
    return f"The refresher was enough up to and including {limit}; now the whole course is needed again."


def _not_required_sentence(details: StatusDetails, pronouns: Pronouns) -> str:
    if details.policy is None:
        return "Not required, because no rule about renewal is in force yet."
    if not details.is_employed:
        return f"Not required, because {pronouns.subject} do not work here on this day."
    return f"Not required, because nothing asks for it of {pronouns.object} on this day."
