"""The sentences that explain a standing: every date that a standing names is in its sentence, with the cause."""

from __future__ import annotations

from datetime import date

from course.refreshers.rules import chain as timing
from course.refreshers.rules.chain import Cycle
from course.refreshers.rules.dates import MONTHS, count, short, words
from course.refreshers.rules.facts import IMPORTED
from course.refreshers.rules.policy import FIXED
from course.refreshers.rules.standing import (
    DUE_SOON,
    EXPIRED,
    IN_PROGRESS,
    NOT_REQUIRED,
    NOT_YET_DUE,
    OVERDUE,
    PAUSED,
    UP_TO_DATE,
    Position,
)

# The groups that a report counts and a person is in, in the order in which somebody should look at them; and their words.
GROUPS = {
    "overdue": "Overdue",
    "due-soon": "Due soon",
    "in-progress": "In progress",
    "not-started": "Not started",
    "up-to-date": "Up to date",
    "paused": "Paused",
    "not-required": "Not required",
}
GROUP_OF = {
    EXPIRED: "overdue",
    OVERDUE: "overdue",
    DUE_SOON: "due-soon",
    IN_PROGRESS: "in-progress",
    NOT_YET_DUE: "not-started",
    UP_TO_DATE: "up-to-date",
    PAUSED: "paused",
    NOT_REQUIRED: "not-required",
}


def status(state: str, due: date | None, overdue_days: int, on: date) -> str:
    """A state on a day in a few words, the same for everybody who reads it; the arguments are those of a Standing."""
    group = GROUP_OF[state]
    if group == "overdue":
        return f"Overdue {count(overdue_days, 'day')}" if overdue_days else "Expired"
    if state == DUE_SOON and due:
        left = (due - on).days
        return f"Due in {count(left, 'day')}" if left > 0 else "Due today"
    return GROUPS[group]


def cycle_reason(cycle: Cycle) -> str:
    """Why the certificate is valid for as long as it is, or why the completion does not count: what follows
    "because"."""
    done = words(cycle.completion.day)
    fixed = {
        timing.TOO_OLD: f"the certificate of {done} was too old when it was brought",
        timing.LAPSED: f"the refresher of {done} came after the limit, when the whole course was needed again",
        timing.UNFOUNDED: f"the refresher of {done} had no certificate before it that it could renew",
        timing.STATED: f"the certificate of {done} that you brought says so",
    }
    if cycle.timing in fixed:
        return fixed[cycle.timing]
    mine = cycle.anchor is not None and cycle.valid_until is not None
    if mine and cycle.timing == timing.EARLY and cycle.anchor != cycle.completion.day and cycle.policy.kind != FIXED:
        return f"you renewed on {done}, before your window, and what you held already is valid for longer"
    if cycle.policy.kind == FIXED:
        return _fixed_reason(cycle, done)
    return _anniversary_reason(cycle, done)


def _anniversary_reason(cycle: Cycle, done: str) -> str:
    valid = f"a certificate is valid for {count(cycle.policy.period_months, 'month')}"
    if cycle.timing == timing.WINDOW:
        return f"you renewed inside your window; {_stays(cycle)}"
    if cycle.timing == timing.EXTENSION:
        return f"you renewed inside your extension; {_stays(cycle)}"
    if cycle.timing == timing.AFRESH:
        return f"you renewed on {done}, inside a long extension, and {valid} from that day"
    if cycle.timing == timing.EARLY:
        return f"you renewed on {done}, before your window, and {valid} from that day"
    if cycle.timing == timing.LATE:
        return f"you renewed on {done}, after your last day, and {valid} from that day"
    did = "your earlier certificate is from" if cycle.completion.kind == IMPORTED else "you completed the course on"
    return f"{did} {done}, and {valid}"


def _stays(cycle: Cycle) -> str:
    """That the date stays, with the anchor where the end of a month hides it."""
    until, anchor = cycle.valid_until, cycle.anchor
    if until is None or anchor is None:
        return "your date stays"
    if until.day != anchor.day:
        return f"your date stays the one counted from {words(anchor)}, at the last day of a shorter month"
    if until.month == anchor.month:
        return f"your date stays {short(until)}"
    return f"your date stays the one counted from {words(anchor)}"


def _fixed_reason(cycle: Cycle, done: str) -> str:
    rule = cycle.policy
    common = f"{rule.fixed_day} {MONTHS[rule.fixed_month - 1]}"
    least = count(rule.minimum_months, "month")
    return (
        f"everybody renews by {common}, you completed the course on {done}, and a certificate is valid for at "
        f"least {least}, so that one from shortly before {common} lasts until the year after"
    )


def because(position: Position) -> str:
    """The sentences for one standing: the certificate, then the due day where it is another one, then the state."""
    state = position.state
    parts = [_certificate(position)]
    if state == NOT_REQUIRED:
        parts.append(_not_required(position))
    elif state == PAUSED and position.paused:
        back = position.paused.until
        until = f"up to and including {words(back)}" if back else "without a return date yet"
        parts.append(f"Paused since {words(position.paused.since)}, {until}: {position.paused.reason}.")
    parts.append(_due(position))
    if position.overdue_days:
        parts.append(f"Overdue by {count(position.overdue_days, 'day')}.")
    if state in (DUE_SOON, IN_PROGRESS) and position.window_opens and _valid(position):
        parts.append(f"You have been able to renew since {words(position.window_opens)}.")
    if position.started and state == IN_PROGRESS:
        parts.append(f"You began on {words(position.started)}.")
    if state == EXPIRED and position.refresher_until:
        parts.append(_which_course(position))
    if state not in (UP_TO_DATE, NOT_REQUIRED) and position.duty and len(position.duty.reasons) > 1:
        parts.append(f"You need it for {len(position.duty.reasons)} reasons: {'; '.join(position.duty.reasons)}.")
    return " ".join(part for part in parts if part)


def _valid(position: Position) -> bool:
    return position.valid_until is not None and position.on <= position.valid_until


def _certificate(position: Position) -> str:
    """Until when the certificate is valid and why, or why what was done does not count."""
    chain = [cycle for cycle in position.chain if cycle.valid_until == position.valid_until and cycle.holds]
    refused = [cycle for cycle in position.chain if not cycle.holds]
    if position.valid_until is None or not chain:
        return f"You hold no certificate, because {_refusal(refused[-1])}." if refused else ""
    day, why = words(position.valid_until), cycle_reason(chain[-1])
    if _valid(position):
        said = f"Up to date until {day}, because {why}."
    else:
        said = f"Your certificate was valid up to and including {day}, because {why}."
    later = [cycle for cycle in refused if cycle.completion.day > chain[-1].completion.day]
    return f"{said} What you did since does not count, because {_refusal(later[-1])}." if later else said


def _refusal(cycle: Cycle) -> str:
    """Why a completion holds nothing: what follows "because"."""
    done = cycle.completion
    if done.revoked is None or not cycle.counts:
        return cycle_reason(cycle)
    verb = "taken back" if done.kind == IMPORTED else "revoked"
    why = f" ({done.revoked_because})" if done.revoked_because else ""
    return f"the certificate of {words(done.day)} was {verb} on {words(done.revoked)}{why}"


def _due(position: Position) -> str:
    """Which day is due and why, where the certificate has not said it already."""
    due, duty = position.due, position.duty
    if due.day is None or duty is None:
        return ""
    day = words(due.day)
    begins = words(duty.begins)
    if due.source == "extension" and due.extension:
        return f"Due by {day}, because you were granted more time: {due.extension.reason}."
    if due.source == "pause" and due.pause and due.pause.until:
        return (
            f"Due by {day}, because you are away up to and including {words(due.pause.until)} "
            f"({due.pause.reason}) and have {count(due.pause.re_enter_days, 'day')} after that."
        )
    if due.source == "revocation" and due.revoked and due.revoked.revoked:
        gone = words(due.revoked.revoked)
        return f"Due by {day}, because a certificate that you held no longer counts since {gone}."
    if due.source == "policy":
        return f"Due by {day}, because the rule was changed; the date on your certificate stays."
    if due.source == "certificate":
        return "" if due.day == position.valid_until else f"Due by {day}, the last day of what you held."
    if due.source == "floor":
        return f"Due by {day}, because nobody gets less than the minimum of days; it has been needed since {begins}."
    return f"Due by {day}, because it has been needed since {begins}."


def _which_course(position: Position) -> str:
    if position.refresher_until is None:
        return ""
    limit = words(position.refresher_until)
    if position.on <= position.refresher_until:
        return f"The refresher is enough up to and including {limit}."
    return f"The refresher was enough up to and including {limit}; now the whole course is needed again."


def _not_required(position: Position) -> str:
    if position.rule is None:
        return "Not required, because no rule about renewal is in force yet."
    return "Not required, because you are not employed here on this day or no reason asks for it."
