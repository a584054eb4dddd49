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
    Position,
)
from course.recertification.rules.civil_dates import MONTHS, add_days, count, short, words, yearly
from course.recertification.rules.facts import IMPORTED, REFRESHER
from course.recertification.rules.pathway_policy import MovedTo
from course.recertification.rules.policy import FIXED
from course.recertification.rules.validity_chain import Cycle

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
        return f"Overdue {count(overdue_days, 'day')}"
    if state == DUE_SOON and due:
        left = (due - on).days
        return f"Due in {count(left, 'day')}" if left > 0 else "Due today"
    return GROUPS[group]


@dataclass(frozen=True)
class Voice:
    """How a sentence names the person it is about, inside and at its beginning."""

    you: str
    them: str
    your: str
    opening: str
    opening_your: str


# Why a day is later than what else holds: no due day comes sooner after it is set.
LEAST = "everybody gets at least the minimum number of days"
TO_LEARNER = Voice("you", "you", "your", "You", "Your")  # read by the person
TO_OTHERS = Voice("they", "them", "their", "They", "Their")  # read by a manager or an administrator


def cycle_reason(cycle: Cycle, voice: Voice = TO_LEARNER) -> str:
    """Why the certificate is valid for as long as it is, or why the completion does not count: what follows
    "because"."""
    done = words(cycle.completion.day)
    fixed = {
        timing.TOO_OLD: f"the certificate of {done} was too old when it was brought",
        timing.LAPSED: f"the refresher of {done} came after the limit, when the whole course was needed again",
        timing.UNFOUNDED: f"the refresher of {done} had no certificate before it that it could renew",
        timing.STATED: f"the certificate of {done} that {voice.you} brought says so",
    }
    if cycle.timing in fixed:
        return fixed[cycle.timing]
    if cycle.policy.kind == FIXED:
        return _fixed_reason(cycle, done, voice)
    return _anniversary_reason(cycle, done, voice)


def _anniversary_reason(cycle: Cycle, done: str, voice: Voice) -> str:
    valid = f"a certificate is valid for {count(cycle.policy.period_months, 'month')}"
    if cycle.timing == timing.WINDOW:
        return f"{voice.you} renewed inside {voice.your} window; {_stays(cycle, voice)}"
    if cycle.timing == timing.EXTENSION:
        return f"{voice.you} renewed inside {voice.your} extension; {_stays(cycle, voice)}"
    when = {
        timing.AFRESH: "inside a long extension",
        timing.EARLY: f"before {voice.your} window",
        timing.LATE: f"after {voice.your} last day in time",
    }
    if cycle.timing in when:
        return f"{voice.you} renewed on {done}, {when[cycle.timing]}, and {valid} from that day"
    return f"{_did(cycle, voice)} {done}, and {valid}"


def _did(cycle: Cycle, voice: Voice) -> str:
    if cycle.completion.kind == IMPORTED:
        return f"{voice.your} earlier certificate is from"
    return f"{voice.you} completed the {'refresher' if cycle.completion.kind == REFRESHER else 'course'} on"


def _stays(cycle: Cycle, voice: Voice) -> str:
    """That the date stays, with the anchor where the end of a month hides it."""
    until, anchor = cycle.valid_until, cycle.anchor
    stays = f"{voice.your} date stays"
    if until is None or anchor is None:
        return stays
    if until.day != anchor.day:
        return f"{stays} the one counted from {words(anchor)}, at the last day of a shorter month"
    if until.month == anchor.month:
        return f"{stays} {short(until)}"
    return f"{stays} the one counted from {words(anchor)}"


def _fixed_reason(cycle: Cycle, done: str, voice: Voice) -> str:
    rule = cycle.policy
    common = f"{rule.fixed_day} {MONTHS[rule.fixed_month - 1]}"
    least = count(rule.minimum_months, "month")
    said = f"everybody renews by {common}, {_did(cycle, voice)} {done}, and a certificate is valid for at least {least}"
    if yearly(rule.fixed_month, rule.fixed_day, cycle.completion.day) == cycle.valid_until:
        return said
    return f"{said}, so that one from shortly before {common} lasts until the year after"


def because(position: Position, voice: Voice = TO_LEARNER) -> str:
    """The sentences for one standing: the certificate, then the due day where it is another one, then the state."""
    state = position.state
    parts = [_certificate(position, voice)]
    if state == NOT_REQUIRED:
        parts.append(_not_required(position, voice))
    elif state == PAUSED and position.paused:
        back = position.paused.until
        until = f"up to and including {words(back)}" if back else "without a return date yet"
        parts.append(f"Paused since {words(position.paused.since)}, {until}: {position.paused.reason}.")
    parts.append(_due(position, voice))
    if position.overdue_days:
        parts.append(f"Overdue by {count(position.overdue_days, 'day')}.")
    elif _in_window(position):
        parts.append(f"{voice.opening} can renew now.")
    if position.started and state == IN_PROGRESS:
        parts.append(f"{voice.opening} began on {words(position.started)}.")
    if position.ran_out and state != NOT_REQUIRED:
        parts.append(_which_course(position))
    if state not in (UP_TO_DATE, NOT_REQUIRED) and position.duty and len(position.duty.reasons) > 1:
        reasons = "; ".join(position.duty.reasons)
        parts.append(f"{voice.opening} need it for {len(position.duty.reasons)} reasons: {reasons}.")
    return " ".join(part for part in parts if part)


def _in_window(position: Position) -> bool:
    """Whether the certificate is valid and can be renewed without losing the date."""
    opens = position.window_opens
    needed = position.state not in (NOT_REQUIRED, PAUSED)
    return needed and opens is not None and opens <= position.on and _valid(position)


def _valid(position: Position) -> bool:
    return position.valid_until is not None and position.on <= position.valid_until


def _certificate(position: Position, voice: Voice) -> str:
    """Until when the certificate is valid and why, or why what was done does not count."""
    chain = [cycle for cycle in position.chain if cycle.valid_until == position.valid_until and cycle.holds]
    refused = [cycle for cycle in position.chain if not cycle.holds]
    if position.valid_until is None or not chain:
        return f"{voice.opening} hold no certificate, because {_refusal(refused[-1], voice)}." if refused else ""
    day, why = words(position.valid_until), cycle_reason(chain[-1], voice)
    if _in_date_until_then(position):
        said = f"Up to date until {day}, because {why}."
    elif _valid(position):
        said = f"{voice.opening_your} certificate is valid up to and including {day}, because {why}."
    else:
        said = f"{voice.opening_your} certificate was valid up to and including {day}, because {why}."
    later = [cycle for cycle in position.chain if cycle.completion.day > chain[-1].completion.day]
    gone = [cycle for cycle in later if not cycle.holds]
    if gone:
        return f"{said} What {voice.you} did since does not count, because {_refusal(gone[-1], voice)}."
    if later:
        return f"{said} {_shorter(later[-1], voice)}"
    return said


def _shorter(cycle: Cycle, voice: Voice) -> str:
    """That a later completion ends before what is held."""
    done = words(cycle.completion.day)
    if cycle.completion.kind == IMPORTED:
        return f"{voice.opening_your} earlier certificate of {done} ends before that."
    return f"{voice.opening} renewed on {done} as well, but what {voice.you} held already is valid for longer."


def _in_date_until_then(position: Position) -> bool:
    """Whether nothing is due before the certificate ends."""
    due = position.due.day
    return _valid(position) and due is not None and position.valid_until is not None and due >= position.valid_until


def _refusal(cycle: Cycle, voice: Voice) -> str:
    """Why a completion holds nothing: what follows "because"."""
    done = cycle.completion
    if done.revoked is None or not cycle.counts:
        return cycle_reason(cycle, voice)
    verb = "taken back" if done.kind == IMPORTED else "revoked"
    why = f" ({done.revoked_because})" if done.revoked_because else ""
    return f"the certificate of {words(done.day)} was {verb} on {words(done.revoked)}{why}"


def _due(position: Position, voice: Voice) -> str:
    """Which day is due and why, where the certificate has not said it already."""
    due, duty = position.due, position.duty
    if due.day is None or duty is None or due.source == "certificate":
        return ""
    why = _why_due(position, voice)
    return f"Due by {words(due.day)}, because {why}."


def _why_due(position: Position, voice: Voice) -> str:
    due, least = position.due, LEAST
    begins = f"it has been needed since {words(position.duty.begins)}" if position.duty else ""
    if due.extension:
        if due.extension.withdrawn:
            return f"the extra time was taken back on {words(due.extension.withdrawn)}, and {least}"
        granted = f"{voice.you} were granted more time: {due.extension.reason}"
        return (
            granted
            if due.day == due.extension.until
            else f"{granted} (until {words(due.extension.until)}, but {least})"
        )
    if due.pause and due.pause.until:
        return _back(due.pause.until, position, voice)
    if due.revoked and due.revoked.revoked:
        return f"a certificate that {voice.you} held stopped counting on {words(due.revoked.revoked)}"
    if due.source == "policy":
        moved = isinstance(due.changed, MovedTo)
        cause = f"{voice.your} pathway changed, and another rule with it" if moved else "the rule was changed"
        return f"{cause}; the date on {voice.your} certificate stays"
    return f"{least}; {begins}" if due.source == "floor" else begins


def _back(until: date, position: Position, voice: Voice) -> str:
    """That a leave moved the due day."""
    leave, due = position.due.pause, position.due.day
    if leave is None:
        return ""
    if position.on < leave.since:
        were = f"will be away from {words(leave.since)}"
    else:
        were = "are away" if position.on <= until else "were away"
    away = f"{voice.you} {were} up to and including {words(until)} ({leave.reason})"
    if due != add_days(until, leave.re_enter_days):
        return f"{away}, and {LEAST}"
    had = "will have" if position.on < leave.since else "have" if position.on <= due else "had"
    return f"{away} and {had} {count(leave.re_enter_days, 'day')} after that" if leave.re_enter_days else away


def _which_course(position: Position) -> str:
    if position.refresher_until is None:
        return ""
    limit = words(position.refresher_until)
    if position.on <= position.refresher_until:
        return f"The refresher is enough up to and including {limit}."
    return f"The refresher was enough up to and including {limit}; now the whole course is needed again."


def _not_required(position: Position, voice: Voice) -> str:
    if position.rule is None:
        return "Not required, because no rule about renewal is in force yet."
    if not position.works_here:
        return f"Not required, because {voice.you} do not work here on this day."
    return f"Not required, because nothing asks for it of {voice.them} on this day."
