"""The sentences that explain a certification status. Every date that a status shows is in its explanation, with the
cause (see cycle_reasons.py and due_reasons.py)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

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
from course.recertification.rules.civil_dates import long_date
from course.recertification.rules.cycle_reasons import cycle_reason, refusal_reason
from course.recertification.rules.due_reasons import due_reason
from course.recertification.rules.facts import IMPORTED, Pause
from course.recertification.rules.validity_chain import Cycle
from course.recertification.rules.wording import LEARNER_PRONOUNS, Pronouns, Wording
from course.translation import lazy_gettext as _
from course.translation import lazy_ngettext, lazy_sentences

# The status groups that a report counts, most urgent first, with their labels on pages.
STATUS_GROUPS = {
    "overdue": _("Overdue"),
    "due-soon": _("Due soon"),
    "in-progress": _("In progress"),
    "not-started": _("Not started"),
    "up-to-date": _("Up to date"),
    "paused": _("Paused"),
    "not-required": _("Not required"),
}
# The same labels within a sentence or a list, after a number of people.
COUNTED_GROUPS = {
    "overdue": _("overdue"),
    "due-soon": _("due soon"),
    "in-progress": _("in progress"),
    "not-started": _("not started"),
    "up-to-date": _("up to date"),
    "paused": _("paused"),
    "not-required": _("not required"),
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

_NO_CERTIFICATE = Wording(
    _("You hold no certificate, because %(reason)s."), _("They hold no certificate, because %(reason)s.")
)
_VALID = Wording(
    _("Your certificate is valid up to and including %(day)s, because %(reason)s."),
    _("Their certificate is valid up to and including %(day)s, because %(reason)s."),
)
_WAS_VALID = Wording(
    _("Your certificate was valid up to and including %(day)s, because %(reason)s."),
    _("Their certificate was valid up to and including %(day)s, because %(reason)s."),
)
_LATER_NOT_COUNTED = Wording(
    _("What you did since does not count, because %(reason)s."),
    _("What they did since does not count, because %(reason)s."),
)
_IMPORTED_IS_SHORTER = Wording(
    _("Your earlier certificate of %(day)s ends before that."),
    _("Their earlier certificate of %(day)s ends before that."),
)
_RENEWED_IS_SHORTER = Wording(
    _("You renewed on %(day)s as well, but what you held already is valid for longer."),
    _("They renewed on %(day)s as well, but what they held already is valid for longer."),
)
_CAN_RENEW = Wording(_("You can renew now."), _("They can renew now."))
_BEGAN = Wording(_("You began on %(day)s."), _("They began on %(day)s."))
_NOT_EMPLOYED = Wording(
    _("Not required, because you do not work here on this day."),
    _("Not required, because they do not work here on this day."),
)
_NOTHING_ASKS = Wording(
    _("Not required, because nothing asks for it of you on this day."),
    _("Not required, because nothing asks for it of them on this day."),
)


def status_text(state: str, due: date | None, overdue_days: int, on: date) -> str:
    """The certification status on a day in a few words, the same for every reader. The arguments are the fields of a
    CertificationStatus of that name."""
    group = GROUP_OF_STATE[state]
    if group == "overdue":
        return lazy_ngettext("%(num)s day overdue", "%(num)s days overdue", overdue_days)
    if state == DUE_SOON and due:
        days_left = (due - on).days
        return (
            lazy_ngettext("Due in %(num)s day", "Due in %(num)s days", days_left) if days_left > 0 else _("Due today")
        )
    return STATUS_GROUPS[group]


def explain_status(
    details: StatusDetails, pronouns: Pronouns = LEARNER_PRONOUNS, counts_overdue_days: bool = True
) -> str:
    """The sentences that explain one certification status: the certificate, then the due date where it differs from the
    expiry, then the status. Without `counts_overdue_days` it names no number of days that is another one tomorrow."""
    return lazy_sentences(_sentences(details, pronouns, counts_overdue_days))


def _sentences(details: StatusDetails, pronouns: Pronouns, counts_overdue_days: bool) -> Iterator[str]:
    state = details.state
    yield from _certificate_sentences(details, pronouns)
    if state == NOT_REQUIRED:
        yield _not_required_sentence(details, pronouns)
    elif state == PAUSED and details.pause:
        yield _paused_sentence(details.pause)
    due, obligation = details.due, details.obligation
    # The sentence about the certificate has named a due date that is the certificate's.
    if due.day is not None and obligation is not None and due.source != "certificate":
        reason = due_reason(due, obligation, details.on, pronouns)
        yield _("Due by %(day)s, because %(reason)s.", day=long_date(due.day), reason=reason)
    if details.overdue_days:
        if counts_overdue_days:
            yield lazy_ngettext("Overdue by %(num)s day.", "Overdue by %(num)s days.", details.overdue_days)
    elif _in_window(details):
        yield _CAN_RENEW.say(pronouns)
    if details.started and state == IN_PROGRESS:
        yield _BEGAN.say(pronouns, day=long_date(details.started))
    if details.has_expired and state != NOT_REQUIRED and details.refresher_until is not None:
        yield _course_sentence(details.on, details.refresher_until)
    if state not in (UP_TO_DATE, NOT_REQUIRED) and obligation and len(obligation.reasons) > 1:
        yield _requirements_sentence(obligation.reasons, pronouns)


def _in_window(details: StatusDetails) -> bool:
    """Whether the renewal window is open: the certificate is valid and can be renewed without losing the date."""
    opens = details.window_opens
    needed = details.state not in (NOT_REQUIRED, PAUSED)
    return needed and opens is not None and opens <= details.on and _is_valid(details)


def _is_valid(details: StatusDetails) -> bool:
    return details.valid_until is not None and details.on <= details.valid_until


def _certificate_sentences(details: StatusDetails, pronouns: Pronouns) -> Iterator[str]:
    """The sentences that say until when the certificate is valid and why, or why the completions do not count."""
    decisive = [cycle for cycle in details.chain if cycle.valid_until == details.valid_until and cycle.is_in_effect]
    if details.valid_until is None or not decisive:
        without_effect = [cycle for cycle in details.chain if not cycle.is_in_effect]
        if without_effect:
            yield _NO_CERTIFICATE.say(pronouns, reason=refusal_reason(without_effect[-1], pronouns))
        return
    values = {"day": long_date(details.valid_until), "reason": cycle_reason(decisive[-1], pronouns)}
    if _valid_until_due(details):
        yield _("Up to date until %(day)s, because %(reason)s.", **values)
    else:
        yield (_VALID if _is_valid(details) else _WAS_VALID).say(pronouns, **values)
    later_cycles = [cycle for cycle in details.chain if cycle.completion.day > decisive[-1].completion.day]
    later_without_effect = [cycle for cycle in later_cycles if not cycle.is_in_effect]
    if later_without_effect:
        yield _LATER_NOT_COUNTED.say(pronouns, reason=refusal_reason(later_without_effect[-1], pronouns))
    elif later_cycles:
        yield _shorter_certificate_sentence(later_cycles[-1], pronouns)


def _shorter_certificate_sentence(cycle: Cycle, pronouns: Pronouns) -> str:
    """The sentence that a later completion expires before the certificate that the person held already."""
    wording = _IMPORTED_IS_SHORTER if cycle.completion.kind == IMPORTED else _RENEWED_IS_SHORTER
    return wording.say(pronouns, day=long_date(cycle.completion.day))


def _valid_until_due(details: StatusDetails) -> bool:
    """Whether the due date is not before the expiry of the certificate."""
    due = details.due.day
    return _is_valid(details) and due is not None and details.valid_until is not None and due >= details.valid_until


def _paused_sentence(pause: Pause) -> str:
    since = long_date(pause.since)
    if pause.until is None:
        return _("Paused since %(since)s, without a return date yet: %(reason)s.", since=since, reason=pause.reason)
    return _(
        "Paused since %(since)s, up to and including %(until)s: %(reason)s.",
        since=since,
        until=long_date(pause.until),
        reason=pause.reason,
    )


def _course_sentence(on: date, refresher_until: date) -> str:
    limit = long_date(refresher_until)
    if on <= refresher_until:
        return _("The refresher is enough up to and including %(limit)s.", limit=limit)
    return _(
        "The refresher was enough up to and including %(limit)s; now the whole course is needed again.", limit=limit
    )


def _not_required_sentence(details: StatusDetails, pronouns: Pronouns) -> str:
    if details.policy is None:
        return _("Not required, because no rule about renewal is in force yet.")
    return (_NOTHING_ASKS if details.is_employed else _NOT_EMPLOYED).say(pronouns)


def _requirements_sentence(reasons: tuple[str, ...], pronouns: Pronouns) -> str:
    number, listed = len(reasons), "; ".join(reasons)
    if pronouns is Pronouns.YOU:
        return lazy_ngettext(
            "You need it for %(num)s reason: %(reasons)s.",
            "You need it for %(num)s reasons: %(reasons)s.",
            number,
            reasons=listed,
        )
    return lazy_ngettext(
        "They need it for %(num)s reason: %(reasons)s.",
        "They need it for %(num)s reasons: %(reasons)s.",
        number,
        reasons=listed,
    )
