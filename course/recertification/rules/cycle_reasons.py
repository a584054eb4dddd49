"""The reason why a certificate is valid until its expiry, or why a completion does not count.

Each reason is a clause that a sentence has after "because", and may have anywhere in another language.
"""

from __future__ import annotations

from course.recertification.rules import validity_chain as timing
from course.recertification.rules.civil_dates import day_and_month, long_date, next_yearly_date
from course.recertification.rules.facts import IMPORTED, INITIAL, REFRESHER
from course.recertification.rules.policy import FIXED_DATE
from course.recertification.rules.validity_chain import Cycle
from course.recertification.rules.wording import LEARNER_PRONOUNS, Pronouns, Wording
from course.translation import lazy_gettext as _
from course.translation import lazy_ngettext

_REASONS_NOT_COUNTED = {
    timing.TOO_OLD: _("the certificate of %(day)s was too old when it was brought"),
    timing.LAPSED: _("the refresher of %(day)s came after the limit, when the whole course was needed again"),
    timing.NO_PRIOR_CERTIFICATE: _("the refresher of %(day)s had no certificate before it that it could renew"),
}
_STATED_EXPIRY = Wording(
    _("the certificate of %(day)s that you brought says so"), _("the certificate of %(day)s that they brought says so")
)
_RENEWED_IN_TIME = {
    timing.IN_WINDOW: Wording(_("you renewed inside your window"), _("they renewed inside their window")),
    timing.IN_EXTENSION: Wording(_("you renewed inside your extension"), _("they renewed inside their extension")),
}
_RENEWED_WITH_NEW_DATE = {
    timing.EXTENSION_NEW_DATE: Wording(
        _("you renewed on %(day)s, inside a long extension"), _("they renewed on %(day)s, inside a long extension")
    ),
    timing.BEFORE_WINDOW: Wording(
        _("you renewed on %(day)s, before your window"), _("they renewed on %(day)s, before their window")
    ),
    timing.LATE: Wording(
        _("you renewed on %(day)s, after your last day in time"),
        _("they renewed on %(day)s, after their last day in time"),
    ),
}
_COMPLETED = {
    INITIAL: Wording(_("you completed the course on %(day)s"), _("they completed the course on %(day)s")),
    REFRESHER: Wording(_("you completed the refresher on %(day)s"), _("they completed the refresher on %(day)s")),
    IMPORTED: Wording(_("your earlier certificate is from %(day)s"), _("their earlier certificate is from %(day)s")),
}
_DATE_STAYS = Wording(_("your date stays"), _("their date stays"))
_DAY_STAYS = Wording(_("your date stays %(day)s"), _("their date stays %(day)s"))
_COUNTED_DATE_STAYS = Wording(
    _("your date stays the one counted from %(anchor)s"), _("their date stays the one counted from %(anchor)s")
)
_CLAMPED_DATE_STAYS = Wording(
    _("your date stays the one counted from %(anchor)s, at the last day of a shorter month"),
    _("their date stays the one counted from %(anchor)s, at the last day of a shorter month"),
)


def cycle_reason(cycle: Cycle, pronouns: Pronouns = LEARNER_PRONOUNS) -> str:
    """The reason why the certificate is valid until its expiry, or why the completion does not count: the words after
    "because"."""
    day = long_date(cycle.completion.day)
    if cycle.timing in _REASONS_NOT_COUNTED:
        return _REASONS_NOT_COUNTED[cycle.timing] % {"day": day}
    if cycle.timing == timing.STATED_EXPIRY:
        return _STATED_EXPIRY.say(pronouns, day=day)
    if cycle.policy.kind == FIXED_DATE:
        return _fixed_date_reason(cycle, _COMPLETED[cycle.completion.kind].say(pronouns, day=day))
    if cycle.timing in _RENEWED_IN_TIME:
        renewed = _RENEWED_IN_TIME[cycle.timing].say(pronouns)
        return _("%(renewed)s; %(date_stays)s", renewed=renewed, date_stays=_unchanged_date_clause(cycle, pronouns))
    if cycle.timing in _RENEWED_WITH_NEW_DATE:
        return lazy_ngettext(
            "%(renewed)s, and a certificate is valid for %(num)s month from that day",
            "%(renewed)s, and a certificate is valid for %(num)s months from that day",
            cycle.policy.period_months,
            renewed=_RENEWED_WITH_NEW_DATE[cycle.timing].say(pronouns, day=day),
        )
    return lazy_ngettext(
        "%(completed)s, and a certificate is valid for %(num)s month",
        "%(completed)s, and a certificate is valid for %(num)s months",
        cycle.policy.period_months,
        completed=_COMPLETED[cycle.completion.kind].say(pronouns, day=day),
    )


def _unchanged_date_clause(cycle: Cycle, pronouns: Pronouns) -> str:
    """The clause that the date stays, with the anchor where the end of a month hides it."""
    until, anchor = cycle.valid_until, cycle.anchor
    if until is None or anchor is None:
        return _DATE_STAYS.say(pronouns)
    if until.day != anchor.day:
        return _CLAMPED_DATE_STAYS.say(pronouns, anchor=long_date(anchor))
    if until.month == anchor.month:
        return _DAY_STAYS.say(pronouns, day=day_and_month(until))
    return _COUNTED_DATE_STAYS.say(pronouns, anchor=long_date(anchor))


def _fixed_date_reason(cycle: Cycle, completed: str) -> str:
    """The reason under a policy with one date for everybody; `completed` is the clause that says when the course was
    completed."""
    policy = cycle.policy
    if next_yearly_date(policy.fixed_month, policy.fixed_day, cycle.completion.day) == cycle.valid_until:
        return lazy_ngettext(
            "everyone renews by %(common)s, %(completed)s, and a certificate is valid for at least %(num)s month",
            "everyone renews by %(common)s, %(completed)s, and a certificate is valid for at least %(num)s months",
            policy.minimum_months,
            common=policy.fixed_date,
            completed=completed,
        )
    return lazy_ngettext(
        "everyone renews by %(common)s, %(completed)s, and a certificate is valid for at least %(num)s month, "
        "so that one from shortly before %(common)s lasts until the year after",
        "everyone renews by %(common)s, %(completed)s, and a certificate is valid for at least %(num)s months, "
        "so that one from shortly before %(common)s lasts until the year after",
        policy.minimum_months,
        common=policy.fixed_date,
        completed=completed,
    )


def refusal_reason(cycle: Cycle, pronouns: Pronouns) -> str:
    """The reason why a completion has no effect (it does not count, or it was revoked): the words after "because"."""
    completion = cycle.completion
    if completion.revoked is None or not cycle.is_counted:
        return cycle_reason(cycle, pronouns)
    values = {"day": long_date(completion.day), "revoked": long_date(completion.revoked)}
    if not completion.revocation_reason:
        if completion.kind == IMPORTED:
            return _("the certificate of %(day)s was withdrawn on %(revoked)s", **values)
        return _("the certificate of %(day)s was revoked on %(revoked)s", **values)
    values["reason"] = completion.revocation_reason
    if completion.kind == IMPORTED:
        return _("the certificate of %(day)s was withdrawn on %(revoked)s (%(reason)s)", **values)
    return _("the certificate of %(day)s was revoked on %(revoked)s (%(reason)s)", **values)
