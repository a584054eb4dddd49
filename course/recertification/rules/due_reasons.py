"""The reason why the due date is not simply the expiry of the certificate.

Each reason is a clause that a sentence has after "because", and may have anywhere in another language.
"""

from __future__ import annotations

from datetime import date

from course.recertification.rules.certification_status import DueDate, Obligation
from course.recertification.rules.civil_dates import add_days, long_date
from course.recertification.rules.facts import Extension, Pause
from course.recertification.rules.pathway_policy import PathwayChangePolicy
from course.recertification.rules.wording import Pronouns, Wording
from course.translation import lazy_gettext as _
from course.translation import lazy_ngettext

_EXTENDED = Wording(_("you were granted more time: %(reason)s"), _("they were granted more time: %(reason)s"))
# No due date comes sooner than the minimum number of days after it is set.
_EXTENDED_TO_MINIMUM = Wording(
    _(
        "you were granted more time: %(reason)s (until %(until)s, but everyone gets at least the minimum number of days)"
    ),
    _(
        "they were granted more time: %(reason)s (until %(until)s, but everyone gets at least the minimum number of days)"
    ),
)
_REVOKED = Wording(
    _("a certificate that you held stopped counting on %(day)s"),
    _("a certificate that they held stopped counting on %(day)s"),
)
_POLICY_CHANGED = Wording(
    _("the rule was changed; the date on your certificate stays"),
    _("the rule was changed; the date on their certificate stays"),
)
_PATHWAY_CHANGED = Wording(
    _("your pathway changed, and another rule with it; the date on your certificate stays"),
    _("their pathway changed, and another rule with it; the date on their certificate stays"),
)
_WILL_BE_AWAY = Wording(
    _("you will be away from %(since)s up to and including %(until)s (%(reason)s)"),
    _("they will be away from %(since)s up to and including %(until)s (%(reason)s)"),
)
_IS_AWAY = Wording(
    _("you are away up to and including %(until)s (%(reason)s)"),
    _("they are away up to and including %(until)s (%(reason)s)"),
)
_WAS_AWAY = Wording(
    _("you were away up to and including %(until)s (%(reason)s)"),
    _("they were away up to and including %(until)s (%(reason)s)"),
)


def due_reason(due: DueDate, obligation: Obligation, on: date, pronouns: Pronouns) -> str:
    """The reason for a due date whose source is not the certificate, as it is said on the day `on`: the words after
    "because"."""
    if due.extension:
        return _extension_reason(due.extension, due.day, pronouns)
    if due.pause and due.pause.until and due.day:
        return _leave_reason(due.pause, due.pause.until, due.day, on, pronouns)
    if due.revoked_completion and due.revoked_completion.revoked:
        return _REVOKED.say(pronouns, day=long_date(due.revoked_completion.revoked))
    if due.source == "policy":
        changed = _PATHWAY_CHANGED if isinstance(due.policy, PathwayChangePolicy) else _POLICY_CHANGED
        return changed.say(pronouns)
    start = long_date(obligation.start)
    if due.source == "floor":
        return _(
            "everyone gets at least the minimum number of days; it has been needed since %(start)s",
            start=start,
        )
    return _("it has been needed since %(start)s", start=start)


def _extension_reason(extension: Extension, due: date | None, pronouns: Pronouns) -> str:
    if extension.withdrawn:
        return _(
            "the extra time was cancelled on %(day)s, and everyone gets at least the minimum number of days",
            day=long_date(extension.withdrawn),
        )
    if due == extension.until:
        return _EXTENDED.say(pronouns, reason=extension.reason)
    return _EXTENDED_TO_MINIMUM.say(pronouns, reason=extension.reason, until=long_date(extension.until))


def _leave_reason(pause: Pause, until: date, due: date, on: date, pronouns: Pronouns) -> str:
    """The reason that a pause (a long leave) moved the due date."""
    is_entered_date = due == add_days(until, pause.re_enter_days)
    if is_entered_date and pause.re_enter_days:
        return _days_after_leave(pause, until, due, on, pronouns)
    absent = _WILL_BE_AWAY if on < pause.since else _IS_AWAY if on <= until else _WAS_AWAY
    absence = absent.say(pronouns, since=long_date(pause.since), until=long_date(until), reason=pause.reason)
    if is_entered_date:
        return absence
    return _("%(absence)s, and everyone gets at least the minimum number of days", absence=absence)


def _days_after_leave(pause: Pause, until: date, due: date, on: date, pronouns: Pronouns) -> str:
    """The reason that a person has some days after a leave, in the tense of the day `on`."""
    values = {"since": long_date(pause.since), "until": long_date(until), "reason": pause.reason}
    number, is_you = pause.re_enter_days, pronouns is Pronouns.YOU
    if on < pause.since:
        return _days_after_future_leave(number, is_you, values)
    if on <= until:
        return _days_after_present_leave(number, is_you, values)
    return (_days_after_past_leave if on <= due else _past_days_after_leave)(number, is_you, values)


def _days_after_future_leave(number: int, is_you: bool, values: dict[str, str]) -> str:
    if is_you:
        return lazy_ngettext(
            "you will be away from %(since)s up to and including %(until)s (%(reason)s) and will have %(num)s day after that",
            "you will be away from %(since)s up to and including %(until)s (%(reason)s) and will have %(num)s days after that",
            number, **values,
        )  # fmt: skip
    return lazy_ngettext(
        "they will be away from %(since)s up to and including %(until)s (%(reason)s) and will have %(num)s day after that",
        "they will be away from %(since)s up to and including %(until)s (%(reason)s) and will have %(num)s days after that",
        number, **values,
    )  # fmt: skip


def _days_after_present_leave(number: int, is_you: bool, values: dict[str, str]) -> str:
    if is_you:
        return lazy_ngettext(
            "you are away up to and including %(until)s (%(reason)s) and have %(num)s day after that",
            "you are away up to and including %(until)s (%(reason)s) and have %(num)s days after that",
            number, **values,
        )  # fmt: skip
    return lazy_ngettext(
        "they are away up to and including %(until)s (%(reason)s) and have %(num)s day after that",
        "they are away up to and including %(until)s (%(reason)s) and have %(num)s days after that",
        number, **values,
    )  # fmt: skip


def _days_after_past_leave(number: int, is_you: bool, values: dict[str, str]) -> str:
    if is_you:
        return lazy_ngettext(
            "you were away up to and including %(until)s (%(reason)s) and have %(num)s day after that",
            "you were away up to and including %(until)s (%(reason)s) and have %(num)s days after that",
            number, **values,
        )  # fmt: skip
    return lazy_ngettext(
        "they were away up to and including %(until)s (%(reason)s) and have %(num)s day after that",
        "they were away up to and including %(until)s (%(reason)s) and have %(num)s days after that",
        number, **values,
    )  # fmt: skip


def _past_days_after_leave(number: int, is_you: bool, values: dict[str, str]) -> str:
    if is_you:
        return lazy_ngettext(
            "you were away up to and including %(until)s (%(reason)s) and had %(num)s day after that",
            "you were away up to and including %(until)s (%(reason)s) and had %(num)s days after that",
            number, **values,
        )  # fmt: skip
    return lazy_ngettext(
        "they were away up to and including %(until)s (%(reason)s) and had %(num)s day after that",
        "they were away up to and including %(until)s (%(reason)s) and had %(num)s days after that",
        number, **values,
    )  # fmt: skip
